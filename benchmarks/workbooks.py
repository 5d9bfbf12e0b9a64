"""Size and time of the full study workbook, by the number of steps."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from cellcalc.api import Problem
from cellcalc.problem import read_specification
from cellcalc.workbook import build_workbook

STEPS = (2, 20, 200)
RUNS = 5
HEADINGS = ("steps", "sheets", "seconds (median)", "seconds (least–most)", "KB")


def rows() -> Iterator[tuple[str, ...]]:
    """A row for each number of steps: two inputs, a target at each step, full BPTT."""
    for steps in STEPS:
        trace = _problem(steps).run()
        times, size = [], 0
        for _ in range(RUNS):
            file, start = io.BytesIO(), time.perf_counter()
            build_workbook(trace, file)
            times.append(time.perf_counter() - start)
            size = len(file.getvalue())
        yield (
            str(steps),
            "all 8",
            f"{statistics.median(times):.2f}",
            f"{min(times):.2f}–{max(times):.2f}",
            f"{size / 1024:.0f}",
        )


def _problem(steps: int) -> Problem:
    x = [[(k % 7) / 7 - 0.4, (k % 5) / 5 - 0.3] for k in range(steps)]
    target = [(k % 3) / 3 for k in range(steps)]
    text = (
        "[parameters]\nrandom = {seed = 1}\n[initial]\nh = 0.1\nc = -0.2\n"
        f"[[sequence]]\nx = {x}\ntarget = {target}\n"
    )
    return Problem(read_specification(text, "benchmark.toml", Path()))
