"""A cell by itself: its equations and their backward pass, without a problem's numbers."""

from __future__ import annotations

from pathlib import Path

from cellcalc import resources
from cellcalc.errors import InputError, Mistake, OptionError, did_you_mean
from cellcalc.language import authors
from cellcalc.model.derivation import build
from cellcalc.model.model import Model
from cellcalc.problems import templates
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.specification import Specification, check_clashes, read_template
from cellcalc.problems.updates import read_update
from cellcalc.toml import Reader, Section, decode, parse_toml, read_bytes

KINDS = tuple(templates.SEEN)


def names_a_cell(source: str) -> bool:
    """Whether this is a cell and no problem: a template's file, or the name of a bundled cell.

    A file goes before an example's name, and that before a cell's. Raises
    :class:`~cellcalc.errors.InputError` for the name of another kind of template.
    """
    path = Path(source)
    if path.is_file():
        data = parse_toml(decode(read_bytes(path, source), source), source)
        return "equation" in data and "sequence" not in data
    if path.exists() or source in resources.names("examples") or source == "-":
        return False
    for kind in KINDS:
        if source in resources.names(f"templates/{kind}") and kind != "cells":
            expected = "a problem, an example or a cell"
            option = {"readouts": " (--readout takes it)", "losses": " (--loss takes it)"}
            found = f"one of the {kind}{option.get(kind, '')}"
            raise InputError([Mistake(source, "", expected, found)])
    cells = resources.names("templates/cells")
    if source not in cells and path.name == source and not path.suffix:
        examples = resources.names("examples")
        hint = did_you_mean(source, [*examples, *cells])
        expected = "a file, an example or a cell (cellcalc templates lists them)"
        raise InputError([Mistake(source, "", expected, f"none of them{hint}")])
    return source in cells


def bare(
    source: str,
    readout: str = "identity",
    loss: str = "half-squared",
    features: int = 1,
    notation: str | None = None,
) -> tuple[Specification, Model]:
    """A cell with a readout and a loss, for so many inputs, as a problem without sequences.

    ``source`` is a bundled cell's name or the path of a template, ``notation`` an author's. Raises
    :class:`~cellcalc.errors.InputError` with all that is wrong in the file, and
    :class:`~cellcalc.errors.OptionError` for a readout or loss that there is not.
    """
    cell = templates.load("cells", source)
    chosen = Section(Reader(source), {"readout": readout, "loss": loss})
    out = read_template(chosen, "readouts", "readout", readout, Path())
    compared = read_template(chosen, "losses", "loss", loss, Path())
    for mistake in chosen.reader.mistakes:
        raise OptionError(f"--{mistake.key}", mistake.expected, mistake.found)
    check_clashes(chosen, cell, out, compared)
    chosen.reader.finish()
    assert out and compared  # else there was a mistake
    learned = compared if compared.learn else None
    error = None if compared.learn else compared
    specification = Specification(
        title=cell.title,
        cell=cell,
        readout=out,
        loss=learned,
        features=features,
        parameters={},
        initial=cell.state,
        sequences=(),
        scheme=Scheme("full", None, None),
        update=read_update(Section(Reader(source), {}), [cell, out], {}),
        coefficients={**cell.coefficients, **out.coefficients, **compared.coefficients},
        error=error,
    )
    author = authors.load(notation) if notation else None
    return specification, build(cell, out, learned, features, error=error, author=author)
