// SPDX-License-Identifier: BSD-2-Clause
#include "cli/mbuffer_options.hpp"

#include "cli/short_options.hpp"
#include "cli/wide_ratio.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/number_text.hpp"
#include "zsluice/base/size_text.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace zsluice::cli {
namespace {

constexpr std::uint64_t kDefaultMemoryPercent = 2;
constexpr std::uint64_t kPercentMax = 100;
// For `-b` without `-s`. mbuffer asks the devices; a block has no other meaning here.
constexpr std::uint64_t kDefaultBlockBytes = std::uint64_t{4} << 20;
constexpr std::uint64_t kStallSecondsMax = std::uint64_t{365} * 86400;

constexpr unsigned kSaysWarnings = 2;
constexpr unsigned kSaysDefault = 3;
constexpr unsigned kSaysInformation = 4;
constexpr unsigned kSaysMost = 6;

constexpr std::string_view kHelp =
    "usage: mbuffer [OPTION…]\n"
    "\n"
    "This is zsluice, called as mbuffer: a buffer between stdin and stdout that checks a ZFS send\n"
    "stream on its way. A damaged stream is not passed to its end, and the exit status tells.\n"
    "Other data passes untouched.\n"
    "\n"
    "  -m SIZE      memory for the data, or N% of the machine's (default 2%, 34M or more)\n"
    "  -s, -b       size and number of blocks: only their product matters, if -m is not given\n"
    "  -r RATE      read no faster than that\n"
    "  -R RATE      write no faster than that\n"
    "  -P N         write only after the buffer was filled to N%\n"
    "  -p N         read into a full buffer only after it was drained to N%\n"
    "  -W SECONDS   fail when reading or writing has stood still for so long\n"
    "  -i FILE      read from FILE, - is stdin\n"
    "  -o FILE      write to FILE, - is stdout\n"
    "  -f           the next -o may overwrite\n"
    "  --append     the next -o appends\n"
    "  -c           the next -o writes with synchronous data integrity\n"
    "  -l FILE      messages go to FILE\n"
    "  -q           no status lines, no notes\n"
    "  -v LEVEL     0 to 6: below 2 no warnings, from 5 on more is said\n"
    "  --pid        say the process id\n"
    "  -h, --help, -V, --version\n"
    "\n"
    "Taken without effect: -4 -6 -0 -A -a -D -d -e -H -L -n 1 -Q -t -T -u --direct --hash --md5\n"
    "--no-direct --tapeaware --tcpbuffer --tcptimeo --truncate. Refused: -I and -O (let ssh carry\n"
    "the stream), a second -o, -n other than 1. mbuffer.rc files are not read.\n"
    "ZSLUICE_REQUIRE_RAW=1 in the environment lets only raw, encrypted streams pass.\n"
    "`zsluice --help` lists the commands under its own name.\n";

constexpr std::string_view kNoNetwork =
    ": network sessions are not there yet; let ssh carry the stream (mbuffer … | ssh HOST …)";

class MbufferReader {
 public:
  explicit MbufferReader(const Surroundings& surroundings)
      : surroundings_(surroundings), command_(foreign_pipe(Personality::mbuffer, surroundings)) {}

  // --- the buffer ---
  void memory(const FlagUse& use) {
    if (use.value.ends_with('%')) return memory_percent(use);
    memory_bytes_ = size(use, "is not a size (such as 16M, 1.5G, 2%)");
  }
  void block_size(const FlagUse& use) { block_bytes_ = size(use, "is not a size (such as 128k)"); }
  void block_count(const FlagUse& use) {
    block_count_ = count(use, std::numeric_limits<std::uint64_t>::max());
  }
  void file_buffer(const FlagUse& use) {
    has_file_buffer_ = true;
    remark(use, "the buffer is in memory, at most half of the machine's");
  }
  void start_at(const FlagUse& use) {
    command_.start_at_percent = static_cast<unsigned>(count(use, kPercentMax));
  }
  void drain_to(const FlagUse& use) {
    command_.drain_to_percent = static_cast<unsigned>(count(use, kPercentMax));
  }

  // --- rates and time ---
  void read_rate(const FlagUse& use) { command_.rate.input_rate = rate(use); }
  void write_rate(const FlagUse& use) {
    const Rate limit = rate(use);
    command_.rate.rate = limit.is_unlimited() ? "" : std::to_string(limit.bytes_per_second);
  }
  void watchdog(const FlagUse& use) {
    const std::uint64_t seconds = count(use, kStallSecondsMax);
    command_.stall_timeout.reset();
    if (seconds > 0) command_.stall_timeout = std::chrono::seconds(seconds);
  }

  // --- where from, where to ---
  void input(const FlagUse& use) {
    demand(command_.input_paths.empty(), use, "one input only");
    demand(!use.value.empty(), use, "the name of the file is empty");
    command_.input_paths = {std::string(use.value)};
  }
  void output(const FlagUse& use) {
    demand(!has_output_, use, "one output only; tee(1) makes several of one");
    demand(!use.value.empty(), use, "the name of the file is empty");
    has_output_ = true;
    next_output_.path = use.value;
    if (use.value != "-") command_.output = next_output_;
  }
  void overwrite(const FlagUse& /*use*/) { next_output_.mode = OutputMode::overwrite; }
  void append(const FlagUse& /*use*/) { next_output_.mode = OutputMode::append; }
  void synchronous(const FlagUse& /*use*/) { next_output_.synchronous = true; }
  void network(const FlagUse& use) { fail(use.spelled + std::string(kNoNetwork)); }
  void volumes(const FlagUse& use) {
    demand(count(use, std::numeric_limits<std::uint64_t>::max()) == 1, use,
           "an input of several volumes is not supported");
  }
  void operand(const FlagUse& use) { fail("unexpected argument \"" + escaped(use.value) + '"'); }

  // --- words ---
  void quiet(const FlagUse& /*use*/) { is_quiet_ = true; }
  void log_file(const FlagUse& use) { command_.log_path = use.value; }
  void process_id(const FlagUse& /*use*/) { command_.prints_pid = true; }
  void hash(const FlagUse& use) { remark(use, "no hash of the data is computed"); }
  void verbosity(const FlagUse& use) {
    constexpr std::array kNames = {
        std::pair{std::string_view("none"), 0U},    std::pair{std::string_view("silent"), 0U},
        std::pair{std::string_view("fatal"), 1U},   std::pair{std::string_view("error"), 1U},
        std::pair{std::string_view("warning"), 2U}, std::pair{std::string_view("info"), 4U},
        std::pair{std::string_view("debug"), 5U},   std::pair{std::string_view("io"), 6U}};
    for (const auto& [name, level] : kNames) {
      if (use.value != name) continue;
      verbosity_ = level;
      return;
    }
    verbosity_ = static_cast<unsigned>(count(use, kSaysMost));
  }
  void help(const FlagUse& /*use*/) { text_ = kHelp; }
  void version(const FlagUse& /*use*/) { text_ = personality_version(Personality::mbuffer); }
  void ignore(const FlagUse& /*use*/) {}

  void fail(std::string message) {
    if (!error_) error_ = UsageError{"mbuffer", std::move(message)};
  }

  [[nodiscard]] Result<Command, UsageError> finish() {
    if (!text_.empty()) return Command(HelpCommand{text_});
    if (error_) return Unexpected{*error_};
    command_.buffer_bytes = buffer_bytes();
    command_.mbuffer.line = !is_quiet_;
    command_.mbuffer.summary = !is_quiet_ || verbosity_ >= kSaysInformation;
    command_.common.quiet = is_quiet_ || verbosity_ < kSaysWarnings;
    command_.common.verbose = !command_.common.quiet && verbosity_ > kSaysInformation;
    return Command(std::move(command_));
  }

 private:
  void demand(bool condition, const FlagUse& use, std::string_view why) {
    if (!condition) fail(use.spelled + ": " + std::string(why));
  }
  void refuse_value(const FlagUse& use, std::string_view why) {
    fail(use.spelled + ": \"" + escaped(use.value) + "\" " + std::string(why));
  }
  void remark(const FlagUse& use, std::string_view what) {
    command_.remarks.push_back("mbuffer: " + use.spelled + ": " + std::string(what));
  }

  std::uint64_t size(const FlagUse& use, std::string_view why) {
    const auto bytes = parse_size(use.value);
    if (bytes) return *bytes;
    if (bytes.error() == SizeError::too_big) return std::numeric_limits<std::uint64_t>::max();
    if (bytes.error() != SizeError::too_small) refuse_value(use, why);
    return 0;
  }
  void memory_percent(const FlagUse& use) {
    // "2%" is read as 2 bytes, then taken as hundredths: a fraction of a percent is cut off.
    const auto percent = parse_size(use.value.substr(0, use.value.size() - 1));
    const bool is_tiny = !percent && percent.error() == SizeError::too_small;
    if (!is_tiny && (!percent || *percent > kPercentMax)) {
      return refuse_value(use, "is not a part of the memory (1% to 100%)");
    }
    memory_bytes_ = percent_of_memory(is_tiny ? 0 : *percent);
  }
  Rate rate(const FlagUse& use) {
    const auto limit = parse_rate(use.value);
    if (limit) return *limit;
    refuse_value(use, "is not a rate (such as 500k, 10M)");
    return {};
  }
  std::uint64_t count(const FlagUse& use, std::uint64_t max) {
    const auto number = parse_u64(use.value);
    if (number && *number <= max) return *number;
    if (max == std::numeric_limits<std::uint64_t>::max()) {
      refuse_value(use, "is not a number");
    } else {
      refuse_value(use, "is not a number from 0 to " + std::to_string(max));
    }
    return 0;
  }

  [[nodiscard]] std::uint64_t percent_of_memory(std::uint64_t percent) const {
    return surroundings_.physical_memory_bytes / 100 * percent;
  }
  // Wishes that are too small or too big are brought to what works.
  [[nodiscard]] std::uint64_t buffer_bytes() const {
    std::uint64_t wished = percent_of_memory(kDefaultMemoryPercent);
    if (memory_bytes_) {
      wished = *memory_bytes_;
    } else if (block_count_) {
      wished = whole_ratio(*block_count_, block_bytes_.value_or(kDefaultBlockBytes), 1);
    }
    if (has_file_buffer_) wished = std::min(wished, surroundings_.physical_memory_bytes / 2);
    return clamped_buffer(wished);
  }

  Surroundings surroundings_;
  PipeCommand command_;
  std::optional<std::uint64_t> memory_bytes_;
  std::optional<std::uint64_t> block_bytes_;
  std::optional<std::uint64_t> block_count_;
  bool has_file_buffer_ = false;
  bool has_output_ = false;
  OutputFile next_output_;
  bool is_quiet_ = false;
  unsigned verbosity_ = kSaysDefault;
  std::string text_;
  std::optional<UsageError> error_;
};

using M = MbufferReader;
constexpr bool kValue = true;

constexpr auto kFlags = std::to_array<Flag<MbufferReader>>({
    {{'m', "", kValue}, &M::memory},
    {{'s', "", kValue}, &M::block_size},
    {{'b', "", kValue}, &M::block_count},
    {{'t', "", false}, &M::file_buffer},
    {{'T', "", kValue}, &M::file_buffer},
    {{'P', "", kValue}, &M::start_at},
    {{'p', "", kValue}, &M::drain_to},
    {{'r', "", kValue}, &M::read_rate},
    {{'R', "", kValue}, &M::write_rate},
    {{'W', "", kValue}, &M::watchdog},
    {{'i', "", kValue}, &M::input},
    {{'o', "", kValue}, &M::output},
    {{'f', "", false}, &M::overwrite},
    {{'c', "", false}, &M::synchronous},
    {{0, "append", false}, &M::append},
    {{0, "truncate", false}, &M::ignore},  // what -f does anyway
    {{'I', "", kValue}, &M::network},
    {{'O', "", kValue}, &M::network},
    {{'n', "", kValue}, &M::volumes},
    {{'q', "", false}, &M::quiet},
    {{'Q', "", false}, &M::ignore},  // no status ever goes to the log
    {{'l', "", kValue}, &M::log_file},
    {{'v', "", kValue}, &M::verbosity},
    {{0, "pid", false}, &M::process_id},
    {{'H', "md5", false}, &M::hash},
    {{0, "hash", kValue}, &M::hash},
    {{'h', "help", false}, &M::help},
    {{'V', "version", false}, &M::version},
    // Tapes: the end of one is an error here, so nothing is lost unnoticed.
    {{'A', "", kValue}, &M::ignore},
    {{'a', "", kValue}, &M::ignore},
    {{'D', "", kValue}, &M::ignore},
    {{'d', "", false}, &M::ignore},
    {{'u', "", kValue}, &M::ignore},
    {{0, "tapeaware", false}, &M::ignore},
    // Any error ends the run, memory is not locked, files are read and written as they come.
    {{'e', "", false}, &M::ignore},
    {{'L', "", false}, &M::ignore},
    {{0, "direct", false}, &M::ignore},
    {{0, "no-direct", false}, &M::ignore},
    // For the network.
    {{'4', "", false}, &M::ignore},
    {{'6', "", false}, &M::ignore},
    {{'0', "", false}, &M::ignore},
    {{0, "tcpbuffer", kValue}, &M::ignore},
    {{0, "tcptimeo", kValue}, &M::ignore},
});

}  // namespace

Result<Command, UsageError> parse_mbuffer(std::span<const std::string_view> arguments,
                                          const Surroundings& surroundings) {
  MbufferReader reader(surroundings);
  if (auto wrong = apply_flags(kFlags, arguments, reader)) reader.fail(std::move(*wrong));
  return reader.finish();
}

}  // namespace zsluice::cli
