"""A class may be made with another scheme than the problem has, and more epochs."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.support.command import Run


def test_the_options_of_the_scheme_are_those_of_every_variant(run: Run, tmp_path: Path) -> None:
    options = ["--scheme", "block(2)", "--reduction", "mean", "--epochs", "2"]
    made = run("class", "make", "gomez", "--count", "1", *options, "-o", tmp_path / "made")
    assert made.exit_code == 0, made.output
    key = tomllib.loads((tmp_path / "made" / "key" / "s001.toml").read_text())
    assert key["bptt"] == {"scheme": "block(2)", "reduction": "mean"}
    assert key["update"]["epochs"] == 2
