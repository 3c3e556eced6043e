# SPDX-License-Identifier: BSD-2-Clause
"""Stores: `split` beside `cp` and `split -b`, `verify STORE`, `join` beside `cat`, and how soon
`resume` gives its first byte. Files are on the disk of the temporary folder, and in its cache."""
import json
import shlex
import shutil
import statistics
import subprocess
import time

from . import cases
from .figures import GIB, MIB, Table, number_text, ratio, ratio_text, round_order, spread_text
from .pipe_workload import Samples
from .processes import Unusable, run_one
from .verify_workload import make_file

RESUME_PERCENTS = (1, 50, 99)
RESUME_SIZES = ("512M", "10G")  # quick, and else
FIRST_BYTE_SECONDS_MAX = 0.1
SEGMENT_BYTES = 16 * MIB
# The open one, one that is packed, and four on their way to the disk.
SEGMENTS_AT_ONCE = 6


def shell(setup, line, **names):
    """`line` with zsluice and what is named put in, as one command."""
    words = {name: shlex.quote(str(value)) for name, value in names.items()}
    return ["sh", "-c", line.format(zsluice=shlex.quote(str(setup.zsluice)), **words)]


def take(samples, run):
    samples.wall.append(run.wall)
    samples.cpu.append(run.cpu)
    samples.peak.append(run.usages[0].peak)


def measure(setup, lines, before, **names):
    """Line → Samples. `before` makes room for each run."""
    samples = {line: Samples() for line in lines}
    order = list(lines)
    for number in range(setup.rounds):
        for index in round_order(len(order), number):
            line = order[index]
            setup.say(f"store, round {number + 1}: {line}")
            before()
            try:
                take(samples[line], run_one(setup.measured, shell(setup, line, **names)))
            except Unusable as failure:
                samples[line].failure = str(failure)
    return samples


def rows_of(lines, samples, reference):
    rows = []
    for line, name in lines.items():
        of = samples[line]
        if of.failure:
            rows.append([name, of.failure, "", "", "", ""])
            continue
        rows.append([name, spread_text(of.wall), spread_text(of.cpu),
                     ratio_text(ratio(of.wall, samples[reference].wall)),
                     ratio_text(ratio(of.cpu, samples[reference].cpu)),
                     number_text(statistics.median(of.peak) / MIB)])  # fmt: skip
    return rows


def header(reference):
    return ["tool", "wall s", "CPU s", f"wall × {reference}", f"CPU × {reference}", "peak RSS MiB"]


def take_peak(setup, name, segments, *samples):
    """Against the segments that it has in memory at once."""
    peak = max((value for of in samples for value in of.peak), default=None)
    limit = segments * SEGMENT_BYTES + 32 * MIB
    setup.goals.take(f"`{name}`, peak RSS × ({segments} segments + 32 MiB)",
                     None if peak is None else peak / limit, 1.0)  # fmt: skip


def split(setup, stream, folder):
    def make_room():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    samples = measure(setup, cases.SPLIT_LINES, make_room, stream=stream, folder=folder)
    off, auto, copy = (samples[line] for line in
                       (cases.SPLIT_OFF, cases.SPLIT_AUTO, cases.COPY))  # fmt: skip
    setup.goals.take("`split --compress off`, CPU × `cp`", ratio(off.cpu, copy.cpu), 1.3)
    setup.goals.take("`split`, encrypted, CPU × `--compress off`", ratio(auto.cpu, off.cpu), 1.03)
    take_peak(setup, "split", SEGMENTS_AT_ONCE, off, auto)
    make_room()
    return Table("`split` into a new store", header("`cp`"),
                 rows_of(cases.SPLIT_LINES, samples, cases.COPY))  # fmt: skip


def read_back(setup, stream, folder):
    subprocess.run(shell(setup, cases.SPLIT_OFF, stream=stream, folder=folder), check=True)
    subprocess.run(["sync"], check=True)
    samples = measure(setup, cases.STORE_LINES, lambda: None, folder=folder)
    one, two = samples[cases.VERIFY_STORE].wall, samples[cases.VERIFY_STORE_TWO].wall
    setup.goals.take("`verify STORE --jobs 2`, speed × one thread", ratio(one, two), 1.5,
                     more_is_better=True)  # fmt: skip
    take_peak(setup, "verify STORE --jobs 2", 2, samples[cases.VERIFY_STORE_TWO])
    take_peak(setup, "join STORE", 1, samples[cases.JOIN_STORE])
    return Table("Reading a store", header("`cat`"),
                 rows_of(cases.STORE_LINES, samples, cases.CAT_STORE))  # fmt: skip


def token_at(setup, stream, percent):
    """What a receiver would have that got so much of the stream."""
    with subprocess.Popen(["head", "-c", str(4 * MIB), stream], stdout=subprocess.PIPE) as start:
        part = stream.with_name("part")
        part.write_bytes(start.stdout.read())
    made = subprocess.run([setup.zsluice, "token", "make", "--json", part], check=True,
                          capture_output=True)  # fmt: skip
    part.unlink()
    fields = json.loads(made.stdout)["token"]
    record = 128 << 10
    fields["offset"] = stream.stat().st_size * percent // 100 // record * record
    encoded = subprocess.run([setup.zsluice, "token", "make", "--encode", "-"], check=True,
                             input=json.dumps(fields).encode(), capture_output=True)  # fmt: skip
    return encoded.stdout.decode().strip()


def first_byte_seconds(setup, token, folder):
    began = time.monotonic()
    with subprocess.Popen([setup.zsluice, "resume", "--quiet", "--token", token, folder],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:  # fmt: skip
        is_there = len(child.stdout.read(1)) == 1
        seconds = time.monotonic() - began
        child.kill()
    return seconds if is_there else None


def resume(setup, stream, folder):
    """`folder` holds the store."""
    rows = []
    tokens = {percent: token_at(setup, stream, percent) for percent in RESUME_PERCENTS}
    seconds = {percent: [] for percent in RESUME_PERCENTS}
    for number in range(setup.rounds):
        for index in round_order(len(RESUME_PERCENTS), number):
            percent = RESUME_PERCENTS[index]
            seconds[percent].append(first_byte_seconds(setup, tokens[percent], folder / "store"))
    for percent, values in seconds.items():
        if None in values:
            rows.append([f"{percent} %", "nothing came"])
            continue
        rows.append([f"{percent} %", spread_text([1000 * value for value in values])])
        setup.goals.take(f"`resume` from a store at {percent} %, first byte × 100 ms",
                         statistics.median(values) / FIRST_BYTE_SECONDS_MAX, 1.0)  # fmt: skip
    size = number_text(stream.stat().st_size / GIB)
    return Table(f"`resume` from a store of {size} GiB", ["token at", "first byte ms"], rows)


def store(setup):
    stream, folder = setup.folder / "stream", setup.folder / "store"
    make_file(setup, stream, "128K")
    tables = [split(setup, stream, folder), read_back(setup, stream, folder)]
    stream.unlink()
    shutil.rmtree(folder)
    folder.mkdir()
    size = RESUME_SIZES[0 if setup.quick else 1]
    setup.say(f"store: {size} to resume from")
    with open(stream, "wb") as file:
        subprocess.run([setup.make_stream, size], stdout=file, check=True)
    subprocess.run(shell(setup, cases.SPLIT_OFF, stream=stream, folder=folder), check=True)
    tables.append(resume(setup, stream, folder))
    stream.unlink()
    shutil.rmtree(folder)
    return tables
