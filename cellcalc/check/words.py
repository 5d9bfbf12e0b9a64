"""A report in words, or as JSON: what is not right and why comes first.

The text and the JSON say the same. :class:`Hint` is how much of it a person is told who wants to
find the mistake.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from typing import Any

from cellcalc.check.answers import Unreadable, parse_answer
from cellcalc.check.report import Counterexample, Kind, Marked, Part, Redo, Report, Slip, Verdict
from cellcalc.errors import ExpressionError, printable
from cellcalc.language.notation import LANGUAGE, Binding, Indexed
from cellcalc.language.tree import Add, Call, Expression, Neg, Symbol, symbols, walk
from cellcalc.model.model import Model
from cellcalc.resources import sentence
from cellcalc.views.document import Block, Picture, Title
from cellcalc.views.legend import legend
from cellcalc.views.table import tabulated
from cellcalc.views.text import Painted, columns, fixed, short, wrap
from cellcalc.views.worked import wrapped

MARKS = {
    Verdict.CORRECT: "✓",
    Verdict.CARRIED: "~",
    Verdict.REPEATED: "↺",
    Verdict.COARSE: "≈",
    Verdict.WRONG: "✗",
    Verdict.OPEN: "○",
}
COLOURS = {Verdict.CORRECT: "32", Verdict.WRONG: "1;31", Verdict.OPEN: "2"}
UNSURE = "33"  # of the other verdicts
OTHER_COLUMNS = 30  # of the table, besides those for formulas
INDENT = "    "
EXAMPLES = 3  # of wrong answers that nothing explains
LABELS = 4  # answers named before "…"
FEW_ANSWERS = 12  # that are shown in a table if none of them is wrong


class Hint(StrEnum):
    """How much a person is told of the first mistake: where it is, which quantity, which term."""

    WHERE = "where"
    QUANTITY = "quantity"
    TERM = "term"
    ALL = "all"


def to_text(
    report: Report,
    model: Model,
    width: int = 80,
    hints: Hint = Hint.ALL,
    everything: bool = False,
) -> str:
    """The report for the terminal, ``width`` columns wide (0: no limit).

    With ``everything`` the table has the answers that are right as well.
    """
    words = _Words(report, model, width or 10**6, hints, everything)
    return "\n\n".join(words.blocks()) + "\n"


def page(
    report: Report,
    model: Model,
    width: int = 80,
    hints: Hint = Hint.ALL,
    everything: bool = False,
    paint: bool = False,
) -> list[Block]:
    """The same as a page: the title, the summary, and the blocks as they stand in a terminal.

    With ``paint`` verdicts have colours.
    """
    words = _Words(report, model, width or 10**6, hints, everything, paint)
    title, summary = report.title, words.summary()
    return [Title(title, (summary,)), *map(Picture, list(words.blocks())[1:])]


def to_json(report: Report, model: Model, hints: Hint = Hint.ALL) -> str:
    """The contract for scripts: ``{"answers": […], "slips": […], "summary": {…}}``."""
    words = _Words(report, model, 10**6, hints, everything=True)
    return json.dumps(words.data(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def slips_in_maths(report: Report, model: Model) -> list[dict[str, str]]:
    """Of each cause the equation as it must have been used, and as it is, as they are displayed.

    The keys are ``left``, ``used`` and ``right``; the latter two are "" where it is no formula.
    """
    words = _Words(report, model, 10**6, Hint.ALL, everything=True)
    found = []
    for slip in report.slips:
        has = slip.formula is not None
        used, right = (
            words.maths(formula) if has and formula is not None else ""
            for formula in (slip.formula, slip.true)
        )
        found.append({"left": words.left(slip), "used": used, "right": right})
    return found


def word(verdict: Verdict) -> str:
    """What a verdict is called."""
    return sentence("verdict", verdict.value)


class _Words:
    def __init__(
        self,
        report: Report,
        model: Model,
        width: int,
        hints: Hint,
        everything: bool,
        paint: bool = False,
    ) -> None:
        self.report, self.model, self.width = report, model, width
        self.hints, self.everything, self.paint = hints, everything, paint
        self.write = model.maths()
        marked = report.marked
        self.with_epoch = any(one.epoch != 1 for one in marked)
        self.with_sequence = any(one.sequence != 1 for one in marked)

    @property
    def tells_all(self) -> bool:
        return self.hints is Hint.ALL

    # As text

    def blocks(self) -> Iterator[str]:
        yield f"{self.report.title}\n{self.summary()}"
        if self.tells_all:
            yield from self.causes()
        elif (first := self.report.first_wrong) is not None:
            yield self.hint(first)
        yield from self.unread()
        if self.hints is not Hint.WHERE:
            yield from self.tables()
        if passed := self.report.passed_over:
            yield sentence("check", "passed" if passed > 1 else "passed_one", count=passed)
        yield from (self.wrapped_plain(remark) for remark in self.report.remarks)
        answered = [one.answer for one in self.report.marked]
        below = legend(self.model, [a.symbol for a in answered if not a.slope])
        if below is not None:
            yield below.text(self.width)

    def unread(self) -> Iterator[str]:
        """What could not be read; answers for steps that are not there together."""
        alike: dict[object, list[Unreadable]] = {}
        for k, one in enumerate(self.report.unreadable):
            alike.setdefault(one.expected or k, []).append(one)
        for first, *more in alike.values():
            given, why, line = first.given, first.why, first.line
            if more:
                given = _few([one.label for one in (first, *more)])
                count = len(more) + 1
                if len({one.why for one in (first, *more)}) > 1:
                    why = sentence("check", "not_there", count=count, expected=first.expected)
            place = self.place(line)
            yield self.wrapped(sentence("check", "unreadable", line=place, given=given), why)

    def summary(self) -> str:
        report = self.report
        counts = sentence("verdict", "between").join(
            sentence("verdict", "count", count=report.count(verdict), verdict=word(verdict))
            for verdict in Verdict
            if report.count(verdict) or verdict is Verdict.CORRECT
        )
        causes = len(report.slips)
        if not causes:
            return counts
        return sentence("check", "slips" if causes > 1 else "slip", counts=counts, slips=causes)

    def tables(self) -> Iterator[str]:
        """The answers that are not right, or all of them."""
        marked = self.report.marked
        shown = [one for one in marked if one.verdict not in (Verdict.CORRECT, Verdict.OPEN)]
        few = not shown and len(marked) <= FEW_ANSWERS
        if self.everything or few:
            shown = list(marked)
        if shown:
            yield self.table(shown)
        left = [one for one in marked if one not in shown] if len(shown) < len(marked) else []
        noted = [one for one in left if one.note]
        if noted:
            yield "\n".join(self.notes(noted))
        opened = [one for one in left if one.verdict is Verdict.OPEN]
        if opened:
            yield self.wrapped(sentence("report", "open"), self.labels(opened))
        right = sum(one.verdict is Verdict.CORRECT for one in left)
        if right:
            yield sentence("report", self.rest_is_right(right), count=right)

    def rest_is_right(self, right: int) -> str:
        """How it is said that the answers that were not shown are right: by what else was said."""
        if right < len(self.report.marked):
            return "all" if right > 1 else "all_one"
        return "all_read" if self.report.unreadable else "all_right"

    def table(self, shown: Sequence[Marked]) -> str:
        precise = [sentence("check", name) for name in ("single", "numerical")]
        with_relative = self.tells_all and any(one.note in precise for one in shown)
        names = ["answer", "given", "expected", "verdict"]
        if not self.tells_all:
            names.remove("expected")
        headings = [sentence("check", name) for name in names]
        if with_relative:
            headings.insert(-1, sentence("report", "relative"))
        body = []
        for one in shown:
            cells = [self.label(one), self.shortened(one.answer.given)]
            if self.tells_all:
                cells.append(self.expected(one))
            if with_relative:
                cells.append(f"{one.relative:.1e}" if one.relative is not None else "")
            star = "*" if one.note else ""
            verdict = f"{MARKS[one.verdict]} {word(one.verdict)}{star}"
            colour = COLOURS.get(one.verdict, UNSURE) if self.paint else ""
            body.append([*cells, Painted(verdict, colour)])
        text = tabulated(headings, body, "simple", ["left"] * len(headings))
        notes = list(self.notes(shown))
        return "\n".join([text, *([""] if notes else []), *notes])

    def notes(self, shown: Sequence[Marked]) -> Iterator[str]:
        """The notes, each once, with the answers that it is for."""
        for note in dict.fromkeys(one.note for one in shown if one.note):
            labels = self.labels([one for one in shown if one.note == note])
            yield self.wrapped(f"* {labels}", note)

    def labels(self, marked: Sequence[Marked]) -> str:
        """The names of some answers: the first few."""
        return _few([self.label(one) for one in marked])

    def label(self, one: Marked) -> str:
        """The quantity and its step: dc[2]; with its window and pass where there are several."""
        answer = one.answer
        index = "" if answer.t is None else f"[{answer.t}]"
        if answer.t is None and answer.formulas is not None and answer.per_step:
            index = "[t]"
        more = []
        if self.with_epoch:
            more.append(sentence("report", "epoch", number=one.epoch))
        if self.with_sequence:
            more.append(sentence("report", "sequence", number=one.sequence))
        if self.report.windows > 1 and self.is_of_window(one):
            more.append(sentence("report", "window", number=one.window))
        name = f"{self.model.label(answer.symbol)}{index}"
        return f"{name} ({', '.join(more)})" if more else name

    def is_of_window(self, one: Marked) -> bool:
        """Whether an answer belongs to a window, and not to the forward pass."""
        forward = {row.symbol for row in (*self.model.forward, *self.model.inputs)}
        return one.window > 0 and one.answer.symbol not in forward

    def expected(self, one: Marked) -> str:
        if isinstance(one.expected, float):
            return fixed(one.expected, _decimals(one.answer.given))
        text = str(one.expected or "")
        if text and self.model.author is not None:
            with suppress(ExpressionError):  # it is in our own symbols then
                text = self.maths(parse_answer(text))
        return self.shortened(text)

    def shortened(self, text: str) -> str:
        """A text cut to what a column of the table has room for."""
        room = max(12, (self.width - OTHER_COLUMNS) // (2 if self.tells_all else 1))
        text = printable(text)
        return text if len(text) <= room else text[: room - 1] + "…"

    # What is not right, and why

    def explained(self, slip: Slip) -> list[Marked]:
        """The answers that a cause explains, in the order of computation."""
        marked = self.report.marked
        found = [marked[k] for k in slip.answers] or [one for one in marked if one.slip is slip]
        return sorted(found, key=lambda one: one.place)

    def unexplained(self) -> list[Marked]:
        """The wrong answers that no named cause explains, in the order of computation."""
        named = [slip for slip in self.report.slips if slip.kind is not Kind.UNEXPLAINED]
        told = {id(one) for slip in named for one in self.explained(slip)}
        wrong = [one for one in self.report.marked if one.verdict is Verdict.WRONG]
        return sorted((one for one in wrong if id(one) not in told), key=lambda one: one.place)

    def causes(self) -> Iterator[str]:
        """Each cause once, the first in the order of computation first; then what has none."""
        entries: list[tuple[Marked, Slip | None, list[Marked]]] = []
        for slip in self.report.slips:
            found = self.explained(slip) if slip.kind is not Kind.UNEXPLAINED else []
            if found:
                entries.append((found[0], slip, found))
        alone = self.unexplained()
        shown: dict[tuple[str, str, str], list[Marked]] = {}
        for one in alone:
            key = (one.answer.symbol, one.answer.kind, one.note)
            shown.setdefault(key, []).append(one)
        for group in list(shown.values())[:EXAMPLES]:
            entries.append((group[0], None, group))
        entries.sort(key=lambda entry: entry[0].place)
        for number, (first, cause, found) in enumerate(entries):
            title = sentence("check", "also" if number else "first")
            yield "\n".join(self.mistake(first, cause, found, title))
        rest = list(shown.values())[EXAMPLES:]
        if rest:
            count = sum(map(len, rest))
            yield self.wrapped_plain(sentence("report", "more", count=count))

    def mistake(
        self, first: Marked, slip: Slip | None, found: Sequence[Marked], title: str
    ) -> Iterator[str]:
        """What is wrong with some answers, and how it is done."""
        text = slip.says if slip else first.note or sentence("check", "unexplained")
        yield self.wrapped(_told(title, f"{self.label(first)}{self.line(first)}"), text)
        if len(found) > 1:
            others = self.labels(found[1:])
            many = len(found) - 1
            start = sentence("report", "so_too" if many == 1 else "so_too_many", count=many)
            yield self.indented(_told(start, others))
        if slip is not None:
            yield from self.formulas(slip)
        for part in first.parts:
            if not part.right:
                yield self.indented(self.part(part))
                break
        if first.counterexample is not None and not math.isnan(first.counterexample.gives):
            yield self.indented(self.example(first.counterexample))
        redo = next((one for one in found if one.redo is not None), None)
        if redo is not None and redo.redo is not None:
            yield from self.redone(redo.redo, _decimals(redo.answer.given))

    def line(self, one: Marked) -> str:
        place = self.place(one.answer.line)
        return sentence("marks", "brackets", text=place) if place else ""

    def place(self, line: int | str) -> str:
        """Where an answer stands: a line's number, a cell, -e and which."""
        if not line:
            return ""
        return sentence("check", "line", line=line) if isinstance(line, int) else line

    def part(self, part: Part) -> str:
        return sentence("report", "part", name=part.name, given=part.given, says=part.says)

    def formulas(self, slip: Slip) -> Iterator[str]:
        """The equation as it must have been used, and as it is."""
        left = self.left(slip)
        names = [sentence("check", "used"), sentence("check", "right")]
        across = max(map(len, names))
        for name, formula in zip(names, (slip.formula, slip.true), strict=True):
            if formula is not None and slip.formula is not None:
                start = f"{INDENT}{name:{across}}  {left} = "
                yield "\n".join(wrapped(self.maths(formula), start, self.width))
        if slip.others:
            others = sentence("marks", "semicolon").join(slip.others)
            yield self.indented(_told(sentence("check", "others"), others))
        if slip.apart:
            yield INDENT + sentence("check", "apart", value=slip.apart)

    def left(self, slip: Slip) -> str:
        is_update = slip.kind is Kind.UPDATE
        total = slip.total or is_update or isinstance(slip.formula, Call)
        return self.write(Symbol(slip.symbol, None if total else 0))

    def maths(self, formula: Expression) -> str:
        return _sums(formula, self.write)

    def example(self, example: Counterexample) -> str:
        own = "example" if example.own_problem else "example_random"
        at = "" if example.t is None else f", t = {example.t}"
        numbers = ", ".join(f"{self.named(k)} = {fixed(v, 4)}" for k, v in example.numbers.items())
        text = sentence(
            "check", own, at=at, gives=fixed(example.gives, 5), right=fixed(example.right, 5)
        )
        return text + (sentence("check", "numbers", numbers=numbers) if numbers else "")

    def named(self, place: str) -> str:
        """A quantity at a step, dh[1], as the answers call it."""
        key, bracket, index = place.partition("[")
        return f"{self.model.label(key)}{bracket}{index}"

    def redone(self, redo: Redo, decimals: int) -> Iterator[str]:
        """The step to do again: the equation, the person's own numbers put in, the result."""
        yield INDENT + sentence("check", "redo")
        left, lines = self.steps_of(redo, decimals)
        for k, line in enumerate(lines):
            start = INDENT * 2 + (left if not k else " " * len(left)) + " = "
            yield "\n".join(wrapped(line, start, self.width))

    def steps_of(self, redo: Redo, decimals: int) -> tuple[str, list[str]]:
        """The left side, and what it is equal to, line after line."""
        write = self.model.maths(step=redo.t)
        left = write(Symbol(redo.symbol, None if redo.t is None else 0))
        lines = [write(redo.formula), _minus(fixed(redo.result, decimals))]
        if redo.t is None and redo.terms:
            terms = [_minus(fixed(value, decimals)) for value in redo.terms]
            terms = [f"({text})" if text.startswith("−") else text for text in terms]
            lines = [self.write.summed(redo.formula), " + ".join(terms), lines[1]]
        else:
            put_in = self.model.numbers_put_in(
                redo.values.__getitem__, lambda number: short(number, decimals)
            )
            lines.insert(1, put_in(redo.formula))
        return left, list(dict.fromkeys(lines))

    # Hints

    def hint(self, first: Marked) -> str:
        """As much of the first mistake as is to be told."""
        return self.wrapped(sentence("check", "first"), self.hinted(first))

    def hinted(self, first: Marked) -> str:
        """Where the first mistake is; then which quantity; then which term of its equation."""
        if self.hints is Hint.WHERE:
            forward = {row.symbol for row in self.model.forward}
            part = "forward" if first.answer.symbol in forward else "backward"
            if first.answer.t is None:
                part = "per_step" if first.answer.formulas and first.answer.per_step else "total"
            if self.is_update(first):
                part = "update"
            where = sentence("report", f"in_{part}", t=first.answer.t)
            return where + self.line(first)
        text = f"{self.label(first)}{self.line(first)}"
        if self.hints is Hint.QUANTITY:
            return _told(text, sentence("check", "look_again"))
        return _told(text, self.term(first))

    def is_update(self, one: Marked) -> bool:
        return one.answer.symbol in {row.symbol for row in self.model.parameters}

    def term(self, first: Marked) -> str:
        """Which part of the equation a mistake is in, but not what is wrong with it."""
        slip = next((s for s in self.report.slips if first in self.explained(s)), None)
        if slip is None or slip.kind is Kind.UNEXPLAINED:
            return sentence("check", "look_again")
        if slip.formula is None or slip.true is None or slip.kind is not Kind.FORMULA:
            return sentence("report", f"look_{slip.kind}")
        changed = changed_term(slip.true, slip.formula)
        return sentence("report", "look_term", left=self.left(slip), term=self.maths(changed))

    # As data

    def data(self) -> dict[str, Any]:
        report = self.report
        answers = [self.answer(one) for one in report.marked]
        answers += [
            {"line": one.line, "symbol": None, "t": None, "epoch": None, "sequence": None,
             "window": None, "kind": None, "given": one.given, "expected": None,
             "verdict": Verdict.UNREADABLE.value, "note": one.why, "slip": None}
            for one in report.unreadable
        ]  # fmt: skip
        summary = {verdict.value: report.count(verdict) for verdict in Verdict}
        whole: dict[str, Any] = {
            "title": report.title,
            "answers": answers,
            "slips": [self.slip(slip) for slip in report.slips] if self.tells_all else [],
            "summary": {**summary, "slips": len(report.slips)},
        }
        if report.remarks:
            whole["remarks"] = list(report.remarks)
        if report.passed_over:
            whole["passed_over"] = report.passed_over
        first = report.first_wrong
        if first is not None:
            whole["first"] = report.marked.index(first)
            if not self.tells_all:
                whole["hint"] = self.hinted(first)
        return whole

    def answer(self, one: Marked) -> dict[str, Any]:
        answer, tells = one.answer, self.tells_all
        slip = one.slip or self.without_cause.get(id(one))
        of_window = self.is_of_window(one) and one.window
        found: dict[str, Any] = {
            "line": answer.line,
            "symbol": answer.symbol,
            "t": answer.t,
            "epoch": one.epoch,
            "sequence": one.sequence,
            "window": one.window if of_window else None,
            "kind": None if answer.open else answer.kind,
            "given": answer.given,
            "expected": _finite(one.expected) if tells else None,
            "verdict": one.verdict.value,
            "note": one.note,
            "slip": self.short_slip(slip) if tells and slip is not None else None,
        }
        if tells:
            found |= dict(self.more(one))
        return found

    @cached_property
    def without_cause(self) -> Mapping[int, Slip]:
        """The causes that are none, of formulas, by the answers that they are listed with."""
        report = self.report
        return {
            id(report.marked[k]): slip
            for slip in report.slips
            if slip.kind is Kind.UNEXPLAINED
            for k in slip.answers
        }

    def more(self, one: Marked) -> Iterator[tuple[str, Any]]:
        """What is known of an answer beside its verdict."""
        if one.relative is not None:
            yield "relative", _finite(one.relative)
        if one.bound is not None:
            yield "bound", _finite(one.bound)
        if one.counterexample is not None:
            example = one.counterexample
            yield (
                "counterexample",
                {
                    "t": example.t,
                    "gives": _finite(example.gives),
                    "right": _finite(example.right),
                    "numbers": {k: _finite(v) for k, v in example.numbers.items()},
                    "own_problem": example.own_problem,
                },
            )
        if one.redo is not None:
            left, lines = self.steps_of(one.redo, _decimals(one.answer.given))
            yield "redo", {"left": left, "steps": lines, "result": _finite(one.redo.result)}
        if one.parts:
            yield (
                "parts",
                [
                    {"name": part.name, "given": part.given, "right": part.right, "says": part.says}
                    for part in one.parts
                ],
            )

    def short_slip(self, slip: Slip) -> dict[str, Any]:
        """A cause as it stands with an answer."""
        formula = "" if slip.formula is None else LANGUAGE(slip.formula)
        says = slip.says or sentence("check", "unexplained")
        return {"symbol": slip.symbol, "formula": formula, "says": says}

    def slip(self, slip: Slip) -> dict[str, Any]:
        """A cause as it stands in the list of all."""
        marked = self.report.marked
        places = list(slip.answers) or [k for k, one in enumerate(marked) if one.slip is slip]
        found = {**self.short_slip(slip), "answers": places, "others": list(slip.others)}
        found["kind"] = slip.kind.value
        found["true"] = "" if slip.true is None else LANGUAGE(slip.true)
        found["rows"], found["steps"] = list(slip.rows), list(slip.steps)
        found["apart"] = slip.apart
        found["alternatives"] = [
            {
                "symbol": one.symbol,
                "formula": "" if one.formula is None else LANGUAGE(one.formula),
                "says": one.says,
            }
            for one in slip.alternatives
        ]
        return found

    # Lines

    def wrapped(self, start: str, text: str) -> str:
        lines = wrap(printable(text), self.width - len(INDENT) * 2) or [""]
        whole = _told(start, lines[0])
        if columns(whole) <= self.width and len(lines) == 1:
            return whole
        lines = wrap(_told(start.strip(), printable(text)), self.width - len(INDENT))
        lead = start[: len(start) - len(start.lstrip())]
        return "\n".join([lead + lines[0], *(lead + INDENT + line for line in lines[1:])])

    def wrapped_plain(self, text: str) -> str:
        return "\n".join(wrap(printable(text), self.width))

    def indented(self, text: str) -> str:
        lines = wrap(printable(text), self.width - 2 * len(INDENT)) or [""]
        return "\n".join([INDENT + lines[0], *(INDENT * 2 + line for line in lines[1:])])


def changed_term(true: Expression, used: Expression) -> Expression:
    """The term of an equation in which another one differs from it; all of it, if several do."""
    if isinstance(true, Call) and isinstance(used, Call) and true.function == used.function:
        return Call(true.function, changed_term(true.argument, used.argument), true.others)
    if not isinstance(true, Add):
        return true
    kept = used.terms if isinstance(used, Add) else (used,)
    changed = [term for term in true.terms if term not in kept]
    return changed[0] if len(changed) == 1 else true


def _finite(value: float | str | None) -> float | str | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _sums(formula: Expression, write: Indexed) -> str:
    """The formula in maths, where sums over the window may stand."""
    if isinstance(formula, Call) and formula.function in ("sum", "mean") and not formula.others:
        if formula.function == "sum":
            return write.summed(formula.argument)
        sign = f"{sentence('check', 'mean')} "
        return f"{sign}{write.within(formula.argument, Binding.PRODUCT)}"
    if isinstance(formula, Neg) and isinstance(formula.operand, Call):
        return f"{write.minus}{_sums(formula.operand, write)}"
    has_sums = any(isinstance(e, Call) and e.function in ("sum", "mean") for e in walk(formula))
    if has_sums or any(s.step is not None for s in symbols(formula)):
        return LANGUAGE(formula)
    return write(formula)


def _few(labels: Sequence[str]) -> str:
    return ", ".join(labels[:LABELS]) + (" …" if len(labels) > LABELS else "")


def _minus(text: str) -> str:
    return text.replace("-", "−", 1) if text.startswith("-") else text


def _decimals(given: str) -> int:
    """As many decimals as were given, and one more; at least 5."""
    fraction = given.replace(",", ".").partition(".")[2].lower().partition("e")[0]
    return min(max(5, len(fraction) + 1), 15)


def _told(what: str, text: str) -> str:
    """A text behind what it is about."""
    return sentence("marks", "told", what=what, text=text)
