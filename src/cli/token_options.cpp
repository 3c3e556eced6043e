// SPDX-License-Identifier: BSD-2-Clause
#include "cli/token_options.hpp"

#include "cli/store_options.hpp"
#include "zsluice/base/escape.hpp"

#include <array>

namespace zsluice::cli {
namespace {

namespace po = boost::program_options;

struct ActionName {
  std::string_view word;
  TokenAction action;
  std::string_view operand;
};

constexpr std::array kActions = {ActionName{"decode", TokenAction::decode, "TOKEN"},
                                 ActionName{"check", TokenAction::check, "TOKEN"},
                                 ActionName{"make", TokenAction::make, "PATH"}};

const ActionName* find_action(std::string_view word) {
  for (const ActionName& known : kActions) {
    if (known.word == word) return &known;
  }
  return nullptr;
}

// What only one of the actions can use.
void demand_sense(OptionReader& reader, const TokenCommand& command) {
  const token::Expectations& expected = command.expected;
  const bool is_check = command.action == TokenAction::check;
  const bool names_a_job = expected.toguid || expected.name;
  reader.demand(is_check || (!names_a_job && !expected.fromguid && !expected.allow_plaintext),
                "--expect-toguid, --expect-fromguid, --expect-name and --allow-plaintext are for "
                "`token check`");
  // Without either any snapshot would do, which is what a hostile receiver hopes for.
  reader.demand(!is_check || names_a_job,
                "`token check` needs --expect-toguid or --expect-name: what the job is");
  const bool is_make = command.action == TokenAction::make;
  reader.demand(is_make || !(command.is_encode || reader.flag("max-header")),
                "--encode and --max-header are for `token make`");
  reader.demand((is_make && !command.is_encode) || !command.store_auth.is_given(),
                "--auth-key and --no-auth are for `token make` of a store");
  reader.demand(!command.is_encode || !reader.flag("max-header"),
                "--encode and --max-header exclude each other");
}

}  // namespace

TokenCommand read_token(OptionReader& reader,
                        const CommonOptions& common,
                        std::span<const std::string> words) {
  TokenCommand command;
  command.common = common;
  if (words.empty()) {
    reader.demand(false, "`token` is followed by decode, check or make");
    return command;
  }
  const ActionName* const action = find_action(words[0]);
  reader.demand(action != nullptr,
                "\"" + escaped(words[0]) + "\" is not one of decode, check, make");
  if (action == nullptr) return command;
  command.action = action->action;
  if (words.size() > 1) {
    command.operand = words[1];
    reader.demand(!words[1].empty(), std::string(action->operand) + " is empty");
  }
  reader.demand(words.size() <= 2, words.size() <= 2
                                       ? ""
                                       : "one " + std::string(action->operand) + " only, but \"" +
                                             escaped(words[2]) + "\" follows");
  reader.guid("expect-toguid", command.expected.toguid);
  reader.guid("expect-fromguid", command.expected.fromguid);
  reader.text("expect-name", command.expected.name);
  command.expected.allow_plaintext = reader.flag("allow-plaintext");
  command.is_encode = reader.flag("encode");
  command.store_auth = read_store_auth(reader);
  reader.size("max-header", command.max_header_bytes);
  demand_sense(reader, command);
  return command;
}

po::options_description token_options() {
  po::options_description options("Options of token");
  options.add_options()                                                            //
      ("expect-toguid", po::value<std::string>()->value_name("GUID"),              //
       "check: accept only a token for this snapshot")                             //
      ("expect-fromguid", po::value<std::string>()->value_name("GUID"),            //
       "check: accept only one that starts from this snapshot (0: full)")          //
      ("expect-name", po::value<std::string>()->value_name("GLOB"),                //
       "check: accept only snapshots whose pool/dataset@name matches")             //
      ("allow-plaintext", "check: accept tokens that do not ask for raw streams")  //
      ("encode", "make: PATH is a token in JSON, as `decode --json` prints it")    //
      ("auth-key", po::value<std::string>()->value_name("FILE"),                   //
       "make: demand that the store was written with the key in FILE")             //
      ("no-auth", "make: read a store that was written with a key without it")     //
      ("max-header", po::value<std::string>()->value_name("SIZE"),                 //
       "make: longest nvlist accepted behind a BEGIN (default 64M)");
  return options;
}

}  // namespace zsluice::cli
