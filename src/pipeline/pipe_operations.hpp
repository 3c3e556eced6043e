// SPDX-License-Identifier: BSD-2-Clause
// The operations a run has in flight, one of each at most.
#pragma once

#include "io/backend.hpp"

namespace zsluice::pipeline {

inline constexpr io::OpId kRead = 1;
inline constexpr io::OpId kWrite = 2;
inline constexpr io::OpId kWatch = 3;
inline constexpr io::OpId kSignal = 4;
inline constexpr io::OpId kAwaitInput = 5;
inline constexpr io::OpId kAwaitOutput = 6;

}  // namespace zsluice::pipeline
