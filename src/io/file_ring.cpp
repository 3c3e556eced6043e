// SPDX-License-Identifier: BSD-2-Clause
#include "io/file_ring.hpp"

#include "io/file_writer.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace zsluice::io {
namespace {

constexpr unsigned kStepsPerFile = 3;
constexpr unsigned kRingEntries = 32;
static_assert(kRingEntries >= kStepsPerFile * FileWriter::kFilesMax);
// The kernel moves no more at once.
constexpr std::size_t kWriteBytesMax = std::size_t{1} << 30;

}  // namespace

std::unique_ptr<FileRing> FileRing::create() {
  std::unique_ptr<FileRing> ring(new FileRing);
  if (io_uring_queue_init(kRingEntries, &ring->ring_, 0) < 0) return nullptr;
  ring->is_set_up_ = true;
  return ring->prove_usable() ? std::move(ring) : nullptr;
}

FileRing::~FileRing() {
  if (is_set_up_) io_uring_queue_exit(&ring_);
}

bool FileRing::prove_usable() {
  Step step;
  io_uring_sqe& entry = next_entry(step);
  io_uring_prep_nop(&entry);
  io_uring_sqe_set_data(&entry, &step);
  int status = 0;
  do {
    status = io_uring_submit_and_wait(&ring_, 1);
  } while (status == -EINTR);
  if (status < 0) return false;
  collect();
  return !step.is_pending;
}

// There is room: has_room() has been asked.
io_uring_sqe& FileRing::next_entry(Step& step) {
  io_uring_sqe& entry = *io_uring_get_sqe(&ring_);
  step = {.is_pending = true, .result = 0};
  return entry;
}

void FileRing::write(Step& step, int fd, ByteSpan bytes, std::uint64_t offset) {
  io_uring_sqe& entry = next_entry(step);
  const std::size_t count = std::min(bytes.size(), kWriteBytesMax);
  io_uring_prep_write(&entry, fd, bytes.data(), static_cast<unsigned>(count), offset);
  entry.flags |= IOSQE_IO_LINK;
  io_uring_sqe_set_data(&entry, &step);
}

void FileRing::sync(Step& step, int fd) {
  io_uring_sqe& entry = next_entry(step);
  io_uring_prep_fsync(&entry, fd, 0);
  io_uring_sqe_set_data(&entry, &step);
}

bool FileRing::submit() {
  const auto ready = static_cast<int>(io_uring_sq_ready(&ring_));
  return io_uring_submit(&ring_) == ready;
}

void FileRing::collect() {
  io_uring_cqe* completion = nullptr;
  while (io_uring_peek_cqe(&ring_, &completion) == 0 && completion != nullptr) {
    auto* const step = static_cast<Step*>(io_uring_cqe_get_data(completion));
    step->result = completion->res;
    step->is_pending = false;
    io_uring_cqe_seen(&ring_, completion);
  }
}

void FileRing::wait() {
  // Refused for want of memory: what is under way will give some back.
  constexpr int kPauseMilliseconds = 1;
  const int status = io_uring_submit_and_wait(&ring_, 1);
  if (status < 0 && status != -EINTR) ::poll(nullptr, 0, kPauseMilliseconds);
  collect();
}

}  // namespace zsluice::io
