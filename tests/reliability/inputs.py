"""Mutated and random input of every kind, given to the commands that read it.

To add a kind of input, add a row to ``KINDS``. A row whose command does not exist is left out.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from click.testing import Result

from cellcalc.cli import main
from cellcalc.errors import InputError
from cellcalc.resources import folder
from cellcalc.xlsx.reader import read_cells
from tests.reliability import Missing, Outcome
from tests.support.command import runner
from tests.support.hostile_books import cell, package, parts

HANG = 60  # seconds of computing after which an input counts as a hang
DATA = "[[sequence]]\nx = [[1, 2], [0.5, 3], [-1, 0.25]]\ntarget = [0.5, 1.25, nan]\n"
RANDOM = "[parameters]\nrandom = {seed = 3}\n"


@dataclass(frozen=True)
class Kind:
    """A kind of input: sound ones to start from, and the commands that read it.

    ``file`` is the name it is given; ``beside`` another file, by name, that refers to it.
    """

    seeds: Callable[[], list[bytes]]
    file: str
    commands: tuple[tuple[str, ...], ...]
    beside: tuple[str, str] = ("", "")


def _bundled(place: str) -> Callable[[], list[bytes]]:
    return lambda: [path.read_bytes() for path in sorted(folder(place).glob("*.toml"))]


def _template(kind: str, key: str) -> Kind:
    problem = f'{key} = "mine.toml"\n{RANDOM}{DATA}'
    commands = (("table", "p.toml"), ("derive", "p.toml"), ("table", "p.toml", "--explain"))
    return Kind(_bundled(f"templates/{kind}"), "mine.toml", commands, ("p.toml", problem))


def _exercises() -> list[bytes]:
    """An exercise as cellcalc writes it, and smaller workbooks whose every byte counts."""
    result = runner().invoke(main, ["workbook", "gomez", "--practice", "all", "-o", "e.xlsx"])
    assert result.exit_code == 0, result.output
    return [Path("e.xlsx").read_bytes(), package(parts(cell("<f>1+1</f><v>2</v>")), 0)]


KINDS: dict[str, Kind] = {
    "problem files": Kind(
        _bundled("examples"),
        "p.toml",
        (
            ("table", "p.toml"),
            ("table", "p.toml", "-f", "json"),
            ("table", "p.toml", "--explain"),
            ("table", "p.toml", "-f", "csv", "--hand-rounding", "3"),
            ("schedule", "p.toml"),
            ("schedule", "p.toml", "--compare"),
            ("derive", "p.toml", "-f", "latex"),
            ("workbook", "p.toml", "-o", "out.xlsx"),
        ),
    ),
    "cell templates": _template("cells", "cell"),
    "readout templates": _template("readouts", "readout"),
    "loss templates": _template("losses", "loss"),
    "CSV files": Kind(
        lambda: [b"x1,x2,target\n1,2,3\n0.5,-1,\n1e-3,7,nan\n", b"x\n1\n2\n", b'"x",target\n"1",2\n'],
        "s.csv",
        (("table", "p.toml"),),
        ("p.toml", f'{RANDOM}[[sequence]]\ncsv = "s.csv"\n'),
    ),
    "answers files": Kind(
        lambda: [
            b"# step t = 2\nc[2]  = 1.5176\ndc[2] = -0.07111\ndW_f1 = -0.00315\n"
            b"dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2) + dc[t+1]*f[t+1]\n",
            b"symbol,t,value\nc,2,1.5176\ndc,2,-0.07111\ndW_f1,,-0.00315\n",
        ],
        "a.txt",
        (("check", "gomez", "a.txt"), ("check", "gomez", "a.txt", "-f", "json")),
    ),
    "practice workbooks": Kind(_exercises, "a.xlsx", (("check", "gomez", "a.xlsx"),)),
}  # fmt: skip

TOKENS = [
    "nan", "inf", "-inf", "1e308", "-1e308", "1e-320", "1e400", "0", "-0.0", "9" * 400, "0x1F",
    "9**9**9", "=1+1", "+", "-", "@", "[", "]", "{", "}", '"', "'", '"""', "#", "\\", "\x00",
    "\x1b[31m", "\u202e", "é", "𝛛", "ₜ₋₁", "x[t-1]", "c[t+1]", "stop(", "tanh(tanh(", "(" * 60,
    "-" * 60, "[" * 2000, "__import__('os')", "lambda: 0", "h[t]", "W_f @ x", ",", "\n", "\r\n",
    "1979-05-27", "true", "true\n", "[[sequence]]\n", "x = [1]\n", "\u2028", "\ufeff", "../..", "/",
    "tbptt(2,1)", "block(999999999)", "realtime", "all", "adam", "per-error(3)", "stored", "discard",
]  # fmt: skip


def mutated(seed: bytes, others: Sequence[bytes], generator: random.Random) -> bytes:
    """A sound input with a few things changed, of those that people and programs get wrong."""
    made = seed
    for _ in range(generator.choice([1, 1, 1, 1, 2, 3])):
        made = generator.choice(_MUTATIONS)(made, others, generator)
    return made


def _bytes(text: bytes, _: Sequence[bytes], generator: random.Random) -> bytes:
    changed = bytearray(text or b" ")
    changed[generator.randrange(len(changed))] = generator.randrange(256)
    return bytes(changed)


def _cut(text: bytes, _: Sequence[bytes], generator: random.Random) -> bytes:
    start = generator.randrange(len(text) + 1)
    return text[:start] + text[start + generator.choice([1, 2, 7, 40, 10**9]) :]


def _double(text: bytes, _: Sequence[bytes], generator: random.Random) -> bytes:
    start = generator.randrange(len(text) + 1)
    piece = text[start : start + generator.choice([1, 5, 30, 200])]
    return text[:start] + piece * generator.choice([2, 2, 3, 20]) + text[start:]


def _insert(text: bytes, _: Sequence[bytes], generator: random.Random) -> bytes:
    start = generator.randrange(len(text) + 1)
    return text[:start] + generator.choice(TOKENS).encode() + text[start:]


def _replace(text: bytes, _: Sequence[bytes], generator: random.Random) -> bytes:
    words = list(re.finditer(rb"[\w.+-]+|\"[^\"\n]*\"", text))
    if not words:
        return text
    word = generator.choice(words)
    return text[: word.start()] + generator.choice(TOKENS).encode() + text[word.end() :]


def _lines(text: bytes, others: Sequence[bytes], generator: random.Random) -> bytes:
    lines = text.splitlines(keepends=True)
    taken = generator.choice([text, *others]).splitlines(keepends=True) or [b"\n"]
    place = generator.randrange(len(lines) + 1)
    if generator.random() < 0.5 and lines:
        del lines[generator.randrange(len(lines))]
    else:
        lines.insert(place, generator.choice(taken))
    return b"".join(lines)


_MUTATIONS = (_bytes, _cut, _double, _insert, _replace, _replace, _lines, _lines)


def random_bytes(generator: random.Random) -> bytes:
    """Bytes of no kind: of any value, or those of text."""
    length = generator.choice([0, 1, 10, 100, 1000])
    alphabet = generator.choice([bytes(range(256)), b"[]{}=\"'.,#\n ax1_-+*/()@t"])
    return bytes(generator.choice(alphabet) for _ in range(length))


class Hang(Exception):  # noqa: N818
    """An input took longer than it may."""


@contextmanager
def at_most(seconds: int, computing: bool = False) -> Iterator[None]:
    """Stop after so many seconds with :class:`Hang`; of ``computing``, whatever else is run."""

    def stop(_: int, __: FrameType | None) -> None:
        raise Hang(f"more than {seconds} s")

    number, timer = (
        (signal.SIGPROF, signal.ITIMER_PROF) if computing else (signal.SIGALRM, signal.ITIMER_REAL)
    )
    before = signal.signal(number, stop)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, before)


def invoke(*arguments: str) -> Result:
    """Run a command in this process; what it raises, other than an exit, comes through.

    That it goes on is not told, which it would be now and then on a busy machine.
    """
    quiet = {"COLUMNS": "80", "CELLCALC_QUIET": "1"}
    return runner().invoke(main, arguments, catch_exceptions=False, env=quiet)


def complaint(result: Result) -> str:
    """What is wrong with how a command ended, or an empty text."""
    if "mistake in cellcalc" in result.stderr:  # what nobody foresaw is told in one line, too
        return result.stderr.strip()
    if result.exit_code in (0, 1):
        return "" if "Traceback" not in result.stderr else "a traceback"
    if result.exit_code != 2:
        return f"exit status {result.exit_code}"
    if result.stdout:
        return f"half a result: {result.stdout[:80]!r}"
    lines = result.stderr.splitlines()
    known = ("Error: ", "Usage: ", "Try ", "Warning: ")
    unlike = [line for line in lines if line and not line.startswith(known)]
    if unlike or not lines:
        return f"a message that is none: {unlike[:1]}"
    bad = [line for line in lines if not line.isprintable() or len(line) > 3_000]
    return f"a message that cannot be read: {bad[0][:80]!r}" if bad else ""


def fuzz(name: str, count: int, seed: int) -> Outcome:
    """Give ``count`` mutated or random inputs of a kind to its commands."""
    kind, outcome = KINDS[name], Outcome()
    generator = random.Random(f"{name} {seed}")
    slowest, accepted = 0.0, [0]
    with TemporaryDirectory() as place, inside(Path(place)):
        seeds = kind.seeds()
        others = [] if kind.file.endswith("xlsx") else seeds
        commands = [words for words in kind.commands if words[0] in main.commands]
        if not commands and not kind.file.endswith("xlsx"):
            raise Missing(f"the command {kind.commands[0][0]}")
        for _ in range(count):
            text = mutated(generator.choice(seeds), others, generator)
            if generator.random() < 0.1:
                text = random_bytes(generator)
            Path(kind.file).write_bytes(text)
            if kind.beside[0]:
                Path(kind.beside[0]).write_text(kind.beside[1])
            start = time.perf_counter()
            if commands:
                words = generator.choice(commands)
                trouble = trouble_of(lambda words=words: count_accepted(invoke(*words), accepted))
            else:
                words, trouble = ("read_cells",), _read_trouble(text, accepted)
            slowest = max(slowest, time.perf_counter() - start)
            outcome.expect(not trouble, f"{' '.join(words)}: {trouble}; input {text[:2000]!r}")
            left = {path.name for path in Path().iterdir()}
            left -= {kind.file, kind.beside[0], "out.xlsx", "e.xlsx"}
            if left:
                outcome.found.append(f"{' '.join(words)} left {left}; input {text[:2000]!r}")
            Path("out.xlsx").unlink(missing_ok=True)
    outcome.note = f"{accepted[0] / max(count, 1):.0%} sound, slowest {slowest:.1f} s"
    return outcome


def trouble_of(run: Callable[[], Result]) -> str:
    try:
        with at_most(10 * HANG), at_most(HANG, computing=True):  # of waiting, and of computing
            return complaint(run())
    except Hang as hang:
        return str(hang)
    except Exception:
        return " ".join(traceback.format_exc().splitlines()[-4:])


def count_accepted(result: Result, accepted: list[int]) -> Result:
    accepted[0] += result.exit_code < 2
    return result


def _read_trouble(text: bytes, accepted: list[int]) -> str:
    try:
        with at_most(HANG):
            read_cells(text)
            accepted[0] += 1
    except InputError as error:
        return "" if len(error.lines) == 1 else "several messages"
    except Hang as hang:
        return str(hang)
    except Exception:
        return " ".join(traceback.format_exc().splitlines()[-4:])
    return ""


@contextmanager
def inside(place: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(place)
    try:
        yield
    finally:
        os.chdir(before)
