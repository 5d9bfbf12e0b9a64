"""Named schemes side by side: the gradient that each gives, and its error against full BPTT."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cellcalc.engine.run import run_model
from cellcalc.errors import OptionError
from cellcalc.model.model import Model
from cellcalc.problems.schemes import Scheme, filled_forms, named_scheme
from cellcalc.problems.specification import Specification


@dataclass(frozen=True)
class Compared:
    """A scheme, the sum of its windows' gradients, and each one's error against full BPTT.

    The parameters stay as they are throughout. ``errors`` are relative to the size of full
    BPTT's (nan where that is 0 and the scheme's is not); ``error`` is that of the whole vector.
    """

    scheme: Scheme
    gradients: Mapping[str, float]
    errors: Mapping[str, float]
    error: float


def compare(
    specification: Specification, model: Model, k1: int | None, k2: int | None
) -> list[Compared]:
    """Every named scheme on the first sequence, full BPTT first.

    ``k1`` and ``k2`` are what the names' parameters stand for; by default a quarter of the
    sequence and twice that.
    """
    sequence = specification.sequences[0]
    if not any(sequence.has_target):
        raise OptionError("--compare", "a sequence with targets", "none")
    k1 = k1 or max(1, sequence.steps // 4)
    k2 = k2 or 2 * k1
    found = [(s, _gradients(specification, model, s)) for s in _schemes(k1, k2)]
    _, reference = found[0]
    size = math.hypot(*reference.values())
    return [
        Compared(
            scheme=scheme,
            gradients=gradients,
            errors={s: _relative(g - reference[s], reference[s]) for s, g in gradients.items()},
            error=_relative(math.dist(list(gradients.values()), list(reference.values())), size),
        )
        for scheme, gradients in found
    ]


def _schemes(k1: int, k2: int) -> Iterator[Scheme]:
    for name in filled_forms(k1, k2):
        scheme = named_scheme(name)
        assert scheme is not None, name
        yield scheme


def _gradients(specification: Specification, model: Model, scheme: Scheme) -> dict[str, float]:
    once = replace(
        specification,
        sequences=specification.sequences[:1],
        scheme=replace(scheme, update="sequence"),
        update=replace(specification.update, epochs=1, frozen=()),
    )
    (one,) = run_model(once, model, detail=False).passes
    return dict(one.windows[-1].summed)


def _relative(difference: float, size: float) -> float:
    if difference == 0.0:
        return 0.0
    return abs(difference) / abs(size) if size else math.nan
