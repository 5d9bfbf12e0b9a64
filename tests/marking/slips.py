"""The slips that are put into right work: those of the reference, every single edit, copying."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tests.marking.equations import GATES, Shape
from tests.marking.problems import Plan
from tests.marking.working import Edits, Where, everywhere

SIGMOIDS = "fio"


@dataclass(frozen=True)
class Slip:
    """One slip: its name, the equations it changes, the plan it changes, words that name it."""

    name: str
    edits: Edits = field(default_factory=dict)
    plan: Plan | None = None
    says: str = ""


def of_table(shape: Shape, steps: int) -> list[Slip]:
    """The slips of the reference's first table, in one row and in all sibling rows."""
    out, carried = "dc_via_tanh_c", "dc_via_c"
    back = " + ".join(f"dz_{k}[t+1]*U_{k}" for k in GATES)
    own = shape.via
    x = shape.inputs[0]
    found: dict[str, Mapping[str, str]] = {
        "carousel path left out": {"dc": out},
        "wrong step's forget gate": {"dc": f"{out} + dc[t+1]*f[t]"},
        "tanh' left out": {"dc": f"dh*o + {carried}"},
        "tanh' twice": {"dc": f"dh*o*(1 - tanh(tanh_c)**2) + {carried}"},
        "c for tanh c in do": {"do": "dh*c"},
        "recurrent path left out": {"dh": own},
        "c[t] for c[t-1] in df": {"df": "dc*c"},
        "W for U": {"dh": f"{own} + " + back.replace("U_", "W_")}
        if shape.features == 1
        else {"dh": f"{own} + " + " + ".join(f"dz_{k}[t+1]*own_W_{k}1" for k in GATES)},
        "only two gates' paths": {"dh": f"{own} + dz_f[t+1]*U_f + dz_i[t+1]*U_i"},
        "error's sign": {"dy": "-dE*(y - target)"},
        "factor 2": {"dy": "2*dE*(y - target)"},
        "i and g exchanged": {"di": "dc*i", "dg": "dc*g"},
        "nothing handed on": {"dh": own, "dc": out},
        "dc gets dh whole": {"dc": f"dh + {carried}"},
    }
    for gates in (*SIGMOIDS, SIGMOIDS):
        name = f"in {gates}"
        found |= {
            f"σ' on the activation {name}": {
                f"dz_{k}": f"d{k}*sigmoid({k})*(1 - sigmoid({k}))" for k in gates
            },
            f"σ' left out {name}": {f"dz_{k}": f"d{k}" for k in gates},
            f"only s of σ' {name}": {f"dz_{k}": f"d{k}*{k}" for k in gates},
            f"tanh' for σ' {name}": {f"dz_{k}": f"d{k}*(1 - {k}**2)" for k in gates},
        }
    found["tanh' left out in g"] = {"dz_g": "dg"}
    found["σ' for tanh' in g"] = {"dz_g": "dg*g*(1 - g)"}
    found["tanh' at the activation in g"] = {"dz_g": "dg*(1 - tanh(g)**2)"}
    found["divided by tanh'"] = {"dz_g": "dg/(1 - g**2)"}
    found["slopes at the value everywhere"] = {
        **{f"dz_{k}": f"d{k}*sigmoid({k})*(1 - sigmoid({k}))" for k in SIGMOIDS},
        "dz_g": "dg*(1 - tanh(g)**2)",
    }
    found["pre-slope gradients in dh"] = {
        "dh": f"{own} + " + " + ".join(f"d{k}[t+1]*U_{k}" for k in GATES)
    }
    for gates in (*GATES, GATES):
        name = f"in {gates}"
        found |= {
            f"h[t] for h[t-1] {name}": {f"part dU_{k}": f"dz_{k}*h" for k in gates},
            f"last step only {name}": {f"dU_{k}": f"dz_{k}[last]*h[last-1]" for k in gates}
            | {f"db_{k}": f"dz_{k}[last]" for k in gates}
            | {f"dW_{k}{x[1:]}": f"dz_{k}[last]*{x}[last]" for k in gates for x in shape.inputs},
            f"mean for sum {name}": {f"dU_{k}": f"mean(dz_{k}*h[t-1])" for k in gates}
            | {f"db_{k}": f"mean(dz_{k})" for k in gates}
            | {f"dW_{k}{x[1:]}": f"mean(dz_{k}*{x})" for k in gates for x in shape.inputs},
            f"first step left out of dU {name}": {
                f"dU_{k}": f"sum(dz_{k}*h[t-1]) - dz_{k}[first]*h[first-1]" for k in gates
            },
            f"last step only in dU {name}": {f"dU_{k}": f"dz_{k}[last]*h[last-1]" for k in gates},
            f"x[t-1] in dW {name}": {f"part dW_{k}{x[1:]}": f"dz_{k}*{x}[t-1]" for k in gates},
        }
    found |= {
        "db_i with dz_f": {"part db_i": "dz_f"},
        "dW_o with dz_i": {f"part dW_o{x[1:]}": f"dz_i*{x}"},
        "gates' deltas exchanged": {"part db_i": "dz_f", "part db_f": "dz_i"},
        "W's gradient with h": {f"part dW_f{x[1:]}": "dz_f*h[t-1]"},
    }
    slips = [Slip(name, everywhere(**edits)) for name, edits in found.items()]
    slips += [
        Slip("carousel overwrites", {"dc": (carried, frozenset(range(1, steps)))}),
        Slip(
            "last loss only",
            everywhere(dy="(y - target)*(0 if t < last else 1)"),
            says="only the loss of .*last|last loss",
        ),
        Slip("last error at every step", everywhere(dy="y[last] - target[last]")),
        Slip("wrong gate at step 2 only", {"dc": (f"{out} + dc[t+1]*f", frozenset({2}))}),
        Slip("σ' left out at step 1 only", {"dz_i": ("di", frozenset({1}))}),
        Slip(
            "h[-1] of a list at t = 1",
            {f"part dU_{k}": (f"dz_{k}*h[last]", frozenset({1})) for k in GATES},
        ),
        Slip("c[-1] of a list at t = 1", {"df": ("dc*c[last]", frozenset({1}))}),
    ]
    forward = {
        "h[t-1] left out of z_f": {"z_f": shape.net("f").replace(" + U_f*h[t-1]", "")},
        "1 - f for i": {"c": "f*c[t-1] + (1 - f)*g"},
        "tanh left out of h": {"h": "o*c"},
        "i left out of c": {"c": "f*c[t-1] + g"},
        "σ for tanh in g": {"g": "sigmoid(z_g)"},
        "tanh for σ in o": {"o": "tanh(z_o)"},
        "bias of the wrong gate": {"z_i": shape.net("i").replace("b_i", "b_f")},
        "c[t-1] left out of c": {"c": "f + i*g"},
        "E without the half": {"E": "(y - target)**2"},
    }
    slips += [Slip(name, everywhere(**edits)) for name, edits in forward.items()]
    if shape.loss == "cross-entropy":
        slips = [s for s in slips if s.name not in ("factor 2", "E without the half")]
        slips += [
            Slip("y − target taken for dy", everywhere(dy="dE*(y - target)")),
            Slip("readout's slope left out", everywhere(dz_y="dy")),
            Slip("readout's slope left out of dh", everywhere(dh_via_z_y="dy*V")),
            Slip(
                "dz_y called dy",
                everywhere(
                    **{
                        "dy": "dE*(y - target)",
                        "dz_y": "dy",
                        "part dV": "dy*h",
                        "part db_y": "dy",
                    }
                ),
            ),
        ]
        half = {"last loss only", "last error at every step", "error's sign"}
        slips = [s for s in slips if s.name not in half]
        slips.append(Slip("error's sign", everywhere(dy="-dE*(y - target)/(y*(1 - y))")))
    elif shape.loss == "squared":
        slips = [s for s in slips if s.name not in ("factor 2", "E without the half")]
        slips.append(Slip("factor 2 left out", everywhere(dy="dE*(y - target)")))
        half = {"last loss only", "last error at every step", "error's sign"}
        slips = [s for s in slips if s.name not in half]
        slips.append(Slip("error's sign", everywhere(dy="-dE*2*(y - target)")))
    return slips


# Single edits


def mutants(shape: Shape, style: str) -> list[Slip]:
    """Every single edit of the backward equations of a style, and of the gradients' parts."""
    rows = {**shape.backward(style)}
    rows |= {f"part d{name}": text for name, text in shape.parts.items()}
    found = []
    for name, text in shape.parts.items():
        found += [
            Slip(f"{kind}: d{name} = {edited}", everywhere(**{f"d{name}": edited}))
            for kind, edited in _sums(text)
        ]
    for row, text in rows.items():
        seen = {_same(text)}
        for kind, edited in _edits(text, row, shape):
            if _same(edited) not in seen:
                seen.add(_same(edited))
                found.append(Slip(f"{kind}: {row} = {edited}", everywhere(**{row: edited})))
    return found


def _sums(part: str) -> list[tuple[str, str]]:
    """Wrong sums of a gradient's parts."""
    whole = {}
    for end in ("first", "last"):
        tree = ast.parse(part, mode="eval").body
        for path, node in reversed(list(_nodes(tree))):
            found = _symbol(node)
            if found:
                shift = f"{found[1]:+d}" if found[1] else ""
                new = ast.parse(f"{found[0]}[{end}{shift}]", mode="eval").body
                tree = _replaced(tree, path, new)
        whole[end] = ast.unparse(tree)
    return [
        ("wrong sum", whole["last"]),
        ("wrong sum", whole["first"]),
        ("wrong sum", f"mean({part})"),
        ("wrong sum", f"sum({part}) - {whole['first']}"),
        ("wrong sum", f"sum({part}) - {whole['last']}"),
    ]


def _same(text: str) -> str:
    return ast.unparse(ast.parse(text, mode="eval"))


def _edits(text: str, row: str, shape: Shape) -> Iterator[tuple[str, str]]:
    tree = ast.parse(text, mode="eval").body
    for path, node in _nodes(tree):
        for kind, new in _changes(node, row, shape):
            yield kind, ast.unparse(_replaced(tree, path, new))
    yield "sign of the whole", f"-({text})"


Path_ = tuple[tuple[str, int], ...]


def _nodes(tree: ast.expr, path: Path_ = ()) -> Iterator[tuple[Path_, ast.expr]]:
    yield path, tree
    if isinstance(tree, ast.Subscript):
        return
    for name, value in ast.iter_fields(tree):
        if isinstance(value, ast.expr):
            if not (isinstance(tree, ast.Call) and name == "func"):
                yield from _nodes(value, (*path, (name, 0)))
        elif isinstance(value, list):
            for k, one in enumerate(value):
                if isinstance(one, ast.expr):
                    yield from _nodes(one, (*path, (name, k)))


def _replaced(tree: ast.expr, path: Path_, new: ast.expr) -> ast.expr:
    if not path:
        return new
    copy = ast.parse(ast.unparse(tree), mode="eval").body
    at: ast.AST = copy
    for name, k in path[:-1]:
        value = getattr(at, name)
        at = value[k] if isinstance(value, list) else value
    name, k = path[-1]
    value = getattr(at, name)
    if isinstance(value, list):
        value[k] = new
    else:
        setattr(at, name, new)
    return copy


def _symbol(node: ast.expr) -> tuple[str, int] | None:
    """A symbol's name and its step, counted from t."""
    if isinstance(node, ast.Name):
        return node.id, 0
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return node.value.id, {"t": 0, "t - 1": -1, "t + 1": 1}[ast.unparse(node.slice)]
    return None


def _at(name: str, shift: int) -> ast.expr:
    text = name if not shift else f"{name}[t{shift:+d}]"
    return ast.parse(text, mode="eval").body


FAMILIES = [
    ["f", "i", "o", "g"],
    ["dz_f", "dz_i", "dz_g", "dz_o"],
    ["U_f", "U_i", "U_g", "U_o"],
    ["df", "di", "dg", "do"],
    ["h", "c"],
    ["tanh_c", "c"],
    ["dh", "dc"],
    ["y", "h"],
]


def _changes(node: ast.expr, row: str, shape: Shape) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, (ast.Add, ast.Sub)):
            constant = any(isinstance(one, ast.Constant) for one in (node.left, node.right))
            if not constant:
                minus = isinstance(node.op, ast.Sub)
                yield "term left out", node.left
                yield "term left out", ast.UnaryOp(ast.USub(), node.right) if minus else node.right
            swapped = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield "sign", ast.BinOp(node.left, swapped, node.right)
        elif isinstance(node.op, ast.Mult):
            yield "factor left out", node.left
            yield "factor left out", node.right
        elif isinstance(node.op, ast.Pow):
            yield "power left out", node.left
    found = _symbol(node)
    if found is None:
        return
    name, shift = found
    if name in shape.rows and name not in ("target", "dE"):
        backward = name[0] == "d"
        for other in (-1, 0, 1):
            if other != shift and (other >= 0 or not backward):
                own = not other and row.removeprefix("part ") == name
                if not own and (not backward or other or _earlier(name, row, shape)):
                    yield "wrong step", _at(name, other)
    for family in FAMILIES:
        for other_name in family if name in family else []:
            known = other_name in shape.rows or other_name in shape.parameters
            if other_name == name or not known:
                continue
            if other_name[0] == "d" and not shift and not _earlier(other_name, row, shape):
                continue
            yield "sibling", _at(other_name, shift)
    if name[:2] == "U_" and shape.features == 1:
        yield "wrong weights", _at(f"own_W_{name[2:]}", 0)
    if name in GATES and not shift:
        function = "tanh" if name == "g" else "sigmoid"
        yield "at the value", ast.parse(f"{function}({name})", mode="eval").body


def _earlier(name: str, row: str, shape: Shape) -> bool:
    """Whether a derivative of the same step is there when a row is worked out."""
    if row.startswith("part"):
        return True
    order = [*shape.backward("every row")]
    both = name in order and row in order
    return both and order.index(name) < order.index(row)


# Slips of truncation, update and code


def of_training(steps: int) -> list[tuple[str, Plan, Plan, str]]:
    """Name, the plan asked for, the plan followed, and words that a right name of it has."""
    window, deep = Plan(k1=2, k2=3), Plan(k1=1, k2=3)
    block, wide = Plan(k1=2, k2=2), Plan(k1=2, k2=4)
    full, adam = Plan(), Plan(epochs=3, optimizer="adam", rate=0.05)
    once, old = replace(window, update="sequence"), replace(deep, weights="stored")
    fresh, mean = replace(block, state="reset"), replace(block, reduction="mean")
    momentum = replace(adam, optimizer="momentum")

    def depth(k2: int) -> str:
        return rf"swept? {k2} |k2 = {k2}\b|\(\d, ?{k2}\)"

    def every(k1: int) -> str:
        return rf"every {k1} |k1 = {k1}\b|\({k1}, ?\d\)"

    cut = r"cut off at each|detached at each|block"
    uncut = r"not cut|never (cut|detached)|back to the (first|start)|full"
    return [
        ("k1 and k2 exchanged", wide, Plan(k1=4, k2=2), f"exchang|swap|{every(4)}"),
        ("never detached", block, Plan(k1=2, k2=steps), f"{uncut}|{depth(steps)}"),
        ("detached at each step", window, Plan(k1=2, k2=1), f"one step|{depth(1)}"),
        ("detached at each block", wide, block, f"{cut}|{depth(2)}"),
        ("one step deeper", window, wide, f"deeper|{depth(4)}"),
        ("one step shallower", window, block, f"shallower|{cut}|{depth(2)}"),
        ("k1 one more", block, Plan(k1=3, k2=2), every(3)),
        ("all losses", window, replace(window, inject="all"), r"all (the )?losses|every loss"),
        ("last loss only", window, replace(window, inject="last"), r"loss of .*last|last loss"),
        ("stored weights", deep, old, r"stored|old weights|earlier weights"),
        ("current weights", old, deep, r"current weights|new weights|latest weights"),
        ("state reset", block, fresh, r"state was reset|initial state"),
        ("state carried", fresh, block, r"state was (carried|kept)|carried on"),
        ("one update a sequence", window, once, r"updated once|one update|after the sequence"),
        ("an update a window", once, window, r"(updated|update) after each window|each window"),
        ("full BPTT", window, full, r"full|not truncated|one window"),
        ("not cleared", block, block.with_slip("not cleared"), r"not cleared|zero_grad"),
        (
            "state's gradient not cleared",
            block,
            block.with_slip("state's gradient not cleared"),
            r"flow.*not cleared|not cleared.*(state|flow)",
        ),
        ("sum for mean", mean, block, r"mean was asked|not averaged|added up; their mean"),
        ("mean for sum", block, mean, r"averaged|mean of the losses"),
        ("ascent", full, full.with_slip("ascent"), r"ascent|up the gradient|added, not subtracted"),
        (
            "rate forgotten",
            full,
            full.with_slip("rate forgotten"),
            r"rate (is|was) (missing|left out|forgotten)",
        ),
        ("rate twice", full, full.with_slip("rate twice"), r"rate .*twice"),
        ("divided by n", full, full.with_slip("divided by n"), r"divided by|averaged|mean over"),
        (
            "gradient for weight",
            full,
            full.with_slip("gradient for weight"),
            r"gradient .*(stands|given|written|in place of|not the new)",
        ),
        ("no bias correction", adam, adam.with_slip("no bias correction"), r"bias corr|corrected"),
        ("no root", adam, adam.with_slip("no root"), r"root"),
        ("dampened momentum", momentum, momentum.with_slip("dampened"), r"damp|1 - momentum"),
        ("gates exchanged", full, full.with_slip("gates exchanged"), r"exchang|swap"),
        (
            "from the start",
            block,
            block.with_slip("from the start"),
            r"update started from the weights of the start|(initial|original) weights",
        ),
    ]


# Copying errors


@dataclass(frozen=True)
class Copy:
    kind: str
    where: Where
    text: str
    says: str
    source: Where | None = None  # whose value it is


COPIES = {
    "digits exchanged": r"transpos|digits.*(exchang|swap)|(exchang|swap).*digits",
    "point moved": r"point|decimal|ten times|factor of 10|power of ten",
    "sign lost": r"sign (is|was) (lost|missing|left out|wrong)|sign (is )?lost|wrong sign",
    "another row's value": r"the value of|belongs to|is that of|copied",
    "another step's value": r"the value of|belongs to|is that of|copied|another step",
    "gradient for weight": r"gradient",
}


def copying(
    kind: str, given: Mapping[Where, str], values: Mapping[Where, float], draw: random.Random
) -> Copy | None:
    """A copying error in one of the answers, if there is one of its kind that shows."""
    wheres = list(given)
    draw.shuffle(wheres)
    source: Where | None
    for where in wheres:
        text = given[where]
        if "e" in text.lower() or where.symbol == "E":
            continue
        new, source = "", None
        if kind == "digits exchanged":
            digits = [k for k, c in enumerate(text) if c.isdigit()]
            first = next((k for k in digits if text[k] != "0"), len(text))
            pairs = [(a, b) for a, b in pairwise(digits) if a >= first and text[a] != text[b]]
            if pairs:
                a, b = draw.choice(pairs)
                new = text[:a] + text[b] + text[a + 1 : b] + text[a] + text[b + 1 :]
        elif kind == "point moved":
            figures = len(text.lstrip("-").replace(".", "").lstrip("0"))
            factor = draw.choice([10, 0.1])
            new = f"{values[where] * factor:#.{figures}g}".rstrip(".")
            if "e" in new:
                continue
        elif kind == "sign lost":
            new = text.removeprefix("-") if text.startswith("-") else f"-{text}"
        elif kind in ("another row's value", "another step's value"):
            step = kind == "another step's value"
            others = [
                other
                for other in given
                if (other.symbol == where.symbol) == step
                and (step or other.t == where.t)
                and other.part == where.part
                and other != where
            ]
            if where.t is not None and others:
                source = draw.choice(others)
                new = given[source]
        elif kind == "gradient for weight" and where.part == "update":
            gradient = replace(where, symbol=f"d{where.symbol}", part="gradient")
            source, new = gradient, given.get(gradient, "")
        if not new or new == text or not any(c in "123456789" for c in new):
            continue
        # one that shows: more than 2 % and 20 units of the last digit off
        off = abs(float(new) - values[where])
        unit = 10.0 ** -len(text.partition(".")[2])
        if off > 0.02 * abs(values[where]) and off > 20 * unit:
            return Copy(kind, where, new, COPIES[kind], source)
    return None
