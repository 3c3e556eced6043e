// SPDX-License-Identifier: BSD-2-Clause
#include "support/corpus.hpp"

#include <cctype>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace zsluice::test {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream text(line);
  for (std::string cell; std::getline(text, cell, '\t');)
    cells.push_back(cell);
  return cells;
}

std::vector<CorpusEntry> read_table() {
  std::ifstream file(std::string(ZSLUICE_TEST_CORPUS) + "/EXPECTED.tsv");
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error("tests/corpus has no EXPECTED.tsv");
  const std::vector<std::string> names = cells_of(line);
  std::vector<CorpusEntry> entries;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = cells_of(line);
    CorpusEntry& entry = entries.emplace_back();
    entry.name = cells.at(0);
    for (std::size_t i = 0; i < names.size(); ++i)
      entry.columns[names[i]] = cells.at(i);
  }
  return entries;
}

}  // namespace

std::string corpus_path(std::string_view name) {
  return std::string(ZSLUICE_TEST_CORPUS) + "/" + std::string(name) + ".zsend";
}

Bytes read_corpus(std::string_view name) {
  std::ifstream file(corpus_path(name), std::ios::binary);
  if (!file) throw std::runtime_error("no such stream: " + corpus_path(name));
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const ByteSpan bytes = bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

std::optional<std::string> CorpusEntry::text(std::string_view column) const {
  const auto cell = columns.find(column);
  if (cell == columns.end()) throw std::out_of_range("no such column: " + std::string(column));
  if (cell->second == "-") return std::nullopt;
  return cell->second;
}

std::optional<std::uint64_t> CorpusEntry::number(std::string_view column) const {
  const std::optional<std::string> cell = text(column);
  if (!cell) return std::nullopt;
  return std::stoull(*cell, nullptr, 0);
}

const std::vector<CorpusEntry>& corpus_entries() {
  static const std::vector<CorpusEntry> entries = read_table();
  return entries;
}

std::vector<CorpusEntry> counted_corpus_entries() {
  std::vector<CorpusEntry> entries = corpus_entries();
  std::erase_if(entries, [](const CorpusEntry& entry) {
    return !entry.number("total_records") || !entry.number("toguid");
  });
  return entries;
}

std::string test_name_of(std::string_view name) {
  std::string result;
  for (const char letter : name) {
    result += std::isalnum(static_cast<unsigned char>(letter)) != 0 ? letter : '_';
  }
  return result;
}

}  // namespace zsluice::test
