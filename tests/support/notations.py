"""Documents in made-up notations: every letter, accent and place that people write a quantity with.

A notation says how each key is written at a step; the equations are ours (of the templates, the
backward ones by hand), the numbers of tests/support/training.py's kind: a trace's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cellcalc.engine.trace import Trace
from cellcalc.language.keys import VIA
from cellcalc.language.notation import Binding, Latex, Text
from cellcalc.language.tree import ONE, Expression, Neg, Symbol, add, multiply, rebuilt
from cellcalc.records import record

# {k} is the letter of a gate, {t} the step.
PLACES: Mapping[str, str] = {
    "f_{k,t}": "X_{{{k},{t}}}",
    "f^k_t": "X^{{{k}}}_{{{t}}}",
    "f_t^k": "X_{{{t}}}^{{{k}}}",
    "f_t^(k)": "X_{{{t}}}^{{({k})}}",
    "f_k^(t)": "X_{{{k}}}^{{({t})}}",
    "f_k^<t>": r"X_{{{k}}}^{{\langle {t} \rangle}}",
    "f_k[t]": "X_{k}[{t}]",
}


@dataclass(frozen=True)
class Hand:
    """How somebody writes: the letters of the gates, of the net inputs, of derivatives.

    ``net`` is the letter of a net input, ``place`` where its gate and its step stand; ``slope``
    what a derivative is: "partial", "d", "bar", or "delta" (of the net inputs; else "partial").
    ``says`` is what the document says of it.
    """

    net: str = "z"
    place: str = "f_{k,t}"
    slope: str = "partial"
    letters: Mapping[str, str] = field(default_factory=dict)
    candidate: str = "g"
    says: str = ""

    def time(self, t: str) -> str:
        if "<t>" in self.place:
            return rf"^{{\langle {t} \rangle}}"
        if "^(t)" in self.place:
            return f"^{{({t})}}"
        return f"[{t}]" if "[t]" in self.place else f"_{{{t}}}"

    def gate(self, key: str) -> str:
        return self.letters.get(key, key)

    def of_gate(self, letter: str, gate: str, t: str) -> str:
        return PLACES[self.place].format(k=self.gate(gate), t=t).replace("X", letter)

    def value(self, key: str, t: str) -> str:
        if key.startswith("z_"):
            return self.of_gate(self.net, key[2:], t)
        if key == "g":
            return self.candidate + self.time(t)
        if key == "tanh_c":
            return rf"\tanh({self.value('c', t)})"
        if key == "target":
            return "y" + self.time(t)
        if key == "y":
            return "h" + self.time(t)
        return self.gate(key) + self.time(t)

    def derivative(self, key: str, t: str) -> str:
        value = self.value(key, t)
        if key.startswith("z_") and self.slope == "delta":
            return self.of_gate(r"\delta", key[2:], t)
        if self.slope == "bar":
            return rf"\overline{{{value}}}"
        if self.slope == "d" and key != "tanh_c":
            return f"d{value}"
        return rf"\frac{{\partial L}}{{\partial {value}}}"

    def weight(self, key: str) -> str:
        head, _, gate = key.partition("_")
        if gate.endswith("h") and gate[:1] == "g":
            return f"{head}_{{hn}}"
        return f"{head}_{{{self.gate(gate)}}}"

    def gradient(self, key: str) -> str:
        weight = self.weight(key)
        if self.slope == "bar":
            return rf"\overline{{{weight}}}"
        if self.slope == "d":
            return f"d{weight}"
        return rf"\frac{{\partial L}}{{\partial {weight}}}"


@record(kw_only=True)
class Written(Latex):
    """Maths in somebody's hand."""

    hand: Hand
    parameters: frozenset[str]

    def symbol(self, symbol: Symbol) -> Text:
        name = symbol.name
        if name in self.parameters:
            return self.hand.weight(name), Binding.ATOM
        t = f"t{symbol.shift:+d}" if symbol.shift else "t"
        if name in self.derivatives:
            return self.hand.derivative(name[1:], t), Binding.ATOM
        return self.hand.value(name, t), Binding.ATOM

    def power(self, base: Expression, exponent: Expression) -> Text:
        if isinstance(base, Symbol):
            return f"({self(base)})^{{{self(exponent)}}}", Binding.POWER
        return super().power(base, exponent)

    def dot(self, weights: Symbol, inputs: Symbol) -> Text:
        return f"{self(weights)} {self(inputs)}", Binding.PRODUCT


def formulas(hand: Hand, trace: Trace) -> list[tuple[str, str]]:
    """The equations of a problem, left and right sides."""
    model = trace.model
    parameters = frozenset(row.symbol for row in model.parameters)
    write = Written(derivatives=model.derivatives, hand=hand, parameters=parameters)
    found = []
    for row in (*model.forward, *model.backward):
        if row.formula is None or row.symbol in _SKIPPED or VIA in row.symbol:
            continue
        formula = rebuilt(row.formula, _in_full)
        derived = row.symbol in model.derivatives
        name = hand.derivative(row.symbol[1:], "t") if derived else hand.value(row.symbol, "t")
        found.append((name, write(formula)))
    for row in model.gradients:
        if row.formula is not None:
            name = hand.gradient(row.symbol[1:])
            found.append((name, rf"\sum_{{t=1}}^{{T}} {write(row.formula)}"))
    return found


_SKIPPED = ("y", "E", "dE", "dy", "tanh_c", "dtanh_c", "L")
_ERROR = add(Symbol("h", 0), Neg(Symbol("target", 0)))
_IN_FULL = {
    Symbol("dE", 0): ONE,
    Symbol("y", 0): Symbol("h", 0),
    Symbol("dy", 0): _ERROR,
    Symbol("dtanh_c", 0): multiply(Symbol("dh", 0), Symbol("o", 0)),
}


def _in_full(expression: Expression) -> Expression | None:
    return _IN_FULL.get(expression) if isinstance(expression, Symbol) else None


def numbers(hand: Hand, trace: Trace) -> list[tuple[str, str]]:
    """The values of a run, step for step, to five decimals."""
    one = trace.passes[0]
    window = one.windows[0]
    found = []
    for t in range(1, one.steps + 1):
        for row in trace.model.forward:
            if row.symbol not in _SKIPPED:
                value = one.forward[row.symbol][t]
                found.append((hand.value(row.symbol, str(t)), f"{value:.5f}"))
        for key, values in window.backward.items():
            name = key[1:]
            if key not in _SKIPPED and VIA not in key and name not in window.before:
                found.append((hand.derivative(name, str(t)), f"{values[t - 1]:.5f}"))
    for key, value in window.gradients.items():
        if key[1:] in window.before:
            found.append((hand.gradient(key[1:]), f"{value:.5f}"))
    return found


def document(hand: Hand, lines: list[tuple[str, str]], form: str) -> str:
    """The lines as LaTeX ("tex") or Markdown ("md"), below what is said of the notation."""
    if form == "md":
        return "\n".join([hand.says, "", *(f"- ${left} = {right}$" for left, right in lines)])
    rows = "\n".join(f"{left} &= {right} \\\\" for left, right in lines)
    return f"{hand.says}\n\\begin{{align}}\n{rows}\n\\end{{align}}\n"
