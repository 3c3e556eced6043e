// SPDX-License-Identifier: BSD-2-Clause
// Whatever the bytes, with right hashes or not: cuts do not change what a manifest says, and a line
// that is taken is written the same again.
#include "store/store_fixture.hpp"
#include "support/fuzz_script.hpp"
#include "zsluice/store/manifest_reader.hpp"

using namespace zsluice;
using namespace zsluice::storage;

static std::string written(const ManifestLine& line) {
  // Lines of later versions, and of others, are not handed out.
  if (const auto* extra = std::get_if<ExtraLine>(&line)) return extra->text + '\n';
  if (const auto* store = std::get_if<StoreLine>(&line)) return encode_line(*store);
  if (const auto* substream = std::get_if<SubstreamLine>(&line)) return encode_line(*substream);
  if (const auto* segment = std::get_if<SegmentLine>(&line)) return encode_line(*segment);
  return encode_line(std::get<EndLine>(line));
}

static ManifestReader read(std::string_view text, std::size_t piece) {
  ManifestReader reader;
  for (ByteSpan rest = bytes_of(text); !rest.empty();) {
    ByteSpan input = take_prefix(rest, piece);
    while (reader.next(input) == ManifestReader::Step::line) {
      const std::string line = written(reader.line());
      test::require(text.find(line) != std::string_view::npos, "a line has one form");
    }
  }
  static_cast<void>(reader.finish());
  return reader;
}

static std::optional<ManifestError> error_of(ManifestReader reader) {
  if (reader.finish() != ManifestReader::Step::fault) return std::nullopt;
  return reader.error();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view given = text_of(std::as_bytes(std::span(data, size)));
  std::string hashed;
  for (std::size_t at = 0; at < size; at = given.find('\n', at) + 1) {
    const std::string_view line = given.substr(at, given.find('\n', at) - at);
    hashed += hashed_line(line.substr(0, line.find(",\"xxh3\""))) + "\n";
    if (given.find('\n', at) == std::string_view::npos) break;
  }
  for (const std::string_view text : {given, std::string_view(hashed)}) {
    const ManifestReader whole = read(text, size + 1);
    const ManifestReader pieces = read(text, 7);
    test::require(whole.good_bytes() == pieces.good_bytes(), "cuts change nothing");
    test::require(whole.segments() == pieces.segments(), "cuts change nothing");
    test::require(whole.end() == pieces.end(), "cuts change nothing");
    test::require(error_of(whole) == error_of(pieces), "cuts change nothing");
  }
  return 0;
}
