// SPDX-License-Identifier: BSD-2-Clause
#include "cli/size_plan.hpp"

#include "zsluice/base/number_text.hpp"
#include "zsluice/base/size_text.hpp"

#include <algorithm>

namespace zsluice::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r";

// What one form of line has said.
class Collector {
 public:
  void add_snapshot(std::string_view name, std::optional<std::uint64_t> bytes) {
    found_ = true;
    sum_ = sum(sum_, bytes);
    names_bytes_ += name.size();
    if (plan_.snapshots.size() == kPlannedSnapshotsMax || names_bytes_ > kPlannedNamesBytesMax) {
      is_too_long_ = true;
      plan_.snapshots = {};
    }
    if (!is_too_long_) plan_.snapshots.push_back({std::string(name), bytes});
  }
  // Several streams one after another have several totals.
  void add_total(std::optional<std::uint64_t> bytes) {
    found_ = true;
    totals_ = has_total_ ? sum(totals_, bytes) : bytes;
    has_total_ = true;
  }
  void add_implausible() {
    found_ = true;
    is_underflowed_ = true;
  }

  [[nodiscard]] bool found() const { return found_; }

  [[nodiscard]] Result<SizePlan, SizePlanError> finish() && {
    if (!found_) return Unexpected{SizePlanError::no_sizes};
    // A total that counts an underflowed part is wrong, too, even where it looks right.
    if (!is_underflowed_) plan_.total_bytes = has_total_ ? totals_ : sum_;
    if (plan_.total_bytes == 0U) plan_.total_bytes.reset();
    const bool is_of_use =
        plan_.total_bytes ||
        std::any_of(plan_.snapshots.begin(), plan_.snapshots.end(),
                    [](const PlannedSnapshot& snapshot) { return snapshot.bytes.has_value(); });
    if (!is_of_use) return Unexpected{SizePlanError::implausible};
    return std::move(plan_);
  }

 private:
  // Unknown as soon as a part is. Both are plausible, so that this does not overflow.
  static std::optional<std::uint64_t> sum(std::optional<std::uint64_t> a,
                                          std::optional<std::uint64_t> b) {
    if (!a || !b || *a + *b > kPlausibleBytesMax) return std::nullopt;
    return *a + *b;
  }

  SizePlan plan_;
  std::optional<std::uint64_t> sum_ = 0;
  std::optional<std::uint64_t> totals_;
  std::size_t names_bytes_ = 0;
  bool has_total_ = false;
  bool found_ = false;
  bool is_underflowed_ = false;
  bool is_too_long_ = false;
};

enum class NumberKind : std::uint8_t { none, plausible, implausible };

struct Number {
  NumberKind kind = NumberKind::none;
  std::uint64_t bytes = 0;
};

Number judged(std::uint64_t bytes) {
  if (bytes > kPlausibleBytesMax) return {NumberKind::implausible, 0};
  return {NumberKind::plausible, bytes};
}

Number exact_number(std::string_view text) {
  const auto number = parse_u64(text);
  if (number) return judged(*number);
  const bool is_number =
      number.error() == NumberError::too_big || number.error() == NumberError::negative;
  return {is_number ? NumberKind::implausible : NumberKind::none, 0};
}

// As zfs rounds them: 1.23M, 624, 624B; with a comma in some locales. Exabytes are what an
// underflowed estimate looks like.
Number rounded_number(std::string_view text) {
  std::string number(text.substr(0, kPlannedNameBytesMax));
  std::replace(number.begin(), number.end(), ',', '.');
  const auto bytes = parse_size(number);
  if (bytes) return judged(*bytes);
  const bool is_number = !number.empty() && number.front() >= '0' && number.front() <= '9';
  return {is_number ? NumberKind::implausible : NumberKind::none, 0};
}

void add_snapshot(Collector& collector, std::string_view name, const Number& number) {
  const bool is_name = !name.empty() && name.size() <= kPlannedNameBytesMax;
  if (number.kind == NumberKind::none || !is_name) return;
  if (number.kind == NumberKind::plausible) {
    collector.add_snapshot(name, number.bytes);
  } else {
    collector.add_implausible();
    collector.add_snapshot(name, std::nullopt);
  }
}

void add_total(Collector& collector, const Number& number) {
  if (number.kind == NumberKind::plausible) collector.add_total(number.bytes);
  if (number.kind == NumberKind::implausible) collector.add_implausible();
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view take_until(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(taken.size() + 1, text.size()));
  return taken;
}

void read_parsable(Collector& collector, std::string_view line) {
  if (take_prefix(line, "size")) {
    const std::size_t number = line.find_first_not_of(kBlanks);
    const bool is_separated = number != 0 && number != std::string_view::npos;
    if (is_separated) add_total(collector, exact_number(line.substr(number)));
    return;
  }
  const bool is_incremental = take_prefix(line, "incremental\t");
  if (!is_incremental && !take_prefix(line, "full\t")) return;
  if (is_incremental) take_until(line, '\t');
  const std::string_view name = take_until(line, '\t');
  add_snapshot(collector, name, exact_number(line));
}

void read_spoken(Collector& collector, std::string_view line) {
  constexpr std::string_view kSays = " estimated size is ";
  const std::size_t says = line.rfind(kSays);
  if (says == std::string_view::npos) return;
  const Number number = rounded_number(line.substr(says + kSays.size()));
  std::string_view what = line.substr(0, says);
  if (what == "total") {
    add_total(collector, number);
  } else if (take_prefix(what, "full send of ")) {
    add_snapshot(collector, what, number);
  } else if (take_prefix(what, "send from ")) {
    constexpr std::string_view kTo = " to ";
    const std::size_t to = what.rfind(kTo);
    if (to != std::string_view::npos) {
      add_snapshot(collector, what.substr(to + kTo.size()), number);
    }
  }
}

}  // namespace

const PlannedSnapshot* SizePlan::find(std::string_view name, std::uint64_t ordinal) const {
  const auto is_it = [name](const PlannedSnapshot& snapshot) { return snapshot.name == name; };
  if (ordinal > 0 && ordinal <= snapshots.size() && is_it(snapshots[ordinal - 1])) {
    return &snapshots[ordinal - 1];
  }
  const auto found = std::find_if(snapshots.begin(), snapshots.end(), is_it);
  return found == snapshots.end() ? nullptr : &*found;
}

std::string_view size_plan_error_text(SizePlanError error) {
  switch (error) {
    case SizePlanError::no_sizes:
      return "it is not the output of `zfs send -nP` or `zfs send -nv`";
    case SizePlanError::implausible:
      return "its sizes are 0 or out of all reason, as zfs sometimes estimates resumed sends";
  }
  return {};
}

Result<SizePlan, SizePlanError> parse_size_plan(std::string_view text) {
  Collector parsable;
  Collector spoken;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    line = line.substr(0, line.find_last_not_of(kBlanks) + 1);
    read_parsable(parsable, line);
    read_spoken(spoken, line);
  }
  return parsable.found() ? std::move(parsable).finish() : std::move(spoken).finish();
}

}  // namespace zsluice::cli
