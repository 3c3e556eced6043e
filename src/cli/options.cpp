// SPDX-License-Identifier: BSD-2-Clause
#include "cli/options.hpp"

#include "cli/option_reader.hpp"
#include "cli/pipe_options.hpp"
#include "cli/resume_options.hpp"
#include "cli/store_options.hpp"
#include "cli/token_options.hpp"
#include "pipeline/verify.hpp"
#include "zsluice/base/escape.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>
#include <vector>

#include <boost/program_options.hpp>

namespace zsluice::cli {
namespace {

namespace po = boost::program_options;

using Parsed = Result<Command, UsageError>;

struct CommandName {
  std::string_view name;
  std::string_view usage;
  std::string_view summary;
};

constexpr std::array kCommands = {
    CommandName{"pipe", "zsluice pipe [OPTION…]", "verified pass-through: stdin to stdout"},
    CommandName{"split", "zsluice split [OPTION…] STORE",
                "stdin to a store of verifiable segments"},
    CommandName{"join",
                "zsluice join [OPTION…] STORE\n"
                "       zsluice join --fetch CMD [OPTION…] [STORE]",
                "a store to the stream on stdout"},
    CommandName{"verify",
                "zsluice verify [OPTION…] [PATH|STORE|-]\n"
                "       zsluice verify --fetch CMD [OPTION…] [STORE]",
                "is this stream, or store, whole and undamaged?"},
    CommandName{"inspect", "zsluice inspect [OPTION…] [PATH|STORE|-]",
                "what does this stream, or store, hold?"},
    CommandName{"token",
                "zsluice token decode [OPTION…] [TOKEN|-]\n"
                "       zsluice token check [OPTION…] [TOKEN|-]\n"
                "       zsluice token make [OPTION…] [PATH|-]",
                "read or vet a resume token, or make one of a cut-off stream"},
    CommandName{"resume",
                "zsluice resume --token TOKEN [OPTION…] PATH\n"
                "       zsluice resume --stitch [OPTION…] PARTIAL CONTINUATION|-",
                "make the stream that is still missing of stored ones"},
};

po::options_description common_options() {
  po::options_description options("Options of every command");
  options.add_options()                                                     //
      ("help,h", "show this help")                                          //
      ("version", "show the version")                                       //
      ("quiet,q", "say nothing but failures")                               //
      ("verbose,v", "say more")                                             //
      ("json", "print the result for machines, as one JSON object")         //
      ("log-format", po::value<std::string>()->value_name("text|json"),     //
       "how messages on stderr are written (default text)")                 //
      ("io", po::value<std::string>()->value_name("auto|uring|poll|copy"),  //
       "which kernel interface moves the bytes (default auto)");
  return options;
}

po::options_description verify_options() {
  po::options_description options("Options of verify");
  options.add_options()                                                         //
      ("jobs,j", po::value<std::string>()->value_name("N"),                     //
       "check a file or a store with N threads (default 1)")                    //
      ("strict", "apply the newest receiver's rules to every record")           //
      ("blocks", "check the on-disk checksum of every block that carries one")  //
      ("keep-going", "list every damaged range, not only the first")            //
      ("quick", "of a store: names, sizes and headers; payloads are not read")  //
      ("auth-key", po::value<std::string>()->value_name("FILE"),                //
       "demand that the store was written with the key in FILE")                //
      ("fetch", po::value<std::string>()->value_name("CMD"),                    //
       "run CMD for each segment, which prints $ZSLUICE_SEGMENT")               //
      ("no-auth", "verify a store that was written with a key without it")      //
      ("max-header", po::value<std::string>()->value_name("SIZE"),              //
       "longest nvlist accepted behind a BEGIN (default 64M)");
  return options;
}

po::options_description inspect_options() {
  po::options_description options("Options of inspect");
  options.add_options()                                             //
      ("records", "print one line for each record, or segment")     //
      ("max-header", po::value<std::string>()->value_name("SIZE"),  //
       "longest nvlist accepted behind a BEGIN (default 64M)");
  return options;
}

po::options_description options_of(std::string_view command) {
  if (command == "verify") return verify_options();
  if (command == "inspect") return inspect_options();
  if (command == "token") return token_options();
  if (command == "resume") return resume_options();
  if (command == "split") return split_options();
  if (command == "join") return join_options();
  return pipe_options();
}

// Boost wants a name for what is no option. Nobody can spell this one: what follows '=' is a value.
constexpr const char* kPathKey = "path=";

constexpr std::array kLogFormats = {std::pair{std::string_view("text"), LogFormat::text},
                                    std::pair{std::string_view("json"), LogFormat::json}};
constexpr std::array kIoChoices = {
    std::pair{std::string_view("auto"), io::BackendChoice::automatic},
    std::pair{std::string_view("uring"), io::BackendChoice::uring},
    std::pair{std::string_view("poll"), io::BackendChoice::poll},
    std::pair{std::string_view("copy"), io::BackendChoice::automatic}};

CommonOptions read_common(OptionReader& reader) {
  CommonOptions common;
  common.quiet = reader.flag("quiet");
  common.verbose = reader.flag("verbose");
  common.json = reader.flag("json");
  reader.choice("log-format", kLogFormats, common.log_format);
  reader.choice("io", kIoChoices, common.io);
  reader.demand(!(common.quiet && common.verbose), "--quiet and --verbose exclude each other");
  return common;
}

VerifyCommand read_verify(OptionReader& reader) {
  VerifyCommand command;
  command.common = read_common(reader);
  reader.count("jobs", command.jobs, pipeline::kJobsMax);
  command.strict = reader.flag("strict");
  command.blocks = reader.flag("blocks");
  command.keep_going = reader.flag("keep-going");
  command.quick = reader.flag("quick");
  reader.text("auth-key", command.key_path);
  command.no_auth = reader.flag("no-auth");
  reader.text("fetch", command.fetch);
  reader.demand(!reader.flag("fetch") || !command.fetch.empty(), "--fetch: the command is empty");
  reader.demand(command.fetch.empty() || !command.quick,
                "--quick and --fetch exclude each other: segments are fetched whole");
  reader.demand(!command.no_auth || command.key_path.empty(),
                "--auth-key and --no-auth exclude each other");
  reader.size("max-header", command.max_header_bytes);
  return command;
}

InspectCommand read_inspect(OptionReader& reader) {
  InspectCommand command;
  command.common = read_common(reader);
  command.records = reader.flag("records");
  reader.size("max-header", command.max_header_bytes);
  return command;
}

// What stands on the command line besides options.
std::vector<std::string> words_of(const po::variables_map& values) {
  if (values.count(kPathKey) == 0) return {};
  return values[kPathKey].as<std::vector<std::string>>();
}

// Of commands that read one input.
std::string read_path(OptionReader& reader, const std::vector<std::string>& words) {
  if (words.empty()) return "-";
  reader.demand(
      words.size() == 1,
      words.size() == 1 ? "" : "one PATH only, but \"" + escaped(words[1]) + "\" follows");
  reader.demand(!words.front().empty(), "PATH is empty");
  return words.front();
}

template <class AnyCommand>
Parsed finished(const OptionReader& reader, AnyCommand command) {
  if (reader.error()) return Unexpected{*reader.error()};
  return Command(std::move(command));
}

Parsed read_command(std::string_view name, const po::variables_map& values) {
  const std::vector<std::string> words = words_of(values);
  OptionReader reader(name, values);
  if (name == "verify") {
    const std::string path = read_path(reader, words);
    VerifyCommand command = read_verify(reader);
    // Without STORE the manifest is fetched, too.
    command.path = words.empty() && !command.fetch.empty() ? std::string() : path;
    return finished(reader, std::move(command));
  }
  if (name == "inspect") {
    const std::string path = read_path(reader, words);
    InspectCommand command = read_inspect(reader);
    command.path = path;
    return finished(reader, std::move(command));
  }
  const CommonOptions common = read_common(reader);
  if (name == "token") {
    TokenCommand command = read_token(reader, common, words);
    return finished(reader, std::move(command));
  }
  if (name == "resume") {
    ResumeCommand command = read_resume(reader, common, words);
    return finished(reader, std::move(command));
  }
  if (name == "split") {
    SplitCommand command = read_split(reader, common, words);
    return finished(reader, std::move(command));
  }
  if (name == "join") {
    JoinCommand command = read_join(reader, common, words);
    return finished(reader, std::move(command));
  }
  reader.demand(words.empty(),
                words.empty() ? "" : "unexpected argument \"" + escaped(words.front()) + '"');
  PipeCommand command = read_pipe(reader, common);
  return finished(reader, std::move(command));
}

Parsed parse_options(std::string_view name, std::span<const std::string_view> arguments) {
  po::options_description all;
  all.add(options_of(name)).add(common_options());
  all.add_options()(kPathKey, po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add(kPathKey, -1);
  const std::vector<std::string> words(arguments.begin(), arguments.end());
  try {
    constexpr int kStyle =
        po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::variables_map values;
    po::store(
        po::command_line_parser(words).options(all).positional(positional).style(kStyle).run(),
        values);
    po::notify(values);
    if (values.count("help") > 0) return Command(HelpCommand{help_text(name)});
    if (values.count("version") > 0) return Command(VersionCommand{});
    return read_command(name, values);
  } catch (const po::error& error) {
    return Unexpected{UsageError{std::string(name), escaped(error.what())}};
  }
}

// How many single letters must change to make one word of the other; small words only.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

UsageError unknown_command(std::string_view word) {
  constexpr std::size_t kNear = 2;
  constexpr std::size_t kWordBytesMax = 32;
  if (!word.empty() && word.front() == '-') {
    return {"",
            "\"" + escaped(word) + "\" where a command is expected: options follow the command"};
  }
  std::string message = "unknown command \"" + escaped(word) + '"';
  for (const CommandName& command : kCommands) {
    if (word.size() <= kWordBytesMax && edit_distance(word, command.name) <= kNear) {
      message += "; did you mean \"" + std::string(command.name) + "\"?";
      break;
    }
  }
  return {"", message};
}

bool is_command(std::string_view word) {
  return std::any_of(kCommands.begin(), kCommands.end(),
                     [&](const CommandName& command) { return command.name == word; });
}

// `help` alone, or of one command.
Parsed parse_help(std::span<const std::string_view> words) {
  if (words.empty()) return Command(HelpCommand{help_text("")});
  if (!is_command(words.front())) return Unexpected{unknown_command(words.front())};
  if (words.size() > 1) {
    return Unexpected{UsageError{"", "unexpected argument \"" + escaped(words[1]) + '"'}};
  }
  return Command(HelpCommand{help_text(words.front())});
}

}  // namespace

std::string help_text(std::string_view command) {
  std::ostringstream text;
  if (command.empty()) {
    text << "usage: zsluice COMMAND [OPTION…]\n\nCommands:\n";
    for (const CommandName& known : kCommands) {
      text << "  " << known.name << std::string(10 - known.name.size(), ' ') << known.summary
           << '\n';
    }
    text << "\n" << common_options() << "\n`zsluice COMMAND --help` tells more of one.\n";
    return text.str();
  }
  for (const CommandName& known : kCommands) {
    if (known.name == command) {
      text << "usage: " << known.usage << "\n\n" << known.summary << "\n\n";
    }
  }
  text << options_of(command) << '\n' << common_options();
  return text.str();
}

Parsed parse_command_line(std::span<const std::string_view> arguments) {
  if (arguments.empty()) return Unexpected{UsageError{"", "no command given"}};
  const std::string_view first = arguments.front();
  if (first == "help") return parse_help(arguments.subspan(1));
  if (first == "--help" || first == "-h") return Command(HelpCommand{help_text("")});
  if (first == "--version") return Command(VersionCommand{});
  if (!is_command(first)) return Unexpected{unknown_command(first)};
  return parse_options(first, arguments.subspan(1));
}

}  // namespace zsluice::cli
