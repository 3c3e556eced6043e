// SPDX-License-Identifier: BSD-2-Clause
#include "io/hold.hpp"

#include "io/file_kind.hpp"
#include "io/without_interruption.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace zsluice::io {
namespace {

// Smaller ones are not worth their calls: a record would need several.
constexpr std::size_t kPipeBytesMin = 64 << 10;

bool is_empty(int pipe) {
  int bytes = 0;
  return ::ioctl(pipe, FIONREAD, &bytes) == 0 && bytes == 0;
}

}  // namespace

bool Hold::fits(int input, int output) {
  return describe(input) == FileKind::pipe && describe(output) == FileKind::pipe;
}

std::optional<std::size_t> grow_pipe(int fd) {
  const int there = ::fcntl(fd, F_GETPIPE_SZ);
  if (there < 0) return std::nullopt;
  for (int bytes = kPipeBytes; bytes > there; bytes /= 2) {
    const int grown = ::fcntl(fd, F_SETPIPE_SZ, bytes);
    if (grown >= 0) return static_cast<std::size_t>(grown);
  }
  return static_cast<std::size_t>(there);
}

std::unique_ptr<Hold> Hold::create(int input, int output) {
  if (!fits(input, output)) return nullptr;
  Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!null) return nullptr;
  std::unique_ptr<Hold> hold(new Hold(input, output, std::move(null)));
  hold->pipes_.reserve(kHoldPipes);
  if (!hold->add_pipe()) return nullptr;
  // A filter may refuse splice; out of an empty pipe it moves nothing. An output without a reader
  // is for the run to report.
  const std::int32_t probe = hold->move_oldest(output, 1);
  const bool is_usable = probe == -EAGAIN || probe == -EPIPE;
  return is_usable ? std::move(hold) : nullptr;
}

bool Hold::add_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  Pipe pipe{Fd(ends[0]), Fd(ends[1]), 0};
  if (grow_pipe(ends[1]).value_or(0) < kPipeBytesMin) return false;
  pipes_.insert(pipes_.begin() + static_cast<std::ptrdiff_t>(pipes_.empty() ? 0 : newest_ + 1),
                std::move(pipe));
  return true;
}

// Makes the next pipe of the ring the one that is filled, if there is an empty one to be had.
bool Hold::advance() {
  const std::size_t next = (newest_ + 1) % pipes_.size();
  const bool is_free = pipes_[next].bytes == 0;
  if (!is_free) {
    // The new one comes right behind the newest, before the oldest.
    if (pipes_.size() == kHoldPipes || is_refused_) return false;
    is_refused_ = !add_pipe();
    if (is_refused_) return false;
    if (oldest_ > newest_) ++oldest_;
    ++newest_;
    return true;
  }
  newest_ = next;
  return true;
}

std::int32_t Hold::take(std::size_t bytes_max) {
  if (size_ == 0) {
    newest_ = oldest_;
    is_refused_ = false;
  }
  for (;;) {
    Pipe& pipe = pipes_[newest_];
    const std::int32_t taken = without_interruption(
        [&] { return ::tee(input_, pipe.write_end.get(), bytes_max, SPLICE_F_NONBLOCK); });
    if (taken > 0) {
      pipe.bytes += static_cast<std::uint64_t>(taken);
      size_ += static_cast<std::uint64_t>(taken);
      return taken;
    }
    // An empty pipe has room: then it is the input that has nothing.
    if (taken != -EAGAIN || pipe.bytes == 0 || is_empty(input_)) return taken;
    if (!advance()) return -ENOBUFS;
  }
}

std::int32_t Hold::move_oldest(int to, std::size_t bytes_max) {
  const Pipe& pipe = pipes_[oldest_];
  return without_interruption([&] {
    return ::splice(pipe.read_end.get(), nullptr, to, nullptr, bytes_max, SPLICE_F_NONBLOCK);
  });
}

std::int32_t Hold::give(std::size_t bytes_max) {
  const std::uint64_t there = pipes_[oldest_].bytes;
  const std::int32_t given =
      move_oldest(output_, static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, there)));
  if (given <= 0) return given == 0 ? -EIO : given;
  pipes_[oldest_].bytes -= static_cast<std::uint64_t>(given);
  size_ -= static_cast<std::uint64_t>(given);
  if (pipes_[oldest_].bytes == 0 && oldest_ != newest_) oldest_ = (oldest_ + 1) % pipes_.size();
  return given;
}

std::int32_t Hold::drop(std::size_t bytes_max) {
  const int output = std::exchange(output_, null_.get());
  const std::int32_t dropped = give(bytes_max);
  output_ = output;
  return dropped;
}

}  // namespace zsluice::io
