// SPDX-License-Identifier: BSD-2-Clause
#include "cli/failure_text.hpp"

#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/fault_text.hpp"
#include "cli/resume_refusal_text.hpp"
#include "cli/store_failure_text.hpp"
#include "cli/text_layout.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/size_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace zsluice::cli {
namespace {

using drr::Refusal;
using drr::RefusalCode;
using pipeline::BufferTooSmall;
using pipeline::InputChanged;
using pipeline::IoFailure;
using pipeline::IoSide;
using pipeline::RepeatedStream;
using pipeline::Signalled;
using pipeline::Stalled;
using pipeline::TrailingBytes;
using pipeline::TrailingKind;
using pipeline::UnfinishedPackage;
using pipeline::UnprovenRecord;

std::string quoted(std::string_view foreign) {
  return '"' + escaped(foreign) + '"';
}

// What a refusal means for the bytes, where a command passes bytes on.
std::string passed_line(const FailureContext& context) {
  if (!context.forwards) return {};
  if (context.passed_bytes == 0) return "  Nothing was passed on.\n";
  return fmt::format("  The first {} had been passed on.\n", counted(context.passed_bytes, "byte"));
}

std::string command_head(const FailureContext& context) {
  return context.command.empty() ? "zsluice: " : fmt::format("zsluice: {}: ", context.command);
}

std::string head(const FailureContext& context) {
  return fmt::format("{}{}: ", command_head(context), context.source);
}

std::string text_of(const drr::Fault& fault, const FailureContext& context) {
  return head(context) + fault_text(fault, context) + std::string(context.more);
}

std::string refusal_line(const Refusal& refusal) {
  switch (refusal.code) {
    case RefusalCode::not_raw:
      return fmt::format(
          "{} is not raw: its data would leave unencrypted\n"
          "  Send it with `zfs send --raw`, or allow it with --allow-plaintext.",
          quoted(refusal.name));
    case RefusalCode::raw_not_encrypted:
      return fmt::format(
          "{} calls itself raw but carries no encryption key: "
          "its data would leave unencrypted",
          quoted(refusal.name));
    case RefusalCode::package_not_raw:
      return fmt::format(
          "the package {} is not raw: its data would leave unencrypted\n"
          "  Send it with `zfs send --raw`, or allow it with --allow-plaintext.",
          quoted(refusal.name));
    case RefusalCode::unreadable_payload:
      return fmt::format(
          "the nvlist behind BEGIN cannot be read (at its byte {}), "
          "so nothing says what the stream is",
          refusal.found);
    case RefusalCode::unexpected_toguid:
      return refusal.found == 0
                 ? fmt::format("the package does not bring snapshot guid {}", refusal.expected)
                 : fmt::format("the stream brings snapshot guid {}, expected {}", refusal.found,
                               refusal.expected);
    case RefusalCode::unexpected_fromguid:
      return fmt::format("the stream starts from snapshot guid {}, expected {}{}", refusal.found,
                         refusal.expected, refusal.expected == 0 ? " (a full stream)" : "");
    case RefusalCode::unexpected_name:
      return fmt::format("the name {} does not match --expect-name", quoted(refusal.name));
    case RefusalCode::several_datasets:
      return refusal.name.empty()
                 ? fmt::format("the package holds {} datasets, --single-dataset allows one",
                               refusal.found)
                 : fmt::format("{} is a second dataset, --single-dataset allows one",
                               quoted(refusal.name));
    case RefusalCode::carries_properties:
      return fmt::format(
          "the package carries properties or holds (the first is {}), "
          "--no-properties allows none",
          quoted(refusal.name));
    case RefusalCode::too_large:
      return fmt::format("the stream is longer than --max-size {}",
                         format_size(refusal.expected, SizeForm::exact));
  }
  return {};
}

// In a package that turns plain further on, or carries on with something unreadable.
bool is_about_rawness(RefusalCode code) {
  return code == RefusalCode::not_raw || code == RefusalCode::raw_not_encrypted ||
         code == RefusalCode::unreadable_payload;
}

std::string text_of(const Refusal& refusal, const FailureContext& context) {
  const std::string passed =
      is_about_rawness(refusal.code) && context.passed_bytes > 0
          ? fmt::format("  The first {} had been passed on; all of that was raw and encrypted.\n",
                        counted(context.passed_bytes, "byte"))
          : passed_line(context);
  return head(context) + "refused: " + refusal_line(refusal) + '\n' + passed;
}

// Not where the store's own token would lead to the same refusal.
bool may_send_again(const resume::Refusal& refusal) {
  switch (refusal.code) {
    case resume::RefusalCode::unknown_snapshot:
      return refusal.found != 0;
    case resume::RefusalCode::other_features:
      // Deduplication is in no token.
      return (refusal.found & resume::kFormFeatures & ~drr::feature::kDedup) != 0;
    case resume::RefusalCode::redacted_differs:
    case resume::RefusalCode::other_origin:
    case resume::RefusalCode::before_own_point:
    case resume::RefusalCode::not_a_continuation:
    case resume::RefusalCode::gap:
      return true;
    case resume::RefusalCode::raw_differs:
    case resume::RefusalCode::compressed_differs:
    case resume::RefusalCode::large_blocks_differ:
    case resume::RefusalCode::embedded_differs:
    case resume::RefusalCode::deduplicated:
    case resume::RefusalCode::bad_begin_nvlist:
    case resume::RefusalCode::no_own_point:
    case resume::RefusalCode::saved_before:
    case resume::RefusalCode::other_byte_order:
    case resume::RefusalCode::other_key:
    case resume::RefusalCode::other_beginning:
    case resume::RefusalCode::out_of_order:
    case resume::RefusalCode::other_order:
    case resume::RefusalCode::nothing_missing:
    case resume::RefusalCode::brings_less:
      break;
  }
  return false;
}

std::string text_of(const resume::Refusal& refusal, const FailureContext& context) {
  const bool says_token = context.continues && may_send_again(refusal);
  return head(context) + "refused: " + resume_refusal_line(refusal, context.continues) + '\n' +
         (says_token ? "  Send again by the token of `zsluice token make STORE`.\n" : "") +
         passed_line(context);
}

std::string text_of(const UnprovenRecord& unproven, const FailureContext& context) {
  return fmt::format(
      "{}refused at offset {}: {} carries no checksum of its own\n"
      "  Only END proves such streams (very old senders made them): "
      "`zsluice verify` judges them{}.\n{}",
      head(context), unproven.at.stream_offset, record_text(unproven.at),
      context.is_pipe() ? ", --allow-unproven passes them" : "", passed_line(context));
}

std::string_view kind_text(TrailingKind kind) {
  switch (kind) {
    case TrailingKind::zeros:
      return "zeros";
    case TrailingKind::other:
      return "no stream";
    case TrailingKind::another_stream:
      return "another stream";
    case TrailingKind::same_stream:
      return "the same stream again";
  }
  return {};
}

std::string text_of(const TrailingBytes& trailing, const FailureContext& context) {
  std::string text =
      fmt::format("{}{} after the end of the stream at offset {}: {}\n", head(context),
                  counted(trailing.count, "byte"), trailing.offset, kind_text(trailing.kind));
  text += context.forwards ? "  They were not passed; the stream itself was delivered whole.\n"
                           : "  `zfs receive` never reads them; the stream before them is whole.\n";
  if (context.is_pipe() && trailing.kind == TrailingKind::another_stream) {
    text += "  --concatenated passes several streams one after another.\n";
  }
  return text;
}

std::string text_of(const RepeatedStream& repeated, const FailureContext& context) {
  return fmt::format(
      "{}the same stream stands here a second time, at offset {}\n"
      "  `zfs receive` takes only the first.\n{}",
      head(context), repeated.offset, passed_line(context));
}

std::string text_of(const BufferTooSmall& small, const FailureContext& context) {
  return fmt::format(
      "{}refused: what must be held back until it is proven does not fit the buffer "
      "of {}\n  Give it more: --buffer {} or above.\n{}",
      head(context), format_size(small.buffer_bytes, SizeForm::exact),
      format_size(small.needed_bytes, SizeForm::exact), passed_line(context));
}

std::string text_of(const IoFailure& failure, const FailureContext& context) {
  if (failure.side == IoSide::input) {
    if (failure.error.operation == io::SysOperation::allocate) {
      return fmt::format("{}no memory for the buffer: {}\n  --buffer SIZE asks for less.\n",
                         command_head(context), errno_text(failure.error.error));
    }
    return failure.file_shrank
               ? fmt::format("{}the file became shorter while it was read: nothing at offset {}\n",
                             head(context), failure.offset)
               : fmt::format("{}cannot be read at offset {}: {}\n{}", head(context), failure.offset,
                             errno_text(failure.error.error), passed_line(context));
  }
  if (failure.error.error == EPIPE) {
    return fmt::format("{}stdout: the reader closed after {}; see its own message\n",
                       command_head(context), counted(failure.offset, "byte"));
  }
  return fmt::format("{}stdout: cannot be written after {}: {}\n", command_head(context),
                     counted(failure.offset, "byte"), errno_text(failure.error.error));
}

std::string text_of(const InputChanged& /*changed*/, const FailureContext& context) {
  return fmt::format("{}the file changed while it was read: nothing of it is certain\n{}",
                     head(context), passed_line(context));
}

std::string text_of(const UnfinishedPackage& /*unfinished*/, const FailureContext& context) {
  return fmt::format(
      "{}the snapshot is whole now, the package it stands in is not finished\n"
      "  No `zfs send -t` sends what follows in it: send those snapshots on their own.\n",
      head(context));
}

std::string signal_name(int signal) {
  const char* const name = sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

std::string text_of(const Signalled& signalled, const FailureContext& context) {
  std::string text =
      fmt::format("zsluice: {}: ended by {}", context.command, signal_name(signalled.signal));
  if (!context.forwards) return text + '\n';
  if (signalled.was_delivered) {
    return text +
           "\n  The stream itself had been delivered whole; the end of the input was not "
           "awaited.\n";
  }
  return text +
         fmt::format("; {} had been passed, END was not\n", counted(context.passed_bytes, "byte"));
}

std::string text_of(const Stalled& stalled, const FailureContext& context) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(stalled.after).count();
  return fmt::format(
      "{}nothing moved for {}: {}\n{}", command_head(context),
      counted(static_cast<std::uint64_t>(seconds), "second"),
      stalled.output_is_full ? "the reader takes nothing" : "the sender brings nothing",
      passed_line(context));
}

std::string text_of(const pipeline::StoreFailure& failure, const FailureContext& context) {
  return store_failure_text(failure, context);
}

std::string_view code_name(RefusalCode code) {
  constexpr std::array<std::string_view, 10> kNames = {"not_raw",
                                                       "raw_not_encrypted",
                                                       "package_not_raw",
                                                       "unreadable_payload",
                                                       "unexpected_toguid",
                                                       "unexpected_fromguid",
                                                       "unexpected_name",
                                                       "several_datasets",
                                                       "carries_properties",
                                                       "too_large"};
  return kNames[static_cast<std::size_t>(code)];
}

int fault_exit_status(drr::FaultKind kind) {
  switch (kind) {
    case drr::FaultKind::damaged:
      return kExitDamaged;
    case drr::FaultKind::truncated:
      return kExitTruncated;
    case drr::FaultKind::refused:
      return kExitRefused;
  }
  return kExitInternal;
}

// One visitor for each question, so that a new kind of failure does not compile until answered.
struct ExitStatusOf {
  int operator()(const drr::Fault& fault) const {
    return fault_exit_status(drr::kind_of(fault.code));
  }
  int operator()(const Refusal&) const { return kExitRefused; }
  int operator()(const resume::Refusal&) const { return kExitRefused; }
  int operator()(const UnprovenRecord&) const { return kExitRefused; }
  int operator()(const TrailingBytes&) const { return kExitDamaged; }
  int operator()(const RepeatedStream&) const { return kExitDamaged; }
  int operator()(const BufferTooSmall&) const { return kExitRefused; }
  int operator()(const IoFailure&) const { return kExitLocalIo; }
  int operator()(const InputChanged&) const { return kExitLocalIo; }
  int operator()(const UnfinishedPackage&) const { return kExitTruncated; }
  int operator()(const Signalled& signalled) const { return kExitSignalBase + signalled.signal; }
  int operator()(const Stalled&) const { return kExitLocalIo; }
  int operator()(const pipeline::StoreFailure& failure) const {
    return store_failure_exit_status(failure.code);
  }
};

struct CodeOf {
  std::string_view operator()(const drr::Fault& fault) const { return fault_code_name(fault.code); }
  std::string_view operator()(const Refusal& refusal) const { return code_name(refusal.code); }
  std::string_view operator()(const resume::Refusal& refusal) const {
    return resume_refusal_code(refusal.code);
  }
  std::string_view operator()(const UnprovenRecord&) const { return "unproven_record"; }
  std::string_view operator()(const TrailingBytes&) const { return "trailing_bytes"; }
  std::string_view operator()(const RepeatedStream&) const { return "repeated_stream"; }
  std::string_view operator()(const BufferTooSmall&) const { return "buffer_too_small"; }
  std::string_view operator()(const IoFailure& failure) const {
    return failure.side == IoSide::input ? "input_error" : "output_error";
  }
  std::string_view operator()(const InputChanged&) const { return "input_changed"; }
  std::string_view operator()(const UnfinishedPackage&) const { return "unfinished_package"; }
  std::string_view operator()(const Signalled&) const { return "signal"; }
  std::string_view operator()(const Stalled&) const { return "stalled"; }
  std::string_view operator()(const pipeline::StoreFailure& failure) const {
    return store_failure_code(failure.code);
  }
};

}  // namespace

std::string between_snapshots_text(const FailureContext& context) {
  return fmt::format(
      "  The first {} of the new stream were passed: {}, whole. Behind it `zfs receive`\n"
      "  has nothing unfinished, and no token: send what follows, if anything, on its own.\n",
      counted(context.passed_bytes, "byte"), counted(context.passed_snapshots, "snapshot"));
}

int exit_status_of(const pipeline::Failure& failure) {
  return std::visit(ExitStatusOf{}, failure);
}

std::string_view code_of(const pipeline::Failure& failure) {
  return std::visit(CodeOf{}, failure);
}

std::string_view verdict_of(const pipeline::Failure& failure) {
  switch (exit_status_of(failure)) {
    case kExitDamaged:
      return "damaged";
    case kExitTruncated:
      return "truncated";
    case kExitRefused:
      return "refused";
    case kExitLocalIo:
      return "local_io";
    case kExitChild:
      return "command_failed";
    default:
      return "signal";
  }
}

std::string failure_text(const pipeline::Failure& failure, const FailureContext& context) {
  return std::visit([&](const auto& kind) { return text_of(kind, context); }, failure);
}

}  // namespace zsluice::cli
