"""A small class that several tests mark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

import cellcalc
from cellcalc.classroom.making import make_class, write_class
from cellcalc.classroom.roster import read_roster
from tests.marking.arithmetic import Rounding
from tests.marking.slips import Slip
from tests.marking.working import values_of
from tests.support import classroom

ROSTER = """id,name,group
s001,Ada Lovelace,A
s002,Grace Hopper,B
s003,Jörg Müller,B
s004,Alan Turing,A
s005,Emmy Noether,A
s006,Marie Curie,B
"""
FIGURES = Rounding(figures=5)


@dataclass(frozen=True)
class Small:
    """The folder of a class of six, and sheets filled in by hand."""

    folder: Path

    @cached_property
    def symbols(self) -> set[str]:
        return classroom.open_symbols(self.folder / "students" / "s001.xlsx")

    def sheet(self, id: str, to: Path, slip: Slip | None = None) -> Path:
        """A student's sheet, filled in."""
        problem = classroom.problem_of((self.folder / f"key/{id}.toml").read_text("utf-8"))
        values = values_of(problem, FIGURES, edits=slip.edits if slip else {})
        to.parent.mkdir(parents=True, exist_ok=True)
        classroom.fill_in(self.folder / "students" / f"{id}.xlsx", values, FIGURES, to)
        return to

    def text(self, id: str, to: Path, slip: Slip | None = None) -> Path:
        """The same as plain lines."""
        problem = classroom.problem_of((self.folder / f"key/{id}.toml").read_text("utf-8"))
        values = values_of(problem, FIGURES, edits=slip.edits if slip else {})
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(classroom.text_of(values, FIGURES, sorted(self.symbols)), "utf-8")
        return to


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    folder = tmp_path_factory.mktemp("small") / "class"
    roster = read_roster(ROSTER.encode(), "roster.csv")
    specification = cellcalc.load("two_step").specification
    write_class(make_class(specification, roster, "dc,dz_f,dz_i,dU_f,dU_i", 4), folder)
    return Small(folder)
