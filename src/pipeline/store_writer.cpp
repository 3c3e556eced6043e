// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_writer.hpp"

#include "pipeline/store_mending.hpp"
#include "zsluice/store/segment_name.hpp"

#include <array>
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

}  // namespace

StoreWriter::StoreWriter(const StoreWriterOptions& options, io::StoreFiles& files)
    : options_(options),
      files_(files),
      packer_(options.settings),
      manifest_(files, manifest_name()) {
  if (!options_.key.empty()) mac_.emplace(bytes_of(options_.key));
}

StoreWriter::StoreWriter(const StoreWriterOptions& options,
                         io::StoreFiles& files,
                         OpenedStore opened,
                         const std::optional<SegmentHeader>& before)
    : StoreWriter(options, files) {
  options_.settings = opened.first.settings;
  packer_ = SegmentPacker(options_.settings);
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
  if (auto failure = go_on()) return failure;
  left_.reset();
  return close();
}

StoreWriter::Done StoreWriter::add(const storage::Cut& cut, ByteSpan raw) {
  if (!has_begun_ && opened_) {
    if (auto failure = go_on()) return failure;
  }
  has_begun_ = true;
  if (!chain_) chain_.emplace(storage::store_id_of(raw));
  const PackedSegment packed = packer_.pack(raw);
  SegmentHeader header = header_of(cut, options_.settings);
  set_payload(header, packed.codec, raw, packed.stored);
  if (mac_ && !set_digests(header, raw, packed.stored)) return no_digest();
  // What the cutter says of a cut fits the limits, so that only an HMAC can be missing.
  const auto encoded = chain_->append(header, mac_ ? &*mac_ : nullptr);
  if (!encoded) return no_digest();
  if (header.sequence == 0 && !opened_) {
    if (auto failure = start(header)) return failure;
  }
  if (auto failure = put(header, *encoded, packed.stored)) return failure;
  left_.reset();
  ++totals_.segments;
  totals_.raw_bytes += header.raw_bytes;
  totals_.stored_bytes += header.stored_bytes;
  totals_.segments_compressed += header.codec == Codec::zstd ? 1 : 0;
  totals_.chain = header.content_hash;
  if (auto failure = manifest_.add(header, cut.substreams)) return failure;
  return header.is_last ? close() : std::nullopt;
}

StoreWriter::Done StoreWriter::finish() {
  if (totals_.segments == 0) return std::nullopt;
  auto failure = unless_done(files_.publish(manifest_name()), manifest_name());
  totals_.is_published = !failure;
  return failure;
}

StoreWriter::Done StoreWriter::start(const SegmentHeader& first) {
  // Of a store that never got a segment.
  if (auto failure = unless_done(files_.remove(manifest_name()), manifest_name())) return failure;
  const storage::StoreLine line = store_line_of(first, options_.created_by);
  if (auto failure = manifest_.add(encode_line(line))) return failure;
  if (auto failure = manifest_.sync()) return failure;
  return unless_done(files_.sync_folder(""), "");
}

StoreWriter::Done StoreWriter::put(const SegmentHeader& header, ByteSpan encoded, ByteSpan stored) {
  const std::string folder = storage::segment_folder(header.sequence);
  const std::string name = storage::segment_name(header.sequence);
  const std::string unfinished = name + std::string(storage::kUnfinishedSuffix);
  if (header.sequence % storage::kSegmentsPerFolder == 0) {
    if (auto failure = unless_done(files_.make_folder(folder), folder)) return failure;
    if (auto failure = unless_done(files_.sync_folder(""), "")) return failure;
  }
  const std::array<ByteSpan, 2> parts = {encoded, stored};
  if (auto failure = unless_done(files_.write_file(unfinished, parts), unfinished)) {
    (void)files_.remove(unfinished);  // a full disk gets its room back
    if (failure->code == StoreFailureCode::filter_failed) failure->name = name;
    return failure;
  }
  // Only a segment that is written again may have its file already.
  const auto old_file = header.sequence == retaken_ ? io::OldFile::goes : io::OldFile::stays;
  if (auto failure = unless_done(files_.rename(unfinished, name, old_file), name)) {
    (void)files_.remove(unfinished);
    return failure;
  }
  return unless_done(files_.sync_folder(folder), folder);
}

StoreWriter::Done StoreWriter::close() {
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
