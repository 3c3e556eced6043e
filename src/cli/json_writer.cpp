// SPDX-License-Identifier: BSD-2-Clause
#include "cli/json_writer.hpp"

#include "zsluice/base/hex.hpp"

#include <nlohmann/json.hpp>

namespace zsluice::cli {
namespace {

using nlohmann::json;

std::string quoted(std::string_view value, json::error_handler_t on_bad_byte) {
  return json(value).dump(-1, ' ', true, on_bad_byte);
}

}  // namespace

void JsonWriter::number(std::string_view key, const std::optional<std::uint64_t>& value) {
  raw(key, value ? std::to_string(*value) : "null");
}

void JsonWriter::text(std::string_view key, std::string_view value) {
  raw(key, quoted(value, json::error_handler_t::replace));
}

void JsonWriter::foreign(std::string_view key, std::string_view value) {
  const std::string shown = quoted(value, json::error_handler_t::replace);
  raw(key, shown);
  const bool is_utf8 = shown == quoted(value, json::error_handler_t::ignore);
  if (!is_utf8) text(std::string(key) + "_hex", hex_text(bytes_of(value)));
}

void JsonWriter::raw(std::string_view key, std::string_view json) {
  start_item(key);
  out_ += json;
}

void JsonWriter::start_item(std::string_view key) {
  if (!has_items_.empty()) {
    if (has_items_.back()) out_ += ',';
    has_items_.back() = true;
  }
  if (wants_break_) out_ += '\n';
  wants_break_ = false;
  if (key.empty()) return;
  out_ += '"';
  out_ += key;  // our own words: nothing in them needs escaping
  out_ += "\":";
}

void JsonWriter::open(std::string_view key, char bracket) {
  start_item(key);
  out_ += bracket;
  has_items_.push_back(false);
}

void JsonWriter::close(char bracket) {
  out_ += bracket;
  has_items_.pop_back();
}

}  // namespace zsluice::cli
