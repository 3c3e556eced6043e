// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/token/vet.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <string_view>

namespace zsluice::token {
namespace {

using Verdict = std::optional<Refusal>;

Refusal refusal(RefusalCode code, std::uint64_t found = 0, std::uint64_t expected = 0) {
  return {.code = code, .found = found, .expected = expected};
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What ZFS takes: a pool's name begins with a letter, and one @ stands before the snapshot's.
bool is_snapshot_name(std::string_view name) {
  const auto is_known = [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("/@-_.: %").find(c) != std::string_view::npos;
  };
  const std::size_t at = name.find('@');
  return at != std::string_view::npos && at + 1 < name.size() && is_letter(name.front()) &&
         name.find('@', at + 1) == std::string_view::npos && std::ranges::all_of(name, is_known);
}

Verdict vet_lineage(const Token& token, const Expectations& expectations) {
  if (expectations.toguid && token.toguid != *expectations.toguid) {
    return refusal(RefusalCode::unexpected_toguid, token.toguid, *expectations.toguid);
  }
  // libzfs, too, takes a fromguid of 0 for none.
  const std::uint64_t fromguid = token.fromguid.value_or(0);
  if (expectations.fromguid && fromguid != *expectations.fromguid) {
    return refusal(RefusalCode::unexpected_fromguid, fromguid, *expectations.fromguid);
  }
  // Before the glob sees it, which a hostile name could keep busy.
  if (token.toname.size() > kNameBytesMax) {
    return refusal(RefusalCode::impossible_name, token.toname.size(), kNameBytesMax);
  }
  if (expectations.name && fnmatch(expectations.name->c_str(), token.toname.c_str(), 0) != 0) {
    return refusal(RefusalCode::unexpected_name);
  }
  if (!is_snapshot_name(token.toname)) return refusal(RefusalCode::no_snapshot_name);
  return std::nullopt;
}

Verdict vet_flags(const Token& token) {
  const bool redacted = token.redact_snaps || token.book_redact_snaps;
  if (redacted && token.raw_ok) return refusal(RefusalCode::redacted);
  if (token.saved_ok) return refusal(RefusalCode::saved);
  if (token.embed_ok && token.raw_ok) return refusal(RefusalCode::embedded_raw);
  return std::nullopt;
}

Verdict vet_position(const Token& token) {
  if (token.object == 0 || token.object > kObjectLast) {
    return refusal(RefusalCode::impossible_position, token.object, kObjectLast);
  }
  if (token.offset > kOffsetLast) {
    return refusal(RefusalCode::impossible_position, token.offset, kOffsetLast);
  }
  return std::nullopt;
}

}  // namespace

Verdict vet(const DecodedToken& decoded, const Expectations& expectations) {
  const Token& token = decoded.token;
  if (!expectations.allow_plaintext && !would_send_raw(token)) {
    return refusal(RefusalCode::not_raw);
  }
  if (Verdict verdict = vet_lineage(token, expectations)) return verdict;
  if (Verdict verdict = vet_flags(token)) return verdict;
  if (Verdict verdict = vet_position(token)) return verdict;
  if (!decoded.unknown_keys.empty()) {
    return refusal(RefusalCode::unknown_key, decoded.unknown_keys.size());
  }
  return std::nullopt;
}

}  // namespace zsluice::token
