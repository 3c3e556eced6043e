// SPDX-License-Identifier: BSD-2-Clause
// What does the parser cost per record? Records without a payload (FREE) show the cost of a header,
// WRITEs of 4 KiB and 128 KiB what is left of the checksum's speed. Target: 60 ns per header at
// most, 30 ns aimed at; `per_record` is that figure.
#include "support/stream_builder.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/drr/rules.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>

namespace {

using namespace zsluice;

// Small enough to stay in the second-level cache, as the pieces of a pipe do.
constexpr std::size_t kFreeRecords = 1024;
constexpr std::size_t kInputBytes = std::size_t{256} << 10;

test::Bytes free_records() {
  return test::StreamBuilder().begin().frees(kFreeRecords).end().bytes();
}

test::Bytes writes_of(std::size_t payload_bytes) {
  test::StreamBuilder stream;
  stream.begin();
  const test::Bytes payload = test::pattern(payload_bytes);
  const std::size_t count = std::max<std::size_t>(1, kInputBytes / payload_bytes);
  for (std::size_t i = 0; i < count; ++i)
    stream.write(1, i * payload_bytes, payload);
  return stream.end().bytes();
}

template <class OnRecord>
std::uint64_t walk(ByteSpan input, OnRecord on_record) {
  drr::Parser parser;
  std::uint64_t records = 0;
  for (;;) {
    switch (parser.next(input)) {
      case drr::Step::record:
        ++records;
        on_record(parser);
        break;
      case drr::Step::payload:
      case drr::Step::stream_end:
        break;
      case drr::Step::need_input:
      case drr::Step::fault:
        return records;
    }
  }
}

template <class OnRecord>
void measure(benchmark::State& state, const test::Bytes& stream, OnRecord on_record) {
  std::uint64_t records = 0;
  for (const auto unused : state) {
    static_cast<void>(unused);
    records += walk(stream, on_record);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
  state.counters["per_record"] = benchmark::Counter(
      static_cast<double>(records), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void headers_only(benchmark::State& state) {
  measure(state, free_records(), [](const drr::Parser&) {});
}
BENCHMARK(headers_only);

void headers_only_with_rules(benchmark::State& state) {
  drr::RecordRules rules(drr::Strictness::newest);
  measure(state, free_records(), [&rules](const drr::Parser& parser) {
    benchmark::DoNotOptimize(rules.check(parser.role(), parser.record()));
  });
}
BENCHMARK(headers_only_with_rules);

void writes(benchmark::State& state) {
  measure(state, writes_of(static_cast<std::size_t>(state.range(0))), [](const drr::Parser&) {});
}
BENCHMARK(writes)->Arg(4096)->Arg(131072);

}  // namespace
