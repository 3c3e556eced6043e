// SPDX-License-Identifier: BSD-2-Clause
#include "store/line_text.hpp"

#include "base/check.hpp"
#include "store/hash_bytes.hpp"
#include "zsluice/base/hex.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace zsluice::storage {
namespace {

using checksum::Xxh3Digest;
using HashBytes = std::array<std::byte, 16>;

constexpr std::string_view kTypeHead = R"({"type":")";
// Stands before the hash of the line.
constexpr std::string_view kHashHead = R"(,"xxh3":")";
constexpr std::string_view kLineEnd = R"("})";
constexpr std::size_t kHashTailBytes = kHashHead.size() + 2 * sizeof(HashBytes) + kLineEnd.size();

HashBytes bytes_of_hash(const Xxh3Digest& hash) {
  HashBytes bytes;
  put_hash(bytes.data(), hash);
  return bytes;
}

// What stands in a line as it is; all else, and the sign of the escape, is written as %XX.
bool is_plain(char letter) {
  return letter >= ' ' && letter <= '~' && letter != '"' && letter != '\\' && letter != '%';
}

// The text that is escaped so; nothing when it would not be escaped to just that.
std::optional<std::string> unescaped(std::string_view escaped) {
  std::string text;
  while (!escaped.empty()) {
    if (escaped.front() != '%') {
      text.push_back(escaped.front());
      escaped.remove_prefix(1);
      continue;
    }
    if (escaped.size() < 3) return std::nullopt;
    const auto high = hex_digit_value(escaped[1]);
    const auto low = hex_digit_value(escaped[2]);
    if (!high || !low) return std::nullopt;
    const auto letter = static_cast<char>(static_cast<unsigned char>(*high << 4 | *low));
    if (is_plain(letter)) return std::nullopt;
    text.push_back(letter);
    escaped.remove_prefix(3);
  }
  return text;
}

}  // namespace

bool is_word(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char letter) {
    return letter >= ' ' && letter <= '~' && letter != '"' && letter != '\\';
  });
}

LineWriter::LineWriter(std::string_view type) {
  out_.append(kTypeHead).append(type).push_back('"');
}

void LineWriter::number(std::string_view name, std::uint64_t value) {
  this->name(name);
  out_.append(std::to_string(value));
}

void LineWriter::flag(std::string_view name, bool value) {
  this->name(name);
  out_.append(value ? "true" : "false");
}

void LineWriter::hash(std::string_view name, const Xxh3Digest& hash) {
  hex(name, bytes_of_hash(hash));
}

void LineWriter::hex(std::string_view name, ByteSpan bytes) {
  this->name(name);
  out_.push_back('"');
  append_hex(out_, bytes);
  out_.push_back('"');
}

void LineWriter::word(std::string_view name, std::string_view value) {
  ZSLUICE_CHECK(is_word(value));
  this->name(name);
  out_.append(1, '"').append(value).push_back('"');
}

void LineWriter::guid(std::string_view name, std::uint64_t value) {
  word(name, std::to_string(value));
}

void LineWriter::foreign(std::string_view name, std::string_view value) {
  this->name(name);
  out_.push_back('"');
  for (const char letter : value) {
    if (is_plain(letter)) {
      out_.push_back(letter);
    } else {
      out_.push_back('%');
      append_hex(out_, bytes_of(std::string_view(&letter, 1)));
    }
  }
  out_.push_back('"');
}

std::string LineWriter::closed() && {
  const HashBytes hash = bytes_of_hash(checksum::xxh3(bytes_of(out_)));
  out_.append(kHashHead);
  append_hex(out_, hash);
  out_.append(kLineEnd).push_back('\n');
  return std::move(out_);
}

void LineWriter::name(std::string_view name) {
  out_.append(",\"").append(name).append("\":");
}

std::optional<LineScanner> LineScanner::verified(std::string_view line) {
  if (line.size() < kHashTailBytes) return std::nullopt;
  const std::string_view open = line.substr(0, line.size() - kHashTailBytes);
  Xxh3Digest stated;
  LineScanner tail(line.substr(open.size()));
  tail.hash("xxh3", stated);
  tail.text("}");
  if (!tail.done() || stated != checksum::xxh3(bytes_of(open))) return std::nullopt;
  return LineScanner(open);
}

bool LineScanner::is_type(std::string_view type) {
  LineScanner behind = *this;
  behind.text(kTypeHead);
  behind.text(type);
  behind.text("\"");
  if (behind.good()) *this = behind;
  return behind.good();
}

bool LineScanner::type_begins(std::string_view prefix) const {
  LineScanner behind = *this;
  behind.text(kTypeHead);
  behind.text(prefix);
  return behind.good();
}

bool LineScanner::has(std::string_view name) const {
  LineScanner ahead = *this;
  ahead.name(name);
  return ahead.good();
}

void LineScanner::number(std::string_view name, std::uint64_t& value) {
  this->name(name);
  digits(value);
}

void LineScanner::digits(std::uint64_t& value) {
  const auto parsed = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  const auto digits = static_cast<std::size_t>(parsed.ptr - rest_.data());
  expect(parsed.ec == std::errc{} && (digits == 1 || rest_.front() != '0'));
  if (good_) rest_.remove_prefix(digits);
}

void LineScanner::flag(std::string_view name, bool& value) {
  this->name(name);
  value = try_text("true");
  if (!value) text("false");
}

void LineScanner::hash(std::string_view name, Xxh3Digest& hash) {
  HashBytes bytes{};
  hex(name, bytes);
  hash = hash_at(bytes.data());
}

void LineScanner::hex(std::string_view name, MutableByteSpan bytes) {
  this->name(name);
  text("\"");
  expect(rest_.size() >= bytes.size() * 2);
  for (std::size_t i = 0; good_ && i < bytes.size() * 2; ++i) {
    const auto digit = hex_digit_value(rest_[i]);
    expect(digit.has_value());
    const auto nibble = static_cast<std::byte>(digit.value_or(0));
    bytes[i / 2] = i % 2 == 0 ? nibble << 4 : bytes[i / 2] | nibble;
  }
  if (good_) rest_.remove_prefix(bytes.size() * 2);
  text("\"");
}

void LineScanner::word(std::string_view name, std::string& value) {
  this->name(name);
  text("\"");
  const std::string_view found = rest_.substr(0, rest_.find('"'));
  expect(is_word(found));
  if (!good_) return;
  value = found;
  rest_.remove_prefix(found.size());
  text("\"");
}

void LineScanner::guid(std::string_view name, std::uint64_t& value) {
  this->name(name);
  text("\"");
  digits(value);
  text("\"");
}

void LineScanner::foreign(std::string_view name, std::string& value) {
  word(name, value);
  if (!good_) return;
  std::optional<std::string> text = unescaped(value);
  expect(text.has_value());
  if (text) value = std::move(*text);
}

bool LineScanner::try_text(std::string_view literal) {
  if (!good_ || !rest_.starts_with(literal)) return false;
  rest_.remove_prefix(literal.size());
  return true;
}

void LineScanner::name(std::string_view name) {
  text(",\"");
  text(name);
  text("\":");
}

}  // namespace zsluice::storage
