# SPDX-License-Identifier: BSD-2-Clause
"""Not how fast, but how evenly: a limited rate as it arrives, and a receiver that falls asleep as
the sender feels it."""
import os
import pathlib
import select
import subprocess
import sys
import time

from . import cases
from .figures import (GIB, MIB, Table, flow_of, number_text, parse_size, percentile,
                      size_text)  # fmt: skip
from .processes import Unusable, make_pipe, reason

READ_BYTES = 128 << 10
STALL_RATE = 20 * MIB
STALL_CHUNK = 64 << 10
AWAKE, ASLEEP = 5.0, 5.0
SLEEPY_READER = pathlib.Path(__file__).with_name("sleepy_reader.py")
# How long a tool may take until its first byte, beyond what the rate says.
PATIENCE = 5.0


class Tool:
    """One tool between two pipes of ours: written to at `sink_of_ours`, read at `source_of_ours`."""

    def __init__(self, setup, command):
        self.command = command
        self.words = open(setup.folder / "words", "w+b")
        source, self.sink_of_ours = make_pipe(setup.pipe_size)
        self.source_of_ours, sink = make_pipe(setup.pipe_size)
        try:
            self.process = subprocess.Popen(command, stdin=source, stdout=sink, stderr=self.words)
        except OSError as failure:
            self.close()
            raise Unusable(f"{command[0]} is not installed") from failure
        finally:
            os.close(source)
            os.close(sink)

    def failure(self, status):
        self.words.seek(0)
        return Unusable(reason(self.command, status, self.words.read().decode(errors="replace")))

    def close_input(self):
        if self.sink_of_ours is not None:
            os.close(self.sink_of_ours)
            self.sink_of_ours = None

    def close_output(self):
        if self.source_of_ours is not None:
            os.close(self.source_of_ours)
            self.source_of_ours = None

    def close(self):
        self.close_input()
        self.close_output()
        self.words.close()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.close()


def arrivals_of(fd, seconds):
    """(time, bytes) of each read for `seconds` from the first one on, and whether it ended before."""
    arrivals = []
    ends_at = time.monotonic() + PATIENCE + seconds
    while (left := ends_at - time.monotonic()) > 0:
        if not select.select([fd], [], [], left)[0]:
            break
        count = len(os.read(fd, READ_BYTES))
        now = time.monotonic()
        if count == 0:
            return arrivals, True
        if not arrivals:
            ends_at = now + seconds
        arrivals.append((now, count))
    return arrivals, False


def measure_rate(setup, tool, rate):
    bytes_a_second = parse_size(rate)
    # More than comes out, so that the tool's buffer is always full.
    size = int(bytes_a_second * (setup.rate_seconds + PATIENCE) * 2) + GIB
    run = Tool(setup, [*setup.command(tool), rate])
    maker = subprocess.Popen([setup.make_stream, str(size)], stdout=run.sink_of_ours,
                             stderr=subprocess.DEVNULL)  # fmt: skip
    run.close_input()
    try:
        arrivals, ended = arrivals_of(run.source_of_ours, setup.rate_seconds)
        if ended:  # a good tool still has bytes to give
            raise run.failure(run.process.wait(timeout=PATIENCE))
        if not arrivals:
            raise Unusable(f"nothing came in {setup.rate_seconds + PATIENCE:g} s")
        return flow_of(arrivals, bytes_a_second, arrivals[0][0] + setup.rate_seconds)
    finally:
        run.stop()
        maker.kill()
        maker.wait()


def rate_row(tool, rate, flow):
    average = "–" if flow.average is None else f"{100 * flow.average / parse_size(rate):.1f} %"
    return [f"{tool.name[:-1]} {rate}`", size_text(flow.excess), average,
            number_text(1000 * flow.longest_gap), number_text(1000 * flow.p99_gap)]  # fmt: skip


def rate(setup):
    rows = []
    for limit in cases.RATES:
        for tool in cases.RATE_CASES:
            setup.say(f"rate: {tool.name} {limit}")
            try:
                flow = measure_rate(setup, tool, limit)
            except Unusable as failure:
                rows.append([f"{tool.name[:-1]} {limit}`", str(failure), "", "", ""])
                continue
            rows.append(rate_row(tool, limit, flow))
            if tool is cases.RATE_CASES[0] and flow.average:
                off = abs(flow.average / parse_size(limit) - 1)
                setup.goals.take(f"`--rate {limit}`, average off by, %", 100 * off, 1.0)
    header = ["tool", "most above the line", "average of the rate", "longest gap ms", "p99 gap ms"]
    note = (f"A sender that is always ready; arrivals over {setup.rate_seconds:g} s from the first"
            " byte on. The line is rate × time since then; the average leaves out the first tenth.")
    return [Table("Rates", header, rows, [note])]


def write_all(fd, chunk):
    view = memoryview(chunk)
    while view:
        view = view[os.write(fd, view) :]


def paced_writes(maker, sink, seconds):
    """Seconds that each write took. No catching up: after a wait the pace goes on from there."""
    waits = []
    interval = STALL_CHUNK / STALL_RATE
    due = time.monotonic()
    ends_at = due + seconds
    while due < ends_at:
        chunk = maker.read(STALL_CHUNK)
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        write_all(sink, chunk)
        ended = time.monotonic()
        waits.append(ended - began)
        due = max(due + interval, ended)
    return waits


def measure_stall(setup, tool):
    """Waits of the sender. The stream ends properly, so that exit statuses count."""
    size = str(int(STALL_RATE * setup.stall_seconds))
    run = Tool(setup, setup.command(tool))
    maker = subprocess.Popen([setup.make_stream, size], stdout=subprocess.PIPE)
    reader = subprocess.Popen([sys.executable, "-B", SLEEPY_READER, str(AWAKE), str(ASLEEP)],
                              stdin=run.source_of_ours, stdout=subprocess.DEVNULL)  # fmt: skip
    run.close_output()
    try:
        waits = paced_writes(maker.stdout, run.sink_of_ours, setup.stall_seconds)
        while rest := maker.stdout.read(STALL_CHUNK):  # without pace, so that the stream is whole
            write_all(run.sink_of_ours, rest)
        run.close_input()
        status = run.process.wait(timeout=2 * (AWAKE + ASLEEP) + setup.stall_seconds)
        if status != 0:
            raise run.failure(status)
        return waits
    except BrokenPipeError as gone:
        raise run.failure(run.process.wait()) from gone
    finally:
        run.stop()
        for process in (maker, reader):
            process.kill()
            process.wait()
        maker.stdout.close()


def stall(setup):
    rows = []
    for tool in cases.STALL_CASES:
        setup.say(f"stall: {tool.name}")
        try:
            waits = measure_stall(setup, tool)
        except Unusable as failure:
            rows.append([tool.name, str(failure), "", "", ""])
            continue
        rows.append([tool.name, *(number_text(1000 * value) for value in (
            sum(waits), max(waits), percentile(waits, 99), percentile(waits, 50)))])  # fmt: skip
    header = ["tool", "waited in all ms", "longest ms", "p99 ms", "median ms"]
    note = (f"A sender of {size_text(STALL_RATE)}/s in {size_text(STALL_CHUNK)} writes for"
            f" {setup.stall_seconds:g} s, a receiver that reads {AWAKE:g} s and sleeps"
            f" {ASLEEP:g} s: how long the sender's writes took.")
    return [Table("A receiver that sleeps", header, rows, [note])]
