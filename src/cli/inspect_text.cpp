// SPDX-License-Identifier: BSD-2-Clause
#include "cli/inspect_text.hpp"

#include "cli/package_text.hpp"
#include "cli/text_layout.hpp"
#include "cli/utc_text.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/size_text.hpp"
#include "zsluice/drr/names.hpp"

#include <fmt/format.h>

namespace zsluice::cli {
namespace {

using drr::SubstreamSummary;

std::string quoted(std::string_view foreign) {
  return '"' + escaped(foreign) + '"';
}

std::string_view order_text(ByteOrder order) {
  return order == ByteOrder::little ? "little-endian" : "big-endian";
}

std::string exact_size(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  return fmt::format("{} ({} bytes)", format_size(bytes), bytes);
}

std::string time_text(std::uint64_t seconds) {
  const std::string utc = utc_text(seconds);
  return utc.empty() ? fmt::format("after the year 9999 ({} s)", seconds) : utc;
}

// "raw, encrypted", "raw, but not encrypted", "not raw".
std::string_view rawness(const SubstreamSummary& summary) {
  if (encryption_of(summary) != nullptr) return "raw, encrypted";
  if (is_encryption_unknown(summary)) return "raw";
  return summary.is_raw() ? "raw, but not encrypted" : "not raw";
}

std::string kind_text(const SubstreamSummary& summary) {
  return fmt::format("{}, {}, {}", fmt::join(kinds_of(summary), ", "), rawness(summary),
                     drr::objset_type_name(summary.objset_type));
}

std::string key_text(const drr::CryptKeydata& crypt) {
  std::string text = fmt::format("{}, key {} ({}", drr::suite_name(crypt.suite), crypt.key_guid,
                                 drr::key_format_name(crypt.key_format));
  if (crypt.key_format == kKeyFormatPassphrase) {
    text += fmt::format(", {} PBKDF2 iterations", crypt.pbkdf2_iterations);
  }
  return text + ')';
}

std::string nvlist_text(const SubstreamSummary& summary) {
  if (summary.payload_error) {
    return fmt::format("nvlist unreadable at its byte {}", summary.payload_error->offset);
  }
  if (!summary.payload) return summary.begin_payload_bytes > 0 ? "nvlist cut off" : "no nvlist";
  if (summary.payload->encoding == nvlist::Encoding::xdr) return "nvlist in XDR";
  return fmt::format("nvlist native {}", order_text(summary.payload->producer_order));
}

std::string origin_text(const SubstreamSummary& summary) {
  if (summary.fromguid == 0) return "nothing (full)";
  const bool is_clone = (summary.flags & drr::kBeginClone) != 0;
  return fmt::format("guid {}{}", summary.fromguid,
                     is_clone ? ", the origin of a clone in another dataset" : "");
}

// The shares of a mix, as "lz4 57, off 3".
template <std::size_t Size, class Name>
std::string mix_text(const std::array<std::uint64_t, Size>& counts, Name&& name_of) {
  std::string text;
  for (std::size_t i = 0; i < Size; ++i) {
    if (counts[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", name_of(i), counts[i]);
  }
  return text;
}

}  // namespace

void InspectText::line(std::string_view label, std::string_view text) {
  out_.write(labelled(label, text));
}

void InspectText::tell_stream_begin() {
  out_.write(
      fmt::format("{}{}: stream {}\n", stream_number() > 1 ? "\n" : "", source_, stream_number()));
}

void InspectText::tell_package(const drr::BeginRecord& begin, ByteSpan nvlist) {
  out_.write(package_text_head(begin, nvlist));
  if (!nvlist.empty()) write_package_text(nvlist, out_);
  line("substreams", "");
}

void InspectText::tell_substream(const SubstreamSummary& summary, bool is_proven) {
  byte_order_ = fmt::format("{}, {}", order_text(summary.byte_order), nvlist_text(summary));
  if (facts().is_package) {
    tell_compact(summary, is_proven);
  } else {
    tell_single(summary, is_proven);
  }
  out_.flush();
}

void InspectText::tell_single(const SubstreamSummary& summary, bool is_proven) {
  line("kind", kind_text(summary));
  out_.write(labelled_whole("snapshot",
                            fmt::format("{}, guid {}", quoted(summary.toname), summary.toguid)));
  line("created", time_text(summary.creation_time));
  line("from", origin_text(summary));
  if (!is_proven) line("", "(of all this nothing is proven: too little follows)");
  if (summary.payload && summary.payload->resume) {
    line("resumes at", fmt::format("object {}, offset {}", summary.payload->resume->object,
                                   summary.payload->resume->offset));
  }
  if (summary.payload && summary.payload->redact_snaps) {
    line("redacted", "for " + counted(*summary.payload->redact_snaps, "snapshot"));
  }
  if (summary.payload && summary.payload->redact_from_snaps) {
    line("from redacted", "for " + counted(*summary.payload->redact_from_snaps, "snapshot"));
  }
  tell_encryption(summary);
}

void InspectText::tell_encryption(const SubstreamSummary& summary) {
  const drr::CryptKeydata* crypt = encryption_of(summary);
  if (is_encryption_unknown(summary)) {
    line("encryption", "not known: the nvlist that would tell it is cut off or unreadable");
    return;
  }
  if (crypt == nullptr) {
    line("encryption", "none: the data is readable by everyone who holds the stream");
    return;
  }
  line("encryption", key_text(*crypt));
  if (!has_weak_key(*crypt)) return;
  line("! weak key", fmt::format("below {} iterations a passphrase is guessed too fast: "
                                 "`zfs change-key -o pbkdf2iters=350000` on the sender",
                                 kPbkdf2IterationsAdvised));
}

void InspectText::tell_compact(const SubstreamSummary& summary, bool is_proven) {
  const drr::CryptKeydata* crypt = encryption_of(summary);
  std::string text =
      fmt::format("  {:>4}  {}: {}, guid {}", facts().substreams, quoted(summary.toname),
                  fmt::join(kinds_of(summary), ", "), summary.toguid);
  if (summary.fromguid != 0) text += fmt::format(" from {}", summary.fromguid);
  text += fmt::format(", {}, ", time_text(summary.creation_time));
  if (crypt != nullptr) {
    text += fmt::format("raw {}{}", key_text(*crypt), has_weak_key(*crypt) ? " (! too few)" : "");
  } else {
    text += rawness(summary);
  }
  text += fmt::format(", {}, {}", format_size(summary.stream_bytes),
                      counted(summary.records_total, "record"));
  if (!summary.complete) text += ", cut short";
  if (!is_proven) text += ", not proven";
  out_.write(text + '\n');
}

void InspectText::tell_stream_end(const pipeline::StreamTotals& totals) {
  const bool is_header_missing = totals.is_package && !package_told();
  if (is_header_missing) line("kind", "package; its header is cut short or damaged");
  if (!is_header_missing) {
    const std::vector<std::string> features = drr::feature_names(facts().features);
    line("features", features.empty() ? "none" : fmt::format("{}", fmt::join(features, ", ")));
    line("receivers", drr::receivers_text(facts().features));
  }
  if (facts().substreams > 0) line("byte order", byte_order_);
  std::string size = fmt::format("{} from offset {}, {}", exact_size(totals.bytes), totals.offset,
                                 counted(totals.records_total, "record"));
  if (totals.is_package) size += " in " + counted(totals.substreams, "substream");
  line("size", size);
  tell_records(totals);
  tell_blocks();
  if (facts().is_package && facts().substreams > 0) {
    line("raw", fmt::format("{} of {} raw and encrypted", facts().encrypted,
                            counted(facts().substreams, "substream")));
    if (facts().weak_keys > 0) {
      line("! weak keys",
           fmt::format("{}: below {} PBKDF2 iterations a passphrase is guessed too "
                       "fast",
                       counted(facts().weak_keys, "substream"), kPbkdf2IterationsAdvised));
    }
  }
  tell_wholeness(totals);
  tell_hazards();
  tell_exposure();
  out_.flush();
}

void InspectText::tell_records(const pipeline::StreamTotals& totals) {
  std::string_view label = "records";
  for (std::uint32_t code = 0; code < totals.types.size(); ++code) {
    const drr::TypeCount& type = totals.types[code];
    if (type.records == 0) continue;
    std::string text = fmt::format("{:<14} {:>10}", drr::record_type_name(code), type.records);
    if (type.payload_bytes > 0) text += fmt::format("  {}", exact_size(type.payload_bytes));
    line(label, text);
    label = "";
  }
  if (facts().records_unproven > 0) {
    line("", fmt::format("{} of them carry no checksum of their own: END alone proves them",
                         facts().records_unproven));
  }
}

void InspectText::tell_blocks() {
  const std::string sizes = mix_text(facts().write_sizes, [](std::size_t bucket) {
    return fmt::format("{}{}:", bucket == 0 ? "" : "to ",
                       format_size(drr::size_bucket_bytes(bucket)));
  });
  if (!sizes.empty()) {
    line("block sizes", fmt::format("{}; largest block size of an object {}", sizes,
                                    format_size(facts().block_bytes_max)));
  }
  // 0 is what a WRITE says whose payload was uncompressed for sending.
  const std::string codes = mix_text(facts().compression, [](std::size_t code) {
    return code == 0 ? "uncompressed" : drr::compression_name(code);
  });
  const std::uint64_t stored = facts().stored_bytes();
  if (codes.empty() || stored == 0) return;
  const std::uint64_t hundredths =
      facts().logical_bytes / stored * 100 + facts().logical_bytes % stored * 100 / stored;
  line("compression", fmt::format("{}; {} logical : {} stored = {}.{:02}", codes,
                                  format_size(facts().logical_bytes), format_size(stored),
                                  hundredths / 100, hundredths % 100));
}

void InspectText::tell_wholeness(const pipeline::StreamTotals& totals) {
  if (totals.is_repeated) line("! repeated", "the same stream stood in the input before");
  if (totals.is_whole) {
    line("whole", "yes, every checksum is right");
  } else if (!fault()) {
    line("! not whole", "reading failed: only what came before is told here");
  } else if (*fault() == drr::FaultCode::saved_stream) {
    line("! not whole", "a saved stream: it ends without END and never completes by itself");
  } else if (drr::kind_of(*fault()) == drr::FaultKind::truncated) {
    line("! not whole", "truncated: only what is there is told here");
  } else if (drr::kind_of(*fault()) == drr::FaultKind::refused) {
    line("! not whole", "not read on, for a limit that an option raises");
  } else {
    line("! not whole", "damaged: only what came before the damage is told here");
  }
}

void InspectText::tell_hazards() {
  bool any = false;
  for (std::size_t i = 0; i < drr::kHazards; ++i) {
    const auto hazard = static_cast<drr::Hazard>(i);
    const drr::HazardNote& note = hazards().note(hazard);
    if (note.substreams == 0) continue;
    std::string text(drr::hazard_text(hazard));
    if (facts().is_package) {
      text += fmt::format(" ({}, the first at offset {})", counted(note.substreams, "substream"),
                          note.first_offset);
    }
    line("! hazard", text);
    any = true;
  }
  if (!any) line("hazards", "none that shows in the stream");
}

void InspectText::tell_exposure() {
  const Exposure exposure = exposure_of(facts());
  line("exposure", "whoever holds this stream can read, without a key:");
  for (const Exposure::Item& item : exposure.readable) {
    line("", "- " + item.text);
  }
  if (exposure.hidden.empty()) return;
  std::string hidden = "but not: ";
  for (const Exposure::Item& item : exposure.hidden) {
    if (&item != &exposure.hidden.front()) hidden += ", ";
    hidden += item.text;
  }
  line("", hidden);
}

void InspectText::finish(const InspectEnd& end) {
  if (stream_number() > 1) {
    out_.write(
        fmt::format("\n{}: {} streams one after another: one `zfs receive` takes only the "
                    "first\n",
                    source_, stream_number()));
  }
  if (!end.report.failure) return;
  out_.write(fmt::format("{}{}: verdict: {} (exit status {}; the message on stderr says where)\n",
                         stream_number() > 0 ? "\n" : "", source_, verdict_of(*end.report.failure),
                         end.exit_status));
}

}  // namespace zsluice::cli
