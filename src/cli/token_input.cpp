// SPDX-License-Identifier: BSD-2-Clause
#include "cli/token_input.hpp"

#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/result_json.hpp"

#include <fmt/format.h>

namespace zsluice::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string without_blanks(const std::string& text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

TokenFailure not_opened(const OpenFailure& failure) {
  return {failure.exit_status, verdict_of_not_begun(failure.exit_status), kNotOpened,
          failure.message};
}

Result<std::string, TokenFailure> read_short_text(const std::string& path,
                                                  std::string_view command,
                                                  const Streams& streams,
                                                  std::size_t bytes_max) {
  constexpr std::size_t kBlankBytesMax = 4096;
  auto input = open_input(path, command, streams, {.allow_mapping = false});
  if (!input) return Unexpected{not_opened(input.error())};
  std::string text;
  const std::size_t read_max = bytes_max + kBlankBytesMax;
  while (text.size() < read_max) {
    const auto window = input->source->next();
    if (!window) {
      return Unexpected{
          TokenFailure{kExitLocalIo, "local_io", "input_failed",
                       fmt::format("zsluice: {}: {}: cannot be read: {}\n", command, input->name,
                                   errno_text(window.error().cause.error))}};
    }
    const std::string_view piece = text_of(window->bytes());
    if (piece.empty()) break;
    text += piece.substr(0, read_max - text.size());
  }
  text = without_blanks(text);
  return text.substr(0, bytes_max + 1);
}

}  // namespace zsluice::cli
