// SPDX-License-Identifier: BSD-2-Clause
// The interrupted receives of tests/corpus/tokens: what a real receiver's token said after the
// first N bytes of a stream, and what the real `zfs send -t` gave for it.
#pragma once

#include "support/stream_image.hpp"
#include "zsluice/token/token.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace zsluice::test {

struct Cut {
  std::string name;    // "sp_raw_incr.cut33853"
  std::string stream;  // "sp_raw_incr"
  std::uint64_t bytes = 0;
  token::Token token;

  // Whether the corpus keeps the stream, its first `bytes` (alone or as part of it), what was sent
  // then.
  bool has_whole = false;
  bool has_partial = false;
  bool has_resumed = false;

  [[nodiscard]] Bytes whole() const;
  [[nodiscard]] Bytes partial() const;
  [[nodiscard]] Bytes resumed() const;
};

[[nodiscard]] std::vector<Cut> all_cuts();
[[nodiscard]] std::vector<Cut> cuts_with_partial();
[[nodiscard]] std::vector<Cut> cuts_with_whole_and_resumed();

}  // namespace zsluice::test
