// SPDX-License-Identifier: BSD-2-Clause
// What a store says of a substream, so that it can be found and named without reading payloads: who
// it is, and where its BEGIN stands. Owns its name.
#pragma once

#include "zsluice/drr/record.hpp"

#include <cstdint>
#include <string>

namespace zsluice::storage {

struct Substream {
  std::uint64_t toguid = 0;
  std::uint64_t fromguid = 0;  // 0: full
  std::uint64_t begin_at = 0;  // stream offset of its BEGIN
  std::string toname;          // foreign text, up to drr::kToNameBytes

  friend bool operator==(const Substream&, const Substream&) = default;
};

[[nodiscard]] inline Substream substream_of(const drr::RecordView& begin, std::uint64_t offset) {
  const drr::BeginRecord fields = drr::decode_begin(begin);
  return {.toguid = fields.toguid,
          .fromguid = fields.fromguid,
          .begin_at = offset,
          .toname = std::string(fields.toname)};
}

}  // namespace zsluice::storage
