// SPDX-License-Identifier: BSD-2-Clause
#include "cli/resume_refusal_text.hpp"

#include <fmt/format.h>

namespace zsluice::cli {
namespace {

using resume::Refusal;
using resume::RefusalCode;

// A receiver goes on only with the form of stream that it began with.
std::string form_line(const Refusal& refusal, std::string_view form, std::string_view key) {
  return refusal.wanted != 0
             ? fmt::format("the token is that of a {} stream ({}), the stored one is not", form,
                           key)
             : fmt::format("the stored stream is {}, the token is that of one that is not ({})",
                           form, key);
}

std::string snapshot_line(const Refusal& refusal, bool continues) {
  if (refusal.found == 0) {
    if (!continues) {
      return fmt::format("no stream here brings the snapshot with guid {}", refusal.wanted);
    }
    return fmt::format(
        "the store does not end inside a snapshot: that with guid {} is whole in it, or not there",
        refusal.wanted);
  }
  if (continues) {
    return fmt::format(
        "the store ends inside the snapshot with guid {}, the stream on standard input goes on "
        "with that with guid {}",
        refusal.found, refusal.wanted);
  }
  return fmt::format(
      "the first stream brings the snapshot with guid {}, the second stream goes on with that with "
      "guid {}",
      refusal.found, refusal.wanted);
}

std::string origin_line(const Refusal& refusal) {
  return fmt::format(
      "the snapshot is here, but sent {}, not {}",
      refusal.found == 0 ? "in full" : fmt::format("from the snapshot with guid {}", refusal.found),
      refusal.wanted == 0 ? "in full" : fmt::format("from that with {}", refusal.wanted));
}

std::string saved_line(const Refusal& refusal) {
  return fmt::format(
      "the stored stream is one of `zfs send --saved` and has no data at object {}, offset {}: "
      "what\n  had not been received when it was made stands in it as free, and would take away "
      "what has\n  been received since",
      refusal.wanted, refusal.wanted_offset);
}

std::string gap_line(const Refusal& refusal, std::string_view first, std::string_view second) {
  return fmt::format(
      "{} ends at object {}, offset {}; {} goes on at object {}, offset {}: something before that "
      "would be missing",
      first, refusal.found, refusal.found_offset, second, refusal.wanted, refusal.wanted_offset);
}

constexpr std::string_view kOtherBeginning =
    "the BEGINs of the two streams are not of the same encrypted snapshot (to_ivset_guid, "
    "from_ivset_guid, portable_mac)\n"
    "  If the first one was made by `zfs send --saved`, its BEGIN is that of what was half "
    "received,\n"
    "  and later raw increments would not fit the result. Receive it with `zfs receive -s`, and\n"
    "  resume there with the receiver's own token.";

}  // namespace

std::string resume_refusal_line(const Refusal& refusal, bool continues) {
  const std::string_view first = continues ? "the store" : "the first stream";
  const std::string_view second = continues ? "the stream on standard input" : "the second stream";
  switch (refusal.code) {
    case RefusalCode::unknown_snapshot:
      return snapshot_line(refusal, continues);
    case RefusalCode::other_origin:
      return origin_line(refusal);
    case RefusalCode::raw_differs:
      return form_line(refusal, "raw", "rawok");
    case RefusalCode::compressed_differs:
      return form_line(refusal, "compressed", "compressok");
    case RefusalCode::large_blocks_differ:
      return form_line(refusal, "large-block", "largeblockok");
    case RefusalCode::embedded_differs:
      return form_line(refusal, "embedded-block", "embedok");
    case RefusalCode::redacted_differs:
      return "the two are redacted by different snapshots, so that they hold different blocks";
    case RefusalCode::deduplicated:
      return "the stream is deduplicated: its records refer to ones that would not be sent\n"
             "  `zstream redup` makes an ordinary stream of it.";
    case RefusalCode::bad_begin_nvlist:
      return fmt::format("the nvlist behind BEGIN cannot be read (at its byte {})",
                         refusal.nvlist.offset);
    case RefusalCode::no_own_point:
      return "the stored stream says that it is a resumed one, but not from where";
    case RefusalCode::before_own_point:
      return fmt::format(
          "the stored stream is itself a resumed one and starts at object {}, offset {}; "
          "object {}, offset {} is before that",
          refusal.found, refusal.found_offset, refusal.wanted, refusal.wanted_offset);
    case RefusalCode::saved_before:
      return saved_line(refusal);
    case RefusalCode::not_a_continuation:
      return fmt::format("{} is not one of `zfs send -t`", second);
    case RefusalCode::other_byte_order:
      return "the two streams come from machines of different byte order";
    case RefusalCode::other_features:
      return fmt::format("the two streams differ in their features (0x{:x})", refusal.found);
    case RefusalCode::other_key:
      return fmt::format("the two streams are encrypted with different keys (guid {} and {})",
                         refusal.wanted, refusal.found);
    case RefusalCode::other_beginning:
      return std::string(kOtherBeginning);
    case RefusalCode::gap:
      return gap_line(refusal, first, second);
    case RefusalCode::out_of_order:
      return fmt::format(
          "the records of {} are in no order: object {}, offset {} comes behind object {}, offset "
          "{}",
          first, refusal.found, refusal.found_offset, refusal.wanted, refusal.wanted_offset);
    case RefusalCode::nothing_missing:
      return continues ? "the store holds that snapshot whole" : "the first stream is whole";
    case RefusalCode::other_order:
      return fmt::format(
          "{} announces objects long before their data, {} does not: their senders are of "
          "different "
          "ages (OpenZFS before 2.0, and since), and what they send cannot be joined here",
          second, first);
    case RefusalCode::brings_less:
      return fmt::format(
          "{} lacks object {}, offset {}, which {} has: it brings less than was stored", second,
          refusal.found, refusal.found_offset, continues ? first : "the first one");
  }
  return {};
}

std::string_view resume_refusal_code(RefusalCode code) {
  switch (code) {
    case RefusalCode::unknown_snapshot:
      return "unknown_snapshot";
    case RefusalCode::other_origin:
      return "other_origin";
    case RefusalCode::raw_differs:
      return "raw_differs";
    case RefusalCode::compressed_differs:
      return "compressed_differs";
    case RefusalCode::large_blocks_differ:
      return "large_blocks_differ";
    case RefusalCode::embedded_differs:
      return "embedded_differs";
    case RefusalCode::redacted_differs:
      return "redacted_differs";
    case RefusalCode::deduplicated:
      return "deduplicated";
    case RefusalCode::bad_begin_nvlist:
      return "bad_begin_nvlist";
    case RefusalCode::no_own_point:
      return "no_own_point";
    case RefusalCode::before_own_point:
      return "before_own_point";
    case RefusalCode::saved_before:
      return "saved_before";
    case RefusalCode::not_a_continuation:
      return "not_a_continuation";
    case RefusalCode::other_byte_order:
      return "other_byte_order";
    case RefusalCode::other_features:
      return "other_features";
    case RefusalCode::other_key:
      return "other_key";
    case RefusalCode::other_beginning:
      return "other_beginning";
    case RefusalCode::gap:
      return "gap";
    case RefusalCode::out_of_order:
      return "out_of_order";
    case RefusalCode::nothing_missing:
      return "nothing_missing";
    case RefusalCode::other_order:
      return "other_order";
    case RefusalCode::brings_less:
      return "brings_less";
  }
  return {};
}

}  // namespace zsluice::cli
