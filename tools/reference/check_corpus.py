#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares the reference decoder with tests/corpus/EXPECTED.tsv, which came from OpenZFS's own zstream.

    check_corpus.py [--quick] [NAME...]     --quick leaves out files above 256 KiB; exit 1 when anything differs

Every stream must have a row and every row a stream.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from drr_reference import TYPES
from zsend_reference import decode

CORPUS = Path(__file__).resolve().parents[2] / "tests" / "corpus"
QUICK_LIMIT = 256 << 10


def kind_of(report: dict) -> str:
    first = report["substreams"][0]
    if report["packages"]:
        return "package"
    if first["features"] >> 20 & 1:
        return "resumed"
    if first["features"] >> 21 & 1:
        return "redacted"
    return "incremental" if first["fromguid"] else "full"


def row_of(report: dict) -> dict[str, str]:
    """The report in the columns of the table."""
    first = report["substreams"][0]
    row = {
        "kind": kind_of(report),
        "verdict": "saved" if report["saved"] else report["verdict"],
        "streams": max(report["streams"], 1),  # the table counts a cut one too
        "substreams": len(report["substreams"]),
        "total_records": report["records_total"],
        "stream_bytes": report["bytes"],
        "raw": "yes" if first["raw"] else "no",
        "features": hex(first["features"]),
        "suite": first["encrypted_suite"],
    }
    row |= {name: report["records"][name] for name in TYPES}
    row |= {f"{name}_bytes": report["payload_bytes"][name] for name in TYPES}
    row |= {name: first[name] for name in ("byte_order", "toguid", "fromguid", "toname")}
    return {name: str(value) for name, value in row.items()}


def differences(expected: dict[str, str], report: dict) -> list[str]:
    found = row_of(report)
    problems = [f"{column}: expected {value}, decoder says {found[column]}"
                for column, value in expected.items() if column != "name" and value not in ("-", found[column])]
    proven = report["watermark"] == report["bytes"]
    if expected["verdict"] == "whole" and not proven:
        problems.append(f"proven only up to {report['watermark']} of {report['bytes']} bytes")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description="check the reference decoder against the corpus")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    with (CORPUS / "EXPECTED.tsv").open(encoding="utf-8", newline="") as table:
        rows = {row["name"]: row for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)}
    paths = {path.relative_to(CORPUS).as_posix().removesuffix(".zsend"): path for path in CORPUS.rglob("*.zsend")}
    problems = [f"{name}: only a row or only a stream" for name in sorted(rows.keys() ^ paths.keys())]
    checked = 0
    for name in sorted(set(options.names) or rows.keys() & paths.keys()):
        if options.quick and paths[name].stat().st_size > QUICK_LIMIT:
            continue
        checked += 1
        problems += [f"{name}: {problem}" for problem in differences(rows[name], decode(paths[name].read_bytes()))]
    print("\n".join([*problems, f"{checked} streams checked, {len(problems)} differences"]))
    return 1 if problems or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
