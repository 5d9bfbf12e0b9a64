"""Whether a problem is a good exercise: which slips would change none of its gradients.

With one step and a start at zero half of all slips leave every gradient as it is; such an
exercise marks wrong work as right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cellcalc.check.drawn import Random
from cellcalc.check.search import Search
from cellcalc.check.slips import Edit
from cellcalc.check.world import Equations, Setting, World, changed, setting_of
from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError
from cellcalc.language.arithmetic.decimals import FLOATS, Arithmetic
from cellcalc.model.model import LOSS, TARGET, Model
from cellcalc.resources import sentence
from cellcalc.views.document import Block, Figures, Lines, Title, written
from cellcalc.views.table import tabulated
from cellcalc.views.text import wrap

FIGURES = 4
MOST_STEPS = 60
SHOWN = 3  # examples for each row
# Whether two lists of values differ in the figures that people write.
Differ = Callable[[Sequence[Any], Sequence[Any]], Any]


@dataclass(frozen=True)
class Hidden:
    """The slips of one row that change no gradient, of all that could."""

    row: str
    slips: int
    hidden: tuple[Edit, ...]


@dataclass(frozen=True)
class Remedy:
    """A change of the problem, and how many hidden slips it would bring to light."""

    says: str
    uncovers: int


def suggestion(trace: Trace, format: str = "text", width: int = 80) -> str:
    """Which slips a problem hides, and what to change; as text, Markdown, HTML or JSON.

    Of several sequences it is the first that a window sweeps. Raises
    :class:`~cellcalc.errors.OptionError` for a problem without a loss, or with more steps than
    anybody works out by hand.
    """
    if trace.model.loss is None:
        raise OptionError("--suggest", "a problem with targets", "none")
    one = next((one for one in trace.passes if one.windows), None)
    if one is None:  # no target at any step, or none in a window that is not discarded
        raise OptionError("--suggest", "a problem with a window that fires", "none")
    if one.steps > MOST_STEPS:
        raise OptionError("--suggest", f"at most {MOST_STEPS} steps", str(one.steps))
    judge = Judge(trace.model, setting_of(trace.model, one, one.windows[0]))
    rows = list(judge.rows())
    remedies = judge.remedies([edit for row in rows for edit in row.hidden])
    if format == "json":
        return _json(rows, remedies)
    return written(_page(trace, rows, remedies, width or 10**6), format)


class Judge:
    """Which slips show in a problem.

    With an arithmetic of arrays the numbers of the setting may be arrays, an element for each of
    many problems of the same length, and so are the answers.
    """

    def __init__(
        self,
        model: Model,
        setting: Setting,
        arithmetic: Arithmetic = FLOATS,
        differ: Differ | None = None,
    ) -> None:
        self.model, self.setting = model, setting
        self.differ = differ or _differ
        self.equations = Equations(self.model, arithmetic)
        self.search = Search(self.model, self.equations)
        self.true: tuple[World, tuple[Any, ...]] | None = None  # of the world last asked about

    def rows(self) -> Iterator[Hidden]:
        here = World(self.setting, self.equations)
        for row, edits in self.visible().items():
            hidden = [edit for edit in edits if not self.shows(here, edit)]
            yield Hidden(row, len(edits), tuple(hidden))

    def visible(self) -> dict[str, list[Edit]]:
        """The slips of each row that a gradient can show: where everything is drawn at random."""
        found: dict[str, list[Edit]] = {}
        for edit in filter(self.can_show, self.edits()):
            found.setdefault(edit.row, []).append(edit)
        return found

    def edits(self) -> Iterator[Edit]:
        """Every slip that is known of each row."""
        for row in (*self.model.forward, *self.model.backward, *self.model.gradients):
            if row.symbol != LOSS:  # its value goes into no gradient; its slope is a row of its own
                yield from self.search.of(row.symbol, row.symbol in self.equations.totals)

    def can_show(self, edit: Edit) -> bool:
        """Whether a gradient can show a slip at all: where everything is drawn at random."""
        # Of one problem the digits are compared as they are written.
        return bool(self._shows(self.good, edit, _differ))

    @cached_property
    def good(self) -> World:
        """Where every slip shows that can: drawn at random, four steps, nothing 0."""
        drawn = Random(self.model, self.setting).setting(1, FLOATS, own_length=False)
        return World(drawn, Equations(self.model))

    def shows(self, world: World, edit: Edit) -> Any:
        """Whether a slip changes a gradient in the figures that people write."""
        return self._shows(world, edit, self.differ)

    def _shows(self, world: World, edit: Edit, differ: Differ) -> Any:
        if edit.row in self.equations.totals:
            edited = world.edited({f"{edit.row} total": edit.formula}, {}, ())
            return differ((world.total(edit.row),), (edited.total(edit.row),))
        affected = world.equations.reached(edit.row) | {edit.row}
        found = self.totals(world.edited({edit.row: edit.formula}, {}, affected))
        if self.true is None or self.true[0] is not world:
            self.true = world, tuple(self.totals(world).values())
        return differ(self.true[1], tuple(found.values()))

    def totals(self, world: World) -> Mapping[str, Any]:
        """All gradients, and the derivatives of the initial state."""
        first = world.setting.first - 1
        entering = {f"d{s}0": world.value(f"d{s}", first) for s in self.model.state}
        return {**{name: world.fixed(name) for name in self.equations.totals}, **entering}

    def remedies(self, hidden: Sequence[Edit]) -> list[Remedy]:
        """Changes of the problem, those first that bring most to light; none in vain."""
        found = []
        for name, setting in self.changes():
            world = World(setting, self.equations)
            count = sum(self.shows(world, edit) for edit in hidden)
            if count:
                found.append(Remedy(sentence("suggest", name), count))
        return sorted(found, key=lambda remedy: -remedy.uncovers)

    def changes(self) -> Iterator[tuple[str, Setting]]:
        """The problem with one thing about it made better."""
        s, good = (
            self.setting,
            Random(self.model, self.setting).setting(1, FLOATS, own_length=False),
        )
        if not all(s.initial.values()):
            yield (
                "start",
                changed(s, initial={k: v or good.initial[k] for k, v in s.initial.items()}),
            )
        if len(s.swept) < 3:
            yield "steps", self.longer()
        if len([t for t in s.swept if s.counted.get(t)]) < len(s.swept):
            targets = [v or good.inputs[TARGET][1] for v in s.inputs[TARGET]]
            counted = dict.fromkeys(s.swept, 1.0)
            yield "losses", changed(s, counted=counted, inputs={**s.inputs, TARGET: targets})
        values = list(s.current.values())
        if len(set(values)) < len(values) or not all(values):
            yield (
                "parameters",
                changed(s, current=good.current, parameters=[good.current] * len(s.parameters)),
            )
        columns = {name: list(v) for name, v in s.inputs.items() if name != TARGET}
        if any(len(set(v[1:])) < len(v) - 1 or not all(v[1:]) for v in columns.values()):
            for name, v in columns.items():
                drawn = [*good.inputs[name], *good.inputs[name][1:]] * (1 + len(v) // 3)
                columns[name] = [v[0], *drawn[1 : len(v)]]
            yield "inputs", changed(s, inputs={**s.inputs, **columns})

    def longer(self) -> Setting:
        """The problem with steps added, up to three."""
        s, steps = self.setting, 3
        good = self.good.setting
        inputs = {
            name: [*values[: s.steps + 1], *good.inputs[name][s.steps + 1 : steps + 1]]
            for name, values in s.inputs.items()
        }
        return changed(
            s,
            first=1,
            last=steps,
            inputs=inputs,
            parameters=[s.current] * (steps + 1),
            counted={**dict.fromkeys(range(1, steps + 1), 1.0), **s.counted},
            losses=range(1, steps + 1),
        )


def _differ(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two lists of values differ when written with so many figures."""
    return any(f"{x:.{FIGURES - 1}e}" != f"{y:.{FIGURES - 1}e}" for x, y in zip(a, b, strict=True))


def _json(rows: Sequence[Hidden], remedies: Sequence[Remedy]) -> str:
    data = {
        "slips": sum(row.slips for row in rows),
        "hidden": sum(len(row.hidden) for row in rows),
        "rows": [
            {"symbol": row.row, "slips": row.slips, "hidden": [edit.says for edit in row.hidden]}
            for row in rows
        ],
        "changes": [{"says": r.says, "uncovers": r.uncovers} for r in remedies],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _page(
    trace: Trace, rows: Sequence[Hidden], remedies: Sequence[Remedy], width: int
) -> Iterator[Block]:
    slips, hidden = sum(row.slips for row in rows), sum(len(row.hidden) for row in rows)
    yield Title(trace.specification.title)
    if not hidden:
        yield Lines((sentence("suggest", "good", slips=slips),))
        return
    share = hidden / slips
    yield Lines((sentence("suggest", "hides", slips=slips, hidden=hidden, share=share),))
    headings = [sentence("suggest", name) for name in ("row", "hidden", "examples")]
    told = [_told(row) for row in rows if row.hidden]
    folded: list[list[str]] = []
    for row, share_of, examples in told:
        first, *others = wrap(examples, max(width - 24, 30))
        folded += [[row, share_of, first], *(["", "", line] for line in others)]
    text = tabulated(headings, folded, "simple", ("left", "left", "left"))
    yield Figures(tuple(headings), tuple(told), text, prose=True)
    if remedies:
        changes = (
            sentence("suggest", "remedy", says=remedy.says, count=remedy.uncovers)
            for remedy in remedies
        )
        yield Lines((sentence("suggest", "change"), *changes))


def _told(row: Hidden) -> tuple[str, str, str]:
    """The row, how many of its slips are hidden, and examples of them."""
    examples = sorted(row.hidden, key=lambda edit: edit.cost)[:SHOWN]
    more = " …" if len(row.hidden) > SHOWN else ""
    share = sentence("experiment", "of", part=len(row.hidden), count=row.slips)
    return row.row, share, "; ".join(edit.says for edit in examples) + more
