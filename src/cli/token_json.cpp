// SPDX-License-Identifier: BSD-2-Clause
#include "cli/token_json.hpp"

#include "zsluice/base/hex.hpp"
#include "zsluice/base/number_text.hpp"

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

namespace zsluice::cli {
namespace {

using Json = nlohmann::json;
using token::Token;
namespace key = token::key;

void write_guids(JsonWriter& json,
                 std::string_view name,
                 const std::optional<std::vector<std::uint64_t>>& guids) {
  if (!guids) return json.null(name);
  json.open_array(name);
  for (const std::uint64_t guid : *guids) {
    json.guid({}, guid);
  }
  json.close_array();
}

// Reads members, and remembers the first that cannot be read.
class TokenReader {
 public:
  explicit TokenReader(const Json& object) : object_(object) {}

  void number(std::string_view name, std::uint64_t& into, bool is_required = true) {
    const Json* const member = find(name);
    if (member == nullptr) return is_required ? fail(name, "is missing") : void();
    if (const auto found = as_number(*member)) {
      into = *found;
    } else {
      fail(name, "is not a 64-bit number");
    }
  }

  void flag(std::string_view name, bool& into) {
    const Json* const member = find(name);
    if (member == nullptr) return;
    if (!member->is_boolean()) return fail(name, "is neither true nor false");
    into = member->get<bool>();
  }

  void guids(std::string_view name, std::optional<std::vector<std::uint64_t>>& into) {
    const Json* const member = find(name);
    if (member == nullptr) return;
    if (!member->is_array()) return fail(name, "is not a list of guids");
    into.emplace();
    for (const Json& item : *member) {
      const auto guid = as_number(item);
      if (!guid) return fail(name, "is not a list of guids");
      into->push_back(*guid);
    }
  }

  // The exact bytes, where the text could not hold them.
  void name(std::string& into) {
    const Json* const member = find(key::kToname);
    if (member == nullptr) return fail(key::kToname, "is missing");
    if (!member->is_string()) return fail(key::kToname, "is not a text");
    into = member->get<std::string>();
    const std::string hex_name = std::string(key::kToname) + "_hex";
    if (const Json* const hex = find(hex_name)) {
      const auto bytes = hex->is_string() ? from_hex(hex->get<std::string>()) : std::nullopt;
      if (!bytes) return fail(hex_name, "is not a text of hex digits");
      into = *bytes;
    }
    if (into.find('\0') != std::string::npos) fail(key::kToname, "holds a NUL");
  }

  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  // Null counts as absent: that is how absent things are written.
  [[nodiscard]] const Json* find(std::string_view name) const {
    const auto found = object_.find(std::string(name));
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  [[nodiscard]] static std::optional<std::uint64_t> as_number(const Json& value) {
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    if (!value.is_string()) return std::nullopt;
    const auto number = parse_u64(value.get_ref<const std::string&>());
    return number ? std::optional(*number) : std::nullopt;
  }
  [[nodiscard]] static std::optional<std::string> from_hex(const std::string& digits) {
    if (digits.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      const auto high = hex_digit_value(digits[i]);
      const auto low = hex_digit_value(digits[i + 1]);
      if (!high || !low) return std::nullopt;
      bytes += static_cast<char>(*high << 4U | *low);
    }
    return bytes;
  }
  void fail(std::string_view name, std::string_view why) {
    if (error_.empty()) error_ = '"' + std::string(name) + "\" " + std::string(why);
  }

  const Json& object_;
  std::string error_;
};

}  // namespace

void write_token(JsonWriter& json, const Token& token) {
  json.open_object("token");
  json.foreign(key::kToname, token.toname);
  json.guid(key::kToguid, token.toguid);
  json.guid(key::kFromguid, token.fromguid.value_or(0));
  json.number(key::kObject, token.object);
  json.number(key::kOffset, token.offset);
  json.number(key::kBytes, token.bytes);
  json.boolean(key::kLargeBlockOk, token.large_block_ok);
  json.boolean(key::kEmbedOk, token.embed_ok);
  json.boolean(key::kCompressOk, token.compress_ok);
  json.boolean(key::kRawOk, token.raw_ok);
  json.boolean(key::kSavedOk, token.saved_ok);
  write_guids(json, key::kRedactSnaps, token.redact_snaps);
  write_guids(json, key::kBookRedactSnaps, token.book_redact_snaps);
  json.close_object();
}

Result<Token, std::string> read_token_json(std::string_view text) {
  const Json parsed = Json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return Unexpected{std::string("it is not JSON")};
  if (!parsed.is_object()) return Unexpected{std::string("it is not a JSON object")};
  const auto inner = parsed.find("token");
  const bool is_result = inner != parsed.end() && inner->is_object();
  TokenReader reader(is_result ? *inner : parsed);
  Token token;
  std::uint64_t fromguid = 0;
  reader.name(token.toname);
  reader.number(key::kToguid, token.toguid);
  reader.number(key::kFromguid, fromguid, false);
  reader.number(key::kObject, token.object);
  reader.number(key::kOffset, token.offset);
  reader.number(key::kBytes, token.bytes);
  reader.flag(key::kLargeBlockOk, token.large_block_ok);
  reader.flag(key::kEmbedOk, token.embed_ok);
  reader.flag(key::kCompressOk, token.compress_ok);
  reader.flag(key::kRawOk, token.raw_ok);
  reader.flag(key::kSavedOk, token.saved_ok);
  reader.guids(key::kRedactSnaps, token.redact_snaps);
  reader.guids(key::kBookRedactSnaps, token.book_redact_snaps);
  if (!reader.error().empty()) return Unexpected{reader.error()};
  if (fromguid != 0) token.fromguid = fromguid;
  return token;
}

}  // namespace zsluice::cli
