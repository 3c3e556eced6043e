// SPDX-License-Identifier: BSD-2-Clause
// The suite of all backends: the ring, and poll(2) with each of its ways to write a pipe.
#pragma once

#include "io/backend.hpp"
#include "io/poll_backend.hpp"
#include "io/signals.hpp"
#include "io/uring_backend.hpp"
#include "kernel_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zsluice::io {

struct BackendCase {
  const char* name;
  bool is_uring;
  ChannelOptions options;
  bool calls_pipes = false;  // the ring, as it treats pipes before Linux 6.4
};

inline constexpr BackendCase kBackendCases[] = {
    {"uring", true, {}},
    {"uring_own_description", true, {.allow_nowait = false, .allow_reopen = true}, true},
    {"uring_small_pieces", true, {.allow_nowait = false, .allow_reopen = false}, true},
    {"poll_nowait", false, {}},
    {"poll_own_description", false, {.allow_nowait = false, .allow_reopen = true}},
    {"poll_small_pieces", false, {.allow_nowait = false, .allow_reopen = false}},
};

class BackendTest : public ::testing::TestWithParam<BackendCase> {
 protected:
  void SetUp() override {
    ignore_write_signals();
    backend_ = make();
    if (!backend_) {
      ASSERT_EQ(std::getenv("ZSLUICE_REQUIRE_URING"), nullptr) << "io_uring is refused";
      GTEST_SKIP() << "io_uring is refused here, errno " << refused_;
    }
  }

  std::unique_ptr<Backend> make() {
    if (!GetParam().is_uring) return std::make_unique<PollBackend>(GetParam().options);
    const BackendCase& chosen = GetParam();
    auto uring =
        UringBackend::create(chosen.calls_pipes ? std::optional(chosen.options) : std::nullopt);
    if (uring) return std::move(*uring);
    refused_ = uring.error();
    return nullptr;
  }

  // Collects what is ready, without waiting.
  void poll_now() { keep(backend_->wait(backend_->now())); }

  [[nodiscard]] std::optional<std::int32_t> result_of(OpId op) const {
    const auto found = results_.find(op);
    return found == results_.end() ? std::nullopt : std::optional(found->second);
  }

  // Waits for one operation. A lost completion fails the test instead of hanging it.
  std::int32_t finish(OpId op) {
    const TimePoint give_up = backend_->now() + std::chrono::seconds(20);
    while (!result_of(op)) {
      keep(backend_->wait(give_up));
      if (backend_->now() >= give_up) {
        ADD_FAILURE() << "operation " << op << " did not complete";
        return -ETIMEDOUT;
      }
    }
    return results_.extract(op).mapped();
  }

  std::int32_t write_now(int fd, std::vector<ByteSpan> pieces) {
    backend_->write(next_op_, fd, pieces);
    return finish(next_op_++);
  }
  std::int32_t read_now(int fd, MutableByteSpan into) {
    backend_->read(next_op_, fd, into);
    return finish(next_op_++);
  }

  // Everything, however short the writes.
  void write_all(int fd, ByteSpan bytes) {
    while (!bytes.empty()) {
      const std::int32_t written = write_now(fd, {bytes});
      ASSERT_GT(written, 0);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }

  // Writes until nothing more fits, and leaves that last write, `op`, in flight.
  void fill_with_pending_write(OpId op, int fd) {
    const ByteSpan piece[] = {filler_};
    for (;;) {
      backend_->write(op, fd, piece);
      poll_now();
      if (!result_of(op)) return;
      ASSERT_GT(results_.extract(op).mapped(), 0);
    }
  }

  // Nothing becomes ready: a wait lasts until its deadline, asleep. Of several the one with the
  // least CPU time counts: the clock of a virtual machine may count what its host takes away, too,
  // while who spins takes as much each time.
  void expect_idle_waits_to_sleep() {
    constexpr int kWaits = 5;
    constexpr auto kWait = std::chrono::milliseconds(60);
    Duration least = kWait;
    for (int i = 0; i < kWaits && least >= kWait / 2; ++i) {
      const Duration before = thread_cpu_time();
      const TimePoint deadline = backend_->now() + kWait;
      EXPECT_TRUE(backend_->wait(deadline).empty());
      EXPECT_GE(backend_->now(), deadline);
      least = std::min(least, thread_cpu_time() - before);
    }
    EXPECT_LT(least, kWait / 2) << "it must sleep, not spin";
  }

  const Bytes filler_ = pattern_bytes(std::size_t{1} << 20U);
  std::unique_ptr<Backend> backend_;

 private:
  static Duration thread_cpu_time() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
  }

  void keep(std::span<const Completion> completions) {
    for (const Completion& completion : completions) {
      EXPECT_TRUE(results_.emplace(completion.op, completion.result).second)
          << "operation " << completion.op << " completed twice";
    }
  }

  std::map<OpId, std::int32_t> results_;
  OpId next_op_ = 1000;
  int refused_ = 0;
};

inline std::string name_of_case(const ::testing::TestParamInfo<BackendCase>& info) {
  return info.param.name;
}

}  // namespace zsluice::io
