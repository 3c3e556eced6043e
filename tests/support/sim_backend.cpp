// SPDX-License-Identifier: BSD-2-Clause
#include "support/sim_backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <utility>

namespace zsluice::test {
namespace {

Bytes copied(const std::vector<ByteSpan>& pieces) {
  Bytes all;
  for (const ByteSpan piece : pieces)
    all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

}  // namespace

void SimBackend::start(Operation operation) {
  for (const Operation& other : operations_) {
    EXPECT_FALSE(other.kind == operation.kind && other.fd == operation.fd) << "two at once";
    EXPECT_NE(other.op, operation.op);
  }
  EXPECT_FALSE(operation.fd == output_ && output_released_) << "used after release()";
  operations_.push_back(std::move(operation));
  EXPECT_LE(operations_.size(), io::kMaxOperations);
}

void SimBackend::read(io::OpId op, int fd, MutableByteSpan into) {
  EXPECT_FALSE(into.empty());
  start({Kind::read, op, fd, into, {}, {}});
}

void SimBackend::write(io::OpId op, int fd, std::span<const ByteSpan> pieces) {
  EXPECT_FALSE(pieces.empty());
  EXPECT_LE(pieces.size(), io::kMaxPieces);
  std::vector<ByteSpan> own(pieces.begin(), pieces.end());
  Bytes as_started = copied(own);
  EXPECT_FALSE(as_started.empty());
  start({Kind::write, op, fd, {}, std::move(own), std::move(as_started)});
}

void SimBackend::watch(io::OpId op, int fd) {
  start({Kind::watch, op, fd, {}, {}, {}});
}

// Only the hold path of real pipes asks for it.
void SimBackend::await(io::OpId /*op*/, int /*fd*/, io::Readiness /*readiness*/) {
  ADD_FAILURE() << "these descriptors are no pipes";
}

void SimBackend::cancel(io::OpId op) {
  const auto found = std::ranges::find(operations_, op, &Operation::op);
  if (found == operations_.end()) return;
  cancelled_.push_back({op, -ECANCELED});
  operations_.erase(found);
}

void SimBackend::release(int fd) {
  for (const Operation& operation : operations_) {
    if (operation.fd == fd) cancelled_.push_back({operation.op, -ECANCELED});
  }
  std::erase_if(operations_, [fd](const Operation& operation) { return operation.fd == fd; });
  if (fd == output_) output_released_ = true;
}

// Whether a pause has come and is not over.
bool SimBackend::pauses(Side& side, const std::vector<SimPause>& pauses) const {
  if (side.next_pause == pauses.size() || side.moved < pauses[side.next_pause].at) return false;
  if (!side.resumes) {
    const Duration length = pauses[side.next_pause].length;
    side.resumes = length == kForEver ? TimePoint::max() : now_ + length;
  }
  if (now_ < *side.resumes) return true;
  side.resumes.reset();
  ++side.next_pause;
  return false;
}

std::uint64_t SimBackend::next_stop(const Side& side, const std::vector<SimPause>& pauses) {
  return side.next_pause < pauses.size() ? pauses[side.next_pause].at
                                         : std::numeric_limits<std::uint64_t>::max();
}

void SimBackend::move(Side& side, std::uint64_t bytes) {
  side.moved += bytes;
  side.history.push_back({now_, side.moved});
}

bool SimBackend::can_complete(const Operation& operation) {
  if (operation.kind == Kind::read) {
    return operation.fd == input_ && !pauses(input_side_, script_.input_pauses);
  }
  if (operation.kind == Kind::write) return !pauses(output_side_, script_.output_pauses);
  return script_.reader_leaves_at && output_side_.moved >= *script_.reader_leaves_at;
}

std::int32_t SimBackend::complete(const Operation& operation) {
  if (operation.kind == Kind::read) return complete_read(operation);
  if (operation.kind == Kind::write) return complete_write(operation);
  return 0;
}

std::int32_t SimBackend::complete_read(const Operation& operation) {
  const std::uint64_t at = input_side_.moved;
  std::uint64_t end = std::min(script_.input.size() + script_.zeros_after,
                               next_stop(input_side_, script_.input_pauses));
  if (script_.read_failure) {
    if (at >= script_.read_failure->at) return -script_.read_failure->error;
    end = std::min(end, script_.read_failure->at);
  }
  if (at < script_.input.size()) end = std::min<std::uint64_t>(end, script_.input.size());
  const std::size_t count =
      std::min({operation.into.size(), script_.read_bytes_max, static_cast<std::size_t>(end - at)});
  if (at < script_.input.size()) {
    std::copy_n(script_.input.begin() + static_cast<std::ptrdiff_t>(at), count,
                operation.into.begin());
  } else {
    std::fill_n(operation.into.begin(), count, std::byte{0});
  }
  move(input_side_, count);
  return static_cast<std::int32_t>(count);
}

std::int32_t SimBackend::complete_write(const Operation& operation) {
  EXPECT_EQ(copied(operation.pieces), operation.as_started) << "changed while it was in flight";
  const std::uint64_t at = output_side_.moved;
  std::uint64_t end = next_stop(output_side_, script_.output_pauses);
  if (script_.write_failure) {
    if (at >= script_.write_failure->at) return -script_.write_failure->error;
    end = std::min(end, script_.write_failure->at);
  }
  const auto count = static_cast<std::size_t>(
      std::min<std::uint64_t>({operation.as_started.size(), script_.write_bytes_max, end - at}));
  if (script_.keeps_output) {
    written_.insert(written_.end(), operation.as_started.begin(),
                    operation.as_started.begin() + static_cast<std::ptrdiff_t>(count));
  }
  move(output_side_, count);
  return static_cast<std::int32_t>(count);
}

void SimBackend::complete_some() {
  std::shuffle(operations_.begin(), operations_.end(), random_);
  for (auto operation = operations_.begin(); operation != operations_.end();) {
    const bool is_enough = !completions_.empty() && random_() % 2 == 0;
    if (is_enough) break;
    if (!can_complete(*operation)) {
      ++operation;
      continue;
    }
    const io::OpId op = operation->op;
    completions_.push_back({op, complete(*operation)});
    operation = operations_.erase(operation);
  }
}

// The deadline, or the end of a pause that something waits for.
std::optional<TimePoint> SimBackend::next_event(std::optional<TimePoint> deadline) const {
  std::optional<TimePoint> next = deadline;
  for (const Operation& operation : operations_) {
    if (operation.kind == Kind::watch) continue;
    const Side& side = operation.kind == Kind::read ? input_side_ : output_side_;
    if (!side.resumes || *side.resumes == TimePoint::max()) continue;
    if (!next || *side.resumes < *next) next = side.resumes;
  }
  return next;
}

std::span<const io::Completion> SimBackend::wait(std::optional<TimePoint> deadline) {
  ++waits_;
  completions_ = std::exchange(cancelled_, {});
  for (;;) {
    complete_some();
    if (!completions_.empty() || (deadline && *deadline <= now_)) return completions_;
    const std::optional<TimePoint> next = next_event(deadline);
    if (!next) throw std::logic_error("waits for ever");
    now_ = std::max(now_, *next);
    if (script_.oversleep && now_ - TimePoint{} > script_.oversleep->after) {
      now_ += std::exchange(script_.oversleep, std::nullopt)->by;
    }
  }
}

}  // namespace zsluice::test
