// SPDX-License-Identifier: BSD-2-Clause
#include "cli/inspect_json.hpp"

#include "cli/exit_status.hpp"
#include "cli/notes.hpp"
#include "cli/package_json.hpp"
#include "cli/result_json.hpp"
#include "cli/utc_text.hpp"
#include "zsluice/drr/names.hpp"

#include <fmt/format.h>

namespace zsluice::cli {
namespace {

using drr::SubstreamSummary;

constexpr std::string_view kSchema = "zsluice.inspect/1";

void tell_types(JsonWriter& json, const drr::TypeCounts& types) {
  json.open_object("records");
  for (std::uint32_t code = 0; code < types.size(); ++code) {
    json.number(drr::record_type_name(code), types[code].records);
  }
  json.close_object();
  json.open_object("payload_bytes");
  for (std::uint32_t code = 0; code < types.size(); ++code) {
    json.number(drr::record_type_name(code), types[code].payload_bytes);
  }
  json.close_object();
}

template <class Names>
void tell_names(JsonWriter& json, std::string_view key, const Names& names) {
  json.open_array(key);
  for (const auto& name : names) {
    json.text({}, name);
  }
  json.close_array();
}

void tell_features(JsonWriter& json, std::uint64_t features) {
  tell_names(json, "features", drr::feature_names(features));
  json.text("features_hex", fmt::format("{:#x}", features));
  const std::string_view version = drr::first_receiver_version(features);
  if (version.empty()) {
    json.null("first_receiver");
  } else {
    json.text("first_receiver", version);
  }
  json.text("receivers", drr::receivers_text(features));
}

std::string_view order_name(ByteOrder order) {
  return order == ByteOrder::little ? "little" : "big";
}

void tell_nvlist(JsonWriter& json, const SubstreamSummary& summary) {
  if (summary.begin_payload_bytes == 0) return json.null("nvlist");
  json.open_object("nvlist");
  json.number("bytes", summary.begin_payload_bytes);
  json.boolean("readable", summary.payload.has_value());
  if (summary.payload_error) json.number("unreadable_at", summary.payload_error->offset);
  if (summary.payload) {
    const bool is_xdr = summary.payload->encoding == nvlist::Encoding::xdr;
    json.text("encoding", is_xdr ? "xdr" : "native");
    json.text("producer_order", order_name(summary.payload->producer_order));
    json.number("unknown_keys", summary.payload->unknown_keys);
    json.number("malformed_keys", summary.payload->malformed_keys);
  }
  json.close_object();
}

void tell_resume(JsonWriter& json, const SubstreamSummary& summary) {
  const bool has_payload = summary.payload.has_value();
  if (has_payload && summary.payload->resume) {
    json.open_object("resume");
    json.number("object", summary.payload->resume->object);
    json.number("offset", summary.payload->resume->offset);
    json.close_object();
  } else {
    json.null("resume");
  }
  json.number("redact_snaps", has_payload
                                  ? std::optional<std::uint64_t>(summary.payload->redact_snaps)
                                  : std::nullopt);
  json.number("redact_from_snaps",
              has_payload ? std::optional<std::uint64_t>(summary.payload->redact_from_snaps)
                          : std::nullopt);
}

void tell_encryption(JsonWriter& json, const SubstreamSummary& summary) {
  const drr::CryptKeydata* crypt = encryption_of(summary);
  json.boolean("raw", summary.is_raw());
  json.boolean("encrypted", crypt != nullptr);
  if (crypt == nullptr) return json.null("encryption");
  json.open_object("encryption");
  json.text("suite", drr::suite_name(crypt->suite));
  json.text("key_format", drr::key_format_name(crypt->key_format));
  json.guid("key_guid", crypt->key_guid);
  json.number("key_version", crypt->version);
  json.number("pbkdf2_iterations", crypt->key_format == kKeyFormatPassphrase
                                       ? std::optional(crypt->pbkdf2_iterations)
                                       : std::nullopt);
  json.boolean("weak_key", has_weak_key(*crypt));
  json.guid("to_ivset_guid", crypt->to_ivset_guid);
  json.guid("from_ivset_guid", crypt->from_ivset_guid);
  json.close_object();
}

void tell_snapshot(JsonWriter& json, const SubstreamSummary& summary) {
  const SnapshotName name = split_name(summary.toname);
  json.foreign("toname", summary.toname);
  json.foreign("dataset", name.dataset);
  json.foreign("snapshot", name.snapshot);
  json.guid("toguid", summary.toguid);
  json.guid("fromguid", summary.fromguid);
  json.number("creation_time", summary.creation_time);
  const std::string utc = utc_text(summary.creation_time);
  if (utc.empty()) {
    json.null("created");
  } else {
    json.text("created", utc);
  }
  json.text("objset_type", drr::objset_type_name(summary.objset_type));
}

void tell_blocks(JsonWriter& json, const SubstreamSummary& summary) {
  json.number("logical_bytes", summary.logical_bytes);
  json.open_array("block_sizes");
  for (std::size_t i = 0; i < summary.write_sizes.size(); ++i) {
    if (summary.write_sizes[i] == 0) continue;
    json.open_object();
    json.number("up_to_bytes", drr::size_bucket_bytes(i));
    json.number("writes", summary.write_sizes[i]);
    json.close_object();
  }
  json.close_array();
  json.number("largest_object_block_bytes", summary.block_bytes_max);
  json.open_object("compression");
  for (std::size_t i = 0; i < summary.compression.size(); ++i) {
    // 0 is what a WRITE says whose payload was uncompressed for sending.
    const std::string_view name = i == 0 ? "none" : drr::compression_name(i);
    if (summary.compression[i] > 0) json.number(name, summary.compression[i]);
  }
  json.close_object();
  json.open_object("checksums");
  for (std::size_t i = 0; i < summary.checksum.size(); ++i) {
    if (summary.checksum[i] > 0) json.number(drr::checksum_name(i), summary.checksum[i]);
  }
  json.close_object();
}

}  // namespace

InspectJson::InspectJson(TextOutput& out, std::string_view source) : out_(out) {
  json_.open_object();
  json_.text("schema", kSchema);
  json_.text("source", source);
  json_.open_array("streams");
}

void InspectJson::flush() {
  out_.write(text_);
  text_.clear();
}

void InspectJson::tell_stream_begin() {
  json_.break_line();
  json_.open_object();
  substreams_begun_ = false;
}

void InspectJson::tell_package(const drr::BeginRecord& begin, ByteSpan nvlist) {
  write_package_json(begin, nvlist, json_, concerns_, [this] { flush(); });
}

void InspectJson::begin_substreams() {
  if (substreams_begun_) return;
  if (!package_told()) json_.null("package");
  json_.open_array("substreams");
  substreams_begun_ = true;
}

void InspectJson::tell_substream(const SubstreamSummary& summary, bool is_proven) {
  begin_substreams();
  json_.break_line();
  json_.open_object();
  json_.number("offset", summary.stream_offset);
  json_.number("bytes", summary.stream_bytes);
  json_.boolean("begin_proven", is_proven);
  json_.boolean("complete", summary.complete);
  tell_snapshot(json_, summary);
  tell_names(json_, "kinds", kinds_of(summary));
  tell_features(json_, summary.features);
  tell_names(json_, "flags", drr::begin_flag_names(summary.flags));
  json_.text("byte_order", order_name(summary.byte_order));
  tell_nvlist(json_, summary);
  tell_resume(json_, summary);
  tell_encryption(json_, summary);
  json_.number("records_total", summary.records_total);
  json_.number("records_unproven", summary.records_unproven);
  tell_types(json_, summary.types);
  tell_blocks(json_, summary);
  json_.close_object();
  const drr::CryptKeydata* crypt = encryption_of(summary);
  weak_keys_ += crypt != nullptr && has_weak_key(*crypt) ? 1U : 0U;
  flush();
  out_.flush();
}

void InspectJson::tell_stream_end(const pipeline::StreamTotals& totals) {
  begin_substreams();
  json_.close_array();
  json_.break_line();
  json_.number("offset", totals.offset);
  json_.number("bytes", totals.bytes);
  json_.boolean("is_package", totals.is_package);
  json_.boolean("whole", totals.is_whole);
  json_.boolean("repeated", totals.is_repeated);
  tell_features(json_, facts().features);
  json_.number("substreams_total", totals.substreams);
  json_.number("substreams_encrypted", facts().encrypted);
  json_.number("records_total", totals.records_total);
  json_.number("records_unproven", totals.records_unproven);
  tell_types(json_, totals.types);
  json_.number("logical_bytes", facts().logical_bytes);
  tell_hazards();
  tell_exposure();
  json_.close_object();
  flush();
  out_.flush();
}

void InspectJson::tell_hazards() {
  json_.open_array("hazards");
  for (std::size_t i = 0; i < drr::kHazards; ++i) {
    const auto hazard = static_cast<drr::Hazard>(i);
    const drr::HazardNote& note = hazards().note(hazard);
    if (note.substreams == 0) continue;
    json_.open_object();
    json_.text("code", drr::hazard_name(hazard));
    json_.text("text", drr::hazard_text(hazard));
    json_.number("substreams", note.substreams);
    json_.number("first_offset", note.first_offset);
    json_.close_object();
  }
  json_.close_array();
}

void InspectJson::tell_exposure() {
  const Exposure exposure = exposure_of(facts());
  const auto tell = [this](std::string_view key, const std::vector<Exposure::Item>& items) {
    json_.open_array(key);
    for (const Exposure::Item& item : items) {
      json_.open_object();
      json_.text("code", item.code);
      json_.text("text", item.text);
      json_.close_object();
    }
    json_.close_array();
  };
  json_.open_object("exposure");
  json_.boolean("everything", exposure.everything);
  tell("readable", exposure.readable);
  tell("hidden", exposure.hidden);
  json_.close_object();
}

void InspectJson::warn(std::string_view code, std::uint64_t count, std::string_view text) {
  json_.open_object();
  json_.text("code", code);
  json_.number("count", count);
  json_.text("text", text);
  json_.close_object();
}

void InspectJson::tell_warnings(const InspectEnd& end) {
  json_.open_array("warnings");
  if (end.report.unknown_features != 0) {
    const std::vector<std::string> names = drr::feature_names(end.report.unknown_features);
    warn("unknown_features", names.size(), fmt::format("{}", fmt::join(names, ", ")));
  }
  if (end.report.records_unproven > 0) {
    warn("records_unproven", end.report.records_unproven,
         "these records carry no checksum of their own: END alone proves them");
  }
  if (stream_number() > 1) {
    warn("several_streams", stream_number(), "one `zfs receive` takes only the first");
  }
  if (weak_keys_ > 0) {
    warn("weak_keys", weak_keys_,
         fmt::format("below {} PBKDF2 iterations a passphrase is guessed too fast",
                     kPbkdf2IterationsAdvised));
  }
  for (std::size_t i = 0; i < concerns_.size(); ++i) {
    if (concerns_[i] == 0) continue;
    warn(fmt::format("property_{}", concern_code(i)), concerns_[i],
         fmt::format("{}: {}", concern_property(i), concern_reason(i)));
  }
  json_.close_array();
}

void InspectJson::finish(const InspectEnd& end) {
  json_.close_array();
  json_.break_line();
  json_.number("bytes", end.report.bytes);
  json_.number("records_total", end.report.records);
  const std::optional<pipeline::Failure>& failure = end.report.failure;
  json_.text("verdict", failure ? verdict_of(*failure) : "whole");
  json_.number("exit_status", static_cast<std::uint64_t>(end.exit_status));
  json_.raw("failure",
            failure_json(failure, end.context).dump(-1, ' ', true, Json::error_handler_t::replace));
  tell_warnings(end);
  json_.close_object();
  text_ += '\n';
  flush();
}

std::string unopened_json(std::string_view path, int exit_status, std::string_view message) {
  std::string text;
  JsonWriter json(text);
  json.open_object();
  json.text("schema", kSchema);
  json.text("source", path);
  json.open_array("streams");
  json.close_array();
  json.number("bytes", 0);
  json.number("records_total", 0);
  json.text("verdict", verdict_of_not_begun(exit_status));
  json.number("exit_status", static_cast<std::uint64_t>(exit_status));
  json.open_object("failure");
  json.text("code", kNotOpened);
  json.number("exit_status", static_cast<std::uint64_t>(exit_status));
  json.text("message", message);
  json.close_object();
  json.open_array("warnings");
  json.close_array();
  json.close_object();
  return text + '\n';
}

}  // namespace zsluice::cli
