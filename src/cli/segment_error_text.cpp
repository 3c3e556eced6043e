// SPDX-License-Identifier: BSD-2-Clause
#include "cli/segment_error_text.hpp"

#include "cli/text_layout.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>

namespace zsluice::cli {
namespace {

using storage::SegmentError;
using storage::SegmentErrorCode;

struct ErrorText {
  std::string_view code;
  std::string_view line;
};

// In the order of SegmentErrorCode. What takes numbers is made by segment_error_line().
constexpr std::array kTexts = {
    ErrorText{"truncated_header", "the file ends in its header"},
    ErrorText{"not_a_segment", "the file is no segment"},
    ErrorText{"header_damaged", "its header is not what the header's hash says"},
    ErrorText{"unknown_version", "written by a later version of the format"},
    ErrorText{"wrong_header_size", "its header says that it is longer than it is"},
    ErrorText{"unknown_flags", "its header has flags that are not known"},
    ErrorText{"unknown_codec", "it is compressed in a way that is not known"},
    ErrorText{"bad_settings", "its header has settings that no store has"},
    ErrorText{"nonzero_reserved", "its header holds something where nothing belongs"},
    ErrorText{"bad_sequence", "its header has a number that no segment has"},
    ErrorText{"bad_raw_size", "its header claims a length that no segment has"},
    ErrorText{"bad_stored_size", "its header claims a stored length that no segment has"},
    ErrorText{"bad_position", "its header claims a place that no stream has"},
    ErrorText{"bad_counts", "its header counts records that do not fit"},
    ErrorText{"over_target", "it is longer than the segments of its store may be"},
    ErrorText{"bad_raw_hash", "it is stored as it is, and its header has two hashes of it"},
    ErrorText{"bad_places", "its header names objects that do not fit"},
    ErrorText{"bad_hmac_field", "its header has parts of an HMAC and denies it"},
    ErrorText{"bad_previous", "it is the first one and names one before it"},
    ErrorText{"bad_end", "its header ends the stream where it does not end"},
    ErrorText{"wrong_stored_size", "the file has not the length that its header says"},
    ErrorText{"payload_damaged", "what it holds is not what its hash says"},
    ErrorText{"not_a_frame", "what it holds is not one zstd frame"},
    ErrorText{"wrong_content_size", "what it holds has another length than its header says"},
    ErrorText{"undecodable", "what it holds cannot be decompressed"},
    ErrorText{"raw_damaged", "what it decompresses to is not what its hash says"},
    ErrorText{"records_damaged", "its hashes are right, but its records are not what they sum to"},
    ErrorText{"wrong_waypoint", "its header says other things of its records than they are"},
    ErrorText{"wrong_store_id", "it does not begin the stream that its header names"},
    ErrorText{"not_authenticated", "it was written without a key"},
    ErrorText{"wrong_key", "another key than this one was used for it"},
    ErrorText{"wrong_hmac",
              "its HMAC is wrong although it names this key: it was changed, or forged"},
    ErrorText{"wrong_digest",
              "its header is proven by the key, and what it holds is not what that names"},
    ErrorText{"wrong_chain_digest",
              "it is proven by the key, and follows another segment than the one before it"},
    ErrorText{"hmac_unavailable", "its HMAC could not be computed"},
    ErrorText{"foreign", "it belongs to another stream"},
    ErrorText{"misplaced", "the file holds another segment"},
    ErrorText{"after_last", "the stream ends before it"},
    ErrorText{"missing", "its file is not there"},
    ErrorText{"wrong_settings", "it was cut for another size of segments than the others"},
    ErrorText{"wrong_offset", "it does not start where the one before it ends"},
    ErrorText{"wrong_position", "it was cut from the stream at another place"},
    ErrorText{"broken_chain", "it follows another segment than the one before it"},
};
static_assert(kTexts.size() == static_cast<std::size_t>(SegmentErrorCode::broken_chain) + 1);

const ErrorText& text_of(SegmentErrorCode code) {
  return kTexts[static_cast<std::size_t>(code)];
}

std::string hashes(const SegmentError& error) {
  return fmt::format("\n  expected {:016x}{:016x}\n  computed {:016x}{:016x}",
                     error.expected_hash.high, error.expected_hash.low, error.found_hash.high,
                     error.found_hash.low);
}

}  // namespace

std::string segment_error_line(const SegmentError& error) {
  std::string line(text_of(error.code).line);
  switch (kind_of(error.code)) {
    case storage::SegmentErrorKind::header:
      return error.code == SegmentErrorCode::header_damaged ? line + hashes(error) : line;
    case storage::SegmentErrorKind::payload:
      if (error.code == SegmentErrorCode::payload_damaged ||
          error.code == SegmentErrorCode::raw_damaged) {
        return line + hashes(error);
      }
      if (error.code != SegmentErrorCode::wrong_stored_size) return line;
      return fmt::format("{}: {}, not {}", line, counted(error.found, "byte"), error.expected);
    case storage::SegmentErrorKind::link:
      if (error.code != SegmentErrorCode::misplaced) return line;
      return fmt::format("{}, number {}", line, error.found);
    case storage::SegmentErrorKind::contents:
    case storage::SegmentErrorKind::records:
    case storage::SegmentErrorKind::key:
      break;
  }
  return line;
}

std::string_view segment_error_code(SegmentErrorCode code) {
  return text_of(code).code;
}

}  // namespace zsluice::cli
