// SPDX-License-Identifier: BSD-2-Clause
#include "cli/exit_status.hpp"
#include "cli/finish_output.hpp"
#include "cli/json_writer.hpp"
#include "cli/log.hpp"
#include "cli/result_json.hpp"
#include "cli/store_failure_text.hpp"
#include "cli/store_reading.hpp"
#include "cli/text_layout.hpp"
#include "pipeline/store_inspect.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/size_text.hpp"

#include <fmt/format.h>

namespace zsluice::cli {
namespace {

using pipeline::ManifestState;
using pipeline::StoreInspectReport;
using storage::Compression;
using storage::SegmentHeader;
using storage::StoreLine;
using storage::SubstreamLine;

std::string hex(const checksum::Xxh3Digest& digest) {
  return fmt::format("{:016x}{:016x}", digest.high, digest.low);
}

std::string_view compression_name(Compression compression) {
  switch (compression) {
    case Compression::off:
      return "off";
    case Compression::always:
      return "always";
    case Compression::automatic:
      return "auto";
  }
  return {};
}

std::string_view codec_name(storage::Codec codec) {
  return codec == storage::Codec::none ? "none" : "zstd";
}

std::string exact_size(std::uint64_t bytes) {
  if (bytes < 1024) return counted(bytes, "byte");
  return fmt::format("{} ({} bytes)", format_size(bytes), bytes);
}

// "1.52", of whole numbers that may be large.
std::string ratio_text(std::uint64_t raw_bytes, std::uint64_t stored_bytes) {
  if (stored_bytes == 0) return "1.00";
  const std::uint64_t hundredths =
      raw_bytes / stored_bytes * 100 + raw_bytes % stored_bytes * 100 / stored_bytes;
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

// For people.
class InspectStoreText final : public pipeline::StoreInspectObserver {
 public:
  InspectStoreText(TextOutput& out, std::string_view source) : out_(out), source_(source) {}

  void on_store(const StoreLine& store, ManifestState manifest) override;
  void on_substream(const SubstreamLine& line) override;
  void on_segment(const SegmentHeader& /*header*/) override {}
  void finish(const StoreInspectReport& report);

 private:
  void line(std::string_view label, const std::string& text) { out_.write(labelled(label, text)); }

  TextOutput& out_;
  std::string_view source_;
  bool is_begun_ = false;
};

void InspectStoreText::on_store(const StoreLine& store, ManifestState manifest) {
  is_begun_ = true;
  out_.write(fmt::format("{}: store\n", source_));
  line("id", hex(store.store_id));
  line("segment size", exact_size(store.settings.segment_bytes) + " at most");
  std::string compression(compression_name(store.settings.compression));
  if (store.settings.level > 0) compression += fmt::format(", zstd level {}", store.settings.level);
  line("compression", compression);
  line("key", store.is_authenticated ? "written with one: `zsluice verify --auth-key` checks it"
                                     : "written without one");
  if (!store.created_by.empty()) line("written by", escaped(store.created_by));
  line("manifest", std::string(manifest_state_name(manifest)));
  line("substreams", "");
}

void InspectStoreText::on_substream(const SubstreamLine& line) {
  const storage::Substream& substream = line.substream;
  out_.write(fmt::format("  \"{}\": {}, guid {}{}, in segment {} from offset {}\n",
                         escaped(substream.toname),
                         substream.fromguid == 0 ? "full" : "incremental", substream.toguid,
                         substream.fromguid == 0 ? "" : fmt::format(" from {}", substream.fromguid),
                         line.sequence, substream.begin_at));
}

void InspectStoreText::finish(const StoreInspectReport& report) {
  if (!is_begun_) return;
  const bool is_less_there =
      report.failure && (report.failure->code == pipeline::StoreFailureCode::missing_segment ||
                         report.failure->code == pipeline::StoreFailureCode::cut_off);
  line("segments", fmt::format("{}{}", report.segments,
                               report.is_of_manifest && is_less_there
                                   ? ", as the manifest says: not all of them are there"
                                   : ""));
  line("size", exact_size(report.raw_bytes));
  line("stored", fmt::format("{}, ratio {}", exact_size(report.stored_bytes),
                             ratio_text(report.raw_bytes, report.stored_bytes)));
  if (report.is_closed) {
    line("closed", "yes, the stream's end is in it (`zsluice verify` checks what it holds)");
  } else {
    line("! open", "the end of the stream is not in it");
  }
}

// For machines, written as it becomes known: a package may hold any number of substreams.
class InspectStoreJson final : public pipeline::StoreInspectObserver {
 public:
  InspectStoreJson(TextOutput& out, std::string_view source) : out_(out) {
    json_.open_object();
    json_.text("schema", "zsluice.inspect-store/1");
    json_.text("store", source);
  }

  void on_store(const StoreLine& store, ManifestState manifest) override;
  void on_substream(const SubstreamLine& line) override;
  void on_segment(const SegmentHeader& /*header*/) override {}
  void finish(const StoreInspectReport& report, const FailureContext& context);

 private:
  TextOutput& out_;
  std::string text_;
  JsonWriter json_{text_};
  bool is_begun_ = false;
};

void InspectStoreJson::on_store(const StoreLine& store, ManifestState manifest) {
  is_begun_ = true;
  json_.text("store_id", hex(store.store_id));
  json_.number("segment_bytes", store.settings.segment_bytes);
  json_.text("compression", compression_name(store.settings.compression));
  json_.number("level", static_cast<std::uint64_t>(store.settings.level));
  json_.boolean("authenticated", store.is_authenticated);
  if (store.created_by.empty()) {
    json_.null("created_by");
  } else {
    json_.text("created_by", store.created_by);
  }
  json_.text("manifest", manifest_state_name(manifest));
  json_.open_array("substreams");
}

void InspectStoreJson::on_substream(const SubstreamLine& line) {
  json_.break_line();
  json_.open_object();
  json_.number("segment", line.sequence);
  json_.number("begin", line.substream.begin_at);
  json_.foreign("toname", line.substream.toname);
  json_.guid("toguid", line.substream.toguid);
  json_.guid("fromguid", line.substream.fromguid);
  json_.close_object();
  out_.write(text_);
  text_.clear();
}

void InspectStoreJson::finish(const StoreInspectReport& report, const FailureContext& context) {
  if (!is_begun_) json_.open_array("substreams");
  json_.close_array();
  json_.number("segments", report.segments);
  json_.number("raw_bytes", report.raw_bytes);
  json_.number("stored_bytes", report.stored_bytes);
  json_.number("substreams_total", report.substreams);
  json_.boolean("closed", report.is_closed);
  const std::optional<pipeline::Failure> failure =
      report.failure ? std::optional<pipeline::Failure>(*report.failure) : std::nullopt;
  json_.text("verdict", failure ? verdict_of(*failure) : "whole");
  json_.number("exit_status",
               static_cast<std::uint64_t>(failure ? exit_status_of(*failure) : kExitWhole));
  json_.raw("failure",
            failure_json(failure, context).dump(-1, ' ', true, Json::error_handler_t::replace));
  json_.close_object();
  out_.write(text_ + '\n');
}

// --records: a line for each segment, and nothing else.
class SegmentPrinter final : public pipeline::StoreInspectObserver {
 public:
  SegmentPrinter(TextOutput& out, bool is_json) : out_(out), is_json_(is_json) {}

  void on_store(const StoreLine& /*store*/, ManifestState /*manifest*/) override {}
  void on_substream(const SubstreamLine& /*line*/) override {}
  void on_segment(const SegmentHeader& header) override {
    out_.write(is_json_ ? json_line(header) : text_line(header));
  }

 private:
  [[nodiscard]] static std::string text_line(const SegmentHeader& header);
  [[nodiscard]] static std::string json_line(const SegmentHeader& header);

  TextOutput& out_;
  bool is_json_;
};

std::string SegmentPrinter::text_line(const SegmentHeader& header) {
  std::string text = fmt::format("{:>12} at {} raw={} stored={} codec={} records={}",
                                 header.sequence, header.start.offset, header.raw_bytes,
                                 header.stored_bytes, codec_name(header.codec), header.records());
  if (header.substreams_begun() > 0) text += fmt::format(" begins={}", header.substreams_begun());
  if (header.places) {
    const storage::Places& places = *header.places;
    text += fmt::format(" first={}:{} last={}:{}", places.first.object, places.first.offset,
                        places.last.object, places.last.offset);
  }
  return text + (header.is_last ? " end\n" : "\n");
}

std::string SegmentPrinter::json_line(const SegmentHeader& header) {
  std::string text;
  JsonWriter json(text);
  json.open_object();
  json.number("segment", header.sequence);
  json.number("offset", header.start.offset);
  json.number("raw_bytes", header.raw_bytes);
  json.number("stored_bytes", header.stored_bytes);
  json.text("codec", codec_name(header.codec));
  json.number("records", header.records());
  json.number("substreams_begun", header.substreams_begun());
  const auto put_place = [&](std::string_view key, const storage::Place& place) {
    json.open_object(key);
    json.number("object", place.object);
    json.number("offset", place.offset);
    json.close_object();
  };
  if (header.places) {
    put_place("first", header.places->first);
    put_place("last", header.places->last);
  }
  json.boolean("last_segment", header.is_last);
  json.text("content", hex(header.content_hash));
  json.close_object();
  return text + '\n';
}

}  // namespace

int inspect_store(const InspectCommand& command, io::StoreFolder& folder, const Streams& streams) {
  TextOutput out(streams.out);
  TextOutput err(streams.err);
  const std::string store = escaped(command.path);
  const FailureContext context{.command = "inspect", .source = store};
  if (command.max_header_bytes != drr::kBeginPayloadBytesMax) {
    const std::string message = fmt::format(
        "zsluice: inspect: {}: --max-header is for streams: pipe `zsluice join` into "
        "`zsluice inspect`\n",
        store);
    err.write(log_text(command.common.log_format, Level::error, message));
    if (command.common.json) {
      Json json;
      json["schema"] = "zsluice.inspect-store/1";
      json["store"] = store;
      put_not_begun(json, kNotOpened, kExitUsage, message);
      out.write(dump_line(json));
    }
    return finish_output(out, err, "inspect", command.common.log_format, kExitUsage);
  }
  StoreInspectReport report;
  if (command.records) {
    SegmentPrinter printer(out, command.common.json);
    report = run_inspect_store(true, folder, printer);
  } else if (command.common.json) {
    InspectStoreJson printer(out, store);
    report = run_inspect_store(false, folder, printer);
    printer.finish(report, context);
  } else {
    InspectStoreText printer(out, store);
    report = run_inspect_store(false, folder, printer);
    printer.finish(report);
  }
  out.flush();
  int status = kExitWhole;
  if (report.failure) {
    status = exit_status_of(*report.failure);
    err.write(
        log_text(command.common.log_format, Level::error, failure_text(*report.failure, context)));
  }
  return finish_output(out, err, "inspect", command.common.log_format, status);
}

}  // namespace zsluice::cli
