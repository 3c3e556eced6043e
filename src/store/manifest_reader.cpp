// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/manifest_reader.hpp"

#include <algorithm>

namespace zsluice::storage {

using Step = ManifestReader::Step;
using Code = ManifestErrorCode;

Step ManifestReader::next(ByteSpan& input) {
  while (!error_ && !first_bad_) {
    const auto newline = std::find(input.begin(), input.end(), std::byte{'\n'});
    const bool is_complete = newline != input.end();
    const ByteSpan piece = take_prefix(
        input, static_cast<std::size_t>(newline - input.begin()) + (is_complete ? 1 : 0));
    consumed_ += piece.size();
    const std::string_view text = text_of(piece).substr(0, piece.size() - (is_complete ? 1 : 0));
    if (text_.size() + text.size() >= kManifestLineBytesMax) {
      ++lines_;
      first_bad_ = error_of(Code::bad_line);
      break;
    }
    text_.append(text);
    if (!is_complete) return Step::need_input;
    if (const std::optional<Step> step = take_line()) return *step;
  }
  return error_ ? Step::fault : pass_over(input);
}

// Behind a bad line: nothing is believed any more, and nothing kept.
Step ManifestReader::pass_over(ByteSpan& input) {
  consumed_ += input.size();
  input = {};
  if (consumed_ - last_good_ <= kManifestUnsyncedBytesMax) return Step::need_input;
  first_bad_->expected = kManifestUnsyncedBytesMax;
  first_bad_->found = kManifestUnsyncedBytesMax + 1;
  return fail(*first_bad_);
}

Step ManifestReader::finish() {
  return error_ ? Step::fault : Step::end;
}

// The line in text_ is complete; nothing: it was passed over, or a bad one.
std::optional<Step> ManifestReader::take_line() {
  ++lines_;
  auto decoded = decode_line(text_);
  text_.clear();
  std::optional<ManifestError> problem;
  if (decoded) {
    problem = std::visit([this](const auto& line) { return judge(line); }, *decoded);
  } else if (decoded.error() == LineError::unknown_version) {
    problem = error_of(Code::unknown_version);
  } else if (decoded.error() == LineError::malformed) {
    problem = error_of(Code::malformed_line);
  } else {
    first_bad_ = error_of(Code::bad_line);
  }
  if (problem) return fail(*problem);
  if (!decoded) return std::nullopt;
  line_at_ = consumed_;
  line_ = std::move(decoded).value();
  last_good_ = consumed_;
  if (substreams_pending_ == 0) good_bytes_ = consumed_;
  if (std::holds_alternative<ExtraLine>(line_)) return std::nullopt;
  return Step::line;
}

std::optional<ManifestError> ManifestReader::judge(const StoreLine& line) {
  if (store_) return error_of(Code::second_store_line);
  store_ = line;
  return std::nullopt;
}

// What holds for all lines but the first one.
std::optional<ManifestError> ManifestReader::may_follow() const {
  if (!store_) return error_of(Code::not_a_store_line);
  if (end_) return error_of(Code::line_after_end);
  return std::nullopt;
}

std::optional<ManifestError> ManifestReader::judge(const ExtraLine& /*line*/) {
  if (!store_) return error_of(Code::not_a_store_line);
  return std::nullopt;
}

std::optional<ManifestError> ManifestReader::judge(const SubstreamLine& line) {
  if (auto problem = may_follow()) return problem;
  if (has_last_) return error_of(Code::after_last);
  if (line.sequence != totals_.segments) {
    return error_of(Code::wrong_sequence, totals_.segments, line.sequence);
  }
  const std::uint64_t begin_at = line.substream.begin_at;
  const bool is_behind =
      substreams_pending_ == 0 ? begin_at >= totals_.raw_bytes : begin_at > begin_at_;
  if (!is_behind) return error_of(Code::wrong_begin, totals_.raw_bytes, begin_at);
  ++substreams_pending_;
  begin_at_ = begin_at;
  return std::nullopt;
}

std::optional<ManifestError> ManifestReader::judge(const SegmentLine& line) {
  if (auto problem = may_follow()) return problem;
  if (has_last_) return error_of(Code::after_last);
  if (line.sequence != totals_.segments) {
    return error_of(Code::wrong_sequence, totals_.segments, line.sequence);
  }
  if (line.offset != totals_.raw_bytes) {
    return error_of(Code::wrong_offset, totals_.raw_bytes, line.offset);
  }
  if (line.substreams != substreams_pending_) {
    return error_of(Code::wrong_substreams, substreams_pending_, line.substreams);
  }
  if (substreams_pending_ > 0 && begin_at_ - line.offset >= line.raw_bytes) {
    return error_of(Code::wrong_begin, line.offset + line.raw_bytes, begin_at_);
  }
  substreams_pending_ = 0;
  has_last_ = line.is_last;
  ++totals_.segments;
  totals_.raw_bytes += line.raw_bytes;
  totals_.stored_bytes += line.stored_bytes;
  totals_.chain = line.content_hash;
  return std::nullopt;
}

std::optional<ManifestError> ManifestReader::judge(const EndLine& line) {
  if (auto problem = may_follow()) return problem;
  if (!has_last_) return error_of(Code::not_last);
  if (line.segments != totals_.segments) {
    return error_of(Code::wrong_segments, totals_.segments, line.segments);
  }
  if (line.raw_bytes != totals_.raw_bytes) {
    return error_of(Code::wrong_raw_bytes, totals_.raw_bytes, line.raw_bytes);
  }
  if (line.stored_bytes != totals_.stored_bytes) {
    return error_of(Code::wrong_stored_bytes, totals_.stored_bytes, line.stored_bytes);
  }
  if (line.chain != totals_.chain) return error_of(Code::wrong_chain);
  if (line.hmac.has_value() != store_->is_authenticated) {
    return error_of(Code::wrong_authentication);
  }
  end_ = line;
  return std::nullopt;
}

ManifestError ManifestReader::error_of(ManifestErrorCode code,
                                       std::uint64_t expected,
                                       std::uint64_t found) const {
  return {.code = code, .line = lines_, .offset = line_at_, .expected = expected, .found = found};
}

Step ManifestReader::fail(const ManifestError& error) {
  error_ = error;
  return Step::fault;
}

}  // namespace zsluice::storage
