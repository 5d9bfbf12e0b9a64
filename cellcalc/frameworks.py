"""A problem as a script for PyTorch, Keras or numpy, which prints the same numbers as cellcalc.

Nothing of cellcalc's backward pass goes into it: the script has the forward equations, runs the
windows itself, and leaves the derivatives to the framework. The parts that it is made of are in
``templates/frameworks``.
"""

from __future__ import annotations

import math
from string import Template as Text
from typing import Any

from cellcalc import resources
from cellcalc.dialect import WIDTH, Spelling, Writer, broken, framework
from cellcalc.engine import schedule
from cellcalc.errors import OptionError
from cellcalc.model.model import TARGET, Model, Quantity
from cellcalc.problems import templates, weights
from cellcalc.problems.schemes import LIMITS
from cellcalc.problems.sequences import feature_names
from cellcalc.problems.specification import Specification
from cellcalc.problems.updates import COUNT, counts_updates
from cellcalc.toml import listed

LAYER_CELLS = ("lstm", "lstm-two-biases")  # what a framework's own LSTM layer computes


def script(specification: Specification, model: Model, to: str, file: str = "check.py") -> str:
    """The script for one of the frameworks in :func:`cellcalc.dialect.framework_names`.

    ``file`` is what it is going to be called. Raises :class:`~cellcalc.errors.OptionError` for an
    optimizer that the framework lacks.
    """
    return _Script(specification, model, to).text(file)


def _mode(specification: Specification) -> str:
    """What the chain rule of a window must know of the past: ``plain``, ``current``, ``stored``.

    Only a window that reaches back over an update meets steps computed with other parameters.
    """
    scheme = specification.scheme
    changes = set(specification.parameters) - set(specification.update.frozen)
    reaches_back = any(
        window.first < window.new
        for sequence in specification.sequences
        for window in schedule.plan(scheme, sequence.steps, sequence.has_target).windows
    )
    once = scheme.update == "sequence"
    return "plain" if once or not changes or not reaches_back else scheme.weights


class _Script:
    def __init__(self, specification: Specification, model: Model, to: str) -> None:
        self.specification, self.model, self.to = specification, model, to
        self.framework = framework(to)
        self.scheme = specification.scheme
        self.parameters = [row.symbol for row in model.parameters]
        vectors = [name for part in (model.cell, model.readout) for name in part.parameters]
        self.coefficients = dict(specification.coefficients)
        self.spell = Spelling(
            self.framework, {*self.parameters, *vectors}, tuple(self.coefficients)
        )
        self.mode = _mode(specification) if model.loss else "plain"
        self.write = Writer(self.spell, self.mode == "current")
        own = {equation.symbol for equation in model.cell.equations}
        self.cell = [row for row in model.forward if row.symbol in own]
        self.head = [row for row in model.forward if row.symbol not in own]

    def text(self, file: str) -> str:
        s, held = self.specification, self.write.held
        compares = self.compares()
        filled = Text(_part("script")).substitute(
            title=s.title,
            says=self.framework.says,
            file=file,
            imports=self.framework.imports.strip(),
            epochs=s.update.epochs,
            parameters=_literal(dict(s.parameters)),
            initial=_literal(dict(s.initial)),
            sequences=self.sequences(),
            shown=_literal([row.symbol for row in (*self.model.inputs, *self.model.forward)]),
            settings=self.settings(),
            basics=self.basics(),
            cell=self.function("cell(p, q, last", self.cell, _CELL_SAYS),
            head=self.function("head(p, q", self.head, _HEAD_SAYS),
            kept=", kept" if held else "",
            kept_or_none=", kept=None" if held else "",
            backward=self.backward(compares) if self.model.loss else "",
            run=self.run() if self.model.loss else _part("forward").rstrip(),
            closing=self.framework.code["closing"].strip("\n") if compares else "",
        )
        return filled.rstrip() + "\n"

    def sequences(self) -> str:
        names = feature_names("x", self.specification.features)
        rows = []
        for sequence in self.specification.sequences:
            data = dict(zip(names, map(list, sequence.inputs), strict=True))
            if any(row.symbol == TARGET for row in self.model.inputs):
                data[TARGET] = list(sequence.targets or (math.nan,) * sequence.steps)
            rows.append(f"    {_literal(data, '    ')},\n")
        return f"[\n{''.join(rows)}]"

    def settings(self) -> str:
        """The numbers of the update and of clipping."""
        if not self.model.loss:
            return ""
        update = self.specification.update
        limits = {name: getattr(self.scheme, name) for name in LIMITS}
        numbers = {**update.settings, **{k: v for k, v in limits.items() if v is not None}}
        lines = [f"frozen = {_literal(list(update.frozen))}"]
        lines += [f"{name} = {number!r}" for name, number in numbers.items()]
        return "\n".join(lines) + "\n"

    def basics(self) -> str:
        """What the functions below call."""
        parts = [self.framework.code["basics"]]
        if self.coefficients:
            numbers = ", ".join(f"{name}=value({v!r})" for name, v in self.coefficients.items())
            parts.append(f"k = Values({numbers})  # coefficients, which are not learned")
        if self.mode != "plain":
            parts.append(self.framework.code["hold"])
        if self.write.held:
            parts.append(_HELD)
        formulas = [row.formula for row in self.model.forward if row.formula is not None]
        if any("dot(p, " in self.spell(formula) for formula in formulas):
            parts.append(Text(_DOT).substitute(features=self.specification.features))
        return "\n\n\n".join(part.strip("\n") for part in parts)

    def function(self, opening: str, rows: list[Quantity], says: str) -> str:
        closing = ", kept=None):" if self.write.held else "):"
        lines = [f"def {opening}{closing}", f'    """{says}"""']
        for row in rows:
            assert row.formula is not None
            lines += self.write.lines(row.symbol, row.formula)
        return "\n".join(lines)

    def backward(self, compares: bool) -> str:
        code, mean = self.framework.code, self.scheme.reduction == "mean"
        old = "" if self.mode == "plain" else ", old"
        checked = code["checked"] if compares else ""
        return Text(_part("sweep")).substitute(
            old=old,
            rerun=_RERUN[self.mode],
            loss=code["loss"],
            returned="loss / max(len(losses), 1)" if mean else "loss",
            gradients=Text(code["gradients"].strip("\n")).substitute(old=old, checked=checked),
            update=self.update().strip("\n"),
            check="\n\n\n" + self.check().strip("\n") if compares else "",
        )

    def update(self) -> str:
        update = self.specification.update
        optimizer, trained = update.optimizer, set(self.parameters) - set(update.frozen)
        own = self.framework.optimizers if trained else {}
        code = self.framework.code if own else _CLIP
        clip = "".join(code[key] for key in LIMITS if getattr(self.scheme, key) is not None)
        if own and optimizer.name not in own:
            expected = f"optimizer {listed(tuple(own))}"
            raise OptionError(f"--to {self.to}", expected, f'"{optimizer.name}"')
        if own:
            return Text(code["update"]).substitute(optimizer=own[optimizer.name], clip=clip)
        rules = "\n".join(f"        {line}" for line in self.rules())
        return Text(_part("update")).substitute(rule=optimizer.title, clip=clip, rules=rules)

    def rules(self) -> list[str]:
        """The optimizer's equations, as assignments one after the other."""
        optimizer = self.specification.update.optimizer
        write = Spelling(framework("numpy"), (), plain=True)
        lines = [f"{e.symbol} = {write(e.formula)}" for e in optimizer.equations]
        if optimizer.state:
            states = ", ".join(optimizer.state)
            start = ", ".join(map(repr, optimizer.state.values()))
            lines.insert(0, f"[{states}] = memory.get(name, [{start}])")
            lines.append(f"memory[name] = [{states}]")
        return [f"{COUNT} = updates", *lines] if counts_updates(optimizer) else lines

    def run(self) -> str:
        scheme, stored = self.scheme, self.mode == "stored"
        carry, once = scheme.state == "carry", scheme.update == "sequence"
        state = "record[{0}]" if carry else "record[{0}] if {0} > start else record[0]"
        old = {"plain": "", "stored": ", weights", "current": ", record"}[self.mode]
        return Text(_part("run").rstrip()).substitute(
            k1=scheme.k1 or "n",
            k2=scheme.k2 or "n",
            weights_start="\n    weights = [p]" if stored else "",
            weights_now="\n        weights.append(numbers(p))" if stored else "",
            state_before=state.format("t - 1"),
            entering=f"constants({state.format('first - 1')})",
            fires="t % k1 == 0" if scheme.tail == "discard" else "(t % k1 == 0 or t == n)",
            injected=_INJECTED[scheme.inject],
            old=old,
            update_number="updates + 1" if once else "updates",
            now_update="" if once else _NOW_UPDATE,
            reset="" if carry else "\n            start = t",
            end_update=_END_UPDATE if once else "",
        )

    def compares(self) -> bool:
        """Whether the framework's own LSTM layer can run the same windows."""
        own = self.model.cell
        bundled = (templates.load("cells", name) for name in LAYER_CELLS)
        same = any((c.equations, c.output) == (own.equations, own.output) for c in bundled)
        known = bool(self.model.loss) and "check" in self.framework.code
        return known and same and self.mode == "plain"

    def check(self) -> str:
        features = self.specification.features
        layers = weights.layout_rows(weights.load_layout(self.to), self.parameters, features)
        return Text(self.framework.code["check"]).substitute(
            layers=_literal(layers, split=True),
            features=features,
            mean=" / len(losses)" if self.scheme.reduction == "mean" else "",
        )


def _part(name: str) -> str:
    path = resources.folder("templates") / "frameworks" / f"{name}.txt"
    return path.read_text(encoding="utf-8")


def _literal(value: Any, indent: str = "", split: bool = False) -> str:
    """Numbers, and lists and tables of them, as code; on several lines where one does not do."""
    if isinstance(value, float) and math.isnan(value):
        return "math.nan"
    if not isinstance(value, list | dict):
        return f'"{value}"' if isinstance(value, str) else repr(value)
    inner = indent + "    "
    if isinstance(value, dict):
        opening, closing = "{", "}"
        items = [f"{_literal(k)}: {_literal(v, inner)}" for k, v in value.items()]
    else:
        opening, closing = "[", "]"
        items = [_literal(v, inner) for v in value]
    line = opening + ", ".join(items) + closing
    if len(indent) + len(line) <= WIDTH - 30 and not split:
        return line
    if any("[" in item for item in items):
        lines = [f"{inner}{item}," for item in items]
    else:
        lines = list(broken([f"{item}," for item in items], inner))
    return "\n".join([opening, *lines, indent + closing])


_CELL_SAYS = "The cell: its quantities q of one step, from the parameters p and the step before."
_HEAD_SAYS = "The prediction, and its loss where there is a target."
_INJECTED = {
    "new": "max(first, last_fired + 1) <= s <= t",
    "all": "first <= s <= t",
    "last": "s == t",
}
# How a window runs a step once more; old holds what each step was computed with.
_RERUN = {
    "plain": "        last = step(p, data, s, last)",
    "current": "        last = step(p, data, s, last, old[s])",
    "stored": """\
        weights = Values(**{k: hold(w, getattr(old[s], k)) for k, w in vars(p).items()})
        last = step(weights, data, s, last)""",
}
_NOW_UPDATE = """
            update(gathered)
            gathered = dict.fromkeys(trained, 0.0)"""
_END_UPDATE = """
    if windows:
        update(gathered)
        windows[-1]["after"] = vars(numbers(p))"""
_CLIP = {
    "clip_norm": """
    factor = min(1.0, clip_norm / (math.hypot(*gradients.values()) + 1e-6))
    gradients = {name: g * factor for name, g in gradients.items()}""",
    "clip_value": """
    gradients = {name: max(-clip_value, min(clip_value, g)) for name, g in gradients.items()}""",
}
_HELD = '''
def held(new, kept, name):
    """A quantity that parameters act on, when a window reaches back over an update: its value was
    computed with the parameters of its time, its derivatives are taken with those of today."""
    return new if kept is None else hold(new, getattr(kept, name))
'''
_DOT = '''
def dot(weights, w, inputs, x):
    """The sum over the features of weight times input."""
    features = range(1, $features + 1)
    return sum(getattr(weights, f"{w}{k}") * getattr(inputs, f"{x}{k}") for k in features)
'''
