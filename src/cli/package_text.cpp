// SPDX-License-Identifier: BSD-2-Clause
#include "cli/package_text.hpp"

#include "cli/property_concerns.hpp"
#include "cli/text_layout.hpp"
#include "cli/utc_text.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/number_text.hpp"
#include "zsluice/drr/package_header.hpp"

#include <fmt/format.h>

namespace zsluice::cli {
namespace {

std::string quoted(std::string_view foreign) {
  return '"' + escaped(foreign) + '"';
}

// `-p -i` does not say its base in the header (FORMAT.md §D.2).
bool is_silent_about_base(const drr::PackageFacts& facts) {
  return facts.not_recursive && !facts.from_snapshot;
}

std::string kind_text(const drr::PackageFacts& facts) {
  std::string_view extent;
  if (!is_silent_about_base(facts)) extent = facts.from_snapshot ? "incremental, " : "full, ";
  return fmt::format("package, {}{}, {}", extent, facts.not_recursive ? "one dataset" : "recursive",
                     facts.raw ? "raw" : "not raw");
}

std::string origin_text(const drr::PackageFacts& facts) {
  if (facts.from_snapshot) return quoted(*facts.from_snapshot);
  return is_silent_about_base(facts) ? "see the substream" : "nothing (full)";
}

// Writes each item as it is told: a package may hold any number of them.
class TextVisitor final : public drr::PackageVisitor {
 public:
  explicit TextVisitor(TextOutput& out) : out_(out) {}

  void dataset(const drr::DatasetFacts& facts) override {
    const auto guid = parse_u64(facts.key);
    std::string text = quoted(facts.name);
    text += guid ? fmt::format(", guid {}", *guid) : ", guid " + quoted(facts.key);
    if (facts.is_encryption_root) text += ", encryption root";
    if (facts.origin) text += fmt::format(", clone of snapshot guid {}", *facts.origin);
    out_.write(labelled_whole("dataset", text));
  }

  void property(std::string_view name, const nvlist::Value& value) override {
    tell_property(name, value, "");
  }
  void snapshot_property(std::string_view snapshot,
                         std::string_view name,
                         const nvlist::Value& value) override {
    tell_property(name, value, fmt::format(" (of snapshot {})", quoted(snapshot)));
  }
  void snapshot(std::string_view name, std::uint64_t guid) override {
    out_.write(labelled_whole("  snapshot", fmt::format("{}, guid {}", quoted(name), guid)));
  }
  void hold(std::string_view snapshot, std::string_view tag, std::uint64_t time) override {
    out_.write(labelled_whole(
        "  hold", fmt::format("{} on {} since {}", quoted(tag), quoted(snapshot), utc_text(time))));
  }

  [[nodiscard]] const ConcernCounts& concerns() const { return concerns_; }

 private:
  void tell_property(std::string_view name, const nvlist::Value& value, std::string_view where) {
    const auto concern = concern_of(name, value);
    if (concern) ++concerns_[*concern];
    out_.write(labelled_whole(
        concern ? "! property" : "  property",
        fmt::format("{} = {}{}", escaped(name), property_value_text(name, value), where)));
  }

  TextOutput& out_;
  ConcernCounts concerns_{};
};

}  // namespace

std::string package_text_head(const drr::BeginRecord& begin, ByteSpan nvlist) {
  if (nvlist.empty()) {
    return labelled("kind", "package with an empty header, as `zfs send -I` makes it") +
           labelled_whole("snapshot", quoted(begin.toname));
  }
  const auto facts = drr::read_package_facts(nvlist);
  if (!facts) {
    return labelled("kind", "package") + labelled_whole("snapshot", quoted(begin.toname)) +
           labelled("! header", fmt::format("its nvlist cannot be read, at its byte {}: `zfs "
                                            "receive` refuses the package",
                                            facts.error().offset));
  }
  return labelled("kind", kind_text(*facts)) + labelled_whole("snapshot", quoted(begin.toname)) +
         labelled_whole("from", origin_text(*facts)) +
         labelled_whole("to", facts->to_snapshot ? quoted(*facts->to_snapshot) : "not said") +
         labelled("header",
                  fmt::format("datasets {}, encryption roots {}, snapshots {}, properties {}, "
                              "properties of snapshots {}, holds {}",
                              facts->datasets, facts->encryption_roots, facts->snapshots,
                              facts->properties, facts->snapshot_properties, facts->holds));
}

void write_package_text(ByteSpan nvlist, TextOutput& out) {
  TextVisitor visitor(out);
  if (!drr::read_package_header(nvlist, visitor)) return;  // the head has said so
  const ConcernCounts& concerns = visitor.concerns();
  for (std::size_t i = 0; i < concerns.size(); ++i) {
    if (concerns[i] == 0) continue;
    out.write(labelled("! warning", fmt::format("{}: {}", concern_property(i), concern_reason(i))));
  }
}

}  // namespace zsluice::cli
