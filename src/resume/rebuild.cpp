// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/rebuild.hpp"

#include <utility>

namespace zsluice::resume {

using drr::RecordView;
using drr::Role;

Rebuilder::Answer Rebuilder::add(Role role, const RecordView& record, ByteSpan payload) {
  switch (phase_) {
    case Phase::searching:
      return search(role, record, payload);
    case Phase::inside:
      if (role == Role::substream_end) {
        phase_ = makes_package() ? Phase::following : Phase::done;
      } else if (!selection_.needs(record)) {
        return std::optional<Piece>{};
      }
      return std::optional(put(record, payload));
    case Phase::following:
      if (role == Role::package_end) phase_ = Phase::done;
      return std::optional(Piece{record.bytes(), payload});
    case Phase::done:
      break;
  }
  return std::optional<Piece>{};
}

Rebuilder::Answer Rebuilder::search(Role role, const RecordView& record, ByteSpan payload) {
  switch (role) {
    case Role::package_begin:
      in_package_ = true;
      [[fallthrough]];
    case Role::package_header_end:
      if (options_.rest) return std::optional(Piece{record.bytes(), payload});
      break;
    case Role::substream_begin:
      return begin(record, payload);
    case Role::package_end:
      in_package_ = false;
      break;
    case Role::body:
    case Role::substream_end:
      break;
  }
  return std::optional<Piece>{};
}

Rebuilder::Answer Rebuilder::begin(const RecordView& record, ByteSpan payload) {
  const drr::BeginRecord stored = drr::decode_begin(record);
  const Target& target = options_.target;
  if (stored.toguid != target.toguid || stored.fromguid != target.fromguid) {
    return std::optional<Piece>{};
  }
  if (const auto refusal = refusal_of(target, record, payload)) return Unexpected{*refusal};
  auto resumed = resumed_begin(record, payload, target.point);
  if (!resumed) {
    return Unexpected{Refusal{.code = RefusalCode::bad_begin_nvlist, .nvlist = resumed.error()}};
  }
  begin_ = *std::move(resumed);
  phase_ = Phase::inside;
  writer_ = RecordWriter(record.order());
  return std::optional(put({begin_.header.data(), record.order()}, begin_.payload));
}

Piece Rebuilder::put(const RecordView& record, ByteSpan payload) {
  const Piece piece{writer_.put(record.bytes()), payload};
  writer_.absorb(payload);
  return piece;
}

}  // namespace zsluice::resume
