// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/seen_streams.hpp"

#include <gtest/gtest.h>

#include <string>

namespace zsluice::pipeline {
namespace {

bool see(SeenStreams& streams, std::uint64_t identity) {
  const std::string text = std::to_string(identity);
  streams.start();
  streams.add(bytes_of(text), {});
  return streams.complete();
}

TEST(SeenStreams, TellsASecondTimeFromAFirst) {
  SeenStreams streams;
  EXPECT_FALSE(see(streams, 1));
  EXPECT_FALSE(see(streams, 2));
  EXPECT_TRUE(see(streams, 1));
  EXPECT_TRUE(see(streams, 1));
}

TEST(SeenStreams, WhatAnUnfinishedStreamAddedIsForgotten) {
  SeenStreams streams;
  EXPECT_FALSE(see(streams, 1));
  streams.start();
  streams.add(bytes_of("half"), {});
  EXPECT_TRUE(see(streams, 1));
}

TEST(SeenStreams, RemembersABoundedNumber) {
  SeenStreams streams;
  for (std::uint64_t i = 0; i <= kRememberedStreams; ++i) {
    EXPECT_FALSE(see(streams, i));
  }
  EXPECT_TRUE(see(streams, kRememberedStreams));
  EXPECT_TRUE(see(streams, 1));
  EXPECT_FALSE(see(streams, 0));  // the oldest went first
}

}  // namespace
}  // namespace zsluice::pipeline
