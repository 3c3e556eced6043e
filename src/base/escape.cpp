// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/escape.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace zsluice {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Characters that are valid but do not show, or change how their neighbours show.
constexpr std::array kUnshown{
    Range{0x0080, 0x009F},    // C1 controls: 0x9B alone is CSI on some terminals
    Range{0x00AD, 0x00AD},    // soft hyphen
    Range{0x061C, 0x061C},    // Arabic letter mark
    Range{0x115F, 0x1160},    // Hangul fillers: blank, but letters
    Range{0x180B, 0x180F},    // Mongolian variation selectors and vowel separator
    Range{0x200B, 0x200F},    // zero-width space, (non-)joiner, left/right marks
    Range{0x2028, 0x202E},    // line and paragraph separator, bidi embeddings and overrides
    Range{0x2060, 0x206F},    // word joiner, invisible operators, bidi isolates, deprecated format
    Range{0x3164, 0x3164},    // Hangul filler
    Range{0xFE00, 0xFE0F},    // variation selectors
    Range{0xFEFF, 0xFEFF},    // byte order mark, zero-width no-break space
    Range{0xFFA0, 0xFFA0},    // halfwidth Hangul filler
    Range{0xFFF0, 0xFFFB},    // unassigned specials, interlinear annotation
    Range{0x1BCA0, 0x1BCA3},  // shorthand format controls
    Range{0x1D173, 0x1D17A},  // musical format controls
    Range{0xE0000, 0xE0FFF},  // tags, further variation selectors
};

bool is_shown(std::uint32_t code_point) {
  const bool is_noncharacter =
      (code_point & 0xFFFE) == 0xFFFE || (code_point >= 0xFDD0 && code_point <= 0xFDEF);
  if (is_noncharacter) return false;
  return std::none_of(kUnshown.begin(), kUnshown.end(), [code_point](Range range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

struct Character {
  std::uint32_t code_point = 0;
  std::size_t bytes = 0;  // 0: the text does not start with valid UTF-8
};

std::size_t utf8_bytes(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// Strict: no overlong forms (a second spelling of the same name), no surrogates, nothing past
// U+10FFFF. `text` is not empty.
Character decode_utf8(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = utf8_bytes(lead);
  if (bytes == 0 || text.size() < bytes) return {};
  if (bytes == 1) return {lead, 1};

  std::uint32_t code_point = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80) return {};
    code_point = code_point << 6 | (next & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallestBySize{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kSmallestBySize[bytes] || code_point > 0x10FFFF || is_surrogate) return {};
  return {code_point, bytes};
}

// How one character is shown. Holds the longest form, \u{10ffff}, without allocating.
class Shown {
 public:
  void add(std::string_view part) {
    for (const char c : part) {
      add(c);
    }
  }
  void add(char c) { text_[size_++] = c; }
  void add_hex(std::uint32_t value, unsigned digits) {
    while (digits > 0) {
      add("0123456789abcdef"[value >> (4 * --digits) & 0xF]);
    }
  }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 12> text_{};
  std::size_t size_ = 0;
};

void show_code_point(Shown& shown, std::uint32_t code_point) {
  unsigned digits = 4;
  while (code_point >> (4 * digits) != 0) {
    ++digits;
  }
  shown.add("\\u{");
  shown.add_hex(code_point, digits);
  shown.add('}');
}

void show_byte(Shown& shown, unsigned char byte) {
  shown.add("\\x");
  shown.add_hex(byte, 2);
}

void show_ascii(Shown& shown, char c) {
  const bool is_control = c < 0x20 || c == 0x7F;
  if (c == '\n') {
    shown.add("\\n");
  } else if (c == '\t') {
    shown.add("\\t");
  } else if (is_control) {
    show_byte(shown, static_cast<unsigned char>(c));
  } else {
    if (c == '\\' || c == '"') shown.add('\\');
    shown.add(c);
  }
}

// Takes one character, or one byte that is none, from the front of `rest`.
Shown take_shown(std::string_view& rest) {
  Shown shown;
  const Character character = decode_utf8(rest);
  const std::size_t taken = std::max<std::size_t>(character.bytes, 1);
  if (character.bytes == 0) {
    show_byte(shown, static_cast<unsigned char>(rest.front()));
  } else if (character.bytes == 1) {
    show_ascii(shown, rest.front());
  } else if (is_shown(character.code_point)) {
    shown.add(rest.substr(0, taken));
  } else {
    show_code_point(shown, character.code_point);
  }
  rest.remove_prefix(taken);
  return shown;
}

}  // namespace

void append_escaped(std::string& out, std::string_view foreign, std::size_t bytes_max) {
  std::size_t room = bytes_max;
  while (!foreign.empty()) {
    const Shown shown = take_shown(foreign);
    const std::string_view text = shown.view();
    if (text.size() > room) {
      out += kEscapeCutMark;
      return;
    }
    out += text;
    room -= text.size();
  }
}

std::string escaped(std::string_view foreign, std::size_t bytes_max) {
  std::string out;
  append_escaped(out, foreign, bytes_max);
  return out;
}

}  // namespace zsluice
