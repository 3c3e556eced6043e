// SPDX-License-Identifier: BSD-2-Clause
// What is wrong with a store, in numbers and names of files. cli makes the sentence.
#pragma once

#include "io/sys_error.hpp"
#include "zsluice/store/segment_error.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::pipeline {

enum class StoreFailureCode : std::uint8_t {
  unreadable,       // a file of the store [name, system]
  unwritable,       // the same, when writing [name, system]
  filter_failed,    // the command did not take a file of the store [name, system]
  fetch_failed,     // the command did not give a segment: whether it is there, nobody knows
                    // [sequence, name, begin, end, system]
  holds_whole,      // STORE is there already, and holds a whole stream [segments, begin: its bytes]
  holds_part,       // or the beginning of one [the same]; or only a manifest that is damaged, or
                    // none of ours [name], or whose last segment is not there [name, segments]
  holds_nothing,    // no segment, and so nothing that could be continued
  older_token,      // a continuation that begins where what is there would be lost [segments,
                    // sequence: that is written again, begin, end: of what would be lost]
  not_a_store,      // neither manifest nor segments
  bad_segment,      // [sequence, name, begin, end, segment]
  missing_segment,  // and later ones are there [sequence, name, begin, end]
  cut_off,          // it and all behind it are missing, although they were written [the same]
  unfinished,       // the stream was not stored to its end [segments, begin: its bytes]
  other_segment,    // not the one that the manifest names [sequence, name, begin, end]
  other_end,        // the manifest's closing line does not belong to these segments [segments: its]
  unproven_end,     // that line has not the HMAC that the key makes
  bad_manifest,     // it is damaged [name, segments: number of the line, begin: its offset]
  later_manifest,   // it is of another version of the format, and undamaged [name]
  other_manifest,   // it is that of another store [name]
  wrong_line,       // its lines of a segment say other things than the segment [sequence, name]
  key_needed,       // it has HMACs, and there is no key
  not_keyed,        // there is a key, and it has no HMACs
  wrong_key,        // it has HMACs of another key than this one [sequence, name, begin]
  no_digest,        // libcrypto did not compute an HMAC
};

struct StoreFailure {
  StoreFailureCode code{};
  std::string name;                   // of the file, in the store
  io::SysError system{};              // only of those whose lists have it
  std::uint64_t segments = 0;         // that are there
  std::uint64_t sequence = 0;         // of the segment that is named
  std::optional<std::uint64_t> last;  // a run of them is named: the number of its last
  std::uint64_t begin = 0;            // where in the stream it begins,
  std::optional<std::uint64_t> end;   // and ends, where that is known
  storage::SegmentError segment{};    // only of bad_segment
};

}  // namespace zsluice::pipeline
