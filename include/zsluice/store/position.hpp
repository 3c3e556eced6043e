// SPDX-License-Identifier: BSD-2-Clause
// Where a stream stands between two records: all that must be known to go on there, to check what
// follows, or to continue the stream if it ends there. Plain numbers; it owns nothing.
// PositionTracker computes it. The wire form: src/store/FORMAT.md §4.
#pragma once

#include "zsluice/base/wire_int.hpp"
#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/drr/record.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::storage {

// Of a stream offset: there is no such record.
inline constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

// What the place is inside of. The numbers are those of the wire.
enum class Framing : std::uint32_t {
  outside = 0,            // before the first record, or behind the last
  package_header = 1,     // behind a package's BEGIN and before its END
  package = 2,            // in a package, between two substreams
  substream = 3,          // in a substream that is the whole stream
  package_substream = 4,  // in a substream of a package
};

// Whether a Fletcher-4 sum is running there.
[[nodiscard]] constexpr bool is_summing(Framing framing) {
  return framing != Framing::outside && framing != Framing::package;
}
[[nodiscard]] constexpr bool is_in_substream(Framing framing) {
  return framing == Framing::substream || framing == Framing::package_substream;
}

// A place in a dataset. The offset is 0 where a record has none (OBJECT, SPILL).
struct Place {
  std::uint64_t object = 0;
  std::uint64_t offset = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 means the 0 in what `<` stands for.
  friend auto operator<=>(const Place&, const Place&) = default;
};

// Default: the start of a stream. Offsets are bytes from the start of the stream. What is said of a
// substream is about the one that is running; outside of one these fields are as by default.
struct Position {
  std::uint64_t offset = 0;
  std::uint64_t records = 0;     // headers before this place, in the whole stream
  std::uint64_t substreams = 0;  // BEGINs of substreams among them
  Framing framing = Framing::outside;
  ByteOrder order = ByteOrder::little;       // of the running BEGIN; little where no sum is running
  std::uint64_t toguid = 0;                  // of the substream's BEGIN,
  std::uint64_t features = 0;                // as are its feature flags,
  std::uint32_t begin_flags = 0;             // and its drr_flags
  std::uint64_t begin_at = kNowhere;         // of the BEGIN (a package's too) whose sum is running
  checksum::Fletcher4 sum;                   // running sum (drr/FORMAT.md §C.2); zero without one
  std::uint64_t object_range_at = kNowhere;  // the substream's last OBJECT_RANGE before this place
  std::uint64_t object_at = kNowhere;        // its last OBJECT,
  std::uint64_t object = 0;                  // and that one's number
  std::uint64_t write_at = kNowhere;         // its last WRITE or WRITE_EMBEDDED,
  Place write;                               // and where that one writes

  friend bool operator==(const Position&, const Position&) = default;
};

// For whoever goes on reading there; nothing at the start of a stream. Not for a place behind the
// last record.
[[nodiscard]] std::optional<drr::StreamPlace> stream_place(const Position& position);
// A parser that goes on there; at the start of a stream, one that starts.
[[nodiscard]] drr::Parser parser_at(const Position& position, drr::ParserOptions options = {});

// The first and the last record that is about one object (all but OBJECT_RANGE and FREEOBJECTS), in
// the order of the stream.
struct Places {
  Place first;
  Place last;
  friend bool operator==(const Places&, const Places&) = default;
};

// Follows the records of a stream. For each: meet(), then payload_end() if it has a payload, then
// settle() when the next one comes or the stream has ended.
class PositionTracker {
 public:
  explicit PositionTracker(const Position& at = {}) : at_(at) {}

  // `sum`: the running sum behind the header.
  void meet(const drr::RecordView& record,
            drr::Role role,
            std::uint64_t payload_bytes,
            const checksum::Fletcher4& sum);
  // The running sum behind the payload.
  void payload_end(const checksum::Fletcher4& sum) { sum_ = sum; }
  // The record met last is over.
  void settle();

  // Where the record met last starts; after settle() where it ends.
  [[nodiscard]] const Position& at() const { return at_; }
  // The stream offset where the record met last ends.
  [[nodiscard]] std::uint64_t met_end() const { return at_.offset + (has_met_ ? met_.bytes : 0); }
  // Of the settled records since construction or the last forget_places().
  [[nodiscard]] const std::optional<Places>& places() const { return places_; }
  void forget_places() { places_.reset(); }

 private:
  // What is needed of a record once its bytes are gone.
  struct Mark {
    drr::Role role{};
    std::uint32_t type_code = 0;
    ByteOrder order{};
    std::uint64_t toguid = 0;  // of a BEGIN, as are
    std::uint64_t features = 0;
    std::uint32_t begin_flags = 0;
    std::uint64_t bytes = 0;
    Place place;
  };

  void settle_begin(Framing framing);
  void settle_body();
  void leave(Framing framing);

  Position at_;
  Mark met_;
  bool has_met_ = false;
  checksum::Fletcher4 sum_;
  std::optional<Places> places_;
};

}  // namespace zsluice::storage
