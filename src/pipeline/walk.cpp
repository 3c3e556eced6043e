// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/walk.hpp"

#include <algorithm>

namespace zsluice::pipeline {

using drr::FaultCode;
using drr::Role;
using drr::Step;

void Walk::feed(ByteSpan bytes, std::span<const drr::PayloadPiece> summed) {
  fed_ += bytes.size();
  summed_ = summed;
  while (phase_ == Phase::stream || phase_ == Phase::searching) {
    if (phase_ == Phase::searching) {
      search(bytes);
      if (phase_ == Phase::searching) return;
    }
    const Step step = checker_.next(bytes);
    if (step == Step::need_input) return;
    on_step(step);
  }
  if (phase_ == Phase::trailing) trailing_.add(bytes);
}

void Walk::on_step(Step step) {
  switch (step) {
    case Step::record:
      on_record();
      break;
    case Step::payload:
      on_payload();
      break;
    case Step::stream_end:
      on_stream_end();
      break;
    case Step::fault:
      on_fault();
      break;
    case Step::need_input:
      break;
  }
}

void Walk::on_record() {
  const drr::Parser& parser = checker_.parser();
  const Role role = parser.role();
  const bool is_begin = role == Role::package_begin || role == Role::substream_begin;
  if (begin_pending_) on_begin_proven();
  if (is_begin) on_begin();
  count_record();
  if (options_.tell_records) observer_.on_record(parser);
  if (options_.check_blocks && role == Role::body && parser.record_payload_bytes() > 0 &&
      parser.record().type_code() == static_cast<std::uint32_t>(drr::RecordType::write)) {
    block_check_.start(parser.record(), counter_.summary().features);
    checking_block_ = true;
  }
}

void Walk::on_begin() {
  const drr::Parser& parser = checker_.parser();
  const bool is_package = parser.role() == Role::package_begin;
  if (!in_stream_) {
    in_stream_ = true;
    damages_before_stream_ = damages_;
    seen_.start();
    totals_ = {};
    totals_.offset = parser.current().stream_offset;
    totals_.is_package = is_package;
    const ByteSpan record = parser.record().bytes();
    std::copy(record.begin(), record.end(), first_begin_.begin());
  }
  collector_.start(parser);
  begin_pending_ = true;
  if (is_package) return;
  in_substream_ = true;
  ++substreams_;
  ++totals_.substreams;
  counter_.start(parser);
}

// The record after a BEGIN has been read, so that the BEGIN and its nvlist can be believed.
void Walk::on_begin_proven() {
  begin_pending_ = false;
  unknown_features_ |= collector_.begin().features & ~drr::feature::kKnown;
  if (!in_substream_) {
    observer_.on_package(collector_.begin(), collector_.payload());
    seen_.add(collector_.record().bytes(), collector_.payload());
  } else {
    counter_.set_payload(collector_.payload());
    observer_.on_substream_begin(counter_.summary());
    if (totals_.substreams == 1) {
      seen_.add(collector_.record().bytes(), collector_.payload());
      on_identity_known();
    }
  }
  collector_.clear();
}

void Walk::on_identity_known() {
  totals_.is_repeated = seen_.complete();
  if (totals_.is_repeated) failure_.set(RepeatedStream{totals_.offset});
}

void Walk::count_record() {
  const drr::Parser& parser = checker_.parser();
  const std::uint32_t code =
      std::min<std::uint32_t>(parser.record().type_code(), drr::kRecordTypes - 1);
  const bool is_closing_end = parser.role() == Role::package_end;  // its order is not told
  drr::TypeCount& type =
      totals_.types[is_closing_end ? static_cast<std::uint32_t>(drr::RecordType::end) : code];
  ++type.records;
  type.payload_bytes += parser.record_payload_bytes();
  ++totals_.records_total;
  ++records_;
  const bool has_no_sum = parser.role() == Role::body && !parser.record_proven();
  if (has_no_sum) {
    ++totals_.records_unproven;
    ++records_unproven_;
  }
  if (!in_substream_ || parser.role() == Role::substream_begin) return;
  counter_.count(parser);
  if (parser.role() == Role::substream_end) end_substream();
}

void Walk::on_payload() {
  const drr::Parser& parser = checker_.parser();
  if (begin_pending_) collector_.add(parser.payload());
  if (!options_.checker.parser.sum_payloads) sum_payload();
  if (options_.tell_records) observer_.on_payload(parser);
  if (!checking_block_) return;
  block_check_.update(parser.payload());
  if (parser.payload_bytes_left() > 0) return;
  checking_block_ = false;
  if (!block_check_.finish()) observer_.on_block_mismatch(parser.current());
}

// Takes the sum of this piece from those computed ahead, or computes it.
void Walk::sum_payload() {
  const drr::Parser& parser = checker_.parser();
  const ByteSpan piece = parser.payload();
  const bool is_first = parser.payload_bytes_left() + piece.size() == parser.record_payload_bytes();
  if (is_first) {
    payload_sum_ = {};
    sum_by_range_ = false;
  }
  // A piece that ends inside a word cannot be combined: the rest of this payload is summed in one
  // go.
  if (!sum_by_range_ && piece.size() % 4 != 0) {
    payload_range_ = checksum::Fletcher4Range(payload_sum_, parser.byte_order());
    sum_by_range_ = true;
  }
  if (sum_by_range_) {
    payload_range_.update(piece);
    payload_sum_ = payload_range_.state();
  } else {
    payload_sum_ = checksum::combine(payload_sum_, sum_of(piece), piece.size());
  }
  if (parser.payload_bytes_left() == 0) checker_.add_payload_sum(payload_sum_);
}

// The pieces were found by the headers alone: behind a damage they may be other ones.
checksum::Fletcher4 Walk::sum_of(ByteSpan piece) {
  const ByteOrder order = checker_.parser().byte_order();
  while (!summed_.empty() && summed_.front().bytes.data() < piece.data()) {
    summed_ = summed_.subspan(1);
  }
  if (!summed_.empty()) {
    const drr::PayloadPiece& known = summed_.front();
    const bool is_same = known.bytes.data() == piece.data() && known.bytes.size() == piece.size() &&
                         known.order == order;
    if (is_same) return known.sum;
  }
  return checksum::fletcher4({}, piece, order);
}

void Walk::end_substream() {
  in_substream_ = false;
  observer_.on_substream_end(counter_.summary());
}

void Walk::on_stream_end() {
  ++streams_ended_;
  const bool is_whole = damages_ == damages_before_stream_;
  if (is_whole) ++streams_;
  if (totals_.substreams == 0) on_identity_known();  // an empty package
  end_stream(is_whole);
}

void Walk::end_stream(bool is_whole) {
  if (in_substream_) end_substream();
  if (!in_stream_) return;
  in_stream_ = false;
  begin_pending_ = false;
  totals_.is_whole = is_whole;
  totals_.bytes = checker_.parser().consumed() - totals_.offset;
  observer_.on_stream_end(totals_);
}

void Walk::on_fault() {
  const drr::Fault fault = checker_.fault();
  if (fault.code == FaultCode::not_a_stream && streams_ended_ > 0) return start_gap(fault);
  failure_.set(fault);
  ++damages_;
  const bool is_over = drr::kind_of(fault.code) != drr::FaultKind::damaged;
  if (!options_.keep_going || is_over) return give_up(fault);
  // A header that names another snapshot was overwritten, or the framing is off: search instead.
  const drr::Parser& parser = checker_.parser();
  const bool is_plausible = fault.code == FaultCode::rule_broken ||
                            drr::toguid_of(parser.record()) == parser.last_toguid();
  if (is_plausible && checker_.reanchor()) return observer_.on_damage(fault);
  start_search(fault);
}

void Walk::give_up(const drr::Fault& fault) {
  observer_.on_damage(fault);
  phase_ = Phase::lost;
  if (drr::kind_of(fault.code) != drr::FaultKind::truncated) lost_at_ = fault.end;
  end_stream(false);
}

void Walk::start_search(const drr::Fault& fault) {
  const drr::Parser& parser = checker_.parser();
  phase_ = Phase::searching;
  lost_at_ = fault.end;
  begin_pending_ = false;
  checking_block_ = false;
  search_.emplace(parser.last_toguid(), parser.byte_order(), parser.in_package());
  // The record may begin inside of what was taken for a header.
  ByteSpan rest = parser.record().bytes().subspan(1);
  (void)search_->next(rest);
}

// What follows a whole stream is no stream: bytes too many, or the damaged beginning of another.
void Walk::start_gap(const drr::Fault& fault) {
  const drr::Parser& parser = checker_.parser();
  const ByteSpan met = parser.record().bytes().first(
      static_cast<std::size_t>(parser.consumed() - fault.at.stream_offset));
  trailing_.add(met);
  if (!options_.keep_going) {
    phase_ = Phase::trailing;
    return;
  }
  phase_ = Phase::searching;
  in_gap_ = true;
  search_.emplace(0, parser.byte_order(), true);
  ByteSpan rest = met.subspan(1);
  (void)search_->next(rest);
}

void Walk::search(ByteSpan& bytes) {
  const ByteSpan before = bytes;
  while (search_->next(bytes)) {
    if (resume()) return;
    search_->reject();
  }
  if (in_gap_) trailing_.add(before);
}

// Goes on with the record that was found, if it may stand here.
bool Walk::resume() {
  const drr::RecordView record(search_->record().data(), checker_.parser().byte_order());
  const auto begin_order = drr::begin_byte_order(record.bytes().data());
  if (begin_order && !in_gap_ && !may_follow({record.bytes().data(), *begin_order})) return false;
  if (!checker_.resume_at(record.bytes(), search_->skipped())) return false;
  if (begin_order && in_substream_) end_substream();
  drr::Fault fault = checker_.fault();
  fault.end = checker_.parser().current().stream_offset;
  if (in_gap_) {  // counted only now: it might have been bytes too many
    failure_.set(fault);
    ++damages_;
    trailing_ = {};
    in_gap_ = false;
  }
  observer_.on_damage(fault);
  phase_ = Phase::stream;
  lost_at_.reset();
  search_.reset();
  return true;
}

// Whether a BEGIN found inside a package can be one of its substreams: those of one pool only.
bool Walk::may_follow(const drr::RecordView& begin) const {
  const auto pool_of = [](std::string_view toname) {
    return toname.substr(0, toname.find_first_of("/@"));
  };
  const drr::BeginRecord found = drr::decode_begin(begin);
  const drr::BeginRecord first =
      drr::decode_begin({first_begin_.data(), checker_.parser().byte_order()});
  return found.header_type == drr::kHeaderSubstream &&
         pool_of(found.toname) == pool_of(first.toname);
}

void Walk::finish() {
  if (phase_ == Phase::stream && checker_.finish() == Step::fault) on_fault();
  if (phase_ == Phase::searching && in_gap_) phase_ = Phase::trailing;
  if (phase_ == Phase::searching) give_up(checker_.fault());
  if (phase_ == Phase::trailing && trailing_.count() > 0) {
    failure_.set(trailing_.result(checker_.parser().watermark(), first_begin_));
  }
}

}  // namespace zsluice::pipeline
