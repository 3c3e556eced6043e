// SPDX-License-Identifier: BSD-2-Clause
// What a substream holds, counted as its records pass. A fixed number of words per substream,
// whatever it holds; no allocation per record.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/drr/record.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::drr {

struct TypeCount {
  std::uint64_t records = 0;
  std::uint64_t payload_bytes = 0;
};
using TypeCounts = std::array<TypeCount, kRecordTypes>;

// Buckets by power of two: bucket i holds sizes in (2^(8+i), 2^(9+i)], so 0 is 512 bytes and below
// and the last one 16 MiB.
inline constexpr std::size_t kSizeBuckets = 16;
[[nodiscard]] std::size_t size_bucket(std::uint64_t bytes);
[[nodiscard]] std::uint64_t size_bucket_bytes(std::size_t bucket);  // its upper end

struct SubstreamSummary {
  // From BEGIN (its strings copied; foreign text).
  std::uint64_t stream_offset = 0;
  ByteOrder byte_order = kHostOrder;
  std::uint64_t features = 0;
  std::uint64_t creation_time = 0;
  std::uint32_t objset_type = 0;
  std::uint32_t flags = 0;
  std::uint64_t toguid = 0;
  std::uint64_t fromguid = 0;
  std::string toname;
  std::uint64_t begin_payload_bytes = 0;
  std::optional<BeginPayload> payload;  // absent: there is none, or it cannot be read
  std::optional<nvlist::Error> payload_error;

  // Counted. BEGIN and END are records too.
  TypeCounts types{};
  std::uint64_t records_total = 0;
  std::uint64_t stream_bytes = 0;
  std::uint64_t logical_bytes = 0;  // of WRITE and WRITE_EMBEDDED, uncompressed
  std::uint64_t records_unproven = 0;
  std::array<std::uint64_t, kSizeBuckets> write_sizes{};           // WRITEs by logical size
  std::array<std::uint64_t, kCompressionCodes + 1> compression{};  // WRITEs by code; last: others
  std::array<std::uint64_t, kChecksumCodes + 1> checksum{};        // the same
  std::uint64_t block_bytes_max = 0;                               // the largest OBJECT block size
  bool complete = false;                                           // its END was met
  bool saved = false;  // every record names another snapshot than BEGIN

  [[nodiscard]] bool is_raw() const { return (features & feature::kRaw) != 0; }
  [[nodiscard]] bool is_resumed() const { return (features & feature::kResuming) != 0; }
};

// Fills a SubstreamSummary from a checker's events.
class SubstreamCounter {
 public:
  // At Role::substream_begin.
  void start(const Parser& parser);
  // The whole payload of that BEGIN, once it is there (also when it is empty).
  void set_payload(ByteSpan nvlist);
  // At every later record, END included.
  void count(const Parser& parser);

  [[nodiscard]] const SubstreamSummary& summary() const { return summary_; }

 private:
  void count_write(const RecordView& record);

  SubstreamSummary summary_;
  std::uint64_t foreign_toguids_ = 0;
};

}  // namespace zsluice::drr
