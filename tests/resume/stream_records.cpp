// SPDX-License-Identifier: BSD-2-Clause
#include "resume/stream_records.hpp"

#include "zsluice/drr/stream_checker.hpp"

#include <algorithm>

namespace zsluice::test {
namespace {

void append(Bytes& out, ByteSpan bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// False when it is to stop.
bool take(Made& made, const resume::Stitcher::Answer& answer) {
  if (!answer) {
    made.refusal = answer.error();
    return false;
  }
  if (*answer) {
    append(made.bytes, (*answer)->header);
    append(made.bytes, (*answer)->payload);
  }
  return true;
}

}  // namespace

std::vector<ProvenRecord> proven_records(const Bytes& stream) {
  std::vector<ProvenRecord> records;
  drr::Parser parser;
  ByteSpan input = stream;
  for (;;) {
    const drr::Step step = parser.next(input);
    if (step == drr::Step::need_input || step == drr::Step::fault) break;
    if (step != drr::Step::record) continue;
    const drr::RecordNote note = parser.current();
    const ByteSpan all = ByteSpan(stream).subspan(note.stream_offset);
    if (note.payload_bytes > all.size() - drr::kRecordBytes) break;
    records.push_back({.role = parser.role(),
                       .record = {all.data(), parser.byte_order()},
                       .payload = all.subspan(drr::kRecordBytes, note.payload_bytes),
                       .offset = note.stream_offset});
  }
  std::erase_if(records, [&](const ProvenRecord& it) { return it.end() > parser.watermark(); });
  return records;
}

bool is_whole(ByteSpan stream) {
  drr::StreamChecker checker;
  for (;;) {
    switch (checker.next(stream)) {
      case drr::Step::stream_end:
        return stream.empty();
      case drr::Step::need_input:
      case drr::Step::fault:
        return false;
      case drr::Step::record:
      case drr::Step::payload:
        break;
    }
  }
}

resume::Stopped stopped_at(ByteSpan stream) {
  resume::StoppedAt stop;
  drr::Parser parser;
  for (;;) {
    const drr::Step step = parser.next(stream);
    if (step == drr::Step::need_input || step == drr::Step::fault) return stop.stopped();
    stop.take(step, parser);
  }
}

Result<resume::FoundPoint, resume::Refusal> search(const Bytes& stream,
                                                   const resume::Target& target) {
  resume::PointSearch search(target);
  for (const ProvenRecord& it : proven_records(stream))
    search.add(it.role, it.record, it.payload, it.offset);
  return search.result();
}

Made rebuild(const Bytes& stream, const resume::Target& target, bool rest) {
  const auto found = search(stream, target);
  Made made;
  if (!found) {
    made.refusal = found.error();
    return made;
  }
  resume::Rebuilder rebuilder({.target = target,
                               .object_is_there = found->object_is_there,
                               .needs_block = found->needs_block,
                               .rest = rest});
  for (const ProvenRecord& it : proven_records(stream)) {
    if (it.offset < found->stream_offset) continue;
    const bool is_before_it =
        it.offset > found->substream_offset && it.offset < found->first_offset;
    if (is_before_it) continue;
    if (!take(made, rebuilder.add(it.role, it.record, it.payload))) break;
  }
  made.done = rebuilder.is_done();
  return made;
}

Made rebuild_all(const Bytes& stream, const resume::Rebuilder::Options& options) {
  resume::Rebuilder rebuilder(options);
  Made made;
  for (const ProvenRecord& it : proven_records(stream)) {
    if (!take(made, rebuilder.add(it.role, it.record, it.payload))) break;
  }
  made.done = rebuilder.is_done();
  return made;
}

Made stitch(const Bytes& partial, const Bytes& continuation) {
  Made made;
  resume::Stitcher stitcher;
  const std::vector<ProvenRecord> second = proven_records(continuation);
  if (second.empty()) return made;
  const auto refuse = [&made](const resume::Refusal& refusal) {
    made.refusal = refusal;
    return made;
  };
  if (const auto started = stitcher.start(second.front().record, second.front().payload);
      !started) {
    return refuse(started.error());
  }
  for (const ProvenRecord& it : proven_records(partial)) {
    if (!take(made, stitcher.add_partial(it.role, it.record, it.payload))) return made;
  }
  if (made.bytes.size() != stitcher.kept_bytes()) return {};
  if (const auto ended = stitcher.partial_ended(); !ended) return refuse(ended.error());
  for (const ProvenRecord& it : second) {
    if (!take(made, stitcher.add_continuation(it.role, it.record, it.payload))) return made;
  }
  made.done = stitcher.is_done();
  return made;
}

}  // namespace zsluice::test
