"""An exercise, one question after the other: what is asked, its marks, its hints, the record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from cellcalc.check.answers import OWN, Entry
from cellcalc.check.marking import mark
from cellcalc.check.report import Verdict
from cellcalc.engine.trace import Trace
from cellcalc.errors import InputError, Mistake
from cellcalc.resources import sentence
from cellcalc.studies.exercise import Place, exercise
from cellcalc.views.table import Selection
from cellcalc.views.worked import Line, working

DECIMALS = 5
DONE = (Verdict.CORRECT, Verdict.CARRIED)


@dataclass(frozen=True)
class Question:
    """One value that is asked for.

    ``label`` is how it is called ("dc[2]"), ``says`` what it is, ``hints`` tell more and more.
    """

    place: Place
    label: str
    says: str
    hints: tuple[str, ...]


@dataclass
class Given:
    """What was given for a question: the last answer, its verdict, the tries and hints it took."""

    window: int
    symbol: str
    t: int | None
    given: str = ""
    verdict: str = ""
    tries: int = 0
    hints: int = 0


@dataclass(frozen=True)
class Judged:
    """An answer marked: its verdict, and what is to be said of it."""

    verdict: Verdict
    says: str


@dataclass
class Practice:
    """An exercise on a trace, with what has been given so far."""

    trace: Trace
    asked: str = "backward"
    figures: int = 3
    given: dict[Place, Given] = field(default_factory=dict)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Every value that is asked for, in the order of computation.

        Raises :class:`~cellcalc.errors.OptionError` for a symbol that cannot be worked out.
        """
        spots = exercise(self.trace, self.asked).open
        lines = _lines(self.trace, {spot.place[1] for spot in spots})
        return tuple(
            self._question(spot.place, lines[spot.place])
            for spot in spots
            if spot.place in lines  # the edges of a window have no working of their own
        )

    def _question(self, place: Place, line: Line) -> Question:
        _, symbol, t = place
        step = "" if t is None else f"[{t}]"
        hints = tuple(f"{line.left} = {' '.join(pieces)}" for pieces in line.right)
        return Question(place, f"{self.trace.model.label(symbol)}{step}", line.says, hints)

    def next(self) -> Iterator[Question]:
        """The questions that are not answered yet."""
        for question in self.questions:
            if self.of(question).verdict not in DONE:
                yield question

    def of(self, question: Question) -> Given:
        """What has been given for a question."""
        window, symbol, t = question.place
        return self.given.setdefault(question.place, Given(window, symbol, t))

    def judge(self, question: Question, text: str) -> Judged:
        """Mark an answer, with those before it, and note it."""
        given = self.of(question)
        entries = [
            _entry(k, one)
            for k, one in enumerate(self.given.values(), 1)
            if one.given and one is not given
        ]
        mine = len(entries) + 1
        entries.append(_entry(mine, given, text))
        given.tries += 1
        report = mark(self.trace, entries, figures=self.figures, causes=False)
        marked = next((one for one in report.marked if one.answer.line == mine), None)
        if marked is None:
            why = next((one.why for one in report.unreadable if one.line == mine), "")
            return Judged(Verdict.UNREADABLE, why)
        given.verdict = marked.verdict.value
        if marked.verdict in (*DONE, Verdict.WRONG, Verdict.REPEATED):
            given.given = text
        if marked.verdict not in (Verdict.WRONG, Verdict.REPEATED):
            return Judged(marked.verdict, marked.note)
        report = mark(self.trace, entries, figures=self.figures)
        marked = next(one for one in report.marked if one.answer.line == mine)
        says = marked.slip.says if marked.slip else sentence("check", "unexplained")
        return Judged(marked.verdict, says)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many are asked for, right, right at once without a hint, and still open."""
        of = [self.of(question) for question in self.questions]
        right = [one for one in of if one.verdict in DONE]
        return {
            "asked": len(of),
            "right": len(right),
            "at_once": sum(one.tries == 1 and not one.hints for one in right),
            "left": len(of) - len(right),
        }

    # The record

    @property
    def digest(self) -> str:
        """What tells this exercise from another one."""
        s = self.trace.specification
        facts: list[object] = [s.title, s.cell.name, dict(s.parameters), asdict(s.scheme)]
        facts += [[x.inputs, x.targets] for x in s.sequences]
        facts += [question.label for question in self.questions]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    def record(self) -> str:
        """All of it as JSON, to go on from."""
        data = {
            "title": self.trace.specification.title,
            "exercise": self.digest,
            "asked": self.asked,
            "figures": self.figures,
            "answers": [asdict(one) for one in self.given.values() if one.tries or one.hints],
        }
        return json.dumps(data, ensure_ascii=False, indent=1) + "\n"

    @property
    def has_begun(self) -> bool:
        """Whether anything was answered, or a hint asked for."""
        return any(one.tries or one.hints for one in self.given.values())

    def go_on(self, text: str, name: str) -> None:
        """Take up a record; raises :class:`~cellcalc.errors.InputError` for another's."""
        try:
            data: Any = json.loads(text)
            rows = [Given(**row) for row in data["answers"]]
            own = data["exercise"] == self.digest
        except (ValueError, TypeError, KeyError):
            raise InputError([Mistake(name, "", "the record of an exercise", "none")]) from None
        if not own:
            expected = (
                "the record of this exercise (`again` begins anew, another `record` keeps both)"
            )
            raise InputError([Mistake(name, "exercise", expected, "that of another one")])
        known: Sequence[Place] = [question.place for question in self.questions]
        for row in rows:
            place = (row.window, row.symbol, row.t)
            if place in known:
                self.given[place] = row


def _entry(line: int, given: Given, text: str = "") -> Entry:
    left = given.symbol if given.t is None else f"{given.symbol}[{given.t}]"
    return Entry(line, left, text or given.given, window=given.window or None, form=OWN)


def _lines(trace: Trace, symbols: set[str]) -> Mapping[Place, Line]:
    """The working of each value of the first pass."""
    first = trace.passes[0]
    chosen = Selection(symbols=tuple(sorted(symbols)), epoch=first.epoch, sequence=first.sequence)
    found: dict[Place, Line] = {}
    for number, line in working(trace, chosen, DECIMALS):
        forward = line.symbol in first.forward
        found.setdefault((0 if forward else number, line.symbol, line.t), line)
    return found
