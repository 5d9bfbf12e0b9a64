"""Marking: a class's sheets with a slip each, and the sheet on which everything is wrong."""

from __future__ import annotations

from collections.abc import Callable

from cellcalc import load
from cellcalc.check.answers import Entry
from cellcalc.check.causes import Causes
from cellcalc.check.graph import Graph
from cellcalc.check.marking import mark

Work = Callable[[], object]
ANSWERS = 100  # on a sheet
STRIDE = 37  # so that the slips are of every kind


def sheets(count: int) -> Work:
    """So many sheets, each worked with another slip and written to five figures."""
    trace = load("truncated", scheme="full").run()
    graph = Graph(trace, [0])
    causes = Causes(graph).singles
    shown = [k for k, node in enumerate(graph.nodes) if node.row and node.run is not None]
    every = max(1, len(shown) // ANSWERS)
    written = [_entries(graph, causes[STRIDE * k % len(causes)].overrides(graph), shown[::every])
               for k in range(count)]  # fmt: skip

    def work() -> None:
        for entries in written:
            mark(trace, entries)

    return work


def all_wrong(_: int) -> Work:
    """Final gradients, all of them wrong, and no slip that explains them."""
    trace = load("truncated", scheme="full").run()
    gradients = trace.passes[0].windows[0].gradients
    factors = [1.7, 0.43, 1.31, 0.72, 1.9, 0.55, 1.23, 0.81]
    entries = [
        Entry(k, name, f"{value * factors[k % len(factors)]:.4g}")
        for k, (name, value) in enumerate(gradients.items())
    ]
    return lambda: mark(trace, entries)


def _entries(graph: Graph, overrides: object, shown: list[int]) -> list[Entry]:
    values = graph.values(None, overrides)  # type: ignore[arg-type]
    found = []
    for line, place in enumerate(shown[:ANSWERS], 1):
        _, _, symbol, t = graph.nodes[place].key
        found.append(Entry(line, symbol if t is None else f"{symbol}[{t}]", f"{values[place]:.5g}"))
    return found
