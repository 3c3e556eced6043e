// SPDX-License-Identifier: BSD-2-Clause
// read_bandwidth THREADS SIZE: how many bytes a second THREADS threads read from SIZE bytes of
// memory (far more than the caches hold; sizes as on zsluice's command line). What no checker of
// files can beat.
#include "zsluice/base/size_text.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <thread>
#include <vector>

namespace {

constexpr int kPasses = 3;
constexpr std::uint64_t kThreadsMax = 64;

using Words = std::span<const std::uint64_t>;

// Four sums, so that no addition waits for the one before.
std::uint64_t sum(Words words) {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t c = 0;
  std::uint64_t d = 0;
  for (std::size_t at = 0; at + 4 <= words.size(); at += 4) {
    a += words[at];
    b += words[at + 1];
    c += words[at + 2];
    d += words[at + 3];
  }
  return a + b + c + d;
}

// Seconds for one pass over all words, each thread reading its own part. The total is handed out so
// that nothing is optimised away.
double seconds_of_pass(Words words, std::size_t thread_count, std::uint64_t& total) {
  const std::size_t each = words.size() / thread_count;
  std::vector<std::uint64_t> totals(thread_count);
  const auto started = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads.emplace_back(
        [part = words.subspan(i * each, each), &to = totals[i]] { to = sum(part); });
  }
  for (std::thread& thread : threads)
    thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  for (const std::uint64_t one : totals)
    total += one;
  return took.count();
}

}  // namespace

int main(int argc, char** argv) {
  const auto threads = argc == 3 ? zsluice::parse_size(argv[1]) : zsluice::parse_size("0");
  const auto bytes = argc == 3 ? zsluice::parse_size(argv[2]) : zsluice::parse_size("0");
  if (!threads || !bytes || *threads == 0 || *threads > kThreadsMax || *bytes < 4096 * *threads) {
    std::fputs("usage: read_bandwidth THREADS SIZE\n", stderr);
    return 2;
  }
  const std::vector<std::uint64_t> words(*bytes / sizeof(std::uint64_t), 1);
  std::uint64_t total = 0;
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const double took = seconds_of_pass(words, *threads, total);
    const double speed = static_cast<double>(words.size() * sizeof(std::uint64_t)) / took;
    if (speed > best) best = speed;
  }
  std::printf("%.0f\n", best);
  return total == 0 ? 1 : 0;
}
