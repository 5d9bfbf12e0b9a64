"""What a student is told of their own work: what is right, the first mistake, what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cellcalc.check.report import Kind, Verdict
from cellcalc.classroom.assignment import Assignment
from cellcalc.classroom.deciding import Row
from cellcalc.classroom.judging import Record
from cellcalc.classroom.pages import Block, Code, Heading, Items, Paragraph, Table
from cellcalc.classroom.rubric import Points, left_out, number
from cellcalc.resources import sentence
from cellcalc.views.text import fixed

SHOWN = 12  # answers named before "and … more"
# The verdicts in the order in which they are told.
TOLD = (Verdict.WRONG, Verdict.REPEATED, Verdict.CARRIED, Verdict.COARSE, Verdict.UNREADABLE,
        Verdict.OPEN)  # fmt: skip
TELLING = (Kind.COPY.value, Kind.ARITHMETIC.value, Kind.WORKING.value)  # their words hold values
Answers = Sequence[Mapping[str, Any]]


def feedback(
    row: Row, record: Record, points: Points | None, assignment: Assignment, solutions: bool
) -> list[Block]:
    """The page of one student; with ``solutions`` it holds the right values."""
    student = row.student
    assert student is not None
    page = _Page(row, record, points, assignment, solutions)
    return list(page.blocks())


class _Page:
    def __init__(
        self,
        row: Row,
        record: Record,
        points: Points | None,
        assignment: Assignment,
        solutions: bool,
    ) -> None:
        self.row, self.record, self.points = row, record, points
        self.assignment, self.solutions = assignment, solutions
        marks = record.get("marks") or {"answers": [], "slips": [], "summary": {}}
        self.answers: Answers = marks["answers"]
        self.slips: Sequence[Mapping[str, Any]] = marks["slips"]
        self.first: int | None = marks.get("first")
        self.remarks: Sequence[str] = marks.get("remarks", ())
        self.windows = len({a["window"] for a in self.answers if a["window"]}) > 1

    def say(self, name: str, **words: object) -> str:
        return sentence("feedback", name, **words)

    def blocks(self) -> Iterator[Block]:
        student = self.row.student
        assert student is not None
        yield Heading(self.assignment.title, 1)
        yield Paragraph(f"{student.name} ({student.id})" if student.name else student.id)
        if self.row.handed is not None and self.row.counts:
            yield Paragraph(self.say("file", file=self.row.handed.shown))
        failed = self.record.get("failed")
        own = [*self.row.told, *self.record.get("notes", ()), *([failed] if failed else [])]
        for note in own:
            yield Paragraph(_sentence(note), "note")
        if failed or not self.row.counts:
            return
        if self.answers and (left := left_out(self.record)):
            asked = len(self.record["asked"])
            yield Paragraph(
                _sentence(sentence("class", "left_out", count=left, asked=asked)), "note"
            )
        yield from self.sum()
        yield from self.right()
        yield from self.mistakes()
        yield from self.rest()
        if self.solutions:
            yield from self.solution()

    def sum(self) -> Iterator[Block]:
        """The points, and how they come about."""
        if self.points is None:
            return
        yield Heading(self.say("points", points=self.points.text, of=number(self.points.of)))
        rows = [(line.says, f"{line.points:.2f}") for line in self.points.lines]
        total = sum(line.points for line in self.points.lines)
        if abs(total - self.points.total) > 0.005:
            name = "rounded" if total > 0 else "at_least"
            rows.append((self.say(name), self.points.text))
        head = (self.say("for"), self.say("points_column"))
        yield Table(head, tuple(rows), frozenset({1}))

    def right(self) -> Iterator[Block]:
        """What is right: how many answers, and which quantities whole."""
        yield Heading(self.say("right"))
        counts = Counter(answer["verdict"] for answer in self.answers)
        correct = counts[Verdict.CORRECT]
        if not self.answers:
            yield Paragraph(self.say("nothing"))
            return
        if correct == len(self.answers):
            yield Paragraph(self.say("all_right", count=correct), "good")
            return
        yield Paragraph(self.say("some_right", correct=correct, of=len(self.answers)))
        whole = self.whole()
        if whole:
            yield Paragraph(self.say("whole", symbols=", ".join(whole)))

    def whole(self) -> list[str]:
        """The quantities all of whose answers are correct."""
        verdicts: dict[str, set[str]] = {}
        for answer in self.answers:
            if answer["symbol"]:
                verdicts.setdefault(answer["symbol"], set()).add(answer["verdict"])
        return [symbol for symbol, found in verdicts.items() if found == {Verdict.CORRECT}]

    def mistakes(self) -> Iterator[Block]:
        """The first mistake with the step to do again, then the other causes in a line each."""
        if self.first is None:
            return
        first = self.answers[self.first]
        own = next((k for k, s in enumerate(self.slips) if self.first in s["answers"]), None)
        yield Heading(self.say("first"))
        line = first["line"]
        where = f" ({self.say('line', line=line)})" if isinstance(line, int) else f" ({line})"
        given = self.say("given", answer=self.label(first), where=where if line else "",
                         given=first["given"])  # fmt: skip
        yield Paragraph(given, "bad")
        if own is not None:
            yield from self.cause(own)
        elif first["note"] and self.solutions:
            yield Paragraph(_sentence(first["note"]))
        else:
            yield Paragraph(self.say("unexplained"))
        yield from self.redone(first, own)
        for k, slip in enumerate(self.slips):
            if k != own and slip["answers"]:
                yield Heading(self.say("another"))
                answer = self.answers[min(slip["answers"], default=0)]
                yield Paragraph(self.say("at", answer=self.label(answer), given=answer["given"]))
                yield from self.cause(k)

    def cause(self, number: int) -> Iterator[Block]:
        slip = self.slips[number]
        maths = self.record["maths"][number]
        if slip["kind"] == Kind.UNEXPLAINED.value or not slip["says"]:
            yield Paragraph(self.say("unexplained"))
        elif slip["kind"] in TELLING and not self.solutions:
            yield Paragraph(_sentence(sentence("report", f"look_{slip['kind']}")))
        else:
            yield Paragraph(_sentence(slip["says"]))
            if slip["others"]:
                yield Paragraph(self.say("others", others="; ".join(slip["others"])))
        if maths["used"] and maths["right"]:
            left = maths["left"]
            names = (self.say("as_used"), self.say("as_right"))
            across = max(map(len, names))
            yield Code(
                tuple(
                    f"{name:{across}}  {left} = {text}"
                    for name, text in zip(names, (maths["used"], maths["right"]), strict=True)
                )
            )
        where = [self.answers[k] for k in slip["answers"]]
        if len(where) > 1:
            yield Paragraph(self.say("so_in", answers=self.labels(where)))

    def redone(self, first: Mapping[str, Any], own: int | None) -> Iterator[Block]:
        """The step to do again with the student's own values; its result is theirs to find."""
        redo = first.get("redo")
        if redo is None and own is not None:
            places = self.slips[own]["answers"]
            redo = next((r for k in places if (r := self.answers[k].get("redo"))), None)
        if redo is None:
            return
        steps = list(redo["steps"])
        if not self.solutions and len(steps) > 1:
            steps[-1] = "…"
        left = redo["left"]
        lines = [f"{left if not k else ' ' * len(left)} = {text}" for k, text in enumerate(steps)]
        yield Paragraph(self.say("redo"))
        yield Code(tuple(lines))

    def rest(self) -> Iterator[Block]:
        """What came of the other answers, by verdict."""
        rows = []
        for verdict in TOLD:
            found = [a for a in self.answers if a["verdict"] == verdict]
            if found:
                rows.append((verdict.value, str(len(found)), self.say(verdict.value),
                             self.labels(found)))  # fmt: skip
        if rows:
            yield Heading(self.say("rest"))
            head = tuple(self.say(k) for k in ("verdict", "count", "meaning", "which"))
            yield Table(head, tuple(rows), frozenset({1}))
        unread = [a for a in self.answers if a["verdict"] == Verdict.UNREADABLE]
        if unread:
            yield Items(tuple(f"{a['line']}: {a['given']}: {a['note']}" for a in unread[:SHOWN]))
        verdicts = (Verdict.CORRECT, Verdict.COARSE)
        noted = [a for a in self.answers if a["note"] and a["verdict"] in verdicts]
        texts = [
            f"{self.labels([a for a in noted if a['note'] == note])}: {note}"
            for note in dict.fromkeys(a["note"] for a in noted)
        ]
        if texts or self.remarks:
            yield Items((*texts, *map(_sentence, self.remarks)))

    def solution(self) -> Iterator[Block]:
        """Every answer beside the right value."""
        rows = []
        for answer in self.answers:
            if answer["symbol"] is None:
                continue
            expected = answer["expected"]
            shown = fixed(expected, 6) if isinstance(expected, float) else str(expected or "")
            rows.append((self.label(answer), answer["given"], shown, answer["verdict"]))
        if rows:
            yield Heading(self.say("solution"))
            head = tuple(self.say(k) for k in ("answer", "yours", "expected", "verdict"))
            yield Table(head, tuple(rows), frozenset({1, 2}))

    def label(self, answer: Mapping[str, Any]) -> str:
        symbol, t = answer["symbol"], answer["t"]
        if symbol is None:
            return str(answer["given"])
        name = symbol if t is None else f"{symbol}[{t}]"
        window = answer["window"]
        return (
            self.say("in_window", answer=name, window=window) if self.windows and window else name
        )

    def labels(self, answers: Answers) -> str:
        names = list(dict.fromkeys(map(self.label, answers)))
        more = len(names) - SHOWN
        text = ", ".join(names[:SHOWN])
        return self.say("and_more", names=text, count=more) if more > 0 else text


def _sentence(text: str) -> str:
    """A note as a sentence of its own; what begins with a symbol keeps it as it is."""
    first = text.split(" ", 1)[0]
    is_word = first.isalpha() and len(first) > 1 and first.isascii()
    start = text[:1].upper() + text[1:] if is_word or text[:2] in ("a ", "1 ") else text
    return start if start.endswith((".", "…", "!", "?")) else f"{start}."
