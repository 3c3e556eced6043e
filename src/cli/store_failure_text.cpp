// SPDX-License-Identifier: BSD-2-Clause
#include "cli/store_failure_text.hpp"

#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/segment_error_text.hpp"
#include "cli/text_layout.hpp"
#include "cli/user_command.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace zsluice::cli {
namespace {

using pipeline::StoreFailure;
using pipeline::StoreFailureCode;

constexpr std::string_view kCopyBack =
    "copy its segments into it and go on with --continue, without --filter";

// "segment 5 (000000000/000000000005.zss, offsets 83886080 to 100663296)".
// Of a run of them: "segments 5 to 9 (…)".
std::string segment_text(const StoreFailure& failure) {
  if (failure.last.value_or(failure.sequence) > failure.sequence) {
    const std::string end = failure.end ? fmt::format("s {} to {}", failure.begin, *failure.end)
                                        : fmt::format(" {} on", failure.begin);
    return fmt::format("segments {} to {} (from {} on, {}offset{})", failure.sequence,
                       *failure.last, failure.name, failure.end ? "" : "from ", end);
  }
  return failure.end ? fmt::format("segment {} ({}, offsets {} to {})", failure.sequence,
                                   failure.name, failure.begin, *failure.end)
                     : fmt::format("segment {} ({}, from offset {} on)", failure.sequence,
                                   failure.name, failure.begin);
}

std::string file_text(const StoreFailure& failure, const FailureContext& context) {
  return failure.name.empty() ? std::string(context.source)
                              : fmt::format("{}/{}", context.source, failure.name);
}

std::string passed_line(const FailureContext& context) {
  if (context.passed_bytes == 0) return "  Nothing was passed on.\n";
  if (context.output == Output::rest_between_snapshots) return between_snapshots_text(context);
  return fmt::format("  The first {} were passed, without an END: `zfs receive -s` keeps them.\n",
                     counted(context.passed_bytes, "byte"));
}

std::string key_needed_text(const StoreFailure& failure, const FailureContext& context) {
  if (!failure.name.empty()) {
    return fmt::format("refused: {} was written with a key, and the store was not\n",
                       segment_text(failure));
  }
  return fmt::format("refused: the store was written with a key\n  Name it with --auth-key{}.\n",
                     context.continues ? "" : ", or read the store unproven with --no-auth");
}

// `join` reads on when it has passed all: one file too many is no harm to the stream.
bool is_after_delivery(const StoreFailure& failure, const FailureContext& context) {
  return context.command == "join" && failure.code == StoreFailureCode::bad_segment &&
         failure.segment.code == storage::SegmentErrorCode::after_last;
}

// A store that goes on, or would, has a segment in the way that is not there, or not right.
std::string segment_way_out(const StoreFailure& failure) {
  if (failure.code == StoreFailureCode::cut_off && failure.sequence == 0) {
    return "  Its segments are not here: copy them beside the manifest.\n";
  }
  return "  Put it back from another copy; when there is none, see --continue of split in "
         "zsluice(1).\n";
}

// What a user can do about it.
std::string way_out(const StoreFailure& failure, const FailureContext& context) {
  const StoreFailureCode code = failure.code;
  const bool goes_on = context.continues || context.command == "token make";
  const bool is_segment = code == StoreFailureCode::bad_segment ||
                          code == StoreFailureCode::missing_segment ||
                          code == StoreFailureCode::cut_off;
  if (is_segment && goes_on) return segment_way_out(failure);
  if (code == StoreFailureCode::later_manifest) {
    return context.continues ? "  Nothing was changed: go on with the version that wrote it.\n"
                             : "  The segments are read without it.\n";
  }
  if (code == StoreFailureCode::other_manifest && context.continues) {
    return "  Nothing was changed. Without it, one is made from the segments: move it away, and "
           "continue\n  again.\n";
  }
  const bool is_manifest = code == StoreFailureCode::bad_manifest ||
                           code == StoreFailureCode::other_manifest ||
                           code == StoreFailureCode::unproven_end;
  if (!is_manifest || !context.forwards) return {};
  return "  `zsluice verify` tells what is in the store. Without the manifest, join goes by the "
         "segments:\n  move it away and join again.\n";
}

// What the damage is.
std::string damage_text(const StoreFailure& failure, const FailureContext& context) {
  switch (failure.code) {
    case StoreFailureCode::bad_segment:
      return fmt::format("damaged: {}: {}\n", segment_text(failure),
                         segment_error_line(failure.segment));
    case StoreFailureCode::missing_segment:
      return fmt::format("damaged: {} {} missing, and later ones are there\n",
                         segment_text(failure), failure.last ? "are" : "is");
    case StoreFailureCode::cut_off:
      return fmt::format("truncated: {} and all behind {} are missing, although they were there\n",
                         segment_text(failure), failure.last ? "them" : "it");
    case StoreFailureCode::unfinished:
      return fmt::format("truncated: the stream was not stored to its end: {}, {}\n",
                         counted(failure.segments, "segment"), counted(failure.begin, "byte"));
    case StoreFailureCode::other_end:
      return fmt::format(
          "damaged: the manifest ends with other segments than these\n"
          "  Its closing line speaks of {}, the last one here is {}.\n",
          counted(failure.segments, "segment"), segment_text(failure));
    case StoreFailureCode::other_segment:
      return fmt::format("damaged: {}: it is not the segment that the manifest names\n",
                         segment_text(failure));
    case StoreFailureCode::unproven_end:
      return "damaged: the manifest's closing line is not proven by the key: it was changed, or "
             "forged\n";
    case StoreFailureCode::bad_manifest:
      return fmt::format("damaged: the manifest ({}), line {} at its byte {}\n", failure.name,
                         failure.segments, failure.begin);
    case StoreFailureCode::later_manifest:
      return fmt::format(
          "the manifest ({}) is of another version of the format than this program knows\n",
          failure.name);
    case StoreFailureCode::other_manifest:
      return fmt::format("damaged: the manifest ({}) is that of another store\n", failure.name);
    case StoreFailureCode::wrong_line:
      return fmt::format(
          "damaged: what the manifest ({}) says of segment {} is not what that one holds\n",
          failure.name, failure.sequence);
    case StoreFailureCode::not_a_store:
      return "no store: it holds neither a manifest nor a segment\n";
    case StoreFailureCode::key_needed:
      return key_needed_text(failure, context);
    case StoreFailureCode::not_keyed:
      return "refused: the store was written without a key, or lost its proof to somebody\n"
             "  Without --auth-key it is read unproven.\n";
    case StoreFailureCode::wrong_key:
      return fmt::format("refused: the store was written with another key than this one: see {}\n",
                         segment_text(failure));
    case StoreFailureCode::fetch_failed:
      return fmt::format(
          "{} was not fetched: {}\n"
          "  Whether it is missing or out of reach, only the command knows: see its own message.\n",
          segment_text(failure), command_end_text(failure.system));
    case StoreFailureCode::no_digest:
      return "an HMAC could not be computed: libcrypto does not offer SHA-256, or had no memory\n";
    case StoreFailureCode::unreadable:
    case StoreFailureCode::unwritable:
    case StoreFailureCode::filter_failed:
    case StoreFailureCode::holds_whole:
    case StoreFailureCode::holds_part:
    case StoreFailureCode::holds_nothing:
    case StoreFailureCode::older_token:
      break;
  }
  return {};
}

// STORE is not vacant, and holds no whole stream.
std::string holds_part_text(const StoreFailure& failure, const FailureContext& context) {
  if (!failure.name.empty() && failure.segments > 0) {
    return fmt::format(
        "{}: its manifest speaks of {}, the last of which is not here\n"
        "  Nothing was read or written: {}, or name another STORE.\n",
        context.source, counted(failure.segments, "segment"),
        context.filters ? kCopyBack : "put back what is missing");
  }
  if (!failure.name.empty()) {
    return fmt::format(
        "{}: there is no segment in it, but a {} that is damaged, or none of zsluice's\n"
        "  Nothing was read or written: name another STORE, or remove that one.\n",
        context.source, failure.name);
  }
  return fmt::format(
      "{}: there is a part of a stream in it already\n"
      "  Nothing was read or written: {}, or name another STORE.\n",
      context.source, context.filters ? kCopyBack : "go on in it with --continue");
}

}  // namespace

std::string unreadable_text(const io::SysError& error) {
  // What is a folder the kernel says by itself.
  const bool is_no_file = error.operation == io::SysOperation::open && error.error == EINVAL;
  return is_no_file ? "it is no regular file" : errno_text(error.error);
}

std::string store_failure_text(const StoreFailure& failure, const FailureContext& context) {
  const std::string head = fmt::format("zsluice: {}: ", context.command);
  switch (failure.code) {
    case StoreFailureCode::unreadable:
      return fmt::format("{}{}: cannot be read: {}\n{}", head, file_text(failure, context),
                         unreadable_text(failure.system),
                         context.forwards ? passed_line(context) : "");
    case StoreFailureCode::unwritable:
      return fmt::format("{}{}: cannot be written: {}\n", head, file_text(failure, context),
                         errno_text(failure.system.error));
    case StoreFailureCode::filter_failed:
      return fmt::format("{}{}: {} was not taken: {}\n", head, context.source, failure.name,
                         command_end_text(failure.system));
    case StoreFailureCode::holds_whole:
      return fmt::format(
          "{}{}: a whole stream was stored in it already, of {}\n"
          "  Nothing was read or written: {}.\n",
          head, context.source, counted(failure.begin, "byte"),
          context.continues ? "its end is stored (`zsluice verify` proves the segments)"
                            : "name another STORE, or remove this one");
    case StoreFailureCode::holds_part:
      return head + holds_part_text(failure, context);
    case StoreFailureCode::older_token:
      return fmt::format(
          "{}{}: refused: the stream goes back to segment {}, by an older token than the store's\n"
          "  Storing it would take away {} that are there and proven, before others have come.\n"
          "  Nothing was changed: send again by the token of `zsluice token make`.\n",
          head, context.source, failure.sequence,
          counted(failure.end.value_or(failure.begin) - failure.begin, "byte"));
    case StoreFailureCode::holds_nothing:
      return fmt::format(
          "{}{}: there is no part of a stream in it that could be continued\n"
          "  Nothing was read or written: a stream from its beginning needs no --continue.\n",
          head, context.source);
    case StoreFailureCode::fetch_failed:
    case StoreFailureCode::not_a_store:
    case StoreFailureCode::bad_segment:
    case StoreFailureCode::missing_segment:
    case StoreFailureCode::cut_off:
    case StoreFailureCode::unfinished:
    case StoreFailureCode::other_end:
    case StoreFailureCode::other_segment:
    case StoreFailureCode::unproven_end:
    case StoreFailureCode::bad_manifest:
    case StoreFailureCode::later_manifest:
    case StoreFailureCode::other_manifest:
    case StoreFailureCode::wrong_line:
    case StoreFailureCode::key_needed:
    case StoreFailureCode::not_keyed:
    case StoreFailureCode::wrong_key:
    case StoreFailureCode::no_digest:
      break;
  }
  const std::string text = fmt::format("{}{}: {}{}", head, context.source,
                                       damage_text(failure, context), way_out(failure, context));
  if (is_after_delivery(failure, context)) {
    return text + "  It was not passed; the stream itself was delivered whole.\n";
  }
  return context.forwards ? text + passed_line(context) : text;
}

int store_failure_exit_status(StoreFailureCode code) {
  switch (code) {
    case StoreFailureCode::not_a_store:
    case StoreFailureCode::bad_segment:
    case StoreFailureCode::missing_segment:
    case StoreFailureCode::other_end:
    case StoreFailureCode::other_segment:
    case StoreFailureCode::unproven_end:
    case StoreFailureCode::bad_manifest:
    case StoreFailureCode::later_manifest:
    case StoreFailureCode::other_manifest:
    case StoreFailureCode::wrong_line:
      return kExitDamaged;
    case StoreFailureCode::cut_off:
    case StoreFailureCode::unfinished:
      return kExitTruncated;
    case StoreFailureCode::key_needed:
    case StoreFailureCode::not_keyed:
    case StoreFailureCode::wrong_key:
    case StoreFailureCode::older_token:
      return kExitRefused;
    case StoreFailureCode::filter_failed:
    case StoreFailureCode::fetch_failed:
      return kExitChild;
    case StoreFailureCode::unreadable:
    case StoreFailureCode::unwritable:
    case StoreFailureCode::holds_whole:
    case StoreFailureCode::holds_part:
    case StoreFailureCode::holds_nothing:
    case StoreFailureCode::no_digest:
      break;
  }
  return kExitLocalIo;
}

std::string_view store_failure_code(StoreFailureCode code) {
  switch (code) {
    case StoreFailureCode::unreadable:
      return "store_unreadable";
    case StoreFailureCode::unwritable:
      return "store_unwritable";
    case StoreFailureCode::filter_failed:
      return "filter_failed";
    case StoreFailureCode::fetch_failed:
      return "fetch_failed";
    case StoreFailureCode::holds_whole:
      return "store_holds_whole";
    case StoreFailureCode::holds_part:
      return "store_holds_part";
    case StoreFailureCode::older_token:
      return "older_token";
    case StoreFailureCode::holds_nothing:
      return "store_holds_nothing";
    case StoreFailureCode::not_a_store:
      return "not_a_store";
    case StoreFailureCode::bad_segment:
      return "bad_segment";
    case StoreFailureCode::missing_segment:
      return "missing_segment";
    case StoreFailureCode::cut_off:
      return "store_cut_off";
    case StoreFailureCode::unfinished:
      return "store_unfinished";
    case StoreFailureCode::other_end:
      return "other_end";
    case StoreFailureCode::other_segment:
      return "other_segment";
    case StoreFailureCode::unproven_end:
      return "unproven_end";
    case StoreFailureCode::bad_manifest:
      return "bad_manifest";
    case StoreFailureCode::later_manifest:
      return "later_manifest";
    case StoreFailureCode::other_manifest:
      return "other_manifest";
    case StoreFailureCode::wrong_line:
      return "wrong_line";
    case StoreFailureCode::key_needed:
      return "key_needed";
    case StoreFailureCode::not_keyed:
      return "not_keyed";
    case StoreFailureCode::wrong_key:
      return "wrong_key";
    case StoreFailureCode::no_digest:
      return "no_digest";
  }
  return {};
}

std::string_view manifest_state_name(pipeline::ManifestState state) {
  using pipeline::ManifestState;
  switch (state) {
    case ManifestState::good:
      return "good";
    case ManifestState::torn:
      return "torn";
    case ManifestState::missing:
      return "missing";
    case ManifestState::damaged:
      return "damaged";
  }
  return {};
}

}  // namespace zsluice::cli
