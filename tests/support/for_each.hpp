// SPDX-License-Identifier: BSD-2-Clause
// One test over a whole table, each row named when it fails. (A ctest case per row would start a
// process per row.)
#pragma once

#include "support/corpus.hpp"
#include "support/damages.hpp"

#include <gtest/gtest.h>

namespace zsluice::test {

// `check` takes a CorpusEntry.
template <class Check>
void for_each_stream(Check check) {
  for (const CorpusEntry& entry : corpus_entries()) {
    SCOPED_TRACE(entry.name);
    check(entry);
  }
}

// `check` takes a Damage.
template <class Check>
void for_each_damage(Check check) {
  for (const Damage& damage : damages()) {
    SCOPED_TRACE(damage.name);
    check(damage);
  }
}

}  // namespace zsluice::test
