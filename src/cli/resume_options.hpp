// SPDX-License-Identifier: BSD-2-Clause
// The options of `zsluice resume`, for options.cpp: their list, and what their values say.
#pragma once

#include "cli/option_reader.hpp"
#include "cli/options.hpp"

#include <span>
#include <string>

#include <boost/program_options.hpp>

namespace zsluice::cli {

[[nodiscard]] boost::program_options::options_description resume_options();

// `common`: those of every command. `words`: what stands on the command line besides options.
[[nodiscard]] ResumeCommand read_resume(OptionReader& reader,
                                        const CommonOptions& common,
                                        std::span<const std::string> words);

}  // namespace zsluice::cli
