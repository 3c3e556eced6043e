// SPDX-License-Identifier: BSD-2-Clause
// A PATH argument that may name a store: a directory is one.
#pragma once

#include "cli/open_input.hpp"
#include "cli/options.hpp"
#include "io/store_folder.hpp"
#include "zsluice/base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace zsluice::cli {

struct OpenedStore {
  std::unique_ptr<io::StoreFolder> folder;
  std::string key;  // empty: none
};

[[nodiscard]] bool is_store(const std::string& path);

[[nodiscard]] Result<OpenedStore, OpenFailure> open_store(const std::string& path,
                                                          const StoreAuth& auth,
                                                          std::string_view command);
// For a PATH that is none, when a key was named all the same.
[[nodiscard]] OpenFailure not_for_a_file(std::string_view command);

}  // namespace zsluice::cli
