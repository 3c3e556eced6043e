// SPDX-License-Identifier: BSD-2-Clause
#include "io/operation_table.hpp"

#include "base/check.hpp"

#include <poll.h>

#include <algorithm>

namespace zsluice::io {
namespace {

constexpr unsigned kGenerationShift = 32;

iovec vector_of(MutableByteSpan bytes) {
  return {bytes.data(), bytes.size()};
}

// iovec has no const form; the kernel only reads from it in a write.
iovec vector_of(ByteSpan bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

short Operation::readiness() const {
  switch (kind) {
    case OperationKind::read:
    case OperationKind::await_read:
      return POLLIN;
    case OperationKind::write:
    case OperationKind::await_write:
      return POLLOUT;
    case OperationKind::watch:
      break;
  }
  return 0;
}

Operation& OperationTable::add_read(OpId op, int fd, MutableByteSpan into) {
  ZSLUICE_CHECK(!into.empty());
  Operation& operation = add(op, fd, OperationKind::read);
  operation.pieces[0] = vector_of(into);
  operation.piece_count = 1;
  return operation;
}

Operation& OperationTable::add_write(OpId op, int fd, std::span<const ByteSpan> pieces) {
  Operation& operation = add(op, fd, OperationKind::write);
  for (const ByteSpan piece : pieces) {
    if (operation.piece_count == kMaxPieces) break;
    if (!piece.empty()) operation.pieces[operation.piece_count++] = vector_of(piece);
  }
  ZSLUICE_CHECK(operation.piece_count > 0);
  return operation;
}

Operation& OperationTable::add_watch(OpId op, int fd) {
  return add(op, fd, OperationKind::watch);
}

Operation& OperationTable::add_await(OpId op, int fd, Readiness readiness) {
  return add(
      op, fd,
      readiness == Readiness::readable ? OperationKind::await_read : OperationKind::await_write);
}

Operation& OperationTable::add(OpId op, int fd, OperationKind kind) {
  const auto free_entry = std::ranges::find(entries_, false, &Operation::busy);
  ZSLUICE_CHECK(free_entry != entries_.end());
  // Field by field: clearing the whole entry would touch a kilobyte of vectors per operation.
  free_entry->op = op;
  free_entry->fd = fd;
  free_entry->kind = kind;
  free_entry->busy = true;
  free_entry->cancelled = false;
  free_entry->dormant = false;
  free_entry->polling = false;
  free_entry->generation += 1;
  free_entry->result.reset();
  free_entry->piece_count = 0;
  return *free_entry;
}

Operation* OperationTable::find(OpId op) {
  const auto found = std::ranges::find_if(entries_, [op](const Operation& operation) {
    return operation.is_unfinished() && operation.op == op;
  });
  return found == entries_.end() ? nullptr : &*found;
}

std::uint64_t OperationTable::key_of(const Operation& operation) const {
  const auto index = static_cast<std::uint64_t>(&operation - entries_.data());
  return std::uint64_t{operation.generation} << kGenerationShift | index;
}

Operation* OperationTable::find_key(std::uint64_t key) {
  const auto index = static_cast<std::uint32_t>(key);
  if (index >= entries_.size()) return nullptr;
  Operation& operation = entries_[index];
  const bool same = operation.generation == static_cast<std::uint32_t>(key >> kGenerationShift);
  return same && operation.is_unfinished() ? &operation : nullptr;
}

bool OperationTable::is_empty() const {
  return std::ranges::none_of(entries_, &Operation::busy);
}

bool OperationTable::has_results() const {
  return std::ranges::any_of(entries_, [](const Operation& operation) {
    return operation.busy && operation.result.has_value();
  });
}

std::span<const Completion> OperationTable::deliver() {
  std::size_t count = 0;
  for (Operation& operation : entries_) {
    if (!operation.busy || !operation.result.has_value()) continue;
    delivered_[count++] = {operation.op, *operation.result};
    operation.busy = false;
  }
  return std::span(delivered_).first(count);
}

}  // namespace zsluice::io
