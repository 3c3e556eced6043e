# SPDX-License-Identifier: BSD-2-Clause
"""Commands joined by pipes, each run under bench/measured."""
import fcntl
import os
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass

NOT_FOUND = 127
USAGE = 2
# No single run of a workload takes so long, on any machine worth measuring on.
SECONDS_MAX = 1800
STDERR_CHARACTERS_MAX = 200
# Of what the last command of a chain may say.
OUTPUT_BYTES_MAX = 1 << 20


class Unusable(Exception):
    """A command failed: its case has no figures. The words go into the table."""


@dataclass(frozen=True)
class Usage:
    cpu: float  # seconds, user and system
    peak: int  # bytes of resident memory
    started: float
    ended: float

    @property
    def wall(self):
        return self.ended - self.started


@dataclass(frozen=True)
class Run:
    usages: list  # one for each command
    output: str  # of the last one

    @property
    def wall(self):
        return max(usage.ended for usage in self.usages) - self.usages[0].started

    @property
    def cpu(self):
        return sum(usage.cpu for usage in self.usages)


def make_pipe(size):
    """Both ends. `size` 0: as the kernel makes it."""
    ends = os.pipe()
    if size:
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, size)
    return ends


def reason(command, status, words):
    name = pathlib.Path(command[0]).name
    if status == NOT_FOUND:
        return f"{name} is not installed"
    if status == USAGE and name == "zsluice":
        return "not available: zsluice does not know this option"
    lines = words.strip().splitlines()
    detail = f": {lines[-1][:STDERR_CHARACTERS_MAX]}" if lines else ""
    return f"{name} ended with status {status}{detail}"


def start_all(measured, commands, folder, pipe_size):
    """The last one first, as each needs its reader. The last one's output goes into a file."""
    children = []
    target = open(folder / "output", "wb")
    for number in reversed(range(len(commands))):
        source, next_target = make_pipe(pipe_size) if number else (subprocess.DEVNULL, None)
        with open(folder / f"{number}.words", "wb") as words:
            children.insert(0, subprocess.Popen(
                [measured, folder / f"{number}.report", *commands[number]],
                stdin=source, stdout=target, stderr=words))  # fmt: skip
        target.close() if number == len(commands) - 1 else os.close(target)
        if number:
            os.close(source)
        target = next_target
    return children


def wait_all(children):
    try:
        for child in children:
            child.wait(timeout=SECONDS_MAX)
    except BaseException:
        for child in children:
            child.kill()  # takes its command with it
        raise


def usage_of(command, folder, number, at_fault):
    report = folder / f"{number}.report"
    words = (folder / f"{number}.words").read_text(encoding="utf-8", errors="replace")
    if not report.exists():
        raise Unusable(f"{command[0]} could not be measured: {words.strip()}")
    status, cpu, peak, started, ended = (int(word) for word in report.read_text().split())
    if status != 0:
        at_fault.append((reason(command, status, words), status))
    return Usage(cpu / 1e6, peak * 1024, started / 1e9, ended / 1e9)


# What a writer dies of when its reader is gone: the consequence of a failure, not its cause.
BROKEN_PIPE = 128 + 13


def run_chain(measured, commands, pipe_size=0):
    """Raises Unusable unless every command exits 0."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        wait_all(start_all(measured, commands, folder, pipe_size))
        at_fault = []
        usages = [usage_of(command, folder, number, at_fault)
                  for number, command in enumerate(commands)]  # fmt: skip
        if at_fault:
            causes = [cause for cause in at_fault if cause[1] != BROKEN_PIPE]
            raise Unusable(causes[0][0] if causes else "it did not read to the end")
        with open(folder / "output", "rb") as output:
            return Run(usages, output.read(OUTPUT_BYTES_MAX).decode("utf-8", errors="replace"))


def run_one(measured, command):
    return run_chain(measured, [command])
