"""Engines that recalculate a workbook, each as a function from files to values.

An engine that is not installed is left out, with the reason. Those whose ``texts`` are compared
round and write numbers as Excel does; of the others only numbers are.
"""

from __future__ import annotations

import importlib
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl

from tests.reliability import Missing
from tests.support.spreadsheets import Values, by_formualizer, by_libreoffice, formula_cells, read

Books = Mapping[str, bytes]
Results = dict[str, Values]


@dataclass(frozen=True)
class Engine:
    """``recalculate`` gives the values of the formula cells of each workbook."""

    name: str
    recalculate: Callable[[Books], Results]
    texts: bool = False


def module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Missing(f"{name} is not installed") from error


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


def titles(book: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        return re.findall(r'<sheet [^>]*name="([^"]*)"', package.read("xl/workbook.xml").decode())


def place(coordinate: str) -> tuple[int, int]:
    return openpyxl.utils.cell.coordinate_to_tuple(coordinate)


def formualizer(books: Books) -> Results:
    module("formualizer")
    return {name: by_formualizer(book, formula_cells(book)) for name, book in books.items()}


def ironcalc(books: Books) -> Results:
    engine = module("ironcalc")
    results = {}
    for name, book in books.items():
        with TemporaryDirectory() as folder:
            path = Path(folder) / "book.xlsx"
            path.write_bytes(book)
            model = engine.load_from_xlsx(str(path), "en", "UTC", "en")
        model.evaluate()
        order = {title: k for k, title in enumerate(titles(book))}
        results[name] = {
            (title, cell): model.get_cell_value(order[title], *place(cell))
            for title, cell in formula_cells(book)
        }
    return results


def cellrune(books: Books) -> Results:
    engine = module("cellrune")
    results = {}
    for name, book in books.items():
        opened = engine.Workbook.from_bytes(book)
        opened.recalculate()
        results[name] = read(opened.to_bytes())
        opened.close()
    return results


def formulon(books: Books) -> Results:
    engine = module("formulon")
    results = {}
    for name, book in books.items():
        with engine.Workbook.load(book) as opened:
            opened.recalc()
            order = {title: k for k, title in enumerate(titles(book))}
            values = {}
            for title, cell in formula_cells(book):
                row, column = place(cell)
                found = opened.get_value(order[title], row - 1, column - 1)
                values[title, cell] = found.to_python()
            results[name] = values
    return results


def betteroffice(books: Books) -> Results:
    engine = module("betteroffice_xlsx")
    results = {}
    for name, book in books.items():
        opened = engine.Workbook.open_recalculated(book)
        cells = formula_cells(book)
        results[name] = {(title, cell): opened.value(title, cell) for title, cell in cells}
    return results


def libreoffice(books: Books) -> Results:
    soffice = program("soffice")
    numbered = {str(k): book for k, book in enumerate(books.values())}
    with TemporaryDirectory() as folder:
        done = by_libreoffice(soffice, numbered, Path(folder))
    return {name: read(done[str(k)]) for k, name in enumerate(books)}


def gnumeric(books: Books) -> Results:
    ssconvert = program("ssconvert")
    results = {}
    with TemporaryDirectory() as folder:
        for name, book in books.items():
            source, target = Path(folder) / "in.xlsx", Path(folder) / "out.xlsx"
            source.write_bytes(book)
            command = [ssconvert, "--recalc", str(source), str(target)]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            results[name] = read(target.read_bytes())
    return results


ENGINES = [
    Engine("formualizer", formualizer),
    Engine("IronCalc", ironcalc),
    Engine("BetterOffice", betteroffice),
    Engine("cellrune", cellrune, texts=True),
    Engine("formulon", formulon, texts=True),
    Engine("Gnumeric", gnumeric, texts=True),
    Engine("LibreOffice", libreoffice, texts=True),
]
