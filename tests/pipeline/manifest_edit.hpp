// SPDX-License-Identifier: BSD-2-Clause
// Manifests that say other things than they did, with right hashes.
#pragma once

#include "pipeline/memory_store.hpp"
#include "zsluice/store/manifest.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

namespace zsluice::pipeline {

// The manifest with other lines, where `change` gives one.
template <class Change>
test::Bytes rewritten(const test::Bytes& manifest, Change change) {
  const std::string_view text = text_of(manifest);
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string_view line = text.substr(at, end - at);
    const std::string other = change(*storage::decode_line(line));
    result += other.empty() ? std::string(line) + '\n' : other;
    at = end + 1;
  }
  const ByteSpan bytes = bytes_of(result);
  return {bytes.begin(), bytes.end()};
}

// Its first line says what segment 0 does not.
inline void change_first_line(MemoryStore::Image& image,
                              const std::function<void(storage::StoreLine&)>& change) {
  test::Bytes& manifest = image[std::string(storage::kManifestName)];
  manifest = rewritten(manifest, [&](const storage::ManifestLine& line) {
    const auto* store = std::get_if<storage::StoreLine>(&line);
    if (store == nullptr) return std::string();
    storage::StoreLine changed = *store;
    change(changed);
    return encode_line(changed);
  });
}

// The line of one segment says something else.
inline void change_line(MemoryStore::Image& image,
                        std::uint64_t sequence,
                        const std::function<void(storage::SegmentLine&)>& change) {
  test::Bytes& manifest = image[std::string(storage::kManifestName)];
  manifest = rewritten(manifest, [&](const storage::ManifestLine& line) {
    const auto* segment = std::get_if<storage::SegmentLine>(&line);
    if (segment == nullptr || segment->sequence != sequence) return std::string();
    storage::SegmentLine changed = *segment;
    change(changed);
    return encode_line(changed);
  });
}

// It names another content.
inline void change_content(MemoryStore::Image& image, std::uint64_t sequence) {
  change_line(image, sequence, [](storage::SegmentLine& line) { line.content_hash.low ^= 1; });
}

// Without its closing line.
inline void open_manifest(MemoryStore::Image& image) {
  test::Bytes& manifest = image[std::string(storage::kManifestName)];
  const std::string_view text = text_of(manifest);
  const std::size_t end = text.find("{\"type\":\"end\"");
  manifest = test::Bytes(
      manifest.begin(), manifest.begin() + static_cast<std::ptrdiff_t>(std::min(end, text.size())));
}

}  // namespace zsluice::pipeline
