// SPDX-License-Identifier: BSD-2-Clause
// measured REPORT COMMAND [ARGUMENT…]: runs COMMAND with the descriptors it was given, and writes
// to the file REPORT what that cost:
//
//     STATUS CPU_US PEAK_KIB STARTED_NS ENDED_NS
//
// STATUS as a shell has it (128 + n after a signal), CPU user and system, peak of resident memory,
// times of CLOCK_MONOTONIC. A small program of its own because Linux counts the memory of whoever
// forks into the peak of the command: below a Python interpreter every small tool would look alike.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace {

constexpr int kNotFound = 127;
constexpr int kSignalBase = 128;

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::int64_t microseconds(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

int shell_status(int status) {
  return WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status);
}

[[noreturn]] void become(char** command) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::execvp(command[0], command);
  std::perror(command[0]);
  ::_exit(kNotFound);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: measured REPORT COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  const std::int64_t started = now_ns();
  const pid_t child = ::fork();
  if (child < 0) {
    std::perror("measured: fork");
    return 1;
  }
  if (child == 0) become(argv + 2);
  // Or the ends of the pipes would stay open behind the command.
  ::close(STDIN_FILENO);
  ::close(STDOUT_FILENO);

  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0) {
    if (errno == EINTR) continue;
    std::perror("measured: wait");
    return 1;
  }
  const std::int64_t ended = now_ns();
  std::FILE* const report = std::fopen(argv[1], "w");
  if (report == nullptr) {
    std::perror(argv[1]);
    return 1;
  }
  std::fprintf(report, "%d %" PRId64 " %ld %" PRId64 " %" PRId64 "\n", shell_status(status),
               microseconds(usage.ru_utime) + microseconds(usage.ru_stime), usage.ru_maxrss,
               started, ended);
  return std::fclose(report) == 0 ? 0 : 1;
}
