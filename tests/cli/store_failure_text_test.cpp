// SPDX-License-Identifier: BSD-2-Clause
// What is wrong with a store: every kind has words, a code of its own and an exit status.
#include "cli/failure_text.hpp"
#include "cli/segment_error_text.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

namespace zsluice::cli {
namespace {

using pipeline::StoreFailure;
using pipeline::StoreFailureCode;
using storage::SegmentError;
using storage::SegmentErrorCode;

StoreFailure failure_of(StoreFailureCode code) {
  StoreFailure failure;
  failure.code = code;
  failure.name = "000000000/000000000007.zss";
  failure.system = {io::SysOperation::write, ENOSPC};
  failure.segments = 7;
  failure.sequence = 7;
  failure.begin = 1000;
  failure.end = 2000;
  return failure;
}

std::string text_of(const StoreFailure& failure, std::uint64_t passed_bytes = 0) {
  return failure_text(
      failure,
      {.command = "join", .source = "usb", .forwards = true, .passed_bytes = passed_bytes});
}

TEST(StoreFailureText, EveryFailureHasWordsACodeAndAStatus) {
  std::set<std::string> texts;
  std::set<std::string_view> codes;
  const auto count = static_cast<unsigned>(StoreFailureCode::no_digest) + 1;
  for (unsigned i = 0; i < count; ++i) {
    const StoreFailure failure = failure_of(static_cast<StoreFailureCode>(i));
    texts.insert(text_of(failure));
    codes.insert(code_of(failure));
    EXPECT_TRUE((exit_status_of(failure) >= 3 && exit_status_of(failure) <= 7) ||
                exit_status_of(failure) == 9);
    EXPECT_EQ(text_of(failure).back(), '\n');
  }
  EXPECT_EQ(texts.size(), count);
  EXPECT_EQ(codes.size(), count);
  EXPECT_EQ(codes.count(""), 0U);
}

TEST(StoreFailureText, TheWayACommandEndedIsTold) {
  const std::pair<io::SysError, std::string> table[] = {
      {{io::SysOperation::run, EIO, 3}, "the command failed with exit status 3"},
      {{io::SysOperation::run, EIO, -9}, "the command was ended by signal 9"},
      {{io::SysOperation::run, EPIPE}, "the command succeeded without reading all of it"},
      {{io::SysOperation::run, ENODATA}, "the command succeeded and gave nothing"},
      {{io::SysOperation::run, EAGAIN},
       "the command could not be started: Resource temporarily unavailable"},
  };
  for (const auto& [error, text] : table) {
    StoreFailure failure = failure_of(StoreFailureCode::filter_failed);
    failure.system = error;
    EXPECT_EQ(text_of(failure),
              "zsluice: join: usb: 000000000/000000000007.zss was not taken: " + text + "\n");
    failure.code = StoreFailureCode::fetch_failed;
    EXPECT_EQ(text_of(failure),
              "zsluice: join: usb: segment 7 (000000000/000000000007.zss, offsets 1000 to 2000) "
              "was not fetched: " +
                  text +
                  "\n  Whether it is missing or out of reach, only the command knows: see its own "
                  "message.\n  Nothing was passed on.\n");
  }
}

TEST(StoreFailureText, EverySegmentErrorHasWordsAndACode) {
  std::set<std::string_view> codes;
  const auto count = static_cast<unsigned>(SegmentErrorCode::broken_chain) + 1;
  for (unsigned i = 0; i < count; ++i) {
    SegmentError error;
    error.code = static_cast<SegmentErrorCode>(i);
    EXPECT_NE(segment_error_line(error), "");
    codes.insert(segment_error_code(error.code));
  }
  EXPECT_EQ(codes.size(), count);
}

TEST(StoreFailureText, SegmentsAreNamedWithTheirFileAndTheirPlace) {
  StoreFailure failure = failure_of(StoreFailureCode::bad_segment);
  failure.segment.code = SegmentErrorCode::wrong_stored_size;
  failure.segment.expected = 500;
  failure.segment.found = 1;
  EXPECT_EQ(text_of(failure, 1000),
            "zsluice: join: usb: damaged: segment 7 (000000000/000000000007.zss, offsets 1000 to "
            "2000): the file has not the length that its header says: 1 byte, not 500\n"
            "  The first 1000 bytes were passed, without an END: `zfs receive -s` keeps them.\n");
  failure.end.reset();
  failure.code = StoreFailureCode::cut_off;
  EXPECT_EQ(text_of(failure),
            "zsluice: join: usb: truncated: segment 7 (000000000/000000000007.zss, from offset "
            "1000 on) and all behind it are missing, although they were there\n"
            "  Nothing was passed on.\n");
}

TEST(StoreFailureText, AFullDisk) {
  const FailureContext context{.command = "split", .source = "usb"};
  EXPECT_EQ(failure_text(failure_of(StoreFailureCode::unwritable), context),
            "zsluice: split: usb/000000000/000000000007.zss: cannot be written: No space left on "
            "device\n");
}

}  // namespace
}  // namespace zsluice::cli
