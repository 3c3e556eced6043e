// SPDX-License-Identifier: BSD-2-Clause
// What the process says to its caller (DESIGN.md §3; the man page has the same table).
#pragma once

namespace zsluice::cli {

inline constexpr int kExitWhole = 0;
inline constexpr int kExitInternal = 1;  // a bug
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDamaged = 3;    // a checksum or the format is wrong; bytes after the end
inline constexpr int kExitTruncated = 4;  // the input ended before END
inline constexpr int kExitRefused = 5;    // by policy, or by a limit that an option raises
inline constexpr int kExitLinkLost = 6;   // resumable
inline constexpr int kExitLocalIo = 7;    // disk full, output closed, permission
inline constexpr int kExitPeer = 8;       // peer or protocol
inline constexpr int kExitChild = 9;      // a command it ran failed
inline constexpr int kExitSignalBase = 128;

}  // namespace zsluice::cli
