// SPDX-License-Identifier: BSD-2-Clause
// `split --continue` on stores in memory, and the streams that a sender would send for them.
#pragma once

#include "pipeline/split_continue.hpp"
#include "pipeline/store_run.hpp"
#include "resume/stream_records.hpp"

#include <utility>

namespace zsluice::pipeline {

inline SplitReport continue_in(io::StoreFiles& store,
                               ByteSpan continuation,
                               const SplitOptions& options,
                               std::size_t read_bytes = 1 << 20) {
  SplitReport report;
  const auto opened = open_store(store, options.store.key);
  if (!opened) {
    report.failure = opened.error();
    return report;
  }
  const Scratch input(continuation);
  const auto source =
      io::open_source(input.fd(), {.buffer_bytes = read_bytes, .allow_mapping = false});
  return run_continue(options, *opened, **source, store);
}

// What `zfs send -t` sends for the token that is made of these bytes, which a store holds. A BEGIN
// alone is proven there, too: then everything is sent again.
inline test::Bytes continuation_for(const test::Bytes& there, const test::Bytes& whole) {
  resume::Stopped stopped = test::stopped_at(there);
  if (stopped.kind == resume::StopKind::nothing_proven) {
    stopped = test::stopped_at(ByteSpan(whole).first(whole.size() - 1));
    stopped.token.object = 1;
    stopped.token.offset = 0;
  }
  return test::rebuild(whole, resume::target_of(stopped.token)).bytes;
}

}  // namespace zsluice::pipeline
