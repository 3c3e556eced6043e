#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Turns a whole send stream (or package, or saved stream) into what a host of the other byte order would have sent.

    turn_stream.py [--keep-order] [--xdr] [--zero-sums] INPUT OUTPUT

--keep-order   leave the byte order alone; only the other options change the stream
--xdr          pack the nvlists of substreams as XDR, as hosts after mid-2026 do, instead of native
--zero-sums    leave every record checksum zero, as senders before 2014 did; END keeps its sum of all before it

Fields are swapped one by one (FORMAT.md §A.3), nvlists are packed again for the other order, every sum is made new.
Payloads stay as they are. In raw streams that is exactly right: they are on-disk bytes, and RAW_BYTESWAP is toggled
to say that their order is no longer the stream's. In others a real host would also have swapped the metadata
(ZAPs, dnode bonus), so such a stream is whole for a verifier but not fit to be received.
"""

from __future__ import annotations

import argparse
import struct
import sys
from pathlib import Path

from drr_reference import (BEGIN, COMPOUND, END, FEATURE_RAW, FLAG_RAW_BYTESWAP, LAYOUTS, RECORD_SIZE, SUM_AT, TYPES,
                           Fletcher4, align, expected_end, features_of, fields_of, order_of_begin, payload_size)
from nvlist_reference import XDR, decode as decode_nvlist, encode as encode_nvlist
from zsend_reference import decode as judge

OTHER = {"<": ">", ">": "<"}


class Turner:
    """Reads records in order `source`, writes them in order `target`; one call of turn() does it all."""

    def __init__(self, data: bytes, keep_order: bool = False, xdr: bool = False, zero_sums: bool = False) -> None:
        self.data, self.at, self.out = memoryview(data), 0, bytearray()
        self.keep_order, self.xdr, self.zero_sums = keep_order, xdr, zero_sums
        self.source = self.target = "<"
        self.running = Fletcher4("<")
        self.raw = self.in_substream = self.after_compound_begin = False

    def turn(self) -> bytes:
        report = judge(bytes(self.data))
        if report["verdict"] != "whole" and not report["saved"]:
            raise ValueError(f"only a whole or a saved stream can be turned, this one is {report['verdict']}")
        while self.at < len(self.data):
            header = self.take(RECORD_SIZE)
            code = struct.unpack_from(self.source + "I", header)[0]
            if code == BEGIN:
                self.begin(header)
            elif self.in_substream:
                self.record(header, code)
            else:
                self.framing_end()
        return bytes(self.out)

    def take(self, size: int) -> memoryview:
        self.at += size
        return self.data[self.at - size:self.at]

    def emit(self, *parts: bytes) -> None:
        for part in parts:
            self.out += part
            self.running.absorb(memoryview(part))

    def repack(self, header: memoryview, code: int, payload_length: int) -> bytes:
        """The header up to its checksum, every number swapped on its own; flags say where payloads stay behind."""
        layout, names = LAYOUTS[TYPES[code]]
        values = list(struct.unpack_from(self.source + layout, header, 8))
        if self.raw and self.source != self.target and TYPES[code] in ("OBJECT", "WRITE", "SPILL", "OBJECT_RANGE"):
            values[names.split().index("flags")] ^= FLAG_RAW_BYTESWAP
        turned = struct.pack(self.target + "II" + layout, code, payload_length, *values)
        return turned + bytes(header[len(turned):SUM_AT])

    def begin(self, header: memoryview) -> None:
        self.source = order_of_begin(header[:16])
        self.target = self.source if self.keep_order else OTHER[self.source]
        self.running = Fletcher4(self.target)
        fields = fields_of(header, BEGIN, self.source)
        self.raw = bool(features_of(fields) & FEATURE_RAW)
        self.after_compound_begin = fields["versioninfo"] & 3 == COMPOUND
        self.in_substream = not self.after_compound_begin
        payload = self.repack_nvlist(bytes(self.take(struct.unpack_from(self.source + "I", header, 4)[0])))
        self.emit(self.repack(header, BEGIN, len(payload)), payload)

    def repack_nvlist(self, payload: bytes) -> bytes:
        if not payload:
            return payload
        nvlist, encoding, _ = decode_nvlist(payload)
        if self.in_substream and self.xdr:
            packed = encode_nvlist(nvlist, XDR, self.target)
            return packed.ljust(align(len(packed), 8), b"\0")  # as the hosts that send XDR pad it
        return encode_nvlist(nvlist, encoding, self.target)

    def record(self, header: memoryview, code: int) -> None:
        fields = fields_of(header, code, self.source)
        turned = self.repack(header, code, 0)
        if code == END:
            turned = turned[:8] + self.packed_sum() + turned[40:]
            self.in_substream = False
        self.emit(turned)
        self.emit(bytes(32) if self.zero_sums else self.packed_sum())
        self.emit(bytes(self.take(payload_size(code, fields))))

    def packed_sum(self) -> bytes:
        return struct.pack(self.target + "4Q", *self.running.state)

    def framing_end(self) -> None:
        """Of a package: the header's END carries a sum, the closing END is zero; neither has a record checksum."""
        state = self.running.state if self.after_compound_begin else (0, 0, 0, 0)
        self.after_compound_begin = False
        self.out += expected_end(self.target, state)


def main() -> int:
    parser = argparse.ArgumentParser(description="turn a send stream into the other byte order")
    parser.add_argument("--keep-order", action="store_true")
    parser.add_argument("--xdr", action="store_true")
    parser.add_argument("--zero-sums", action="store_true")
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    turner = Turner(options.input.read_bytes(), options.keep_order, options.xdr, options.zero_sums)
    options.output.write_bytes(turner.turn())
    return 0


if __name__ == "__main__":
    sys.exit(main())
