// SPDX-License-Identifier: BSD-2-Clause
// Whatever is done to a store, `verify` and `join` agree: what the one says can be had, the other
// gives, to the byte.
#include "pipeline/manifest_edit.hpp"
#include "pipeline/remote_store.hpp"
#include "pipeline/store_verify_run.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace zsluice::pipeline {
namespace {

using storage::segment_name;
using test::Bytes;
using Image = MemoryStore::Image;

const std::string kManifest(storage::kManifestName);
const std::string kKey = "a key that is long enough for an HMAC";
constexpr std::uint64_t kSegmentBytes = 2000;

// Segments end behind BEGINs, between substreams and within them.
Bytes package(std::uint64_t first_guid) {
  test::StreamBuilder builder;
  builder.package();
  for (std::uint64_t i = 0; i < 4; ++i) {
    test::BeginSpec begin;
    begin.toguid = first_guid + i;
    begin.toname = "pool/fs@s";
    builder.begin(begin);
    for (std::uint64_t write = 0; write < 3; ++write) {
      builder.write(5, write * 512, Bytes(512 + i * 128));
    }
    builder.end();
  }
  return builder.package_end().bytes();
}

Image stored(ByteSpan stream, const std::string& key, std::uint64_t segment_bytes = kSegmentBytes) {
  MemoryStore store;
  SplitOptions options = splitting(segment_bytes);
  options.store.key = key;
  (void)split_into(store, stream, options);
  return store.seen();
}

// A store, and others whose files may get into it.
struct Stores {
  Image whole;
  Image foreign;     // another stream
  Image cut_else;    // the same one, of other segments
  Image keyed_else;  // with another key, or with one, or without
  Image broken_off;  // the beginning of it: its last segment is shorter
  Bytes stream;
  Bytes foreign_stream;
  std::string key;
};

Stores make_stores(const std::string& key) {
  Stores stores;
  stores.key = key;
  stores.stream = package(1000);
  stores.foreign_stream = package(2000);
  stores.whole = stored(stores.stream, key);
  stores.foreign = stored(stores.foreign_stream, key);
  stores.cut_else = stored(stores.stream, key, kSegmentBytes + 500);
  stores.keyed_else = stored(stores.stream, key.empty() ? kKey : key + "x");
  stores.broken_off = stored(ByteSpan(stores.stream).first(5000), key);
  return stores;
}

class Damager {
 public:
  Damager(const Stores& stores, std::uint32_t seed)
      : stores_(stores), random_(seed), image_(stores.whole) {
    while (stores.whole.count(segment_name(segments_)) > 0)
      ++segments_;
  }

  Image damaged() {
    const std::uint64_t times = 1 + below(3);
    for (std::uint64_t i = 0; i < times; ++i) {
      if (below(3) > 0) {
        damage_segment();
      } else {
        damage_manifest();
      }
    }
    return image_;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  // The first ones are what everything else hangs on.
  std::string any_segment() { return segment_name(below(below(2) == 0 ? 3 : segments_)); }
  void take(const Image& from, const std::string& name) {
    const auto file = from.find(name);
    if (file != from.end()) image_[name] = file->second;
  }
  void flip(const std::string& name) {
    const auto file = image_.find(name);
    if (file == image_.end() || file->second.empty()) return;
    file->second[below(file->second.size())] ^= std::byte{1};
  }
  void cut(const std::string& name) {
    const auto file = image_.find(name);
    if (file == image_.end() || file->second.empty()) return;
    const Bytes bytes = file->second;
    const auto kept = static_cast<std::ptrdiff_t>(below(bytes.size()));
    file->second = Bytes(bytes.begin(), bytes.begin() + kept);
  }
  void damage_segment() {
    const std::string name = any_segment();
    switch (below(10)) {
      case 0:
        return flip(name);
      case 1:
        return cut(name);
      case 2:
        image_.erase(name);
        return;
      case 3:
        return std::swap(image_[name], image_[any_segment()]);
      case 4:
        return take(stores_.foreign, name);
      case 5:
        return take(stores_.cut_else, name);
      case 6:
        return take(stores_.keyed_else, name);
      case 7:
        return take(stores_.broken_off, name);
      case 8:
        image_[segment_name(segments_)] = stores_.whole.at(name);
        return;
      default:
        for (std::uint64_t i = below(segments_); i < segments_; ++i) {
          image_.erase(segment_name(i));
        }
    }
  }
  void damage_manifest() {
    if (image_.count(kManifest) == 0 || image_[kManifest] != stores_.whole.at(kManifest)) return;
    switch (below(9)) {
      case 0:
        image_.erase(kManifest);
        return;
      case 1:
        return take(stores_.foreign, kManifest);
      case 2:
        return take(stores_.cut_else, kManifest);
      case 3:
        return take(stores_.keyed_else, kManifest);
      case 4:
        return take(stores_.broken_off, kManifest);
      case 5:
        return cut(kManifest);
      case 6:
        return change_content(image_, below(segments_));
      case 7:
        return open_manifest(image_);
      default:
        change_first_line(image_, [](storage::StoreLine& line) { line.settings.level = 7; });
    }
  }

  const Stores& stores_;
  std::mt19937 random_;
  Image image_;
  std::uint64_t segments_ = 0;
};

std::string names_of(const Image& image, const Stores& stores) {
  std::string text;
  for (const auto& [name, bytes] : stores.whole) {
    const auto file = image.find(name);
    if (file == image.end()) text += name + " is gone\n";
    if (file != image.end() && file->second != bytes) text += name + " is another\n";
  }
  return text;
}

void expect_agreement(const Image& image, const Stores& stores, const std::string& key) {
  StoreVerifyOptions verifying;
  verifying.key = key;
  JoinOptions options = joining();
  options.key = key;
  const VerifiedStore seen = verified(image, verifying);
  const JoinedStream back = joined(image, options);
  ASSERT_EQ(seen.report.verdict.prefix_bytes, back.bytes.size()) << seen.text();
  EXPECT_TRUE(is_prefix(back.bytes, stores.stream) || is_prefix(back.bytes, stores.foreign_stream));
  if (seen.findings.empty()) {
    EXPECT_FALSE(back.report.failure);
  }
  if (!back.report.failure) {
    EXPECT_TRUE(seen.report.verdict.is_prefix_whole);
    EXPECT_EQ(back.bytes, stores.stream);
  }
  EXPECT_EQ(seen.report.verdict.prefix_segments, back.report.segments);
  // Behind a command `verify` looks no further than the manifest tells.
  if (!seen.report.has_closing_line) return;
  RemoteStore remote(image);
  EXPECT_EQ(verified(remote, verifying).report.verdict.prefix_bytes,
            joined(remote, options).bytes.size());
}

void expect_agreement_on_all(const std::string& written, const std::string& read) {
  const Stores stores = make_stores(written);
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const Image image = Damager(stores, seed).damaged();
    SCOPED_TRACE(seed);
    SCOPED_TRACE(names_of(image, stores));
    expect_agreement(image, stores, read);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(StoreAgreement, WhatVerifyPromisesJoinGives) {
  expect_agreement_on_all("", "");
}

TEST(StoreAgreement, WhatVerifyPromisesJoinGivesWithAKey) {
  expect_agreement_on_all(kKey, kKey);
}

TEST(StoreAgreement, WhatVerifyPromisesJoinGivesWithAKeyTooMany) {
  expect_agreement_on_all("", kKey);
}

TEST(StoreAgreement, WhatVerifyPromisesJoinGivesWithAKeyTooFew) {
  expect_agreement_on_all(kKey, "");
}

}  // namespace
}  // namespace zsluice::pipeline
