// SPDX-License-Identifier: BSD-2-Clause
// Any text, and any list inside a token that is right otherwise, in both byte orders: sizes stay
// within their limits; what decodes encodes, and decodes again to the same; every token gets a
// verdict, the same each time, and allowing plaintext refuses nothing more.
#include "support/token_text.hpp"
#include "zsluice/token/vet.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

using namespace zsluice;

static void require(bool held) {
  if (!held) __builtin_trap();
}

static void judge(std::string_view text) {
  const auto decoded = token::decode(text);
  if (!decoded) return;
  require(decoded->packed_bytes <= token::kPackedBytesMax);
  require(decoded->unknown_keys.size() * 20 <= decoded->packed_bytes);
  const auto again = token::encode(decoded->token, decoded->producer_order);
  // Lists in XDR form are a little smaller.
  require(again || decoded->packed_bytes > token::kPackedBytesMax / 2);
  if (again) require(token::decode(*again).value().token == decoded->token);
  const token::Expectations wanted{.toguid = 7, .fromguid = 0, .name = "p*@[s1]"};
  require(token::vet(*decoded, wanted) == token::vet(*decoded, wanted));
  const bool acceptable = !token::vet(*decoded, {});
  require(!acceptable || !token::vet(*decoded, {.allow_plaintext = true}));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan input = std::as_bytes(std::span(data, size));
  const std::string_view text = text_of(input);
  judge(text.substr(0, text.find('\n')));
  judge(test::token_around(input, ByteOrder::little).text());
  judge(test::token_around(input, ByteOrder::big).text());
  return 0;
}
