#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes tests/corpus/foreign_order from the real streams beside it; with --check only says what would change.

No big-endian machine was at hand, and no sender that packs XDR or leaves record checksums zero. turn_stream.py
says how near to the real thing its output is.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CORPUS = TESTS / "corpus"
sys.path.insert(0, str(TESTS.parent / "tools" / "reference"))

from turn_stream import Turner  # noqa: E402  (found through the line above)

# name of the result: (stream it is made from, options of turn_stream)
RECIPES = {
    "g256_raw_full.be": ("g256_raw_full", {}),
    "hier_raw_p.be": ("hier_raw_p", {}),
    "pl_e.be": ("pl_e", {}),
    "red_redacted.be": ("red_redacted", {}),
    "saved_raw_S.be": ("saved_raw_S", {}),
    "sp_raw_full.be_xdr": ("sp_raw_full", {"xdr": True}),
    "c128_raw_full.xdr": ("c128_raw_full", {"keep_order": True, "xdr": True}),
    "c128_raw_full.zerosum": ("c128_raw_full", {"keep_order": True, "zero_sums": True}),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="make tests/corpus/foreign_order")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    check_only = parser.parse_args().check
    stale = 0
    for name, (source, options) in RECIPES.items():
        made = Turner((CORPUS / f"{source}.zsend").read_bytes(), **options).turn()
        path = CORPUS / "foreign_order" / f"{name}.zsend"
        if path.exists() and path.read_bytes() == made:
            continue
        stale += 1
        print(f"{path.name}: {'differs' if check_only else 'written'}")
        if not check_only:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(made)
    return 1 if check_only and stale else 0


if __name__ == "__main__":
    sys.exit(main())
