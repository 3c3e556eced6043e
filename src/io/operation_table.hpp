// SPDX-License-Identifier: BSD-2-Clause
// The operations in flight, for both backends: a fixed table, so that nothing is allocated once a
// backend runs. An entry is busy from its start until wait() has delivered its result.
#pragma once

#include "io/backend.hpp"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace zsluice::io {

enum class OperationKind : std::uint8_t { read, write, watch, await_read, await_write };

struct Operation {
  OpId op{};
  int fd = -1;
  OperationKind kind = OperationKind::read;
  bool busy = false;
  bool cancelled = false;
  bool dormant = false;  // a watch that can no longer, or not at all, see its peer go
  bool polling = false;  // waits for readiness before it is tried again
  std::uint32_t generation = 0;
  // Of a file with a position: where this attempt began (the uring backend moves it on by itself).
  std::optional<std::uint64_t> position;
  std::optional<std::int32_t> result;
  std::array<iovec, kMaxPieces> pieces{};
  std::size_t piece_count = 0;

  [[nodiscard]] std::span<const iovec> vectors() const {
    return std::span(pieces).first(piece_count);
  }
  [[nodiscard]] bool is_unfinished() const { return busy && !result.has_value(); }
  // Moves no bytes: it ends when the descriptor is ready.
  [[nodiscard]] bool is_await() const {
    return kind == OperationKind::await_read || kind == OperationKind::await_write;
  }
  // poll(2) bits that say it is worth trying; errors and hang-ups are always reported.
  [[nodiscard]] short readiness() const;
};

class OperationTable {
 public:
  // The returned entry stays in place until its result has been delivered.
  Operation& add_read(OpId op, int fd, MutableByteSpan into);
  Operation& add_write(OpId op, int fd, std::span<const ByteSpan> pieces);
  Operation& add_watch(OpId op, int fd);
  Operation& add_await(OpId op, int fd, Readiness readiness);

  // nullptr when no such operation is unfinished.
  [[nodiscard]] Operation* find(OpId op);

  // A name for an entry that outlives it without being mistaken for its successor: io_uring hands
  // it back with the completion. find_key() gives nullptr for a name whose operation is over.
  [[nodiscard]] std::uint64_t key_of(const Operation& operation) const;
  [[nodiscard]] Operation* find_key(std::uint64_t key);

  [[nodiscard]] std::span<Operation> entries() { return entries_; }
  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] bool has_results() const;

  // Hands out all results and frees their entries. Valid until the next call.
  [[nodiscard]] std::span<const Completion> deliver();

 private:
  Operation& add(OpId op, int fd, OperationKind kind);

  std::array<Operation, kMaxOperations> entries_{};
  std::array<Completion, kMaxOperations> delivered_{};
};

}  // namespace zsluice::io
