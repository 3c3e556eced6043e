// SPDX-License-Identifier: BSD-2-Clause
// The options of `zsluice pipe`, for options.cpp: their list, and what their values say.
#pragma once

#include "cli/option_reader.hpp"
#include "cli/options.hpp"

#include <boost/program_options.hpp>

namespace zsluice::cli {

[[nodiscard]] boost::program_options::options_description pipe_options();

// `common`: those of every command.
[[nodiscard]] PipeCommand read_pipe(OptionReader& reader, const CommonOptions& common);

}  // namespace zsluice::cli
