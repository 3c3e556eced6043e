// SPDX-License-Identifier: BSD-2-Clause
// make_stream [--plain] SIZE [RECORD_SIZE] > FILE: a valid stream of about SIZE bytes on stdout, in
// WRITE records of RECORD_SIZE (default 128K; sizes as on zsluice's command line). Raw and
// encrypted as far as any header says, unless --plain. For measuring memory and speed by hand, at
// any length:
//
//     make_stream 10G | zsluice pipe | cat > /dev/null
//
// All payloads are the same bytes, so their sum is computed once and joined to the running sum
// (Fletcher-4's combine formula): generating costs little more than writing.
#include "support/policy_streams.hpp"
#include "zsluice/base/size_text.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/drr/format.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

namespace zsluice {
namespace {

using checksum::Fletcher4;

struct Wanted {
  std::uint64_t stream_bytes = 0;
  std::uint64_t record_bytes = std::uint64_t{128} << 10;
  bool plain = false;
};

class Output {
 public:
  // False when nobody reads any more.
  [[nodiscard]] bool write(ByteSpan head, ByteSpan body) {
    iovec parts[2] = {part(head), part(body)};
    iovec* first = parts;
    int count = 2;
    while (count > 0) {
      const ssize_t written = ::writev(STDOUT_FILENO, first, count);
      if (written < 0) return false;
      auto left = static_cast<std::size_t>(written);
      while (count > 0 && left >= first->iov_len) {
        left -= first->iov_len;
        ++first;
        --count;
      }
      if (count == 0) break;
      first->iov_base = static_cast<std::byte*>(first->iov_base) + left;
      first->iov_len -= left;
    }
    return true;
  }

 private:
  static iovec part(ByteSpan bytes) { return {const_cast<std::byte*>(bytes.data()), bytes.size()}; }
};

// WRITEs to one object, one behind the other; made in place of one template.
class Writes {
 public:
  Writes(const test::StreamImage& shape, std::size_t record, const Fletcher4& sum)
      : header_(shape.piece(record).bytes), sum_(sum) {
    payload_.assign(header_.begin() + drr::kRecordBytes, header_.end());
    header_.resize(drr::kRecordBytes);
    payload_sum_ = checksum::fletcher4({}, payload_, ByteOrder::little);
  }

  [[nodiscard]] bool write_next(Output& output) {
    store<std::uint64_t>(header_.data() + 24, offset_, ByteOrder::little);
    offset_ += payload_.size();
    sum_record(header_, sum_);
    sum_ = checksum::combine(sum_, payload_sum_, payload_.size());
    return output.write(header_, payload_);
  }

  [[nodiscard]] const Fletcher4& sum() const { return sum_; }

  // Fills in the record's own checksum and takes the record into the running sum.
  static void sum_record(test::Bytes& record, Fletcher4& sum) {
    const ByteSpan bytes = record;
    sum = checksum::fletcher4(sum, bytes.first(drr::kRecordChecksumAt), ByteOrder::little);
    store_sum(record.data() + drr::kRecordChecksumAt, sum);
    sum = checksum::fletcher4(sum, bytes.subspan(drr::kRecordChecksumAt), ByteOrder::little);
  }

  static void store_sum(std::byte* to, const Fletcher4& sum) {
    for (const std::uint64_t word : {sum.a, sum.b, sum.c, sum.d}) {
      store<std::uint64_t>(to, word, ByteOrder::little);
      to += sizeof(word);
    }
  }

 private:
  test::Bytes header_;
  test::Bytes payload_;
  Fletcher4 payload_sum_;
  Fletcher4 sum_;
  std::uint64_t offset_ = 0;
};

// BEGIN with its nvlist, OBJECT_RANGE if it is raw, OBJECT, one WRITE to copy, END.
test::StreamImage shape_of(const Wanted& wanted) {
  const bool is_large = wanted.record_bytes > drr::kOldBlockBytesMax;
  test::StreamBuilder builder;
  builder.begin({.toname = "pool/fs@made",
                 .features = (wanted.plain ? drr::feature::kSaSpill : test::kRawFeatures) |
                             (is_large ? drr::feature::kLargeBlocks : 0),
                 .payload = wanted.plain ? test::Bytes{} : test::crypt_payload()});
  drr::ObjectRecord object{.object = 2,
                           .type = 19,
                           .bonus_type = 44,
                           .block_bytes = static_cast<std::uint32_t>(wanted.record_bytes)};
  if (!wanted.plain) {
    builder.object_range({.first_object = 0, .objects = 32});
    object.indirect_shift = 17;
    object.levels = 1;
    object.block_pointers = 1;
  }
  builder.object(object).write(2, 0, test::pattern(wanted.record_bytes)).end();
  return builder.build();
}

int make(const Wanted& wanted) {
  const test::StreamImage shape = shape_of(wanted);
  Output output;
  test::Bytes head = shape.piece(0).bytes;
  const std::size_t write = shape.records() - 2;
  for (std::size_t record = 1; record < write; ++record) {
    const test::Bytes& bytes = shape.piece(record).bytes;
    head.insert(head.end(), bytes.begin(), bytes.end());
  }
  Writes writes(shape, write, checksum::fletcher4({}, head, ByteOrder::little));
  if (!output.write(head, {})) return 1;
  const std::uint64_t each = drr::kRecordBytes + wanted.record_bytes;
  for (std::uint64_t made = head.size(); made < wanted.stream_bytes; made += each) {
    if (!writes.write_next(output)) return 1;
  }
  test::Bytes end = shape.piece(write + 1).bytes;
  Fletcher4 sum = writes.sum();
  Writes::store_sum(end.data() + drr::kEndChecksumAt, sum);
  Writes::sum_record(end, sum);
  return output.write(end, {}) ? 0 : 1;
}

std::optional<std::uint64_t> size_from(std::string_view text) {
  const auto bytes = parse_size(text);
  return bytes ? std::optional(*bytes) : std::nullopt;
}

int run(std::vector<std::string_view> arguments) {
  Wanted wanted;
  if (!arguments.empty() && arguments.front() == "--plain") {
    wanted.plain = true;
    arguments.erase(arguments.begin());
  }
  const auto stream_bytes = arguments.empty() ? std::nullopt : size_from(arguments[0]);
  const auto record_bytes =
      arguments.size() > 1 ? size_from(arguments[1]) : std::optional(wanted.record_bytes);
  const bool is_record = record_bytes && *record_bytes % drr::kBlockBytesMin == 0 &&
                         *record_bytes > 0 && *record_bytes <= drr::kBlockBytesMax;
  if (!stream_bytes || !is_record || ::isatty(STDOUT_FILENO) != 0) {
    std::fputs("usage: make_stream [--plain] SIZE [RECORD_SIZE] > FILE\n", stderr);
    return 2;
  }
  wanted.stream_bytes = *stream_bytes;
  wanted.record_bytes = *record_bytes;
  return make(wanted);
}

}  // namespace
}  // namespace zsluice

int main(int argc, char** argv) {
  return zsluice::run(std::vector<std::string_view>(argv + 1, argv + argc));
}
