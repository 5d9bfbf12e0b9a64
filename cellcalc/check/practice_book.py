"""A practice workbook that somebody filled in: what it asks for, the answers, how they are judged.

The file holds the problem that it was made from, so that it can be marked alone. Its answers are
judged as its own sheet does while one types (:meth:`cellcalc.studies.exercise.Exercise.marks`);
what is wrong with those that are not right is found as for any other answers.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path, PurePath

from openpyxl.utils.cell import coordinate_to_tuple

from cellcalc.check.answers import Answer, Entry, Unreadable
from cellcalc.check.inconsistent import inconsistent
from cellcalc.check.report import Kind, Marked, Report, Slip, Verdict, is_unexplained
from cellcalc.engine.trace import PassTrace, Trace
from cellcalc.errors import InputError, Mistake, OptionError, printable
from cellcalc.model.model import TOTAL_LOSS
from cellcalc.problems.schemes import AS_WRITTEN, Scheme
from cellcalc.problems.specification import Specification, read_specification
from cellcalc.problems.templates import Template
from cellcalc.resources import in_every_language, sentence
from cellcalc.studies.exercise import (
    CARRIED,
    CHOICE,
    COARSE,
    EQUATIONS,
    LEVELS,
    MISTAKE,
    RIGHT,
    Exercise,
    Place,
    exercise,
)
from cellcalc.views.problem_text import PROBLEM
from cellcalc.xlsx.cells import letters
from cellcalc.xlsx.evaluate import CannotEvaluateError, evaluate
from cellcalc.xlsx.opendocument import is_opendocument, read_opendocument
from cellcalc.xlsx.reader import Cell, Cells, read_cells

ZIP = b"PK\x03\x04"
SHEET, HELD, HINTS, CHOICES = "Practice", "Problem", "Hints", "Choices"
SETTING = "cellcalc "
EQUATION, TOTAL, FIRST = 3, 4, 5  # columns
FOUND = "B2"  # the cell that says in which row the mistake is, where one is to be found
DEMAND = "B2"  # the cell that says how many figures an answer needs, on a sheet that judges
MISTAKEN = "mistake"  # what an answer is for that says in which row the mistake is
MOST_DIFFERENCES = 5
EXACT_DIGITS = 12  # of a number that nobody types
_FIGURES = tuple(map(str, range(1, 16)))  # that can be asked for
_BLOCKS = {
    "inputs": "input",
    "parameters": "parameter",
    "forward": "forward",
    "backward": "backward",
}
_VERDICTS = {RIGHT: Verdict.CORRECT, CARRIED: Verdict.CARRIED, COARSE: Verdict.COARSE}


@cache
def _blocks() -> Mapping[str, str]:
    """The blocks by the words that they begin with, in any language."""
    return {
        word.lower(): block
        for name, block in _BLOCKS.items()
        for word in in_every_language("sheet", name)
    }


def is_practice(contents: bytes) -> bool:
    """Whether a file is a practice workbook."""
    if not contents.startswith(ZIP):
        return False
    try:
        return SHEET in _sheets(contents, "workbook", [SHEET])
    except InputError:  # what is wrong with it is told where it is read
        return False


def read_practice(contents: bytes, name: str) -> PracticeBook:
    """The practice workbook in a file; ``name`` is its name in messages.

    Raises :class:`~cellcalc.errors.InputError` for what is no workbook, or none with such a sheet.
    """
    sheets = _sheets(contents, name, [SHEET, HELD, HINTS, CHOICES])
    if SHEET not in sheets:
        expected = f"a sheet {SHEET}, as `cellcalc workbook --practice` writes"
        raise InputError([Mistake(name, "", expected, "none")])
    settings, files = _held(sheets.get(HELD, {}))
    asks = CHOICES if settings.get("level") == str(CHOICE) else HINTS
    listed = [
        cell.value
        for place, cell in sheets.get(asks, {}).items()
        if place.startswith("A") and place[1:].isdecimal() and isinstance(cell.value, str)
    ]
    return PracticeBook(name, sheets[SHEET], settings, files, tuple(listed))


def _sheets(contents: bytes, name: str, titles: Sequence[str]) -> dict[str, Cells]:
    """The sheets of these titles, of a workbook as Excel or as LibreOffice saves it."""
    if is_opendocument(contents):
        found = read_opendocument(contents, name)
        return {title: cells for title, cells in found.items() if title in titles}
    return read_cells(contents, name, titles, formulas=[SHEET])


def _held(cells: Cells) -> tuple[dict[str, str], dict[str, str]]:
    """What the sheet of the problem holds: settings, and files by name."""
    settings: dict[str, str] = {}
    lines: dict[str, dict[int, str]] = {}
    for row, column in map(coordinate_to_tuple, cells):
        name = _text(cells.get(f"A{row}"))
        if column == 1 and name:
            text = _raw(cells.get(f"B{row}"))
            if name.startswith(SETTING):
                settings[name.removeprefix(SETTING)] = text
            elif PurePath(name).name == name and name.endswith(".toml"):
                lines.setdefault(name, {})[row] = text
    return settings, {name: _joined(parts) for name, parts in lines.items()}


def _joined(lines: Mapping[int, str]) -> str:
    return "\n".join(lines[row] for row in sorted(lines)) + "\n"


def _raw(cell: Cell | None) -> str:
    if cell is None or cell.value is None:
        return ""
    return cell.value if isinstance(cell.value, str) else f"{cell.value}"


def _text(cell: Cell | None) -> str:
    return cell.value.strip() if cell and isinstance(cell.value, str) else ""


@dataclass(frozen=True)
class _Spot:
    """A cell of the grid: in which block, in which window, for which symbol and step."""

    cell: str
    block: str
    place: Place


@dataclass
class PracticeBook:
    """A practice workbook: the cells of its sheet, and what it was made from."""

    name: str
    cells: Cells
    settings: Mapping[str, str]
    files: Mapping[str, str]
    listed: tuple[str, ...] = ()
    texts: list[tuple[str, Unreadable]] = field(default_factory=list)

    # What it was made from

    @property
    def notation(self) -> str | None:
        """The author in whose symbols it is written."""
        return self.settings.get("notation") or None

    @property
    def level(self) -> int:
        """How it asks: for numbers (levels 1 and 2), for equations, or for the mistake."""
        text = self.settings.get("level", "")
        return int(text) if text in map(str, LEVELS) else EQUATIONS

    @property
    def demand(self) -> int | None:
        """How many figures the sheet asks for; None for one that judges no numbers."""
        if self.level in (CHOICE, MISTAKE):
            return None
        cell = self.cells.get(DEMAND)
        if cell is None or isinstance(cell.value, bool) or not isinstance(cell.value, int | float):
            return None
        return min(max(int(cell.value), 1), 15)

    @property
    def figures(self) -> int | None:
        """How many figures are asked for: by the sheet that judges, or by that of a class."""
        said = self.settings.get("figures", "")
        return self.demand or (int(said) if said in _FIGURES else None)

    def specification(self) -> Specification:
        """The problem that it holds.

        Raises :class:`~cellcalc.errors.InputError` where it holds none, or one with mistakes.
        """
        if PROBLEM not in self.files:
            found = "a workbook without it: give the problem as well, as in check PROBLEM FILE"
            raise InputError([Mistake(self.name, "", "a workbook that holds its problem", found)])
        with tempfile.TemporaryDirectory() as folder:
            for name, text in self.files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            shown = f"{self.name}: {HELD}"
            return read_specification(
                self.files[PROBLEM], shown, Path(folder), AS_WRITTEN, confined=True
            )

    def refuse_another(self, trace: Trace) -> None:
        """Raise :class:`~cellcalc.errors.InputError` where it was made from another problem.

        The message says what differs.
        """
        if PROBLEM in self.files:
            found = list(_differences(trace.specification, self.specification()))
        else:
            found = list(self.other_cells(trace))
        if found:
            shown = [Mistake(self.name, key, f"{here}, as the problem has it", there)
                     for key, here, there in found[:MOST_DIFFERENCES]]  # fmt: skip
            raise InputError(shown)

    def other_cells(self, trace: Trace) -> Iterator[tuple[str, str, str]]:
        """The given cells that differ from a problem's: cell, as it is there, as it is here."""
        for spot in self.grid.values():
            _, symbol, t = spot.place
            if t is None or spot.block not in ("input", "parameter"):
                continue
            if spot.block == "parameter" and (t != 0 or symbol not in trace.initial):
                continue
            cell = self.cells.get(spot.cell)
            here = _value(trace.passes[0], spot)
            there = cell.value if cell else None
            if not isinstance(there, int | float) or isinstance(there, bool):
                continue
            if here is None or not math.isclose(there, here, rel_tol=1e-9, abs_tol=1e-12):
                shown = "nothing" if here is None else f"{here:g}"
                yield f"{SHEET}!{spot.cell} ({symbol})", shown, f"{there:g}"
        steps = max((t or 0 for _, _, t in self._places("input")), default=0)
        if steps != trace.passes[0].steps:
            yield "x", f"{trace.passes[0].steps} steps", f"{steps}"

    def _places(self, block: str) -> Iterator[Place]:
        return (spot.place for spot in self.grid.values() if spot.block == block)

    # The grid

    @cached_property
    def rows(self) -> Mapping[int, Mapping[int, Cell]]:
        """The cells by row and column."""
        found: dict[int, dict[int, Cell]] = {}
        for name, cell in self.cells.items():
            row, column = coordinate_to_tuple(name)
            found.setdefault(row, {})[column] = cell
        return found

    @cached_property
    def grid(self) -> Mapping[str, _Spot]:
        """Every cell of the grid that has a symbol and a step, whether it is empty or not."""
        found: dict[str, _Spot] = {}
        block, window, steps = "", 0, dict[int, int]()
        for number in sorted(self.rows):
            row = self.rows[number]
            symbol = _text(row.get(2))
            if symbol == "t":
                words = _text(row.get(1)).lower().split()
                start = words[0] if words else ""
                block = _blocks().get(start, "")
                if block == "backward":
                    window = int(words[1]) if words[1:] and words[1].isdecimal() else 1
                steps = {
                    column: int(cell.value)
                    for column, cell in row.items()
                    if column >= FIRST and isinstance(cell.value, int | float)
                }
                if steps:  # the column after the last step is the edge, which is given
                    del steps[max(steps)]
            elif symbol and block:
                own = window if block == "backward" else 0
                for column, t in {TOTAL: None, **steps}.items():
                    name = f"{letters(column)}{number}"
                    found[name] = _Spot(name, block, (own, symbol, t))
        return found

    @cached_property
    def cell_of(self) -> Mapping[Place, str]:
        """The cell of each place that can be worked out."""
        computed = (spot for spot in self.grid.values() if spot.block in ("forward", "backward"))
        return {spot.place: spot.cell for spot in computed}

    # The answers

    def exercise(self, trace: Trace) -> Exercise | None:
        """What it asks for; None where the file does not say."""
        if asked := self.settings.get("practice"):
            try:
                return exercise(trace, asked)
            except OptionError as error:
                found = f"{asked} ({error})"
                raise InputError([Mistake(self.name, HELD, "an exercise", found)]) from None
        symbols = {self.grid[name].place[1] for name in self.listed if name in self.grid}
        has = symbols & set(trace.model.quantities)
        return Exercise(trace, frozenset(has)) if has else None

    def open_cells(self, trace: Trace) -> list[_Spot]:
        """The cells that are asked for, from left to right and downwards."""
        asked = self.exercise(trace)
        if asked is not None:
            names = [self.cell_of[s.place] for s in asked.open if s.place in self.cell_of]
        else:
            names = [name for name in self.cell_of.values() if self._may_be_typed(trace, name)]
        return [self.grid[name] for name in sorted(names, key=coordinate_to_tuple)]

    def _may_be_typed(self, trace: Trace, name: str) -> bool:
        """Whether a number may be an answer, in a file that does not say what it asks for."""
        cell = self.cells.get(name)
        if cell is None or cell.formula or cell.value is None or isinstance(cell.value, bool):
            return False
        if isinstance(cell.value, str):
            return True
        digits = len(repr(cell.value).lstrip("-0.").replace(".", ""))
        is_given = digits >= EXACT_DIGITS and cell.value == _value(trace.passes[0], self.grid[name])
        return not is_given

    def number(self, trace: Trace, name: str, depth: int = 0) -> float | str | None:
        """What stands in a cell: a number, typed or worked out; a text; nothing."""
        cell = self.cells.get(name)
        if cell is None or isinstance(cell.value, bool):
            return None if cell is None else str(cell.value).upper()
        if isinstance(cell.value, int | float):
            return float(cell.value)
        if not cell.formula:
            return cell.value
        if cell.value is not None:  # an error, or a text that a formula gives
            return cell.value
        if depth > 20:
            return f"={cell.text}"

        def lookup(sheet: str, place: str) -> float:
            return self._looked_up(trace, sheet, place, depth)

        try:
            return evaluate(cell.text, lookup)
        except CannotEvaluateError:
            return f"={cell.text}"

    def _looked_up(self, trace: Trace, sheet: str, place: str, depth: int) -> float:
        spot = self.grid.get(place)
        cell = self.cells.get(place)
        is_given = spot is not None and cell is not None and cell.text.endswith(f"!{place}")
        if sheet not in ("", SHEET) or is_given:
            true = _value(trace.passes[0], spot) if spot else None
            if true is None:
                raise CannotEvaluateError(place)
            return true
        if cell is None:
            return 0.0
        value = self.number(trace, place, depth + 1)
        if not isinstance(value, float):
            raise CannotEvaluateError(place)
        return value

    def entries(self, trace: Trace) -> list[Entry]:
        """The answers that are numbers, or texts on paper; the others wait for the report."""
        self.texts.clear()
        if self.level == MISTAKE:
            return []  # what there is to judge is no quantity
        if self.level == CHOICE:
            return list(self._chosen())
        entries = []
        for spot in self.open_cells(trace):
            value = self.number(trace, spot.cell)
            window, symbol, t = spot.place
            line = f"{SHEET}!{spot.cell}"
            if isinstance(value, str) and value.strip() and self.demand is not None:
                why = sentence("practice", "no_number", text=printable(value[:40]))
                left = symbol if t is None else f"{symbol}[{t}]"
                unreadable = Unreadable(line, f"{left} = {printable(value[:200])}", why)
                self.texts.append((spot.cell, unreadable))
            elif value is not None and not (isinstance(value, str) and not value.strip()):
                text = value if isinstance(value, str) else repr(value)
                left = symbol if t is None else f"{symbol}[{t}]"
                entries.append(Entry(line, left, text, window=window or None))
        return entries

    def _choices(self) -> list[tuple[str, str]]:
        """The cells of the equations to be chosen, and of which rows they are."""
        found = []
        for name in self.listed:
            row = name.removeprefix(letters(EQUATION))
            symbol = _text(self.cells.get(f"B{row}"))
            if row.isdecimal() and symbol:
                found.append((name, symbol))
        return found

    def _chosen(self) -> Iterator[Entry]:
        for name, symbol in self._choices():
            if text := _text(self.cells.get(name)):
                yield Entry(f"{SHEET}!{name}", f"{symbol}[t]", text)

    # The report

    def judged(self, report: Report, trace: Trace) -> Report:
        """The report on this workbook's answers, with the verdicts of its own sheet.

        What was left open and what is no number are added.
        """
        if self.level == MISTAKE:
            return replace(report, marked=(*report.marked, self._found(trace)))
        marks = self._marks(trace)
        marked = list(report.marked)
        changed = [self._verdict(one, marks) for one in marked]
        taken = {str(one.answer.line) for one in marked}
        texts = {str(text.line) for _, text in self.texts}
        for name, (window, symbol, t) in self._asked(trace):
            line = f"{SHEET}!{name}"
            if line not in taken | texts:
                answer = Answer(line, symbol, t, "", window=window or None, open=True)
                changed.append(Marked(answer, Verdict.OPEN, None, (9,), window=window))
        order = sorted(range(len(changed)), key=lambda k: (_row_and_column(changed[k]), k))
        slips = _causes(report, changed)
        place = {k: number for number, k in enumerate(order)}
        slips = [replace(s, answers=tuple(sorted(place[k] for k in s.answers))) for s in slips]
        by_answer = {k: s for s in slips for k in s.answers}
        final = []
        for number, k in enumerate(order):
            one = changed[k]
            if one.slip is not None or one.verdict in (Verdict.WRONG, Verdict.REPEATED):
                cause = by_answer.get(number)
                named = None if is_unexplained(cause) else cause
                one = replace(one, slip=named)
            final.append(one)
        return replace(
            report,
            marked=tuple(final),
            unreadable=(*report.unreadable, *(text for _, text in self.texts)),
            slips=tuple(slips),
        )

    def _asked(self, trace: Trace) -> list[tuple[str, Place]]:
        """The cells that are asked for, and what for."""
        if self.level == CHOICE:
            return [(name, (0, symbol, None)) for name, symbol in self._choices()]
        spots = self.open_cells(trace) if self.exercise(trace) is not None else []
        return [(spot.cell, spot.place) for spot in spots]

    def _found(self, trace: Trace) -> Marked:
        """The answer to where the mistake is, judged by the numbers on the sheet."""
        given = _text(self.cells.get(FOUND))
        answer = Answer(f"{SHEET}!{FOUND}", MISTAKEN, None, given, open=not given)

        def number(place: Place) -> float | None:
            stands = self.number(trace, self._place_cells.get(place, ""))
            return stands if isinstance(stands, float) else None

        off = inconsistent(trace, number)
        expected = off[0] if off else None
        if not given:
            return Marked(answer, Verdict.OPEN, None, (9,), window=0)
        if given == expected:
            return Marked(answer, Verdict.CORRECT, expected, (0,), window=0)
        known = given in trace.model.quantities
        note = sentence("practice", "follows" if known else "no_row", symbol=printable(given[:40]))
        return Marked(answer, Verdict.WRONG, expected, (0,), note=note, window=0)

    @cached_property
    def _place_cells(self) -> Mapping[Place, str]:
        """The cell of each place, those of what is given among them."""
        return {spot.place: spot.cell for spot in self.grid.values()}

    def _marks(self, trace: Trace) -> Mapping[str, str]:
        """The marks of the sheet by line; none for one that judges nothing."""
        asked = self.exercise(trace)
        if asked is None or self.demand is None:
            return {}
        own: dict[Place, float] = {}
        for spot in self.open_cells(trace):
            value = self.number(trace, spot.cell)
            if isinstance(value, float):
                own[spot.place] = value
        found = asked.marks(own, self.demand)
        return {f"{SHEET}!{self.cell_of[place]}": mark for place, mark in found.items()}

    def _verdict(self, one: Marked, marks: Mapping[str, str]) -> Marked:
        """An answer with the verdict that the sheet gives it."""
        mark = marks.get(str(one.answer.line))
        if mark is None:
            return one
        verdict = _VERDICTS.get(mark)
        if verdict is None:
            if one.verdict in (Verdict.WRONG, Verdict.REPEATED):
                return one
            return replace(one, verdict=Verdict.WRONG, note="", slip=None)
        if verdict is one.verdict:
            return one
        number = one.answer.number
        is_nought = number is not None and not number.value  # is not right as far as it goes
        notes = {
            Verdict.CORRECT: sentence("check", "rounded"),
            Verdict.COARSE: sentence("check", "too_coarse", figures=0)
            if is_nought
            else sentence("practice", "coarse"),
        }
        return replace(one, verdict=verdict, note=notes.get(verdict, ""), slip=None, redo=None)


def _row_and_column(one: Marked) -> tuple[int, int, int]:
    """Where an answer stands; those that stand on no sheet come last."""
    sheet, _, cell = str(one.answer.line).rpartition("!")
    if sheet != SHEET:
        return (1, 0, 0)
    row, column = coordinate_to_tuple(cell)
    return (0, row, column)


def _causes(report: Report, changed: Sequence[Marked]) -> list[Slip]:
    """The causes that are left, with the places of their answers; and one for what has none."""
    slips: list[Slip] = []
    told: set[int] = set()
    bad = (Verdict.WRONG, Verdict.REPEATED)
    for slip in report.slips:
        places = slip.answers or tuple(
            k for k, one in enumerate(report.marked) if one.slip is not None and one.slip == slip
        )
        kept = tuple(k for k in places if changed[k].verdict not in (Verdict.CORRECT,
                     Verdict.COARSE))  # fmt: skip
        if any(changed[k].verdict in bad for k in kept):
            slips.append(replace(slip, answers=kept))
            told.update(kept)
    alone: dict[str, list[int]] = {}
    for k, one in enumerate(changed):
        if one.verdict in bad and k not in told:
            alone.setdefault(one.answer.symbol, []).append(k)
    for symbol, left in alone.items():
        total = changed[left[0]].answer.t is None
        slip = Slip(symbol, None, "", None, total, kind=Kind.UNEXPLAINED, answers=tuple(left))
        slips.append(slip)
    return slips


def _value(one: PassTrace, spot: _Spot) -> float | None:
    """The true value of a cell of the grid."""
    window, symbol, t = spot.place
    if spot.block == "parameter":
        if t is None or symbol not in one.before:
            return None
        return (one.before if t == 0 else one.parameters_at(min(t, one.steps)))[symbol]
    if not window:
        if t is None:
            return one.loss if symbol in (TOTAL_LOSS, "E") else None
        values = one.forward.get(symbol)
        return values[t] if values is not None and t < len(values) else None
    if window > len(one.windows):
        return None
    trace = one.windows[window - 1]
    if t is None:
        return trace.gradients.get(symbol)
    if symbol in trace.backward and trace.first <= t <= trace.last:
        return trace.backward[symbol][t - trace.first]
    return trace.entering.get(symbol) if t == trace.first - 1 else 0.0


def _differences(here: Specification, there: Specification) -> Iterator[tuple[str, str, str]]:
    """What differs between two problems: the key, and how each has it."""
    for key in ("cell", "readout", "loss"):
        a, b = getattr(here, key), getattr(there, key)
        if _equations(a) != _equations(b):
            yield key, _named(a), _named(b)
    for key in ("parameters", "coefficients", "initial"):
        yield from _different(key, getattr(here, key), getattr(there, key))
    if len(here.sequences) != len(there.sequences):
        yield "sequence", f"{len(here.sequences)}", f"{len(there.sequences)}"
    for number, (a, b) in enumerate(zip(here.sequences, there.sequences, strict=False), 1):
        where = "sequence" if len(here.sequences) == 1 else f"sequence[{number}]"
        if a.steps != b.steps:
            yield where, f"{a.steps} steps", f"{b.steps}"
            continue
        columns = {"x": (a.inputs, b.inputs), "target": ([a.targets or ()], [b.targets or ()])}
        for key, (mine, theirs) in columns.items():
            yield from _different(f"{where}.{key}", _listed(mine), _listed(theirs))
    longest = max(sequence.steps for sequence in here.sequences)
    yield from _different("bptt", _options(here.scheme, longest), _options(there.scheme, longest))
    yield from _different("update", here.update.settings, there.update.settings)


def _options(scheme: Scheme, steps: int) -> Mapping[str, object]:
    found = vars(scheme.on(steps)).copy()
    del found["name"]
    return found


def _equations(template: Template | None) -> object:
    return template and [(e.symbol, e.formula) for e in template.equations]


def _named(template: Template | None) -> str:
    return template.name if template else "none"


def _listed(columns: Iterable[Sequence[float]]) -> Mapping[str, float]:
    """The values of some columns, by feature and step."""
    columns = list(columns)
    return {
        f"[{t}]" if len(columns) == 1 else f"[{t}][{k}]": value
        for k, column in enumerate(columns, 1)
        for t, value in enumerate(column, 1)
    }


def _different(
    key: str, here: Mapping[str, object], there: Mapping[str, object]
) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys([*here, *there]):
        a, b = here.get(name), there.get(name)
        if a != b and not (a != a and b != b):
            dot = "" if name.startswith("[") else "."
            yield f"{key}{dot}{name}", _shown(a), _shown(b)


def _shown(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else f"{value}"
