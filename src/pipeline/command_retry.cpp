// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/command_retry.hpp"

#include <cerrno>

namespace zsluice::pipeline {
namespace {

constexpr int kNoProgram = 126;  // what shells say when a file may not be executed,
constexpr int kNotFound = 127;   // and when there is none

bool may_pass(const io::SysError& error) {
  if (error.operation != io::SysOperation::run) return false;
  return error.error != EIO || (error.status != kNoProgram && error.status != kNotFound);
}

}  // namespace

bool CommandRetry::goes_on(const io::SysError& error) {
  ++failed_;
  const auto is_stopped = [this] { return options_.is_stopped && options_.is_stopped(); };
  if (failed_ >= tries_ || !may_pass(error) || is_stopped()) return false;
  const Duration pause = backoff_.next();
  if (options_.on_fail) options_.on_fail({name_, error, failed_, pause});
  options_.sleep(pause);
  return !is_stopped();
}

}  // namespace zsluice::pipeline
