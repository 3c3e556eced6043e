// SPDX-License-Identifier: BSD-2-Clause
// `zsluice split --continue`: a store whose stream was cut off, and the stream of `zfs send -t`
// that continues it, become the store of one whole stream, byte for byte the uninterrupted one.
//
//   STORE ─▶ KeptPart ─────────────┐
//   continuation ─▶ ProvenRecords ─┴▶ Stitcher ─▶ from segment k on: Splitting ─▶ StoreWriter ─▶
//   STORE
//
// The continuation's BEGIN comes first, since it says where it goes on; then what the store has up
// to there; then the rest of the continuation. Segment k is the one in which, or before which, the
// store's records end that are kept; those before it are not written to. Nothing is written before
// records of the continuation have been proven to belong here and a segment of them is complete.
// When it breaks off the store is open as before, and not a byte shorter, unless segment k lies
// more than given_up_bytes_max() before the end: then only the store's own token is believed.
//
// Memory: as `split`, one or two segments more until the continuation's first record is there, and
// given_up_bytes_max() until it makes the store longer.
#pragma once

#include "io/source.hpp"
#include "io/store_files.hpp"
#include "pipeline/split.hpp"
#include "pipeline/store_opening.hpp"

namespace zsluice::pipeline {

// `opened` is from open_store() with the same files and key. Of the options' settings nothing is
// asked: they are the store's. A store whose end is stored is given its closing line if that is
// missing, and nothing of `source` is read then; else it is a failure, holds_whole. No store gets
// its closing line before all its headers have been read (header_walk.hpp).
[[nodiscard]] SplitReport run_continue(const SplitOptions& options,
                                       const OpenedStore& opened,
                                       io::ByteSource& source,
                                       io::StoreFiles& files);

}  // namespace zsluice::pipeline
