// SPDX-License-Identifier: BSD-2-Clause
#include "cli/pipe_result.hpp"

#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/result_json.hpp"

#include <chrono>

namespace zsluice::cli {

using io::BackendKind;
using io::BackendReason;
using io::RefusalCause;
using pipeline::PipeReport;

std::string_view name_of(BackendKind kind) {
  return kind == BackendKind::uring ? "io_uring" : "poll";
}

std::string refusal_reason(const io::UringRefusal& refusal) {
  switch (refusal.cause) {
    case RefusalCause::disabled_by_sysctl:
      return "disabled by the sysctl kernel.io_uring_disabled";
    case RefusalCause::forbidden_by_filter:
      return "forbidden, probably by the seccomp filter of a container or service";
    case RefusalCause::unknown_to_kernel:
      return "unknown to this kernel, or hidden by a seccomp filter";
    case RefusalCause::kernel_too_old:
      return "too old in this kernel (Linux 5.11 is needed)";
    case RefusalCause::memory_lock_limit:
      return "short of lockable memory (`ulimit -l`)";
    case RefusalCause::too_many_open_files:
      return "short of file descriptors (`ulimit -n`)";
    case RefusalCause::other:
      break;
  }
  return errno_text(refusal.error);
}

std::string_view reason_of(const io::ChosenBackend& chosen) {
  switch (chosen.reason) {
    case BackendReason::available:
      return "available";
    case BackendReason::refused:
      return "io_uring refused";
    case BackendReason::asked_for:
      return "asked for";
    case BackendReason::environment:
      return "asked for by ZSLUICE_IO";
  }
  return {};
}

FailureContext context_of(const PipeReport& report) {
  return {.command = "pipe", .source = "stdin", .forwards = true, .passed_bytes = report.bytes_out};
}

std::string_view verdict_of(const PipeReport& report) {
  if (report.failure) return verdict_of(*report.failure);
  return report.any_data && report.streams == 0 ? "unchecked" : "whole";
}

namespace {

Json io_json(const io::ChosenBackend& chosen, bool held) {
  return {{"backend", name_of(chosen.kind)},
          {"reason", reason_of(chosen)},
          {"refusal", chosen.refusal ? Json(refusal_reason(*chosen.refusal)) : Json(nullptr)},
          {"path", held ? "hold" : "copy"}};
}

}  // namespace

Json pipe_result_json(const PipeReport& report, const io::ChosenBackend* chosen) {
  Json json;
  json["schema"] = "zsluice.pipe/1";
  json["source"] = "stdin";
  json["verdict"] = verdict_of(report);
  json["exit_status"] = report.failure ? exit_status_of(*report.failure) : kExitWhole;
  json["bytes_in"] = report.bytes_in;
  json["bytes_out"] = report.bytes_out;
  json["streams"] = report.streams;
  json["substreams"] = report.substreams;
  json["records_total"] = report.records;
  json["records_unproven"] = report.records_unproven;
  json["elapsed_seconds"] = std::chrono::duration<double>(report.elapsed).count();
  json["buffer_peak_bytes"] = report.buffered_bytes_max;
  json["io"] = chosen != nullptr ? io_json(*chosen, report.held) : Json(nullptr);
  json["failure"] = failure_json(report.failure, context_of(report));
  return json;
}

}  // namespace zsluice::cli
