"""What a practice workbook asks for at its harder levels: equations to choose from, a mistake.

The wrong equations are those of the catalogue of slips, so that they are the ones that people
write. Which of them is drawn follows from a seed and from the problem alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from cellcalc.check.slips import Edit, Edits
from cellcalc.engine.codegen import evaluate
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace, Trace, backward_values, forward_values
from cellcalc.errors import CellcalcError, OptionError, check_whole
from cellcalc.language.tree import Expression, Symbol, spelled_out, symbols
from cellcalc.model.model import Model, Quantity, sum_of
from cellcalc.problems.sequences import or_zero
from cellcalc.studies.exercise import CHOICE, LEVELS, MISTAKE, Assignment, exercise

MOST_CHOICES = 4  # equations of a row, the true one among them
LIKELY = 8  # edits of a row that are drawn from, the likeliest
CRUDE = ("sign_of_whole", "doubled", "halved")  # kinds that teach less, and come last
APART = 1e-3  # what two equations of a row must differ by, relative to the larger


def assignment(trace: Trace, what: str, level: int = 1, seed: int = 1) -> Assignment:
    """The assignment on the first pass of a trace.

    Parameters
    ----------
    trace : Trace
        The run, as it is right.
    what : str
        What is asked for, as :func:`cellcalc.studies.exercise.exercise` reads it.
    level : int
        1: the equations are shown; 2: they are not; 3: each is chosen among typical slips; 4: the
        numbers have a mistake in one row, which is to be found.
    seed : int
        The wrong equations, their order and the mistake follow from it.

    Raises
    ------
    OptionError
        There is no such level or symbol, or no row has an equation with a slip to be seen.
    """
    if level not in LEVELS or isinstance(level, bool):
        raise OptionError("level", "1, 2, 3 or 4", str(level))
    check_whole("seed", seed, 0)
    chosen = exercise(trace, what).symbols
    draw = Random(f"{trace.specification.title} {what} {seed}")
    if level == CHOICE:
        choices = dict(_choices(trace, chosen, draw))
        if not choices:
            raise OptionError("practice", "rows whose equations have typical slips", what)
        return Assignment(what, level, choices)
    if level == MISTAKE:
        return _planted(trace, what, chosen, draw)
    return Assignment(what, level)


def exercise_of(
    trace: Trace, what: str, level: int | None, seed: int | None, key: bool, blank: bool
) -> Assignment | None:
    """The assignment that options ask for; None where no exercise is asked for.

    Raises :class:`~cellcalc.errors.OptionError` also for options that only an exercise has.
    """
    if not what and not blank:
        for name, value in (("level", level), ("seed", seed), ("key", key or None)):
            if value is not None:
                raise OptionError(name, "`practice` with it", "none")
        return None
    if seed is not None and level not in (CHOICE, MISTAKE):
        raise OptionError("seed", "`level` 3 or 4 with it", str(level or 1))
    return assignment(trace, what or "backward", level or 1, 1 if seed is None else seed)


def _rows(model: Model, chosen: frozenset[str]) -> list[Quantity]:
    rows = [*model.forward, *model.backward, *model.gradients]
    return [row for row in rows if row.symbol in chosen and row.formula is not None]


def _choices(
    trace: Trace, chosen: frozenset[str], draw: Random
) -> Iterator[tuple[str, tuple[Expression, ...]]]:
    """For each row its equation among likely wrong ones, which give other numbers here."""
    edits, one = Edits(trace.model), trace.passes[0]
    for row in _rows(trace.model, chosen):
        assert row.formula is not None
        taken = [row.formula]
        numbers = [_values(one, row, row.formula, trace.model)]
        kinds: set[str] = set()
        for edit in _likely(edits, row):
            made = _values(one, row, edit.formula, trace.model)
            is_new = all(_differ(made, other) for other in numbers)
            if is_new and edit.kind not in kinds and len(taken) < MOST_CHOICES:
                taken.append(edit.formula)
                numbers.append(made)
                kinds.add(edit.kind)
        if len(taken) > 1:
            draw.shuffle(taken)
            yield row.symbol, tuple(taken)


def _likely(edits: Edits, row: Quantity) -> list[Edit]:
    """The edits of a row by how far-fetched they are, but for those that read other steps."""
    assert row.formula is not None
    reads = {(s.name, s.shift) for s in symbols(row.formula) if s.shift}
    known = edits.model.quantities
    return [
        edit
        for edit in sorted(edits.of(row), key=lambda edit: (edit.kind in CRUDE, edit.cost))
        if all(
            s.name in known and (not s.shift or (s.name, s.shift) in reads)
            for s in symbols(edit.formula)
        )
    ]


def _values(one: PassTrace, row: Quantity, formula: Expression, model: Model) -> list[float]:
    """What a formula of a row gives at each step, from the true values of what it reads."""
    spelled = spelled_out(formula, model.features)
    found = []
    if row.symbol in {q.symbol for q in model.forward}:
        for t in range(1, one.steps + 1):
            found.append(_value(spelled, forward_values(one, t)))
        return found
    for window in one.windows:
        for t in window.steps:
            found.append(_value(spelled, backward_values(one, window, t)))
    return found


def _value(formula: Expression, lookup: object) -> float:
    def value(symbol: Symbol) -> float:
        return or_zero(lookup(symbol))  # type: ignore[operator]

    try:
        return evaluate(formula, value)
    except (ArithmeticError, ValueError):
        return math.nan


def _differ(here: list[float], there: list[float]) -> bool:
    """Whether numbers differ at some step so that it is seen; none may be infinite or missing."""
    if not all(map(math.isfinite, (*here, *there))):
        return False
    size = max(map(abs, (*here, *there)), default=0.0)
    return any(abs(a - b) > APART * size for a, b in zip(here, there, strict=True))


def _planted(trace: Trace, what: str, chosen: frozenset[str], draw: Random) -> Assignment:
    """The same problem run with one wrong equation."""
    model, edits = trace.model, Edits(trace.model)
    rows = _rows(model, chosen)
    draw.shuffle(rows)
    for row in rows:
        likely = list(_wrong(edits, row))
        draw.shuffle(likely)
        for wrong in likely:
            try:
                planted = run_model(trace.specification, _with_row(model, wrong))
            except CellcalcError:
                continue
            if planted.first_not_finite() or not _shows(trace, planted, row):
                continue
            return Assignment(what, MISTAKE, planted=planted, mistake=row.symbol)
    raise OptionError("practice", "rows in which a mistake would show", what)


def _wrong(edits: Edits, row: Quantity) -> Iterator[Quantity]:
    """The row with a wrong equation. What flows back from the next step ends with the window, so
    a row of several paths loses one of them; then what is left of it at the end is clear."""
    if any(term.later for term in row.terms):
        for k in range(len(row.terms)):
            rest = (*row.terms[:k], *row.terms[k + 1 :])
            if rest:
                yield replace(row, terms=rest, formula=sum_of(rest))
        return
    for edit in _likely(edits, row)[:LIKELY]:
        yield replace(row, terms=(), formula=edit.formula)


def _with_row(model: Model, row: Quantity) -> Model:
    def put(rows: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
        return tuple(row if old.symbol == row.symbol else old for old in rows)

    return replace(
        model,
        forward=put(model.forward),
        backward=put(model.backward),
        gradients=put(model.gradients),
    )


def _shows(right: Trace, wrong: Trace, row: Quantity) -> bool:
    """Whether the row's own equation does not hold in the run with the mistake, to be seen."""
    assert row.formula is not None
    one = wrong.passes[0]
    want = _values(one, row, row.formula, right.model)
    if row.symbol in one.forward:
        have = list(one.forward[row.symbol][1 : one.steps + 1])
    else:
        have = [w.backward[row.symbol][t - w.first] for w in one.windows for t in w.steps]
    return _differ(want, [or_zero(value) for value in have])
