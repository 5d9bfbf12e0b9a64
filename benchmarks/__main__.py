"""``python -m benchmarks [GROUP …]``: measure, print a table, write it to benchmarks/results.md.

Of the file, the rows of the groups that were measured are replaced.
What is compared takes turns, so that a busy machine is busy for all of them alike.
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from tabulate import tabulate

from benchmarks.tasks import TASKS, Task

ROOT = Path(__file__).parent.parent
HEADINGS = ("", "", "who", "median", "least – most", "", "compared", "MB peak", "MB file")
SCALES = {"s": 1.0, "ms": 1e3, "µs a step": 1e6, "µs a set and step": 1e6}


class Result:
    """What the processes of one task have measured."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.missing, self.peak, self.size = "", 0.0, 0
        self.tried = False

    def add(self, key: str, environment: dict[str, str]) -> None:
        self.tried = True
        command = [sys.executable, "-m", "benchmarks.child", key]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            self.missing = done.stderr.strip().splitlines()[-1]
            return
        found = json.loads(done.stdout.splitlines()[-1])
        self.missing = found.get("missing", "")
        self.times += found.get("times", [])
        self.peak = max(self.peak, found.get("peak", 0.0))
        self.size = found.get("size") or 0


def main(groups: list[str]) -> None:
    chosen = {k: t for k, t in TASKS.items() if not groups or t.group.lower() in groups}
    results = {key: Result() for key in chosen}
    with tempfile.TemporaryDirectory() as cache:
        # Bytecode is kept, as it is where cellcalc is installed.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONPATH": str(ROOT)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for command in ("click", "help", "table"):
            if command in chosen:
                Result().add(command, environment)
        for group in dict.fromkeys(task.group for task in chosen.values()):
            tasks = {key: task for key, task in chosen.items() if task.group == group}
            for turn in range(max(task.rounds for task in tasks.values())):
                for key, task in tasks.items():
                    if turn < task.rounds and not results[key].missing:
                        results[key].add(key, environment)
                        print(".", end="", file=sys.stderr, flush=True)
            done = {key: task for key, task in chosen.items() if results[key].tried}
            text = _report(done, results)
            _write(text, {task.group for task in done.values()})
    print(file=sys.stderr)
    print(text)


def _write(text: str, measured: set[str]) -> None:
    """Put the rows of the groups that were measured into the file, in the order of the groups."""
    path = ROOT / "benchmarks" / "results.md"
    old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    lines = text.splitlines()
    head = [line for line in lines if _group(line) is None]
    kept = [line for line in old if _group(line) is not None and _group(line) not in measured]
    rows = [*kept, *(line for line in lines if _group(line) is not None)]
    order = list(dict.fromkeys(task.group for task in TASKS.values()))
    rows.sort(key=lambda line: order.index(_group(line) or ""))
    table = "\n".join([*head, *rows])
    path.write_text(table + "\n", encoding="utf-8")
    page = ROOT / "docs" / "speed.md"
    text = page.read_text(encoding="utf-8")
    begin = re.search(r"^Python 3\S* on .*$", text, re.MULTILINE)
    if begin is not None:  # the table there is this one
        rest = text[begin.start() :].split("\n\n", 2)[2:]
        page.write_text(text[: begin.start()] + "\n\n".join([table, *rest]), encoding="utf-8")


def _group(line: str) -> str | None:
    """The group of a row of the table; None for other lines."""
    name = line.split("|")[1].strip() if line.startswith("| ") else ""
    return name if any(task.group == name for task in TASKS.values()) else None


def _report(chosen: dict[str, Task], results: dict[str, Result]) -> str:
    rows = [_row(task, results[key], results) for key, task in chosen.items()]
    cores = f"{os.cpu_count()} cores"
    versions = f"numpy {metadata.version('numpy')}, openpyxl {metadata.version('openpyxl')}"
    about = f"Python {platform.python_version()} on {platform.machine()}, {cores}, {versions}; "
    about += f"processor time; {datetime.now(UTC).date()}"
    table = tabulate(rows, headers=HEADINGS, tablefmt="github", disable_numparse=True)
    return f"{about}\n\n" + re.sub(" +", " ", re.sub("-{3,}", "---", table))


def _row(task: Task, result: Result, results: dict[str, Result]) -> tuple[str, ...]:
    if not result.times:
        return (task.group, task.what, task.who, "skipped:", result.missing)
    scale = SCALES[task.unit] / task.per
    median = statistics.median(result.times)
    times = [_figures(t * scale) for t in (median, min(result.times), max(result.times))]
    other = results.get(task.against)
    compared = ""
    if other and other.times and other is not result:
        compared = f"{_figures(median / task.per / _median(task.against, results))} ×"
    size = f"{result.size / 1e6:.2f}" if result.size else ""
    peak = f"{result.peak:.0f}" if task.group not in ("Start", "Recalculation") else ""
    spread = f"{times[1]} – {times[2]}"
    return (task.group, task.what, task.who, times[0], spread, task.unit, compared, peak, size)


def _median(key: str, results: dict[str, Result]) -> float:
    return statistics.median(results[key].times) / TASKS[key].per


def _figures(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


if __name__ == "__main__":
    wanted = [name.lower() for name in sys.argv[1:]]
    known = list(dict.fromkeys(task.group for task in TASKS.values()))
    if any(name not in [group.lower() for group in known] for name in wanted):
        sys.exit(f"Usage: python -m benchmarks [GROUP …], of the groups {', '.join(known)}")
    main(wanted)
