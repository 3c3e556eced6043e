// SPDX-License-Identifier: BSD-2-Clause
// What is wrong with a stream, in numbers. The sentence is made once, at the edge (cli).
#pragma once

#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/drr/record.hpp"
#include "zsluice/drr/rule.hpp"

#include <cstdint>

namespace zsluice::drr {

// A checked stream is whole, or it is one of these. `FaultKind` is what a script acts on (an exit
// status), `FaultCode` what a person reads.
enum class FaultKind : std::uint8_t {
  damaged,    // a checksum or the format is wrong
  truncated,  // the input ended before END
  refused,    // a limit that the user can raise
};

enum class FaultCode : std::uint8_t {
  // damaged
  not_a_stream,           // no BEGIN where the input starts; found: its first 8 bytes, big-endian
  checksum_mismatch,      // a record's own checksum: the header, or what lies before it
  end_checksum_mismatch,  // END's sum over everything before it
  header_sum_mismatch,    // the same of a package header's END
  nonzero_end_bytes,  // an END without own checksum, or a package's, holds bytes that must be zero;
                      // found: offset
  unknown_record_type,   // found: the type; its length cannot be known
  unexpected_begin,      // a BEGIN inside a substream
  unexpected_record,     // a package goes on with neither BEGIN nor END; found: the type
  unknown_header_type,   // BEGIN is neither a substream nor a package; found: the type
  nested_package,        // a package header inside a package
  payload_too_long,      // found: bytes, limit: kPayloadBytesMax
  payload_not_summable,  // found: bytes, no multiple of 4: the last ones would be in no checksum
  rule_broken,           // well summed, but `rule` is violated; found: the offending value
  // refused
  begin_payload_too_long,  // found: bytes, limit: Limits::begin_payload_bytes
  // truncated
  empty_input,
  truncated_header,     // found: bytes of the record that are there
  truncated_payload,    // found: bytes there, limit: bytes announced
  missing_end,          // ended between two records
  missing_package_end,  // ended between a package's substreams
  saved_stream,         // ended between two records, as `zfs send --saved` streams do (§D.2)
};

[[nodiscard]] FaultKind kind_of(FaultCode code);

// RecordNote::type_code of a record that ends before its type.
inline constexpr std::uint32_t kTypeNotRead = ~std::uint32_t{0};

// A record as a message names it. `number` counts from 0, the stream's first BEGIN.
struct RecordNote {
  std::uint64_t number = 0;
  std::uint64_t stream_offset = 0;  // of its first byte
  std::uint64_t payload_bytes = 0;
  std::uint32_t type_code = 0;
  RecordPlace place;
};

struct Fault {
  FaultCode code{};
  // Where the doubt begins and ends, in bytes from the start of the input: everything before
  // `begin` is proven, the fault showed at `end`.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  RecordNote first;  // the first record whose payload or header is not proven
  RecordNote at;     // the record at which the fault showed
  std::uint64_t found = 0;
  std::uint64_t limit = 0;
  Rule rule{};                   // rule_broken
  checksum::Fletcher4 expected;  // as the stream has it
  checksum::Fletcher4 computed;
};

}  // namespace zsluice::drr
