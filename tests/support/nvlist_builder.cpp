// SPDX-License-Identifier: BSD-2-Clause
#include "support/nvlist_builder.hpp"

#include "zsluice/nvlist/reader.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <utility>

namespace zsluice::test {

using nvlist::DataType;
using nvlist::Encoding;

namespace {

// Bytes of an element in memory.
std::size_t width_of(DataType type) {
  using enum DataType;
  switch (type) {
    case byte:
    case int8:
    case uint8:
    case byte_array:
    case int8_array:
    case uint8_array:
      return 1;
    case int16:
    case uint16:
    case int16_array:
    case uint16_array:
      return 2;
    case int32:
    case uint32:
    case boolean_value:
    case int32_array:
    case uint32_array:
    case boolean_array:
      return 4;
    case int64:
    case uint64:
    case hrtime:
    case floating:
    case int64_array:
    case uint64_array:
      return 8;
    case boolean:
    case string:
    case string_array:
    case nvlist:
    case nvlist_array:
      break;
  }
  return 0;
}

bool is_array(DataType type) {
  using enum DataType;
  return (type >= byte_array && type <= string_array) || type == nvlist_array ||
         (type >= boolean_array && type <= uint8_array);
}

}  // namespace

NvlistBuilder& NvlistBuilder::boolean(std::string_view name) {
  pairs_.push_back({DataType::boolean, std::string(name), {}, {}, {}});
  return *this;
}
NvlistBuilder& NvlistBuilder::u64(std::string_view name, std::uint64_t value) {
  return numbers(DataType::uint64, name, {value});
}
NvlistBuilder& NvlistBuilder::u64s(std::string_view name,
                                   std::initializer_list<std::uint64_t> values) {
  return numbers(DataType::uint64_array, name, values);
}
NvlistBuilder& NvlistBuilder::string(std::string_view name, std::string_view value) {
  pairs_.push_back({DataType::string, std::string(name), {}, {std::string(value)}, {}});
  return *this;
}
NvlistBuilder& NvlistBuilder::strings(std::string_view name, std::vector<std::string> values) {
  pairs_.push_back({DataType::string_array, std::string(name), {}, std::move(values), {}});
  return *this;
}
NvlistBuilder& NvlistBuilder::list(std::string_view name, NvlistBuilder value) {
  pairs_.push_back({DataType::nvlist, std::string(name), {}, {}, {std::move(value)}});
  return *this;
}
NvlistBuilder& NvlistBuilder::lists(std::string_view name, std::vector<NvlistBuilder> values) {
  pairs_.push_back({DataType::nvlist_array, std::string(name), {}, {}, std::move(values)});
  return *this;
}
NvlistBuilder& NvlistBuilder::numbers(DataType type,
                                      std::string_view name,
                                      std::vector<std::uint64_t> values) {
  pairs_.push_back({type, std::string(name), std::move(values), {}, {}});
  return *this;
}
NvlistBuilder& NvlistBuilder::u8_ramp(std::string_view name, std::size_t count) {
  std::vector<std::uint64_t> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = i & 0xff;
  }
  return numbers(DataType::uint8_array, name, std::move(values));
}

// Writes front to back; sizes that are known later are patched in.
class NvlistPacker {
 public:
  explicit NvlistPacker(NvlistForm form)
      : order_(form.encoding == Encoding::xdr ? ByteOrder::big : form.order) {
    const bool little = form.order == ByteOrder::little;
    out_ = {static_cast<std::byte>(form.encoding), static_cast<std::byte>(little), {}, {}};
  }

  Bytes take() { return std::move(out_); }

  void native_list(const NvlistBuilder& list, bool with_header) {
    if (with_header) list_header(list);
    for (const NvlistBuilder::Pair& pair : list.pairs_) {
      native_pair(pair);
    }
    number(0, 4);
  }

  void xdr_list(const NvlistBuilder& list) {
    list_header(list);
    for (const NvlistBuilder::Pair& pair : list.pairs_) {
      xdr_pair(pair);
    }
    number(0, 8);
  }

 private:
  static std::size_t count_of(const NvlistBuilder::Pair& pair) {
    return pair.numbers.size() + pair.strings.size() + pair.lists.size();
  }

  static std::size_t decoded_size(const NvlistBuilder::Pair& pair) {
    std::size_t value = pair.numbers.size() * width_of(pair.type) + pair.lists.size() * 24;
    for (const std::string& text : pair.strings) {
      value += text.size() + 1;
    }
    const bool pointers =
        pair.type == DataType::string_array || pair.type == DataType::nvlist_array;
    if (pointers) value += 8 * count_of(pair);
    return round_up(16 + pair.name.size() + 1, 8) + round_up(value, 8);
  }

  static std::size_t round_up(std::size_t bytes, std::size_t unit) {
    return (bytes + unit - 1) / unit * unit;
  }

  void number(std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t shift = 8 * (order_ == ByteOrder::big ? width - 1 - i : i);
      out_.push_back(static_cast<std::byte>(value >> shift));
    }
  }

  void text(std::string_view value) {
    for (const char c : value) {
      out_.push_back(static_cast<std::byte>(c));
    }
  }

  void pad(std::size_t begin, std::size_t unit) {
    out_.resize(begin + round_up(out_.size() - begin, unit));
  }

  void list_header(const NvlistBuilder& list) {
    number(0, 4);
    number(list.nvflag_, 4);
  }

  void native_pair(const NvlistBuilder::Pair& pair) {
    const std::size_t begin = out_.size();
    number(decoded_size(pair), 4);
    number(pair.name.size() + 1, 2);
    number(0, 2);
    number(count_of(pair), 4);
    number(static_cast<std::uint64_t>(pair.type), 4);
    text(pair.name);
    number(0, 1);
    pad(begin, 8);
    if (is_array(pair.type) && width_of(pair.type) == 0)
      out_.resize(out_.size() + 8 * count_of(pair));
    for (const std::uint64_t value : pair.numbers) {
      number(value, width_of(pair.type));
    }
    for (const std::string& value : pair.strings) {
      text(value);
      number(0, 1);
    }
    for (const NvlistBuilder& list : pair.lists) {
      list_header(list);
      out_.resize(out_.size() + 16);
    }
    pad(begin, 8);
    for (const NvlistBuilder& list : pair.lists) {
      native_list(list, false);
    }
  }

  void xdr_pair(const NvlistBuilder::Pair& pair) {
    const std::size_t begin = out_.size();
    number(0, 4);
    number(decoded_size(pair), 4);
    xdr_text(pair.name);
    number(static_cast<std::uint64_t>(pair.type), 4);
    number(count_of(pair), 4);
    const bool packed_bytes = pair.type == DataType::byte_array;
    if (is_array(pair.type) && !packed_bytes && !pair.numbers.empty()) number(count_of(pair), 4);
    const std::size_t width = packed_bytes ? 1 : width_of(pair.type) == 8 ? 8 : 4;
    for (const std::uint64_t value : pair.numbers) {
      number(value, width);
    }
    pad(begin, 4);
    for (const std::string& value : pair.strings) {
      xdr_text(value);
    }
    for (const NvlistBuilder& list : pair.lists) {
      xdr_list(list);
    }
    store(out_.data() + begin, static_cast<std::uint32_t>(out_.size() - begin), ByteOrder::big);
  }

  void xdr_text(std::string_view value) {
    number(value.size(), 4);
    const std::size_t begin = out_.size();
    text(value);
    pad(begin, 4);
  }

  Bytes out_;
  ByteOrder order_;
};

Bytes NvlistBuilder::pack(NvlistForm form) const {
  NvlistPacker packer(form);
  if (form.encoding == Encoding::xdr) {
    packer.xdr_list(*this);
  } else {
    packer.native_list(*this, true);
  }
  return packer.take();
}

namespace {

// Adds what `value` holds, lists excepted.
void add_value(NvlistBuilder& list, std::string_view name, const nvlist::Value& value) {
  if (value.type() == DataType::boolean) {
    list.boolean(name);
  } else if (const auto text = value.as_string()) {
    list.string(name, *text);
  } else if (value.type() == DataType::string_array) {
    std::vector<std::string> texts;
    value.for_each_string([&](std::string_view element) { texts.emplace_back(element); });
    list.strings(name, std::move(texts));
  } else if (const auto flag = value.as_bool()) {
    list.numbers(value.type(), name, {*flag ? 1U : 0U});
  } else if (const auto number = value.as_u64()) {
    list.numbers(value.type(), name, {*number});
  } else if (const auto real = value.as_double()) {
    list.numbers(value.type(), name, {std::bit_cast<std::uint64_t>(*real)});
  } else {
    std::vector<std::uint64_t> numbers;
    for (std::uint32_t i = 0; i < value.count(); ++i) {
      numbers.push_back(value.u64_at(i).value());
    }
    list.numbers(value.type(), name, std::move(numbers));
  }
}

nvlist::Event next_event(nvlist::Reader& reader) {
  const auto event = reader.next();
  if (event) return *event;
  ADD_FAILURE() << "nvlist error " << static_cast<int>(event.error().code) << " at "
                << event.error().offset;
  return {.kind = nvlist::EventKind::end};
}

NvlistBuilder rebuilt_list(nvlist::Reader& reader, std::uint32_t nvflag) {
  using nvlist::EventKind;
  NvlistBuilder list(nvflag);
  for (;;) {
    const nvlist::Event event = next_event(reader);
    if (event.kind != EventKind::pair) return list;
    const bool many = event.value.type() == DataType::nvlist_array;
    if (!many && event.value.type() != DataType::nvlist) {
      add_value(list, event.name, event.value);
      continue;
    }
    std::vector<NvlistBuilder> lists;
    for (std::uint32_t i = 0; i < event.value.count(); ++i) {
      const nvlist::Event entered = next_event(reader);
      if (entered.kind != EventKind::enter_list) return list;
      lists.push_back(rebuilt_list(reader, entered.nvflag));
    }
    if (many) {
      list.lists(event.name, std::move(lists));
    } else {
      list.list(event.name, std::move(lists.front()));
    }
  }
}

}  // namespace

NvlistBuilder rebuilt(const Bytes& packed) {
  auto reader = nvlist::Reader::open(packed);
  if (!reader) {
    ADD_FAILURE() << "not a packed list";
    return NvlistBuilder();
  }
  return rebuilt_list(*reader, reader->nvflag());
}

Bytes first_begin_payload(const std::string& path) {
  constexpr std::size_t kRecordBytes = 312;
  constexpr std::size_t kPayloadLengthAt = 4;
  constexpr std::size_t kMagicAt = 8;
  constexpr std::byte kMagicLowByte{0xac};
  std::ifstream file(path, std::ios::binary);
  Bytes record(kRecordBytes);
  file.read(reinterpret_cast<char*>(record.data()), std::ssize(record));
  const ByteOrder order = record[kMagicAt] == kMagicLowByte ? ByteOrder::little : ByteOrder::big;
  Bytes payload(load<std::uint32_t>(record.data() + kPayloadLengthAt, order));
  file.read(reinterpret_cast<char*>(payload.data()), std::ssize(payload));
  EXPECT_TRUE(file.good()) << path;
  return payload;
}

}  // namespace zsluice::test
