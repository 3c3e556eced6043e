// SPDX-License-Identifier: BSD-2-Clause
// What it says of a segment that its file could not be opened or read.
#pragma once

#include "io/sys_error.hpp"
#include "pipeline/store_failure.hpp"

#include <cerrno>

namespace zsluice::pipeline {

// Of a command that failed nobody knows whether there is such a segment, whatever its errno.
[[nodiscard]] inline StoreFailureCode code_of_read(const io::SysError& error) {
  return error.operation == io::SysOperation::run ? StoreFailureCode::fetch_failed
                                                  : StoreFailureCode::unreadable;
}

[[nodiscard]] inline StoreFailureCode code_of_open(const io::SysError& error) {
  const bool is_missing = error.error == ENOENT || error.error == ENOTDIR;
  const StoreFailureCode code = code_of_read(error);
  return code == StoreFailureCode::unreadable && is_missing ? StoreFailureCode::missing_segment
                                                            : code;
}

}  // namespace zsluice::pipeline
