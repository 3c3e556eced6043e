// SPDX-License-Identifier: BSD-2-Clause
// Whatever the stream, wherever it is cut, and whatever point a token names: what is rebuilt for it
// is a whole stream in which nothing at the point or behind it is missing, and the two parts of a
// stream as senders make them are stitched to that very stream; or there is a refusal.
#include "resume/lost_records.hpp"
#include "support/chop.hpp"
#include "support/fuzz_script.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

using namespace zsluice;
using test::Bytes;
using test::ProvenRecord;
using Records = std::vector<ProvenRecord>;

namespace {

// The first substream with these guids: its BEGIN, its records, its END.
Records substream_of(const Records& all, std::uint64_t toguid, std::uint64_t fromguid) {
  Records records;
  for (const ProvenRecord& it : all) {
    if (it.role == drr::Role::substream_begin) {
      const drr::BeginRecord begin = drr::decode_begin(it.record);
      if (begin.toguid == toguid && begin.fromguid == fromguid) records = {it};
    } else if (!records.empty()) {
      records.push_back(it);
    }
    if (!records.empty() && it.role == drr::Role::substream_end) break;
  }
  return records;
}

void require_nothing_lost(const Bytes& stream, const resume::Target& target, bool rest) {
  const test::Made made = test::rebuild(stream, target, rest);
  if (made.refusal || !made.done) return;
  test::require(test::parse(made.bytes).whole(), "what is rebuilt is a whole stream");
  const Records stored = substream_of(test::proven_records(stream), target.toguid, target.fromguid);
  const Records records =
      substream_of(test::proven_records(made.bytes), target.toguid, target.fromguid);
  const std::string lost = test::lost_records(stored, records, target.point);
  test::require(lost.empty(), lost.c_str());
}

bool is_unmodified(const ProvenRecord& spill) {
  return (drr::decode_spill(spill.record).flags & drr::kFlagSpill) != 0;
}

// Where a record stands in what `zfs send` makes: by object, and of one object the run that covers
// it, the OBJECT, the FREE of all behind its end, the SPILL if it was not modified, its data by
// offset, the SPILL if it was.
std::optional<std::tuple<std::uint64_t, int, std::uint64_t>> rank_of(const ProvenRecord& it) {
  using drr::RecordType;
  const std::uint64_t object = it.record.u64(8);
  const drr::RecordPlace place = drr::place_of(it.record);
  switch (static_cast<RecordType>(it.record.type_code())) {
    case RecordType::free_objects:
    case RecordType::object_range:
      return std::tuple(object, 0, 0);
    case RecordType::object:
      return std::tuple(object, 1, 0);
    case RecordType::free:
      if (drr::decode_free(it.record).length == drr::kFreeToEnd) return std::tuple(object, 2, 0);
      return std::tuple(object, 4, place.offset.value_or(0));
    case RecordType::spill:
      return std::tuple(object, is_unmodified(it) ? 3 : 5, 0);
    case RecordType::write:
    case RecordType::write_embedded:
    case RecordType::redact:
      return std::tuple(object, 4, place.offset.value_or(0));
    case RecordType::begin:
    case RecordType::end:
    case RecordType::write_byref:  // of a deduplicated stream, which is refused
      break;
  }
  return std::nullopt;
}

// One snapshot as a sender of today makes it: whole, every record with its sum, all in order.
bool is_as_sent(const Bytes& stream) {
  const Records records = test::proven_records(stream);
  const bool is_one = test::parse(stream).whole() && !records.empty() &&
                      records.front().role == drr::Role::substream_begin &&
                      records.back().role == drr::Role::substream_end &&
                      records.back().end() == stream.size();
  if (!is_one || test::StreamImage(stream).resum().bytes() != stream) return false;
  auto before = std::optional(std::tuple(std::uint64_t{0}, -1, std::uint64_t{0}));
  for (std::size_t i = 1; i + 1 < records.size(); ++i) {
    const auto rank = records[i].role == drr::Role::body ? rank_of(records[i]) : std::nullopt;
    if (!rank || *rank <= *before) return false;
    before = rank;
  }
  return true;
}

// A token for a record of the stream, or near it, which no cut need give.
void check_any_point(const Bytes& stream, std::uint64_t choice) {
  const Records records = test::proven_records(stream);
  if (records.empty()) return;
  const std::size_t chosen = choice % records.size();
  const ProvenRecord* begin = nullptr;  // of the substream that the record stands in
  for (std::size_t i = 0; i <= chosen; ++i) {
    if (records[i].role == drr::Role::substream_begin) begin = &records[i];
  }
  if (begin == nullptr) return;
  choice /= records.size();
  std::vector<drr::ResumePoint> points = test::points_at(records[chosen]);
  points.push_back({choice % 64, choice / 64 % 8 * 512});
  const drr::ResumePoint point = points[choice / 512 % points.size()];
  require_nothing_lost(stream, test::target_of_begin(*begin, point), choice % 2 == 0);
}

void check_cut(const Bytes& stream, std::uint64_t bytes) {
  const Bytes cut(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(bytes));
  const resume::Stopped stopped = test::stopped_at(cut);
  if (stopped.kind != resume::StopKind::token) return;
  const resume::Target target = resume::target_of(stopped.token);
  require_nothing_lost(stream, target, false);
  const test::Made continuation = test::rebuild(stream, target);
  if (continuation.refusal || !continuation.done) return;
  const test::Made joined = test::stitch(cut, continuation.bytes);
  if (is_as_sent(stream)) {
    test::require(joined.done && joined.bytes == stream, "what is stitched is the stream");
  } else if (joined.done && !stopped.in_package) {
    test::require(test::parse(joined.bytes).whole(), "what is stitched is whole");
  }
}

constexpr int kChoices = 4;  // of each stream: whole ones are rare

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [image, seed] = test::fuzzed_stream(data, size);
  const Bytes stream = image.bytes();
  if (stream.empty()) return 0;
  std::uint64_t choice = seed;
  for (int i = 0; i < kChoices; ++i) {
    check_any_point(stream, choice >> 8U);
    check_cut(stream, choice % stream.size());
    choice = choice * 0x9e3779b97f4a7c15 + 1;
  }
  return 0;
}
