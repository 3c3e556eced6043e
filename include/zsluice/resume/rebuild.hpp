// SPDX-License-Identifier: BSD-2-Clause
// Rebuilder: the stream that a receiver with a resume token still needs, made of a stored one. What
// comes out is, byte for byte, what `zfs send -t` would send, but for blocks that were split for
// lack of LARGE_BLOCKS: `zfs send` starts again with the first piece of the block.
//
// It is fed proven records, each with its whole payload, from the start of the stream or package
// that holds the substream (FoundPoint::stream_offset). Records between the BEGIN and
// FoundPoint::first_offset may be left out.
//
// With `rest` and a package the result is one too: the package's header, the resumed substream, the
// substreams behind it, the closing END. Its first dataset keeps an encryptionroot of its own on
// the receiver (a caller's caveat). Without a package `rest` changes nothing.
//
// A stored stream that is cut short gives a stream that is: END comes only from END. The same holds
// for one of `zfs send --saved`, which never had one.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/resume/begin_edit.hpp"
#include "zsluice/resume/record_writer.hpp"
#include "zsluice/resume/selection.hpp"
#include "zsluice/resume/target.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::resume {

class Rebuilder {
 public:
  struct Options {
    Target target;
    bool object_is_there = false;  // FoundPoint::object_is_there; false sends more, never less
    bool needs_block = false;      // FoundPoint::needs_block
    bool rest = false;
  };

  explicit Rebuilder(const Options& options)
      : options_(options),
        selection_(options.target.point, options.object_is_there, options.needs_block) {}

  // What is to be written for this record, if anything: valid until the next call, and as long as
  // `record` and `payload` are. A refusal comes before the substream's first byte, and stays.
  [[nodiscard]] Result<std::optional<Piece>, Refusal> add(drr::Role role,
                                                          const drr::RecordView& record,
                                                          ByteSpan payload);

  // The stream that was made has its last END.
  [[nodiscard]] bool is_done() const { return phase_ == Phase::done; }
  // It is a package.
  [[nodiscard]] bool makes_package() const { return options_.rest && in_package_; }

 private:
  enum class Phase : std::uint8_t { searching, inside, following, done };
  using Answer = Result<std::optional<Piece>, Refusal>;

  Answer search(drr::Role role, const drr::RecordView& record, ByteSpan payload);
  Answer begin(const drr::RecordView& record, ByteSpan payload);
  Piece put(const drr::RecordView& record, ByteSpan payload);

  Options options_;
  Selection selection_;
  Phase phase_ = Phase::searching;
  bool in_package_ = false;
  RecordWriter writer_;
  ResumedBegin begin_;
};

}  // namespace zsluice::resume
