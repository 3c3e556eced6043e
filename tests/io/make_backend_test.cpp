// SPDX-License-Identifier: BSD-2-Clause
// Which backend a process gets where io_uring is refused. Each case runs in a child, whose limits
// and system call filter die with it.
#include "io/make_backend.hpp"

#include "kernel_support.hpp"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>

namespace zsluice::io {
namespace {

constexpr int kAsExpected = 0;

// Makes one system call fail with `error` for the rest of this process.
bool refuse_system_call(long number, int error) {
  std::array<sock_filter, 4> program = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<__u32>(number), 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<__u32>(error)),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{program.size(), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

bool moves_bytes(Backend& backend) {
  FdPair pipe = make_pipe();
  std::array<std::byte, 10> buffer{};
  const ByteSpan pieces[] = {bytes_of("hello")};
  backend.read(1, pipe.read_end.get(), buffer);
  backend.write(2, pipe.write_end.get(), pieces);
  std::size_t completed = 0;
  while (completed < 2)
    completed += backend.wait(std::nullopt).size();
  return text_of(ByteSpan(buffer).first(5)) == "hello";
}

bool is_uring_available() {
  const auto chosen = make_backend(BackendChoice::uring);
  return chosen.has_value();
}

bool is_disabled_by_sysctl() {
  int value = 0;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> value;
  return value != 0;
}

#define SKIP_WHERE_URING_IS_REFUSED() \
  if (!is_uring_available()) GTEST_SKIP() << "io_uring is refused here, errno known to --io uring"

struct RefusedCall {
  const char* name;
  long system_call;
  int error;
  RefusalCause cause;
};

class MakeBackendRefused : public ::testing::TestWithParam<RefusedCall> {};

INSTANTIATE_TEST_SUITE_P(
    Filters,
    MakeBackendRefused,
    ::testing::Values(
        RefusedCall{"eperm", SYS_io_uring_setup, EPERM, RefusalCause::forbidden_by_filter},
        RefusedCall{"enosys", SYS_io_uring_setup, ENOSYS, RefusalCause::unknown_to_kernel},
        RefusedCall{"enomem", SYS_io_uring_setup, ENOMEM, RefusalCause::memory_lock_limit},
        RefusedCall{"emfile", SYS_io_uring_setup, EMFILE, RefusalCause::too_many_open_files},
        RefusedCall{"old_kernel", SYS_io_uring_setup, EINVAL, RefusalCause::kernel_too_old},
        RefusedCall{"unexpected", SYS_io_uring_setup, EIO, RefusalCause::other},
        RefusedCall{"use_refused", SYS_io_uring_enter, EPERM, RefusalCause::forbidden_by_filter}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_P(MakeBackendRefused, AutoFallsBackToPollAndSaysWhy) {
  if (is_disabled_by_sysctl()) GTEST_SKIP() << "kernel.io_uring_disabled hides the filter";
  const RefusedCall& refused = GetParam();
  EXPECT_EQ(exit_status_of_child([&] {
              if (!refuse_system_call(refused.system_call, refused.error)) return 10;
              const auto chosen = make_backend(BackendChoice::automatic);
              if (!chosen) return 11;
              if (chosen->kind != BackendKind::poll) return 12;
              if (chosen->reason != BackendReason::refused) return 13;
              if (chosen->refusal != UringRefusal{refused.cause, refused.error}) return 14;
              return moves_bytes(*chosen->backend) ? kAsExpected : 15;
            }),
            kAsExpected);
}

TEST_P(MakeBackendRefused, UringByNameFails) {
  if (is_disabled_by_sysctl()) GTEST_SKIP() << "kernel.io_uring_disabled hides the filter";
  const RefusedCall& refused = GetParam();
  EXPECT_EQ(
      exit_status_of_child([&] {
        if (!refuse_system_call(refused.system_call, refused.error)) return 10;
        const auto chosen = make_backend(BackendChoice::uring);
        if (chosen) return 11;
        return chosen.error() == UringRefusal{refused.cause, refused.error} ? kAsExpected : 12;
      }),
      kAsExpected);
}

TEST(MakeBackend, AutoPrefersUring) {
  SKIP_WHERE_URING_IS_REFUSED();
  EXPECT_EQ(exit_status_of_child([] {
              ::unsetenv("ZSLUICE_IO");
              const auto chosen = make_backend(BackendChoice::automatic);
              if (!chosen || chosen->kind != BackendKind::uring) return 11;
              if (chosen->reason != BackendReason::available || chosen->refusal) return 12;
              return moves_bytes(*chosen->backend) ? kAsExpected : 13;
            }),
            kAsExpected);
}

TEST(MakeBackend, EnvironmentDecidesWhereTheUserDidNot) {
  SKIP_WHERE_URING_IS_REFUSED();
  EXPECT_EQ(exit_status_of_child([] {
              ::setenv("ZSLUICE_IO", "poll", 1);
              const auto automatic = make_backend(BackendChoice::automatic);
              if (!automatic || automatic->kind != BackendKind::poll) return 11;
              if (automatic->reason != BackendReason::environment) return 12;
              const auto by_name = make_backend(BackendChoice::uring);
              if (!by_name || by_name->kind != BackendKind::uring) return 13;
              if (by_name->reason != BackendReason::asked_for) return 14;
              ::setenv("ZSLUICE_IO", "something", 1);
              const auto ignored = make_backend(BackendChoice::automatic);
              return ignored && ignored->reason == BackendReason::available ? kAsExpected : 15;
            }),
            kAsExpected);
}

TEST(MakeBackend, WorksWithLittleLockableMemoryAndWithoutPrivilege) {
  EXPECT_EQ(exit_status_of_child([] {
              ::unsetenv("ZSLUICE_IO");
              const rlimit limit{65536, 65536};
              if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 10;
              constexpr uid_t kNobody = 65534;
              if (::geteuid() == 0 && ::setuid(kNobody) != 0) return 11;
              const auto chosen = make_backend(BackendChoice::automatic);
              return chosen && moves_bytes(*chosen->backend) ? kAsExpected : 12;
            }),
            kAsExpected);
}

}  // namespace
}  // namespace zsluice::io
