// SPDX-License-Identifier: BSD-2-Clause
// The real streams of tests/corpus, and what OpenZFS's own tool says of each (EXPECTED.tsv).
#pragma once

#include "support/stream_image.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::test {

// The bytes of a stream, by its name in the table: "g256_raw_full", "foreign_order/pl_e.be".
[[nodiscard]] Bytes read_corpus(std::string_view name);
[[nodiscard]] std::string corpus_path(std::string_view name);

// One row of the table. "-" in a column (what the dump could not tell) reads as absent.
struct CorpusEntry {
  std::string name;
  std::map<std::string, std::string, std::less<>> columns;

  [[nodiscard]] std::optional<std::string> text(std::string_view column) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view column) const;
  [[nodiscard]] bool is(std::string_view column, std::string_view value) const {
    return text(column) == value;
  }
};

[[nodiscard]] const std::vector<CorpusEntry>& corpus_entries();
// Those of them that zstream 2.1 can read: it refuses one with a name of 224 bytes or more.
[[nodiscard]] std::vector<CorpusEntry> counted_corpus_entries();

// A name as a GoogleTest parameter may be called.
[[nodiscard]] std::string test_name_of(std::string_view name);

}  // namespace zsluice::test
