#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes EXPECTED.tsv from reference dumps: what OpenZFS's own tool says each stream of this folder holds.

    make_expected.py DUMPS     DUMPS/NAME.dump is the output of `zstream dump -v NAME.zsend`, for every stream here

No code of this project takes part, so that its decoders can be checked against the table. Only the size of a file,
its byte order and the verdict are not from the dump (the dump does not tell them). A field the dump cannot tell
is `-`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TYPES = ["BEGIN", "OBJECT", "FREEOBJECTS", "WRITE", "FREE", "END", "WRITE_BYREF", "SPILL", "WRITE_EMBEDDED",
         "OBJECT_RANGE", "REDACT"]
WITH_PAYLOAD = ["BEGIN", "OBJECT", "WRITE", "SPILL", "WRITE_EMBEDDED"]
COLUMNS = ["name", "kind", "verdict", "streams", "substreams", "total_records", *TYPES,
           *(f"{name}_bytes" for name in WITH_PAYLOAD), "stream_bytes", "byte_order", "raw", "features", "suite",
           "toguid", "fromguid", "toname"]
RAW, RESUMING, REDACTED = 1 << 24, 1 << 20, 1 << 21
SUITES = {3: "aes-128-ccm", 4: "aes-192-ccm", 5: "aes-256-ccm", 6: "aes-128-gcm", 7: "aes-192-gcm", 8: "aes-256-gcm"}
SAVED = "saved_raw_S"  # the one stream made by `zfs send --saved`: no END, and yet not cut

# zstream 2.1.11 takes the end of a toname of 224 bytes or more for a checksum, and gives up. Its command says the rest.
UNREADABLE = {"longname_raw_full": {"kind": "full", "raw": "yes"}}


def lines_of(dump: str, start: str) -> int:
    return len(re.findall(rf"^{start} ", dump, re.MULTILINE))


def begins_of(dump: str) -> list[dict]:
    """The fields of every BEGIN, in order, values as printed."""
    blocks = re.findall(r"^BEGIN record\n((?:\t.*\n)+)", dump, re.MULTILINE)
    return [dict(re.findall(r"^\t(\w+) = (.*)$", block, re.MULTILINE)) for block in blocks]


def records_of(dump: str) -> tuple[dict, dict]:
    """Counts and payload bytes by type; the summary leaves two types out, so their lines are counted."""
    summary = re.findall(r"Total DRR_(\w+) records = (\d+) \((\d+) bytes\)", dump)
    counts = {name: int(count) for name, count, _ in summary}
    payload = {name: int(size) for name, _, size in summary}
    for name in ("OBJECT_RANGE", "REDACT"):
        counts[name] = lines_of(dump, name)
    total = int(re.search(r"Total records = (\d+)", dump)[1])
    if sum(counts.values()) != total or sum(payload.values()) != int(re.search(r"payload size = (\d+)", dump)[1]):
        raise SystemExit("a dump contradicts itself")
    return counts | {"total_records": total}, payload


def kind_of(begin: dict, is_package: bool) -> str:
    features = int(begin["features"], 16)
    if is_package:
        return "package"
    if features & RESUMING:
        return "resumed"
    if features & REDACTED:
        return "redacted"
    return "full" if begin["fromguid"] == "0" else "incremental"


def verdict_of(name: str, counts: dict, is_package: bool) -> str:
    if SAVED in name:
        return "saved"
    ends_of_whole = counts["BEGIN"] + is_package  # the closing END of a package has no BEGIN
    return "whole" if counts["END"] == ends_of_whole else "truncated"


def row_of(name: str, path: Path, dump: str) -> dict:
    row = {"name": name, "verdict": "whole", "streams": 1, "stream_bytes": path.stat().st_size,
           "byte_order": "big" if ".be" in path.name else "little"}
    if name in UNREADABLE:
        return row | UNREADABLE[name]
    begins = begins_of(dump)
    is_package = begins[0]["hdrtype"] == "2"
    first = next(begin for begin in begins if begin["hdrtype"] == "1")
    counts, payload = records_of(dump)
    features = int(first["features"], 16)
    suite = re.search(r"DSL_CRYPTO_SUITE = (0x[0-9a-f]+)", dump)
    return row | counts | {f"{name}_bytes": payload[name] for name in WITH_PAYLOAD} | {
        "kind": kind_of(first, is_package),
        "verdict": verdict_of(name, counts, is_package),
        "substreams": len(begins) - is_package,
        "raw": "yes" if features & RAW else "no",
        "features": hex(features),
        "suite": SUITES[int(suite[1], 16)] if suite else "-",
        "toguid": int(first["toguid"], 16),
        "fromguid": int(first["fromguid"], 16),
        "toname": first["toname"],
    }


def main() -> None:
    dumps = Path(sys.argv[1])
    table = ["\t".join(COLUMNS)]
    for path in sorted(HERE.rglob("*.zsend")):
        name = path.relative_to(HERE).as_posix().removesuffix(".zsend")
        row = row_of(name, path, (dumps / f"{name}.dump").read_text())
        table.append("\t".join(str(row.get(column, "-")) for column in COLUMNS))
    (HERE / "EXPECTED.tsv").write_text("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
