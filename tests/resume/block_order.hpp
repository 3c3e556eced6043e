// SPDX-License-Identifier: BSD-2-Clause
// Streams as senders before OpenZFS 2.0 order them (FORMAT.md §D.1): for each block of dnodes all
// that announces its objects, then all their data.
#pragma once

#include "support/stream_image.hpp"
#include "zsluice/drr/begin_payload.hpp"

namespace zsluice::test {

// The records of a stream that is one substream, in that order.
[[nodiscard]] Bytes in_block_order(const Bytes& stream);
// What such a sender gives for `zfs send -t`: of the point's block what announces objects from its
// own on, then data from the point on; all that follows. `stream`: in that order, with END.
[[nodiscard]] Bytes continued_in_block_order(const Bytes& stream, drr::ResumePoint point);

}  // namespace zsluice::test
