// SPDX-License-Identifier: BSD-2-Clause
// What the tests of this folder share: lists that tokens are made of, and errors that print.
#pragma once

#include "support/nvlist_builder.hpp"
#include "support/token_text.hpp"
#include "zsluice/token/token.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace zsluice::nvlist {

inline void PrintTo(const Error& error, std::ostream* out) {
  *out << "nvlist code " << int{static_cast<std::uint8_t>(error.code)} << " at " << error.offset;
}

}  // namespace zsluice::nvlist

namespace zsluice::token {

inline bool operator==(const Error& a, const Error& b) {
  return a.code == b.code && a.found == b.found && a.limit == b.limit && a.nvlist == b.nvlist &&
         a.key == b.key;
}

inline void PrintTo(const Error& error, std::ostream* out) {
  *out << "code " << int{static_cast<std::uint8_t>(error.code)} << " found " << error.found
       << " limit " << error.limit << " key '" << error.key << "' ";
  nvlist::PrintTo(error.nvlist, out);
}

// FORMAT.md §E.
inline constexpr std::string_view kVector =
    "1-974b197d0-d8-789c636064000310a500c4ec50360710e72765a526973030b0429460caa7a515a79680649"
    "8e0f26c48f2499525a9c5200901ecfa4bf2d34b335318183acad3425d8c95043590e439c1f27989b9a9403a3"
    "12f5b3fd1a1d810c91ddc0c087727e7e71614a51617e76733c00100fce9173f";

inline Token vector_token() {
  Token token{.object = 5, .offset = 131072, .bytes = 4096, .toguid = 0x1122334455667788};
  token.toname = "tank/a@s1";
  token.compress_ok = true;
  return token;
}

// Of everything, with numbers that differ.
inline Token full_token() {
  Token token{.fromguid = 1, .object = 2, .offset = 3, .bytes = 4, .toguid = 5};
  token.toname = "pool/fs@snap";
  token.large_block_ok = token.embed_ok = token.compress_ok = true;
  token.raw_ok = token.saved_ok = true;
  token.redact_snaps = {6, ~std::uint64_t{0}};
  token.book_redact_snaps.emplace();
  return token;
}

inline test::NvlistBuilder full_list() {
  test::NvlistBuilder list;
  list.u64("fromguid", 1).u64("object", 2).u64("offset", 3).u64("bytes", 4).u64("toguid", 5);
  list.string("toname", "pool/fs@snap").boolean("largeblockok").boolean("embedok");
  list.boolean("compressok").boolean("rawok").boolean("savedok");
  list.u64s("redact_snaps", {6, ~std::uint64_t{0}}).u64s("book_redact_snaps", {});
  return list;
}

// What a token must have, and nothing else.
inline test::NvlistBuilder required_list() {
  test::NvlistBuilder list;
  list.u64("object", 1).u64("offset", 0).u64("bytes", 0).u64("toguid", 7);
  return list.string("toname", "p@s");
}

inline constexpr std::array<test::NvlistForm, 4> kForms{{
    {nvlist::Encoding::native, ByteOrder::little},
    {nvlist::Encoding::native, ByteOrder::big},
    {nvlist::Encoding::xdr, ByteOrder::little},
    {nvlist::Encoding::xdr, ByteOrder::big},
}};

inline std::string name_of(test::NvlistForm form) {
  return std::string(form.encoding == nvlist::Encoding::xdr ? "xdr" : "native") +
         (form.order == ByteOrder::little ? ", little" : ", big");
}

inline std::string text_around(const test::NvlistBuilder& list,
                               test::NvlistForm form = {nvlist::Encoding::native,
                                                        ByteOrder::little}) {
  return test::token_around(list.pack(form), form.order).text();
}

// Fails the running test when `text` does not decode.
inline DecodedToken decoded(std::string_view text) {
  auto result = decode(text);
  if (result) return *std::move(result);
  ADD_FAILURE() << testing::PrintToString(result.error());
  return {};
}

// nullopt when it decodes.
inline std::optional<Error> error_of(std::string_view text) {
  const auto result = decode(text);
  return result ? std::nullopt : std::optional(result.error());
}

}  // namespace zsluice::token
