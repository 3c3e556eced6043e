// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/hazards.hpp"

#include <algorithm>

namespace zsluice::drr {
namespace {

struct HazardWords {
  std::string_view name;
  std::string_view text;
};

// In the order of Hazard.
constexpr std::array<HazardWords, kHazards> kWords{{
    {"dedup_stream",
     "This is a deduplicated stream, which no receiver since OpenZFS 2.0 accepts: convert it with "
     "`zstream redup` first."},
    {"saved_stream",
     "This was sent with `zfs send --saved` from a partial receive: it never completes by design, "
     "so receive it with -s and let the rest follow with `zfs send -t`."},
    {"embedded_data",
     "The stream announces embedded blocks (`zfs send -e`, or -w of an unencrypted dataset), and "
     "receivers refuse it below an encrypted dataset (openzfs #8819): send it without -e to go "
     "there."},
    {"spill_flag_missing",
     "The sender is older than 0.8 and does not mark spill blocks: extended attributes can be lost "
     "when it changes a block size (openzfs #8668); compare them after receiving, or update the "
     "sender."},
    {"ivset_guid_missing",
     "The stream carries no IV set guid (errata 4 of pools from before 0.8): receivers refuse an "
     "incremental like that, and each that follows a full stream like that, unless "
     "zfs_disable_ivset_guid_check=1; follow the errata's advice on the sending pool."},
    {"key_version",
     "The encryption keys are of a version that no released receiver accepts (errata 3): copy the "
     "data into a new encrypted dataset on the sender and send that."},
    {"foreign_native_payload",
     "BEGIN's nvlist is in the native form of hosts of the other byte order, which OpenZFS on "
     "hosts "
     "like this one cannot read (openzfs #18360): receive it on such a host, or re-encode it as "
     "XDR."},
    {"large_dnode_unannounced",
     "Objects use large dnodes that BEGIN does not announce: the newest receivers refuse this "
     "stream, so send the snapshot again with a current sender."},
    {"bonus_spill_conflict",
     "A raw object's bonus area does not fit beside its spill block (openzfs #12720): receivers "
     "refuse it; rewrite that file on the sender and take a new snapshot."},
    {"short_tail",
     "A block above 128 KiB is split with a last piece shorter than the rest: older receivers may "
     "refuse it; send with -L, or to a receiver of 2.4.4 or later."},
    {"corrupt_fill",
     "Blocks hold the pattern that a sender puts in place of data it could not read "
     "(zfs_send_corrupt_data): the files they belong to are lost in this copy, so find them on the "
     "sender with `zpool status -v`."},
    {"large_blocks_dropped",
     "An incremental lacks the large_blocks flag that its base has: receivers refuse it "
     "(ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH), older ones may zero files (openzfs #6224); send it "
     "again with -L."},
    {"large_blocks_begun",
     "An incremental has the large_blocks flag that its base lacks: receivers before 2.0 may zero "
     "files (openzfs #6224); receive it with 2.0 or later, and send with -L from now on."},
    {"raw_after_plain",
     "A raw incremental follows a base that was not sent raw: receivers refuse it (openzfs #8758); "
     "begin anew with a raw full stream."},
    {"ivset_guid_mismatch",
     "An incremental does not start from the IV set of its base: receivers refuse it "
     "(IVSET_GUID_MISMATCH, openzfs #8758); take the incremental from the snapshot that was really "
     "received, or begin anew with a full stream."},
}};

constexpr std::uint64_t kGoodKeyVersion = 1;
// What zfs_send_corrupt_data puts in place of an unreadable block (FORMAT.md §H).
constexpr std::uint64_t kCorruptFill = 0x2f5baddb10c;

std::byte fill_byte(std::size_t at, ByteOrder order) {
  const auto place = static_cast<unsigned>(at % sizeof(kCorruptFill));
  const unsigned shift = 8 * (order == ByteOrder::little ? place : 7 - place);
  return static_cast<std::byte>(kCorruptFill >> shift);
}

}  // namespace

std::string_view hazard_name(Hazard hazard) {
  return kWords[static_cast<std::size_t>(hazard)].name;
}

std::string_view hazard_text(Hazard hazard) {
  return kWords[static_cast<std::size_t>(hazard)].text;
}

void HazardDetector::found(Hazard hazard) {
  const std::uint32_t bit = std::uint32_t{1} << static_cast<unsigned>(hazard);
  if ((found_here_ & bit) != 0) return;
  found_here_ |= bit;
  HazardNote& note = notes_[static_cast<std::size_t>(hazard)];
  if (note.substreams++ == 0) note.first_offset = substream_offset_;
}

void HazardDetector::begin_substream(const SubstreamSummary& substream) {
  found_here_ = 0;
  substream_offset_ = substream.stream_offset;
  features_ = substream.features;
  object_ = 0;
  lacks_ivset_guid_ = false;
  may_be_fill_ = false;
  if (has(feature::kDedup | feature::kDedupProps)) found(Hazard::dedup_stream);
  if (has(feature::kEmbedData)) found(Hazard::embedded_data);
  if ((substream.flags & kBeginSpillBlock) == 0) found(Hazard::spill_flag_missing);
  judge_payload(substream);

  const CryptKeydata* crypt =
      substream.payload && substream.payload->crypt ? &*substream.payload->crypt : nullptr;
  const Link link{.toguid = substream.toguid,
                  .to_ivset_guid = crypt != nullptr ? crypt->to_ivset_guid : 0,
                  .is_raw = substream.is_raw(),
                  .has_large_blocks = has(feature::kLargeBlocks)};
  if (substream.fromguid != 0) judge_lineage(substream, link);
  lineage_[next_link_] = link;
  next_link_ = (next_link_ + 1) % lineage_.size();
  links_ = std::min(links_ + 1, lineage_.size());
}

void HazardDetector::judge_payload(const SubstreamSummary& substream) {
  if (!substream.payload) return;
  const BeginPayload& payload = *substream.payload;
  const bool is_native = payload.encoding == nvlist::Encoding::native;
  if (is_native && payload.producer_order != receiver_order_) found(Hazard::foreign_native_payload);
  if (!substream.is_raw() || !payload.crypt) return;
  const CryptKeydata& crypt = *payload.crypt;
  if (crypt.version != kGoodKeyVersion) found(Hazard::key_version);
  const bool lacks_from = substream.fromguid != 0 && crypt.from_ivset_guid == 0;
  lacks_ivset_guid_ = crypt.to_ivset_guid == 0 || lacks_from;
}

void HazardDetector::judge_lineage(const SubstreamSummary& substream, const Link& link) {
  const Link* base = find_link(substream.fromguid);
  if (base == nullptr) return;
  if (base->has_large_blocks && !link.has_large_blocks) found(Hazard::large_blocks_dropped);
  if (!base->has_large_blocks && link.has_large_blocks) found(Hazard::large_blocks_begun);
  if (!link.is_raw) return;
  if (!base->is_raw) {
    found(Hazard::raw_after_plain);
  } else if (substream.payload && substream.payload->crypt) {
    const std::uint64_t from = substream.payload->crypt->from_ivset_guid;
    const bool both_known = from != 0 && base->to_ivset_guid != 0;
    if (both_known && from != base->to_ivset_guid) found(Hazard::ivset_guid_mismatch);
  }
}

// The latest substream that brought the snapshot; a base lies nearly always just before.
const HazardDetector::Link* HazardDetector::find_link(std::uint64_t toguid) const {
  for (std::size_t back = 1; back <= links_; ++back) {
    const Link& link = lineage_[(next_link_ + lineage_.size() - back) % lineage_.size()];
    if (link.toguid == toguid) return &link;
  }
  return nullptr;
}

void HazardDetector::record(const RecordView& record, std::uint64_t payload_bytes) {
  may_be_fill_ = false;
  const auto type = static_cast<RecordType>(record.type_code());
  if (type == RecordType::object) judge_object(record);
  if (type == RecordType::write && !has(feature::kRaw)) judge_write(record, payload_bytes);
}

void HazardDetector::judge_object(const RecordView& record) {
  const ObjectRecord object = decode_object(record);
  object_ = object.object;
  object_block_bytes_ = object.block_bytes;
  if (object.slots > 1 && !has(feature::kLargeDnode)) found(Hazard::large_dnode_unannounced);
  if (!has(feature::kRaw) || object.bonus_bytes == 0) return;
  // The room that the further block pointers and the spill pointer leave (FORMAT.md §A.4).
  const std::uint64_t slots = std::max<std::uint64_t>(object.slots, 1);
  const std::uint64_t capacity = kDnodeSlotBytes * slots - kDnodeFixedBytes;
  const std::uint64_t more_pointers = std::max<std::uint64_t>(object.block_pointers, 1) - 1;
  const bool has_spill = (object.flags & kFlagSpill) != 0;
  const std::uint64_t taken = kBlockPointerBytes * (more_pointers + (has_spill ? 1 : 0));
  if (object.bonus_bytes > object.raw_bonus_bytes || object.raw_bonus_bytes + taken > capacity) {
    found(Hazard::bonus_spill_conflict);
  }
}

void HazardDetector::judge_write(const RecordView& record, std::uint64_t payload_bytes) {
  const WriteRecord write = decode_write(record);
  const bool is_split = !has(feature::kLargeBlocks) && object_block_bytes_ == kOldBlockBytesMax &&
                        write.object == object_ && write.offset > 0;
  if (is_split && write.logical_bytes < object_block_bytes_) found(Hazard::short_tail);
  may_be_fill_ = payload_bytes > 0;
  fill_at_ = 0;
  fill_order_ = record.order();
}

// Nearly every payload is told apart at its first byte.
void HazardDetector::payload(ByteSpan piece, std::uint64_t bytes_left) {
  if (!may_be_fill_) return;
  for (const std::byte byte : piece) {
    if (byte != fill_byte(fill_at_++, fill_order_)) {
      may_be_fill_ = false;
      return;
    }
  }
  if (bytes_left == 0) found(Hazard::corrupt_fill);
}

void HazardDetector::end_substream(const SubstreamSummary& substream) {
  if (!substream.complete && substream.saved) {
    found(Hazard::saved_stream);
  } else if (lacks_ivset_guid_) {  // a partial dataset has none: no trouble in a saved stream
    found(Hazard::ivset_guid_missing);
  }
}

}  // namespace zsluice::drr
