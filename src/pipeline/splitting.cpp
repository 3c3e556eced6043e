// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/splitting.hpp"

#include <utility>

namespace zsluice::pipeline {
namespace {

using storage::Cut;

// What a read brings beyond the open segment; only saves copying.
constexpr std::size_t kReadBytes = std::size_t{1} << 20;

Gate gate_at(const GateOptions& options, const storage::Position& at, GateObserver& ear) {
  const auto place = stream_place(at);
  return place ? Gate(options, *place, &ear) : Gate(options, &ear);
}

}  // namespace

Splitting::Splitting(const GateOptions& gate,
                     const StoreWriterOptions& store,
                     io::StoreFiles& files,
                     std::function<bool()> is_stopped)
    : ear_(storage::SegmentCutter(store.settings.segment_bytes)),
      gate_(gate, &ear_),
      writer_(store, files),
      is_stopped_(std::move(is_stopped)) {
  held_.reserve(static_cast<std::size_t>(store.settings.segment_bytes) + kReadBytes);
}

Splitting::Splitting(const GateOptions& gate,
                     const storage::SegmentHeader& open,
                     StoreWriter writer)
    : ear_(storage::SegmentCutter::reopened(open)),
      gate_(gate_at(gate, open.start, ear_)),
      writer_(std::move(writer)),
      may_store_(false),
      given_up_max_(given_up_bytes_max(open.settings.segment_bytes)),
      held_from_(open.start.offset) {
  held_.reserve(static_cast<std::size_t>(open.settings.segment_bytes) + kReadBytes);
}

void Splitting::feed(ByteSpan bytes) {
  bytes_ += bytes.size();
  if (gate_.delivered()) return gate_.feed(bytes);  // what follows the end is only counted
  const std::size_t before = held_.size();
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  gate_.feed(ByteSpan(held_).subspan(before));
  store_cuts();
}

void Splitting::start_storing_beyond(std::uint64_t bytes) {
  if (std::exchange(may_store_, true)) return;
  beyond_ = bytes;
  store_cuts();
}

bool Splitting::is_held_back() {
  if (!beyond_) return false;
  std::uint64_t end = held_from_;
  for (const Cut& cut : ear_.cuts()) {
    if (cut.end.offset <= gate_.releasable()) end = cut.end.offset;
  }
  const bool is_shorter = end <= *beyond_ && end - held_from_ <= given_up_max_;
  if (!is_shorter) beyond_.reset();
  return is_shorter;
}

// What has been cut and may pass.
void Splitting::store_cuts() {
  std::vector<Cut>& cuts = ear_.cuts();
  if (cuts.empty() || !may_store_ || is_held_back()) return;
  std::size_t stored = 0;
  std::uint64_t end = held_from_;
  while (stored < cuts.size() && cuts[stored].end.offset <= gate_.releasable() && !failure_ &&
         may_store_next()) {
    const Cut& cut = cuts[stored];
    const auto at = static_cast<std::size_t>(cut.start.offset - held_from_);
    const auto length = static_cast<std::size_t>(cut.raw_bytes());
    if (auto failure = writer_.add(cut, ByteSpan(held_).subspan(at, length))) {
      failure_ = std::move(*failure);
    }
    end = cut.end.offset;
    ++stored;
  }
  cuts.erase(cuts.begin(), cuts.begin() + static_cast<std::ptrdiff_t>(stored));
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(end - held_from_));
  held_from_ = end;
}

bool Splitting::may_store_next() {
  if (!is_stopped_ || gate_.delivered() || !is_stopped_()) return true;
  return !std::exchange(has_stored_last_, true);
}

void Splitting::end() {
  if (failure_) return;
  ear_.cut_rest();
  beyond_.reset();
  store_cuts();
  if (failure_) return;
  if (auto failure = writer_.finish()) unpublished_ = std::move(*failure);
}

void Splitting::end_beyond(std::uint64_t bytes) {
  if (failure_) return;
  ear_.cut_rest();
  const std::vector<Cut>& cuts = ear_.cuts();
  const bool is_longer = !cuts.empty() && cuts.back().end.offset > bytes;
  if (!writer_.has_begun() && !is_longer) return;
  beyond_.reset();
  store_cuts();
}

}  // namespace zsluice::pipeline
