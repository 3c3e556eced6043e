// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/target.hpp"

#include "resume/redactions.hpp"

#include <array>

namespace zsluice::resume {
namespace {

namespace feature = drr::feature;

struct FormRule {
  bool Target::*wanted;
  std::uint64_t bit;
  RefusalCode code;
};
constexpr std::array<FormRule, 4> kForm{{
    {&Target::raw, feature::kRaw, RefusalCode::raw_differs},
    {&Target::compressed, feature::kCompressed, RefusalCode::compressed_differs},
    {&Target::large_blocks, feature::kLargeBlocks, RefusalCode::large_blocks_differ},
    {&Target::embedded, feature::kEmbedData, RefusalCode::embedded_differs},
}};

Refusal differs(RefusalCode code, bool wanted, bool found) {
  return {.code = code, .wanted = wanted ? 1U : 0U, .found = found ? 1U : 0U};
}

std::optional<Refusal> refusal_of_features(const Target& target, std::uint64_t features) {
  for (const FormRule& rule : kForm) {
    const bool found = (features & rule.bit) != 0;
    if (target.*rule.wanted != found) return differs(rule.code, target.*rule.wanted, found);
  }
  if ((features & feature::kDedup) != 0) {
    return Refusal{.code = RefusalCode::deduplicated};
  }
  return std::nullopt;
}

}  // namespace

Target target_of(const token::Token& token) {
  return {.toguid = token.toguid,
          .fromguid = token.fromguid.value_or(0),
          .point = {.object = token.object, .offset = token.offset},
          .raw = token.raw_ok,
          .compressed = token.compress_ok,
          .large_blocks = token.large_block_ok,
          .embedded = token.embed_ok,
          .redact_snaps = token.redact_snaps,
          .book_redact_snaps = token.book_redact_snaps};
}

std::optional<Refusal> refusal_of(const Target& target,
                                  const drr::RecordView& begin,
                                  ByteSpan payload) {
  const drr::BeginRecord stored = drr::decode_begin(begin);
  if (const auto refusal = refusal_of_features(target, stored.features)) return refusal;
  drr::BeginPayload list;
  if (!payload.empty()) {
    const auto decoded = drr::decode_begin_payload(payload);
    if (!decoded) {
      return Refusal{.code = RefusalCode::bad_begin_nvlist, .nvlist = decoded.error()};
    }
    list = *decoded;
  }
  if (kept_redactions_of(stored.features, payload) !=
      Redactions{target.redact_snaps, target.book_redact_snaps}) {
    return Refusal{.code = RefusalCode::redacted_differs, .nvlist = {}};
  }
  if ((stored.features & feature::kResuming) == 0) return std::nullopt;
  if (!list.resume) return Refusal{.code = RefusalCode::no_own_point};
  if (!is_before(target.point, *list.resume)) return std::nullopt;
  return Refusal{.code = RefusalCode::before_own_point,
                 .wanted = target.point.object,
                 .found = list.resume->object,
                 .wanted_offset = target.point.offset,
                 .found_offset = list.resume->offset};
}

}  // namespace zsluice::resume
