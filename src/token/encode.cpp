// SPDX-License-Identifier: BSD-2-Clause
#include "token/compression.hpp"
#include "token/text_form.hpp"
#include "zsluice/nvlist/writer.hpp"
#include "zsluice/token/token.hpp"

#include <algorithm>

namespace zsluice::token {
namespace {

using Guids = std::optional<std::vector<std::uint64_t>>;

// What the writer leaves to its callers, and no list so large that packing it would be a waste.
bool is_packable(const Token& token) {
  const auto is_short = [](const Guids& guids) {
    return !guids || guids->size() <= kPackedBytesMax / sizeof(std::uint64_t);
  };
  return token.toname.size() <= kPackedBytesMax && token.toname.find('\0') == std::string::npos &&
         is_short(token.redact_snaps) && is_short(token.book_redact_snaps);
}

std::vector<std::byte> packed(const Token& token, nvlist::Form form) {
  std::vector<std::byte> out;
  const auto append_flag = [&](std::string_view name, bool flag) {
    if (flag) nvlist::append_boolean(out, form, name);
  };
  const auto append_guids = [&](std::string_view name, const Guids& guids) {
    if (guids) nvlist::append_u64s(out, form, name, *guids);
  };
  nvlist::append_list_start(out, form);
  if (token.fromguid) nvlist::append_u64(out, form, key::kFromguid, *token.fromguid);
  nvlist::append_u64(out, form, key::kObject, token.object);
  nvlist::append_u64(out, form, key::kOffset, token.offset);
  nvlist::append_u64(out, form, key::kBytes, token.bytes);
  nvlist::append_u64(out, form, key::kToguid, token.toguid);
  nvlist::append_string(out, form, key::kToname, token.toname);
  append_flag(key::kLargeBlockOk, token.large_block_ok);
  append_flag(key::kEmbedOk, token.embed_ok);
  append_flag(key::kCompressOk, token.compress_ok);
  append_flag(key::kRawOk, token.raw_ok);
  append_flag(key::kSavedOk, token.saved_ok);
  append_guids(key::kRedactSnaps, token.redact_snaps);
  append_guids(key::kBookRedactSnaps, token.book_redact_snaps);
  nvlist::append_list_end(out, form);
  return out;
}

}  // namespace

std::optional<std::string> encode(const Token& token, ByteOrder order) {
  if (!is_packable(token)) return std::nullopt;
  const auto list = packed(token, {.encoding = nvlist::Encoding::native, .order = order});
  if (list.size() > kPackedBytesMax) return std::nullopt;
  TextForm form{.packed_bytes = list.size(), .compressed = deflated(list)};
  form.checksum = checksum_of(form.compressed, order);
  return write_text(form);
}

}  // namespace zsluice::token
