"""A line of working, ``formula = numbers put in = result``: method, substitution, arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cellcalc.check.amounts import Amount, formula
from cellcalc.check.answers import Answer
from cellcalc.check.figures import SAFE, stands_for
from cellcalc.check.report import Kind, Marked, Part, Slip, Verdict, is_unexplained
from cellcalc.check.spelling import Written
from cellcalc.language.arithmetic.decimals import MEAN, SUM
from cellcalc.language.tree import (
    Add,
    Call,
    Div,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    children,
    rebuilt,
    symbols,
    walk,
)
from cellcalc.resources import sentence
from cellcalc.views.text import fixed

Method = Callable[[Answer], Marked]
# What a formula comes to from the person's own values, and from the true ones.
Values = Callable[[Expression], list[Amount]]
SHORT = 0.01  # the unit down to which a number of one figure is all there is
MOST_OPERANDS = 12  # that are looked for in another order
SLACK = 3.0  # units of the last digit, for what is rounded between two operations


@dataclass(frozen=True)
class Judged:
    """The parts of a line, and what is wrong with the first that is not right.

    ``unread`` are formulas of it that were hardly read as they were meant.
    """

    parts: tuple[Part, ...]
    slip: Slip | None
    unread: tuple[Answer, ...] = ()


def judge(
    answer: Answer, method: Method, true: Expression | None, values: Values, is_right: bool = False
) -> Judged:
    """Judge each part of a line of working that ends in a number.

    ``method`` marks a formula, ``true`` is the right one, and ``values`` works one out.
    ``is_right`` tells whether the number is, in a hand-in of some length: then a formula that
    nothing makes of the right one was read otherwise than it was meant, and is not called wrong.
    """
    parts: list[Part] = []
    unread: list[Answer] = []
    slip: Slip | None = None
    symbolic, put_in = true, None
    on_the_way = _on_the_way(answer)
    for part in answer.working:
        if not part.formulas or len(part.formulas) != 1:
            continue
        (expression,) = part.formulas.values()
        if symbols(expression):
            marked = method(part)
            right = marked.verdict is Verdict.CORRECT
            if not right and _is_half_put_in(expression, answer, values):
                parts.append(Part("substitution", part.given, True, ""))
                continue
            if not right and is_right and is_unexplained(marked.slip):
                unread.append(part)
                symbolic = true
                continue
            symbolic = expression
            says = ""
            if not right:
                found = marked.slip
                says = found.says if found else sentence("check", "unexplained")
                slip = slip or found or _slip(answer, Kind.UNEXPLAINED, says)
            parts.append(Part("method", part.given, right, says))
            continue
        put_in = expression
        if part in on_the_way:
            parts.append(Part("substitution", part.given, True, ""))
            continue
        # What each term of a sum over the steps was rounded to is not known.
        is_known = symbolic is not None and not _has_sum(symbolic)
        wrong = list(_compared(symbolic, expression, values)) if symbolic and is_known else []
        says, is_at_one_place = wrong[0] if wrong else ("", False)
        parts.append(Part("substitution", part.given, not wrong, says))
        # Numbers of another form than the right one tell of a formula: that is looked for.
        if wrong and slip is None and (is_at_one_place or symbolic is not true):
            slip = _slip(answer, Kind.WORKING, says)
    if put_in is not None and answer.number is not None:
        result = _worked_out(put_in)
        bound = result.bound() * SAFE + SLACK * answer.number.unit
        right = stands_for(answer.number, result.value, bound)
        says = "" if right else sentence("check", "comes_to", value=fixed(result.value, 5))
        parts.append(Part("arithmetic", answer.given, right, says))
        if not right and slip is None:
            slip = _slip(answer, Kind.ARITHMETIC, says)
    return Judged(tuple(parts), slip, tuple(unread))


def _is_half_put_in(expression: Expression, answer: Answer, values: Values) -> bool:
    """Whether numbers stand for some terms of a part already, and it comes to the result.

    So is h_3 - y_3 + 0.0076, where 0.0076 is what comes from the next step.
    """
    literals = [node.value for node in walk(expression) if isinstance(node, Number)]
    if answer.number is None or all((2 * value).is_integer() for value in literals):
        return False
    if _has_sum(expression):
        return False
    unit = answer.number.unit
    return any(
        stands_for(answer.number, one.value, one.bound() * SAFE + SLACK * unit)
        for one in values(expression)
    )


def _has_sum(expression: Expression) -> bool:
    return any(isinstance(e, Call) and e.function in (SUM, MEAN) for e in walk(expression))


def _slip(answer: Answer, kind: Kind, says: str) -> Slip:
    return Slip(answer.symbol, None, says, None, False, kind=kind, rows=(answer.symbol,))


def _literal(expression: Expression) -> float | None:
    match expression:
        case Number(value):
            return value
        case Neg(Number(value)):
            return -value
    return None


def _written(value: float) -> Written:
    """A number as it stands in a formula; noughts at its end are not known of."""
    text = repr(abs(value))
    mantissa, _, power = text.partition("e")
    decimals = len(mantissa.partition(".")[2]) if not mantissa.endswith(".0") else 0
    digits = mantissa.replace(".", "").lstrip("0")
    return Written(value, 10.0 ** (int(power or 0) - decimals), len(digits))


def _on_the_way(answer: Answer) -> list[Answer]:
    """The parts of a line that goes on from what it has worked out: 0.5*0.3 = 0.15*0.4 = 0.06."""
    numeric = [
        (part, formula)
        for part in answer.working
        for formula in (part.formulas or {}).values()
        if not symbols(formula)
    ]
    found = []
    for (part, before), (_, after) in pairwise(numeric):
        value = _first_number(after)
        result = _worked_out(before)
        if value is not None and not isinstance(before, Number):
            unit = _written(value).unit
            is_met = abs(result.value - value) <= result.bound() * SAFE + unit
            is_other = abs(result.value - _worked_out(after).value) > result.bound() * SAFE + unit
            if is_met and is_other:
                found.append(part)
    return found


def _first_number(expression: Expression) -> float | None:
    """The number that an expression begins with, with its sign."""
    sign = 1.0
    while not isinstance(expression, Number):
        if isinstance(expression, Neg):
            sign = -sign
        inner = children(expression)
        if not inner:
            return None
        expression = inner[0]
    return sign * expression.value


def _compared(
    symbolic: Expression, numeric: Expression, values: Values
) -> Iterator[tuple[str, bool]]:
    """Where the numbers put in are not those of the symbols, and whether it is at one number."""
    value = _literal(numeric)
    if value is not None:
        if isinstance(symbolic, Number | Neg) and _literal(symbolic) == value:
            return
        found = values(symbolic)
        number = _written(value)
        if not any(
            stands_for(number, one.value, one.bound() * SAFE + number.unit) for one in found
        ):
            words = {"given": f"{value:g}", "value": fixed(found[0].value, 5)}
            yield sentence("check", "put_in", place=_shown(symbolic), **words), True
        return
    pairs = _paired(symbolic, numeric)
    if pairs is not None:
        if isinstance(symbolic, Add | Mul):
            pairs = _without_those_right(pairs, values)
            if len(pairs) > 1 and not list(_compared_whole(symbolic, numeric, values)):
                return  # its terms are cut otherwise, but it is the same
        for one, other in pairs:
            yield from _compared(one, other, values)
        return
    yield from _compared_whole(symbolic, numeric, values)


def _without_those_right(
    pairs: Sequence[tuple[Expression, Expression]], values: Values
) -> list[tuple[Expression, Expression]]:
    """The operands of a sum or a product that are not found in the other, in whichever order."""
    if len(pairs) > MOST_OPERANDS:
        return list(pairs)
    left, right = [list(side) for side in zip(*pairs, strict=True)]
    for one in [*left]:
        same = next((k for k, other in enumerate(right) if not _differs(one, other, values)), None)
        if same is not None:
            left.remove(one)
            del right[same]
    return list(zip(left, right, strict=True))


def _differs(symbolic: Expression, numeric: Expression, values: Values) -> bool:
    return next(iter(_compared(symbolic, numeric, values)), None) is not None


def _compared_whole(
    symbolic: Expression, numeric: Expression, values: Values
) -> Iterator[tuple[str, bool]]:
    found, whole = values(symbolic), _worked_out(numeric)
    size = 1e-3 * abs(whole.value)
    if not any(
        abs(one.value - whole.value) <= (one.bound() + whole.bound()) * SAFE + size for one in found
    ):
        words = {"given": fixed(whole.value, 5), "value": fixed(found[0].value, 5)}
        yield sentence("check", "put_in", place=_shown(symbolic), **words), False


def _paired(
    symbolic: Expression, numeric: Expression
) -> list[tuple[Expression, Expression]] | None:
    """The operands of two nodes of one sort, each with the one in its place."""
    if isinstance(symbolic, Mul) and isinstance(numeric, Neg) and isinstance(numeric.operand, Mul):
        first, *rest = numeric.operand.factors  # -0.5*0.12: the sign is that of the first factor
        numeric = Mul((Neg(first), *rest))
    match symbolic, numeric:
        case (Add(), Add()) | (Mul(), Mul()) | (Div(), Div()) | (Pow(), Pow()) | (Neg(), Neg()):
            pass
        case (Call(one), Call(other)) if one == other:
            pass
        case _:
            return None
    left, right = children(symbolic), children(numeric)
    return list(zip(left, right, strict=True)) if len(left) == len(right) else None


def _shown(expression: Expression) -> str:
    from cellcalc.language.notation import LANGUAGE

    return LANGUAGE(expression)


def _worked_out(expression: Expression) -> Amount:
    """What numbers come to, each of them off by half a unit of its last digit."""
    literals = [node for node in walk(expression) if isinstance(node, Number)]
    names = {id(node): f"n{k}" for k, node in enumerate(literals)}
    named = rebuilt(
        expression,
        lambda e: Symbol(names[id(e)]) if isinstance(e, Number) and id(e) in names else None,
    )
    found, run = formula(named)
    by_name = {f"n{k}": node.value for k, node in enumerate(literals)}
    amounts: list[Amount] = []
    for k, symbol in enumerate(found):
        number = _written(by_name[symbol.name])
        error = np.zeros(len(found))
        # One figure is mostly all there is: a rate of 0.1, a weight of 0.5; not so of 0.00003.
        is_short = number.figures == 1 and number.unit >= SHORT
        is_exact = number.value.is_integer() or is_short
        error[k] = 0.0 if is_exact else 0.5 * number.unit
        amounts.append(Amount(number.value, error))
    result = run(amounts)
    return result if isinstance(result, Amount) else Amount(float(result), np.zeros(1))
