// SPDX-License-Identifier: BSD-2-Clause
#include "resume/cuts.hpp"

#include "support/corpus.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

namespace zsluice::test {
namespace {

bool is_there(const std::string& name) {
  return std::filesystem::exists(corpus_path(name));
}

// "     object: 13", "     toname: 'src/sp@s1'", "     rawok", up to the part in zfs's words.
std::map<std::string, std::string> fields_of(const std::filesystem::path& path) {
  std::map<std::string, std::string> fields;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line) && line.starts_with(' ');) {
    line.erase(0, line.find_first_not_of(' '));
    const std::size_t colon = line.find(": ");
    const bool has_value = colon != std::string::npos;
    fields[line.substr(0, colon)] = has_value ? line.substr(colon + 2) : "";
  }
  return fields;
}

token::Token token_of(const std::map<std::string, std::string>& fields) {
  const auto number = [&fields](const char* key) { return std::stoull(fields.at(key)); };
  token::Token token;
  if (fields.contains("fromguid")) token.fromguid = number("fromguid");
  token.object = number("object");
  token.offset = number("offset");
  token.bytes = number("bytes");
  token.toguid = number("toguid");
  const std::string& quoted = fields.at("toname");
  token.toname = quoted.substr(1, quoted.size() - 2);
  token.large_block_ok = fields.contains("largeblockok");
  token.embed_ok = fields.contains("embedok");
  token.compress_ok = fields.contains("compressok");
  token.raw_ok = fields.contains("rawok");
  if (fields.contains("redact_snaps")) throw std::runtime_error("no such token was expected");
  return token;
}

}  // namespace

Bytes Cut::whole() const {
  return read_corpus(stream);
}

Bytes Cut::partial() const {
  if (!has_whole) return read_corpus("tokens/" + name + ".partial");
  Bytes first = whole();
  first.resize(bytes);
  return first;
}

Bytes Cut::resumed() const {
  return read_corpus("tokens/" + name + ".resumed");
}

std::vector<Cut> all_cuts() {
  std::vector<Cut> cuts;
  const std::filesystem::path folder = std::filesystem::path(ZSLUICE_TEST_CORPUS) / "tokens";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(".token.txt")) continue;
    name.resize(name.size() - std::string(".token.txt").size());
    const std::size_t cut = name.find(".cut");
    const std::string stream = name.substr(0, cut);
    const bool has_whole = is_there(stream);
    cuts.push_back({.name = name,
                    .stream = stream,
                    .bytes = std::stoull(name.substr(cut + 4)),
                    .token = token_of(fields_of(entry.path())),
                    .has_whole = has_whole,
                    .has_partial = has_whole || is_there("tokens/" + name + ".partial"),
                    .has_resumed = is_there("tokens/" + name + ".resumed")});
  }
  std::sort(cuts.begin(), cuts.end(),
            [](const Cut& one, const Cut& other) { return one.name < other.name; });
  return cuts;
}

std::vector<Cut> cuts_with_partial() {
  std::vector<Cut> cuts = all_cuts();
  std::erase_if(cuts, [](const Cut& cut) { return !cut.has_partial; });
  return cuts;
}

std::vector<Cut> cuts_with_whole_and_resumed() {
  std::vector<Cut> cuts = all_cuts();
  std::erase_if(cuts, [](const Cut& cut) { return !cut.has_whole || !cut.has_resumed; });
  return cuts;
}

}  // namespace zsluice::test
