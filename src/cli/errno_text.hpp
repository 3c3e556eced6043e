// SPDX-License-Identifier: BSD-2-Clause
// strerror without its locale and its shared buffer: the messages are tested word for word.
#pragma once

#include <string>

namespace zsluice::cli {

// "No space left on device"; "error 12345" for numbers without a name.
[[nodiscard]] std::string errno_text(int error);

}  // namespace zsluice::cli
