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
from cellcalc.errors import InputError, Mistake, did_you_mean
from cellcalc.model.derivation import build
from cellcalc.model.model import Model
from cellcalc.problems.schemes import Override
from cellcalc.problems.specification import Specification, read_specification
from cellcalc.toml import MAX_BYTES, decode, read_bytes

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
        s = self.specification
        stored = s.scheme.weights == "stored"
        return build(
            s.cell, s.readout, s.loss, s.features, stored, error=s.error, author=self.author
        )

    def run(
        self,
        hand_rounding: int | None = None,
        detail: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Trace:
        """Compute every value of the forward and the backward pass, and the updates.

        ``hand_rounding`` rounds each value to so many decimals before it is used, as in a
        calculation by hand; None computes in full float64. Without ``detail`` only losses,
        gradients and parameters are kept, which a long training run needs. ``progress`` is
        called with the number of passes done.
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
    """Load a problem from a path, from ``"-"`` (standard input) or from a bundled example's name.

    ``scheme`` (such as ``"tbptt(2,5)"``), ``k1`` and ``k2`` go before what the file says;
    ``notation`` names the author in whose symbols it is shown (``"gomez"``). Raises
    :class:`~cellcalc.errors.InputError`, whose ``mistakes`` are all that is wrong in the file.
    """
    name, override = str(source), Override(scheme, k1, k2)
    author = None
    if notation:
        from cellcalc.language import authors  # here: most problems have no author

        author = authors.load(notation)
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


def _bounded(stream: BinaryIO) -> bytes:
    contents = stream.read(MAX_BYTES + 1)
    if len(contents) > MAX_BYTES:
        limit = f"at most {MAX_BYTES // 1_000_000} MB"
        raise InputError([Mistake("-", "", limit, "more")])
    return contents
