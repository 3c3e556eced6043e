// SPDX-License-Identifier: BSD-2-Clause
// The DRR parser: bytes in, records out, each checksum checked on the way (FORMAT.md §A, §C, §D).
//
// A pull parser without I/O, allocation or callbacks. It can be fed any pieces of a stream and is
// resumable at any byte: the cut points change neither the records nor the faults. It knows the
// framing of a whole input: single substreams, packages (header, substreams, closing END), and
// several streams one after another.
//
//     for (ByteSpan input = …;;) {
//       switch (parser.next(input)) {
//         case Step::need_input: …give more, or parser.finish() at the end…
//         case Step::record:     …parser.record()…
//         case Step::payload:    …parser.payload()…
//         case Step::stream_end: …a stream is whole; going on reads the next…
//         case Step::fault:      …parser.fault(); the parser stays there…
//       }
//     }
//
// The verified watermark (DESIGN.md §4): a record's checksum covers its own header and everything
// before it back to BEGIN, so payload k is proven by header k + 1. `watermark()` is the end of the
// last header whose checksum was checked; bytes below it are what the sender summed.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/drr/fault.hpp"
#include "zsluice/drr/format.hpp"
#include "zsluice/drr/record.hpp"

#include <array>
#include <cstdint>

namespace zsluice::drr {

enum class Step : std::uint8_t { need_input, record, payload, stream_end, fault };

// What a record is for in the framing of the stream (FORMAT.md §D.1–D.3).
enum class Role : std::uint8_t {
  package_begin,       // compound BEGIN; its payload is the package's nvlist
  package_header_end,  // the END that follows it
  substream_begin,
  body,
  substream_end,
  package_end,  // the all-zero END that closes a package
};

struct Limits {
  std::uint64_t begin_payload_bytes = kBeginPayloadBytesMax;
};

struct ParserOptions {
  Limits limits{};
  // false: payload bytes are not summed as they pass; the caller hands in the sum of each whole
  // payload with add_payload_sum() before the next record (parallel verification).
  bool sum_payloads = true;
};

// What is said of a stream up to a place between two of its records: enough to go on reading there
// without what is before it. Whoever hands it in vouches for it.
struct StreamPlace {
  enum class Inside : std::uint8_t {
    package_header,     // behind a package's BEGIN, before its END
    package,            // between two substreams of a package
    substream,          // in a substream that is the whole stream
    package_substream,  // in a substream of a package
  };
  Inside inside = Inside::substream;
  ByteOrder order = kHostOrder;  // of the running BEGIN; means nothing between substreams
  std::uint64_t toguid = 0;      // of the substream's BEGIN,
  std::uint64_t features = 0;    // as are these, which the rules need
  std::uint32_t begin_flags = 0;
  checksum::Fletcher4 sum{};  // everything since the running BEGIN
  std::uint64_t record = 0;   // the number that the next record gets
  std::uint64_t offset = 0;   // in the stream
};

class Parser {
 public:
  explicit Parser(ParserOptions options = {}) : options_(options) {}
  // Starts in the middle of a stream: the input's first byte is the one at `place`. Offsets and
  // record numbers are those of the whole stream; everything before the place counts as proven.
  explicit Parser(const StreamPlace& place, ParserOptions options = {});

  // Consumes a prefix of `input` (the span is advanced) and reports what was met. The views handed
  // out alias `input` or the parser, and are valid until the next call.
  [[nodiscard]] Step next(ByteSpan& input);

  // The input has ended: Step::stream_end when it ended where a stream may end, else Step::fault.
  [[nodiscard]] Step finish();

  // --- after Step::record ---
  [[nodiscard]] const RecordView& record() const { return record_; }
  [[nodiscard]] Role role() const { return role_; }
  // The length of the payload that follows; bounded by kPayloadBytesMax or the limits.
  [[nodiscard]] std::uint64_t record_payload_bytes() const { return current_.payload_bytes; }
  // False for a BEGIN (proven by what follows) and for a record without a checksum of its own.
  [[nodiscard]] bool record_proven() const { return record_proven_; }

  // --- after Step::payload ---
  [[nodiscard]] ByteSpan payload() const { return payload_; }
  // Bytes of the payload still to come after this piece.
  [[nodiscard]] std::uint64_t payload_bytes_left() const { return payload_left_; }

  // Needed with sum_payloads == false: the sum from zero of the payload just read, in stream order.
  void add_payload_sum(const checksum::Fletcher4& sum);

  // --- after Step::fault ---
  [[nodiscard]] const Fault& fault() const { return fault_; }

  // Takes the checksum that the record at fault carries for the truth and goes on behind it, so
  // that one damage does not hide what follows. Only after checksum_mismatch, end_checksum_mismatch
  // or header_sum_mismatch; false, and the fault stays, when the header at fault cannot be a
  // record, so that nothing says where the next one starts. The watermark moves on past the damage:
  // callers that forward bytes must not do this.
  [[nodiscard]] bool reanchor();

  // Goes on with a record found behind the fault (RecordSearch), `skipped` bytes after the second
  // byte of the record at fault; takes its checksum for the truth as reanchor() does. False, and
  // the fault stays, when it cannot be a record here.
  [[nodiscard]] bool resume_at(ByteSpan record, std::uint64_t skipped);
  // The guid that the last record with a good checksum named, BEGIN's at first.
  [[nodiscard]] std::uint64_t last_toguid() const { return last_toguid_; }

  // --- always ---
  // Bytes consumed since the first byte of the input (of the stream, from a StreamPlace).
  [[nodiscard]] std::uint64_t consumed() const { return consumed_; }
  [[nodiscard]] std::uint64_t watermark() const { return watermark_; }
  // The record last met, as a message would name it.
  [[nodiscard]] RecordNote current() const { return note_of(current_); }
  // Records of this stream without a checksum of their own where one belongs: proven by END alone.
  [[nodiscard]] std::uint64_t records_unproven() const { return records_unproven_; }
  [[nodiscard]] ByteOrder byte_order() const { return order_; }
  // False once the bytes of an unfinished first header cannot be those of a BEGIN.
  [[nodiscard]] bool may_be_a_stream() const {
    return state_ != State::stream_start || could_begin_a_stream();
  }
  // Whether the stream being read is a package.
  [[nodiscard]] bool in_package() const { return in_package_; }
  // The running sum: everything consumed since the last BEGIN (whole payloads only).
  [[nodiscard]] const checksum::Fletcher4& running_sum() const { return sum_; }

 private:
  enum class State : std::uint8_t {
    stream_start,    // a BEGIN of either kind
    package_header,  // the END of a package header
    package_body,    // a substream's BEGIN or the package's closing END
    substream,       // any record but BEGIN
    stream_done,     // report stream_end, then stream_start
    failed,
  };

  // What is kept of a record so that a fault can name it; its fields are decoded only then.
  struct Mark {
    std::uint64_t number = 0;
    std::uint64_t stream_offset = 0;
    std::uint64_t payload_bytes = 0;
    ByteOrder order = kHostOrder;
    std::array<std::byte, 32> head{};  // enough for place_of()
  };
  [[nodiscard]] static RecordNote note_of(const Mark& mark);

  // The way of a record without a payload. It exists in parser.cpp only, where it becomes one
  // piece: position-independent code calls even its own functions, which took a tenth of the time.
  [[gnu::always_inline]] inline Step take_header(ByteSpan& input);
  [[gnu::noinline]] Step take_header_piece(ByteSpan& input);
  [[gnu::always_inline]] inline Step accept_header(const std::byte* bytes);
  [[gnu::always_inline]] inline void mark_current(const std::byte* bytes,
                                                  ByteOrder order,
                                                  std::size_t bytes_there = kRecordBytes);
  [[gnu::always_inline]] inline Step accept_substream_record();
  [[gnu::always_inline]] inline Step accept_checked_record(const checksum::Fletcher4& before);
  [[gnu::always_inline]] inline void prove_to(std::uint64_t offset);
  [[gnu::always_inline]] inline Step announce(Role role, std::uint64_t payload_bytes);

  // Kept out of that piece, which would otherwise pay for their frames.
  [[gnu::noinline]] Step take_payload(ByteSpan& input);
  [[gnu::noinline]] Step accept_rare_header(const std::byte* bytes);
  [[gnu::noinline]] Step fail(FaultCode code, std::uint64_t found = 0, std::uint64_t limit = 0);
  [[gnu::noinline]] Step fail_sum(FaultCode code,
                                  const checksum::Fletcher4& expected,
                                  const checksum::Fletcher4& computed);
  [[gnu::noinline]] Step accept_substream_end(const checksum::Fletcher4& before);

  Step accept_begin(const std::byte* bytes, bool inside_package);
  [[nodiscard]] std::size_t first_wrong_end_byte(std::size_t zero_from,
                                                 const checksum::Fletcher4& before) const;
  Step accept_package_header_end();
  [[nodiscard]] ByteOrder end_byte_order(const std::byte* bytes) const;
  Step accept_package_end();
  Step accept_as_stated();
  Step truncated_in_header();
  Step truncated_between_records();
  [[nodiscard]] bool could_begin_a_stream() const;

  ParserOptions options_;
  State state_ = State::stream_start;
  State failed_in_ = State::stream_start;
  bool in_package_ = false;
  bool record_proven_ = false;
  bool record_pending_ = false;  // reanchor() accepted a record that next() has yet to report
  ByteOrder order_ = kHostOrder;
  Role role_ = Role::body;

  std::uint64_t consumed_ = 0;
  std::uint64_t watermark_ = 0;
  std::uint64_t records_ = 0;  // headers met since the first byte of this stream
  std::uint64_t records_unproven_ = 0;
  std::uint64_t payload_left_ = 0;
  std::uint64_t begin_toguid_ = 0;
  std::uint64_t last_toguid_ = 0;
  std::uint64_t body_records_ = 0;            // of this substream
  std::uint64_t foreign_toguid_records_ = 0;  // of these, with another toguid than BEGIN's

  checksum::Fletcher4 sum_;  // state S of FORMAT.md §C.2
  checksum::Fletcher4Range payload_sum_;
  RecordView record_;
  ByteSpan payload_;
  Mark current_;
  // The record that holds the first unproven byte. While that is the current one, it is not copied:
  // header-only records are where a parser's time goes.
  Mark first_unproven_;
  bool first_unproven_is_current_ = true;
  Fault fault_;

  std::size_t header_filled_ = 0;
  std::array<std::byte, kRecordBytes> header_{};  // a header that arrives in pieces
};

}  // namespace zsluice::drr
