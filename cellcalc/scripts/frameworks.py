"""A problem as a script for PyTorch, Keras or numpy, which prints the same numbers as cellcalc.

Nothing of cellcalc's backward pass goes into it: the script has the forward equations, runs the
windows itself, and leaves the derivatives to the framework. The parts that it is made of are in
``templates/frameworks``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, cached_property
from string import Template
from typing import Any

from cellcalc import resources
from cellcalc.engine import schedule
from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError, check_choice
from cellcalc.language.functions import FUNCTIONS
from cellcalc.language.keys import COUNT, element_keys
from cellcalc.language.notation import Binding, Notation, Text
from cellcalc.language.parser import parse
from cellcalc.language.tree import Call, Expression, Symbol, is_constant, rebuilt, symbols
from cellcalc.model.model import TARGET, Model, Quantity
from cellcalc.problems import templates, weights
from cellcalc.problems.schemes import LIMITS, RandomLengths
from cellcalc.problems.specification import Specification
from cellcalc.problems.templates import counts_updates
from cellcalc.records import record
from cellcalc.toml import listed

MOST_WINDOWS = 60  # whose gradients a script has; of more, only the parameters at the end
# The cells that frameworks' own layers compute, and what these are called.
LAYERS = {
    "pytorch": {"lstm": "LSTM", "lstm-two-biases": "LSTM", "gru": "GRU", "rnn": "RNN"},
    "keras": {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"},
}


def script(
    specification: Specification,
    model: Model,
    to: str,
    file: str = "check.py",
    trace: Trace | None = None,
) -> str:
    """A script that computes the same with a framework, and compares.

    Parameters
    ----------
    specification : Specification
        The problem.
    model : Model
        Its equations.
    to : str
        One of :func:`framework_names`.
    file : str
        What the script is going to be called.
    trace : Trace, optional
        Whose numbers the script compares its own with.

    Returns
    -------
    str

    Raises
    ------
    OptionError
        There is no such framework, or it lacks the optimizer.
    """
    check_choice("to", to, framework_names())
    if isinstance(specification.scheme.windows, RandomLengths):
        found = specification.scheme.name
        raise OptionError("scheme", "one whose windows are not drawn, for a script", found)
    return _Script(specification, model, to, trace).text(file)


def _mode(specification: Specification) -> str:
    """What the chain rule of a window must know of the past: ``plain``, ``current``, ``stored``.

    Only a window that reaches back over an update meets steps computed with other parameters.
    """
    scheme = specification.scheme
    changes = set(specification.parameters) - set(specification.update.frozen)
    reaches_back = any(
        window.first < window.new
        for plan in schedule.planned(specification)
        for window in plan.windows
    )
    once = scheme.update != "window"
    return "plain" if once or not changes or not reaches_back else scheme.weights


class _Script:
    def __init__(
        self, specification: Specification, model: Model, to: str, trace: Trace | None
    ) -> None:
        self.specification, self.model, self.to = specification, model, to
        self.trace = trace
        self.plans = schedule.planned(specification)
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
        compares, loops = self.compares(), self.loops()
        closing = self.framework.code["closing"].strip("\n") if compares else ""
        closing = closing.replace("$layer", self.layer)
        if loops:
            said = Template(self.framework.code["usual_said"].strip("\n"))
            closing = "\n".join(filter(None, [closing, said.substitute(layer=self.layer)]))
        filled = Template(_part("script")).substitute(
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
            backward=self.backward(compares, loops) if self.model.loss else "",
            run=self.run() if self.model.loss else _part("forward").rstrip(),
            usual=self.framework.code["usual"].lstrip("\n") if loops else "",
            closing=closing,
            expected=self.expected(),
        )
        return filled.rstrip() + "\n"

    def sequences(self) -> str:
        names = element_keys("x", self.specification.features)
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
        if self.scheme.reduction == "mean" and self.scheme.update != "window":
            over = [max((w.averaged for w in plan.windows), default=0) or 1 for plan in self.plans]
            lines.append("# How many losses the update of each sequence is a mean over:")
            lines.append(f"averaged = dict(zip(map(id, sequences), {over}))")
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
        if any("log_" in self.spell(self.model.computed(formula)) for formula in formulas):
            parts.append(self.framework.code.get("logistic", ""))
        if any("dot(p, " in self.spell(formula) for formula in formulas):
            parts.append(Template(_DOT).substitute(features=self.specification.features))
        return "\n\n\n".join(part.strip("\n") for part in parts if part)

    def function(self, opening: str, rows: list[Quantity], says: str) -> str:
        closing = ", kept=None):" if self.write.held else "):"
        lines = [f"def {opening}{closing}", f'    """{says}"""']
        for row in rows:
            assert row.formula is not None
            lines += self.write.lines(row.symbol, self.model.computed(row.formula))
        return "\n".join(lines)

    def backward(self, compares: bool, loops: bool) -> str:
        code, mean = self.framework.code, self.scheme.reduction == "mean"
        old = "" if self.mode == "plain" else ", old"
        checked = code["checked"] if compares else ""
        beside = [*([self.check()] if compares else []), *([self.loop()] if loops else [])]
        return Template(_part("sweep")).substitute(
            old=old,
            rerun=_RERUN[self.mode],
            loss=code["loss"],
            returned=f"loss / {self.over('max(len(losses), 1)')}" if mean else "loss",
            gradients=Template(code["gradients"].strip("\n")).substitute(old=old, checked=checked),
            update=self.update().strip("\n"),
            check="".join(f"\n\n\n{part.strip(chr(10))}" for part in beside),
        )

    def update(self) -> str:
        update = self.specification.update
        optimizer, trained = update.optimizer, set(self.parameters) - set(update.frozen)
        own = self.framework.optimizers if trained else {}
        code = self.framework.code if own else _CLIP
        clip = "".join(code[key] for key in LIMITS if getattr(self.scheme, key) is not None)
        if own and optimizer.name not in own:
            expected = f"optimizer {listed(tuple(own))}"
            raise OptionError("to", f"{self.to} with {expected}", f'"{optimizer.name}"')
        if own:
            begun = _literal(self.begun(), split=True) if self.goes_on else ""
            go_on = Template(code["go_on"] if begun else "").substitute(
                begun=begun, count=update.count
            )
            return Template(code["update"]).substitute(
                optimizer=own[optimizer.name], clip=clip, count=update.count, go_on=go_on
            )
        held: dict[str, list[float]] = {}
        for values in update.state.values() if update.count else ():
            for name, value in values.items():
                held.setdefault(name, []).append(value)
        return Template(_part("update")).substitute(
            rule=optimizer.title,
            clip=clip,
            rules="\n".join(f"        {line}" for line in self.rules()),
            memory=_literal(held),
            count=update.count,
        )

    @property
    def goes_on(self) -> bool:
        """Whether the optimizer has a state from earlier training."""
        update = self.specification.update
        return bool(update.count and update.optimizer.state)

    def begun(self) -> dict[str, dict[str, float]]:
        """The optimizer's state, under the names of the framework's own."""
        update = self.specification.update
        names = self.framework.states[update.optimizer.name]
        return {names[own]: dict(values) for own, values in update.state.items()}

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
        carry, once = scheme.state == "carry", scheme.update != "window"
        state = "record[{0}]" if carry else "record[{0}] if {0} > start else record[0]"
        old = {"plain": "", "stored": ", weights", "current": ", record"}[self.mode]
        always = scheme.empty == "update"
        text = Template(_part("run").rstrip()).substitute(
            periods=self.periods(),
            first=self.first(),
            gathered="waiting" if scheme.update == "epoch" else "dict.fromkeys(trained, 0.0)",
            total=_TOTAL[scheme.reduction],
            weights_start="\n    weights = [p]" if stored else "",
            weights_now="\n        weights.append(numbers(p))" if stored else "",
            state_before=state.format("t - 1"),
            entering=f"constants({state.format('first - 1')})",
            fires=self.fires(),
            injected=_INJECTED[scheme.inject],
            old=old,
            update_number=self.update_number(),
            now_update="" if once else _NOW_UPDATE if always else _NOW_UPDATE_IF,
            reset="" if carry else "\n            start = t",
            end_update=self.end_update() if once else "",
        )
        waits = _WAITING.format(also="last_window = {}\n" if "last_window" in text else "")
        return waits + text if scheme.update == "epoch" else text

    def periods(self) -> str:
        """The lines that say when windows fire."""
        scheme = self.scheme
        if isinstance(scheme.windows, tuple):
            lengths = _literal(list(scheme.windows), "    ")
            return f"lengths = {lengths}\n    ends = {{sum(lengths[:k]) for k in range(1, n + 1)}}"
        return f"k1, k2 = {scheme.k1 or 'n'}, {scheme.k2 or 'n'}"

    def fires(self) -> str:
        at = "t in ends" if self.scheme.windows is not None else "t % k1 == 0"
        return at if self.scheme.tail == "discard" else f"({at} or t == n)"

    def first(self) -> str:
        """The step before a window's first."""
        scheme = self.scheme
        if scheme.windows is not None:
            return "last_fired"
        if scheme.tail == "short" and (scheme.k2 or math.inf) > (scheme.k1 or math.inf):
            return "max(start, t - k2, 0 if t % k1 == 0 else last_fired)"
        if scheme.tail == "short" and scheme.k1 == scheme.k2:
            return "last_fired"
        return "max(start, t - k2)"

    def update_number(self) -> str:
        if self.scheme.update != "window":
            return "updates + 1"
        return "updates" if self.scheme.empty == "update" else "updates + (not losses)"

    def end_update(self) -> str:
        """The update after a sequence, or after the last one of an epoch that has windows."""
        scheme = self.scheme
        ends = [k for k, plan in enumerate(self.plans) if any(w.updates for w in plan.windows)]
        if scheme.update == "sequence":
            asked = "windows"
            if scheme.empty == "skip":
                asked = 'any(window["losses"] for window in windows)'
            return Template(_END_UPDATE).substitute(asked=asked)
        if not ends:
            return ""
        keep = "" if ends[-1] == len(self.plans) - 1 else _LAST_WINDOW
        window = 'last_window["window"]' if keep else "windows[-1]"
        return Template(keep + _END_EPOCH).substitute(place=ends[-1], window=window)

    def over(self, window: str) -> str:
        """How many losses a mean is over: the window's, or those that go into the update."""
        return window if self.scheme.update == "window" else "averaged[id(data)]"

    def expected(self) -> str:
        """What cellcalc found, as much of it as makes a script that can be read."""
        if self.trace is None:
            return "{}"
        numbers: dict[str, Any] = {"parameters": {"final": dict(self.trace.final)}}
        windows = [len(one.windows) for one in self.trace.passes]
        if sum(windows) <= MOST_WINDOWS:
            numbers["passes"] = [
                {"windows": [{"gradients": dict(w.gradients)} for w in one.windows]}
                for one in self.trace.passes
            ]
        return _literal(numbers, split=True)

    def compares(self) -> bool:
        """Whether the framework's own layer can run the same windows."""
        layers = self.framework.code.get("checked_layers", "").split()
        known = bool(self.model.loss) and self.layer in layers
        return known and self.mode == "plain" and self.reads_output_only

    @cached_property
    def layer(self) -> str:
        """Which of the framework's layers the cell is; "" where it is none of them."""
        own = self.model.cell
        for name, layer in LAYERS.get(self.to, {}).items():
            cell = templates.load("cells", name)
            if (cell.equations, cell.output) == (own.equations, own.output):
                return layer
        return ""

    def loops(self) -> bool:
        """Whether the training is that of the usual loop: blocks, each with an update."""
        scheme, update = self.scheme, self.specification.update
        known = bool(self.model.loss and self.layer) and "plain" in self.framework.code
        if not known or self.mode != "plain" or {*self.parameters} <= {*update.frozen}:
            return False
        windows = [window for plan in self.plans for window in plan.windows]
        blocks = all(window.first == window.new for window in windows)
        every = scheme.windows is None and scheme.inject != "last" and scheme.update == "window"
        has_optimizer = update.optimizer.name in self.framework.optimizers
        return blocks and every and has_optimizer and self.reads_output_only

    @cached_property
    def reads_output_only(self) -> bool:
        """Whether the prediction needs nothing of the cell but its output."""
        inner = {row.symbol for row in self.cell} - {self.model.cell.output}
        read = {s.name for row in self.head if row.formula for s in symbols(row.formula)}
        return not read & inner

    def loop(self) -> str:
        scheme, code = self.scheme, self.framework.code
        is_lstm, carry = self.layer == "LSTM", scheme.state == "carry"
        length = str(scheme.k1 or "n")
        whole = f"n - n % {length}" if scheme.tail == "discard" and scheme.k1 else "n"
        always = scheme.empty == "update"
        total = "sum(losses)"
        if scheme.reduction == "mean":
            total += " / max(len(losses), 1)"
        names = ("h", "c") if is_lstm else ("h",)
        made = [f"torch.tensor([[initial[{_literal(name)}]]])" for name in names]
        start = f"{', '.join(names)} = {', '.join(made)}"
        detached = f"{', '.join(names)} = {', '.join(f'{name}.detach()' for name in names)}"
        limits = [key for key in LIMITS if getattr(scheme, key) is not None]
        indent = "\n" + " " * 16
        clip = "".join(indent + code[key].strip() for key in limits)
        return Template(code["plain"].strip("\n")).substitute(
            layer=self.layer,
            names=self.layer_names(),
            features=self.specification.features,
            readout=_literal(list(self.model.readout.parameters)),
            optimizer=self.framework.optimizers[self.specification.update.optimizer.name].replace(
                "\n", "\n    "
            ),
            inputs=_literal(list(element_keys("x", self.specification.features))),
            start=start,
            end=whole,
            length=length,
            state_in="(h, c)" if is_lstm else "h",
            state_out="(h, c)" if is_lstm else "h",
            loss=total,
            clip=clip,
            step="optimizer.step()" if always else f"if losses:{indent}    optimizer.step()",
            after=detached if carry else start,
            hold=code["plain_hold"].rstrip() if self.specification.update.frozen else "",
            go_on=code["plain_go_on"] if self.goes_on else "",
        )

    def layer_names(self) -> str:
        """Each array of PyTorch's layer, with the parameters that its numbers are."""
        features, own = self.specification.features, self.model.cell.parameters
        mine = {
            e
            for name, kind in own.items()
            for e in element_keys(name, features if kind == "input" else 1)
        }
        layout = weights.layout_for(self.to, mine, self.model.cell)
        rows: dict[str, list[str | None]] = {}
        for block in layout.blocks:
            places = (letter + rest for letter, rest in block.elements(features))
            names = [layout.instead.get(place, place) for place in places]
            rows[block.names[0]] = [name if name in mine else None for name in names]
            mine -= set(names)  # the second of two biases is None
        return _literal(rows, split=True)

    def check(self) -> str:
        features, layers = self.specification.features, self.layer_names()
        if self.to == "pytorch":
            rows = weights.layout_rows(weights.load_layout(self.to), self.parameters, features)
            layers = _literal(rows, split=True)
        states = list(self.model.cell.state)
        return Template(self.framework.code["check"]).substitute(
            layers=layers,
            layer=self.layer,
            features=features,
            inputs=_literal(list(element_keys("x", features))),
            states=_literal(["h", "c"] if self.layer == "LSTM" else states),
            state="entering" if self.layer == "LSTM" else "entering[0]",
            mean=f" / {self.over('len(losses)')}" if self.scheme.reduction == "mean" else "",
        )


def _part(name: str) -> str:
    return resources.text(f"templates/frameworks/{name}.txt")


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
_NOW_UPDATE_IF = """
            if losses:
                update(gathered)
                gathered = dict.fromkeys(trained, 0.0)"""
_WAITING = """\
waiting = dict.fromkeys(trained, 0.0)  # gradients added up over the sequences of an epoch
{also}

"""
_TOTAL = {
    "sum": "sum(record[t].E for t in counted)",
    "mean": "sum(record[t].E for t in counted) / len(counted)",
}
_END_UPDATE = """
    if $asked:
        update(gathered)
        windows[-1]["after"] = vars(numbers(p))"""
# Sequences without targets may follow the last one that has a window.
_LAST_WINDOW = """
    if data is sequences[$place]:
        last_window.update(window=windows[-1])"""
_END_EPOCH = """
    if data is sequences[-1]:
        update(gathered)
        $window["after"] = vars(numbers(p))
        waiting.update(dict.fromkeys(trained, 0.0))"""
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


WIDTH = 100  # of a line of code


@record
class Framework:
    """What a framework's file has; ``optimizers`` are its own, or none.

    ``states`` says what each of these calls that which it keeps for a parameter.
    """

    title: str
    says: str
    imports: str
    constant: str
    copy: str
    functions: Mapping[str, str]
    code: Mapping[str, str]
    optimizers: Mapping[str, str]
    states: Mapping[str, Mapping[str, str]]


def framework_names() -> tuple[str, ...]:
    """The frameworks that there are files for."""
    return resources.names("templates/frameworks")


@cache
def framework(name: str) -> Framework:
    return Framework(
        **{
            "optimizers": {},
            "states": {},
            **resources.read_toml(f"templates/frameworks/{name}.toml"),
        }
    )


@record
class Spelling(Notation):
    """Code in which ``p`` holds parameters, ``q`` this step's quantities, ``last`` the last step's.

    ``k`` holds coefficients. In the rules of an optimizer, ``plain``, every name stands for itself.
    """

    framework: Framework
    parameters: Collection[str]
    coefficients: Collection[str] = ()
    plain: bool = False

    def symbol(self, symbol: Symbol) -> Text:
        if self.plain:
            return symbol.name, Binding.ATOM
        holder = "last" if symbol.shift == -1 else "q"
        holder = "p" if symbol.name in self.parameters else holder
        holder = "k" if symbol.name in self.coefficients else holder
        return f"{holder}.{symbol.name}", Binding.ATOM

    def dot(self, weights: Symbol, inputs: Symbol) -> Text:
        """Only for so many features that the model does not write the sum out."""
        return f'dot(p, "{weights.name}", q, "{inputs.name}")', Binding.ATOM

    def call(self, function: str, argument: Expression, *others: Expression) -> Text:
        if is_constant(argument) and function == "stop":
            return self.text(argument)
        texts = dict(zip("uab", map(self.number_or_text, (argument, *others)), strict=False))
        text = self.framework.functions[function].format(**texts)
        return text, Binding.ATOM if _one_call(text) else Binding.SUM

    def number_or_text(self, argument: Expression) -> str:
        """An argument, which functions of a framework want as its own number."""
        text = self(argument)
        if is_constant(argument) and not self.plain:
            return self.framework.constant.format(u=text)
        return text


def _one_call(text: str) -> bool:
    """Whether a text is a single call, ``torch.tanh(…)``, to which operators can be put."""
    name, _, rest = text.partition("(")
    depth = 1
    for place, character in enumerate(rest, 1):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(rest) and name.replace(".", "").isidentifier()
    return False


@record
class Writer:
    """Writes equations as lines of a function.

    With ``held``, a quantity that a parameter acts on takes its value from ``kept``, where it was
    computed with the parameters of its time, and only its derivatives from those of today: what
    the chain rule means when a window reaches back over an update.
    """

    spell: Spelling
    held: bool

    def lines(self, symbol: str, formula: Expression) -> Iterator[str]:
        """``q.symbol = formula``, on as many lines as it takes."""
        uses = [s for s in symbols(formula) if s.name not in self.spell.parameters]
        acts = len(uses) < len(symbols(formula))
        if not self.held or not acts:
            yield from self.line(symbol, self.right(formula))
        elif isinstance(formula, Call) and _keeps_own_value(formula.function):
            # Its derivative is in its own value, so that the argument is what must be held.
            inner = f"_{symbol}"  # no name in a template begins so
            argument = formula.argument
            yield from self.line(inner, self.holding(inner, self.spell(argument)))
            called = rebuilt(formula, lambda e: Symbol(inner, 0) if e == argument else None)
            yield from self.line(symbol, self.spell(called))
        else:
            yield from self.line(symbol, self.holding(symbol, self.right(formula)))

    def holding(self, symbol: str, text: str) -> str:
        return f'held({text}, kept, "{symbol}")'

    def right(self, formula: Expression) -> str:
        text = self.spell(formula)
        if is_constant(formula):
            return self.spell.framework.constant.format(u=text)
        return self.spell.framework.copy.format(u=text) if isinstance(formula, Symbol) else text

    def line(self, symbol: str, text: str) -> Iterator[str]:
        line = f"    q.{symbol} = {text}"
        if len(line) <= WIDTH:
            yield line
            return
        yield f"    q.{symbol} = ("
        yield from broken(text.split(" "), "        ")
        yield "    )"


def broken(words: Iterable[str], indent: str) -> Iterator[str]:
    """Code within brackets, on as many lines as it takes."""
    line = indent
    for word in words:
        if len(line) + len(word) >= WIDTH and line.strip():
            yield line.rstrip()
            line = indent
        line += word + " "
    yield line.rstrip()


def _keeps_own_value(function: str) -> bool:
    """Whether a function's derivative is written in the function's own value, as s·(1 − s)."""
    return Symbol("s") in symbols(parse(FUNCTIONS[function].derivative))
