// SPDX-License-Identifier: BSD-2-Clause
#include "cli/result_json.hpp"

#include "cli/exit_status.hpp"
#include "cli/segment_error_text.hpp"
#include "zsluice/store/segment_name.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>

namespace zsluice::cli {
namespace {

Json sum_json(const checksum::Fletcher4& sum) {
  return fmt::format("{:016x}:{:016x}:{:016x}:{:016x}", sum.a, sum.b, sum.c, sum.d);
}

// Whether it is about a segment, or a run of them, and not about the manifest or the store.
bool names_segment(const pipeline::StoreFailure& failure) {
  using pipeline::StoreFailureCode;
  switch (failure.code) {
    case StoreFailureCode::older_token:
    case StoreFailureCode::bad_segment:
    case StoreFailureCode::missing_segment:
    case StoreFailureCode::cut_off:
    case StoreFailureCode::other_segment:
    case StoreFailureCode::other_end:
    case StoreFailureCode::wrong_line:
    case StoreFailureCode::key_needed:
    case StoreFailureCode::wrong_key:
    case StoreFailureCode::fetch_failed:
      return !failure.name.empty();
    case StoreFailureCode::unreadable:
      // A folder of them cannot be listed.
      return failure.last || storage::segment_number(failure.name);
    case StoreFailureCode::unwritable:
    case StoreFailureCode::filter_failed:
    case StoreFailureCode::holds_whole:
    case StoreFailureCode::holds_part:
    case StoreFailureCode::holds_nothing:
    case StoreFailureCode::not_a_store:
    case StoreFailureCode::unfinished:
    case StoreFailureCode::unproven_end:
    case StoreFailureCode::bad_manifest:
    case StoreFailureCode::later_manifest:
    case StoreFailureCode::other_manifest:
    case StoreFailureCode::not_keyed:
    case StoreFailureCode::no_digest:
      break;
  }
  return false;
}

struct AddDetails {
  Json& json;

  void operator()(const drr::Fault& fault) const {
    json["begin"] = fault.begin;
    json["end"] = fault.end;
    json["first_suspect"] = record_json(fault.first);
    json["record"] = record_json(fault.at);
    json["found"] = fault.found;
    json["limit"] = fault.limit;
    if (fault.expected == fault.computed) return;
    json["expected"] = sum_json(fault.expected);
    json["computed"] = sum_json(fault.computed);
  }
  void operator()(const drr::Refusal& refusal) const {
    json["found"] = std::to_string(refusal.found);
    json["expected"] = std::to_string(refusal.expected);
    json["name"] = refusal.name;
  }
  void operator()(const resume::Refusal& refusal) const {
    // What no stream is there to tell is not known.
    const bool is_known =
        refusal.code != resume::RefusalCode::unknown_snapshot || refusal.found != 0;
    json["found"] = is_known ? Json(std::to_string(refusal.found)) : Json(nullptr);
    json["wanted"] = std::to_string(refusal.wanted);
    json["found_offset"] = refusal.found_offset;
    json["wanted_offset"] = refusal.wanted_offset;
  }
  void operator()(const pipeline::UnprovenRecord& unproven) const {
    json["record"] = record_json(unproven.at);
  }
  void operator()(const pipeline::TrailingBytes& trailing) const {
    json["begin"] = trailing.offset;
    json["count"] = trailing.count;
  }
  void operator()(const pipeline::RepeatedStream& repeated) const {
    json["begin"] = repeated.offset;
  }
  void operator()(const pipeline::BufferTooSmall& small) const {
    json["needed_bytes"] = small.needed_bytes;
    json["buffer_bytes"] = small.buffer_bytes;
  }
  void operator()(const pipeline::IoFailure& failure) const {
    json["offset"] = failure.offset;
    json["errno"] = failure.error.error;
  }
  void operator()(const pipeline::InputChanged& /*changed*/) const {}
  void operator()(const pipeline::UnfinishedPackage& /*unfinished*/) const {}
  void operator()(const pipeline::Signalled& signalled) const {
    json["signal"] = signalled.signal;
    json["delivered"] = signalled.was_delivered;
  }
  void operator()(const pipeline::Stalled& stalled) const {
    json["seconds"] = std::chrono::duration_cast<std::chrono::seconds>(stalled.after).count();
    json["output_is_full"] = stalled.output_is_full;
  }
  void operator()(const pipeline::StoreFailure& failure) const {
    using pipeline::StoreFailureCode;
    const bool is_of_a_file = failure.code == StoreFailureCode::unreadable ||
                              failure.code == StoreFailureCode::unwritable;
    if (is_of_a_file) json["errno"] = failure.system.error;
    if (!failure.name.empty()) json["file"] = failure.name;
    if (failure.system.operation == io::SysOperation::run) add_command(failure.system);
    if (failure.code == StoreFailureCode::bad_manifest) {
      json["line"] = failure.segments;
      json["line_offset"] = failure.begin;
    }
    if (!names_segment(failure)) return;
    json["segment"] = failure.sequence;
    if (failure.last) json["last_segment"] = *failure.last;
    json["begin"] = failure.begin;
    json["end"] = failure.end ? Json(*failure.end) : Json(nullptr);
    if (failure.code != StoreFailureCode::bad_segment) return;
    json["segment_error"] = segment_error_code(failure.segment.code);
  }
  // How the user's command ended.
  void add_command(const io::SysError& error) const {
    const bool has_failed = error.error == EIO;
    json["command_errno"] = has_failed ? Json(nullptr) : Json(error.error);
    json["command_exit"] = has_failed && error.status >= 0 ? Json(error.status) : Json(nullptr);
    json["command_signal"] = has_failed && error.status < 0 ? Json(-error.status) : Json(nullptr);
  }
};

}  // namespace

Json record_json(const drr::RecordNote& record) {
  Json json;
  json["number"] = record.number;
  json["offset"] = record.stream_offset;
  const std::string_view name = drr::record_type_name(record.type_code);
  json["type"] = name.empty() ? Json(nullptr) : Json(name);
  if (record.place.object) json["object"] = *record.place.object;
  if (record.place.offset) json["object_offset"] = *record.place.offset;
  return json;
}

Json failure_json(const std::optional<pipeline::Failure>& failure, const FailureContext& context) {
  if (!failure) return nullptr;
  Json json;
  json["code"] = code_of(*failure);
  json["exit_status"] = exit_status_of(*failure);
  json["message"] = failure_text(*failure, context);
  std::visit(AddDetails{json}, *failure);
  return json;
}

std::string_view verdict_of_not_begun(int exit_status) {
  return exit_status == kExitUsage ? "usage" : "local_io";
}

void put_not_begun(Json& result, std::string_view code, int exit_status, std::string_view message) {
  result["verdict"] = verdict_of_not_begun(exit_status);
  result["exit_status"] = exit_status;
  result["failure"] = {{"code", code}, {"exit_status", exit_status}, {"message", message}};
}

std::string dump_line(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace zsluice::cli
