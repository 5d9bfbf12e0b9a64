"""What cellcalc prints, it reads: every equation and number comes back, and is correct."""

from __future__ import annotations

import random
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cellcalc import resources
from cellcalc.api import Problem
from cellcalc.check.answers import entries_of_text
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.reading.latex import to_plain
from cellcalc.check.reading.names import Names
from cellcalc.check.report import Verdict
from cellcalc.check.words import to_text
from cellcalc.engine.trace import Trace
from cellcalc.language.authors import FOLDER
from cellcalc.language.authors import load as load_author
from cellcalc.language.notation import LANGUAGE, Ascii, Latex, Unicode
from cellcalc.language.tree import (
    Call,
    Div,
    Expression,
    Neg,
    Number,
    Pow,
    Symbol,
    add,
    multiply,
)
from cellcalc.problems.specification import read_specification
from cellcalc.views.derivation import derive
from cellcalc.views.export import to_csv, to_json
from cellcalc.views.worked import explain
from tests.support.oracles import THOROUGH

CELLS = resources.names("templates/cells")
AUTHORS = ("", *resources.names(FOLDER))
DERIVATIONS = ("text", "ascii", "latex", "markdown")
FORMS = (*DERIVATIONS, "explain", "explain in ascii", "csv", "json", "right")
TARGETS = [0.3, -0.2, 0.55]


@cache
def trace_of(cell: str, author: str, features: int, ascii: bool = False) -> Trace:
    """A run of a cell: distinct parameters, a start that is not 0, a loss at every step."""
    path = resources.folder("templates") / "cells" / f"{cell}.toml"
    states = tomllib.loads(path.read_text(encoding="utf-8"))["state"]
    x = [[round(0.3 * k - 0.5 + 0.17 * j, 3) for j in range(features)] for k in range(3)]
    rows: object = x if features > 1 else [row[0] for row in x]
    initial = "\n".join(f"{state} = {0.21 - 0.36 * k}" for k, state in enumerate(states))
    text = f"""
cell = "{cell}"
readout = "logistic"
loss = "half-squared"
[parameters]
random = {{seed = 7, scale = 0.6}}
[initial]
{initial}
[[sequence]]
x = {rows}
target = {TARGETS}
"""
    specification = read_specification(text, "printed.toml", Path())
    return Problem.of(specification, load_author(author) if author else None, ascii).run()


def printed(form: str, trace: Trace) -> str:
    specification, model = trace.specification, trace.model
    match form:
        case "text" | "latex" | "markdown":
            return derive(specification, model, form)
        case "ascii":
            return derive(specification, model, "text")
        case "explain" | "explain in ascii":
            return explain(trace)
        case "csv":
            return "".join(to_csv(trace))
        case "json":
            return "".join(to_json(trace))
    report = mark(trace, entries_of_text(f"{model.unicode()(Symbol('dh', 0))} = 3*U_f"))
    lines = to_text(report, model).split("\n")
    return "\n".join(line for line in lines if line.strip().startswith("right"))


def shown_in(form: str, trace: Trace) -> int:
    """How many answers there are to be, at least."""
    model = trace.model
    rows = len(model.forward) + len(model.backward) + len(model.gradients)
    if form == "right":
        return 0
    return rows if form in DERIVATIONS else 3 * rows // 2


def cases() -> list[tuple[str, str, str, int]]:
    """Every cell in every form and every author's symbols: a sample, a larger one in thorough runs.

    All 5,000 take hours.
    """
    every = [(c, a, f, n) for c in CELLS for a in AUTHORS for f in FORMS for n in (1, 2)]
    return random.Random("printed is read").sample(every, 90 if THOROUGH else 40)


@pytest.mark.parametrize(("cell", "author", "form", "features"), cases())
@pytest.mark.cases(3)
def test_what_is_printed_is_read_and_correct(
    cell: str, author: str, form: str, features: int
) -> None:
    trace = trace_of(cell, author, features, "ascii" in form)
    ending = {"latex": ".tex", "markdown": ".md", "csv": ".csv", "json": ".json"}.get(form, ".txt")
    report = mark(trace, read_answers(printed(form, trace).encode(), f"printed{ending}"))
    assert not report.unreadable, report.unreadable[:3]
    wrong = [m for m in report.marked if m.verdict is not Verdict.CORRECT]
    assert not wrong, [(m.answer.given, m.expected) for m in wrong[:3]]
    assert len(report.marked) >= shown_in(form, trace)


# Rendering a tree and reading it back.

MODEL = trace_of("lstm", "", 1).model
NAMES = Names(MODEL, 3)
QUANTITIES = st.sampled_from(["c", "h", "f", "tanh_c", "z_f", "dc", "dh", "dz_g", "y"])
SYMBOLS = st.one_of(
    st.builds(Symbol, QUANTITIES, st.sampled_from([-1, 0, 1])),
    st.sampled_from([Symbol("U_f"), Symbol("b_o"), Symbol("V")]),
)
NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 0.5, 0.25, 12.0, 1e-7, 3.75e20]).map(Number)


def _sum(terms: list[Expression]) -> Expression:
    return add(*terms)


def _product(factors: list[Expression]) -> Expression:
    return multiply(*factors)


TREES = st.recursive(
    st.one_of(SYMBOLS, NUMBERS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(_sum),
        st.lists(inner, min_size=2, max_size=3).map(_product),
        st.builds(Neg, inner),
        st.builds(Div, inner, inner),
        st.builds(Pow, inner, st.sampled_from([Number(2.0), Number(3.0)])),
        st.builds(Call, st.sampled_from(["sigmoid", "tanh", "exp", "log", "sqrt", "abs"]), inner),
    ),
    max_leaves=12,
)


def again(text: str) -> Expression:
    return NAMES.parsed(text)


# Beside other tests hypothesis takes the recursion for none: what it caches is another's.
@pytest.mark.filterwarnings("ignore:extend=:hypothesis.errors.HypothesisDeprecationWarning")
@given(TREES)
@settings(max_examples=1_500 if THOROUGH else 250, deadline=None, derandomize=True)
def test_a_formula_in_any_form_reads_back_as_the_same_tree(tree: Expression) -> None:
    """But dc[t]/df[t], which is read as a quotient only where no slope is meant by it."""
    assume(not re.search(r"d\w+\[[^\]]*\]/d\w+", LANGUAGE(tree)))
    derivatives = MODEL.derivatives
    assert again(LANGUAGE(tree)) == tree
    assert again(Unicode(derivatives=derivatives)(tree)) == tree
    assert again(Ascii(derivatives=derivatives)(tree)) == tree
    assert again(to_plain(Latex(derivatives=derivatives)(tree))) == tree
