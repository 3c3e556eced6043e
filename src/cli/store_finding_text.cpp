// SPDX-License-Identifier: BSD-2-Clause
#include "cli/store_finding_text.hpp"

#include "cli/text_layout.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <optional>

namespace zsluice::cli {
namespace {

using pipeline::StoreFinding;
using storage::Place;

std::string place_text(const Place& place) {
  return fmt::format("object {}, offset {}", place.object, place.offset);
}

std::string objects_text(const StoreFinding& finding) {
  const bool are_several = finding.snapshots.size() + finding.snapshots_more > 1;
  if (finding.places && are_several) {
    return fmt::format("from {} of the first to {} of the last that has objects there",
                       place_text(finding.places->first), place_text(finding.places->last));
  }
  if (finding.places) {
    return fmt::format("{} to {}", place_text(finding.places->first),
                       place_text(finding.places->last));
  }
  std::string text;
  if (finding.after) text = "behind " + place_text(*finding.after);
  if (finding.before) {
    text += (text.empty() ? "before " : ", before ") + place_text(*finding.before);
  }
  return text;
}

std::string snapshots_text(const StoreFinding& finding) {
  std::string text;
  for (const storage::Substream& snapshot : finding.snapshots) {
    if (!text.empty()) text += ", ";
    text += snapshot.toname.empty() ? fmt::format("the snapshot with guid {}", snapshot.toguid)
                                    : '"' + escaped(snapshot.toname) + '"';
  }
  if (finding.snapshots_more > 0) text += fmt::format(" and {} more", finding.snapshots_more);
  return text;
}

Json place_json(const std::optional<Place>& place) {
  if (!place) return nullptr;
  return {{"object", place->object}, {"offset", place->offset}};
}

}  // namespace

std::string store_finding_text(const StoreFinding& finding, const FailureContext& context) {
  std::string text = failure_text(finding.failure, context);
  if (finding.segments() == 0) return text;
  const std::string snapshots = snapshots_text(finding);
  const std::string objects = objects_text(finding);
  if (snapshots.empty() && objects.empty()) return text;
  text += fmt::format("  hit: {}{}{}\n", snapshots,
                      snapshots.empty() || objects.empty() ? "" : ": ", objects);
  return text;
}

Json store_finding_json(const StoreFinding& finding, const FailureContext& context) {
  Json json = failure_json(finding.failure, context);
  if (finding.segments() == 0) return json;
  Json snapshots = Json::array();
  for (const storage::Substream& snapshot : finding.snapshots) {
    snapshots.push_back(
        {{"toname", snapshot.toname.empty() ? Json(nullptr) : Json(snapshot.toname)},
         {"toguid", std::to_string(snapshot.toguid)}});
  }
  json["snapshots"] = std::move(snapshots);
  json["snapshots_more"] = finding.snapshots_more;
  json["first"] = place_json(finding.places ? std::optional(finding.places->first) : std::nullopt);
  json["last"] = place_json(finding.places ? std::optional(finding.places->last) : std::nullopt);
  json["after"] = place_json(finding.after);
  json["before"] = place_json(finding.before);
  return json;
}

}  // namespace zsluice::cli
