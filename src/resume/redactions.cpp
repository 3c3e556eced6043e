// SPDX-License-Identifier: BSD-2-Clause
#include "resume/redactions.hpp"

#include "zsluice/drr/format.hpp"
#include "zsluice/nvlist/walk.hpp"

namespace zsluice::resume {
namespace {

std::vector<std::uint64_t> numbers_of(const nvlist::Value& value) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(value.count());
  for (std::uint32_t i = 0; i < value.count(); ++i) {
    numbers.push_back(value.u64_at(i).value_or(0));
  }
  return numbers;
}

}  // namespace

Redactions redactions_of(ByteSpan payload) {
  Redactions found;
  if (payload.empty()) return found;
  auto reader = nvlist::Reader::open(payload, nvlist::kKernelDepthMax);
  if (!reader) return found;
  const auto done = nvlist::for_each_pair(
      *reader, [&found](const nvlist::Event& pair) -> Result<void, nvlist::Error> {
        if (pair.value.type() != nvlist::DataType::uint64_array) return {};
        if (pair.name == "redact_snaps") found.snaps = numbers_of(pair.value);
        if (pair.name == "redact_from_snaps") found.from_snaps = numbers_of(pair.value);
        return {};
      });
  static_cast<void>(done);
  return found;
}

Redactions kept_redactions_of(std::uint64_t features, ByteSpan payload) {
  Redactions lists = redactions_of(payload);
  if ((features & drr::feature::kRedacted) == 0) lists.snaps.reset();
  return lists;
}

}  // namespace zsluice::resume
