"""Templates: what ships, and what is said of a broken one."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cellcalc import resources
from cellcalc.errors import InputError
from cellcalc.language.notation import LANGUAGE
from cellcalc.problems import templates
from tests.support.command import Run

GOOD = """
title = "Mine"
output = "h"
[parameters]
W = "input"
U = "scalar"
[state]
h = 0.0
[[equation]]
symbol = "z"
formula = "W @ x + U*h[t-1]"
says = "net input"
[[equation]]
symbol = "h"
formula = "tanh(z)"
"""

BROKEN = {
    "no equations": (GOOD[GOOD.index("[[equation") :], "", ["equation: expected at least one [[equation]], found nothing", "state.h: expected an equation that computes the state, found none"]),
    "unknown key": ("title", "titel", ["titel: expected one of the keys title, source, output, parameters, coefficients, state or equation, found an unknown key; did you mean title?"]),
    "unknown symbol": ("tanh(z)", "tanh(zz)", ["equation[2].formula: expected a known symbol (U, W, x or z), found zz; did you mean z?"]),
    "bad formula": ("tanh(z)", "tanh(z", ['equation[2].formula: expected ")", found the end of the formula']),
    "unknown function": ("tanh(z)", "tahn(z)", ['equation[2].formula: expected a function (sigmoid, tanh, exp, log, sqrt, abs, sign, relu, step, hard_sigmoid, hard_sigmoid_slope, hardsigmoid, hardsigmoid_slope, softplus, complement, log_logistic, log_complement, clip, inside, max, min, stop) before the bracket, found "tahn"; did you mean tanh?']),
    "too early": ("U*h[t-1]", "U*h", ["equation[1].formula: expected no circle within a step, found one: z needs h, h needs z; did you mean h[t-1]?"]),
    "circular": ("tanh(z)", "tanh(h)", ["equation[2].formula: expected no circle within a step, found one: h needs h; did you mean h[t-1]?"]),
    "a circle of three": ("tanh(z)", "tanh(a)\"\n[[equation]]\nsymbol = \"a\"\nformula = \"b + z\"\n[[equation]]\nsymbol = \"b\"\nformula = \"2*a", ["equation[2].formula: expected each symbol computed before it is used in the same step, found a, whose equation comes later", "equation[3].formula: expected no circle within a step, found one: a needs b, b needs a"]),
    "wrong order": ("tanh(z)", "tanh(a)\"\n[[equation]]\nsymbol = \"a\"\nformula = \"z", ["equation[2].formula: expected each symbol computed before it is used in the same step, found a, whose equation comes later"]),
    "coefficient is text": ("[state]", '[coefficients]\nk = "x"\n[state]', ['coefficients.k: expected a finite number, found "x"']),
    "coefficient without a name": ("[state]", "[coefficients]\nn = 2\n[state]", ['coefficients.n: expected a name that means nothing else, found "n"']),
    "coefficient in time": ("tanh(z)", 'tanh(k[t]*z)"\n[coefficients]\nk = 2 #', ["equation[2].formula: expected a parameter without a time index, found k[t]"]),
    "coefficient and equation": ("[state]", "[coefficients]\nz = 2\n[state]", ["z: expected one meaning for each symbol, found more than one"]),
    "too few arguments": ("tanh(z)", "clip(z, 1)", ["equation[2].formula: expected clip(u, a, b), found 2 arguments"]),
    "a cell that learns not": ('output = "h"', 'output = "h"\nlearn = false', ["learn: expected one of the keys title, source, output, parameters, coefficients, state or equation, found an unknown key"]),
    "not a state": ("tanh(z)", "tanh(z[t-1])", ["equation[2].formula: expected [t] or, for a state (h), [t-1], found z[t-1]"]),
    "the future": ("tanh(z)", "tanh(z[t+1])", ["equation[2].formula: expected [t] or, for a state (h), [t-1], found z[t+1]"]),
    "parameter in time": ("U*h", "U[t]*h", ["equation[1].formula: expected a parameter without a time index, found U[t]"]),
    "state not computed": ("h = 0.0", "h = 0.0\nc = 0.0", ["state.c: expected an equation that computes the state, found none"]),
    "state is text": ("h = 0.0", 'h = "x"', ['state.h: expected a finite number, found "x"']),
    "output not computed": ('output = "h"', 'output = "y"', ["equation: expected an equation for y, found only z and h"]),
    "unknown kind": ('"scalar"', '"scaler"', ['parameters.U: expected input or scalar, found "scaler"; did you mean scalar?']),
    "vector by itself": ("W @ x", "W*x", ["equation[1].formula: expected W @ x, the sum over features, found W by itself", "equation[1].formula: expected W @ x, the sum over features, found x by itself"]),
    "scalar times vector": ("W @ x", "U @ x", ['equation[1].formula: expected a parameter of kind "input" @ x, found U @ x']),
    "name means something": ('U = "scalar"', 'U = "scalar"\nlambda = "scalar"', ['parameters.lambda: expected a name that means nothing else, found "lambda"']),
    "name is a function": ('symbol = "z"', 'symbol = "sigmoid"', ['equation[1].symbol: expected a name that means nothing else, found "sigmoid"', "equation[2].formula: expected a known symbol (U, W, sigmoid or x), found z"]),
    "no name": ('symbol = "z"', 'symbol = "z z"', ['equation[1].symbol: expected a name of letters, digits and _ that begins with a letter, found "z z"', "equation[2].formula: expected a known symbol (U, W, x or z z), found z"]),
    "two meanings": ('symbol = "z"', 'symbol = "U"', ["U: expected one meaning for each symbol, found more than one", "equation[2].formula: expected a known symbol (U, W or x), found z"]),
    "name of a derivative": ('U = "scalar"', 'dh = "scalar"\nU = "scalar"', ["dh: expected another name, since dh is the derivative with respect to h, found a symbol of that name"]),
    "name of an element": ('U = "scalar"', 'W2 = "scalar"\nU = "scalar"', ["W2: expected a name that is not an element of W, found a symbol of that name"]),
    "vector ends in a digit": ('W = "input"', 'W2 = "input"', ['parameters.W2: expected a name that a feature can number, found "W2", which ends in a digit', "equation[1].formula: expected a known symbol (U, W2 or x), found W; did you mean W2?", 'equation[1].formula: expected a parameter of kind "input" @ x, found W @ x']),
    "formula is a number": ('"tanh(z)"', "3", ["equation[2].formula: expected a text, found 3"]),
}  # fmt: skip


def test_a_good_template_is_read_with_time_written_out(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    template = templates.load("cells", "mine.toml", tmp_path)
    texts = [LANGUAGE(equation.formula) for equation in template.equations]
    assert texts == ["W @ x[t] + U*h[t-1]", "tanh(z[t])"]
    assert template.name == "mine" and template.parameters == {"W": "input", "U": "scalar"}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_template_is_refused(case: str, tmp_path: Path, run: Run) -> None:
    old, new, expected = BROKEN[case]
    assert old in GOOD
    (tmp_path / "mine.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        templates.load("cells", "mine.toml", tmp_path)
    assert list(caught.value.lines) == [f"mine.toml: {line}" for line in expected]
    problem = tmp_path / "p.toml"
    problem.write_text(
        "cell = 'mine.toml'\n[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1]\n"
    )
    result = run("table", problem)
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [f"Error: mine.toml: {line}" for line in expected]


def test_a_cell_whose_names_clash_with_the_readouts_is_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace("U", "V"))
    problem = tmp_path / "p.toml"
    problem.write_text(
        "cell = 'mine.toml'\nreadout = 'linear'\n[parameters]\nrandom = {seed = 1}\n"
        "[[sequence]]\nx = [1]\n"
    )
    result = run("table", problem)
    expected = "readout: expected names that the cell does not use, found V beside V"
    assert (result.exit_code, result.stderr) == (2, f"Error: {problem}: {expected}\n")


@pytest.mark.parametrize(
    ("kind", "name"),
    [(k, n) for k in templates.SEEN for n in resources.names(f"templates/{k}")],
)
def test_every_template_that_ships_is_sound_and_explains_itself(kind: str, name: str) -> None:
    template = templates.load(kind, name)
    assert template.title and template.source
    assert all(equation.says for equation in template.equations)


LOSS = 'title = "own"\n[targets]\n{}\n[[equation]]\nsymbol = "E"\nformula = "(y - target)**4"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [("least = -1.5\ngreatest = 2", (-1.5, 2.0)), ("least = 0", (0.0, math.inf))],
)
def test_a_loss_says_which_targets_it_is_meant_for(
    tmp_path: Path, text: str, expected: tuple[float, float]
) -> None:
    (tmp_path / "own.toml").write_text(LOSS.format(text))
    assert templates.load("losses", "own.toml", tmp_path).targets == expected
    assert templates.load("losses", "squared").targets == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("least = 1\ngreatest = 0", "targets.greatest: expected a number of at least 1, found 0"),
        ("most = 1", "targets.most: expected one of the keys least or greatest, found an unknown "),
    ],
)
def test_bounds_that_make_no_sense_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.toml").write_text(LOSS.format(text))
    with pytest.raises(InputError) as caught:
        templates.load("losses", "own.toml", tmp_path)
    assert caught.value.lines[0].startswith(f"own.toml: {message}")
