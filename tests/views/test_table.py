"""``cellcalc table``: the whole text of what it prints."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pytest
import tabulate

import cellcalc
from cellcalc.views.text import fixed
from tests.support.command import Run
from tests.support.paths import EXPECTED
from tests.support.problems import random_data

WHOLE = {
    "table_gomez.txt": ["table", "gomez"],
    "table_gomez_by_hand.txt": ["table", "gomez", "--hand-rounding", "5", "--pass", "gradients"],
    "table_gomez_steps.txt": ["table", "gomez", "--layout", "steps", "--format", "grid",
                              "--symbols", "c,h,dh,dc,dc_via_c,dW_f1,W_f1"],
    "table_gomez_github.txt": ["table", "gomez", "-f", "github", "--pass", "backward",
                               "--symbols", "dh,dc"],
    "table_gomez.csv": ["table", "gomez", "-f", "csv", "--symbols", "c,dc,dW_f1,W_f1"],
    "explain_gomez.txt": ["table", "gomez", "--explain", "--symbols",
                          "z_f,c,E,dh,dh_via_z_f,dc,dc_via_c,dW_f1,dc0,W_f1"],
    "derive_gomez.txt": ["derive", "gomez"],
    "derive_gomez.md": ["derive", "gomez", "--format", "markdown"],
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_whole_output(name: str, run: Run) -> None:
    result = run(*WHOLE[name])
    assert result.exit_code == 0 and result.stderr == ""
    assert result.stdout == (EXPECTED / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("format", tabulate.tabulate_formats)
def test_every_format_of_tabulate_prints_every_number(format: str, run: Run) -> None:
    result = run("table", "gomez", "--format", format, "--symbols", "c,dc,dU_f,U_f")
    assert result.exit_code == 0
    for number in ("0.78573", "1.51763", "-0.05348", "-0.07111", "-0.00338", "0.10034"):
        assert number in result.stdout


@pytest.fixture
def twelve(tmp_path: Path) -> Path:
    path = tmp_path / "twelve.toml"
    path.write_text(random_data(1, 6, 12, "logistic", "cross-entropy", missing=True).toml())
    return path


@pytest.mark.parametrize("width", [30, 57, 80, 200])
@pytest.mark.parametrize("format", ["simple", "grid", "plain", "psql", "fancy_grid", "rst"])
@pytest.mark.parametrize("layout", ["time", "steps"])
def test_no_line_is_wider_than_the_page(
    width: int, format: str, layout: str, twelve: Path, run: Run
) -> None:
    result = run("table", twelve, "-f", format, "--layout", layout, "--width", width)
    lines = result.stdout.splitlines()[3:]  # the settings may be longer than 30 columns
    assert max(map(len, lines)) <= max(width, 42 if width == 30 else 0)
    assert result.stdout.count("12.") == 0


def test_every_step_is_shown_once_whatever_the_width(twelve: Path, run: Run) -> None:
    for width in ("33", "80", "0"):
        result = run("table", twelve, "--pass", "forward", "--symbols", "h", "--width", width)
        rows = [line.split()[1:] for line in result.stdout.splitlines() if line[:2] == "h "]
        trace = cellcalc.load(twelve).run()
        numbers = [float(cell) for row in rows for cell in row]
        assert numbers == [
            pytest.approx(v, abs=5e-6) for v in trace.passes[0].forward["h"]
        ]  # fmt: skip


def test_explanations_fit_the_page_too(twelve: Path, run: Run) -> None:
    text = run("table", twelve, "--explain").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "z_f,₁ = W_fᵀx₁ + U_f·h₀ + b_f" in text


def test_json_is_the_contract(run: Run) -> None:
    data = json.loads(run("table", "gomez", "--format", "json").stdout)
    trace = cellcalc.load("gomez").run()
    assert list(data) == [
        "title", "cell", "scheme", "passes", "parameters", "coefficients", "optimizer",
    ]  # fmt: skip
    assert data["cell"] == "lstm"
    assert data["scheme"] == {
        "name": "full", "k1": 2, "k2": 2, "inject": "new", "tail": "flush", "state": "carry",
        "weights": "current", "update": "window", "empty": "update", "reduction": "sum",
        "clip_norm": None, "clip_value": None, "windows": None,
    }  # fmt: skip
    (one,) = data["passes"]
    assert list(one) == ["epoch", "sequence", "t", "forward", "loss", "windows"]
    assert (one["epoch"], one["sequence"], one["t"]) == (1, 1, [1, 2])
    assert one["forward"]["x1"] == [1.0, 0.5]
    assert one["loss"] == trace.loss
    for symbol, values in one["forward"].items():
        assert values == trace[symbol].tolist()
    (window,) = one["windows"]
    assert list(window) == [
        "update", "fires_at", "t", "losses", "dropped", "updates", "backward", "gradients",
        "clipped", "before", "after", "optimizer",
    ]  # fmt: skip
    assert (window["update"], window["fires_at"]) == (1, 2)
    assert (window["t"], window["losses"]) == ([1, 2], [1, 2])
    for symbol, values in window["backward"].items():
        assert values == trace[symbol].tolist()
    assert {"dh", "dc", "dz_f", "dh_via_y", "dc_via_c"} <= set(window["backward"])
    assert window["gradients"] == dict(trace.gradients)
    assert {"dW_f1", "dU_f", "dh0", "dc0"} <= set(window["gradients"])
    assert window["before"] == dict(trace.initial) == data["parameters"]["initial"]
    assert window["after"] == dict(trace.final) == data["parameters"]["final"]


def test_json_has_null_where_there_is_no_number(twelve: Path, run: Run) -> None:
    text = run("table", twelve, "--format", "json").stdout
    assert "NaN" not in text and "Infinity" not in text
    (one,) = json.loads(text)["passes"]
    missing = [t for t, target in zip(one["t"], one["forward"]["target"], strict=True)
               if target is None]  # fmt: skip
    assert len(missing) == 1
    assert one["forward"]["E"][missing[0] - 1] is None
    assert missing[0] not in one["windows"][0]["losses"]


def test_json_keeps_what_was_selected(run: Run) -> None:
    data = json.loads(run("table", "gomez", "-f", "json", "--pass", "update").stdout)
    (one,) = data["passes"]
    assert "forward" not in one and "backward" not in one["windows"][0]
    assert one["windows"][0]["after"]["W_f1"] == data["parameters"]["final"]["W_f1"]
    arguments = ["--pass", "backward", "--symbols", "dc", "--steps", "2"]
    data = json.loads(run("table", "gomez", "-f", "json", *arguments).stdout)
    assert data["passes"][0]["windows"][0]["backward"] == {"dc": [-0.07110771475756385]}
    assert data["passes"][0]["windows"][0]["t"] == [2]


def test_csv_and_json_hold_the_same_numbers(twelve: Path, run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("table", twelve, "-f", "csv").stdout)))
    data = json.loads(run("table", twelve, "-f", "json").stdout)["passes"][0]
    backward = data["windows"][0]["backward"]
    for row in rows:
        if row["t"] == "0" or row["pass"] not in ("forward", "backward"):
            continue
        values = data["forward"] if row["pass"] == "forward" else backward
        assert float(row["value"]) == values[row["symbol"]][int(row["t"]) - 1]
    assert {row["pass"] for row in rows} == {"forward", "backward", "gradients", "before", "after"}


def test_without_targets_only_the_forward_pass_is_shown(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "p.toml"
    path.write_text("[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1, 2]\n")
    result = run("table", path)
    assert "no targets: forward pass only" in result.stdout
    assert "Backward" not in result.stdout and "target " not in result.stdout
    data = json.loads(run("table", path, "-f", "json").stdout)
    assert data["passes"][0]["loss"] is None and data["passes"][0]["windows"] == []
    assert "E" not in data["passes"][0]["forward"]
    assert run("table", path, "--explain").exit_code == 0
    assert run("derive", path).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--steps", "2:9"], '--steps: expected FROM:TO within 0:2, found "2:9"'),
        (["--steps", "2-9"], '--steps: expected FROM:TO within 0:2, found "2-9"'),
        (["--steps", "b"], '--steps: expected FROM:TO within 0:2, found "b"'),
        (["--symbols", "c,dcc"],
         '--symbols: expected symbols of this problem, found "dcc"; did you mean dc?'),
        (["--step", "1"],
         "--step: expected --explain with it (or use --steps), found --step alone"),
        (["--explain", "-f", "csv"],
         '--format: expected one of text, markdown, html, latex, json, found "csv"'),
    ],
)  # fmt: skip
def test_options_that_do_not_fit(arguments: list[str], expected: str, run: Run) -> None:
    result = run("table", "gomez", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {expected}\n"


def test_an_unknown_format_is_told_with_ours_and_the_nearest(run: Run) -> None:
    result = run("table", "gomez", "--format", "gird")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "Error: --format: expected one of text, markdown, html, latex, csv, json, or a format of "
        "tabulate, "
    )
    assert result.stderr.endswith('found "gird"; did you mean grid?\n')


def test_a_value_that_is_not_finite_is_named(tmp_path: Path, run: Run) -> None:
    large = random_data(10, 1, 3)
    large.parameters["V"] = 1e200
    (tmp_path / "p.toml").write_text(large.toml())
    result = run("table", tmp_path / "p.toml", "--symbols", "y,E")
    assert result.exit_code == 0
    expected = (
        "Warning: E is not a finite number at t = 1; what follows from it is not to be trusted\n"
    )
    assert result.stderr == expected
    assert " inf " in result.stdout
    assert (
        json.loads(run("table", tmp_path / "p.toml", "-f", "json").stdout)["passes"][0]["loss"]
        is None
    )


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.0, 5, "0.00000"),
        (-0.0, 5, "0.00000"),
        (0.7, 5, "0.70000"),
        (-0.00112, 5, "-0.00112"),
        (0.00012345, 5, "0.00012"),
        (0.000012345, 5, "1.2345e-05"),
        (0.00006, 5, "0.00006"),
        (123456.789, 5, "123456.78900"),
        (1234567.89, 5, "1.2346e+06"),
        (math.inf, 5, "inf"),
        (-math.inf, 5, "-inf"),
        (math.nan, 5, ""),
        (0.5, 0, "1"),  # a half goes away from 0
        (0.125, 2, "0.13"),
        (-2.675, 2, "-2.68"),
        (1.005, 2, "1.01"),
    ],
)
def test_a_number_never_vanishes_behind_its_decimals(
    value: float, decimals: int, text: str
) -> None:
    assert fixed(value, decimals) == text


def test_output_goes_to_a_file_whole_and_does_not_overwrite(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "table.txt"
    result = run("table", "gomez", "-o", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert path.read_text(encoding="utf-8") == (EXPECTED / "table_gomez.txt").read_text("utf-8")
    assert run("table", "gomez", "-o", path).exit_code == 0  # it holds these very bytes
    result = run("table", "gomez", "--steps", "1", "-o", path)
    assert result.exit_code == 2
    found = "found one; table-2.txt is free"
    expected = f"Error: {path}: expected no file of that name (or --force), {found}\n"
    assert result.stderr == expected
    assert run("table", "gomez", "-f", "json", "-o", path, "--force").exit_code == 0
    assert path.read_text().startswith('{"title"')
