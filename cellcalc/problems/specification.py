"""Reading a problem file: the whole of it is checked before anything is computed.

The result is a :class:`Specification`, in which nothing is left to be looked up or defaulted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from cellcalc import resources
from cellcalc.files import Folder
from cellcalc.language.keys import element_keys
from cellcalc.problems import templates
from cellcalc.problems.reserved import check_names
from cellcalc.problems.schemes import AS_WRITTEN, Override, Scheme, check_lengths, read_scheme
from cellcalc.problems.sequences import Sequence, read_sequence, standardized
from cellcalc.problems.templates import Template
from cellcalc.problems.updates import Update, read_update, vector
from cellcalc.records import record
from cellcalc.toml import Reader, Section, as_float, listed, parse_toml

KEYS = (
    "title", "cell", "readout", "loss", "parameters", "coefficients", "initial", "sequence", "bptt",
    "update",
)  # fmt: skip
# Keys of parameters that are in a file.
WEIGHTS = ("from", "layout", "prefix", "layer", "direction", "readout_prefix", "unit")

SCALE = 0.5  # drawn parameters lie within ± this, unless the file says otherwise


@record
class Drawn:
    """Which parameters were drawn and not given: uniformly in ±scale."""

    names: frozenset[str]
    scale: float


@record
class Specification:
    """What a problem file says.

    ``parameters`` has one number for each element (``W_f1``, ``W_f2``, ``U_f``, …) in the order
    of the templates; ``initial`` one for each state, ``coefficients`` one for each of theirs;
    ``loss`` is None where no sequence has targets, or where nothing is learned from them: then
    ``error`` is what is computed of them, forward only. ``drawn`` is None where
    every parameter is given. ``files`` are those that were read besides the problem's own.
    """

    title: str
    cell: Template
    readout: Template
    loss: Template | None
    features: int
    parameters: Mapping[str, float]
    initial: Mapping[str, float]
    sequences: tuple[Sequence, ...]
    scheme: Scheme
    update: Update
    coefficients: Mapping[str, float] = field(default_factory=dict)
    error: Template | None = None
    drawn: Drawn | None = None
    files: tuple[Path, ...] = field(default=(), compare=False)


def read_specification(
    text: str,
    file: str,
    base: Path,
    override: Override = AS_WRITTEN,
    confined: bool = False,
) -> Specification:
    """Read a problem from the text of its file.

    Parameters
    ----------
    text : str
        TOML.
    file : str
        Its name in messages.
    base : Path
        Where paths in the problem start.
    override : Override
        What goes before the file's scheme and epochs.
    confined : bool
        Refuse paths that lead out of ``base``: for problems that others have handed in.

    Returns
    -------
    Specification
        In which nothing is left to be looked up or defaulted.

    Raises
    ------
    InputError
        With every mistake in the file.
    """
    return specification_of(parse_toml(text, file), file, Folder(base, confined), override)


def specification_of(
    tables: Mapping[str, Any], file: str, base: Folder, override: Override = AS_WRITTEN
) -> Specification:
    """The same of tables that have been read already, or were never in a file (``file`` "").

    Parameters
    ----------
    tables : Mapping
        What a problem file says, as TOML tables.
    file : str
        The name that mistakes are reported under.
    base : Path
        The folder at which paths in the tables start.
    override : Override
        What the caller sets in place of the tables: scheme, k1, k2, epochs, options.

    Returns
    -------
    Specification

    Raises
    ------
    InputError
        With every mistake found, each by its key.
    """
    reader = Reader(file)
    whole = Section(reader, tables)
    whole.only(KEYS)
    cell = templates.read(whole, "cells", "cell", "lstm", base)
    readout = templates.read(whole, "readouts", "readout", "identity", base)
    loss = templates.read(whole, "losses", "loss", "half-squared", base)
    sequences = _sequences(whole, base)
    scheme = read_scheme(whole.table("bptt"), override)
    check_lengths(whole.table("bptt"), scheme, [sequence.steps for sequence in sequences])
    features = len(sequences[0].inputs) if sequences else None
    parts = [part for part in (cell, readout) if part is not None]
    complete = len(parts) == 2
    parameters = _parameters(whole.table("parameters"), parts, features, complete, base)
    update = read_update(whole.table("update"), parts, parameters, base)
    check_names(whole, (cell, readout, loss), features, update.optimizer)
    if override.epochs is not None:
        update = replace(update, epochs=override.epochs)
    initial = _initial(whole.table("initial"), cell)
    coefficients = _coefficients(whole.table("coefficients"), cell, readout, loss)
    title = whole.text("title", Path(file).stem)
    reader.finish()
    assert cell and readout and loss and features  # else there was a mistake
    compared = any(sequence.targets is not None for sequence in sequences)
    if not loss.learn:
        sequences = tuple(replace(sequence, learns=False) for sequence in sequences)
    return Specification(
        title=title,
        cell=cell,
        readout=readout,
        loss=loss if compared and loss.learn else None,
        features=features,
        parameters=parameters,
        initial=initial,
        sequences=sequences,
        scheme=scheme,
        update=update,
        coefficients=coefficients,
        error=loss if compared and not loss.learn else None,
        drawn=_drawn(whole.table("parameters"), parameters, parts),
        files=tuple(base.files),
    )


def read_example(name: str, override: Override = AS_WRITTEN) -> Specification:
    """The bundled example of that name, one of ``resources.names("examples")``."""
    folder = resources.folder("examples")
    return read_specification(resources.text(f"examples/{name}.toml"), name, folder, override)


def redrawn(specification: Specification, seed: int) -> dict[str, float]:
    """The parameters that the problem leaves to chance, drawn from another seed."""
    if specification.drawn is None:
        return {}
    import random  # here, since most problems need none

    generator, scale = random.Random(seed), specification.drawn.scale
    values = {name: generator.uniform(-scale, scale) for name in specification.parameters}
    return {name: value for name, value in values.items() if name in specification.drawn.names}


def _sequences(whole: Section, base: Folder) -> tuple[Sequence, ...]:
    sections = whole.tables("sequence")
    read = [read_sequence(section, base) for section in sections]
    sequences = standardized(read, [s.boolean("standardize", False) for s in sections])
    first = next((sequence for sequence in sequences if sequence), None)
    for section, sequence in zip(sections, sequences, strict=True):
        if first and sequence and len(sequence.inputs) != len(first.inputs):
            expected = f"{len(first.inputs)} inputs a step, as in the first sequence"
            found = str(len(sequence.inputs))
            whole.reader.mistake(section.key("x"), expected, found)
    return tuple(sequence for sequence in sequences if sequence)


HINT = "default = 0 gives a number to all that are left out"


def _parameters(
    section: Section, parts: list[Template], features: int | None, complete: bool, base: Folder
) -> dict[str, float]:
    """One number for each element of each parameter.

    It is given, else from a file, else drawn, else the ``default`` of those left out.
    """
    kinds = {name: kind for part in parts for name, kind in part.parameters.items()}
    if complete and not kinds:
        section.reader.mistake(section.path, "a cell or readout that has a parameter", "none")
    if complete:
        names = list(kinds) or ["none"]
        owners = " with ".join(part.name for part in parts)
        section.only(
            [*kinds, "random", "default", *WEIGHTS], f"a parameter of {owners} ({listed(names)})"
        )
    loaded: Mapping[str, float] | None = {}
    if complete and any(key in section.values for key in WEIGHTS):
        from cellcalc.problems import weights  # here, since few problems have them in a file

        loaded = weights.read_weights(section, kinds, features, base, parts[0])
    draw, default = _random(section), _default(section)
    elements: dict[str, float] = {}
    for name, kind in kinds.items():
        width = features if kind == "input" else 1
        elsewhere = draw(width or 1) if draw else default and default * (width or 1)
        if loaded is None:  # a file that has been complained of
            elsewhere = [0.0] * (width or 1)
        elif all(element in loaded for element in element_keys(name, width or 1)):
            elsewhere = [loaded[element] for element in element_keys(name, width or 1)]
        values = _given(section, name, kind, width, elsewhere)
        for element, value in zip(element_keys(name, len(values)), values, strict=True):
            elements[element] = value
    return elements


def _given(
    section: Section, name: str, kind: str, width: int | None, elsewhere: list[float] | None
) -> list[float]:
    """The numbers that the table gives; ``elsewhere`` are those to take where it gives none."""
    if name not in section.values and elsewhere is not None:
        return elsewhere
    value = section.values.get(name)
    values = value if isinstance(value, list) and kind == "input" else [value]
    numbers = [as_float(item) for item in values]
    if any(number is None or not math.isfinite(number) for number in numbers):
        width = None  # the message below names what is expected; say it once
    elif width in (None, len(numbers)):
        return [number for number in numbers if number is not None]
    expected = "a finite number" if kind == "scalar" else "finite numbers, one for each input"
    if kind == "input" and width:
        expected = f"{width} finite number{'s' if width > 1 else ''}, one for each input"
    told = any(str(mistake).count(HINT) for mistake in section.reader.mistakes)
    if name in section.values or section.broken or told:
        section.wrong(name, expected)
    else:  # said once
        section.reader.mistake(section.key(name), expected, f"nothing; {HINT}")
    return [0.0] * (width or 1)


def _default(section: Section) -> list[float] | None:
    """The number of parameters that are left out, if the file has one."""
    if "default" not in section.values:
        return None
    if "random" in section.values:
        section.wrong("default", "nothing beside random, which draws what is left out")
    return [section.number("default", 0.0)]


def _random(section: Section) -> Callable[[int], list[float]] | None:
    """A function that draws k numbers, uniform in ±scale, if the file asks for it.

    Every parameter draws, whether or not it is given, so that giving one leaves the others alone.
    """
    if "random" not in section.values:
        return None
    import random  # here, since most problems need none

    table = section.table("random")
    table.only(("seed", "scale"))
    generator = random.Random(table.integer("seed", 0, 0))
    scale = table.number("scale", SCALE)
    return lambda count: [generator.uniform(-scale, scale) for _ in range(count)]


def _drawn(
    section: Section, parameters: Mapping[str, float], parts: list[Template]
) -> Drawn | None:
    if "random" not in section.values:
        return None
    scale = section.table("random").number("scale", SCALE)
    names = (n for n in parameters if not any(vector(n, p) in section.values for p in parts))
    return Drawn(frozenset(names), scale)


def _coefficients(section: Section, *parts: Template | None) -> dict[str, float]:
    """Each coefficient of the templates, with its own value unless the problem gives another."""
    usual = {n: value for part in parts if part for n, value in part.coefficients.items()}
    if None not in parts:
        owners = " with ".join(part.name for part in parts if part)
        names = listed(tuple(usual)) if usual else "none"
        section.only(tuple(usual), f"a coefficient of {owners} ({names})")
    return {name: section.number(name, value) for name, value in usual.items()}


def _initial(section: Section, cell: Template | None) -> dict[str, float]:
    if cell is None:
        return {}
    names = listed(tuple(cell.state)) if cell.state else "none"
    section.only(tuple(cell.state), f"a state of {cell.name} ({names})")
    return {name: section.number(name, value) for name, value in cell.state.items()}
