"""Cell templates drawn at random: nearly all of them sound, and each under every command."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from cellcalc.api import Problem
from cellcalc.errors import InputError
from cellcalc.problems.specification import read_specification
from cellcalc.workbook.large_numbers import has_large
from tests.fidelity import engines
from tests.reliability import Outcome
from tests.reliability.inputs import inside, invoke, trouble_of
from tests.support.sheets import noisy
from tests.support.spreadsheets import (
    Values,
    book_of,
    by_formualizer,
    formula_cells,
    poisoned,
    read,
)

SCHEMES = ["", "k1 = 2\nk2 = 2", "k1 = 1\nk2 = 3", 'k1 = 2\nk2 = 2\nstate = "reset"',
           'k1 = 2\nk2 = 3\nweights = "stored"', 'k1 = 2\nk2 = 2\nupdate = "sequence"\nclip_norm = 0.5',
           'k1 = 3\nk2 = 3\nreduction = "mean"', 'k1 = 2\nk2 = 4\ninject = "all"']  # fmt: skip
UPDATES = ["", 'optimizer = "momentum"', 'optimizer = "adam"', "epochs = 2"]
COMMANDS = [
    ["table", "p.toml"], ["table", "p.toml", "--explain"], ["table", "p.toml", "--format", "json"],
    ["table", "p.toml", "--format", "latex"], ["derive", "p.toml"], ["derive", "p.toml", "-f", "python"],
    ["flow", "p.toml"], ["schedule", "p.toml"], ["compare", "p.toml"], ["check", "p.toml", "--suggest"],
    ["check", "p.toml", "-e", "SYMBOL[2] = 0.5"], ["experiment", "p.toml", "--epochs", "1", "--seeds", "1"],
    ["workbook", "p.toml", "-o", "b.xlsx", "--force"], ["export", "p.toml", "--to", "numpy"],
]  # fmt: skip
NAMES = [
    "q",
    "r",
    "a",
    "bb",
    "z_1x",
    "k",
    "w",
    "m",
    "S",
    "s",
    "delta",
    "net",
    "i",
    "e",
    "R",
    "C",
    "sum",
]
SMOOTH = ["sigmoid", "tanh", "softplus"]
ROUGH = ["relu", "hard_sigmoid", "abs"]


@dataclass(frozen=True)
class Drawn:
    """A template and a problem with it; ``smooth`` where differences are slopes everywhere."""

    cell: str
    problem: str
    smooth: bool
    symbols: tuple[str, ...]


class _Cell:
    """A template in the making: what may be used so far, in equations that stay in bounds."""

    def __init__(self, generator: random.Random) -> None:
        self.generator = generator
        # One that an optimizer takes for itself is drawn now and then, to be refused.
        names = [name for name in NAMES if name != "k" or generator.random() < 0.25]
        self.names = generator.sample(names, len(names))
        self.smooth = True
        count = generator.randrange(1, 4)
        self.parameters = [self.names.pop() for _ in range(count)]
        self.states = [self.names.pop() for _ in range(generator.choice([0, 1, 1, 1, 2]))]
        self.coefficients = {self.names.pop(): 0.3} if generator.random() < 0.3 else {}
        self.own: list[str] = []
        self.with_input = generator.random() < 0.9

    def leaf(self) -> str:
        choice = self.generator.choice
        leaves = [*self.parameters, *self.coefficients, *self.own, *self.own]
        leaves += [f"{state}[t-1]" for state in (*self.states, *self.states)]
        leaves += ["(W @ x)"] * 2 if self.with_input else []
        return choice([*leaves, f"{self.generator.uniform(0.2, 2):.2f}"])

    def term(self, depth: int) -> str:
        """An expression whose size stays moderate whatever goes in."""
        choice = self.generator.choice
        if depth == 0 or self.generator.random() < 0.2:
            return self.leaf()
        below = partial(self.term, depth - 1)
        kind = choice(
            ["sum", "sum", "product", "square", "power", "quotient", "call", "call", "tie"]
        )
        match kind:
            case "sum":
                return f"({below()} {choice('+-')} {below()})"
            case "product":
                return f"{below()}*{below()}"
            case "square":
                return f"({below()})**{choice([2, 3])}"
            case "power":  # of something that is never near 0
                return f"(2 + tanh({below()}))**{choice(['-1', '-2', '0.5', '-0.5', '2', self.parameters[0]])}"
            case "quotient":
                return f"{below()}/(2 + tanh({below()}))"
            case "call":
                function = choice(SMOOTH if self.generator.random() < 0.8 else ROUGH)
                self.smooth &= function in SMOOTH
                return f"{function}({below()})"
        self.smooth = False
        same = self.leaf()
        return f"{choice(['max', 'min'])}({same}, {choice([same, self.leaf()])})"

    def equations(self) -> Iterator[tuple[str, str]]:
        others = [self.names.pop() for _ in range(self.generator.randrange(0, 3))]
        for symbol in (*others, *self.states, *([] if self.states else [self.names.pop()])):
            yield symbol, f"tanh({self.term(2)})" if self.generator.random() < 0.7 else self.term(2)
            self.own.append(symbol)


def drawn(generator: random.Random) -> Drawn:
    """A template and a problem for it."""
    cell = _Cell(generator)
    equations = list(cell.equations())
    output = equations[-1][0]
    lines = [f'output = "{output}"', "[parameters]"]
    lines += ['W = "input"'] * cell.with_input + [f'{name} = "scalar"' for name in cell.parameters]
    lines += ["[coefficients]", *(f"{n} = {v}" for n, v in cell.coefficients.items())]
    lines += ["[state]", *(f"{name} = 0.0" for name in cell.states)]
    for symbol, formula in equations:
        lines += ["[[equation]]", f'symbol = "{symbol}"', f'formula = "{formula}"']
    features, steps = generator.choice([1, 1, 2]), generator.randrange(2, 6)

    def number() -> float:
        return round(generator.uniform(-1.5, 1.5), 2) or 0.25

    x = [[number() for _ in range(features)] if features > 1 else number() for _ in range(steps)]
    target = [number() if generator.random() < 0.9 else math.nan for _ in range(steps - 1)] + [0.4]
    weights = f"W = {[number() for _ in range(features)]}\n" if cell.with_input else ""
    problem = f"""cell = "cell.toml"
readout = "{generator.choice(["identity", "linear"])}"
[parameters]
random = {{seed = {generator.randrange(1000)}, scale = 0.9}}
{weights}[initial]
{chr(10).join(f"{name} = {number()}" for name in cell.states)}
[[sequence]]
x = {x}
target = {target}
[bptt]
{generator.choice(SCHEMES)}
[update]
{generator.choice(UPDATES)}
"""
    return Drawn("\n".join(lines) + "\n", problem, cell.smooth, tuple(s for s, _ in equations))


def _read(one: Drawn, folder: Path, problem: str = "") -> Problem:
    (folder / "cell.toml").write_text(one.cell)
    (folder / "p.toml").write_text(one.problem)
    return Problem.of(read_specification(problem or one.problem, "p.toml", folder))


def _each(count: int, seed: int, outcome: Outcome, check: Callable[[Drawn, Problem], None]) -> None:
    """Call ``check`` for each of ``count`` templates that is sound; the others are counted."""
    generator, sound = random.Random(seed), 0
    with TemporaryDirectory() as place, inside(Path(place)):
        for _ in range(count):
            one = drawn(generator)
            try:
                problem = _read(one, Path())
            except InputError:  # a name that is taken; one line told which
                outcome.tried += 1
                continue
            sound += 1
            check(one, problem)
    outcome.note = f"{sound / count:.0%} sound"


def commands(count: int, seed: int) -> Outcome:
    """Every command for ``count`` templates: a result, or one line."""
    outcome = Outcome()

    def check(one: Drawn, _: Problem) -> None:
        for words in COMMANDS:
            typed = [word.replace("SYMBOL", one.symbols[-1]) for word in words]
            trouble = trouble_of(partial(invoke, *typed))
            outcome.expect(not trouble, f"{typed}: {trouble}\n{one.cell}{one.problem}")

    _each(count, seed, outcome, check)
    return outcome


def differences(count: int, seed: int) -> Outcome:
    """Gradients of ``count`` templates, each swept whole, against central differences."""
    outcome, largest = Outcome(), 0.0

    def check(one: Drawn, _: Problem) -> None:
        nonlocal largest
        whole = one.problem.partition("[bptt]")[0]
        problem = _read(one, Path(), whole)
        trace = problem.run()
        if not one.smooth or trace.first_not_finite() or trace.standing_in:
            return
        for name, value in problem.specification.parameters.items():

            def loss(moved: float, name: str = name) -> float:
                from dataclasses import replace

                parameters = {**problem.specification.parameters, name: moved}
                other = replace(problem.specification, parameters=parameters)
                return Problem.of(other).run().passes[0].loss or 0.0

            step = 1e-5
            slope = (loss(value + step) - loss(value - step)) / (2 * step)
            found = float(trace.gradients[f"d{name}"])
            off = abs(slope - found) / max(1.0, abs(slope), abs(found))
            if math.isfinite(off):
                largest = max(largest, off)
                outcome.expect(off < 1e-5, f"d{name}: {found}, slope {slope}\n{one.cell}{whole}")

    _each(count, seed, outcome, check)
    outcome.note += f", largest difference {largest:.0e}"
    return outcome


def recalculated(count: int, seed: int) -> Outcome:
    """The workbook of ``count`` templates, stored values made wrong and recalculated."""
    return _recalculated_by(_formualizer, count, seed)


def recalculated_again(count: int, seed: int) -> Outcome:
    """The same by a second engine, one that computes with Excel's 15 digits.

    IronCalc is none for this: its ``SUM(INDEX(…))`` of a cell with a text, as where a target is
    missing, is an error, where Excel's is 0.
    """
    return _recalculated_by(partial(engines.by_cellrune, engines.module("cellrune")), count, seed)


def _formualizer(book: bytes) -> Values:
    return by_formualizer(book, formula_cells(book))


def _recalculated_by(engine: Callable[[bytes], Values], count: int, seed: int) -> Outcome:
    outcome = Outcome()

    def check(one: Drawn, problem: Problem) -> None:
        trace = problem.run()
        if has_large(trace) or trace.standing_in:
            return
        book = book_of(trace)
        stored = read(book)
        noise = noisy(stored)
        for cell, value in engine(poisoned(book)).items():
            kept = stored.get(cell)
            if cell in noise or not isinstance(kept, int | float):
                continue
            fine = isinstance(value, int | float) and (
                abs(value - kept) <= 1e-8 * max(abs(kept), 1e-3)
            )
            outcome.expect(
                fine, f"{cell}: stored {kept!r}, computed {value!r}\n{one.cell}{one.problem}"
            )

    _each(count, seed, outcome, check)
    return outcome
