"""A class of simulated students: their work is that of the LSTM of ``tests.marking``, with slips.

Nothing of it is worked out by cellcalc; it only makes the sheets that are filled in here.
"""

from __future__ import annotations

import csv
import io
import random
import shutil
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

from tests.marking.arithmetic import Rounding
from tests.marking.equations import Shape
from tests.marking.problems import Plan, Problem
from tests.marking.problems import Sequence as Data
from tests.marking.slips import Slip, of_table
from tests.marking.working import Where, values_of
from tests.support.spreadsheets import to_fill_in

# What people hand in besides a filled-in sheet.
TROUBLES = ("missing", "broken", "picture", "empty", "another's", "copied")
FIRST_NAMES = ("Ada", "Grace", "Emmy", "Alan", "Marie", "Jörg", "Zoë", "Min", "Ibrahim", "Chiara")
LAST_NAMES = ("Lovelace", "Hopper", "Noether", "Turing", "Curie", "Müller", "O'Neil", "Kim",
              "al-Haytham", "Rossi", "van Dyk", "Ñandú")  # fmt: skip


@dataclass(frozen=True)
class Handed:
    """What a student did: the slip (none: right work), the form, the trouble, where it lies."""

    id: str
    slip: Slip | None = None
    form: str = "sheet"
    trouble: str = ""
    other: str = ""
    path: str = ""
    answers: int = 0


@dataclass
class Class:
    """A class as it was made, and what its students handed in."""

    folder: Path
    submissions: Path
    handed: dict[str, Handed] = field(default_factory=dict)

    def problem(self, id: str) -> Problem:
        return problem_of((self.folder / "key" / f"{id}.toml").read_text(encoding="utf-8"))


def names(count: int, seed: int) -> list[str]:
    """Names of two words, no two alike."""
    draw = random.Random(f"names {seed}")
    pairs = [f"{a} {b}" for a in FIRST_NAMES for b in LAST_NAMES]
    draw.shuffle(pairs)
    return pairs[:count]


def roster(count: int, seed: int = 1) -> str:
    """A list as a platform exports it, with more columns than are needed."""
    page = io.StringIO()
    write = csv.writer(page)
    write.writerow(("Name", "Group", "ID"))
    for number, name in enumerate(names(count, seed), 1):
        write.writerow((name, "AB"[number % 2], f"s{number:03d}"))
    return page.getvalue()


def problem_of(text: str) -> Problem:
    """The numbers of a key, for a person who works them out."""
    tables = tomllib.loads(text)
    parameters: dict[str, float] = {}
    for name, value in tables["parameters"].items():
        if isinstance(value, list):
            parameters |= {f"{name}{k}": number for k, number in enumerate(value, 1)}
        else:
            parameters[name] = value
    (sequence,) = tables["sequence"]
    x = [row if isinstance(row, list) else [row] for row in sequence["x"]]
    shape = Shape(len(x[0]), tables["readout"], tables["loss"], tables["cell"])
    return Problem(shape, parameters, tables["initial"], [Data(x, sequence["target"])], Plan())


def fill_in(sheet: Path, values: Mapping[Where, float], rounding: Rounding, to: Path) -> int:
    """Type values into the open cells of a sheet, and say how many there were."""
    book = to_fill_in(sheet.read_bytes())
    page = book["Practice"]
    by_place = {(w.symbol, w.t): v for w, v in values.items() if w.part != "part"}
    steps: dict[int, int] = {}
    count = 0
    for row in page.iter_rows():
        symbol = row[1].value
        if symbol == "t":
            steps = {c.column: c.value for c in row[4:] if isinstance(c.value, int)}
            continue
        for cell in row[3:]:
            if cell.protection.locked or not symbol:
                continue
            t = None if cell.column == 4 else steps[cell.column]
            value = by_place.get((symbol, t))
            if value is None and t == 0:
                value = by_place.get((f"{symbol}0", None))
            if value is not None:
                cell.value = float(rounding.text(value))
                count += 1
    book.save(to)
    return count


def text_of(values: Mapping[Where, float], rounding: Rounding, symbols: Sequence[str]) -> str:
    """The same as plain lines, of the rows that are asked for."""
    lines = []
    for where, value in values.items():
        if where.part in ("part", "update", "state", "forward"):
            continue
        name = where.symbol
        if where.part == "entering":
            name = where.symbol if where.symbol.endswith("0") else f"{where.symbol}0"
        if name.removesuffix("0") in symbols or name in symbols:
            index = "" if where.t is None else f"[{where.t}]"
            lines.append(f"{name}{index} = {rounding.text(value)}")
    return "\n".join(lines) + "\n"


def slips_for(problem: Problem) -> list[Slip]:
    """Slips of the backward pass, in one row or the same edit in siblings, at every step."""
    return [
        slip
        for slip in of_table(problem.shape, problem.sequences[0].steps)
        if all(steps is None for _, steps in slip.edits.values())
        and not slip.says
        and not set(slip.edits) & set(problem.shape.forward("every row"))
    ]


def hand_in(made: Path, to: Path, seed: int = 1, troubles: bool = True) -> Class:
    """What every student of a class hands in; in folders as Moodle has them."""
    draw = random.Random(f"class {seed}")
    one = Class(made, to)
    rows = list(csv.DictReader(io.StringIO((made / "roster.csv").read_text(encoding="utf-8"))))
    symbols = sorted(open_symbols(made / "students" / f"{rows[0]['id']}.xlsx"))
    for number, row in enumerate(rows):
        id, name = row["id"], row["name"]
        problem = one.problem(id)
        folder = to / f"{name}_{40_000 + 7 * number}_assignsubmission_file_"
        trouble = TROUBLES[number // 10 % len(TROUBLES)] if troubles and number % 10 == 4 else ""
        slip = draw.choice(slips_for(problem)) if number % 3 else None
        rounding = Rounding(figures=draw.choice((5, 6)))
        form = "text" if number % 7 == 5 else "sheet"
        sheet = made / "students" / f"{id}.xlsx"
        if trouble == "missing":
            one.handed[id] = Handed(id, trouble=trouble)
            continue
        folder.mkdir(parents=True)
        if trouble in ("another's", "copied"):
            whole = [h for h in one.handed.values() if h.form == "sheet" and not h.trouble]
            other, before = whole[-1].id, Path(whole[-1].path)
            if trouble == "another's":
                shutil.copy(before, folder / "mine.xlsx")
            else:  # the other's numbers, typed into one's own sheet
                copy_answers(before, sheet, folder / "mine.xlsx")
            one.handed[id] = Handed(id, None, "sheet", trouble, other)
            continue
        if trouble:
            contents = {
                "broken": sheet.read_bytes()[:4000],
                "picture": b"\xff\xd8\xff\xe0 a photograph",
                "empty": b"",
            }[trouble]
            (folder / {"picture": "IMG_1.jpg"}.get(trouble, "work.xlsx")).write_bytes(contents)
            one.handed[id] = Handed(id, trouble=trouble)
            continue
        values = values_of(problem, rounding, "every row", slip.edits if slip else {})
        path = folder / ("answers.txt" if form == "text" else "my work.xlsx")
        if form == "text":
            text = text_of(values, rounding, symbols)
            path.write_text(text, encoding="utf-8")
            count = len(text.splitlines())
        else:
            count = fill_in(sheet, values, rounding, path)
        one.handed[id] = Handed(id, slip, form, path=str(path), answers=count)
    return one


def open_symbols(sheet: Path) -> set[str]:
    """The symbols that a sheet asks for."""
    page = openpyxl.load_workbook(sheet)["Practice"]
    return {
        str(row[1].value)
        for row in page.iter_rows()
        if any(not cell.protection.locked for cell in row)
    }


def open_cells(sheet: Path) -> list[str]:
    page = openpyxl.load_workbook(sheet)["Practice"]
    return [c.coordinate for row in page.iter_rows() for c in row if not c.protection.locked]


def copy_answers(source: Path, sheet: Path, to: Path) -> None:
    """Somebody's answers in another's sheet."""
    page = openpyxl.load_workbook(source)["Practice"]
    book = to_fill_in(sheet.read_bytes())
    own = book["Practice"]
    for cell in open_cells(sheet):
        own[cell].value = page[cell].value
    book.save(to)


def zipped(folder: Path, to: Path) -> Path:
    """A folder as a platform gives it out."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                package.write(path, path.relative_to(folder).as_posix())
    return to


def gradebook(report: Path) -> dict[str, dict[str, str]]:
    """The rows of a gradebook by id; those that are nobody's by their file."""
    with (report / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"] or row["file"]: row for row in csv.DictReader(file)}
