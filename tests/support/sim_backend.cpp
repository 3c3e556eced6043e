// SPDX-License-Identifier: BSD-2-Clause
#include "support/sim_backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

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

bool SimBackend::can_complete(const Operation& operation) const {
  if (operation.kind == Kind::read) return operation.fd == input_;
  if (operation.kind == Kind::write) return true;
  return script_.reader_leaves_at && written_.size() >= *script_.reader_leaves_at;
}

std::int32_t SimBackend::complete(const Operation& operation) {
  if (operation.kind == Kind::read) return complete_read(operation);
  if (operation.kind == Kind::write) return complete_write(operation);
  return 0;
}

std::int32_t SimBackend::complete_read(const Operation& operation) {
  std::uint64_t end = script_.input.size();
  if (script_.read_failure) {
    if (read_ >= script_.read_failure->at) return -script_.read_failure->error;
    end = std::min(end, script_.read_failure->at);
  }
  const std::size_t count = std::min(
      {operation.into.size(), script_.read_bytes_max, static_cast<std::size_t>(end - read_)});
  std::copy_n(script_.input.begin() + static_cast<std::ptrdiff_t>(read_), count,
              operation.into.begin());
  read_ += count;
  return static_cast<std::int32_t>(count);
}

std::int32_t SimBackend::complete_write(const Operation& operation) {
  EXPECT_EQ(copied(operation.pieces), operation.as_started) << "changed while it was in flight";
  std::size_t count = std::min(operation.as_started.size(), script_.write_bytes_max);
  if (script_.write_failure) {
    if (written_.size() >= script_.write_failure->at) return -script_.write_failure->error;
    count = std::min(count, static_cast<std::size_t>(script_.write_failure->at - written_.size()));
  }
  written_.insert(written_.end(), operation.as_started.begin(),
                  operation.as_started.begin() + static_cast<std::ptrdiff_t>(count));
  return static_cast<std::int32_t>(count);
}

std::span<const io::Completion> SimBackend::wait(std::optional<TimePoint> deadline) {
  ++waits_;
  completions_ = std::exchange(cancelled_, {});
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
  if (completions_.empty() && !deadline) throw std::logic_error("waits for ever");
  return completions_;
}

}  // namespace zsluice::test
