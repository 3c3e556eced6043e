// SPDX-License-Identifier: BSD-2-Clause
// OrderedWork: jobs that threads do side by side, handed back in the order in which they came. One
// thread adds and takes; the window bounds what is in flight, finished jobs included.
//
//     while (there is more || !work.is_empty()) {
//       while (there is more && !work.is_full()) work.add(next job);
//       use(work.take());
//     }
//
// `threads` and `window` are 1 or more. With 1, or when none can be had, a job is done by take()
// itself. What a worker throws is thrown again by the take() of its job.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace zsluice::pipeline {

template <class Job>
class OrderedWork {
 public:
  // A worker is used by one thread, and may have memory of its own.
  using Worker = std::function<void(Job&)>;

  // `make_worker` is called by the thread that constructs, once per worker.
  OrderedWork(unsigned threads, const std::function<Worker()>& make_worker)
      : OrderedWork(threads, std::size_t{kWindowPerThread} * threads, make_worker) {}
  OrderedWork(unsigned threads, std::size_t window, const std::function<Worker()>& make_worker)
      : window_(window) {
    for (unsigned i = 0; i < threads; ++i) {
      workers_.push_back(make_worker());
    }
    if (threads <= 1) return;
    threads_.reserve(threads);
    try {
      for (const Worker& worker : workers_) {
        threads_.emplace_back([this, &worker] { work(worker); });
      }
    } catch (const std::exception&) {
      // Fewer threads do as well (a limit on tasks or memory).
    }
  }
  OrderedWork(const OrderedWork&) = delete;
  OrderedWork& operator=(const OrderedWork&) = delete;
  ~OrderedWork() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_ready_.notify_all();
  }

  [[nodiscard]] bool is_full() const { return in_order_.size() >= window_; }
  [[nodiscard]] bool is_empty() const { return in_order_.empty(); }

  void add(Job job) {
    in_order_.push_back(std::make_unique<Slot>());
    Slot* const slot = in_order_.back().get();
    slot->job = std::move(job);
    if (threads_.empty()) return;
    const std::lock_guard lock(mutex_);
    to_do_.push_back(slot);
    work_ready_.notify_one();
  }

  // Whether take() would not wait; what it does itself is no waiting. Not when there is none.
  [[nodiscard]] bool is_ready() {
    if (threads_.empty()) return true;
    const std::lock_guard lock(mutex_);
    return in_order_.front()->is_done;
  }

  // The oldest job, done. Not when there is none.
  [[nodiscard]] Job take() {
    const std::unique_ptr<Slot> slot = std::move(in_order_.front());
    in_order_.pop_front();
    if (threads_.empty()) {
      workers_.front()(slot->job);
    } else {
      std::unique_lock lock(mutex_);
      work_done_.wait(lock, [&] { return slot->is_done; });
    }
    if (slot->thrown) std::rethrow_exception(slot->thrown);
    return std::move(slot->job);
  }

 private:
  // Enough that no thread waits while the oldest job takes longer than others.
  static constexpr unsigned kWindowPerThread = 4;

  struct Slot {
    Job job;
    bool is_done = false;  // guarded by mutex_
    std::exception_ptr thrown;
  };

  void work(const Worker& worker) {
    for (;;) {
      Slot* slot = nullptr;
      {
        std::unique_lock lock(mutex_);
        work_ready_.wait(lock, [this] { return stop_ || !to_do_.empty(); });
        if (stop_) return;
        slot = to_do_.front();
        to_do_.pop_front();
      }
      try {
        worker(slot->job);
      } catch (...) {
        slot->thrown = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        slot->is_done = true;
      }
      work_done_.notify_one();
    }
  }

  std::size_t window_;
  std::vector<Worker> workers_;
  std::deque<std::unique_ptr<Slot>> in_order_;  // by the thread that adds and takes only

  std::mutex mutex_;
  std::condition_variable work_ready_;
  std::condition_variable work_done_;
  std::deque<Slot*> to_do_;            // guarded by mutex_
  bool stop_ = false;                  // guarded by mutex_
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

}  // namespace zsluice::pipeline
