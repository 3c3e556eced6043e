// SPDX-License-Identifier: BSD-2-Clause
// Streams into stores in memory, and out of them again.
#pragma once

#include "io/blocking_writer.hpp"
#include "io/fd.hpp"
#include "pipeline/join.hpp"
#include "pipeline/memory_store.hpp"
#include "pipeline/split.hpp"
#include "support/corpus.hpp"
#include "zsluice/store/segment_name.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace zsluice::pipeline {

// A file without a name.
class Scratch {
 public:
  explicit Scratch(ByteSpan bytes = {}) : fd_(::memfd_create("scratch", MFD_CLOEXEC)) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count =
          ::pwrite(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
      if (count <= 0) throw std::runtime_error("no memory for a scratch file");
      done += static_cast<std::size_t>(count);
    }
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] test::Bytes content() const {
    test::Bytes bytes(static_cast<std::size_t>(::lseek(fd_.get(), 0, SEEK_END)));
    const ssize_t count = ::pread(fd_.get(), bytes.data(), bytes.size(), 0);
    if (count != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("short read");
    return bytes;
  }

 private:
  io::Fd fd_;
};

inline SplitOptions splitting(std::uint64_t segment_bytes,
                              storage::Compression compression = storage::Compression::automatic) {
  SplitOptions options;
  options.gate.policy.allow_plaintext = true;
  const bool is_off = compression == storage::Compression::off;
  options.store.settings = {
      .segment_bytes = segment_bytes, .compression = compression, .level = is_off ? 0 : 1};
  options.store.created_by = "test";
  return options;
}

inline SplitReport split_into(io::StoreFiles& store,
                              ByteSpan stream,
                              const SplitOptions& options,
                              std::size_t read_bytes = 1 << 20) {
  const Scratch input(stream);
  const auto source =
      io::open_source(input.fd(), {.buffer_bytes = read_bytes, .allow_mapping = false});
  return run_split(options, **source, store);
}

struct JoinedStream {
  JoinReport report;
  test::Bytes bytes;

  // Nothing: it is whole, or failed for another reason than the store.
  [[nodiscard]] const StoreFailure* store_failure() const {
    return report.failure ? std::get_if<StoreFailure>(&*report.failure) : nullptr;
  }
  [[nodiscard]] std::optional<StoreFailureCode> code() const {
    const StoreFailure* const failure = store_failure();
    return failure != nullptr ? std::optional(failure->code) : std::nullopt;
  }
};

inline JoinOptions joining() {
  JoinOptions options;
  options.gate.policy.allow_plaintext = true;
  return options;
}

inline JoinedStream joined(io::StoreFiles& store, const JoinOptions& options = joining()) {
  const Scratch output;
  io::BlockingWriter writer(output.fd());
  JoinedStream joined;
  joined.report = run_join(options, store, writer);
  joined.bytes = output.content();
  return joined;
}

inline JoinedStream joined(const MemoryStore::Image& image,
                           const JoinOptions& options = joining()) {
  MemoryStore store(image);
  return joined(store, options);
}

inline bool is_prefix(const test::Bytes& part, const test::Bytes& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace zsluice::pipeline
