"""The library's front door: load a problem, run it, look at its trace.

>>> import cellcalc
>>> trace = cellcalc.load("gomez").run()
>>> trace["c"]
array([0.78572615, 1.5176331 ])
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cellcalc import resources
from cellcalc.engine import trace
from cellcalc.engine.run import run_model
from cellcalc.errors import InputError, Mistake, OptionError, did_you_mean
from cellcalc.model.derivation import build, model_of
from cellcalc.model.model import Model
from cellcalc.problems import templates
from cellcalc.problems.schemes import Override, Scheme
from cellcalc.problems.specification import (
    Specification,
    check_clashes,
    read_specification,
    read_template,
)
from cellcalc.problems.updates import read_update
from cellcalc.toml import MAX_BYTES, Reader, Section, decode, parse_toml, read_bytes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from cellcalc.engine.batch import Trained
    from cellcalc.language.authors import Author


class Trace(trace.Trace):
    """A :class:`cellcalc.engine.trace.Trace` that notebooks show as tables."""

    def _repr_html_(self) -> str:
        from cellcalc.views.table import render

        return render(self, "html")


@dataclass(frozen=True)
class Problem:
    """A problem, checked and ready to run."""

    specification: Specification
    author: Author | None = None

    @cached_property
    def model(self) -> Model:
        """The forward equations and the backward pass derived from them."""
        return model_of(self.specification, self.author)

    def run(
        self,
        hand_rounding: int | None = None,
        detail: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Trace:
        """Compute every value of the forward and the backward pass, and the updates.

        Parameters
        ----------
        hand_rounding : int, optional
            Round each value to so many decimals before it is used, as in a calculation by hand;
            None computes in float64.
        detail : bool
            Keep every value. A long training run needs losses, gradients and parameters only.
        progress : callable, optional
            Called with the number of passes done, after each.

        Returns
        -------
        Trace
            All that was computed.

        Raises
        ------
        LimitError
            The problem would take too long, or more memory than there may be.
        """
        trace = run_model(self.specification, self.model, hand_rounding, detail, progress)
        return Trace(**vars(trace))

    def train_batch(
        self, varied: Mapping[str, ArrayLike], progress: Callable[[int], None] | None = None
    ) -> Trained:
        """Train many sets of parameters, initial states or settings at once.

        As in ``problem.train_batch({"U_f": [0.1, 0.2], "learning_rate": [0.5, 1]})``; see
        :func:`cellcalc.engine.batch.train`.
        """
        from cellcalc.engine import batch  # here, since it needs numpy

        return batch.train(self.specification, self.model, varied, progress)


def load(
    source: str | Path,
    scheme: str | None = None,
    k1: int | None = None,
    k2: int | None = None,
    notation: str | None = None,
) -> Problem:
    """Load a problem.

    Parameters
    ----------
    source : str or Path
        The path of a problem file, ``"-"`` for standard input, or the name of a bundled example.
    scheme : str, optional
        A scheme of truncation in place of the file's, as in ``"tbptt(2,5)"``.
    k1, k2 : int, optional
        A window every ``k1`` steps, over the last ``k2``; in place of the file's.
    notation : str, optional
        The author in whose symbols the problem is shown, as in ``"gomez"``.

    Returns
    -------
    Problem
        Checked, and ready to run.

    Raises
    ------
    InputError
        The file cannot be read; ``mistakes`` are all that is wrong in it.
    OptionError
        An argument does not fit the problem.
    """
    name, override = str(source), Override(scheme, k1, k2)
    author = _author(notation)
    if name == "-":
        contents = _bounded(sys.stdin.buffer)
        return Problem(read_specification(decode(contents, "-"), "-", Path(), override), author)
    path = Path(source)
    examples = resources.names("examples")
    if not path.exists() and name in examples:
        path = resources.folder("examples") / f"{name}.toml"
    elif not path.exists() and path.name == name and not path.suffix:
        expected = "a file, or the name of an example (cellcalc templates examples lists them)"
        found = f"neither{did_you_mean(name, examples)}"
        raise InputError([Mistake(name, "", expected, found)])
    contents = read_bytes(path, name)
    return Problem(read_specification(decode(contents, name), name, path.parent, override), author)


def _author(notation: str | None) -> Author | None:
    if not notation:
        return None
    from cellcalc.language import authors  # here: most problems have no author

    return authors.load(notation)


def _bounded(stream: BinaryIO) -> bytes:
    contents = stream.read(MAX_BYTES + 1)
    if len(contents) > MAX_BYTES:
        limit = f"at most {MAX_BYTES // 1_000_000} MB"
        raise InputError([Mistake("-", "", limit, "more")])
    return contents


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


def cell_alone(
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
    author = _author(notation)
    return specification, build(cell, out, learned, features, error=error, author=author)
