// SPDX-License-Identifier: BSD-2-Clause
// ManifestReader: a manifest's bytes in, its lines out, each checked by itself and against those
// before it. A pull parser without I/O, as drr::Parser is; any chopping gives the same. It keeps no
// line but the last: a store of 10 TiB has 655,360.
//
// A crash or a full disk can spoil the end of an append-only file, as far as it had not been
// synced, and a page of it may be lost while a later one is there. So everything from the first bad
// line on is not believed and not an error, up to kManifestUnsyncedBytesMax: it is counted
// (torn_bytes()), and a writer cuts it off before it goes on. So are substream lines whose
// segment's line is not there. Everything else is damage, and an error; then the manifest has to be
// made again from the segments.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/store/manifest.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::storage {

enum class ManifestErrorCode : std::uint8_t {
  bad_line,          // more follows it than a crash can spoil [expected: at most, found: at least]
  unknown_version,   // of the store
  malformed_line,    // its hash is right, but it is no line of this version
  not_a_store_line,  // the first line is another one
  second_store_line,
  wrong_sequence,      // of a segment [expected, found]
  wrong_offset,        // of a segment: not where the one before it ends [expected, found]
  wrong_segments,      // the closing line counts differently [expected, found]
  wrong_raw_bytes,     // [expected, found]
  wrong_stored_bytes,  // [expected, found]
  wrong_chain,         // the closing line ends another chain
  not_last,            // the closing line follows a segment that does not end the stream
  after_last,          // a segment follows one that ends the stream
  wrong_substreams,    // a segment's line counts differently [expected: those before it, found]
  wrong_begin,         // a substream begins elsewhere than in its segment, or not in order [found]
  wrong_authentication,  // it has an HMAC where the store has none, or none where it has
  line_after_end,
};

struct ManifestError {
  ManifestErrorCode code{};
  std::uint64_t line = 0;    // counted from 1
  std::uint64_t offset = 0;  // of the line's first byte
  std::uint64_t expected = 0;
  std::uint64_t found = 0;

  friend bool operator==(const ManifestError&, const ManifestError&) = default;
};

class ManifestReader {
 public:
  enum class Step : std::uint8_t { need_input, line, end, fault };

  // Consumes a prefix of `input`, which is advanced. A fault stays. ExtraLines are passed over.
  [[nodiscard]] Step next(ByteSpan& input);
  // The manifest has ended: Step::end, or Step::fault when its last line is a bad one and too long.
  // One without a good line is fine, too, and has no store(): its writer had not come further.
  [[nodiscard]] Step finish();

  // --- after Step::line ---
  [[nodiscard]] const ManifestLine& line() const { return line_; }
  // --- after Step::fault ---
  [[nodiscard]] const ManifestError& error() const { return *error_; }

  // --- always; what they say is complete when the input has ended ---
  [[nodiscard]] const std::optional<StoreLine>& store() const { return store_; }
  // Whether the store is closed; nothing: its stream was cut short, or is still being written.
  [[nodiscard]] const std::optional<EndLine>& end() const { return end_; }
  // Of the segment lines: a valid prefix of the stream, if the segments are what they say.
  [[nodiscard]] std::uint64_t segments() const { return totals_.segments; }
  [[nodiscard]] std::uint64_t raw_bytes() const { return totals_.raw_bytes; }
  [[nodiscard]] std::uint64_t stored_bytes() const { return totals_.stored_bytes; }
  // The content hash of the last segment.
  [[nodiscard]] const checksum::Xxh3Digest& chain() const { return totals_.chain; }
  // Up to the end of the last good line; substream lines count when their segment's line is there.
  [[nodiscard]] std::uint64_t good_bytes() const { return good_bytes_; }
  // Behind it.
  [[nodiscard]] std::uint64_t torn_bytes() const { return consumed_ - good_bytes_; }

 private:
  [[nodiscard]] std::optional<Step> take_line();
  [[nodiscard]] std::optional<ManifestError> judge(const StoreLine& line);
  [[nodiscard]] std::optional<ManifestError> judge(const SubstreamLine& line);
  [[nodiscard]] std::optional<ManifestError> judge(const ExtraLine& line);
  [[nodiscard]] std::optional<ManifestError> may_follow() const;
  [[nodiscard]] std::optional<ManifestError> judge(const SegmentLine& line);
  [[nodiscard]] std::optional<ManifestError> judge(const EndLine& line);
  [[nodiscard]] ManifestError error_of(ManifestErrorCode code,
                                       std::uint64_t expected = 0,
                                       std::uint64_t found = 0) const;
  [[nodiscard]] Step pass_over(ByteSpan& input);
  Step fail(const ManifestError& error);

  std::string text_;  // of the line being read; never more than kManifestLineBytesMax
  std::uint64_t consumed_ = 0;
  std::uint64_t good_bytes_ = 0;
  std::uint64_t last_good_ = 0;  // end of the last good line, pending substream lines included
  std::uint64_t lines_ = 0;
  std::uint64_t line_at_ = 0;

  ManifestLine line_;
  std::optional<StoreLine> store_;
  bool has_last_ = false;                 // the segment that ends the stream
  std::uint64_t substreams_pending_ = 0;  // lines before their segment's
  std::uint64_t begin_at_ = 0;            // of the last of them
  EndLine totals_;                        // as the closing line should have them
  std::optional<EndLine> end_;
  std::optional<ManifestError> first_bad_;  // an error if much follows
  std::optional<ManifestError> error_;
};

}  // namespace zsluice::storage
