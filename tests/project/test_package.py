"""What is shipped, what is imported, what is documented."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import cellcalc
from tests.support.oracles import REQUIRED
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "-w",
        str(folder),
        str(ROOT),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode and not REQUIRED:
        pytest.skip(f"no wheel could be built here: {result.stderr.strip()[-200:]}")
    assert result.returncode == 0, result.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_package_templates_and_examples(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as package:
        names = {name for name in package.namelist() if ".dist-info/" not in name}
        (metadata,) = (n for n in package.namelist() if n.endswith("METADATA"))
        text = package.read(metadata).decode()
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "cellcalc").rglob("*")
        if path.suffix in (".py", ".typed")
    }
    for folder in ("templates", "examples"):
        expected |= {
            f"cellcalc/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file()
        }
    assert names == expected
    assert "cellcalc/py.typed" in names and "cellcalc/examples/gomez.toml" in names
    assert f"Version: {cellcalc.__version__}\n" in text


def test_the_wheel_runs_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as package:
        package.extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "cellcalc", "table", "gomez", "--symbols", "c"]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert "c    0.00000  0.78573  1.51763" in result.stdout


def test_one_version_stands_everywhere() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    cited = re.search(r"^version: (\S+)", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert headings[0] == cellcalc.__version__
    assert cited is not None and cited[1] == cellcalc.__version__


def test_the_classifiers_name_versions_that_ci_looks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {m[1] for c in project["classifiers"] if (m := re.search(r":: Python :: (3\.\d+)$", c))}
    looked_for = re.search(
        r"^for version in (.*); do$", (ROOT / ".ci/run").read_text("utf-8"), re.M
    )
    assert named and looked_for is not None and named <= set(looked_for[1].split())
    assert project["requires-python"] == f">={min(named, key=lambda v: int(v[2:]))}"


def test_run_time_dependencies_are_exactly_these_four() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=!~ \[]", dependency)[0] for dependency in project["dependencies"]}
    assert names == {"openpyxl", "numpy", "click", "tabulate"}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], ["openpyxl", "numpy", "tabulate", "cellcalc.engine.run"]),
        (["table", "gomez"], ["openpyxl", "numpy"]),
        (["table", "gomez", "--explain"], ["openpyxl", "numpy", "tabulate"]),
        (["table", "gomez", "--format", "json"], ["openpyxl", "numpy", "tabulate"]),
        (["derive", "gomez"], ["openpyxl", "numpy", "tabulate"]),
        (["explain", "tbptt"], ["openpyxl", "numpy", "tabulate"]),
        (["export", "gomez", "--to", "pytorch"], ["openpyxl", "numpy", "tabulate", "torch"]),
    ],
)
@pytest.mark.cases(3)
def test_a_command_imports_only_what_it_uses(arguments: list[str], absent: list[str]) -> None:
    code = f"""
import sys
from cellcalc.cli import main
try:
    main({arguments!r}, prog_name="cellcalc")
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(result.stderr.split())
    assert "cellcalc.cli" in loaded
    assert not loaded & set(absent)


def test_the_module_runs_like_the_command() -> None:
    command = [sys.executable, "-m", "cellcalc", "--version"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == f"cellcalc, version {cellcalc.__version__}\n"
