// SPDX-License-Identifier: BSD-2-Clause
// What a pipe has read and not yet written, in order. Bytes lie in one of two places: copied into
// blocks, or held as references to the input's pages (io/hold.hpp), of which only a copy that is
// used up at once was checked. The caller sees one queue and is told, at its head, which way the
// next bytes leave.
//
//   reserve() … commit()                     bytes are read into a block and stay there
//   take_held() … keep_held() | keep_copy()  bytes are read beside a reference to them; after the
//                                            check either the reference or the copy is kept
//
// References and copies that were not chosen are forgotten here. One thread; nothing is allocated
// after the start but the list of runs, which is bounded by what the hold and the pool can take.
#pragma once

#include "io/block_pool.hpp"
#include "io/channel.hpp"
#include "io/hold.hpp"
#include "pipeline/block_queue.hpp"

#include <cstdint>
#include <deque>
#include <memory>

namespace zsluice::pipeline {

class PassBuffer {
 public:
  // `hold` may be null: then everything is copied.
  PassBuffer(io::BlockPool& pool, std::unique_ptr<io::Hold> hold)
      : queue_(pool), pool_(pool), hold_(std::move(hold)) {}

  [[nodiscard]] bool has_hold() const { return hold_ != nullptr; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

  // --- in, by copy: see BlockQueue ---
  [[nodiscard]] MutableByteSpan reserve() { return queue_.reserve(); }
  ByteSpan commit(std::size_t bytes);

  // --- in, by reference ---
  // Reads what the input has, a block at most, without blocking. A count, 0 at the end; -EAGAIN:
  // the input is empty, or at its end; -ENOBUFS: the hold or the pool is full, so that the bytes
  // must be copied, or wait. After a count, taken() are the bytes, and keep_held() or keep_copy()
  // must follow.
  [[nodiscard]] std::int32_t take_held(io::Channel& input, std::uint64_t bytes_max);
  [[nodiscard]] ByteSpan taken() const;
  void keep_held();
  void keep_copy();
  // No more references from now on; those there are leave as such.
  void stop_holding() { holds_ = false; }
  [[nodiscard]] bool is_holding() const { return hold_ != nullptr && holds_; }

  // --- out ---
  enum class Way : std::uint8_t { splice, write };
  // How the next bytes leave, and how many of them that way. Not to be asked when empty.
  [[nodiscard]] Way head_way() const;
  [[nodiscard]] std::uint64_t head_bytes() const { return runs_.front().bytes; }
  // Way::splice: moves them. A count or -errno; -EAGAIN: the output is full.
  [[nodiscard]] std::int32_t splice(std::size_t bytes_max);
  // Way::write: the pieces for a write, and what it took.
  [[nodiscard]] std::span<const ByteSpan> gather(std::uint64_t bytes_max);
  void consume(std::uint64_t bytes);
  // Nothing of it will be written.
  void discard_all();

 private:
  enum class Place : std::uint8_t { held, copied, stale };
  struct Run {
    Place place{};
    std::uint64_t bytes = 0;
  };

  void append(Place place, std::uint64_t bytes);
  void remove(std::uint64_t bytes);
  // References at the head that are not the stream's way out.
  void drop_stale();

  BlockQueue queue_;
  io::BlockPool& pool_;
  std::unique_ptr<io::Hold> hold_;
  bool holds_ = true;
  std::deque<Run> runs_;  // the first one is never stale
  std::uint64_t size_ = 0;

  io::Block scratch_;
  std::size_t taken_ = 0;       // bytes read into scratch_
  std::size_t referenced_ = 0;  // bytes taken into the hold with them
};

}  // namespace zsluice::pipeline
