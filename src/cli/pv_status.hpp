// SPDX-License-Identifier: BSD-2-Clause
// What pv(1) prints on stderr, in its format, which bzfs reads back from a log. Pure: time comes
// with the state, the current rate and the wall clock from the caller.
//
//     125 GiB: 2.71GiB 0:00:08 [98.8MiB/s] [ 341MiB/s] [>        ]  2% ETA 0:06:03 ETA 17:27:49
//     -N       -b      -t      -r          -a          -p               -e          -I
#pragma once

#include "pipeline/pipe_state.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::cli {

inline constexpr unsigned kPvColumns = 80;  // where no terminal says otherwise

// What to show, as the flags say. Bytes are counted even if lines were asked for.
struct PvFormat {
  bool progress = false;
  bool timer = false;
  bool eta = false;
  bool fineta = false;
  bool rate = false;
  bool average_rate = false;
  bool bytes = false;
  bool buffer_percent = false;
  std::optional<std::uint64_t> last_written;  // how many bytes: shown as dots
  std::string format;                         // -F: takes the place of all those
  std::string name;                           // fit for a terminal
  bool numeric = false;
  bool force = false;  // even if stderr is no terminal; numbers are printed anyway
  bool quiet = false;  // nothing at all
  bool wait = false;   // nothing before the first byte has passed
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds interval{1000};
  std::optional<std::uint64_t> size_bytes;
  std::optional<unsigned> columns;  // instead of the terminal's
};

struct PvMoment {
  std::uint64_t bytes_per_second = 0;  // since the line before; the last line shows the average
  std::int64_t local_seconds = 0;      // since 1970 in local time, for -I
  bool is_last = false;
  unsigned columns = kPvColumns;  // of the terminal
};

// The next thing to write, its end included: a carriage return, so that the next line takes its
// place; a newline behind numbers; both behind the last line. A line whose end is no carriage
// return is the last one to bzfs.
[[nodiscard]] std::string pv_line(const PvFormat& format,
                                  const pipeline::PipeState& state,
                                  const PvMoment& moment);

}  // namespace zsluice::cli
