# SPDX-License-Identifier: BSD-2-Clause
"""A file in the page cache, checked by zsluice, by zstream, and hashed by xxhsum; beside what the
memory gives."""
import os
import statistics
import subprocess

from . import cases
from .figures import GIB, MIB, Table, number_text, ratio, ratio_text, round_order, spread_text
from .pipe_workload import Samples
from .processes import Unusable, run_one

# Bigger than any cache.
BANDWIDTH_BYTES = "1G"
THREADS = (1, 2)


def make_file(setup, path, record_size):
    setup.say(f"verify: a file of {setup.size} with {record_size} records")
    with open(path, "wb") as file:
        subprocess.run([setup.make_stream, setup.size, record_size], stdout=file, check=True)
    # On disk, so that no writing back is measured; and read, so that it is in the page cache.
    os.sync()
    subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)
    return path.stat().st_size


def measure_tool(setup, tool, path, samples):
    if samples.failure:
        return
    try:
        run = run_one(setup.measured, [*setup.command(tool), path])
    except Unusable as failure:
        samples.failure = str(failure)
        return
    samples.wall.append(run.wall)
    samples.cpu.append(run.cpu)
    samples.peak.append(run.usages[0].peak)


def measure_bandwidth(setup, threads):
    command = [setup.read_bandwidth, str(threads), BANDWIDTH_BYTES]
    return float(run_one(setup.measured, command).output)


def measure(setup, path):
    """Case → Samples, and threads → bytes a second by round."""
    samples = {tool: Samples() for tool in cases.VERIFY_CASES}
    if setup.zstream is None:
        samples[cases.ZSTREAM].failure = setup.zstream_missing
    bandwidth = {threads: [] for threads in THREADS}
    things = [*samples, *bandwidth]
    for number in range(setup.rounds):
        for index in round_order(len(things), number):
            thing = things[index]
            setup.say(f"verify, round {number + 1}: {getattr(thing, 'name', 'memory')}")
            if thing in bandwidth:
                bandwidth[thing].append(measure_bandwidth(setup, thing))
            else:
                measure_tool(setup, thing, path, samples[thing])
    return samples, bandwidth


def row(tool, of, size, xxhsum):
    if of.failure:
        return [tool.name, of.failure] + [""] * 4
    speed = size / statistics.median(of.wall) / GIB
    return [tool.name, spread_text(of.wall), spread_text(of.cpu), number_text(speed),
            ratio_text(ratio(xxhsum.wall, of.wall)),
            number_text(statistics.median(of.peak) / MIB)]  # fmt: skip


def take_goals(setup, record_size, samples, size, bandwidth):
    one, two = samples[cases.VERIFY].wall, samples[cases.VERIFY_TWO].wall
    xxhsum = samples[cases.XXHSUM].wall
    must, aim = (0.7, 1.0) if record_size == "4K" else (1.0, 1.5)
    name = f"`verify`, {record_size}, speed × `xxhsum -H2`"
    setup.goals.take(name, ratio(xxhsum, one), must, aim, more_is_better=True)
    if record_size != "128K":
        return
    # Either of the two will do.
    name = "`verify --jobs 2`, 128K, speed × `xxhsum -H2`, or × 2.75 of the memory's"
    of_memory = size / statistics.median(two) / statistics.median(bandwidth) if two else None
    values = [ratio(xxhsum, two), 2.2 / 0.8 * of_memory if two else None]
    best = max((value for value in values if value is not None), default=None)
    setup.goals.take(name, best, 2.2, more_is_better=True)


HEADER = ["tool", "wall s", "CPU s", "GiB/s", "speed × `xxhsum -H2`", "peak RSS MiB"]


def verify(setup):
    tables = []
    for record_size in ("128K",) if setup.quick else cases.VERIFY_RECORD_SIZES:
        path = setup.folder / "stream"
        size = make_file(setup, path, record_size)
        try:
            samples, bandwidth = measure(setup, path)
        finally:
            path.unlink()
        xxhsum = samples[cases.XXHSUM]
        rows = [row(tool, of, size, xxhsum) for tool, of in samples.items()]
        for threads, speeds in bandwidth.items():
            speed = number_text(statistics.median(speeds) / GIB)
            rows.append([f"memory read by {threads} thread{'s' * (threads > 1)}", "", "", speed, "", ""])
        tables.append(Table(f"`verify FILE`, {record_size} records", HEADER, rows))
        take_goals(setup, record_size, samples, size, bandwidth[2])
    tables[-1].notes.append(
        f"`make_stream {setup.size} RECORD > FILE; TOOL FILE`, {setup.rounds} rounds, the file in the"
        f" page cache. Memory: `read_bandwidth THREADS {BANDWIDTH_BYTES}`.")  # fmt: skip
    return tables

