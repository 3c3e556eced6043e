// SPDX-License-Identifier: BSD-2-Clause
// Replays files through a fuzz target without a fuzzing engine, so that every compiler and every
// test run meets what fuzzing once found. Arguments are files or directories; with each file,
// seeded mutations of it are run too. The seed is fixed, and printed by the target's own failure.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kMutationsPerFile = 64;
constexpr int kRandomInputs = 512;
constexpr std::size_t kMutatedBytesMax = std::size_t{256} << 10;

using Bytes = std::vector<std::uint8_t>;

void run(const Bytes& input) {
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void replay(const std::filesystem::path& path, std::mt19937_64& random) {
  Bytes input = read_file(path);
  run(input);
  if (input.empty()) return;
  if (input.size() > kMutatedBytesMax) input.resize(kMutatedBytesMax);
  for (int i = 0; i < kMutationsPerFile; ++i) {
    Bytes mutated = input;
    for (std::uint64_t flips = 1 + random() % 4; flips > 0; --flips) {
      mutated[random() % mutated.size()] ^= static_cast<std::uint8_t>(1U << (random() % 8));
    }
    if (random() % 4 == 0) mutated.resize(random() % mutated.size());
    run(mutated);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::mt19937_64 random(20261121);
  for (int i = 0; i < kRandomInputs; ++i) {
    Bytes input(random() % 4096);
    for (std::uint8_t& byte : input)
      byte = static_cast<std::uint8_t>(random());
    run(input);
  }
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      replay(argv[i], random);
      ++files;
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      replay(entry.path(), random);
      ++files;
    }
  }
  std::printf("%zu files, %d random inputs: property held\n", files, kRandomInputs);
  return 0;
}
