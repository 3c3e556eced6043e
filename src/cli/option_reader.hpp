// SPDX-License-Identifier: BSD-2-Clause
// Reads the values of one command line, whose options Boost has found, into plain fields.
#pragma once

#include "cli/duration_text.hpp"
#include "cli/options.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/number_text.hpp"
#include "zsluice/base/size_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/program_options.hpp>

namespace zsluice::cli {

// Collects the first thing that is wrong, so that reading options stays a list.
class OptionReader {
 public:
  OptionReader(std::string_view command, const boost::program_options::variables_map& values)
      : command_(command), values_(values) {}

  [[nodiscard]] bool flag(const char* name) const { return values_.count(name) > 0; }

  void size(const char* name, std::uint64_t& into) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    if (const auto bytes = parse_size(*text)) {
      into = *bytes;
    } else {
      fail(name, *text, "is not a size (such as 64K, 1.5M, 2GiB)");
    }
  }

  void size(const char* name, std::optional<std::uint64_t>& into) {
    std::uint64_t bytes = 0;
    if (!given(name)) return;
    size(name, bytes);
    into = bytes;
  }

  void guid(const char* name, std::optional<std::uint64_t>& into) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    if (const auto guid = parse_u64(*text)) {
      into = *guid;
    } else {
      fail(name, *text, "is not a guid (a 64-bit number, decimal or 0x…)");
    }
  }

  void count(const char* name, unsigned& into, unsigned max) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    const auto number = parse_u64(*text);
    if (number && *number >= 1 && *number <= max) {
      into = static_cast<unsigned>(*number);
    } else {
      fail(name, *text, "is not a number from 1 to " + std::to_string(max));
    }
  }

  // From 1 to 100, with a percent sign or without.
  void percent(const char* name, unsigned& into) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    const bool has_sign = !text->empty() && text->back() == '%';
    const auto number = parse_u64(std::string_view(*text).substr(0, text->size() - has_sign));
    if (number && *number >= 1 && *number <= 100) {
      into = static_cast<unsigned>(*number);
    } else {
      fail(name, *text, "is not a percentage from 1 to 100");
    }
  }

  // A span of time: a number with ms, s, m or h; seconds without.
  void span(const char* name,
            std::chrono::milliseconds min,
            std::chrono::milliseconds max,
            std::optional<std::chrono::milliseconds>& into) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    const std::optional<std::chrono::milliseconds> found = parse_span(*text);
    if (found && *found >= min && *found <= max) {
      into = found;
    } else {
      fail(name, *text, "is not a time (such as 500ms, 10s, 5m), or out of bounds");
    }
  }

  void text(const char* name, std::string& into) {
    if (const std::optional<std::string> value = given(name)) into = *value;
  }

  void text(const char* name, std::optional<std::string>& into) {
    if (const std::optional<std::string> value = given(name)) into = *value;
  }

  template <class Choice, std::size_t Count>
  void choice(const char* name,
              const std::array<std::pair<std::string_view, Choice>, Count>& choices,
              Choice& into) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    for (const auto& [word, value] : choices) {
      if (*text != word) continue;
      into = value;
      return;
    }
    std::string words;
    for (const auto& entry : choices) {
      words += words.empty() ? "" : ", ";
      words += entry.first;
    }
    fail(name, *text, "is not one of " + words);
  }

  [[nodiscard]] bool is(const char* name, std::string_view word) const {
    return given(name) == word;
  }

  void demand(bool condition, std::string message) {
    if (!condition && !error_) error_ = UsageError{std::string(command_), std::move(message)};
  }

  [[nodiscard]] const std::optional<UsageError>& error() const { return error_; }

 private:
  [[nodiscard]] std::optional<std::string> given(const char* name) const {
    if (values_.count(name) == 0) return std::nullopt;
    return values_[name].as<std::string>();
  }
  void fail(const char* name, const std::string& value, const std::string& why) {
    demand(false, "--" + std::string(name) + ": \"" + escaped(value) + "\" " + why);
  }

  std::string_view command_;
  const boost::program_options::variables_map& values_;
  std::optional<UsageError> error_;
};

}  // namespace zsluice::cli
