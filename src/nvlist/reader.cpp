// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/nvlist/reader.hpp"

#include "nvlist/layout.hpp"
#include "nvlist/pair.hpp"

#include <algorithm>

namespace zsluice::nvlist {
namespace {

// The least a list of an array takes on the wire (XDR: header and end marker; native: end marker),
// so that a count is bounded by the bytes that are there before it is counted down.
constexpr std::uint64_t least_list_bytes(Encoding encoding) {
  return encoding == Encoding::xdr ? kListHeaderBytes + 8 : 4;
}

}  // namespace

Result<Reader, Error> Reader::open(ByteSpan packed, std::size_t depth_max) {
  const auto failed = [](ErrorCode code) { return Unexpected{Error{code, 0}}; };
  if (packed.size() < kHeaderBytes + kListHeaderBytes || packed.size() > kPackedBytesMax) {
    return failed(ErrorCode::truncated);
  }
  const auto encoding = std::to_integer<std::uint8_t>(packed[0]);
  const auto order = std::to_integer<std::uint8_t>(packed[1]);
  if (encoding > 1) return failed(ErrorCode::unknown_encoding);
  if (encoding == 0 && order > 1) return failed(ErrorCode::unknown_byte_order);

  Reader reader(packed, std::min(depth_max, kDepthMax));
  reader.encoding_ = static_cast<Encoding>(encoding);
  reader.producer_order_ = order == 1 ? ByteOrder::little : ByteOrder::big;
  const std::byte* header = packed.data() + kHeaderBytes;
  if (load<std::uint32_t>(header, reader.wire_order()) != 0) {
    return Unexpected{Error{ErrorCode::unsupported_version, kHeaderBytes}};
  }
  reader.nvflag_ = load<std::uint32_t>(header + 4, reader.wire_order());
  reader.offset_ = kHeaderBytes + kListHeaderBytes;
  return reader;
}

ByteOrder Reader::wire_order() const {
  return encoding_ == Encoding::xdr ? ByteOrder::big : producer_order_;
}

Result<Event, Error> Reader::next() {
  if (ended_) return Event{.kind = EventKind::end, .offset = offset_};
  if (pending_.left > 0) return enter_list();
  const auto marker_bytes = end_marker_bytes(rest(), encoding_, wire_order());
  if (!marker_bytes) return Unexpected{Error{marker_bytes.error(), offset_}};
  return *marker_bytes == 0 ? read_pair() : leave_list(*marker_bytes);
}

// There is no way to jump: a native pair does not say how long the lists behind it are, and what
// XDR says of that is not to be trusted.
Result<void, Error> Reader::skip_list() {
  const std::size_t outside = depth_ == 0 ? 0 : depth_ - 1;
  while (depth_ > outside) {
    const auto event = next();
    if (!event) return Unexpected{event.error()};
  }
  return {};
}

// Everything that can fail is looked at before the reader moves.
Result<Event, Error> Reader::read_pair() {
  const auto pair = encoding_ == Encoding::xdr ? decode_xdr_pair(rest())
                                               : decode_native_pair(rest(), wire_order());
  if (!pair) return Unexpected{Error{pair.error(), offset_}};
  const Value& value = pair->value;
  const Shape shape = layout_of(value.type()).shape;
  if ((shape == Shape::list || shape == Shape::lists) && value.count() > 0) {
    if (depth_ == depth_max_) return Unexpected{Error{ErrorCode::too_deep, offset_}};
    const std::uint64_t room = packed_.size() - offset_ - pair->wire_bytes;
    if (room / least_list_bytes(encoding_) < value.count()) {
      return Unexpected{Error{ErrorCode::truncated, offset_}};
    }
    pending_ = {.left = value.count(),
                .next_index = 0,
                .native_header = static_cast<std::uint32_t>(offset_ + pair->list_headers_at)};
  }
  const Event event{.kind = EventKind::pair, .name = pair->name, .value = value, .offset = offset_};
  offset_ += pair->wire_bytes;
  return event;
}

// A list's version and flag precede its pairs in XDR; in native form they lie in the value of the
// pair that holds it, and nothing stands at offset_ but its first pair.
Result<Event, Error> Reader::enter_list() {
  const bool in_place = encoding_ == Encoding::xdr;
  const std::size_t header_at = in_place ? offset_ : pending_.native_header;
  if (packed_.size() - header_at < kListHeaderBytes) {
    return Unexpected{Error{ErrorCode::truncated, header_at}};
  }
  const std::byte* header = packed_.data() + header_at;
  if (load<std::uint32_t>(header, wire_order()) != 0) {
    return Unexpected{Error{ErrorCode::unsupported_version, header_at}};
  }
  const Event event{.kind = EventKind::enter_list,
                    .offset = header_at,
                    .list_index = pending_.next_index,
                    .nvflag = load<std::uint32_t>(header + 4, wire_order())};
  pending_.left -= 1;
  pending_.next_index += 1;
  pending_.native_header += in_place ? 0 : static_cast<std::uint32_t>(kNativeListBytes);
  open_[depth_++] = pending_;
  pending_ = {};
  if (in_place) offset_ += kListHeaderBytes;
  return event;
}

// The next list of the same array, if any, is entered before another pair is read.
Event Reader::leave_list(std::size_t marker_bytes) {
  Event event{.kind = EventKind::end, .offset = offset_};
  offset_ += marker_bytes;
  if (depth_ == 0) {
    ended_ = true;
    return event;
  }
  pending_ = open_[--depth_];
  event.kind = EventKind::leave_list;
  event.list_index = pending_.next_index - 1;
  return event;
}

}  // namespace zsluice::nvlist
