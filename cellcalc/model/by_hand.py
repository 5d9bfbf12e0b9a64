"""The equations as a person works them with a pocket calculator.

Every net input is written down, also where the cell's equations have no row for it. A derivative
that is needed only once, as a factor of the next (dg, which goes into dz_g and nowhere else), is
not: the two products are worked in one go, and only what is written down is rounded. So published
examples were made: Gomez's δa = δstate·i·(1 − a²). It stands by itself, since it is about
equations, and not about running them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cellcalc.language.tree import Expression, Symbol, rebuilt, walk
from cellcalc.model.derivation import build
from cellcalc.model.model import Model, Quantity


def by_hand(model: Model) -> Model:
    """The model with a row for each net input, and without those for derivatives used once.

    What is used once is put into the row that uses it.
    """
    parts = (model.cell, model.readout, model.loss, model.features, model.stored_weights)
    model = build(*parts, model.error, model.author, model.ascii, net_inputs="all")
    inlined = _used_once(model)

    def worked(row: Quantity) -> Quantity:
        if row.formula is None:
            return row
        return replace(row, formula=rebuilt(row.formula, put_in))

    def put_in(expression: Expression) -> Expression | None:
        if isinstance(expression, Symbol) and expression.shift == 0:
            formula = inlined.get(expression.name)
            return rebuilt(formula, put_in) if formula else None
        return None

    return replace(
        model,
        backward=tuple(map(worked, model.backward)),
        gradients=tuple(map(worked, model.gradients)),
        paths={name: tuple(map(worked, rows)) for name, rows in model.paths.items()},
    )


def _used_once(model: Model) -> dict[str, Expression]:
    """The single-path derivatives that occur once in the other rows, with their formulas."""
    rows = (*model.backward, *model.gradients)
    uses = Counter(
        node
        for row in rows
        if row.formula is not None
        for node in walk(row.formula)
        if isinstance(node, Symbol)
    )
    return {
        row.symbol: row.formula
        for row in model.backward
        if row.formula is not None
        and len(row.terms) == 1
        and uses[Symbol(row.symbol, 0)] == 1
        and not uses[Symbol(row.symbol, 1)]
    }
