// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/package_header.hpp"

#include "support/allocation_counter.hpp"
#include "support/nvlist_builder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace zsluice::drr {
namespace {

using nvlist::Encoding;
using nvlist::ErrorCode;
using test::Bytes;
using test::NvlistBuilder;
using test::NvlistForm;

constexpr NvlistForm kForms[] = {
    {Encoding::native, ByteOrder::little},
    {Encoding::native, ByteOrder::big},
    {Encoding::xdr, ByteOrder::little},
    {Encoding::xdr, ByteOrder::big},
};
constexpr NvlistForm kXdr = kForms[2];

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

// Numbers in hex, texts cut to a few letters.
std::string shown(const nvlist::Value& value) {
  if (const auto number = value.as_u64()) return hex(*number);
  const auto text = value.as_string();
  if (!text) return std::string(type_name(value.type()));
  return text->size() > 22 ? std::string(text->substr(0, 8)) + "…" : std::string(*text);
}

// Writes down what it is told, a line each.
class Notes : public PackageVisitor {
 public:
  void package(const PackageFacts& facts) override {
    text += "package " + std::string(facts.from_snapshot.value_or("-")) + ' ' +
            std::string(facts.to_snapshot.value_or("-")) + (facts.raw ? " raw" : "") +
            (facts.not_recursive ? " not_recursive" : "") + '\n';
  }
  void dataset(const DatasetFacts& facts) override {
    text += "dataset " + std::string(facts.key) + ' ' + std::string(facts.name);
    if (facts.parent_from_snapshot) text += " parent " + hex(*facts.parent_from_snapshot);
    if (facts.origin) text += " origin " + hex(*facts.origin);
    if (facts.is_encryption_root) text += " encroot";
    text += " p" + std::to_string(facts.properties) + " s" + std::to_string(facts.snapshots) +
            " sp" + std::to_string(facts.snapshot_properties) + " h" + std::to_string(facts.holds) +
            '\n';
  }
  void property(std::string_view name, const nvlist::Value& value) override {
    text += "  " + std::string(name) + '=' + shown(value) + '\n';
  }
  void snapshot(std::string_view name, std::uint64_t guid) override {
    text += "  @" + std::string(name) + ' ' + hex(guid) + '\n';
  }
  void snapshot_property(std::string_view snapshot,
                         std::string_view name,
                         const nvlist::Value& value) override {
    text += "  @" + std::string(snapshot) + ' ' + std::string(name) + '=' + shown(value) + '\n';
  }
  void hold(std::string_view snapshot, std::string_view tag, std::uint64_t time) override {
    text += "  @" + std::string(snapshot) + " held " + std::string(tag) + ' ' + hex(time) + '\n';
  }

  std::string text;
};

std::string notes_of(const Bytes& packed) {
  Notes notes;
  EXPECT_TRUE(read_package_header(packed, notes));
  return notes.text;
}

// The error of a list that is wrong, and that nobody was told anything of it.
nvlist::Error error_of(const Bytes& packed) {
  Notes notes;
  const auto facts = read_package_header(packed, notes);
  EXPECT_FALSE(facts || read_package_facts(packed));
  EXPECT_EQ(notes.text, "");
  return facts ? nvlist::Error{} : facts.error();
}

NvlistBuilder entry() {
  return NvlistBuilder()
      .list("snapholds", NvlistBuilder().list("s1", NvlistBuilder().u64("tag", 0x77)))
      .list("props", NvlistBuilder().string("mountpoint", "/mnt").u64("quota", 4096))
      .list("snapprops", NvlistBuilder().list("s1", NvlistBuilder().string("a:b", "c")))
      .list("snaps", NvlistBuilder().u64("s1", 0x11).u64("s2", 0x22))
      .boolean("is_encroot")
      .u64("origin", 0x99)
      .u64("parentfromsnap", 0)
      .string("name", "tank/a");
}

TEST(PackageHeader, FactsComeFirstWhateverTheOrderOfKeys) {
  // Everything the wrong way round: fss before the top facts, details before `name`.
  const NvlistBuilder list = NvlistBuilder()
                                 .list("fss", NvlistBuilder().list("0xa", entry()))
                                 .boolean("raw")
                                 .boolean("not_recursive")
                                 .string("tosnap", "s2")
                                 .string("fromsnap", "s0");
  for (const NvlistForm form : kForms) {
    EXPECT_EQ(notes_of(list.pack(form)),
              "package s0 s2 raw not_recursive\n"
              "dataset 0xa tank/a parent 0x0 origin 0x99 encroot p2 s2 sp1 h1\n"
              "  @s1 held tag 0x77\n"
              "  mountpoint=/mnt\n"
              "  quota=0x1000\n"
              "  @s1 a:b=c\n"
              "  @s1 0x11\n"
              "  @s2 0x22\n");
  }
}

TEST(PackageHeader, FactsAreSummedOverDatasets) {
  const Bytes packed = NvlistBuilder()
                           .string("tosnap", "s2")
                           .list("fss", NvlistBuilder()
                                            .list("0xa", entry())
                                            .list("0xb", entry())
                                            .list("0xc", NvlistBuilder()))
                           .pack(kXdr);
  const auto facts = read_package_facts(packed);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->encoding, Encoding::xdr);
  EXPECT_EQ(facts->packed_bytes, packed.size());
  EXPECT_TRUE(facts->lists_datasets);
  EXPECT_FALSE(facts->raw || facts->not_recursive || facts->from_snapshot);
  EXPECT_EQ(facts->datasets, 3U);
  EXPECT_EQ(facts->encryption_roots, 2U);
  EXPECT_EQ(facts->properties, 4U);
  EXPECT_EQ(facts->snapshots, 4U);
  EXPECT_EQ(facts->snapshot_properties, 2U);
  EXPECT_EQ(facts->holds, 2U);
  EXPECT_EQ(facts->unknown_keys + facts->malformed_keys, 0U);
}

TEST(PackageHeader, AHeaderWithoutDatasetsIsRead) {
  const Bytes packed = NvlistBuilder().boolean("raw").pack(kXdr);
  EXPECT_EQ(notes_of(packed), "package - - raw\n");
  EXPECT_FALSE(read_package_facts(packed)->lists_datasets);
}

TEST(PackageHeader, UnknownAndMalformedKeysAreCounted) {
  const Bytes packed =
      NvlistBuilder()
          .u64("raw", 1)  // receivers look for a boolean only
          .list("future", NvlistBuilder().list("fss", entry()))
          .list("fss",
                NvlistBuilder()
                    .string("0xa", "no list")
                    .list("0xb",
                          NvlistBuilder()
                              .u64("name", 1)
                              .boolean("future")
                              .list("props", NvlistBuilder().boolean("odd").list("odder", entry()))
                              .list("snaps", NvlistBuilder().string("s1", "no guid"))
                              .list("snapprops", NvlistBuilder().u64("s1", 0))
                              .list("snapholds", NvlistBuilder().boolean("s1").list(
                                                     "s2", NvlistBuilder().boolean("tag")))))
          .pack(kXdr);
  EXPECT_EQ(notes_of(packed),
            "package - -\n"
            "dataset 0xb  p2 s0 sp0 h0\n"
            "  odd=boolean\n"
            "  odder=nvlist\n");
  const auto facts = read_package_facts(packed);
  EXPECT_FALSE(facts->raw);
  EXPECT_EQ(facts->datasets, 1U);
  EXPECT_EQ(facts->unknown_keys, 2U);
  EXPECT_EQ(facts->malformed_keys, 9U);
}

TEST(PackageHeader, AKnownKeyThatStandsTwiceIsRefused) {
  const auto in_entry = [](NvlistBuilder list) {
    return NvlistBuilder().list("fss", NvlistBuilder().list("0xa", std::move(list))).pack(kXdr);
  };
  EXPECT_EQ(error_of(in_entry(entry().string("name", "tank/b"))).code, ErrorCode::duplicate_name);
  EXPECT_EQ(error_of(in_entry(entry().list("props", NvlistBuilder()))).code,
            ErrorCode::duplicate_name);
  EXPECT_EQ(error_of(NvlistBuilder().boolean("raw").boolean("raw").pack(kXdr)),
            (nvlist::Error{ErrorCode::duplicate_name, 36}));
}

TEST(PackageHeader, NothingIsToldOfADamagedList) {
  const Bytes packed = NvlistBuilder()
                           .string("tosnap", "s2")
                           .list("fss", NvlistBuilder().list("0xa", entry()).list("0xb", entry()))
                           .pack(kXdr);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Bytes cut(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(error_of(cut).code, ErrorCode::truncated) << size;
  }
}

Bytes corpus_payload(const std::string& file) {
  return test::first_begin_payload(ZSLUICE_TEST_CORPUS "/" + file);
}

TEST(PackageHeader, ARealPackageWithAHoldIsToldInFull) {
  EXPECT_EQ(notes_of(corpus_payload("hier_raw_h.zsend")),
            "package - r1 raw not_recursive\n"
            "dataset 0xbfdd6473736e6807 src/hier/a parent 0x0 p2 s1 sp0 h1\n"
            "  lab:note=a note with spaces\n"
            "  recordsize=0x4000\n"
            "  @r1 0xc066b0bc9286036\n"
            "  @r1 held keepme 0x6b021c32\n");
}

TEST(PackageHeader, ARealTreeIsToldInFull) {
  // The locations of keys are cut short.
  std::string notes = notes_of(corpus_payload("hier_raw_R.zsend"));
  for (std::size_t at = 0; (at = notes.find("file://", at)) != std::string::npos;) {
    at += 7;
    notes.erase(at, notes.find('\n', at) - at);
  }
  EXPECT_EQ(notes,
            "package - r2 raw\n"
            "dataset 0xf094c33482f3566b src/hier parent 0x0 encroot p4 s2 sp0 h0\n"
            "  lab:owner=alice\n"
            "  keylocation=file://\n"
            "  quota=0x40000000\n"
            "  compression=0xf\n"
            "  @r1 0x54487f2ca18ceae\n"
            "  @r2 0x9e9473f222bae2d\n"
            "dataset 0x1eca93c07cbdb58e src/hier/c parent 0x9e9473f222bae2d"
            " origin 0xc066b0bc9286036 p0 s1 sp0 h0\n"
            "  @r2 0xa2b6de94d0260416\n"
            "dataset 0xbfdd6473736e6807 src/hier/a parent 0x9e9473f222bae2d p2 s2 sp0 h0\n"
            "  lab:note=a note with spaces\n"
            "  recordsize=0x4000\n"
            "  @r1 0xc066b0bc9286036\n"
            "  @r2 0xe1f1c173913a78da\n"
            "dataset 0x35664f3f0d436ffc src/hier/v parent 0x9e9473f222bae2d p1 s2 sp0 h0\n"
            "  refreservation=0x300000\n"
            "  @r1 0xc0dd0bf44b570f95\n"
            "  @r2 0x1c2d83a6e326f064\n"
            "dataset 0xad6f510ba33b8ad1 src/hier/b parent 0x9e9473f222bae2d encroot p2 s2 sp0 h0\n"
            "  compression=0xa\n"
            "  keylocation=file://\n"
            "  @r1 0x16461117e93c64e6\n"
            "  @r2 0xe5a2cb3599a5d484\n");
}

TEST(PackageHeader, RealPackagesHaveTheFactsTheReferenceToolPrints) {
  struct RealCase {
    const char* file;
    std::string_view from;
    std::string_view to;
    bool not_recursive;
    std::uint64_t datasets, properties, snapshots, snapshot_properties;
  };
  const RealCase cases[] = {
      {"hier_raw_R_i.zsend", "r2", "r3", false, 6, 9, 15, 0},
      {"hier_raw_p.zsend", "-", "r1", true, 1, 2, 1, 0},
      {"props_raw_p.zsend", "-", "s1", true, 1, 6, 1, 1},
  };
  for (const RealCase& c : cases) {
    SCOPED_TRACE(c.file);
    const Bytes payload = corpus_payload(c.file);
    const auto facts = read_package_facts(payload);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->from_snapshot.value_or("-"), c.from);
    EXPECT_EQ(facts->to_snapshot, c.to);
    EXPECT_EQ(facts->not_recursive, c.not_recursive);
    EXPECT_TRUE(facts->raw);
    EXPECT_EQ(facts->datasets, c.datasets);
    EXPECT_EQ(facts->properties, c.properties);
    EXPECT_EQ(facts->snapshots, c.snapshots);
    EXPECT_EQ(facts->snapshot_properties, c.snapshot_properties);
    EXPECT_EQ(facts->holds, 0U);
    EXPECT_EQ(facts->unknown_keys + facts->malformed_keys, 0U);
  }
}

TEST(PackageHeader, ReadingAllocatesNothing) {
  const Bytes payload = corpus_payload("hier_raw_R.zsend");
  PackageVisitor nobody;
  const test::AllocationCounter allocations;
  EXPECT_TRUE(read_package_header(payload, nobody));
  EXPECT_EQ(allocations.count(), 0U);
}

TEST(PackageHeader, RealLongAndForeignTextIsPassedRaw) {
  class Texts : public PackageVisitor {
   public:
    void property(std::string_view name, const nvlist::Value& value) override {
      if (name == "lab:long") long_bytes = value.as_string()->size();
      if (name == "lab:unicode") unicode = *value.as_string();
    }
    std::size_t long_bytes = 0;
    std::string unicode;
  };
  Texts texts;
  const Bytes payload = corpus_payload("props_raw_p.zsend");
  ASSERT_TRUE(read_package_header(payload, texts));
  EXPECT_EQ(texts.long_bytes, 3000U);
  EXPECT_EQ(texts.unicode, "grüße 日本語");
}

}  // namespace
}  // namespace zsluice::drr
