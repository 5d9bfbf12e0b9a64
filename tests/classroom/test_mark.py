"""What is handed in becomes rows: matched, marked, and told apart from what cannot be."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from cellcalc.classroom import grading
from cellcalc.classroom.collecting import Piece
from cellcalc.classroom.gradebook import COLUMNS
from cellcalc.classroom.grading import mark_class
from cellcalc.classroom.judging import look
from cellcalc.errors import InputError, OutputError
from tests.classroom.conftest import Small
from tests.marking.slips import Slip
from tests.marking.working import everywhere
from tests.support import classroom
from tests.support.command import Run
from tests.support.hostile_books import HOSTILE

NO_CAROUSEL = Slip("carousel path left out", everywhere(dc="dc_via_tanh_c"))
TEXTS = (".md", ".html", ".csv", ".json")
Rows = dict[str, dict[str, str]]


def mark(small: Small, submissions: Path, report: Path, **options: object) -> Rows:
    mark_class(small.folder, submissions, report, **options)  # type: ignore[arg-type]
    return classroom.gradebook(report)


@pytest.fixture
def handed(tmp_path: Path) -> Path:
    (tmp_path / "handed").mkdir()
    return tmp_path / "handed"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report"


def test_the_gradebook_has_the_columns_of_the_contract(
    small: Small, handed: Path, report: Path
) -> None:
    small.sheet("s001", handed / "s001.xlsx")
    mark(small, handed, report)
    header, first, *_ = (report / "gradebook.csv").read_text("utf-8").splitlines()
    expected = (
        "id,name,file,correct,carried,repeated,coarse,wrong,open,unreadable,slips,points,note"
    )
    assert header == expected == ",".join(COLUMNS)
    assert first == "s001,Ada Lovelace,s001.xlsx,9,0,0,0,0,0,0,0,100,"
    assert len((report / "gradebook.csv").read_text("utf-8").splitlines()) == 7
    page = openpyxl.load_workbook(report / "gradebook.xlsx")["Gradebook"]
    assert [cell.value for cell in page[1]] == [*COLUMNS, "group"]
    assert [cell.value for cell in page[2]][-1] == "A" and page["L2"].value == 100


@pytest.mark.parametrize("form", ["folder", "zip", "nested zip", "canvas", "flat"])
def test_every_platforms_folder_is_read(
    small: Small, handed: Path, report: Path, tmp_path: Path, form: str
) -> None:
    names = {
        "folder": "Grace Hopper_4711_assignsubmission_file_/work.xlsx",
        "zip": "Grace Hopper_4711_assignsubmission_file_/work.xlsx",
        "nested zip": "work.xlsx",
        "canvas": "hoppergrace_12345_67890_work.xlsx",
        "flat": "my sheet.xlsx",
    }
    place = handed
    if form == "nested zip":
        inner = small.sheet("s002", tmp_path / "inner" / names[form]).parent
        classroom.zipped(inner, handed / "anything.zip")
    else:
        small.sheet("s002", handed / names[form])
    if form == "zip":
        place = classroom.zipped(handed, tmp_path / "all.zip")
    rows = mark(small, place, report)
    assert rows["s002"]["correct"] == "9" and rows["s002"]["points"] == "100"
    assert rows["s001"]["note"] == "nothing handed in"


def test_a_workbook_is_known_by_itself_whatever_it_is_called(
    small: Small, handed: Path, report: Path
) -> None:
    path = small.sheet("s004", handed / "Untitled 1.xlsx")
    book = openpyxl.load_workbook(path)
    del book["Problem"]  # a program that drops what is hidden
    book.save(path)
    assert mark(small, handed, report)["s004"]["points"] == "100"


def test_a_changed_id_fools_nobody(small: Small, handed: Path, report: Path) -> None:
    path = small.sheet("s004", handed / "s003.xlsx")
    book = openpyxl.load_workbook(path)
    for row in book["Problem"].iter_rows():
        if row[0].value == "cellcalc id":
            row[1].value = "s003"
    book.save(path)
    rows = mark(small, handed, report)
    assert rows["s003"]["note"] == "s003.xlsx: this is s004's workbook"
    assert rows["s003"]["points"] == "0"


def test_changed_numbers_are_told(small: Small, handed: Path, report: Path) -> None:
    path = small.sheet("s004", handed / "s004.xlsx")
    book = openpyxl.load_workbook(path)
    (row,) = (r for r in book["Practice"].iter_rows() if r[1].value == "U_f")
    row[4].value = 0.0
    book.save(path)
    row_of = mark(small, handed, report)["s004"]
    assert row_of["points"] == "100"
    assert row_of["note"] == "the numbers given in it are not those of the key"


def test_of_several_files_the_newest_counts(small: Small, handed: Path, report: Path) -> None:
    old = small.sheet("s001", handed / "s001.xlsx", NO_CAROUSEL)
    os.utime(old, (1_000_000_000, 1_000_000_000))
    small.text("s001", handed / "s001_again.txt")
    row = mark(small, handed, report)["s001"]
    assert row["file"] == "s001_again.txt" and row["slips"] == "0"
    assert row["note"] == "2 files, of which the newest counts; also: s001.xlsx"


def test_what_cannot_be_read_does_not_count_before_what_can(
    small: Small, handed: Path, report: Path
) -> None:
    old = small.sheet("s001", handed / "s001.xlsx")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    (handed / "s001.jpg").write_bytes(b"\xff\xd8\xff a photograph")
    assert mark(small, handed, report)["s001"]["file"] == "s001.xlsx"


def test_late_files_are_told(small: Small, handed: Path, report: Path) -> None:
    path = small.sheet("s001", handed / "s001.xlsx")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    other = small.sheet("s002", handed / "s002.xlsx")
    os.utime(other, (1_600_000_000, 1_600_000_000))
    small.sheet("s003", handed / "mullerjorg_LATE_1_2_a.xlsx")
    os.utime(handed / "mullerjorg_LATE_1_2_a.xlsx", (1_600_000_000, 1_600_000_000))
    due = datetime.fromtimestamp(1_650_000_000)
    rows = mark(small, handed, report, due=due)
    assert [rows[id]["note"] for id in ("s001", "s002", "s003")] == ["late", "", "late"]


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", b"0" * 300_000_000)
        package.writestr("[Content_Types].xml", b"<a/>")
    return file.getvalue()


UNREAD = {
    "a.xlsx": (b"PK\x03\x04 cut off", "cannot be read"),
    "a.txt": (b"", "an empty file"),
    "b.txt": (b"I could not do it, sorry.", "no answers are in it"),
    "a.pdf": (b"%PDF-1.4", "a PDF file"),
    "a.pkl": (b"\x80\x04\x95 evil", "a pickle, which is never opened"),
    "a.bin": (bytes(range(256)) * 40, "cannot be read"),
    "big.txt": (b"x" * 17_000_000, "at most 16 MB"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_cannot_be_read_is_a_row_with_its_reason(
    small: Small, handed: Path, report: Path, name: str
) -> None:
    contents, reason = UNREAD[name]
    (handed / "s002").mkdir()
    (handed / "s002" / name).write_bytes(contents)
    small.sheet("s001", handed / "s001.xlsx")
    rows = mark(small, handed, report)
    assert reason in rows["s002"]["note"] and rows["s002"]["points"] == "0"
    assert rows["s001"]["points"] == "100"
    page = (report / "feedback" / "s002.md").read_text("utf-8")
    assert "Grace Hopper" in page


@pytest.mark.parametrize("name", ["s002.xlsx", "s002.zip"])
@pytest.mark.cases(1)
def test_a_bomb_is_a_row(small: Small, handed: Path, report: Path, name: str) -> None:
    (handed / name).write_bytes(bomb())
    rows = mark(small, handed, report)
    assert rows["s002"]["note"] and rows["s002"]["correct"] == "0"


def test_nothing_outside_is_followed(
    small: Small, handed: Path, report: Path, tmp_path: Path
) -> None:
    """Neither links, nor paths in zips, nor files that a problem in a workbook names."""
    secret = tmp_path / "secret.csv"
    secret.write_text("x1,x2,target\n0.123,0.1,0.1\n0.2,0.2,0.2\n", "utf-8")
    (handed / "s001.txt").symlink_to(secret)
    (handed / "s005").symlink_to(tmp_path)
    with zipfile.ZipFile(handed / "s002.zip", "w") as package:
        package.writestr("../../../secret.csv", "dc[1] = 0.1\n")
        package.writestr("/etc/evil.txt", "dc[1] = 0.1\n")
    path = small.sheet("s003", handed / "s003.xlsx")
    book = openpyxl.load_workbook(path)
    rows = [[cell.value for cell in row] for row in book["Problem"].iter_rows()]
    place = next(k for k, row in enumerate(rows) if str(row[1]).startswith("x = "))
    book["Problem"].cell(place + 1, 2, f'csv = "{secret}"')
    book.save(path)
    found = mark(small, handed, report)
    assert "a link, which is not followed" in found["s001"]["note"]
    assert "a link, which is not followed" in found["s005"]["note"]
    assert found["s003"]["points"] == "100"
    pages = "".join(p.read_text("utf-8") for p in report.rglob("*") if p.suffix in TEXTS)
    assert "0.123," not in pages and not list(tmp_path.rglob("evil*"))


def test_a_file_that_is_nobodys_is_a_row_at_the_end(
    small: Small, handed: Path, report: Path
) -> None:
    (handed / "answers.txt").write_text("dc[1] = 0.1\n", "utf-8")
    rows = mark(small, handed, report)
    assert list(rows)[-1] == "answers.txt"
    assert rows["answers.txt"]["note"] == "whose it is cannot be told"


def test_noise_of_systems_is_passed_over(small: Small, handed: Path, report: Path) -> None:
    small.sheet("s001", handed / "s001.xlsx")
    (handed / "__MACOSX").mkdir()
    for name in (".DS_Store", "Thumbs.db", "~$s001.xlsx", "__MACOSX/._s001.xlsx", "desktop.ini"):
        (handed / name).write_bytes(b"x")
    assert list(mark(small, handed, report)) == [f"s00{k}" for k in range(1, 7)]


def test_copies_are_told_to_the_teacher_and_not_to_the_students(
    small: Small, handed: Path, report: Path
) -> None:
    one = small.sheet("s001", handed / "s001.xlsx")
    classroom.copy_answers(one, small.folder / "students/s002.xlsx", handed / "s002.xlsx")
    shutil.copy(one, handed / "Alan Turing_1_assignsubmission_file_a.xlsx")
    rows = mark(small, handed, report)
    assert "the same answers to the last digit as s002" in rows["s001"]["note"]
    assert "the same answers to the last digit as s001" in rows["s002"]["note"]
    assert "the answers fit s001's variant" in rows["s002"]["note"]
    assert "this is s001's workbook" in rows["s004"]["note"]
    assert "s004 handed in this workbook, too" in rows["s001"]["note"]
    for id in ("s001", "s002", "s004"):
        page = (report / "feedback" / f"{id}.md").read_text("utf-8")
        assert not [other for other in rows if other != id and other in page]


def test_answers_for_anothers_variant_are_recognised_in_any_form(
    small: Small, handed: Path, report: Path
) -> None:
    small.text("s005", handed / "s006.txt")
    assert "the answers fit s005's variant" in mark(small, handed, report)["s006"]["note"]


def test_every_form_of_answers_is_marked(small: Small, handed: Path, report: Path) -> None:
    lines = [
        line.split(" = ") for line in small.text("s001", handed / "x.txt").read_text().splitlines()
    ]
    (handed / "x.txt").unlink()
    values = {name: float(number) for name, number in lines}
    (handed / "s001.csv").write_text(
        "answer,value\n" + "".join(f"{n},{v}\n" for n, v in values.items()), "utf-8"
    )
    symbol = {k.partition("[")[0] for k in values}
    series = {}
    for name in symbol:
        own = [v for k, v in values.items() if k.startswith(f"{name}[")]
        series[name] = own or values[name]
    (handed / "s002.json").write_text(json.dumps({"dU_f": 1.0, "dc": [9.0, 9.0]}), "utf-8")
    np.savez(handed / "s003.npz", dU_f=np.array(0.5), dU_i=np.array(0.25))
    (handed / "s004.py").write_text("dU_f = np.sum(dz_f * h_prev)\n", "utf-8")
    (handed / "s005.md").write_text("* $dU_f = \\sum_t dz_f[t] h[t-1]$\n", "utf-8")
    rows = mark(small, handed, report)
    assert int(rows["s001"]["correct"]) == len(values)
    for id in ("s002", "s003", "s004", "s005"):
        assert "cannot be read" not in rows[id]["note"], rows[id]
        assert sum(int(rows[id][k]) for k in ("correct", "coarse", "wrong")) >= 1, rows[id]


def test_what_is_typed_into_moodle_is_read(small: Small, handed: Path, report: Path) -> None:
    lines = small.text("s002", handed / "x.txt").read_text("utf-8").splitlines()
    (handed / "x.txt").unlink()
    page = handed / "Grace Hopper_5_assignsubmission_onlinetext_" / "onlinetext.html"
    page.parent.mkdir()
    body = "".join(f"<p>{line.replace(' = ', '&nbsp;= ')}</p>" for line in lines)
    page.write_text(f"<html><head><title>Text</title></head><body>{body}</body></html>", "utf-8")
    row = mark(small, handed, report)["s002"]
    assert int(row["correct"]) == len(lines) and not row["note"], row


def test_counts_are_those_of_check(small: Small, handed: Path, report: Path, run: Run) -> None:
    path = small.text("s001", handed / "s001.txt", NO_CAROUSEL)
    row = mark(small, handed, report)["s001"]
    key = small.folder / "key" / "s001.toml"
    said = json.loads(run("check", key, path, "-f", "json", "--figures", "4").stdout)
    assert {name: int(row[name]) for name in said["summary"]} == said["summary"]


def test_a_sheet_saved_by_libreoffice_is_the_same(
    small: Small, handed: Path, report: Path, soffice: str, tmp_path: Path, run: Run
) -> None:
    path = small.sheet("s001", tmp_path / "s001.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [soffice, profile, "--headless", "--convert-to", "ods", "--outdir", handed, path]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    row = mark(small, handed, report)["s001"]
    assert (row["file"], row["correct"], row["open"]) == ("s001.ods", "9", "0")
    assert row["points"] == "100"
    assert run("check", handed / "s001.ods").exit_code == 0  # it holds its problem too


def test_what_is_open_is_counted_and_what_is_not_there_is_noted(
    small: Small, handed: Path, report: Path
) -> None:
    shutil.copy(small.folder / "students" / "s001.xlsx", handed / "s001.xlsx")
    (handed / "s002.txt").write_text("dc[1] = 0.1\n", "utf-8")
    rows = mark(small, handed, report)
    assert rows["s001"]["open"] == "9" and rows["s001"]["points"] == "0"
    assert rows["s002"]["open"] == "0"
    assert rows["s002"]["note"] == "8 of 9 asked for are not in it"


def test_feedback_has_the_first_mistake_and_no_solution(
    small: Small, handed: Path, report: Path
) -> None:
    small.sheet("s001", handed / "s001.xlsx", NO_CAROUSEL)
    mark(small, handed, report)
    page = (report / "feedback" / "s001.md").read_text("utf-8")
    record = next((report / ".marked").glob("*.json"))
    for path in (report / ".marked").glob("*.json"):
        if "marks" in json.loads(path.read_text("utf-8")):
            record = path
    answers = json.loads(record.read_text("utf-8"))["marks"]["answers"]
    wrong = next(a for a in answers if a["verdict"] == "wrong")
    assert "## The first mistake" in page and "the carousel path" in page.lower()
    assert wrong["given"] in page and "with your own values before it" in page
    for answer in answers:
        if answer["verdict"] != "correct" and answer["expected"]:
            assert f"{abs(answer['expected']):.3g}" not in page, answer
    html = (report / "feedback" / "s001.html").read_text("utf-8")
    assert html.startswith("<!DOCTYPE html>") and "The first mistake" in html
    assert "http" not in html.replace("http-equiv", "") and "<script" not in html


def test_feedback_with_solutions_has_them(small: Small, handed: Path, report: Path) -> None:
    small.sheet("s001", handed / "s001.xlsx", NO_CAROUSEL)
    mark(small, handed, report, solutions=True)
    page = (report / "feedback" / "s001.md").read_text("utf-8")
    assert "## Every answer" in page and "…\n```" not in page


def test_names_of_files_are_no_formulas_and_no_markup(
    small: Small, handed: Path, report: Path
) -> None:
    small.text("s001", handed / "s001" / "=HYPERLINK(1)<b>&.txt")
    (handed / "=1+1.txt").write_text("dc[1] = 0.1\n", "utf-8")
    mark(small, handed, report)
    text = (report / "gradebook.csv").read_text("utf-8")
    assert "\n,,'=1+1.txt," in text
    page = openpyxl.load_workbook(report / "gradebook.xlsx")["Gradebook"]
    assert not [c for row in page.iter_rows() for c in row if c.data_type == "f"]
    assert "<b>" not in (report / "feedback" / "s001.html").read_text("utf-8")


# Going on


def test_what_is_marked_is_not_marked_again(
    small: Small, handed: Path, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.sheet("s001", handed / "s001.xlsx")
    small.sheet("s002", handed / "s002.xlsx", NO_CAROUSEL)
    first = mark(small, handed, report)
    done: list[str] = []
    judge = grading.judge
    monkeypatch.setattr(grading, "judge", lambda work: (done.append(work.id), judge(work))[1])
    assert mark(small, handed, report) == first and done == []
    small.sheet("s002", handed / "s002.xlsx")
    small.sheet("s003", handed / "s003.xlsx")
    again = mark(small, handed, report)
    assert sorted(done) == ["s002", "s003"]
    assert again["s002"]["points"] == "100" and again["s001"] == first["s001"]


def test_an_interruption_loses_nothing(
    small: Small, handed: Path, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for id in ("s001", "s002", "s003"):
        small.sheet(id, handed / f"{id}.xlsx")
    judge, done = grading.judge, []

    def interrupted(work: grading.Work) -> grading.Record:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(work.id)
        return judge(work)

    monkeypatch.setattr(grading, "judge", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mark(small, handed, report)
    monkeypatch.setattr(grading, "judge", lambda work: (done.append(work.id), judge(work))[1])
    rows = mark(small, handed, report)
    assert sorted(done) == ["s001", "s002", "s003"]
    assert [rows[id]["points"] for id in ("s001", "s002", "s003")] == ["100"] * 3


def test_a_report_that_somebody_changed_is_not_overwritten(
    small: Small, handed: Path, report: Path
) -> None:
    small.sheet("s001", handed / "s001.xlsx")
    mark(small, handed, report)
    (report / "gradebook.csv").write_text("my own marks", "utf-8")
    with pytest.raises(OutputError, match=r"gradebook\.csv"):
        mark(small, handed, report)
    assert (report / "gradebook.csv").read_text("utf-8") == "my own marks"
    mark(small, handed, report, force=True)
    assert classroom.gradebook(report)["s001"]["points"] == "100"


def test_a_report_within_the_submissions_is_no_submission(small: Small, handed: Path) -> None:
    small.sheet("s001", handed / "s001.xlsx")
    first = mark(small, handed, handed / "report")
    assert mark(small, handed, handed / "report") == first


@pytest.mark.parametrize("what", ["class", "submissions", "key"])
def test_what_is_missing_is_said(
    small: Small, handed: Path, report: Path, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "class"
    shutil.copytree(small.folder, folder)
    if what == "class":
        (folder / "class.toml").unlink()
    if what == "key":
        (folder / "key" / "s003.toml").unlink()
    if what == "submissions":
        handed.rmdir()
    with pytest.raises(InputError) as error:
        mark_class(folder, handed, report)
    message = error.value.lines[0]
    assert {"class": "class.toml", "submissions": "nothing there", "key": "s003"}[what] in message


def test_marking_exits_with_0_however_well_they_did(
    small: Small, handed: Path, report: Path, run: Run
) -> None:
    small.sheet("s001", handed / "s001.xlsx", NO_CAROUSEL)
    (handed / "s002.xlsx").write_bytes(b"broken")
    result = run("class", "mark", small.folder, handed, "-o", report, "--jobs", "1")
    assert result.exit_code == 0 and result.stdout == ""
    assert result.stderr.startswith("marked the work of 1 of 6 students; 5 rows have a note")


def test_no_hostile_workbook_raises_or_takes_long(tmp_path: Path) -> None:
    for name, (make, _) in HOSTILE.items():
        path = tmp_path / "s001.xlsx"
        path.write_bytes(make())
        found = look(Piece("s001.xlsx", str(path)))
        assert found.failed or found.digest, name
