// SPDX-License-Identifier: BSD-2-Clause
#include "support/token_text.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace zsluice::test {
namespace {

std::string hex_number(std::uint64_t number) {
  std::string digits(16, '0');
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
  digits.resize(static_cast<std::size_t>(written.ptr - digits.data()));
  return digits;
}

void append_number(Bytes& out, std::uint32_t number, std::size_t width, ByteOrder order) {
  Bytes wire(sizeof(number));
  store(wire.data(), number, order);
  const auto first = order == ByteOrder::little ? wire.begin() : wire.end() - std::ssize(wire);
  out.insert(out.end(), first, first + static_cast<std::ptrdiff_t>(width));
}

// Bits go into bytes from the lowest on, as RFC 1951 has it.
class BitWriter {
 public:
  explicit BitWriter(Bytes& out) : out_(out) {}
  void put(unsigned bits, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      if (used_ == 0) out_.push_back({});
      out_.back() |= static_cast<std::byte>(((bits >> i) & 1U) << used_);
      used_ = (used_ + 1) % 8;
    }
  }

 private:
  Bytes& out_;
  unsigned used_ = 0;
};

CorpusToken read_token(const std::filesystem::path& path) {
  CorpusToken token;
  token.name = path.stem().string();
  std::ifstream file(path);
  std::getline(file, token.text);
  std::ifstream description(path.string() + ".txt");
  std::string line;
  while (std::getline(description, line) && line != "nvlist version: 0") {
  }
  while (std::getline(description, line) && line.starts_with('\t')) {
    const std::size_t equals = line.find(" = ");
    if (equals == std::string::npos) throw std::runtime_error("cannot read: " + line);
    token.printed[line.substr(1, equals - 1)] = line.substr(equals + 3);
  }
  if (token.printed.empty()) throw std::runtime_error("not described: " + path.string());
  return token;
}

std::vector<CorpusToken> read_tokens() {
  std::vector<CorpusToken> tokens;
  const std::filesystem::path folder = std::string(ZSLUICE_TEST_CORPUS) + "/tokens";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".token") tokens.push_back(read_token(entry.path()));
  }
  std::sort(tokens.begin(), tokens.end(),
            [](const CorpusToken& a, const CorpusToken& b) { return a.name < b.name; });
  return tokens;
}

}  // namespace

TokenText token_parts(std::string_view text) {
  const auto take = [&text] {
    const std::string field(text.substr(0, text.find('-')));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    return field;
  };
  TokenText parts;
  parts.version = take();
  parts.checksum = take();
  parts.length = take();
  parts.digits = text;
  return parts;
}

TokenText token_of(const Bytes& compressed, std::size_t length, ByteOrder order) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i + 4 <= compressed.size(); i += 4) {
    sum += load<std::uint32_t>(compressed.data() + i, order);
  }
  return {.checksum = hex_number(sum), .length = hex_number(length), .digits = hex_of(compressed)};
}

TokenText token_around(ByteSpan packed, ByteOrder order) {
  return token_of(zlib_stored(packed), packed.size(), order);
}

Bytes zlib_stored(ByteSpan bytes) {
  constexpr std::size_t kBlockBytesMax = 0xffff;
  constexpr std::uint32_t kModulus = 65521;
  std::uint32_t low = 1;
  std::uint32_t high = 0;
  for (const std::byte byte : bytes) {
    low = (low + std::to_integer<std::uint32_t>(byte)) % kModulus;
    high = (high + low) % kModulus;
  }
  Bytes out{std::byte{0x78}, std::byte{0x01}};
  do {
    const ByteSpan block = take_prefix(bytes, kBlockBytesMax);
    const auto size = static_cast<std::uint32_t>(block.size());
    out.push_back(bytes.empty() ? std::byte{1} : std::byte{0});
    append_number(out, size, 2, ByteOrder::little);
    append_number(out, ~size, 2, ByteOrder::little);
    out.insert(out.end(), block.begin(), block.end());
  } while (!bytes.empty());
  append_number(out, (high << 16) | low, 4, ByteOrder::big);
  return out;
}

Bytes zlib_bomb(std::size_t compressed_bytes) {
  Bytes out{std::byte{0x78}, std::byte{0x9c}};
  out.reserve(compressed_bytes + 2);
  BitWriter bits(out);
  bits.put(0b011, 3);  // the last block, of fixed codes
  bits.put(0x0c, 8);   // a zero, then again and again: 258 bytes from one byte back
  while (out.size() < compressed_bytes) {
    bits.put(0xa3, 8);
    bits.put(0, 5);
  }
  return out;
}

std::string hex_of(ByteSpan bytes) {
  std::string digits;
  for (const std::byte byte : bytes) {
    digits += "0123456789abcdef"[std::to_integer<unsigned>(byte) / 16];
    digits += "0123456789abcdef"[std::to_integer<unsigned>(byte) % 16];
  }
  return digits;
}

Bytes bytes_of_hex(std::string_view digits) {
  Bytes bytes(digits.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* first = digits.data() + 2 * i;
    unsigned value = 0;
    const auto [end, fault] = std::from_chars(first, first + 2, value, 16);
    if (fault != std::errc() || end != first + 2) throw std::runtime_error("not hex");
    bytes[i] = static_cast<std::byte>(value);
  }
  return bytes;
}

const std::vector<CorpusToken>& corpus_tokens() {
  static const std::vector<CorpusToken> tokens = read_tokens();
  return tokens;
}

}  // namespace zsluice::test
