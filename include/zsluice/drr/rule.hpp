// SPDX-License-Identifier: BSD-2-Clause
// The names of the rules that rules.hpp checks, so that a Fault can carry one.
#pragma once

#include <cstdint>
#include <string_view>

namespace zsluice::drr {

enum class Rule : std::uint8_t {
  begin_objset_type,
  begin_raw_needs_spill_flag,
  begin_raw_with_embedded,
  object_number,
  object_type,
  object_codes,
  object_block_bytes,
  object_large_block_unannounced,
  object_large_dnode_unannounced,
  object_bonus_kind,
  object_bonus_bytes,
  object_slots,
  object_raw_fields,
  object_raw_block_pointers,
  object_raw_bonus_room,
  object_plain_fields,
  object_spill_unannounced,
  object_outside_range,
  range_not_raw,
  range_shape,
  write_type,
  write_logical_bytes,
  write_overflow,
  write_large_block_unannounced,
  write_raw_bytes,
  write_compression_unannounced,
  write_plain_bytes,
  write_order,
  embedded_raw,
  embedded_unannounced,
  embedded_codes,
  embedded_bytes,
  spill_length,
  spill_bytes,
  free_overflow,
};

// What the rule demands, as a message says it: "a WRITE's logical size is 512 bytes to 16 MiB".
[[nodiscard]] std::string_view rule_text(Rule rule);

struct Violation {
  Rule rule{};
  std::uint64_t found = 0;  // the offending value, where one number tells it
};

}  // namespace zsluice::drr
