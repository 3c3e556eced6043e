// SPDX-License-Identifier: BSD-2-Clause
// The parts of a machine-readable result that commands share. Guids and checksums are strings: JSON
// numbers lose precision beyond 2^53. Byte counts and offsets are numbers.
#pragma once

#include "cli/failure_text.hpp"

#include <optional>

#include <nlohmann/json.hpp>

namespace zsluice::cli {

using Json = nlohmann::ordered_json;

// {"code","exit_status","message",…} with the offsets, record and checksums that the failure has;
// null without one.
[[nodiscard]] Json failure_json(const std::optional<pipeline::Failure>& failure,
                                const FailureContext& context);

// The code of an input that could not be opened.
inline constexpr std::string_view kNotOpened = "not_opened";

// The verdict of a run that could not begin.
[[nodiscard]] std::string_view verdict_of_not_begun(int exit_status);

// Makes the result of an empty run that of one which could not begin.
void put_not_begun(Json& result, std::string_view code, int exit_status, std::string_view message);

// {"number","type","offset","object","object_offset"}.
[[nodiscard]] Json record_json(const drr::RecordNote& record);

// One line of ASCII, so that foreign text cannot reach a terminal's controls; bytes that are not
// UTF-8 are replaced, never an error.
[[nodiscard]] std::string dump_line(const Json& json);

}  // namespace zsluice::cli
