// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/stopped_at.hpp"

#include "resume/redactions.hpp"

#include <utility>

namespace zsluice::resume {
namespace {

namespace feature = drr::feature;
using drr::Parser;
using drr::RecordType;
using drr::Role;
using drr::Step;

constexpr drr::ResumePoint kFirstPoint{.object = 1, .offset = 0};  // as receivers begin

bool is_write(const drr::RecordView& record) {
  return record.type_code() == static_cast<std::uint32_t>(RecordType::write);
}

bool is_embedded(const drr::RecordView& record) {
  return record.type_code() == static_cast<std::uint32_t>(RecordType::write_embedded);
}

drr::ResumePoint point_of(const drr::RecordView& write) {
  const drr::RecordPlace place = drr::place_of(write);
  return {.object = place.object.value_or(0), .offset = place.offset.value_or(0)};
}

}  // namespace

void StoppedAt::take(Step step, const Parser& parser) {
  switch (step) {
    case Step::record:
      take_record(parser);
      break;
    case Step::payload:
      if (collecting_) begin_.add(parser.payload());
      break;
    case Step::stream_end:
      stopped_.kind = StopKind::whole;
      break;
    case Step::need_input:
    case Step::fault:
      break;
  }
}

void StoppedAt::settle() {
  if (!is_inside_) return;
  flush_last();
  prove();
}

void StoppedAt::take_record(const Parser& parser) {
  collecting_ = false;
  is_inside_ = parser.role() == Role::substream_begin || parser.role() == Role::body;
  switch (parser.role()) {
    case Role::package_begin:
      stopped_ = {};
      stopped_.in_package = true;
      break;
    case Role::package_header_end:
      stopped_.kind = StopKind::between_substreams;
      break;
    case Role::substream_begin:
      take_begin(parser);
      break;
    case Role::body:
      take_body(parser);
      break;
    case Role::substream_end:
      ++stopped_.substreams_complete;
      stopped_.kind = StopKind::between_substreams;  // `whole` comes with the end of the stream
      break;
    case Role::package_end:
      break;
  }
}

void StoppedAt::take_begin(const Parser& parser) {
  const Stopped before = std::exchange(stopped_, {});
  stopped_.in_package = parser.in_package();
  stopped_.substreams_complete = stopped_.in_package ? before.substreams_complete : 0;
  stopped_.substream_offset = parser.current().stream_offset;
  stopped_.order = parser.byte_order();
  begin_.start(parser);
  collecting_ = true;
  begin_read_ = false;
  last_.reset();
  last_waits_ = false;
  previous_flushes_ = false;
}

void StoppedAt::flush_last() {
  if (!last_ || !last_waits_ || !previous_flushes_) return;
  last_->read_to = previous_end_;
  last_waits_ = false;
}

// At this header everything before it counts, if the header is proven.
void StoppedAt::take_body(const Parser& parser) {
  flush_last();
  if (parser.record_proven()) prove();
  const drr::RecordNote note = parser.current();
  const drr::RecordView& record = parser.record();
  previous_end_ = note.stream_offset + drr::kRecordBytes + note.payload_bytes;
  previous_flushes_ = !is_write(record);
  if (is_write(record) || is_embedded(record)) {
    last_ = Mark{point_of(record), note.stream_offset, previous_end_};
    last_waits_ = is_write(record);
  }
}

void StoppedAt::prove() {
  if (!begin_read_) read_begin();
  if (stopped_.kind != StopKind::token || !last_) return;
  stopped_.token.object = last_->point.object;
  stopped_.token.offset = last_->point.offset;
  stopped_.token.bytes = last_->read_to - stopped_.substream_offset - drr::kRecordBytes;
  stopped_.record_offset = last_->stream_offset;
}

void StoppedAt::read_begin() {
  begin_read_ = true;
  const drr::BeginRecord begin = begin_.begin();
  token::Token& token = stopped_.token;
  stopped_.kind = StopKind::token;
  stopped_.record_offset = stopped_.substream_offset + drr::kRecordBytes + begin_.payload().size();
  stopped_.is_resumed = (begin.features & feature::kResuming) != 0;
  if (begin.fromguid != 0) token.fromguid = begin.fromguid;
  token.object = kFirstPoint.object;
  token.offset = kFirstPoint.offset;
  token.toguid = begin.toguid;
  token.toname = begin.toname;
  token.large_block_ok = (begin.features & feature::kLargeBlocks) != 0;
  token.embed_ok = (begin.features & feature::kEmbedData) != 0;
  token.compress_ok = (begin.features & feature::kCompressed) != 0;
  token.raw_ok = (begin.features & feature::kRaw) != 0;
  read_payload();
  begin_.clear();
}

void StoppedAt::read_payload() {
  drr::BeginPayload list;
  if (!begin_.payload().empty()) {
    const auto decoded = drr::decode_begin_payload(begin_.payload());
    if (!decoded) {
      stopped_.kind = StopKind::bad_begin_nvlist;
      stopped_.nvlist = decoded.error();
      return;
    }
    list = *decoded;
  }
  if (stopped_.is_resumed) {
    if (!list.resume) {
      stopped_.kind = StopKind::no_own_point;
      return;
    }
    stopped_.token.object = list.resume->object;
    stopped_.token.offset = list.resume->offset;
  }
  if (list.redact_snaps.value_or(0) > kRedactionsMax ||
      list.redact_from_snaps.value_or(0) > kRedactionsMax) {
    stopped_.kind = StopKind::too_many_redactions;
  } else if (list.redact_snaps || list.redact_from_snaps) {
    Redactions lists = kept_redactions_of(begin_.begin().features, begin_.payload());
    stopped_.token.redact_snaps = std::move(lists.snaps);
    stopped_.token.book_redact_snaps = std::move(lists.from_snaps);
  }
}

}  // namespace zsluice::resume
