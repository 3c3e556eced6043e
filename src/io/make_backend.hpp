// SPDX-License-Identifier: BSD-2-Clause
// Which backend this process gets, and why: `--io auto|uring|poll`. The environment variable
// ZSLUICE_IO=uring|poll decides where the user said auto (or nothing); it is read here only, and
// another value is ignored.
#pragma once

#include "io/backend.hpp"
#include "zsluice/base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace zsluice::io {

enum class BackendChoice : std::uint8_t { automatic, uring, poll };
enum class BackendKind : std::uint8_t { uring, poll };

// The likely cause when the kernel refuses io_uring.
enum class RefusalCause : std::uint8_t {
  disabled_by_sysctl,   // kernel.io_uring_disabled is 1 (unprivileged users) or 2 (everyone)
  forbidden_by_filter,  // EPERM without the sysctl: a seccomp profile, as containers have
  unknown_to_kernel,    // ENOSYS: Linux before 5.1, built without it, or a filter that says so
  kernel_too_old,       // Linux before 5.11
  memory_lock_limit,    // ENOMEM: before Linux 5.12 rings count against `ulimit -l`
  too_many_open_files,  // EMFILE, ENFILE
  other,
};

struct UringRefusal {
  RefusalCause cause;
  int error;  // errno

  friend bool operator==(const UringRefusal&, const UringRefusal&) = default;
};

// Why a process runs on the backend it runs on.
enum class BackendReason : std::uint8_t {
  available,    // auto: io_uring works
  refused,      // auto: io_uring was refused (`refusal` says why), so poll
  asked_for,    // by option
  environment,  // by ZSLUICE_IO
};

struct ChosenBackend {
  std::unique_ptr<Backend> backend;
  BackendKind kind;
  BackendReason reason;
  std::optional<UringRefusal> refusal;
};

// What ZSLUICE_IO says.
[[nodiscard]] BackendChoice choice_of_environment();

// Fails only where io_uring was asked for by name and refused. The thread that calls owns the
// backend.
[[nodiscard]] Result<ChosenBackend, UringRefusal> make_backend(BackendChoice choice);

}  // namespace zsluice::io
