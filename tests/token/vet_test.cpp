// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/token/vet.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

namespace zsluice::token {

static void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << "code " << int{static_cast<std::uint8_t>(refusal.code)} << " found " << refusal.found
       << " expected " << refusal.expected;
}

namespace {

// An acceptable raw token.
DecodedToken raw_token() {
  DecodedToken decoded;
  decoded.token = {.fromguid = 6, .object = 34, .offset = 131072, .bytes = 9, .toguid = 7};
  decoded.token.toname = "pool/a/fs@s2";
  decoded.token.compress_ok = decoded.token.raw_ok = true;
  return decoded;
}

// The same of a full stream that is not raw.
DecodedToken plain_token() {
  DecodedToken decoded = raw_token();
  decoded.token.fromguid.reset();
  decoded.token.raw_ok = false;
  return decoded;
}

const Expectations kPlainAllowed{.allow_plaintext = true};

TEST(TokenVet, RawTokensAreAcceptableAndPlainOnesOnlyWhenAllowed) {
  EXPECT_EQ(vet(raw_token(), {}), std::nullopt);
  EXPECT_EQ(vet(raw_token(), kPlainAllowed), std::nullopt);
  EXPECT_EQ(vet(plain_token(), {}), (Refusal{RefusalCode::not_raw}));
  EXPECT_EQ(vet(plain_token(), kPlainAllowed), std::nullopt);
  EXPECT_TRUE(would_send_raw(raw_token().token));
  EXPECT_FALSE(would_send_raw(plain_token().token));
}

TEST(TokenVet, AnotherSnapshotThanExpectedIsRefused) {
  const DecodedToken raw = raw_token();
  EXPECT_EQ(vet(raw, {.toguid = 7}), std::nullopt);
  EXPECT_EQ(vet(raw, {.toguid = 8}), (Refusal{RefusalCode::unexpected_toguid, 7, 8}));
  EXPECT_EQ(vet(raw, {.toguid = 0}), (Refusal{RefusalCode::unexpected_toguid, 7, 0}));
  EXPECT_EQ(vet(raw, {.fromguid = 6}), std::nullopt);
  EXPECT_EQ(vet(raw, {.fromguid = 7}), (Refusal{RefusalCode::unexpected_fromguid, 6, 7}));
  EXPECT_EQ(vet(raw, {.fromguid = 0}), (Refusal{RefusalCode::unexpected_fromguid, 6, 0}));
}

TEST(TokenVet, NoFromguidAndOneOfZeroAreAFullStream) {
  DecodedToken full = raw_token();
  for (const auto& fromguid : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(0)}) {
    full.token.fromguid = fromguid;
    EXPECT_EQ(vet(full, {.fromguid = 0}), std::nullopt);
    EXPECT_EQ(vet(full, {.fromguid = 6}), (Refusal{RefusalCode::unexpected_fromguid, 0, 6}));
  }
}

TEST(TokenVet, NamesAreGlobs) {
  struct Row {
    std::string glob;
    std::string name;
    bool matches;
  };
  const std::vector<Row> rows{
      {"pool/fs@s", "pool/fs@s", true},      {"pool/fs@s", "pool/fs@s2", false},
      {"pool/*@s", "pool/a/b@s", true},      {"pool/*", "pool/fs@s", true},
      {"pool/f?@s[12]", "pool/fs@s2", true}, {"pool/f?@s[12]", "pool/fs@s3", false},
      {"pool/fs@*", "tank/fs@s", false},     {"", "pool/fs@s", false},
      {"POOL/*", "pool/fs@s", false},        {"pool/a\\*@s", "pool/ab@s", false},
      {"pool/\\a@s", "pool/a@s", true},      {"*", std::string(253, 'n') + "@s", true},
  };
  for (const Row& row : rows) {
    DecodedToken decoded = raw_token();
    decoded.token.toname = row.name;
    EXPECT_EQ(vet(decoded, {.name = row.glob}),
              row.matches ? std::nullopt : std::optional(Refusal{RefusalCode::unexpected_name}))
        << row.glob << " " << row.name;
    EXPECT_EQ(vet(decoded, {}), std::nullopt) << "no name is asked for";
  }
}

TEST(TokenVet, ANameThatNoSnapshotCanHaveIsRefused) {
  DecodedToken decoded = raw_token();
  decoded.token.toname = std::string(254, 'n') + "@s";
  const Refusal too_long{RefusalCode::impossible_name, 256, 255};
  EXPECT_EQ(vet(decoded, {.name = "*"}), too_long);
  EXPECT_EQ(vet(decoded, {}), too_long);
  for (const std::string_view name :
       {"", "@", "pool/fs", "pool@", "@s", "pool@s@s", "pool@a\nb", "-oProxy@s", "/pool@s", "1@s",
        "pool/\x1b[31m@s", "pool/*@s", "pool/\xc3\xa4@s", "pool/fs#mark"}) {
    decoded.token.toname = name;
    EXPECT_EQ(vet(decoded, {.name = "*"}), (Refusal{RefusalCode::no_snapshot_name})) << name;
    EXPECT_EQ(vet(decoded, {}), (Refusal{RefusalCode::no_snapshot_name})) << name;
  }
  for (const std::string_view name :
       {"p@s", "pool/a b@s c", "Pool-1/_x.y:z@2026-11-23", "tank/fs@--head--", "tank/%recv@s"}) {
    decoded.token.toname = name;
    EXPECT_EQ(vet(decoded, {.name = "*"}), std::nullopt) << name;
  }
}

// Bytes that are not text in any locale, and patterns that are cut short.
TEST(TokenVet, AnyNameAndAnyGlobGetAVerdict) {
  DecodedToken decoded = raw_token();
  const Refusal unexpected{RefusalCode::unexpected_name};
  for (const std::string& name : {std::string(200, '\xff'), std::string("pool/fs@s")}) {
    decoded.token.toname = name;
    EXPECT_EQ(vet(decoded, {.name = "[\xff"}), unexpected);
    EXPECT_EQ(vet(decoded, {.name = "\\"}), unexpected);
  }
}

struct Change {
  const char* what;
  void (*apply)(DecodedToken&);
  std::optional<Refusal> of_raw;    // expected when the token is raw
  std::optional<Refusal> of_plain;  // and when it is plain, and plaintext allowed
};

TEST(TokenVet, WhatNoSendOfASnapshotAsksForIsRefused) {
  const auto redacted = Refusal{RefusalCode::redacted};
  const auto saved = Refusal{RefusalCode::saved};
  const auto embedded = Refusal{RefusalCode::embedded_raw};
  const auto position = [](std::uint64_t found, std::uint64_t last) {
    return Refusal{RefusalCode::impossible_position, found, last};
  };
  constexpr std::uint64_t kTop = std::uint64_t{1} << 63;
  const std::vector<Change> rows{
      {"redacted", [](auto& t) { t.token.redact_snaps = {1}; }, redacted, {}},
      {"by nothing", [](auto& t) { t.token.redact_snaps.emplace(); }, redacted, {}},
      {"from redacted", [](auto& t) { t.token.book_redact_snaps.emplace(); }, redacted, {}},
      {"saved", [](auto& t) { t.token.saved_ok = true; }, saved, saved},
      {"embedded", [](auto& t) { t.token.embed_ok = true; }, embedded, {}},
      {"large blocks", [](auto& t) { t.token.large_block_ok = true; }, {}, {}},
      {"not compressed", [](auto& t) { t.token.compress_ok = false; }, {}, {}},
      {"first position", [](auto& t) { t.token.object = 1, t.token.offset = 0; }, {}, {}},
      {"object 0", [](auto& t) { t.token.object = 0; }, position(0, kObjectLast),
       position(0, kObjectLast)},
      {"last object", [](auto& t) { t.token.object = kObjectLast; }, {}, {}},
      {"object beyond", [](auto& t) { t.token.object = kObjectLast + 1; },
       position(kObjectLast + 1, kObjectLast), position(kObjectLast + 1, kObjectLast)},
      {"last offset", [](auto& t) { t.token.offset = kOffsetLast; }, {}, {}},
      {"offset beyond", [](auto& t) { t.token.offset = kTop; }, position(kTop, kOffsetLast),
       position(kTop, kOffsetLast)},
      {"absurd bytes", [](auto& t) { t.token.bytes = ~std::uint64_t{0}; }, {}, {}},
      {"unknown keys",
       [](auto& t) {
         t.unknown_keys = {"a", "b"};
       },
       Refusal{RefusalCode::unknown_key, 2}, Refusal{RefusalCode::unknown_key, 2}},
  };
  for (const Change& row : rows) {
    SCOPED_TRACE(row.what);
    DecodedToken raw = raw_token();
    row.apply(raw);
    EXPECT_EQ(vet(raw, {}), row.of_raw);
    EXPECT_EQ(vet(raw, kPlainAllowed), row.of_raw) << "raw ones are judged the same";
    DecodedToken plain = plain_token();
    row.apply(plain);
    EXPECT_EQ(vet(plain, kPlainAllowed), row.of_plain);
    EXPECT_EQ(vet(plain, {}), (Refusal{RefusalCode::not_raw}));
  }
}

// A token with everything wrong, put right reason by reason.
TEST(TokenVet, OfSeveralReasonsTheFirstIsGiven) {
  DecodedToken decoded = plain_token();
  Token& token = decoded.token;
  token.embed_ok = token.saved_ok = true;
  token.redact_snaps.emplace();
  token.object = 0;
  decoded.unknown_keys = {"x"};
  const Expectations wanted{.toguid = 17, .fromguid = 16, .name = "tank/*"};
  const auto code = [&] {
    const auto refusal = vet(decoded, wanted);
    return refusal ? std::optional(refusal->code) : std::nullopt;
  };
  EXPECT_EQ(code(), RefusalCode::not_raw);
  token.raw_ok = true;
  EXPECT_EQ(code(), RefusalCode::unexpected_toguid);
  token.toguid = 17;
  EXPECT_EQ(code(), RefusalCode::unexpected_fromguid);
  token.fromguid = 16;
  EXPECT_EQ(code(), RefusalCode::unexpected_name);
  token.toname = "tank/fs@s";
  EXPECT_EQ(code(), RefusalCode::redacted);
  token.redact_snaps.reset();
  EXPECT_EQ(code(), RefusalCode::saved);
  token.saved_ok = false;
  EXPECT_EQ(code(), RefusalCode::embedded_raw);
  token.embed_ok = false;
  EXPECT_EQ(code(), RefusalCode::impossible_position);
  token.object = 1;
  EXPECT_EQ(code(), RefusalCode::unknown_key);
  decoded.unknown_keys.clear();
  EXPECT_EQ(code(), std::nullopt);
}

}  // namespace
}  // namespace zsluice::token
