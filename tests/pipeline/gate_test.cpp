// SPDX-License-Identifier: BSD-2-Clause
// What a gate does with streams that are damaged, cut, repeated, followed by something, or none.
#include "gate_fixture.hpp"
#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"

#include <set>
#include <string>

namespace zsluice::pipeline {
namespace {

using drr::FaultCode;
using test::Bytes;

// Those that lie behind a whole stream: `pipe` passes the stream and says what follows.
const std::set<std::string_view> kBehindTheEnd = {
    "package_end_duplicated", "package_header_dropped", "end_duplicated", "trailing_newline",
    "trailing_zeros",         "trailing_half_begin",    "stream_twice"};
// Proven as far as the table says, but a package's header waits for the first substream's BEGIN.
const std::set<std::string_view> kHeldBack = {
    "package_substream_begin_toguid", "package_substream_begin_magic", "package_cut_behind_header",
    "package_cut_in_substream_begin"};
// Those of streams that pass only with allow_unproven.
bool has_no_sums(std::string_view name) {
  return name.find("sums_zeroed") != std::string_view::npos || name == "one_checksum_zeroed";
}

TEST(GateDamages, PassNothingThatIsNotProven) {
  test::for_each_damage([](const test::Damage& damage) {
    if (has_no_sums(damage.name)) return;
    const test::DamagedStream damaged = damage.make();
    const GateRun run = run_gate({}, damaged.bytes);
    if (kBehindTheEnd.count(damage.name) > 0) {
      const auto* trailing = run.failed_with<TrailingBytes>();
      ASSERT_NE(trailing, nullptr);
      EXPECT_EQ(run.releasable, trailing->offset);
      EXPECT_EQ(run.releasable + trailing->count, damaged.bytes.size());
      if (damaged.fault) {
        EXPECT_EQ(run.releasable, damaged.begin);
      }
    } else if (!damaged.fault) {
      EXPECT_TRUE(run.whole() || run.fault() == FaultCode::rule_broken);
      EXPECT_TRUE(!run.whole() || run.releasable == damaged.bytes.size());
    } else if (run.refusal()) {
      EXPECT_EQ(run.releasable, 0U);  // damaged and not to be passed anyway
    } else {
      EXPECT_EQ(run.fault(), damaged.fault);
      EXPECT_EQ(run.releasable, kHeldBack.count(damage.name) > 0 ? 0 : damaged.begin);
      EXPECT_EQ(run.streams, 0U);
    }
  });
}

TEST(GateDamages, PassTheSameWhateverThePieces) {
  test::for_each_damage([](const test::Damage& damage) {
    const test::DamagedStream damaged = damage.make();
    GateOptions options = allowing_plaintext();
    options.allow_unproven = has_no_sums(damage.name);
    const GateRun whole = run_gate(options, damaged.bytes);
    for (const std::uint64_t seed : {11U, 12U}) {
      SCOPED_TRACE(testing::Message() << "seed " << seed);
      const GateRun pieces = run_gate(options, damaged.bytes, test::at_random(seed));
      EXPECT_EQ(pieces.fault(), whole.fault());
      EXPECT_EQ(pieces.failure.has_value(), whole.failure.has_value());
      if (!options.allow_unproven) {
        EXPECT_EQ(pieces.releasable, whole.releasable);
      }
    }
  });
}

// A stream is not whole until its END is judged: cut anywhere, its END stays behind.
TEST(Gate, EndNeverLeavesAStreamThatIsNotWhole) {
  const Bytes bytes = test::simple_stream().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const GateRun run = run_gate({}, ByteSpan(bytes).first(size));
    ASSERT_FALSE(run.whole()) << size;
    ASSERT_LE(run.releasable, bytes.size() - drr::kRecordBytes) << size;
  }
}

TEST(Gate, AFlipOfAnyByteIsNoticedBeforeItLeaves) {
  const Bytes bytes = test::simple_stream().bytes();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes flipped = bytes;
    flipped[at] ^= std::byte{0x10};
    const GateRun run = run_gate(allowing_plaintext(), flipped);
    ASSERT_FALSE(run.whole()) << at;
    ASSERT_LE(run.releasable, at) << at;
  }
}

// --- what a stream without checksums is worth ---

TEST(Gate, AStreamWithoutRecordChecksumsIsRefusedAtItsFirstRecord) {
  const GateRun run = run_gate({}, test::read_corpus("foreign_order/c128_raw_full.zerosum"));
  const auto* unproven = run.failed_with<UnprovenRecord>();
  ASSERT_NE(unproven, nullptr);
  EXPECT_EQ(unproven->at.number, 1U);
  EXPECT_EQ(run.releasable, 0U);
}

TEST(Gate, ItPassesWithAllowUnproven) {
  const Bytes bytes = test::read_corpus("foreign_order/c128_raw_full.zerosum");
  for (const test::Chopper& chopper : {test::in_one_piece(), test::in_pieces_of(777)}) {
    const GateRun run = run_gate({.allow_unproven = true}, bytes, chopper);
    EXPECT_TRUE(run.whole());
    EXPECT_EQ(run.releasable, bytes.size());
    EXPECT_EQ(run.records_unproven, 82U);
  }
}

TEST(Gate, EvenThenItsEndStaysBehindWhenItsSumIsWrong) {
  test::StreamImage stream = test::simple_stream().resum(test::Sums::end_only);
  stream.flip_bit(stream.header_end(2) + 5);
  const GateRun run = run_gate({.allow_unproven = true}, stream.bytes());
  EXPECT_EQ(run.fault(), FaultCode::end_checksum_mismatch);
  EXPECT_EQ(run.releasable, stream.offset(stream.last()));
}

TEST(Gate, OneRecordWithoutAChecksumStopsTheStreamThere) {
  test::StreamImage stream = test::simple_stream();
  stream.fill_zero(stream.header_end(3) - 32, stream.header_end(3));
  const GateRun run = run_gate({}, stream.bytes());
  ASSERT_NE(run.failed_with<UnprovenRecord>(), nullptr);
  EXPECT_EQ(run.failed_with<UnprovenRecord>()->at.number, 3U);
  EXPECT_EQ(run.releasable, stream.header_end(2));
}

TEST(Gate, AnEndWithoutAChecksumOfItsOwnIsProvenByItsInnerSum) {
  test::StreamImage stream = test::simple_stream();
  stream.fill_zero(stream.size() - 32, stream.size());
  const GateRun run = run_gate({}, stream.bytes());
  EXPECT_TRUE(run.whole());
  EXPECT_EQ(run.releasable, stream.size());
}

// --- what follows the end ---

struct Tail {
  const char* name;
  Bytes bytes;
  TrailingKind kind;
};

std::vector<Tail> tails() {
  Bytes half = test::simple_stream().bytes();
  half.resize(100);
  return {
      {"newline", {std::byte{'\n'}}, TrailingKind::other},
      {"zero", Bytes(1), TrailingKind::zeros},
      {"zeros", Bytes(100'000), TrailingKind::zeros},
      {"garbage", test::pattern(5000), TrailingKind::other},
      {"half a BEGIN", half, TrailingKind::other},
      {"another stream", test::simple_stream({.toguid = 5}).bytes(), TrailingKind::another_stream},
      {"the same stream", test::simple_stream().bytes(), TrailingKind::same_stream}};
}

TEST(Gate, BytesBehindTheEndStayBehindAndAreNamed) {
  const Bytes stream = test::simple_stream().bytes();
  for (const Tail& tail : tails()) {
    for (const test::Chopper& chopper : {test::in_one_piece(), test::in_pieces_of(1)}) {
      SCOPED_TRACE(tail.name);
      const GateRun run = run_gate({}, test::joined({stream, tail.bytes}), chopper);
      const auto* trailing = run.failed_with<TrailingBytes>();
      ASSERT_NE(trailing, nullptr);
      EXPECT_EQ(trailing->kind, tail.kind);
      EXPECT_EQ(trailing->offset, stream.size());
      EXPECT_EQ(trailing->count, tail.bytes.size());
      EXPECT_EQ(run.releasable, stream.size());
      EXPECT_EQ(run.streams, 1U);
    }
  }
}

TEST(Gate, NothingMoreIsAwaitedBehindTheEnd) {
  Gate gate({});
  gate.feed(test::simple_stream().bytes());
  EXPECT_TRUE(gate.closed());
  EXPECT_FALSE(gate.failure());
}

TEST(Gate, SeveralStreamsPassWhenConcatenated) {
  const Bytes all =
      test::joined({test::simple_stream().bytes(), test::simple_stream({.toguid = 2}).bytes(),
                    test::package_stream(test::package_list({}), {{.toguid = 3}}).bytes()});
  for (const test::Chopper& chopper : {test::in_one_piece(), test::in_pieces_of(1)}) {
    const GateRun run = run_gate({.concatenated = true}, all, chopper);
    EXPECT_TRUE(run.whole());
    EXPECT_EQ(run.releasable, all.size());
    EXPECT_EQ(run.streams, 3U);
  }
}

TEST(Gate, TheSameStreamTwiceIsRefusedEvenThen) {
  const Bytes one = test::simple_stream().bytes();
  const Bytes other = test::simple_stream({.toguid = 2}).bytes();
  const GateRun run = run_gate({.concatenated = true}, test::joined({one, other, one}));
  const auto* repeated = run.failed_with<RepeatedStream>();
  ASSERT_NE(repeated, nullptr);
  EXPECT_EQ(repeated->offset, one.size() + other.size());
  EXPECT_EQ(run.releasable, one.size() + other.size());
}

TEST(Gate, TheSamePackageTwiceIsRefusedEvenThen) {
  for (const Bytes& one : {test::package_stream(test::package_list({})).bytes(),
                           test::package_stream(test::package_list({}), {}).bytes(),
                           test::package_stream({}, {}).bytes()}) {
    const GateRun run = run_gate({.concatenated = true}, test::joined({one, one}));
    ASSERT_NE(run.failed_with<RepeatedStream>(), nullptr) << one.size();
    EXPECT_EQ(run.releasable, one.size());
  }
}

TEST(Gate, AnEmptyPackageDoesNotHideWhoFollows) {
  const Bytes empty = test::package_stream({}, {}).bytes();
  const Bytes one = test::simple_stream().bytes();
  const GateRun run = run_gate({.concatenated = true}, test::joined({one, empty, one}));
  ASSERT_NE(run.failed_with<RepeatedStream>(), nullptr);
  EXPECT_EQ(run.releasable, one.size() + empty.size());
}

TEST(Gate, GarbageBetweenConcatenatedStreamsStopsThere) {
  const Bytes one = test::simple_stream().bytes();
  const GateRun run =
      run_gate({.concatenated = true},
               test::joined({one, Bytes(512), test::simple_stream({.toguid = 2}).bytes()}));
  const auto* trailing = run.failed_with<TrailingBytes>();
  ASSERT_NE(trailing, nullptr);
  EXPECT_EQ(trailing->kind, TrailingKind::other);
  EXPECT_EQ(run.releasable, one.size());
}

TEST(Gate, AConcatenatedStreamThatIsCutIsTruncated) {
  const Bytes one = test::simple_stream().bytes();
  Bytes all = test::joined({one, test::simple_stream({.toguid = 2}).bytes()});
  all.resize(all.size() - 1);
  const GateRun run = run_gate({.concatenated = true}, all);
  EXPECT_EQ(run.fault(), FaultCode::truncated_header);
  EXPECT_EQ(run.streams, 1U);
  EXPECT_LE(run.releasable, all.size() - 311);
}

// --- what is no stream ---

TEST(Gate, AnyDataPassesUntouchedWhenAllowed) {
  for (const std::size_t size : {1U, 311U, 312U, 313U, 100'000U}) {
    const Bytes data = test::pattern(size, 77);
    for (const test::Chopper& chopper : {test::in_one_piece(), test::in_pieces_of(1)}) {
      const GateRun run = run_gate({.any_data = true}, data, chopper);
      EXPECT_TRUE(run.whole()) << size;
      EXPECT_TRUE(run.any_data) << size;
      EXPECT_EQ(run.releasable, size);
    }
  }
}

TEST(Gate, AnyDataIsRefusedOtherwise) {
  const GateRun run = run_gate({}, test::pattern(1000, 77));
  EXPECT_EQ(run.fault(), FaultCode::not_a_stream);
  EXPECT_EQ(run.releasable, 0U);
}

TEST(Gate, AStreamIsStillJudgedWhereAnyDataMayPass) {
  EXPECT_EQ(run_gate({.any_data = true}, test::simple_stream({.raw = false}).bytes()).refusal(),
            drr::RefusalCode::not_raw);
  Bytes cut = test::simple_stream().bytes();
  cut.resize(200);
  EXPECT_EQ(run_gate({.any_data = true}, cut).fault(), FaultCode::truncated_header);
  EXPECT_EQ(run_gate({.any_data = true}, Bytes{}).fault(), FaultCode::empty_input);
}

// --- features nobody knows ---

TEST(Gate, UnknownFeaturesPassAndAreCounted) {
  const std::uint64_t unknown = std::uint64_t{1} << 41;
  const Bytes bytes =
      test::StreamBuilder()
          .begin({.features = test::kRawFeatures | unknown, .payload = test::crypt_payload()})
          .frees(2)
          .end()
          .bytes();
  const GateRun run = run_gate({}, bytes);
  EXPECT_TRUE(run.whole());
  EXPECT_EQ(run.unknown_features, unknown);
}

TEST(Gate, ADamagedBeginHasNoUnknownFeatures) {
  test::StreamImage stream = test::simple_stream();
  stream.flip_bit(16 + 6, 1);
  const GateRun run = run_gate({}, stream.bytes());
  EXPECT_EQ(run.fault(), FaultCode::checksum_mismatch);
  EXPECT_EQ(run.unknown_features, 0U);
}

// --- memory ---

TEST(Gate, HoldsTheMemoryOfOneBeginPayloadAndLetsItGo) {
  const test::StreamImage stream = test::package_stream(test::package_list({}));
  Gate gate({});
  const Bytes bytes = stream.bytes();
  gate.feed(ByteSpan(bytes).first(stream.header_end(0) + 8));
  EXPECT_EQ(gate.copied_bytes(), stream.payload_bytes(0));
  EXPECT_EQ(gate.bytes_to_hold(), stream.end(0) + drr::kRecordBytes + stream.payload_bytes(0));
  gate.feed(ByteSpan(bytes).subspan(stream.header_end(0) + 8, 8));
  EXPECT_EQ(gate.bytes_to_hold(), stream.end(0) + drr::kRecordBytes + stream.payload_bytes(0));
  Gate other({});
  other.feed(ByteSpan(bytes).first(stream.header_end(2) + 8));
  EXPECT_EQ(other.copied_bytes(), stream.payload_bytes(2));
  EXPECT_EQ(other.bytes_to_hold(), stream.end(2) + drr::kRecordBytes + stream.payload_bytes(2));
  other.feed(ByteSpan(bytes).subspan(stream.header_end(2) + 8));
  EXPECT_EQ(other.copied_bytes(), 0U);
}

TEST(Gate, ANvlistAboveTheLimitIsRefusedBeforeItIsRead) {
  GateOptions options;
  options.checker.parser.limits.begin_payload_bytes = 100;
  const GateRun run = run_gate(options, test::simple_stream().bytes());
  EXPECT_EQ(run.fault(), FaultCode::begin_payload_too_long);
  EXPECT_EQ(run.releasable, 0U);
}

// A record without a checksum proves nothing of what stands before it, whatever its fields say.
TEST(Gate, AnUnprovenRecordThatBreaksARuleReleasesNothing) {
  test::StreamImage stream = test::simple_stream();
  const std::size_t write = stream.find(drr::RecordType::write);
  const std::size_t free = stream.find(drr::RecordType::free);
  stream.flip_bit(stream.header_end(write));
  stream.set_u32(free, 0, static_cast<std::uint32_t>(drr::RecordType::object));
  for (std::size_t at = drr::kRecordChecksumAt; at < drr::kRecordBytes; at += 8) {
    stream.set_u64(free, at, 0);
  }
  for (const bool allow_unproven : {false, true}) {
    GateOptions options;
    options.allow_unproven = allow_unproven;
    const GateRun run = run_gate(options, stream.bytes());
    EXPECT_FALSE(run.whole());
    if (!allow_unproven) {
      EXPECT_EQ(run.releasable, stream.header_end(write));
    }
  }
}

// What zstream redup and recompress write into the two ENDs that libzfs leaves without a sum.
TEST(Gate, APackageRewrittenByZstreamPasses) {
  test::StreamImage stream = test::package_stream(test::package_list({}));
  const auto sum_into = [&stream](std::size_t record, std::size_t from) {
    test::PlainSum sum;
    for (std::size_t i = from; i < record; ++i) {
      sum.absorb(stream.piece(i).bytes, stream.order(i));
    }
    test::Bytes end = stream.piece(record).bytes;
    sum.absorb(ByteSpan(end).first(drr::kRecordChecksumAt), stream.order(record));
    for (std::size_t word = 0; word < 4; ++word) {
      const checksum::Fletcher4 value = sum.value();
      const std::uint64_t words[] = {value.a, value.b, value.c, value.d};
      stream.set_u64(record, drr::kRecordChecksumAt + 8 * word, words[word]);
    }
  };
  sum_into(1, 0);
  sum_into(stream.last(), stream.last());
  const GateRun run = run_gate({}, stream.bytes());
  EXPECT_TRUE(run.whole());
  EXPECT_EQ(run.releasable, stream.size());

  stream.flip_bit(stream.offset(stream.last()) + drr::kRecordChecksumAt);
  EXPECT_FALSE(run_gate({}, stream.bytes()).whole());
}

TEST(Gate, AnyDataMayBeShorterThanAMagic) {
  GateOptions options;
  options.any_data = true;
  const test::Bytes four_zeros(4);
  const GateRun run = run_gate(options, four_zeros);
  EXPECT_EQ(run.releasable, 4U);
  options.policy.max_bytes = 3;
  EXPECT_EQ(run_gate(options, four_zeros).releasable, 0U);
}

}  // namespace
}  // namespace zsluice::pipeline
