# SPDX-License-Identifier: BSD-2-Clause
"""What the figures must reach, and what we aim at. A miss is printed as one."""
from dataclasses import dataclass

from . import cases
from .figures import Table, ratio, ratio_text


@dataclass(frozen=True)
class PipeGoal:
    records: str
    tool: cases.Case
    quantity: str  # a field of Samples
    reference: cases.Case
    must: float  # at most; None: only an aim
    aim: float


PIPE_GOALS = (
    PipeGoal("128K", cases.PIPE, "cpu", cases.MBUFFER, 0.5, 0.35),
    PipeGoal("128K", cases.PIPE, "cpu", cases.CAT, 1.0, 0.75),
    PipeGoal("128K", cases.PIPE, "cpu_of_all", cases.MBUFFER, 0.9, None),
    PipeGoal("128K", cases.PIPE, "cpu_of_all", cases.SMALL_MBUFFER, None, 1.0),
    PipeGoal("128K", cases.PIPE, "cpu_of_all", cases.CAT, None, 1.0),
    PipeGoal("128K", cases.PIPE, "wall", cases.MBUFFER, 0.85, None),
    PipeGoal("128K", cases.PIPE, "wall", cases.SMALL_MBUFFER, None, 1.0),
    PipeGoal("128K", cases.PIPE, "wall", cases.CAT, None, 1.0),
    PipeGoal("128K", cases.BIG_PIPE, "wall", cases.PIPE, 1.0, None),
    PipeGoal("4K", cases.PIPE, "cpu", cases.MBUFFER, 1.0, 0.6),
    PipeGoal("4K", cases.PIPE, "wall", cases.MBUFFER, 1.0, 0.6),
    PipeGoal("1M", cases.PIPE, "cpu", cases.MBUFFER, 1.0, 0.6),
    PipeGoal("1M", cases.PIPE, "wall", cases.MBUFFER, 1.0, 0.6),
    PipeGoal("128K", cases.COPY_PIPE, "cpu", cases.MBUFFER, 0.9, None),
)
QUANTITIES = {"cpu": "CPU of the tool", "cpu_of_all": "CPU of the pipeline", "wall": "wall"}
HEADER = ["figure", "measured", "must", "aim", "verdict"]


def verdict(value, must, aim, more_is_better=False):
    def reached(limit):
        return value >= limit if more_is_better else value <= limit

    if value is None:
        return "not measured"
    if must is not None and not reached(must):
        return "**missed**"
    if aim is None:
        return "met"
    if reached(aim):
        return "aim reached"
    return "aim missed" if must is None else "met, aim missed"


class Goals:
    def __init__(self):
        self.rows = []

    def take(self, figure, value, must, aim=None, more_is_better=False):
        sign = "≥" if more_is_better else "≤"
        limits = ["" if limit is None else f"{sign} {limit:g}" for limit in (must, aim)]
        self.rows.append([figure, ratio_text(value), *limits,
                          verdict(value, must, aim, more_is_better)])  # fmt: skip

    def take_pipe(self, records, samples):
        for goal in PIPE_GOALS:
            if goal.records == records and {goal.tool, goal.reference} <= samples.keys():
                of, reference = samples[goal.tool], samples[goal.reference]
                value = ratio(getattr(of, goal.quantity), getattr(reference, goal.quantity))
                figure = f"{goal.tool.name}, {records}, {QUANTITIES[goal.quantity]}"
                self.take(f"{figure} × {goal.reference.name}", value, goal.must, goal.aim)

    def tables(self):
        return [Table("What was promised", HEADER, self.rows)] if self.rows else []
