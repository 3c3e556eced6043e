// SPDX-License-Identifier: BSD-2-Clause
// NvlistBuilder: packs lists for tests, in both encodings and either byte order (FORMAT.md §D.6).
// It shares no code with the reader but the type codes, so that each checks the other.
#pragma once

#include "zsluice/nvlist/value.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::test {

using Bytes = std::vector<std::byte>;

struct NvlistForm {
  nvlist::Encoding encoding = nvlist::Encoding::native;
  ByteOrder order = ByteOrder::little;  // of the producing host
};

class NvlistBuilder {
 public:
  explicit NvlistBuilder(std::uint32_t nvflag = 1) : nvflag_(nvflag) {}

  NvlistBuilder& boolean(std::string_view name);
  NvlistBuilder& u64(std::string_view name, std::uint64_t value);
  NvlistBuilder& u64s(std::string_view name, std::initializer_list<std::uint64_t> values);
  NvlistBuilder& string(std::string_view name, std::string_view value);
  NvlistBuilder& strings(std::string_view name, std::vector<std::string> values);
  NvlistBuilder& list(std::string_view name, NvlistBuilder value);
  NvlistBuilder& lists(std::string_view name, std::vector<NvlistBuilder> values);
  // Any type whose elements are numbers (boolean_value and double, as its bits, too); scalars take
  // one number.
  NvlistBuilder& numbers(nvlist::DataType type,
                         std::string_view name,
                         std::vector<std::uint64_t> values);
  // A uint8 array of `count` bytes: 0, 1, 2, …
  NvlistBuilder& u8_ramp(std::string_view name, std::size_t count);

  [[nodiscard]] Bytes pack(NvlistForm form) const;

 private:
  friend class NvlistPacker;
  struct Pair {
    nvlist::DataType type{};
    std::string name;
    std::vector<std::uint64_t> numbers;
    std::vector<std::string> strings;
    std::vector<NvlistBuilder> lists;
  };

  std::vector<Pair> pairs_;
  std::uint32_t nvflag_;
};

// Reads `packed` with nvlist::Reader into a builder, so that packing it again in the same form must
// give the same bytes. Fails the running test when the reader does.
[[nodiscard]] NvlistBuilder rebuilt(const Bytes& packed);

// The payload of the BEGIN record that starts the stream in a file, of either byte order.
[[nodiscard]] Bytes first_begin_payload(const std::string& path);

}  // namespace zsluice::test
