"""The notebooks of the examples, and the page about gradient checks, give what they show."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
from typing import Any

import pytest

import cellcalc
from tests.support.oracles import module
from tests.support.paths import ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
PAGE = (ROOT / "docs" / "gradient-check.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", PAGE, re.S)


def runner() -> Any:
    """docs/notebooks.py, which is a program and in no package."""
    place = importlib.util.spec_from_file_location("notebooks", ROOT / "docs" / "notebooks.py")
    assert place is not None and place.loader is not None
    made = importlib.util.module_from_spec(place)
    place.loader.exec_module(made)
    return made


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
@pytest.mark.cases(1)
def test_a_notebook_gives_the_outputs_that_are_in_it(path: Any) -> None:
    pytest.importorskip("matplotlib")
    notebooks = runner()
    there = json.loads(path.read_text(encoding="utf-8"))
    assert notebooks.compared(notebooks.run(there)) == notebooks.compared(there)
    assert sum(len(cell.get("outputs", ())) for cell in there["cells"]) >= 5


def test_there_are_three_notebooks() -> None:
    assert {path.stem for path in NOTEBOOKS} == {"first_look", "gradient_check", "truncation"}
    assert all(path.stat().st_size < 400_000 for path in NOTEBOOKS)


def printed_by(code: str, names: dict[str, Any]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return printed.getvalue()


def test_its_loop_in_pytorch_does_what_it_says() -> None:
    module("torch")
    ((code, output),) = (block for block in BLOCKS if "import torch" in block[0])
    assert printed_by(code, {"cellcalc": cellcalc}) == output


def test_the_page_about_gradient_checks_does_what_it_says() -> None:
    """Its first block is what one writes oneself; those after it are run, one after the other."""
    names: dict[str, Any] = {"cellcalc": cellcalc}
    blocks = [block for block in BLOCKS if "import torch" not in block[0]]
    assert len(blocks) == 7
    for code, output in blocks[1:]:
        assert printed_by(code, names) == output
    exec(blocks[0][0].replace("print(report)", ""), names)
    assert names["report"].ok
    for words in ("tanh was taken at the function's value", "carousel path", "hₜ for hₜ₋₁"):
        assert words in PAGE
