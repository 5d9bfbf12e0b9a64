"""Question banks for learning platforms: Moodle XML, GIFT and CSV, from the keys of a class.

Each question has the tolerance of the figures asked for, and for the values that known slips would
give a sentence that says which. The formats are those that Moodle's own importers read (its
``question/format/xml``, ``question/format/gift`` and ``question/type/multianswer``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from cellcalc.check.search import Search, said
from cellcalc.check.slips import Edit
from cellcalc.check.world import World
from cellcalc.classroom.assignment import Class
from cellcalc.classroom.roster import Student
from cellcalc.classroom.variants import Batch
from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError, check_choice, printable, unknown
from cellcalc.language.notation import plain_number
from cellcalc.language.tree import Symbol
from cellcalc.model.model import COUNTED, LOSS, TARGET, TOTAL_LOSS, Model
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.studies.exercise import HALF, Place, Spot, exercise, half_unit
from cellcalc.views.worked import left_side

FORMATS = ("moodle", "gift", "csv")
KINDS = ("all", "cloze", "numerical")
MOST_SLIPS = 24  # of a question
MOST_OWN = 16  # of these those of the row itself; the others are of rows before it
MOST_COST = 3.0  # how far-fetched a slip may be that has a sentence of its own
DIGITS = 12  # of a number in a bank


@dataclass(frozen=True)
class Answer:
    """A value, how far from it counts as the same, and what is told of it; right or wrong."""

    value: float
    tolerance: float
    right: bool
    says: str = ""


@dataclass(frozen=True)
class Question:
    """One value of one student's variant."""

    student: Student
    window: int
    symbol: str
    t: int | None
    label: str
    equation: str
    answers: tuple[Answer, ...]

    @property
    def right(self) -> Answer:
        return self.answers[0]

    @property
    def name(self) -> str:
        index = "" if self.t is None else f"[{self.t}]"
        return f"{self.symbol}{index}"


@dataclass(frozen=True)
class Sheet:
    """A student's variant as questions, and the HTML of what is given."""

    student: Student
    given: str
    questions: tuple[Question, ...]


def export_class(one: Class, format: str, symbols: str = "", kind: str = "all") -> str:
    """The questions of a class in a format.

    Parameters
    ----------
    one : Class
        As :func:`cellcalc.classroom.assignment.read_class` gives it.
    format : str
        ``moodle``, ``gift`` or ``csv``.
    symbols : str
        Which of the quantities asked for are questions of their own, as in ``dc,dW_f1``; where it
        is empty the totals over a window, or all where there is none.
    kind : str
        For Moodle: ``cloze`` (a question for each variant, with all that is asked for),
        ``numerical`` (one for each value), or ``all``.

    Raises
    ------
    OptionError
        A format, a kind or a symbol that there is not.
    """
    check_choice("to", format, FORMATS)
    check_choice("questions", kind, KINDS)
    traces = [one.trace(student.id) for student in one.roster.students]
    model = traces[0].model
    spots = [exercise(trace, one.assignment.practice).open for trace in traces]
    chosen = _chosen(symbols, spots[0])
    slips = _slip_values(traces, spots)
    figures = one.assignment.figures
    sheets = []
    for k, (student, trace) in enumerate(zip(one.roster.students, traces, strict=True)):
        several = len(trace.passes[0].windows) > 1
        questions = [
            _question(student, model, spot, figures, several, slips.get((k, spot.place), ()))
            for spot in spots[k]
        ]
        sheets.append(Sheet(student, _given(trace), tuple(questions)))
    title = one.assignment.title
    if format == "csv":
        return _csv(sheets)
    if format == "gift":
        return "\n".join(_gift(title, sheets, chosen, figures))
    return "\n".join(_moodle(title, sheets, chosen, figures, kind)) + "\n"


def _chosen(symbols: str, spots: Sequence[Spot]) -> frozenset[str]:
    """The symbols of the questions that stand alone."""
    known = list(dict.fromkeys(spot.symbol for spot in spots))
    if not symbols:
        totals = frozenset(spot.symbol for spot in spots if spot.t is None)
        return totals or frozenset(known)
    names = [name.strip() for name in symbols.split(",")]
    for name in names:
        if name not in known:
            expected = f"some of what is asked for ({', '.join(known)})"
            raise OptionError("symbols", expected, unknown(name, known))
    return frozenset(names)


def _question(
    student: Student,
    model: Model,
    spot: Spot,
    figures: int,
    several: bool,
    slips: Sequence[tuple[float, str]],
) -> Question:
    write = model.unicode(step=spot.t) if spot.t is not None else model.unicode()
    shown = write(Symbol(spot.symbol, None if spot.t is None else 0))
    label = shown if spot.t is not None else sentence("bank", "total", symbol=shown)
    if several and spot.window:
        label = sentence("bank", "in_window", label=label, window=spot.window)
    right = Answer(spot.value, _tolerance(spot.value, figures), True)
    answers = [right]
    for value, says in slips:
        near = _tolerance(value, figures) if value else right.tolerance
        new = Answer(value, near, False, says)
        if all(abs(new.value - a.value) > new.tolerance + a.tolerance for a in answers):
            answers.append(new)
        if len(answers) > MOST_SLIPS:
            break
    return Question(
        student, spot.window, spot.symbol, spot.t, label, _equation(model, spot), tuple(answers)
    )


def _equation(model: Model, spot: Spot) -> str:
    """How the value is worked out."""
    row = spot.quantity or model.quantities.get(spot.symbol)
    if row is None or row.formula is None:
        return ""
    write = model.unicode()
    if spot.t is None:
        return f"{write(Symbol(row.symbol))} = {write.summed(row.formula)}"
    return f"{left_side(row, write)} = {write(row.formula)}"


def _tolerance(value: float, figures: int) -> float:
    """Half a unit of the last figure asked for."""
    unit = half_unit(value) if value else 0.5
    return HALF / 0.5 * unit * 10.0**-figures


# The values that slips give


def _slip_values(
    traces: Sequence[Trace], spots: Sequence[Sequence[Spot]]
) -> dict[tuple[int, Place], list[tuple[float, str]]]:
    """For each student and place the values of known slips, the likeliest first.

    A slip is made at every step of the first window, as the equations stand there.
    """
    problems = [trace.specification for trace in traces]
    batch = Batch(problems[0])
    steps = {one.sequences[0].steps for one in problems}
    if len(steps) > 1 or len({one.features for one in problems}) > 1:
        return {}  # keys that a teacher changed to other problems
    places = [spot.place for spot in spots[0] if spot.window in (0, 1)]
    search = Search(batch.model, batch.equations)
    totals = batch.equations.totals
    rows = [r.symbol for r in (*batch.model.forward, *batch.model.backward, *batch.model.gradients)]
    asked = {spot.symbol for spot in spots[0]}
    edits = [
        edit
        for row in rows
        if row in asked and row not in (LOSS, COUNTED)
        for edit in search.of(row, row in totals)
        if edit.cost <= MOST_COST
    ]
    found: dict[tuple[int, Place], list[tuple[float, bool, float, str]]] = {}
    with np.errstate(all="ignore"):
        world = World(batch.setting_of(problems), batch.equations)
        for edit in edits:
            other, touched = _edited(world, edit, edit.row in totals)
            for place in places:
                if place[1] not in touched:
                    continue
                values = np.broadcast_to(_value(other, place), (len(problems),))
                says, own = printable(said([edit], place[1])), edit.row == place[1]
                for k, value in enumerate(values.tolist()):
                    if np.isfinite(value):
                        found.setdefault((k, place), []).append((edit.cost, not own, value, says))
    return {key: _likeliest(slips) for key, slips in found.items()}


def _likeliest(slips: Sequence[tuple[float, bool, float, str]]) -> list[tuple[float, str]]:
    """The slips in the order in which they are taken: some of the row itself, then any."""
    ordered = sorted(slips, key=lambda slip: slip[:2])
    first = [slip for slip in ordered if not slip[1]][:MOST_OWN]
    rest = [slip for slip in ordered if slip not in first]
    return [(value, says) for _, _, value, says in (*first, *rest)]


def _edited(world: World, edit: Edit, total: bool) -> tuple[World, frozenset[str]]:
    """The world of a slip, and the rows that it may change."""
    if total:
        return world.edited({f"{edit.row} total": edit.formula}, {}, ()), frozenset({edit.row})
    reached = world.equations.reached(edit.row) | {edit.row}
    own = reached | ({TOTAL_LOSS} if LOSS in reached else set())
    return world.edited({edit.row: edit.formula}, {}, reached), frozenset(own)


def _value(world: World, place: Place) -> Any:
    _, symbol, t = place
    return world.fixed(symbol) if t is None else world.value(symbol, t)


# What is given


def _given(trace: Trace) -> str:
    """The numbers of a variant and the forward equations, in HTML."""
    one = trace.passes[0]
    steps = range(1, one.steps + 1)
    names = list(trace.initial.items())
    parts = [_table([n for n, _ in names[k : k + 8]],
                    [[plain_number(v) for _, v in names[k : k + 8]]])
             for k in range(0, len(names), 8)]  # fmt: skip
    body = [
        [name, plain_number(one.forward[name][0]), *("" for _ in steps)]
        for name in trace.model.state
    ]
    for row in trace.model.inputs:
        values = one.forward[row.symbol]
        cells = [
            "" if row.symbol == TARGET and not one.counted(t) else plain_number(or_zero(values[t]))
            for t in steps
        ]
        body.append([row.symbol, "", *cells])
    parts.append(_table(["t", "0", *map(str, steps)], body))
    write = trace.model.unicode()
    lines = [
        escape(f"{left_side(row, write)} = {write(row.formula)}")
        for row in trace.model.forward
        if row.formula is not None
    ]
    parts.append(f"<p>{'<br>'.join(lines)}</p>")
    if trace.model.loss is not None and trace.scheme.name != "full":
        expansion = f"{trace.scheme.name} ({trace.scheme.expansion()})"
        parts.append(f"<p>{escape(sentence('class', 'scheme', scheme=expansion))}</p>")
    return "".join(parts)


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

    lines = "".join(row(cells, "td") for cells in body)
    return f'<table border="1" cellpadding="4">{row(head, "th")}{lines}</table>'


def _number(value: float) -> str:
    return f"{value + 0.0:.{DIGITS}g}"


# CSV


def _csv(sheets: Sequence[Sheet]) -> str:
    page = io.StringIO()
    write = csv.writer(page, lineterminator="\n")
    write.writerow(("id", "window", "symbol", "t", "value", "tolerance", "grade", "feedback"))
    for sheet in sheets:
        for question in sheet.questions:
            t = "" if question.t is None else question.t
            for answer in question.answers:
                write.writerow(
                    [sheet.student.id, question.window, question.symbol, t, _number(answer.value),
                     _number(answer.tolerance), 100 if answer.right else 0, answer.says]
                )  # fmt: skip
    return page.getvalue()


# GIFT


def _gift(
    title: str, sheets: Sequence[Sheet], chosen: frozenset[str], figures: int
) -> Iterator[str]:
    for name, questions in _by_place(sheets, chosen).items():
        yield f"$CATEGORY: {_category(title, name)}"
        yield ""
        for sheet, question in questions:
            yield f"::{_escaped(_title(sheet, question))}::[html]{_escaped(sheet.given)}"
            yield _escaped(f"<p>{escape(_ask(question, figures))}</p>") + " {#"
            for answer in question.answers:
                grade = "" if answer.right else "%0%"
                says = f"#{_escaped(answer.says)}" if answer.says else ""
                yield f"={grade}{_number(answer.value)}:{_number(answer.tolerance)}{says}"
            yield f"####{_escaped(f'<p>{escape(question.equation)}</p>')}"
            yield "}"
            yield ""


def _escaped(text: str) -> str:
    """A text in which no sign means anything to GIFT."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", printable(text))


# Moodle XML


def _moodle(
    title: str, sheets: Sequence[Sheet], chosen: frozenset[str], figures: int, kind: str
) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<quiz>"
    if kind in ("all", "cloze"):
        yield from _category_xml(_category(title, sentence("bank", "sheets")))
        for sheet in sheets:
            yield from _cloze(title, sheet, figures)
    if kind in ("all", "numerical"):
        for name, questions in _by_place(sheets, chosen).items():
            yield from _category_xml(_category(title, name))
            for sheet, question in questions:
                yield from _numerical(sheet, question, figures)
    yield "</quiz>"


def _by_place(
    sheets: Sequence[Sheet], chosen: frozenset[str]
) -> Mapping[str, list[tuple[Sheet, Question]]]:
    """The questions of each place, one for every variant: a quiz draws one of them."""
    found: dict[str, list[tuple[Sheet, Question]]] = {}
    for sheet in sheets:
        several = len({q.window for q in sheet.questions if q.window}) > 1
        for question in sheet.questions:
            if question.symbol in chosen:
                name = question.name
                if several and question.window:
                    name = sentence("bank", "in_window", label=name, window=question.window)
                found.setdefault(name, []).append((sheet, question))
    return found


def _category(title: str, name: str) -> str:
    """The path of a category; a slash in a name is doubled, as Moodle has it."""
    parts = (part.replace("/", "//") for part in (printable(title), name))
    return "/".join(("$course$/top", *parts))


def _category_xml(path: str) -> Iterator[str]:
    yield '<question type="category">'
    yield f"<category><text>{escape(path)}</text></category>"
    yield "</question>"


def _title(sheet: Sheet, question: Question) -> str:
    return f"{question.name} {sheet.student.id}"


def _ask(question: Question, figures: int) -> str:
    return sentence("bank", "ask", label=question.label, name=question.name, figures=figures)


def _head(name: str, text: str, feedback: str) -> Iterator[str]:
    """What every question begins with."""
    yield f"<name><text>{escape(name)}</text></name>"
    yield f'<questiontext format="html"><text>{_cdata(text)}</text></questiontext>'
    yield f'<generalfeedback format="html"><text>{_cdata(feedback)}</text></generalfeedback>'


def _numerical(sheet: Sheet, question: Question, figures: int) -> Iterator[str]:
    yield '<question type="numerical">'
    text = f"{sheet.given}<p>{escape(_ask(question, figures))}</p>"
    yield from _head(_title(sheet, question), text, f"<p>{escape(question.equation)}</p>")
    yield "<defaultgrade>1.0000000</defaultgrade>"
    yield "<penalty>0.3333333</penalty>"
    yield "<hidden>0</hidden>"
    for answer in question.answers:
        yield f'<answer fraction="{100 if answer.right else 0}" format="moodle_auto_format">'
        yield f"<text>{_number(answer.value)}</text>"
        says = _cdata(f"<p>{escape(answer.says)}</p>") if answer.says else ""
        yield f'<feedback format="html"><text>{says}</text></feedback>'
        yield f"<tolerance>{_number(answer.tolerance)}</tolerance>"
        yield "</answer>"
    yield "<unitgradingtype>0</unitgradingtype>"
    yield "<unitpenalty>0.1000000</unitpenalty>"
    yield "<showunits>3</showunits>"
    yield "<unitsleft>0</unitsleft>"
    yield "</question>"


def _cloze(title: str, sheet: Sheet, figures: int) -> Iterator[str]:
    yield '<question type="cloze">'
    rows: dict[tuple[int, str], list[Question]] = {}
    for question in sheet.questions:
        rows.setdefault((question.window, question.symbol), []).append(question)
    lines = []
    for questions in rows.values():
        ordered = sorted(questions, key=lambda q: -1 if q.t is None else q.t)
        cells = "".join(f"<td>{escape(q.label)}<br>{_blank(q)}</td>" for q in ordered)
        lines.append(f"<tr>{cells}</tr>")
    precise = escape(sentence("class", "precise", figures=figures))
    text = f"{sheet.given}<p>{precise}</p><table>{''.join(lines)}</table>"
    equations = dict.fromkeys(question.equation for question in sheet.questions)
    feedback = "<br>".join(map(escape, filter(None, equations)))
    yield from _head(f"{printable(title)} {sheet.student.id}", text, f"<p>{feedback}</p>")
    yield "<penalty>0.3333333</penalty>"
    yield "<hidden>0</hidden>"
    yield "</question>"


def _blank(question: Question) -> str:
    """A gap to fill in, as Moodle's cloze questions have it."""
    parts = []
    for answer in question.answers:
        grade = "=" if answer.right else "%0%"
        says = f"#{_in_gap(answer.says)}" if answer.says else ""
        parts.append(f"{grade}{_number(answer.value)}:{_number(answer.tolerance)}{says}")
    return f"{{1:NUMERICAL:{'~'.join(parts)}}}"


def _in_gap(text: str) -> str:
    """A feedback within a gap, in which none of its signs ends it."""
    return re.sub(r"([\\~#}])", r"\\\1", escape(text, quote=False))


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
