// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/segment_name.hpp"

#include "base/check.hpp"
#include "zsluice/store/segment.hpp"

#include <charconv>

namespace zsluice::storage {
namespace {

constexpr std::size_t kFolderDigits = 9;
constexpr std::size_t kFileDigits = 12;
constexpr std::string_view kSuffix = ".zss";

std::string padded(std::uint64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - text.size(), '0').append(text);
}

}  // namespace

std::string segment_folder(std::uint64_t sequence) {
  ZSLUICE_CHECK(sequence < kSegmentsMax);
  return padded(sequence / kSegmentsPerFolder, kFolderDigits);
}

std::string segment_name(std::uint64_t sequence) {
  return segment_folder(sequence).append("/").append(padded(sequence, kFileDigits)).append(kSuffix);
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
  constexpr std::size_t kFileAt = kFolderDigits + 1;
  if (name.size() != kFileAt + kFileDigits + kSuffix.size()) return std::nullopt;
  const std::string_view digits = name.substr(kFileAt, kFileDigits);
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc{} || segment_name(number) != name) return std::nullopt;
  return number;
}

}  // namespace zsluice::storage
