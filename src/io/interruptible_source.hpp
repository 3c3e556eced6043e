// SPDX-License-Identifier: BSD-2-Clause
// A source that a signal ends (stop_signals.hpp): between two reads, and while it waits for input,
// so that what has been read is brought to its end. next() fails then, with EINTR, and signal()
// says which one it was. One that comes when the source has ended anyway is not told. It can tell,
// too, when the input brings nothing for a while (100 ms).
#pragma once

#include "io/source.hpp"
#include "io/stop_signals.hpp"

#include <functional>
#include <optional>

namespace zsluice::io {

class InterruptibleSource final : public ByteSource {
 public:
  // `fd`: what `source` reads. All outlive the object.
  InterruptibleSource(ByteSource& source, int fd, const StopSignals& signals)
      : source_(source), fd_(fd), signals_(signals) {}

  // That ended it.
  [[nodiscard]] std::optional<int> signal() const { return signal_; }

  [[nodiscard]] Result<Window, SourceError> next() override;
  void when_idle(const std::function<bool()>& call) override { idle_ = call; }
  [[nodiscard]] std::optional<SourceError> fault() const override { return source_.fault(); }
  [[nodiscard]] std::uint64_t offset() const override { return source_.offset(); }
  [[nodiscard]] std::optional<std::uint64_t> total_bytes() const override {
    return source_.total_bytes();
  }

 private:
  // For input, or for a signal. False: the input is to end here.
  [[nodiscard]] bool wait();

  ByteSource& source_;
  int fd_;
  const StopSignals& signals_;
  std::optional<int> signal_;
  std::function<bool()> idle_;
};

}  // namespace zsluice::io
