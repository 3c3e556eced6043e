// SPDX-License-Identifier: BSD-2-Clause
// A fuzzer's bytes read as a stream. Random bytes never get past a checksum, so they are taken for
// one of three things: a stream as it is, a stream whose sums are put right first, or a script for
// StreamBuilder whose result is then damaged.
#pragma once

#include "support/stream_image.hpp"

#include <cstddef>
#include <cstdint>

// The entry of every target, called by the engine or by regression_main.cpp.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace zsluice::test {

struct FuzzedStream {
  StreamImage image;
  std::uint64_t seed = 0;  // for choices beside the stream
};

[[nodiscard]] FuzzedStream fuzzed_stream(const std::uint8_t* data, std::size_t size);

// Ends the program when a property does not hold: the fuzzing engine keeps the input.
void require(bool holds, const char* property);

}  // namespace zsluice::test
