// SPDX-License-Identifier: BSD-2-Clause
// drain < PIPE: reads to the end and prints how many bytes there were. The last part of every
// measured pipeline: it costs the same behind each tool, and a tool that loses bytes is found out.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>

int main() {
  static std::array<std::byte, std::size_t{128} << 10> buffer;
  std::uint64_t total = 0;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      std::perror("drain");
      return 1;
    }
    if (got == 0) break;
    total += static_cast<std::uint64_t>(got);
  }
  std::printf("%" PRIu64 "\n", total);
  return 0;
}
