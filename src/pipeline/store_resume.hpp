// SPDX-License-Identifier: BSD-2-Clause
// `zsluice resume --token TOKEN STORE`: the stream that a receiver still needs, made of a store of
// which only the segments are read that it takes (spans_to_resume()).
//
//   substream: manifest, else headers ─▶ its BEGIN's segment ─▶ PointSearch ◀─ where headers say
//   that the point must be;   then these segments and all behind the point ─▶ Rebuilder ─▶
//   BlockingWriter
//
// Every record that is used is proven by its checksum, from the sum at the start of its segment on;
// with a key its segment is also linked to the one with the BEGIN, with --rest to the first one.
// At a segment that is damaged, missing or another store's it stops, and what stands before that
// has left.
#pragma once

#include "io/blocking_writer.hpp"
#include "io/store_files.hpp"
#include "pipeline/resume.hpp"

#include <string>

namespace zsluice::pipeline {

struct StoreResumeOptions {
  ResumeOptions resume;
  std::string key;       // for HMACs; empty: none
  bool no_auth = false;  // a store that has HMACs is read without a key
};

[[nodiscard]] ResumeReport run_store_resume(const StoreResumeOptions& options,
                                            io::StoreFiles& files,
                                            io::BlockingWriter& out);

}  // namespace zsluice::pipeline
