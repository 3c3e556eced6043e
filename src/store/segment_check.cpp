// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/segment_check.hpp"

#include "base/check.hpp"
#include "store/error_of.hpp"
#include "store/hash_bytes.hpp"
#include "store/mac_labels.hpp"
#include "store/segment_layout.hpp"

#include <algorithm>
#include <vector>

namespace zsluice::storage {
namespace {

using checksum::Xxh3Digest;

// Everything in front of the HMAC itself.
std::optional<checksum::HmacSha256Digest> hmac_of(const EncodedSegmentHeader& header,
                                                  checksum::HmacSha256& mac) {
  mac.update(bytes_of(kSegmentLabel));
  mac.update(ByteSpan(header).first(layout::kHmacAt));
  return mac.finish();
}

// What stands for a segment and all before it, for who does not trust XXH3.
std::optional<checksum::Sha256Digest> chain_digest_of(const checksum::Sha256Digest& previous,
                                                      const SegmentHeader& header) {
  const EncodedSegmentHeader bytes = encode_segment_header(header);
  const ByteSpan content =
      ByteSpan(bytes).subspan(layout::kContentAt, layout::kStorageAt - layout::kContentAt);
  std::vector<std::byte> message;
  for (const ByteSpan part :
       {bytes_of(kChainLabel), ByteSpan(previous), content, ByteSpan(header.raw_digest)}) {
    message.insert(message.end(), part.begin(), part.end());
  }
  return checksum::sha256(message);
}

// Only between segments that have an HMAC: who has a key refuses others before.
std::optional<SegmentError> digest_problem(const std::optional<SegmentHeader>& previous,
                                           const SegmentHeader& next) {
  using enum SegmentErrorCode;
  if (!next.hmac || (previous && !previous->hmac)) return std::nullopt;
  const auto digest =
      chain_digest_of(previous ? previous->chain_digest : checksum::Sha256Digest{}, next);
  if (!digest) return error_of(hmac_unavailable, layout::kChainDigestAt);
  if (*digest == next.chain_digest) return std::nullopt;
  return error_of(wrong_chain_digest, layout::kChainDigestAt);
}

// `expected`: the number that belongs here.
std::optional<SegmentError> sequence_problem(std::uint64_t expected, const SegmentHeader& next) {
  if (next.sequence == expected) return std::nullopt;
  return error_of(SegmentErrorCode::misplaced, layout::kSequenceAt, expected, next.sequence);
}

std::optional<SegmentError> store_problem(const Xxh3Digest& expected, const SegmentHeader& next) {
  if (next.store_id == expected) return std::nullopt;
  return error_of(SegmentErrorCode::foreign, layout::kStoreIdAt, expected, next.store_id);
}

std::optional<SegmentError> link_problem(const SegmentHeader& previous, const SegmentHeader& next) {
  using enum SegmentErrorCode;
  if (const auto problem = store_problem(previous.store_id, next)) return problem;
  if (previous.is_last && next.sequence > previous.sequence) {
    return error_of(after_last, layout::kSequenceAt, previous.sequence, next.sequence);
  }
  if (const auto problem = sequence_problem(previous.sequence + 1, next)) return problem;
  if (next.settings.segment_bytes != previous.settings.segment_bytes) {
    return error_of(wrong_settings, layout::kTargetAt, previous.settings.segment_bytes,
                    next.settings.segment_bytes);
  }
  if (next.start.offset != previous.end.offset) {
    return error_of(wrong_offset, layout::kStartAt, previous.end.offset, next.start.offset);
  }
  if (next.start != previous.end) {
    return error_of(wrong_position, layout::kStartAt, previous.end.records, next.start.records);
  }
  if (next.previous_hash != previous.content_hash) {
    return error_of(broken_chain, layout::kPreviousHashAt, previous.content_hash,
                    next.previous_hash);
  }
  return std::nullopt;
}

Result<void, SegmentError> result_of(const std::optional<SegmentError>& problem) {
  if (problem) return Unexpected{*problem};
  return {};
}

}  // namespace

Result<void, SegmentError> check_place(const SegmentHeader& header, std::uint64_t number) {
  return result_of(sequence_problem(number, header));
}

PayloadHashes::PayloadHashes(bool with_digest) {
  if (with_digest) digest_.emplace();
}

void PayloadHashes::update(ByteSpan piece) {
  bytes_ += piece.size();
  hash_.update(piece);
  if (digest_) digest_->update(piece);
}

Result<void, SegmentError> PayloadHashes::check_digest(const SegmentHeader& header,
                                                       const checksum::Sha256Digest& expected,
                                                       std::size_t at) {
  using enum SegmentErrorCode;
  if (!digest_) return {};
  if (!header.hmac) return Unexpected{error_of(not_authenticated, layout::kStorageFlagsAt)};
  const auto digest = digest_->finish();
  if (!digest) return Unexpected{error_of(hmac_unavailable, at)};
  if (*digest == expected) return {};
  return Unexpected{error_of(wrong_digest, at)};
}

Result<void, SegmentError> PayloadHashes::check_stored(const SegmentHeader& header) {
  using enum SegmentErrorCode;
  if (bytes_ != header.stored_bytes) {
    return Unexpected{
        error_of(wrong_stored_size, kSegmentHeaderBytes, header.stored_bytes, bytes_)};
  }
  const Xxh3Digest found = hash_.digest();
  if (found != header.payload_hash) {
    return Unexpected{error_of(payload_damaged, kSegmentHeaderBytes, header.payload_hash, found)};
  }
  return check_digest(header, header.payload_digest, layout::kPayloadDigestAt);
}

Result<void, SegmentError> PayloadHashes::check_raw(const SegmentHeader& header) {
  const Xxh3Digest found = hash_.digest();
  if (bytes_ != header.raw_bytes || found != header.raw_hash) {
    return Unexpected{
        error_of(SegmentErrorCode::raw_damaged, kSegmentHeaderBytes, header.raw_hash, found)};
  }
  return check_digest(header, header.raw_digest, layout::kRawDigestAt);
}

Result<void, SegmentError> check_payload(const SegmentHeader& header,
                                         ByteSpan stored,
                                         bool with_digest) {
  PayloadHashes hashes(with_digest);
  hashes.update(stored);
  return hashes.check_stored(header);
}

Result<void, SegmentError> check_raw(const SegmentHeader& header, ByteSpan raw, bool with_digest) {
  PayloadHashes hashes(with_digest);
  hashes.update(raw);
  return hashes.check_raw(header);
}

std::optional<KeyId> key_id_of(checksum::HmacSha256& mac) {
  mac.update(bytes_of(kKeyLabel));
  const auto digest = mac.finish();
  if (!digest) return std::nullopt;
  KeyId id;
  std::copy_n(digest->begin(), id.size(), id.begin());
  return id;
}

Result<void, SegmentError> check_header_hmac(const SegmentHeader& header,
                                             checksum::HmacSha256& mac) {
  using enum SegmentErrorCode;
  if (!header.hmac) return Unexpected{error_of(not_authenticated, layout::kStorageFlagsAt)};
  const auto key_id = key_id_of(mac);
  const auto computed = hmac_of(encode_segment_header(header), mac);
  if (!key_id || !computed) return Unexpected{error_of(hmac_unavailable, layout::kHmacAt)};
  if (checksum::equal_in_constant_time(*computed, *header.hmac)) return {};
  if (*key_id != header.key_id) return Unexpected{error_of(wrong_key, layout::kKeyIdAt)};
  return Unexpected{error_of(wrong_hmac, layout::kHmacAt)};
}

Result<void, SegmentError> check_link(const SegmentHeader& previous, const SegmentHeader& next) {
  auto problem = link_problem(previous, next);
  if (!problem) problem = digest_problem(previous, next);
  return result_of(problem);
}

Result<void, SegmentError> SegmentChain::check(const SegmentHeader& next) {
  std::optional<SegmentError> problem = store_problem(store_id_, next);
  if (!problem) problem = last_ ? link_problem(*last_, next) : sequence_problem(0, next);
  if (!problem) problem = digest_problem(last_, next);
  if (!problem) last_ = next;
  return result_of(problem);
}

Result<EncodedSegmentHeader, SegmentError> SegmentChain::append(SegmentHeader& next,
                                                                checksum::HmacSha256* mac) {
  using enum SegmentErrorCode;
  SegmentHeader header = next;
  header.store_id = store_id_;
  header.previous_hash = last_ ? last_->content_hash : Xxh3Digest{};
  header.hmac.reset();
  header.chain_digest = {};
  if (mac == nullptr) {
    header.key_id = {};
    header.payload_digest = {};
    header.raw_digest = {};
  } else {
    ZSLUICE_CHECK(header.payload_digest != checksum::Sha256Digest{});
    const auto key_id = key_id_of(*mac);
    if (!key_id) return Unexpected{error_of(hmac_unavailable, layout::kKeyIdAt)};
    header.key_id = *key_id;
    header.hmac.emplace();  // sets the flag, which the HMAC covers
    const auto digest =
        chain_digest_of(last_ ? last_->chain_digest : checksum::Sha256Digest{}, header);
    if (!digest) return Unexpected{error_of(hmac_unavailable, layout::kChainDigestAt)};
    header.chain_digest = *digest;
    header.hmac = hmac_of(encode_segment_header(header), *mac);
    if (!header.hmac) return Unexpected{error_of(hmac_unavailable, layout::kHmacAt)};
  }
  const EncodedSegmentHeader bytes = encode_segment_header(header);
  header.content_hash = content_hash_of(bytes);
  header.header_hash = hash_at(bytes.data() + layout::kHeaderHashAt);
  // Nothing is written that could not be read.
  const auto decoded = decode_segment_header(bytes);
  if (!decoded) return Unexpected{decoded.error()};
  ZSLUICE_CHECK(*decoded == header);
  if (const auto link = check(header); !link) return Unexpected{link.error()};
  next = header;
  return bytes;
}

Xxh3Digest store_id_of(ByteSpan raw) {
  ZSLUICE_CHECK(raw.size() >= drr::kRecordBytes);
  const auto order = drr::begin_byte_order(raw.data());
  ZSLUICE_CHECK(order.has_value());
  const std::uint64_t payload = drr::RecordView(raw.data(), *order).begin_payload_length();
  ZSLUICE_CHECK(payload <= raw.size() - drr::kRecordBytes);
  return checksum::xxh3(raw.first(drr::kRecordBytes + static_cast<std::size_t>(payload)));
}

}  // namespace zsluice::storage
