"""Variants and sheets: the numbers are good ones, the files the same again, no key in them."""

from __future__ import annotations

import io
import json
import math
import re
import tomllib
from functools import cache
from pathlib import Path

import openpyxl
import pytest

import cellcalc
from cellcalc import resources
from cellcalc.check.suggest import suggestion
from cellcalc.classroom.making import Made, make_class, write_class
from cellcalc.classroom.roster import numbered, read_roster
from cellcalc.classroom.variants import PARTS, Variants
from cellcalc.errors import OutputError
from cellcalc.problems.specification import Specification
from tests.support.command import Run
from tests.support.oracles import THOROUGH, sample

GATES = ("f", "i", "o")


def problem(name: str, **options: str) -> Specification:
    return cellcalc.load(name, **options).specification


@cache
def three(name: str) -> Made:
    """Three variants."""
    return make_class(problem(name), numbered(3), seed=5)


def keys(made: Made) -> dict[str, str]:
    found = {n: c.decode() for n, c in made.files.items() if n.startswith("key/")}
    return {name.removeprefix("key/").removesuffix(".toml"): text for name, text in found.items()}


@pytest.mark.parametrize("name", ["two_step", "gru_chung", "ten_steps"])
@pytest.mark.cases(1)
def test_numbers_are_few_digits_distinct_and_not_0(name: str) -> None:
    made = three(name)
    for text in keys(made).values():
        tables = tomllib.loads(text)
        parameters = [
            v for value in tables["parameters"].values()
            for v in (value if isinstance(value, list) else [value])
        ]  # fmt: skip
        start = list(tables["initial"].values())
        sizes = [abs(v) for v in (*parameters, *start)]
        assert len(set(sizes)) == len(sizes) and min(sizes) > 0
        (data,) = tables["sequence"]
        inputs = [v for row in data["x"] for v in (row if isinstance(row, list) else [row])]
        assert len({abs(v) for v in inputs}) == len(inputs) and all(inputs)
        targets = [v for v in data["target"] if not math.isnan(v)]
        assert len(set(targets)) == len(targets) and all(targets)
        for value in (*parameters, *start, *inputs, *targets):
            assert len(f"{abs(value):g}".replace(".", "").lstrip("0")) <= 2, value


@pytest.mark.parametrize("name", sample(["two_step", "peephole"], 2))
def test_no_known_slip_stays_hidden_and_no_gate_saturates(name: str) -> None:
    made = three(name)
    assert made.notes == ()
    for number, text in enumerate(keys(made).values()):
        trace = cellcalc.loads(text).run()
        if number == 0 or THOROUGH:
            assert json.loads(suggestion(trace, "json"))["hidden"] == 0
        for gate in GATES:
            assert all(0.04 < value < 0.96 for value in trace[gate])
        assert all(abs(value) < 0.96 for symbol in ("g", "tanh_c") for value in trace[symbol])


def test_the_task_is_the_same_for_all() -> None:
    original = problem("truncated")
    made = make_class(original, numbered(3))
    for text in keys(made).values():
        own = cellcalc.loads(text).specification
        assert own.scheme.on(8) == original.scheme.on(8)
        assert (own.cell, own.readout, own.loss, own.update) == (
            original.cell, original.readout, original.loss, original.update,
        )  # fmt: skip
        assert [s.missing for s in own.sequences] == [s.missing for s in original.sequences]


def test_what_does_not_vary_is_the_problems_own() -> None:
    original = problem("two_step")
    made = make_class(original, numbered(3), vary=("targets",))
    seen = set()
    for text in keys(made).values():
        own = cellcalc.loads(text).specification
        assert own.parameters == original.parameters and own.initial == original.initial
        assert own.sequences[0].inputs == original.sequences[0].inputs
        seen.add(own.sequences[0].targets)
    assert len(seen) == 3 and original.sequences[0].targets not in seen


def test_the_same_seed_makes_the_same_bytes_however_many_work_on_it() -> None:
    again = make_class(
        problem("two_step"), numbered(3), seed=5, texts=("md", "tex"), solutions=True, workers=2
    )
    assert three("two_step").files.items() <= again.files.items()
    assert len(again.files) == 2 + 3 * 5
    other = make_class(problem("two_step"), numbered(3), seed=6)
    assert set(keys(other).values()).isdisjoint(keys(again).values())


def test_numbers_follow_from_the_id_whoever_else_is_in_the_class() -> None:
    alone = make_class(problem("two_step"), read_roster(b"id\ns002\n", "r"), seed=5)
    assert alone.files["key/s002.toml"] == three("two_step").files["key/s002.toml"]


def test_a_problem_that_hides_slips_by_itself_says_so() -> None:
    made = make_class(problem("gomez"), numbered(2), vary=("targets",))
    assert any("known slips change no gradient in any variant" in note for note in made.notes)


@pytest.mark.parametrize(
    ("name", "practice", "options"),
    [
        ("two_step", "backward", {}),
        ("two_step", "all", {}),
        ("two_step", "forward", {}),
        ("two_step", "dz_f,db_f", {}),
        ("two_step", "c,dc", {}),
        ("two_step", "y", {}),
        ("ten_steps", "backward", {"scheme": "tbptt(2,4)"}),
        ("ten_steps", "dc,dW_f", {"scheme": "block(4)"}),
        ("peephole", "dU_f", {}),
    ],
)
@pytest.mark.cases(3)
def test_nothing_in_a_sheet_gives_an_answer_away(
    name: str, practice: str, options: dict[str, str]
) -> None:
    made = make_class(problem(name, **options), numbered(1), practice, vary=())
    key = cellcalc.loads(made.files["key/s001.toml"].decode()).run()
    contents = made.files["students/s001.xlsx"]
    book = openpyxl.load_workbook(io.BytesIO(contents))
    assert book.sheetnames == ["Practice", "Problem"] and not book.defined_names
    page = book["Practice"]
    assert page.protection.sheet
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [c for c in cells if c.data_type == "f" or c.comment is not None]
    opened = [cell for cell in cells if not cell.protection.locked]
    assert opened and all(cell.value is None and cell.parent.title == "Practice" for cell in opened)
    answers = true_values(page, key)
    assert len(answers) == len(opened)
    own = own_numbers(made.files["key/s001.toml"].decode())
    stored = [c.value for c in cells if isinstance(c.value, float) and c.value not in own]
    for place, value in answers.items():
        near = [v for v in stored if math.isclose(v, value, rel_tol=1e-9, abs_tol=1e-15)]
        assert value in (0.0, 1.0) or not near, place


def true_values(page: openpyxl.worksheet.worksheet.Worksheet, key: object) -> dict[str, float]:
    """The answer of each open cell, from the computation of the key."""
    one = key.passes[0]  # type: ignore[attr-defined]
    found: dict[str, float] = {}
    window, steps = 0, {}
    for row in page.iter_rows():
        if row[1].value == "t":
            words = str(row[0].value).split()
            if words[0] == "Backward":
                window = int(words[1]) if words[1:] else 1
            steps = {c.column: c.value for c in row[4:] if c.value is not None}
            continue
        for cell in row[3:]:
            if cell.protection.locked:
                continue
            symbol, t = row[1].value, steps.get(cell.column) if cell.column > 4 else None
            if window:
                own = one.windows[window - 1]
                if t is None:
                    found[cell.coordinate] = own.gradients[symbol]
                elif t < own.first:
                    found[cell.coordinate] = own.entering[symbol]
                else:
                    found[cell.coordinate] = own.backward[symbol][t - own.first]
            else:
                found[cell.coordinate] = one.loss if t is None else one.forward[symbol][t]
    return found


def own_numbers(text: str) -> set[float]:
    """The numbers that a problem file has."""
    return {float(number) for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)}


def test_what_is_updated_gives_no_gradient_away() -> None:
    """The weights after the first window, less those before it, are the gradient."""
    made = make_class(problem("ten_steps", scheme="block(5)"), numbered(1), "dW_f", vary=())
    page = openpyxl.load_workbook(io.BytesIO(made.files["students/s001.xlsx"]))["Practice"]
    (row,) = (r for r in page.iter_rows() if r[1].value == "W_f")
    values = [cell.value for cell in row[4:]]
    assert len(set(values[:6])) == 1 and not any(values[6:])


def test_a_sheet_says_whose_it_is_and_can_be_checked_alone(tmp_path: Path, run: Run) -> None:
    roster = read_roster(b"id,name\ns017,=Ada+1\n", "r")
    made = make_class(problem("two_step"), roster, figures=5, vary=())
    write_class(made, tmp_path / "c")
    sheet = tmp_path / "c" / "students" / "s017.xlsx"
    book = openpyxl.load_workbook(sheet)
    assert book["Practice"]["A3"].value == "=Ada+1   (s017)"
    assert book["Practice"]["A3"].data_type == "s"
    assert "at least 5 significant figures" in book["Practice"]["A2"].value
    (cell, *_) = (c for r in book["Practice"].iter_rows() for c in r if not c.protection.locked)
    cell.value = 123.4
    book.save(sheet)
    summary = json.loads(run("check", sheet, "--format", "json").stdout)["summary"]
    assert summary["open"] == 45 and summary["wrong"] + summary["coarse"] == 1
    again = json.loads(run("check", tmp_path / "c/key/s017.toml", sheet, "-f", "json").stdout)
    assert again["summary"] == summary


def test_a_cell_of_ones_own_goes_with_the_keys(tmp_path: Path, run: Run) -> None:
    cell = resources.text("templates/cells/lstm.toml").replace("forget gate", "my own gate")
    (tmp_path / "mine.toml").write_text(cell, "utf-8")
    text = resources.text("examples/two_step.toml").replace('"lstm"', '"mine.toml"')
    (tmp_path / "task.toml").write_text(text, "utf-8")
    out = tmp_path / "c"
    result = run("class", "make", tmp_path / "task.toml", "--count", "2", "-o", out,
                 "--vary", "inputs", "--practice", "dc", "--jobs", "1")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert sorted(p.name for p in (out / "key").iterdir()) == [
        "own_cells.toml", "s001.toml", "s002.toml",
    ]  # fmt: skip
    (tmp_path / "mine.toml").unlink()
    report = tmp_path / "r"
    result = run("class", "mark", out, out / "students", "-o", report, "--jobs", "1")
    assert result.stderr.startswith("marked the work of 2 of 2 students")


def test_sheets_without_equations() -> None:
    made = make_class(problem("two_step"), numbered(1), "backward", vary=(), equations=False)
    page = openpyxl.load_workbook(io.BytesIO(made.files["students/s001.xlsx"]))["Practice"]
    equations = {row[1].value: row[2].value for row in page.iter_rows()}
    assert not equations["dc"] and not equations["dW_f1"] and equations["c"]


def test_tasks_as_text_hold_the_numbers_and_no_answer() -> None:
    made = make_class(problem("two_step"), numbered(1), vary=(), texts=("md", "tex"))
    key = cellcalc.loads(made.files["key/s001.toml"].decode())
    for ending in ("md", "tex"):
        text = made.files[f"students/s001.{ending}"].decode()
        for value in key.specification.parameters.values():
            assert f"{value:g}" in text
        for symbol in ("dc", "dz_f", "c", "h"):
            for value in key.run()[symbol]:
                assert f"{abs(value):.4f}" not in text
        assert "s001" in text and "3 significant figures" in text


def test_every_tex_task_is_a_document(pdflatex: str, tmp_path: Path) -> None:
    import subprocess

    roster = read_roster("id,name\ns_1,Jörg & Zoë_100%\n".encode(), "r")
    made = make_class(problem("truncated"), roster, vary=(), texts=("tex",))
    (tmp_path / "a.tex").write_bytes(made.files["students/s_1.tex"])
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout[-2000:]


def test_solutions_are_whole_workbooks() -> None:
    made = make_class(problem("two_step"), numbered(1), vary=(), solutions=True)
    book = openpyxl.load_workbook(io.BytesIO(made.files["solutions/s001.xlsx"]), data_only=True)
    assert "BPTT" in book.sheetnames and "s001" in str(book["BPTT"]["A1"].value)


def test_files_that_hold_something_else_are_not_overwritten(tmp_path: Path) -> None:
    made = make_class(problem("two_step"), numbered(2), vary=())
    assert write_class(made, tmp_path) == 6
    assert write_class(made, tmp_path) == 0
    (tmp_path / "key" / "s002.toml").write_text("mine", encoding="utf-8")
    (tmp_path / "key" / "s001.toml").unlink()
    with pytest.raises(OutputError, match=r"s002\.toml"):
        write_class(made, tmp_path)
    assert not (tmp_path / "key" / "s001.toml").exists()
    assert write_class(made, tmp_path, force=True) == 2


def test_no_two_students_have_the_same_numbers() -> None:
    variants = Variants(problem("two_step"), PARTS, 3)
    found = variants.of([f"s{k}" for k in range(40)])
    assert len({str(v.specification.parameters) for v in found.values()}) == 40
    assert not any(v.hidden or v.saturated or v.shared for v in found.values())


def test_where_nothing_varies_all_are_told_to_be_the_same() -> None:
    made = make_class(problem("two_step"), numbered(2), vary=())
    assert made.notes == ("2 of 2 variants are the same as another's: let more vary",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("two_step",), "Error: ROSTER.csv: expected a list of students, or --count with their "
         "number, found neither"),
        (("two_step", "nobody.csv"), "Error: nobody.csv: expected a file, found nothing there"),
        (("two_step", "--count", "2", "--vary", "weights"),
         'Error: --vary: expected some of parameters, inputs, targets, initial, found "weights"'),
        (("two_step", "--count", "2", "--practice", "dq"), "Error: --practice: expected forward, "
         'backward, all, paths, or symbols that are computed, found "dq"'),
        (("nothing", "--count", "2"), "Error: nothing: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_line(
    arguments: tuple[str, ...], message: str, tmp_path: Path, run: Run
) -> None:
    result = run("class", "make", *arguments, "-o", tmp_path / "c")
    assert result.exit_code == 2 and result.stderr.startswith(message), result.stderr
    assert not (tmp_path / "c").exists()
