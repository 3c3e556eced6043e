// SPDX-License-Identifier: BSD-2-Clause
#include "cli/finish_output.hpp"

#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/log.hpp"

namespace zsluice::cli {

int finish_output(
    TextOutput& out, TextOutput& err, std::string_view command, LogFormat log_format, int status) {
  out.flush();
  if (out.error() == 0) {
    err.flush();
    return status;
  }
  const pipeline::IoFailure failed{
      pipeline::IoSide::output, {io::SysOperation::write, out.error()}, out.written(), false};
  const FailureContext context{.command = command, .source = {}};
  err.write(log_text(log_format, Level::error, failure_text(failed, context)));
  err.flush();
  return status == kExitWhole ? exit_status_of(failed) : status;
}

}  // namespace zsluice::cli
