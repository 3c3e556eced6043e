// SPDX-License-Identifier: BSD-2-Clause
// Output for a thread that may block: bytes in order, into one descriptor. The first write that
// fails is remembered and ends all others.
#pragma once

#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::io {

class ByteSink {
 public:
  ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  virtual ~ByteSink() = default;

  virtual void write(ByteSpan bytes) = 0;
  // Hands over what was gathered; nothing is sure to be written without being asked for.
  virtual void flush() = 0;

  [[nodiscard]] virtual const std::optional<SysError>& error() const = 0;
  // Bytes that the descriptor took.
  [[nodiscard]] virtual std::uint64_t written() const = 0;
};

}  // namespace zsluice::io
