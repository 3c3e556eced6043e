// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/rebuild.hpp"

#include "resume/lost_records.hpp"
#include "resume/stream_records.hpp"
#include "support/corpus.hpp"
#include "support/policy_streams.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string_view>

namespace zsluice::resume {
namespace {

using drr::RecordType;
using test::Bytes;
using test::Made;
using test::ProvenRecord;
using test::StreamBuilder;
using test::StreamImage;
using test::target_of_begin;

// Every point that a record names, and its neighbours.
std::vector<drr::ResumePoint> points_of(const std::vector<ProvenRecord>& records) {
  std::vector<drr::ResumePoint> points{{1, 0}, {0, 0}, {~std::uint64_t{0}, 0}};
  for (const ProvenRecord& it : records) {
    const std::vector<drr::ResumePoint> some = test::points_at(it);
    points.insert(points.end(), some.begin(), some.end());
  }
  return points;
}

void expect_resumed_at(const Bytes& stream,
                       const std::vector<ProvenRecord>& stored,
                       drr::ResumePoint point) {
  const Made made = test::rebuild(stream, target_of_begin(stored.front(), point));
  ASSERT_FALSE(made.refusal);
  EXPECT_TRUE(made.done);
  ASSERT_TRUE(test::is_whole(made.bytes));
  EXPECT_EQ(test::lost_records(stored, test::proven_records(made.bytes), point), "");
}

TEST(Rebuild, NothingAtThePointOrBehindItIsMissing) {
  for (const std::string_view name :
       {"c256_raw_full", "reuse_raw_incr", "sparse_raw_incr", "sp_plain_full", "empty_raw_incr",
        "pl_e", "red_redacted", "foreign_order/pl_e.be", "foreign_order/red_redacted.be",
        "foreign_order/sp_raw_full.be_xdr", "foreign_order/c128_raw_full.xdr",
        "foreign_order/c128_raw_full.zerosum"}) {
    SCOPED_TRACE(name);
    const Bytes stream = test::read_corpus(name);
    const std::vector<ProvenRecord> stored = test::proven_records(stream);
    std::vector<drr::ResumePoint> points = points_of(stored);
    std::shuffle(points.begin(), points.end(), std::mt19937_64(42));
    if (points.size() > 40) points.resize(40);
    for (const drr::ResumePoint point : points) {
      SCOPED_TRACE(std::to_string(point.object) + ", " + std::to_string(point.offset));
      expect_resumed_at(stream, stored, point);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Rebuild, AnotherByteOrderGivesTheSameRecords) {
  const Bytes little = test::read_corpus("pl_e");
  const Bytes big = test::read_corpus("foreign_order/pl_e.be");
  const auto stored = test::proven_records(big);
  const Target target = target_of_begin(stored.front(), {3, 131072});
  const Made made = test::rebuild(big, target);
  EXPECT_EQ(made.bytes.size(), test::rebuild(little, target).bytes.size());
  const StreamImage image(made.bytes);
  EXPECT_EQ(image.order(0), ByteOrder::big);
  StreamImage resummed = image;
  EXPECT_EQ(resummed.zero_sums().resum().bytes(), made.bytes);
}

TEST(Rebuild, WithoutKnowingWhetherTheObjectIsThereItSendsAll) {
  const Bytes stream = test::read_corpus("c256_raw_full");
  const auto stored = test::proven_records(stream);
  const Target target = target_of_begin(stored.front(), {3, 0});
  const Made made = test::rebuild_all(stream, {.target = target});
  EXPECT_TRUE(test::is_whole(made.bytes));
  EXPECT_EQ(test::proven_records(made.bytes).size(), stored.size());
}

TEST(Rebuild, AStoredStreamThatIsCutGivesOneThatIs) {
  const Bytes stream = test::read_corpus("c256_raw_full");
  const auto target = target_of_begin(test::proven_records(stream).front(), {3, 0});
  const Bytes whole = test::rebuild(stream, target).bytes;
  const Bytes cut(stream.begin(), stream.end() - 100);  // in END
  const Made made = test::rebuild(cut, target);
  EXPECT_FALSE(made.done);
  ASSERT_EQ(made.bytes.size(), whole.size() - drr::kRecordBytes);
  EXPECT_TRUE(std::equal(made.bytes.begin(), made.bytes.end(), whole.begin()));
}

// --- packages ---

struct Substream {
  std::uint64_t begin = 0;  // of its BEGIN and behind its END, in bytes
  std::uint64_t end = 0;
  std::vector<ProvenRecord> records;
};

std::vector<Substream> substreams_of(const Bytes& package) {
  std::vector<Substream> all;
  for (const ProvenRecord& it : test::proven_records(package)) {
    if (it.role == drr::Role::substream_begin) all.push_back({.begin = it.offset, .records = {}});
    const bool is_inside = it.role == drr::Role::substream_begin || it.role == drr::Role::body ||
                           it.role == drr::Role::substream_end;
    if (!is_inside) continue;
    all.back().records.push_back(it);
    all.back().end = it.end();
  }
  return all;
}

Target target_inside(const Substream& substream) {
  drr::ResumePoint point{1, 0};
  for (const ProvenRecord& it : substream.records) {
    if (it.record.type_code() != static_cast<std::uint32_t>(RecordType::write)) continue;
    const drr::WriteRecord write = drr::decode_write(it.record);
    point = {write.object, write.offset};
    if (it.offset - substream.begin > (substream.end - substream.begin) / 2) break;
  }
  return target_of_begin(substream.records.front(), point);
}

TEST(Rebuild, WithTheRestAPackageStaysOne) {
  for (const std::string_view name : {"hier_raw_R", "hier_raw_R_i", "g256_raw_I", "tree_plain_R",
                                      "foreign_order/hier_raw_p.be"}) {
    SCOPED_TRACE(name);
    const Bytes package = test::read_corpus(name);
    const std::vector<Substream> substreams = substreams_of(package);
    const std::uint64_t header = substreams.front().begin;
    for (const Substream& substream : substreams) {
      const Target target = target_inside(substream);
      const Bytes resumed = test::rebuild(package, target).bytes;
      ASSERT_TRUE(test::is_whole(resumed));
      Bytes expected(package.begin(), package.begin() + static_cast<std::ptrdiff_t>(header));
      expected.insert(expected.end(), resumed.begin(), resumed.end());
      expected.insert(expected.end(), package.begin() + static_cast<std::ptrdiff_t>(substream.end),
                      package.end());
      const Made made = test::rebuild(package, target, true);
      EXPECT_TRUE(made.done);
      EXPECT_TRUE(made.bytes == expected);
      EXPECT_TRUE(test::is_whole(made.bytes));
    }
  }
}

TEST(Rebuild, WithoutTheRestItIsTheSubstreamAlone) {
  const Bytes package = test::read_corpus("hier_raw_R");
  const Substream third = substreams_of(package).at(2);
  const Bytes alone(package.begin() + static_cast<std::ptrdiff_t>(third.begin),
                    package.begin() + static_cast<std::ptrdiff_t>(third.end));
  const Target target = target_inside(third);
  EXPECT_EQ(test::rebuild(package, target).bytes, test::rebuild(alone, target).bytes);
}

TEST(Rebuild, TheRestOfWhatIsNoPackageIsTheStream) {
  const Bytes stream = test::read_corpus("c256_raw_full");
  const Target target = target_inside(substreams_of(stream).front());
  EXPECT_EQ(test::rebuild(stream, target, true).bytes, test::rebuild(stream, target).bytes);
}

TEST(Rebuild, OfSeveralStreamsInAFileItTakesTheOneAskedFor) {
  const Bytes package = test::read_corpus("g256_raw_I");
  const Bytes file =
      test::joined({test::read_corpus("hier_raw_p"), package, test::read_corpus("pl_e")});
  const Target target = target_inside(substreams_of(package).at(1));
  EXPECT_EQ(test::rebuild(file, target, true).bytes, test::rebuild(package, target, true).bytes);
}

}  // namespace
}  // namespace zsluice::resume
