// SPDX-License-Identifier: BSD-2-Clause
// Progress as one line of a terminal.
//
//    62% [=====>    ] 1.1 GiB of 1.7 GiB  85.3 MiB/s  avg 80.1 MiB/s  ETA 0:07:13  buf 45%
//        tank/data@auto  snapshot 3 of 12 (40%)  object 1234  98765 records
//
// What does not fit is left out, the least important first: the count of records, the object, the
// average, the size, the bar, the name, the buffer, the snapshot's number, ETA, the rate, the
// bytes.
#pragma once

#include "cli/progress_view.hpp"

#include <string>

namespace zsluice::cli {

// At most `width` bytes of printable ASCII, each of them one column; empty when nothing fits.
[[nodiscard]] std::string progress_line(const ProgressView& view, unsigned width);

}  // namespace zsluice::cli
