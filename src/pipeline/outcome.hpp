// SPDX-License-Identifier: BSD-2-Clause
// How a command ended: as numbers and codes that cli turns into an exit status and a sentence
// (DESIGN.md §3). The first cause wins; later ones are consequences of it.
#pragma once

#include "io/sys_error.hpp"
#include "pipeline/store_failure.hpp"
#include "zsluice/base/time.hpp"
#include "zsluice/drr/fault.hpp"
#include "zsluice/drr/policy.hpp"
#include "zsluice/resume/target.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

namespace zsluice::pipeline {

// A record without a checksum of its own: nothing proves it before END, so `pipe` stops there.
struct UnprovenRecord {
  drr::RecordNote at;
};

enum class TrailingKind : std::uint8_t { zeros, other, another_stream, same_stream };

// Bytes after the end of a stream that was whole.
struct TrailingBytes {
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
  TrailingKind kind = TrailingKind::other;
};

// A stream that stands in the input a second time.
struct RepeatedStream {
  std::uint64_t offset = 0;
};

// What must be held back does not fit in the buffer.
struct BufferTooSmall {
  std::uint64_t needed_bytes = 0;  // at least
  std::uint64_t buffer_bytes = 0;
};

enum class IoSide : std::uint8_t { input, output };

struct IoFailure {
  IoSide side{};
  io::SysError error;
  std::uint64_t offset = 0;  // bytes of that side that had passed
  bool file_shrank = false;
};

struct Signalled {
  int signal = 0;
  bool was_delivered =
      false;  // the stream had been written whole; what followed it was not awaited
};

// What came out ends with a snapshot; the package it stands in does not end there.
struct UnfinishedPackage {};

// A file that is read twice was not the same the second time.
struct InputChanged {};

// Nothing was read or written for as long as the user allowed.
struct Stalled {
  Duration after{};
  bool output_is_full = false;  // bytes were ready: the reader takes none
};

using Failure = std::variant<drr::Fault,
                             drr::Refusal,
                             resume::Refusal,
                             UnprovenRecord,
                             TrailingBytes,
                             RepeatedStream,
                             BufferTooSmall,
                             IoFailure,
                             InputChanged,
                             UnfinishedPackage,
                             Signalled,
                             Stalled,
                             StoreFailure>;

// Keeps the first failure it is told of.
class FirstFailure {
 public:
  void set(Failure failure) {
    if (!failure_) failure_ = std::move(failure);
  }
  [[nodiscard]] const std::optional<Failure>& get() const { return failure_; }
  [[nodiscard]] explicit operator bool() const { return failure_.has_value(); }

 private:
  std::optional<Failure> failure_;
};

}  // namespace zsluice::pipeline
