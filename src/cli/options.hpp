// SPDX-License-Identifier: BSD-2-Clause
// The command line as plain structs. Boost.Program_options stays inside options.cpp. One meaning
// for every long option in all commands (DESIGN.md §3).
#pragma once

#include "cli/mbuffer_status.hpp"
#include "cli/pv_status.hpp"
#include "io/make_backend.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/base/size_text.hpp"
#include "zsluice/drr/format.hpp"
#include "zsluice/drr/policy.hpp"
#include "zsluice/store/codec.hpp"
#include "zsluice/store/segment.hpp"
#include "zsluice/token/vet.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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
  bool quick = false;    // of stores only: payloads are not read
  std::string key_path;  // of stores only; empty: none
  bool no_auth = false;  // of stores only
  std::string fetch{};   // the command that prints the segments; then `path` may be empty
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

// How the run is shown on stderr while it lasts.
enum class ProgressStyle : std::uint8_t {
  automatic,  // a line that renews itself on a terminal; elsewhere nothing, with an interval
              // `plain`
  off,
  line,   // one line, renewed in place, never wider than the terminal
  plain,  // a line of its own each time
  json,   // an object of its own each time
};

struct ProgressOptions {
  ProgressStyle style = ProgressStyle::automatic;
  std::optional<std::chrono::milliseconds> interval;  // absent: the style's own
  std::optional<std::uint64_t> size_bytes;  // how long the stream will be, as the user says
  std::string size_from;                    // a file with the output of `zfs send -nP`
  std::string metrics_path;                 // a Prometheus text file, renewed by rename
};

// Empty schedules and rates: no limit.
struct RateOptions {
  std::string rate;       // --rate: a rate or a timetable, checked when the command line is read
  std::string rate_file;  // --rate-file: the same, re-read on SIGHUP and when it changes
  std::optional<std::uint64_t> burst_bytes;
  Rate input_rate;  // a limit for reading; only callers of mbuffer ask for it

  // One for the output, on the command line or in a file.
  [[nodiscard]] bool is_given() const { return !rate.empty() || !rate_file.empty(); }
};

// Which program's place `pipe` takes: its flags, its status lines, its exit statuses.
enum class Personality : std::uint8_t { own, mbuffer, pv };

enum class OutputMode : std::uint8_t {
  create,     // refuse a file that exists; devices and pipes are opened as they are
  overwrite,  // cut a file that exists to nothing first
  append,
};

struct OutputFile {
  std::string path;
  OutputMode mode = OutputMode::create;
  bool synchronous = false;  // each write waits for the disk
};

struct PipeCommand {
  CommonOptions common;
  drr::PolicyOptions policy;
  RateOptions rate;
  ProgressOptions progress;
  bool copies_all = false;          // --io copy: no references to the input's pages
  unsigned start_at_percent = 0;    // of the buffer, before anything is written
  unsigned drain_to_percent = 100;  // of the buffer, before a full one is read into again
  std::uint64_t buffer_bytes = kDefaultBufferBytes;
  std::uint64_t max_header_bytes = drr::kBeginPayloadBytesMax;
  bool allow_unproven = false;
  bool any_data = false;
  bool concatenated = false;

  // --- only callers of mbuffer and pv ask for these ---
  Personality personality = Personality::own;
  bool trailing_data = false;            // what stands behind the end of a stream passes unchecked
  std::vector<std::string> input_paths;  // read one after another; "-", or none: stdin
  std::optional<OutputFile> output;      // absent: stdout
  std::string log_path;                  // a file for all words, instead of stderr
  // Fail when reading or writing has stood still for so long.
  std::optional<std::chrono::seconds> stall_timeout;
  bool prints_pid = false;           // on stderr, at the start
  std::vector<std::string> remarks;  // on flags that have no effect here; said unless quiet
  MbufferStatus mbuffer;
  PvFormat pv;
};

// How a store is to be read.
struct StoreAuth {
  std::string key_path;  // --auth-key; empty: none
  bool no_auth = false;  // --no-auth

  [[nodiscard]] bool is_given() const { return no_auth || !key_path.empty(); }
};

enum class TokenAction : std::uint8_t {
  decode,  // what does it say?
  check,   // does it ask for the job at hand, and for nothing else?
  make,    // of a stored stream that is cut off, or with is_encode of JSON
};

struct TokenCommand {
  CommonOptions common;
  TokenAction action = TokenAction::decode;
  std::string operand = "-";  // the token itself, or for `make` a path; "-": stdin
  token::Expectations expected;
  bool is_encode = false;
  StoreAuth store_auth;  // of `make`
  std::uint64_t max_header_bytes = drr::kBeginPayloadBytesMax;
};

// A stream is made of stored ones: what a receiver with a token still needs, or with is_stitch one
// whole stream of a partial one and its continuation.
struct ResumeCommand {
  CommonOptions common;
  drr::PolicyOptions policy;
  std::string token;  // as text; "-": stdin has it
  bool is_rest = false;
  bool is_stitch = false;
  std::string path;
  std::string continuation;  // "-": stdin
  StoreAuth store_auth;
  std::uint64_t max_header_bytes = drr::kBeginPayloadBytesMax;
};

// A stream becomes a store of segments.
struct SplitCommand {
  CommonOptions common;
  drr::PolicyOptions policy;
  std::string store;
  storage::StoreSettings settings{.compression = storage::Compression::automatic,
                                  .level = storage::kZstdLevelDefault};
  bool names_segment_bytes = false;  // which of the settings were asked for
  bool names_compression = false;
  bool is_continued = false;  // the stream goes on in a store that is there
  std::string key_path;       // empty: no HMACs
  std::string filter;         // the command that takes the segments; empty: STORE does
  unsigned threads = 1;       // that compress and hash
  std::uint64_t max_header_bytes = drr::kBeginPayloadBytesMax;
};

// And a stream again.
struct JoinCommand {
  CommonOptions common;
  drr::PolicyOptions policy;
  std::string store;     // may be empty with `fetch`
  std::string fetch;     // the command that prints the segments; empty: STORE has them
  std::string key_path;  // empty: none
  bool no_auth = false;
  RateOptions rate;
  ProgressOptions progress;
  std::uint64_t max_header_bytes = drr::kBeginPayloadBytesMax;
};

struct HelpCommand {
  std::string text;
};
struct VersionCommand {};

using Command = std::variant<VerifyCommand,
                             InspectCommand,
                             PipeCommand,
                             TokenCommand,
                             ResumeCommand,
                             SplitCommand,
                             JoinCommand,
                             HelpCommand,
                             VersionCommand>;

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
