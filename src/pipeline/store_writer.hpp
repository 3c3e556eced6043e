// SPDX-License-Identifier: BSD-2-Clause
// StoreWriter: segments into a store that is empty, or continued, in order, so that the store is a
// valid prefix of the stream at every moment (src/store/FORMAT.md §8, §11).
//
//     add() ─▶ packed, by `threads` ─▶ chained, .part started ─▶ named, in order ─▶ manifest
//               side by side             several on their way
//
// But for the packing, one thread. Each step waits for the disk where the next one relies on it:
//
//   once      manifest: store line → fsync; fsync STORE
//   segment   (its folder made → fsync STORE) → .part written → fsync │ → rename → fsync folder
//             → manifest: its lines (fsync before they make more than 64 KiB unsynced)
//             up to │ several segments at once, behind it one after another
//   the end   manifest: closing line → fsync; published, also when the stream broke off
//
// Lines of segments are not synced one by one. What a crash takes of them can be read from the
// headers; a line never names a segment that is not there for good. What each moment of a crash or
// a failed write leaves is in src/store/FORMAT.md §11.
//
// On a disk that is full the oldest of those on their way is tried again when the others have given
// their room back, and from then on one after another: what fits is stored.
//
// Memory: one segment per thread and, with several, one more, that are packed or wait for that; of
// compressing threads one more each; of those on their way 72 MiB, or one that is longer.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/manifest_appender.hpp"
#include "pipeline/ordered_work.hpp"
#include "pipeline/segment_buffer.hpp"
#include "pipeline/segment_packer.hpp"
#include "pipeline/store_failure.hpp"
#include "pipeline/store_opening.hpp"
#include "pipeline/store_totals.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/store/cutter.hpp"
#include "zsluice/store/manifest.hpp"
#include "zsluice/store/segment_check.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zsluice::pipeline {

// More threads would take more memory than they are worth: one compresses some 300 MB/s.
inline constexpr unsigned kPackThreadsMax = 64;

// Of what is on its way: four segments of the usual length, each with what a read brings beyond it.
inline constexpr std::size_t kFlightBytesMax = std::size_t{72} << 20;

struct StoreWriterOptions {
  storage::StoreSettings settings{.compression = storage::Compression::automatic,
                                  .level = storage::kZstdLevelDefault};
  std::string key;         // for HMACs; empty: none
  std::string created_by;  // as StoreLine wants it
  unsigned threads = 1;    // that pack; 1: the one that adds
  // Storing is slow, and the user wants an end: one segment more is stored at most. May be empty.
  std::function<bool()> is_stopped;
};

class StoreWriter {
 public:
  StoreWriter(StoreWriterOptions options, io::StoreFiles& files);

  // Goes on in a store that is open, behind the segment `before`, or from its start. Settings are
  // the store's. Nothing is written before the first add(): then the store is mended
  // (store_mending.hpp).
  StoreWriter(StoreWriterOptions options,
              io::StoreFiles& files,
              OpenedStore opened,
              const std::optional<storage::SegmentHeader>& before);

  // `raw`: the bytes of the cut. A failure may be that of a segment that was added before. After
  // one nothing may follow, and what was on its way is given up: the store ends before it.
  [[nodiscard]] std::optional<StoreFailure> add(storage::Cut cut, SegmentBuffer raw);
  // For the next segment; empty.
  [[nodiscard]] SegmentBuffer spare();

  // Goes on with what was added as far as that needs no waiting.
  [[nodiscard]] std::optional<StoreFailure> advance();
  // Waits until all that was added is in the store. The segment that ends the stream closes it, if
  // what was there before is right, too, as far as all headers tell.
  [[nodiscard]] std::optional<StoreFailure> settle();

  // No more segments follow, whether the stream has ended or not: settled, and the manifest is
  // published. Not to be called after a failure.
  [[nodiscard]] std::optional<StoreFailure> finish();

  // Instead: `before` ends the stream, and only the closing line is missing. Nothing is written
  // when one of the headers is not right.
  [[nodiscard]] std::optional<StoreFailure> close_whole();

  // Something has been written, or tried to.
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  // How it was found in the store that is continued, as far as that has been looked at.
  [[nodiscard]] ManifestState manifest_found() const { return opened_->manifest.state; }
  // Of what is on disk for good; of a store that is continued nothing before it has begun.
  [[nodiscard]] const StoreTotals& totals() const { return left_ ? *left_ : totals_; }

 private:
  using Done = std::optional<StoreFailure>;
  using Packing = OrderedWork<PackedSegment>;

  // A segment on its way to the disk.
  struct Flight {
    PackedSegment segment;
    std::string name;
    ByteSpan content;       // of the file, in the segment's bytes
    bool is_alone = false;  // no other has been on its way at the same time
    // Null: not started, or finished. Last: it needs the bytes as long as it lives.
    std::unique_ptr<io::StartedFile> file;
  };

  [[nodiscard]] Done go_on();
  [[nodiscard]] Packing& packing();
  [[nodiscard]] Done start(const storage::SegmentHeader& first);
  [[nodiscard]] Done make_folder_of(std::uint64_t sequence);
  [[nodiscard]] Done remove_leftovers();
  // Whether that may be on its way besides what is.
  [[nodiscard]] bool has_room_for(const SegmentBuffer& bytes) const;
  // What has been packed, or all there is to pack.
  [[nodiscard]] Done send_packed(bool all);
  [[nodiscard]] Done send(PackedSegment segment);
  [[nodiscard]] bool is_left_out();
  // What has arrived.
  [[nodiscard]] Done land_arrived();
  [[nodiscard]] Done land_all();
  [[nodiscard]] Done land_oldest();
  [[nodiscard]] Result<void, io::SysError> finish_oldest();
  void take_off(Flight& flight);
  void turn_back(Flight& flight);
  [[nodiscard]] Done vouch();
  [[nodiscard]] Done close();
  // Nothing more arrives.
  Done give_up(Done failure);

  StoreWriterOptions options_;
  io::StoreFiles& files_;
  std::unique_ptr<Packing> packing_;  // from the first add() on
  std::deque<Flight> flights_;
  std::vector<SegmentBuffer> spare_;
  std::optional<checksum::HmacSha256> mac_;
  std::optional<storage::SegmentChain> chain_;
  StoreTotals totals_;
  std::optional<StoreTotals> left_;  // of the store that is continued, until it has a new segment
  std::optional<std::uint64_t> retaken_;  // the segment that takes the place of an old one
  ManifestAppender manifest_;
  std::optional<OpenedStore> opened_;  // the store that is continued
  bool has_begun_ = false;
  bool has_sent_last_ = false;  // the one segment that may be stored once is_stopped()
  bool is_over_ = false;        // and it was: nothing more is stored
  bool is_short_of_room_ = false;
};

}  // namespace zsluice::pipeline
