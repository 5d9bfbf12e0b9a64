"""``cellcalc explain``: the texts, their numbers, and where else they appear."""

from __future__ import annotations

import json
import math
import re
import shlex
import tomllib
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from cellcalc import api
from cellcalc.cli import main
from cellcalc.problems.schemes import AS_WRITTEN, Override, forms
from cellcalc.problems.specification import Specification
from cellcalc.views import topics
from cellcalc.views.topics import Numbers, filled_in, page
from tests.support.command import Run
from tests.support.paths import EXPECTED, TEMPLATES

NAMES = [topic.name for topic in topics.topics()]
EVERY = pytest.mark.parametrize("name", NAMES)


def prose(name: str) -> str:
    """All that a topic's file says, before numbers are filled in."""
    file = TEMPLATES / "topics" / f"{name}.toml"
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    cells = [c for p in data["part"] for row in p.get("table", {}).get("rows", ()) for c in row]
    texts = [t for p in data["part"] for key in ("text", "maths") for t in p.get(key, ())]
    return "\n".join([data["gist"], *texts, *cells])


def test_the_topics_are_listed_in_reading_order(run: Run) -> None:
    result = run("explain")
    assert result.exit_code == 0
    assert result.stdout == (EXPECTED / "topics.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["bptt", "notation"])
@pytest.mark.parametrize(("format", "ending"), [("text", "txt"), ("markdown", "md")])
def test_a_topic_in_full(name: str, format: str, ending: str, run: Run) -> None:
    result = run("explain", name, "--format", format)
    assert result.exit_code == 0
    expected = (EXPECTED / f"topic_{name}.{ending}").read_text(encoding="utf-8")
    assert result.stdout == expected


@EVERY
def test_a_topic_fits_the_terminal(name: str) -> None:
    for width in (60, 80, 200):
        lines = page(topics.topic(name), "text", width).splitlines()
        commands = topics.topic(name).parts
        unbreakable = [f"    {c}" for part in commands for c in part.commands]
        wide = [line for line in lines if len(line) > width and line not in unbreakable]
        if width >= 80:
            assert wide == []
        assert max(len(line) for line in lines if line not in unbreakable) <= 92


@EVERY
def test_nothing_is_left_to_fill_in(name: str) -> None:
    for format in ("text", "markdown"):
        text = page(topics.topic(name), format)
        assert not re.search(r"[{}]", text)
        assert "nan" not in re.findall(r"\w+", text)


@EVERY
def test_every_number_that_is_computed_is_used(name: str) -> None:
    topic = topics.topic(name)
    named = set(re.findall(r"\{(\w+)[:}]", prose(name)))
    formulas = " ".join(row.get("formula", "") for row in topic.numbers.values())
    assert named <= set(topic.numbers)
    assert set(topic.numbers) - named <= set(re.findall(r"\w+", formulas))


@EVERY
def test_no_number_of_an_example_is_written_by_hand(name: str) -> None:
    """Decimals stand in braces, save for the factors that a text supposes."""
    supposed = {"0.01", "0.5", "0.9", "0.99", "1.1", "0.25"}
    bare = re.sub(r"\{[^}]*\}", "", prose(name))
    bare = re.sub(r"\(\d{4}\.\d{4,5}\)", "", bare)  # arXiv
    assert set(re.findall(r"\d+\.\d+", bare)) <= supposed


def test_the_numbers_follow_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """With other weights in the example the text has other numbers, and they are the trace's."""
    original = topics.read_example

    def changed(name: str, override: Override = AS_WRITTEN) -> Specification:
        s = original(name, override)
        return replace(s, parameters={**s.parameters, "W_i1": 0.123})

    before = page(topics.topic("bptt"))
    monkeypatch.setattr(topics, "read_example", changed)
    after = page(topics.topic("bptt"))
    trace = api.Problem.of(changed("gomez")).run()
    assert before != after
    assert f"loss {trace.loss:.5f}" in after
    assert f"{trace.gradients['dW_i1']:.5f}".replace("-", "−") in after
    assert "W_i1 goes from 0.12300 to" in after


def test_the_numbers_are_right() -> None:
    """Some of each kind, against the trace and arithmetic."""
    found = Numbers(topics.topic("vanishing"))
    trace = api.load("ten_steps", "full").run()
    product = 1.0
    for value in trace["f"][1:]:
        product *= float(value)
    assert found.number("prod") == pytest.approx(product, rel=1e-14)
    assert found.number("mean") == pytest.approx(product ** (1 / 9), rel=1e-14)
    assert found.number("far") == pytest.approx(0.9**100)
    slips = Numbers(topics.topic("marking"))
    gomez = api.load("gomez").run()
    c, f, do = gomez["dc"], gomez["f"], gomez["dc_via_tanh_c"]
    assert slips.number("wrong_f") == pytest.approx(do[0] + c[1] * f[0])
    assert slips.number("wrong_tanh") == pytest.approx(gomez["dtanh_c"][0] + c[1] * f[1])
    cost = Numbers(topics.topic("tbptt"))
    assert [cost.number(k) for k in ("both_cells", "full_cells", "block_kept")] == [21, 10, 5]
    assert cost.number("e_both") == pytest.approx(0.11, abs=0.01)


def test_the_errors_are_those_of_the_comparison(run: Run) -> None:
    compared = run(
        "schedule", "ten_steps", "--compare", "--k1", "2", "--k2", "5", "-f", "json"
    )  # fmt: skip
    gradients = {row["name"]: row["gradients"] for row in json.loads(compared.stdout)["schemes"]}
    full = gradients["full"]
    text = page(topics.topic("tbptt"))
    for scheme in ("tbptt(2,5)", "bptt(5)", "block(2)"):
        (percent,) = re.findall(rf"^{re.escape(scheme)} .* ([\d.]+) %$", text, re.M)
        error = math.dist(list(gradients[scheme].values()), list(full.values()))
        assert float(percent) == pytest.approx(100 * error / math.hypot(*full.values()), abs=0.05)


@EVERY
@pytest.mark.cases(5)
def test_the_commands_to_try_work(name: str, run: Run, tmp_path: Path,
                                  monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    topic = topics.topic(name)
    for command in [c for part in topic.parts for c in part.commands]:
        program, *arguments = shlex.split(command)
        assert program == "cellcalc"
        result = run(*arguments)
        assert result.exit_code == 0, result.stderr
    mentioned = re.findall(r"cellcalc ([a-z]+)", prose(name))
    assert set(mentioned) <= set(main.commands)
    assert set(topic.see) <= set(NAMES) - {name}


def test_every_named_scheme_is_explained() -> None:
    text = page(topics.topic("schemes"), "markdown")
    assert all(f"| {form} |" in text for form in forms())


def test_the_status_of_each_claim_is_one_that_is_explained() -> None:
    (table,) = (p.table for p in filled_in(topics.topic("papers")) if p.table)
    assert not isinstance(table, str)
    status = {row[0]: row[-1] for row in table.rows}
    assert {text.partition(",")[0] for text in status.values()} == {"checked", "secondary"}
    assert status["Karpathy 2015, char-rnn"] == "checked"
    assert "Sak et al. 2014 (1402.1128)" not in status  # from memory only


def test_an_unknown_topic_suggests_the_nearest(run: Run) -> None:
    result = run("explain", "tbtt")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: TOPIC: expected a topic (bptt, tbptt, schemes, lstm, vanishing, papers, notation, "
        'marking, problem, training or gradients), a word or a symbol, found "tbtt"; '
        "did you mean tbptt?\n"
    )


def test_a_topic_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "lstm.md"
    result = run("explain", "lstm", "-f", "markdown", "-o", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert path.read_text(encoding="utf-8").startswith("# The LSTM memory cell\n\n")


@pytest.mark.parametrize("more", [[], ["--practice", "c"]])
def test_the_guide_names_every_topic(more: list[str], run: Run, tmp_path: Path) -> None:
    path = tmp_path / "w.xlsx"
    assert run("workbook", "gomez", "-o", path, *more).exit_code == 0
    sheet = openpyxl.load_workbook(path)["Start"]
    texts = [str(row[0].value) for row in sheet.iter_rows(max_col=1)]
    for topic in topics.topics():
        assert f"cellcalc explain {topic.name} · {topic.title}: {topic.summary}" in texts
