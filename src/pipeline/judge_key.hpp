// SPDX-License-Identifier: BSD-2-Clause
// Whether the key that a command was given, or that it was given none, fits the store as a whole.
// Every command asks before it reads a segment, so that all refuse a wrong key alike, and once.
// What single segments are is told when they are read: one without a proof, or with that of another
// key, in a store that this key proves, is damage.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_failure.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/store/manifest.hpp"
#include "zsluice/store/segment.hpp"

#include <optional>

namespace zsluice::pipeline {

struct KeyInHand {
  checksum::HmacSha256* mac = nullptr;  // none: there is no key
  bool no_auth = false;                 // and the store is read without
};

// `named`: the first line of the manifest, if that is this store's. A failure:
//
//     key_needed   there is none; that line says that there is one, or each segment that was asked
//     not_keyed    there is one; neither that line nor any segment that was asked has a proof
//     wrong_key    each segment that was asked was written with one and the same other key
//                  [sequence, name, begin, end: of the first of them]
//
// Asked are the first segments; and as long as all say the same, one of 256 and the last. Of a
// store behind a command it is one: it is fetched for nothing else.
[[nodiscard]] std::optional<StoreFailure> judge_key(io::StoreFiles& files,
                                                    const std::optional<storage::StoreLine>& named,
                                                    KeyInHand key);

}  // namespace zsluice::pipeline
