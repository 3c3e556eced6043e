// SPDX-License-Identifier: BSD-2-Clause
// Payload sums computed ahead of the parser, by several threads: whole windows at a time, handed
// back in the order of the stream.
//
//   source ─▶ PieceWalker ─▶ window + pieces ─▶ workers ─▶ window + sums ─▶ Walk
//   (serial: headers only)                      (parallel)                  (serial: headers,
//   order)
//
// The windows in flight bound the memory: SourceOptions::windows_at_once must be windows_needed().
#pragma once

#include "io/source.hpp"
#include "zsluice/drr/piece_walker.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace zsluice::pipeline {

struct SummedWindow {
  io::Window window;
  std::vector<drr::PayloadPiece> pieces;
  bool is_summed = false;  // guarded by the mutex of ParallelSums
};

class ParallelSums {
 public:
  ParallelSums(io::ByteSource& source, unsigned jobs);
  ParallelSums(const ParallelSums&) = delete;
  ParallelSums& operator=(const ParallelSums&) = delete;
  ~ParallelSums();

  [[nodiscard]] static std::size_t windows_needed(unsigned jobs) {
    return std::size_t{2} * jobs + 1;
  }

  // The next window with its sums; one with no bytes at the end of the input. Valid until the next
  // call.
  [[nodiscard]] Result<const SummedWindow*, io::SourceError> next();

 private:
  void fill_queue();
  void work();

  io::ByteSource& source_;
  drr::PieceWalker walker_;
  std::size_t windows_max_;
  bool source_ended_ = false;
  std::optional<io::SourceError> error_;
  std::unique_ptr<SummedWindow> current_;
  std::deque<std::unique_ptr<SummedWindow>> in_order_;  // by this thread only

  std::mutex mutex_;
  std::condition_variable work_ready_;
  std::condition_variable work_done_;
  std::deque<SummedWindow*> to_sum_;   // guarded by mutex_
  bool stop_ = false;                  // guarded by mutex_
  std::vector<std::jthread> workers_;  // last: they end before what they use
};

}  // namespace zsluice::pipeline
