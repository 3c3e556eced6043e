// SPDX-License-Identifier: BSD-2-Clause
// The known troubles of send and receive that show in a stream itself (FORMAT.md §H), so that they
// can be told before a receiver meets them.
//
// Left out are those that leave no sign in one stream (holes with a wrong birth time, `-L` that was
// silently ignored, a snapshot taken on the target, old non-raw sends of encrypted datasets), and
// those that need what a stream does not hold: the receiver's dnode sizes, a decompressor.
//
// Costs a few comparisons per record and a fixed amount of memory, whatever the input holds.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/drr/record.hpp"
#include "zsluice/drr/summary.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zsluice::drr {

enum class Hazard : std::uint8_t {
  // seen in one substream
  dedup_stream,             // only `zstream redup` makes it receivable
  saved_stream,             // never completes, by design
  embedded_data,            // cannot go into an encrypted dataset
  spill_flag_missing,       // from a sender before 0.8
  ivset_guid_missing,       // errata 4
  key_version,              // errata 3
  foreign_native_payload,   // an nvlist that a host like the receiver cannot read
  large_dnode_unannounced,  // newest receivers refuse it
  bonus_spill_conflict,     // receivers refuse the OBJECT
  short_tail,               // a split large block with a short last piece
  corrupt_fill,             // blocks that the sender could not read
  // seen between substreams of one input, along the chain of guids
  large_blocks_dropped,  // an incremental without LARGE_BLOCKS after a stream with it
  large_blocks_begun,    // the other way round
  raw_after_plain,       // the next raw incremental will be refused
  ivset_guid_mismatch,   // base and incremental disagree
};
inline constexpr std::size_t kHazards = 15;

// "large_blocks_dropped", …: stable, for machines.
[[nodiscard]] std::string_view hazard_name(Hazard hazard);
// One sentence: what it means for the user, and what to do.
[[nodiscard]] std::string_view hazard_text(Hazard hazard);

struct HazardNote {
  std::uint64_t substreams = 0;    // that show it, in the present stream
  std::uint64_t first_offset = 0;  // where the first of them begins in the input
};

class HazardDetector {
 public:
  // Substreams whose lineage is remembered: an incremental whose base lies further back is not
  // compared with it.
  static constexpr std::size_t kRememberedSubstreams = 1024;

  explicit HazardDetector(ByteOrder receiver_order = kHostOrder)
      : receiver_order_(receiver_order) {}

  // A new stream of the same input: notes are forgotten, the lineage is kept.
  void start_stream() { notes_ = {}; }

  // A substream's proven BEGIN with its payload, then each of its records in stream order and the
  // pieces of their payloads, then its end.
  void begin_substream(const SubstreamSummary& substream);
  void record(const RecordView& record, std::uint64_t payload_bytes);
  void payload(ByteSpan piece, std::uint64_t bytes_left);
  void end_substream(const SubstreamSummary& substream);

  [[nodiscard]] const HazardNote& note(Hazard hazard) const {
    return notes_[static_cast<std::size_t>(hazard)];
  }

 private:
  // What is remembered of a snapshot that a substream brought.
  struct Link {
    std::uint64_t toguid = 0;
    std::uint64_t to_ivset_guid = 0;
    bool is_raw = false;
    bool has_large_blocks = false;
  };

  void found(Hazard hazard);
  void judge_payload(const SubstreamSummary& substream);
  void judge_lineage(const SubstreamSummary& substream, const Link& link);
  [[nodiscard]] const Link* find_link(std::uint64_t toguid) const;
  void judge_object(const RecordView& record);
  void judge_write(const RecordView& record, std::uint64_t payload_bytes);
  [[nodiscard]] bool has(std::uint64_t feature) const { return (features_ & feature) != 0; }

  ByteOrder receiver_order_;
  std::array<HazardNote, kHazards> notes_{};
  std::uint32_t found_here_ = 0;  // bit per Hazard: already noted for this substream
  std::uint64_t substream_offset_ = 0;
  std::uint64_t features_ = 0;
  std::uint64_t object_ = 0;  // the last OBJECT
  std::uint64_t object_block_bytes_ = 0;
  bool lacks_ivset_guid_ = false;
  bool may_be_fill_ = false;
  std::size_t fill_at_ = 0;
  ByteOrder fill_order_ = kHostOrder;

  std::size_t links_ = 0;  // remembered
  std::size_t next_link_ = 0;
  std::array<Link, kRememberedSubstreams> lineage_{};
};

}  // namespace zsluice::drr
