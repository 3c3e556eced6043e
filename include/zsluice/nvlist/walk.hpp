// SPDX-License-Identifier: BSD-2-Clause
// Helpers for decoders that know the shape of their list: visit the pairs of one list, going down
// only into the lists they want. The depth of the calls is that of the decoder, not of the input.
#pragma once

#include "zsluice/base/result.hpp"
#include "zsluice/nvlist/reader.hpp"

namespace zsluice::nvlist {

// Calls `on_pair(const Event&) -> Result<void, Error>` for each pair of the list `reader` stands
// in, up to its leave_list or end. Lists that `on_pair` does not visit are skipped (and checked).
template <class OnPair>
[[nodiscard]] Result<void, Error> for_each_pair(Reader& reader, OnPair&& on_pair) {
  for (;;) {
    const auto event = reader.next();
    if (!event) return Unexpected{event.error()};
    if (event->kind == EventKind::leave_list || event->kind == EventKind::end) return {};
    const auto done = event->kind == EventKind::enter_list ? reader.skip_list() : on_pair(*event);
    if (!done) return done;
  }
}

// From inside `on_pair`: the same for the list that `pair` holds. A pair that does not hold exactly
// one list is left alone.
template <class OnPair>
[[nodiscard]] Result<void, Error> for_each_pair_of(Reader& reader,
                                                   const Event& pair,
                                                   OnPair&& on_pair) {
  if (pair.value.type() != DataType::nvlist) return {};
  const auto entered = reader.next();
  if (!entered) return Unexpected{entered.error()};
  return for_each_pair(reader, on_pair);
}

}  // namespace zsluice::nvlist
