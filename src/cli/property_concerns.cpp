// SPDX-License-Identifier: BSD-2-Clause
#include "cli/property_concerns.hpp"

#include "zsluice/base/escape.hpp"
#include "zsluice/drr/names.hpp"

namespace zsluice::cli {
namespace {

using namespace std::literals;

constexpr std::uint64_t kNoNumber = ~std::uint64_t{0};

struct Concern {
  std::string_view code;
  std::string_view property;                      // ends in '*' for a family of names
  std::string_view text_prefix;                   // only values that begin so
  std::array<std::string_view, 2> harmless_text;  // values that do nothing
  std::uint64_t harmless_number = kNoNumber;
  std::string_view reason;
};

// The first that fits counts. Properties that only describe how data is kept (compression,
// recordsize, atime) are not here.
constexpr std::array<Concern, kPropertyConcerns> kConcerns{{
    {"keylocation_url",
     "keylocation",
     "http",
     {},
     kNoNumber,
     "it carries the address of the key server in the clear, with whatever identifies this machine "
     "or pool in it, to the very host that must not get the key; receive with -x keylocation, or "
     "send without -R and -p."},
    {"keylocation_file",
     "keylocation",
     {},
     {"prompt", "none"},
     kNoNumber,
     "it tells the receiving host where the sender keeps its key, and makes that host look for one "
     "there; receive with -x keylocation."},
    {"mountpoint",
     "mountpoint",
     {},
     {"none", "legacy"},
     kNoNumber,
     "the receiver mounts the dataset there, over what is in that place; receive with -u and "
     "-x mountpoint."},
    {"canmount",
     "canmount",
     {},
     {},
     0,
     "it decides whether the receiver mounts the dataset, now or at its next boot; receive with -u "
     "and -o canmount=off."},
    {"overlay",
     "overlay",
     {},
     {},
     0,
     "it allows mounting over a directory that is not empty; receive with -x overlay."},
    {"sharenfs",
     "sharenfs",
     {},
     {"off", ""},
     kNoNumber,
     "the receiver exports the dataset over NFS, with the sender's options; receive with "
     "-o sharenfs=off."},
    {"sharesmb",
     "sharesmb",
     {},
     {"off", ""},
     kNoNumber,
     "the receiver shares the dataset over SMB, with the sender's options; receive with "
     "-o sharesmb=off."},
    {"setuid",
     "setuid",
     {},
     {},
     0,
     "programs in the dataset may run with their owner's rights, root's included; receive with "
     "-o setuid=off."},
    {"exec",
     "exec",
     {},
     {},
     0,
     "programs in the dataset may be run on the receiver; receive with -o exec=off."},
    {"devices",
     "devices",
     {},
     {},
     0,
     "device nodes in the dataset open the receiver's devices; receive with -o devices=off."},
    {"readonly",
     "readonly",
     {},
     {},
     1,
     "it makes the copy writable; a copy that was written to refuses the next incremental; receive "
     "with -o readonly=on."},
    {"zoned",
     "zoned",
     {},
     {},
     0,
     "it hands the dataset to a zone or container of the receiver; receive with -x zoned."},
    {"jailed",
     "jailed",
     {},
     {},
     0,
     "it hands the dataset to a jail of the receiver; receive with -x jailed."},
    {"volmode",
     "volmode",
     {},
     {},
     3,
     "the receiver shows the volume as a disk and may scan the partitions in it; receive with "
     "-o volmode=none."},
    {"snapdev",
     "snapdev",
     {},
     {},
     0,
     "the receiver makes a device for every snapshot of the volume; receive with -x snapdev."},
    {"reservation",
     "reservation",
     {},
     {},
     0,
     "it takes space from the receiving pool before anything is written; receive with "
     "-x reservation."},
    {"refreservation",
     "refreservation",
     {},
     {},
     0,
     "it takes space from the receiving pool before anything is written; receive with "
     "-x refreservation."},
    {"quota",
     "quota",
     {},
     {},
     0,
     "a later receive fails when the copy grows to it; receive with -x quota."},
    {"refquota",
     "refquota",
     {},
     {},
     0,
     "a later receive fails when the copy grows to it; receive with -x refquota."},
    {"snapshot_limit",
     "snapshot_limit",
     {},
     {},
     kNoNumber,
     "a later receive fails when the copy has that many snapshots; receive with "
     "-x snapshot_limit."},
    {"filesystem_limit",
     "filesystem_limit",
     {},
     {},
     kNoNumber,
     "a later receive fails when the copy has that many children; receive with "
     "-x filesystem_limit."},
    {"dedup",
     "dedup",
     {},
     {},
     2,
     "the receiving pool deduplicates the copy and needs memory for its table; receive with "
     "-x dedup."},
    {"copies",
     "copies",
     {},
     {},
     1,
     "the copy takes that many times its size; receive with -x copies."},
    {"context",
     "*context",
     {},
     {"none", ""},
     kNoNumber,
     "it sets the SELinux label of the mounted files; receive with -x for it."},
    {"auto_snapshot",
     "com.sun:auto-snapshot*",
     {},
     {"false", ""},
     kNoNumber,
     "snapshot tools on the receiver act on it, and snapshots of a copy refuse the next "
     "incremental; receive with -o com.sun:auto-snapshot=false."},
    {"systemd",
     "org.openzfs.systemd:*",
     {},
     {},
     kNoNumber,
     "it changes the mount units that systemd makes on the receiver; receive with -x for it."},
}};

bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return false;
  if (pattern.front() == '*') {
    const std::string_view end = pattern.substr(1);
    return name.size() >= end.size() && name.substr(name.size() - end.size()) == end;
  }
  if (pattern.back() != '*') return name == pattern;
  return name.substr(0, pattern.size() - 1) == pattern.substr(0, pattern.size() - 1);
}

bool raises(const Concern& concern, const nvlist::Value& value) {
  if (const auto text = value.as_string()) {
    if (text->substr(0, concern.text_prefix.size()) != concern.text_prefix) return false;
    const bool lists_harmless = !concern.harmless_text[0].empty();
    return !lists_harmless ||
           (*text != concern.harmless_text[0] && *text != concern.harmless_text[1]);
  }
  return concern.text_prefix.empty() && value.as_u64() != concern.harmless_number;
}

// Index properties travel as numbers.
std::string_view word_of(std::string_view name, std::uint64_t number) {
  struct Words {
    std::string_view property;
    std::array<std::string_view, 4> words;
  };
  static constexpr std::array<Words, 15> kWords{{
      {"canmount", {"off", "on", "noauto", ""}},
      {"overlay", {"off", "on", "", ""}},
      {"setuid", {"off", "on", "", ""}},
      {"exec", {"off", "on", "", ""}},
      {"devices", {"off", "on", "", ""}},
      {"readonly", {"off", "on", "", ""}},
      {"zoned", {"off", "on", "", ""}},
      {"jailed", {"off", "on", "", ""}},
      {"atime", {"off", "on", "", ""}},
      {"relatime", {"off", "on", "", ""}},
      {"snapdev", {"hidden", "visible", "", ""}},
      {"snapdir", {"hidden", "visible", "", ""}},
      {"volmode", {"default", "full", "dev", "none"}},
      {"sync", {"standard", "always", "disabled", ""}},
      {"logbias", {"latency", "throughput", "", ""}},
  }};
  if (name == "compression" && number < 17) return drr::compression_name(number);
  if (name == "checksum" && number < 15) return drr::checksum_name(number);
  for (const Words& words : kWords) {
    if (words.property == name && number < words.words.size()) return words.words[number];
  }
  return {};
}

}  // namespace

std::optional<std::size_t> concern_of(std::string_view name, const nvlist::Value& value) {
  for (std::size_t i = 0; i < kConcerns.size(); ++i) {
    if (fits(kConcerns[i].property, name) && raises(kConcerns[i], value)) return i;
  }
  return std::nullopt;
}

std::string_view concern_code(std::size_t concern) {
  return kConcerns.at(concern).code;
}

std::string_view concern_property(std::size_t concern) {
  return kConcerns.at(concern).property;
}

std::string_view concern_reason(std::size_t concern) {
  return kConcerns.at(concern).reason;
}

std::string property_value_text(std::string_view name, const nvlist::Value& value) {
  if (const auto text = value.as_string()) return '"' + escaped(*text, 200) + '"';
  const auto number = value.as_u64();
  if (!number) return std::string(nvlist::type_name(value.type()));
  const std::string_view word = word_of(name, *number);
  return word.empty() ? std::to_string(*number) : std::string(word);
}

}  // namespace zsluice::cli
