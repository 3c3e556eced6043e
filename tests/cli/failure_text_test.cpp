// SPDX-License-Identifier: BSD-2-Clause
// Every kind of failure has words, a code of its own and an exit status; those that no stream in a
// test can reach are checked here word for word.
#include "cli/failure_text.hpp"

#include "cli/fault_text.hpp"
#include "pipeline/outcome.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <csignal>
#include <set>
#include <string>

namespace zsluice::cli {
namespace {

using drr::Fault;
using drr::FaultCode;
using drr::Refusal;
using drr::RefusalCode;
using pipeline::BufferTooSmall;
using pipeline::Failure;
using pipeline::IoFailure;
using pipeline::IoSide;
using pipeline::Signalled;

constexpr FailureContext kPipe{.command = "pipe", .source = "stdin", .forwards = true};
constexpr FailureContext kVerify{.command = "verify", .source = "file"};

constexpr auto kLastFault = FaultCode::saved_stream;
constexpr auto kLastRefusal = RefusalCode::too_large;

// One that looks like those that occur.
Fault fault_of(FaultCode code) {
  Fault fault;
  fault.code = code;
  fault.begin = 1000;
  fault.end = 2000;
  fault.first = {
      .number = 3, .stream_offset = 900, .payload_bytes = 512, .type_code = 3, .place = {}};
  fault.at = {.number = 4, .stream_offset = 1688, .payload_bytes = 0, .type_code = 4, .place = {}};
  fault.found = 77;
  fault.limit = 312;
  return fault;
}

void expect_a_message(const Failure& failure, const FailureContext& context) {
  const std::string text = failure_text(failure, context);
  SCOPED_TRACE(text);
  EXPECT_EQ(text.find("zsluice: " + std::string(context.command) + ": "), 0U);
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(text.find("\n\n"), std::string::npos);
  EXPECT_GT(text.size(), 30U);
  for (std::size_t at = text.find('\n'); at + 1 < text.size(); at = text.find('\n', at + 1)) {
    EXPECT_EQ(text.substr(at + 1, 2), "  ") << "further lines are indented";
  }
}

TEST(FailureText, EveryFaultHasWordsACodeAndAStatus) {
  std::set<std::string_view> codes;
  for (int i = 0; i <= static_cast<int>(kLastFault); ++i) {
    const Failure failure = fault_of(static_cast<FaultCode>(i));
    expect_a_message(failure, kPipe);
    expect_a_message(failure, kVerify);
    EXPECT_TRUE(codes.insert(code_of(failure)).second);
    const int status = exit_status_of(failure);
    EXPECT_TRUE(status == 3 || status == 4 || status == 5);
    const std::string_view verdict = verdict_of(failure);
    EXPECT_EQ(verdict, status == 3 ? "damaged" : status == 4 ? "truncated" : "refused");
  }
}

TEST(FailureText, EveryFaultIsWordedDifferently) {
  std::set<std::string> texts;
  for (int i = 0; i <= static_cast<int>(kLastFault); ++i) {
    EXPECT_TRUE(texts.insert(failure_text(fault_of(static_cast<FaultCode>(i)), kVerify)).second);
  }
}

TEST(FailureText, EveryRuleHasWords) {
  Fault fault = fault_of(FaultCode::rule_broken);
  for (int i = 0; i <= static_cast<int>(drr::Rule::free_overflow); ++i) {
    fault.rule = static_cast<drr::Rule>(i);
    expect_a_message(fault, kVerify);
  }
}

TEST(FailureText, EveryRefusalHasWordsAndACode) {
  std::set<std::string_view> codes;
  std::set<std::string> texts;
  for (int i = 0; i <= static_cast<int>(kLastRefusal); ++i) {
    const Failure failure = Refusal{static_cast<RefusalCode>(i), 3, 4, "pool/fs@snap"};
    expect_a_message(failure, kPipe);
    EXPECT_TRUE(codes.insert(code_of(failure)).second);
    EXPECT_TRUE(texts.insert(failure_text(failure, kPipe)).second);
    EXPECT_EQ(exit_status_of(failure), 5);
    EXPECT_EQ(verdict_of(failure), "refused");
  }
}

TEST(FailureText, AnOptionIsNamedWhereOneHelps) {
  EXPECT_EQ(failure_text(BufferTooSmall{std::uint64_t{100} << 20, std::uint64_t{64} << 20}, kPipe),
            "zsluice: pipe: stdin: refused: what must be held back until it is proven does not fit "
            "the buffer of 64 MiB\n"
            "  Give it more: --buffer 100 MiB or above.\n"
            "  Nothing was passed on.\n");
}

TEST(FailureText, WhatTheKernelRefused) {
  const auto on = [](IoSide side, io::SysOperation operation, int error, std::uint64_t offset) {
    return IoFailure{side, {operation, error}, offset, false};
  };
  EXPECT_EQ(failure_text(on(IoSide::input, io::SysOperation::read, EIO, 4096), kVerify),
            "zsluice: verify: file: cannot be read at offset 4096: Input/output error\n");
  EXPECT_EQ(failure_text(on(IoSide::input, io::SysOperation::allocate, ENOMEM, 0), kPipe),
            "zsluice: pipe: no memory for the buffer: Cannot allocate memory\n"
            "  --buffer SIZE asks for less.\n");
  EXPECT_EQ(failure_text(on(IoSide::output, io::SysOperation::write, EPIPE, 1), kPipe),
            "zsluice: pipe: stdout: the reader closed after 1 byte; see its own message\n");
  EXPECT_EQ(failure_text(on(IoSide::output, io::SysOperation::write, ENOSPC, 70), kPipe),
            "zsluice: pipe: stdout: cannot be written after 70 bytes: No space left on device\n");
  IoFailure shrunk = on(IoSide::input, io::SysOperation::read, EFAULT, 8192);
  shrunk.file_shrank = true;
  EXPECT_EQ(failure_text(shrunk, kVerify),
            "zsluice: verify: file: the file became shorter while it was read: nothing at offset "
            "8192\n");
  EXPECT_EQ(exit_status_of(shrunk), 7);
  EXPECT_EQ(verdict_of(shrunk), "local_io");
}

TEST(FailureText, OptionsThatOnlyPipeHasAreNamedByPipeAlone) {
  constexpr FailureContext kResume{.command = "resume", .source = "file", .forwards = true};
  const Failure not_a_stream = fault_of(FaultCode::not_a_stream);
  const Failure unproven = pipeline::UnprovenRecord{};
  const Failure second = pipeline::TrailingBytes{.kind = pipeline::TrailingKind::another_stream};
  for (const Failure& failure : {not_a_stream, unproven, second}) {
    EXPECT_NE(failure_text(failure, kPipe).find("--"), std::string::npos);
    EXPECT_EQ(failure_text(failure, kResume).find("--"), std::string::npos);
  }
}

// Offsets in what is read are none in what is made of it.
TEST(FailureText, OfANewStreamOnlyTheLengthIsTold) {
  const Fault fault = fault_of(FaultCode::missing_end);
  FailureContext context{
      .command = "resume", .source = "file", .forwards = true, .passed_bytes = 70};
  context.output = Output::rest;
  EXPECT_THAT(
      failure_text(fault, context),
      testing::EndsWith("  The first 70 bytes of the new stream were passed, without its "
                        "END; `zfs receive -s` keeps what it has: resume with its token.\n"));
  context.output = Output::file;
  EXPECT_THAT(failure_text(fault, context),
              testing::EndsWith("  The first 70 bytes of the new stream were passed, without its "
                                "END: `zsluice token make` of them tells from where to go on.\n"));
}

TEST(FailureText, Signals) {
  FailureContext context = kPipe;
  context.passed_bytes = 5000;
  EXPECT_EQ(failure_text(Signalled{SIGTERM, false}, context),
            "zsluice: pipe: ended by SIGTERM; 5000 bytes had been passed, END was not\n");
  EXPECT_EQ(
      failure_text(Signalled{SIGINT, true}, context),
      "zsluice: pipe: ended by SIGINT\n"
      "  The stream itself had been delivered whole; the end of the input was not awaited.\n");
  EXPECT_EQ(exit_status_of(Signalled{SIGTERM, false}), 143);
  EXPECT_EQ(verdict_of(Signalled{SIGTERM, false}), "signal");
}

TEST(FailureText, OneDamageWithoutAPayloadHasOneSuspect) {
  Fault fault = fault_of(FaultCode::checksum_mismatch);
  fault.first = fault.at;
  EXPECT_EQ(failure_text(fault, kVerify),
            "zsluice: verify: file: damaged between offsets 1000 and 2000: checksum mismatch\n"
            "  the header of record 4 (FREE)\n"
            "  expected 0000000000000000:0000000000000000:0000000000000000:0000000000000000\n"
            "  computed 0000000000000000:0000000000000000:0000000000000000:0000000000000000\n"
            "  Everything before offset 1000 is as it was sent; what follows is not proven.\n");
}

TEST(FailureText, ADamageOverSeveralRecordsNamesBothEnds) {
  Fault fault = fault_of(FaultCode::end_checksum_mismatch);
  fault.code = FaultCode::checksum_mismatch;
  fault.at.number = 9;
  EXPECT_NE(failure_text(fault, kVerify)
                .find("  anything from record 3 (WRITE) to the header of record 9 (FREE)\n"),
            std::string::npos);
}

TEST(FailureText, ADamageBehindBeginNamesItsNvlist) {
  Fault fault = fault_of(FaultCode::checksum_mismatch);
  fault.first.type_code = 0;
  EXPECT_NE(
      failure_text(fault, kVerify)
          .find("  either record 3 (BEGIN) and its nvlist or the header of record 4 (FREE)\n"),
      std::string::npos);
}

}  // namespace
}  // namespace zsluice::cli
