// SPDX-License-Identifier: BSD-2-Clause
// Every Fletcher-4 implementation agrees with scalar on any bytes, from any state, in either order,
// and a sum does not change when its range is cut in two and combined.
#include "zsluice/checksum/fletcher4.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace zsluice;            // NOLINT(google-build-using-namespace)
using namespace zsluice::checksum;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

static void expect(const Fletcher4& got, const Fletcher4& want, const char* what, std::size_t at) {
  if (got == want) return;
  std::fprintf(stderr, "%s, %zu: %#jx %#jx %#jx %#jx, ", what, at, got.a, got.b, got.c, got.d);
  std::fprintf(stderr, "not %#jx %#jx %#jx %#jx\n", want.a, want.b, want.c, want.d);
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteSpan input = std::as_bytes(std::span(data, size));
  Fletcher4 start;
  const ByteSpan head = take_prefix(input, sizeof(start) + 2);  // the state, a cut, an order
  if (head.size() < sizeof(start) + 2) return 0;
  std::memcpy(&start, head.data(), sizeof(start));
  const std::size_t cut = input.size() / 4 * std::to_integer<std::size_t>(head[32]) / 255 * 4;
  const ByteOrder order = head[33] < std::byte{128} ? ByteOrder::little : ByteOrder::big;
  const Fletcher4 want = fletcher4_implementations().back().update(start, input, order);
  for (const Fletcher4Implementation& one : fletcher4_implementations()) {
    if (!one.supported()) continue;
    expect(one.update(start, input, order), want, one.name.data(), input.size());
    const Fletcher4 first = one.update(start, input.first(cut), order);
    const Fletcher4 second = one.update({}, input.subspan(cut), order);
    expect(combine(first, second, input.size() - cut), want, "combined", cut);
  }
  return 0;
}
