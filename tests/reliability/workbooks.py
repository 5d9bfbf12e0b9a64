"""Workbooks recalculated by two engines: of random problems, of every cell, of extreme numbers."""

from __future__ import annotations

import io
import math
import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import formualizer
import openpyxl

from cellcalc.api import Problem
from cellcalc.check.marking import mark
from cellcalc.check.practice_book import read_practice
from cellcalc.check.report import Verdict
from cellcalc.problems.specification import read_specification
from cellcalc.workbook.large_numbers import has_large
from tests.reliability import Missing, Outcome
from tests.reliability.numbers import (
    EDGES,
    READOUTS,
    SCHEMES,
    UPDATES,
    difference,
    drawn,
    drawn_cells,
)
from tests.support.cells import CELLS, random_cell
from tests.support.sheets import noisy
from tests.support.spreadsheets import (
    Values,
    book_of,
    by_formualizer,
    by_libreoffice,
    formula_cells,
    poisoned,
    read,
)

Books = list[tuple[str, bytes]]  # workbooks by name
LONG_NUMBERS = ("predictions of 1e13", "gradients of 1e40")


def by_formualizer_again(count: int, seed: int) -> Outcome:
    """Each formula cell of ``count`` workbooks, its stored value poisoned and recalculated."""
    generator, books = random.Random(seed), []
    for k in range(count):
        data = replace(
            drawn(generator, 5), bptt=generator.choice(SCHEMES), update=generator.choice(UPDATES)
        )
        books.append((str(k), book_of(data, () if k % 5 == 0 else ("BPTT",))))
    return _compared(books, _by_formualizer(books))


def every_cell(count: int, seed: int) -> Outcome:
    """The same for ``count`` problems, each of another cell and scheme, and for exercises."""
    books = []
    for k, data in enumerate(drawn_cells(count, seed)):
        data.target[k % 5] = math.nan if k % 3 else 0.5
        book = book_of(data, practice="all" if k % 2 else "")
        books.append((f"{k} {data.cell} {data.more}", book))
    return _compared(books, _by_formualizer(books))


def filled_in(count: int, seed: int) -> Outcome:
    """Exercises with the true values typed in: all right, on the sheet and for `cellcalc check`."""
    outcome, generator = Outcome(), random.Random(seed)
    for k, data in enumerate(drawn_cells(count, seed, epochs=False)):
        data.target[k % 5] = math.nan if k % 2 else 0.5
        trace = data.problem().run()
        given = book_of(trace, practice=generator.choice(["all", "backward", "forward"]))
        stored, book = read(given), openpyxl.load_workbook(io.BytesIO(given))
        live, sheet = formualizer.load_workbook_bytes(given), book["Practice"]
        answers = [c for row in sheet.iter_rows(min_row=5) for c in row if not c.protection.locked]
        for cell in answers:
            value = float(f"{stored['BPTT', cell.coordinate]:.5g}")
            cell.value = value
            live.set_value("Practice", cell.row, cell.column, value)
        live.evaluate_all()
        filled = io.BytesIO()
        book.save(filled)
        exercise = read_practice(filled.getvalue(), "exercise")
        report = exercise.judged(mark(trace, exercise.entries(trace)), trace)
        right = [marked.verdict is Verdict.CORRECT for marked in report.marked]
        told = live.get_value("Practice", 2, 5)
        fine = told == f"{len(answers)} / {len(answers)}" and right == [True] * len(answers)
        outcome.tried += len(answers) - 1
        outcome.expect(fine, f"{data.cell} {data.more}: {told}, {sum(right)} of {len(right)}")
    return outcome


def _by_formualizer(books: Books) -> dict[str, Values]:
    return {name: by_formualizer(poisoned(book), formula_cells(book)) for name, book in books}


def _compared(books: Books, again: Mapping[str, Values]) -> Outcome:
    """Each formula cell as it is stored, and as an engine computes it: no error, and the same."""
    outcome, largest = Outcome(), 0.0
    for name, book in books:
        stored, computed = read(book), again[name]
        noise = noisy(stored)
        for cell in formula_cells(book):
            a, b = stored.get(cell), computed.get(cell)
            fine = not _is_error(a) and not _is_error(b)
            if fine and cell[0] == "Checks" and cell[1].startswith("B"):
                continue  # what rounding leaves; column D says whether it is too much
            if fine and cell in noise:
                continue  # differences of nearly equal numbers
            if isinstance(a, float | int) and isinstance(b, float | int) and fine:
                off = difference(float(b), float(a))
                largest = max(largest, off)
                fine = off < 1e-9
            elif fine:
                fine = (a or "") == (b or "")
            outcome.expect(fine, f"{name}: {cell} stored {a!r}, recalculated {b!r}")
    outcome.note = f"largest difference {largest:.0e}"
    return outcome


def edge_workbooks(count: int, _: int) -> Outcome:
    """Workbooks of finite input: no error value, stored or recalculated, and both the same."""
    books = _edge_books(count)
    return _compared(books, _by_formualizer(books))


def edge_workbooks_in_libreoffice(count: int, _: int) -> Outcome:
    """The same, recalculated by LibreOffice, whose power function knows no number below 1e-308."""
    return _in_libreoffice(_edge_books(count))


def every_size(count: int, seed: int) -> Outcome:
    """Problems with some numbers made as large or as small as floats are."""
    books = list(_of_every_size(count, seed))
    return _compared(books, _by_formualizer(books))


def every_size_in_libreoffice(count: int, seed: int) -> Outcome:
    """The same, recalculated by LibreOffice."""
    return _in_libreoffice(list(_of_every_size(count, seed)))


def _of_every_size(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    generator = random.Random(seed)

    def scaled(value: Any) -> Any:
        if isinstance(value, list):
            return [scaled(v) for v in value]
        return value * 10.0 ** generator.choice(POWERS) if generator.random() < 0.1 else value

    for k, data in enumerate(drawn_cells(count, seed)):
        parameters = {name: scaled(value) for name, value in data.parameters.items()}
        target = data.target if data.loss == "cross-entropy" else scaled(data.target)
        moved = replace(data, parameters=parameters, x=scaled(data.x), target=target)
        yield f"{k} {data.cell}", book_of(moved)


def _in_libreoffice(books: Books) -> Outcome:
    soffice = shutil.which("soffice")
    if soffice is None:
        raise Missing("LibreOffice")
    given = {str(k): poisoned(book) for k, (_, book) in enumerate(books)}
    with TemporaryDirectory() as folder:
        done = by_libreoffice(soffice, given, Path(folder))
    return _compared(books, {name: read(done[str(k)]) for k, (name, _) in enumerate(books)})


def _edge_books(count: int) -> Books:
    """The workbook of each edge, and (where its numbers are not too large) the exercise."""
    finite = [(name, text) for name, (text, _) in EDGES.items()]
    books = []
    for name, text in finite[:: len(finite) // min(count, len(finite))]:
        trace = Problem.of(read_specification(text, "edge.toml", Path())).run()
        # The hints of an exercise write numbers out, of which engines know 15 to 17 digits.
        written_out = not has_large(trace) and name not in LONG_NUMBERS
        for practice in ("", "all") if written_out else ("",):
            books.append((f"{name} {practice}", book_of(trace, practice=practice)))
    return books


POWERS = [307, 200, 155, 99, 50, 10, -10, -100, -155, -300, -310, -320]
TYPED = [1e6, -1e6, 1000.0, -1000.0, 1.0, -0.5, 1e-300, 0.0]
TRAINED = ["", '[update]\noptimizer = "adam"', "[bptt]\nclip_norm = 1.0\nscheme = 'tbptt(1,2)'"]


def typed(count: int, seed: int) -> Outcome:
    """Extremes that its blue cells take, typed into ``count`` workbooks, each of another cell."""
    outcome, generator = Outcome(), random.Random(seed)
    for k in range(count):
        cell, (readout, loss) = CELLS[7 * k % len(CELLS)], generator.choice(READOUTS)
        data = random_cell(
            cell, generator.randrange(10**9), 2, 3, readout, loss, generator.choice(TRAINED)
        )
        book = book_of(data)
        sheet = openpyxl.load_workbook(io.BytesIO(book))["BPTT"]
        edits: dict[str, float | None] = {}
        for rule in sheet.data_validations.dataValidation:
            if rule.type != "decimal":  # a choice
                continue
            low, high = float(rule.formula1), float(rule.formula2)
            values = [low, high, *(value for value in TYPED if low < value < high)]
            for row, column in chain(*(r.cells for r in rule.sqref.ranges)):
                if generator.random() < 0.8:
                    edits[sheet.cell(row, column).coordinate] = generator.choice(values)
        cells = formula_cells(book)
        for place, value in by_formualizer(poisoned(book, edits), cells).items():
            outcome.expect(not _is_error(value), f"{cell}: {place} {value!r} after {edits}")
    return outcome


def _is_error(value: object) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return True
    return isinstance(value, str) and value.startswith("#")


def reproducible(count: int, seed: int) -> Outcome:
    """The same problem gives the same bytes."""
    outcome, generator = Outcome(), random.Random(seed)
    for _ in range(count):
        data = replace(drawn(generator, 3), bptt=generator.choice(SCHEMES))
        first, second = (book_of(data, practice="all") for _ in range(2))
        outcome.expect(first == second, "other bytes")
    return outcome
