"""Each script that is written for an example runs, and agrees with cellcalc's numbers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from cellcalc import api
from cellcalc.cli.export import FRAMEWORKS
from cellcalc.resources import names
from cellcalc.scripts.frameworks import script

# Runs each script as "python script.py", one after the other: its status and its last line.
DRIVER = """
import contextlib, io, json, runpy, sys
ended = {}
for path in sys.argv[1:]:
    sys.argv, stream, status = [path], io.StringIO(), 0
    with contextlib.redirect_stdout(stream):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as end:
            status = end.code or 0
    ended[path] = [status, stream.getvalue().splitlines()[-1]]
print(json.dumps(ended))
"""
MODULES = {"pytorch": "torch", "keras": "keras", "numpy": "numpy"}


@pytest.mark.parametrize("to", FRAMEWORKS)
@pytest.mark.cases(0)
def test_every_script_of_every_example_agrees(to: str, tmp_path: Path) -> None:
    for module in {MODULES[to], "torch" if to == "keras" else "numpy"}:
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    for name in names("examples"):
        problem = api.load(name)
        text = script(problem.specification, problem.model, to, trace=problem.run())
        (tmp_path / f"of_{name}.py").write_text(text, encoding="utf-8")
    paths = sorted(map(str, tmp_path.glob("of_*.py")))
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, *paths], capture_output=True, text=True, check=False,
        env={**environment, "KERAS_BACKEND": "torch"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    ended = json.loads(done.stdout.splitlines()[-1])
    assert len(ended) == len(paths) > 30
    for path, (status, last) in ended.items():
        agrees = re.fullmatch(r"largest difference (\S+) in \d+ numbers of cellcalc", last)
        assert status == 0 and agrees and float(agrees[1]) < 1e-12, (path, status, last)
