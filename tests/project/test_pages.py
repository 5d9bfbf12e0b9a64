"""What the README and the pages of docs/ show is what comes out, and nothing links to nowhere."""

from __future__ import annotations

import cmath
import contextlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

import cellcalc
from cellcalc import resources
from cellcalc.cli import main
from cellcalc.problems.schemes import forms
from cellcalc.problems.specification import read_specification
from tests.support import pages
from tests.support.oracles import module
from tests.support.paths import ROOT

DOCS = ROOT / "docs"
NAMES = [str(page.relative_to(ROOT)) for page in pages.PAGES]

# Signatures stand on the first; the blocks of the second are run in their own order elsewhere.
PROGRAMS = sorted({*NAMES} - {"docs/library.md", "docs/gradient-check.md"})


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def folder_of(text: str, folder: Path) -> Path:
    for name, contents in pages.files(text).items():
        (folder / name).write_text(contents, encoding="utf-8")
    return folder


@pytest.mark.cases(100)
@pytest.mark.parametrize("name", [n for n in NAMES if pages.sessions(text_of(n))])
def test_commands_show_what_the_page_shows(name: str, tmp_path: Path) -> None:
    text = text_of(name)
    folder = folder_of(text, tmp_path)
    for session in pages.sessions(text):
        got = pages.printed(session.command, folder)
        if not pages.matches(session.shown, got):
            assert got == session.shown, session.command


@pytest.mark.cases(100)
@pytest.mark.parametrize("name", [n for n in PROGRAMS if pages.program(text_of(n))])
def test_programs_run(name: str, tmp_path: Path) -> None:
    text = text_of(name)
    source = pages.program(text)
    for needed in ("matplotlib", "torch", "keras", "pandas"):
        if re.search(rf"^\s*(?:import|from) {needed}\b", source, re.M):
            module(needed)
    with contextlib.chdir(folder_of(text, tmp_path)):
        exec(compile(source, name, "exec"), {"__name__": name, "cellcalc": cellcalc})


@pytest.mark.cases(100)
@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_links_to_is_there(name: str) -> None:
    text = text_of(name)
    for link in pages.links(text):
        target, _, anchor = link.partition("#")
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), link
        if anchor and path.suffix == ".md":
            assert anchor in pages.anchors(path.read_text(encoding="utf-8")), link


@pytest.mark.cases(100)
@pytest.mark.parametrize("name", NAMES)
def test_the_commands_and_options_that_a_page_speaks_of_exist(name: str) -> None:
    for words in pages.spoken(text_of(name)):
        command: click.Command = main
        rest = list(words)
        while rest and isinstance(command, click.Group):
            if rest[0] in ("COMMAND", "--help", "--version", "-h") or not rest[0].islower():
                break
            assert rest[0] in command.commands, f"{name}: cellcalc {' '.join(words)}"
            command = command.commands[rest.pop(0)]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help", "-h"}
        for word in rest:
            option = word.split("=")[0].strip("[](),.;")
            if option.startswith("--"):
                assert option in known, f"{name}: cellcalc {' '.join(words)}: {option}"


def test_the_readme_is_one_page() -> None:
    assert len(text_of("README.md").encode()) <= 8000


def test_every_page_is_in_the_site_and_none_else() -> None:
    listed = set(re.findall(r": (\S+\.md)$", text_of("mkdocs.yml"), re.M))
    there = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    assert listed == there


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


def test_generated_pages_are_what_the_program_says() -> None:
    made = builder().pages()
    assert made
    for place, text in made.items():
        assert (DOCS / place).read_text(encoding="utf-8") == text, "run python docs/build.py"


def test_every_command_is_on_a_page() -> None:
    text = text_of("docs/command-line.md")
    for name in main.commands:
        assert f"## cellcalc {name}\n" in text


def test_the_problem_file_is_valid() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", text_of("docs/problem-files.md"), re.S)
    (text,) = (block for block in blocks if block.startswith("title"))
    specification = read_specification(text, "page.toml", Path())
    assert specification.parameters["W_f2"] == 0.45


def test_the_readmes_library_gives_what_its_comments_say() -> None:
    names: dict[str, object] = {}
    exec(pages.program(text_of("README.md")), names)
    trace = names["t"]
    assert isinstance(trace, cellcalc.Trace)
    assert trace["dc"].shape == (2,)
    assert round(trace["dc"][-1], 5) == -0.07111  # Gomez's δstate of his last step
    assert trace.gradients["dW_f1"] == pytest.approx(trace["dW_f1"].sum(), rel=1e-14)


def test_every_cell_and_its_example_are_in_the_table() -> None:
    page = text_of("docs/cells.md")
    table = page[page.index("| cell | what it is | example |") :].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    listed = {name for cells, *_ in rows for name in re.findall(r"`(.*?)`", cells)}
    assert listed == set(resources.names("templates/cells"))
    for cells, _, examples in rows:
        for example in re.findall(r"`(.*?)`", examples):
            assert cellcalc.load(example).specification.cell.name in re.findall(r"`(.*?)`", cells)


def test_the_cell_of_ones_own_is_right(tmp_path: Path) -> None:
    folder_of(text_of("docs/cells.md"), tmp_path)
    gradients = cellcalc.load(tmp_path / "mgu_problem.toml").run().gradients
    p = {"W_f": 0.5, "U_f": 0.3, "b_f": 0.1, "W_g": 0.9, "U_g": 0.7, "b_g": -0.05, "h0": 0.2}
    for name in p:
        slope = _minimal_gated_unit({**p, name: p[name] + 1e-100j}).imag / 1e-100
        assert gradients[f"d{name}"] == pytest.approx(slope, rel=1e-13)


def _minimal_gated_unit(p: dict[str, complex]) -> complex:
    """The loss of the page's problem, by hand."""
    h, loss = p["h0"], 0j
    for x, target in ((1, 0.3), (-0.5, -0.1), (0.75, 0.4)):
        f = 1 / (1 + cmath.exp(-(p["W_f"] * x + p["U_f"] * h + p["b_f"])))
        h = (1 - f) * h + f * cmath.tanh(p["W_g"] * x + p["U_g"] * f * h + p["b_g"])
        loss += (h - target) ** 2 / 2
    return loss


def test_every_named_scheme_is_on_its_page() -> None:
    page = text_of("docs/schemes.md")
    assert [form for form in forms() if f"`{form}`" not in page] == []


def test_the_table_of_measurements_is_that_of_the_last_run() -> None:
    assert text_of("benchmarks/results.md").strip() in text_of("docs/speed.md")


def test_what_is_left_out_may_be_anything_and_the_rest_may_not() -> None:
    assert pages.matches("a\n…\nd\n", "a\nb\nc\nd\n")
    assert pages.matches("…\nd\n", "d\n")
    assert not pages.matches("a\n…\nd\n", "a\nb\nc\n")
    assert not pages.matches("a\n", "a\nb\n")
