# SPDX-License-Identifier: BSD-2-Clause
"""tools/bench without its installing and building: see `tools/bench --help`."""
import argparse
import os
import pathlib
import sys
import tempfile

from . import flow_workloads, machine, pipe_workload, store_workload, verify_workload, zstream
from .figures import parse_size, replace_between, table_text
from .goals import Goals

ROOT = pathlib.Path(__file__).resolve().parents[3]
README = ROOT / "bench/README.md"
BEGIN, END = "<!-- tools/bench begins -->", "<!-- tools/bench ends -->"
WORKLOADS = {
    "pipe": pipe_workload.pipe,
    "verify": verify_workload.verify,
    "memory": pipe_workload.memory,
    "store": store_workload.store,
    "rate": flow_workloads.rate,
    "stall": flow_workloads.stall,
}
QUICK_WORKLOADS = ("pipe", "verify")


class Setup:
    """What every workload needs to know."""

    def __init__(self, options, folder):
        build = pathlib.Path(options.build).resolve()
        self.zsluice = build / "src/cli/zsluice"
        self.make_stream, self.drain, self.measured, self.read_bandwidth = (
            build / "bench" / name for name in ("make_stream", "drain", "measured", "read_bandwidth"))
        self.folder = folder
        self.quick = options.quick
        self.rounds = options.rounds or (2 if options.quick else 5)
        self.size = options.size or ("512M" if options.quick else "4G")
        self.pipe_size = parse_size(options.pipe_size) if options.pipe_size else 0
        self.rate_seconds = options.rate_seconds
        self.stall_seconds = options.stall_seconds
        self.load_at_start = os.getloadavg()
        self.goals = Goals()
        self.arguments = told_arguments(sys.argv[1:])
        self.zstream, self.zstream_missing = zstream.find(options.zstream), ""
        if self.zstream is None:
            self.zstream_missing = "there is none in PATH (`--with-zstream` fetches one)"
            if options.with_zstream:
                self.say("zstream: fetching its packages")
                self.zstream, self.zstream_missing = zstream.unpack(build / "zstream")

    def program(self, name):
        own = {"zsluice": self.zsluice, "zstream": self.zstream}
        return own.get(name) or name

    def command(self, case):
        return [self.program(case.command[0]), *case.command[1:]]

    @staticmethod
    def say(words):
        print(f"… {words}", file=sys.stderr, flush=True)


def told_arguments(arguments):
    """Those that shape the figures: not where things are on this machine."""
    told, is_value = [], False
    for word in arguments:
        is_place = is_value or word.startswith(("--build", "--zstream")) or word == "--no-install"
        is_value = word in ("--build", "--zstream")
        told += [] if is_place else [word]
    return told


def size_option(text):
    parse_size(text)
    return text.upper()


def options_from(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench", allow_abbrev=False, description=(
        "Measures zsluice beside mbuffer, pv, cat, xxhsum and zstream, and prints tables in"
        " Markdown."))  # fmt: skip
    add = parser.add_argument
    add("workload", nargs="*", help=f"of {', '.join(WORKLOADS)}; default: all")
    add("--rounds", type=int, metavar="N", help="interleaved rounds (default 5)")
    add("--size", type=size_option, help="of each stream (default 4G)")
    add("--pipe-size", type=size_option, help="of the pipes between (default: the kernel's)")
    add("--quick", action="store_true", help="512M, 2 rounds, only 128K records: pipe and verify")
    add("--rate-seconds", type=float, default=10.0, metavar="S", help="window (default 10)")
    add("--stall-seconds", type=float, default=20.0, metavar="S", help="length (default 20)")
    add("--zstream", metavar="PATH", help="the zstream to measure (default: the one in PATH)")
    add("--with-zstream", action="store_true", help="fetch and unpack Debian's if there is none")
    add("--write", action="store_true", help="put the tables into bench/README.md")
    # Of tools/bench, the script:
    add("--no-install", action="store_true", help="install nothing")
    add("--build", default="build/release", metavar="DIR", help="where the programs are built")
    options = parser.parse_args(arguments)
    unknown = set(options.workload) - set(WORKLOADS)
    if unknown:
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    return options


def measure(options, folder):
    """The whole report."""
    setup = Setup(options, folder)
    named = options.workload or (QUICK_WORKLOADS if options.quick else tuple(WORKLOADS))
    tables = []
    for name in WORKLOADS:
        if name not in named:
            continue
        new = WORKLOADS[name](setup)
        setup.say("\n".join([name, "", *map(table_text, new)]))  # lest a later one fails
        tables += new
    # Ratios of a quick look promise nothing.
    if not options.quick:
        tables = setup.goals.tables() + tables
    return "\n".join([machine.describe(setup) + "\n", *map(table_text, tables)])


def main(arguments):
    options = options_from(arguments)
    with tempfile.TemporaryDirectory(prefix="zsluice-bench-") as folder:
        report = measure(options, pathlib.Path(folder))
    print(report)
    if options.write:
        text = README.read_text(encoding="utf-8")
        README.write_text(replace_between(text, BEGIN, END, report), encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
