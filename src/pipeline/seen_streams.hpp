// SPDX-License-Identifier: BSD-2-Clause
// Tells whether a stream stood in the same input before (`cat F F`, a doubled upload): a receiver
// ignores everything after the first END, so nobody else says so (EXPERIMENTS §A).
//
// A stream is known by its BEGINs up to the first substream's, payloads included: guids, name,
// time, features, and for encrypted ones the key and the MAC of the whole snapshot.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/checksum/xxh3.hpp"

#include <cstddef>
#include <vector>

namespace zsluice::pipeline {

// Streams remembered per input. A file of more streams than that is judged for its last ones only.
inline constexpr std::size_t kRememberedStreams = 4096;

class SeenStreams {
 public:
  // A stream begins: what was added for one that never told who it is counts no longer.
  void start() { hash_.reset(); }
  // The parts of the current stream's identity, in order.
  void add(ByteSpan begin_record, ByteSpan payload);
  // The first substream's BEGIN has been added: true when this stream was there before.
  [[nodiscard]] bool complete();

 private:
  checksum::Xxh3 hash_;
  std::vector<checksum::Xxh3Digest> seen_;
  std::size_t next_ = 0;  // where the next one is put once the list is full
};

}  // namespace zsluice::pipeline
