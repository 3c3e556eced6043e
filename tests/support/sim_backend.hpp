// SPDX-License-Identifier: BSD-2-Clause
// A kernel that follows a script: the input is given as bytes, reads and writes are as short as the
// script says, and either side can fail at a given byte. Which operation completes next is drawn
// from a seed. Breaches of the rules of io/backend.hpp fail the test.
#pragma once

#include "io/backend.hpp"
#include "support/stream_image.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace zsluice::test {

struct SimFailure {
  std::uint64_t at = 0;  // after so many bytes of that side
  int error = 0;         // errno
};

struct SimScript {
  Bytes input{};
  std::size_t read_bytes_max = std::size_t{1} << 20;
  std::size_t write_bytes_max = std::size_t{1} << 20;
  std::optional<SimFailure> read_failure{};
  std::optional<SimFailure> write_failure{};
  std::optional<std::uint64_t> reader_leaves_at{};  // watch() completes then
  std::uint64_t seed = 1;
};

class SimBackend final : public io::Backend {
 public:
  // Descriptors are numbers only, but the output is closed by the pipe: give it a real one.
  SimBackend(SimScript script, int input, int output)
      : script_(std::move(script)), input_(input), output_(output), random_(script_.seed) {}

  void read(io::OpId op, int fd, MutableByteSpan into) override;
  void write(io::OpId op, int fd, std::span<const ByteSpan> pieces) override;
  void watch(io::OpId op, int fd) override;
  void await(io::OpId op, int fd, io::Readiness readiness) override;
  void cancel(io::OpId op) override;
  void release(int fd) override;
  std::span<const io::Completion> wait(std::optional<TimePoint> deadline) override;
  [[nodiscard]] TimePoint now() const override { return {}; }

  [[nodiscard]] const Bytes& output() const { return written_; }
  [[nodiscard]] std::uint64_t waits() const { return waits_; }

 private:
  enum class Kind : std::uint8_t { read, write, watch };
  struct Operation {
    Kind kind{};
    io::OpId op = 0;
    int fd = -1;
    MutableByteSpan into;
    std::vector<ByteSpan> pieces;
    Bytes as_started;  // what a write was given: it must not change until it completes
  };

  [[nodiscard]] bool can_complete(const Operation& operation) const;
  std::int32_t complete(const Operation& operation);
  std::int32_t complete_read(const Operation& operation);
  std::int32_t complete_write(const Operation& operation);
  void start(Operation operation);

  SimScript script_;
  int input_;
  int output_;
  std::mt19937_64 random_;
  Bytes written_;
  std::uint64_t read_ = 0;
  std::uint64_t waits_ = 0;
  bool output_released_ = false;
  std::vector<Operation> operations_;
  std::vector<io::Completion> cancelled_;
  std::vector<io::Completion> completions_;
};

}  // namespace zsluice::test
