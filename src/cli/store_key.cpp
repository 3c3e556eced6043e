// SPDX-License-Identifier: BSD-2-Clause
#include "cli/store_key.hpp"

#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/text_layout.hpp"
#include "io/small_file.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/store/segment_check.hpp"

#include <fmt/format.h>

namespace zsluice::cli {

using storage::kKeyBytesMax;
using storage::kKeyBytesMin;

Result<std::string, OpenFailure> read_store_key(const std::string& path, std::string_view command) {
  if (path.empty()) return std::string();
  const std::string head = fmt::format("zsluice: {}: --auth-key {}: ", command, escaped(path));
  auto key = io::read_small_file(path, kKeyBytesMax + 1, io::SmallFileKind::any);
  if (!key) {
    const std::string why = errno_text(key.error().error);
    return Unexpected{OpenFailure{kExitLocalIo, fmt::format("{}cannot be read: {}\n", head, why)}};
  }
  if (key->size() < kKeyBytesMin) {
    return Unexpected{
        OpenFailure{kExitUsage, fmt::format("{}{} are no key: at least {} are needed\n", head,
                                            counted(key->size(), "byte"), kKeyBytesMin)}};
  }
  if (key->size() > kKeyBytesMax) {
    return Unexpected{OpenFailure{
        kExitUsage,
        fmt::format("{}longer than {} bytes, which no key may be\n", head, kKeyBytesMax)}};
  }
  return *std::move(key);
}

}  // namespace zsluice::cli
