// SPDX-License-Identifier: BSD-2-Clause
// Manifest lines as text: objects of JSON in one fixed form. The writer and the scanner have the
// same members, so that one list of a line's members serves both. What is read is exactly what
// would be written; anything else fails.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/checksum/xxh3.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zsluice::storage {

class LineWriter {
 public:
  explicit LineWriter(std::string_view type);

  // ,"name":
  void number(std::string_view name, std::uint64_t value);
  void flag(std::string_view name, bool value);
  void hash(std::string_view name, const checksum::Xxh3Digest& hash);
  void hex(std::string_view name, ByteSpan bytes);
  // Printable ASCII without " and \.
  void word(std::string_view name, std::string_view value);
  // A number of 64 bits as text: parsers of JSON round what is beyond 2^53.
  void guid(std::string_view name, std::uint64_t value);
  // Any bytes: all but printable ASCII, and " \ %, become %XX.
  void foreign(std::string_view name, std::string_view value);

  // The line so far, which has no end yet.
  [[nodiscard]] const std::string& open() const { return out_; }
  // With the hash of all that, and a newline.
  [[nodiscard]] std::string closed() &&;

 private:
  void name(std::string_view name);

  std::string out_;
};

// After the first piece that is not there, all further ones fail too.
class LineScanner {
 public:
  // `line` is without its newline. Nothing when it has no hash at its end, or not its own.
  [[nodiscard]] static std::optional<LineScanner> verified(std::string_view line);

  // At the start only: takes the type if it is this one.
  [[nodiscard]] bool is_type(std::string_view type);
  // At the start only: whether the type begins so.
  [[nodiscard]] bool type_begins(std::string_view prefix) const;
  [[nodiscard]] bool has(std::string_view name) const;
  void number(std::string_view name, std::uint64_t& value);
  void flag(std::string_view name, bool& value);
  void hash(std::string_view name, checksum::Xxh3Digest& hash);
  void hex(std::string_view name, MutableByteSpan bytes);
  void word(std::string_view name, std::string& value);
  void guid(std::string_view name, std::uint64_t& value);
  void foreign(std::string_view name, std::string& value);

  [[nodiscard]] bool good() const { return good_; }
  // Everything was there, and nothing is left.
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  explicit LineScanner(std::string_view line) : rest_(line) {}
  void expect(bool holds) { good_ = good_ && holds; }
  [[nodiscard]] bool try_text(std::string_view literal);
  void text(std::string_view literal) { expect(try_text(literal)); }
  void name(std::string_view name);
  void digits(std::uint64_t& value);

  std::string_view rest_;
  bool good_ = true;
};

// Whether LineWriter::word() may have it.
[[nodiscard]] bool is_word(std::string_view value);

}  // namespace zsluice::storage
