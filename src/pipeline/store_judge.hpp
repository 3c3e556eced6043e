// SPDX-License-Identifier: BSD-2-Clause
// StoreJudge: what the segments of a store are to each other and to the manifest. It is told of
// each in order, when it has been checked by itself, and finds what is missing, swapped, foreign or
// cut off. Each bad segment gives one finding. No threads, and no files but the manifest.
//
// Where the manifest and a segment disagree, the manifest decides which of two neighbours is bad,
// unless both neighbours side with the segment; without one it is the later of the two.
//
// Memory: two headers and a finding, and the substreams of one segment, whatever the store's size.
#pragma once

#include "pipeline/segment_probe.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/store_finding.hpp"
#include "pipeline/store_identity.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace zsluice::pipeline {

// Kept one by one; the others are counted.
inline constexpr std::size_t kGoodRangesMax = 1000;

struct StoreVerdict {
  std::uint64_t segments_good = 0;
  std::uint64_t segments_bad = 0;  // missing ones included
  std::uint64_t raw_bytes = 0;     // of the good ones
  std::uint64_t stored_bytes = 0;
  std::uint64_t records = 0;
  std::uint64_t substreams = 0;  // that begin in them
  std::vector<GoodRange> good;
  std::uint64_t good_more = 0;
  // From the first on: what `join` passes, if no policy of its own stands against it. That goes by
  // the segments, whatever the manifest names, and holds back a BEGIN until it is proven.
  std::uint64_t prefix_segments = 0;
  std::uint64_t prefix_bytes = 0;
  bool is_prefix_whole = false;   // it is the whole stream
  bool is_join_refused = false;   // nothing passes: the manifest is wrong
  bool is_plain = false;          // some of it is not raw: a policy stands against it
  bool has_end = false;           // the segment that ends the stream is there
  std::uint64_t stale_lines = 0;  // of the manifest, about other copies of the same segments
  std::optional<storage::Substream> last_substream;  // that begins in the store
};

class StoreJudge {
 public:
  using Tell = std::function<void(const StoreFinding&)>;

  // `manifest`: what read_manifest() said; its lines are read once more, beside the segments, when
  // it is used. `identity`: of the store, absent when no header could be read.
  struct Facts {
    ManifestFacts manifest;
    ManifestUse use = ManifestUse::left_out;
    std::optional<StoreIdentity> identity;
    bool has_key = false;
  };
  StoreJudge(Facts facts, io::StoreFiles& files, Tell tell);

  // Numbers grow. `next`: the one that is taken next, if there is one.
  void take(const ProbedSegment& segment, const ProbedSegment* next = nullptr);
  // A folder that would hold segments from `first` on cannot be listed.
  void take_folder(std::uint64_t first, const io::SysError& error);
  // No more segments. `mac`: the key, when there is one.
  void finish(checksum::HmacSha256* mac);
  // Segments will not be looked at any more, although there may be some.
  void stop() { release(nullptr); }

  [[nodiscard]] const StoreVerdict& verdict() const { return verdict_; }

 private:
  using Error = std::optional<StoreFailure>;
  // What the manifest says of one segment.
  struct Lines {
    storage::SegmentLine segment;
    std::vector<storage::Substream> begun;
  };

  [[nodiscard]] std::optional<Lines> lines_of(std::uint64_t sequence);
  [[nodiscard]] bool is_manifest_used() const { return facts_.use == ManifestUse::used; }
  [[nodiscard]] Error judge(const ProbedSegment& segment,
                            const Lines* lines,
                            const ProbedSegment* next) const;
  [[nodiscard]] bool is_backed(const ProbedSegment& segment, const ProbedSegment* next) const;
  [[nodiscard]] Error judge_link(const storage::SegmentHeader& header, bool is_named) const;
  [[nodiscard]] Error linked(const storage::SegmentHeader& header, bool is_named) const;
  // How many segments there are, as the closing line says; without one, more than there can be.
  [[nodiscard]] std::uint64_t closed_at() const;
  void find_gap(std::uint64_t to);
  void judge_first_line(const storage::SegmentHeader& first, const Lines* lines);
  void judge_lines(const ProbedSegment& segment, const Lines& lines);
  void find_bad(const ProbedSegment& segment, StoreFailure failure, const Lines* lines);
  void find_run(StoreFailureCode code,
                std::uint64_t first,
                std::uint64_t last,
                std::optional<io::SysError> system = {});
  void add_good(const storage::SegmentHeader& header);
  void follow_prefix(const ProbedSegment& segment, const Lines* lines);
  void judge_prefix_end(checksum::HmacSha256* mac);
  void refuse_join();
  [[nodiscard]] bool is_first_line_right(const storage::SegmentHeader& first,
                                         const Lines* lines) const;
  // Nothing: it is right, or there is none.
  [[nodiscard]] std::optional<StoreFailureCode> end_problem(const storage::SegmentHeader& last,
                                                            checksum::HmacSha256* mac) const;
  void follow(const ProbedSegment& segment, const Lines* lines, bool is_placed);
  void add_running(StoreFinding& finding, const storage::SegmentHeader* header) const;
  void hold(StoreFinding finding, bool is_open_ended);
  void release(const storage::SegmentHeader* next);
  void check_end(const storage::SegmentHeader& last, checksum::HmacSha256* mac);
  [[nodiscard]] StoreFailure failure_of(StoreFailureCode code, std::uint64_t sequence) const;

  Facts facts_;
  Tell tell_;
  std::optional<ManifestLines> lines_;
  std::uint64_t next_ = 0;                          // the number that belongs here
  std::optional<storage::SegmentHeader> previous_;  // of the segment right before
  bool is_previous_right_ = false;                  // and nothing was found about it
  std::optional<storage::SegmentHeader> known_;     // the last one whose place was believed
  std::optional<storage::SegmentHeader> last_;      // the one that ends the stream
  std::optional<storage::Substream> running_;       // the last one that began
  std::optional<StoreFinding> held_;                // until the next segment is known
  std::uint64_t named_begun_ = 0;                   // substreams that were told behind known_
  bool is_last_bad_ = false;                        // whether the store ends there is not known
  std::optional<storage::SegmentChain> prefix_;     // what `join` has passed so far
  bool is_prefix_over_ = false;
  bool is_prefix_without_manifest_ = false;
  std::uint64_t prefix_bytes_before_ = 0;  // its last segment
  StoreVerdict verdict_;
};

}  // namespace zsluice::pipeline
