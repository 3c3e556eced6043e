// SPDX-License-Identifier: BSD-2-Clause
// A kernel that follows a script: the input is given as bytes, reads and writes are as short as the
// script says, and either side can fail or pause at a given byte. Which operation completes next is
// drawn from a seed. Breaches of the rules of io/backend.hpp fail the test.
//
// Its clock is virtual: it stands still while anything can complete, and jumps to what is due next
// when nothing can.
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

// After so many bytes nothing moves on that side for so long.
struct SimPause {
  std::uint64_t at = 0;
  Duration length{};
};
inline constexpr Duration kForEver = Duration::max();

// The first wait that sleeps beyond `after` lasts longer by `by`: a suspend.
struct SimOversleep {
  Duration after{};
  Duration by{};
};

// So many bytes had moved by then.
struct SimMoment {
  TimePoint at{};
  std::uint64_t bytes = 0;
};

struct SimScript {
  Bytes input{};
  std::size_t read_bytes_max = std::size_t{1} << 20;
  std::size_t write_bytes_max = std::size_t{1} << 20;
  std::optional<SimFailure> read_failure{};
  std::optional<SimFailure> write_failure{};
  std::optional<std::uint64_t> reader_leaves_at{};  // watch() completes then
  std::vector<SimPause> input_pauses{};             // ascending
  std::vector<SimPause> output_pauses{};
  std::optional<SimOversleep> oversleep{};
  std::uint64_t zeros_after = 0;  // the input goes on with so many
  bool keeps_output = true;
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
  [[nodiscard]] TimePoint now() const override { return now_; }

  [[nodiscard]] const Bytes& output() const { return written_; }
  [[nodiscard]] std::uint64_t bytes_written() const { return output_side_.moved; }
  [[nodiscard]] const std::vector<SimMoment>& reads() const { return input_side_.history; }
  [[nodiscard]] const std::vector<SimMoment>& writes() const { return output_side_.history; }
  [[nodiscard]] std::uint64_t waits() const { return waits_; }

 private:
  struct Side {
    std::uint64_t moved = 0;
    std::vector<SimMoment> history;
    std::size_t next_pause = 0;
    std::optional<TimePoint> resumes;  // while it pauses
  };
  enum class Kind : std::uint8_t { read, write, watch };
  struct Operation {
    Kind kind{};
    io::OpId op = 0;
    int fd = -1;
    MutableByteSpan into;
    std::vector<ByteSpan> pieces;
    Bytes as_started;  // what a write was given: it must not change until it completes
  };

  [[nodiscard]] bool can_complete(const Operation& operation);
  [[nodiscard]] bool pauses(Side& side, const std::vector<SimPause>& pauses) const;
  [[nodiscard]] static std::uint64_t next_stop(const Side& side,
                                               const std::vector<SimPause>& pauses);
  [[nodiscard]] std::optional<TimePoint> next_event(std::optional<TimePoint> deadline) const;
  void complete_some();
  void move(Side& side, std::uint64_t bytes);
  std::int32_t complete(const Operation& operation);
  std::int32_t complete_read(const Operation& operation);
  std::int32_t complete_write(const Operation& operation);
  void start(Operation operation);

  SimScript script_;
  int input_;
  int output_;
  std::mt19937_64 random_;
  TimePoint now_{};
  Bytes written_;
  Side input_side_;
  Side output_side_;
  std::uint64_t waits_ = 0;
  bool output_released_ = false;
  std::vector<Operation> operations_;
  std::vector<io::Completion> cancelled_;
  std::vector<io::Completion> completions_;
};

}  // namespace zsluice::test
