// SPDX-License-Identifier: BSD-2-Clause
#include "cli/package_json.hpp"

#include "cli/utc_text.hpp"
#include "zsluice/base/number_text.hpp"
#include "zsluice/drr/package_header.hpp"

#include <optional>

namespace zsluice::cli {
namespace {

// Arrays of a dataset's object, in the order in which empty ones are added.
enum class Section : std::uint8_t { properties, snapshots, snapshot_properties, holds, none };

std::string_view name_of(Section section) {
  switch (section) {
    case Section::properties:
      return "properties";
    case Section::snapshots:
      return "snapshots";
    case Section::snapshot_properties:
      return "snapshot_properties";
    case Section::holds:
      return "holds";
    case Section::none:
      break;
  }
  return {};
}

// The items of a dataset come section by section, each section at most once, in any order.
class JsonVisitor final : public drr::PackageVisitor {
 public:
  JsonVisitor(JsonWriter& json, ConcernCounts& concerns, const std::function<void()>& flush)
      : json_(json), concerns_(concerns), flush_(flush) {}

  void dataset(const drr::DatasetFacts& facts) override {
    close_dataset();
    in_dataset_ = true;
    json_.break_line();
    json_.open_object();
    json_.foreign("name", facts.name);
    const auto guid = parse_u64(facts.key);
    if (guid) {
      json_.guid("guid", *guid);
    } else {
      json_.foreign("guid", facts.key);
    }
    json_.boolean("encryption_root", facts.is_encryption_root);
    tell_guid("origin_guid", facts.origin);
    tell_guid("parent_from_guid", facts.parent_from_snapshot);
    if (facts.properties == 0) tell_empty(Section::properties);
    if (facts.snapshots == 0) tell_empty(Section::snapshots);
    if (facts.snapshot_properties == 0) tell_empty(Section::snapshot_properties);
    if (facts.holds == 0) tell_empty(Section::holds);
    flush_();
  }

  void property(std::string_view name, const nvlist::Value& value) override {
    open_item(Section::properties);
    close_property(name, value);
  }
  void snapshot(std::string_view name, std::uint64_t guid) override {
    open_item(Section::snapshots);
    json_.foreign("name", name);
    json_.guid("guid", guid);
    json_.close_object();
  }
  void snapshot_property(std::string_view snapshot,
                         std::string_view name,
                         const nvlist::Value& value) override {
    open_item(Section::snapshot_properties);
    json_.foreign("snapshot", snapshot);
    close_property(name, value);
  }
  void hold(std::string_view snapshot, std::string_view tag, std::uint64_t time) override {
    open_item(Section::holds);
    json_.foreign("snapshot", snapshot);
    json_.foreign("tag", tag);
    json_.number("time", time);
    json_.text("since", utc_text(time));
    json_.close_object();
    flush_();
  }

  void close_dataset() {
    open_section(Section::none);
    if (in_dataset_) json_.close_object();
    in_dataset_ = false;
  }

 private:
  void tell_guid(std::string_view key, const std::optional<std::uint64_t>& guid) {
    if (guid) {
      json_.guid(key, *guid);
    } else {
      json_.null(key);
    }
  }

  void tell_empty(Section section) {
    json_.open_array(name_of(section));
    json_.close_array();
  }

  void open_section(Section section) {
    if (section_ == section) return;
    if (section_ != Section::none) json_.close_array();
    section_ = section;
    if (section != Section::none) json_.open_array(name_of(section));
  }

  void open_item(Section section) {
    open_section(section);
    json_.open_object();
  }

  void close_property(std::string_view name, const nvlist::Value& value) {
    json_.foreign("name", name);
    if (const auto text = value.as_string()) {
      json_.foreign("value", *text);
    } else {
      json_.number("value", value.as_u64());
    }
    const auto concern = concern_of(name, value);
    if (concern) {
      ++concerns_[*concern];
      json_.text("concern", concern_code(*concern));
    } else {
      json_.null("concern");
    }
    json_.close_object();
    flush_();
  }

  JsonWriter& json_;
  ConcernCounts& concerns_;
  const std::function<void()>& flush_;
  Section section_ = Section::none;
  bool in_dataset_ = false;
};

void tell_text(JsonWriter& json, std::string_view key, std::optional<std::string_view> text) {
  if (text) {
    json.foreign(key, *text);
  } else {
    json.null(key);
  }
}

void tell_facts(JsonWriter& json, const drr::PackageFacts& facts) {
  tell_text(json, "from_snapshot", facts.from_snapshot);
  tell_text(json, "to_snapshot", facts.to_snapshot);
  json.boolean("recursive", !facts.not_recursive);
  json.boolean("raw", facts.raw);
  json.text("encoding", facts.encoding == nvlist::Encoding::xdr ? "xdr" : "native");
  json.number("datasets_total", facts.datasets);
  json.number("encryption_roots", facts.encryption_roots);
  json.number("snapshots_total", facts.snapshots);
  json.number("properties_total", facts.properties);
  json.number("snapshot_properties_total", facts.snapshot_properties);
  json.number("holds_total", facts.holds);
  json.number("unknown_keys", facts.unknown_keys);
  json.number("malformed_keys", facts.malformed_keys);
}

}  // namespace

void write_package_json(const drr::BeginRecord& begin,
                        ByteSpan nvlist,
                        JsonWriter& json,
                        ConcernCounts& concerns,
                        const std::function<void()>& flush) {
  json.open_object("package");
  json.foreign("toname", begin.toname);
  json.number("nvlist_bytes", nvlist.size());
  if (!nvlist.empty()) {
    const auto facts = drr::read_package_facts(nvlist);
    json.boolean("readable", facts.has_value());
    if (facts) {
      tell_facts(json, *facts);
    } else {
      json.number("unreadable_at", facts.error().offset);
    }
  }
  json.open_array("datasets");
  if (!nvlist.empty()) {
    JsonVisitor visitor(json, concerns, flush);
    // An error was told above; nothing of an unreadable list is visited.
    if (drr::read_package_header(nvlist, visitor)) visitor.close_dataset();
  }
  json.close_array();
  json.close_object();
  flush();
}

}  // namespace zsluice::cli
