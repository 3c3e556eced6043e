// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/manifest.hpp"

#include "base/check.hpp"
#include "store/line_text.hpp"
#include "store/mac_labels.hpp"
#include "zsluice/store/codec.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace zsluice::storage {
namespace {

constexpr std::string_view kStoreType = "store";
constexpr std::string_view kSubstreamType = "substream";
constexpr std::string_view kSegmentType = "segment";
constexpr std::string_view kEndType = "end";
constexpr std::string_view kExtraPrefix = "x-";  // anyone's
constexpr std::string_view kLaterPrefix = "z-";  // of later versions of this program
// In the order of Compression.
constexpr std::array<std::string_view, 3> kCompressions = {"off", "always", "auto"};

// The members of each line in their order, for a LineWriter and for a LineScanner. What is text in
// a store's line stands apart, in StoreText.
struct StoreText {
  std::uint64_t version = kManifestVersion;
  std::string compression;
  std::uint64_t level = 0;
};

template <class Text, class Line, class Other>
void visit_store(Text& text, Line& line, Other& other) {
  text.hash("store_id", line.store_id);
  text.number("segment_bytes", line.settings.segment_bytes);
  text.word("compression", other.compression);
  text.number("level", other.level);
  text.flag("authenticated", line.is_authenticated);
  text.word("created_by", line.created_by);
}

template <class Text, class Line>
void visit_substream(Text& text, Line& line) {
  text.number("sequence", line.sequence);
  text.number("begin", line.substream.begin_at);
  text.guid("toguid", line.substream.toguid);
  text.guid("fromguid", line.substream.fromguid);
  text.foreign("toname", line.substream.toname);
}

template <class Text, class Line>
void visit_segment(Text& text, Line& line) {
  text.number("sequence", line.sequence);
  text.number("offset", line.offset);
  text.number("raw", line.raw_bytes);
  text.number("stored", line.stored_bytes);
  text.number("substreams", line.substreams);
  text.flag("last", line.is_last);
  text.hash("payload", line.payload_hash);
  text.hash("content", line.content_hash);
  text.hash("header", line.header_hash);
}

// All but the HMAC, which covers them.
template <class Text, class Line>
void visit_end(Text& text, Line& line) {
  text.number("segments", line.segments);
  text.number("raw", line.raw_bytes);
  text.number("stored", line.stored_bytes);
  text.hash("chain", line.chain);
}

LineWriter end_without_hmac(const EndLine& line) {
  LineWriter text(kEndType);
  visit_end(text, line);
  return text;
}

bool fits(const StoreLine& line) {
  return are_valid(line.settings) && line.created_by.size() <= kCreatedByBytesMax;
}

bool fits(const SubstreamLine& line) {
  return line.sequence < kSegmentsMax && line.substream.toname.size() <= drr::kToNameBytes;
}

bool fits(const SegmentLine& line) {
  return line.sequence < kSegmentsMax && line.raw_bytes >= kRawBytesMin &&
         line.raw_bytes <= kRawBytesMax && line.stored_bytes > 0 &&
         line.stored_bytes <= line.raw_bytes && line.offset <= kNowhere - line.raw_bytes &&
         line.substreams <= line.raw_bytes / drr::kRecordBytes;
}

bool fits(const EndLine& line) {
  return line.segments > 0 && line.segments <= kSegmentsMax && line.stored_bytes <= line.raw_bytes;
}

Result<ManifestLine, LineError> decode_store(LineScanner& text) {
  StoreLine line;
  StoreText other;
  text.number("version", other.version);
  if (text.good() && other.version != kManifestVersion) {
    return Unexpected{LineError::unknown_version};
  }
  visit_store(text, line, other);
  const auto known = std::find(kCompressions.begin(), kCompressions.end(), other.compression);
  line.settings.compression = static_cast<Compression>(known - kCompressions.begin());
  line.settings.level = static_cast<int>(std::min<std::uint64_t>(other.level, kZstdLevelMax + 1));
  if (!text.done() || known == kCompressions.end() || !fits(line)) {
    return Unexpected{LineError::malformed};
  }
  return ManifestLine(line);
}

Result<ManifestLine, LineError> decode_substream(LineScanner& text) {
  SubstreamLine line;
  visit_substream(text, line);
  if (!text.done() || !fits(line)) return Unexpected{LineError::malformed};
  return ManifestLine(line);
}

Result<ManifestLine, LineError> decode_segment(LineScanner& text) {
  SegmentLine line;
  visit_segment(text, line);
  if (!text.done() || !fits(line)) return Unexpected{LineError::malformed};
  return ManifestLine(line);
}

Result<ManifestLine, LineError> decode_end(LineScanner& text) {
  EndLine line;
  visit_end(text, line);
  if (text.has("hmac")) text.hex("hmac", line.hmac.emplace());
  if (!text.done() || !fits(line)) return Unexpected{LineError::malformed};
  return ManifestLine(line);
}

}  // namespace

SegmentLine line_of(const SegmentHeader& header) {
  return {.sequence = header.sequence,
          .offset = header.start.offset,
          .raw_bytes = header.raw_bytes,
          .stored_bytes = header.stored_bytes,
          .substreams = header.substreams_begun(),
          .is_last = header.is_last,
          .payload_hash = header.payload_hash,
          .content_hash = header.content_hash,
          .header_hash = header.header_hash};
}

StoreLine store_line_of(const SegmentHeader& first, std::string created_by) {
  return {.store_id = first.store_id,
          .settings = first.settings,
          .is_authenticated = first.hmac.has_value(),
          .created_by = std::move(created_by)};
}

bool describes(const StoreLine& line, const SegmentHeader& first) {
  return line == store_line_of(first, line.created_by);
}

std::string encode_line(const StoreLine& line) {
  ZSLUICE_CHECK(fits(line));
  const auto compression = static_cast<std::size_t>(line.settings.compression);
  const StoreText other = {.version = kManifestVersion,
                           .compression = std::string(kCompressions.at(compression)),
                           .level = static_cast<std::uint64_t>(line.settings.level)};
  LineWriter text(kStoreType);
  text.number("version", other.version);
  visit_store(text, line, other);
  return std::move(text).closed();
}

std::string encode_line(const SubstreamLine& line) {
  ZSLUICE_CHECK(fits(line));
  LineWriter text(kSubstreamType);
  visit_substream(text, line);
  return std::move(text).closed();
}

std::string encode_line(const SegmentLine& line) {
  ZSLUICE_CHECK(fits(line));
  LineWriter text(kSegmentType);
  visit_segment(text, line);
  return std::move(text).closed();
}

std::string encode_line(const EndLine& line) {
  ZSLUICE_CHECK(fits(line));
  LineWriter text = end_without_hmac(line);
  if (line.hmac) text.hex("hmac", *line.hmac);
  return std::move(text).closed();
}

Result<ManifestLine, LineError> decode_line(std::string_view line) {
  if (line.size() >= kManifestLineBytesMax) return Unexpected{LineError::too_long};
  std::optional<LineScanner> text = LineScanner::verified(line);
  if (!text) return Unexpected{LineError::wrong_hash};
  if (text->is_type(kSegmentType)) return decode_segment(*text);
  if (text->is_type(kSubstreamType)) return decode_substream(*text);
  if (text->is_type(kStoreType)) return decode_store(*text);
  if (text->is_type(kEndType)) return decode_end(*text);
  if (text->type_begins(kExtraPrefix) || text->type_begins(kLaterPrefix)) {
    return ManifestLine(ExtraLine{std::string(line)});
  }
  return Unexpected{LineError::malformed};
}

bool authenticate(EndLine& line, checksum::HmacSha256& mac) {
  mac.update(bytes_of(kEndLabel));
  mac.update(bytes_of(end_without_hmac(line).open()));
  line.hmac = mac.finish();
  return line.hmac.has_value();
}

bool is_authentic(const EndLine& line, checksum::HmacSha256& mac) {
  EndLine computed = line;
  return line.hmac && authenticate(computed, mac) &&
         checksum::equal_in_constant_time(*line.hmac, *computed.hmac);
}

}  // namespace zsluice::storage
