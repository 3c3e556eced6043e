# SPDX-License-Identifier: BSD-2-Clause
"""A real stream, broken in one named way: a row for each kind of place a fault can hit. Takes streams
apart with the reference decoder (tools/reference), which shares no code with the program."""
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

REFERENCE = Path(__file__).parents[2] / "tools/reference"
sys.path.insert(0, str(REFERENCE))

import drr_reference as drr  # noqa: E402
import turn_stream  # noqa: E402

ORDER = "<"  # of the machines these tests run on
# In a BEGIN record, from its first byte.
MAGIC_AT, TOGUID_AT, TONAME_AT = 8, 40, 56
# In the others.
WRITE_TYPE_AT, WRITE_OFFSET_AT, FREE_LENGTH_AT, COUNT_AT, SPILL_LENGTH_AT, RANGE_MAC_AT = 16, 24, 24, 16, 16, 52
END_SUM_AT = 8
FILE_CONTENTS = 19  # an object type
# Bytes that no field uses, in OBJECT (behind nblkptr) and WRITE (behind its compressed size).
OBJECT_UNUSED_AT, WRITE_UNUSED_AT = 51, 51


@dataclass(frozen=True)
class Record:
    kind: str
    at: int
    payload: int  # where it begins
    end: int


def records_of(stream):
    """Of a substream, or of a package from its header to its closing END."""
    view, at, found = memoryview(stream), 0, []
    while at < len(stream):
        header = view[at:at + drr.RECORD_SIZE]
        code = struct.unpack_from(ORDER + "I", header)[0]
        fields = drr.fields_of(header, code, ORDER)
        size = struct.unpack_from(ORDER + "I", header, 4)[0] if code == drr.BEGIN else None
        size = drr.payload_size(code, fields) if size is None else size
        payload = at + drr.RECORD_SIZE
        found.append(Record(drr.TYPES[code], at, payload, payload + size))
        at = payload + size
    return found


class Stream:
    """A whole raw stream, and where to hit it: in the middle, so that much is there before and after."""

    def __init__(self, data):
        self.data = bytes(data)
        self.records = records_of(self.data)

    def of_kind(self, kind, with_payload=False):
        return [record for record in self.records
                if record.kind == kind and (not with_payload or record.end > record.payload)]  # fmt: skip

    def middle(self, kind, with_payload=False):
        found = self.of_kind(kind, with_payload)
        return found[len(found) // 2]

    def writes(self):
        """Two that follow one another, in the middle."""
        at = self.records.index(self.middle("WRITE"))
        while self.records[at + 1].kind != "WRITE":
            at += 1
        return self.records[at], self.records[at + 1]

    def file_block(self):
        """The largest: a middle WRITE may as well be a directory's, whose size varies with its salt."""
        def is_file(record):
            return struct.unpack_from(ORDER + "I", self.data, record.at + WRITE_TYPE_AT)[0] == FILE_CONTENTS

        return max(filter(is_file, self.of_kind("WRITE")), key=lambda record: record.end - record.payload)

    def flip(self, offset, data=None):
        changed = bytearray(self.data if data is None else data)
        changed[offset] ^= 0x10
        return bytes(changed)

    def without(self, first, end):
        return self.data[:first] + self.data[end:]

    def zeroed(self):
        """No record checksums, as very old senders made them; END's sum is right."""
        return turn_stream.Turner(self.data, keep_order=True, zero_sums=True).turn()


@dataclass(frozen=True)
class Damage:
    name: str
    make: Callable  # of a Stream, the broken bytes
    status: int  # of `zsluice pipe`
    # False: nothing reaches the receiver that it could keep, or all there is.
    leaves_token: bool = True
    source: str = "files"  # of damage_test.SOURCES


def swapped(stream):
    first, second = stream.writes()
    data = stream.data
    return (data[:first.at] + data[second.at:second.end] + data[first.at:first.end]
            + data[second.end:])  # fmt: skip


def repeated(stream):
    record = stream.middle("WRITE")
    return stream.data[:record.end] + stream.data[record.at:]


def dropped(stream):
    record = stream.middle("WRITE")
    return stream.without(record.at, record.end)


def in_header(kind, offset):
    return lambda stream: stream.flip(stream.middle(kind).at + offset)


def in_payload(kind):
    return lambda stream: stream.flip(stream.middle(kind, with_payload=True).payload + 30)


def zeroed_and_flipped(place):
    return lambda stream: stream.flip(place(stream).payload + 30, stream.zeroed())


def cut(place):
    return lambda stream: stream.data[:place(stream)]


DAMAGED, TRUNCATED, REFUSED = 3, 4, 5
DAMAGES = (
    Damage("bit flipped in BEGIN: magic", in_header("BEGIN", MAGIC_AT), DAMAGED, False),
    Damage("bit flipped in BEGIN: toguid", in_header("BEGIN", TOGUID_AT), DAMAGED, False),
    Damage("bit flipped in BEGIN: behind the name", in_header("BEGIN", TONAME_AT + 200), DAMAGED, False),
    Damage("bit flipped in BEGIN's nvlist", in_payload("BEGIN"), DAMAGED, False),
    Damage("bit flipped in OBJECT: type of record", in_header("OBJECT", 0), DAMAGED),
    Damage("bit flipped in OBJECT: unused byte", in_header("OBJECT", OBJECT_UNUSED_AT), DAMAGED),
    Damage("bit flipped in OBJECT's bonus", in_payload("OBJECT"), DAMAGED),
    Damage("bit flipped in WRITE: offset", in_header("WRITE", WRITE_OFFSET_AT), DAMAGED),
    Damage("bit flipped in WRITE: unused byte", in_header("WRITE", WRITE_UNUSED_AT), DAMAGED),
    Damage("bit flipped in WRITE: checksum", in_header("WRITE", drr.SUM_AT), DAMAGED),
    Damage("bit flipped in WRITE's payload", in_payload("WRITE"), DAMAGED),
    Damage("bit flipped in END: checksum", in_header("END", END_SUM_AT), DAMAGED),
    Damage("bit flipped in OBJECT_RANGE: MAC", in_header("OBJECT_RANGE", RANGE_MAC_AT), DAMAGED),
    Damage("bit flipped in FREE: length", in_header("FREE", FREE_LENGTH_AT), DAMAGED),
    Damage("bit flipped in FREEOBJECTS: count", in_header("FREEOBJECTS", COUNT_AT), DAMAGED),
    Damage("bit flipped in SPILL: length", in_header("SPILL", SPILL_LENGTH_AT), DAMAGED, True, "spill"),
    Damage("bit flipped in SPILL's payload", in_payload("SPILL"), DAMAGED, True, "spill"),
    Damage("bit flipped in a package's nvlist",
           lambda stream: stream.flip(stream.records[0].payload + 100), DAMAGED, False, "package"),
    Damage("bit flipped in END of a package's header",
           lambda stream: stream.flip(stream.records[1].at + END_SUM_AT), DAMAGED, False, "package"),
    Damage("bit flipped in a package's closing END",
           lambda stream: stream.flip(stream.records[-1].at + END_SUM_AT), DAMAGED, False, "package"),
    Damage("cut off in BEGIN", cut(lambda _: 200), TRUNCATED, False),
    Damage("cut off in a WRITE's payload",
           cut(lambda stream: stream.middle("WRITE").payload + 100), TRUNCATED),
    Damage("cut off exactly before END", cut(lambda stream: stream.records[-1].at), TRUNCATED),
    Damage("a WRITE is missing", dropped, DAMAGED),
    Damage("a WRITE comes twice", repeated, DAMAGED),
    Damage("two WRITEs are swapped", swapped, DAMAGED),
    Damage("no record checksums, bit flipped in a file's block",
           zeroed_and_flipped(Stream.file_block), REFUSED, False),
    Damage("no record checksums, bit flipped in the first OBJECT's bonus",
           zeroed_and_flipped(lambda stream: stream.of_kind("OBJECT", with_payload=True)[0]),
           REFUSED, False),
)  # fmt: skip
# Behind a stream that is itself whole: the receiver has everything, and the pipe must say what came.
SURPLUS = (
    Damage("garbage behind END", lambda stream: stream.data + b"garbage" * 100, DAMAGED),
    Damage("the same stream twice", lambda stream: stream.data * 2, DAMAGED),
)
