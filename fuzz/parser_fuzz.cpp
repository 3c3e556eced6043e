// SPDX-License-Identifier: BSD-2-Clause
// Whatever the stream: every way of cutting it gives the same records, faults and watermark, and
// the watermark never passes a byte that no checked checksum covers.
#include "support/chop.hpp"
#include "support/fuzz_script.hpp"

using namespace zsluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [image, seed] = test::fuzzed_stream(data, size);
  const test::Bytes stream = image.bytes();
  // A small limit lets the fuzzer reach it.
  drr::ParserOptions options;
  options.limits.begin_payload_bytes = 1U << 20;
  const test::Trace whole = test::parse(stream, test::in_one_piece(), options);
  const test::Trace pieces = test::parse(stream, test::at_random(seed), options);
  options.sum_payloads = false;
  const test::Trace handed_in = test::parse(stream, test::at_random(seed + 1), options);

  test::require(whole.records == pieces.records, "cuts do not change the records");
  test::require(described(whole) == described(pieces), "cuts do not change the verdict");
  test::require(whole.records == handed_in.records, "who sums does not change the records");
  test::require(described(whole) == described(handed_in), "who sums does not change the verdict");
  test::require(whole.watermark_lawful && pieces.watermark_lawful, "the watermark only grows");
  test::require(whole.watermark <= proven_end(test::StreamImage(stream)),
                "the watermark covers summed bytes only");
  test::require(whole.fault || whole.watermark == stream.size(), "whole means all proven");
  return 0;
}
