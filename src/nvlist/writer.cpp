// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/nvlist/writer.hpp"

#include "nvlist/layout.hpp"

namespace zsluice::nvlist {
namespace {

using Bytes = std::vector<std::byte>;

void append_zeros(Bytes& out, std::size_t count) {
  out.resize(out.size() + count);
}

template <std::unsigned_integral T>
void append_int(Bytes& out, T value, ByteOrder order) {
  append_zeros(out, sizeof(value));
  store(out.data() + out.size() - sizeof(value), value, order);
}

void append_text(Bytes& out, std::string_view text) {
  const ByteSpan bytes = bytes_of(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// Zeros up to a multiple of `unit` bytes since `start`.
void pad(Bytes& out, std::size_t start, std::size_t unit) {
  append_zeros(out, aligned(out.size() - start, unit) - (out.size() - start));
}

void append_xdr_text(Bytes& out, std::string_view text) {
  append_int(out, static_cast<std::uint32_t>(text.size()), ByteOrder::big);
  const std::size_t start = out.size();
  append_text(out, text);
  pad(out, start, 4);
}

struct PairHead {
  std::string_view name;
  DataType type = DataType::boolean;
  std::uint32_t count = 0;                ///< of elements
  std::uint64_t decoded_value_bytes = 0;  ///< what the value takes in a receiver's memory
};

// Writes a pair's head, lets `append_value` write the value, and fills in the sizes.
template <class AppendValue>
void append_pair(Bytes& out, Form form, const PairHead& head, AppendValue append_value) {
  const std::size_t start = out.size();
  const auto decoded =
      static_cast<std::uint32_t>(decoded_pair_bytes(head.name.size(), head.decoded_value_bytes));
  if (form.encoding == Encoding::native) {
    append_int(out, decoded, form.order);
    append_int(out, static_cast<std::uint16_t>(head.name.size() + 1), form.order);
    append_int(out, std::uint16_t{0}, form.order);
    append_int(out, head.count, form.order);
    append_int(out, static_cast<std::uint32_t>(head.type), form.order);
    append_text(out, head.name);
    append_zeros(out, 1);
    pad(out, start, 8);
    append_value(form.order);
    pad(out, start, 8);
  } else {
    append_int(out, std::uint32_t{0}, ByteOrder::big);  // filled in below
    append_int(out, decoded, ByteOrder::big);
    append_xdr_text(out, head.name);
    append_int(out, static_cast<std::uint32_t>(head.type), ByteOrder::big);
    append_int(out, head.count, ByteOrder::big);
    append_value(ByteOrder::big);
    store(out.data() + start, static_cast<std::uint32_t>(out.size() - start), ByteOrder::big);
  }
}

}  // namespace

void append_boolean(Bytes& out, Form form, std::string_view name) {
  append_pair(out, form, {.name = name, .type = DataType::boolean}, [](ByteOrder /*order*/) {});
}

void append_u64(Bytes& out, Form form, std::string_view name, std::uint64_t value) {
  append_pair(out, form, {name, DataType::uint64, 1, sizeof(value)},
              [&](ByteOrder order) { append_int(out, value, order); });
}

void append_u64s(Bytes& out,
                 Form form,
                 std::string_view name,
                 std::span<const std::uint64_t> values) {
  const auto count = static_cast<std::uint32_t>(values.size());
  append_pair(out, form, {name, DataType::uint64_array, count, values.size_bytes()},
              [&](ByteOrder order) {
                // Without elements XDR has no count either.
                if (form.encoding == Encoding::xdr && count > 0) append_int(out, count, order);
                for (const std::uint64_t value : values) {
                  append_int(out, value, order);
                }
              });
}

void append_string(Bytes& out, Form form, std::string_view name, std::string_view text) {
  append_pair(out, form, {name, DataType::string, 1, text.size() + 1}, [&](ByteOrder /*order*/) {
    if (form.encoding == Encoding::xdr) {
      append_xdr_text(out, text);
    } else {
      append_text(out, text);
      append_zeros(out, 1);
    }
  });
}

void append_list_start(Bytes& out, Form form, std::uint32_t nvflag) {
  const ByteOrder order = form.encoding == Encoding::xdr ? ByteOrder::big : form.order;
  out.push_back(static_cast<std::byte>(form.encoding));
  out.push_back(static_cast<std::byte>(form.order == ByteOrder::little ? 1 : 0));
  append_zeros(out, 2);
  append_int(out, std::uint32_t{0}, order);  // version
  append_int(out, nvflag, order);
}

void append_list_end(Bytes& out, Form form) {
  append_zeros(out, form.encoding == Encoding::xdr ? 8 : 4);
}

}  // namespace zsluice::nvlist
