// SPDX-License-Identifier: BSD-2-Clause
#include "cli/fault_text.hpp"

#include "cli/text_layout.hpp"
#include "zsluice/base/size_text.hpp"

#include <fmt/format.h>

#include <array>

namespace zsluice::cli {
namespace {

using drr::Fault;
using drr::FaultCode;
using drr::RecordNote;

constexpr std::array<std::string_view, 20> kCodeNames = {
    "not_a_stream",          "checksum_mismatch",
    "end_checksum_mismatch", "header_sum_mismatch",
    "nonzero_end_bytes",     "unknown_record_type",
    "unexpected_begin",      "unexpected_record",
    "unknown_header_type",   "nested_package",
    "payload_too_long",      "payload_not_summable",
    "rule_broken",           "begin_payload_too_long",
    "empty_input",           "truncated_header",
    "truncated_payload",     "missing_end",
    "missing_package_end",   "saved_stream"};
static_assert(kCodeNames.size() == static_cast<std::size_t>(FaultCode::saved_stream) + 1);

// What people store instead of a stream, by its first bytes (big-endian) under a mask.
struct Disguise {
  std::uint64_t mask;
  std::uint64_t magic;
  std::string_view text;
};
constexpr std::array kDisguises = {
    Disguise{0xFFFF'0000'0000'0000, 0x1F8B'0000'0000'0000, "gzip-compressed data"},
    Disguise{0xFFFF'FFFF'0000'0000, 0x28B5'2FFD'0000'0000, "zstd-compressed data"},
    Disguise{0xFFFF'FFFF'0000'0000, 0x0422'4D18'0000'0000, "lz4-compressed data"},
    Disguise{0xFFFF'FFFF'FFFF'0000, 0xFD37'7A58'5A00'0000, "xz-compressed data"},
    Disguise{0xFFFF'FF00'0000'0000, 0x425A'6800'0000'0000, "bzip2-compressed data"},
    Disguise{0xFFFF'FFFF'0000'0000, 0x894C'5A4F'0000'0000, "lzop-compressed data"},
    Disguise{0xFFFF'FFFF'FFFF'FFFF, 0x5361'6C74'6564'5F5F, "openssl-encrypted data"},
    Disguise{0xFFFF'FFFF'FFFF'FFFF, 0x6167'652D'656E'6372, "age-encrypted data"},
};

std::string sum_text(const checksum::Fletcher4& sum) {
  return fmt::format("{:016x}:{:016x}:{:016x}:{:016x}", sum.a, sum.b, sum.c, sum.d);
}

std::string sums_lines(const Fault& fault) {
  return fmt::format("  expected {}\n  computed {}\n", sum_text(fault.expected),
                     sum_text(fault.computed));
}

// Which records can hold the damage: the first that is not proven, up to the one where it showed.
std::string suspects_line(const Fault& fault) {
  const std::string header = fmt::format("the header of {}", record_text(fault.at));
  if (fault.first.number == fault.at.number) return fmt::format("  {}\n", header);
  const bool is_begin = fault.first.type_code == 0;
  if (fault.at.number - fault.first.number > 1) {
    return fmt::format("  anything from {} to {}\n", record_text(fault.first), header);
  }
  if (is_begin) {
    return fmt::format("  either {}{} or {}\n", record_text(fault.first),
                       fault.first.payload_bytes > 0 ? " and its nvlist" : "", header);
  }
  if (fault.first.payload_bytes == 0) return fmt::format("  {}\n", header);
  return fmt::format("  either the payload of {} or {}\n", record_text(fault.first), header);
}

std::string between(const Fault& fault, std::string_view what) {
  return fmt::format("damaged between offsets {} and {}: {}\n", fault.begin, fault.end, what);
}

std::string at_record(const Fault& fault, std::string_view what) {
  return fmt::format("damaged at offset {}: {}\n", fault.at.stream_offset, what);
}

bool is_text(std::uint64_t first_bytes) {
  for (int shift = 0; shift < 64; shift += 8) {
    const auto byte = static_cast<std::uint8_t>(first_bytes >> shift);
    if ((byte < ' ' || byte > '~') && byte != '\n' && byte != '\t') return false;
  }
  return true;
}

// What else is found where a stream should be: what a failed `zfs send` left behind.
std::string first_bytes_line(std::uint64_t first_bytes) {
  if (first_bytes == 0) return "  It begins with zeros.\n";
  if (!is_text(first_bytes)) return {};
  return "  It begins with text: perhaps an error message was stored instead of the stream.\n";
}

std::string not_a_stream_lines(const Fault& fault) {
  std::string text =
      fmt::format("not a ZFS send stream: no BEGIN record at offset {}\n", fault.begin);
  for (const Disguise& disguise : kDisguises) {
    if ((fault.found & disguise.mask) == disguise.magic) {
      text += fmt::format("  It begins like {}: undo that first.\n", disguise.text);
    }
  }
  if (fault.begin == 0) text += first_bytes_line(fault.found);
  return text;
}

std::string unknown_type_lines(const Fault& fault) {
  return at_record(fault,
                   fmt::format("record {} has the unknown type {}", fault.at.number, fault.found)) +
         "  Its length cannot be known, so nothing behind it can be read.\n";
}

std::string payload_lines(const Fault& fault, const std::string& why) {
  return at_record(fault, fmt::format("{} announces a payload of {} bytes", record_text(fault.at),
                                      fault.found)) +
         "  " + why + '\n';
}

std::string rule_lines(const Fault& fault) {
  return fmt::format(
      "malformed at offset {}: {}\n  {}; found {}\n"
      "  Its checksums are right, but receivers refuse such a record.\n",
      fault.at.stream_offset, record_text(fault.at), drr::rule_text(fault.rule), fault.found);
}

std::string ends_inside(const Fault& fault, const std::string& what) {
  return fmt::format("truncated at offset {}: the input ends inside the {}, after {} of {} bytes\n",
                     fault.end, what, fault.found, fault.limit);
}

std::string saved_lines(const Fault& fault) {
  return fmt::format(
      "a saved stream: it ends at offset {} without END, by design\n"
      "  `zfs send --saved` sends what a partial receive holds; nothing proves "
      "that its last record is the last.\n",
      fault.end);
}

std::string limit_lines(const Fault& fault) {
  return fmt::format(
      "refused at offset {}: BEGIN announces an nvlist of {} bytes, "
      "the limit is {}\n  --max-header SIZE raises it.\n",
      fault.at.stream_offset, fault.found, format_size(fault.limit));
}

// Headline and evidence.
std::string what_happened(const Fault& fault) {
  switch (fault.code) {
    case FaultCode::not_a_stream:
      return not_a_stream_lines(fault);
    case FaultCode::checksum_mismatch:
      return between(fault, "checksum mismatch") + suspects_line(fault) + sums_lines(fault);
    case FaultCode::end_checksum_mismatch:
      return between(fault, "END's sum over everything before it is wrong") + sums_lines(fault);
    case FaultCode::header_sum_mismatch:
      return between(fault, "the sum of the package header is wrong") + sums_lines(fault);
    case FaultCode::nonzero_end_bytes:
      return fmt::format("damaged at offset {}: {} holds bytes that must be zero\n",
                         fault.at.stream_offset + fault.found, record_text(fault.at));
    case FaultCode::unknown_record_type:
      return unknown_type_lines(fault);
    case FaultCode::unexpected_begin:
      return at_record(fault, "a new stream begins inside a substream") +
             "  The END of the substream before it is missing.\n";
    case FaultCode::unexpected_record:
      return at_record(fault, "the package goes on with neither BEGIN nor END");
    case FaultCode::unknown_header_type:
      return at_record(
          fault, fmt::format("BEGIN is neither a substream nor a package: type {}", fault.found));
    case FaultCode::nested_package:
      return at_record(fault, "a package begins inside a package");
    case FaultCode::payload_too_long:
      return payload_lines(fault,
                           "No record's payload is longer than " + format_size(fault.limit) + ".");
    case FaultCode::payload_not_summable:
      return payload_lines(fault,
                           "That is no multiple of 4: no checksum would cover its last bytes.");
    case FaultCode::rule_broken:
      return rule_lines(fault);
    case FaultCode::begin_payload_too_long:
      return limit_lines(fault);
    case FaultCode::empty_input:
      return "truncated: the input is empty\n";
    case FaultCode::truncated_header:
      return ends_inside(fault, fmt::format("header of record {}", fault.at.number));
    case FaultCode::truncated_payload:
      return ends_inside(fault, "payload of " + record_text(fault.at));
    case FaultCode::missing_end:
      return fmt::format("truncated at offset {}: the input ends after {}, END is missing\n",
                         fault.end, record_text(fault.at));
    case FaultCode::missing_package_end:
      return fmt::format("truncated at offset {}: the package's closing END is missing\n",
                         fault.end);
    case FaultCode::saved_stream:
      return saved_lines(fault);
  }
  return {};
}

std::string nothing_passed_lines(const Fault& fault, const FailureContext& context) {
  std::string text = "  Nothing was passed on.\n";
  if (context.is_pipe() && fault.code == FaultCode::not_a_stream) {
    text += "  --any-data passes what is no stream, unchecked.\n";
  }
  return text;
}

// The fault's offsets are those of what was read: of what was made, only its length is told.
std::string new_stream_lines(const FailureContext& context) {
  if (context.output == Output::rest_between_snapshots) return between_snapshots_text(context);
  return fmt::format("  The first {} of the new stream were passed, without its END{}.\n",
                     counted(context.passed_bytes, "byte"),
                     context.output == Output::file
                         ? ": `zsluice token make` of them tells from where to go on"
                         : "; `zfs receive -s` keeps what it has: resume with its token");
}

std::string consequence_line(const Fault& fault, const FailureContext& context) {
  if (context.forwards) {
    if (context.passed_bytes == 0) return nothing_passed_lines(fault, context);
    if (context.output != Output::same) return new_stream_lines(context);
    return fmt::format(
        "  Nothing from offset {} on was passed; `zfs receive -s` keeps what it has: "
        "resume with its token.\n",
        context.passed_bytes);
  }
  if (fault.code == FaultCode::not_a_stream || fault.code == FaultCode::empty_input) return {};
  if (context.goes_on) return {};
  if (fault.begin == 0) return "  Nothing of it is proven.\n";
  const bool is_cut = drr::kind_of(fault.code) == drr::FaultKind::truncated;
  if (is_cut && fault.begin == fault.end) {
    return "  What is there is as it was sent; the rest is missing.\n";
  }
  return fmt::format(
      "  Everything before offset {} is as it was sent; what follows is not proven{}.\n",
      fault.begin, is_cut ? ", and the rest is missing" : "");
}

}  // namespace

std::string record_text(const RecordNote& record) {
  std::string text = fmt::format("record {} (", record.number);
  const std::string_view name = drr::record_type_name(record.type_code);
  if (name.empty()) {
    text += record.type_code == drr::kTypeNotRead ? std::string("unread")
                                                  : fmt::format("type {}", record.type_code);
  } else {
    text += name;
  }
  if (record.place.object) text += fmt::format(", object {}", *record.place.object);
  if (record.place.offset) text += fmt::format(", offset {}", *record.place.offset);
  return text + ')';
}

std::string_view fault_code_name(FaultCode code) {
  return kCodeNames[static_cast<std::size_t>(code)];
}

std::string fault_text(const Fault& fault, const FailureContext& context) {
  return what_happened(fault) + consequence_line(fault, context);
}

}  // namespace zsluice::cli
