// SPDX-License-Identifier: BSD-2-Clause
// The member "package" of `inspect --json` (INSPECT_JSON.md): a package's header, item by item.
#pragma once

#include "cli/json_writer.hpp"
#include "cli/property_concerns.hpp"
#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/record.hpp"

#include <functional>

namespace zsluice::cli {

// Adds the concerns it meets to `concerns`. Calls `flush` now and then: a header may hold any
// number of items.
void write_package_json(const drr::BeginRecord& begin,
                        ByteSpan nvlist,
                        JsonWriter& json,
                        ConcernCounts& concerns,
                        const std::function<void()>& flush);

}  // namespace zsluice::cli
