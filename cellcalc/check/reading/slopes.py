"""The derivative of one quantity by another that it is made of: ∂c_t/∂f_t is c[t-1].

Two such derivatives are in use: of the equation alone, all else held constant, and through all
that changes with it within the step. They differ where a quantity reaches another in two ways.
"""

from __future__ import annotations

from cellcalc.language.calculus import differentiate
from cellcalc.language.tree import (
    ONE,
    ZERO,
    Expression,
    Symbol,
    add,
    multiply,
    rename,
    shifted,
    spelled_out,
    symbols,
)
from cellcalc.model.model import Model


def slopes(model: Model, of: Expression, by: Expression) -> list[Expression]:
    """What a derivative may be: none where there is no such, two where it has two meanings."""
    if not isinstance(of, Symbol) or not isinstance(by, Symbol):
        return []
    name, time, is_certain = _placed(of)
    by_name, by_time, is_other_certain = _placed(by)
    formulas = {
        row.symbol: spelled_out(row.formula, model.features)
        for row in model.forward
        if row.formula is not None
    }
    if name not in formulas or time is None:
        return []
    if by_time is None:
        target = Symbol(by_name)
    elif is_certain == is_other_certain:
        target = Symbol(by_name, by_time - time)
    else:
        return []
    alone = differentiate(formulas[name], target, Symbol(name, 0))
    if by_time is None and alone == ZERO:
        return []  # of a weight most mean all of its steps
    whole = _through(formulas, name, target)
    found = [alone] if alone == whole or alone != ZERO else []
    if whole != alone:
        found.append(whole)
    return [_at(slope, time, is_certain) for slope in found if slope != ZERO]


def _placed(symbol: Symbol) -> tuple[str, int | None, bool]:
    """A quantity, its step, and whether that is a certain one."""
    if isinstance(symbol.step, int):
        return symbol.name, symbol.step, True
    return symbol.name, symbol.shift, False


def _through(formulas: dict[str, Expression], name: str, target: Symbol) -> Expression:
    """The derivative through everything within the step."""
    terms: list[Expression] = []
    for symbol in symbols(formulas[name]):
        if symbol == target:
            inner: Expression = ONE
        elif symbol.shift == 0 and symbol.name in formulas:
            inner = _through(formulas, symbol.name, target)
        else:
            continue
        if inner != ZERO:
            outer = differentiate(formulas[name], symbol, Symbol(name, 0))
            factors = [factor for factor in (outer, inner) if factor != ONE] or [ONE]
            terms.append(multiply(*factors))
    return add(*terms) if terms else ZERO


def _at(slope: Expression, time: int, is_certain: bool) -> Expression:
    if not is_certain:
        return shifted(slope, time)
    return rename(
        slope,
        lambda s: s if s.shift is None else Symbol(s.name, step=time + s.shift),
    )
