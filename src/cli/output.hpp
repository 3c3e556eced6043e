// SPDX-License-Identifier: BSD-2-Clause
// Where a command writes. The three descriptors are arguments, so that the whole tool runs inside a
// test; nothing else in cli touches a descriptor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zsluice::cli {

// The descriptors of one run; main() passes 0, 1, 2.
struct Streams {
  int in = 0;
  int out = 1;
  int err = 2;
};

// Text that goes to a descriptor, in large pieces, blocking. A failed write is remembered, not
// thrown: ask error() at the end (a full disk must not look like success).
class TextOutput {
 public:
  explicit TextOutput(int fd) : fd_(fd) {}
  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;
  ~TextOutput() { flush(); }

  void write(std::string_view text);
  void flush();
  // The errno of the first write that failed, or 0. Later text is dropped.
  [[nodiscard]] int error() const { return error_; }
  // Bytes that the descriptor took.
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  int fd_;
  int error_ = 0;
  std::uint64_t written_ = 0;
  std::string pending_;
};

}  // namespace zsluice::cli
