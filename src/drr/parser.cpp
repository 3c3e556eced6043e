// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/parser.hpp"

#include <algorithm>
#include <cstring>

namespace zsluice::drr {
namespace {

using checksum::Fletcher4;

// Every type keeps its object and offset within these first bytes.
constexpr std::size_t kPlaceBytes = 32;

// ENDs without a checksum of their own hold nothing but a type, a sum and perhaps a toguid
// (FORMAT.md §C.3): the offset of the first byte in [from, to) that is not zero, or kRecordBytes.
std::size_t first_nonzero_byte(const RecordView& record, std::size_t from, std::size_t to) {
  const ByteSpan bytes = record.bytes();
  for (std::size_t at = from; at < to; ++at) {
    if (bytes[at] != std::byte{0}) return at;
  }
  return kRecordBytes;
}

// A note of an unfinished header names nothing that is not there.
void forget_missing_fields(RecordNote& note, std::size_t bytes_there) {
  if (bytes_there < sizeof(note.type_code)) note.type_code = kTypeNotRead;
  if (bytes_there < kPlaceBytes) note.place = {};
}

// The sums run over 32-bit words: what is left of a payload would pass without being in any sum. No
// sender makes such lengths (FORMAT.md §C.1).
bool is_summable(std::uint64_t payload_bytes) {
  return payload_bytes % 4 == 0;
}

}  // namespace

FaultKind kind_of(FaultCode code) {
  switch (code) {
    case FaultCode::not_a_stream:
    case FaultCode::checksum_mismatch:
    case FaultCode::end_checksum_mismatch:
    case FaultCode::header_sum_mismatch:
    case FaultCode::nonzero_end_bytes:
    case FaultCode::unknown_record_type:
    case FaultCode::unexpected_begin:
    case FaultCode::unexpected_record:
    case FaultCode::unknown_header_type:
    case FaultCode::nested_package:
    case FaultCode::payload_too_long:
    case FaultCode::payload_not_summable:
    case FaultCode::rule_broken:
      return FaultKind::damaged;
    case FaultCode::begin_payload_too_long:
      return FaultKind::refused;
    case FaultCode::empty_input:
    case FaultCode::truncated_header:
    case FaultCode::truncated_payload:
    case FaultCode::missing_end:
    case FaultCode::missing_package_end:
    case FaultCode::saved_stream:
      return FaultKind::truncated;
  }
  return FaultKind::damaged;
}

Parser::Parser(const StreamPlace& place, ParserOptions options) : Parser(options) {
  using Inside = StreamPlace::Inside;
  switch (place.inside) {
    case Inside::package_header:
      state_ = State::package_header;
      break;
    case Inside::package:
      state_ = State::package_body;
      break;
    case Inside::substream:
    case Inside::package_substream:
      state_ = State::substream;
      break;
  }
  in_package_ = place.inside != Inside::substream;
  order_ = place.order;
  begin_toguid_ = place.toguid;
  last_toguid_ = place.toguid;
  sum_ = place.sum;
  records_ = place.record;
  consumed_ = place.offset;
  watermark_ = place.offset;
}

Step Parser::next(ByteSpan& input) {
  if (record_pending_) {
    record_pending_ = false;
    return Step::record;
  }
  if (state_ == State::failed) return Step::fault;
  if (payload_left_ > 0) return take_payload(input);
  if (state_ == State::stream_done) {
    state_ = State::stream_start;
    in_package_ = false;
    return Step::stream_end;
  }
  return take_header(input);
}

Step Parser::take_header(ByteSpan& input) {
  if (header_filled_ == 0 && input.size() >= kRecordBytes) {
    const ByteSpan whole = take_prefix(input, kRecordBytes);
    consumed_ += kRecordBytes;
    return accept_header(whole.data());
  }
  return take_header_piece(input);
}

Step Parser::take_header_piece(ByteSpan& input) {
  const ByteSpan piece = take_prefix(input, kRecordBytes - header_filled_);
  std::copy(piece.begin(), piece.end(),
            header_.begin() + static_cast<std::ptrdiff_t>(header_filled_));
  header_filled_ += piece.size();
  consumed_ += piece.size();
  if (header_filled_ < kRecordBytes) return Step::need_input;
  header_filled_ = 0;
  return accept_header(header_.data());
}

Step Parser::take_payload(ByteSpan& input) {
  if (input.empty()) return Step::need_input;
  const std::uint64_t wanted = std::min<std::uint64_t>(payload_left_, input.size());
  payload_ = take_prefix(input, static_cast<std::size_t>(wanted));
  consumed_ += payload_.size();
  payload_left_ -= payload_.size();
  if (options_.sum_payloads) {
    payload_sum_.update(payload_);
    if (payload_left_ == 0) sum_ = payload_sum_.state();
  }
  return Step::payload;
}

void Parser::add_payload_sum(const Fletcher4& sum) {
  sum_ = checksum::combine(sum_, sum, current_.payload_bytes / 4 * 4);
}

Step Parser::accept_header(const std::byte* bytes) {
  if (state_ != State::substream) return accept_rare_header(bytes);
  mark_current(bytes, order_);
  return accept_substream_record();
}

// Those around the records of a substream.
Step Parser::accept_rare_header(const std::byte* bytes) {
  switch (state_) {
    case State::stream_start:
      return accept_begin(bytes, false);
    case State::package_header:
      mark_current(bytes, order_);
      return accept_package_header_end();
    case State::package_body:
      if (begin_byte_order(bytes)) return accept_begin(bytes, true);
      mark_current(bytes, end_byte_order(bytes));
      return accept_package_end();
    case State::substream:
    case State::stream_done:
    case State::failed:
      break;
  }
  return Step::fault;  // not reached: next() and accept_header() handle these states
}

// `bytes_there`: how much of the record has been consumed; less than all at the end of the input.
void Parser::mark_current(const std::byte* bytes, ByteOrder order, std::size_t bytes_there) {
  record_ = RecordView(bytes, order);
  const std::uint64_t offset = consumed_ - bytes_there;
  if (watermark_ == offset) {
    first_unproven_is_current_ = true;
  } else if (first_unproven_is_current_) {
    first_unproven_ = current_;
    first_unproven_is_current_ = false;
  }
  current_.number = records_++;
  current_.stream_offset = offset;
  current_.payload_bytes = 0;
  current_.order = order;
  std::memcpy(current_.head.data(), bytes, current_.head.size());
}

Step Parser::accept_begin(const std::byte* bytes, bool inside_package) {
  const std::optional<ByteOrder> order = begin_byte_order(bytes);
  if (!inside_package) {
    records_ = 0;
    records_unproven_ = 0;
  }
  mark_current(bytes, order.value_or(kHostOrder));
  if (!order) {
    return fail(FaultCode::not_a_stream,
                load<std::uint64_t>(record_.bytes().data(), ByteOrder::big));
  }
  order_ = *order;

  const BeginRecord begin = decode_begin(record_);
  const bool is_package = begin.header_type == kHeaderCompound;
  if (!is_package && begin.header_type != kHeaderSubstream) {
    return fail(FaultCode::unknown_header_type, begin.header_type);
  }
  if (is_package && inside_package) return fail(FaultCode::nested_package);
  if (begin.payload_bytes > options_.limits.begin_payload_bytes) {
    return fail(FaultCode::begin_payload_too_long, begin.payload_bytes,
                options_.limits.begin_payload_bytes);
  }
  if (!is_summable(begin.payload_bytes)) {
    return fail(FaultCode::payload_not_summable, begin.payload_bytes);
  }
  sum_ = checksum::fletcher4({}, record_.bytes(), order_);
  begin_toguid_ = begin.toguid;
  last_toguid_ = begin.toguid;
  body_records_ = 0;
  foreign_toguid_records_ = 0;
  record_proven_ = false;
  in_package_ = in_package_ || is_package;
  state_ = is_package ? State::package_header : State::substream;
  return announce(is_package ? Role::package_begin : Role::substream_begin, begin.payload_bytes);
}

// libzfs leaves the checksum of a package's own ENDs zero; zstream, when it rewrites a package,
// computes it (from zero for the closing one).
std::size_t Parser::first_wrong_end_byte(std::size_t zero_from, const Fletcher4& before) const {
  const std::size_t nonzero = first_nonzero_byte(record_, zero_from, kRecordChecksumAt);
  const Fletcher4 stated = record_.sum(kRecordChecksumAt);
  if (nonzero != kRecordBytes || stated.is_zero()) return nonzero;
  const Fletcher4 computed =
      checksum::fletcher4(before, record_.bytes().first(kRecordChecksumAt), record_.order());
  return stated == computed ? kRecordBytes : kRecordChecksumAt;
}

Step Parser::accept_package_header_end() {
  constexpr auto kEnd = static_cast<std::uint32_t>(RecordType::end);
  if (record_.type_code() != kEnd) return fail(FaultCode::unexpected_record, record_.type_code());
  const Fletcher4 stated = record_.sum(kEndChecksumAt);
  if (stated != sum_) return fail_sum(FaultCode::header_sum_mismatch, stated, sum_);
  const std::size_t wrong = std::min(first_nonzero_byte(record_, kPayloadLengthAt, kEndChecksumAt),
                                     first_wrong_end_byte(kEndToguidAt, sum_));
  if (wrong != kRecordBytes) return fail(FaultCode::nonzero_end_bytes, wrong);
  prove_to(consumed_);
  record_proven_ = true;
  state_ = State::package_body;
  return announce(Role::package_header_end, 0);
}

// Of a package's closing END: its own, since none of the BEGINs before it rules there.
ByteOrder Parser::end_byte_order(const std::byte* bytes) const {
  constexpr auto kEnd = static_cast<std::uint32_t>(RecordType::end);
  if (load<std::uint32_t>(bytes, ByteOrder::little) == kEnd) return ByteOrder::little;
  if (load<std::uint32_t>(bytes, ByteOrder::big) == kEnd) return ByteOrder::big;
  return order_;
}

Step Parser::accept_package_end() {
  constexpr auto kEnd = static_cast<std::uint32_t>(RecordType::end);
  const std::uint32_t code = record_.type_code();
  if (code != kEnd) return fail(FaultCode::unexpected_record, code);
  const std::size_t wrong = first_wrong_end_byte(kPayloadLengthAt, {});
  if (wrong != kRecordBytes) return fail(FaultCode::nonzero_end_bytes, wrong);
  prove_to(consumed_);
  record_proven_ = true;
  state_ = State::stream_done;
  return announce(Role::package_end, 0);
}

Step Parser::accept_substream_record() {
  const bool is_end = record_.type_code() == static_cast<std::uint32_t>(RecordType::end);
  const Fletcher4 before = is_end ? sum_ : Fletcher4{};  // only END tells it
  const Fletcher4 computed = checksum::fletcher4_record(
      sum_, checksum::Fletcher4Record(record_.bytes().data(), kRecordBytes), order_);
  const Fletcher4 stated = record_.sum(kRecordChecksumAt);
  if (record_.type_code() == 0 && begin_byte_order(record_.bytes().data())) {
    return fail(FaultCode::unexpected_begin);
  }
  record_proven_ = !stated.is_zero();
  // Zeros where a record belongs (a hole in a file) are no record of a sender that left its sums
  // out.
  const bool may_lack_a_sum = record_.type_code() != static_cast<std::uint32_t>(RecordType::begin);
  if ((record_proven_ || !may_lack_a_sum) && stated != computed) {
    return fail_sum(FaultCode::checksum_mismatch, stated, computed);
  }
  return accept_checked_record(before);
}

// `before`: the running sum ahead of this record, for END's inner checksum.
Step Parser::accept_checked_record(const Fletcher4& before) {
  const std::uint32_t code = record_.type_code();
  if (code == static_cast<std::uint32_t>(RecordType::end)) return accept_substream_end(before);
  const std::optional<std::uint64_t> announced = payload_bytes(record_);
  if (!announced) return fail(FaultCode::unknown_record_type, code);
  if (code == static_cast<std::uint32_t>(RecordType::begin)) {
    return fail(FaultCode::unexpected_begin);
  }
  if (*announced > kPayloadBytesMax) {
    return fail(FaultCode::payload_too_long, *announced, kPayloadBytesMax);
  }
  if (!is_summable(*announced)) return fail(FaultCode::payload_not_summable, *announced);
  ++body_records_;
  const std::uint64_t toguid = toguid_of(record_);
  if (toguid != begin_toguid_) ++foreign_toguid_records_;
  current_.payload_bytes = *announced;
  if (record_proven_) {
    last_toguid_ = toguid;
    prove_to(consumed_);
  } else {
    ++records_unproven_;
  }
  return announce(Role::body, *announced);
}

Step Parser::accept_substream_end(const Fletcher4& before) {
  const Fletcher4 stated = record_.sum(kEndChecksumAt);
  if (stated != before) return fail_sum(FaultCode::end_checksum_mismatch, stated, before);
  if (!record_proven_) {
    // The inner sum proves everything before END; END itself is proven by holding nothing else.
    const std::size_t nonzero =
        std::min(first_nonzero_byte(record_, kPayloadLengthAt, kEndChecksumAt),
                 first_nonzero_byte(record_, kEndToguidAt + sizeof(begin_toguid_), kRecordBytes));
    if (nonzero != kRecordBytes) return fail(FaultCode::nonzero_end_bytes, nonzero);
    const std::uint64_t toguid = toguid_of(record_);
    if (toguid != 0 && toguid != begin_toguid_) {
      return fail(FaultCode::nonzero_end_bytes, kEndToguidAt);
    }
    record_proven_ = true;
  }
  prove_to(consumed_);
  state_ = in_package_ ? State::package_body : State::stream_done;
  return announce(Role::substream_end, 0);
}

Step Parser::announce(Role role, std::uint64_t payload_bytes) {
  role_ = role;
  current_.payload_bytes = payload_bytes;
  payload_left_ = payload_bytes;
  if (payload_bytes > 0 && options_.sum_payloads) {
    payload_sum_ = checksum::Fletcher4Range(sum_, order_);
  }
  if (watermark_ == consumed_) first_unproven_is_current_ = true;
  return Step::record;
}

void Parser::prove_to(std::uint64_t offset) {
  watermark_ = offset;
}

bool Parser::reanchor() {
  if (state_ != State::failed) return false;
  const Fault kept = fault_;
  record_ = RecordView(header_.data(), order_);
  state_ = failed_in_;
  Step step = Step::fault;
  if (fault_.code == FaultCode::checksum_mismatch) {
    step = accept_as_stated();
  } else if (fault_.code == FaultCode::end_checksum_mismatch) {
    step = accept_substream_end(fault_.expected);
  } else if (fault_.code == FaultCode::header_sum_mismatch) {
    sum_ = fault_.expected;
    step = accept_package_header_end();
  }
  record_pending_ = step == Step::record;
  if (!record_pending_) {
    state_ = State::failed;
    fault_ = kept;
  }
  return record_pending_;
}

// Takes the record's own checksum for the truth. END's inner sum is what the sender had before it:
// taken for the truth like the outer one.
Step Parser::accept_as_stated() {
  const Fletcher4 stated = record_.sum(kRecordChecksumAt);
  record_proven_ = true;
  sum_ = checksum::fletcher4(stated, record_.bytes().subspan(kRecordChecksumAt), order_);
  return accept_checked_record(record_.sum(kEndChecksumAt));
}

bool Parser::resume_at(ByteSpan record, std::uint64_t skipped) {
  if (state_ != State::failed || record.size() != kRecordBytes) return false;
  const Fault kept = fault_;
  std::copy(record.begin(), record.end(), header_.begin());
  consumed_ = fault_.at.stream_offset + 1 + skipped + kRecordBytes;
  Step step = Step::fault;
  if (begin_byte_order(header_.data())) {
    state_ = in_package_ ? State::package_body : State::stream_start;
    step = accept_header(header_.data());
  } else {
    state_ = State::substream;
    mark_current(header_.data(), order_);
    step = accept_as_stated();
  }
  record_pending_ = step == Step::record;
  if (!record_pending_) {
    state_ = State::failed;
    fault_ = kept;
  }
  return record_pending_;
}

RecordNote Parser::note_of(const Mark& mark) {
  std::array<std::byte, kRecordBytes> record{};
  std::copy(mark.head.begin(), mark.head.end(), record.begin());
  const RecordView view(record.data(), mark.order);
  return {.number = mark.number,
          .stream_offset = mark.stream_offset,
          .payload_bytes = mark.payload_bytes,
          .type_code = view.type_code(),
          .place = place_of(view)};
}

Step Parser::fail(FaultCode code, std::uint64_t found, std::uint64_t limit) {
  fault_ = {.code = code,
            .begin = watermark_,
            .end = consumed_,
            .first = note_of(first_unproven_is_current_ ? current_ : first_unproven_),
            .at = note_of(current_),
            .found = found,
            .limit = limit,
            .rule = {},
            .expected = {},
            .computed = {}};
  failed_in_ = state_;
  state_ = State::failed;
  if (record_.bytes().data() != header_.data() && record_.bytes().data() != nullptr) {
    std::memcpy(header_.data(), record_.bytes().data(), kRecordBytes);  // for reanchor()
  }
  return Step::fault;
}

Step Parser::fail_sum(FaultCode code, const Fletcher4& expected, const Fletcher4& computed) {
  const Step step = fail(code);
  fault_.expected = expected;
  fault_.computed = computed;
  return step;
}

Step Parser::finish() {
  if (state_ == State::failed) return Step::fault;
  if (state_ == State::stream_done) {
    state_ = State::stream_start;
    return Step::stream_end;
  }
  // The view of the last record may be gone with the caller's input.
  record_ = RecordView(header_.data(), order_);
  if (payload_left_ > 0) {
    return fail(FaultCode::truncated_payload, current_.payload_bytes - payload_left_,
                current_.payload_bytes);
  }
  return header_filled_ > 0 ? truncated_in_header() : truncated_between_records();
}

Step Parser::truncated_in_header() {
  const std::size_t there = header_filled_;
  const bool starts = state_ == State::stream_start;
  std::fill(header_.begin() + static_cast<std::ptrdiff_t>(there), header_.end(), std::byte{0});
  if (starts) records_ = 0;
  mark_current(header_.data(), order_, there);
  if (starts && !could_begin_a_stream()) {
    return fail(FaultCode::not_a_stream,
                load<std::uint64_t>(record_.bytes().data(), ByteOrder::big));
  }
  const Step step = fail(FaultCode::truncated_header, there, kRecordBytes);
  forget_missing_fields(fault_.at, there);
  if (fault_.first.stream_offset == fault_.at.stream_offset) fault_.first = fault_.at;
  return step;
}

Step Parser::truncated_between_records() {
  if (state_ == State::stream_start) {
    return consumed_ == 0 ? fail(FaultCode::empty_input) : Step::stream_end;
  }
  if (state_ != State::substream) return fail(FaultCode::missing_package_end);
  const bool saved = body_records_ > 0 && foreign_toguid_records_ == body_records_;
  return fail(saved ? FaultCode::saved_stream : FaultCode::missing_end);
}

// Whether the bytes of an unfinished first header are those of a BEGIN, as far as they go. Behind a
// whole stream a few of them prove no second one: there the magic must be complete.
bool Parser::could_begin_a_stream() const {
  const bool follows_a_stream = consumed_ > header_filled_;
  if (follows_a_stream && header_filled_ < kBeginMagicEnd) return false;
  const auto agrees = [this](ByteOrder order) {
    std::array<std::byte, kRecordBytes> wanted = header_;
    store<std::uint32_t>(wanted.data(), 0, order);
    store<std::uint64_t>(wanted.data() + kBeginMagicAt, kBeginMagic, order);
    return std::equal(header_.begin(),
                      header_.begin() + static_cast<std::ptrdiff_t>(header_filled_),
                      wanted.begin());
  };
  return agrees(ByteOrder::little) || agrees(ByteOrder::big);
}

}  // namespace zsluice::drr
