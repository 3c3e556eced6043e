// SPDX-License-Identifier: BSD-2-Clause
// Packs nvlists (FORMAT.md §D.6): whole ones, and single pairs that are put into a list which was
// packed before. Both encodings, either byte order. It knows the types that resume tokens and
// resume points are made of, and no others.
//
// Names and values are the caller's own and are not judged here: names shorter than 32,767 bytes,
// names and texts without NUL, fewer than 2^28 numbers in an array.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/nvlist/value.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace zsluice::nvlist {

// Of the whole list: `order` is that of the producing host, and binding for native lists only.
struct Form {
  Encoding encoding = Encoding::native;
  ByteOrder order = kHostOrder;
};

// Each appends one packed pair to `out`.
void append_boolean(std::vector<std::byte>& out, Form form, std::string_view name);
void append_u64(std::vector<std::byte>& out, Form form, std::string_view name, std::uint64_t value);
void append_u64s(std::vector<std::byte>& out,
                 Form form,
                 std::string_view name,
                 std::span<const std::uint64_t> values);
void append_string(std::vector<std::byte>& out,
                   Form form,
                   std::string_view name,
                   std::string_view text);

// What stands before the first pair of a packed list, and behind its last.
void append_list_start(std::vector<std::byte>& out, Form form, std::uint32_t nvflag = 1);
void append_list_end(std::vector<std::byte>& out, Form form);

}  // namespace zsluice::nvlist
