"""The reference of the library is what the docstrings say."""

from __future__ import annotations

import subprocess
import sys

import cellcalc
from tests.support.paths import ROOT


def test_the_page_is_as_the_docstrings_are() -> None:
    command = [sys.executable, "docs/api.py", "--check"]
    done = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_in_it() -> None:
    page = (ROOT / "docs/library.md").read_text(encoding="utf-8")
    for name in cellcalc.__all__:
        assert f"## {name}\n" in page or f"- `{name}`" in page, name
