// SPDX-License-Identifier: BSD-2-Clause
// Words for stderr that never hold up data: posted into a bounded queue, written only as far as the
// other end takes them at once. What does not fit is dropped and counted, and the count is said
// as soon as there is room. The descriptor is borrowed and its flags are left alone.
#pragma once

#include "io/channel.hpp"
#include "zsluice/base/bytes.hpp"
#include "zsluice/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace zsluice::io {

class NoticeWriter {
 public:
  static constexpr std::size_t kMaxQueuedBytes = std::size_t{64} << 10;

  // The line that says how many messages were dropped, with its newline; at most kDropNoteBytes.
  using DropNote = std::function<std::string(std::size_t dropped)>;
  static constexpr std::size_t kDropNoteBytes = 192;

  NoticeWriter(int fd, DropNote drop_note);

  // Queues whole lines, or drops them: never half a message. Text is complete with its newline and
  // fit for a terminal (escaped) already.
  void post(std::string_view text);

  // Writes what can be written without blocking. A reader that has gone is no error: nobody is
  // left to be told.
  void flush_ready();

  // At exit: waits for room, but not beyond `deadline`. True when everything has been written.
  bool finish(TimePoint deadline);

  [[nodiscard]] bool is_empty() const { return queue_.empty() && dropped_ == 0; }
  // A caller that waits for several descriptors can include this one.
  [[nodiscard]] int fd() const { return channel_.fd(); }

 private:
  // Bytes taken, or -errno.
  [[nodiscard]] std::int32_t write_piece();
  void queue_drop_note();
  [[nodiscard]] bool wait_until_writable(const timespec* timeout) const;

  Channel channel_;
  DropNote drop_note_;
  bool is_broken_ = false;
  std::string queue_;  // its storage is reserved at the start
  std::size_t dropped_ = 0;
};

}  // namespace zsluice::io
