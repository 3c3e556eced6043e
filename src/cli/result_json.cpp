// SPDX-License-Identifier: BSD-2-Clause
#include "cli/result_json.hpp"

#include "cli/exit_status.hpp"

#include <fmt/format.h>

#include <chrono>

namespace zsluice::cli {
namespace {

Json sum_json(const checksum::Fletcher4& sum) {
  return fmt::format("{:016x}:{:016x}:{:016x}:{:016x}", sum.a, sum.b, sum.c, sum.d);
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
  void operator()(const pipeline::Signalled& signalled) const {
    json["signal"] = signalled.signal;
    json["delivered"] = signalled.was_delivered;
  }
  void operator()(const pipeline::Stalled& stalled) const {
    json["seconds"] = std::chrono::duration_cast<std::chrono::seconds>(stalled.after).count();
    json["output_is_full"] = stalled.output_is_full;
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
