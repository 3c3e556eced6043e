// SPDX-License-Identifier: BSD-2-Clause
// The part of `inspect`'s text that tells a package's header: its datasets, snapshots, properties
// and holds, and which properties act on the receiver.
#pragma once

#include "cli/output.hpp"
#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/record.hpp"

#include <string>

namespace zsluice::cli {

// The lines that stand for the package as a whole.
[[nodiscard]] std::string package_text_head(const drr::BeginRecord& begin, ByteSpan nvlist);

// One line for each item of the header, as they are read, then the warnings.
void write_package_text(ByteSpan nvlist, TextOutput& out);

}  // namespace zsluice::cli
