// SPDX-License-Identifier: BSD-2-Clause
// Reads the resume token on stdin: prints where the receiver stands; exit 1 when it is none.
#include <iostream>
#include <string>

#include <zsluice/token/token.hpp>

int main() {
  std::string text;
  std::cin >> text;
  const auto decoded = zsluice::token::decode(text);
  if (!decoded) return 1;
  std::cout << decoded->token.object << ' ' << decoded->token.offset << '\n';
  return 0;
}
