"""Numbers held against code that cellcalc had no part in, ordinary ones and those at the edge."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator

from cellcalc.check.answers import Entry
from cellcalc.check.marking import mark
from cellcalc.check.report import Verdict
from cellcalc.cli import main
from tests.reliability import Outcome
from tests.support import lstm
from tests.support.cells import CELLS, CellData, complex_step, evaluated, random_cell
from tests.support.command import runner
from tests.support.problems import Data, random_data

READOUTS = [("identity", "half-squared"), ("linear", "squared"), ("linear", "half-squared"),
            ("logistic", "cross-entropy"), ("logistic", "squared")]  # fmt: skip
SCHEMES = ["", 'scheme = "tbptt(1,2)"', "k1 = 2\nk2 = 3", 'scheme = "naive-split(2)"',
           'scheme = "realtime"\nweights = "stored"', 'k1 = 2\nk2 = 2\nreduction = "mean"\nclip_norm = 0.1',
           'scheme = "per-error(2)"', 'k1 = 3\nk2 = 1\ntail = "discard"', 'k1 = 2\nk2 = 4\ninject = "last"',
           'k1 = 2\nk2 = 4\ninject = "all"\nupdate = "sequence"', 'scheme = "keras-stateless(2)"',
           'k1 = 2\nk2 = 5\nclip_value = 0.05', 'k1 = 2\nk2 = 3\nweights = "stored"']  # fmt: skip
UPDATES = ["", 'optimizer = "momentum"', 'optimizer = "adam"', "epochs = 2"]


def drawn(generator: random.Random, steps: int = 6) -> Data:
    """A random problem: distinct non-zero parameters, start and loss everywhere."""
    readout, loss = generator.choice(READOUTS)
    return random_data(
        generator.randrange(10**9), generator.randrange(1, 4), generator.randrange(1, steps + 1),
        readout, loss, missing=generator.random() < 0.3,
    )  # fmt: skip


def difference(found: float, expected: float) -> float:
    return abs(found - expected) / max(1.0, abs(expected))


def by_hand_written_lstm(count: int, seed: int) -> Outcome:
    """Every value of ``count`` problems, and each gradient by a complex step as well."""
    outcome, generator, largest = Outcome(), random.Random(seed), 0.0
    for _ in range(count):
        data = drawn(generator)
        trace = data.problem().run()
        p, start = lstm.parameters(data), data.initial
        _, seen = lstm.forward(data, p, start["h"], start["c"])
        expected = {**seen, **lstm.backward(data, p, seen)}
        (one,) = trace.passes
        (window,) = one.windows or (None,)
        if window is None:
            continue
        for symbol, values in expected.items():
            if isinstance(values, list):
                column = one.forward.get(symbol)
                found = column[1:] if column else window.backward.get(symbol)
            else:
                found, values = [window.gradients[symbol]], [values]
            for a, b in zip(found or (), values, strict=True):
                off = 0.0 if math.isnan(a) and math.isnan(b) else difference(a, float(b))
                largest = max(largest, off)
                outcome.expect(off < 1e-12, f"{symbol}: {a} {b}")
        for symbol, slope in lstm.complex_step(data).items():
            off = difference(window.gradients[symbol], slope)
            largest = max(largest, off)
            outcome.expect(off < 1e-12, f"{symbol}: {window.gradients[symbol]} {slope}")
    outcome.note = f"largest difference {largest:.0e}"
    return outcome


def by_every_template(count: int, seed: int) -> Outcome:
    """``count`` problems of every cell, the template's equations evaluated by Python itself."""
    outcome, generator, largest = Outcome(), random.Random(seed), 0.0
    for cell in CELLS * count:
        readout, loss = generator.choice(READOUTS)
        data = random_cell(
            cell, generator.randrange(10**9), generator.randrange(1, 4), generator.randrange(1, 7),
            readout, loss,
        )  # fmt: skip
        trace = data.problem().run()
        _, seen = evaluated(data)
        pairs = [(symbol, trace[symbol][-1], values[-1]) for symbol, values in seen.items()]
        slopes = complex_step(data)
        pairs += [(symbol, trace.gradients[symbol], slope) for symbol, slope in slopes.items()]
        for symbol, found, expected in pairs:
            off = difference(float(found), float(complex(expected).real))
            largest = max(largest, off)
            outcome.expect(off < 1e-12, f"{cell}: {symbol}: {found} {expected}")
    outcome.note = f"largest difference {largest:.0e}"
    return outcome


def drawn_cells(count: int, seed: int, epochs: bool = True) -> Iterator[CellData]:
    """``count`` problems, each of another cell and scheme."""
    generator = random.Random(seed)
    updates = UPDATES if epochs else UPDATES[:-1]
    for k in range(count):
        cell, (readout, loss) = CELLS[7 * k % len(CELLS)], generator.choice(READOUTS)
        more = f"[bptt]\n{generator.choice(SCHEMES)}\n[update]\n{generator.choice(updates)}"
        yield random_cell(cell, generator.randrange(10**9), 2, 5, readout, loss, more)


def batched(count: int, seed: int) -> Outcome:
    """Training many sets at once, against the engine, which does one."""
    outcome = Outcome()
    for data in drawn_cells(count, seed):
        problem = data.problem()
        trace, parameters = problem.run(), problem.specification.parameters
        varied = {name: [value, 0.25] for name, value in parameters.items()}
        trained = problem.train_batch(varied)
        pairs = [(float(trained.parameters[name][0]), trace.final[name]) for name in parameters]
        losses = [one.loss or 0.0 for one in trace.passes]
        pairs += zip(trained.losses[:, 0, 0].tolist(), losses, strict=True)
        for found, expected in pairs:
            fine = difference(found, expected) < 1e-10
            outcome.expect(fine, f"{data.cell} {data.more}: {found} {expected}")
    return outcome


def right_answers(count: int, seed: int) -> Outcome:
    """The true values, to five figures, marked: all are right."""
    outcome = Outcome()
    for data in drawn_cells(count, seed, epochs=False):
        trace = data.problem().run()
        (one,) = trace.passes
        window = one.windows[0]
        given = [(f"{s}[{t}]", v[t]) for s, v in one.forward.items() for t in range(1, 6)]
        for symbol, values in window.backward.items():
            given += [(f"{symbol}[{t}]", v) for t, v in zip(window.steps, values, strict=True)]
        given += [*window.gradients.items()]
        entries = [Entry(k, name, f"{value:.5g}") for k, (name, value) in enumerate(given, 1)]
        report = mark(trace, entries)
        for marked in report.marked:
            fine = marked.verdict is Verdict.CORRECT
            outcome.expect(fine, f"{data.cell} {data.more}: {marked.answer}")
        outcome.expect(not report.unreadable, f"{data.cell}: {report.unreadable[:1]}")
    return outcome


def _edge(
    x: str = "[1, 1, 1]", target: str = "[0.5, 0.5, 0.5]", more: str = "", rest: str = ""
) -> str:
    gates = [f"{kind}_{gate} = 0.5" for kind in "WUb" for gate in "figo"]
    own = {line.split(" = ")[0] for line in more.splitlines()}
    lines = [line for line in gates if line.split(" = ")[0] not in own]
    head, bracket, tail = rest.partition("[")
    return "\n".join([head, "[parameters]", *lines, more, "[[sequence]]", f"x = {x}",
                      f"target = {target}", bracket + tail])  # fmt: skip


_LINEAR = 'readout = "linear"'
_LOGISTIC = 'readout = "logistic"\nloss = "cross-entropy"'
# Each with the first quantity and step that is not finite, or an empty text.
EDGES: dict[str, tuple[str, str]] = {
    "forget gate shut": (_edge(more="b_f = -1000"), ""),
    "forget gate open": (_edge(more="b_f = 1000"), ""),
    "all gates shut": (_edge(more="b_f = -1000\nb_i = -1000\nb_o = -1000\nb_g = -1000"), ""),
    "all gates open": (_edge(more="b_f = 1000\nb_i = 1000\nb_o = 1000\nb_g = 1000"), ""),
    "gates at the cap": (_edge(more="b_f = -700\nb_i = -709\nb_o = -745\nb_g = 710"), ""),
    "inputs of 1e300": (_edge("[1e300, -1e300, 1e300]"), ""),
    "inputs of 1e-320": (_edge("[1e-320, -1e-320, 5e-324]"), ""),
    "subnormal weights": (_edge(more="\n".join(f"W_{g} = 1e-310\nU_{g} = 1e-310" for g in "figo")), ""),
    "subnormal gradients": (_edge(more="V = 1e-200\nb_y = 0.5", target="[0.5, 0.5, 0.5]", rest=_LINEAR), ""),
    "a certain prediction": (_edge(more="V = 1000\nb_y = 1000", target="[1, 0, 0.5]", rest=_LOGISTIC), ""),
    "an impossible one": (_edge(more="V = -1000\nb_y = -1000", target="[1, 1, 1]", rest=_LOGISTIC), ""),
    "an exploding prediction": (_edge(more="V = 1e200\nb_y = 0", target="[1, 1, 1]", rest=_LINEAR), "E is not a finite number at t = 1"),
    "an exploding net input": (_edge("[1e308, 1, 1]", more="W_f = 1e10"), "z_f is not a finite number at t = 1"),
    "an exploding update": (_edge(target="[50, 50, 50]", rest="[update]\nlearning_rate = 1e308"), "W_f is not a finite number at t = 3"),
    "a state of 1e-304": (_edge(more="b_f = -1000\nb_i = -1000\nb_g = 0.3"), ""),
    "gradients of 1e-100 and Adam": (_edge(more="V = 1e-100\nb_y = 0.5", rest=f'{_LINEAR}\n[update]\noptimizer = "adam"'), ""),
    "gradients of 1e-304 and Adam": (_edge(more="b_f = -1000\nb_i = -1000\nb_g = 0.3", rest='[update]\noptimizer = "adam"'), ""),
    "a prediction of 1e-304": (_edge(more="V = -700\nb_y = -700", target="[0, 0, 0]", rest='readout = "logistic"'), ""),
    "predictions of 1e13": (_edge("[1e9, -3e12, 7.7e6]", more="V = 1e13\nb_y = 1", rest=_LINEAR), ""),
    "gradients of 1e40": (_edge(more="V = 1e40\nb_y = 1", rest=_LINEAR), ""),
    "gradients of 1e240, clipped": (_edge(more="V = 1e120\nb_y = 1", rest=f"{_LINEAR}\n[bptt]\nclip_norm = 1.0"), ""),
    "a prediction of 1e160": (_edge(more="V = 1\nb_y = 1e160", rest=f"{_LINEAR}\n[bptt]\nclip_norm = 1.0"), "E is not a finite number at t = 1"),
    "two passes of an exploding update": (_edge(target="[50, 50, 50]", rest="[bptt]\nk1 = 2\nk2 = 2\n[update]\nlearning_rate = 1e308\nepochs = 2"), "z_f is not a finite number at t = 3"),
    "no targets": (_edge(target="[nan, nan, nan]"), ""),
}  # fmt: skip


def edges(count: int, _: int) -> Outcome:
    """Saturated, exploding and vanishing numbers: warned of, never an exception, valid JSON."""
    outcome = Outcome()
    for name, (text, said) in list(EDGES.items())[:: len(EDGES) // min(count, len(EDGES))]:
        for words in (("table", "-"), ("table", "-", "-f", "json"), ("table", "-", "--explain"),
                      ("table", "-", "--hand-rounding", "3"), ("schedule", "-", "--compare"),
                      ("schedule", "-", "--compare", "-f", "json")):  # fmt: skip
            result = _given(words, text)
            compares = words[0] == "schedule"
            fine = result.exit_code == 0 or (compares and name == "no targets")
            if "--hand-rounding" not in words and not compares:
                fine = fine and (said in result.stderr if said else not result.stderr)
            if "json" in words and result.exit_code == 0:
                fine = fine and _valid(result.stdout)
            outcome.expect(fine, f"{name}: {words} {result.exit_code} {result.stderr!r}")
    return outcome


def _given(words: tuple[str, ...], text: str):  # type: ignore[no-untyped-def]
    return runner().invoke(main, words, input=text, catch_exceptions=False)


def _valid(text: str) -> bool:
    try:
        json.loads(text, parse_constant=lambda constant: json.loads(constant + "!"))
    except ValueError:
        return False
    return True
