// SPDX-License-Identifier: BSD-2-Clause
// Whatever the stream and wherever it is cut: what is rebuilt for the token of the cut is a whole
// stream, and so is what is stitched of the two; or there is a refusal.
#include "pipeline/proven_records.hpp"
#include "support/chop.hpp"
#include "support/fuzz_script.hpp"
#include "zsluice/resume/rebuild.hpp"
#include "zsluice/resume/stitch.hpp"
#include "zsluice/resume/stopped_at.hpp"

#include <functional>
#include <optional>
#include <utility>

using namespace zsluice;
using Take = std::function<bool(const pipeline::ProvenRecord&)>;

namespace {

struct Sink final : pipeline::RecordSink {
  explicit Sink(Take taker) : taker_(std::move(taker)) {}
  bool take(const pipeline::ProvenRecord& record) override { return taker_(record); }
  Take taker_;
};

void for_each_record(ByteSpan stream, Take taker) {
  Sink sink(std::move(taker));
  pipeline::ProvenRecords({}, sink).feed(stream);
}

// False: refused. `answer` is of Rebuilder or Stitcher.
template <class Answer>
bool put(const Answer& answer, test::Bytes& out) {
  if (!answer) return false;
  if (!*answer) return true;
  out.insert(out.end(), (*answer)->header.begin(), (*answer)->header.end());
  out.insert(out.end(), (*answer)->payload.begin(), (*answer)->payload.end());
  return true;
}

std::optional<token::Token> token_of(ByteSpan cut) {
  drr::StreamChecker checker;
  resume::StoppedAt stopped;
  for (drr::Step step = checker.next(cut); step != drr::Step::need_input;
       step = checker.next(cut)) {
    if (step == drr::Step::fault) break;
    stopped.take(step, checker.parser());
    if (step == drr::Step::stream_end) break;
  }
  if (stopped.stopped().kind != resume::StopKind::token) return std::nullopt;
  return stopped.stopped().token;
}

test::Bytes rebuilt(ByteSpan stream, const token::Token& token, bool object_is_there) {
  resume::Rebuilder rebuilder({resume::target_of(token), object_is_there, false});
  test::Bytes out;
  for_each_record(stream, [&](const pipeline::ProvenRecord& record) {
    return put(rebuilder.add(record.role, record.header, record.payload), out) &&
           !rebuilder.is_done();
  });
  return rebuilder.is_done() ? out : test::Bytes{};
}

test::Bytes stitched(ByteSpan cut, ByteSpan continuation) {
  resume::Stitcher stitcher;
  test::Bytes out;
  bool has_begun = false;
  for_each_record(continuation, [&](const pipeline::ProvenRecord& record) {
    if (!std::exchange(has_begun, true)) {
      if (!stitcher.start(record.header, record.payload)) return false;
      for_each_record(cut, [&](const pipeline::ProvenRecord& part) {
        return put(stitcher.add_partial(part.role, part.header, part.payload), out);
      });
      if (!stitcher.partial_ended()) return false;
    }
    return put(stitcher.add_continuation(record.role, record.header, record.payload), out);
  });
  return stitcher.is_done() && !stitcher.is_in_package() ? out : test::Bytes{};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [image, seed] = test::fuzzed_stream(data, size);
  const test::Bytes stream = image.bytes();
  if (stream.empty()) return 0;
  const ByteSpan cut = ByteSpan(stream).first(seed % stream.size());
  const std::optional<token::Token> token = token_of(cut);
  if (!token) return 0;
  const test::Bytes continuation = rebuilt(stream, *token, (seed >> 32U) % 2 == 0);
  if (continuation.empty()) return 0;
  test::require(test::parse(continuation).whole(), "what is rebuilt is a whole stream");
  const test::Bytes joined = stitched(cut, continuation);
  if (!joined.empty()) test::require(test::parse(joined).whole(), "what is stitched is whole");
  return 0;
}
