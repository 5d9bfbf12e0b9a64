"""The functions of the equation language, one row each: derivative and spelling everywhere.

To add a function, add a row here, its arithmetic for numbers, arrays and 60 digits to
:mod:`~cellcalc.language.arithmetic.floats`, :mod:`~cellcalc.language.arithmetic.arrays` and
:mod:`~cellcalc.language.arithmetic.decimals`, and its spelling to ``templates/frameworks``.
"""

from __future__ import annotations

from cellcalc.records import record

ARGUMENTS = ("u", "a", "b")


@record
class Function:
    """One function of the argument ``u``, and perhaps of ``a`` and ``b`` beside it.

    ``derivative`` is in the equation language, in ``u`` and ``s`` (the function's own value, which
    is how textbooks write it: s·(1 − s)); ``others`` are the derivatives by ``a`` and ``b``.
    ``excel`` and ``latex`` hold ``{u}``, ``{a}``, ``{b}`` where the arguments stand; ``unicode`` is
    the name before the bracket.
    """

    name: str
    derivative: str
    excel: str
    unicode: str
    latex: str
    says: str
    others: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return ARGUMENTS[: 1 + len(self.others)]


_TABLE = (
    Function("sigmoid", "s*(1 - s)", "1/(1+EXP(-MAX({u},-700)))", "σ",
             r"\sigma\left({u}\right)", "logistic function, 0 to 1"),
    Function("tanh", "1 - s**2", "TANH({u})", "tanh",
             r"\tanh\left({u}\right)", "hyperbolic tangent, -1 to 1"),
    Function("exp", "s", "EXP(MIN({u},709))", "exp",
             r"\exp\left({u}\right)", "exponential, capped at e^709"),
    Function("log", "1/u", "LN(MAX({u},1E-300))", "ln",
             r"\ln\left({u}\right)", "natural logarithm, of at least 1e-300"),
    Function("sqrt", "1/(2*s)", "SQRT({u})", "√",
             r"\sqrt{{{u}}}", "square root"),
    Function("abs", "sign(u)", "ABS({u})", "abs",
             r"\left|{u}\right|", "absolute value"),
    Function("sign", "0", "SIGN({u})", "sign",
             r"\operatorname{{sign}}\left({u}\right)", "-1, 0 or 1, as u is below, at or above 0"),
    Function("relu", "step(u)", "MAX({u},0)", "relu",
             r"\operatorname{{relu}}\left({u}\right)", "u where u > 0, else 0"),
    Function("step", "0", "IF({u}>0,1,0)", "step",
             r"\operatorname{{step}}\left({u}\right)", "1 where u > 0, else 0"),
    Function("hard_sigmoid", "hard_sigmoid_slope(u)", "MAX(0,MIN(1,0.2*({u})+0.5))",
             "hard_sigmoid", r"\operatorname{{hard\_sigmoid}}\left({u}\right)",
             "0.2·u + 0.5, kept between 0 and 1"),
    Function("hard_sigmoid_slope", "0", "IF(ABS({u})<=2.5,0.2,0)", "hard_sigmoid_slope",
             r"\operatorname{{hard\_sigmoid}}'\left({u}\right)",
             "0.2 where u lies from -2.5 to 2.5, else 0"),
    Function("hardsigmoid", "hardsigmoid_slope(u)", "MAX(0,MIN(1,({u})/6+0.5))",
             "hardsigmoid", r"\operatorname{{hardsigmoid}}\left({u}\right)",
             "u/6 + 0.5, kept between 0 and 1"),
    Function("hardsigmoid_slope", "0", "IF(ABS({u})<3,1/6,0)", "hardsigmoid_slope",
             r"\operatorname{{hardsigmoid}}'\left({u}\right)",
             "1/6 where u lies between -3 and 3, else 0"),
    Function("softplus", "sigmoid(u)", "(MAX({u},0)+LN(1+EXP(-ABS({u}))))", "softplus",
             r"\operatorname{{softplus}}\left({u}\right)", "ln(1 + e^u)"),
    Function("complement", "0 - 1", "IF({u}<0.999,1-{u},1/(1+EXP(MIN({a},700))))", "complement",
             r"\left(1 - {u}\right)", "1 - u where u = σ(a), to every digit", ("0",)),
    Function("log_logistic", "1/u", "(MIN({a},0)-LN(1+EXP(-ABS({a}))))", "log_logistic",
             r"\ln\left({u}\right)", "ln(u) where u = σ(a), to every digit", ("0",)),
    Function("log_complement", "0 - 1/(1 - u)", "(MIN(-({a}),0)-LN(1+EXP(-ABS({a}))))",
             "log_complement", r"\ln\left(1 - {u}\right)",
             "ln(1 - u) where u = σ(a), to every digit", ("0",)),
    Function("clip", "inside(u, a, b)", "MIN(MAX({u},{a}),{b})", "clip",
             r"\operatorname{{clip}}\left({u}, {a}, {b}\right)", "min(max(u, a), b)",
             ("step(a - u)*(1 - step(a - b))", "step(max(u, a) - b)")),
    Function("inside", "0", "IF(AND({u}>={a},{u}<={b}),1,0)", "inside",
             r"\operatorname{{inside}}\left({u}, {a}, {b}\right)",
             "1 where u lies from a to b, else 0", ("0", "0")),
    Function("max", "1 - step(a - u)", "MAX({u},{a})", "max",
             r"\max\left({u}, {a}\right)", "the larger of the two", ("step(a - u)",)),
    Function("min", "1 - step(u - a)", "MIN({u},{a})", "min",
             r"\min\left({u}, {a}\right)", "the smaller of the two", ("step(u - a)",)),
    Function("stop", "0", "({u})", "stop",
             r"\operatorname{{stop}}\left({u}\right)", "u, through which no gradient flows"),
)  # fmt: skip

# Those whose name does not tell a reader of mathematics what they are.
OUR_OWN = (
    "relu", "step", "sign", "hard_sigmoid", "hard_sigmoid_slope", "hardsigmoid",
    "hardsigmoid_slope", "softplus", "clip", "inside", "stop",
)  # fmt: skip

FUNCTIONS = {function.name: function for function in _TABLE}

# Other spellings that are read; `identity(u)` is read as plain u.
SPELLINGS = {function.unicode: function.name for function in _TABLE} | {"identity": "identity"}
