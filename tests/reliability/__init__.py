"""What is tried against cellcalc, counted: ``python -m tests.reliability`` prints the table.

A campaign is one function that tries so many things and tells what it found; ``CAMPAIGNS`` in
``__main__`` lists them. The test suite runs each of them small, the command runs them large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """How many things were tried, and every one that did not go as it should, in words."""

    tried: int = 0
    found: list[str] = field(default_factory=list)
    note: str = ""  # a measured figure, such as the largest difference

    def expect(self, fine: bool, what: str) -> None:
        """Count one more, and note it if it is not as it should be."""
        self.tried += 1
        if not fine:
            self.found.append(what[:400])


@dataclass(frozen=True)
class Campaign:
    """``run(count, seed)`` tries about ``count`` things; ``quick`` and ``full`` are two counts.

    ``unit`` says what is counted, ``held`` what each one is held against. A campaign that cannot
    run here says so by raising :class:`Missing`.
    """

    name: str
    unit: str
    held: str
    run: Callable[[int, int], Outcome]
    quick: int
    full: int


class Missing(Exception):  # noqa: N818 - no error: a program is not installed
    """What this machine lacks for a campaign."""
