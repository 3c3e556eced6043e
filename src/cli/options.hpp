// SPDX-License-Identifier: BSD-2-Clause
// The command line as plain structs. Boost.Program_options stays inside options.cpp. One meaning
// for every long option in all commands (DESIGN.md §3).
#pragma once

#include "io/make_backend.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/drr/format.hpp"
#include "zsluice/drr/policy.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace zsluice::cli {

enum class LogFormat : std::uint8_t { text, json };

struct CommonOptions {
  bool quiet = false;
  bool verbose = false;
  bool json = false;
  LogFormat log_format = LogFormat::text;
  io::BackendChoice io = io::BackendChoice::automatic;
};

struct VerifyCommand {
  CommonOptions common;
  std::string path = "-";
  unsigned jobs = 1;
  bool strict = false;
  bool blocks = false;
  bool keep_going = false;
  std::uint64_t max_header_bytes = drr::kBeginPayloadBytesMax;
};

struct InspectCommand {
  CommonOptions common;
  std::string path = "-";
  bool records = false;
  std::uint64_t max_header_bytes = drr::kBeginPayloadBytesMax;
};

// --buffer when it is not given: enough for a network's hiccups.
inline constexpr std::uint64_t kDefaultBufferBytes = std::uint64_t{64} << 20;

struct PipeCommand {
  CommonOptions common;
  drr::PolicyOptions policy;
  std::uint64_t buffer_bytes = kDefaultBufferBytes;
  std::uint64_t max_header_bytes = drr::kBeginPayloadBytesMax;
  bool allow_unproven = false;
  bool any_data = false;
  bool concatenated = false;
};

struct HelpCommand {
  std::string text;
};
struct VersionCommand {};

using Command =
    std::variant<VerifyCommand, InspectCommand, PipeCommand, HelpCommand, VersionCommand>;

// What is wrong with the command line, as a sentence: made of the user's own words, escaped.
struct UsageError {
  std::string command;  // empty when it is not known yet
  std::string message;
};

// `arguments`: without the program's own name.
[[nodiscard]] Result<Command, UsageError> parse_command_line(
    std::span<const std::string_view> arguments);

// The help of one command, or of the program when `command` is empty. Tests compare it with the
// man page and the completions.
[[nodiscard]] std::string help_text(std::string_view command);

}  // namespace zsluice::cli
