// SPDX-License-Identifier: BSD-2-Clause
// JSON written as it becomes known, so that a result of any length needs no memory for its whole.
// The caller keeps the nesting right; commas are put in here.
//
// Foreign text: what is not UTF-8 cannot stand in JSON. foreign() writes each such byte as U+FFFD
// and then, so that nothing is lost, the exact bytes in hex under the same key with "_hex" behind
// it. Output is pure ASCII, so foreign text cannot reach a terminal's controls either.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::cli {

class JsonWriter {
 public:
  // Appends to `out`, which the caller may empty at any time.
  explicit JsonWriter(std::string& out) : out_(out) {}

  // Containers: as a member of an object, under `key`; else with an empty key.
  void open_object(std::string_view key = {}) { open(key, '{'); }
  void open_array(std::string_view key = {}) { open(key, '['); }
  void close_object() { close('}'); }
  void close_array() { close(']'); }

  void number(std::string_view key, std::uint64_t value) { raw(key, std::to_string(value)); }
  void number(std::string_view key, const std::optional<std::uint64_t>& value);
  // 64 bits as a decimal string: many readers keep numbers as doubles.
  void guid(std::string_view key, std::uint64_t value) { text(key, std::to_string(value)); }
  void boolean(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }
  void null(std::string_view key) { raw(key, "null"); }
  // Our own words, or text that was escaped.
  void text(std::string_view key, std::string_view value);
  // Text from a stream; as a member of an object only.
  void foreign(std::string_view key, std::string_view value);
  // A value that is JSON already.
  void raw(std::string_view key, std::string_view json);

  // Breaks the line before the next item, for people and for line-wise tools.
  void break_line() { wants_break_ = true; }

 private:
  void start_item(std::string_view key);
  void open(std::string_view key, char bracket);
  void close(char bracket);

  std::string& out_;
  std::vector<bool> has_items_;  // per open container
  bool wants_break_ = false;
};

}  // namespace zsluice::cli
