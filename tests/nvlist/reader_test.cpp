// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/nvlist/reader.hpp"

#include "nvlist/forms.hpp"
#include "support/allocation_counter.hpp"
#include "zsluice/nvlist/walk.hpp"

namespace zsluice::nvlist {
namespace {

using test::Bytes;
using test::kForms;
using test::NvlistBuilder;
using test::NvlistForm;

const NvlistForm kXdr{Encoding::xdr, ByteOrder::little};
const NvlistForm kNative{Encoding::native, ByteOrder::little};

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// Every type once, with lists in lists.
NvlistBuilder list_of_everything() {
  NvlistBuilder list;
  list.boolean("flag").string("text", "word").strings("texts", {"", "abc"}).strings("none", {});
  for (std::uint32_t code = kDataTypeFirst; code <= kDataTypeLast; ++code) {
    const auto type = static_cast<DataType>(code);
    const std::string name(type_name(type));
    if (name.find("string") != std::string::npos || name.find("nvlist") != std::string::npos) {
      continue;
    }
    if (type == DataType::boolean) continue;
    list.numbers(type, name,
                 name.ends_with("_array") ? std::vector<std::uint64_t>{1, 0, 1}
                                          : std::vector<std::uint64_t>{1});
  }
  list.list("empty list", NvlistBuilder())
      .list("list", NvlistBuilder(0).u64("inner", 5).list("deeper", NvlistBuilder().boolean("x")))
      .lists("no lists", {})
      .lists("lists", {NvlistBuilder(), NvlistBuilder(2).u64("a", 1), NvlistBuilder().boolean("b")})
      .u64("last", 9);
  return list;
}

// The events as one line: names of pairs, braces with the index and nvflag of lists.
std::string events_of(const Bytes& packed) {
  auto reader = Reader::open(packed);
  EXPECT_TRUE(reader);
  std::string line;
  for (;;) {
    const auto event = reader->next();
    EXPECT_TRUE(event);
    switch (event->kind) {
      case EventKind::pair:
        line += std::string(event->name) + ' ';
        break;
      case EventKind::enter_list:
        line += '{' + std::to_string(event->list_index) + '/' + std::to_string(event->nvflag) + ' ';
        break;
      case EventKind::leave_list:
        line += '}' + std::to_string(event->list_index) + ' ';
        break;
      case EventKind::end:
        return line + "end";
    }
  }
}

TEST(NvlistReader, ReadsThePublishedXdrVector) {
  // FORMAT.md §D.6.
  const Bytes packed = from_hex(
      "0101000000000000000000010000002c000000280000000d726573756d655f6f626a65637400000000000008"
      "0000000100000000000000050000002c000000280000000d726573756d655f6f666673657400000000000008"
      "0000000100000000000200000000000000000000");
  EXPECT_EQ(packed.size(), 108U);
  EXPECT_EQ(NvlistBuilder().u64("resume_object", 5).u64("resume_offset", 131072).pack(kXdr),
            packed);
  EXPECT_EQ(events_of(packed), "resume_object resume_offset end");
}

TEST(NvlistReader, ReadsThePublishedNativeVector) {
  // The token of FORMAT.md §E, decompressed.
  const Bytes packed = from_hex(
      "000100000000000001000000200000000700000001000000080000006f626a656374000005000000"
      "00000000200000000700000001000000080000006f66667365740000000002000000000020000000"
      "06000000010000000800000062797465730000000010000000000000200000000700000001000000"
      "08000000746f677569640000887766554433221128000000070000000100000009000000746f6e61"
      "6d65000074616e6b2f6140733100000000000000200000000b0000000000000001000000636f6d70"
      "726573736f6b00000000000000000000");
  EXPECT_EQ(packed.size(), 216U);
  EXPECT_EQ(NvlistBuilder()
                .u64("object", 5)
                .u64("offset", 131072)
                .u64("bytes", 4096)
                .u64("toguid", 0x1122334455667788)
                .string("toname", "tank/a@s1")
                .boolean("compressok")
                .pack(kNative),
            packed);
  EXPECT_EQ(events_of(packed), "object offset bytes toguid toname compressok end");
}

TEST(NvlistReader, AnnouncesPairsAndNestsLists) {
  const NvlistBuilder list =
      NvlistBuilder()
          .u64("a", 1)
          .list("b", NvlistBuilder(0).boolean("c").list("d", NvlistBuilder()))
          .lists("e", {NvlistBuilder(2), NvlistBuilder().boolean("f")})
          .lists("g", {})
          .boolean("h");
  for (const NvlistForm form : kForms) {
    EXPECT_EQ(events_of(list.pack(form)), "a b {0/0 c d {0/1 }0 }0 e {0/2 }0 {1/1 f }1 g h end")
        << name_of(form);
  }
}

TEST(NvlistReader, ARebuiltListIsTheSameBytesInEveryForm) {
  for (const NvlistForm form : kForms) {
    const Bytes packed = list_of_everything().pack(form);
    EXPECT_EQ(test::rebuilt(packed).pack(form), packed) << name_of(form);
  }
}

TEST(NvlistReader, ReportsEncodingOrderAndFlag) {
  for (const NvlistForm form : kForms) {
    const Bytes packed = NvlistBuilder(2).pack(form);
    const auto reader = Reader::open(packed);
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->encoding(), form.encoding);
    EXPECT_EQ(reader->producer_order(), form.order);
    EXPECT_EQ(reader->nvflag(), 2U);
  }
}

TEST(NvlistReader, BytesAfterTheEndMarkerAreAllowedAndNotConsumed) {
  for (const NvlistForm form : kForms) {
    Bytes packed = list_of_everything().pack(form);
    const std::size_t size = packed.size();
    packed.resize(size + 7, std::byte{0xee});
    EXPECT_EQ(*test::walk(packed), size);
  }
}

TEST(NvlistReader, EndIsAnsweredAgainAndAgain) {
  const Bytes packed = NvlistBuilder().pack(kNative);
  auto reader = Reader::open(packed);
  ASSERT_TRUE(reader);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reader->next()->kind, EventKind::end);
  }
  EXPECT_EQ(reader->consumed(), packed.size());
}

TEST(NvlistReader, ACopyRemembersItsPlace) {
  const Bytes packed =
      NvlistBuilder().list("l", NvlistBuilder().u64("a", 1)).u64("b", 2).pack(kXdr);
  auto reader = Reader::open(packed);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->next()->name, "l");
  Reader again = *reader;
  EXPECT_EQ(reader->next()->kind, EventKind::enter_list);
  ASSERT_TRUE(reader->skip_list());
  EXPECT_EQ(reader->next()->name, "b");
  EXPECT_EQ(again.next()->kind, EventKind::enter_list);
  EXPECT_EQ(again.next()->name, "a");
}

TEST(NvlistReader, ForEachPairSkipsTheListsItDoesNotVisit) {
  const NvlistBuilder list =
      NvlistBuilder()
          .list("skipped", list_of_everything())
          .lists("skipped too", {list_of_everything(), list_of_everything()})
          .list("visited", NvlistBuilder().u64("inside", 1).list("skipped", list_of_everything()))
          .u64("after", 2);
  for (const NvlistForm form : kForms) {
    const Bytes packed = list.pack(form);
    auto reader = Reader::open(packed);
    ASSERT_TRUE(reader);
    std::string names;
    const auto note = [&](const Event& pair) -> Result<void, Error> {
      names += std::string(pair.name) + '|';
      return {};
    };
    const auto walked = for_each_pair(*reader, [&](const Event& pair) -> Result<void, Error> {
      if (pair.name == "visited") return for_each_pair_of(*reader, pair, note);
      return note(pair);
    });
    EXPECT_TRUE(walked);
    EXPECT_EQ(names, "skipped|skipped too|inside|skipped|after|") << name_of(form);
    EXPECT_EQ(reader->consumed(), packed.size());
  }
}

TEST(NvlistReader, ReadingAllocatesNothing) {
  for (const NvlistForm form : kForms) {
    const Bytes packed = list_of_everything().pack(form);
    const test::AllocationCounter allocations;
    const auto size = test::walk(packed);
    EXPECT_EQ(allocations.count(), 0U);
    EXPECT_EQ(*size, packed.size());
  }
}

TEST(NvlistReader, RealPayloadsRebuildToTheSameBytes) {
  struct RealCase {
    const char* file;
    NvlistForm form;
  };
  const NvlistForm native_big{Encoding::native, ByteOrder::big};
  const RealCase cases[] = {
      {"g256_raw_full.zsend", kNative},
      {"red_redacted.zsend", kNative},
      {"tokens/g256_raw_full.cut869740.resumed.zsend", kNative},
      {"foreign_order/g256_raw_full.be.zsend", native_big},
      {"foreign_order/red_redacted.be.zsend", native_big},
      {"foreign_order/c128_raw_full.xdr.zsend", kXdr},
      {"hier_raw_R.zsend", kXdr},
      {"hier_raw_R_i.zsend", kXdr},
      {"hier_raw_p.zsend", kXdr},
      {"hier_raw_h.zsend", kXdr},
      {"props_raw_p.zsend", kXdr},
  };
  for (const RealCase& c : cases) {
    SCOPED_TRACE(c.file);
    const Bytes payload = test::first_begin_payload(std::string(ZSLUICE_TEST_CORPUS "/") + c.file);
    const auto size = test::walk(payload);
    ASSERT_TRUE(size);
    EXPECT_EQ(*size, payload.size());
    EXPECT_EQ(test::rebuilt(payload).pack(c.form), payload);
  }
}

}  // namespace
}  // namespace zsluice::nvlist
