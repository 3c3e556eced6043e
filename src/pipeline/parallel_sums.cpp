// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/parallel_sums.hpp"

#include <system_error>
#include <utility>

namespace zsluice::pipeline {

ParallelSums::ParallelSums(io::ByteSource& source, unsigned jobs)
    : source_(source), windows_max_(std::size_t{2} * jobs) {
  workers_.reserve(jobs);
  try {
    for (unsigned i = 0; i < jobs; ++i) {
      workers_.emplace_back([this] { work(); });
    }
  } catch (const std::system_error&) {
    // Fewer threads do as well (a limit on tasks or memory); without any, nothing is summed ahead.
  }
}

ParallelSums::~ParallelSums() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_ready_.notify_all();
}

Result<const SummedWindow*, io::SourceError> ParallelSums::next() {
  current_.reset();  // gives its window back before another one is asked for
  fill_queue();
  if (in_order_.empty()) {
    if (error_) return Unexpected{*error_};
    current_ = std::make_unique<SummedWindow>();
    return current_.get();
  }
  current_ = std::move(in_order_.front());
  in_order_.pop_front();
  std::unique_lock lock(mutex_);
  work_done_.wait(lock, [this] { return current_->is_summed; });
  return current_.get();
}

void ParallelSums::fill_queue() {
  while (!source_ended_ && in_order_.size() < windows_max_) {
    Result<io::Window, io::SourceError> window = source_.next();
    if (!window) {
      error_ = window.error();
      source_ended_ = true;
      return;
    }
    if (window->bytes().empty()) {
      source_ended_ = true;
      return;
    }
    auto job = std::make_unique<SummedWindow>();
    job->window = *std::move(window);
    if (workers_.empty()) {
      job->is_summed = true;
    } else {
      walker_.walk(job->window.bytes(), job->pieces);
      const std::lock_guard lock(mutex_);
      to_sum_.push_back(job.get());
      work_ready_.notify_one();
    }
    in_order_.push_back(std::move(job));
  }
}

void ParallelSums::work() {
  for (;;) {
    SummedWindow* job = nullptr;
    {
      std::unique_lock lock(mutex_);
      work_ready_.wait(lock, [this] { return stop_ || !to_sum_.empty(); });
      if (stop_) return;
      job = to_sum_.front();
      to_sum_.pop_front();
    }
    for (drr::PayloadPiece& piece : job->pieces) {
      piece.sum = checksum::fletcher4({}, piece.bytes, piece.order);
    }
    {
      const std::lock_guard lock(mutex_);
      job->is_summed = true;
    }
    work_done_.notify_one();
  }
}

}  // namespace zsluice::pipeline
