# SPDX-License-Identifier: BSD-2-Clause
"""Which tools are measured, as data. `zsluice` stands for the one that was built."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    name: str
    command: tuple


def case(line):
    return Case(f"`{line}`", tuple(line.split()))


# What ratios are taken to.
MBUFFER = case("mbuffer -q -s 128k -m 64M")
SMALL_MBUFFER = case("mbuffer -q -s 128k -m 16M")
BIG_MBUFFER = case("mbuffer -q -s 128k -m 1G")
CAT = case("cat")

PIPE = case("zsluice pipe")
COPY_PIPE = case("zsluice pipe --io copy")
BIG_PIPE = case("zsluice pipe --buffer 1G")
PIPE_CASES = (
    PIPE,
    COPY_PIPE,
    case("zsluice pipe --io poll"),
    BIG_PIPE,
    SMALL_MBUFFER,
    MBUFFER,
    BIG_MBUFFER,
    CAT,
    case("pv -q"),
)
QUICK_PIPE_CASES = (PIPE, COPY_PIPE, SMALL_MBUFFER, MBUFFER, CAT)
RECORD_SIZES = ("4K", "128K", "1M")

XXHSUM = case("xxhsum -H2")
VERIFY = case("zsluice verify --quiet")
VERIFY_TWO = case("zsluice verify --quiet --jobs 2")
ZSTREAM = case("zstream dump")
VERIFY_CASES = (VERIFY, VERIFY_TWO, XXHSUM, ZSTREAM)
VERIFY_RECORD_SIZES = ("128K", "4K")

# The rate is added.
RATE_CASES = (
    case("zsluice pipe --rate"),
    case("mbuffer -q -s 128k -m 16M -R"),
    case("pv -q -L"),
)
RATES = ("10k", "1M", "100M", "500M")

STALL_CASES = (BIG_PIPE, BIG_MBUFFER)

# Of stores: shell lines, and how a table names them.
SPLIT_OFF = "exec {zsluice} split --quiet --compress off {folder}/store < {stream}"
SPLIT_CALLS = "exec {zsluice} split --quiet --compress off --io poll {folder}/store < {stream}"
SPLIT_AUTO = "exec {zsluice} split --quiet {folder}/store < {stream}"
COPY = "exec cp --reflink=never {stream} {folder}/copy"
SPLIT_LINES = {
    SPLIT_OFF: "`zsluice split --compress off`",
    SPLIT_CALLS: "`zsluice split --compress off --io poll`",
    SPLIT_AUTO: "`zsluice split`",
    COPY: "`cp`",
    "split -b 16M {stream} {folder}/x && sha256sum {folder}/x* > {folder}/sums":
        "`split -b 16M`, `sha256sum`",
}  # fmt: skip
VERIFY_STORE = "exec {zsluice} verify --quiet --jobs 1 {folder}/store"
VERIFY_STORE_TWO = "exec {zsluice} verify --quiet --jobs 2 {folder}/store"
JOIN_STORE = "exec {zsluice} join --quiet {folder}/store > /dev/null"
CAT_STORE = "cat {folder}/store/0*/*.zss > /dev/null"
STORE_LINES = {
    VERIFY_STORE: "`zsluice verify STORE --jobs 1`",
    VERIFY_STORE_TWO: "`zsluice verify STORE --jobs 2`",
    "{zsluice} verify --quiet --quick {folder}/store": "`zsluice verify STORE --quick`",
    JOIN_STORE: "`zsluice join STORE`",
    CAT_STORE: "`cat`",
}
