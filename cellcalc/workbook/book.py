"""A workbook in the making: the trace, where its sheets stand, and what a sheet is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.trace import Trace
from cellcalc.studies.exercise import Assignment
from cellcalc.workbook.large_numbers import Large, has_large
from cellcalc.workbook.layout import Layout, lay_out
from cellcalc.workbook.moment import PLACES, Choosable, Moment
from cellcalc.workbook.sheets.bptt import bptt_rows
from cellcalc.xlsx.cells import Rows
from cellcalc.xlsx.connectors import Line

FAILURE = "!!"  # what a check says that fails


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows, and ``set_up`` for all else (widths, panes, rules, charts).

    ``lines`` are drawn over its cells; a sheet with lines has no charts.
    """

    title: str
    rows: Rows
    set_up: Callable[[Worksheet], None]
    hidden: bool = False
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Handout:
    """Whose sheet of a class an exercise is, and how many figures are asked for.

    With ``equations`` false those of what is asked for are left out.
    """

    id: str
    name: str
    figures: int
    equations: bool = True

    @property
    def settings(self) -> dict[str, str]:
        """What the workbook holds of it, so that the file alone can be matched and marked."""
        return {"id": self.id, "name": self.name, "figures": str(self.figures)}


@dataclass
class Book:
    """What every sheet is made from; ``chosen`` names the kinds of sheet that are wanted.

    ``named`` are those asked for by name; ``key`` that an exercise holds its answers.
    ``practice`` says what an exercise asks for ("" for none), ``blank`` that it is for paper,
    ``assignment`` how it asks, ``handout`` that it is that of a student in a class.
    ``pass_shown`` is the sheet of the pass chosen, and what can be chosen, of several passes.
    ``made`` are the sheets made so far, which the sheet of checks looks at; ``failed`` is how many
    checks fail in the workbook as it is written, known when that sheet is made.
    """

    trace: Trace
    chosen: tuple[str, ...]
    practice: str = ""
    blank: bool = False
    named: tuple[str, ...] = ()
    key: bool = False
    assignment: Assignment = field(default_factory=lambda: Assignment(""))
    handout: Handout | None = None
    pass_shown: tuple[Layout, Choosable] | None = None
    made: list[Sheet] = field(default_factory=list)
    failed: int = 0

    @cached_property
    def layouts(self) -> list[Layout]:
        """The BPTT sheets, one for each pass."""
        return lay_out(self.trace)

    @cached_property
    def large(self) -> Large | None:
        """Where numbers stand that a spreadsheet cannot compute with, if any do."""
        if not has_large(self.trace):
            return None
        return Large.of((layout.title, bptt_rows(layout)) for layout in self.layouts)

    @property
    def first(self) -> Layout:
        """The first BPTT sheet, where everything is put in."""
        return self.layouts[0]

    @property
    def seen(self) -> Layout:
        """The sheet that the study sheets refer to: of the pass chosen, or the first."""
        return self.pass_shown[0] if self.pass_shown else self.first

    @property
    def home(self) -> str:
        """The sheet on which the moment is chosen: the first of those that show one."""
        return next(kind for kind in PLACES if kind in self.chosen)

    @cached_property
    def moment(self) -> Moment:
        """The choice of moment."""
        return Moment(self.seen, self.home, self.pass_shown[1] if self.pass_shown else None)

    @property
    def has_moment(self) -> bool:
        """Whether there are study sheets that show one."""
        studies = any(kind in PLACES for kind in self.chosen)
        return studies and not self.practice and self.large is None

    def asked(self, kind: str) -> bool:
        """Whether a kind of sheet was asked for by name."""
        return kind.casefold() in (name.casefold() for name in self.named)

    def has(self, kind: str) -> bool:
        return kind in self.chosen
