// SPDX-License-Identifier: BSD-2-Clause
// `verify` and `inspect` of a store: what they do when PATH is a directory.
#pragma once

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "io/store_folder.hpp"

#include <memory>
#include <string>

namespace zsluice::cli {

// The directory, if `path` is one that can be opened; "-" is none.
[[nodiscard]] std::unique_ptr<io::StoreFolder> open_if_store(const std::string& path);

// Both give the exit status.
[[nodiscard]] int verify_store(const VerifyCommand& command,
                               io::StoreFolder& folder,
                               const Streams& streams);
// The segments, and without STORE the manifest, too, are what a command prints.
[[nodiscard]] int verify_fetched_store(const VerifyCommand& command, const Streams& streams);
[[nodiscard]] int inspect_store(const InspectCommand& command,
                                io::StoreFolder& folder,
                                const Streams& streams);

}  // namespace zsluice::cli
