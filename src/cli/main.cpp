// SPDX-License-Identifier: BSD-2-Clause
#include "cli/run.hpp"

#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return zsluice::cli::run_process(argc > 0 ? argv[0] : "", arguments);
}
