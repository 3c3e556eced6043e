// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/judge_key.hpp"

#include "pipeline/segment_list.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/store_identity.hpp"
#include "zsluice/store/segment_check.hpp"
#include "zsluice/store/segment_name.hpp"

#include <cstdint>

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

// The first headers, then some of all others and the last, until `add` says that they have nothing
// in common. True: it never did.
template <class Add>
bool ask_all(io::StoreFiles& files, Add add) {
  for (const SegmentHeader& header : first_headers(files)) {
    if (!add(header)) return false;
  }
  if (files.is_remote()) return true;
  const auto ask = [&](std::uint64_t sequence) {
    const auto header = peek_header(files, sequence);
    return !header || add(*header);
  };
  SegmentList list(files);
  std::optional<std::uint64_t> last;
  while (const auto listed = list.next()) {
    if (listed->error) continue;
    last = listed->sequence;
    if (*last % kAskedApart == 0 && !ask(*last)) return false;
  }
  return !last || ask(*last);
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
    bool is_any = false;
    const bool are_all = ask_all(files, [&is_any](const SegmentHeader& header) {
      is_any = true;
      return header.hmac.has_value();
    });
    is_keyed = is_any && are_all;
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
  const bool is_common =
      ask_all(files, [&foreign](const SegmentHeader& header) { return foreign.add(header); });
  return is_common && foreign.first() ? failure_of(foreign, named) : std::nullopt;
}

}  // namespace zsluice::pipeline
