"""A report in words: the table of verdicts, the first mistake, what explains it; or as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from cellcalc.check.answers import parse_answer
from cellcalc.check.report import Counterexample, Marked, Redo, Report, Slip, Verdict
from cellcalc.errors import printable
from cellcalc.language.notation import LANGUAGE, Binding, Indexed, NumbersPutIn
from cellcalc.language.tree import Call, Expression, Symbol, symbols
from cellcalc.model.model import Model
from cellcalc.resources import sentence
from cellcalc.views.legend import legend
from cellcalc.views.table import tabulated
from cellcalc.views.text import fixed, short
from cellcalc.views.worked import wrapped

MARKS = {Verdict.CORRECT: "✓", Verdict.CARRIED: "~", Verdict.WRONG: "✗"}
OTHER_COLUMNS = 30  # of the table, besides those for formulas
INDENT = "    "


def to_text(report: Report, model: Model, width: int = 80, hints: bool = False) -> str:
    """The report for the terminal, ``width`` columns wide (0: no limit).

    With ``hints`` it tells where a mistake is, but neither what is right nor what went wrong.
    """
    return "\n\n".join(_Words(report, model, width or 10**6, hints).blocks()) + "\n"


def to_json(report: Report, hints: bool = False) -> str:
    """The contract for scripts: ``{"answers": […], "summary": {…}}``."""
    answers: list[dict[str, Any]] = [_answer(one, report, hints) for one in report.marked]
    answers += [
        {"line": one.line, "symbol": None, "t": None, "kind": None, "given": one.given,
         "expected": None, "verdict": "unreadable", "slip": None, "note": one.why}
        for one in report.unreadable
    ]  # fmt: skip
    summary = {verdict.value: report.count(verdict) for verdict in Verdict}
    whole = {"answers": answers, "summary": {**summary, "slips": report.slips}}
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _answer(one: Marked, report: Report, hints: bool) -> dict[str, Any]:
    expected = one.expected
    if isinstance(expected, float) and not math.isfinite(expected):
        expected = None
    found: dict[str, Any] = {
        "line": one.answer.line,
        "symbol": one.answer.symbol,
        "t": one.answer.t,
        "kind": one.answer.kind,
        "given": one.answer.given,
        "expected": None if hints else expected,
        "verdict": one.verdict.value,
        "slip": None if hints or one.slip is None else _slip(one.slip),
    }
    if one.note:
        found["note"] = one.note
    if report.windows > 1:
        found["window"] = one.window
    return found


def _slip(slip: Slip) -> dict[str, Any]:
    return {"symbol": slip.symbol, "formula": LANGUAGE(slip.formula), "says": slip.says,
            **({"others": list(slip.others)} if slip.others else {})}  # fmt: skip


class _Words:
    def __init__(self, report: Report, model: Model, width: int, hints: bool) -> None:
        self.report, self.model, self.width, self.hints = report, model, width, hints
        self.write = model.unicode()

    def blocks(self) -> Iterator[str]:
        yield self.report.title
        if self.report.marked:
            yield self.table()
        for one in self.report.unreadable:
            line = sentence("check", "line", line=one.line) if one.line else ""
            yield self.wrapped(sentence("check", "unreadable", line=line, given=one.given), one.why)
        first = self.report.first_wrong
        if first is not None:
            yield "\n".join(self.mistake(first, sentence("check", "first")))
            if not self.hints:
                yield from self.others(first)
        below = legend(self.model, [one.answer.symbol for one in self.report.marked])
        if below is not None:
            yield below.text(self.width)
        if passed := self.report.passed_over:
            yield sentence("check", "passed" if passed > 1 else "passed_one", count=passed)
        yield self.summary()

    def table(self) -> str:
        with_notes = any(one.note for one in self.report.marked)
        headings = [sentence("check", name) for name in ("answer", "given", "expected", "verdict")]
        if self.hints:
            headings.remove(sentence("check", "expected"))
        body = []
        for one in self.report.marked:
            cells = [self.label(one), self.shortened(one.answer.given)]
            if not self.hints:
                cells.append(self.expected(one))
            note = "*" if one.note and with_notes else ""
            body.append([*cells, f"{MARKS[one.verdict]} {one.verdict}{note}"])
        text = tabulated(headings, body, "simple", ["left"] * len(headings))
        notes = dict.fromkeys(one.note for one in self.report.marked if one.note)
        lines = [self.wrapped(f"* {self.where(note)}", note) for note in notes]
        return "\n".join([text, *([""] if lines else []), *lines])

    def where(self, note: str) -> str:
        """The answers that a note is for."""
        labels = [self.label(one) for one in self.report.marked if one.note == note]
        return ", ".join(labels[:4]) + (" …" if len(labels) > 4 else "")

    def label(self, one: Marked) -> str:
        """The quantity and its step: dc[2]; with its window where there are several."""
        answer = one.answer
        index = "" if answer.t is None else f"[{answer.t}]"
        if answer.t is None and answer.formulas is not None and answer.per_step:
            index = "[t]"
        several = self.report.windows > 1 and one.place[1] > 0
        return f"{self.model.label(answer.symbol)}{index}" + (
            f" (window {one.window})" if several else ""
        )

    def expected(self, one: Marked) -> str:
        if isinstance(one.expected, float):
            return fixed(one.expected, _decimals(one.answer.given))
        text = str(one.expected or "")
        if text and self.model.author is not None:
            text = self.maths(parse_answer(text))
        return self.shortened(text)

    def shortened(self, text: str) -> str:
        """A text cut to what a column of the table has room for."""
        room = max(12, (self.width - OTHER_COLUMNS) // (1 if self.hints else 2))
        text = printable(text)
        return text if len(text) <= room else text[: room - 1] + "…"

    def mistake(self, one: Marked, title: str) -> Iterator[str]:
        """What is wrong with an answer, and how it is done."""
        label = self.label(one)
        line = f" ({sentence('check', 'line', line=one.answer.line)})" if one.answer.line else ""
        if self.hints:
            yield self.wrapped(f"{title}: {label}{line}", sentence("check", "look_again"))
            return
        slip = one.slip
        text = slip.says if slip else sentence("check", "unexplained")
        yield self.wrapped(f"{title}: {label}{line}", text)
        if slip:
            yield from self.formulas(slip)
        if one.counterexample is not None:
            yield self.example(one.counterexample)
        if one.redo is not None:
            yield from self.redone(one.redo, _decimals(one.answer.given))

    def formulas(self, slip: Slip) -> Iterator[str]:
        """The equation as it must have been used, and as it is."""
        left = self.left(slip)
        names = [sentence("check", "used"), sentence("check", "right")]
        across = max(map(len, names))
        for name, formula in zip(names, (slip.formula, slip.true), strict=True):
            if formula is not None:
                start = f"{INDENT}{name:{across}}  {left} = "
                yield "\n".join(wrapped(self.maths(formula), start, self.width))
        if slip.others:
            also = "; ".join(slip.others)
            yield self.wrapped(f"{INDENT}{sentence('check', 'others')}", also)
        if slip.apart:
            yield INDENT + sentence("check", "apart", value=slip.apart)

    def left(self, slip: Slip) -> str:
        total = slip.total or isinstance(slip.formula, Call)
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
        text += sentence("check", "numbers", numbers=numbers) if numbers else ""
        lines = wrap(text, self.width - 2 * len(INDENT))
        return "\n".join([INDENT + lines[0], *(INDENT * 2 + line for line in lines[1:])])

    def named(self, place: str) -> str:
        """A quantity at a step, dh[1], as the answers call it."""
        key, bracket, index = place.partition("[")
        return f"{self.model.label(key)}{bracket}{index}"

    def redone(self, redo: Redo, decimals: int) -> Iterator[str]:
        """The step to do again: the equation, the person's own numbers put in, the result."""
        yield INDENT + sentence("check", "redo")
        write = self.model.unicode(step=redo.t)
        left = write(Symbol(redo.symbol, None if redo.t is None else 0))
        lines = [write(redo.formula), _minus(fixed(redo.result, decimals))]
        if redo.t is None:
            write = self.write
            terms = [_minus(fixed(value, decimals)) for value in redo.terms]
            terms = [f"({text})" if text.startswith("−") else text for text in terms]
            lines = [f"{write.total}{write(redo.formula)}", " + ".join(terms), lines[1]]
        else:
            put_in = NumbersPutIn(
                value=redo.values.__getitem__,
                written=lambda number: short(number, decimals),
                features=self.model.features,
            )
            lines.insert(1, put_in(redo.formula))
        for k, line in enumerate(dict.fromkeys(lines)):
            start = INDENT * 2 + (left if not k else " " * len(left)) + " = "
            yield "\n".join(wrapped(line, start, self.width))

    def others(self, first: Marked) -> Iterator[str]:
        """The further mistakes, each slip once."""
        told = {id(first.slip)} if first.slip else set()
        rows = {(first.answer.symbol, first.answer.kind)}
        wrong = [one for one in self.report.marked if one.verdict is Verdict.WRONG]
        for one in sorted(wrong, key=lambda one: one.place):
            row = (one.answer.symbol, one.answer.kind)
            is_new = id(one.slip) not in told if one.slip else row not in rows
            if one is not first and is_new:
                told.add(id(one.slip))
                rows.add(row)
                yield "\n".join(self.mistake(one, sentence("check", "also")))

    def summary(self) -> str:
        report = self.report
        counts = ", ".join(
            f"{report.count(verdict)} {verdict}"
            for verdict in Verdict
            if report.count(verdict) or verdict is Verdict.CORRECT
        )
        slips = report.slips
        if not slips:
            return counts
        return sentence("check", "slips" if slips > 1 else "slip", counts=counts, slips=slips)

    def wrapped(self, start: str, text: str) -> str:
        lines = wrap(printable(text), self.width - len(INDENT) * 2) or [""]
        if len(start) + 2 + len(lines[0]) <= self.width and len(lines) == 1:
            return f"{start}: {lines[0]}"
        lines = wrap(f"{start.strip()}: {printable(text)}", self.width - len(INDENT))
        lead = start[: len(start) - len(start.lstrip())]
        return "\n".join([lead + lines[0], *(lead + INDENT + line for line in lines[1:])])


def _sums(formula: Expression, write: Indexed) -> str:
    """The formula in maths, where sums over the window may stand."""
    if isinstance(formula, Call) and formula.function in ("sum", "mean"):
        sign = write.total if formula.function == "sum" else f"{sentence('check', 'mean')} "
        return f"{sign}{write.within(formula.argument, Binding.PRODUCT)}"
    if any(isinstance(s, Symbol) and "[" in s.name for s in symbols(formula)):
        return LANGUAGE(formula)
    return write(formula)


def _minus(text: str) -> str:
    return text.replace("-", "−", 1) if text.startswith("-") else text


def _decimals(given: str) -> int:
    """As many decimals as were given, and one more; at least 5."""
    fraction = given.replace(",", ".").partition(".")[2].lower().partition("e")[0]
    return min(max(5, len(fraction) + 1), 15)
