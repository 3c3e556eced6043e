// SPDX-License-Identifier: BSD-2-Clause
// Called as `mbuffer` or `pv`, the program takes that program's place in a pipe: its flags, its
// status lines, `zsluice pipe` inside. The scripts that call it know nothing of that, so it may
// never be stricter than the program it stands for, but in what it is for: a damaged stream.
#pragma once

#include "cli/options.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace zsluice::cli {

// What the flags are judged by beside themselves.
struct Surroundings {
  std::uint64_t physical_memory_bytes = 0;
  bool require_raw = false;  // ZSLUICE_REQUIRE_RAW=1
};

// By the last component of argv[0].
[[nodiscard]] Personality personality_of(std::string_view program_path);

// "zsluice", "mbuffer" or "pv".
[[nodiscard]] std::string_view name_of(Personality personality);

// A pipe that lets pass what the other program would: plaintext, data that is no stream, and
// anything behind a stream's end. A stream is still checked on its way. With `require_raw` only raw
// and encrypted streams pass: of other data nobody can say that it is not plaintext in disguise.
[[nodiscard]] PipeCommand foreign_pipe(Personality personality, const Surroundings& surroundings);

// `--version`: names the program that answers, and the one it answers for.
[[nodiscard]] std::string personality_version(Personality personality);

// The nearest size of buffer that works.
[[nodiscard]] std::uint64_t clamped_buffer(std::uint64_t wished_bytes);

}  // namespace zsluice::cli
