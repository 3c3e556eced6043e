// SPDX-License-Identifier: BSD-2-Clause
// Rules for the fields of records whose checksums are right (FORMAT.md §A.4): what a broken or
// hostile sender could still put into a well-summed stream.
//
// `shared` holds only what every receiver from 2.1 on refuses, so that a stream refused here could
// never have been received. `newest` is what the newest receiver checks before it reads a payload.
// Rules about codes (object types, compressions, checksums) are left out for streams with feature
// bits we do not know: such a stream may use codes of its time.
#pragma once

#include "zsluice/drr/parser.hpp"
#include "zsluice/drr/record.hpp"
#include "zsluice/drr/rule.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::drr {

enum class Strictness : std::uint8_t { shared, newest };

// Holds what the rules need to remember of a substream: its features, the last OBJECT_RANGE, the
// last WRITE. A few words, whatever the stream holds.
class RecordRules {
 public:
  explicit RecordRules(Strictness strictness) : strict_(strictness == Strictness::newest) {}

  // To be called with every record in stream order.
  [[nodiscard]] std::optional<Violation> check(Role role, const RecordView& record);

  // Goes on inside a substream whose BEGIN said this.
  void enter(std::uint64_t features, std::uint32_t begin_flags);
  // Records may be missing before the next one: rules about their order start afresh.
  void forget_position();

 private:
  using Verdict = std::optional<Violation>;

  Verdict check_begin(const BeginRecord& begin);
  Verdict check_body(const RecordView& record);
  [[nodiscard]] Verdict check_object(const ObjectRecord& object) const;
  [[nodiscard]] Verdict check_object_strictly(const ObjectRecord& object) const;
  [[nodiscard]] Verdict check_raw_object(const ObjectRecord& object) const;
  [[nodiscard]] Verdict check_raw_object_strictly(const ObjectRecord& object) const;
  [[nodiscard]] Verdict check_plain_object(const ObjectRecord& object) const;
  Verdict check_range(const ObjectRunRecord& range);
  Verdict check_write(const WriteRecord& write);
  [[nodiscard]] Verdict check_write_strictly(const WriteRecord& write) const;
  [[nodiscard]] Verdict check_embedded(const EmbeddedRecord& embedded) const;
  [[nodiscard]] Verdict check_spill(const SpillRecord& spill) const;
  [[nodiscard]] Verdict check_free(const FreeRecord& free) const;
  [[nodiscard]] Verdict check_number(std::uint64_t object) const;
  [[nodiscard]] bool has(std::uint64_t feature) const { return (features_ & feature) != 0; }
  [[nodiscard]] bool knows_codes() const { return (features_ & ~feature::kKnown) == 0; }

  bool strict_;
  std::uint64_t features_ = 0;
  std::uint32_t begin_flags_ = 0;
  bool has_range_ = false;
  bool range_forgotten_ = false;  // an OBJECT_RANGE may have been missed
  std::uint64_t range_first_ = 0;
  std::uint64_t last_write_object_ = 0;
  std::uint64_t last_write_offset_ = 0;
};

}  // namespace zsluice::drr
