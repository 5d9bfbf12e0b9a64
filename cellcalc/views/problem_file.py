"""Problem files written for people: commented, and ready to run."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cellcalc import resources
from cellcalc.errors import OptionError, check_whole, printable
from cellcalc.model.derivation import build
from cellcalc.problems import templates
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.specification import read_specification
from cellcalc.problems.templates import Template
from cellcalc.resources import sentence
from cellcalc.studies.tasks import MOST, Drawn
from cellcalc.toml import listed


@dataclass(frozen=True)
class Own:
    """One's own numbers for a problem; what is left empty is drawn.

    ``inputs`` has a column for each feature; of ``k1`` and ``k2`` both are given, or neither.
    """

    title: str = ""
    inputs: tuple[tuple[float, ...], ...] = ()
    targets: tuple[float, ...] = ()
    initial: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    k1: int | None = None
    k2: int | None = None


WIDTH = 96  # columns of a file
SCALE = 0.5  # drawn parameters lie within ± this


def own_problem(
    steps: int,
    inputs: int,
    cell: str,
    readout: str,
    loss: str,
    seed: int,
    base: Path,
    file: str = "FILE",
    own: Own | None = None,
) -> str:
    """A problem with numbers drawn from a seed, each parameter written out with what it does.

    ``file`` is what the comment calls it, ``own`` what goes before what is drawn.
    Raises :class:`~cellcalc.errors.InputError` for a cell that cannot be read; its path starts at
    ``base``, the folder of the file; and :class:`~cellcalc.errors.OptionError` for a number out
    of bounds.
    """
    own = own or Own()
    check_whole("steps", steps, 1, MOST)
    check_whole("inputs", inputs, 1, MOST)
    check_whole("seed", seed, 0)
    random = Random(f"own {seed}")
    parts = templates.load("cells", cell, base), templates.load("readouts", readout)
    model = build(*parts, templates.load("losses", loss), features=1)
    meaning = {row.symbol: row.says for row in model.parameters}

    def drawn(low: float, high: float) -> float:
        return round(random.uniform(low, high), 2) or 0.01

    rows = []
    for part in parts:
        for name, kind in part.parameters.items():
            values = [drawn(-SCALE, SCALE) for _ in range(inputs if kind == "input" else 1)]
            values = list(own.parameters.get(name, values))
            number = _number(values[0]) if len(values) == 1 else f"[{_listed(values)}]"
            rows.append((f"{name} = {number}", meaning[name]))
    columns = tuple(tuple(drawn(-1, 1) for _ in range(steps)) for _ in range(inputs))
    low = max(-0.5, model.loss.targets[0]) if model.loss else -0.5
    targets = tuple(drawn(low, 0.5) for _ in range(steps))
    sequence = Sequence(own.inputs or columns, own.targets or targets)
    start = {name: drawn(0.05, 0.5) for name in parts[0].state}
    unknown_states = [name for name in own.initial if name not in start]
    if unknown_states:
        known = listed(list(start)) if start else "none"
        raise OptionError("initial", f"states of {cell} ({known})", f'"{unknown_states[0]}"')
    title = printable(own.title) or sentence("new", "title", steps=steps)
    lines = [
        *_comment(sentence("new", "own" if own == Own() else "given_numbers")),
        *_to_try(file),
        "",
        *_header(title, cell, readout, loss),
        "[parameters]",
        *_aligned(rows),
        "",
        *_initial(parts[0], {**start, **own.initial}),
        *_sequence(sequence, sentence("new", "sequence")),
        *_bptt(own.k1, own.k2),
        *_update("sgd", 0.1),
    ]
    return _checked(lines, base)


def task_problem(drawn: Drawn, cell: str, seed: int, base: Path, file: str = "FILE") -> str:
    """A generated problem; its parameters are drawn where the file is read, from the same seed."""
    task, part = drawn.task, templates.load("cells", cell, base)
    given = [f"{name} = {_number(v)}" for name, v in task.given.items() if name in part.parameters]
    random = f"random = {{seed = {seed}, scale = {SCALE}}}"
    rows = [
        (random, sentence("new", "random")),
        *((row, sentence("new", "given")) for row in given),
    ]
    lines = [
        *_comment(drawn.says),
        "#",
        *_comment(sentence("new", "commands", file=file, k2=_depths(drawn)), fill=False),
        "",
        *_header(drawn.title, cell, task.readout, task.loss),
        "[parameters]",
        *_aligned(rows),
        "",
        *_initial(part, task.initial),
    ]
    for sequence in drawn.sequences:
        lines += _sequence(sequence)
    lines += [*_bptt(), *_update("adam", task.rate)]
    return _checked(lines, base)


def _depths(drawn: Drawn) -> str:
    """A k2 to try: below what the task asks for, at it, and the whole sequence."""
    n = drawn.sequences[0].steps
    k2 = (drawn.lag // 2, drawn.lag, drawn.lag + 1, n) if drawn.lag > 1 else (n // 4, n // 2, n)
    return ",".join(str(k) for k in dict.fromkeys(k2) if k)


def _checked(lines: Iterable[str], base: Path) -> str:
    """The file as text; what does not run is not written."""
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    read_specification(text, sentence("new", "file"), base)
    return text


def _comment(text: str, fill: bool = True) -> list[str]:
    if fill:
        text = textwrap.fill(
            " ".join(text.split()), WIDTH - 2, break_long_words=False, break_on_hyphens=False
        )
    return [f"# {line}".rstrip() for line in text.splitlines()]


def _to_try(file: str) -> list[str]:
    """Commands for the file, each whole on a line."""
    return [f"#   {command}" for command in sentence("new", "to_try", file=file).splitlines()]


def _header(title: str, cell: str, readout: str, loss: str) -> Iterator[str]:
    rows = [(f'title = "{_escaped(title)}"', "")]
    for key, value, folder in (
        ("cell", cell, "cells"),
        ("readout", readout, "readouts"),
        ("loss", loss, "losses"),
    ):
        rows.append((f'{key} = "{_escaped(value)}"', sentence("new", "others", kind=folder)))
    yield from _aligned(rows)
    yield ""


def _initial(cell: Template, given: Mapping[str, float]) -> Iterator[str]:
    yield "[initial]"
    rows = [(f"{name} = {_number(given.get(name, v))}", "") for name, v in cell.state.items()]
    if rows:
        rows[0] = (rows[0][0], sentence("new", "initial"))
    yield from _aligned(rows)
    yield ""


def _sequence(sequence: Sequence, says: str = "") -> Iterator[str]:
    yield f"[[sequence]]{f'                # {says}' if says else ''}"
    steps = zip(*sequence.inputs, strict=True)
    single = len(sequence.inputs) == 1
    items = [_number(row[0]) if single else f"[{_listed(row)}]" for row in steps]
    yield from _array("x", items)
    yield from _array("target", [_number(value) for value in sequence.targets or ()])
    yield ""


def _bptt(k1: int | None = None, k2: int | None = None) -> Iterator[str]:
    yield "[bptt]"
    if k1 is not None:
        yield from _aligned(
            [
                (f"k1 = {k1}", sentence("new", "k1", k1=k1)),
                (f"k2 = {k2}", sentence("new", "k2", k2=k2)),
            ]
        )
        yield ""
        return
    yield from _aligned([('scheme = "full"', sentence("new", "scheme"))])
    yield ""


def _update(optimizer: str, rate: float) -> Iterator[str]:
    known = " | ".join(resources.names("templates/optimizers"))
    yield "[update]"
    yield from _aligned(
        [
            (f'optimizer = "{optimizer}"', known),
            (f"learning_rate = {_number(rate)}", ""),
            ("epochs = 1", sentence("new", "epochs")),
        ]
    )


def _aligned(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines with their comments in one column."""
    rows = list(rows)
    width = max((len(line) for line, says in rows if says), default=0) + 2
    return (f"{line:<{width}}# {says}" if says else line for line, says in rows)


def _array(key: str, items: list[str]) -> Iterator[str]:
    """An array on one line, or wrapped."""
    line = f"{key} = [{', '.join(items)}]"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{key} = ["
    # A pair in brackets stays together.
    glued = ", ".join(item.replace(" ", "\N{NO-BREAK SPACE}") for item in items)
    for part in textwrap.wrap(glued, WIDTH - 4, break_long_words=False):
        yield "    " + part.replace("\N{NO-BREAK SPACE}", " ")
    yield "]"


def _listed(values: Iterable[float]) -> str:
    return ", ".join(map(_number, values))


def _number(value: float) -> str:
    return "nan" if math.isnan(value) else f"{value:g}" if value == round(value, 5) else repr(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
