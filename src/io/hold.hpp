// SPDX-License-Identifier: BSD-2-Clause
// The hold: references to the pages of an input pipe wait in pipes of our own until they may pass
// to an output pipe, so that their bytes are never copied on the way out (DESIGN.md §7).
//
//   input ─tee─▶ hold pipe, hold pipe, … ─splice─▶ output
//
// A caller takes a reference to what lies in the input, then reads the same bytes from it, which is
// the one copy, and checks that. All calls are direct and never block; Backend::await() tells when
// to try again.
//
// A pipe holds pages, not bytes, and a user without privileges has 64 MiB of them for all his
// pipes: the pipes are made one by one as they are needed, few and small enough that a dozen runs
// leave others room, and a hold that has no more says so (-ENOBUFS). Then the bytes are to be
// copied. Bytes that a producer wrote cannot change while they are held; bytes that it spliced from
// a file change with that file.
//
// Descriptors of both sides are borrowed. A count is at least 1, or 0 at the end of the input; an
// error is -errno.
#pragma once

#include "io/fd.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace zsluice::io {

// Of one pipe; what an ordinary user may have at most (fs.pipe-max-size).
inline constexpr int kPipeBytes = 1 << 20;
inline constexpr std::size_t kHoldPipes = 4;
// All that a hold can take: part of a run's memory.
inline constexpr std::size_t kHoldBytesMax = kHoldPipes * kPipeBytes;

// Makes the pipe as large as that, or as large as the kernel allows; never smaller, and no harm if
// it is none. Pipes are made with 64 KiB, so that two processes must take turns for each of them.
// Returns what it holds now; nothing where it is none.
std::optional<std::size_t> grow_pipe(int fd);

class Hold {
 public:
  // Whether the descriptors are of the right kind.
  [[nodiscard]] static bool fits(int input, int output);
  // Null where it cannot be used: an end is no pipe, the kernel refuses, or the user has too many
  // pages in pipes already.
  [[nodiscard]] static std::unique_ptr<Hold> create(int input, int output);

  // References to the next bytes of the input, which stay in it. -EAGAIN: the input is empty, or at
  // its end while this holds something. -ENOBUFS: no room.
  [[nodiscard]] std::int32_t take(std::size_t bytes_max);

  // The oldest bytes pass to the output. -EAGAIN: it is full. Not to be called when empty.
  [[nodiscard]] std::int32_t give(std::size_t bytes_max);

  // The oldest bytes are forgotten. As give(), but never -EAGAIN.
  [[nodiscard]] std::int32_t drop(std::size_t bytes_max);

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  struct Pipe {
    Fd read_end;
    Fd write_end;
    std::uint64_t bytes = 0;
  };

  Hold(int input, int output, Fd null) : input_(input), output_(output), null_(std::move(null)) {}
  [[nodiscard]] bool add_pipe();
  [[nodiscard]] bool advance();
  [[nodiscard]] std::int32_t move_oldest(int to, std::size_t bytes_max);

  int input_;
  int output_;
  Fd null_;
  std::vector<Pipe> pipes_;  // a ring: the oldest bytes are in oldest_, the newest in newest_
  std::size_t oldest_ = 0;
  std::size_t newest_ = 0;
  std::uint64_t size_ = 0;
  bool is_refused_ = false;  // another pipe; not asked for again before this has been empty
};

}  // namespace zsluice::io
