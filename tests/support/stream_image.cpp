// SPDX-License-Identifier: BSD-2-Clause
#include "support/stream_image.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

namespace zsluice::test {
namespace {

using drr::kEndChecksumAt;
using drr::kRecordBytes;
using drr::kRecordChecksumAt;
using drr::RecordType;

constexpr auto code(RecordType type) {
  return static_cast<std::uint32_t>(type);
}

std::optional<ByteOrder> order_of_begin(const std::byte* record) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    if (load<std::uint32_t>(record, order) == code(RecordType::begin) &&
        load<std::uint64_t>(record + drr::kBeginMagicAt, order) == drr::kBeginMagic) {
      return order;
    }
  }
  return std::nullopt;
}

// FORMAT.md §A, "payload length"; nothing for a type that does not exist.
std::optional<std::uint64_t> length_after(const std::byte* record, ByteOrder order) {
  const auto u32_at = [&](std::size_t at) -> std::uint64_t {
    return load<std::uint32_t>(record + at, order);
  };
  const auto u64_at = [&](std::size_t at) { return load<std::uint64_t>(record + at, order); };
  const auto padded = [](std::uint64_t bytes) { return (bytes + 7) & ~std::uint64_t{7}; };
  const auto one_or_other = [](std::uint64_t one, std::uint64_t other) {
    return one != 0 ? one : other;
  };
  switch (u32_at(0)) {
    case 0:
      return u32_at(4);
    case 1:
      return one_or_other(u32_at(36), padded(u32_at(28)));
    case 3:
      return record[50] != std::byte{0} ? u64_at(96) : u64_at(32);
    case 7:
      return one_or_other(u64_at(40), u64_at(16));
    case 8:
      return padded(u32_at(52));
    case 2:
    case 4:
    case 5:
    case 6:
    case 9:
    case 10:
      return 0;
    default:
      return std::nullopt;
  }
}

// The END that closes a package may come in either order (FORMAT.md §C.3).
bool is_end_in_any_order(const std::byte* record) {
  const auto type = load<std::uint32_t>(record, kHostOrder);
  return type == code(RecordType::end) || byteswapped(type) == code(RecordType::end);
}

bool is_compound(const StreamImage::Record& begin) {
  return (load<std::uint64_t>(begin.bytes.data() + 16, begin.order) & drr::kHeaderTypeMask) ==
         drr::kHeaderCompound;
}

bool is_zero(const std::byte* from, std::size_t count) {
  return std::all_of(from, from + count, [](std::byte byte) { return byte == std::byte{0}; });
}

// Where a record stands in the framing of FORMAT.md §D, as far as sums are concerned.
class Framing {
 public:
  enum class Part : std::uint8_t { begin, header_end, body, substream_end, package_end, none };

  Part next(const StreamImage::Record& record) {
    if (record.bytes.size() < kRecordBytes) return Part::none;
    if (order_of_begin(record.bytes.data())) {
      in_header_ = is_compound(record);
      is_open_ = true;
      return Part::begin;
    }
    const std::byte* const bytes = record.bytes.data();
    if (!is_open_) return is_end_in_any_order(bytes) ? Part::package_end : Part::none;
    if (load<std::uint32_t>(bytes, record.order) != code(RecordType::end)) return Part::body;
    is_open_ = false;
    return std::exchange(in_header_, false) ? Part::header_end : Part::substream_end;
  }

 private:
  bool is_open_ = false;
  bool in_header_ = false;
};

}  // namespace

void PlainSum::absorb(ByteSpan bytes, ByteOrder order) {
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    a_ += load<std::uint32_t>(bytes.data() + at, order);
    b_ += a_;
    c_ += b_;
    d_ += c_;
  }
}

void PlainSum::store_to(std::byte* to, ByteOrder order) const {
  for (const std::uint64_t word : {a_, b_, c_, d_}) {
    store(to, word, order);
    to += sizeof(word);
  }
}

bool PlainSum::equals(const std::byte* stored, ByteOrder order) const {
  std::byte own[drr::kChecksumBytes];
  store_to(own, order);
  return std::equal(std::begin(own), std::end(own), stored);
}

StreamImage::StreamImage(const Bytes& stream) {
  ByteOrder order = kHostOrder;
  std::size_t at = 0;
  while (at < stream.size()) {
    const std::size_t left = stream.size() - at;
    std::optional<std::uint64_t> payload;
    if (left >= kRecordBytes) {
      order = order_of_begin(stream.data() + at).value_or(order);
      payload = length_after(stream.data() + at, order);
      if (!payload && is_end_in_any_order(stream.data() + at)) payload = 0;
    }
    const bool fits = payload && *payload <= left - kRecordBytes;
    const std::size_t size = fits ? kRecordBytes + static_cast<std::size_t>(*payload) : left;
    const auto from = stream.begin() + static_cast<std::ptrdiff_t>(at);
    records_.push_back({Bytes(from, from + static_cast<std::ptrdiff_t>(size)), order});
    at += size;
  }
}

std::uint64_t StreamImage::offset(std::size_t record) const {
  std::uint64_t sum = 0;
  for (const Record& before : std::span(records_).first(record))
    sum += before.bytes.size();
  return sum;
}

std::uint64_t StreamImage::payload_bytes(std::size_t record) const {
  return records_.at(record).bytes.size() - kRecordBytes;
}

std::uint32_t StreamImage::type(std::size_t record) const {
  return u32(record, 0);
}

std::size_t StreamImage::find(RecordType wanted, std::size_t nth) const {
  for (std::size_t i = 0; i < records(); ++i) {
    if (records_[i].bytes.size() >= kRecordBytes && type(i) == code(wanted) && nth-- == 0) return i;
  }
  throw std::out_of_range("the stream has no such record");
}

std::uint32_t StreamImage::u32(std::size_t record, std::size_t at) const {
  return load<std::uint32_t>(records_.at(record).bytes.data() + at, order(record));
}

std::uint64_t StreamImage::u64(std::size_t record, std::size_t at) const {
  return load<std::uint64_t>(records_.at(record).bytes.data() + at, order(record));
}

Bytes StreamImage::bytes() const {
  Bytes all;
  all.reserve(size());
  for (const Record& record : records_) {
    all.insert(all.end(), record.bytes.begin(), record.bytes.end());
  }
  return all;
}

StreamImage& StreamImage::append(Record record) {
  records_.push_back(std::move(record));
  return *this;
}

StreamImage& StreamImage::set_u8(std::size_t record, std::size_t at, std::uint8_t value) {
  records_.at(record).bytes.at(at) = std::byte{value};
  return *this;
}

StreamImage& StreamImage::set_u32(std::size_t record, std::size_t at, std::uint32_t value) {
  store(records_.at(record).bytes.data() + at, value, order(record));
  return *this;
}

StreamImage& StreamImage::set_u64(std::size_t record, std::size_t at, std::uint64_t value) {
  store(records_.at(record).bytes.data() + at, value, order(record));
  return *this;
}

StreamImage& StreamImage::flip_bit(std::uint64_t offset, unsigned bit) {
  for (Record& record : records_) {
    if (offset < record.bytes.size()) {
      record.bytes[offset] ^= static_cast<std::byte>(1U << bit);
      return *this;
    }
    offset -= record.bytes.size();
  }
  throw std::out_of_range("the stream is shorter");
}

StreamImage& StreamImage::fill_zero(std::uint64_t from, std::uint64_t to) {
  std::uint64_t at = 0;
  for (Record& record : records_) {
    for (std::byte& byte : record.bytes) {
      if (at >= from && at < to) byte = std::byte{0};
      ++at;
    }
  }
  return *this;
}

StreamImage& StreamImage::drop(std::size_t record) {
  records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(record));
  return *this;
}

StreamImage& StreamImage::duplicate(std::size_t record) {
  const Record copy = records_.at(record);
  records_.insert(records_.begin() + static_cast<std::ptrdiff_t>(record), copy);
  return *this;
}

StreamImage& StreamImage::swap(std::size_t one, std::size_t other) {
  std::swap(records_.at(one), records_.at(other));
  return *this;
}

StreamImage& StreamImage::splice(std::size_t record,
                                 const StreamImage& other,
                                 std::size_t from,
                                 std::size_t to) {
  const std::vector<Record> taken(other.records_.begin() + static_cast<std::ptrdiff_t>(from),
                                  other.records_.begin() + static_cast<std::ptrdiff_t>(to));
  records_.insert(records_.begin() + static_cast<std::ptrdiff_t>(record), taken.begin(),
                  taken.end());
  return *this;
}

StreamImage& StreamImage::truncate(std::uint64_t size) {
  std::size_t kept = 0;
  while (kept < records_.size() && size > 0) {
    Bytes& bytes = records_[kept++].bytes;
    if (bytes.size() > size) bytes.resize(static_cast<std::size_t>(size));
    size -= bytes.size();
  }
  records_.resize(kept);
  return *this;
}

StreamImage& StreamImage::zero_sums() {
  for (Record& record : records_) {
    std::byte* const bytes = record.bytes.data();
    if (record.bytes.size() < kRecordBytes || order_of_begin(bytes)) continue;
    std::fill_n(bytes + kRecordChecksumAt, drr::kChecksumBytes, std::byte{0});
    if (load<std::uint32_t>(bytes, record.order) != code(RecordType::end)) continue;
    std::fill_n(bytes + kEndChecksumAt, drr::kChecksumBytes, std::byte{0});
  }
  return *this;
}

StreamImage& StreamImage::resum(Sums style) {
  Framing framing;
  PlainSum sum;
  for (Record& record : records_) {
    std::byte* const bytes = record.bytes.data();
    const Framing::Part part = framing.next(record);
    if (part == Framing::Part::none || part == Framing::Part::package_end) continue;
    if (part == Framing::Part::begin) {
      sum = {};
      sum.absorb(record.bytes, record.order);
      continue;
    }
    std::fill_n(bytes + kRecordChecksumAt, drr::kChecksumBytes, std::byte{0});
    if (part != Framing::Part::body) sum.store_to(bytes + kEndChecksumAt, record.order);
    sum.absorb(ByteSpan(bytes, kRecordChecksumAt), record.order);
    if (style == Sums::all && part != Framing::Part::header_end) {
      sum.store_to(bytes + kRecordChecksumAt, record.order);
    }
    sum.absorb(ByteSpan(record.bytes).subspan(kRecordChecksumAt), record.order);
  }
  return *this;
}

std::uint64_t proven_end(const StreamImage& stream) {
  Framing framing;
  PlainSum sum;
  std::uint64_t proven = 0;
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < stream.records(); offset += stream.piece(i++).bytes.size()) {
    const StreamImage::Record& record = stream.piece(i);
    const std::byte* const bytes = record.bytes.data();
    const Framing::Part part = framing.next(record);
    if (part == Framing::Part::none) return proven;
    if (part == Framing::Part::begin) {
      sum = {};
      sum.absorb(record.bytes, record.order);
      continue;
    }
    const bool is_end = part != Framing::Part::body;
    const bool inner_right = sum.equals(bytes + kEndChecksumAt, record.order);
    sum.absorb(ByteSpan(bytes, kRecordChecksumAt), record.order);
    const bool unsummed = is_zero(bytes + kRecordChecksumAt, drr::kChecksumBytes);
    const bool own_right = sum.equals(bytes + kRecordChecksumAt, record.order);
    const bool package_end = part == Framing::Part::package_end;
    if (!unsummed && !own_right) return proven;
    if (is_end && !package_end && !inner_right) return proven;
    if (!unsummed || is_end) proven = offset + kRecordBytes;
    sum.absorb(ByteSpan(record.bytes).subspan(kRecordChecksumAt), record.order);
  }
  return proven;
}

}  // namespace zsluice::test
