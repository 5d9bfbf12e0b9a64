"""How marks become points: a rubric, and the sum as it is told to a student."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellcalc import resources
from cellcalc.check.report import Verdict
from cellcalc.classroom.judging import Record
from cellcalc.errors import did_you_mean
from cellcalc.model.model import Model
from cellcalc.resources import sentence
from cellcalc.toml import Reader, Section, decode, parse_toml, read_bytes

BUNDLED = "templates/rubric.toml"
BLOCKS = ("forward", "backward", "gradients")
_BY_FAVOUR = [verdict.value for verdict in Verdict]
Place = tuple[int, str, int | None]  # a window (0: the forward pass), a symbol, a step


@dataclass(frozen=True)
class Part:
    """Some quantities, and the points for them."""

    name: str
    symbols: frozenset[str]
    points: float


@dataclass(frozen=True)
class Rubric:
    """Points for answers, and what goes off them."""

    title: str
    points: float
    step: float
    least: float
    credit: Mapping[str, float]
    slip: float
    most: float
    late: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Line:
    """A line of the sum: what for, how much of it, and its points."""

    says: str
    points: float


@dataclass(frozen=True)
class Points:
    """The points of a sheet, and how they come about."""

    total: float
    of: float
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return number(self.total)


def read_rubric(path: Path | None, model: Model) -> Rubric:
    """The rubric in a file, or the bundled one; for answers to a problem of that model.

    Raises :class:`~cellcalc.errors.InputError` with every mistake in it.
    """
    shown = str(path) if path else BUNDLED
    text = decode(read_bytes(path, shown), shown) if path else resources.text(BUNDLED)
    usual = resources.read_toml(BUNDLED)
    reader = Reader(shown)
    whole = Section(reader, parse_toml(text, shown))
    whole.only(("title", "points", "round", "least", "credit", "deduction", "part"))
    credit = whole.table("credit")
    credit.only(_BY_FAVOUR)
    credits = {name: credit.number(name, usual["credit"][name]) for name in _BY_FAVOUR}
    for name, value in credits.items():
        if not 0 <= value <= 1:
            reader.mistake(credit.key(name), "a share from 0 to 1", f"{value:g}")
    deduction = whole.table("deduction")
    deduction.only(("slip", "most", "late"))
    taken = {
        name: _not_below_0(deduction, name, usual["deduction"][name])
        for name in ("slip", "most", "late")
    }
    rubric = Rubric(
        title=whole.text("title", ""),
        points=_not_below_0(whole, "points", usual["points"]),
        step=_not_below_0(whole, "round", usual["round"]),
        least=whole.number("least", usual["least"]),
        credit=credits,
        slip=taken["slip"],
        most=taken["most"],
        late=taken["late"],
        parts=tuple(_parts(whole, model)),
    )
    reader.finish()
    if rubric.parts:
        total = sum(part.points for part in rubric.parts)
        if "points" in whole.values and not math.isclose(total, rubric.points):
            expected = f"the sum of its parts, {total:g}, or none"
            reader.mistake("points", expected, f"{rubric.points:g}")
            reader.finish()
        rubric = Rubric(**{**vars(rubric), "points": total})
    return rubric


def _not_below_0(section: Section, key: str, usual: float) -> float:
    value = section.number(key, usual)
    if value < 0:
        section.reader.mistake(section.key(key), "a number of at least 0", f"{value:g}")
    return value


def _parts(whole: Section, model: Model) -> list[Part]:
    known = set(model.quantities) | {"L"}
    symbols_of = {
        "forward": [row.symbol for row in model.forward] + ["L"],
        "backward": [row.symbol for row in model.backward],
        "gradients": [row.symbol for row in model.gradients],
    }
    parts = []
    taken: dict[str, str] = {}
    for section in whole.tables("part") if "part" in whole.values else ():
        section.only(("name", "of", "points"))
        names = section.values.get("of")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            section.wrong("of", "a list of symbols or blocks")
            continue
        symbols: list[str] = []
        for name in names:
            if name not in symbols_of and name not in known:
                near = did_you_mean(name, [*BLOCKS, *sorted(known)])
                expected = f"{', '.join(BLOCKS)}, or a symbol of the problem"
                section.reader.mistake(section.key("of"), expected, f"{name}{near}")
            symbols += symbols_of.get(name, [name])
        title = section.text("name", ", ".join(names))
        for symbol in symbols:
            if symbol in taken and taken[symbol] != title:
                found = f"{symbol} in {taken[symbol]} as well"
                section.reader.mistake(section.key("of"), "symbols of one part each", found)
            taken[symbol] = title
        parts.append(Part(title, frozenset(symbols), _not_below_0(section, "points", 0.0)))
        if "points" not in section.values:
            section.wrong("points", "a number of at least 0")
    return parts


# Points


def points_of(record: Record, rubric: Rubric, late: bool = False) -> Points:
    """The points of a marked file."""
    earned = earned_of(record, rubric)
    parts = rubric.parts or (
        Part(sentence("class", "answers"), frozenset(p[1] for p in earned), rubric.points),
    )
    lines: list[Line] = []
    asked_in = [[p for p in earned if p[1] in part.symbols] for part in parts]
    for part, places in zip(parts, asked_in, strict=True):
        if not places:  # nothing of it was asked for: nobody can miss it
            lines.append(Line(sentence("class", "part_unasked", name=part.name), part.points))
            continue
        share = sum(earned[place] for place in places)
        says = sentence(
            "class", "part", name=part.name, earned=number(share), asked=len(places),
            points=number(part.points),
        )  # fmt: skip
        lines.append(Line(says, part.points * share / len(places)))
    slips = record["marks"]["summary"]["slips"] if not record["failed"] else 0
    if slips and rubric.slip:
        taken = min(slips * rubric.slip, rubric.most)
        name = "deduction_one" if slips == 1 else "deduction"
        says = sentence("class", name, count=slips, each=number(rubric.slip))
        if taken < slips * rubric.slip:
            says += sentence("class", "at_most", most=number(rubric.most))
        lines.append(Line(says, -taken))
    if late and rubric.late:
        lines.append(Line(sentence("class", "late"), -rubric.late))
    total = sum(line.points for line in lines)
    total = max(total, rubric.least)
    step = rubric.step or 0.01
    total = math.floor(total / step + 0.5 + 1e-9) * step
    return Points(round(total, 6) + 0.0, rubric.points, tuple(lines))


def earned_of(record: Record, rubric: Rubric) -> dict[Place, float]:
    """Of each place that is asked for the credit for it."""
    found: dict[Place, float] = {}
    verdicts = verdicts_of(record)
    for window, symbol, t in record.get("asked", ()):
        verdict, given = verdicts.get((window, symbol, t), ("open", ""))
        credit = rubric.credit[verdict]
        if verdict == "coarse" and _is_nothing(given):
            credit = 0.0
        found[window, symbol, t] = credit
    return found


def verdicts_of(record: Record) -> dict[Place, tuple[str, str]]:
    """The verdict and the text of the answer for each place that is asked for and answered.

    A formula for a quantity answers it at every step that has no answer of its own. Of several
    answers for one place the last counts.
    """
    asked = {(window, symbol, t) for window, symbol, t in record.get("asked", ())}
    steps: dict[tuple[int, str], list[int | None]] = defaultdict(list)
    for window, symbol, t in asked:
        steps[window, symbol].append(t)
    found: dict[Place, tuple[str, str]] = {}
    whole: dict[Place, tuple[str, str]] = {}
    for answer in record.get("marks", {}).get("answers", ()):
        if answer["symbol"] is None or (answer["epoch"], answer["sequence"]) != (1, 1):
            continue
        said = (answer["verdict"], answer["given"])
        window = answer["window"] or 0
        for place in _places(answer, window, steps):
            if place in asked:
                found[place] = said
        if answer["t"] is None and answer["kind"] == "formula":
            for own in (window, 0, 1):
                for t in steps.get((own, answer["symbol"]), ()):
                    whole[own, answer["symbol"], t] = said
    return {**whole, **found}


def _places(
    answer: Mapping[str, object], window: int, steps: Mapping[tuple[int, str], Sequence[int | None]]
) -> list[Place]:
    """Where an answer may stand among what is asked for."""
    symbol, t = str(answer["symbol"]), answer["t"]
    assert t is None or isinstance(t, int)
    places: list[Place] = [(window, symbol, t)]
    if t is None and symbol.endswith("0"):  # dh0 is dh at the step before the window
        before = [own for own in steps.get((window, symbol[:-1]), ()) if own is not None]
        if before:
            places.append((window, symbol[:-1], min(before)))
    return places


def _is_nothing(given: str) -> bool:
    try:
        return float(given.strip().replace(",", ".")) == 0
    except ValueError:
        return False


def number(value: float) -> str:
    """A number of points, without needless zeros."""
    return f"{round(value, 2) + 0.0:g}"


def left_out(record: Record) -> int:
    """How many of what is asked for are not answered in a file that is no sheet of ours."""
    answers = record["marks"]["answers"]
    if any(answer["verdict"] == Verdict.OPEN for answer in answers):
        return 0  # they are counted as open
    return len(record["asked"]) - len(verdicts_of(record))
