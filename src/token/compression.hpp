// SPDX-License-Identifier: BSD-2-Clause
// The one place that knows zlib: packed lists to what tokens carry, and back. Neither call keeps
// anything. Out of memory is std::bad_alloc, as it is everywhere.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/token/token.hpp"

#include <cstddef>
#include <vector>

namespace zsluice::token {

// In zlib's own format, at the level receivers use.
[[nodiscard]] std::vector<std::byte> deflated(ByteSpan bytes);

// Never makes more than `exact_bytes` and one byte of it, whatever `compressed` holds; the caller
// has bounded `exact_bytes`. Fails with bad_compression or wrong_length.
[[nodiscard]] Result<std::vector<std::byte>, Error> inflated(ByteSpan compressed,
                                                             std::size_t exact_bytes);

}  // namespace zsluice::token
