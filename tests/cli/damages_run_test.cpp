// SPDX-License-Identifier: BSD-2-Clause
// The whole table of damages through `verify` and `pipe`: exit status, code, bytes passed.
#include "cli/cli_run.hpp"
#include "cli/fault_text.hpp"
#include "support/for_each.hpp"

#include <set>
#include <string>

namespace zsluice {
namespace {

using drr::FaultCode;
using drr::FaultKind;
using test::CliRun;
using test::run_cli;

int status_of(FaultCode code) {
  const FaultKind kind = drr::kind_of(code);
  return kind == FaultKind::damaged ? 3 : kind == FaultKind::truncated ? 4 : 5;
}

// What lies behind a whole stream is no fault of it.
bool lies_behind_the_end(std::string_view name) {
  const std::set<std::string_view> names = {"package_end_duplicated", "package_header_dropped",
                                            "end_duplicated", "trailing_newline", "trailing_zeros"};
  return names.count(name) > 0;
}

TEST(DamagesRun, VerifyGivesTheStatusAndTheCode) {
  test::for_each_damage([](const test::Damage& damage) {
    const test::DamagedStream damaged = damage.make();
    const CliRun run = run_cli({"verify", "--json"}, damaged.bytes);
    const nlohmann::json json = run.json();
    EXPECT_EQ(json["exit_status"], run.status);
    EXPECT_EQ(run.err, "");
    if (damage.name == "stream_twice") {
      EXPECT_EQ(run.status, 3);
      EXPECT_EQ(json["failure"]["code"], "repeated_stream");
    } else if (lies_behind_the_end(damage.name)) {
      EXPECT_EQ(run.status, 3);
      EXPECT_EQ(json["failure"]["code"], "trailing_bytes");
      EXPECT_EQ(json["failure"]["begin"], damaged.begin);
    } else if (damaged.fault) {
      EXPECT_EQ(run.status, status_of(*damaged.fault));
      EXPECT_EQ(json["failure"]["code"], cli::fault_code_name(*damaged.fault));
      EXPECT_EQ(json["failure"]["begin"], damaged.begin);
      EXPECT_EQ(json["failure"]["end"], damaged.end);
      EXPECT_EQ(json["failure"]["record"]["number"], damaged.record);
      EXPECT_EQ(json["damages_total"], 1);
    } else {
      EXPECT_TRUE(run.status == 0 || json["failure"]["code"] == "rule_broken");
    }
  });
}

TEST(DamagesRun, VerifySaysSomethingOfEach) {
  test::for_each_damage([](const test::Damage& damage) {
    const CliRun run = run_cli({"verify"}, damage.make().bytes);
    EXPECT_TRUE(run.status == 0 || !run.err.empty());
    EXPECT_EQ(run.err.empty() ? '\n' : run.err.back(), '\n');
  });
}

TEST(DamagesRun, PipePassesTheProvenPartOnly) {
  test::for_each_damage([](const test::Damage& damage) {
    const test::DamagedStream damaged = damage.make();
    const CliRun run = run_cli({"pipe", "--json", "--allow-plaintext"}, damaged.bytes);
    const nlohmann::json json = nlohmann::json::parse(run.err);
    EXPECT_EQ(json["exit_status"], run.status);
    EXPECT_EQ(json["bytes_out"], run.out.size());
    EXPECT_EQ(run.out, std::string(reinterpret_cast<const char*>(damaged.bytes.data()),
                                   std::min(run.out.size(), damaged.bytes.size())));
    if (!damaged.fault) return;
    EXPECT_NE(run.status, 0);
    EXPECT_LE(run.out.size(), damaged.begin);
    const std::string code = json["failure"]["code"];
    if (code == cli::fault_code_name(*damaged.fault)) {
      EXPECT_EQ(run.status, status_of(*damaged.fault));
    } else {
      EXPECT_TRUE(code == "trailing_bytes" || code == "unproven_record") << code;
    }
  });
}

}  // namespace
}  // namespace zsluice
