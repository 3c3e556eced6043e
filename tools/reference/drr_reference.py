# SPDX-License-Identifier: BSD-2-Clause
"""One record of a ZFS send stream: layout, payload size and the running checksum, after FORMAT.md §A and §C.1.

Byte orders are those of the struct module: '<' little, '>' big. Sizes and offsets are bytes.
"""

from __future__ import annotations

import struct
import sys
from array import array
from itertools import accumulate

RECORD_SIZE = 312
SUM_AT = 280  # the record checksum; in BEGIN these bytes belong to toname (§A)
MAGIC = 0x2F5BACBAC
SUBSTREAM, COMPOUND = 1, 2  # header types: the low bits of versioninfo (§B.1)
FEATURE_RAW = 1 << 24  # §B.2
FLAG_RAW_BYTESWAP = 1 << 1  # §A.2
ORDER_NAMES = {"<": "little", ">": "big"}
MASK64 = (1 << 64) - 1
CHUNK = 32 << 10

# Every record: u32 type, u32 payload length, then these fields (§A.1). B, I and Q are unsigned numbers in stream
# order; s fields are byte strings that no byte order touches, "_" among them is padding.
WHAT_IS_FREED = ("QQQQ", "object offset length toguid")
LAYOUTS = {
    "BEGIN": ("QQQIIQQ256s", "magic versioninfo creation_time type flags toguid fromguid toname"),
    "OBJECT": ("QIIIIBBBBIQBBB5sQ", "object type bonustype blksz bonuslen checksumtype compress dn_slots flags "
                                    "raw_bonuslen toguid indblkshift nlevels nblkptr _ maxblkid"),
    "FREEOBJECTS": ("QQQ", "firstobj numobjs toguid"),
    "WRITE": ("QI4sQQQBBB5s4QQQ8s12s16s", "object type _ offset logical_size toguid checksumtype flags compressiontype "
                                          "_ key0 key1 key2 key3 prop compressed_size salt iv mac"),
    "FREE": WHAT_IS_FREED,
    "END": ("4QQ", "sum0 sum1 sum2 sum3 toguid"),
    "WRITE_BYREF": ("QQQQQQQBB6s4QQ", "object offset length toguid refguid refobject refoffset checksumtype flags _ "
                                      "key0 key1 key2 key3 prop"),
    "SPILL": ("QQQBB6sQ8s12s16sI", "object length toguid flags compressiontype _ compressed_size salt iv mac type"),
    "WRITE_EMBEDDED": ("QQQQBB6sII", "object offset length toguid compression etype _ lsize psize"),
    "OBJECT_RANGE": ("QQQ8s12s16sB3s", "firstobj numslots toguid salt iv mac flags _"),
    "REDACT": WHAT_IS_FREED,
}
TYPES = list(LAYOUTS)  # in the order of their numbers
BEGIN, END = TYPES.index("BEGIN"), TYPES.index("END")


def align(size: int, unit: int) -> int:
    return -(-size // unit) * unit


def order_of_begin(start: bytes | memoryview) -> str | None:
    """The byte order of the BEGIN whose first 16 bytes these are, if they are."""
    for order in "<>":
        if len(start) == 16 and struct.unpack(order + "I4xQ", start) == (BEGIN, MAGIC):
            return order
    return None


def features_of(begin_fields: dict) -> int:
    return begin_fields["versioninfo"] >> 2 & (1 << 56) - 1


def fields_of(header: memoryview, code: int, order: str) -> dict:
    layout, names = LAYOUTS[TYPES[code]]
    return dict(zip(names.split(), struct.unpack_from(order + layout, header, 8)))


def payload_size(code: int, fields: dict) -> int:
    """What follows the header (§A); BEGIN alone says it in the common part."""
    match TYPES[code]:
        case "OBJECT":
            return fields["raw_bonuslen"] or align(fields["bonuslen"], 8)
        case "WRITE":
            return fields["compressed_size"] if fields["compressiontype"] else fields["logical_size"]
        case "SPILL":
            return fields["compressed_size"] or fields["length"]
        case "WRITE_EMBEDDED":
            return align(fields["psize"], 8)
    return 0


def expected_end(order: str, state: tuple) -> bytes:
    return struct.pack(order + "II4Q", END, 0, *state).ljust(RECORD_SIZE, b"\0")


class Fletcher4:
    """The running sum of one BEGIN..END, over 32-bit words in stream order (§C.1)."""

    def __init__(self, order: str) -> None:
        self.state = (0, 0, 0, 0)
        self.swapped = ORDER_NAMES[order] != sys.byteorder

    def absorb(self, range_: memoryview) -> None:
        whole_words = len(range_) // 4 * 4
        for at in range(0, whole_words, CHUNK):
            words = array("I", bytes(range_[at:min(at + CHUNK, whole_words)]))
            if self.swapped:
                words.byteswap()
            state, terms = [], words
            for start in self.state:  # a sums the words, b the values a took, c those of b, d those of c
                terms = list(accumulate(terms, initial=start))[1:]
                state.append(terms[-1] & MASK64)
            self.state = tuple(state)
