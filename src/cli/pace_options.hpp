// SPDX-License-Identifier: BSD-2-Clause
// The options that say how fast a stream passes and how that is shown, the same for all commands
// that pass one: --rate, --burst, --rate-file, --progress, --interval, --metrics.
#pragma once

#include "cli/option_reader.hpp"
#include "cli/options.hpp"

#include <boost/program_options.hpp>

namespace zsluice::cli {

// All but --metrics, which stands behind what else there is of progress.
void add_pace_options(boost::program_options::options_description& options);
void add_metrics_option(boost::program_options::options_description& options);

void read_rate(OptionReader& reader, RateOptions& rate);
void read_progress(OptionReader& reader, ProgressOptions& progress);

}  // namespace zsluice::cli
