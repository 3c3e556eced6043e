// SPDX-License-Identifier: BSD-2-Clause
#include "support/chop.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <sstream>
#include <utility>

namespace zsluice::test {
namespace {

constexpr std::uint64_t kHashStart = 0xCBF29CE484222325;

// FNV-1a: any piece of any payload in another place gives another number.
std::uint64_t hashed(std::uint64_t hash, ByteSpan bytes) {
  for (const std::byte byte : bytes) {
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001B3;
  }
  return hash;
}

class Tracer {
 public:
  explicit Tracer(const drr::ParserOptions& options)
      : parser_(options), sum_payloads_(options.sum_payloads) {}

  // Feeds one piece; false once the parser reports a fault.
  bool feed(ByteSpan piece) {
    for (;;) {
      const drr::Step step = parser_.next(piece);
      check_watermark();
      if (step == drr::Step::need_input) return true;
      if (!note(step)) return false;
    }
  }

  Trace finish(bool faulty) {
    if (!faulty && parser_.finish() == drr::Step::fault) trace_.fault = parser_.fault();
    check_watermark();
    trace_.consumed = parser_.consumed();
    trace_.watermark = parser_.watermark();
    trace_.records_unproven = parser_.records_unproven();
    return std::move(trace_);
  }

 private:
  bool note(drr::Step step) {
    switch (step) {
      case drr::Step::record:
        note_record();
        return true;
      case drr::Step::payload:
        note_payload();
        return true;
      case drr::Step::stream_end:
        ++trace_.streams;
        return true;
      case drr::Step::fault:
        trace_.fault = parser_.fault();
        return false;
      case drr::Step::need_input:
        return true;
    }
    return false;
  }

  void note_record() {
    const drr::RecordNote note = parser_.current();
    trace_.records.push_back({.role = parser_.role(),
                              .type = parser_.record().type_code(),
                              .number = note.number,
                              .offset = note.stream_offset,
                              .payload_bytes = parser_.record_payload_bytes(),
                              .payload_hash = kHashStart,
                              .watermark = parser_.watermark(),
                              .proven = parser_.record_proven()});
  }

  void note_payload() {
    SeenRecord& record = trace_.records.back();
    record.payload_hash = hashed(record.payload_hash, parser_.payload());
    record.payload_seen += parser_.payload().size();
    if (sum_payloads_) return;
    payload_.insert(payload_.end(), parser_.payload().begin(), parser_.payload().end());
    if (parser_.payload_bytes_left() > 0) return;
    PlainSum sum;
    sum.absorb(payload_, parser_.byte_order());
    parser_.add_payload_sum(sum.value());
    payload_.clear();
  }

  void check_watermark() {
    trace_.watermark_lawful = trace_.watermark_lawful && parser_.watermark() >= last_watermark_ &&
                              parser_.watermark() <= parser_.consumed();
    last_watermark_ = parser_.watermark();
  }

  drr::Parser parser_;
  bool sum_payloads_;
  std::uint64_t last_watermark_ = 0;
  Bytes payload_;
  Trace trace_;
};

}  // namespace

Chopper in_one_piece() {
  return [](std::size_t left) { return left; };
}

Chopper in_pieces_of(std::size_t bytes) {
  return [bytes](std::size_t) { return bytes; };
}

Chopper cut_once_at(std::size_t offset) {
  return [first = true, offset](std::size_t left) mutable {
    return std::exchange(first, false) && offset > 0 ? offset : left;
  };
}

Chopper at_random(std::uint64_t seed) {
  return [random = std::mt19937_64(seed)](std::size_t) mutable -> std::size_t {
    const std::uint64_t kind = random() % 8;
    if (kind < 3) return 1 + random() % 16;
    if (kind < 7) return 1 + random() % 1024;
    return 1 + random() % (std::size_t{256} << 10);
  };
}

Trace parse(ByteSpan stream, const Chopper& chopper, const drr::ParserOptions& options) {
  Tracer tracer(options);
  while (!stream.empty()) {
    const ByteSpan piece = take_prefix(stream, std::min(stream.size(), chopper(stream.size())));
    const auto own = std::make_unique<std::byte[]>(piece.size());
    std::copy(piece.begin(), piece.end(), own.get());
    if (!tracer.feed({own.get(), piece.size()})) return tracer.finish(true);
  }
  return tracer.finish(false);
}

std::string described(const drr::RecordNote& note) {
  std::ostringstream text;
  text << "record " << note.number << " at " << note.stream_offset << " type " << note.type_code
       << " payload " << note.payload_bytes;
  if (note.place.object) text << " object " << *note.place.object;
  if (note.place.offset) text << " offset " << *note.place.offset;
  return text.str();
}

std::string described(const drr::Fault& fault) {
  const auto words = [](const checksum::Fletcher4& sum) {
    std::ostringstream text;
    text << std::hex << sum.a << ':' << sum.b << ':' << sum.c << ':' << sum.d;
    return text.str();
  };
  std::ostringstream text;
  text << "code " << static_cast<int>(fault.code) << " between " << fault.begin << " and "
       << fault.end << "\n  first " << described(fault.first) << "\n  at " << described(fault.at)
       << "\n  found " << fault.found << " limit " << fault.limit << " expected "
       << words(fault.expected) << " computed " << words(fault.computed);
  return text.str();
}

std::string described(const Trace& trace) {
  std::ostringstream text;
  text << trace.records.size() << " records, " << trace.streams << " streams, consumed "
       << trace.consumed << ", watermark " << trace.watermark << ", unproven "
       << trace.records_unproven << (trace.watermark_lawful ? "" : ", UNLAWFUL WATERMARK") << '\n';
  text << (trace.fault ? described(*trace.fault) : "whole");
  return text.str();
}

}  // namespace zsluice::test
