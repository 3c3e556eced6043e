# SPDX-License-Identifier: BSD-2-Clause
"""Packed nvlists, both encodings and both byte orders, after FORMAT.md §D.6.

An nvlist is a list of Pair. Values are None (boolean), a number, a str, an NvList, or a list of one of these; the
type code says which. decode() takes what any host packed; encode() packs for
either order. Text is latin-1 on both ways, so names and strings of any bytes survive a round trip.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from drr_reference import align

NATIVE, XDR = 0, 1
MAX_DEPTH = 20  # what a kernel receiver accepts

BOOLEAN, STRING, BYTE_ARRAY, STRING_ARRAY, NVLIST, NVLIST_ARRAY = 1, 9, 10, 17, 19, 20
SCALARS = {2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "q", 8: "Q", 18: "q", 21: "i", 22: "b", 23: "B", 27: "d"}
ARRAYS = {10: "B", 11: "h", 12: "H", 13: "i", 14: "I", 15: "q", 16: "Q", 24: "i", 25: "b", 26: "B"}
LIST_HEADER = 24  # an embedded list in a native value: version, flags, private pointer, two more words


class NvError(ValueError):
    """The bytes are not a packed nvlist."""


@dataclass
class Pair:
    name: str
    type: int
    value: object = None


@dataclass
class NvList:
    pairs: list[Pair] = field(default_factory=list)
    version: int = 0
    flags: int = 1  # unique names

    def get(self, name: str, default: object = None) -> object:
        return next((pair.value for pair in self.pairs if pair.name == name), default)


def decode(packed: bytes) -> tuple[NvList, int, str]:
    """The list, its encoding and the byte order of the host that packed it ('<' or '>')."""
    if len(packed) < 4 or packed[0] not in (NATIVE, XDR) or packed[1] not in (0, 1):
        raise NvError("no nvlist header")
    order = "<" if packed[1] else ">"
    try:
        reader = Native(packed, order) if packed[0] == NATIVE else Xdr(packed)
        return reader.whole_list(), packed[0], order
    except struct.error as error:
        raise NvError("cut short") from error


def encode(nvlist: NvList, encoding: int, order: str) -> bytes:
    header = bytes([encoding, order == "<", 0, 0])
    if encoding == NATIVE:
        return header + struct.pack(order + "iI", nvlist.version, nvlist.flags) + native_pairs(nvlist, order)
    return header + xdr_list(nvlist)


class Cursor:
    """Reads from a buffer and never past its end."""

    def __init__(self, packed: bytes, order: str) -> None:
        self.packed, self.order, self.at = packed, order, 4

    def take(self, size: int) -> bytes:
        if not 0 <= size <= len(self.packed) - self.at:
            raise NvError("length beyond the end")
        self.at += size
        return self.packed[self.at - size:self.at]

    def unpack(self, code: str) -> tuple:
        return struct.unpack(self.order + code, self.take(struct.calcsize("=" + code)))


class Native(Cursor):
    def whole_list(self) -> NvList:
        version, flags = self.unpack("iI")
        return NvList(self.pairs(0), version, flags)

    def pairs(self, depth: int) -> list[Pair]:
        if depth > MAX_DEPTH:
            raise NvError("nested too deep")
        pairs = []
        while (start := self.at, size := self.unpack("i")[0])[1] != 0:
            name_size, _, count, kind = self.unpack("hhii")
            name = self.take(name_size)[:-1].decode("latin-1")
            self.take(start + align(16 + name_size, 8) - self.at)
            value = self.take(start + size - self.at)
            pairs.append(Pair(name, kind, self.value(kind, count, value, depth)))
        return pairs

    def value(self, kind: int, count: int, raw: bytes, depth: int) -> object:
        if count < 0 or count > len(self.packed):
            raise NvError("impossible element count")
        if kind == BOOLEAN:
            return None
        if kind in SCALARS:
            return struct.unpack_from(self.order + SCALARS[kind], raw)[0]
        if kind in ARRAYS:
            code = f"{count}{ARRAYS[kind]}"
            return list(struct.unpack_from(self.order + code, raw))
        if kind == STRING:
            return raw.split(b"\0", 1)[0].decode("latin-1")
        if kind == STRING_ARRAY:
            return [text.decode("latin-1") for text in raw[8 * count:].split(b"\0")[:count]]
        if kind == NVLIST:
            return self.embedded(raw[:8], depth)
        if kind == NVLIST_ARRAY:
            heads = raw[8 * count:]
            return [self.embedded(heads[LIST_HEADER * i:][:8], depth) for i in range(count)]
        raise NvError(f"unknown data type {kind}")

    def embedded(self, head: bytes, depth: int) -> NvList:
        version, flags = struct.unpack(self.order + "iI", head)
        return NvList(self.pairs(depth + 1), version, flags)


class Xdr(Cursor):
    def __init__(self, packed: bytes) -> None:
        super().__init__(packed, ">")

    def whole_list(self, depth: int = 0) -> NvList:
        if depth > MAX_DEPTH:
            raise NvError("nested too deep")
        version, flags = self.unpack("iI")
        pairs = []
        while self.unpack("ii") != (0, 0):  # encoded and decoded size: nothing a reader needs
            name = self.text()
            kind, count = self.unpack("ii")
            if count < 0 or count > len(self.packed):
                raise NvError("impossible element count")
            pairs.append(Pair(name, kind, self.value(kind, count, depth)))
        return NvList(pairs, version, flags)

    def text(self) -> str:
        size = self.unpack("I")[0]
        return self.take(align(size, 4))[:size].decode("latin-1")

    def value(self, kind: int, count: int, depth: int) -> object:
        if kind == BOOLEAN:
            return None
        if kind in SCALARS:
            return self.numbers(SCALARS[kind], 1)[0]
        if kind == STRING:
            return self.text()
        if kind == BYTE_ARRAY:
            return list(self.take(align(count, 4))[:count])
        if kind in ARRAYS:
            if count and self.unpack("I")[0] != count:
                raise NvError("two different element counts")
            return self.numbers(ARRAYS[kind], count)
        if kind == STRING_ARRAY:
            return [self.text() for _ in range(count)]
        if kind == NVLIST:
            return self.whole_list(depth + 1)
        if kind == NVLIST_ARRAY:
            return [self.whole_list(depth + 1) for _ in range(count)]
        raise NvError(f"unknown data type {kind}")

    def numbers(self, code: str, count: int) -> list:
        if struct.calcsize(code) == 8:
            return list(self.unpack(f"{count}{code}"))
        size = struct.calcsize(code)  # smaller ones sit in the low bytes of a 4-byte word
        return [struct.unpack(">" + code, self.take(4)[4 - size:])[0] for _ in range(count)]


def element_count(pair: Pair) -> int:
    if pair.type == BOOLEAN:
        return 0
    return len(pair.value) if isinstance(pair.value, list) else 1


def native_pairs(nvlist: NvList, order: str) -> bytes:
    return b"".join(native_pair(pair, order) for pair in nvlist.pairs) + bytes(4)


def native_value(pair: Pair, order: str) -> tuple[bytes, list[NvList]]:
    """The bytes inside the pair, and the lists whose pairs follow it."""
    if pair.type == BOOLEAN:
        return b"", []
    if pair.type in SCALARS:
        return struct.pack(order + SCALARS[pair.type], pair.value), []
    if pair.type in ARRAYS:
        return struct.pack(f"{order}{len(pair.value)}{ARRAYS[pair.type]}", *pair.value), []
    if pair.type == STRING:
        return pair.value.encode("latin-1") + b"\0", []
    if pair.type == STRING_ARRAY:
        return bytes(8 * len(pair.value)) + b"".join(text.encode("latin-1") + b"\0" for text in pair.value), []
    lists = pair.value if pair.type == NVLIST_ARRAY else [pair.value]
    heads = b"".join(struct.pack(order + "iI16x", each.version, each.flags) for each in lists)
    pointers = bytes(8 * len(lists)) if pair.type == NVLIST_ARRAY else b""
    return pointers + heads, lists


def native_pair(pair: Pair, order: str) -> bytes:
    name = pair.name.encode("latin-1") + b"\0"
    value, lists = native_value(pair, order)
    value_at = align(16 + len(name), 8)
    size = value_at + align(len(value), 8)
    head = struct.pack(order + "ihhii", size, len(name), 0, element_count(pair), pair.type)
    packed = (head + name).ljust(value_at, b"\0") + value
    return packed.ljust(size, b"\0") + b"".join(native_pairs(each, order) for each in lists)


def xdr_list(nvlist: NvList) -> bytes:
    pairs = b"".join(xdr_pair(pair) for pair in nvlist.pairs)
    return struct.pack(">iI", nvlist.version, nvlist.flags) + pairs + bytes(8)


def xdr_text(text: str) -> bytes:
    raw = text.encode("latin-1")
    return struct.pack(">I", len(raw)) + raw.ljust(align(len(raw), 4), b"\0")


def xdr_numbers(code: str, values: list) -> bytes:
    if struct.calcsize(code) < 8:
        code = "i" if code in "hib" else "I"
    return struct.pack(f">{len(values)}{code}", *values)


def xdr_value(pair: Pair) -> bytes:
    kind, value = pair.type, pair.value
    if kind == BOOLEAN or (isinstance(value, list) and not value):
        return b""
    if kind in SCALARS:
        # Linux kernels refuse a sign-extended 8-bit value, so int8 goes out as its low byte.
        return xdr_numbers("I", [value & 0xFF]) if SCALARS[kind] == "b" else xdr_numbers(SCALARS[kind], [value])
    if kind == STRING:
        return xdr_text(value)
    if kind == BYTE_ARRAY:
        return bytes(value).ljust(align(len(value), 4), b"\0")
    if kind in ARRAYS:
        return struct.pack(">I", len(value)) + xdr_numbers(ARRAYS[kind], value)
    if kind == STRING_ARRAY:
        return b"".join(map(xdr_text, value))
    return b"".join(map(xdr_list, value if kind == NVLIST_ARRAY else [value]))


def xdr_pair(pair: Pair) -> bytes:
    body = xdr_text(pair.name) + struct.pack(">ii", pair.type, element_count(pair)) + xdr_value(pair)
    inside, _ = native_value(pair, ">")  # the decoded size is that of the pair as it lies in memory
    decoded_size = align(16 + len(pair.name.encode("latin-1")) + 1, 8) + align(len(inside), 8)
    return struct.pack(">ii", 8 + len(body), decoded_size) + body
