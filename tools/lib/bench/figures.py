# SPDX-License-Identifier: BSD-2-Clause
"""The pure part: from samples to the text of a table. No clock, no process, no file."""
import random
import re
import statistics
from dataclasses import dataclass, field

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
UNITS = {"": 1, "K": KIB, "M": MIB, "G": GIB}


@dataclass
class Table:
    title: str
    header: list
    rows: list
    notes: list = field(default_factory=list)


def parse_size(text):
    """`4G`, `128K`: as zsluice reads them, without fractions."""
    found = re.fullmatch(r"(\d+)([KMG]?)", text.upper())
    if not found or int(found[1]) == 0:
        raise ValueError(f"{text!r} is no size: a number, then K, M or G")
    return int(found[1]) * UNITS[found[2]]


def size_text(count):
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if count >= unit:
            return f"{count / unit:.4g} {name}"
    return f"{count:.4g} B"


def round_order(count, number, seed=1):
    """The order of `count` cases in round `number`: shuffled, since what ran before a case leaves its
    traces in caches and free pages, but the same in every run."""
    order = list(range(count))
    random.Random(seed * 1000 + number).shuffle(order)
    return order


def percentile(values, percent):
    """The smallest value that `percent` of all are not above."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def number_text(value):
    """Three digits that matter, never an exponent."""
    if value == 0:
        return "0"
    decimals = next((count for count, least in ((0, 100), (1, 10), (2, 1), (3, 0.1))
                     if abs(value) >= least), 4)  # fmt: skip
    return f"{value:.{decimals}f}"


def spread_text(values):
    """Minimum and median."""
    return f"{number_text(min(values))} / {number_text(statistics.median(values))}"


def ratio(values, reference):
    """Of the medians; None when there is nothing to compare with."""
    if not values or not reference or statistics.median(reference) == 0:
        return None
    return statistics.median(values) / statistics.median(reference)


def ratio_text(value):
    return "–" if value is None else f"{value:.2f}"


def table_text(table):
    """Markdown."""
    lines = [f"### {table.title}", "", "| " + " | ".join(table.header) + " |"]
    lines.append("|" + "|".join(["---"] * len(table.header)) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in table.rows]
    for note in table.notes:
        lines += ["", note]
    return "\n".join(lines) + "\n"


def replace_between(text, begin, end, content):
    """`text` with what stands between the lines `begin` and `end` replaced."""
    head, found_begin, rest = text.partition(begin + "\n")
    _, found_end, tail = rest.partition(end + "\n")
    if not found_begin or not found_end:
        raise ValueError(f"the lines {begin} and {end} are missing")
    return f"{head}{begin}\n\n{content.strip()}\n\n{end}\n{tail}"


@dataclass
class Flow:
    """How bytes arrived, against a line of `rate` bytes a second from the first arrival on."""

    excess: float  # the most that was above the line, in bytes
    average: float  # bytes a second, once it had settled; None when too few arrived
    longest_gap: float  # seconds in which nothing arrived
    p99_gap: float


def flow_of(arrivals, rate, until, settled=0.1):
    """`arrivals`: (seconds, bytes) of each read before `until`. The average begins behind the first `settled` part
    of the time: what a bucket lets through at once at first is excess, not speed."""
    start, last = arrivals[0][0], arrivals[-1][0]
    total, excess = 0, 0.0
    for at, count in arrivals:
        total += count
        excess = max(excess, total - rate * (at - start))
    times = [at for at, _ in arrivals] + [max(until, last)]
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    window = [arrival for arrival in arrivals if arrival[0] >= start + settled * (last - start)]
    average = None
    if len(window) > 1:
        average = sum(count for _, count in window[1:]) / (window[-1][0] - window[0][0])
    return Flow(excess, average, max(gaps), percentile(gaps, 99))
