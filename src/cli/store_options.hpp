// SPDX-License-Identifier: BSD-2-Clause
// The options of `zsluice split` and `zsluice join`, for options.cpp: their lists, and what their
// values say.
#pragma once

#include "cli/option_reader.hpp"
#include "cli/options.hpp"

#include <span>
#include <string>

#include <boost/program_options.hpp>

namespace zsluice::cli {

[[nodiscard]] boost::program_options::options_description split_options();
[[nodiscard]] boost::program_options::options_description join_options();

// --auth-key and --no-auth, for commands that read stores.
[[nodiscard]] StoreAuth read_store_auth(OptionReader& reader);

// `common`: those of every command. `words`: what stands on the command line besides options.
[[nodiscard]] SplitCommand read_split(OptionReader& reader,
                                      const CommonOptions& common,
                                      std::span<const std::string> words);
[[nodiscard]] JoinCommand read_join(OptionReader& reader,
                                    const CommonOptions& common,
                                    std::span<const std::string> words);

}  // namespace zsluice::cli
