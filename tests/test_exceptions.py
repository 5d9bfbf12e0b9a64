"""The exceptions: one tree, exported, and their words those of the library."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import cellcalc
from cellcalc import errors
from cellcalc.errors import CellcalcError, unknown

PACKAGE = Path(cellcalc.__file__).parent
CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, Exception)]
ABOVE = ("cli", "check")  # the command line has options; check's messages are its own
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.relative_to(PACKAGE).parts[0] not in ABOVE)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_exception_is_exported_and_drawn(kind: type[Exception]) -> None:
    assert issubclass(kind, CellcalcError)
    assert kind.__name__ in cellcalc.__all__ and getattr(cellcalc, kind.__name__) is kind
    assert re.search(rf"── {kind.__name__} |^    {kind.__name__} ", errors.__doc__ or "", re.M)


def _texts(path: Path) -> list[str]:
    """The texts of a module, but for its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    constants = (n for n in ast.walk(tree) if isinstance(n, ast.Constant))
    return [n.value for n in constants if isinstance(n.value, str) and id(n) not in docstrings]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_below_the_command_line_knows_no_option(path: Path) -> None:
    assert not [text for text in _texts(path) if re.search(r"(?<![\w-])--[a-z]", text)]


def test_an_unknown_name_is_quoted_with_the_nearest() -> None:
    assert unknown("Wf", ["W_f", "U_f"]) == '"Wf"; did you mean W_f?'
    assert unknown("nothing like it", {"W_f": 1}) == '"nothing like it"'
    assert unknown(3, ["W_f"]) == "3" and unknown("", ["W_f"]) == "an empty text"
    assert len(unknown("x" * 10_000, ["W_f"])) < 60
    assert unknown("a\nb\x1b[31m", ["W_f"]) == '"a b [31m"'
