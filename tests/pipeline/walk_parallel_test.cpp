// SPDX-License-Identifier: BSD-2-Clause
// Payload sums computed ahead (PieceWalker) change nothing of what a Walk says, whatever the
// windows.
#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"
#include "walk_fixture.hpp"
#include "zsluice/drr/piece_walker.hpp"

#include <string>

namespace zsluice::pipeline {
namespace {

using test::Bytes;

// What a run says, to be compared word for word.
std::string told(const Diary& diary, const Walk& walk) {
  std::string text;
  for (const std::string& event : diary.events)
    text += event + '\n';
  for (const drr::Fault& fault : diary.damages)
    text += test::described(fault) + '\n';
  text += std::to_string(walk.streams()) + ' ' + std::to_string(walk.records()) + ' ' +
          std::to_string(walk.records_unproven()) + ' ' + std::to_string(walk.blocks().matched);
  return text + ' ' + std::to_string(walk.failure() ? walk.failure()->index() + 1 : 0);
}

std::string told_serially(ByteSpan stream, const WalkOptions& options) {
  const WalkRun run(stream, options);
  return told(run.diary, run.walk);
}

// As ParallelSums does, in windows that `chopper` cuts.
std::string told_in_windows(ByteSpan stream, WalkOptions options, const test::Chopper& chopper) {
  options.checker.parser.sum_payloads = false;
  Diary diary;
  Walk walk(options, diary);
  drr::PieceWalker walker;
  while (!stream.empty() && !walk.is_over()) {
    const ByteSpan window = take_prefix(stream, std::min(stream.size(), chopper(stream.size())));
    std::vector<drr::PayloadPiece> pieces;
    walker.walk(window, pieces);
    for (drr::PayloadPiece& piece : pieces) {
      piece.sum = checksum::fletcher4({}, piece.bytes, piece.order);
    }
    walk.feed(window, pieces);
  }
  walk.finish();
  return told(diary, walk);
}

TEST(WalkInWindows, SaysTheSame) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const Bytes bytes = test::read_corpus(entry.name);
    const WalkOptions options{.check_blocks = true};
    const std::string expected = told_serially(bytes, options);
    for (const std::size_t window : {4096U, 1000U, 65537U}) {
      EXPECT_EQ(told_in_windows(bytes, options, test::in_pieces_of(window)), expected) << window;
    }
    constexpr std::uint64_t kSeed = 31;
    EXPECT_EQ(told_in_windows(bytes, options, test::at_random(kSeed)), expected)
        << "seed " << kSeed;
  });
}

TEST(DamagesInWindows, AreJudgedTheSame) {
  test::for_each_damage([](const test::Damage& damage) {
    const Bytes bytes = damage.make().bytes;
    for (const WalkOptions& options : {WalkOptions{}, WalkOptions{.keep_going = true}}) {
      const std::string expected = told_serially(bytes, options);
      EXPECT_EQ(told_in_windows(bytes, options, test::in_pieces_of(999)), expected);
      EXPECT_EQ(told_in_windows(bytes, options, test::at_random(17)), expected) << "seed 17";
    }
  });
}

TEST(WalkWindows, OfAnySizeSumTheSame) {
  const Bytes bytes = test::joined(
      {test::simple_stream().bytes(), test::package_stream(test::package_list({})).bytes()});
  const std::string expected = told_serially(bytes, {});
  for (std::size_t window = 1; window < 700; ++window) {
    ASSERT_EQ(told_in_windows(bytes, {}, test::in_pieces_of(window)), expected) << window;
  }
}

TEST(WalkWindows, EverySingleCutSumsTheSame) {
  const Bytes bytes = test::simple_stream().bytes();
  const std::string expected = told_serially(bytes, {});
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    ASSERT_EQ(told_in_windows(bytes, {}, test::cut_once_at(cut)), expected) << cut;
  }
}

TEST(WalkWindows, APieceThatNobodySummedIsSummedHere) {
  Diary diary;
  WalkOptions options;
  options.checker.parser.sum_payloads = false;
  Walk walk(options, diary);
  walk.feed(test::simple_stream().bytes());
  walk.finish();
  EXPECT_FALSE(walk.failure());
}

}  // namespace
}  // namespace zsluice::pipeline
