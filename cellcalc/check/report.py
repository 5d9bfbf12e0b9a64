"""What marking comes to: a verdict for each answer, and the slips found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cellcalc.check.answers import Answer, Unreadable
from cellcalc.language.tree import Expression, Symbol


class Verdict(StrEnum):
    CORRECT = "correct"
    CARRIED = "carried"
    WRONG = "wrong"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Slip:
    """What explains a wrong answer: ``symbol``'s equation as it must have been used.

    ``says`` tells it in a sentence, ``true`` is the right equation. ``others`` are further
    explanations that fit as well, ``apart`` the value that would tell them apart.
    """

    symbol: str
    formula: Expression
    says: str
    true: Expression | None
    total: bool
    others: tuple[str, ...] = ()
    apart: str = ""


@dataclass(frozen=True)
class Marked:
    """One answer with its verdict.

    ``expected`` is the true number, or the true formula as text; ``place`` sorts the answers in
    the order of computation. ``counterexample`` holds the numbers for which a wrong formula
    gives another value: what it gives, what is right, and what was put in. ``redo`` is the step
    that a wrong number should have been, from the person's own values.
    """

    answer: Answer
    verdict: Verdict
    expected: float | str | None
    place: tuple[int, int, int]
    slip: Slip | None = None
    note: str = ""
    window: int = 1
    counterexample: Counterexample | None = None
    redo: Redo | None = None


@dataclass(frozen=True)
class Counterexample:
    """Numbers with which a formula and the right one differ, at step ``t`` (None: a total)."""

    gives: float
    right: float
    t: int | None
    numbers: Mapping[str, float] = field(default_factory=dict)
    own_problem: bool = True


@dataclass(frozen=True)
class Redo:
    """The right equation of a wrong number, and the person's own values to put into it.

    ``t`` is the step, or None for a gradient: then ``terms`` are the contributions of the steps.
    """

    symbol: str
    t: int | None
    formula: Expression
    values: Mapping[Symbol, float]
    terms: tuple[float, ...]
    result: float


@dataclass(frozen=True)
class Report:
    """All answers in the order in which they were given, and those that could not be read.

    ``passed_over`` counts the lines of text that are no answers.
    """

    title: str
    marked: tuple[Marked, ...]
    unreadable: tuple[Unreadable, ...]
    windows: int
    slips: int
    passed_over: int = 0

    def count(self, verdict: Verdict) -> int:
        if verdict is Verdict.UNREADABLE:
            return len(self.unreadable)
        return sum(one.verdict is verdict for one in self.marked)

    @property
    def first_wrong(self) -> Marked | None:
        """The first real mistake, in the order of computation."""
        wrong = [one for one in self.marked if one.verdict is Verdict.WRONG]
        return min(wrong, key=lambda one: one.place, default=None)

    @property
    def all_right(self) -> bool:
        """Whether every answer was read and is correct, and there is one."""
        return (
            bool(self.marked)
            and not self.unreadable
            and (self.count(Verdict.CORRECT) == len(self.marked))
        )
