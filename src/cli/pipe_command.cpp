// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/log.hpp"
#include "cli/pipe_result.hpp"
#include "cli/pipe_watch.hpp"
#include "cli/rate_control.hpp"
#include "io/fd.hpp"
#include "io/file_kind.hpp"
#include "io/signals.hpp"
#include "io/small_file.hpp"
#include "pipeline/pipe.hpp"
#include "zsluice/base/escape.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>

namespace zsluice::cli {
namespace {

using pipeline::PipeReport;

// Why a run could not begin.
struct Obstacle {
  int exit_status;
  std::string_view code;
  std::string why;
};

// The descriptors of a run: those given, or files in their place.
struct Places {
  io::Fd own_input;
  io::Fd output;
  io::Fd own_log;
  int input = -1;
  int err = -1;
};

pipeline::PipeOptions pipe_options(const PipeCommand& command) {
  pipeline::PipeOptions options;
  options.gate.checker.parser.limits.begin_payload_bytes = command.max_header_bytes;
  options.gate.policy = command.policy;
  options.gate.allow_unproven = command.allow_unproven;
  options.gate.any_data = command.any_data;
  options.gate.concatenated = command.concatenated;
  options.gate.trailing_data = command.trailing_data;
  options.buffer_bytes = command.buffer_bytes;
  options.allow_hold = !command.copies_all;
  options.flow.input_rate = command.rate.input_rate;
  options.flow.burst_bytes = command.rate.burst_bytes;
  options.flow.start_at_percent = command.start_at_percent;
  options.flow.drain_to_percent = command.drain_to_percent;
  options.stall_timeout = command.stall_timeout;
  return options;
}

Obstacle cannot_open(const std::string& path, int error) {
  return {kExitLocalIo, kNotOpened, '"' + escaped(path) + "\": " + errno_text(error)};
}

int open_flags(OutputMode mode) {
  switch (mode) {
    case OutputMode::create:
      return O_CREAT | O_EXCL;
    case OutputMode::overwrite:
      return O_CREAT;  // cut when nothing is in the way of the run any more
    case OutputMode::append:
      return O_CREAT | O_APPEND;
  }
  return O_CREAT | O_EXCL;
}

// A device or a named pipe is there already and is what it is meant to be.
io::Fd open_output(const OutputFile& file) {
  const int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | (file.synchronous ? O_DSYNC : 0);
  io::Fd fd(::open(file.path.c_str(), flags | open_flags(file.mode), 0666));
  if (fd || errno != EEXIST) return fd;
  fd = io::Fd(::open(file.path.c_str(), flags));
  const io::FileKind kind = fd ? io::describe(fd.get()) : io::FileKind::closed;
  if (kind != io::FileKind::file) return fd;
  errno = EEXIST;
  return {};
}

std::optional<Obstacle> open_places(const PipeCommand& command,
                                    const Streams& streams,
                                    Places& places) {
  places.input = streams.in;
  places.err = streams.err;
  const std::string input = command.input_paths.empty() ? "-" : command.input_paths.front();
  if (input != "-") {
    places.own_input = io::Fd(::open(input.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!places.own_input) return cannot_open(input, errno);
    places.input = places.own_input.get();
  }
  if (!command.log_path.empty()) {
    places.own_log =
        io::Fd(::open(command.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (!places.own_log) return cannot_open(command.log_path, errno);
    places.err = places.own_log.get();
  }
  if (!command.output) {
    places.output = io::Fd(streams.out);
    return std::nullopt;
  }
  places.output = open_output(*command.output);
  if (!places.output) return cannot_open(command.output->path, errno);
  return std::nullopt;
}

std::optional<Obstacle> terminal_obstacle(const PipeCommand& command, const Places& places) {
  if (io::is_terminal(places.input)) {
    return Obstacle{kExitUsage, kNotOpened, "stdin is a terminal: pipe a stream into it"};
  }
  if (command.personality == Personality::own && io::is_terminal(places.output.get())) {
    return Obstacle{kExitUsage, kNotOpened, "stdout is a terminal: a stream is binary data"};
  }
  return std::nullopt;
}

// A file that is read while it is written to would be lost, or never end.
std::optional<Obstacle> same_file_obstacle(const PipeCommand& command, const Places& places) {
  struct stat input {};
  struct stat output {};
  if (::fstat(places.input, &input) != 0 || ::fstat(places.output.get(), &output) != 0) return {};
  if (!S_ISREG(output.st_mode)) return {};
  if (input.st_dev == output.st_dev && input.st_ino == output.st_ino) {
    return Obstacle{kExitUsage, kNotOpened, "input and output are the same file"};
  }
  const bool is_to_cut = command.output && command.output->mode == OutputMode::overwrite;
  if (is_to_cut && ::ftruncate(places.output.get(), 0) != 0) {
    return cannot_open(command.output->path, errno);
  }
  return {};
}

// What --size-from says; a warning where it says nothing, since only the percentage is at stake.
SizePlan read_plan(const PipeCommand& command, std::string& warning) {
  const std::string& path = command.progress.size_from;
  if (path.empty()) return {};
  const std::string head = "zsluice: pipe: --size-from: \"" + escaped(path) + "\": ";
  const auto text = io::read_small_file(path, kSizePlanTextBytesMax, io::SmallFileKind::any);
  if (!text) {
    warning = head + errno_text(text.error().error) + '\n';
    return {};
  }
  auto plan = parse_size_plan(*text);
  if (plan) return std::move(*plan);
  warning = head + std::string(size_plan_error_text(plan.error())) + '\n';
  return {};
}

// What is said at the very end; nothing when all is well.
std::string last_words(const CommonOptions& common,
                       const PipeReport& report,
                       const io::ChosenBackend& chosen) {
  if (common.json) return dump_line(pipe_result_json(report, &chosen));
  if (!report.failure) return {};
  return log_text(common.log_format, Level::error,
                  failure_text(*report.failure, context_of(report)));
}

int refuse(const PipeCommand& command, const Streams& streams, const Obstacle& obstacle) {
  const std::string message = "zsluice: pipe: " + obstacle.why + '\n';
  TextOutput err(streams.err);
  if (command.common.json) {
    Json json = pipe_result_json({}, nullptr);
    put_not_begun(json, obstacle.code, obstacle.exit_status, message);
    err.write(dump_line(json));
  } else {
    err.write(log_text(command.common.log_format, Level::error, message));
  }
  return obstacle.exit_status;
}

void say_first_words(const PipeCommand& command,
                     const io::ChosenBackend& chosen,
                     PipeWatch& watch) {
  if (command.prints_pid) watch.say(Level::info, fmt::format("PID is {}\n", ::getpid()));
  for (const std::string& remark : command.remarks) {
    watch.warn("zsluice: pipe: " + remark + '\n');
  }
  const bool is_foreign = command.personality != Personality::own;
  if (chosen.refusal && (!is_foreign || command.common.verbose)) {
    watch.warn(fmt::format("zsluice: pipe: io_uring is {}; using poll(2)\n",
                           refusal_reason(*chosen.refusal)));
  } else if (command.common.verbose) {
    watch.say(Level::info, fmt::format("zsluice: pipe: moving bytes with {} ({})\n",
                                       name_of(chosen.kind), reason_of(chosen)));
  }
}

int run_opened(const PipeCommand& command, const Streams& streams, Places& places) {
  const auto chosen = io::make_backend(command.common.io);
  if (!chosen) {
    return refuse(command, streams,
                  {kExitLocalIo, "uring_refused",
                   "--io uring: io_uring is " + refusal_reason(chosen.error())});
  }
  // It may be a pipe, `<(zfs send -nP …)`, so before signals are taken.
  std::string warning;
  SizePlan plan = read_plan(command, warning);
  const auto signals = io::Signals::create();
  if (!signals) {
    return refuse(command, streams,
                  {kExitLocalIo, "no_signals",
                   "signals cannot be watched: " + errno_text(signals.error().error)});
  }
  PipeWatch watch(command, places.err, chosen->backend->now(), std::move(plan));
  RateControl rate("pipe", command.rate, [&watch](const std::string& text) { watch.warn(text); });
  if (const std::string error = rate.load(); !error.empty()) {
    return refuse(command, streams, {kExitUsage, kNotOpened, error});
  }
  say_first_words(command, *chosen, watch);
  if (!warning.empty()) watch.warn(warning);

  pipeline::PipeEnds ends{.backend = *chosen->backend,
                          .input = places.input,
                          .output = std::move(places.output),
                          .signals = signals->get(),
                          .rate = command.rate.is_given() ? &rate : nullptr};
  const PipeReport report = pipeline::run_pipe(pipe_options(command), std::move(ends), watch);
  // A rate that comes too late must not turn what has passed into a failure.
  if (rate.can_reload()) (*signals)->keep_blocked(SIGHUP);

  watch.finish(report, last_words(command.common, report, *chosen),
               chosen->backend->now() + kLastWords);
  return report.failure ? exit_status_of(*report.failure) : kExitWhole;
}

}  // namespace

int run_command(const PipeCommand& command, const Streams& streams) {
  Places places;
  std::optional<Obstacle> obstacle = open_places(command, streams, places);
  if (!obstacle) obstacle = terminal_obstacle(command, places);
  if (!obstacle) obstacle = same_file_obstacle(command, places);
  if (obstacle) return refuse(command, streams, *obstacle);
  return run_opened(command, streams, places);
}

}  // namespace zsluice::cli
