"""A whole class, made, handed in by simulated students, and marked: the gradebook is right.

In a thorough run; what marking a class gives is tried on a few students in ``test_mark.py``.
"""

from __future__ import annotations

import html
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.marking.judging import Truth, is_named, worth
from tests.support import classroom
from tests.support.oracles import THOROUGH

pytestmark = pytest.mark.cases(0)
STUDENTS = 120 if THOROUGH else 24
PROBLEM = "two_step"


# A process between, so that what is measured is that of one command and of nothing before it.
MEASURED = """
import json, resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    json.dump([usage.ru_utime + usage.ru_stime, usage.ru_maxrss], file)
sys.exit(status)
"""


def run(*arguments: str | Path, cost: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command; ``cost`` gets its seconds of processor time and its largest process in KB."""
    command = [sys.executable, "-m", "cellcalc", *map(str, arguments)]
    if cost is not None:
        command = [sys.executable, "-c", MEASURED, str(cost), *command]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> tuple[classroom.Class, Path, list[float]]:
    """The class, its report, and what marking took of the processors."""
    place = tmp_path_factory.mktemp("class")
    (place / "roster.csv").write_text(classroom.roster(STUDENTS), encoding="utf-8")
    made = run("class", "make", PROBLEM, place / "roster.csv", "-o", place / "made",
               "--figures", "4")  # fmt: skip
    assert made.returncode == 0, made.stderr
    one = classroom.hand_in(place / "made", place / "submissions")
    report, cost = place / "report", place / "cost.json"
    result = run("class", "mark", place / "made", place / "submissions", "-o", report, cost=cost)
    assert result.returncode == 0, result.stderr
    return one, report, json.loads(cost.read_text())


def test_every_student_is_a_row_in_the_order_of_the_list(
    marked: tuple[classroom.Class, Path, list[float]],
) -> None:
    one, report, _ = marked
    assert list(classroom.gradebook(report)) == list(one.handed)


def test_right_work_has_full_points_whatever_its_rounding(
    marked: tuple[classroom.Class, Path, list[float]],
) -> None:
    one, report, _ = marked
    rows = classroom.gradebook(report)
    right = [h for h in one.handed.values() if h.slip is None and not h.trouble]
    copied = {h.other for h in one.handed.values()}  # which is noted with them, too
    assert len(right) > STUDENTS // 5
    for handed in right:
        row = rows[handed.id]
        assert int(row["correct"]) == handed.answers, row
        others = ("carried", "repeated", "coarse", "wrong", "open", "unreadable", "slips")
        assert [int(row[name]) for name in others] == [0] * len(others), row
        assert float(row["points"]) == 100.0, row
        assert not row["note"] or handed.id in copied, row


def test_each_slip_is_one_cause_and_is_named(
    marked: tuple[classroom.Class, Path, list[float]],
) -> None:
    one, report, _ = marked
    rows = classroom.gradebook(report)
    slipped = [h for h in one.handed.values() if h.slip is not None and not h.trouble]
    assert len(slipped) > STUDENTS // 3
    single = named = 0
    for handed in slipped:
        row = rows[handed.id]
        verdicts = ("correct", "carried", "repeated", "coarse", "wrong", "unreadable")
        assert sum(int(row[name]) for name in verdicts) == handed.answers, row
        assert int(row["wrong"]) >= 1 and int(row["slips"]) >= 1, (handed, row)
        single += int(row["slips"]) == 1
        named += is_told(one, handed, records(report)[handed.id])
        page = (report / "feedback" / f"{handed.id}.md").read_text(encoding="utf-8")
        assert "## The first mistake" in page
    assert single >= 0.9 * len(slipped)
    assert named >= 0.9 * len(slipped)


def records(report: Path) -> dict[str, dict[str, Any]]:
    """What was kept of each file that was marked, by student."""
    found = (json.loads(p.read_text(encoding="utf-8")) for p in (report / ".marked").glob("*.json"))
    return {record["id"]: record for record in found if "marks" in record}


def is_told(one: classroom.Class, handed: classroom.Handed, record: dict[str, Any]) -> bool:
    """Whether the slip that was made is among the causes, and no cause is a false name."""
    assert handed.slip is not None
    problem = one.problem(handed.id)
    truth = [Truth(handed.slip.edits, handed.slip.says)]
    named = [cause for cause in record["marks"]["slips"] if is_named(cause)]
    said = [worth(problem, truth, cause, "all rows") for cause in named]
    return "wrong" not in said and ("right" in said or "among others" in said)


def test_the_overview_counts_each_slip_once_a_student(
    marked: tuple[classroom.Class, Path, list[float]],
) -> None:
    _, report, _ = marked
    page = (report / "class.md").read_text(encoding="utf-8")
    table = page.partition("## Slips")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ")][1:]
    told = sum(int(cells[1]) for cells in rows)
    causes = 0
    for record in records(report).values():
        causes += len({cause["says"] or "?" for cause in record["marks"]["slips"]})
    assert told == causes


TROUBLE = {
    "missing": "nothing handed in",
    "broken": "cannot be read",
    "picture": "a picture",
    "empty": "an empty file",
}


def test_what_cannot_be_marked_is_a_row_with_its_reason(
    marked: tuple[classroom.Class, Path, list[float]],
) -> None:
    one, report, _ = marked
    rows = classroom.gradebook(report)
    for handed in one.handed.values():
        row = rows[handed.id]
        if handed.trouble in TROUBLE:
            assert TROUBLE[handed.trouble] in row["note"]
            assert row["correct"] == row["points"] == "0"
        elif handed.trouble == "another's":
            assert f"this is {handed.other}'s workbook" in row["note"]
            assert row["points"] == "0"
            assert handed.id in rows[handed.other]["note"]
        elif handed.trouble == "copied":
            assert f"the same answers to the last digit as {handed.other}" in row["note"]
            assert handed.id in rows[handed.other]["note"]


def test_feedback_names_nobody_else(marked: tuple[classroom.Class, Path, list[float]]) -> None:
    one, report, _ = marked
    names = dict(roster_names(one))
    for path in (report / "feedback").iterdir():
        text = path.read_text(encoding="utf-8")
        others = [id for id in names if id != path.stem and id in text]
        assert others == [], path
        own = html.escape(names[path.stem]) if path.suffix == ".html" else names[path.stem]
        assert own in text


def roster_names(one: classroom.Class) -> list[tuple[str, str]]:
    lines = (one.folder / "roster.csv").read_text(encoding="utf-8").splitlines()[1:]
    return [(line.split(",")[0], line.split(",")[1]) for line in lines]


@pytest.mark.skipif(not THOROUGH, reason="there is no class of 120 but in a thorough run")
def test_a_class_is_marked_in_two_minutes_and_half_a_gigabyte(
    marked: tuple[classroom.Class, Path, list[float]],
) -> None:
    _, _, (seconds, largest) = marked
    assert seconds < 2 * 120  # on two cores
    assert largest < 250_000  # KB, of each of two


@pytest.mark.skipif(not THOROUGH, reason="there is no killing but in a thorough run")
def test_a_kill_in_the_middle_and_going_on_loses_nothing(
    marked: tuple[classroom.Class, Path, list[float]], tmp_path: Path
) -> None:
    one, report, _ = marked
    again = tmp_path / "report"
    words = ["class", "mark", str(one.folder), str(one.submissions), "-o", str(again)]
    command = [sys.executable, "-m", "cellcalc", *words]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        while len(list((again / ".marked").glob("*.json"))) < STUDENTS // 4:
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    kept = {path.name: path.stat().st_mtime_ns for path in (again / ".marked").glob("*.json")}
    assert not (again / "gradebook.csv").exists()
    assert run(*words).returncode == 0
    assert (again / "gradebook.csv").read_text() == (report / "gradebook.csv").read_text()
    for name, time_ in kept.items():  # none of them was marked again
        assert (again / ".marked" / name).stat().st_mtime_ns == time_
