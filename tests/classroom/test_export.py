"""Question banks: what Moodle's importers expect, the right values, and those that slips give."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cellcalc.classroom.assignment import read_class
from cellcalc.classroom.banks import export_class
from tests.classroom.conftest import Small
from tests.marking.arithmetic import Rounding
from tests.marking.slips import of_table
from tests.marking.working import values_of
from tests.support import classroom
from tests.support.command import Run

IDS = [f"s00{k}" for k in range(1, 7)]
# A question of each kind: its children in the order in which Moodle itself exports them.
HEAD = ["name", "questiontext", "generalfeedback"]
CHILDREN = {
    "category": ["category"],
    "cloze": [*HEAD, "penalty", "hidden"],
    "numerical": [*HEAD, "defaultgrade", "penalty", "hidden", "answer+", "unitgradingtype",
                  "unitpenalty", "showunits", "unitsleft"],
}  # fmt: skip
FORMATTED = ("questiontext", "generalfeedback", "feedback")
NUMBER = r"-?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
# A gap: weight, kind, then alternatives, each with a number, a tolerance and perhaps feedback, in
# which ~, # and } are escaped.
FEEDBACK = r"(?:\\.|[^\\~}#])*"
ALTERNATIVE = rf"(=|%[0-9]+%)({NUMBER}):({NUMBER})(?:#({FEEDBACK}))?"
GAP = re.compile(rf"\{{[0-9]+:NUMERICAL:{ALTERNATIVE}(?:~{ALTERNATIVE})*\}}")


@cache
def exported(folder: Path, format: str, symbols: str = "") -> str:
    return export_class(read_class(folder), format, symbols)


def questions(small: Small, kind: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(exported(small.folder, "moodle").encode())
    assert root.tag == "quiz"
    return [q for q in root if q.get("type") == kind]


def truth(small: Small, id: str) -> dict[tuple[str, int | None], float]:
    """The values of the independent LSTM."""
    text = (small.folder / "key" / f"{id}.toml").read_text("utf-8")
    return by_place(values_of(classroom.problem_of(text)))


def by_place(values: object) -> dict[tuple[str, int | None], float]:
    found = {}
    for where, value in values.items():  # type: ignore[attr-defined]
        if where.part in ("forward", "backward", "gradient"):
            found[where.symbol, where.t] = value
        if where.part == "entering":
            found[where.symbol.removesuffix("0"), 0] = value
    return found


def test_every_question_has_the_children_of_its_kind(small: Small) -> None:
    root = ElementTree.fromstring(exported(small.folder, "moodle").encode())
    for question in root:
        children = [child.tag for child in question]
        pattern = "".join(
            f"(?:{tag[:-1]} )+" if tag.endswith("+") else f"{tag} "
            for tag in CHILDREN[question.get("type", "")]
        )
        assert re.fullmatch(pattern, "".join(f"{tag} " for tag in children)), children
        for node in question.iter():
            if node.tag in FORMATTED:
                assert node.get("format") == "html" and [n.tag for n in node] == ["text"]
            if node.tag == "answer":
                assert [n.tag for n in node] == ["text", "feedback", "tolerance"]
                assert node.get("format") == "moodle_auto_format"
            if node.tag in ("name", "category"):
                assert [n.tag for n in node] == ["text"]


def test_questions_stand_in_categories_a_quiz_can_draw_from(small: Small) -> None:
    root = ElementTree.fromstring(exported(small.folder, "moodle").encode())
    counts: dict[str, int] = {}
    category = ""
    for question in root:
        if question.get("type") == "category":
            category = question.findtext("category/text") or ""
            counts[category] = 0
        else:
            counts[category] += 1
    start = "$course$/top/Two steps, two inputs/"
    assert counts == {start + name: 6 for name in ("whole sheets", "dU_f", "dU_i")}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_texts_are_html_whose_tags_are_closed(small: Small) -> None:
    root = ElementTree.fromstring(exported(small.folder, "moodle").encode())
    for node in root.iter():
        if node.tag in FORMATTED:
            tags = _Tags()
            tags.feed(node.findtext("text") or "")
            assert tags.open == []


def accepted(value: float, tolerance: float, true: float, figures: int) -> None:
    """An answer rounded to the figures asked for is right; one two units off is not."""
    rounded = float(Rounding(figures=figures).text(true))
    unit = 10.0 ** Rounding(figures=figures).exponent(true)
    assert abs(rounded - value) <= tolerance < abs(rounded + 2 * unit - value)


def test_numerical_questions_have_the_right_value_and_tolerance(small: Small) -> None:
    found = questions(small, "numerical")
    assert len(found) == 12
    for question in found:
        name, id = (question.findtext("name/text") or "").split()
        first, *others = question.findall("answer")
        assert first.get("fraction") == "100" and {a.get("fraction") for a in others} == {"0"}
        value = float(first.findtext("text") or "")
        tolerance = float(first.findtext("tolerance") or "")
        true = truth(small, id)[name, None]
        assert value == pytest.approx(true, rel=1e-9)
        accepted(value, tolerance, true, 4)
        for other in others:  # no answer is taken for two
            gap = abs(float(other.findtext("text") or "") - value)
            assert gap > tolerance + float(other.findtext("tolerance") or "")
            assert other.findtext("feedback/text")


def gaps(text: str) -> Iterator[tuple[str, list[tuple[str, str, str, str]]]]:
    for match in re.finditer(r"\{[0-9]+:[A-Z].*?(?<!\\)\}", text):
        assert GAP.fullmatch(match[0]), match[0]
        yield match[0], [m.groups() for m in re.finditer(ALTERNATIVE, match[0])]  # type: ignore[misc]


def test_cloze_questions_have_a_gap_for_everything_asked_for(small: Small) -> None:
    found = questions(small, "cloze")
    assert len(found) == 6
    for question, id in zip(found, IDS, strict=True):
        assert (question.findtext("name/text") or "").endswith(id)
        text = question.findtext("questiontext/text") or ""
        own = list(gaps(text))
        assert len(own) == 9 and text.count("{") == 9
        rights = sorted(float(alternatives[0][1]) for _, alternatives in own)
        known = truth(small, id)
        places = [("dc", t) for t in (0, 1, 2)] + [("dU_f", None), ("dU_i", None)]
        places += [(f"dz_{k}", t) for k in "fi" for t in (1, 2)]
        assert rights == pytest.approx(sorted(known[p] for p in places), rel=1e-9)
        for _, alternatives in own:
            assert [a[0] for a in alternatives] == ["="] + ["%0%"] * (len(alternatives) - 1)


# Slips that people make, and words of the sentence that names them.
NAMED = {
    "carousel path left out": ("dc", 1, "carousel path"),
    "σ' left out in f": ("dz_f", 1, "derivative of σ is missing"),
    "last step only in dU in f": ("dU_f", None, "only the contribution of the last step"),
    "h[t] for h[t-1] in f": ("dU_f", None, "a wrong step"),
    "tanh' left out": ("dc", 2, "the derivative of tanh is missing"),
}


@pytest.mark.parametrize("name", NAMED)
def test_the_value_of_a_slip_has_feedback_that_names_it(small: Small, name: str) -> None:
    symbol, t, words = NAMED[name]
    rows = list(csv.DictReader(io.StringIO(exported(small.folder, "csv"))))
    for id in IDS:
        text = (small.folder / "key" / f"{id}.toml").read_text("utf-8")
        problem = classroom.problem_of(text)
        (slip,) = (s for s in of_table(problem.shape, 2) if s.name == name)
        wrong = by_place(values_of(problem, edits=slip.edits))[symbol, t]
        own = [r for r in rows if (r["id"], r["symbol"], r["t"]) == (id, symbol, str(t or ""))]
        told = [r for r in own if abs(float(r["value"]) - wrong) <= float(r["tolerance"])]
        assert told and told[0]["grade"] == "0" and words in told[0]["feedback"], (id, own)


def test_the_table_has_a_right_row_for_each_value(small: Small) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(small.folder, "csv"))))
    right = [row for row in rows if row["grade"] == "100"]
    assert len(right) == 6 * 9
    for row in right:
        t = int(row["t"]) if row["t"] else None
        assert float(row["value"]) == pytest.approx(truth(small, row["id"])[row["symbol"], t])


def unescaped(text: str) -> str:
    return re.sub(r"\\([\\~=#{}:])", r"\1", text)


def test_gift_is_read_back_as_its_grammar_says(small: Small) -> None:
    """Names, text and answers, each sign of the format escaped where it means itself."""
    text = exported(small.folder, "gift", "dc,dU_f")
    blocks = [b for b in re.split(r"\n\s*\n", text.strip()) if not b.startswith("$CATEGORY")]
    assert len(blocks) == 6 * 4
    for block in blocks:
        head, _, rest = block.removeprefix("::").partition("::")
        name, id = unescaped(head).split()
        assert rest.startswith("[html]")
        body = re.search(r"(?<!\\)\{#(.*)(?<!\\)\}$", rest, re.S)
        assert body is not None
        answers, _, feedback = body[1].rpartition("####")
        assert unescaped(feedback).strip().startswith("<p>∂L/∂")
        parts = [part for part in re.split(r"(?<!\\)=", answers) if part.strip()]
        symbol, _, index = name.partition("[")
        true = truth(small, id)[symbol, int(index[:-1]) if index else None]
        value, _, tolerance = parts[0].strip().partition(":")
        accepted(float(value), float(tolerance), true, 4)
        for part in parts[1:]:
            assert re.fullmatch(rf"%0%{NUMBER}:{NUMBER}#(?:\\.|[^\\~=#{{}}:])+", part.strip()), part


def test_symbols_and_kinds_are_chosen(small: Small, run: Run) -> None:
    result = run("class", "export", small.folder, "--to", "moodle", "--questions", "numerical",
                 "--symbols", "dc")  # fmt: skip
    root = ElementTree.fromstring(result.stdout.encode())
    assert [q.get("type") for q in root].count("numerical") == 18
    assert not root.findall("question[@type='cloze']")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "moodle", "--symbols", "dq"), "Error: --symbols: expected some of what is asked "
         'for (dc, dz_i, dz_f, dU_f, dU_i), found "dq"'),
        (("--to", "gift", "--questions", "cloze"), "Error: --questions: expected nothing of the "
         "kind with --to gift, found cloze"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(
    small: Small, run: Run, arguments: tuple[str, ...], message: str
) -> None:
    result = run("class", "export", small.folder, *arguments)
    assert result.exit_code == 2 and result.stderr.startswith(message), result.stderr


def test_a_folder_that_is_no_class_is_told(tmp_path: Path, run: Run) -> None:
    result = run("class", "export", tmp_path, "--to", "csv")
    assert result.exit_code == 2
    assert "expected a folder that cellcalc class make wrote" in result.stderr
