// SPDX-License-Identifier: BSD-2-Clause
#include "cli/pv_options.hpp"

#include "cli/short_options.hpp"
#include "pipeline/pipe.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/number_text.hpp"
#include "zsluice/base/size_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

namespace zsluice::cli {
namespace {

constexpr std::chrono::milliseconds kIntervalMin{100};
constexpr std::chrono::milliseconds kIntervalMax{600'000};
constexpr std::chrono::milliseconds kDelayMax{std::chrono::hours(24 * 365)};
constexpr std::uint64_t kColumnsMax = 4096;
constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kFormatBytesMax = 1024;

constexpr std::string_view kHelp =
    "usage: pv [OPTION…] [FILE…]\n"
    "\n"
    "This is zsluice, called as pv: it copies FILEs, or stdin, to stdout, shows how it goes on\n"
    "stderr, and checks a ZFS send stream on its way. A damaged stream is not passed to its end,\n"
    "and the exit status tells. Other data passes untouched.\n"
    "\n"
    "  -p, -t, -e, -I   bar, time so far, time left, time of arrival\n"
    "  -r, -a, -b, -T   rate, average rate, bytes, fill of the buffer (default -pterb)\n"
    "  -F FORMAT        all that in an order of one's own: %p %t %e %I %r %a %b %T %N\n"
    "  -n               numbers, one a line: percent, or bytes with -b; seconds first with -t\n"
    "  -N NAME          a name in front\n"
    "  -s SIZE          bytes that are expected\n"
    "  -i SECONDS       between two lines (default 1)\n"
    "  -D SECONDS       before the first line\n"
    "  -W               nothing before the first byte\n"
    "  -w COLUMNS       width of a line\n"
    "  -f               even if stderr is no terminal\n"
    "  -q               nothing\n"
    "  -L RATE          pass no more than that a second\n"
    "  -B SIZE          memory for the data, 34M or more\n"
    "  -o FILE          write to FILE\n"
    "  -h, --help, -V, --version\n"
    "\n"
    "Each has pv's long name. Taken without effect: -0 -8 -A -C -c -g -H -K -k -l -m -u -v -x -Y\n"
    "(bytes are counted, not lines). Refused: -d -E -P -R -S -U -X -Z.\n"
    "ZSLUICE_REQUIRE_RAW=1 in the environment lets only raw, encrypted streams pass.\n"
    "`zsluice --help` lists the commands under its own name.\n";

class PvReader {
 public:
  explicit PvReader(const Surroundings& surroundings)
      : command_(foreign_pipe(Personality::pv, surroundings)) {
    command_.buffer_bytes = pipeline::kBufferBytesMin;
  }

  // --- what is shown ---
  void progress(const FlagUse& /*use*/) { show(pv().progress); }
  void timer(const FlagUse& /*use*/) { show(pv().timer); }
  void eta(const FlagUse& /*use*/) { show(pv().eta); }
  void fineta(const FlagUse& /*use*/) { show(pv().fineta); }
  void rate(const FlagUse& /*use*/) { show(pv().rate); }
  void average_rate(const FlagUse& /*use*/) { show(pv().average_rate); }
  void bytes(const FlagUse& /*use*/) { show(pv().bytes); }
  void buffer_percent(const FlagUse& /*use*/) { show(pv().buffer_percent); }
  void last_written(const FlagUse& use) {
    pv().last_written = count(use);
    has_switch_ = true;
  }
  void format(const FlagUse& use) { pv().format = escaped(use.value, kFormatBytesMax); }
  void numeric(const FlagUse& /*use*/) { pv().numeric = true; }
  void quiet(const FlagUse& /*use*/) {
    pv().quiet = true;
    command_.common.quiet = true;
  }
  void lines(const FlagUse& /*use*/) { counts_lines_ = true; }

  // --- how it is shown ---
  void wait(const FlagUse& /*use*/) { pv().wait = true; }
  void force(const FlagUse& /*use*/) { pv().force = true; }
  void delay(const FlagUse& use) { pv().delay = std::min(seconds(use), kDelayMax); }
  void interval(const FlagUse& use) {
    pv().interval = std::clamp(seconds(use), kIntervalMin, kIntervalMax);
  }
  void width(const FlagUse& use) {
    const std::uint64_t columns = std::min(count(use), kColumnsMax);
    pv().columns.reset();
    if (columns > 0) pv().columns = static_cast<unsigned>(columns);
  }
  void name(const FlagUse& use) { pv().name = escaped(use.value, kNameBytesMax); }
  void expected_size(const FlagUse& use) {
    const auto bytes = parse_size(use.value);
    pv().size_bytes.reset();
    if (bytes) {
      if (*bytes > 0) pv().size_bytes = *bytes;
    } else if (bytes.error() != SizeError::too_big) {  // no size is no reason to stop a transfer
      refuse_value(use, "is not a size (such as 500k, 1.5G)");
    }
  }

  // --- what is done ---
  void rate_limit(const FlagUse& use) {
    const auto limit = parse_rate(use.value);
    if (!limit) return refuse_value(use, "is not a rate (such as 500k, 10M)");
    command_.rate.rate = limit->is_unlimited() ? "" : std::to_string(limit->bytes_per_second);
  }
  void buffer_size(const FlagUse& use) {
    const auto wished = parse_size(use.value);
    if (!wished) return refuse_value(use, "is not a size (such as 500k, 2M)");
    command_.buffer_bytes = clamped_buffer(*wished);
  }
  void output(const FlagUse& use) {
    if (use.value.empty()) return fail(use.spelled + ": the name of the file is empty");
    command_.output.reset();
    if (use.value != "-") {
      command_.output = OutputFile{std::string(use.value), OutputMode::overwrite, false};
    }
  }
  void operand(const FlagUse& use) {
    if (use.value.empty()) return fail("the name of a FILE is empty");
    if (!command_.input_paths.empty()) return fail("one FILE only: `cat FILE… | pv` joins several");
    command_.input_paths.emplace_back(use.value);
  }
  void help(const FlagUse& /*use*/) { text_ = kHelp; }
  void version(const FlagUse& /*use*/) { text_ = personality_version(Personality::pv); }
  void ignore(const FlagUse& /*use*/) {}

  // --- what is refused ---
  void watch_fd(const FlagUse& use) { refuse(use, "watching another process is not supported"); }
  void remote(const FlagUse& use) { refuse(use, "changing a running pv is not supported"); }
  void pid_file(const FlagUse& use) {
    refuse(use, "no file with the process id is written, since -R is not supported");
  }
  void skip_errors(const FlagUse& use) {
    refuse(use, "zeros in place of what cannot be read would damage the data");
  }
  void stop_at_size(const FlagUse& use) { refuse(use, "data is passed whole or not at all"); }
  void discard(const FlagUse& use) { refuse(use, "data is never thrown away"); }
  void store(const FlagUse& use) { refuse(use, "storing before forwarding is not supported"); }

  void fail(std::string message) {
    if (!error_) error_ = UsageError{"pv", std::move(message)};
  }

  [[nodiscard]] Result<Command, UsageError> finish() {
    if (!text_.empty()) return Command(HelpCommand{text_});
    if (error_) return Unexpected{*error_};
    if (!has_switch_ && !pv().numeric) {
      pv().progress = pv().timer = pv().eta = pv().rate = pv().bytes = true;
    }
    if (counts_lines_) pv().size_bytes.reset();  // it was a number of lines
    return Command(std::move(command_));
  }

 private:
  [[nodiscard]] PvFormat& pv() { return command_.pv; }
  void show(bool& part) {
    part = true;
    has_switch_ = true;
  }
  void refuse(const FlagUse& use, std::string_view why) {
    fail(use.spelled + ": " + std::string(why));
  }
  void refuse_value(const FlagUse& use, std::string_view why) {
    fail(use.spelled + ": \"" + escaped(use.value) + "\" " + std::string(why));
  }
  std::uint64_t count(const FlagUse& use) {
    const auto number = parse_u64(use.value);
    if (number) return *number;
    if (number.error() == NumberError::too_big) return std::numeric_limits<std::uint64_t>::max();
    refuse_value(use, "is not a number");
    return 0;
  }
  // "1", "0.5", ".25": whole milliseconds, the rest is cut off.
  std::chrono::milliseconds seconds(const FlagUse& use) {
    constexpr std::uint64_t kSecondsMax = std::uint64_t{1} << 32;
    const std::size_t point = use.value.find('.');
    const std::string_view whole = use.value.substr(0, point);
    std::string thousandths;
    if (point != std::string_view::npos) thousandths = use.value.substr(point + 1);
    const bool is_number =
        !(whole.empty() && thousandths.empty()) &&
        (thousandths + std::string(whole)).find_first_not_of("0123456789") == std::string::npos;
    if (!is_number) {
      refuse_value(use, "is not a time in seconds (such as 1, 0.5)");
      return {};
    }
    thousandths.resize(3, '0');
    const auto full = parse_u64(whole.empty() ? "0" : whole);
    const auto part = parse_u64(thousandths);
    const std::uint64_t limited = full ? std::min(*full, kSecondsMax) : kSecondsMax;
    return std::chrono::milliseconds(limited * 1000 + (part ? *part : 0));
  }

  PipeCommand command_;
  bool has_switch_ = false;
  bool counts_lines_ = false;
  std::string text_;
  std::optional<UsageError> error_;
};

using P = PvReader;
constexpr bool kValue = true;

constexpr auto kFlags = std::to_array<Flag<PvReader>>({
    {{'p', "progress", false}, &P::progress},
    {{'t', "timer", false}, &P::timer},
    {{'e', "eta", false}, &P::eta},
    {{'I', "fineta", false}, &P::fineta},
    {{'r', "rate", false}, &P::rate},
    {{'a', "average-rate", false}, &P::average_rate},
    {{'b', "bytes", false}, &P::bytes},
    {{'T', "buffer-percent", false}, &P::buffer_percent},
    {{'A', "last-written", kValue}, &P::last_written},
    {{'F', "format", kValue}, &P::format},
    {{'n', "numeric", false}, &P::numeric},
    {{'q', "quiet", false}, &P::quiet},
    {{'W', "wait", false}, &P::wait},
    {{'D', "delay-start", kValue}, &P::delay},
    {{'s', "size", kValue}, &P::expected_size},
    {{'l', "line-mode", false}, &P::lines},
    {{'0', "null", false}, &P::lines},
    {{'i', "interval", kValue}, &P::interval},
    {{'w', "width", kValue}, &P::width},
    {{'H', "height", kValue}, &P::ignore},
    {{'N', "name", kValue}, &P::name},
    {{'f', "force", false}, &P::force},
    {{'c', "cursor", false}, &P::ignore},
    {{'L', "rate-limit", kValue}, &P::rate_limit},
    {{'B', "buffer-size", kValue}, &P::buffer_size},
    {{'C', "no-splice", false}, &P::ignore},
    {{'o', "output", kValue}, &P::output},
    {{'E', "skip-errors", false}, &P::skip_errors},
    {{'Z', "error-skip-block", kValue}, &P::skip_errors},
    {{'S', "stop-at-size", false}, &P::stop_at_size},
    {{'X', "discard", false}, &P::discard},
    {{'U', "store-and-forward", kValue}, &P::store},
    {{'d', "watchfd", kValue}, &P::watch_fd},
    {{'R', "remote", kValue}, &P::remote},
    {{'P', "pidfile", kValue}, &P::pid_file},
    {{'h', "help", false}, &P::help},
    {{'V', "version", false}, &P::version},
    // Newer pv's: how numbers and bars look, and how files are opened.
    {{'8', "bits", false}, &P::ignore},
    {{'k', "si", false}, &P::ignore},
    {{'g', "gauge", false}, &P::ignore},
    {{'u', "bar-style", kValue}, &P::ignore},
    {{'x', "extra-display", kValue}, &P::ignore},
    {{'m', "average-rate-window", kValue}, &P::ignore},
    {{'v', "stats", false}, &P::ignore},
    {{'Y', "sync", false}, &P::ignore},
    {{'K', "direct-io", false}, &P::ignore},
});

}  // namespace

Result<Command, UsageError> parse_pv(std::span<const std::string_view> arguments,
                                     const Surroundings& surroundings) {
  PvReader reader(surroundings);
  if (auto wrong = apply_flags(kFlags, arguments, reader)) reader.fail(std::move(*wrong));
  return reader.finish();
}

}  // namespace zsluice::cli
