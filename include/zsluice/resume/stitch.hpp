// SPDX-License-Identifier: BSD-2-Clause
// Stitcher: a stream that was cut off (PARTIAL) and the one that continues it (CONTINUATION, of
// `zfs send -t`) become one ordinary whole stream, byte for byte the uninterrupted one.
//
// The continuation says where it starts, a point (object, offset). PARTIAL gives all records before
// that point, unchanged; the continuation gives all others, with new checksums. What has to be
// there again wherever a stream starts (the OBJECT_RANGE and OBJECT of the object, its FREE to the
// end, its unmodified SPILL) is taken from PARTIAL, and from the continuation only when PARTIAL has
// not got it. So it does not matter that the two overlap. A gap between them is refused.
//
// Some senders announce a whole block of dnodes before its data (FORMAT.md §D.1), and only an
// OBJECT behind data of its block says that one does not. Until then an object that is announced
// proves that all data before it is there only where the two orders agree; and what PARTIAL
// announced of the point's block is kept, and not taken again. Of a PARTIAL of `zfs send --saved`
// only data proves anything: whatever had not been received is sent as a hole, as a free object, or
// as it was in the older snapshot.
//
// A PARTIAL that is itself a resumed stream stays one. A PARTIAL that is a package must be cut in
// its last substream: the result ends with that substream, and is a package that is not finished
// (what follows in it no `zfs send -t` sends).
//
//     start(…the continuation's BEGIN and nvlist…)
//     add_partial(…each proven record of PARTIAL…)   then  partial_ended()
//     add_continuation(…each proven record of it, BEGIN included…)
//
// A refusal may come when PARTIAL's records have been written: they are what they were, without
// END.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/resume/record_writer.hpp"
#include "zsluice/resume/target.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::resume {

class Stitcher {
 public:
  using Answer = Result<std::optional<Piece>, Refusal>;

  // Records of PARTIAL between BEGIN and some place, which need not be read again.
  struct Skipped {
    std::uint64_t bytes = 0;
    checksum::Fletcher4 sum;                   // behind them
    std::optional<std::uint64_t> last_object;  // the number of the last OBJECT among them
    // The object of the last WRITE or WRITE_EMBEDDED among them. If it is the point's, that record
    // comes behind the last OBJECT.
    std::optional<std::uint64_t> last_data;
  };

  [[nodiscard]] Result<void, Refusal> start(const drr::RecordView& begin, ByteSpan payload);

  // What is to be written for this record, if anything, valid until the next call and as long as
  // `record` and `payload` are. All that is written of PARTIAL is a prefix of it.
  [[nodiscard]] Answer add_partial(drr::Role role, const drr::RecordView& record, ByteSpan payload);
  // Leaves out records of PARTIAL between BEGIN and here: no data at the point or behind it, and
  // nothing of a later block of dnodes.
  void skip_partial(const Skipped& skipped);
  [[nodiscard]] Result<void, Refusal> partial_ended();
  // How much of PARTIAL is part of the result.
  [[nodiscard]] std::uint64_t kept_bytes() const { return kept_bytes_; }

  [[nodiscard]] Answer add_continuation(drr::Role role,
                                        const drr::RecordView& record,
                                        ByteSpan payload);

  [[nodiscard]] drr::ResumePoint point() const { return point_; }
  // The substream's END has been made.
  [[nodiscard]] bool is_done() const { return phase_ == Phase::done; }
  // The result is a package without its end.
  [[nodiscard]] bool is_in_package() const { return in_package_; }

 private:
  enum class Phase : std::uint8_t { before, inside, cut, joining, passing, done };

  // Which state of an encrypted dataset it is; zero where BEGIN does not say.
  struct Encrypted {
    std::uint64_t to_ivset_guid = 0;
    std::uint64_t from_ivset_guid = 0;
    std::array<std::byte, 32> portable_mac{};
    friend bool operator==(const Encrypted&, const Encrypted&) = default;
  };
  struct Identity {
    ByteOrder order = kHostOrder;
    std::uint64_t toguid = 0;
    std::uint64_t fromguid = 0;
    std::uint64_t features = 0;
    std::optional<std::uint64_t> key_guid;
    Encrypted encrypted;
    std::optional<std::vector<std::uint64_t>> redact_snaps;
    std::optional<std::vector<std::uint64_t>> redact_from_snaps;
  };

  [[nodiscard]] static Encrypted encrypted_of(const drr::BeginPayload& list, ByteSpan payload);
  [[nodiscard]] std::optional<Refusal> refusal_of_partial(const drr::RecordView& begin,
                                                          ByteSpan payload) const;
  Answer begin_partial(const drr::RecordView& record, ByteSpan payload);
  Answer add_partial_body(const drr::RecordView& record, ByteSpan payload);
  [[nodiscard]] bool is_needed_of_partial(const drr::RecordView& record);
  [[nodiscard]] bool is_needed_of_continuation(const drr::RecordView& record);
  [[nodiscard]] bool is_saved(const drr::RecordView& record) const;
  [[nodiscard]] bool is_given(const drr::RecordView& record) const;
  [[nodiscard]] bool is_of_other_order(const drr::RecordView& record) const;
  [[nodiscard]] bool reaches_point(const drr::RecordView& record) const;
  [[nodiscard]] bool head_reaches_point(const drr::RecordView& record) const;
  void note_reach(const drr::RecordView& record);
  Piece keep(const drr::RecordView& record, ByteSpan payload);

  Phase phase_ = Phase::before;
  Identity continuation_;
  drr::ResumePoint point_;
  bool met_snapshot_ = false;
  std::optional<std::uint64_t> other_origin_;
  bool in_package_ = false;
  bool reaches_point_ = false;
  std::uint64_t last_toguid_ = 0;  // of PARTIAL's substreams
  drr::ResumePoint end_;           // how far PARTIAL's data goes
  std::optional<std::uint64_t> last_data_block_;
  bool is_object_by_object_ = false;  // an OBJECT came behind data of its block
  bool block_has_data_ = false;       // PARTIAL has data of the point's block of dnodes, and
  bool block_has_earlier_ = false;    // an OBJECT of it before the point's
  std::uint32_t heads_seen_ = 0;      // of the point's object: bit per Place
  // Of the objects behind it in its block, the last one that PARTIAL has announced; 0: none.
  std::uint64_t later_object_ = 0;
  std::uint32_t later_heads_ = 0;   // bit per Place
  std::uint64_t joined_later_ = 0;  // the last one that the continuation has announced
  // The first record of PARTIAL that is left to the continuation: that must bring it, too.
  std::optional<drr::ResumePoint> first_left_;
  std::uint64_t kept_bytes_ = 0;
  RecordWriter writer_;
};

}  // namespace zsluice::resume
