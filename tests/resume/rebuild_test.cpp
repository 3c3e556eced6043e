// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/rebuild.hpp"

#include "resume/redactions.hpp"
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

Target target_of_begin(const ProvenRecord& begin, drr::ResumePoint point) {
  const drr::BeginRecord stored = drr::decode_begin(begin.record);
  const Redactions lists = redactions_of(begin.payload);
  const auto has = [&stored](std::uint64_t bit) { return (stored.features & bit) != 0; };
  return {.toguid = stored.toguid,
          .fromguid = stored.fromguid,
          .point = point,
          .raw = has(drr::feature::kRaw),
          .compressed = has(drr::feature::kCompressed),
          .large_blocks = has(drr::feature::kLargeBlocks),
          .embedded = has(drr::feature::kEmbedData),
          .redact_snaps = lists.snaps,
          .book_redact_snaps = lists.from_snaps};
}

// All but its own checksum (and END's).
Bytes fields_of(const ProvenRecord& it) {
  Bytes fields(it.record.bytes().begin(), it.record.bytes().begin() + drr::kRecordChecksumAt);
  if (it.role == drr::Role::substream_end) {
    std::fill_n(fields.begin() + drr::kEndChecksumAt, drr::kChecksumBytes, std::byte{0});
  }
  fields.insert(fields.end(), it.payload.begin(), it.payload.end());
  return fields;
}

std::vector<Bytes> fields_of(const std::vector<ProvenRecord>& records) {
  std::vector<Bytes> all;
  for (const ProvenRecord& it : records)
    all.push_back(fields_of(it));
  return all;
}

// An independent statement of what must be there: whether the record speaks of anything at the
// point or behind it.
bool is_behind(const ProvenRecord& it, drr::ResumePoint point) {
  if (it.role == drr::Role::substream_end) return true;
  const drr::RecordView& record = it.record;
  const std::uint64_t first = record.u64(8);  // object, or the first of a run
  std::uint64_t end = 0;                      // of the data; 0: the whole object
  switch (static_cast<RecordType>(record.type_code())) {
    case RecordType::object_range:
    case RecordType::free_objects:
      return first + record.u64(16) > point.object;
    case RecordType::write:
      end = record.u64(24) + record.u64(32);
      break;
    case RecordType::write_embedded:
    case RecordType::redact:
    case RecordType::free:
      if (record.u64(24) != drr::kFreeToEnd) end = record.u64(16) + record.u64(24);
      break;
    case RecordType::begin:
    case RecordType::object:
    case RecordType::end:
    case RecordType::write_byref:
    case RecordType::spill:
      break;
  }
  if (first != point.object) return first > point.object;
  return end == 0 || end > point.offset;
}

// Every point that a record names, and its neighbours.
std::vector<drr::ResumePoint> points_of(const std::vector<ProvenRecord>& records) {
  std::vector<drr::ResumePoint> points{{1, 0}, {0, 0}, {~std::uint64_t{0}, 0}};
  for (const ProvenRecord& it : records) {
    const drr::RecordPlace place = drr::place_of(it.record);
    if (!place.object) continue;
    points.push_back({*place.object, place.offset.value_or(0)});
    points.push_back({*place.object, place.offset.value_or(0) + 512});
    points.push_back({*place.object + 1, 0});
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
  const std::vector<Bytes> from = fields_of(stored);
  const std::vector<Bytes> out = fields_of(test::proven_records(made.bytes));
  std::size_t next = 1;  // in `from`, behind BEGIN
  for (std::size_t i = 1; i < out.size(); ++i) {
    for (; next < from.size() && from[next] != out[i]; ++next) {
      EXPECT_FALSE(is_behind(stored[next], point)) << "record " << next << " is missing";
    }
    ASSERT_LT(next, from.size()) << "record " << i << " is none of the stored ones";
    ++next;
  }
  EXPECT_EQ(next, from.size());
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
