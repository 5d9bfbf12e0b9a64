"""Schemes side by side: the gradient that each gives, and its distance from full BPTT's.

All are of one forward pass (of one each where the state is reset on the way): the parameters stay
as they are, so that what differs is the truncation alone. All are measured against the full
gradient of the same L, a sum or a mean as the problem has it.

A problem of several epochs is trained with each scheme besides, from the same parameters and with
all of its options, to show where each one leads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from cellcalc.engine.effort import check_comparison, check_effort
from cellcalc.engine.run import run_model
from cellcalc.engine.schedule import Schedule, changes, planned, plans
from cellcalc.errors import OptionError, check_whole, unknown
from cellcalc.model.derivation import model_of
from cellcalc.model.model import Model
from cellcalc.problems.schemes import (
    CHOICES,
    LIMITS,
    Scheme,
    check_adding_up,
    filled_forms,
    fixed_by,
    forms,
    named_scheme,
)
from cellcalc.problems.specification import Specification

MOST_SHOWN = 4  # schemes in the short form of a comparison
NO_UPDATE = ("weights", "update", "empty", *LIMITS)  # what says nothing where nothing is updated


@dataclass(frozen=True)
class Trained:
    """Where the problem's epochs of training lead with a scheme.

    ``losses`` are the L of all sequences, of a forward pass each that nothing interrupts, with the
    parameters after so many epochs (0: before the first). ``apart`` is how far the ``parameters``
    end from where full BPTT leads, in proportion to how far that went (nan where it stayed).
    """

    updates: int
    losses: Mapping[int, float]
    parameters: Mapping[str, float]
    apart: float


@dataclass(frozen=True)
class Compared:
    """A scheme, the sum of its windows' gradients, and each one's error against full BPTT.

    ``others`` are the names of schemes that come to the same here. ``errors`` are relative to the
    size of full BPTT's (nan where that is 0 and the scheme's is not); ``error`` is that of the
    whole vector, ``angle`` lies between the two, in degrees (nan where one of them is 0).
    ``own`` tells that it is, or comes to the same as, the problem's own scheme. ``trained`` is
    where several epochs lead.
    """

    scheme: Scheme
    others: tuple[str, ...]
    schedule: Schedule
    loss: float | None
    gradients: Mapping[str, float]
    errors: Mapping[str, float]
    error: float
    angle: float
    own: bool = False
    trained: Trained | None = None


@dataclass(frozen=True, repr=False)
class Comparison:
    """Schemes on one sequence, full BPTT first.

    ``set_aside`` are the options of the problem that gradients without updates have no use for.
    ``optimizer`` and ``learning_rate`` are those of the ``epochs`` of training, if more than one.
    """

    title: str
    sequence: int
    sequences: int
    reduction: str
    optimizer: str
    learning_rate: float
    epochs: int
    set_aside: Mapping[str, object]
    schemes: tuple[Compared, ...]

    # How a notebook shows it: views stand above the studies, so the front door says it.
    as_text: ClassVar[Callable[[Comparison], str] | None] = None

    def __repr__(self) -> str:
        """The first few schemes, each with its error against full BPTT."""
        lines = [
            f"{one.scheme.name}: gradient error {100 * one.error:.3g} %"
            for one in self.schemes[1 : MOST_SHOWN + 1]
        ]
        more = len(self.schemes) - 1 - MOST_SHOWN
        lines += [f"and {more} more"] if more > 0 else []
        count = len(self.schemes) - 1
        others = "another scheme" if count == 1 else f"{count} others"
        first = f"full BPTT beside {others}, sequence {self.sequence}"
        return "<Comparison: " + "\n ".join([first, *lines]) + ">"

    def _repr_markdown_(self) -> str | None:
        show = type(self).as_text
        return f"```\n{show(self).rstrip()}\n```" if show else None


def compare(
    specification: Specification,
    model: Model,
    names: Sequence[str] = (),
    k1: int | None = None,
    k2: int | None = None,
    sequence: int = 1,
) -> Comparison:
    """The schemes of these names on one sequence, beside full BPTT and the problem's own scheme.

    Parameters
    ----------
    specification, model : Specification, Model
        The problem. Its options hold for each scheme whose name leaves them open.
    names : sequence of str
        As in ``"tbptt(2,5)"``; every named scheme where it is empty.
    k1, k2 : int, optional
        What the names' parameters stand for where none is given; by default a quarter of the
        sequence and twice that. Beside names, ``tbptt(k1,k2)`` is one more; one of the two that
        is not given is the problem's own.
    sequence : int
        Which sequence, from 1.

    Returns
    -------
    Comparison
        Schemes that come to the same windows, losses and states are one; where there are several
        epochs, those that come to the same updates as well.

    Raises
    ------
    OptionError
        For a name that is none, and for a sequence that is not there or has no targets.
    LimitError
        It would take too long: the schemes together, or training with one of them.
    """
    count = len(specification.sequences)
    check_whole("sequence", sequence, 1, count)
    check_whole("k1", k1, 1)
    check_whole("k2", k2, 1)
    chosen = specification.sequences[sequence - 1]
    if not any(chosen.has_target):
        raise OptionError("sequence", "a sequence with targets", f"{sequence}, without")
    usual = specification.scheme
    if not names:
        k1 = k1 or max(1, chosen.steps // 4)
        names = filled_forms(k1, k2 or 2 * k1)
    elif k1 or k2:
        n = chosen.steps
        names = (*names, f"tbptt({k1 or usual.k1 or n},{k2 or usual.k2 or n})")
    schemes = [_full(usual), usual, *(_named(name, usual) for name in names)]
    for scheme in schemes:
        check_adding_up(scheme, [one.steps for one in specification.sequences])
    trains = specification.update.epochs > 1
    alone = replace(specification, sequences=(chosen,))
    distinct: dict[object, list[Scheme]] = {}
    check_comparison(chosen, schemes, specification.sequences, specification.update.epochs)
    for scheme in schemes:
        (schedule,) = planned(_without_updates(alone, scheme))
        key = _essence(schedule), _in_training(specification, scheme) if trains else None
        distinct.setdefault(key, []).append(scheme)
    training = [same[0] for same in distinct.values()]
    computed = [_gradients(_without_updates(alone, scheme), model) for scheme in training]
    reference = computed[0][2]
    trained = _trained(specification, training) if trains else [None] * len(training)
    return Comparison(
        title=specification.title,
        sequence=sequence,
        sequences=count,
        reduction=usual.reduction,
        optimizer=specification.update.optimizer.name,
        learning_rate=specification.update.learning_rate,
        epochs=specification.update.epochs,
        set_aside=_set_aside(specification),
        schemes=tuple(
            replace(
                _compared(same[0], _others(same), *found, reference),
                own=any(one is usual for one in same),
                trained=led,
            )
            for same, found, led in zip(distinct.values(), computed, trained, strict=True)
        ),
    )


def _without_updates(specification: Specification, scheme: Scheme) -> Specification:
    """The problem under a scheme's truncation, once and with nothing that an update needs."""
    alike = replace(
        scheme, reduction=specification.scheme.reduction, update="sequence", weights="current",
        empty="update", clip_norm=None, clip_value=None,
    )  # fmt: skip
    update = replace(specification.update, epochs=1, frozen=())
    return replace(specification, scheme=alike, update=update)


def _full(usual: Scheme) -> Scheme:
    """Full BPTT of the same L, that updates as the problem's scheme does."""
    kept = {key: getattr(usual, key) for key in ("reduction", *NO_UPDATE)}
    return Scheme("full", None, None, **kept)


def with_options(name: str, usual: Scheme) -> Scheme | None:
    """A named scheme with another's options where the name leaves them open; None if it is none.

    What the other's own name says is none of its options.
    """
    found = named_scheme(name)
    if found is None:
        return None
    own = fixed_by(name)
    open_keys = [key for key in (*CHOICES, *LIMITS) if key not in own]
    kept = {key: getattr(usual, key) for key in open_keys if key not in fixed_by(usual.name)}
    if found.windows is not None and kept.get("tail") == "flush":
        del kept["tail"]
    return replace(found, **kept)


def _named(name: str, usual: Scheme) -> Scheme:
    found = with_options(name, usual)
    if found is None:
        raise OptionError("schemes", ", ".join(forms()), unknown(name, forms()))
    return found


def _essence(schedule: Schedule) -> object:
    """What two schemes that come to the same have in common."""
    windows = [
        (w.first, w.fires_at, tuple(w.losses), w.resets, w.averaged) for w in schedule.windows
    ]
    return tuple(windows)


def _others(same: list[Scheme]) -> tuple[str, ...]:
    """The names of all but the first."""
    first, *names = (scheme.name for scheme in same)
    return tuple(dict.fromkeys(name for name in names if name != first))


def _set_aside(specification: Specification) -> dict[str, object]:
    """The problem's options that only matter where something is updated, if not the default."""
    scheme, update = specification.scheme, specification.update
    usual = {key: CHOICES[key][0] if key in CHOICES else None for key in NO_UPDATE}
    found = {key: getattr(scheme, key) for key in NO_UPDATE if getattr(scheme, key) != usual[key]}
    if update.frozen:
        found["frozen"] = list(update.frozen)
    return found


def _gradients(
    specification: Specification, model: Model
) -> tuple[Schedule, float | None, dict[str, float]]:
    (one,) = run_model(specification, model, detail=False).passes
    names = [row.symbol for row in model.gradients]
    summed = one.windows[-1].summed if one.windows else dict.fromkeys(names, 0.0)
    return one.schedule, one.loss, dict(summed)


def _in_training(specification: Specification, scheme: Scheme) -> object:
    """What two schemes that train alike have in common."""
    epoch = plans(scheme, specification.sequences, specification.update.done + 1)
    return (
        tuple((_essence(one), tuple(window.updates for window in one.windows)) for one in epoch),
        scheme.update,  # what is gathered for an update
        scheme.weights if scheme.meets_old_weights else None,
        scheme.windows if changes(scheme) else None,
        *(getattr(scheme, key) for key in LIMITS),
    )


def _trained(specification: Specification, schemes: Sequence[Scheme]) -> list[Trained]:
    """Where training with each scheme leads; full BPTT is the first."""
    problems = [replace(specification, scheme=scheme) for scheme in schemes]
    models = [model_of(problem) for problem in problems]
    for problem, model in zip(problems, models, strict=True):
        check_effort(problem, model, detail=False)
    start, count = specification.parameters, len(specification.sequences)
    shown = _shown(specification.update.epochs)
    found: list[Trained] = []
    for problem, model in zip(problems, models, strict=True):
        trace = run_model(problem, model, detail=False)
        reached = {0: start, len(trace.passes) // count: trace.final}
        for epoch in shown[1:-1]:
            reached[epoch] = trace.passes[epoch * count].before
        final, full = trace.final, found[0].parameters if found else trace.final
        went = math.dist(list(full.values()), list(start.values()))
        found.append(
            Trained(
                updates=trace.updates - specification.update.count,
                losses={epoch: _loss(specification, reached[epoch]) for epoch in shown},
                parameters=dict(final),
                apart=_relative(math.dist(list(final.values()), list(full.values())), went),
            )
        )
    return found


def _shown(epochs: int) -> list[int]:
    """0, 1, 2, 5, 10, 20, … and the last epoch."""
    steps = (digit * 10**power for power in range(len(str(epochs))) for digit in (1, 2, 5))
    return [0, *(epoch for epoch in steps if epoch < epochs), epochs]


def _loss(specification: Specification, parameters: Mapping[str, float]) -> float:
    """L of all sequences, each run without a cut; a mean is over all of their losses."""
    s = specification
    update = replace(s.update, epochs=1)
    once = replace(s, scheme=Scheme("full", None, None), parameters=parameters, update=update)
    passes = run_model(once, model_of(once), detail=False).passes
    total = sum(one.loss for one in passes if one.loss is not None)
    number = sum(sum(one.has_target) for one in s.sequences)
    return total / number if s.scheme.reduction == "mean" else total


def _compared(
    scheme: Scheme,
    others: tuple[str, ...],
    schedule: Schedule,
    loss: float | None,
    gradients: Mapping[str, float],
    reference: Mapping[str, float],
) -> Compared:
    size = math.hypot(*reference.values())
    mine, full = list(gradients.values()), list(reference.values())
    return Compared(
        scheme=scheme,
        others=others,
        schedule=schedule,
        loss=loss,
        gradients=gradients,
        errors={s: _relative(g - reference[s], reference[s]) for s, g in gradients.items()},
        error=_relative(math.dist(mine, full), size),
        angle=_angle(mine, full),
    )


def _relative(difference: float, size: float) -> float:
    if difference == 0.0:
        return 0.0
    return abs(difference) / abs(size) if size else math.nan


def _angle(one: Sequence[float], other: Sequence[float]) -> float:
    """In degrees, from chord lengths: exact for small angles too, unlike the arc cosine."""
    sizes = math.hypot(*one), math.hypot(*other)
    if not all(sizes) or not all(map(math.isfinite, sizes)):
        return math.nan
    a, b = ([x / size for x in v] for v, size in zip((one, other), sizes, strict=True))
    apart = math.dist(a, b)
    return math.degrees(2 * math.atan2(apart, math.dist(a, [-x for x in b])))
