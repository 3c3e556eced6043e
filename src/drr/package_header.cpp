// SPDX-License-Identifier: BSD-2-Clause
// Three walks over the payload, none of which keeps anything: PackageSurvey checks and counts it
// all, then tell_datasets() goes through fss again, where survey_entry() looks ahead over an entry
// for its facts before EntryReader tells what belongs to it.
#include "zsluice/drr/package_header.hpp"

#include "zsluice/nvlist/keys.hpp"
#include "zsluice/nvlist/walk.hpp"

#include <array>

namespace zsluice::drr {
namespace {

using nvlist::DataType;
using nvlist::Error;
using nvlist::Event;
using nvlist::KeyRule;
using nvlist::KeyTracker;
using nvlist::Reader;
using nvlist::Value;

using Done = Result<void, Error>;

enum class TopKey : std::uint8_t { fromsnap, tosnap, not_recursive, raw, fss };
constexpr std::array<KeyRule, 5> kTopRules{{
    {"fromsnap", DataType::string},
    {"tosnap", DataType::string},
    {"not_recursive", DataType::boolean},
    {"raw", DataType::boolean},
    {"fss", DataType::nvlist},
}};

enum class EntryKey : std::uint8_t {
  name,
  parentfromsnap,
  origin,
  is_encroot,
  props,
  snaps,
  snapprops,
  snapholds,
};
constexpr std::array<KeyRule, 8> kEntryRules{{
    {"name", DataType::string},
    {"parentfromsnap", DataType::uint64},
    {"origin", DataType::uint64},
    {"is_encroot", DataType::boolean},
    {"props", DataType::nvlist},
    {"snaps", DataType::nvlist},
    {"snapprops", DataType::nvlist},
    {"snapholds", DataType::nvlist},
}};

bool is_property(const Value& value) {
  return value.type() == DataType::string || value.type() == DataType::uint64;
}

// Counts an entry's pairs, without a word to anybody.
class EntrySurvey final : public PackageVisitor {
 public:
  explicit EntrySurvey(DatasetFacts& facts) : facts_(facts) {}

  void property(std::string_view /*name*/, const Value& value) override {
    ++facts_.properties;
    facts_.malformed_keys += is_property(value) ? 0U : 1U;
  }
  void snapshot(std::string_view /*name*/, std::uint64_t /*guid*/) override { ++facts_.snapshots; }
  void snapshot_property(std::string_view /*snapshot*/,
                         std::string_view /*name*/,
                         const Value& value) override {
    ++facts_.snapshot_properties;
    facts_.malformed_keys += is_property(value) ? 0U : 1U;
  }
  void hold(std::string_view /*snapshot*/,
            std::string_view /*tag*/,
            std::uint64_t /*time*/) override {
    ++facts_.holds;
  }

 private:
  DatasetFacts& facts_;
};

// Reads one entry of fss: its own facts into `facts`, what belongs to it to a visitor.
class EntryReader {
 public:
  EntryReader(Reader& reader, DatasetFacts& facts, PackageVisitor& visitor)
      : reader_(reader), facts_(facts), visitor_(visitor) {}

  // `entry` is the pair that holds the list.
  Done read(const Event& entry) {
    facts_.key = entry.name;
    const auto done =
        nvlist::for_each_pair_of(reader_, entry, [this](const Event& pair) { return take(pair); });
    facts_.unknown_keys += keys_.unknown_keys();
    facts_.malformed_keys += keys_.malformed_keys();
    return done;
  }

 private:
  Done take(const Event& pair) {
    const auto key = keys_.match(pair);
    if (!key) return Unexpected{key.error()};
    if (!*key) return {};
    switch (static_cast<EntryKey>(**key)) {
      case EntryKey::name:
        facts_.name = *pair.value.as_string();
        break;
      case EntryKey::parentfromsnap:
        facts_.parent_from_snapshot = pair.value.as_u64();
        break;
      case EntryKey::origin:
        facts_.origin = pair.value.as_u64();
        break;
      case EntryKey::is_encroot:
        facts_.is_encryption_root = true;
        break;
      case EntryKey::props:
        return take_properties(pair);
      case EntryKey::snaps:
        return take_snapshots(pair);
      case EntryKey::snapprops:
        return take_snapshot_properties(pair);
      case EntryKey::snapholds:
        return take_holds(pair);
    }
    return {};
  }

  // props: property → string or number.
  Done take_properties(const Event& list) {
    return nvlist::for_each_pair_of(reader_, list, [this](const Event& pair) -> Done {
      visitor_.property(pair.name, pair.value);
      return {};
    });
  }

  // snaps: snapshot name → guid.
  Done take_snapshots(const Event& list) {
    return nvlist::for_each_pair_of(reader_, list, [this](const Event& pair) -> Done {
      if (!is_expected(pair, DataType::uint64)) return {};
      visitor_.snapshot(pair.name, *pair.value.as_u64());
      return {};
    });
  }

  // snapprops: snapshot name → list of properties.
  Done take_snapshot_properties(const Event& list) {
    return nvlist::for_each_pair_of(reader_, list, [this](const Event& snapshot) -> Done {
      if (!is_expected(snapshot, DataType::nvlist)) return {};
      return nvlist::for_each_pair_of(reader_, snapshot, [&](const Event& pair) -> Done {
        visitor_.snapshot_property(snapshot.name, pair.name, pair.value);
        return {};
      });
    });
  }

  // snapholds: snapshot name → list of hold tag → time.
  Done take_holds(const Event& list) {
    return nvlist::for_each_pair_of(reader_, list, [this](const Event& snapshot) -> Done {
      if (!is_expected(snapshot, DataType::nvlist)) return {};
      return nvlist::for_each_pair_of(reader_, snapshot, [&](const Event& pair) -> Done {
        if (!is_expected(pair, DataType::uint64)) return {};
        visitor_.hold(snapshot.name, pair.name, *pair.value.as_u64());
        return {};
      });
    });
  }

  // Counts a pair of another type, which is then passed over.
  bool is_expected(const Event& pair, DataType type) {
    if (pair.value.type() == type) return true;
    ++facts_.malformed_keys;
    return false;
  }

  Reader& reader_;
  DatasetFacts& facts_;
  PackageVisitor& visitor_;
  KeyTracker keys_{kEntryRules};
};

Result<DatasetFacts, Error> survey_entry(Reader& reader, const Event& entry) {
  DatasetFacts facts;
  EntrySurvey survey(facts);
  const auto done = EntryReader(reader, facts, survey).read(entry);
  if (!done) return Unexpected{done.error()};
  return facts;
}

// The facts of the whole list (which it thereby checks to its end marker), and where the list of
// datasets is found again.
class PackageSurvey {
 public:
  explicit PackageSurvey(const Reader& reader) : reader_(reader) {}

  Result<PackageFacts, Error> run() {
    const auto done =
        nvlist::for_each_pair(reader_, [this](const Event& pair) { return take(pair); });
    if (!done) return Unexpected{done.error()};
    facts_.unknown_keys += keys_.unknown_keys();
    facts_.malformed_keys += keys_.malformed_keys();
    facts_.encoding = reader_.encoding();
    facts_.producer_order = reader_.producer_order();
    facts_.packed_bytes = reader_.consumed();
    return facts_;
  }

  // Just before the list of datasets is entered, and the pair that holds it.
  [[nodiscard]] const std::optional<Reader>& before_datasets() const { return before_datasets_; }
  [[nodiscard]] const Event& datasets_pair() const { return datasets_pair_; }

 private:
  Done take(const Event& pair) {
    const auto key = keys_.match(pair);
    if (!key) return Unexpected{key.error()};
    if (!*key) return {};
    switch (static_cast<TopKey>(**key)) {
      case TopKey::fromsnap:
        facts_.from_snapshot = pair.value.as_string();
        break;
      case TopKey::tosnap:
        facts_.to_snapshot = pair.value.as_string();
        break;
      case TopKey::not_recursive:
        facts_.not_recursive = true;
        break;
      case TopKey::raw:
        facts_.raw = true;
        break;
      case TopKey::fss:
        return take_datasets(pair);
    }
    return {};
  }

  Done take_datasets(const Event& list) {
    facts_.lists_datasets = true;
    before_datasets_ = reader_;
    datasets_pair_ = list;
    return nvlist::for_each_pair_of(reader_, list, [this](const Event& entry) -> Done {
      if (entry.value.type() != DataType::nvlist) {
        ++facts_.malformed_keys;
        return {};
      }
      const auto dataset = survey_entry(reader_, entry);
      if (!dataset) return Unexpected{dataset.error()};
      add(*dataset);
      return {};
    });
  }

  void add(const DatasetFacts& dataset) {
    ++facts_.datasets;
    facts_.encryption_roots += dataset.is_encryption_root ? 1U : 0U;
    facts_.properties += dataset.properties;
    facts_.snapshots += dataset.snapshots;
    facts_.snapshot_properties += dataset.snapshot_properties;
    facts_.holds += dataset.holds;
    facts_.unknown_keys += dataset.unknown_keys;
    facts_.malformed_keys += dataset.malformed_keys;
  }

  Reader reader_;
  KeyTracker keys_{kTopRules};
  PackageFacts facts_;
  std::optional<Reader> before_datasets_;
  Event datasets_pair_;
};

// Each entry is read twice: for its facts, and again for what belongs to it.
Done tell_datasets(Reader reader, const Event& list, PackageVisitor& visitor) {
  return nvlist::for_each_pair_of(reader, list, [&](const Event& entry) -> Done {
    if (entry.value.type() != DataType::nvlist) return {};
    Reader ahead = reader;
    const auto dataset = survey_entry(ahead, entry);
    if (!dataset) return Unexpected{dataset.error()};
    visitor.dataset(*dataset);
    DatasetFacts again;
    return EntryReader(reader, again, visitor).read(entry);
  });
}

}  // namespace

Result<PackageFacts, Error> read_package_header(ByteSpan payload, PackageVisitor& visitor) {
  const auto reader = Reader::open(payload);
  if (!reader) return Unexpected{reader.error()};
  PackageSurvey survey(*reader);
  const auto facts = survey.run();
  if (!facts) return facts;
  visitor.package(*facts);
  if (survey.before_datasets()) {
    const auto told = tell_datasets(*survey.before_datasets(), survey.datasets_pair(), visitor);
    if (!told) return Unexpected{told.error()};
  }
  return facts;
}

Result<PackageFacts, Error> read_package_facts(ByteSpan payload) {
  const auto reader = Reader::open(payload);
  if (!reader) return Unexpected{reader.error()};
  return PackageSurvey(*reader).run();
}

}  // namespace zsluice::drr
