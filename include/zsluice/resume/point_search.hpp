// SPDX-License-Identifier: BSD-2-Clause
// PointSearch: the first pass over a stored stream or package, which finds the substream that a
// token names and the place in it where a resumed stream starts. It needs headers only, and the
// nvlist of BEGINs. Whether the token fits is known before anything is written.
//
// Offsets are bytes from the start of what is searched. Memory is bounded: of the substreams met
// only the first kSeenMax are kept, for messages.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/resume/target.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace zsluice::resume {

struct SeenSubstream {
  std::uint64_t toguid = 0;
  std::uint64_t fromguid = 0;
  std::string toname;  // foreign text
};

struct FoundPoint {
  std::uint64_t stream_offset = 0;     // of the stream or package that holds the substream
  std::uint64_t substream_offset = 0;  // of its BEGIN
  bool in_package = false;
  // The point was found: a record of data that begins there or goes over it, or, if its offset is
  // 0, an OBJECT record of its object. Without that all records are sent. (Not of a stream of `zfs
  // send --saved`: there only data will do, since a FREE may stand for what was not received when
  // it was made, and would take away what has come since.)
  bool object_is_there = false;
  // The offset is 0, and data of the same block of dnodes comes between the object's OBJECT and its
  // own data: receivers that count OBJECTs may lack it. All records of the block are sent.
  bool needs_block = false;
  // Of the first record that is sent: the OBJECT_RANGE or OBJECT of the object or, if all of it is
  // needed, of its block; without either that record of data; when the point was not found, the
  // first one behind BEGIN.
  std::uint64_t first_offset = 0;
};

class PointSearch {
 public:
  static constexpr std::size_t kSeenMax = 16;

  explicit PointSearch(Target target) : target_(std::move(target)) {}

  // For each record, in order. `payload`: needed for a BEGIN of a substream, whole; else ignored.
  void add(drr::Role role,
           const drr::RecordView& record,
           ByteSpan payload,
           std::uint64_t stream_offset);

  // Nothing that follows can change the answer.
  [[nodiscard]] bool is_decided() const { return phase_ == Phase::decided; }
  // The substream has been met, and fits.
  [[nodiscard]] bool has_met() const { return met_substream_; }
  // The answer, when it is decided or the input has ended.
  [[nodiscard]] Result<FoundPoint, Refusal> result() const;

  [[nodiscard]] const std::vector<SeenSubstream>& seen() const { return seen_; }
  [[nodiscard]] std::uint64_t substreams() const { return substreams_; }

 private:
  enum class Phase : std::uint8_t { searching, inside, decided };

  void take_begin(const drr::RecordView& record, ByteSpan payload, std::uint64_t stream_offset);
  void take_body(const drr::RecordView& record, std::uint64_t stream_offset);
  void take_head(const drr::RecordView& record, std::uint64_t stream_offset);
  void take_data(const drr::RecordView& record, std::uint64_t stream_offset);
  void end();
  void decide(bool is_placed);
  // Nothing but OBJECT stands where the point is.
  [[nodiscard]] bool is_met() const { return object_ && target_.point.offset == 0 && !is_saved_; }

  Target target_;
  Phase phase_ = Phase::searching;
  FoundPoint found_;
  std::optional<std::uint64_t> package_offset_;
  std::optional<std::uint64_t> first_body_;
  std::optional<std::uint64_t> range_;
  std::optional<std::uint64_t> object_;
  std::optional<std::uint64_t> earlier_;  // the first OBJECT of its block that comes before it,
  bool block_has_data_ = false;           // and whether the block has data before its OBJECT
  std::optional<std::uint64_t> data_;     // what stands at the point
  bool met_substream_ = false;
  bool is_saved_ = false;  // made by `zfs send --saved`, unless an END comes
  std::optional<Refusal> refusal_;
  std::optional<std::uint64_t> other_origin_;
  std::vector<SeenSubstream> seen_;
  std::uint64_t substreams_ = 0;
};

}  // namespace zsluice::resume
