// SPDX-License-Identifier: BSD-2-Clause
#include "cli/options.hpp"

#include "pipeline/pipe.hpp"
#include "pipeline/verify.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/number_text.hpp"
#include "zsluice/base/size_text.hpp"

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
    CommandName{"verify", "zsluice verify [OPTION…] [PATH|-]",
                "is this stream whole and undamaged?"},
    CommandName{"inspect", "zsluice inspect [OPTION…] [PATH|-]", "what does this stream hold?"},
};

po::options_description common_options() {
  po::options_description options("Options of every command");
  options.add_options()                                                  //
      ("help,h", "show this help")                                       //
      ("version", "show the version")                                    //
      ("quiet,q", "say nothing but failures")                            //
      ("verbose,v", "say more")                                          //
      ("json", "print the result for machines, as one JSON object")      //
      ("log-format", po::value<std::string>()->value_name("text|json"),  //
       "how messages on stderr are written (default text)")              //
      ("io", po::value<std::string>()->value_name("auto|uring|poll"),    //
       "which kernel interface moves the bytes (default auto)");
  return options;
}

po::options_description verify_options() {
  po::options_description options("Options of verify");
  options.add_options()                                                         //
      ("jobs,j", po::value<std::string>()->value_name("N"),                     //
       "sum payloads of a file with N threads (default 1)")                     //
      ("strict", "apply the newest receiver's rules to every record")           //
      ("blocks", "check the on-disk checksum of every block that carries one")  //
      ("keep-going", "list every damaged range, not only the first")            //
      ("max-header", po::value<std::string>()->value_name("SIZE"),              //
       "longest nvlist accepted behind a BEGIN (default 64M)");
  return options;
}

po::options_description inspect_options() {
  po::options_description options("Options of inspect");
  options.add_options()                                             //
      ("records", "print one line for each record")                 //
      ("max-header", po::value<std::string>()->value_name("SIZE"),  //
       "longest nvlist accepted behind a BEGIN (default 64M)");
  return options;
}

po::options_description pipe_options() {
  po::options_description options("Options of pipe");
  options.add_options()                                                       //
      ("allow-plaintext", "pass streams that are not raw and encrypted")      //
      ("expect-toguid", po::value<std::string>()->value_name("GUID"),         //
       "pass only a stream that brings this snapshot")                        //
      ("expect-fromguid", po::value<std::string>()->value_name("GUID"),       //
       "pass only a stream that starts from this snapshot (0: full)")         //
      ("expect-name", po::value<std::string>()->value_name("GLOB"),           //
       "pass only snapshots whose pool/dataset@name matches")                 //
      ("max-size", po::value<std::string>()->value_name("SIZE"),              //
       "stop a stream that is longer")                                        //
      ("single-dataset", "refuse streams of several datasets")                //
      ("no-properties", "refuse streams that carry properties or holds")      //
      ("buffer", po::value<std::string>()->value_name("SIZE"),                //
       "memory for the stream, 34M or more (default 64M)")                    //
      ("max-header", po::value<std::string>()->value_name("SIZE"),            //
       "longest nvlist accepted behind a BEGIN (default 64M)")                //
      ("allow-unproven", "pass records that carry no checksum of their own")  //
      ("any-data", "pass input that is no send stream untouched")             //
      ("concatenated", "pass several streams one after another");
  return options;
}

po::options_description options_of(std::string_view command) {
  if (command == "verify") return verify_options();
  if (command == "inspect") return inspect_options();
  return pipe_options();
}

// Above that the list of its blocks alone would weigh: no machine has it to spare.
constexpr std::uint64_t kBufferBytesMax = std::uint64_t{1} << 40;

// Boost wants a name for what is no option. Nobody can spell this one: what follows '=' is a value.
constexpr const char* kPathKey = "path=";

// Collects the first thing that is wrong, so that reading options stays a list.
class OptionReader {
 public:
  OptionReader(std::string_view command, const po::variables_map& values)
      : command_(command), values_(values) {}

  [[nodiscard]] bool flag(const char* name) const { return values_.count(name) > 0; }

  void size(const char* name, std::uint64_t& into) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    if (const auto bytes = parse_size(*text)) {
      into = *bytes;
    } else {
      fail(name, *text, "is not a size (such as 64K, 1.5M, 2GiB)");
    }
  }

  void size(const char* name, std::optional<std::uint64_t>& into) {
    std::uint64_t bytes = 0;
    if (!given(name)) return;
    size(name, bytes);
    into = bytes;
  }

  void guid(const char* name, std::optional<std::uint64_t>& into) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    if (const auto guid = parse_u64(*text)) {
      into = *guid;
    } else {
      fail(name, *text, "is not a guid (a 64-bit number, decimal or 0x…)");
    }
  }

  void count(const char* name, unsigned& into, unsigned max) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    const auto number = parse_u64(*text);
    if (number && *number >= 1 && *number <= max) {
      into = static_cast<unsigned>(*number);
    } else {
      fail(name, *text, "is not a number from 1 to " + std::to_string(max));
    }
  }

  void text(const char* name, std::optional<std::string>& into) {
    if (const std::optional<std::string> value = given(name)) into = *value;
  }

  template <class Choice, std::size_t Count>
  void choice(const char* name,
              const std::array<std::pair<std::string_view, Choice>, Count>& choices,
              Choice& into) {
    const std::optional<std::string> text = given(name);
    if (!text) return;
    for (const auto& [word, value] : choices) {
      if (*text != word) continue;
      into = value;
      return;
    }
    std::string words;
    for (const auto& entry : choices) {
      words += words.empty() ? "" : ", ";
      words += entry.first;
    }
    fail(name, *text, "is not one of " + words);
  }

  void demand(bool condition, std::string message) {
    if (!condition && !error_) error_ = UsageError{std::string(command_), std::move(message)};
  }

  [[nodiscard]] const std::optional<UsageError>& error() const { return error_; }

 private:
  [[nodiscard]] std::optional<std::string> given(const char* name) const {
    if (values_.count(name) == 0) return std::nullopt;
    return values_[name].as<std::string>();
  }
  void fail(const char* name, const std::string& value, const std::string& why) {
    demand(false, "--" + std::string(name) + ": \"" + escaped(value) + "\" " + why);
  }

  std::string_view command_;
  const po::variables_map& values_;
  std::optional<UsageError> error_;
};

constexpr std::array kLogFormats = {std::pair{std::string_view("text"), LogFormat::text},
                                    std::pair{std::string_view("json"), LogFormat::json}};
constexpr std::array kIoChoices = {
    std::pair{std::string_view("auto"), io::BackendChoice::automatic},
    std::pair{std::string_view("uring"), io::BackendChoice::uring},
    std::pair{std::string_view("poll"), io::BackendChoice::poll}};

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

PipeCommand read_pipe(OptionReader& reader) {
  PipeCommand command;
  command.common = read_common(reader);
  // Both go to stderr: one form for all of it.
  if (command.common.json && !reader.flag("log-format")) {
    command.common.log_format = LogFormat::json;
  }
  command.policy.allow_plaintext = reader.flag("allow-plaintext");
  command.policy.single_dataset = reader.flag("single-dataset");
  command.policy.no_properties = reader.flag("no-properties");
  reader.guid("expect-toguid", command.policy.expect_toguid);
  reader.guid("expect-fromguid", command.policy.expect_fromguid);
  reader.text("expect-name", command.policy.expect_name);
  reader.size("max-size", command.policy.max_bytes);
  reader.size("buffer", command.buffer_bytes);
  reader.size("max-header", command.max_header_bytes);
  command.allow_unproven = reader.flag("allow-unproven");
  command.any_data = reader.flag("any-data");
  command.concatenated = reader.flag("concatenated");
  const bool demands_a_stream = command.policy.expect_toguid || command.policy.expect_fromguid ||
                                command.policy.expect_name || command.policy.single_dataset ||
                                command.policy.no_properties;
  reader.demand(!(command.any_data && demands_a_stream),
                "--any-data excludes what only a stream can answer: --expect-toguid, "
                "--expect-fromguid, --expect-name, --single-dataset, --no-properties");
  reader.demand(command.buffer_bytes >= pipeline::kBufferBytesMin,
                "--buffer: " + format_size(command.buffer_bytes) +
                    " is too small: 34 MiB are needed to hold the two largest records");
  reader.demand(command.buffer_bytes <= kBufferBytesMax,
                "--buffer: " + format_size(command.buffer_bytes) + " is too much: 1 TiB at most");
  return command;
}

// The path argument, where a command takes one.
Result<std::string, UsageError> read_path(std::string_view command,
                                          const po::variables_map& values) {
  if (values.count(kPathKey) == 0) return std::string("-");
  const auto& paths = values[kPathKey].as<std::vector<std::string>>();
  if (command == "pipe") {
    return Unexpected{
        UsageError{std::string(command), "unexpected argument \"" + escaped(paths.front()) + '"'}};
  }
  if (paths.size() > 1) {
    return Unexpected{UsageError{std::string(command),
                                 "one PATH only, but \"" + escaped(paths[1]) + "\" follows"}};
  }
  if (paths.front().empty()) {
    return Unexpected{UsageError{std::string(command), "PATH is empty"}};
  }
  return paths.front();
}

template <class AnyCommand>
Parsed finished(const OptionReader& reader, AnyCommand command) {
  if (reader.error()) return Unexpected{*reader.error()};
  return Command(std::move(command));
}

Parsed read_command(std::string_view name, const po::variables_map& values) {
  const Result<std::string, UsageError> path = read_path(name, values);
  if (!path) return Unexpected{path.error()};
  OptionReader reader(name, values);
  if (name == "verify") {
    VerifyCommand command = read_verify(reader);
    command.path = *path;
    return finished(reader, std::move(command));
  }
  if (name == "inspect") {
    InspectCommand command = read_inspect(reader);
    command.path = *path;
    return finished(reader, std::move(command));
  }
  PipeCommand command = read_pipe(reader);
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
