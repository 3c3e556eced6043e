// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/stitch.hpp"

#include "resume/place.hpp"
#include "resume/redactions.hpp"
#include "zsluice/nvlist/walk.hpp"

#include <utility>

namespace zsluice::resume {
namespace {

namespace feature = drr::feature;
using drr::RecordView;
using drr::Role;

constexpr std::uint32_t bit(Place place) {
  return std::uint32_t{1} << static_cast<unsigned>(place);
}
constexpr std::uint32_t kObjectHeads =
    bit(Place::range) | bit(Place::object) | bit(Place::tail_free) | bit(Place::old_spill);
constexpr std::uint32_t kAllHeads = kObjectHeads | bit(Place::free_objects);

Result<drr::BeginPayload, Refusal> read_payload(ByteSpan payload) {
  if (payload.empty()) return drr::BeginPayload{};
  const auto decoded = drr::decode_begin_payload(payload);
  if (decoded) return *decoded;
  return Unexpected{Refusal{.code = RefusalCode::bad_begin_nvlist, .nvlist = decoded.error()}};
}

std::optional<std::uint64_t> key_guid_of(const drr::BeginPayload& list) {
  if (!list.crypt || !list.crypt->has(drr::CryptKey::key_guid)) return std::nullopt;
  return list.crypt->key_guid;
}

std::array<std::byte, 32> portable_mac_of(ByteSpan payload) {
  std::array<std::byte, 32> mac{};
  auto reader = nvlist::Reader::open(payload, nvlist::kKernelDepthMax);
  if (!reader) return mac;
  const auto take_key = [&mac](const nvlist::Event& pair) -> Result<void, nvlist::Error> {
    if (pair.name == "portable_mac") static_cast<void>(pair.value.copy_bytes(mac));
    return {};
  };
  const auto done =
      nvlist::for_each_pair(*reader, [&](const nvlist::Event& pair) -> Result<void, nvlist::Error> {
        if (pair.name != "crypt_keydata") return {};
        return nvlist::for_each_pair_of(*reader, pair, take_key);
      });
  static_cast<void>(done);
  return mac;
}

Refusal refusal(RefusalCode code, std::uint64_t wanted = 0, std::uint64_t found = 0) {
  return {.code = code, .wanted = wanted, .found = found};
}

Refusal refusal_at(RefusalCode code, drr::ResumePoint wanted, drr::ResumePoint found) {
  return {.code = code,
          .wanted = wanted.object,
          .found = found.object,
          .wanted_offset = wanted.offset,
          .found_offset = found.offset};
}

Stitcher::Answer nothing() {
  return std::optional<Piece>{};
}

}  // namespace

Result<void, Refusal> Stitcher::start(const RecordView& begin, ByteSpan payload) {
  const drr::BeginRecord record = drr::decode_begin(begin);
  const auto list = read_payload(payload);
  if (!list) return Unexpected{list.error()};
  if ((record.features & feature::kResuming) == 0) {
    return Unexpected{refusal(RefusalCode::not_a_continuation)};
  }
  if (!list->resume) return Unexpected{refusal(RefusalCode::no_own_point)};
  if ((record.features & feature::kDedup) != 0) {
    return Unexpected{refusal(RefusalCode::deduplicated)};
  }
  point_ = *list->resume;
  continuation_ = {.order = begin.order(),
                   .toguid = record.toguid,
                   .fromguid = record.fromguid,
                   .features = record.features & ~feature::kResuming,
                   .key_guid = key_guid_of(*list),
                   .encrypted = encrypted_of(*list, payload),
                   .redact_snaps = {},
                   .redact_from_snaps = {}};
  Redactions lists = redactions_of(payload);
  continuation_.redact_snaps = std::move(lists.snaps);
  continuation_.redact_from_snaps = std::move(lists.from_snaps);
  return {};
}

Stitcher::Answer Stitcher::add_partial(Role role, const RecordView& record, ByteSpan payload) {
  switch (role) {
    case Role::package_begin:
      in_package_ = true;
      break;
    case Role::substream_begin:
      if (phase_ == Phase::before) return begin_partial(record, payload);
      break;
    case Role::body:
      if (phase_ != Phase::before) return add_partial_body(record, payload);
      break;
    case Role::substream_end:
      if (phase_ == Phase::before) break;
      return Unexpected{refusal(RefusalCode::nothing_missing)};
    case Role::package_end:
      in_package_ = false;  // another stream may stand behind it
      break;
    case Role::package_header_end:
      break;
  }
  return std::optional(keep(record, payload));
}

Stitcher::Answer Stitcher::begin_partial(const RecordView& record, ByteSpan payload) {
  const drr::BeginRecord begin = drr::decode_begin(record);
  last_toguid_ = begin.toguid;
  if (begin.toguid == continuation_.toguid) {
    if (begin.fromguid == continuation_.fromguid) {
      if (const auto refused = refusal_of_partial(record, payload)) return Unexpected{*refused};
      phase_ = Phase::inside;
      met_snapshot_ = true;
      // Behind (1, 0), where receivers begin, nothing can be missing.
      end_ = {.object = 1, .offset = 0};
      reaches_point_ = !is_before(end_, point_);
      const auto list = read_payload(payload);
      if (list && list->resume) {
        end_ = *list->resume;
        if (end_ == point_) reaches_point_ = true;
      }
    } else {
      other_origin_ = begin.fromguid;
    }
  }
  writer_ = RecordWriter(record.order());
  return std::optional(keep(record, payload));
}

Stitcher::Encrypted Stitcher::encrypted_of(const drr::BeginPayload& list, ByteSpan payload) {
  if (!list.crypt) return {};
  return {.to_ivset_guid = list.crypt->to_ivset_guid,
          .from_ivset_guid = list.crypt->from_ivset_guid,
          .portable_mac = portable_mac_of(payload)};
}

std::optional<Refusal> Stitcher::refusal_of_partial(const RecordView& begin,
                                                    ByteSpan payload) const {
  const drr::BeginRecord record = drr::decode_begin(begin);
  if (begin.order() != continuation_.order) return refusal(RefusalCode::other_byte_order);
  const std::uint64_t features = record.features & ~feature::kResuming;
  const std::uint64_t other =
      (continuation_.features & ~features) | ((continuation_.features ^ features) & kFormFeatures);
  if (other != 0) return refusal(RefusalCode::other_features, features, other);
  const auto list = read_payload(payload);
  if (!list) return list.error();
  const std::optional<std::uint64_t> key_guid = key_guid_of(*list);
  if (key_guid != continuation_.key_guid) {
    return refusal(RefusalCode::other_key, key_guid.value_or(0),
                   continuation_.key_guid.value_or(0));
  }
  if (encrypted_of(*list, payload) != continuation_.encrypted) {
    return refusal(RefusalCode::other_beginning);
  }
  if (redactions_of(payload) !=
      Redactions{continuation_.redact_snaps, continuation_.redact_from_snaps}) {
    return refusal(RefusalCode::redacted_differs);
  }
  if ((record.features & feature::kResuming) == 0) return std::nullopt;
  if (!list->resume) return refusal(RefusalCode::no_own_point);
  if (!is_before(point_, *list->resume)) return std::nullopt;
  return refusal_at(RefusalCode::before_own_point, point_, *list->resume);
}

Stitcher::Answer Stitcher::add_partial_body(const RecordView& record, ByteSpan payload) {
  note_reach(record);
  if (phase_ == Phase::inside) {
    if (is_needed_of_partial(record)) return std::optional(keep(record, payload));
    phase_ = Phase::cut;
    first_left_ = begin_of(record);
    return nothing();
  }
  // The continuation will not bring what lies before its point.
  const Place place = place_of(record, point_);
  if (place == Place::before || place == Place::straddling) {
    return Unexpected{refusal_at(RefusalCode::out_of_order, point_, begin_of(record))};
  }
  return nothing();
}

bool Stitcher::is_needed_of_partial(const RecordView& record) {
  const Place place = place_of(record, point_);
  if (place != Place::behind) {
    heads_seen_ |= bit(place);
    return true;
  }
  if (is_saved(record) || !is_later_head(record, point_)) return false;
  const std::uint64_t object = begin_of(record).object;
  if (object != later_object_) later_heads_ = 0;
  later_object_ = object;
  later_heads_ |= bit(*head_of(record));
  return true;
}

// What it announces behind the point may be older than what the continuation brings.
bool Stitcher::is_saved(const RecordView& record) const {
  return is_of_saved(record, continuation_.toguid);
}

// PARTIAL has everything before the point when it has something at the point or behind it, or when
// its data ends just there.
bool Stitcher::reaches_point(const RecordView& record) const {
  if (head_of(record)) return head_reaches_point(record);
  if (is_saved(record) && !brings_data(record)) return false;
  const Place place = place_of(record, point_);
  if (place != Place::before) return true;
  return point_.offset != 0 &&
         place_of(record, {point_.object, point_.offset - 1}) == Place::straddling;
}

// Where all objects of a block are announced first, data of that block never comes before one of
// them; so behind such data, the sender is one that sends object by object.
bool Stitcher::head_reaches_point(const RecordView& record) const {
  if (is_saved(record)) return false;
  const std::uint64_t block = drr::dnode_block_of(begin_of(record).object);
  const std::uint64_t block_of_point = drr::dnode_block_of(point_.object);
  if (block != block_of_point) return block > block_of_point;
  const Place place = place_of(record, point_);
  const bool is_point = place == Place::object && point_.offset == 0;
  if (place != Place::behind && !is_point) return false;
  return is_object_by_object_ || block_has_data_ || (point_.offset == 0 && !block_has_earlier_);
}

void Stitcher::note_reach(const RecordView& record) {
  if (reaches_point_) return;
  end_ = end_of(record);
  reaches_point_ = reaches_point(record);
  const std::uint64_t object = begin_of(record).object;
  const std::uint64_t block = drr::dnode_block_of(object);
  const std::optional<Place> head = head_of(record);
  if (head == Place::object && block == last_data_block_) is_object_by_object_ = true;
  if (!head) last_data_block_ = block;
  if (block != drr::dnode_block_of(point_.object)) return;
  if (!head) block_has_data_ = true;
  if (head == Place::object && object < point_.object) block_has_earlier_ = true;
}

void Stitcher::skip_partial(const Skipped& skipped) {
  writer_ = RecordWriter(continuation_.order, skipped.sum);
  kept_bytes_ += skipped.bytes;
  const std::uint64_t block = drr::dnode_block_of(point_.object);
  const std::uint64_t object = skipped.last_object.value_or(0);
  const bool is_of_block = skipped.last_object && drr::dnode_block_of(object) == block;
  if (is_of_block && object < point_.object) block_has_earlier_ = true;
  if (!skipped.last_data || drr::dnode_block_of(*skipped.last_data) != block) return;
  block_has_data_ = true;
  if (*skipped.last_data != point_.object) return;
  heads_seen_ |= kObjectHeads;
  if (!is_of_block || object <= point_.object) return;
  // Data of an object behind a later OBJECT: so the whole block has been announced.
  later_object_ = (block + 1) * drr::kDnodeSlotsPerBlock - 1;
  later_heads_ = kAllHeads;
}

Result<void, Refusal> Stitcher::partial_ended() {
  if (!met_snapshot_) {
    return Unexpected{
        other_origin_ ? refusal(RefusalCode::other_origin, continuation_.fromguid, *other_origin_)
                      : refusal(RefusalCode::unknown_snapshot, continuation_.toguid, last_toguid_)};
  }
  if (!reaches_point_) return Unexpected{refusal_at(RefusalCode::gap, point_, end_)};
  phase_ = Phase::joining;
  return {};
}

Stitcher::Answer Stitcher::add_continuation(Role role, const RecordView& record, ByteSpan payload) {
  if (phase_ != Phase::joining && phase_ != Phase::passing) return nothing();
  if (role != Role::body && role != Role::substream_end) return nothing();
  const Phase before = phase_;
  if (before == Phase::joining && role == Role::body && is_of_other_order(record)) {
    return Unexpected{refusal_at(RefusalCode::other_order, point_, begin_of(record))};
  }
  if (role == Role::substream_end) {
    phase_ = Phase::done;
  } else if (!is_needed_of_continuation(record)) {
    return nothing();
  }
  const bool begins = before == Phase::joining && phase_ != Phase::joining;
  const bool is_end = role == Role::substream_end;
  if (begins && first_left_ && (is_end || is_before(*first_left_, begin_of(record)))) {
    return Unexpected{
        refusal_at(RefusalCode::brings_less, is_end ? point_ : begin_of(record), *first_left_)};
  }
  const Piece piece{writer_.put(record.bytes()), payload};
  writer_.absorb(payload);
  return std::optional(piece);
}

bool Stitcher::is_needed_of_continuation(const RecordView& record) {
  if (phase_ == Phase::passing) return true;
  switch (place_of(record, point_)) {
    case Place::behind:
      if (is_later_head(record, point_)) {
        if (is_given(record)) return false;
        if (first_left_ && !is_before(*first_left_, begin_of(record))) first_left_.reset();
        joined_later_ = begin_of(record).object;
        return true;
      }
      phase_ = Phase::passing;
      return true;
    case Place::before:
    case Place::straddling:
      return false;
    case Place::range:
    case Place::free_objects:
    case Place::object:
    case Place::tail_free:
    case Place::old_spill:
      break;
  }
  return !is_given(record);
}

// The continuation announces the block's objects before their data, PARTIAL did not: what is joined
// of the two would say that data is there which is not.
bool Stitcher::is_of_other_order(const RecordView& record) const {
  const std::uint64_t object = begin_of(record).object;
  return block_has_data_ && joined_later_ > object && !head_of(record) &&
         drr::dnode_block_of(object) == drr::dnode_block_of(point_.object) &&
         place_of(record, point_) != Place::before;
}

// PARTIAL has announced it. Objects are announced in ascending order.
bool Stitcher::is_given(const RecordView& record) const {
  const Place place = place_of(record, point_);
  if (place != Place::behind) return (heads_seen_ & bit(place)) != 0;
  const std::uint64_t object = begin_of(record).object;
  if (object != later_object_) return object < later_object_;
  return (later_heads_ & bit(*head_of(record))) != 0;
}

Piece Stitcher::keep(const RecordView& record, ByteSpan payload) {
  writer_.keep(record.bytes());
  writer_.absorb(payload);
  kept_bytes_ += drr::kRecordBytes + payload.size();
  return {record.bytes(), payload};
}

}  // namespace zsluice::resume
