// SPDX-License-Identifier: BSD-2-Clause
// How fast is Fletcher-4 on records (280 + 32 bytes), payloads in cache, and payloads from memory?
#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/checksum/xxh3.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using zsluice::ByteSpan;
using zsluice::kHostOrder;
using zsluice::checksum::Fletcher4;
using zsluice::checksum::Fletcher4Implementation;

const std::vector<std::byte>& data() {
  static const std::vector<std::byte> bytes = [] {
    std::vector<std::byte> filled(std::size_t{16} << 20);
    std::uint32_t state = 1;
    for (std::byte& byte : filled)
      byte = static_cast<std::byte>((state = state * 69069 + 1) >> 24);
    return filled;
  }();
  return bytes;
}

ByteSpan first_bytes(std::int64_t count) {
  return ByteSpan(data()).first(static_cast<std::size_t>(count));
}

void count_bytes(benchmark::State& state, std::int64_t each) {
  state.SetBytesProcessed(state.iterations() * each);
}

// One range after another, each continuing the state that the last one left.
void range(benchmark::State& state, const Fletcher4Implementation& implementation) {
  const ByteSpan bytes = first_bytes(state.range(0));
  Fletcher4 sum;
  for (auto _ : state) {
    sum = implementation.update(sum, bytes, kHostOrder);
    benchmark::ClobberMemory();
  }
  benchmark::DoNotOptimize(sum);
  count_bytes(state, state.range(0));
}

// A record as the parser sees it: 280 bytes, a comparison, 32 bytes.
void record(benchmark::State& state, const Fletcher4Implementation& implementation) {
  const auto bytes = ByteSpan(data()).first<zsluice::checksum::kFletcher4RecordBytes>();
  Fletcher4 sum;
  for (auto _ : state) {
    const Fletcher4 computed = implementation.record(sum, bytes, kHostOrder);
    benchmark::DoNotOptimize(computed == Fletcher4{1, 2, 3, 4});
    benchmark::ClobberMemory();
  }
  benchmark::DoNotOptimize(sum);
  count_bytes(state, zsluice::checksum::kFletcher4RecordBytes);
}

void xxh3(benchmark::State& state) {
  const ByteSpan bytes = first_bytes(state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(zsluice::checksum::xxh3(bytes));
  count_bytes(state, state.range(0));
}

const std::vector<std::int64_t> kSizes = {32, 280, 312, 4096, 128 << 10, 1 << 20, 16 << 20};

void with_sizes(benchmark::internal::Benchmark* bench) {
  for (const std::int64_t size : kSizes)
    bench->Arg(size);
}

const bool kRegistered = [] {
  for (const Fletcher4Implementation& one : zsluice::checksum::fletcher4_implementations()) {
    if (!one.supported()) continue;
    const std::string name = "fletcher4/" + std::string(one.name);
    with_sizes(benchmark::RegisterBenchmark(name.c_str(), range, one));
    benchmark::RegisterBenchmark((name + "/record").c_str(), record, one);
  }
  with_sizes(benchmark::RegisterBenchmark("xxh3", xxh3));
  return true;
}();

}  // namespace
