"""No pattern of the reader takes long for a text that repeats itself and then does not match."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from itertools import product

import pytest

import cellcalc.check.reading as package

MODULES = [one.name for one in pkgutil.iter_modules(package.__path__)]
PIECES = ["9", " ", "a", "-", "_", "_a", "a_1", "| ", "1, ", "x=", "[0]", "{a}", "c1", "dc", "= "]
PIECES += ["1.", "t ", "\t", "(a", "a)", "\\a", "^2", "₁", "a.b", "+ ", "* ", "'a'", ", ", "c_1 "]


@pytest.mark.cases(3)
@pytest.mark.parametrize("module", MODULES)
def test_no_pattern_takes_long(module: str) -> None:
    own = vars(importlib.import_module(f"{package.__name__}.{module}"))
    patterns = {name: one for name, one in own.items() if isinstance(one, re.Pattern)}
    for name, pattern in patterns.items():
        if isinstance(pattern.pattern, bytes):
            continue
        for start, piece in product(("", "c", "d_c = "), PIECES):
            text = start + piece * (48 // len(piece)) + "\x00"
            started = time.process_time()
            pattern.fullmatch(text)
            pattern.search(text)
            assert time.process_time() - started < 0.5, (name, start, piece)
