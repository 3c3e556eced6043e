// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/checksum/fletcher4.hpp"

#include "checksum/fletcher4_choose.hpp"
#include "checksum/fletcher4_kernels.hpp"
#include "checksum/fletcher4_scalar.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace zsluice::checksum {
namespace {

constexpr std::size_t kWordBytes = 4;
constexpr std::size_t kStatedWords =
    (kFletcher4RecordBytes - kFletcher4RecordSummedBytes) / kWordBytes;
static_assert(kRecordWords * kWordBytes == kFletcher4RecordSummedBytes);

// From here on neighbours summed side by side win over one range; below, their folds cost more than
// they gain (bench/fletcher4_bench.cpp).
constexpr std::size_t kSideBySideBytesMin = std::size_t{8} << 10;

// `state` after `words` more words whose sum from zero is `sum`. All coefficients are exact modulo
// 2^64 for every `words`: T2 halves the even factor first, and T3 = T2 (n+2) / 3 divides by
// multiplying with the inverse of 3, which is exact since 3 divides the true product.
[[gnu::always_inline]] inline Fletcher4 continued(const Fletcher4& state,
                                                  const LaneSum& sum,
                                                  std::uint64_t words) {
  constexpr std::uint64_t kInverseOf3 = 0xAAAA'AAAA'AAAA'AAAB;
  static_assert(3 * kInverseOf3 == 1);
  const std::uint64_t n = words;
  const std::uint64_t t2 = n % 2 == 0 ? n / 2 * (n + 1) : (n / 2 + 1) * n;
  const std::uint64_t t3 = t2 * (n + 2) * kInverseOf3;
  return {.a = state.a + sum.a,
          .b = state.b + n * state.a + sum.b,
          .c = state.c + n * state.b + t2 * state.a + sum.c,
          .d = state.d + n * state.c + t2 * state.b + t3 * state.a + sum.d};
}

Fletcher4 update_scalar(Fletcher4 state, ByteSpan range, ByteOrder order) {
  return fletcher4_scalar(state, range.data(), range.size() / kWordBytes, order);
}

Fletcher4 record_scalar(Fletcher4& state, Fletcher4Record record, ByteOrder order) {
  const Fletcher4 stated = fletcher4_scalar(state, record.data(), kRecordWords, order);
  state =
      fletcher4_scalar(stated, record.data() + kFletcher4RecordSummedBytes, kStatedWords, order);
  return stated;
}

const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

struct Kernel {
  Fletcher4Sum* sum;
  Fletcher4SumRecord* sum_record;
  Fletcher4SumNeighbours* sum_neighbours;
  std::size_t neighbours;
};

#if defined(__x86_64__)
constexpr Kernel kAvx2 = {.sum = fletcher4_sum_avx2,
                          .sum_record = fletcher4_sum_record_avx2,
                          .sum_neighbours = fletcher4_sum_neighbours_avx2,
                          .neighbours = kAvx2Neighbours};
constexpr Kernel kAvx512 = {.sum = fletcher4_sum_avx512,
                            .sum_record = fletcher4_sum_record_avx512,
                            .sum_neighbours = fletcher4_sum_neighbours_avx512,
                            .neighbours = kAvx512Neighbours};
#elif defined(__AARCH64EL__)
constexpr Kernel kNeon = {.sum = fletcher4_sum_neon,
                          .sum_record = fletcher4_sum_record_neon,
                          .sum_neighbours = fletcher4_sum_neighbours_neon,
                          .neighbours = kNeonNeighbours};
#endif

// Takes most of a long range from its front.
template <const Kernel& kernel>
Fletcher4 update_side_by_side(Fletcher4 state, ByteSpan& range, bool swapped) {
  constexpr std::size_t kUnit = kNeighbourWordsUnit * kernel.neighbours;
  const std::size_t words = range.size() / kWordBytes / kUnit * kNeighbourWordsUnit;
  std::array<LaneSum, kernel.neighbours> sums;
  kernel.sum_neighbours(sums.data(), raw(range.data()), words, swapped);
  for (const LaneSum& sum : sums) {
    state = continued(state, sum, words);
  }
  range = range.subspan(words * kernel.neighbours * kWordBytes);
  return state;
}

template <const Kernel& kernel>
Fletcher4 update_simd(Fletcher4 state, ByteSpan range, ByteOrder order) {
  const bool swapped = order != kHostOrder;
  if (range.size() >= kSideBySideBytesMin) {
    state = update_side_by_side<kernel>(state, range, swapped);
  }
  const std::size_t words = range.size() / kWordBytes;
  if (words < kKernelWordsMin) return fletcher4_scalar(state, range.data(), words, order);
  LaneSum sum;
  kernel.sum(sum, raw(range.data()), words, swapped);
  return continued(state, sum, words);
}

template <const Kernel& kernel>
Fletcher4 record_simd(Fletcher4& state, Fletcher4Record record, ByteOrder order) {
  LaneSum sum;
  kernel.sum_record(sum, raw(record.data()), order != kHostOrder);
  const Fletcher4 stated = continued(state, sum, kRecordWords);
  state =
      fletcher4_scalar(stated, record.data() + kFletcher4RecordSummedBytes, kStatedWords, order);
  return stated;
}

bool always() {
  return true;
}

#if defined(__x86_64__)
bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0;
}
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0;
}
#endif

constexpr auto kImplementations = std::to_array<Fletcher4Implementation>({
#if defined(__x86_64__)
  {"avx512", has_avx512, update_simd<kAvx512>, record_simd<kAvx512>},
      {"avx2", has_avx2, update_simd<kAvx2>, record_simd<kAvx2>},
#elif defined(__AARCH64EL__)
  {"neon", always, update_simd<kNeon>, record_simd<kNeon>},
#endif
      {"scalar", always, update_scalar, record_scalar},
});

// Not inlined, to keep its frame out of every call.
[[gnu::noinline]] const Fletcher4Implementation& choose_by_environment() {
  // Read once, under the guard of the static below; nothing here ever sets it.
  const char* wanted = std::getenv("ZSLUICE_FLETCHER4");  // NOLINT(concurrency-mt-unsafe)
  return fletcher4_choose(kImplementations, wanted != nullptr ? wanted : "");
}

// Internal, so that it is inlined: position-independent code calls even its own exported functions.
inline const Fletcher4Implementation& selected() {
  // Its guard is one load and a branch that is always taken.
  static const Fletcher4Implementation& once = choose_by_environment();
  return once;
}

}  // namespace

std::span<const Fletcher4Implementation> fletcher4_implementations() {
  return kImplementations;
}

const Fletcher4Implementation& fletcher4_selected() {
  return selected();
}

Fletcher4 fletcher4(Fletcher4 state, ByteSpan range, ByteOrder order) {
  const std::size_t words = range.size() / kWordBytes;
  if (words < kKernelWordsMin) return fletcher4_scalar(state, range.data(), words, order);
  return selected().update(state, range, order);
}

Fletcher4 fletcher4_record(Fletcher4& state, Fletcher4Record record, ByteOrder order) {
  return selected().record(state, record, order);
}

Fletcher4 combine(Fletcher4 first, Fletcher4 second, std::uint64_t second_bytes) {
  return continued(first, {second.a, second.b, second.c, second.d}, second_bytes / kWordBytes);
}

void Fletcher4Range::update(ByteSpan piece) {
  if (carried_ != 0) {
    const ByteSpan rest = take_prefix(piece, kWordBytes - carried_);
    std::copy(rest.begin(), rest.end(), carry_.data() + carried_);
    carried_ = static_cast<std::uint8_t>(carried_ + rest.size());
    if (carried_ < kWordBytes) return;
    state_ = fletcher4(state_, carry_, order_);
    carried_ = 0;
  }
  state_ = fletcher4(state_, piece, order_);
  const ByteSpan unfinished = piece.last(piece.size() % kWordBytes);
  std::copy(unfinished.begin(), unfinished.end(), carry_.data());
  carried_ = static_cast<std::uint8_t>(unfinished.size());
}

}  // namespace zsluice::checksum
