// SPDX-License-Identifier: BSD-2-Clause
// Segments that are longer than the pieces in which they are read: `verify` and `join` find the
// same wherever in them something is wrong, and whatever becomes of the reading.
#include "pipeline/remote_store.hpp"
#include "pipeline/store_inspect.hpp"
#include "pipeline/store_verify_run.hpp"
#include "pipeline/stored_pieces.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

namespace zsluice::pipeline {
namespace {

using storage::Compression;
using storage::segment_name;
using storage::SegmentErrorCode;
using test::Bytes;
using Code = StoreFailureCode;
using Image = MemoryStore::Image;

const char* const kManifest = "manifest.jsonl";
const std::string kKey = "a key that is long enough for an HMAC";
constexpr std::uint64_t kSegmentBytes = 16 << 20;

// Half of it is zeros: compressed, too, it is longer than two pieces.
const Bytes& stream() {
  static const Bytes bytes = [] {
    test::StreamBuilder builder;
    builder.begin({.toname = "pool/long@snap"});
    for (std::uint64_t i = 0; i < 8; ++i) {
      Bytes block = test::pattern(1 << 17, i + 1);
      std::fill(block.begin() + (1 << 16), block.end(), std::byte{});
      builder.write(1, i << 17, block);
    }
    return builder.end().bytes();
  }();
  return bytes;
}

Image stored(Compression compression, const std::string& key = {}) {
  MemoryStore store;
  SplitOptions options = splitting(kSegmentBytes, compression);
  options.store.key = key;
  const SplitReport report = split_into(store, stream(), options);
  EXPECT_FALSE(report.failure);
  return store.seen();
}

constexpr Compression kBoth[] = {Compression::off, Compression::always};

TEST(StorePieces, ALongSegmentIsWholeHoweverItIsStored) {
  for (const Compression compression : kBoth) {
    for (const std::string& key : {std::string(), kKey}) {
      const Image image = stored(compression, key);
      ASSERT_GT(image.at(segment_name(0)).size(), 2 * kStoredPieceBytes);
      StoreVerifyOptions options;
      options.key = key;
      EXPECT_TRUE(verified(image, options).is_whole());
      JoinOptions join = joining();
      join.key = key;
      EXPECT_TRUE(joined(image, join).bytes == stream());
    }
  }
}

// A compressed segment behind a plain one, and the other way round, by one probe.
TEST(StorePieces, PlainAndCompressedSegmentsMayAlternate) {
  test::StreamBuilder builder;
  builder.begin({.toname = "pool/mixed@snap"});
  for (std::uint64_t i = 0; i < 48; ++i) {
    Bytes block = test::pattern(1 << 17, i + 1);
    if (i / 4 % 2 == 0) std::fill(block.begin() + (1 << 16), block.end(), std::byte{});
    builder.write(1, i << 17, block);
  }
  const Bytes mixed = builder.end().bytes();
  MemoryStore store;
  (void)split_into(store, mixed, splitting(600'000, Compression::always));
  std::size_t plain = 0;
  std::size_t packed = 0;
  for (std::uint64_t i = 0; const auto header = peek_header(store, i); ++i) {
    ++(header->codec == storage::Codec::none ? plain : packed);
  }
  EXPECT_GT(plain, 2U);
  EXPECT_GT(packed, 2U);
  EXPECT_TRUE(verified(store).is_whole());
  EXPECT_TRUE(joined(store).bytes == mixed);
}

TEST(StorePieces, DamageInAnyPieceIsFound) {
  for (const Compression compression : kBoth) {
    Image image = stored(compression);
    Bytes& file = image[segment_name(0)];
    for (std::size_t at = storage::kSegmentHeaderBytes; at < file.size(); at += 50'000) {
      file[at] ^= std::byte{1};
      const VerifiedStore seen = verified(image);
      ASSERT_EQ(seen.findings.size(), 1U) << at;
      EXPECT_EQ(seen.findings[0].failure.segment.code, SegmentErrorCode::payload_damaged);
      const JoinedStream back = joined(image);
      EXPECT_EQ(back.code(), Code::bad_segment);
      EXPECT_TRUE(back.bytes.empty());
      file[at] ^= std::byte{1};
    }
  }
}

// --- reading that fails, or ends ---

// From `stop_at` on a segment cannot be read, or is not there any more.
class FaultyReads final : public RemoteStore {
 public:
  FaultyReads(const Image& image, std::uint64_t stop_at, int error)
      : RemoteStore(image), stop_at_(stop_at), error_(error) {}

  [[nodiscard]] bool is_remote() const override { return false; }
  [[nodiscard]] Result<std::vector<std::string>, io::SysError> list(
      const std::string& folder) override {
    return store_.list(folder);
  }
  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open(
      const std::string& name) override {
    auto file = store_.open(name);
    if (!file || name == kManifest) return file;
    return std::unique_ptr<io::StoredFile>(new File(*std::move(file), stop_at_, error_));
  }

 private:
  class File final : public io::StoredFile {
   public:
    File(std::unique_ptr<io::StoredFile> file, std::uint64_t stop_at, int error)
        : file_(std::move(file)), stop_at_(stop_at), error_(error) {}
    [[nodiscard]] std::uint64_t bytes() const override { return file_->bytes(); }
    [[nodiscard]] Result<std::size_t, io::SysError> read_at(std::uint64_t offset,
                                                            MutableByteSpan into) const override {
      const std::uint64_t left = stop_at_ - std::min(offset, stop_at_);
      if (left >= into.size()) return file_->read_at(offset, into);
      if (error_ != 0) return io::sys_failure(io::SysOperation::read, error_);
      return file_->read_at(offset, into.first(static_cast<std::size_t>(left)));
    }

   private:
    std::unique_ptr<io::StoredFile> file_;
    std::uint64_t stop_at_;
    int error_;
  };

  std::uint64_t stop_at_;
  int error_;
};

// In the first piece, between two, in a later one, and right before the end.
std::vector<std::uint64_t> stops(const Image& image) {
  const std::uint64_t header = storage::kSegmentHeaderBytes;
  return {storage::kSegmentHeaderBytesMax, header + kStoredPieceBytes,
          header + 2 * kStoredPieceBytes - 1, image.at(segment_name(0)).size() - 1};
}

TEST(StorePieces, AReadErrorIsNoDamage) {
  for (const Compression compression : kBoth) {
    const Image image = stored(compression);
    for (const std::uint64_t stop : stops(image)) {
      FaultyReads store(image, stop, EIO);
      const VerifiedStore seen = verified(store);
      ASSERT_EQ(seen.findings.size(), 1U) << stop;
      EXPECT_EQ(seen.findings[0].failure.code, Code::unreadable);
      EXPECT_EQ(seen.findings[0].failure.system.error, EIO);
      EXPECT_EQ(joined(store).code(), Code::unreadable);
    }
  }
}

TEST(StorePieces, AFileThatIsCutOffWhileItIsReadIsTooShort) {
  for (const Compression compression : kBoth) {
    const Image image = stored(compression);
    for (const std::uint64_t stop : stops(image)) {
      FaultyReads store(image, stop, 0);
      const VerifiedStore seen = verified(store);
      ASSERT_EQ(seen.findings.size(), 1U) << stop;
      const storage::SegmentError& error = seen.findings[0].failure.segment;
      EXPECT_EQ(error.code, SegmentErrorCode::wrong_stored_size);
      EXPECT_EQ(error.found, stop - storage::kSegmentHeaderBytes);
      const JoinedStream back = joined(store);
      EXPECT_EQ(back.code(), Code::bad_segment);
      EXPECT_TRUE(back.bytes.empty());
    }
  }
}

// --- what only a key proves ---

// Another digest of the payload under a right HMAC, as if XXH3 had taken other bytes for the same.
Image with_other_digest(Compression compression, bool is_raw) {
  Image image = stored(compression, kKey);
  MemoryStore store(image);
  storage::SegmentHeader header = *peek_header(store, 0);
  const bool is_plain = header.codec == storage::Codec::none;
  if (is_raw || is_plain) header.raw_digest[3] ^= std::byte{1};
  if (!is_raw || is_plain) header.payload_digest[3] ^= std::byte{1};
  checksum::HmacSha256 mac(bytes_of(kKey));
  const auto encoded = storage::SegmentChain(header.store_id).append(header, &mac).value();
  std::copy(encoded.begin(), encoded.end(), image[segment_name(0)].begin());
  image.erase(kManifest);
  return image;
}

TEST(StorePieces, AKeyProvesThePayloadsThemselves) {
  for (const Compression compression : kBoth) {
    for (const bool is_raw : {false, true}) {
      const Image image = with_other_digest(compression, is_raw);
      StoreVerifyOptions options;
      options.key = kKey;
      const VerifiedStore seen = verified(image, options);
      ASSERT_FALSE(seen.findings.empty());
      EXPECT_EQ(seen.findings[0].failure.segment.code, SegmentErrorCode::wrong_digest);
      JoinOptions join = joining();
      join.key = kKey;
      const JoinedStream back = joined(image, join);
      ASSERT_NE(back.store_failure(), nullptr);
      EXPECT_EQ(back.store_failure()->segment.code, SegmentErrorCode::wrong_digest);
      EXPECT_TRUE(back.bytes.empty());
    }
  }
}

// --- what was met before the damage ---

class Names final : public StoreInspectObserver {
 public:
  void on_store(const storage::StoreLine&, ManifestState) override {}
  void on_substream(const storage::SubstreamLine& line) override {
    names.push_back(line.substream.toname);
  }
  void on_segment(const storage::SegmentHeader&) override {}
  std::vector<std::string> names;
};

TEST(StorePieces, ADamagedPayloadNamesNoSnapshots) {
  for (const Compression compression : kBoth) {
    Image image = stored(compression);
    image.erase(kManifest);
    image[segment_name(0)].back() ^= std::byte{1};
    const VerifiedStore seen = verified(image);
    ASSERT_EQ(seen.findings.size(), 1U);
    EXPECT_TRUE(seen.findings[0].snapshots.empty());
    MemoryStore store(image);
    Names told;
    (void)run_inspect_store(false, store, told);
    EXPECT_TRUE(told.names.empty());
  }
}

}  // namespace
}  // namespace zsluice::pipeline
