// SPDX-License-Identifier: BSD-2-Clause
// Tokens that no receiver writes: each is an error, and costs neither time nor memory.
#include "support/allocation_counter.hpp"
#include "support/token_text.hpp"
#include "token/tokens.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <functional>
#include <vector>

namespace zsluice::token {
namespace {

using nvlist::DataType;
using test::Bytes;
using test::NvlistBuilder;
using test::TokenText;

constexpr std::size_t kVectorDataAt = 15;  // where the hex digits of kVector begin

struct Row {
  const char* what;
  std::string text;
  Error error;
};

void expect_errors(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(error_of(row.text), std::optional(row.error)) << row.what;
  }
}

Error plain(ErrorCode code, std::uint64_t found = 0, std::uint64_t limit = 0) {
  return {.code = code, .found = found, .limit = limit};
}

Error of_key(ErrorCode code, std::string_view name) {
  return {.code = code, .key = name};
}

Error of_list(nvlist::ErrorCode code, std::uint64_t offset) {
  return {.code = ErrorCode::bad_nvlist, .nvlist = {code, offset}};
}

// kVector with one field changed.
std::string changed(const std::function<void(TokenText&)>& change) {
  TokenText parts = test::token_parts(kVector);
  change(parts);
  return parts.text();
}

TEST(TokenHostile, TextThatIsNoTokenIsRefused) {
  using enum ErrorCode;
  const std::string vector(kVector);
  expect_errors({
      {"nothing", "", plain(empty)},
      {"a word", "token", plain(malformed, 1)},
      {"the word for none", "-", plain(empty)},
      {"one separator", "1-", plain(malformed, 2)},
      {"no data", "1-0-0", plain(malformed, 3)},
      {"separators only", "---", plain(bad_number, 1)},
      {"a field too many at the end", vector + "-00", plain(malformed, 5)},
      {"one at the beginning", "1-" + vector, plain(malformed, 5)},
      {"a negative length", changed([](auto& t) { t.length = "-d8"; }), plain(malformed, 5)},
      {"many separators", std::string(1'000'000, '-'), plain(malformed, 1'000'001)},
      {"too long", std::string(kTextBytesMax + 1, '-'),
       plain(text_too_long, kTextBytesMax + 1, kTextBytesMax)},
      {"empty data", "1-0-0-", plain(bad_compression)},
  });
}

TEST(TokenHostile, EachNumberIsDigitsAndNothingElse) {
  using enum ErrorCode;
  const std::vector<std::string> never{
      "", " 1", "1 ", "+1", "0x1", "1.", "g", "1\n", "\t1", std::string("1\0", 2), "\xd9\xa1"};
  for (const std::string& field : never) {
    SCOPED_TRACE(testing::PrintToString(field));
    EXPECT_EQ(error_of(changed([&](auto& t) { t.version = field; })), plain(bad_number, 1));
    EXPECT_EQ(error_of(changed([&](auto& t) { t.checksum = field; })), plain(bad_number, 2));
    EXPECT_EQ(error_of(changed([&](auto& t) { t.length = field; })), plain(bad_number, 3));
  }
  const std::string digits17 = "0" + std::string(16, '1');
  const auto length = [](std::string text) {
    return changed([&](auto& t) { t.length = std::move(text); });
  };
  const auto version = [](std::string text) {
    return changed([&](auto& t) { t.version = std::move(text); });
  };
  expect_errors({
      {"version 0", version("0"), plain(unsupported_version, 0)},
      {"version 2", version("2"), plain(unsupported_version, 2)},
      {"1 after 32 bits", version("4294967297"), plain(unsupported_version, 4294967297)},
      {"a version of zeros", version("01"), plain(bad_number, 1)},
      {"a hex version", version("a"), plain(bad_number, 1)},
      {"a version of 65 bits", version("18446744073709551616"), plain(bad_number, 1)},
      {"17 digits", changed([&](auto& t) { t.checksum = digits17; }), plain(bad_number, 2)},
      {"17 digits", length(digits17), plain(bad_number, 3)},
      {"the largest length", length("ffffffffffffffff"),
       plain(length_too_large, ~std::uint64_t{0}, kPackedBytesMax)},
      {"a length beyond the limit", length("100001"),
       plain(length_too_large, kPackedBytesMax + 1, kPackedBytesMax)},
  });
}

TEST(TokenHostile, DataIsPairsOfHexDigits) {
  using enum ErrorCode;
  ASSERT_EQ(kVector.substr(kVectorDataAt, 4), "789c");
  for (const char never : {' ', '\n', 'g', 'G', '/', ':', '@', '`', '\0', '\xff', 'x', '+'}) {
    for (const std::size_t at : {kVectorDataAt, std::size_t{100}, kVector.size() - 1}) {
      std::string text(kVector);
      text[at] = never;
      EXPECT_EQ(error_of(text), plain(bad_digit, at));
    }
  }
  std::string odd(kVector);
  odd.pop_back();
  EXPECT_EQ(error_of(odd), plain(odd_digits, odd.size() - kVectorDataAt));
  EXPECT_EQ(error_of(std::string(kVector) + "\n"), plain(bad_digit, kVector.size()));
}

TEST(TokenHostile, TheChecksumMustBeRight) {
  const TokenText right = test::token_parts(kVector);
  const std::uint64_t sum = std::stoull(right.checksum, nullptr, 16);
  for (const char* wrong : {"0", "974b197d1", "74b197d0", "d0974b197", "ffffffffffffffff"}) {
    EXPECT_EQ(error_of(changed([&](auto& t) { t.checksum = wrong; })),
              plain(ErrorCode::checksum_mismatch, sum, std::stoull(wrong, nullptr, 16)));
  }
}

TEST(TokenHostile, TheLengthMustBeThatOfTheList) {
  using enum ErrorCode;
  const auto length = [](const char* text) { return changed([&](auto& t) { t.length = text; }); };
  Bytes packed = required_list().pack(kForms[0]);
  const std::size_t size = packed.size();
  packed.resize(size + 4);
  expect_errors({
      {"zero", length("0"), plain(wrong_length, 1, 0)},
      {"one too small", length("d7"), plain(wrong_length, 216, 215)},
      {"one too large", length("d9"), plain(wrong_length, 216, 217)},
      {"half", length("6c"), plain(wrong_length, 109, 108)},
      {"the limit", length("100000"), plain(wrong_length, 216, kPackedBytesMax)},
      {"zeros behind the list", test::token_around(packed, ByteOrder::little).text(),
       plain(bytes_behind_list, size, size + 4)},
  });
}

TEST(TokenHostile, DataThatGrowsIsStoppedAtTheStatedLength) {
  // The most text there may be; it would unpack to 165 MB.
  constexpr std::size_t kBytes = kTextBytesMax / 2 - 32;
  for (const std::size_t length : {std::size_t{1}, std::size_t{300}, kPackedBytesMax}) {
    const std::string text =
        test::token_of(test::zlib_bomb(kBytes), length, ByteOrder::little).text();
    EXPECT_LE(text.size(), kTextBytesMax);
    EXPECT_EQ(error_of(text), plain(ErrorCode::wrong_length, length + 1, length));
  }
}

TEST(TokenHostile, LimitsHoldBeforeAnythingIsAllocated) {
  const std::vector<std::string> texts{
      std::string(kTextBytesMax + 1, '0'),
      std::string(1'000'000, '-'),
      "1-0-ffffffffffffffff-" + std::string(1'000'000, '0'),
      "1-0-100001-" + std::string(1'000'000, '0'),
      std::string(1'000'000, '1') + "-0-0-00",
  };
  for (const std::string& text : texts) {
    const test::AllocationCounter allocations;
    const auto result = decode(text);
    EXPECT_EQ(allocations.count(), 0U);
    EXPECT_FALSE(result);
  }
}

TEST(TokenHostile, DataThatZlibCannotReadIsRefused) {
  const Bytes packed = required_list().pack(kForms[0]);
  const Bytes good = test::zlib_stored(packed);
  const auto refused = [&](const char* what, const Bytes& compressed) {
    const std::string text = test::token_of(compressed, packed.size(), ByteOrder::little).text();
    EXPECT_EQ(error_of(text), plain(ErrorCode::bad_compression)) << what;
  };
  EXPECT_EQ(error_of(test::token_of(good, packed.size(), ByteOrder::little).text()), std::nullopt);
  refused("a list that is not compressed", packed);
  refused("without zlib's header", Bytes(good.begin() + 2, good.end()));
  Bytes bad = good;
  bad[1] |= std::byte{0x20};
  refused("with a preset dictionary", bad);
  bad = good;
  bad.back() ^= std::byte{1};
  refused("with another sum of its own", bad);
  for (std::size_t size = 0; size < good.size(); ++size) {
    refused("cut off", Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  bad = good;
  bad.push_back(std::byte{0});
  refused("with a byte behind it", bad);
  bad = good;
  bad.insert(bad.end(), good.begin(), good.end());
  refused("twice", bad);
}

TEST(TokenHostile, EveryTruncationOfARealTokenIsRefused) {
  for (const test::CorpusToken& corpus : test::corpus_tokens()) {
    for (std::size_t size = 0; size < corpus.text.size(); ++size) {
      EXPECT_FALSE(decode(std::string_view(corpus.text).substr(0, size))) << corpus.name << size;
    }
  }
}

TEST(TokenHostile, EveryChangedCharacterOfARealTokenIsRefused) {
  const std::string& real = test::corpus_tokens().front().text;
  const auto original = decode(real);
  ASSERT_TRUE(original);
  const auto is_same_digit = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  for (std::size_t at = 0; at < real.size(); ++at) {
    std::string text = real;
    for (int code = 0; code < 256; ++code) {
      text[at] = static_cast<char>(code);
      const auto result = decode(text);
      ASSERT_EQ(result.has_value(), is_same_digit(text[at], real[at])) << at << " " << code;
      if (result) {
        ASSERT_EQ(result->token, original->token);
      }
    }
  }
}

TEST(TokenHostile, ListsInsideAreRefusedAndNeverEntered) {
  NvlistBuilder deep;
  for (std::size_t i = 0; i < 3 * nvlist::kDepthMax; ++i) {
    deep = NvlistBuilder().list("l", std::move(deep));
  }
  const std::vector<std::pair<const char*, NvlistBuilder>> lists{
      {"empty", NvlistBuilder().list("x", NvlistBuilder())},
      {"deep", NvlistBuilder().list("x", deep)},
      {"of a known key", NvlistBuilder().list("toname", NvlistBuilder())},
      {"several", NvlistBuilder().lists("x", {NvlistBuilder(), NvlistBuilder()})},
      {"none", NvlistBuilder().lists("x", {})},
  };
  for (const auto& [what, list] : lists) {
    for (const test::NvlistForm form : kForms) {
      EXPECT_EQ(error_of(text_around(list, form)), plain(ErrorCode::nested_list, 12)) << what;
    }
  }
  NvlistBuilder behind = required_list();
  EXPECT_EQ(error_of(text_around(behind.list("x", NvlistBuilder())))->code, ErrorCode::nested_list);
}

// libnvpair looks nothing up in such a list, so no receiver's token is one.
TEST(TokenHostile, AListWhoseNamesNeedNotBeUniqueIsRefused) {
  for (const std::uint32_t nvflag : {0U, 2U, 3U}) {
    NvlistBuilder list(nvflag);
    list.u64("object", 1).u64("offset", 0).u64("bytes", 0).u64("toguid", 7).string("toname", "p@s");
    EXPECT_EQ(error_of(text_around(list)), plain(ErrorCode::names_not_unique, nvflag));
  }
}

TEST(TokenHostile, KnownKeysMayStandOnce) {
  for (const char* name : {"fromguid", "object", "offset", "bytes", "toguid"}) {
    NvlistBuilder list = full_list();
    const std::size_t size = list.pack(kForms[0]).size();
    EXPECT_EQ(error_of(text_around(list.u64(name, 1))),
              of_list(nvlist::ErrorCode::duplicate_name, size - 4));
  }
  for (const char* name : {"largeblockok", "embedok", "compressok", "rawok", "savedok"}) {
    NvlistBuilder list = full_list();
    EXPECT_EQ(error_of(text_around(list.boolean(name)))->nvlist.code,
              nvlist::ErrorCode::duplicate_name);
  }
  NvlistBuilder list = full_list();
  EXPECT_EQ(error_of(text_around(list.boolean("toname")))->nvlist.code,
            nvlist::ErrorCode::duplicate_name);
}

TEST(TokenHostile, KnownKeysHaveTheirType) {
  const auto wrong = [](const NvlistBuilder& list, std::string_view name) {
    EXPECT_EQ(error_of(text_around(list)), of_key(ErrorCode::wrong_type, name)) << name;
  };
  for (const auto number :
       {key::kFromguid, key::kObject, key::kOffset, key::kBytes, key::kToguid}) {
    wrong(NvlistBuilder().numbers(DataType::int64, number, {1}), number);
    wrong(NvlistBuilder().numbers(DataType::uint32, number, {1}), number);
    wrong(NvlistBuilder().u64s(number, {1}), number);
    wrong(NvlistBuilder().boolean(number), number);
    wrong(NvlistBuilder().string(number, "1"), number);
  }
  for (const auto flag :
       {key::kLargeBlockOk, key::kEmbedOk, key::kCompressOk, key::kRawOk, key::kSavedOk}) {
    wrong(NvlistBuilder().numbers(DataType::boolean_value, flag, {0}), flag);
    wrong(NvlistBuilder().numbers(DataType::boolean_value, flag, {1}), flag);
    wrong(NvlistBuilder().u64(flag, 1), flag);
  }
  for (const auto guids : {key::kRedactSnaps, key::kBookRedactSnaps}) {
    wrong(NvlistBuilder().u64(guids, 1), guids);
    wrong(NvlistBuilder().numbers(DataType::int64_array, guids, {1}), guids);
  }
  wrong(NvlistBuilder().strings("toname", {"p@s"}), key::kToname);
  wrong(NvlistBuilder().numbers(DataType::byte_array, "toname", {1}), key::kToname);
  EXPECT_EQ(error_of(text_around(NvlistBuilder().boolean("toname").boolean("toname"))),
            of_key(ErrorCode::wrong_type, key::kToname))
      << "the first of two";
}

TEST(TokenHostile, RequiredKeysMustBeThere) {
  const std::vector<std::string_view> required{"object", "offset", "bytes", "toguid", "toname"};
  for (const std::string_view missing : required) {
    NvlistBuilder list;
    for (const std::string_view name : required) {
      if (name == missing) continue;
      name == "toname" ? list.string(name, "p@s") : list.u64(name, 1);
    }
    EXPECT_EQ(error_of(text_around(list)), of_key(ErrorCode::missing_key, missing));
  }
  EXPECT_EQ(error_of(text_around(NvlistBuilder())), of_key(ErrorCode::missing_key, "object"));
}

TEST(TokenHostile, DamagedListsAreRefusedForTheirReason) {
  using nvlist::ErrorCode;
  const Bytes good = required_list().pack(kForms[0]);
  const auto error = [](const Bytes& packed) {
    return error_of(test::token_around(packed, ByteOrder::little).text());
  };
  EXPECT_EQ(error({}), of_list(ErrorCode::truncated, 0));
  Bytes bad = good;
  bad[0] = std::byte{2};
  EXPECT_EQ(error(bad), of_list(ErrorCode::unknown_encoding, 0));
  bad = good;
  bad[1] = std::byte{2};
  EXPECT_EQ(error(bad), of_list(ErrorCode::unknown_byte_order, 0));
  bad = good;
  bad[4] = std::byte{1};
  EXPECT_EQ(error(bad), of_list(ErrorCode::unsupported_version, 4));
  bad = good;
  bad[12] = std::byte{0xff};
  EXPECT_EQ(error(bad)->nvlist.offset, 12U);
  for (std::size_t size = 0; size < good.size(); ++size) {
    bad.assign(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    const auto found = error(bad);
    ASSERT_TRUE(found) << size;
    EXPECT_EQ(found->code, token::ErrorCode::bad_nvlist) << size;
    EXPECT_EQ(found->nvlist.code, ErrorCode::truncated) << size;
  }
}

// As many keys as there is room for: what is kept of them is bounded by the list.
TEST(TokenHostile, ManyUnknownKeysAreBoundedByTheList) {
  NvlistBuilder list = required_list();
  for (int i = 0; i < 40'000; ++i) {
    list.boolean("x");
  }
  const DecodedToken found = decoded(text_around(list));
  EXPECT_EQ(found.unknown_keys.size(), 40'000U);
}

}  // namespace
}  // namespace zsluice::token
