"""The equation language: what is read, what is printed, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcalc.errors import ExpressionError
from cellcalc.language.functions import FUNCTIONS
from cellcalc.language.notation import LANGUAGE, UNICODE, Excel, Latex, NumbersPutIn, Unicode
from cellcalc.language.parser import parse
from cellcalc.language.tree import (
    Add,
    Call,
    Div,
    Dot,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    add,
    multiply,
    shifted,
    spelled_out,
)
from tests.support.oracles import THOROUGH
from tests.support.problems import GATES

DERIVATIVES = frozenset({"dc", "dh", "dz_f", "dW_f1"})
READ_BACK = {"language": LANGUAGE, "unicode": Unicode(derivatives=DERIVATIVES)}

NAMES = st.sampled_from(["x", "x1", "W_f", "W_f12", "h", "c", "z_f", "tanh_c", "b_y", *DERIVATIVES])
SYMBOLS = st.builds(Symbol, NAMES, st.sampled_from([None, -1, 0, 1]))
NUMBERS = st.one_of(
    st.integers(0, 10**6).map(float), st.floats(0, allow_nan=False, allow_infinity=False)
).map(lambda value: Number(abs(value)))
LEAVES = st.one_of(SYMBOLS, NUMBERS, st.builds(Dot, SYMBOLS, SYMBOLS))


def _grow(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        several.map(lambda terms: add(*terms)),
        several.map(lambda factors: multiply(*factors)),
        st.builds(Neg, inner),
        st.builds(Div, inner, inner),
        st.builds(Pow, inner, inner),
        st.sampled_from(sorted(FUNCTIONS)).flatmap(lambda name: _calls(name, inner)),
    )


def _calls(name: str, inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    others = [inner] * len(FUNCTIONS[name].others)
    return st.builds(Call, st.just(name), inner, st.tuples(*others))


TREES = st.recursive(LEAVES, _grow, max_leaves=12)


@pytest.mark.parametrize("notation", READ_BACK)
@settings(max_examples=400 if THOROUGH else 150, deadline=None, derandomize=True)
@given(tree=TREES)
def test_what_is_printed_reads_back_as_the_same_tree(notation: str, tree: Expression) -> None:
    assert parse(READ_BACK[notation](tree)) == tree


@settings(max_examples=200, deadline=None, derandomize=True)
@given(tree=TREES)
def test_moving_in_time_and_back_changes_nothing(tree: Expression) -> None:
    assert shifted(shifted(tree, 1), -1) == tree


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    text=st.text(alphabet="abtxW_f1₂ₜ₋[]()+-−*·/^²σ√∂L@ᵀ.,e9 \n", max_size=40)
    | st.text(max_size=20)
)
def test_any_text_is_read_or_refused_with_a_message(text: str) -> None:
    try:
        tree = parse(text)
    except ExpressionError as error:
        assert str(error).startswith("expected ") and ", found " in str(error)
    else:
        assert parse(LANGUAGE(tree)) == tree


def test_precedence_is_that_of_mathematics() -> None:
    a, b, c = Symbol("a"), Symbol("b"), Symbol("c")
    assert parse("a + b*c") == Add((a, Mul((b, c))))
    assert parse("a - b - c") == Add((a, Neg(b), Neg(c)))
    assert parse("a/b/c") == Div(Div(a, b), c)
    assert parse("a/b*c") == Mul((Div(a, b), c))
    assert parse("-a**2") == Neg(Pow(a, Number(2.0)))
    assert parse("a**b**c") == Pow(a, Pow(b, c))
    assert parse("a**-b") == Pow(a, Neg(b))
    assert parse("-a*b") == Neg(Mul((a, b)))
    assert parse("identity(a)") == a


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("σ(z_f,ₜ)·(1 − σ(z_f,ₜ))", "sigmoid(z_f[t])*(1 - sigmoid(z_f[t]))"),
        ("∂L/∂cₜ₊₁·fₜ₊₁", "dc[t+1]*f[t+1]"),
        ("1 − tanh_c,ₜ²", "1 - tanh_c[t]**2"),
        ("W_f₁·x₁,ₜ + U_f·hₜ₋₁", "W_f1*x1[t] + U_f*h[t-1]"),
        ("W_fᵀx", "W_f @ x"),
        ("W_fᵀ·xₜ", "W_f @ x[t]"),
        ("a^2", "a**2"),
        ("ln(a) × √(b) ⋅ c", "log(a)*sqrt(b)*c"),
        ("h[ t - 1 ]", "h[t-1]"),
        ("clip(cₜ, −k, k)", "clip( c[t] , -k,k )"),
    ],
)
def test_other_spellings_are_read(text: str, same: str) -> None:
    assert parse(text) == parse(same)


DC = "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]*f[t+1]"


def test_one_tree_in_every_notation() -> None:
    tree = parse(DC)
    derivatives = frozenset({"dc", "dtanh_c"})
    assert LANGUAGE(tree) == DC
    assert Unicode(derivatives=derivatives)(tree) == (
        "∂L/∂tanh_c,ₜ·(1 − tanh_c,ₜ²) + ∂L/∂cₜ₊₁·fₜ₊₁"
    )
    assert Unicode(derivatives=derivatives, step=1)(tree) == (
        "∂L/∂tanh_c,₁·(1 − tanh_c,₁²) + ∂L/∂c₂·f₂"
    )
    assert Latex(derivatives=derivatives)(tree) == (
        r"\frac{\partial L}{\partial \mathrm{tanh}_{c,t}} \cdot "
        r"\left(1 - {\mathrm{tanh}_{c,t}}^{2}\right) + "
        r"\frac{\partial L}{\partial c_{t+1}} \cdot f_{t+1}"
    )
    cells = {"dtanh_c": "F53", "tanh_c": "F38", "dc": "G54", "f": "G33"}
    assert Excel(cell=lambda s: cells[s.name], cells=str)(tree) == "F53*(1-F38*F38)+G54*G33"
    values = {"dtanh_c": -0.25, "tanh_c": 0.5, "dc": 2.0, "f": 0.125}
    numbers = NumbersPutIn(value=lambda s: values[s.name], written=str, features=1)
    assert numbers(tree) == "(−0.25)·(1 − 0.5²) + 2.0·0.125"


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("-x**2", "-x*x"),
        ("-x**2*y", "-x*x*y"),
        ("a - x**2", "a-x*x"),
        ("(-x)**2", "(-x)*(-x)"),
        ("-x**3", "-(x^3)"),
        ("-x**3*y", "-(x^3*y)"),
        ("(a - b)**2/2", "(a-b)*(a-b)/2"),
        ("a/x**2", "a/IF(x*x=0,1E-300,x*x)"),
        ("2**b**c", "2^IF(b=0,IF(c<0,1E300,IF(c=0,1,0)),b^c)"),
        ("a**b", "IF(a=0,IF(b<0,1E300,IF(b=0,1,0)),a^b)"),
        ("(a**3)**2*b", "(a^3)*(a^3)*b"),
        ("a*b**-2", "a*(1/IF(b*b=0,1E-300,b*b))"),
        ("b**-1", "1/IF(b=0,1E-300,b)"),
        ("2**-3", "2^(-3)"),
        ("a/2", "a/2"),
        ("a/b", "a/IF(b=0,1E-300,b)"),
        ("sigmoid(z)*a", "1/(1+EXP(-MAX(z,-700)))*a"),
        ("a*sigmoid(z)", "a*(1/(1+EXP(-MAX(z,-700))))"),
        ("W @ x + b", "SUMPRODUCT(W:W,x:x)+b"),
        ("1e-300*a", "1E-300*a"),
        ("stop(a + b)*c", "(a+b)*c"),
        ("hard_sigmoid(a + b)", "MAX(0,MIN(1,0.2*(a+b)+0.5))"),
        ("clip(a + b, -k, k)*c", "MIN(MAX(a+b,-k),k)*c"),
        ("max(a, b)/2", "MAX(a,b)/2"),
        ("inside(a - b, 0, 1)", "IF(AND(a-b>=0,a-b<=1),1,0)"),
    ],
)
def test_excel_formulas_mean_what_the_equation_means(text: str, formula: str) -> None:
    write = Excel(cell=lambda s: s.name, cells=lambda s: f"{s.name}:{s.name}")
    assert write(parse(text)) == formula


def test_a_dot_product_is_spelled_out_for_any_number_of_features() -> None:
    tree = parse("W_f @ x[t] + b_f")
    assert LANGUAGE(spelled_out(tree, 1)) == "W_f*x[t] + b_f"
    assert LANGUAGE(spelled_out(tree, 3)) == "W_f1*x1[t] + W_f2*x2[t] + W_f3*x3[t] + b_f"


REFUSED = {
    "": 'expected a number, a name or "(", found the end of the formula',
    "a b": 'expected an operator or the end of the formula, found "b" at character 3',
    "a $ b": 'expected a character of the equation language, found "$" at character 3',
    "(a": 'expected ")", found the end of the formula',
    "a)": 'expected an operator or the end of the formula, found ")" at character 2',
    "a[0]": 'expected a time index such as [t], [t-1] or [t+1], found "a[0]" at character 1',
    "sigmoid z": 'expected "(" after the function sigmoid, found "z" at character 9',
    "clip(a, 1)": "expected clip(u, a, b), found 2 arguments",
    "tanh(a, b)": "expected tanh(u), found 2 arguments",
    "identity(a, b)": "expected identity(u), found 2 arguments",
    "max(a)": "expected max(u, a), found 1 argument",
    "max(a,)": 'expected a number, a name or "(", found ")" at character 7',
    "a, b": 'expected an operator or the end of the formula, found "," at character 2',
    "1e999": 'expected a number below 1.8e308, found "1e999" at character 1',
    "2 @ x": 'expected a name on each side of "@", as in W_f @ x, found something else',
    "__import__('os')": 'expected a character of the equation language, found "_" at character 1',
    "a.b": 'expected a character of the equation language, found "." at character 2',
    "a" * 20_000: "expected a formula of at most 10,000 characters, found 20,000 characters",
    "(" * 99 + "a": 'expected brackets and signs nested at most 50 deep, found "(" at character 52',
    "a" + "/a" * 500: "expected a formula at most 100 levels deep, found a deeper one",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:12])
def test_what_is_not_a_formula_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert str(caught.value) == REFUSED[text]


def test_an_unknown_function_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ExpressionError, match=r'found "sigmod"; did you mean sigmoid\?'):
        parse("sigmod(x)")


@pytest.mark.parametrize("outer", ["({})**2", "a/({})", "sigmoid({})"])
def test_what_a_formula_writes_twice_does_not_double_with_every_level(outer: str) -> None:
    text = "x"
    for _ in range(45):
        text = outer.format(text)
    write = Excel(cell=lambda s: s.name, cells=lambda s: s.name)
    assert len(write(parse(text))) < 400_000


NAMES = [f"{kind}_{gate}" for kind in "zUb" for gate in GATES] + ["c", "h", "tanh_c"]


def formulas() -> st.SearchStrategy[str]:
    """Texts of the equation language, of any shape."""
    shifts = st.sampled_from(["", "[t]", "[t-1]", "[t+1]"])
    symbols = st.builds("".join, st.tuples(st.sampled_from(NAMES), shifts))
    numbers = st.floats(0, 1e6, allow_nan=False).map(repr)
    leaves = st.one_of(symbols, numbers, st.just("W_f @ x"))

    def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        joined = st.builds(
            "({}) {} ({})".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner
        )
        called = st.builds("{}({})".format, st.sampled_from(["tanh", "sigmoid", "log"]), inner)
        return st.one_of(joined, called, inner.map("-({})".format))

    return st.recursive(leaves, wider, max_leaves=12)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(formulas())
def test_what_is_written_is_read_back(text: str) -> None:
    """The language exactly; Unicode maths as it is printed."""
    tree: Expression = parse(text)
    assert parse(LANGUAGE(tree)) == tree
    once = parse(UNICODE(tree))
    assert UNICODE(once) == UNICODE(tree)
