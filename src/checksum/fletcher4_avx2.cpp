// SPDX-License-Identifier: BSD-2-Clause
// Fletcher-4 in four 64-bit lanes. Compiled for AVX2: see fletcher4_kernels.hpp.
#include "checksum/fletcher4_kernels.hpp"

#include <immintrin.h>

// Arrays are plain ones: the members of std::array are inline functions.
// NOLINTBEGIN(modernize-avoid-c-arrays)
namespace zsluice::checksum {
namespace {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kRowBytes = kLanes * 4;
static_assert(kKernelWordsMin >= kLanes && kNeighbourWordsUnit % (2 * kLanes) == 0);
constexpr unsigned char kNone = 0x80;  // the shuffle's zero byte

// Both halves of the register hold the same four words; the shuffle takes two of them in each half,
// widens and swaps in one instruction, so both byte orders cost the same.
struct alignas(32) Shuffle {
  unsigned char at[32];
};
consteval Shuffle widening_shuffle(bool swapped) {
  Shuffle shuffle{};
  for (unsigned i = 0; i < 32; ++i) {
    const unsigned byte = i % 8;
    const unsigned from = (i / 8) * 4 + (swapped ? 3 - byte : byte);
    shuffle.at[i] = byte < 4 ? static_cast<unsigned char>(from) : kNone;
  }
  return shuffle;
}
constexpr Shuffle kShuffle[2] = {widening_shuffle(false), widening_shuffle(true)};

// One load at kSlide + 4r moves the first r words of a vector to its end, behind zero words.
constexpr unsigned char kSlide[32] = {kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone,
                                      kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone,
                                      0,     1,     2,     3,     4,     5,     6,     7,
                                      8,     9,     10,    11,    12,    13,    14,    15};

struct Lanes {
  __m256i a, b, c, d;
};

inline Lanes zero_lanes() {
  const __m256i zero = _mm256_setzero_si256();
  return {zero, zero, zero, zero};
}

inline __m128i load_words(const unsigned char* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(bytes));
}

inline __m256i widened(__m128i words, __m256i shuffle) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(words), shuffle);
}

inline void add_row(Lanes& lanes, const unsigned char* bytes, __m256i shuffle) {
  lanes.a = _mm256_add_epi64(lanes.a, widened(load_words(bytes), shuffle));
  lanes.b = _mm256_add_epi64(lanes.b, lanes.a);
  lanes.c = _mm256_add_epi64(lanes.c, lanes.b);
  lanes.d = _mm256_add_epi64(lanes.d, lanes.c);
}

struct Halves {
  __m128i low, high;
};
inline Halves halves(__m256i lanes) {
  return {_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1)};
}

// Two lanes x, y whose words alternate (x first) fold into one (W = 2 in FORMAT.md §C.5):
//   a = Ax+Ay   b = 2(Bx+By)-Ay   c = 4(Cx+Cy)-Bx-3By   d = 8(Dx+Dy)-4Cx-8Cy+By
// There is no 64-bit product in AVX2. Folding lanes 0 with 2 and 1 with 3, then the two results,
// needs none: shifts and additions do.
inline void fold(LaneSum& sum, const Lanes& lanes) {
  const Halves a = halves(lanes.a);
  const Halves b = halves(lanes.b);
  const Halves c = halves(lanes.c);
  const Halves d = halves(lanes.d);
  const __m128i b_sum = _mm_add_epi64(b.low, b.high);
  const __m128i c_sum = _mm_add_epi64(c.low, c.high);
  const __m128i d_sum = _mm_add_epi64(d.low, d.high);
  const __m128i b_odd = _mm_add_epi64(b_sum, _mm_add_epi64(b.high, b.high));
  const __m128i c_odd = _mm_slli_epi64(_mm_add_epi64(c_sum, c.high), 2);
  const __m128i a2 = _mm_add_epi64(a.low, a.high);
  const __m128i b2 = _mm_sub_epi64(_mm_add_epi64(b_sum, b_sum), a.high);
  const __m128i c2 = _mm_sub_epi64(_mm_slli_epi64(c_sum, 2), b_odd);
  const __m128i d2 = _mm_add_epi64(_mm_sub_epi64(_mm_slli_epi64(d_sum, 3), c_odd), b.high);

  LaneSum x{};
  LaneSum y{};
  _mm_storeu_si128(reinterpret_cast<__m128i_u*>(&x.a), _mm_unpacklo_epi64(a2, b2));
  _mm_storeu_si128(reinterpret_cast<__m128i_u*>(&x.c), _mm_unpacklo_epi64(c2, d2));
  _mm_storeu_si128(reinterpret_cast<__m128i_u*>(&y.a), _mm_unpackhi_epi64(a2, b2));
  _mm_storeu_si128(reinterpret_cast<__m128i_u*>(&y.c), _mm_unpackhi_epi64(c2, d2));
  sum.a = x.a + y.a;
  sum.b = 2 * (x.b + y.b) - y.a;
  sum.c = 4 * (x.c + y.c) - x.b - 3 * y.b;
  sum.d = 8 * (x.d + y.d) - 4 * x.c - 8 * y.c + y.b;
}

// The first words that do not fill a row, as a row that begins with zero words: from the zero state
// they change nothing, and every later row is full.
inline Lanes first_row(const unsigned char* bytes, std::size_t words, __m256i shuffle) {
  const __m128i slid = _mm_shuffle_epi8(load_words(bytes), load_words(kSlide + words * 4));
  const __m256i row = widened(slid, shuffle);
  return {row, row, row, row};
}

inline void add_four_rows(Lanes& lanes, const unsigned char* bytes, __m256i shuffle) {
  add_row(lanes, bytes, shuffle);
  add_row(lanes, bytes + kRowBytes, shuffle);
  add_row(lanes, bytes + 2 * kRowBytes, shuffle);
  add_row(lanes, bytes + 3 * kRowBytes, shuffle);
}

}  // namespace

void fletcher4_sum_avx2(LaneSum& sum, const unsigned char* bytes, std::size_t words, bool swapped) {
  const __m256i shuffle =
      _mm256_load_si256(reinterpret_cast<const __m256i*>(&kShuffle[swapped ? 1 : 0]));
  const std::size_t head = words % kLanes;
  Lanes lanes = head == 0 ? zero_lanes() : first_row(bytes, head, shuffle);
  bytes += head * 4;
  std::size_t rows = words / kLanes;
  if (rows % 2 != 0) {
    add_row(lanes, bytes, shuffle);
    bytes += kRowBytes;
  }
  for (rows /= 2; rows > 0; --rows, bytes += 2 * kRowBytes) {
    add_row(lanes, bytes, shuffle);
    add_row(lanes, bytes + kRowBytes, shuffle);
  }
  fold(sum, lanes);
}

void fletcher4_sum_neighbours_avx2(LaneSum* sums,
                                   const unsigned char* bytes,
                                   std::size_t words,
                                   bool swapped) {
  const __m256i shuffle =
      _mm256_load_si256(reinterpret_cast<const __m256i*>(&kShuffle[swapped ? 1 : 0]));
  const std::size_t stride = words * 4;
  Lanes lanes0 = zero_lanes();
  Lanes lanes1 = lanes0;
  for (const unsigned char* end = bytes + stride; bytes != end; bytes += 2 * kRowBytes) {
    add_row(lanes0, bytes, shuffle);
    add_row(lanes1, bytes + stride, shuffle);
    add_row(lanes0, bytes + kRowBytes, shuffle);
    add_row(lanes1, bytes + kRowBytes + stride, shuffle);
  }
  fold(sums[0], lanes0);
  fold(sums[1], lanes1);
}

// Unrolled: the loop would be a tenth of it.
void fletcher4_sum_record_avx2(LaneSum& sum, const unsigned char* bytes, bool swapped) {
  constexpr std::size_t kHead = kRecordWords % kLanes;
  static_assert(kRecordWords / kLanes == 17);
  const __m256i shuffle =
      _mm256_load_si256(reinterpret_cast<const __m256i*>(&kShuffle[swapped ? 1 : 0]));
  Lanes lanes = first_row(bytes, kHead, shuffle);
  add_row(lanes, bytes + kHead * 4, shuffle);
  bytes += kHead * 4 + kRowBytes;
  add_four_rows(lanes, bytes, shuffle);
  add_four_rows(lanes, bytes + 4 * kRowBytes, shuffle);
  add_four_rows(lanes, bytes + 8 * kRowBytes, shuffle);
  add_four_rows(lanes, bytes + 12 * kRowBytes, shuffle);
  fold(sum, lanes);
}

}  // namespace zsluice::checksum
// NOLINTEND(modernize-avoid-c-arrays)
