"""How the code is laid out: which package may import which, and what is a module of its own."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.paths import ROOT

# From the ground up. A package imports only what stands in a line above its own here.
ORDER = [
    ("records",),
    ("errors",),
    ("files", "archives"),
    ("resources", "toml"),
    ("language", "xlsx"),
    ("problems",),
    ("model",),
    ("engine",),
    ("studies", "scripts"),
    ("views",),
    ("workbook", "check"),
    ("classroom",),
    ("api",),
    ("cli",),
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}

# Names that stand in several packages, because these do something with the same subject: where,
# and what each does.
SAME_SUBJECT = {
    "compare": {
        "studies": "schemes are compared",
        "views": "the comparison is shown",
        "cli": "the command",
    },
    "derivation": {"model": "the backward pass is derived", "views": "it is written out"},
    "experiment": {
        "studies": "it is run",
        "views": "its results are shown",
        "workbook": "its results are a workbook",
        "cli": "the command",
    },
    "explain": {"check": "wrong answers are explained", "cli": "the command"},
    "export": {"views": "traces for other programs", "cli": "the command for scripts"},
    "flow": {
        "studies": "the gradient is followed",
        "views": "where it goes is drawn",
        "cli": "the command",
    },
    "practice": {"workbook": "a sheet to fill in", "cli": "the command that asks"},
    "schedule": {"engine": "windows are planned", "views": "they are drawn", "cli": "the command"},
    "table": {"views": "it is printed", "cli": "the command"},
    "templates": {"problems": "they are read", "cli": "the command that lists them"},
}


@cache
def modules() -> dict[str, ast.Module]:
    """The syntax tree of every module, by its dotted name; a package has that of its __init__."""
    found = {}
    for path in sorted((ROOT / "cellcalc").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """What is imported of cellcalc, wherever it stands: ``cellcalc.errors.InputError``."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: expected an absolute import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            texts = [part for argument in node.args for part in ast.walk(argument)]
            names = [str(t.value).rstrip(".") for t in texts if isinstance(t, ast.Constant)]
        yield from (name for name in names if name.split(".")[0] == "cellcalc")


def module_of(name: str) -> str:
    """The module that an imported name is, or is in."""
    while name not in modules():
        name = name.rpartition(".")[0]
    return name


def package_of(module: str) -> str:
    """What stands right below cellcalc: ``workbook`` for cellcalc.workbook.sheets.bptt."""
    return f"{module}.".split(".")[1]


def is_package(module: str) -> bool:
    return any(name.startswith(f"{module}.") for name in modules())


@pytest.mark.parametrize(
    "line",
    [
        "from cellcalc.views import table",
        "from cellcalc.views.table import (\n    render,\n)",
        "def late():\n    from cellcalc.views import table",
        "if TYPE_CHECKING:\n    import cellcalc.views.table",
        "import cellcalc.views.table as shown",
        "import_module('cellcalc.views.table')",
        "import_module(f'cellcalc.views.table.{name}')",
    ],
)
def test_an_import_is_seen_however_it_is_written(line: str) -> None:
    (name,) = imported(ast.parse(line))
    assert module_of(name) == "cellcalc.views.table"


def test_a_package_imports_only_packages_below_it() -> None:
    wrong = []
    for module, tree in modules().items():
        own = package_of(module)
        if not own or own == "__main__":  # the door, which loads what is asked for
            continue
        assert own in RANK, f"{own} has no place in the order"
        for name in imported(tree):
            other = package_of(module_of(name))
            if not other:  # the door itself: through it one would reach everything
                below = name == "cellcalc.__version__"
            else:
                below = other == own or RANK[other] < RANK[own]
            if not below:
                wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_few_modules_stand_outside_the_packages() -> None:
    assert len(list((ROOT / "cellcalc").glob("*.py"))) <= 14


def test_a_small_module_for_a_single_other_says_why_it_stands_alone() -> None:
    """Under 60 lines and one importer: it belongs there, or has a reason to be apart."""
    importers: dict[str, set[str]] = defaultdict(set)
    for module, tree in modules().items():
        for name in imported(tree):
            importers[module_of(name)].add(module)
    unsaid = []
    for module, tree in modules().items():
        parent = module.rpartition(".")[0]
        if is_package(module) or module == "cellcalc.__main__" or parent == "cellcalc.cli":
            continue
        text = (ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
        reason = re.search(r"\b(apart|alone|by itself)\b", ast.get_docstring(tree) or "", re.I)
        if len(importers[module]) <= 1 and len(text.splitlines()) < 60 and not reason:
            unsaid.append(module)
    assert unsaid == []


def test_a_name_stands_twice_only_for_one_subject() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in modules():
        if not is_package(module):
            places[module.rpartition(".")[2]].append(package_of(module))
    twice = {name: sorted(found) for name, found in places.items() if len(found) > 1}
    assert twice == {name: sorted(packages) for name, packages in SAME_SUBJECT.items()}


def test_nobody_elses_internals_are_used() -> None:
    """Names with an underscore belong to whoever wrote them: nothing of openpyxl's inside."""
    for module, tree in modules().items():
        own = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and _is_self(n.value)}
        own |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr):
                assert node.attr in own, f"{module}: {node.attr}"
            if isinstance(node, ast.ImportFrom) and node.module != "__future__":
                names = f"{node.module}.{'.'.join(alias.name for alias in node.names)}"
                outside = not names.startswith("cellcalc")
                assert not (outside and re.search(r"(^|\.)_", names)), f"{module}: {names}"


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")
