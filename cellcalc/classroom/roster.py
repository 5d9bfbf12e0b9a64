"""Who is in the class: a list of students in a CSV file, as platforms give them out.

Columns may stand in any order; one is called ``id``, or as the usual platforms call it. Whatever
else there is stays with the student.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cellcalc.check.reading.characters import decoded
from cellcalc.errors import InputError, Mistake, describe, printable
from cellcalc.files import is_device
from cellcalc.toml import Reader

# What the columns are called, the likelier first; compared without case, spaces and signs.
IDS = ("id", "studentid", "idnumber", "sisuserid", "matriculationnumber", "matriculation",
       "matrikelnummer", "studentnumber", "学号", "number", "username", "login",
       "sisloginid")  # fmt: skip
NAMES = ("name", "fullname", "studentname", "student", "姓名")
FIRST_NAMES = ("firstname", "givenname", "forename", "vorname", "名")
LAST_NAMES = ("lastname", "surname", "familyname", "nachname", "姓")
MOST_STUDENTS = 10_000
MOST_LETTERS = 80  # of a file's name
MOST_TEXT = 200  # characters of an id or a name
# Names that no file may have on Windows, whatever its ending.
# What templates of a teacher's own are called beside the keys.
KEPT = ("own_cells", "own_readouts", "own_losses", "own_optimizers")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
_UNSAFE = re.compile(r"[^\w.@+=-]")  # letters of any script and digits are safe


@dataclass(frozen=True)
class Student:
    """One of the class; ``stem`` is what their files are called, ``others`` the other columns."""

    id: str
    name: str
    stem: str
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Roster:
    """The students in the order of the list, and the names of its other columns."""

    students: tuple[Student, ...]
    others: tuple[str, ...] = ()

    def text(self) -> str:
        """The list as CSV, with every column."""
        page = io.StringIO()
        write = csv.writer(page, lineterminator="\n")
        write.writerow(["id", "name", *self.others])
        for one in self.students:
            write.writerow([one.id, one.name, *(one.others.get(k, "") for k in self.others)])
        return page.getvalue()

    def renamed(self) -> Iterator[Student]:
        """The students whose files are not called as they are."""
        return (one for one in self.students if one.stem != one.id)


def numbered(count: int) -> Roster:
    """A class without a list: ``s001``, ``s002``, …"""
    digits = max(3, len(str(count)))
    names = [f"s{number:0{digits}d}" for number in range(1, count + 1)]
    return Roster(tuple(Student(name, "", name) for name in names))


def read_roster(contents: bytes, file: str) -> Roster:
    """The students in a CSV file; ``file`` is its name in messages.

    Raises :class:`~cellcalc.errors.InputError` with every mistake: no column of ids, an id that is
    missing or stands twice.
    """
    text = decoded(contents)
    if text is None:
        raise InputError([Mistake(file, "", "a list of students, as CSV", "another kind of file")])
    rows = _rows(text, file)
    if not rows:
        raise InputError([Mistake(file, "", "a list of students, as CSV", "an empty file")])
    _, header = rows[0]
    columns = _columns(header, file)
    reader = Reader(file)
    if len(rows) == 1:
        reader.mistake("", "at least one student", "none")
    if len(rows) > MOST_STUDENTS + 1:
        reader.mistake("", f"at most {MOST_STUDENTS:,} students", f"{len(rows) - 1:,}")
        reader.finish()
    others = tuple(header[k] for k in columns.others)
    students: list[Student] = []
    lines: dict[str, int] = {}
    taken = dict.fromkeys(KEPT, 0)
    for line, row in rows[1:]:
        one = _student(row, columns, header)
        where = f"line {line}"
        if not one.id:
            reader.mistake(f"{where}: id", "an id", f"none beside {describe(one.name)}")
            continue
        if len(one.id) > MOST_TEXT:
            reader.mistake(f"{where}: id", f"at most {MOST_TEXT} characters", describe(one.id))
            continue
        folded = one.id.casefold()
        if folded in lines:
            expected = "ids that differ, and not by capitals only"
            reader.mistake(f"{where}: id", expected, f"{one.id}, as in line {lines[folded]}")
            continue
        lines[folded] = line
        stem, number = one.stem, 1
        while stem.casefold() in taken:  # another id that is written so
            number += 1
            stem = f"{one.stem}~{number}"
        taken[stem.casefold()] = line
        students.append(Student(one.id, one.name, stem, one.others))
    reader.finish()
    return Roster(tuple(students), others)


def safe_name(id: str) -> str:
    """A file's name, without its ending, for an id: any system can have it, and it stays inside."""
    text = unicodedata.normalize("NFC", id).strip(" .")
    text = _UNSAFE.sub("_", text).lstrip(".-=+@") or "_"
    if is_device(text):
        text = f"_{text}"
    if len(text.encode()) > MOST_LETTERS:
        short = text.encode()[: MOST_LETTERS - 9].decode(errors="ignore")
        text = f"{short}-{hashlib.sha256(id.encode()).hexdigest()[:8]}"
    return text


@dataclass(frozen=True)
class _Columns:
    """Where the parts of a student stand."""

    id: int
    names: tuple[int, ...]
    others: tuple[int, ...]


def _columns(header: Sequence[str], file: str) -> _Columns:
    plain = [re.sub(r"[^\w]|_", "", cell).casefold() for cell in header]

    def first(known: Sequence[str]) -> int | None:
        return next((plain.index(name) for name in known if name in plain), None)

    id = first(IDS)
    if id is None:
        found = f"the columns {', '.join(cell or '(empty)' for cell in header[:8])}"
        raise InputError([Mistake(file, "", "a first line with a column id", printable(found))])
    if plain.count(plain[id]) > 1:
        raise InputError([Mistake(file, header[id], "one column of that name", "more")])
    whole = first(NAMES)
    parts = [k for k in (first(FIRST_NAMES), first(LAST_NAMES)) if k is not None]
    names = (whole,) if whole is not None else tuple(parts)
    rest = tuple(k for k, cell in enumerate(header) if k != id and k not in names and cell)
    return _Columns(id, names, rest)


def _student(row: Sequence[str], columns: _Columns, header: Sequence[str]) -> Student:
    def cell(k: int) -> str:
        return printable(row[k]) if k < len(row) else ""

    id = cell(columns.id)
    name = _joined([text for text in map(cell, columns.names) if text])[:MOST_TEXT]
    others = {header[k]: cell(k) for k in columns.others}
    return Student(id, name, safe_name(id), others)


def _joined(parts: Sequence[str]) -> str:
    """First name and surname as they are written together: a Chinese surname comes first."""
    if len(parts) == 2 and all(_HAN.fullmatch(part) for part in parts):
        return "".join(reversed(parts))
    return " ".join(parts)


def _rows(text: str, file: str) -> list[tuple[int, list[str]]]:
    """The rows that hold something, with the numbers of their lines."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(";\t,", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                found.append((reader.line_num, cells))
    except csv.Error as error:
        line = f"line {reader.line_num}"
        raise InputError([Mistake(file, line, "CSV", f"an error: {error}")]) from None
    return found
