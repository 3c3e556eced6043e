// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_writer.hpp"

#include "io/file_writer.hpp"
#include "pipeline/header_walk.hpp"
#include "pipeline/store_mending.hpp"
#include "zsluice/store/segment_name.hpp"

#include <cerrno>
#include <utility>

namespace zsluice::pipeline {
namespace {

using storage::Codec;
using storage::SegmentHeader;

StoreFailure no_digest() {
  StoreFailure failure;
  failure.code = StoreFailureCode::no_digest;
  return failure;
}

const std::string& manifest_name() {
  static const std::string name(storage::kManifestName);
  return name;
}

std::string unfinished(const std::string& name) {
  return name + std::string(storage::kUnfinishedSuffix);
}

}  // namespace

StoreWriter::StoreWriter(StoreWriterOptions options, io::StoreFiles& files)
    : options_(std::move(options)), files_(files), manifest_(files, manifest_name()) {
  if (!options_.key.empty()) mac_.emplace(bytes_of(options_.key));
}

StoreWriter::StoreWriter(StoreWriterOptions options,
                         io::StoreFiles& files,
                         OpenedStore opened,
                         const std::optional<SegmentHeader>& before)
    : StoreWriter(std::move(options), files) {
  options_.settings = opened.first.settings;
  chain_ = before ? storage::SegmentChain(*before) : storage::SegmentChain(opened.first.store_id);
  opened_ = std::move(opened);
}

StoreWriter::Done StoreWriter::go_on() {
  const MendingOptions mending{
      .keep = chain_->next_sequence(), .key = options_.key, .created_by = options_.created_by};
  MendedStore mended;
  has_begun_ = true;
  auto failure = mend_store(mending, *opened_, files_, mended);
  left_ = mended.left;
  if (failure) return failure;
  if (mending.keep < opened_->segments()) retaken_ = mending.keep;
  totals_.segments = mending.keep;
  totals_.raw_bytes = chain_->last() ? chain_->last()->end.offset : 0;
  totals_.stored_bytes = mended.stored_bytes;
  totals_.segments_compressed = mended.compressed;
  if (chain_->last()) totals_.chain = chain_->last()->content_hash;
  return std::nullopt;
}

StoreWriter::Done StoreWriter::close_whole() {
  return close();
}

StoreWriter::Packing& StoreWriter::packing() {
  if (!packing_) {
    const std::size_t window = options_.threads > 1 ? std::size_t{options_.threads} + 1 : 1;
    packing_ = std::make_unique<Packing>(options_.threads, window, [this]() -> Packing::Worker {
      auto packer = std::make_shared<SegmentPacker>(options_.settings, mac_.has_value());
      return [packer](PackedSegment& segment) { packer->pack(segment); };
    });
  }
  return *packing_;
}

StoreWriter::Done StoreWriter::add(storage::Cut cut, SegmentBuffer raw) {
  if (!has_begun_ && opened_) {
    if (auto failure = go_on()) return failure;
  }
  has_begun_ = true;
  if (!chain_) chain_.emplace(storage::store_id_of(raw.payload()));
  PackedSegment segment;
  segment.cut = std::move(cut);
  segment.bytes = std::move(raw);
  packing().add(std::move(segment));
  return advance();
}

StoreWriter::Done StoreWriter::advance() {
  Done failure = send_packed(false);
  if (!failure) failure = land_arrived();
  return give_up(std::move(failure));
}

SegmentBuffer StoreWriter::spare() {
  if (spare_.empty()) return {};
  SegmentBuffer buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

StoreWriter::Done StoreWriter::settle() {
  Done failure = send_packed(true);
  if (!failure) failure = land_all();
  return give_up(std::move(failure));
}

StoreWriter::Done StoreWriter::finish() {
  if (auto failure = settle()) return failure;
  if (totals_.segments == 0) return std::nullopt;
  auto failure = unless_done(files_.publish(manifest_name()), manifest_name());
  totals_.is_published = !failure;
  return failure;
}

StoreWriter::Done StoreWriter::give_up(Done failure) {
  if (!failure) return failure;
  for (Flight& flight : flights_) {
    turn_back(flight);
  }
  flights_.clear();
  return failure;
}

StoreWriter::Done StoreWriter::send_packed(bool all) {
  while (packing_ && !packing_->is_empty() &&
         (all || packing_->is_full() || packing_->is_ready())) {
    if (auto failure = send(packing_->take())) return failure;
  }
  return std::nullopt;
}

// Enough that the disk is never idle while the next one is hashed, and few where they are long.
// What a segment holds of memory does not shrink when it is compressed.
bool StoreWriter::has_room_for(const SegmentBuffer& bytes) const {
  if (flights_.empty()) return true;
  if (is_short_of_room_ || flights_.size() >= io::FileWriter::kFilesMax) return false;
  std::size_t held = bytes.capacity();
  for (const Flight& flight : flights_) {
    held += flight.segment.bytes.capacity();
  }
  return held <= kFlightBytesMax;
}

bool StoreWriter::is_left_out() {
  if (is_over_ || !options_.is_stopped || !options_.is_stopped()) return is_over_;
  is_over_ = std::exchange(has_sent_last_, true);
  return is_over_;
}

StoreWriter::Done StoreWriter::send(PackedSegment segment) {
  if (is_left_out()) return std::nullopt;
  SegmentHeader& header = segment.header;
  if (!segment.has_digests) return no_digest();
  // What the cutter says of a cut fits the limits, so that only an HMAC can be missing.
  const auto encoded = chain_->append(header, mac_ ? &*mac_ : nullptr);
  if (!encoded) return no_digest();
  if (header.sequence == 0 && !opened_) {
    if (auto failure = start(header)) return failure;
  }
  if (header.sequence % storage::kSegmentsPerFolder == 0) {
    // What is on its way has the first claim to what room there is.
    if (auto failure = land_all()) return failure;
    if (auto failure = make_folder_of(header.sequence)) return failure;
  }
  while (!has_room_for(segment.bytes)) {
    if (auto failure = land_oldest()) return failure;
  }
  Flight& flight = flights_.emplace_back();
  flight.segment = std::move(segment);
  flight.name = storage::segment_name(flight.segment.header.sequence);
  flight.content = flight.segment.bytes.file_with(*encoded);
  take_off(flight);
  return flight.segment.header.is_last ? land_all() : land_arrived();
}

void StoreWriter::take_off(Flight& flight) {
  flight.is_alone = true;
  for (Flight& other : flights_) {
    if (&other == &flight || !other.file) continue;
    other.is_alone = false;
    flight.is_alone = false;
  }
  flight.file = files_.start_file(unfinished(flight.name), flight.content);
}

// A full disk gets its room back.
void StoreWriter::turn_back(Flight& flight) {
  flight.file.reset();
  (void)files_.remove(unfinished(flight.name));
}

StoreWriter::Done StoreWriter::land_arrived() {
  while (!flights_.empty() && flights_.front().file && flights_.front().file->is_done()) {
    if (auto failure = land_oldest()) return failure;
  }
  return std::nullopt;
}

StoreWriter::Done StoreWriter::land_all() {
  while (!flights_.empty()) {
    if (auto failure = land_oldest()) return failure;
  }
  return std::nullopt;
}

// The oldest one has the first claim to what room there is: those behind it take off anew.
Result<void, io::SysError> StoreWriter::finish_oldest() {
  Flight& oldest = flights_.front();
  if (!oldest.file) take_off(oldest);
  auto done = oldest.file->finish();
  oldest.file.reset();
  const bool is_full = !done && (done.error().error == ENOSPC || done.error().error == EDQUOT);
  if (!is_full || oldest.is_alone) return done;
  is_short_of_room_ = true;
  for (Flight& flight : flights_) {
    turn_back(flight);
  }
  take_off(oldest);
  done = oldest.file->finish();
  oldest.file.reset();
  return done;
}

// From here on one after another: a segment has its name only when all before it have theirs.
StoreWriter::Done StoreWriter::land_oldest() {
  Flight& flight = flights_.front();
  const SegmentHeader& header = flight.segment.header;
  const std::string part = unfinished(flight.name);
  if (auto failure = unless_done(finish_oldest(), part)) {
    if (failure->code == StoreFailureCode::filter_failed) failure->name = flight.name;
    return failure;
  }
  // Only a segment that is written again may have its file already.
  const auto old_file = header.sequence == retaken_ ? io::OldFile::goes : io::OldFile::stays;
  if (auto failure = unless_done(files_.rename(part, flight.name, old_file), flight.name)) {
    return failure;
  }
  const std::string folder = storage::segment_folder(header.sequence);
  if (auto failure = unless_done(files_.sync_folder(folder), folder)) return failure;
  left_.reset();
  ++totals_.segments;
  totals_.raw_bytes += header.raw_bytes;
  totals_.stored_bytes += header.stored_bytes;
  totals_.segments_compressed += header.codec == Codec::zstd ? 1 : 0;
  totals_.chain = header.content_hash;
  if (auto failure = manifest_.add(header, flight.segment.cut.substreams)) return failure;
  const bool is_last = header.is_last;
  flight.segment.bytes.resize(0);
  if (spare_.empty()) spare_.push_back(std::move(flight.segment.bytes));
  flights_.pop_front();
  return is_last ? close() : std::nullopt;
}

StoreWriter::Done StoreWriter::start(const SegmentHeader& first) {
  // Of a store that never got a segment.
  if (auto failure = unless_done(files_.remove(manifest_name()), manifest_name())) return failure;
  const storage::StoreLine line = store_line_of(first, options_.created_by);
  if (auto failure = manifest_.add(encode_line(line))) return failure;
  if (auto failure = manifest_.sync()) return failure;
  return unless_done(files_.sync_folder(""), "");
}

StoreWriter::Done StoreWriter::make_folder_of(std::uint64_t sequence) {
  const std::string folder = storage::segment_folder(sequence);
  if (auto failure = unless_done(files_.make_folder(folder), folder)) return failure;
  if (auto failure = unless_done(files_.sync_folder(""), "")) return failure;
  return sequence == 0 && !opened_ ? remove_leftovers() : std::nullopt;
}

// Of a store that never got a segment, either.
StoreWriter::Done StoreWriter::remove_leftovers() {
  for (std::uint64_t sequence = 0; sequence < io::FileWriter::kFilesMax; ++sequence) {
    const std::string part = unfinished(storage::segment_name(sequence));
    if (auto failure = unless_done(files_.remove(part), part)) return failure;
  }
  return std::nullopt;
}

// What other runs have stored is looked at before the closing line vouches for it. Unless the
// manifest was not believed: then all headers have been read instead of it.
StoreWriter::Done StoreWriter::vouch() {
  bool are_lines_right = true;
  if (opened_->manifest.is_believed()) {
    const auto walked = walk_headers({.key = options_.key,
                                      .store_id = opened_->first.store_id,
                                      .segment_bytes = options_.settings.segment_bytes},
                                     chain_->next_sequence(), files_);
    if (!walked) return walked.error();
    are_lines_right = *walked;
  }
  if (has_begun_ && are_lines_right) return std::nullopt;
  if (has_begun_) {
    opened_->last = *chain_->last();
    opened_->stored_bytes = totals_.stored_bytes;
    opened_->compressed = totals_.segments_compressed;
  }
  if (!are_lines_right) {
    opened_->manifest = {};
    opened_->manifest.state = ManifestState::damaged;
  }
  if (auto failure = go_on()) return failure;
  left_.reset();
  return std::nullopt;
}

StoreWriter::Done StoreWriter::close() {
  if (opened_) {
    if (auto failure = vouch()) return failure;
  }
  storage::EndLine line;
  line.segments = totals_.segments;
  line.raw_bytes = totals_.raw_bytes;
  line.stored_bytes = totals_.stored_bytes;
  line.chain = totals_.chain;
  if (mac_ && !authenticate(line, *mac_)) return no_digest();
  if (auto failure = manifest_.add(encode_line(line))) return failure;
  if (auto failure = manifest_.sync()) return failure;
  totals_.is_whole = true;
  return std::nullopt;
}

}  // namespace zsluice::pipeline
