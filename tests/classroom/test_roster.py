"""Lists of students as platforms and people write them."""

from __future__ import annotations

import pytest

from cellcalc.classroom.roster import numbered, read_roster, safe_name
from cellcalc.errors import InputError

LISTS = {
    "plain": "id,name\ns1,Ada Lovelace\ns2,Grace Hopper\n",
    "other order and capitals": "Name,Group,ID\nAda Lovelace,A,s1\nGrace Hopper,B,s2\n",
    "semicolons": "id;name\ns1;Ada Lovelace\ns2;Grace Hopper\n",
    "tabs": "id\tname\ns1\tAda Lovelace\ns2\tGrace Hopper\n",
    "byte-order mark": "\ufeffid,name\r\ns1,Ada Lovelace\r\ns2,Grace Hopper\r\n",
    "two columns of names": "Surname,First name,ID number\nLovelace,Ada,s1\nHopper,Grace,s2\n",
    "empty lines and spaces": "\n id , name \n\n s1 , Ada  Lovelace \n\n s2 ,Grace Hopper\n\n",
    "quotes": 'id,name\n"s1","Ada Lovelace"\n"s2","Grace Hopper"\n',
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_ids_and_names_are_found(text: str) -> None:
    roster = read_roster(text.encode(), "roster.csv")
    assert [(s.id, s.name) for s in roster.students] == [
        ("s1", "Ada Lovelace"), ("s2", "Grace Hopper"),
    ]  # fmt: skip


@pytest.mark.parametrize("head", ["学号,姓名", "学号,姓,名", "id,first name,surname"])
def test_a_chinese_name_is_written_surname_first(head: str) -> None:
    parts = {"姓名": "王芳", "姓": "王", "surname": "王", "名": "芳", "first name": "芳"}
    row = ",".join(parts.get(column, "s1") for column in head.split(","))
    (student,) = read_roster(f"{head}\n{row}\n".encode(), "roster.csv").students
    assert (student.id, student.name) == ("s1", "王芳")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_every_encoding_is_read(encoding: str) -> None:
    text = "id;name\ns1;Jörg Müller\ns2;Grace Hopper\n"
    roster = read_roster(text.encode(encoding), "roster.csv")
    assert roster.students[0].name == "Jörg Müller"


def test_other_columns_stay() -> None:
    text = "e-mail,id,name,group\nada@x.org,s1,Ada,A\ngrace@x.org,s2,Grace,B\n"
    roster = read_roster(text.encode(), "roster.csv")
    assert roster.others == ("e-mail", "group")
    assert roster.students[1].others == {"e-mail": "grace@x.org", "group": "B"}
    assert roster.text() == "id,name,e-mail,group\ns1,Ada,ada@x.org,A\ns2,Grace,grace@x.org,B\n"
    again = read_roster(roster.text().encode(), "again.csv")
    assert again == roster


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("s001", "s001"),
        ("Ada Lovelace", "Ada_Lovelace"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c:d*e?", "a_b_c_d_e_"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("COM10", "COM10"),
        ("dot. ", "dot"),
        ("-rf", "rf"),
        ("=1+1", "1+1"),
        ("müller", "müller"),
        ("王", "王"),
        ("..", "_"),
        ("", "_"),
    ],
)
def test_an_id_makes_a_name_that_every_system_can_have(id: str, name: str) -> None:
    assert safe_name(id) == name
    assert not set(safe_name(id)) & set('/\\:*?"<>|')


def test_long_ids_stay_apart() -> None:
    one, other = safe_name("x" * 150 + "1"), safe_name("x" * 150 + "2")
    assert one != other and len(one.encode()) <= 80 >= len(other.encode())


def test_ids_that_make_the_same_name_get_different_files() -> None:
    roster = read_roster(b"id\na/b\na:b\na_b\n", "roster.csv")
    assert [s.stem for s in roster.students] == ["a_b", "a_b~2", "a_b~3"]
    assert read_roster(b"id\nown_cells\n", "r").students[0].stem == "own_cells~2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,name\ns1,Ada\ns1,Grace\n", "roster.csv: line 3: id: expected ids that differ, and "
         "not by capitals only, found s1, as in line 2"),
        ("id,name\ns1,Ada\nS1,Grace\n", "roster.csv: line 3: id: expected ids that differ, and "
         "not by capitals only, found S1, as in line 2"),
        ("id,name\n,Ada\n", 'roster.csv: line 2: id: expected an id, found none beside "Ada"'),
        ("name,group\nAda,A\n", "roster.csv: expected a first line with a column id, found the "
         "columns name, group"),
        ("id,name\n", "roster.csv: expected at least one student, found none"),
        ("", "roster.csv: expected a list of students, as CSV, found an empty file"),
        ("id,id\n1,2\n", "roster.csv: id: expected one column of that name, found more"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        read_roster(text.encode(), "roster.csv")
    assert error.value.lines[0] == message


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(InputError) as error:
        read_roster(b"id,name\ns1,A\ns1,B\n,C\ns2,D\ns2,E\n", "r.csv")
    assert len(error.value.lines) == 3


def test_a_class_without_a_list_is_numbered() -> None:
    assert [s.id for s in numbered(3).students] == ["s001", "s002", "s003"]
    assert numbered(1200).students[0].id == "s0001"
