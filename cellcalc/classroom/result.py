"""What came of one row of a gradebook: it stands apart since every report is made of these."""

from __future__ import annotations

from dataclasses import dataclass

from cellcalc.check.report import Verdict
from cellcalc.classroom.deciding import Row
from cellcalc.classroom.judging import Record
from cellcalc.classroom.rubric import Points, left_out


@dataclass(frozen=True)
class Result:
    """A row, the record of its file, its points, and all that is to be said of it."""

    row: Row
    record: Record
    points: Points | None
    notes: tuple[str, ...]

    @property
    def is_marked(self) -> bool:
        """Whether there is a file that was marked."""
        return self.row.counts and not self.record.get("failed", "none")

    @property
    def is_all_right(self) -> bool:
        """Whether every answer is correct, and all that was asked for is there."""
        if not self.is_marked:
            return False
        answers = self.record["marks"]["answers"]
        if not answers or left_out(self.record):
            return False
        return all(answer["verdict"] == Verdict.CORRECT for answer in answers)

    def count(self, name: str) -> int:
        """How many answers have a verdict; how many slips there are."""
        return int(self.record["marks"]["summary"][name]) if self.is_marked else 0
