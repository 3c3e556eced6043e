// SPDX-License-Identifier: BSD-2-Clause
// The only prose about failures: a Failure in numbers becomes an exit status and a message that
// names the command, the source, the offset, the record, what was expected and found, and what it
// means for the user's data (DESIGN.md §3). Tested word for word.
#pragma once

#include "pipeline/outcome.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace zsluice::cli {

// What a command that passes bytes on makes of them.
enum class Output : std::uint8_t {
  same,                    // the stream as it came: offsets of the two are the same
  rest,                    // another stream, for a receiver that has the beginning
  rest_between_snapshots,  // the same, and it ends behind a snapshot of a package
  file,                    // another stream, to be stored
};

// What the consequence line of a message depends on.
struct FailureContext {
  std::string_view command;        // "pipe", "verify", "inspect"; empty for none
  std::string_view source;         // "stdin" or the path as the user gave it (escaped already)
  bool forwards = false;           // whether the command passes bytes on
  std::uint64_t passed_bytes = 0;  // of the stream, when it does
  bool goes_on = false;            // whether it judges what lies behind a damage, too
  bool continues = false;          // whether it goes on in a store
  bool filters = false;            // whether a command takes the store's segments
  Output output = Output::same;
  std::uint64_t passed_snapshots = 0;  // whole ones; with Output::rest_between_snapshots
  std::string_view more{};  // lines of the command's own, put behind the message of a fault

  // The only command that passes what is not proven, or several streams, when asked to.
  [[nodiscard]] bool is_pipe() const { return command == "pipe"; }
};

[[nodiscard]] int exit_status_of(const pipeline::Failure& failure);

// What was passed on ends between two snapshots: what that means.
[[nodiscard]] std::string between_snapshots_text(const FailureContext& context);

// One word for machines: "damaged", "truncated", "refused", "local_io", "signal".
[[nodiscard]] std::string_view verdict_of(const pipeline::Failure& failure);

// A code for machines that stays the same from release to release: "checksum_mismatch", "not_raw"…
[[nodiscard]] std::string_view code_of(const pipeline::Failure& failure);

// The whole message with its newline at the end; several lines.
[[nodiscard]] std::string failure_text(const pipeline::Failure& failure,
                                       const FailureContext& context);

// "record 17 (WRITE, object 34, offset 262144)".
[[nodiscard]] std::string record_text(const drr::RecordNote& record);

}  // namespace zsluice::cli
