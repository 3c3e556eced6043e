// SPDX-License-Identifier: BSD-2-Clause
#include "cli/store_input.hpp"

#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/store_key.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

namespace zsluice::cli {

bool is_store(const std::string& path) {
  struct stat about {};
  return path != "-" && ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

Result<OpenedStore, OpenFailure> open_store(const std::string& path,
                                            const StoreAuth& auth,
                                            std::string_view command) {
  auto key = read_store_key(auth.key_path, command);
  if (!key) return Unexpected{key.error()};
  auto folder = io::StoreFolder::open_to_read(path);
  if (!folder) {
    return Unexpected{
        OpenFailure{kExitLocalIo, fmt::format("zsluice: {}: {}: cannot be opened: {}\n", command,
                                              escaped(path), errno_text(folder.error().error))}};
  }
  return OpenedStore{*std::move(folder), *std::move(key)};
}

OpenFailure not_for_a_file(std::string_view command) {
  return {kExitUsage,
          fmt::format("zsluice: {}: --auth-key and --no-auth are for stores\n", command)};
}

}  // namespace zsluice::cli
