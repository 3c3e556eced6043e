// SPDX-License-Identifier: BSD-2-Clause
// Counts the segments that the stream on stdin would be stored in; exit 1 when it is not whole.
#include <iostream>
#include <iterator>
#include <span>
#include <string>

#include <zsluice/store/cutter.hpp>

namespace drr = zsluice::drr;
namespace storage = zsluice::storage;

int main() {
  const std::string stream(std::istreambuf_iterator<char>(std::cin), {});
  zsluice::ByteSpan input = std::as_bytes(std::span(stream));
  drr::Parser parser;
  storage::SegmentCutter cutter(storage::kSegmentTargetBytesMin);
  std::size_t segments = 0;
  for (auto step = parser.next(input); step != drr::Step::need_input; step = parser.next(input)) {
    if (step == drr::Step::fault) return 1;
    if (step == drr::Step::record) {
      segments += cutter.on_record(storage::record_met(parser)) ? 1 : 0;
    } else if (step == drr::Step::stream_end) {
      segments += cutter.on_stream_end() ? 1 : 0;
    } else if (parser.payload_bytes_left() == 0) {
      cutter.on_payload_end(parser.running_sum());
    }
  }
  std::cout << segments << '\n';
  return parser.finish() == drr::Step::fault ? 1 : 0;
}
