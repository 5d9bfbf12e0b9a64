"""What a class was given: the settings, the list and the keys in the folder of a class.

The folder has ``class.toml`` (what was asked for), ``roster.csv``, a workbook for each student in
``students`` and the problem with their numbers in ``key``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cellcalc.classroom.roster import Roster, Student, read_roster
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import Trace
from cellcalc.errors import InputError, Mistake
from cellcalc.model.derivation import model_of
from cellcalc.problems.specification import read_specification
from cellcalc.resources import sentence
from cellcalc.studies.exercise import FIGURES
from cellcalc.toml import Reader, Section, decode, parse_toml, read_bytes
from cellcalc.views.problem_text import quoted

SETTINGS, ROSTER = "class.toml", "roster.csv"
STUDENTS, KEYS, SOLUTIONS = "students", "key", "solutions"
MOST_FIGURES = 15


@dataclass(frozen=True)
class Assignment:
    """What is asked for: of which quantities, to how many figures; and what the variants are."""

    title: str
    practice: str
    figures: int = FIGURES
    seed: int = 1
    vary: tuple[str, ...] = ()

    def text(self) -> str:
        """The file of settings."""
        vary = ", ".join(map(quoted, self.vary))
        lines = [
            f"# {sentence('class', 'settings')}",
            f"title = {quoted(self.title)}",
            f"practice = {quoted(self.practice)}",
            f"figures = {self.figures}",
            f"seed = {self.seed}",
            f"vary = [{vary}]",
        ]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Class:
    """A class read from its folder: the assignment, the students, their keys as text."""

    folder: Path
    assignment: Assignment
    roster: Roster
    keys: Mapping[str, str]

    def student(self, id: str) -> Student | None:
        """The student of that id, whatever its capitals."""
        folded = id.strip().casefold()
        return next((one for one in self.roster.students if one.id.casefold() == folded), None)

    def trace(self, id: str) -> Trace:
        """The values of a student's variant."""
        one = next(one for one in self.roster.students if one.id == id)
        base = self.folder / KEYS
        return key_trace(self.keys[id], f"{base / one.stem}.toml", base)


def key_trace(text: str, file: str, base: Path) -> Trace:
    """The values of the problem of a key, as ``class make`` wrote it or a teacher changed it."""
    specification = read_specification(text, file, base)
    return run_model(specification, model_of(specification))


def read_class(folder: Path) -> Class:
    """The class in a folder that ``cellcalc class make`` wrote.

    Raises :class:`~cellcalc.errors.InputError` where it is none, or a key is missing.
    """
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing there"
        raise InputError([Mistake(str(folder), "", "the folder of a class", found)])
    path = folder / SETTINGS
    if not path.is_file():
        expected = f"a folder that cellcalc class make wrote, with {SETTINGS}"
        raise InputError([Mistake(str(folder), "", expected, "none")])
    assignment = _read_settings(path)
    roster_file = folder / ROSTER
    roster = read_roster(read_bytes(roster_file, str(roster_file)), str(roster_file))
    keys: dict[str, str] = {}
    reader = Reader(str(folder / KEYS))
    for one in roster.students:
        key = folder / KEYS / f"{one.stem}.toml"
        if not key.is_file():
            reader.mistake(key.name, f"the key of {one.id}", "nothing there")
            continue
        keys[one.id] = decode(read_bytes(key, str(key)), str(key))
    reader.finish()
    return Class(folder, assignment, roster, keys)


def _read_settings(path: Path) -> Assignment:
    shown = str(path)
    reader = Reader(shown)
    whole = Section(reader, parse_toml(decode(read_bytes(path, shown), shown), shown))
    whole.only(("title", "practice", "figures", "seed", "vary"))
    title, practice = whole.text("title"), whole.text("practice")
    figures = whole.integer("figures", FIGURES, 1)
    if figures > MOST_FIGURES:
        reader.mistake("figures", f"at most {MOST_FIGURES}", str(figures))
    seed = whole.integer("seed", 1, 0)
    vary = whole.values.get("vary", [])
    if not isinstance(vary, list) or not all(isinstance(name, str) for name in vary):
        whole.wrong("vary", "a list of names")
        vary = []
    reader.finish()
    return Assignment(title, practice, figures, seed, tuple(vary))
