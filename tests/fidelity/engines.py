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
from functools import partial
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
    """``recalculate`` gives the values of the formula cells of each workbook.

    ``most`` is the largest sheet, in bytes of its part, that it takes, or does in bearable time.
    """

    name: str
    recalculate: Callable[[Books], Results]
    texts: bool = False
    distribution: str = ""
    most: int = 10**9


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


def size(book: bytes) -> int:
    """How large its largest part is, unpacked."""
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        return max(part.file_size for part in package.infolist())


def place(coordinate: str) -> tuple[int, int]:
    return openpyxl.utils.cell.coordinate_to_tuple(coordinate)


BROKEN = ("", "cannot be opened")  # in place of a cell: why not


def of_each(compute: Callable[[Any, bytes], Values], package: str, books: Books) -> Results:
    """An engine that takes one workbook after another; what it cannot open is told."""
    engine = module(package)
    results: Results = {}
    for name, book in books.items():
        try:
            results[name] = compute(engine, book)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a panic of Rust's is no Exception
            results[name] = {BROKEN: f"{type(error).__name__}: {error}"}
    return results


def _formualizer(_engine: Any, book: bytes) -> Values:
    return by_formualizer(book, formula_cells(book))


def _ironcalc(engine: Any, book: bytes) -> Values:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        path.write_bytes(book)
        model = engine.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    order = {title: k for k, title in enumerate(titles(book))}
    return {
        (title, cell): model.get_cell_value(order[title], *place(cell))
        for title, cell in formula_cells(book)
    }


def by_cellrune(engine: Any, book: bytes) -> Values:
    opened = engine.Workbook.from_bytes(book)
    try:
        opened.recalculate()
        return read(opened.to_bytes())
    finally:
        opened.close()


def _formulon(engine: Any, book: bytes, profile: str = "win-365-en_US") -> Values:
    values: Values = {}
    with engine.Workbook.load(book) as opened:
        opened.set_excel_profile_id(profile)
        opened.recalc()
        order = {title: k for k, title in enumerate(titles(book))}
        for title, cell in formula_cells(book):
            row, column = place(cell)
            found = opened.get_value(order[title], row - 1, column - 1)
            values[title, cell] = found.to_python()
    return values


def _betteroffice(engine: Any, book: bytes) -> Values:
    opened = engine.Workbook.open_recalculated(book)
    return {(title, cell): opened.value(title, cell) for title, cell in formula_cells(book)}


formualizer = partial(of_each, _formualizer, "formualizer")
ironcalc = partial(of_each, _ironcalc, "ironcalc")
cellrune = partial(of_each, by_cellrune, "cellrune")
formulon = partial(of_each, _formulon, "formulon")
german = partial(of_each, partial(_formulon, profile="win-365-de_DE"), "formulon")
betteroffice = partial(of_each, _betteroffice, "betteroffice_xlsx")


def libreoffice(books: Books) -> Results:
    soffice = program("soffice")
    with TemporaryDirectory() as folder:
        numbered = {str(k): book for k, book in enumerate(books.values())}
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
            subprocess.run(command, check=True, capture_output=True, timeout=600)
            results[name] = read(target.read_bytes())
    return results


ENGINES = [
    Engine("formualizer", formualizer),
    Engine("IronCalc", ironcalc),
    Engine("BetterOffice", betteroffice, distribution="betteroffice-xlsx", most=20_000_000),
    Engine("cellrune", cellrune, texts=True),
    Engine("formulon", formulon, texts=True),
    Engine("formulon, German", german, distribution="formulon"),  # its texts have decimal commas
    Engine("Gnumeric", gnumeric, texts=True),
    Engine("LibreOffice", libreoffice, texts=True),
]
