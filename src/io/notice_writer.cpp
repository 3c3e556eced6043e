// SPDX-License-Identifier: BSD-2-Clause
#include "io/notice_writer.hpp"

#include "io/clock.hpp"

#include <poll.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace zsluice::io {

NoticeWriter::NoticeWriter(int fd, DropNote drop_note)
    : channel_(fd, {}), drop_note_(std::move(drop_note)) {
  queue_.reserve(kMaxQueuedBytes);
}

void NoticeWriter::post(std::string_view text) {
  if (is_broken_) return;
  queue_drop_note();
  constexpr std::size_t kLimit = kMaxQueuedBytes - kDropNoteBytes;  // the note has room then
  const std::size_t room = kLimit - std::min(queue_.size(), kLimit);
  if (dropped_ > 0 || text.size() > room) {
    ++dropped_;
  } else {
    queue_ += text;
  }
}

// Said when the queue has drained to half, so that a full queue does not fill with such notes.
void NoticeWriter::queue_drop_note() {
  if (dropped_ == 0 || queue_.size() > kMaxQueuedBytes / 2) return;
  queue_ += drop_note_(dropped_);
  dropped_ = 0;
}

void NoticeWriter::flush_ready() {
  constexpr timespec kNow{};
  queue_drop_note();
  while (!queue_.empty() && wait_until_writable(&kNow)) {
    const std::int32_t written = write_piece();
    if (written == -EAGAIN) return;
    if (written < 0) {
      is_broken_ = true;
      queue_.clear();
      dropped_ = 0;
      return;
    }
    queue_.erase(0, static_cast<std::size_t>(written));
    queue_drop_note();
  }
}

bool NoticeWriter::finish(TimePoint deadline) {
  flush_ready();
  while (!is_empty()) {
    const auto left = time_left<timespec>(deadline);
    const bool is_writable = wait_until_writable(&left);
    if (!is_writable && clock_now() >= deadline) return false;
    flush_ready();
  }
  return !is_broken_;
}

bool NoticeWriter::wait_until_writable(const timespec* timeout) const {
  pollfd writable{.fd = channel_.fd(), .events = POLLOUT, .revents = 0};
  return ::ppoll(&writable, 1, timeout, nullptr) > 0;
}

// Whole lines where that is possible, and not more than a pipe takes in one go: then they are not
// mixed with what other programs write there.
std::int32_t NoticeWriter::write_piece() {
  const std::size_t last_newline = queue_.rfind('\n', PIPE_BUF - 1);
  const std::size_t wanted = last_newline == std::string::npos ? PIPE_BUF : last_newline + 1;
  const iovec piece{queue_.data(), std::min(wanted, queue_.size())};
  return channel_.write({&piece, 1}, true);
}

}  // namespace zsluice::io
