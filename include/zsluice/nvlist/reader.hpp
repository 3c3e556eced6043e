// SPDX-License-Identifier: BSD-2-Clause
// Reader: a bounded pull reader over one packed nvlist (FORMAT.md §D.6), in both encodings and
// either byte order; OpenZFS itself cannot read native lists of the other order.
//
// It works in place on one contiguous span, allocates nothing and does not recurse. The span must
// outlive the reader and every name and value it hands out. Copying a reader (some 1.3 KB)
// saves a place to come back to.
//
// What receivers check is checked here: decoded sizes, element counts, names, depth. What they
// ignore is tolerated: XDR encoded sizes, padding, reserved bytes, bytes after the end marker.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/nvlist/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zsluice::nvlist {

// Lists open at once below the top one. Package headers are unpacked by libzfs, BEGIN payloads by
// the kernel, which is stricter.
inline constexpr std::size_t kDepthMax = 100;
inline constexpr std::size_t kKernelDepthMax = 20;

// A payload's length is a 32-bit field (FORMAT.md §A), so a longer span is not a packed list.
inline constexpr std::uint64_t kPackedBytesMax = 0xffff'ffff;

enum class ErrorCode : std::uint8_t {
  truncated,            // a pair, list or end marker reaches beyond the span
  unknown_encoding,     // byte 0 is neither native nor XDR
  unknown_byte_order,   // native, but byte 1 is neither 0 nor 1
  unsupported_version,  // a list's version is not 0
  wrong_size,           // a declared decoded size is not the computed one
  bad_name,             // not terminated, or holds a NUL
  unknown_type,
  bad_count,       // an element count the type does not allow
  bad_value,       // text not terminated or with a NUL inside, or a boolean_value above 1
  too_deep,        // lists nested deeper than allowed
  duplicate_name,  // from decoders that know their keys: one stands twice, and readers may differ
};

struct Error {
  ErrorCode code;
  std::uint64_t offset;  // within the payload, where the offending pair or list header begins
  friend bool operator==(const Error&, const Error&) = default;
};

enum class EventKind : std::uint8_t {
  pair,        // name, value. Pairs that hold lists are announced this way too, then…
  enter_list,  // …each of their lists is entered (list_index, nvflag)…
  leave_list,  // …and left
  end,         // the end marker of the top list; next() keeps answering this
};

struct Event {
  EventKind kind{};
  std::string_view name{};     // pair
  Value value{};               // pair
  std::uint64_t offset{};      // where the pair, list header or end marker begins
  std::uint32_t list_index{};  // enter_list, leave_list: position in its array
  std::uint32_t nvflag{};      // enter_list: 1 = unique names
};

class Reader {
 public:
  [[nodiscard]] static Result<Reader, Error> open(ByteSpan packed,
                                                  std::size_t depth_max = kDepthMax);

  // The next event. An error does not move the reader: asking again gives the same error.
  [[nodiscard]] Result<Event, Error> next();
  // After enter_list: reads on until that list has been left.
  [[nodiscard]] Result<void, Error> skip_list();

  [[nodiscard]] Encoding encoding() const { return encoding_; }
  // Of the integers of a native list; of the producing host (informative) for XDR.
  [[nodiscard]] ByteOrder producer_order() const { return producer_order_; }
  [[nodiscard]] std::uint32_t nvflag() const { return nvflag_; }
  [[nodiscard]] std::size_t depth() const { return depth_; }
  // Bytes read so far; after the end event, the size of the packed list.
  [[nodiscard]] std::size_t consumed() const { return offset_; }

 private:
  // The lists of one nvlist or nvlist_array pair: those not entered yet, the index of the next one.
  struct Lists {
    std::uint32_t left{};
    std::uint32_t next_index{};
    std::uint32_t native_header{};  // where the next one's 24 bytes lie; XDR has them in place
  };

  Reader(ByteSpan packed, std::size_t depth_max) : packed_(packed), depth_max_(depth_max) {}

  [[nodiscard]] Result<Event, Error> enter_list();
  [[nodiscard]] Result<Event, Error> read_pair();
  [[nodiscard]] Event leave_list(std::size_t marker_bytes);
  [[nodiscard]] ByteSpan rest() const { return packed_.subspan(offset_); }
  [[nodiscard]] ByteOrder wire_order() const;

  ByteSpan packed_;
  std::size_t depth_max_;
  std::size_t offset_ = 0;
  std::size_t depth_ = 0;
  std::array<Lists, kDepthMax> open_{};  // what each open list belongs to, outermost first
  Lists pending_;                        // lists to enter before the next pair is read
  std::uint32_t nvflag_ = 0;
  Encoding encoding_ = Encoding::native;
  ByteOrder producer_order_ = kHostOrder;
  bool ended_ = false;
};

}  // namespace zsluice::nvlist
