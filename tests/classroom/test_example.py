"""The class that ships as an example is what cellcalc makes and marks now."""

from __future__ import annotations

import tomllib
from pathlib import Path

from cellcalc import api
from cellcalc.classroom.grading import mark_class
from cellcalc.classroom.making import make_class
from cellcalc.classroom.roster import read_roster
from tests.support import classroom
from tests.support.paths import ROOT

FOLDER = ROOT / "examples" / "class"


def test_its_keys_are_made_again() -> None:
    settings = tomllib.loads((FOLDER / "made" / "class.toml").read_text("utf-8"))
    roster = read_roster((FOLDER / "roster.csv").read_bytes(), "roster.csv")
    problem = api.load("two_step").specification
    made = make_class(problem, roster, figures=settings["figures"], seed=settings["seed"])
    for path in (FOLDER / "made" / "key").iterdir():
        assert made.files[f"key/{path.name}"] == path.read_bytes()


def test_its_gradebook_is_what_marking_gives(tmp_path: Path) -> None:
    mark_class(FOLDER / "made", FOLDER / "submissions", tmp_path)
    assert classroom.gradebook(tmp_path) == classroom.gradebook(FOLDER / "report")


def test_its_readme_and_the_chapter_name_files_that_are_there() -> None:
    for name in ("class.md", "gradebook.csv", "feedback"):
        assert name in (FOLDER / "README.md").read_text("utf-8")
        assert (FOLDER / "report" / name).exists()
    chapter = (ROOT / "docs" / "class.md").read_text("utf-8")
    for part in chapter.split("](")[1:]:
        target = part.partition(")")[0]
        assert (ROOT / "docs" / target).resolve().exists(), target
