// SPDX-License-Identifier: BSD-2-Clause
#include "resume/block_order.hpp"

#include "zsluice/drr/record.hpp"
#include "zsluice/resume/begin_edit.hpp"

#include <algorithm>

namespace zsluice::test {
namespace {

using drr::RecordType;

struct Sorted {
  std::uint64_t object = 0;
  std::uint64_t offset = 0;
  bool is_head = false;
};

Sorted sorted(const StreamImage& image, std::size_t record) {
  const drr::RecordView view{image.piece(record).bytes.data(), image.order(record)};
  const drr::RecordPlace place = drr::place_of(view);
  Sorted it{place.object.value_or(0), place.offset.value_or(~std::uint64_t{0}), false};
  const auto type = static_cast<RecordType>(view.type_code());
  it.is_head = type == RecordType::object || type == RecordType::object_range ||
               type == RecordType::free_objects ||
               (type == RecordType::free && drr::decode_free(view).length == drr::kFreeToEnd) ||
               (type == RecordType::spill && (drr::decode_spill(view).flags & 4U) != 0);
  return it;
}

}  // namespace

Bytes in_block_order(const Bytes& stream) {
  const StreamImage image(stream);
  std::vector<std::size_t> body;
  for (std::size_t record = 1; record < image.last(); ++record)
    body.push_back(record);
  std::stable_sort(body.begin(), body.end(), [&image](std::size_t one, std::size_t other) {
    const Sorted a = sorted(image, one);
    const Sorted b = sorted(image, other);
    if (a.object / 32 != b.object / 32) return a.object / 32 < b.object / 32;
    return a.is_head && !b.is_head;
  });
  StreamImage made;
  made.append(image.piece(0));
  for (const std::size_t record : body)
    made.append(image.piece(record));
  return made.append(image.piece(image.last())).resum().bytes();
}

Bytes continued_in_block_order(const Bytes& stream, drr::ResumePoint point) {
  const StreamImage image(stream);
  const StreamImage::Record& first = image.piece(0);
  const auto begin = *resume::resumed_begin(
      {first.bytes.data(), first.order}, ByteSpan(first.bytes).subspan(drr::kRecordBytes), point);
  Bytes bytes(begin.header.begin(), begin.header.end());
  bytes.insert(bytes.end(), begin.payload.begin(), begin.payload.end());
  StreamImage made;
  made.append({bytes, first.order});
  for (std::size_t record = 1; record < image.records(); ++record) {
    const Sorted it = sorted(image, record);
    const bool is_range =
        image.type(record) == static_cast<std::uint32_t>(RecordType::object_range);
    const bool is_needed =
        record == image.last() || it.object > point.object ||
        (it.object == point.object && (it.is_head || it.offset >= point.offset)) ||
        (is_range && it.object / 32 == point.object / 32);
    if (is_needed) made.append(image.piece(record));
  }
  return made.resum().bytes();
}

}  // namespace zsluice::test
