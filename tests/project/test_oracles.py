"""Where oracles are required, a test that skips one fails the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT


@pytest.mark.parametrize(
    ("reason", "required", "status"),
    [
        ("PyTorch is not installed", "1", 1),
        ("PyTorch is not installed", "0", 0),
        ("there is no peephole cell", "1", 0),
    ],
)
@pytest.mark.cases(1)
def test_a_skipped_oracle_fails_the_run_that_requires_it(
    reason: str, required: str, status: int, tmp_path: Path
) -> None:
    test = (
        f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n\ndef test_other(): pass\n"
    )
    (tmp_path / "test_skipping.py").write_text(test)
    environment = {**os.environ, "CELLCALC_REQUIRE_ORACLES": required, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", str(tmp_path)]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == status, result.stdout
    assert ("REQUIRED, but skipped: " in result.stdout) == bool(status)
