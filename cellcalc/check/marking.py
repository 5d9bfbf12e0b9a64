"""Marking: from a problem and the answers handed in to a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cellcalc.check import answers as reading
from cellcalc.check.answers import Answer, Entry
from cellcalc.check.formulas import FormulaMarker, own_formulas
from cellcalc.check.numbers import NumberMarker
from cellcalc.check.report import Marked, Report, Slip, Verdict
from cellcalc.check.search import Search
from cellcalc.check.world import Equations, Place, setting_of
from cellcalc.engine.trace import PassTrace, Trace, WindowTrace
from cellcalc.errors import OptionError
from cellcalc.language.letters import MARK


def mark(
    trace: Trace,
    entries: Iterable[Entry],
    tolerance: float | None = None,
) -> Report:
    """Mark all answers against the first pass of a problem.

    They are in the symbols of the model's author, if it has one. ``tolerance`` is relative, and
    goes before judging by the digits written. With several windows an answer that names none is
    for the first window that sweeps its step, a total for the first window.
    """
    one = trace.passes[0]
    rate = trace.specification.update.settings.get("learning_rate")
    sheet = reading.read(entries, trace.model, one.steps, _names(trace), rate)
    equations = Equations(trace.model)
    search = Search(trace.model, equations)
    by_window: dict[int, list[Answer]] = {}
    for answer in sheet.answers:
        by_window.setdefault(_window_of(answer, one, equations), []).append(answer)
    forward = [a for a in by_window.get(0, ()) if a.number is not None]
    marked: list[Marked] = []
    slips: list[Slip] = []
    unexplained = 0
    for number in sorted(by_window):
        window = one.windows[number - 1] if number else None
        if not number and one.windows:
            window = one.windows[0]
        setting = setting_of(trace.model, one, window)
        own = by_window[number]
        formulas = FormulaMarker(setting, search, tolerance, max(number, 1))
        checked = list(formulas.mark(a for a in own if a.formulas is not None))
        # Numbers may follow from the person's own wrong equation.
        edits = own_formulas(m.answer for m in checked if m.verdict is Verdict.WRONG)
        marker = NumberMarker(trace, setting, search, edits, tolerance, max(number, 1))
        numbers = [a for a in own if a.number is not None]
        also = forward if number else []
        found = marker.mark([*also, *numbers], _given(window))
        kept = [m for m in found if not (number and m.answer in also)]
        marked += [*kept, *checked]
        for one_marked in (*kept, *checked):
            if one_marked.slip and one_marked.slip not in slips:
                slips.append(one_marked.slip)
        unexplained += len(
            {
                (m.answer.symbol, m.answer.kind)
                for m in (*kept, *checked)
                if m.verdict is Verdict.WRONG and m.slip is None
            }
        )
    order = {id(answer): k for k, answer in enumerate(sheet.answers)}
    marked.sort(key=lambda m: order[id(m.answer)])
    return Report(
        title=trace.specification.title,
        marked=tuple(marked),
        unreadable=sheet.unreadable,
        windows=len(one.windows),
        slips=len(slips) + unexplained,
        passed_over=sheet.passed_over,
    )


def _window_of(answer: Answer, one: PassTrace, equations: Equations) -> int:
    """The number of the window that an answer belongs to; 0 for the forward pass."""
    name = next(iter(answer.formulas)) if answer.formulas else answer.symbol
    if answer.window is not None and not 1 <= answer.window <= len(one.windows):
        raise OptionError("window", f"a number from 1 to {len(one.windows)}", str(answer.window))
    if name in equations.forward or name in one.forward or name == "L" or not one.windows:
        return 0
    if answer.window is not None:
        return answer.window
    if answer.t is not None:
        for number, window in enumerate(one.windows, 1):
            if window.first - 1 <= answer.t <= window.last and (answer.t or number == 1):
                return number
    return 1


def _names(trace: Trace) -> Mapping[str, str] | None:
    """An author's symbols with our keys; marked where they mean something else to the author."""
    author = trace.model.author
    if author is None:
        return None
    return {symbol: symbol + MARK for symbol in author.taken} | dict(author.reading(trace.symbols))


def _given(window: WindowTrace | None) -> Mapping[Place, float]:
    """True values that no equation of the model gives: the parameters after the update."""
    return {(name, None): value for name, value in window.after.items()} if window else {}
