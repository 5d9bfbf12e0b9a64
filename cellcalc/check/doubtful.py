"""What was read with too much doubt to be called wrong.

Where much of a document was not understood, a number of it that no slip explains is mostly one of
something else: of 150 such numbers and formulas in hand-ins by people who had not seen the program,
two were wrong. They are told as not read. What is written in the very form of an answers file,
``dc[2] = 0.5``, was understood. It stands apart from marking, whose verdicts it takes back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cellcalc.check.answers import Answer, Entry, Unreadable
from cellcalc.check.report import Kind, Marked, Verdict, is_unexplained
from cellcalc.language.tree import Neg, Symbol, symbols

FEWEST = 3  # that were not read
_NOT_RIGHT = (Verdict.WRONG, Verdict.REPEATED)
SHARE = 0.1  # of all answers, above which a document is poorly read


def is_poorly_read(unreadable: Sequence[Unreadable], answers: Sequence[Answer]) -> bool:
    """Whether much of a document was not understood."""
    unread = len(unreadable)
    return unread >= FEWEST and unread > SHARE * (unread + len(answers))


def doubtful(marked: Sequence[Marked], entries: Sequence[Entry], is_poor: bool) -> list[int]:
    """Those of a document that nothing explains, and that may not be what they seem.

    ``is_poor`` tells whether it is poorly read: else these are only formulas that are made of what
    they define, and no lines of a program, which may put a value in the place of the one before.
    In a program poorly read each name may be another, whatever would explain the line.
    """
    lines = {entry.line for entry in entries if entry.form in ("code", "last")}
    found = [
        k
        for k, one in enumerate(marked)
        if (
            _is_unexplained(one)
            and (is_poor or (one.answer.line not in lines and _is_of_itself(one)))
        )
        or (is_poor and _is_another(one))
        or (is_poor and one.answer.line in lines and one.verdict in _NOT_RIGHT)
    ]
    certain = _in_the_form_of_answers(entries) if found else set()
    return [k for k in found if _name(marked[k].answer) not in certain]


def _is_unexplained(one: Marked) -> bool:
    return one.verdict in _NOT_RIGHT and is_unexplained(one.slip)


def _is_another(one: Marked) -> bool:
    """Whether it is the right value of another quantity: which of the two was meant is open."""
    if one.slip is None or one.slip.kind is not Kind.COPY:
        return False
    return one.slip.formula is not None and not isinstance(one.slip.formula, Neg)


def _is_of_itself(one: Marked) -> bool:
    """Whether a formula for every step is made of nothing but what it defines: u = 1 - u."""
    if one.answer.t is not None or not one.answer.per_step:
        return False
    return any(
        used == {Symbol(row, 0)}
        for row, formula in (one.answer.formulas or {}).items()
        for used in [set(symbols(formula))]
    )


def _in_the_form_of_answers(entries: Sequence[Entry]) -> Collection[tuple[int | str, str]]:
    return {(one.line, one.left.replace(" ", "")) for one in entries if not one.form}


def _name(answer: Answer) -> tuple[int | str, str]:
    step = "" if answer.t is None else f"[{answer.t}]"
    step = "[t]" if answer.t is None and answer.formulas and answer.per_step else step
    return answer.line, f"{answer.symbol}{step}"
