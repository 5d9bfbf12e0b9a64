"""Every command on problems of every size: a result in a minute, or a refusal before it begins.

Each runs in a process of its own whose messages go to a terminal, so that the longest silence is
measured as somebody who waits would have it.
"""

from __future__ import annotations

import os
import pty
import random
import resource
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.reliability import Outcome
from tests.reliability.extremes import SECONDS, limit
from tests.reliability.faults import _env, command

WAITED = 20  # times as long on a busy machine
SILENT = 2.0 + 2.0  # seconds: what is promised, and what a busy machine and starting up take
REFUSED = 15.0  # seconds within which what is too large has to be told, reading the file included

HEAD = 'cell = "lstm"\n[parameters]\nrandom = {seed = 1, scale = 0.4}\n'
SERIES = '[[sequence]]\ncsv = "s.csv"\n'


@dataclass(frozen=True)
class Size:
    """A problem of some size; ``rows`` and ``features`` are those of its table of data."""

    more: str = ""
    rows: int = 0
    features: int = 1
    sequences: int = 0

    def write(self, place: Path) -> None:
        source = random.Random(1)
        text = HEAD
        if self.rows:
            names = [f"x{k}" for k in range(1, self.features + 1)] if self.features > 1 else ["x"]
            lines = [",".join([*names, "target"])]
            some = ",".join(f"{source.uniform(-1, 1):.3f}" for _ in range(self.features))
            lines += [f"{some},{source.uniform(-1, 1):.3f}" for _ in range(self.rows)]
            (place / "s.csv").write_text("\n".join(lines) + "\n")
            text += SERIES
        for _ in range(self.sequences):
            text += "[[sequence]]\nx = [0.5, -0.25, 0.75]\ntarget = [0.1, 0.2, -0.3]\n"
        (place / "p.toml").write_text(text + self.more)


SIZES: dict[str, Size] = {}
for _n in (1_000, 10_000, 100_000):
    SIZES |= {
        f"{_n:,} steps": Size(rows=_n),
        f"{_n:,} steps, k1 = k2 = 1": Size("[bptt]\nk1 = 1\nk2 = 1\n", _n),
        f"{_n:,} steps, k1 = k2 = 10": Size("[bptt]\nk1 = 10\nk2 = 10\n", _n),
    }
SIZES |= {
    "1,000,000 steps": Size(rows=1_000_000),
    "1,000,000 steps, k1 = k2 = 1": Size("[bptt]\nk1 = 1\nk2 = 1\n", 1_000_000),
    "100,000 steps, k1 = 1, k2 = 100,000": Size("[bptt]\nk1 = 1\nk2 = 100000\n", 100_000),
    "1,000 steps, k1 = 1, k2 = 1,000": Size("[bptt]\nk1 = 1\nk2 = 1000\n", 1_000),
    "1,000 epochs": Size("[update]\nepochs = 1000\n", sequences=1),
    "100,000 epochs": Size("[update]\nepochs = 100000\n", sequences=1),
    "1,000 epochs of 1,000 steps": Size("[update]\nepochs = 1000\n", 1_000),
    "100 inputs": Size("", 10, 100),
    "500 inputs": Size("", 100, 500),
    "100 inputs, 1,000 steps": Size("", 1_000, 100),
    "500 inputs, 4,000 steps": Size("", 4_000, 500),
    "500 inputs, 10,000 steps": Size("", 10_000, 500),
    "50 sequences": Size("", sequences=50),
    "1,000 sequences": Size("", sequences=1_000),
    "20,000 sequences": Size("", sequences=20_000),
    "1,000 sequences and epochs": Size("[update]\nepochs = 1000\n", sequences=1_000),
}

_PICTURES = ("unrolled", "cell", "schedule", "flow", "gradients", "training")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("table",), ("table", "-f", "json"), ("table", "-f", "html"), ("table", "-f", "latex"),
    ("table", "-f", "csv"), ("table", "--explain"), ("table", "--pass", "update"),
    ("table", "--symbols", "c,dc"), ("table", "--hand-rounding", "4"),
    ("derive",), ("derive", "-f", "python"),
    ("schedule",), ("schedule", "--compare"), ("schedule", "-f", "json"),
    ("compare",), ("compare", "full", "tbptt(2,5)"), ("flow",), ("flow", "-o", "FILE.xlsx"),
    ("flow", "-f", "json"),
    ("workbook", "-o", "FILE.xlsx"), ("workbook", "--sheets", "BPTT", "-o", "FILE.xlsx"),
    ("workbook", "--practice", "all", "-o", "FILE.xlsx"),
    ("workbook", "--practice", "backward", "--key", "-o", "FILE.xlsx"),
    ("workbook", "--practice", "c,dc", "--level", "4", "--key", "-o", "FILE.xlsx"),
    ("workbook", "--practice", "backward", "--blank", "-o", "FILE.xlsx"),
    ("check", "right.txt"), ("check", "wrong.txt"), ("check", "-e", "dc[1] = 0.5"),
    ("check", "-e", "dW_f = 0.123"), ("check", "-e", "dc[t] = dh[t]*o[t]"), ("check", "--suggest"),
    ("practice",),
    ("experiment",), ("experiment", "--epochs", "1", "--seeds", "1"),
    ("experiment", "--scheme", "block(10)", "--epochs", "1", "--seeds", "3"),
    ("export", "--to", "pytorch"), ("export", "--to", "numpy"), ("export", "--to", "keras"),
    ("class", "make", "--count", "2", "-o", "class"),
    ("class", "make", "--count", "2", "-o", "class", "--solutions", "--text", "tex"),
    *(("draw", "--what", what, "-o", "FILE.svg") for what in _PICTURES),
    ("draw", "--what", "sweep", "--of", "W_f,U_f", "-o", "FILE.svg"),
    ("draw", "--what", "sweep", "--of", "U_f", "-o", "FILE.svg"),
)  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """How a command went: status (-1 where it was stopped) and messages.

    ``seconds`` are those of computing; ``silent`` is the longest silence, by the clock.
    """

    status: int
    said: str
    seconds: float
    silent: float


def watched(words: list[str], place: Path) -> Ran:
    """Run a command whose messages go to a terminal, and measure how long it says nothing."""
    reader, writer = pty.openpty()
    began = last = time.perf_counter()
    environment = {**_env(), "COLUMNS": "80", "TERM": "dumb"}
    process = subprocess.Popen(
        words, cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=writer, preexec_fn=_limits,
    )  # fmt: skip
    os.close(writer)
    silent, said, status = 0.0, b"", -1
    try:
        while time.perf_counter() - began < WAITED * SECONDS:
            ready, _, _ = select.select([reader], [], [], 0.2)
            if not ready:
                if _ended(process.pid):
                    break
                continue
            try:
                piece = os.read(reader, 65536)
            except OSError:  # the other end is closed
                break
            now = time.perf_counter()
            silent, last, said = max(silent, now - last), now, (said + piece)[-20_000:]
        else:
            process.kill()
        _, ended, used = os.wait4(process.pid, 0)
        process.returncode = status = os.waitstatus_to_exitcode(ended)
    finally:
        os.close(reader)
    now, computed = time.perf_counter(), used.ru_utime + used.ru_stime
    if status < 0 and computed > SECONDS - 1:
        status = -1
    return Ran(status, said.decode(errors="replace"), computed, max(silent, now - last))


def _ended(process: int) -> bool:
    """Whether a process has ended, which is then still to be waited for."""
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process, flags) is not None


def _limits() -> None:
    limit()
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


@cache
def _answers(steps: int) -> dict[str, str]:
    """Answers to many quantities; which of them are right does not matter here."""
    at = range(1, min(steps, 3_000) + 1)
    return {
        "right.txt": "".join(f"c[{t}] = 0.1\n" for t in at),
        "wrong.txt": "".join(f"dc[{t}] = 0.{t}\nh[{t}] = 0.3\n" for t in at) + "dW_f = 0.7\n",
    }


def runs() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each size with each command, those of other sizes side by side."""
    for words in COMMANDS:
        for size in SIZES:
            yield size, words


def trouble_of(ran: Ran) -> str:
    """What is wrong with how a command went, or an empty text."""
    lines = [line for line in ran.said.replace("\r", "\n").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("Error", "Traceback"))]
    if ran.status == -1:
        return f"more than {SECONDS} s"
    if ran.status not in (0, 1, 2) or (ran.status == 2) != bool(errors):
        return f"status {ran.status}, {lines[-1:]}"
    if any("mistake in cellcalc" in line or "Traceback" in line for line in errors):
        return errors[0]
    if ran.status == 2 and ran.seconds > REFUSED:
        return f"refused after {ran.seconds:.0f} s: {errors[0]}"
    if ran.status == 2 and "memory" in errors[0] and "at most" not in errors[0]:
        return errors[0]
    return f"silent for {ran.silent:.1f} s" if ran.silent > SILENT else ""


def walk(
    count: int, seed: int, told: Callable[[str, tuple[str, ...], Ran], None] | None = None
) -> Outcome:
    """``count`` of all commands on all sizes, in an order at random."""
    outcome, slowest, refused = Outcome(), (0.0, ""), 0
    every = list(runs())
    random.Random(seed).shuffle(every)
    for size, words in every[:count]:
        with TemporaryDirectory() as folder:
            place = Path(folder)
            SIZES[size].write(place)
            for name, text in _answers(SIZES[size].rows or 3).items():
                (place / name).write_text(text)
            typed = [word.replace("FILE", "out") for word in words]
            at = 2 if words[0] == "class" else 1
            ran = watched(command(*typed[:at], "p.toml", *typed[at:]), place)
        if told is not None:
            told(size, words, ran)
        refused += ran.status == 2
        slowest = max(slowest, (ran.seconds, f"{' '.join(words)}, {size}"))
        trouble = trouble_of(ran)
        outcome.expect(not trouble, f"{size}: {' '.join(words)}: {trouble}")
    outcome.note = f"{refused} refused, slowest {slowest[0]:.0f} s ({slowest[1]})"
    return outcome
