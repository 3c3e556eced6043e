// SPDX-License-Identifier: BSD-2-Clause
// Any bytes: the reader ends, its events nest, what it hands out lies inside the input, and the
// number of events is bounded by the input's size (each list or pair costs at least 8 bytes).
#include "zsluice/nvlist/reader.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

using namespace zsluice;

static void require(bool held) {
  if (!held) __builtin_trap();
}

static bool lies_in(ByteSpan part, ByteSpan whole) {
  return part.empty() || (part.data() >= whole.data() && &part.back() <= &whole.back());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan input = std::as_bytes(std::span(data, size));
  auto reader = nvlist::Reader::open(input);
  std::size_t depth = 0;
  for (std::size_t events = 1; reader; ++events) {
    const auto event = reader->next();
    require(reader->consumed() <= size && events * 8 <= size + 8);
    if (!event || event->kind == nvlist::EventKind::end) break;
    if (event->kind == nvlist::EventKind::leave_list) require(depth-- > 0);
    if (event->kind == nvlist::EventKind::enter_list) require(++depth <= nvlist::kDepthMax);
    require(depth == reader->depth());
    require(lies_in(bytes_of(event->name), input) && lies_in(event->value.wire(), input));
    event->value.for_each_string(
        [&](std::string_view text) { require(lies_in(bytes_of(text), input)); });
  }
  return 0;
}
