// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/splitting.hpp"

#include <utility>

namespace zsluice::pipeline {
namespace {

using storage::Cut;

// What a read brings beyond the open segment; only saves copying.
constexpr std::size_t kReadBytes = std::size_t{1} << 20;

std::size_t held_bytes(const storage::StoreSettings& settings) {
  return static_cast<std::size_t>(settings.segment_bytes) + kReadBytes;
}

Gate gate_at(const GateOptions& options, const storage::Position& at, GateObserver& ear) {
  const auto place = stream_place(at);
  return place ? Gate(options, *place, &ear) : Gate(options, &ear);
}

}  // namespace

Splitting::Splitting(const GateOptions& gate,
                     const StoreWriterOptions& store,
                     io::StoreFiles& files)
    : ear_(storage::SegmentCutter(store.settings.segment_bytes)),
      gate_(gate, &ear_),
      writer_(unless_delivered(store), files),
      held_bytes_(held_bytes(store.settings)) {
  held_.reserve(held_bytes_);
}

Splitting::Splitting(const GateOptions& gate,
                     const storage::SegmentHeader& open,
                     StoreWriter writer)
    : ear_(storage::SegmentCutter::reopened(open)),
      gate_(gate_at(gate, open.start, ear_)),
      writer_(std::move(writer)),
      may_store_(false),
      given_up_max_(given_up_bytes_max(open.settings.segment_bytes)),
      held_bytes_(held_bytes(open.settings)),
      held_from_(open.start.offset) {
  held_.reserve(held_bytes_);
}

StoreWriterOptions Splitting::unless_delivered(StoreWriterOptions options) {
  if (!options.is_stopped) return options;
  options.is_stopped = [this, is_stopped = std::move(options.is_stopped)] {
    return !gate_.delivered() && is_stopped();
  };
  return options;
}

void Splitting::feed(ByteSpan bytes) {
  bytes_ += bytes.size();
  if (gate_.delivered()) return gate_.feed(bytes);  // what follows the end is only counted
  const std::size_t before = held_.size();
  held_.append(bytes);
  gate_.feed(held_.payload().subspan(before));
  store_cuts();
  if (failure_) return;
  // Whatever may follow the end, the store is not to wait for it.
  auto failure = gate_.delivered() ? writer_.settle() : writer_.advance();
  if (failure) failure_ = std::move(*failure);
}

bool Splitting::settle() {
  if (!failure_) {
    if (auto failure = writer_.settle()) failure_ = std::move(*failure);
  }
  return !is_over();
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

// The bytes of the next cut, copied, or what is held itself where less than half is left of it.
SegmentBuffer Splitting::take_out(const Cut& cut) {
  const auto at = static_cast<std::size_t>(cut.start.offset - held_from_);
  const auto length = static_cast<std::size_t>(cut.raw_bytes());
  SegmentBuffer segment = writer_.spare();
  if (at > 0 || 2 * length < held_.size()) {
    segment.append(held_.payload().subspan(at, length));
    return segment;
  }
  segment.reserve(held_bytes_);
  segment.append(held_.payload().subspan(length));
  std::swap(segment, held_);
  held_from_ = cut.end.offset;
  segment.resize(length);
  return segment;
}

// What has been cut and may pass.
void Splitting::store_cuts() {
  std::vector<Cut>& cuts = ear_.cuts();
  if (cuts.empty() || !may_store_ || is_held_back()) return;
  std::size_t stored = 0;
  std::uint64_t end = held_from_;
  while (stored < cuts.size() && cuts[stored].end.offset <= gate_.releasable() && !failure_) {
    Cut& cut = cuts[stored];
    end = cut.end.offset;
    SegmentBuffer segment = take_out(cut);
    if (auto failure = writer_.add(std::move(cut), std::move(segment))) {
      failure_ = std::move(*failure);
    }
    ++stored;
  }
  cuts.erase(cuts.begin(), cuts.begin() + static_cast<std::ptrdiff_t>(stored));
  held_.drop_front(static_cast<std::size_t>(end - held_from_));
  held_from_ = end;
}

void Splitting::end() {
  if (failure_) return;
  ear_.cut_rest();
  beyond_.reset();
  store_cuts();
  settle();
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
  settle();
}

}  // namespace zsluice::pipeline
