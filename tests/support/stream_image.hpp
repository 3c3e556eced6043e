// SPDX-License-Identifier: BSD-2-Clause
// StreamImage: a send stream as a list of records that a test can take apart. It knows where each
// record lies, damages what it is told to, and puts right sums on the result when asked, as a
// broken tool would. It shares no code with the parser but the record types, so that each checks
// the other.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/drr/format.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace zsluice::test {

using Bytes = std::vector<std::byte>;

// Fletcher-4, word by word as FORMAT.md §C.1 says it; slow on purpose.
class PlainSum {
 public:
  void absorb(ByteSpan bytes, ByteOrder order);
  void store_to(std::byte* to, ByteOrder order) const;
  [[nodiscard]] bool equals(const std::byte* stored, ByteOrder order) const;
  [[nodiscard]] checksum::Fletcher4 value() const { return {a_, b_, c_, d_}; }

 private:
  std::uint64_t a_ = 0;
  std::uint64_t b_ = 0;
  std::uint64_t c_ = 0;
  std::uint64_t d_ = 0;
};

enum class Sums : std::uint8_t {
  all,       // as today's senders
  end_only,  // record checksums zero, END's inner sum right: senders before 2014
};

class StreamImage {
 public:
  struct Record {
    Bytes bytes;  // header and payload
    ByteOrder order = kHostOrder;
  };

  StreamImage() = default;
  // Takes a stream apart by the length rules of FORMAT.md §A. From the first place that holds no
  // record on, all bytes become one last piece.
  explicit StreamImage(const Bytes& stream);

  // --- places; records count from 0 ---
  [[nodiscard]] std::size_t records() const { return records_.size(); }
  [[nodiscard]] std::uint64_t size() const { return offset(records()); }
  [[nodiscard]] std::uint64_t offset(std::size_t record) const;
  [[nodiscard]] std::uint64_t header_end(std::size_t record) const {
    return offset(record) + drr::kRecordBytes;
  }
  [[nodiscard]] std::uint64_t end(std::size_t record) const { return offset(record + 1); }
  [[nodiscard]] std::uint64_t payload_bytes(std::size_t record) const;
  [[nodiscard]] std::uint32_t type(std::size_t record) const;
  [[nodiscard]] ByteOrder order(std::size_t record) const { return records_.at(record).order; }
  // The nth record of a type; throws std::out_of_range when there are fewer.
  [[nodiscard]] std::size_t find(drr::RecordType type, std::size_t nth = 0) const;
  [[nodiscard]] std::size_t last() const { return records() - 1; }
  [[nodiscard]] std::uint32_t u32(std::size_t record, std::size_t at) const;
  [[nodiscard]] std::uint64_t u64(std::size_t record, std::size_t at) const;
  [[nodiscard]] const Record& piece(std::size_t record) const { return records_.at(record); }
  [[nodiscard]] Bytes bytes() const;

  // --- damages; sums stay as they are ---
  StreamImage& append(Record record);
  StreamImage& set_u8(std::size_t record, std::size_t at, std::uint8_t value);
  StreamImage& set_u32(std::size_t record, std::size_t at, std::uint32_t value);
  StreamImage& set_u64(std::size_t record, std::size_t at, std::uint64_t value);
  StreamImage& flip_bit(std::uint64_t offset, unsigned bit = 0);
  StreamImage& fill_zero(std::uint64_t from, std::uint64_t to);
  StreamImage& drop(std::size_t record);
  StreamImage& duplicate(std::size_t record);
  StreamImage& swap(std::size_t one, std::size_t other);
  // Puts records [from, to) of `other` before `record`.
  StreamImage& splice(std::size_t record,
                      const StreamImage& other,
                      std::size_t from,
                      std::size_t to);
  StreamImage& truncate(std::uint64_t size);
  // Every record checksum becomes zero, END's inner sum too.
  StreamImage& zero_sums();

  // --- and the opposite: every sum right again, packages included ---
  StreamImage& resum(Sums style = Sums::all);

 private:
  std::vector<Record> records_;
};

// The end of the last header whose checksum was right when recomputed here: what a parser's
// watermark must never pass (DESIGN.md §4).
[[nodiscard]] std::uint64_t proven_end(const StreamImage& stream);

}  // namespace zsluice::test
