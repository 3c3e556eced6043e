# SPDX-License-Identifier: BSD-2-Clause
"""maker → tool → drain, by record size; and the memory it takes at two lengths."""
import statistics
from dataclasses import dataclass, field

from . import cases
from .figures import (MIB, Table, number_text, ratio, ratio_text, round_order, size_text,
                      spread_text)  # fmt: skip
from .processes import Unusable, run_chain


@dataclass
class Samples:
    """Of one case: one value a round. With `failure` there are none that count."""

    wall: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    cpu_of_all: list = field(default_factory=list)
    peak: list = field(default_factory=list)
    failure: str = ""


def chain_of(setup, case, size, record_size):
    return [[setup.make_stream, size, record_size], setup.command(case), [setup.drain]]


def measure_once(setup, chain, wanted_output, samples):
    try:
        run = run_chain(setup.measured, chain, setup.pipe_size)
    except Unusable as failure:
        samples.failure = str(failure)
        return
    if run.output != wanted_output:
        samples.failure = f"{run.output.strip()} bytes came out of {wanted_output.strip()}"
        return
    samples.wall.append(run.wall)
    samples.cpu.append(run.usages[1].cpu)
    samples.cpu_of_all.append(run.cpu)
    samples.peak.append(run.usages[1].peak)


def measure(setup, tools, size, record_size):
    """Case → Samples."""
    # Without a tool: what must come out, and pages and files that are warm for the first one.
    untouched = [[setup.make_stream, size, record_size], [setup.drain]]
    wanted_output = run_chain(setup.measured, untouched, setup.pipe_size).output
    samples = {tool: Samples() for tool in tools}
    for number in range(setup.rounds):
        for index in round_order(len(tools), number):
            tool = tools[index]
            if not samples[tool].failure:
                setup.say(f"pipe, {record_size} records, round {number + 1}: {tool.name}")
                chain = chain_of(setup, tool, size, record_size)
                measure_once(setup, chain, wanted_output, samples[tool])
    return samples


def ratios_text(of, reference):
    """Wall, CPU of the tool, CPU of the pipeline."""
    pairs = ((of.wall, reference.wall), (of.cpu, reference.cpu),
             (of.cpu_of_all, reference.cpu_of_all))  # fmt: skip
    return ", ".join(ratio_text(ratio(*pair)) for pair in pairs)


def row(tool, of, mbuffer, cat):
    if of.failure:
        return [tool.name, of.failure] + [""] * 5
    peak = number_text(statistics.median(of.peak) / MIB)
    return [tool.name, spread_text(of.wall), spread_text(of.cpu), spread_text(of.cpu_of_all), peak,
            ratios_text(of, mbuffer), ratios_text(of, cat)]  # fmt: skip


HEADER = ["tool", "wall s", "CPU s of the tool", "CPU s of the pipeline", "peak RSS MiB",
          "× mbuffer `-m 64M`: wall, CPU, CPU of all", "× `cat`: wall, CPU, CPU of all"]  # fmt: skip


def pipe(setup):
    tables = []
    tools = cases.QUICK_PIPE_CASES if setup.quick else cases.PIPE_CASES
    for record_size in ("128K",) if setup.quick else cases.RECORD_SIZES:
        samples = measure(setup, tools, setup.size, record_size)
        mbuffer, cat = samples[cases.MBUFFER], samples[cases.CAT]
        rows = [row(tool, of, mbuffer, cat) for tool, of in samples.items()]
        tables.append(Table(f"`pipe`, {record_size} records", HEADER, rows))
        setup.goals.take_pipe(record_size, samples)
    tables[-1].notes.append(
        f"`make_stream {setup.size} RECORD | TOOL | drain`, {setup.rounds} rounds. Minimum / median;"
        " ratios are of the medians.")  # fmt: skip
    return tables


def memory(setup):
    """The same at 10 MB and at 10 GB."""
    sizes = ("10M", "100M") if setup.quick else ("10M", "10G")
    # The default buffer of pipe; verify of a pipe has none to speak of.
    commands = (("`zsluice pipe`", cases.PIPE, 64 * MIB),
                ("`zsluice verify -`", cases.case("zsluice verify --quiet -"), 0))  # fmt: skip
    rows = []
    for name, tool, buffer in commands:
        peaks = []
        for size in sizes:
            setup.say(f"memory, {size}: {name}")
            chain = [[setup.make_stream, size], setup.command(tool), [setup.drain]]
            try:
                peaks.append(run_chain(setup.measured, chain, setup.pipe_size).usages[1].peak)
            except Unusable as failure:
                rows.append([name, str(failure), "", ""])
                break
        if len(peaks) == len(sizes):
            setup.goals.take(f"peak RSS of {name} × its limit", max(peaks) / (buffer + 24 * MIB), 1.0)
            rows.append([name, *(size_text(peak) for peak in peaks), size_text(buffer + 24 * MIB)])
    return [Table("Memory: peak RSS", ["command", *sizes, "limit"], rows)]
