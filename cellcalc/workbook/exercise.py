"""What an exercise leaves open: which cells are to be filled in, which are given or hidden.

An answer is judged against the key and against what follows from the person's own answers before
it. For that two grids laid out like the BPTT sheet go along, hidden: ``Follow`` holds each open
cell's equation worked from ``Own``, and ``Own`` the person's answer, or what follows where there
is none, or what is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from cellcalc.errors import OptionError, did_you_mean
from cellcalc.model.model import LOSS, Group, Quantity
from cellcalc.workbook.formulas import backward_formula, formula, forward_formula
from cellcalc.workbook.layout import (
    TOTAL,
    TOTAL_LOSS,
    Layout,
    WindowRows,
    column,
    derived_rows,
)
from cellcalc.xlsx.cells import letters

PARTS = ("forward", "backward", "all")
OWN = "Own!"


@dataclass(frozen=True)
class Spot:
    """A cell that is left open, or hidden because it would give an answer away.

    ``label`` says which it is ("dc, t = 2"); ``follow`` is its equation as a formula over the
    sheet ``Own``; ``value`` the true value. ``t`` is None for a total.
    """

    row: int
    column: int
    symbol: str
    label: str
    follow: str
    value: float
    quantity: Quantity | None
    window: WindowRows | None
    t: int | None
    open: bool

    @property
    def cell(self) -> str:
        return f"{letters(self.column)}{self.row}"


@dataclass(frozen=True)
class Exercise:
    """An exercise on the first pass: the symbols to be worked out."""

    layout: Layout
    symbols: frozenset[str]

    @cached_property
    def spots(self) -> list[Spot]:
        """The cells that are open or hidden, in the order of computation."""
        return [*self._forward(), *(s for w in self.layout.windows for s in self._window(w))]

    @cached_property
    def open(self) -> list[Spot]:
        return [spot for spot in self.spots if spot.open]

    @cached_property
    def covered(self) -> dict[str, Spot]:
        """The open and hidden cells by place."""
        return {spot.cell: spot for spot in self.spots}

    @property
    def hides_update(self) -> bool:
        """Whether the updated parameters would give gradients away."""
        return any(symbol.startswith("d") for symbol in self.symbols)

    def _forward(self) -> Iterator[Spot]:
        layout, one = self.layout, self.layout.one
        chosen = [q for q in layout.model.forward if q.symbol in self.symbols]
        for t in range(1, layout.steps + 1):
            for quantity in chosen:
                symbol = quantity.symbol
                value = one.forward[symbol][t]
                if value == value:  # a step without a target has no loss to work out
                    follow = forward_formula(layout, quantity, OWN)(t)
                    yield self._spot(layout.rows[symbol], t, quantity, None, follow, value)
        if LOSS in self.symbols and TOTAL_LOSS in layout.rows:
            losses = f"SUM({OWN}{letters(column(1))}{layout.rows[LOSS]}"
            losses += f":{letters(column(layout.steps))}{layout.rows[LOSS]})"
            for name, is_open in ((LOSS, False), (TOTAL_LOSS, True)):
                row, total = layout.rows[name], one.loss or 0.0
                label = f"{name}, total"
                yield Spot(row, TOTAL, name, label, losses, total, None, None, None, is_open)

    def _window(self, window: WindowRows) -> Iterator[Spot]:
        layout, trace = self.layout, window.trace
        hidden = {p.symbol for s in self.symbols for p in layout.model.paths.get(s, ())}
        for t in reversed(trace.steps):
            for quantity in derived_rows(layout.model):
                symbol = quantity.symbol
                is_open = symbol in self.symbols and quantity.group is not Group.GRADIENT
                if is_open or symbol in self.symbols | hidden:
                    value = trace.backward[symbol][t - trace.first]
                    follow = backward_formula(layout, quantity, window, OWN)(t)
                    row = window.rows[symbol]
                    yield self._spot(row, t, quantity, window, follow, value, is_open)
        yield from self._entering(window, hidden)
        for quantity in layout.model.gradients:
            if quantity.symbol in self.symbols:
                row, symbol = window.rows[quantity.symbol], quantity.symbol
                cells = f"{letters(column(trace.first))}{row}:{letters(column(trace.last))}{row}"
                follow, value = f"SUM({OWN}{cells})", trace.gradients[symbol]
                label = self._label(window, f"{symbol}, total")
                yield Spot(row, TOTAL, symbol, label, follow, value, quantity, window, None, True)

    def _entering(self, window: WindowRows, hidden: set[str]) -> Iterator[Spot]:
        """The derivatives of the state before the window; their paths are hidden."""
        t = window.trace.first - 1
        for entering in self.layout.model.entering:
            symbol = entering.symbol
            if symbol in self.symbols | hidden and entering.formula is not None:
                follow = formula(self.layout, entering.formula, window, OWN)(t)
                value = window.trace.entering[symbol]
                is_open = symbol in self.symbols
                row = window.rows[symbol]
                yield self._spot(row, t, entering, window, follow, value, is_open)

    def _spot(
        self,
        row: int,
        t: int,
        quantity: Quantity,
        window: WindowRows | None,
        follow: str,
        value: float,
        is_open: bool = True,
    ) -> Spot:
        label = f"{quantity.symbol}, t = {t}"
        if window is not None:
            label = self._label(window, label)
        place, symbol = column(t), quantity.symbol
        return Spot(row, place, symbol, label, follow, value, quantity, window, t, is_open)

    def _label(self, window: WindowRows, text: str) -> str:
        return f"{text} (window {window.number})" if len(self.layout.windows) > 1 else text


def exercise(layout: Layout, text: str) -> Exercise:
    """The exercise that a person asks for: "backward", "all", or symbols such as "c,dc".

    Raises :class:`~cellcalc.errors.OptionError` for a symbol that cannot be worked out.
    """
    model = layout.model
    forward = [q.symbol for q in model.forward]
    backward = [q.symbol for q in (*model.backward, *model.gradients)] if layout.windows else []
    parts: dict[str, Sequence[str]] = {
        "forward": forward,
        "backward": [symbol for symbol in backward if symbol != f"d{LOSS}"],
    }
    parts["all"] = [*parts["forward"], *parts["backward"]]
    known = [*PARTS, *forward, *backward]
    chosen: list[str] = []
    for name in (word.strip() for word in text.split(",")):
        if name not in known:
            found = f'"{name}"{did_you_mean(name, known)}'
            expected = "forward, backward, all, or symbols that are computed"
            raise OptionError("--practice", expected, found)
        chosen += parts.get(name, (name,))
    if not chosen:
        raise OptionError("--practice", "forward, since there is no backward pass", f'"{text}"')
    return Exercise(layout, frozenset(chosen))
