// SPDX-License-Identifier: BSD-2-Clause
#include "cli/record_line.hpp"

#include "cli/json_writer.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/drr/names.hpp"

#include <fmt/format.h>

#include <iterator>

namespace zsluice::cli {
namespace {

using drr::RecordType;
using drr::RecordView;
using drr::Role;

// Both sinks take the same fields, so that the two forms cannot differ in what they say.
class TextSink {
 public:
  explicit TextSink(std::string& out) : out_(out) {}

  void number(std::string_view key, std::uint64_t value) { add("{}={}", key, value); }
  void guid(std::string_view key, std::uint64_t value) { number(key, value); }
  void hex(std::string_view key, std::uint64_t value) { add("{}={:#x}", key, value); }
  void word(std::string_view key, std::string_view value) { add("{}={}", key, value); }
  void foreign(std::string_view key, std::string_view value) {
    add("{}=\"{}\"", key, escaped(value));
  }
  // Only flags that are set are said.
  void flag(std::string_view key, bool value) {
    if (value) word(key, "yes");
  }
  void length(std::uint64_t value) {
    if (value == drr::kFreeToEnd) return word("length", "to_end");
    number("length", value);
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    if (!is_first_) out_ += ' ';
    is_first_ = false;
    fmt::format_to(std::back_inserter(out_), format, std::forward<Values>(values)...);
  }

  std::string& out_;
  bool is_first_ = true;
};

class JsonSink {
 public:
  explicit JsonSink(std::string& out) : json_(out) { json_.open_object(); }
  JsonSink(const JsonSink&) = delete;
  JsonSink& operator=(const JsonSink&) = delete;
  ~JsonSink() { json_.close_object(); }

  void number(std::string_view key, std::uint64_t value) { json_.number(key, value); }
  void guid(std::string_view key, std::uint64_t value) { json_.guid(key, value); }
  void hex(std::string_view key, std::uint64_t value) {
    json_.text(key, fmt::format("{:#x}", value));
  }
  void word(std::string_view key, std::string_view value) { json_.text(key, value); }
  void foreign(std::string_view key, std::string_view value) { json_.foreign(key, value); }
  void flag(std::string_view key, bool value) {
    if (value) json_.boolean(key, true);
  }
  void length(std::uint64_t value) {
    if (value == drr::kFreeToEnd) {
      json_.null("length");
      json_.boolean("to_end", true);
    } else {
      json_.number("length", value);
    }
  }

 private:
  JsonWriter json_;
};

std::string_view role_name(Role role) {
  switch (role) {
    case Role::package_begin:
      return "package_begin";
    case Role::package_header_end:
      return "package_header_end";
    case Role::package_end:
      return "package_end";
    case Role::substream_begin:
    case Role::substream_end:
    case Role::body:
      break;
  }
  return {};
}

template <class Sink>
void tell_begin(const RecordView& record, Sink& sink) {
  const drr::BeginRecord begin = drr::decode_begin(record);
  sink.foreign("toname", begin.toname);
  sink.guid("toguid", begin.toguid);
  sink.guid("fromguid", begin.fromguid);
  sink.number("creation_time", begin.creation_time);
  sink.word("objset_type", drr::objset_type_name(begin.objset_type));
  sink.hex("features", begin.features);
  sink.hex("flags", begin.flags);
}

template <class Sink>
void tell_object(const RecordView& record, Sink& sink) {
  const drr::ObjectRecord object = drr::decode_object(record);
  sink.number("object", object.object);
  sink.word("dmu_type", drr::dmu_type_name(object.type));
  sink.word("bonus_type", drr::dmu_type_name(object.bonus_type));
  sink.number("block_bytes", object.block_bytes);
  sink.number("bonus_bytes", object.bonus_bytes);
  sink.number("slots", object.slots);
  sink.word("checksum", drr::checksum_name(object.checksum));
  sink.word("compression", drr::compression_name(object.compression));
  sink.flag("spill", (object.flags & drr::kFlagSpill) != 0);
  sink.flag("byteswap", (object.flags & drr::kFlagRawByteswap) != 0);
  if (object.levels == 0) return;  // what follows is said in raw streams only
  sink.number("raw_bonus_bytes", object.raw_bonus_bytes);
  sink.number("levels", object.levels);
  sink.number("indirect_shift", object.indirect_shift);
  sink.number("block_pointers", object.block_pointers);
  sink.number("max_block_id", object.max_block_id);
}

template <class Sink>
void tell_run(const RecordView& record, Sink& sink) {
  const drr::ObjectRunRecord run = drr::decode_object_run(record);
  sink.number("first_object", run.first_object);
  sink.number("objects", run.objects);
  sink.flag("byteswap", (run.flags & drr::kFlagRawByteswap) != 0);
}

template <class Sink>
void tell_write(const RecordView& record, Sink& sink) {
  const drr::WriteRecord write = drr::decode_write(record);
  sink.number("object", write.object);
  sink.number("offset", write.offset);
  sink.word("dmu_type", drr::dmu_type_name(write.type));
  sink.number("logical", write.logical_bytes);
  sink.number("compressed", write.compressed_bytes);
  // 0 is what a WRITE says whose payload was uncompressed for sending.
  sink.word("compression",
            write.compression == 0 ? "none" : drr::compression_name(write.compression));
  sink.word("checksum", drr::checksum_name(write.checksum));
  sink.flag("dedup", (write.flags & drr::kFlagChecksumDedup) != 0);
  sink.flag("byteswap", (write.flags & drr::kFlagRawByteswap) != 0);
}

template <class Sink>
void tell_free(const RecordView& record, Sink& sink) {
  const drr::FreeRecord free = drr::decode_free(record);
  sink.number("object", free.object);
  sink.number("offset", free.offset);
  sink.length(free.length);
}

template <class Sink>
void tell_spill(const RecordView& record, Sink& sink) {
  const drr::SpillRecord spill = drr::decode_spill(record);
  sink.number("object", spill.object);
  sink.number("logical", spill.length);
  sink.number("compressed", spill.compressed_bytes);
  sink.word("compression",
            spill.compression == 0 ? "none" : drr::compression_name(spill.compression));
  sink.flag("unmodified", (spill.flags & drr::kFlagSpill) != 0);
  sink.flag("byteswap", (spill.flags & drr::kFlagRawByteswap) != 0);
}

template <class Sink>
void tell_embedded(const RecordView& record, Sink& sink) {
  const drr::EmbeddedRecord embedded = drr::decode_embedded(record);
  sink.number("object", embedded.object);
  sink.number("offset", embedded.offset);
  sink.length(embedded.length);
  sink.number("logical", embedded.logical_bytes);
  sink.number("compressed", embedded.physical_bytes);
  sink.word("compression", drr::compression_name(embedded.compression));
  sink.number("embedded_type", embedded.embedded_type);
}

template <class Sink>
void tell_byref(const RecordView& record, Sink& sink) {
  const drr::WriteByrefRecord byref = drr::decode_write_byref(record);
  sink.number("object", byref.object);
  sink.number("offset", byref.offset);
  sink.length(byref.length);
  sink.guid("refguid", byref.refguid);
  sink.number("refobject", byref.refobject);
  sink.number("refoffset", byref.refoffset);
}

template <class Sink>
void tell_fields(const RecordView& record, Sink& sink) {
  switch (static_cast<RecordType>(record.type_code())) {
    case RecordType::begin:
      return tell_begin(record, sink);
    case RecordType::object:
      return tell_object(record, sink);
    case RecordType::free_objects:
    case RecordType::object_range:
      return tell_run(record, sink);
    case RecordType::write:
      return tell_write(record, sink);
    case RecordType::free:
    case RecordType::redact:
      return tell_free(record, sink);
    case RecordType::write_byref:
      return tell_byref(record, sink);
    case RecordType::spill:
      return tell_spill(record, sink);
    case RecordType::write_embedded:
      return tell_embedded(record, sink);
    case RecordType::end:
      return;
  }
}

struct Place {
  std::uint64_t stream;
  std::uint64_t substream;
  std::uint64_t begin_toguid;
};

template <class Sink>
void tell_record(const drr::Parser& parser, const Place& place, Sink&& sink) {
  const drr::RecordNote note = parser.current();
  const Role role = parser.role();
  const bool is_framing = !role_name(role).empty();
  sink.number("stream", place.stream);
  if (!is_framing) sink.number("substream", place.substream);
  sink.number("record", note.number);
  sink.number("stream_offset", note.stream_offset);
  // The byte order of a package's closing END is not told: its type code may read swapped.
  sink.word("type", role == Role::package_end ? "END" : drr::record_type_name(note.type_code));
  if (is_framing) sink.word("role", role_name(role));
  sink.number("payload", parser.record_payload_bytes());
  if (role == Role::package_end) return;
  tell_fields(parser.record(), sink);
  if (role == Role::body && toguid_of(parser.record()) != place.begin_toguid) {
    sink.guid("toguid", toguid_of(parser.record()));  // saved streams (FORMAT.md §0.3)
  }
  sink.flag("unproven", role == Role::body && !parser.record_proven());
}

}  // namespace

void RecordLines::append(std::string& out, const drr::Parser& parser) {
  const Role role = parser.role();
  const bool begins_substream = role == Role::substream_begin;
  if (role == Role::package_begin || (begins_substream && !parser.in_package())) {
    ++stream_;
    substream_ = 0;
  }
  if (begins_substream) {
    ++substream_;
    begin_toguid_ = drr::toguid_of(parser.record());
  }
  const Place place{stream_, substream_, begin_toguid_};
  if (form_ == LineForm::text) {
    tell_record(parser, place, TextSink(out));
  } else {
    tell_record(parser, place, JsonSink(out));
  }
  out += '\n';
}

void RecordPrinter::on_record(const drr::Parser& parser) {
  line_.clear();
  lines_.append(line_, parser);
  out_.write(line_);
}

}  // namespace zsluice::cli
