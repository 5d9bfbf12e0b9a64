"""Numbers that a person has copied from the problem, which are no answers: W_f = 0.7, x_1 = 1.

Asked of a parameter is what it is after the update. Whoever lists what is given writes the same
``W_f = 0.7`` for the value before it, and is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cellcalc.check.answers import Answer, Sheet, Unreadable
from cellcalc.check.reading.mathematics import SeveralReadingsError
from cellcalc.check.spelling import FEW, Written
from cellcalc.engine.trace import PassTrace, Trace
from cellcalc.model.model import PREDICTION, TARGET
from cellcalc.resources import sentence

GIVEN, NEW = "given", "new"  # the stages that words at a parameter tell
AGREED = 1e-9  # relative, for a number that is copied whole


def without_givens(trace: Trace, sheet: Sheet, figures: int = FEW) -> Sheet:
    """The sheet without the numbers that are the problem's own; their lines count as passed over.

    Of a parameter that is its value before the update, where nothing says that the new one is
    meant. Inputs, targets and the initial state stay, for they are right; but with fewer than
    ``figures`` significant figures they prove nothing and need not.
    """
    sheet = _without_either(trace, sheet)
    kept: list[Answer] = []
    lines: set[int | str] = set()
    unreadable: list[Unreadable] = []
    times = Counter(_asked(answer) for answer in sheet.answers)
    copies = [
        _copied(trace, answer, figures, times[_asked(answer)] == 1) for answer in sheet.answers
    ]
    listed = _new_values(trace, sheet, copies) | _predictions(sheet, copies)
    own = {
        (answer.symbol, answer.epoch, answer.sequence, (answer.window or 0) + 1): answer.number
        for answer in sheet.answers if answer.stage == NEW and answer.number is not None
    }  # fmt: skip
    for answer, is_copy in zip(sheet.answers, copies, strict=True):
        given = list(_given(trace, answer)) if _may_be(trace, answer) else []
        begun = own.get((answer.symbol, answer.epoch, answer.sequence, answer.window or 0))
        is_own = answer.stage == GIVEN and answer.number is not None and begun is not None
        if is_own and begun == answer.number:
            lines.add(answer.line)  # the person's own value after the window before
        elif is_copy and id(answer) not in listed:
            lines.add(answer.line)
        elif answer.stage == GIVEN and (earlier := _of_window_before(trace, answer)) is not None:
            kept.append(earlier)
        elif answer.stage == GIVEN and given and not _is_after(answer, given):
            words = {"symbol": answer.symbol, "value": f"{given[0][0]:g}", "found": answer.given}
            why = sentence("report", "not_given", **words)
            shown = f"{answer.symbol} = {answer.given}"
            unreadable.append(Unreadable(answer.line, shown, why))
        else:
            kept.append(answer)
    if len(kept) == len(sheet.answers):
        return sheet
    lines -= {answer.line for answer in kept}
    return replace(
        sheet,
        answers=tuple(kept),
        unreadable=(*sheet.unreadable, *unreadable),
        passed_over=sheet.passed_over + len(lines),
    )


def _without_either(trace: Trace, sheet: Sheet) -> Sheet:
    """The sheet without a list of bare weights whose numbers may be gradients as well.

    Whoever lists ``W_f = 0.0223`` for each weight, and neither says that they are new ones nor
    gives their gradients, may mean either.
    """
    said = {answer.symbol for answer in sheet.answers}
    bare = [
        answer
        for answer in sheet.answers
        if answer.symbol in trace.specification.parameters
        and isinstance(answer.number, Written)
        and answer.t is None
        and f"d{answer.symbol}" not in said
        and not (answer.stage or answer.array or answer.working)
    ]
    is_told = any(
        answer.stage == NEW and answer.symbol in trace.specification.parameters
        for answer in sheet.answers
    )
    near = sum(_is_near_gradient(trace, answer) for answer in bare)
    if is_told or len({answer.symbol for answer in bare}) < 2 or 2 * near <= len(bare):
        return sheet
    places = {id(answer) for answer in bare}
    both = sentence("check", "weight_or_gradient", name=bare[0].symbol)
    unreadable = [
        Unreadable(
            answer.line,
            f"{answer.symbol} = {answer.given}",
            str(SeveralReadingsError(f'"{bare[0].symbol}"', both)),
            answer.symbol,
            both,
        )
        for answer in bare
    ]
    return replace(
        sheet,
        answers=tuple(answer for answer in sheet.answers if id(answer) not in places),
        unreadable=(*sheet.unreadable, *unreadable),
    )


FAR = 3  # times as far from the new value as from the gradient


def _is_near_gradient(trace: Trace, answer: Answer) -> bool:
    """Whether a weight's number is a gradient rather than a weight, by its size."""
    epoch, sequence = answer.epoch or 1, answer.sequence or 1
    one = next((p for p in trace.passes if (p.epoch, p.sequence) == (epoch, sequence)), None)
    if one is None or not 1 <= (answer.window or 1) <= len(one.windows):
        return False
    assert isinstance(answer.number, Written)
    window, value = one.windows[(answer.window or 1) - 1], answer.number.value
    gradient = window.gradients.get(f"d{answer.symbol}")
    after = window.after.get(answer.symbol)
    if gradient is None or after is None:
        return False
    return FAR * abs(value - gradient) < abs(value - after)


def _asked(answer: Answer) -> tuple[object, ...]:
    """What an answer is for."""
    return answer.symbol, answer.t, answer.epoch, answer.sequence, answer.window


def _copied(trace: Trace, answer: Answer, figures: int, is_alone: bool) -> bool:
    given = list(_given(trace, answer)) if _may_be(trace, answer) else []
    if answer.stage == GIVEN and isinstance(answer.number, Written):
        value = answer.number.value
        changed = [before for before, after in given if after not in (None, before)]
        if any(abs(value - before) <= AGREED * abs(before) for before in changed):
            return True
    return any(_is_copy(answer, before, after, figures, is_alone) for before, after in given)


def _new_values(trace: Trace, sheet: Sheet, copies: Sequence[bool]) -> set[int]:
    """The copies that stand in a list of new values: of a weight that was not updated.

    Such a list has more weights with other numbers than the problem's, and each of them once.
    """
    lists: dict[tuple[int | None, ...], list[tuple[Answer, bool]]] = {}
    for answer, is_copy in zip(sheet.answers, copies, strict=True):
        if answer.symbol in trace.specification.parameters and answer.number is not None:
            place = answer.epoch, answer.sequence, answer.window
            lists.setdefault(place, []).append((answer, is_copy))
    found: set[int] = set()
    for some in lists.values():
        times = Counter(answer.symbol for answer, _ in some)
        new = [answer for answer, is_copy in some if not is_copy]
        if 2 * len(new) > len(some):
            found |= {id(a) for a, is_copy in some if is_copy and times[a.symbol] == 1}
    return found


def _predictions(sheet: Sheet, copies: Sequence[bool]) -> set[int]:
    """The predictions that happen to have the target's number, among others that have not."""
    passes: dict[tuple[int | None, ...], list[tuple[Answer, bool]]] = {}
    for answer, is_copy in zip(sheet.answers, copies, strict=True):
        if answer.symbol == PREDICTION and answer.number is not None:
            passes.setdefault((answer.epoch, answer.sequence), []).append((answer, is_copy))
    found: set[int] = set()
    for some in passes.values():
        times = Counter(answer.t for answer, _ in some)
        if not all(is_copy for _, is_copy in some):
            found |= {id(a) for a, is_copy in some if is_copy and times[a.t] == 1}
    return found


def _may_be(trace: Trace, answer: Answer) -> bool:
    if answer.number is None or answer.working:
        return False
    if answer.symbol in trace.specification.parameters:
        return answer.t is None and answer.stage != NEW
    return answer.t is not None or answer.symbol.endswith("0")


def _given(trace: Trace, answer: Answer) -> Iterator[tuple[float, float | None]]:
    """What the problem gives for a quantity, and what becomes of it with the update."""
    epoch, sequence = answer.epoch or 1, answer.sequence or 1
    one = next((p for p in trace.passes if (p.epoch, p.sequence) == (epoch, sequence)), None)
    if one is None:
        return
    symbol, t = answer.symbol, answer.t
    if symbol in trace.specification.parameters:
        yield from _before(one, symbol, answer.window or 1)
        return
    if t is None and symbol[:-1] in trace.model.state:
        symbol, t = symbol[:-1], 0
    if symbol == PREDICTION and t is not None and 1 <= t <= one.steps:
        # Many call the target y; its number is no prediction.
        if TARGET in one.forward:
            yield one.forward[TARGET][t], one.forward[PREDICTION][t]
        return
    is_state = symbol in trace.model.state and t == 0
    is_input = symbol in {row.symbol for row in trace.model.inputs}
    if t is not None and t <= one.steps and (is_state or is_input):
        yield one.forward[symbol][t], None


def _before(one: PassTrace, symbol: str, window: int) -> Iterator[tuple[float, float | None]]:
    """A parameter before the update of a window, and after the next one that there is."""
    if not 1 <= window <= len(one.windows):
        return
    later = [w for w in one.windows[window - 1 :] if w.used] or [one.windows[window - 1]]
    yield one.windows[window - 1].before[symbol], later[0].after[symbol]


def _of_window_before(trace: Trace, answer: Answer) -> Answer | None:
    """A weight that a window is begun with as what it is after the window before.

    Only where it is the old one still; of another number nothing tells what it is.
    """
    window, number = answer.window or 0, answer.number
    one = trace.passes[0] if len(trace.passes) == 1 else None
    if one is None or not 1 < window <= len(one.windows) or number is None:
        return None
    begun, old = (one.windows[k - 1].before.get(answer.symbol) for k in (window, window - 1))
    is_old = old is not None and begun is not None and abs(number.value - old) <= AGREED * abs(old)
    if not is_old or old == begun:
        return None
    return replace(answer, window=window - 1, stage=NEW)


def _is_copy(
    answer: Answer, before: float, after: float | None, figures: int, is_alone: bool
) -> bool:
    number = answer.number
    assert isinstance(number, Written)
    is_whole = abs(number.value - before) <= AGREED * abs(before)
    if after is None:
        return not is_whole and number.figures < figures and number.stands_for(before)
    if before == after:
        return False  # then it is right as an answer too
    if number.stands_for(after):
        # Right as the new value, too; but with few figures it proves nothing.
        is_placed = (answer.epoch, answer.sequence, answer.window) != (None, None, None)
        return is_whole and number.figures < figures and not (is_placed and is_alone)
    return is_whole or number.stands_for(before)


def _is_after(answer: Answer, given: list[tuple[float, float | None]]) -> bool:
    assert isinstance(answer.number, Written)
    return any(after is None or answer.number.stands_for(after) for _, after in given)
