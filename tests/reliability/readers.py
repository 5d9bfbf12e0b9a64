"""What reads each kind of input, as a function of its bytes that raises CellcalcError at most.

A row for each kind; the corpus of the coverage-guided fuzzer has a folder for each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from cellcalc import toml
from cellcalc.errors import CellcalcError
from cellcalc.language.notation import LANGUAGE, UNICODE, Latex
from cellcalc.language.parser import parse
from cellcalc.language.tree import symbols
from cellcalc.problems import templates
from cellcalc.problems.schemes import named_scheme
from cellcalc.problems.specification import read_specification
from cellcalc.xlsx import reader


def _problem(contents: bytes) -> None:
    read_specification(toml.decode(contents, "p.toml"), "p.toml", Path("nowhere"))


def _template(contents: bytes) -> None:
    with TemporaryDirectory() as place:
        path = Path(place) / "c.toml"
        path.write_bytes(contents)
        templates.load("cells", str(path))


def _csv(contents: bytes) -> None:
    with TemporaryDirectory() as place:
        (Path(place) / "s.csv").write_bytes(contents)
        text = '[parameters]\nrandom = {seed = 1}\n[[sequence]]\ncsv = "s.csv"\n'
        read_specification(text, "p.toml", Path(place))


def _formula(contents: bytes) -> None:
    tree = parse(contents.decode(errors="replace"))
    for write in (LANGUAGE, UNICODE, Latex()):
        write(tree)
    assert parse(LANGUAGE(tree)) == tree
    list(symbols(tree))


def _scheme(contents: bytes) -> None:
    named_scheme(contents.decode(errors="replace"))


def _workbook(contents: bytes) -> None:
    reader.read_cells(contents)


READERS: dict[str, Callable[[bytes], None]] = {
    "problems": _problem,
    "templates": _template,
    "csv": _csv,
    "formulas": _formula,
    "schemes": _scheme,
    "workbooks": _workbook,
}


def read(kind: str, contents: bytes) -> bool:
    """Whether the input is sound; anything but CellcalcError comes through."""
    try:
        READERS[kind](contents)
    except CellcalcError:
        return False
    return True
