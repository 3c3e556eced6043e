// SPDX-License-Identifier: BSD-2-Clause
#include "cli/personality.hpp"

#include "cli/version.hpp"
#include "pipeline/pipe.hpp"

#include <algorithm>

namespace zsluice::cli {
namespace {

// As --buffer: above that the list of its blocks alone would weigh.
constexpr std::uint64_t kBufferBytesMax = std::uint64_t{1} << 40;

}  // namespace

Personality personality_of(std::string_view program_path) {
  const std::string_view name = program_path.substr(program_path.rfind('/') + 1);
  if (name == "mbuffer") return Personality::mbuffer;
  if (name == "pv") return Personality::pv;
  return Personality::own;
}

std::string_view name_of(Personality personality) {
  switch (personality) {
    case Personality::own:
      break;
    case Personality::mbuffer:
      return "mbuffer";
    case Personality::pv:
      return "pv";
  }
  return "zsluice";
}

PipeCommand foreign_pipe(Personality personality, const Surroundings& surroundings) {
  PipeCommand command;
  command.personality = personality;
  command.policy.allow_plaintext = !surroundings.require_raw;
  command.any_data = !surroundings.require_raw;
  command.trailing_data = !surroundings.require_raw;
  command.concatenated = true;
  command.allow_unproven = true;
  command.progress.style = ProgressStyle::off;
  return command;
}

std::string personality_version(Personality personality) {
  return "zsluice " + std::string(kVersion) + ", answering as " +
         std::string(name_of(personality)) + '\n';
}

std::uint64_t clamped_buffer(std::uint64_t wished_bytes) {
  return std::clamp(wished_bytes, pipeline::kBufferBytesMin, kBufferBytesMax);
}

}  // namespace zsluice::cli
