// SPDX-License-Identifier: BSD-2-Clause
#include "io/make_backend.hpp"

#include "io/poll_backend.hpp"
#include "io/uring_backend.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

namespace zsluice::io {
namespace {

// 0 also where the kernel does not have the setting (before 6.6).
int uring_disabled_setting() {
  int value = 0;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> value;
  return value;
}

RefusalCause likely_cause(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return uring_disabled_setting() != 0 ? RefusalCause::disabled_by_sysctl
                                           : RefusalCause::forbidden_by_filter;
    case ENOSYS:
      return RefusalCause::unknown_to_kernel;
    case EOPNOTSUPP:
    case EINVAL:
      return RefusalCause::kernel_too_old;
    case ENOMEM:
      return RefusalCause::memory_lock_limit;
    case EMFILE:
    case ENFILE:
      return RefusalCause::too_many_open_files;
    default:
      return RefusalCause::other;
  }
}

ChosenBackend poll_because(BackendReason reason, std::optional<UringRefusal> refusal = {}) {
  return {std::make_unique<PollBackend>(), BackendKind::poll, reason, refusal};
}

}  // namespace

BackendChoice choice_of_environment() {
  // Read before any thread is started, and never set by this program.
  const char* const value = std::getenv("ZSLUICE_IO");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view name = value == nullptr ? "" : value;
  if (name == "uring") return BackendChoice::uring;
  if (name == "poll") return BackendChoice::poll;
  return BackendChoice::automatic;
}

Result<ChosenBackend, UringRefusal> make_backend(BackendChoice choice) {
  BackendReason reason = BackendReason::asked_for;
  if (choice == BackendChoice::automatic) {
    choice = choice_of_environment();
    reason =
        choice == BackendChoice::automatic ? BackendReason::available : BackendReason::environment;
  }
  if (choice == BackendChoice::poll) return poll_because(reason);

  auto uring = UringBackend::create();
  if (uring) {
    return ChosenBackend{std::move(*uring), BackendKind::uring, reason, std::nullopt};
  }
  const UringRefusal refusal{likely_cause(uring.error()), uring.error()};
  if (choice == BackendChoice::uring) return Unexpected{refusal};
  return poll_because(BackendReason::refused, refusal);
}

}  // namespace zsluice::io
