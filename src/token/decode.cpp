// SPDX-License-Identifier: BSD-2-Clause
#include "token/compression.hpp"
#include "token/text_form.hpp"
#include "zsluice/nvlist/keys.hpp"
#include "zsluice/token/token.hpp"

#include <array>
#include <bit>
#include <utility>

namespace zsluice::token {
namespace {

using nvlist::DataType;
using nvlist::Encoding;
using nvlist::Event;
using nvlist::EventKind;
using nvlist::KeyRule;
using nvlist::KeyTracker;
using nvlist::Reader;

enum class Key : std::uint8_t {
  fromguid,
  object,
  offset,
  bytes,
  toguid,
  toname,
  large_block_ok,
  embed_ok,
  compress_ok,
  raw_ok,
  saved_ok,
  redact_snaps,
  book_redact_snaps,
};
constexpr std::array<KeyRule, 13> kRules{{
    {key::kFromguid, DataType::uint64},
    {key::kObject, DataType::uint64},
    {key::kOffset, DataType::uint64},
    {key::kBytes, DataType::uint64},
    {key::kToguid, DataType::uint64},
    {key::kToname, DataType::string},
    {key::kLargeBlockOk, DataType::boolean},
    {key::kEmbedOk, DataType::boolean},
    {key::kCompressOk, DataType::boolean},
    {key::kRawOk, DataType::boolean},
    {key::kSavedOk, DataType::boolean},
    {key::kRedactSnaps, DataType::uint64_array},
    {key::kBookRedactSnaps, DataType::uint64_array},
}};
constexpr std::uint32_t kUniqueNames = 1;  // the flag of every list that receivers write
constexpr std::uint32_t kRequiredKeys = 0b0000000111110;  // from object to toname

// The name of the first of the keys that `bits` stands for.
std::string_view first_name(std::uint32_t bits) {
  return kRules[static_cast<std::size_t>(std::countr_zero(bits))].name;
}

std::vector<std::uint64_t> numbers_in(const nvlist::Value& value) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(value.count());
  for (std::uint32_t i = 0; i < value.count(); ++i) {
    numbers.push_back(value.u64_at(i).value_or(0));
  }
  return numbers;
}

// `value` is of the key's type: KeyTracker has seen to that.
void store_value(Token& token, Key key, const nvlist::Value& value) {
  const std::uint64_t number = value.as_u64().value_or(0);
  switch (key) {
    case Key::fromguid:
      token.fromguid = number;
      break;
    case Key::object:
      token.object = number;
      break;
    case Key::offset:
      token.offset = number;
      break;
    case Key::bytes:
      token.bytes = number;
      break;
    case Key::toguid:
      token.toguid = number;
      break;
    case Key::toname:
      token.toname = value.as_string().value_or("");
      break;
    case Key::large_block_ok:
      token.large_block_ok = true;
      break;
    case Key::embed_ok:
      token.embed_ok = true;
      break;
    case Key::compress_ok:
      token.compress_ok = true;
      break;
    case Key::raw_ok:
      token.raw_ok = true;
      break;
    case Key::saved_ok:
      token.saved_ok = true;
      break;
    case Key::redact_snaps:
      token.redact_snaps = numbers_in(value);
      break;
    case Key::book_redact_snaps:
      token.book_redact_snaps = numbers_in(value);
      break;
  }
}

// Collects what a list says while it is walked once, in whatever order its keys come.
class ListDecoder {
 public:
  explicit ListDecoder(const Reader& reader) : reader_(reader) {}

  // No list inside is ever entered: the pair that announces one ends the walk.
  Result<DecodedToken, Error> decode() {
    for (;;) {
      const auto event = reader_.next();
      if (!event) {
        return Unexpected{Error{.code = ErrorCode::bad_nvlist, .nvlist = event.error()}};
      }
      if (event->kind == EventKind::end) return finish();
      const auto taken = take(*event);
      if (!taken) return Unexpected{taken.error()};
    }
  }

 private:
  Result<void, Error> take(const Event& pair) {
    const DataType type = pair.value.type();
    if (type == DataType::nvlist || type == DataType::nvlist_array) {
      return Unexpected{Error{.code = ErrorCode::nested_list, .found = pair.offset}};
    }
    const auto index = keys_.match(pair);
    if (!index) return Unexpected{Error{.code = ErrorCode::bad_nvlist, .nvlist = index.error()}};
    if (keys_.malformed() != 0) {
      return Unexpected{Error{.code = ErrorCode::wrong_type, .key = first_name(keys_.malformed())}};
    }
    if (*index) {
      store_value(out_.token, static_cast<Key>(**index), pair.value);
    } else {
      out_.unknown_keys.emplace_back(pair.name);
    }
    return {};
  }

  Result<DecodedToken, Error> finish() {
    const std::uint32_t missing = kRequiredKeys & ~keys_.present();
    if (missing != 0) {
      return Unexpected{Error{.code = ErrorCode::missing_key, .key = first_name(missing)}};
    }
    out_.encoding = reader_.encoding();
    out_.packed_bytes = reader_.consumed();
    return std::move(out_);
  }

  Reader reader_;
  KeyTracker keys_{kRules};
  DecodedToken out_;
};

Unexpected<Error> mismatch(const TextForm& form, ByteOrder order) {
  return Unexpected{Error{.code = ErrorCode::checksum_mismatch,
                          .found = checksum_of(form.compressed, order),
                          .limit = form.checksum}};
}

bool sums_up(const TextForm& form, ByteOrder order) {
  return checksum_of(form.compressed, order) == form.checksum;
}

// A native list says in which order its producer summed, and no host could use a token that was
// summed in the other one. An XDR list is read everywhere, so there the checksum decides.
Result<ByteOrder, Error> order_of(const TextForm& form, const Reader& list) {
  const ByteOrder stated = list.producer_order();
  if (sums_up(form, stated)) return stated;
  if (list.encoding() == Encoding::native) return mismatch(form, stated);
  return opposite(stated);
}

}  // namespace

Result<DecodedToken, Error> decode(std::string_view text) {
  const auto form = read_text(text);
  if (!form) return Unexpected{form.error()};
  if (!sums_up(*form, ByteOrder::little) && !sums_up(*form, ByteOrder::big)) {
    return mismatch(*form, ByteOrder::little);
  }
  const auto packed = inflated(form->compressed, form->packed_bytes);
  if (!packed) return Unexpected{packed.error()};
  const auto reader = Reader::open(*packed);
  if (!reader) return Unexpected{Error{.code = ErrorCode::bad_nvlist, .nvlist = reader.error()}};
  if (reader->nvflag() != kUniqueNames) {
    return Unexpected{Error{.code = ErrorCode::names_not_unique, .found = reader->nvflag()}};
  }
  const auto order = order_of(*form, *reader);
  if (!order) return Unexpected{order.error()};
  auto decoded = ListDecoder(*reader).decode();
  if (!decoded) return decoded;
  // Bytes behind the list: as behind the compressed data, receivers write none.
  if (decoded->packed_bytes != form->packed_bytes) {
    return Unexpected{Error{.code = ErrorCode::bytes_behind_list,
                            .found = decoded->packed_bytes,
                            .limit = form->packed_bytes}};
  }
  decoded->producer_order = *order;
  return decoded;
}

}  // namespace zsluice::token
