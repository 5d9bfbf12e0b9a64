"""Every sentence is there in every language, none stands in the code, and data stay in English."""

from __future__ import annotations

import ast
import json
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cellcalc
from cellcalc import resources
from cellcalc.check import slips
from cellcalc.views.text import columns
from cellcalc.xlsx.reader import read_cells
from tests.support.command import Run
from tests.support.paths import ROOT, TEMPLATES

OTHERS = [language for language in resources.languages() if language != resources.FIRST]
IN_ENGLISH = {"new", "trouble", "weights"}  # what stands in files, and errors
SCHEMES = tomllib.loads((TEMPLATES / "schemes.toml").read_text(encoding="utf-8"))["scheme"]


PROSE = re.compile(r"\b[a-z]+ [a-z]+ [a-z]+\b")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    resources.use(resources.FIRST)


def sentences(language: str) -> dict[tuple[str, str], str]:
    path = TEMPLATES / "lang" / language / "sentences.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {(s, key): text for s, table in tables.items() for key, text in table.items()}


def places(text: str) -> list[str]:
    """The words in braces, each with its format."""
    return sorted(f"{n}:{spec}" for _, n, spec, _ in string.Formatter().parse(text) if n)


def template_texts() -> Iterator[str]:
    """The texts of templates that results show."""
    for kind in ("cells", "readouts", "losses", "optimizers"):
        for path in (TEMPLATES / kind).glob("*.toml"):
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            yield data["title"]
            if PROSE.search(data["source"]):  # and not only an author with a year
                yield data["source"]
            yield from (equation["says"] for equation in data["equation"])
    for path in (TEMPLATES / "notations").glob("*.toml"):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        yield from (*data.get("notes", ()), *data.get("taken", {}).values())
    for table in ("kind", "whole", "copy", "arithmetic"):
        yield from (row["says"] for row in slips._file()[table].values())
    yield from (scheme["says"] for scheme in SCHEMES)
    glossary = tomllib.loads((TEMPLATES / "glossary.toml").read_text(encoding="utf-8"))
    yield from (word["text"] for word in glossary.values())
    yield from told(tomllib.loads((TEMPLATES / "guide.toml").read_text(encoding="utf-8")))
    for path in (TEMPLATES / "topics").glob("*.toml"):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        yield from (data["title"], data["summary"], data["gist"])
        for part in data["part"]:
            yield from (part.get("title", ""), *part.get("text", ()))
            table = part.get("table", {})
            yield from (*table.get("columns", ()), *(c for r in table.get("rows", ()) for c in r))


def told(data: Any, key: str = "") -> Iterator[str]:
    if isinstance(data, str) and key not in ("change", "watch", "at", "expect", "needs", "to"):
        yield data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from told(value, name)
    elif isinstance(data, list):
        for value in data:
            yield from told(value, key)


def means_something(text: str) -> bool:
    """Whether there is anything to translate: two letters in a row outside of braces."""
    return bool(re.search(r"[A-Za-z]{2}", re.sub(r"\{.*?\}", "", text)))


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_missing_and_placeholders_agree(language: str) -> None:
    first, other = sentences(resources.FIRST), sentences(language)
    wanted = {key for key in first if key[0] not in IN_ENGLISH}
    assert wanted - set(other) == set(), "sentences without a translation"
    assert set(other) - set(first) == set(), "translations of sentences that are gone"
    for key in wanted:
        assert places(first[key]) == places(other[key]), key


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_of_a_template_is_missing(language: str) -> None:
    words = resources._words(language)
    texts = set(filter(means_something, template_texts()))
    assert sorted(texts - set(words)) == [], "texts without a translation"
    for text in texts:
        assert places(text) == places(words[text]), text


def test_chinese_is_chinese() -> None:
    for key, text in sentences("zh").items():
        bare = re.sub(r"\{.*?\}|`.*?`|--?\w+|cellcalc [\w .]+", "", text)
        assert not re.search(r"[a-z]{4,} [a-z]{3,} [a-z]{2,}", bare), key  # no English left over
        assert not re.search(r"[\u4e00-\u9fff][,;?!]( |$)", bare), key  # its own punctuation


# What may stand in the code: markup, names of parts, and what is said of a mistake.
WORDS = re.compile(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}")
SHOWN = ("views", "check", "workbook", "studies", "classroom")
SAID = ("Error", "Mistake", "check_choice", "check_whole", "mistake", "wrong", "_refuse", "fail")


def hard_coded(tree: ast.AST) -> Iterator[str]:
    """The texts in the code that are neither docstrings nor messages of exceptions."""
    passed: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            passed.add(id(body[0].value))
        said = isinstance(node, ast.Raise) or (
            isinstance(node, ast.Call) and ast.unparse(node.func).endswith(SAID)
        )
        names = [ast.unparse(t) for t in getattr(node, "targets", ())]
        told = isinstance(node, ast.Assign) and any(
            re.search("expected|found|what|limit|bound|reason", name) for name in names
        )
        if said or told:
            passed |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) not in passed and WORDS.search(re.sub("<[^>]*>?", "", node.value)):
            yield node.value


def test_no_sentence_stands_in_the_code() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {text[:60]}"
        for package in SHOWN
        for path in sorted((ROOT / "cellcalc" / package).rglob("*.py"))
        for text in hard_coded(ast.parse(path.read_text(encoding="utf-8")))
    }
    allowed = (
        "check/reading/",  # what people's texts are recognized by
        "expected ",
        ", as `cellcalc workbook --practice` writes",
        "a workbook without it",
        "forward, backward, all, paths, or symbols",
        "it cannot be read",
        "a zip that unpacks",
        "ids that differ",
        "not a file of bytes",
        "a folder that cellcalc class make",
        "; `epoch`, `steps` or `symbols`",
        ", or the name of one",
        "the sum of its parts",
        "a link, which",
        "Glyph .* missing",
        "<",
        "body {",
    )
    left = [one for one in found if not any(a in one for a in allowed)]
    assert left == []


# Visible: those of the contract, and what `check` reads beside it. The others are hidden.
FIXED = {"Practice", "Choices", "Problem", "Own", "Follow", "State", "Hints", "Key"}


def test_no_other_name_of_a_sheet_stands_in_the_code() -> None:
    files = sorted((ROOT / "cellcalc" / "workbook").rglob("*.py"))
    found = {
        name
        for path in files
        for name in re.findall(r'\bSheet\("(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert found == FIXED


def test_a_table_in_chinese(run: Run) -> None:
    text = run(
        "table", "gomez", "--lang", "zh", "--pass", "gradients", "--symbols", "dU_f,dc0"
    ).stdout
    assert text == (
        "Backpropagating an LSTM: a numerical example (Gomez 2016)\n"
        "单元 lstm · 输出层 identity · 损失 half-squared\n"
        "方案 full（k1 = 2, k2 = 2, inject new）\n"
        "\n"
        "梯度\n"
        "\n"
        "t         合计        1         2\n"
        "----  --------  -------  --------\n"
        "dU_f  -0.00338  0.00000  -0.00338\n"
        "dc0   -0.04557\n"
    )


def test_worked_lines_in_chinese(run: Run) -> None:
    text = run(
        "table", "gomez", "--explain", "--lang", "zh", "--step", "2", "--symbols", "c"
    ).stdout
    assert text.endswith(
        "前向传播，第 t = 2 步\n"
        "─────────────────────\n"
        "\n"
        "c   记忆单元：保留的部分加上让进的部分\n"
        "    c₂ = f₂·c₁ + i₂·g₂\n"
        "       = 0.87030·0.78573 + 0.98118·0.84980\n"
        "       = 1.51763\n"
    )


def test_a_check_in_chinese(run: Run) -> None:
    answers = ["-e", "c[1] = 0.78573", "-e", "dc[1] = 0.00840"]
    result = run("check", "gomez", *answers, "--lang", "zh", "--all")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[1] == "1 个正确，1 个错误；一个错因"
    assert "漏了传送带这条路径" in result.stdout and "✗ 错误" in result.stdout
    assert not re.search("[a-z]{4,} [a-z]{3,} [a-z]{2,}", "\n".join(lines[1:]))


@pytest.mark.parametrize(
    "words",
    [
        ["schedule", "ten_steps"], ["flow", "ten_steps"], ["compare", "ten_steps", "tbptt(2,5)"],
        ["derive", "gomez"], ["explain", "tbptt"], ["explain", "papers"], ["table", "statquest"],
        ["table", "peephole", "--explain", "--step", "2"], ["explain"],
        ["experiment", "gomez", "--k1", "1", "--k2", "1", "--seeds", "1", "--epochs", "1"],
    ],
    ids=lambda words: " ".join(words),
)  # fmt: skip
def test_results_in_chinese_fit_the_page_and_align(words: list[str], run: Run) -> None:
    text = run(*words, "--lang", "zh").stdout
    lines = text.splitlines()
    assert re.search("[\u4e00-\u9fff]{4}", text)
    long = [line for line in lines[4:] if columns(line) > 80 and "cellcalc" not in line]
    assert long == []
    rules = [k for k, line in enumerate(lines) if re.fullmatch("-+(  -+)+", line)]
    for k in rules:  # a row of a table is as wide as its rule, or shorter
        assert columns(lines[k - 1]) <= len(lines[k])


@pytest.mark.parametrize("format", ["json", "csv", "latex"])
@pytest.mark.cases(1)
def test_data_stay_in_english(format: str, run: Run) -> None:
    words = ["table", "gomez", "--format", format]
    assert run(*words, "--lang", "zh").stdout == run(*words).stdout
    words = ["table", "gomez", "--explain", "--format", "json"]
    assert run(*words, "--lang", "zh").stdout == run(*words).stdout
    words = ["check", "gomez", "-e", "dc[1] = 0.00840", "--format", "json"]
    assert run(*words, "--lang", "zh").stdout == run(*words).stdout
    assert run("new", "--lang", "zh").stdout == run("new").stdout


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"CELLCALC_LANG": "zh"}, "zh"),
        ({"CELLCALC_LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_SG"}, "zh"),
        ({"LANG": "zh_TW.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_CN", "LANG": "en_US"}, "zh"),
        ({"CELLCALC_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
    ],
)
def test_the_language_is_said_or_the_systems(
    variables: dict[str, str], language: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CELLCALC_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    text = run("table", "gomez").stdout
    assert ("前向传播" in text) == (language == "zh")
    assert "Forward pass" in run("table", "gomez", "--lang", "en").stdout


def test_a_workbook_in_chinese_has_the_same_numbers_and_names(tmp_path: Path) -> None:
    cellcalc.load("gomez").workbook(tmp_path / "en.xlsx")
    resources.use("zh")
    cellcalc.load("gomez").workbook(tmp_path / "zh.xlsx")
    english, chinese = (read_cells(tmp_path / f"{name}.xlsx") for name in ("en", "zh"))
    named = sentences("zh")
    called = {name: named["sheets", name.lower()] for name in english}
    assert list(called.values()) == list(chinese) and called["BPTT"] == "BPTT"
    numbers = {
        name: {place: cell.value for place, cell in cells.items() if isinstance(cell.value, float)}
        for name, cells in chinese.items()
    }
    for name, cells in english.items():
        if name == "Checks":  # whose sums are cut where a formula would be too long
            continue
        assert numbers[called[name]] == {
            p: c.value for p, c in cells.items() if isinstance(c.value, float)
        }, name
    texts = [
        c.value for cells in chinese.values() for c in cells.values() if isinstance(c.value, str)
    ]
    assert any("遗忘门" in text for text in texts)
    left = [t for t in texts if re.search("[a-z]{4,} [a-z]{3,} [a-z]{2,}", t)]
    title = cellcalc.load("gomez").specification.title
    sources = {
        tomllib.loads(path.read_text(encoding="utf-8")).get("source")
        for kind in ("cells", "readouts", "losses", "optimizers")
        for path in (TEMPLATES / kind).glob("*.toml")
    }
    assert [t for t in left if title not in t and "cellcalc" not in t and t not in sources] == []


def test_a_practice_workbook_in_chinese_is_marked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "practice.xlsx"
    assert run("workbook", "gomez", "--practice", "dc", "-o", path, "--lang", "zh").exit_code == 0
    report = json.loads(run("check", path, "--format", "json").stdout)
    assert report["answers"] and {a["verdict"] for a in report["answers"]} == {"open"}
    assert "未填" in run("check", path, "--lang", "zh").stdout
