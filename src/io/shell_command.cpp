// SPDX-License-Identifier: BSD-2-Clause
#include "io/shell_command.hpp"

#include "io/without_interruption.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace zsluice::io {
namespace {

constexpr const char* kShell = "/bin/sh";
constexpr int kNotFound = 127;                // a shell's own status for it
constexpr std::size_t kPieceBytes = 1 << 20;  // of one read or write
constexpr int kPipeBytes = 1 << 20;

struct Pipe {
  Fd read_end;
  Fd write_end;
};

Result<Pipe, SysError> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return sys_failure(SysOperation::run);
  // Fewer switches between the two processes; where it is not allowed, the pipe is as it was.
  (void)::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// Whoever ignores SIGCHLD, or was started by someone who does, is never told how a child ended.
void keep_children_waitable() {
  struct sigaction action {};
  if (::sigaction(SIGCHLD, nullptr, &action) != 0) return;
  const bool is_ignored = (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
  if (!is_ignored && (action.sa_flags & SA_NOCLDWAIT) == 0) return;
  action = {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &action, nullptr);
}

// What posix_spawn() shall do in the child; each call's first error is kept.
class SpawnPlan {
 public:
  SpawnPlan() {
    keep(::posix_spawn_file_actions_init(&actions_));
    keep(::posix_spawnattr_init(&attributes_));
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  void put(int fd, int as) { keep(::posix_spawn_file_actions_adddup2(&actions_, fd, as)); }
  void put_nothing(int as) {
    keep(::posix_spawn_file_actions_addopen(&actions_, as, "/dev/null", O_RDONLY, 0));
  }
  void give_signals_back() {
    sigset_t changed;
    ::sigemptyset(&changed);
    ::sigaddset(&changed, SIGPIPE);
    ::sigaddset(&changed, SIGXFSZ);
    keep(::posix_spawnattr_setsigdefault(&attributes_, &changed));
    keep(::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF));
  }

  Result<Child, SysError> run(const ShellCommand& command, const EnvironmentVariables& variables);

 private:
  void keep(int error) {
    if (error_ == 0) error_ = error;
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  int error_ = 0;
};

bool sets(const std::string& entry, std::string_view variable) {
  return entry.size() > variable.size() && entry.compare(0, variable.size(), variable) == 0 &&
         entry[variable.size()] == '=';
}

std::vector<std::string> environment_with(const EnvironmentVariables& variables) {
  std::vector<std::string> entries;
  for (char* const* entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const bool is_replaced =
        std::any_of(variables.begin(), variables.end(),
                    [&](const auto& variable) { return sets(text, variable.first); });
    if (!is_replaced) entries.push_back(text);
  }
  entries.reserve(entries.size() + variables.size());
  for (const auto& [name, value] : variables) {
    entries.push_back(std::string(name).append(1, '=').append(value));
  }
  return entries;
}

// As execve() wants it: borrowed from `texts`, with a null at the end.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

Result<Child, SysError> SpawnPlan::run(const ShellCommand& command,
                                       const EnvironmentVariables& variables) {
  keep_children_waitable();
  std::vector<std::string> words = {"sh", "-c", command.text};
  std::vector<std::string> environment = environment_with(variables);
  pid_t pid = 0;
  if (error_ == 0) {
    error_ = ::posix_spawn(&pid, kShell, &actions_, &attributes_, pointers_to(words).data(),
                           pointers_to(environment).data());
  }
  if (error_ == ENOENT) return Unexpected<SysError>{{SysOperation::run, EIO, kNotFound}};
  if (error_ != 0) return sys_failure(SysOperation::run, error_);
  return Child(pid);
}

bool write_all(int fd, ByteSpan bytes) {
  while (!bytes.empty()) {
    const std::int32_t count = without_interruption(
        [&] { return ::write(fd, bytes.data(), std::min(bytes.size(), kPieceBytes)); });
    if (count < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

// Another reader of the pipe whose write end this is, for looking into it when the command is gone.
// None without /proc: then what was left unread in a pipe is not noticed.
Fd second_reader(const Fd& write_end) {
  const std::string path = "/proc/self/fd/" + std::to_string(write_end.get());
  return Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

bool holds_bytes(const Fd& pipe) {
  int count = 0;
  return pipe && ::ioctl(pipe.get(), FIONREAD, &count) == 0 && count > 0;
}

}  // namespace

Result<void, SysError> Child::wait() {
  const pid_t pid = std::exchange(pid_, 0);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return sys_failure(SysOperation::run);
  }
  if (WIFSIGNALED(status)) {
    return Unexpected<SysError>{{SysOperation::run, EIO, -WTERMSIG(status)}};
  }
  if (WEXITSTATUS(status) != 0) {
    return Unexpected<SysError>{{SysOperation::run, EIO, WEXITSTATUS(status)}};
  }
  return {};
}

void Child::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  (void)wait();
}

Result<void, SysError> feed_command(const ShellCommand& command,
                                    const EnvironmentVariables& variables,
                                    const NextInput& next) {
  auto pipe = make_pipe();
  if (!pipe) return Unexpected{pipe.error()};
  SpawnPlan plan;
  plan.put(pipe->read_end.get(), STDIN_FILENO);
  plan.put(STDERR_FILENO, STDOUT_FILENO);
  plan.give_signals_back();
  auto child = plan.run(command, variables);
  if (!child) return Unexpected{child.error()};
  pipe->read_end.reset();
  bool is_taken = true;
  while (is_taken) {
    const auto piece = next();
    if (!piece) {
      child->kill();  // before it sees the end of its input
      return Unexpected{piece.error()};
    }
    if (piece->empty()) break;
    is_taken = write_all(pipe->write_end.get(), *piece);
  }
  const Fd rest = second_reader(pipe->write_end);
  pipe->write_end.reset();
  if (const auto ended = child->wait(); !ended) return ended;
  if (!is_taken || holds_bytes(rest)) return sys_failure(SysOperation::run, EPIPE);
  return {};
}

Result<CommandOutput, SysError> CommandOutput::start(const ShellCommand& command,
                                                     const EnvironmentVariables& variables) {
  auto pipe = make_pipe();
  if (!pipe) return Unexpected{pipe.error()};
  SpawnPlan plan;
  plan.put_nothing(STDIN_FILENO);
  plan.put(pipe->write_end.get(), STDOUT_FILENO);
  plan.give_signals_back();
  auto child = plan.run(command, variables);
  if (!child) return Unexpected{child.error()};
  return CommandOutput(*std::move(child), std::move(pipe->read_end));
}

Result<std::size_t, SysError> CommandOutput::read(MutableByteSpan into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const std::size_t count = std::min(into.size() - done, kPieceBytes);
    const std::int32_t got = without_interruption(
        [&] { return ::read(output_.get(), into.subspan(done).data(), count); });
    if (got < 0) return sys_failure(SysOperation::run, -got);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<void, SysError> CommandOutput::finish() {
  output_.reset();
  return child_.wait();
}

}  // namespace zsluice::io
