"""What is shipped, what is imported, what is documented."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import cellcalc
from cellcalc.cli import main
from tests.support.command import Run
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


def test_run_time_dependencies_are_exactly_these_four() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=!~ ]", dependency)[0] for dependency in project["dependencies"]}
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


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_helps_itself(command: list[str], flag: str, run: Run) -> None:
    result = run(*command, flag)
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in main.commands:
        assert f"cellcalc {name}" in readme


def test_an_unknown_command_suggests_the_nearest(run: Run) -> None:
    result = run("tabel", "gomez")
    assert result.exit_code == 2
    assert "found 'tabel'; did you mean table?" in result.stderr


def test_the_public_names_are_there() -> None:
    for name in cellcalc.__all__:
        assert getattr(cellcalc, name).__doc__
    assert set(cellcalc.__all__) <= set(dir(cellcalc))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cellcalc.nothing  # noqa: B018


def test_a_module_has_one_job() -> None:
    """About 300 lines at most: what grows beyond it is split by what it does."""
    for path in (ROOT / "cellcalc").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 320, path.name


def test_no_module_imports_one_to_its_right() -> None:
    """Data runs one way: problem and templates, model, schedule, engine, trace, views, command."""
    order = [
        "errors", "expression", "numeric", "functions", "parser", "calculus", "notation",
        "elementwise", "resources", "wording", "markup", "reading", "topics", "sheetxml",
        "safebook", "spelling", "symbolism", "authors",
        "templates", "schemes", "schedule", "updates",
        "series", "tasks", "arrays", "layouts", "weights", "problem",
        "model", "limits", "derivation", "bare", "catalogue", "legend", "plain",
        "problemfile", "handwork", "source", "kernel", "compiled", "late", "fast", "trace", "sweep",
        "lookup", "updater", "engine", "batch", "experiment", "flow", "figures", "grids", "table",
        "picture", "flowtext", "results", "compare",
        "export", "explain", "script", "dialect", "frameworks", "derive", "check", "workbook",
        "api", "lessons", "topicpage", "files", "cli",
    ]  # fmt: skip
    seen = set()
    for path in (ROOT / "cellcalc").rglob("*.py"):
        module = path.stem if path.parent.name == "cellcalc" else path.parent.name
        if module in ("__init__", "__main__"):
            continue
        seen.add(module)
        for package, names in re.findall(
            r"^from (cellcalc[.\w]*) import ([\w, ]+)", path.read_text(encoding="utf-8"), re.M
        ):
            used = [package.split(".")[1]] if "." in package else re.findall(r"\w+", names)
            for name in used:
                if name in order and name != module:
                    left, right = order.index(name), order.index(module)
                    assert left < right, f"{module} imports {name}"
    assert seen == set(order)


def test_nobody_elses_internals_are_used() -> None:
    """Names with an underscore belong to whoever wrote them: nothing of openpyxl's inside."""
    for path in (ROOT / "cellcalc").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and _is_self(n.value)}
        own |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr):
                assert node.attr in own, f"{path.name}: {node.attr}"
            if isinstance(node, ast.ImportFrom) and node.module != "__future__":
                names = f"{node.module}.{'.'.join(alias.name for alias in node.names)}"
                outside = not names.startswith("cellcalc")
                assert not (outside and re.search(r"(^|\.)_", names)), f"{path.name}: {names}"


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")
