// SPDX-License-Identifier: BSD-2-Clause
// The options that say which streams may pass, the same in all commands that pass or store them.
#pragma once

#include "cli/option_reader.hpp"
#include "zsluice/drr/policy.hpp"

#include <boost/program_options.hpp>

namespace zsluice::cli {

void add_policy_options(boost::program_options::options_description& options);
[[nodiscard]] drr::PolicyOptions read_policy(OptionReader& reader);

}  // namespace zsluice::cli
