// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/judge_key.hpp"

#include "pipeline/segment_list.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/store_identity.hpp"
#include "zsluice/store/segment_check.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace zsluice::pipeline {
namespace {

using storage::SegmentErrorCode;
using storage::SegmentHeader;

constexpr std::uint64_t kAskedApart = 256;

enum class Proof : std::uint8_t { ours, none, other, unclear };

Proof proof_of(const SegmentHeader& header, checksum::HmacSha256& mac) {
  const auto checked = check_header_hmac(header, mac);
  if (checked) return Proof::ours;
  if (checked.error().code == SegmentErrorCode::not_authenticated) return Proof::none;
  return checked.error().code == SegmentErrorCode::wrong_key ? Proof::other : Proof::unclear;
}

// What all segments that were asked have in common, which is not that the key proves them.
class ForeignKey {
 public:
  explicit ForeignKey(checksum::HmacSha256& mac) : mac_(mac) {}

  // False: they have nothing in common.
  [[nodiscard]] bool add(const SegmentHeader& header) {
    const Proof proof = proof_of(header, mac_);
    if (proof != Proof::none && proof != Proof::other) return false;
    if (!first_) {
      first_ = header;
      proof_ = proof;
    }
    // (Without a key, key_id is zero.)
    return proof == proof_ && header.key_id == first_->key_id;
  }

  [[nodiscard]] const std::optional<SegmentHeader>& first() const { return first_; }
  [[nodiscard]] Proof proof() const { return proof_; }

 private:
  checksum::HmacSha256& mac_;
  std::optional<SegmentHeader> first_;
  Proof proof_ = Proof::unclear;
};

bool add_others(io::StoreFiles& files, ForeignKey& foreign) {
  SegmentList list(files);
  std::optional<std::uint64_t> last;
  const auto add = [&](std::uint64_t sequence) {
    const auto header = peek_header(files, sequence);
    return !header || foreign.add(*header);
  };
  while (const auto listed = list.next()) {
    if (listed->error) continue;
    last = listed->sequence;
    if (*last % kAskedApart == 0 && !add(*last)) return false;
  }
  return !last || add(*last);
}

std::optional<StoreFailure> failure_of(const ForeignKey& foreign,
                                       const std::optional<storage::StoreLine>& named) {
  StoreFailure failure;
  if (foreign.proof() == Proof::none) {
    // Plain copies in a store that has a key are damage.
    if (named && named->is_authenticated) return std::nullopt;
    failure.code = StoreFailureCode::not_keyed;
    return failure;
  }
  const SegmentHeader& first = *foreign.first();
  failure.code = StoreFailureCode::wrong_key;
  failure.sequence = first.sequence;
  failure.name = storage::segment_name(first.sequence);
  failure.begin = first.start.offset;
  failure.end = first.end.offset;
  return failure;
}

std::optional<StoreFailure> judge_no_key(io::StoreFiles& files,
                                         const std::optional<storage::StoreLine>& named) {
  bool is_keyed = named && named->is_authenticated;
  if (!is_keyed && !files.is_remote()) {
    const std::vector<SegmentHeader> first = first_headers(files);
    is_keyed = !first.empty() && std::all_of(first.begin(), first.end(), [](const auto& header) {
      return header.hmac.has_value();
    });
  }
  if (!is_keyed) return std::nullopt;
  StoreFailure failure;
  failure.code = StoreFailureCode::key_needed;
  return failure;
}

}  // namespace

std::optional<StoreFailure> judge_key(io::StoreFiles& files,
                                      const std::optional<storage::StoreLine>& named,
                                      KeyInHand key) {
  if (key.mac == nullptr) return key.no_auth ? std::nullopt : judge_no_key(files, named);
  ForeignKey foreign(*key.mac);
  for (const SegmentHeader& header : first_headers(files)) {
    if (!foreign.add(header)) return std::nullopt;
  }
  if (!foreign.first()) return std::nullopt;
  if (!files.is_remote() && !add_others(files, foreign)) return std::nullopt;
  return failure_of(foreign, named);
}

}  // namespace zsluice::pipeline
