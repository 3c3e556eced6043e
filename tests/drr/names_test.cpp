// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/names.hpp"

#include "zsluice/drr/format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zsluice::drr {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Names, EveryKnownFeatureHasOneAndNoOtherBit) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const bool is_known = ((feature::kKnown >> bit) & 1) != 0;
    EXPECT_EQ(!feature_name(bit).empty(), is_known) << bit;
  }
  EXPECT_EQ(feature_name(24), "raw");
  EXPECT_EQ(feature_name(64), "");
}

TEST(Names, OfFeaturesComeLowestFirstAndTellUnknownBits) {
  EXPECT_THAT(feature_names(0), IsEmpty());
  EXPECT_THAT(feature_names(feature::kRaw | feature::kLargeBlocks | 1U << 5),
              ElementsAre("unknown bit 5", "large_blocks", "raw"));
  EXPECT_THAT(feature_names(std::uint64_t{1} << 55), ElementsAre("unknown bit 55"));
}

TEST(Names, OfBeginFlags) {
  EXPECT_THAT(begin_flag_names(kBeginClone | kBeginSpillBlock | 1U << 24),
              ElementsAre("clone", "spill_block", "unknown bit 24"));
}

TEST(Names, OfCodesAndOfThoseWithoutName) {
  EXPECT_EQ(compression_name(kCompressionLz4), "lz4");
  EXPECT_EQ(compression_name(kCompressionZstd), "zstd");
  EXPECT_EQ(compression_name(5), "gzip-1");
  EXPECT_EQ(compression_name(17), "unknown");
  EXPECT_EQ(checksum_name(7), "fletcher4");
  EXPECT_EQ(checksum_name(14), "blake3");
  EXPECT_EQ(checksum_name(15), "unknown");
  EXPECT_EQ(objset_type_name(2), "filesystem");
  EXPECT_EQ(objset_type_name(3), "volume");
  EXPECT_EQ(objset_type_name(6), "unknown");
}

TEST(Names, OfDmuTypesOldAndNew) {
  EXPECT_EQ(dmu_type_name(19), "plain_file");
  EXPECT_EQ(dmu_type_name(44), "system_attr");
  EXPECT_EQ(dmu_type_name(53), "bpobj_subobj");
  EXPECT_EQ(dmu_type_name(54), "type 54");
  EXPECT_EQ(dmu_type_name(kDmuTypeUint64Metadata), "otn_uint64_metadata");
  EXPECT_EQ(dmu_type_name(0x80 | 0x20 | 4), "otn_zap_encrypted_data");
  EXPECT_EQ(dmu_type_name(0x80 | 10), "type 138");  // no such byteswap function
  EXPECT_EQ(dmu_type_name(0x1C3), "type 451");      // more than a byte
}

struct Reception {
  std::uint64_t features;
  std::string_view version;
};

TEST(Names, FirstReceiverIsTheOneThatKnowsTheYoungestFeature) {
  constexpr std::uint64_t kRawStream =
      feature::kSaSpill | feature::kLz4 | feature::kCompressed | feature::kRaw;
  const Reception cases[] = {
      {0, "0.6"},
      {feature::kSaSpill, "0.6"},
      {feature::kSaSpill | feature::kLargeBlocks, "0.6.4"},
      {feature::kCompressed | feature::kLz4, "0.7"},
      {kRawStream, "0.8"},
      {kRawStream | feature::kZstd, "2.0"},
      {kRawStream | feature::kRedacted, "2.0"},
      {kRawStream | feature::kLongName, "2.3"},
      {feature::kLargeMicrozap | feature::kLargeBlocks, "2.3"},
      {feature::kDedup | feature::kSaSpill, ""},
      {1U << 18, ""},
  };
  for (const Reception& reception : cases) {
    EXPECT_EQ(first_receiver_version(reception.features), reception.version) << reception.features;
  }
}

TEST(Names, ReceiversAreToldAsAPhrase) {
  EXPECT_EQ(receivers_text(feature::kLongName), "OpenZFS 2.3 and later");
  EXPECT_EQ(receivers_text(feature::kDedup),
            "never accepted since OpenZFS 2.0; needs `zstream redup` first");
  EXPECT_EQ(receivers_text(feature::kRaw | 1U << 18 | 1U << 5),
            "no known version accepts unknown bit 5, unknown bit 18");
}

}  // namespace
}  // namespace zsluice::drr
