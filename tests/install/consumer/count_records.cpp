// SPDX-License-Identifier: BSD-2-Clause
// Counts the records of the stream on stdin; exit 1 when it is not whole.
#include <iostream>
#include <iterator>
#include <span>
#include <string>

#include <zsluice/drr/parser.hpp>

int main() {
  const std::string stream(std::istreambuf_iterator<char>(std::cin), {});
  zsluice::ByteSpan input = std::as_bytes(std::span(stream));
  zsluice::drr::Parser parser;
  std::size_t records = 0;
  for (auto step = parser.next(input); step != zsluice::drr::Step::need_input;) {
    if (step == zsluice::drr::Step::fault) return 1;
    records += step == zsluice::drr::Step::record ? 1 : 0;
    step = parser.next(input);
  }
  std::cout << records << '\n';
  return parser.finish() == zsluice::drr::Step::fault ? 1 : 0;
}
