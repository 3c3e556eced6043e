#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Reference decoder of ZFS send streams: judges one file and prints what it holds, as one JSON object.

Written from FORMAT.md alone, for clarity and not for speed, so that the C++ parser can be compared with something
that shares no code and no author's habit with it. Comments name the section a fact comes from. The whole input is
held in memory.

    zsend_reference.py [PATH|-]        exit 0 whole, 3 damaged or no stream, 4 truncated (DESIGN.md §3)

records and payload_bytes count what the headers say that arrived whole and were not wrong, so a truncated last
payload counts in full. watermark is that of DESIGN.md §4: the end of the last header whose checksum was checked.
"""

from __future__ import annotations

import json
import struct
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

from drr_reference import (BEGIN, COMPOUND, END, FEATURE_RAW, MAGIC, ORDER_NAMES, RECORD_SIZE, SUBSTREAM, SUM_AT, TYPES,
                           Fletcher4, expected_end, features_of, fields_of, order_of_begin, payload_size)
from nvlist_reference import NATIVE, NvError, NvList, decode as decode_nvlist

MAX_PAYLOAD = 16 << 20  # largest block any receiver takes (§A.4)
MAX_BEGIN_PAYLOAD = 64 << 20
SUITES = {3: "aes-128-ccm", 4: "aes-192-ccm", 5: "aes-256-ccm", 6: "aes-128-gcm", 7: "aes-192-gcm", 8: "aes-256-gcm"}


class Stop(Exception):
    """The verdict is clear before the end of the input."""

    def __init__(self, verdict: str, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.verdict, self.offset, self.reason = verdict, offset, reason


class Decoder:
    """Walks the input once; what was found so far is in the public members, whatever happens."""

    def __init__(self, data: bytes) -> None:
        self.data = memoryview(data)
        self.at = 0
        self.watermark = 0
        self.records: Counter = Counter()
        self.payload_bytes: Counter = Counter()
        self.substreams: list[dict] = []
        self.streams = 0
        self.packages = 0
        self.saved = False
        self.trailing_bytes = 0

    def run(self) -> None:
        """Reads streams until the input ends; returns only when all of it is whole."""
        seen = set()
        while self.at == 0 or self.begin_order() is not None:
            start = self.at
            self.read_stream()
            self.streams += 1
            digest = sha256(self.data[start:self.at]).digest()
            if digest in seen:
                raise Stop("damaged", start, "the same stream a second time")
            seen.add(digest)
        self.trailing_bytes = len(self.data) - self.at
        if self.trailing_bytes:
            raise Stop("damaged", self.at, "bytes after the end; the stream itself is whole")

    def take(self, size: int, what: str) -> memoryview:
        if len(self.data) - self.at < size:
            raise Stop("truncated", len(self.data), f"input ends inside {what}")
        self.at += size
        return self.data[self.at - size:self.at]

    def begin_order(self) -> str | None:
        return order_of_begin(self.data[self.at:self.at + 16])

    def read_stream(self) -> None:
        begin = self.read_begin()
        if begin["kind"] == SUBSTREAM:
            self.read_records(begin)
        else:
            self.packages += 1
            self.read_package(begin)

    def read_begin(self) -> dict:
        at, order = self.at, self.begin_order()
        if order is None:
            if at == 0 and not could_become_begin(bytes(self.data[:16])):
                raise Stop("not_a_stream", 0, "no BEGIN record")
            if len(self.data) - at >= 16:
                raise Stop("damaged", at, "expected a BEGIN record")
        header = self.take(RECORD_SIZE, "a BEGIN record")
        fields = fields_of(header, BEGIN, order)
        size = struct.unpack_from(order + "I", header, 4)[0]
        kind = fields["versioninfo"] & 3
        if kind not in (SUBSTREAM, COMPOUND):
            raise Stop("damaged", at, f"unknown header type {kind}")
        if size > MAX_BEGIN_PAYLOAD:
            raise Stop("damaged", at, f"BEGIN payload of {size} bytes")
        self.count(BEGIN, size)
        running = Fletcher4(order)
        running.absorb(header)
        begin = {"kind": kind, "order": order, "running": running, "toguid": fields["toguid"], "facts": {}}
        if kind == SUBSTREAM:
            begin["facts"] = substream_facts(fields, order)
            self.substreams.append(begin["facts"])
        payload = self.take(size, "the payload of a BEGIN record")
        running.absorb(payload)
        begin["facts"].update(nvlist_facts(bytes(payload)))
        return begin

    def read_records(self, begin: dict) -> None:
        """The records of a substream, END included (§C.2)."""
        order, running, facts = begin["order"], begin["running"], begin["facts"]
        foreign_guid = False
        while True:
            at = self.at
            if at == len(self.data) and foreign_guid:
                self.saved = True  # `zfs send --saved`: no END, records name the partial dataset (§D.2)
            header = self.take(RECORD_SIZE, "a record header")
            sum_before = running.state
            running.absorb(header[:SUM_AT])
            claimed = struct.unpack_from(order + "4Q", header, SUM_AT)
            if any(claimed) and claimed != running.state:
                raise Stop("damaged", at, "record checksum mismatch, or in the payload before")
            running.absorb(header[SUM_AT:])
            code = struct.unpack_from(order + "I", header)[0]
            if code == BEGIN or code >= len(TYPES):
                raise Stop("damaged", at, f"record type {code} inside a substream")
            fields = fields_of(header, code, order)
            if code == END and tuple(fields[f"sum{i}"] for i in range(4)) != sum_before:
                raise Stop("damaged", at, "END does not have the sum of all before it")
            if any(claimed) or code == END:  # a zero checksum proves nothing before END
                self.watermark = self.at
            size = payload_size(code, fields)
            if size > MAX_PAYLOAD:
                raise Stop("damaged", at, f"payload of {size} bytes")
            facts["records_total"] += 1
            self.count(code, size)
            if code == END:
                return
            foreign_guid = fields["toguid"] != begin["toguid"]
            running.absorb(self.take(size, f"the payload of a {TYPES[code]} record"))

    def read_package(self, begin: dict) -> None:
        """Header END, substreams, closing END (§C.3). Both ENDs are zero wherever they hold no sum."""
        self.read_framing_end([expected_end(begin["order"], begin["running"].state)])
        while self.data[self.at:self.at + 4] == bytes(4):
            at, inner = self.at, self.read_begin()
            if inner["kind"] != SUBSTREAM:
                raise Stop("damaged", at, "a package inside a package")
            self.read_records(inner)
        self.read_framing_end([expected_end(order, (0, 0, 0, 0)) for order in "<>"])

    def read_framing_end(self, allowed: list[bytes]) -> None:
        at = self.at
        if bytes(self.take(RECORD_SIZE, "the framing of a package")) not in allowed:
            raise Stop("damaged", at, "the framing of a package is wrong")
        self.count(END, 0)
        self.watermark = self.at

    def count(self, code: int, payload: int) -> None:
        self.records[TYPES[code]] += 1
        self.payload_bytes[TYPES[code]] += payload


def could_become_begin(start: bytes) -> bool:
    magics = (struct.pack(order + "Q", MAGIC) for order in "<>")
    return start[:4] == bytes(4)[:len(start)] and (len(start) <= 8 or any(m.startswith(start[8:]) for m in magics))


def substream_facts(fields: dict, order: str) -> dict:
    features = features_of(fields)
    return {
        "toname": fields["toname"].split(b"\0", 1)[0].decode("utf-8", "backslashreplace"),
        "toguid": fields["toguid"],
        "fromguid": fields["fromguid"],
        "raw": bool(features & FEATURE_RAW),
        "features": features,
        "byte_order": ORDER_NAMES[order],
        "records_total": 1,
    }


def nvlist_facts(payload: bytes) -> dict:
    """Which nvlist a BEGIN carries, and what the raw sender said of the keys (§D.5)."""
    if not payload:
        return {"nvlist": "none", "encrypted_suite": None}
    try:
        nvlist, encoding, order = decode_nvlist(payload)
    except NvError:
        return {"nvlist": "undecodable", "encrypted_suite": None}
    keydata = nvlist.get("crypt_keydata")
    suite = keydata.get("DSL_CRYPTO_SUITE") if isinstance(keydata, NvList) else None
    name = "native" if encoding == NATIVE else "xdr"
    return {"nvlist": f"{name}, {ORDER_NAMES[order]}", "encrypted_suite": SUITES.get(suite, suite)}


def decode(data: bytes) -> dict:
    decoder = Decoder(data)
    verdict, error = "whole", None
    try:
        decoder.run()
    except Stop as stop:
        verdict, error = stop.verdict, {"offset": stop.offset, "reason": stop.reason}
    return {
        "verdict": verdict,
        "error": error,
        "streams": decoder.streams,
        "packages": decoder.packages,
        "saved": decoder.saved,
        "records_total": decoder.records.total(),
        "records": {name: decoder.records[name] for name in TYPES},
        "payload_bytes": {name: decoder.payload_bytes[name] for name in TYPES},
        "substreams": decoder.substreams,
        "watermark": decoder.watermark,
        "bytes": len(data),
        "trailing_bytes": decoder.trailing_bytes,
    }


def main(arguments: list[str]) -> int:
    path = arguments[1] if len(arguments) > 1 else "-"
    report = decode(sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes())
    print(json.dumps(report, indent=2))
    return {"whole": 0, "truncated": 4}.get(report["verdict"], 3)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
