// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/record_writer.hpp"

#include "zsluice/drr/record.hpp"

#include <algorithm>

namespace zsluice::resume {
namespace {

using checksum::Fletcher4;
using checksum::fletcher4;
using drr::RecordType;

void store_sum(std::byte* to, const Fletcher4& sum, ByteOrder order) {
  store(to, sum.a, order);
  store(to + 8, sum.b, order);
  store(to + 16, sum.c, order);
  store(to + 24, sum.d, order);
}

}  // namespace

ByteSpan RecordWriter::put(ByteSpan header) {
  std::copy_n(header.begin(), drr::kRecordBytes, header_.begin());
  const ByteSpan whole = header_;
  const auto type = load<std::uint32_t>(header_.data(), order_);
  if (type == static_cast<std::uint32_t>(RecordType::begin)) {
    state_ = {};
    keep(whole);
    return whole;
  }
  if (type == static_cast<std::uint32_t>(RecordType::end)) {
    store_sum(header_.data() + drr::kEndChecksumAt, state_, order_);
  }
  state_ = fletcher4(state_, whole.first(drr::kRecordChecksumAt), order_);
  store_sum(header_.data() + drr::kRecordChecksumAt, state_, order_);
  state_ = fletcher4(state_, whole.subspan(drr::kRecordChecksumAt), order_);
  return whole;
}

void RecordWriter::keep(ByteSpan header) {
  state_ = fletcher4(state_, header.first(drr::kRecordBytes), order_);
}

void RecordWriter::absorb(ByteSpan payload) {
  state_ = fletcher4(state_, payload, order_);
}

}  // namespace zsluice::resume
