"""Whose file is whose, by the names that platforms and students give them."""

from __future__ import annotations

import pytest

from cellcalc.classroom.matching import Names, labels_of
from cellcalc.classroom.roster import read_roster

ROSTER = """id,name,e-mail
s001,Ada Lovelace,ada.l@x.org
s002,Grace Brewster Hopper,gracie@x.org
s003,Jörg Müller,jm@x.org
s004,Min Kim,mkim@x.org
s005,Min Kim Lee,lee@x.org
20231,Zoë O'Neil,zoe@x.org
k-17/b,Alan Turing,at@x.org
s008,Ibrahim al-Haytham,optics@x.org
"""
NAMES = Names(read_roster(ROSTER.encode(), "roster.csv"))


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("s001.xlsx", "s001"),
        ("S001.XLSX", "s001"),
        ("homework_s001_final (2).xlsx", "s001"),
        ("sub/folder/s002/answers.txt", "s002"),
        ("Ada Lovelace_48213_assignsubmission_file_/my work.xlsx", "s001"),
        ("Ada Lovelace_48213_assignsubmission_file_my work.xlsx", "s001"),
        ("Jörg Müller_1_assignsubmission_file_/a.xlsx", "s003"),
        ("Jorg Muller_1_assignsubmission_file_/a.xlsx", "s003"),
        ("Lovelace, Ada/a.xlsx", "s001"),
        ("Hopper Grace Brewster_3_assignsubmission_file_/a.xlsx", "s002"),
        ("lovelaceada_12345_67890_answers.xlsx", "s001"),
        ("lovelaceada_LATE_12345_67890_answers.xlsx", "s001"),
        ("hoppergracebrewster_1_2_a.xlsx", "s002"),
        ("kimmin_1_2_a.xlsx", "s004"),
        ("Min Kim Lee_5_assignsubmission_file_/a.xlsx", "s005"),
        ("Min Kim_5_assignsubmission_file_/a.xlsx", "s004"),
        ("oneilzoe_20231_55_a.xlsx", "20231"),
        ("k-17_b.xlsx", "k-17/b"),
        ("gracie_hw1.xlsx", "s002"),
        ("Ibrahim al-Haytham_5_assignsubmission_file_/a.xlsx", "s008"),
    ],
)
def test_a_name_tells_whose_it_is(path: str, id: str) -> None:
    found = NAMES.of(labels_of(path.split("/")))
    assert found is not None and found.id == id


@pytest.mark.parametrize(
    "path",
    [
        "answers.xlsx",
        "final.txt",
        "s0010.xlsx",
        "xs001.xlsx",
        "s001 and s002.xlsx",
        "Participant_20231_assignsubmission_file_/a.xlsx",
        "Ada_1_assignsubmission_file_/a.xlsx",
        "Someone Else_20231_assignsubmission_file_/a.xlsx",
    ],
)
def test_what_names_nobody_alone_is_nobodys(path: str) -> None:
    assert NAMES.of(labels_of(path.split("/"))) is None


def test_the_platforms_part_goes_before_what_the_student_wrote() -> None:
    labels = labels_of(["Ada Lovelace_1_assignsubmission_file_", "for s002.xlsx"])
    found = NAMES.of(labels)
    assert found is not None and found.id == "s001"


@pytest.mark.parametrize(
    ("name", "late", "version"),
    [
        ("lovelaceada_12345_67890_a.xlsx", False, 0),
        ("lovelaceada_LATE_12345_67890_a-2.xlsx", True, 2),
        ("s001 (3).xlsx", False, 3),
        ("s001_v2.txt", False, 2),
    ],
)
def test_late_files_and_versions_are_seen(name: str, late: bool, version: int) -> None:
    labels = labels_of([name])
    assert (labels.late, labels.version) == (late, version)
