// SPDX-License-Identifier: BSD-2-Clause
// What the nvlist tests share: every form a list can have, and a walk that checks what it is given.
#pragma once

#include "support/nvlist_builder.hpp"
#include "zsluice/nvlist/reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>

namespace zsluice::test {

inline constexpr std::array<NvlistForm, 4> kForms{{
    {nvlist::Encoding::native, ByteOrder::little},
    {nvlist::Encoding::native, ByteOrder::big},
    {nvlist::Encoding::xdr, ByteOrder::little},
    {nvlist::Encoding::xdr, ByteOrder::big},
}};

inline std::string name_of(NvlistForm form) {
  return std::string(form.encoding == nvlist::Encoding::xdr ? "XDR" : "native") +
         (form.order == ByteOrder::little ? " LE" : " BE");
}

// The order of the integers in a list of this form.
inline ByteOrder wire_order(NvlistForm form) {
  return form.encoding == nvlist::Encoding::xdr ? ByteOrder::big : form.order;
}

// Reads to the end: the size of the list, or the first error.
inline Result<std::size_t, nvlist::Error> walk(ByteSpan packed,
                                               std::size_t depth_max = nvlist::kDepthMax) {
  auto reader = nvlist::Reader::open(packed, depth_max);
  if (!reader) return Unexpected{reader.error()};
  std::size_t events = 0;
  for (;;) {
    const auto event = reader->next();
    if (!event) return Unexpected{event.error()};
    if (event->kind == nvlist::EventKind::end) return reader->consumed();
    EXPECT_LE(++events, packed.size());
    if (events > packed.size()) return std::size_t{0};
  }
}

}  // namespace zsluice::test
