// SPDX-License-Identifier: BSD-2-Clause
#include "cli/log.hpp"

#include <nlohmann/json.hpp>

namespace zsluice::cli {
namespace {

constexpr std::string_view kPrefix = "zsluice: ";

std::string_view name_of(Level level) {
  switch (level) {
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return {};
}

// The next line of `text` without its newline and indentation; `text` is advanced past it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

}  // namespace

std::string log_text(LogFormat format, Level level, std::string_view message) {
  if (format == LogFormat::text) return std::string(message);
  if (message.substr(0, kPrefix.size()) == kPrefix) message.remove_prefix(kPrefix.size());
  nlohmann::ordered_json line;
  line["level"] = name_of(level);
  line["message"] = take_line(message);
  line["details"] = nlohmann::ordered_json::array();
  while (!message.empty()) {
    line["details"].push_back(take_line(message));
  }
  return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace zsluice::cli
