// SPDX-License-Identifier: BSD-2-Clause
// StoreWriter: segments into a store that is empty, or continued, in order, so that the store is a
// valid prefix of the stream at every moment (src/store/FORMAT.md §8, §11). One thread; each step
// waits for the disk where the next one relies on it:
//
//   once      manifest: store line → fsync; fsync STORE
//   segment   (its folder made → fsync STORE) → .part written → fsync → rename → fsync folder
//             → manifest: its lines (fsync before they make more than 64 KiB unsynced)
//   the end   manifest: closing line → fsync; published, also when the stream broke off
//
// Lines of segments are not synced one by one. What a crash takes of them can be read from the
// headers; a line never names a segment that is not there for good. What each moment of a crash or
// a failed write leaves is in src/store/FORMAT.md §11.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/manifest_appender.hpp"
#include "pipeline/segment_packer.hpp"
#include "pipeline/store_failure.hpp"
#include "pipeline/store_opening.hpp"
#include "pipeline/store_totals.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/store/cutter.hpp"
#include "zsluice/store/manifest.hpp"
#include "zsluice/store/segment_check.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::pipeline {

struct StoreWriterOptions {
  storage::StoreSettings settings{.compression = storage::Compression::automatic,
                                  .level = storage::kZstdLevelDefault};
  std::string key;         // for HMACs; empty: none
  std::string created_by;  // as StoreLine wants it
};

class StoreWriter {
 public:
  StoreWriter(const StoreWriterOptions& options, io::StoreFiles& files);

  // Goes on in a store that is open, behind the segment `before`, or from its start. Settings are
  // the store's. Nothing is written before the first add(): then the store is mended
  // (store_mending.hpp).
  StoreWriter(const StoreWriterOptions& options,
              io::StoreFiles& files,
              OpenedStore opened,
              const std::optional<storage::SegmentHeader>& before);

  // `raw`: the bytes of the cut. The one that ends the stream closes the store. After a failure
  // nothing may follow.
  [[nodiscard]] std::optional<StoreFailure> add(const storage::Cut& cut, ByteSpan raw);

  // No more segments follow, whether the stream has ended or not: the manifest is published. Not
  // to be called after a failure.
  [[nodiscard]] std::optional<StoreFailure> finish();

  // Instead: `before` ends the stream, and only the closing line is missing.
  [[nodiscard]] std::optional<StoreFailure> close_whole();

  // Something has been written, or tried to.
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  // Of what is on disk for good; of a store that is continued nothing before it has begun.
  [[nodiscard]] const StoreTotals& totals() const { return left_ ? *left_ : totals_; }

 private:
  using Done = std::optional<StoreFailure>;
  [[nodiscard]] Done go_on();
  [[nodiscard]] Done start(const storage::SegmentHeader& first);
  [[nodiscard]] Done put(const storage::SegmentHeader& header, ByteSpan encoded, ByteSpan stored);
  [[nodiscard]] Done close();

  StoreWriterOptions options_;
  io::StoreFiles& files_;
  SegmentPacker packer_;
  std::optional<checksum::HmacSha256> mac_;
  std::optional<storage::SegmentChain> chain_;
  StoreTotals totals_;
  std::optional<StoreTotals> left_;  // of the store that is continued, until it has a new segment
  std::optional<std::uint64_t> retaken_;  // the segment that takes the place of an old one
  ManifestAppender manifest_;
  std::optional<OpenedStore> opened_;  // the store that is continued
  bool has_begun_ = false;
};

}  // namespace zsluice::pipeline
