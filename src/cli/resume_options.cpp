// SPDX-License-Identifier: BSD-2-Clause
#include "cli/resume_options.hpp"

#include "cli/store_options.hpp"
#include "zsluice/base/escape.hpp"

#include <array>

namespace zsluice::cli {
namespace {

namespace po = boost::program_options;

void read_words(OptionReader& reader,
                std::span<const std::string> words,
                std::string_view names,
                std::span<std::string* const> into) {
  reader.demand(words.size() >= into.size(), std::string(names) + " must be named");
  for (std::size_t i = 0; i < into.size() && i < words.size(); ++i) {
    reader.demand(!words[i].empty(), "a path is empty");
    *into[i] = words[i];
  }
  if (words.size() <= into.size()) return;
  reader.demand(false, "unexpected argument \"" + escaped(words[into.size()]) + '"');
}

}  // namespace

ResumeCommand read_resume(OptionReader& reader,
                          const CommonOptions& common,
                          std::span<const std::string> words) {
  ResumeCommand command;
  command.common = common;
  command.is_stitch = reader.flag("stitch");
  reader.text("token", command.token);
  command.is_rest = reader.flag("rest");
  command.policy.allow_plaintext = reader.flag("allow-plaintext");
  command.store_auth = read_store_auth(reader);
  reader.size("max-header", command.max_header_bytes);
  reader.demand(command.is_stitch != reader.flag("token"),
                "one of --token and --stitch must be given, and not both");
  reader.demand(!command.is_stitch || !command.is_rest, "--rest goes with --token");
  reader.demand(!command.is_stitch || !command.store_auth.is_given(),
                "--auth-key and --no-auth go with --token");
  reader.demand(!reader.flag("token") || !command.token.empty(), "--token is empty");
  if (command.is_stitch) {
    const std::array places = {&command.path, &command.continuation};
    read_words(reader, words, "PARTIAL and CONTINUATION", places);
  } else {
    const std::array places = {&command.path};
    read_words(reader, words, "PATH", places);
  }
  reader.demand(command.is_stitch || command.path != "-",
                "a file must be named: stdin can be read only once");
  reader.demand(command.path != "-" || command.continuation != "-",
                "PARTIAL and CONTINUATION cannot both be stdin");
  return command;
}

po::options_description resume_options() {
  po::options_description options("Options of resume");
  options.add_options()                                                     //
      ("token", po::value<std::string>()->value_name("TOKEN"),              //
       "the receiver's token; `-`: from stdin")                             //
      ("rest", "of a package: what follows the interrupted snapshot, too")  //
      ("stitch", "join what is stored of a stream and its continuation")    //
      ("allow-plaintext", "pass streams that are not raw and encrypted")    //
      ("auth-key", po::value<std::string>()->value_name("FILE"),            //
       "demand that the store was written with the key in FILE")            //
      ("no-auth", "read a store that was written with a key without it")    //
      ("max-header", po::value<std::string>()->value_name("SIZE"),          //
       "longest nvlist accepted behind a BEGIN (default 64M)");
  return options;
}

}  // namespace zsluice::cli
