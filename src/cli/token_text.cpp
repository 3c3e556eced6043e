// SPDX-License-Identifier: BSD-2-Clause
#include "cli/token_text.hpp"

#include "cli/text_layout.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace zsluice::cli {
namespace {

using token::DecodedToken;
using token::ErrorCode;
using token::RefusalCode;
using token::Token;

std::string in_quotes(std::string_view foreign) {
  return '"' + escaped(foreign) + '"';
}

std::string flags_text(const Token& token) {
  std::string text;
  const auto add = [&](bool is_set, std::string_view name) {
    if (!is_set) return;
    if (!text.empty()) text += ' ';
    text += name;
  };
  add(token.large_block_ok, token::key::kLargeBlockOk);
  add(token.embed_ok, token::key::kEmbedOk);
  add(token.compress_ok, token::key::kCompressOk);
  add(token.raw_ok, token::key::kRawOk);
  add(token.saved_ok, token::key::kSavedOk);
  return text.empty() ? "none" : text;
}

// Of what can be many, so many are shown.
constexpr std::size_t kShownMax = 16;

std::string and_more(std::size_t count) {
  return count > kShownMax ? fmt::format(" and {} more", count - kShownMax) : std::string();
}

std::string guids_text(const std::vector<std::uint64_t>& guids) {
  if (guids.empty()) return "an empty list";
  const std::size_t shown = std::min(guids.size(), kShownMax);
  return fmt::format("{}{}",
                     fmt::join(guids.begin(), guids.begin() + static_cast<long>(shown), " "),
                     and_more(guids.size()));
}

std::string packing_text(const DecodedToken& decoded) {
  const bool is_little = decoded.producer_order == ByteOrder::little;
  return fmt::format(
      "{}, from a {} machine, {}", decoded.encoding == nvlist::Encoding::native ? "native" : "XDR",
      is_little ? "little-endian" : "big-endian", counted(decoded.packed_bytes, "byte"));
}

std::string unknown_text(const DecodedToken& decoded) {
  std::string text;
  for (const std::string& name : decoded.unknown_keys) {
    if (&name == &decoded.unknown_keys.front() + kShownMax) break;
    if (!text.empty()) text += ' ';
    text += in_quotes(name);
  }
  return text + and_more(decoded.unknown_keys.size());
}

std::string from_text(const Token& token) {
  return token.fromguid ? fmt::format("guid {}", *token.fromguid) : "nothing (full)";
}

// What is wrong, without the consequence.
std::string reason_of(const token::Error& error) {
  switch (error.code) {
    case ErrorCode::empty:
      return "there is no token";
    case ErrorCode::text_too_long:
      return fmt::format("it is longer than any token: more than {} characters", error.limit);
    case ErrorCode::malformed:
      return fmt::format("a token has four parts with '-' between them, this has {}", error.found);
    case ErrorCode::bad_number:
      return fmt::format("part {} is no number as tokens have it", error.found);
    case ErrorCode::unsupported_version:
      return fmt::format("its version is {}; only 1 is known", error.found);
    case ErrorCode::length_too_large:
      return fmt::format("it claims to unpack to {} bytes; {} are the most that is accepted",
                         error.found, error.limit);
    case ErrorCode::bad_digit:
      return fmt::format("character {} is no hex digit", error.found + 1);
    case ErrorCode::odd_digits:
      return fmt::format("its data has {} hex digits, an odd number", error.found);
    case ErrorCode::checksum_mismatch:
      return fmt::format("checksum mismatch: it says {:x}, its data sums to {:x}", error.limit,
                         error.found);
    case ErrorCode::bad_compression:
      return "its data cannot be uncompressed";
    case ErrorCode::wrong_length:
      return error.found > error.limit
                 ? fmt::format("its data unpacks to more than the {} bytes it claims", error.limit)
                 : fmt::format("its data unpacks to {} bytes, it claims {}", error.found,
                               error.limit);
    case ErrorCode::bad_nvlist:
      return fmt::format("its nvlist cannot be read at byte {}", error.nvlist.offset);
    case ErrorCode::nested_list:
      return fmt::format("its nvlist holds another one at byte {}, as no token does", error.found);
    case ErrorCode::wrong_type:
      return fmt::format("its \"{}\" is of another type than receivers give it", error.key);
    case ErrorCode::names_not_unique:
      return fmt::format("its nvlist has flags 0x{:x}, which no receiver's has", error.found);
    case ErrorCode::missing_key:
      return fmt::format("it has no \"{}\"", error.key);
    case ErrorCode::bytes_behind_list:
      return fmt::format("its nvlist ends after {} of the {} bytes it unpacks to", error.found,
                         error.limit);
  }
  return {};
}

}  // namespace

std::string token_screen(const DecodedToken& decoded) {
  const Token& token = decoded.token;
  std::string text;
  const auto line = [&](std::string_view label, std::string_view value) {
    text += labelled_whole(label, value);
  };
  line("snapshot", fmt::format("{}, guid {}", in_quotes(token.toname), token.toguid));
  line("from", from_text(token));
  line("resumes at", fmt::format("object {}, offset {}", token.object, token.offset));
  line("received", fmt::format("{} in all attempts", counted(token.bytes, "byte")));
  line("flags", flags_text(token));
  if (token.redact_snaps) line("redacted by", guids_text(*token.redact_snaps));
  if (token.book_redact_snaps) line("from redacted by", guids_text(*token.book_redact_snaps));
  line("nvlist", packing_text(decoded));
  if (!decoded.unknown_keys.empty()) line("unknown keys", unknown_text(decoded));
  line("would send", would_send_raw(token) ? "a raw stream" : "plaintext");
  return text;
}

std::string_view code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::empty:
      return "empty";
    case ErrorCode::text_too_long:
      return "text_too_long";
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::bad_number:
      return "bad_number";
    case ErrorCode::unsupported_version:
      return "unsupported_version";
    case ErrorCode::length_too_large:
      return "length_too_large";
    case ErrorCode::bad_digit:
      return "bad_digit";
    case ErrorCode::odd_digits:
      return "odd_digits";
    case ErrorCode::checksum_mismatch:
      return "checksum_mismatch";
    case ErrorCode::bad_compression:
      return "bad_compression";
    case ErrorCode::wrong_length:
      return "wrong_length";
    case ErrorCode::bad_nvlist:
      return "bad_nvlist";
    case ErrorCode::nested_list:
      return "nested_list";
    case ErrorCode::wrong_type:
      return "wrong_type";
    case ErrorCode::names_not_unique:
      return "names_not_unique";
    case ErrorCode::missing_key:
      return "missing_key";
    case ErrorCode::bytes_behind_list:
      return "bytes_behind_list";
  }
  return {};
}

std::string_view code_of(RefusalCode code) {
  switch (code) {
    case RefusalCode::not_raw:
      return "not_raw";
    case RefusalCode::unexpected_toguid:
      return "unexpected_toguid";
    case RefusalCode::unexpected_fromguid:
      return "unexpected_fromguid";
    case RefusalCode::unexpected_name:
      return "unexpected_name";
    case RefusalCode::impossible_name:
      return "impossible_name";
    case RefusalCode::no_snapshot_name:
      return "no_snapshot_name";
    case RefusalCode::redacted:
      return "redacted";
    case RefusalCode::saved:
      return "saved";
    case RefusalCode::embedded_raw:
      return "embedded_raw";
    case RefusalCode::impossible_position:
      return "impossible_position";
    case RefusalCode::unknown_key:
      return "unknown_key";
  }
  return {};
}

std::string token_error_text(std::string_view head, const token::Error& error) {
  std::string text = fmt::format("{}damaged: {}\n", head, reason_of(error));
  if (error.code == ErrorCode::empty) {
    return text +
           "  A dataset has one only after an interrupted `zfs receive -s`: "
           "`zfs get -H -o value receive_resume_token DATASET`.\n";
  }
  return text + "  Resume by no part of it: take it again from the receiver.\n";
}

std::string token_refusal_text(std::string_view head,
                               const token::Refusal& refusal,
                               const DecodedToken& decoded,
                               const token::Expectations& expected) {
  const Token& token = decoded.token;
  const auto reason = [&]() -> std::string {
    switch (refusal.code) {
      case RefusalCode::not_raw:
        return "it does not ask for a raw stream: `zfs send -t` would send plaintext\n"
               "  A receiver can make any token. --allow-plaintext accepts such ones.";
      case RefusalCode::unexpected_toguid:
        return fmt::format("it asks for snapshot guid {}, expected {}", refusal.found,
                           refusal.expected);
      case RefusalCode::unexpected_fromguid:
        return fmt::format("it starts from snapshot guid {}, expected {}{}", refusal.found,
                           refusal.expected, refusal.expected == 0 ? " (a full stream)" : "");
      case RefusalCode::unexpected_name:
        return fmt::format("it asks for {}, which does not match --expect-name {}",
                           in_quotes(token.toname), in_quotes(expected.name.value_or("")));
      case RefusalCode::impossible_name:
        return fmt::format("its name has {} bytes, and no snapshot's has more than {}",
                           refusal.found, refusal.expected);
      case RefusalCode::no_snapshot_name:
        return fmt::format("{} is no name that a snapshot can have", in_quotes(token.toname));
      case RefusalCode::redacted:
        return "it asks for a redacted stream, and those are never raw";
      case RefusalCode::saved:
        return "it asks for a saved stream, not for a snapshot";
      case RefusalCode::embedded_raw:
        return "it asks for raw and for embedded blocks, which no stream has at once";
      case RefusalCode::impossible_position:
        return fmt::format("no stream has its position, object {}, offset {}", token.object,
                           token.offset);
      case RefusalCode::unknown_key:
        return fmt::format("it holds what nobody asked for: {}", unknown_text(decoded));
    }
    return {};
  };
  return fmt::format("{}refused: {}\n  Nothing should be sent by this token.\n", head, reason());
}

std::string plaintext_warning(std::string_view head, const Token& token, TokenMaker maker) {
  return fmt::format(
      "{}warning: no rawok: `zfs send -t` sends the plaintext of {} for this token\n{}", head,
      in_quotes(token.toname),
      maker == TokenMaker::receiver
          ? "  If what was interrupted was a raw send, the receiver changed the token.\n"
          : "");
}

}  // namespace zsluice::cli
