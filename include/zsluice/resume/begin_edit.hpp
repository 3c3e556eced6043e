// SPDX-License-Identifier: BSD-2-Clause
// The BEGIN of a resumed stream, made from the stored stream's own: the feature bit RESUMING, and
// the resume point in the nvlist behind it. All else stays, so that the result is what the sender's
// `zfs send -t` would have sent.
//
// The two numbers stand where `zfs send` puts them, behind the redaction lists and before
// crypt_keydata, in the stored list's own encoding and byte order; its padding stays. Without a
// stored list a native one in the stream's order is made of the two. The point of a stored stream
// that is a resumed one itself is replaced.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/drr/format.hpp"
#include "zsluice/drr/record.hpp"
#include "zsluice/nvlist/reader.hpp"

#include <array>
#include <vector>

namespace zsluice::resume {

struct ResumedBegin {
  std::array<std::byte, drr::kRecordBytes> header{};
  std::vector<std::byte> payload;
};

// `begin`: a substream's BEGIN, `payload`: all that follows it. An error is one of the stored list,
// which decode_begin_payload() would have had too; bad_count also when the new list would not fit
// the header's length field.
[[nodiscard]] Result<ResumedBegin, nvlist::Error> resumed_begin(const drr::RecordView& begin,
                                                                ByteSpan payload,
                                                                drr::ResumePoint point);

}  // namespace zsluice::resume
