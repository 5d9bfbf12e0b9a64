"""What marking comes to: a verdict for each answer, and the causes of what is not right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cellcalc.check.answers import Answer, Unreadable
from cellcalc.language.tree import Expression, Symbol


class Verdict(StrEnum):
    CORRECT = "correct"
    CARRIED = "carried"
    REPEATED = "repeated"
    COARSE = "coarse"
    WRONG = "wrong"
    OPEN = "open"
    UNREADABLE = "unreadable"


class Kind(StrEnum):
    """What sort of cause a slip is.

    FORMULA: a row's equation, the same edit in sibling rows included; SCHEME: another scheme of
    truncation, or something else about the sweep; UPDATE: another rule for the new parameters;
    COPY: a number copied wrongly; ARITHMETIC: worked out wrongly; WORKING: wrong numbers put
    into a right formula; UNEXPLAINED: no cause was found.
    """

    FORMULA = "formula"
    SCHEME = "scheme"
    UPDATE = "update"
    COPY = "copy"
    ARITHMETIC = "arithmetic"
    WORKING = "working"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Alternative:
    """Another cause that fits as well: the row, its equation as it was used, a sentence."""

    symbol: str
    formula: Expression | None
    says: str


@dataclass(frozen=True)
class Slip:
    """One cause of wrong answers, however many it explains.

    ``symbol`` is the row whose equation it changes (or the row of the first answer), ``formula``
    that equation as it must have been used: None where the cause is none. ``says`` tells it in a
    sentence, ``true`` is the right equation, ``total`` whether both are of a sum over the window.
    ``rows`` are all the rows in which the same edit was made, ``steps`` those steps at which it
    was (none: at every one). ``alternatives`` are further causes that fit as well, ``apart`` the
    value that would tell them apart. ``answers`` are the places of the answers that it explains
    in :attr:`Report.marked`.
    """

    symbol: str
    formula: Expression | None
    says: str
    true: Expression | None
    total: bool
    alternatives: tuple[Alternative, ...] = ()
    apart: str = ""
    kind: Kind = Kind.FORMULA
    rows: tuple[str, ...] = ()
    steps: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()

    @property
    def others(self) -> tuple[str, ...]:
        """The further explanations as sentences, none twice."""
        return tuple(dict.fromkeys(one.says for one in self.alternatives))


def is_unexplained(slip: Slip | None) -> bool:
    """Whether nothing tells how an answer came to be what it is."""
    return slip is None or slip.kind is Kind.UNEXPLAINED


@dataclass(frozen=True)
class Part:
    """One part of a line of working: the method, the numbers put in, or the arithmetic.

    ``says`` tells what is wrong with it, and is empty where it is right.
    """

    name: str
    given: str
    right: bool
    says: str = ""


@dataclass(frozen=True)
class Marked:
    """One answer with its verdict.

    ``expected`` is the true number, or the true formula as text; ``place`` sorts the answers in
    the order of computation. ``epoch``, ``sequence`` and ``window`` say what it was marked
    against (window 0: the forward pass). ``relative`` is the relative error of a number, ``bound``
    how far rounding on the way can take it from ``expected``. ``counterexample`` holds the numbers
    for which a wrong formula gives another value: what it gives, what is right, and what was put
    in. ``redo`` is the step that a wrong number should have been, from the person's own values.
    ``parts`` are those of a line of working.
    """

    answer: Answer
    verdict: Verdict
    expected: float | str | None
    place: tuple[int, ...]
    slip: Slip | None = None
    note: str = ""
    window: int = 1
    epoch: int = 1
    sequence: int = 1
    relative: float | None = None
    bound: float | None = None
    counterexample: Counterexample | None = None
    redo: Redo | None = None
    parts: tuple[Part, ...] = ()


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

    ``slips`` are the distinct causes, the first in the order of computation first; those of
    ``Kind.UNEXPLAINED`` count as well. ``remarks`` are sentences about the whole: rows that are
    not marked, a search that was given up. ``passed_over`` counts the lines of text that are no
    answers.
    """

    title: str
    marked: tuple[Marked, ...]
    unreadable: tuple[Unreadable, ...]
    windows: int
    slips: tuple[Slip, ...]
    passes: int = 1
    remarks: tuple[str, ...] = ()
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
