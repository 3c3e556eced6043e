// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/begin_edit.hpp"

#include "zsluice/nvlist/writer.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace zsluice::resume {
namespace {

using Bytes = std::vector<std::byte>;
using drr::ResumePoint;
using nvlist::EventKind;
using nvlist::Form;
using nvlist::Reader;

constexpr std::string_view kResumeObject = "resume_object";
constexpr std::string_view kResumeOffset = "resume_offset";
constexpr std::string_view kCryptKeydata = "crypt_keydata";

constexpr std::size_t kVersionInfoAt = 16;  // of BEGIN
// What the two pairs take at most: 2 · 44 bytes in XDR, 2 · 40 native.
constexpr std::size_t kPointBytesMax = 88;

void append_point(Bytes& out, Form form, ResumePoint point) {
  nvlist::append_u64(out, form, kResumeObject, point.object);
  nvlist::append_u64(out, form, kResumeOffset, point.offset);
}

Bytes list_of_point(ByteOrder order, ResumePoint point) {
  const Form form{nvlist::Encoding::native, order};
  Bytes list;
  nvlist::append_list_start(list, form);
  append_point(list, form, point);
  nvlist::append_list_end(list, form);
  return list;
}

// Copies a packed list pair by pair of its top level, the resume point put in or replaced.
class PointEditor {
 public:
  PointEditor(ByteSpan packed, const Reader& reader, ResumePoint point)
      : packed_(packed),
        reader_(reader),
        form_{reader.encoding(), reader.producer_order()},
        point_(point) {}

  Result<Bytes, nvlist::Error> edit() {
    out_.reserve(packed_.size() + kPointBytesMax);
    for (;;) {
      const bool is_top = reader_.depth() == 0;
      const auto event = reader_.next();
      if (!event) return Unexpected{event.error()};
      if (event->kind == EventKind::end) {
        start_part(event->offset);
        put_point();
        copy_to(packed_.size());  // the end marker, and the padding behind it
        return std::move(out_);
      }
      if (is_top && event->kind == EventKind::pair) start_pair(event->offset, event->name);
    }
  }

 private:
  void start_pair(std::uint64_t offset, std::string_view name) {
    start_part(offset);
    if (name == kCryptKeydata) put_point();
    dropping_ = name == kResumeObject || name == kResumeOffset;
  }

  // What lies before `offset` is copied, but for a point that was there.
  void start_part(std::uint64_t offset) {
    if (dropping_) {
      copied_ = offset;
    } else {
      copy_to(offset);
    }
    dropping_ = false;
  }

  void put_point() {
    if (!is_put_) append_point(out_, form_, point_);
    is_put_ = true;
  }

  void copy_to(std::uint64_t offset) {
    const ByteSpan piece = packed_.subspan(copied_, offset - copied_);
    out_.insert(out_.end(), piece.begin(), piece.end());
    copied_ = offset;
  }

  ByteSpan packed_;
  Reader reader_;
  Form form_;
  ResumePoint point_;
  Bytes out_;
  std::uint64_t copied_ = 0;
  bool dropping_ = false;
  bool is_put_ = false;
};

Result<Bytes, nvlist::Error> payload_with_point(ByteSpan payload,
                                                ByteOrder order,
                                                ResumePoint point) {
  if (payload.empty()) return list_of_point(order, point);
  const auto reader = Reader::open(payload, nvlist::kKernelDepthMax);
  if (!reader) return Unexpected{reader.error()};
  if (payload.size() > nvlist::kPackedBytesMax - kPointBytesMax) {
    return Unexpected{nvlist::Error{nvlist::ErrorCode::bad_count, payload.size()}};
  }
  return PointEditor(payload, *reader, point).edit();
}

}  // namespace

Result<ResumedBegin, nvlist::Error> resumed_begin(const drr::RecordView& begin,
                                                  ByteSpan payload,
                                                  ResumePoint point) {
  auto edited = payload_with_point(payload, begin.order(), point);
  if (!edited) return Unexpected{edited.error()};
  ResumedBegin resumed;
  resumed.payload = *std::move(edited);
  std::copy_n(begin.bytes().begin(), drr::kRecordBytes, resumed.header.begin());
  store(resumed.header.data() + drr::kPayloadLengthAt,
        static_cast<std::uint32_t>(resumed.payload.size()), begin.order());
  const std::uint64_t features = drr::feature::kResuming << drr::kFeatureShift;
  store(resumed.header.data() + kVersionInfoAt, begin.u64(kVersionInfoAt) | features,
        begin.order());
  return resumed;
}

}  // namespace zsluice::resume
