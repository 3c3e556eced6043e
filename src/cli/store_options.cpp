// SPDX-License-Identifier: BSD-2-Clause
#include "cli/store_options.hpp"

#include "cli/pace_options.hpp"
#include "cli/policy_options.hpp"
#include "pipeline/store_writer.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/drr/format.hpp"

namespace zsluice::cli {
namespace {

namespace po = boost::program_options;

using storage::Compression;
using storage::kSegmentTargetBytesMax;
using storage::kSegmentTargetBytesMin;

std::string read_store(OptionReader& reader, std::span<const std::string> words) {
  reader.demand(!words.empty(), "STORE must be named");
  if (words.empty()) return {};
  reader.demand(!words.front().empty(), "STORE is empty");
  reader.demand(words.front() != "-", "STORE is a directory, not stdin or stdout");
  if (words.size() > 1) {
    reader.demand(false, "one STORE only, but \"" + escaped(words[1]) + "\" follows");
  }
  return words.front();
}

// A command for /bin/sh.
void read_shell_command(OptionReader& reader, const char* name, std::string& into) {
  reader.text(name, into);
  reader.demand(!reader.flag(name) || !into.empty(),
                "--" + std::string(name) + ": the command is empty");
}

// off, auto or a level of zstd.
void read_compress(OptionReader& reader, storage::StoreSettings& settings) {
  std::string text = "auto";
  reader.text("compress", text);
  if (text == "auto") return;
  if (text == "off") {
    settings.compression = Compression::off;
    settings.level = 0;
    return;
  }
  const auto level = parse_u64(text);
  const bool is_level = level && *level >= storage::kZstdLevelMin &&
                        *level <= static_cast<std::uint64_t>(storage::kZstdLevelMax);
  reader.demand(is_level, "--compress: \"" + escaped(text) +
                              "\" is not off, auto or a level from 1 to " +
                              std::to_string(storage::kZstdLevelMax));
  if (!is_level) return;
  settings.compression = Compression::always;
  settings.level = static_cast<int>(*level);
}

}  // namespace

StoreAuth read_store_auth(OptionReader& reader) {
  StoreAuth auth;
  reader.text("auth-key", auth.key_path);
  auth.no_auth = reader.flag("no-auth");
  reader.demand(!auth.no_auth || auth.key_path.empty(),
                "--auth-key and --no-auth exclude each other");
  return auth;
}

SplitCommand read_split(OptionReader& reader,
                        const CommonOptions& common,
                        std::span<const std::string> words) {
  SplitCommand command;
  command.common = common;
  command.store = read_store(reader, words);
  command.policy = read_policy(reader);
  std::uint64_t& segment_bytes = command.settings.segment_bytes;
  command.is_continued = reader.flag("continue");
  command.names_segment_bytes = reader.flag("segment-size");
  command.names_compression = reader.flag("compress");
  reader.size("segment-size", segment_bytes);
  read_compress(reader, command.settings);
  reader.count("threads", command.threads, pipeline::kPackThreadsMax);
  read_shell_command(reader, "filter", command.filter);
  reader.demand(
      command.filter.empty() || !command.is_continued,
      "--filter and --continue exclude each other: a store is continued where its segments are");
  reader.text("auth-key", command.key_path);
  reader.size("max-header", command.max_header_bytes);
  reader.demand(segment_bytes >= kSegmentTargetBytesMin && segment_bytes <= kSegmentTargetBytesMax,
                "--segment-size: from 64K to 1G");
  // A BEGIN is stored in one segment.
  reader.demand(command.max_header_bytes <= storage::kRawBytesMax - drr::kRecordBytes,
                "--max-header: less than 1G, the longest segment there is");
  return command;
}

JoinCommand read_join(OptionReader& reader,
                      const CommonOptions& common,
                      std::span<const std::string> words) {
  JoinCommand command;
  command.common = common;
  // Both go to stderr: one form for all of it.
  if (common.json && !reader.flag("log-format")) command.common.log_format = LogFormat::json;
  read_shell_command(reader, "fetch", command.fetch);
  if (!words.empty() || command.fetch.empty()) command.store = read_store(reader, words);
  command.policy = read_policy(reader);
  reader.text("auth-key", command.key_path);
  command.no_auth = reader.flag("no-auth");
  read_rate(reader, command.rate);
  read_progress(reader, command.progress);
  reader.size("max-header", command.max_header_bytes);
  reader.demand(!command.no_auth || command.key_path.empty(),
                "--auth-key and --no-auth exclude each other");
  return command;
}

po::options_description split_options() {
  po::options_description options("Options of split");
  add_policy_options(options);
  options.add_options()                                                        //
      ("continue",                                                             //
       "go on in a store that was cut off, with the stream of `zfs send -t`")  //
      ("segment-size", po::value<std::string>()->value_name("SIZE"),           //
       "how long segments are at most, 64K to 1G (default 16M)")               //
      ("compress", po::value<std::string>()->value_name("off|auto|LEVEL"),     //
       "zstd for the segments that shrink (default auto)")                     //
      ("threads,T", po::value<std::string>()->value_name("N"),                 //
       "compress with N threads (default 1)")                                  //
      ("filter", po::value<std::string>()->value_name("CMD"),                  //
       "give each segment to a command instead of keeping it in STORE")        //
      ("auth-key", po::value<std::string>()->value_name("FILE"),               //
       "prove by the key in FILE who wrote the store (HMAC-SHA-256)")          //
      ("max-header", po::value<std::string>()->value_name("SIZE"),             //
       "longest nvlist accepted behind a BEGIN (default 64M)");
  return options;
}

po::options_description join_options() {
  po::options_description options("Options of join");
  add_policy_options(options);
  options.add_options()                                           //
      ("fetch", po::value<std::string>()->value_name("CMD"),      //
       "get each segment from a command instead of STORE")        //
      ("auth-key", po::value<std::string>()->value_name("FILE"),  //
       "demand that the store was written with the key in FILE")  //
      ("no-auth", "read a store that was written with a key without it");
  add_pace_options(options);
  add_metrics_option(options);
  options.add_options()                                             //
      ("max-header", po::value<std::string>()->value_name("SIZE"),  //
       "longest nvlist accepted behind a BEGIN (default 64M)");
  return options;
}

}  // namespace zsluice::cli
