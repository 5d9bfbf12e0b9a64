"""The parts of the fidelity run: each finds its kind of fault, and nothing in a sound workbook."""

import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

import cellcalc
from tests.fidelity import lint, schema
from tests.fidelity.books import QUICK, Wanted, books, drawn, edited, workbook
from tests.fidelity.engines import formualizer
from tests.fidelity.faults import ENGINES, FAULTS, LINT, SCHEMA, Fault, planted
from tests.fidelity.run import differences, same
from tests.support.paths import ROOT
from tests.support.spreadsheets import poisoned


@pytest.fixture(scope="module")
def sound() -> bytes:
    return workbook(cellcalc.load("gomez"))


def test_sound_workbook_has_no_complaint(sound: bytes) -> None:
    assert list(lint.complaints(sound)) == []
    assert list(schema.complaints(sound)) == []


@pytest.mark.parametrize("fault", [one for one in FAULTS if one.by == LINT], ids=lambda f: f.name)
def test_lint_finds_each_planted_fault(sound: bytes, fault: Fault) -> None:
    assert list(lint.complaints(planted(sound, fault)))


@pytest.mark.parametrize("fault", [one for one in FAULTS if one.by == SCHEMA], ids=lambda f: f.name)
def test_schema_finds_each_planted_fault(sound: bytes, fault: Fault) -> None:
    assert list(schema.complaints(planted(sound, fault)))


@pytest.mark.parametrize(
    "fault", [one for one in FAULTS if one.by == ENGINES], ids=lambda f: f.name
)
@pytest.mark.cases(1)
def test_engine_finds_each_planted_fault(sound: bytes, fault: Fault) -> None:
    faulty = planted(sound, fault)
    assert differences(faulty, formualizer({"": faulty})[""], texts=False)


def test_edited_cells_give_the_workbook_of_the_edited_problem() -> None:
    problem = cellcalc.loads(drawn("lstm", 2, 4, "[bptt]\nk1 = 2\nk2 = 3\n"))
    edits, expected = edited(problem)
    given = poisoned(workbook(problem, QUICK), edits)
    found = formualizer({"": given})[""]
    assert differences(expected, found, False, ("BPTT",)) == []
    unedited = formualizer({"": poisoned(workbook(problem, QUICK))})[""]
    assert differences(expected, unedited, False, ("BPTT",))


def test_workbooks_are_many_and_of_every_kind() -> None:
    wanted = list(books())
    names = [one.name for one in wanted]
    assert len(set(names)) == len(names) > 60
    for kind in (
        "cell lstm",
        "optimizer adam",
        "500 inputs",
        "1,100 windows",
        "flow",
        "experiment",
    ):
        assert kind in names


@pytest.mark.parametrize("name", ["names", "title '=1+1'", "title '_x0041_ and '", "forward only"])
@pytest.mark.cases(1)
def test_odd_workbooks_have_no_complaint(name: str) -> None:
    wanted: Wanted = next(one for one in books() if one.name == name)
    book = wanted.make()
    assert list(lint.complaints(book)) == list(schema.complaints(book)) == []


def test_same_is_neither_too_strict_nor_too_mild() -> None:
    assert same(0.1 + 0.2, 0.3, True) and not same(0.3001, 0.3, True)
    assert same("", None, True) and same("a\r\n", "a\n", True)
    assert not same("#NUM!", "a", False) and not same(0.0, "a", False)
    assert same("a", "b", False) and not same("a", "b", True)


def test_script_for_excel_compares_what_was_saved(tmp_path: Path, sound: bytes) -> None:
    made, saved = tmp_path / "made", tmp_path / "saved"
    made.mkdir()
    saved.mkdir()
    (made / "gomez.xlsx").write_bytes(sound)
    (saved / "gomez.xlsx").write_bytes(sound)
    script = [sys.executable, str(ROOT / "tools" / "excel" / "compare.py"), str(made), str(saved)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.endswith("formula cells, 0 differ\n")
    book = openpyxl.load_workbook(saved / "gomez.xlsx", data_only=True)
    book["BPTT"]["F20"].value = 5.0
    book.save(saved / "gomez.xlsx")
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "BPTT!F20" in done.stdout
