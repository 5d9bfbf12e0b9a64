"""Output for terminals without Unicode: ASCII only, and still the same maths.

Each equation printed in ASCII is read back, and compared as a tree with the one printed in
Unicode, read back too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellcalc import load, resources
from cellcalc.api import Problem, cell_alone
from cellcalc.errors import ExpressionError
from cellcalc.language import authors
from cellcalc.language.letters import FROM_SUBSCRIPTS
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.parser import parse
from cellcalc.language.tree import Expression, Symbol
from cellcalc.model.derivation import model_of
from cellcalc.model.model import Model, Quantity
from cellcalc.views import derivation
from cellcalc.views.text import ascii_text
from cellcalc.views.worked import explain
from tests.support.cells import CELLS, random_cell
from tests.support.command import Run
from tests.support.oracles import sample

AUTHORS = resources.names("templates/notations")
READOUTS = resources.names("templates/readouts")
LOSSES = resources.names("templates/losses")
OPTIMIZERS = resources.names("templates/optimizers")


def rows(model: Model) -> list[Quantity]:
    return [row for row in model.quantities.values() if row.formula is not None]


@pytest.mark.parametrize("features", [1, 2, 6])
@pytest.mark.parametrize("cell", sample(CELLS, 4))
def test_equations_in_ascii_are_the_equation_language(cell: str, features: int) -> None:
    _, model = cell_alone(cell, "linear", features=features, ascii=True)
    for row in rows(model):
        assert row.formula is not None
        text = model.maths()(row.formula)
        assert text.isascii() and text == LANGUAGE(row.formula)
        assert parse(text) == row.formula == parse(model.unicode()(row.formula))


@pytest.mark.parametrize("name", AUTHORS)
@pytest.mark.parametrize("cell", sample(CELLS, 4))
@pytest.mark.cases(5, thorough=90)
def test_an_authors_equations_in_ascii_are_those_in_unicode(cell: str, name: str) -> None:
    features = 2  # a single one is tried in the derivations below
    _, model = cell_alone(cell, "linear", features=features, notation=name, ascii=True)
    author, keys = model.author, list(model.quantities)
    assert author is not None
    typed = dict.fromkeys(author.taken, "°") | dict(author.reading(keys))
    for row in rows(model):
        assert row.formula is not None
        text = model.maths()(row.formula)
        assert text.isascii() and parse(text, typed) == row.formula, row.symbol
        assert parse(model.unicode()(row.formula), typed) == row.formula
        if not row.via:
            left = model.maths()(Symbol(row.symbol, 0))
            assert left.isascii() and parse(left, typed) == Symbol(row.symbol, 0)


@pytest.mark.parametrize("name", AUTHORS)
def test_one_symbol_in_ascii_stands_for_one_quantity(name: str) -> None:
    for cell in CELLS:
        _, model = cell_alone(cell, "linear", features=2, notation=name, ascii=True)
        labels = [
            model.label(key) for key in (*model.quantities, *(f"d{name}0" for name in model.state))
        ]
        assert len(set(labels)) == len(labels) and all(map(str.isascii, labels))


def test_what_gomez_writes_with_accents_and_greek() -> None:
    _, model = cell_alone("lstm", notation="gomez", ascii=True)
    write, at_2 = model.maths(), model.maths(step=2)
    assert write(Symbol("z_f", -1)) == "f_hat[t-1]" and at_2(Symbol("z_f", -1)) == "f_hat[1]"
    assert write(Symbol("dz_i", 0)) == "delta_i[t]"
    assert write(Symbol("di", 0)) == "dL/di[t]"  # what di is to Gomez is δi
    assert write(Symbol("y", 0)) == "our_y[t]" and model.label("dh0") == "delta_out[0]"


# What stands in the lines of a page: "left = right", "why: left = right", "left ← right".
_EQUALS = re.compile(r" (?:=|←|<-) ")
_SUM = re.compile(r"^(?:Σₜ (?P<unicode>.*)|sum\((?P<ascii>.*)\))$")


def pieces(line: str) -> list[str]:
    """The sides of the equations in a line; in Markdown they are code."""
    sides = []
    for equation in re.findall("`([^`]*)`", line) or [line]:
        if _EQUALS.search(equation):
            sides += [side.strip().rpartition(": ")[2] for side in _EQUALS.split(equation)]
    return ["".join(m.groups("")) if (m := _SUM.match(side)) else side for side in sides]


def tree(text: str, names: dict[str, str] | None) -> Expression | None:
    try:
        return parse(text.removeprefix("new "), names)
    except ExpressionError:
        return None


def same_maths(shown: str, plain: str, names: dict[str, str] | None = None) -> int:
    """How many sides of equations there are in a page, each the same in both."""
    compared = 0
    for one, other in zip(shown.splitlines(), plain.splitlines(), strict=True):
        expected, found = pieces(one), pieces(other)
        assert len(expected) == len(found), other
        for text, typed in zip(expected, found, strict=True):
            meant = tree(text, names)
            if meant is not None and not re.search(r"\[\d+\]", typed):
                assert tree(typed, names) == meant, (one, other)
                compared += 1
    return compared


def at_steps(text: str, keys: set[str]) -> str:
    """The steps of a worked page as parts of the names: c₂ and c[2] as c_at_2."""

    def name(match: re.Match[str]) -> str:
        stem, digits, step = match[1], match[2].translate(FROM_SUBSCRIPTS), match[3]
        if step or stem + digits in keys or stem.startswith(("beta", "m_", "v_")):
            return stem + digits + (f"_at_{step.translate(FROM_SUBSCRIPTS)}" if step else "")
        return f"{stem}_at_{digits}"

    text = re.sub(r"(\w)\[(-?\d+)\]", r"\1_at_\2", text)
    text = re.sub(
        r"([A-Za-z_]),([₀-₉]+)", lambda m: f"{m[1]}_at_{m[2].translate(FROM_SUBSCRIPTS)}", text
    )
    return re.sub(r"([A-Za-z][A-Za-z_]*)([₀-₉]+)(?:,([₀-₉]+))?", name, text)


@pytest.mark.parametrize("format", ["text", "markdown"])
@pytest.mark.parametrize("cell", sample(CELLS, 4))
def test_derivations_of_every_cell(cell: str, format: str) -> None:
    for features in (1, 2):
        pages = [
            derivation.derive(
                *cell_alone(cell, "linear", features=features, ascii=ascii), format, 0
            )
            for ascii in (False, True)
        ]
        keys = set(cell_alone(cell, "linear", features=features)[1].quantities)
        shown, plain = (at_steps(page, keys) for page in pages)
        assert same_maths(shown, ascii_text(plain)) > 20


@pytest.mark.parametrize("name", AUTHORS)
@pytest.mark.parametrize("cell", sample(CELLS, 4))
@pytest.mark.cases(5, thorough=90)
def test_derivations_in_every_authors_symbols(cell: str, name: str) -> None:
    specification, model = cell_alone(cell, "linear", notation=name)
    assert model.author is not None
    names = dict.fromkeys(model.author.taken, "°") | dict(
        model.author.reading([*model.quantities, "w", "dw"])
    )
    plain = cell_alone(cell, "linear", notation=name, ascii=True)
    shown = derivation.derive(specification, model, width=0)
    assert same_maths(shown, ascii_text(derivation.derive(*plain, width=0)), names) > 20


@pytest.mark.parametrize("features", [1, 2])
@pytest.mark.parametrize("cell", sample(CELLS, 4))
def test_worked_values_of_every_cell(cell: str, features: int) -> None:
    more = '[bptt]\nk1 = 2\nk2 = 3\n[update]\noptimizer = "adam"\n'
    problem = random_cell(cell, 3, features=features, steps=3, more=more).problem()
    plain = Problem.of(problem.specification, problem.author, ascii=True)
    keys = set(problem.model.quantities)
    shown, typed = (at_steps(explain(p.run(), width=0), keys) for p in (problem, plain))
    assert all(line.isascii() for line in typed.splitlines() if line.startswith("    "))
    assert same_maths(shown, typed) > 200


def test_numbers_put_in_are_the_same_numbers() -> None:
    plain = load("gomez", ascii=True).run()
    text = ascii_text(explain(plain, width=0))
    assert "= 0.7*1 + 0.45*2 + 0.1*0 + 0.15\n" in text and "−" not in text


def names_of_templates() -> Iterator[str]:
    for kind in ("cells", "readouts", "losses", "optimizers"):
        yield from resources.names(f"templates/{kind}")


@pytest.fixture
def wide(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands on a page on which no equation is broken."""
    monkeypatch.setenv("COLUMNS", "3000")
    return run


@pytest.mark.parametrize("name", list(names_of_templates()))
def test_templates(name: str, wide: Run) -> None:
    for format in ("text", "markdown"):
        shown, plain = (wide("templates", name, "-f", format, *a).stdout for a in ([], ["--ascii"]))
        if not shown.isascii():
            assert format == "markdown" or same_maths(shown, plain)
        assert plain.isascii()


@pytest.mark.parametrize("name", resources.names("templates/topics"))
def test_topics(name: str, wide: Run) -> None:
    shown, plain = (wide("explain", name, *more).stdout for more in ([], ["--ascii"]))
    keys = set(load("gomez").model.quantities) | set(load("ten_steps").model.quantities)
    if not shown.isascii():
        pages = (re.sub(r"(?m)^(?! {4}).*$", "", page) for page in (shown, plain))  # but the maths
        same_maths(*(at_steps(page, keys) for page in pages))
    assert plain.isascii() and "?" not in plain.replace("?", "", shown.count("?"))


def test_a_topic_in_ascii_computes_its_equations(wide: Run) -> None:
    text = wide("explain", "bptt", "--ascii").stdout
    assert "    dc[t] = dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]*f[t+1]\n" in text
    assert re.search(r"^    dc\[1\] = -?[\d.]+\*\(1 - ", text, re.M) and "dL/dc[2] = " in text


def test_weights_of_one_letter_are_no_steps(wide: Run) -> None:
    text = wide("derive", "rnn", "--inputs", "2", "--ascii").stdout
    assert "z[t] = W1*x1[t] + W2*x2[t] + U*h[t-1] + b\n" in text and "W[1]" not in text


def test_a_slip_is_told_in_ascii(wide: Run) -> None:
    answer = ("-e", "dc[1] = dh[1]*o[1]*(1 - tanh(c[1])^2)")
    for answers in (answer, ("-e", "dc[t] = dh[t]*o[t]*(1 - tanh_c[t]^2)")):
        shown, plain = (
            wide("check", "gomez", *answers, *more).stdout for more in ([], ["--ascii"])
        )
        assert plain.isascii()
        if "∂L/∂cₜ = " in shown:
            assert "dc[t] = dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]*f[t+1]\n" in plain


def test_the_flow_names_its_factor_in_ascii(wide: Run) -> None:
    assert "product of f[t+1]" in wide("flow", "ten_steps", "--ascii").stdout


def test_a_table_in_an_authors_symbols(wide: Run) -> None:
    text = wide("table", "gomez", "--notation", "gomez", "--ascii").stdout
    assert text.isascii() and "\nf_hat " in text and "\ndelta_f " in text and "f_hat (z_f)" in text
    assert "our_ is before a symbol of ours whose letter means something else there" in text


def test_data_and_web_pages_keep_their_text(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    text = 'title = "Ein „Titel“: σ → ≤ 😀"\n[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1]\ntarget = [2]\n'
    path.write_text(text, encoding="utf-8")
    data = run("table", path, "--format", "json", "--ascii").stdout
    assert data.isascii() and json.loads(data)["title"] == "Ein „Titel“: σ → ≤ 😀"
    page = run("table", path, "--format", "html", "--ascii").stdout
    assert page.isascii() and "Ein &#8222;Titel&#8220;: &#963; &#8594; &#8804; &#128512;" in page


def test_quantities_named_in_sentences() -> None:
    assert (
        ascii_text("∂L/∂c₂ = −0.5 and f₂ … fₙ; h² ≤ 1")
        == "dL/dc[2] = -0.5 and f[2] ... f[n]; h^2 <= 1"
    )
    assert (
        ascii_text("δi is ∂L/∂î, z̄ is z_bar, y° is ours")
        == "delta_i is dL/di_hat, z_bar is z_bar, our_y is ours"
    )
    assert ascii_text("Schmidhüber, Muñoz, H₂O, 3.5°") == "Schmidhuber, Munoz, H2O, 3.5*"


@pytest.mark.parametrize(
    "arguments",
    [
        ("table", "gomez", "--explain"),
        ("table", "gomez", "--notation", "greff"),
        ("derive", "gomez"),
        ("schedule", "ten_steps"),
        ("schedule", "ten_steps", "--compare"),
        ("flow", "ten_steps"),
        ("check", "gomez", "-e", "dc[1] = 1", "-e", "dU_f = sum(dz_f[t]*h[t])"),
        ("check", "gomez", "--suggest"),
        ("explain", "bptt"),
        ("explain",),
        ("templates",),
    ],
)
@pytest.mark.cases(4)
def test_every_command_has_plain_output(arguments: tuple[str, ...], wide: Run) -> None:
    shown = wide(*arguments).stdout
    plain = wide(*arguments, "--ascii").stdout
    assert plain.isascii()
    assert plain.count("\n") == shown.count("\n")
    assert plain.count("?") == shown.count("?"), [
        line for line in plain.splitlines() if "?" in line
    ]


def test_models_differ_in_nothing_but_their_words() -> None:
    specification = load("peephole").specification
    unicode, plain = model_of(specification), model_of(specification, ascii=True)
    assert [row.formula for row in rows(unicode)] == [row.formula for row in rows(plain)]
    assert all(row.says.replace("σ", "").isascii() for row in rows(plain))
    assert authors.load("gomez").keys == ()
