"""Python code with numpy, torch or math, read as equations; it is never run.

Each assignment is an equation of step t. In a loop over the steps ``c[t-1]`` is the step before;
a variable that one turn of the loop hands to the next (``dc_next = dc*f[t]``) stands for what it
was given there. Names are left as they are; what they mean is for :mod:`.names`.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cellcalc.check.answers import HANDED_ON, PROSE, Entry
from cellcalc.check.reading.mathematics import FUNCTION_NAMES

MAX_SOURCE = 200_000
MAX_DEPTH = 80  # of expressions within one another
MAX_MENDED = 60_000  # characters of a program some of whose lines are no Python
MOST_MENDED = 12  # of such lines
MOST_BROKEN = 5  # one line in so many, where nothing else says that it is a program
MAX_TEXT = 9_000  # characters of one equation
_ASSIGNED = re.compile(r"([A-Za-z_]\w{0,40}(?:\[[\w+-]{1,8}\])?)\s*[-+]?=(?!=)")
_OPENS_BLOCK = re.compile(r"\s*(?:for|if|elif|else|while|def|class|with)\b[^#]*$")
_HANDED_ON = re.compile(r"d_?[hca]t?")
_HANDED = re.compile(r"d(?:next_([cha])|([cha])_?[nN]ext)")
_MAGIC = re.compile(r"^[ \t]*[%!?].*$", re.MULTILINE)
_PROMPT = re.compile(r"^(?:>{3} |\.\.\. ?|In \[\d{1,5}\]: )", re.MULTILINE)
_SIGNS = re.compile(
    r"\bnp\.\w|\bnumpy\b|\btorch\.\w|\bmath\.\w|\+="
    r"|^[ \t]*(?:for|while)[ \t].{1,200}:[ \t]*(?:#.*)?$"
    r"|^[ \t]*(?:def[ \t]+\w+\(|import[ \t]|print\(|from[ \t]+\w+[ \t]+import)",
    re.MULTILINE,
)
_TARGETS = {"target", "targets", "label", "labels", "y_true", "ytrue", "tgt", "Target"}
_PREDICTIONS = {"y", "ys", "Y"}
_STEP_NAMES = {  # in code of one step: what is handed in and out, of this very step
    "c_next": "c", "next_c": "c", "a_next": "h", "next_h": "h", "h_next": "h", "next_a": "h",
}  # fmt: skip
_ARRIVING = {"dnext_h": "dh", "dh_next": "dh", "da_next": "dh", "dnext_a": "dh",
             "dnext_c": "dc_via_c", "dc_next": "dc_via_c"}  # fmt: skip
_COURSERA = {"dft": "dz_f", "dit": "dz_i", "dcct": "dz_g", "dot": "dz_o"}
_SAME = ("copy", "item", "detach", "clone", "squeeze", "flatten", "ravel", "numpy", "float",
         "double", "reshape", "view", "astype", "cpu", "to", "unsqueeze", "contiguous", "transpose",
         "t")  # fmt: skip
_WRAPPERS = (
    "float",
    "copy",
    "array",
    "asarray",
    "tensor",
    "squeeze",
    "atleast_2d",
    "float64",
    "float32",
)
_OF_TWO = {"multiply": "*", "mul": "*", "add": "+", "subtract": "-", "sub": "-", "divide": "/",
           "true_divide": "/", "outer": "*", "power": "**", "pow": "**"}  # fmt: skip
_MODULES = ("np", "numpy", "math", "torch", "F", "functional", "nn", "tf", "jnp", "special",
            "scipy", "K", "nnf", "self")  # fmt: skip
_MAKERS = (
    "zeros", "zeros_like", "ones", "empty", "empty_like", "rand", "randn", "full", "dict", "list",
    "len", "arange", "linspace", "split", "chunk", "concatenate", "hstack", "vstack", "stack",
    "cat", "append", "range", "load", "open", "default_rng", "seed", "forward", "backward",
    "Parameter", "LSTM", "LSTMCell", "enumerate", "zip", "OrderedDict", "shape", "DataFrame",
    "Series", "read_csv", "read_excel",
)  # fmt: skip
_DOTS = ("dot", "matmul", "mm", "inner", "einsum_dot")
_INPUT = re.compile(r"[xX](?:_?t)?")
_STATE = re.compile(r"[ha](?:_?(?:prev|old|t))?|prev_?[ha]")
_MATRIX = re.compile(r"W(?P<gate>_?(?:[figocu]|cand|cell))")  # [U, W] of one gate side by side
_MATRIX_SLOPE = re.compile(rf"(?P<lead>d_?){_MATRIX.pattern}")
_SUMMED = re.compile(r"d_?[WUbV]\w*|[Ll]oss|L|total_loss")  # what a loop adds up
_OWN_STATE = re.compile(r"[chaCH](?:_?t)?|[ch]_?state|cell|hidden")
_INITIAL = re.compile(r"[hca](?:_?(?:0|init|initial|start|prev|old)|prev)|(?:initial|prev)_?[hca]")
_STEPS = re.compile(
    r"[TNn]|T_?x|(?:seq|sequence)_?(?:len|length)|(?:n|num)_?steps|time_?steps|steps"
)
_LISTS = re.compile(r"d?[a-z]s")
_COMMENT = re.compile(r"^[^\"'#\n]*#.*$", re.MULTILINE)
_GATES_SLOPE = re.compile(r"d_?(?:W_?[xh]|b)")  # of all gates side by side


class _UnreadableError(Exception):
    """An expression that is no formula; the message says what it is."""


def is_code(text: str, certain: bool = False) -> bool:
    """Whether a text is Python: it parses, and has more than an answer a line would have."""
    if len(text) > MAX_SOURCE or (not certain and not _SIGNS.search(text)):
        return False
    tree = _parsed(text)
    if tree is None:
        found = _mended(text)
        if found is None:
            return False
        tree, broken, _ = found
        lines = sum(1 for line in text.split("\n") if line.strip())
        if not certain and len(broken) * MOST_BROKEN > lines:
            return False
    if certain:
        return True
    return any(
        isinstance(node, ast.Assign | ast.AugAssign | ast.FunctionDef) for node in ast.walk(tree)
    )


def _parsed(text: str) -> ast.Module | None:
    source = _source(text)
    if max((len(line) for line in source.split("\n")), default=0) > 20_000 or _too_deep(source):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return None


def _mended(text: str) -> tuple[ast.Module, dict[int, str], str] | None:
    """A program without the few lines that are no Python, those lines by their numbers, its text.

    Such as ``print loss`` of Python 2, or a bracket that is never closed. None where that does
    not make it one.
    """
    lines = _source(text).expandtabs(4).split("\n")
    broken: dict[int, str] = {}
    for _ in range(2 * MOST_MENDED):
        source = "\n".join(lines)
        if len(source) > MAX_MENDED or len(broken) > MOST_MENDED or _too_deep(source):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return ast.parse(source), broken, source
            except SyntaxError as error:
                place = (error.lineno or 0) - 1
            except (ValueError, RecursionError, MemoryError, OverflowError):
                return None
        if not 0 <= place < len(lines) or lines[place].strip() in ("", "pass"):
            return None
        line = lines[place]
        if _OPENS_BLOCK.match(line) and place not in broken:
            lines[place] = line.rstrip().rstrip(":") + ":"  # for t in range(T), without its colon
            if lines[place] != line:
                continue
        broken[place + 1] = line.strip()
        lines[place] = line[: len(line) - len(line.lstrip())] + "pass"
    return None


def _source(text: str) -> str:
    return textwrap.dedent(_PROMPT.sub("", _MAGIC.sub("pass", text)))


def _too_deep(source: str) -> bool:
    """Whether brackets or signs stand so deep in one another that parsing could overflow."""
    depth = deepest = 0
    source = _COMMENT.sub("", source)  # # ------------ backward
    for character in source:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest > 90 or bool(
        re.search(
            r"[-+~]{60}|(?:not\s+){40}|(?:\*\*[-\w.]+\s*){60}|(?:lambda[^:]*:\s*){30}", source
        )
    )


def entries_of_code(text: str, respelled: bool = False) -> list[Entry]:
    """The equations of a program, an entry each.

    They hold the program, so that it can be followed. One that is ``respelled`` is from another
    language, and may count its elements from 1.
    """
    tree, source = _parsed(text), _source(text)
    broken: dict[int, str] = {}
    if tree is None:
        found = _mended(text)
        if found is None:
            return [Entry(1, "", "", form=PROSE)]
        tree, broken, source = found
    program = _Program(tree, _index_base(tree), _source(text).split("\n"))
    try:
        entries = list(program.read())
    except RecursionError:
        return [Entry(1, "", "", form=PROSE)]
    for number, line in broken.items():
        if named := _ASSIGNED.match(line):
            why = "\0a line that is no Python"
            entries.append(Entry(number, named[1], why, form="code", written=line[:200]))
    used = {entry.line for entry in entries}
    lines = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)}
    entries += [Entry(line, "", "", form=PROSE) for line in sorted(lines - used)]
    first = getattr(text, "first", None) if respelled else 0
    if first is None:
        return entries
    columns = respelled and getattr(text, "columns", False)
    own = getattr(text, "own", "") if respelled else ""
    places = getattr(text, "places", ()) if respelled else ()
    if places:  # lines that are others in the program as it was
        lines_of = own.split("\n")
        own = "\n".join(lines_of[place - 1] for place in places)
    return [
        replace(
            e,
            line=places[e.line - 1] if places else e.line,
            block=source,
            block_line=e.line,
            block_first=first,
            block_columns=columns,
            block_own=own,
        )
        if isinstance(e.line, int)
        else e
        for e in entries
    ]


def _index_base(tree: ast.AST) -> int:
    """What the program calls the first step: 0, or 1 where its loops run from 1."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and (found := _range(node.iter)) is not None:
            first = _whole(found[0])
            return first if first in (0, 1) else 0
    return -1  # no loop says it


def _range(node: ast.expr) -> tuple[ast.expr, ast.expr, bool] | None:
    """A range of steps: where it begins, where it ends, and whether it runs backward."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "reversed" and len(node.args) == 1:
            inner = _range(node.args[0])
            return None if inner is None else (inner[0], inner[1], True)
        if node.func.id == "range" and 1 <= len(node.args) <= 3:
            arguments = node.args
            low: ast.expr = ast.Constant(0) if len(arguments) == 1 else arguments[0]
            high = arguments[0] if len(arguments) == 1 else arguments[1]
            if len(arguments) == 3:
                step = arguments[2]
                negative = isinstance(step, ast.UnaryOp) and isinstance(step.op, ast.USub)
                if negative:
                    last = high
                    first = ast.Constant(
                        1 if isinstance(last, ast.Constant) and last.value == 0 else 0
                    )
                    return first, low, True
            return low, high, False
    return None


@dataclass
class _Scope:
    """One body of code: a program, a function, or a loop over the steps."""

    loop: str = ""  # the variable of the loop over the steps
    backward: bool = False
    carried: dict[str, ast.expr] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)  # the place of the entry of each name
    inside: bool = False  # of a function or loop: one step at a time
    twice: dict[str, tuple[str, str]] = field(default_factory=dict)  # f = W*x + b; f = sigmoid(f)
    appended: frozenset[str] = frozenset()  # the lists that each turn puts a number at the end of
    done: set[str] = field(default_factory=set)  # what this turn of the loop has given already
    stepping: bool = False  # a function of one step: def step(h, x): h = tanh(W*x + U*h)


class _Program:
    def __init__(self, tree: ast.Module, base: int, lines: list[str]) -> None:
        self.tree, self.base, self.lines = tree, base, lines
        self.entries: list[Entry] = []
        self.functions: dict[str, tuple[list[str], ast.expr]] = {}
        self.offsets: dict[str, int] = {}
        self.stacks: dict[str, list[ast.expr]] = {}  # da = np.hstack((dai, daf, dao, dag))
        self.filled: dict[str, dict[int, ast.expr]] = {}  # concat[:n_a, :] = a_prev
        self.columns = _order_of_columns(tree)
        self.before_first = _before_first(tree)
        self.started = _started(tree)
        self.with_start = frozenset(map(single, _sliced_to_last(tree)))
        self.depth = 0
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        self.names = names
        self.assigned = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        # Where a gate of the next step is written out, dc_next is dc of the next step itself.
        self.with_next_gate = bool(names & {"f_next", "next_f", "fnext"})
        self.coursera = "cct" in names or {"a_next", "a_prev"} <= names

    def read(self) -> Iterator[Entry]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef):
                self._helper(node)
        self._find_offsets()
        scope = _Scope(renamed=dict(_COURSERA) if self.coursera else {})
        scope.twice = _twice(self.tree.body)
        if not self.names & _TARGETS and not self.assigned & _PREDICTIONS:
            # A y that the program only reads is what it is to predict.
            scope.renamed |= {"y": "target", "ys": "target", "Y": "target"}
        scope.renamed |= _by_net_input(self.tree)
        self.body(self.tree.body, scope)
        yield from self.entries

    def _helper(self, node: ast.FunctionDef) -> None:
        """A small function, def dtanh(y): return 1 - y**2, is put in where it is called."""
        body = [s for s in node.body if not _is_text(s)]
        if len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value is not None:
            arguments = [argument.arg for argument in node.args.args]
            if not isinstance(body[0].value, ast.Tuple):
                self.functions[node.name] = (arguments, body[0].value)

    def _find_offsets(self) -> None:
        """Arrays that hold the initial state in place 0: c[t+1] = f[t]*c[t] + i[t]*g[t]."""
        for loop in (n for n in ast.walk(self.tree) if isinstance(n, ast.For)):
            found = _range(loop.iter)
            if found is None or found[2] or not isinstance(loop.target, ast.Name):
                continue
            at_t: set[str] = set()
            ahead: set[str] = set()
            for node in ast.walk(loop):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                    target = node.targets[0]
                    name, shift = _base_name(target.value), _relative(target.slice, loop.target.id)
                    if shift == 0:
                        at_t.add(name)
                    elif shift == 1:
                        ahead.add(name)
            if at_t or ahead:
                self.offsets |= dict.fromkeys(ahead - at_t, 1)

    # Statements.

    def body(self, statements: Iterable[ast.stmt], scope: _Scope) -> None:
        for statement in statements:
            self.statement(statement, scope)

    def statement(self, node: ast.stmt, scope: _Scope) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self.assign(node, target, value, scope)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.assign(node, target, value, scope)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=ast.Mult() | ast.Div() as op):
                whole = ast.BinOp(ast.Name(name, ast.Load()), op, node.value)
                self.assign(node, target, ast.copy_location(whole, node), scope)
            case ast.AugAssign(target=target, op=op, value=value):
                self.augmented(node, target, op, value, scope)
            case ast.For():
                self.loop(node, scope)
            case ast.If(test=test, body=body, orelse=others):
                chosen = self.interior(test, scope)
                self.body(body if chosen is not False else others, scope)
            case ast.With(body=body) | ast.Try(body=body) | ast.While(body=body):
                self.body(body, scope)
            case ast.FunctionDef():
                if node.name not in self.functions:
                    self.body(node.body, self.function_scope(node, scope))
            case ast.ClassDef(body=body):
                self.body(body, scope)
            case ast.Expr():
                scope.done.update(map(single, _appended([node])))

    def function_scope(self, node: ast.FunctionDef, scope: _Scope) -> _Scope:
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        names |= {argument.arg for argument in node.args.args}
        renamed = dict(scope.renamed)
        loops = any(isinstance(n, ast.For) for n in ast.walk(node))
        if not loops and names & set(_STEP_NAMES) | (
            names & set(_ARRIVING) if names & {"prev_c", "c_prev"} else set()
        ):
            renamed |= _STEP_NAMES
            added = _added_to_h(node)  # dh = (h - target) + dh_next: no whole derivative
            renamed |= {name: key for name, key in _ARRIVING.items() if name not in added}
        handed_in = {argument.arg for argument in node.args.args}
        own = {
            name: value
            for name, value in _carried(node.body).items()
            if name in handed_in and _OWN_STATE.fullmatch(name) and not loops
        }
        return _Scope(
            renamed=renamed,
            constants=dict(scope.constants),
            inside=True,
            carried=own,
            stepping=bool(own),
            twice=_twice(node.body),
        )

    def loop(self, node: ast.For, scope: _Scope) -> None:
        found = _range(node.iter)
        if found is None or not isinstance(node.target, ast.Name):
            if (
                isinstance(node.iter, ast.Call)
                and isinstance(node.iter.func, ast.Name)
                and node.iter.func.id == "enumerate"
            ):
                return
            self.body(node.body, scope)
            return
        inner = _Scope(
            node.target.id, found[2], {}, dict(scope.renamed), dict(scope.constants), {}, True
        )
        first_name = node.target.id.lower()
        if first_name in ("epoch", "e", "_", "it", "iteration", "batch", "seed"):
            self.body(node.body, replace(inner, loop=scope.loop, inside=scope.inside))
            return
        inner.carried = _carried(node.body)
        inner.twice = {
            of: its
            for of, its in _twice(node.body).items()
            if not (of in inner.carried and _HANDED_ON.fullmatch(of))
        }
        inner.appended = frozenset(map(single, _appended(node.body)))
        self.body(node.body, inner)

    def interior(self, test: ast.expr, scope: _Scope) -> bool | None:
        """Whether a condition holds at a step that is neither the first nor the last."""
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return None
        left, right, op = test.left, test.comparators[0], test.ops[0]
        swapped = _relative(left, scope.loop) is None
        if swapped:
            left, right = right, left
        if _relative(left, scope.loop) is None or not scope.loop:
            return None
        high = not isinstance(right, ast.Constant)  # the last step, or the first
        greater = isinstance(op, ast.Gt | ast.GtE) != swapped
        less = isinstance(op, ast.Lt | ast.LtE) != swapped
        if isinstance(op, ast.Eq | ast.Is):
            return False
        if isinstance(op, ast.NotEq | ast.IsNot):
            return True
        if greater:
            return not high
        return high if less else None

    def assign(self, node: ast.stmt, target: ast.expr, value: ast.expr, scope: _Scope) -> None:
        self.assigned_to(node, target, value, scope)
        if isinstance(target, ast.Name):
            scope.done.add(target.id)

    def assigned_to(self, node: ast.stmt, target: ast.expr, value: ast.expr, scope: _Scope) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                for one, its in zip(target.elts, value.elts, strict=True):
                    self.assign(node, one, its, scope)
            return
        if (part := _filled(target)) is not None:
            parts = self.filled.setdefault(part[0], {})
            parts[part[1]] = value
            if len(parts) == 2:
                self.stacks[part[0]] = [parts[0], parts[1]]
            return
        if isinstance(target, ast.Name) and target.id in scope.twice:
            of, (first, final) = target.id, scope.twice[target.id]
            if of in scope.done:
                self.again(node, of, final, value, scope)
                return
            scope.renamed[of] = first
        place = self.place(target, scope)
        if place is None:
            return
        name, step = place
        if step == "[0]" and name in self.before_first:
            return  # hs[-1] = 0.2: what the state begins with
        if isinstance(target, ast.Name) and (more := _added_to(target.id, value)) is not None:
            op, rest = more
            is_more = name == "dc_via_c" or name in scope.given or _SUMMED.fullmatch(name)
            if is_more or self.is_arriving(target.id, scope):
                again = ast.copy_location(ast.AugAssign(target, op, rest), node)
                self.augmented(again, target, op, rest, scope)
                return
        if (
            isinstance(target, ast.Name)
            and target.id in scope.carried
            and not (self.is_own_state(target.id, scope) and target.id not in scope.done)
        ):
            return
        plain = name.removesuffix("[t]")
        is_step = scope.inside or bool(self.names & {"c_prev", "prev_c"})
        if name in ("dc_prev", "dprev_c") and is_step and not scope.loop:
            try:
                self.add(node, HANDED_ON, self.write(value, scope, 0), scope)
            except _UnreadableError as error:
                self.add(node, HANDED_ON, "", scope, str(error))
            return
        if _is_handed_on(name) and plain not in scope.renamed.values():
            return
        if _is_unpacked(name, value) or _is_passed_on(target, value):
            return
        if (stack := _stacked(value)) is not None:
            self.stacks[name] = stack
            return
        self.stacks.pop(name, None)
        self.filled.pop(name, None)
        if not scope.loop and name in self.started:
            return  # what the last step begins with, to which each turn hands on
        if (
            isinstance(value, ast.Name)
            and _OWN_STATE.fullmatch(name)
            and _INITIAL.fullmatch(value.id)
        ):
            return  # h = h0
        if _is_setup(value):
            if _literal(value) is not None:
                scope.constants[name] = _literal(value) or ""
                if (not scope.inside and step is not None) or self._is_answer(name, value, scope):
                    self.add(node, name + (step or ""), _literal(value) or "", scope)
            return
        try:
            pieces = self.pieces(name, value, scope) or [(name, self.write(value, scope, 0))]
        except _UnreadableError as error:
            self.add(node, name + (step or ""), "", scope, str(error))
            return
        scope.constants.pop(name, None)
        in_loop = bool(scope.loop) and step is None
        for piece, text in pieces:
            self.add(node, piece + (step or ""), text, scope, form="last" if in_loop else "code")

    def again(self, node: ast.stmt, name: str, final: str, value: ast.expr, scope: _Scope) -> None:
        """A name that is given once more, made of itself: df = df*f*(1 - f) is dz_f."""
        try:
            text = self.write(value, scope, 0)
        except _UnreadableError as error:
            self.add(node, final, "", scope, str(error))
        else:
            self.add(node, final, text, scope, form="last" if scope.loop else "code")
        scope.renamed[name] = final

    def is_arriving(self, name: str, scope: _Scope) -> bool:
        """Whether a name is a derivative that each turn hands to the one before as dh and dc."""
        is_carried = name in scope.carried and name not in scope.done
        return bool(scope.backward and is_carried and _HANDED_ON.fullmatch(name))

    def is_own_state(self, name: str, scope: _Scope) -> bool:
        """Whether a name is a state that each turn of a loop makes of the last: c = f*c + i*g."""
        is_turn = scope.loop or scope.stepping
        return bool(not scope.backward and is_turn and _OWN_STATE.fullmatch(name))

    def _is_answer(self, name: str, value: ast.expr, scope: _Scope) -> bool:
        """Whether a number given to a name is an answer, not a setting: dc3 = -0.1981."""
        text = _literal(value)
        if text is None or scope.inside or float(text) == 0:
            return False
        return bool(re.match(r"d(?!t$)[A-Za-z]", name)) or bool(
            re.fullmatch(r"[fioghc]_?[1-9][0-9]*", name)
        )

    def add(
        self,
        node: ast.stmt,
        left: str,
        right: str,
        scope: _Scope,
        why: str = "",
        form: str = "code",
    ) -> None:
        if len(right) > MAX_TEXT:
            right, why = "", "a longer equation"
        source = self.lines[node.lineno - 1].strip()[:200]
        entry = Entry(node.lineno, left, right or f"\0{why}", form=form, written=source)
        scope.given[left] = len(self.entries)
        self.entries.append(entry)

    def augmented(
        self,
        node: ast.AugAssign,
        target: ast.expr,
        op: ast.operator,
        value: ast.expr,
        scope: _Scope,
    ) -> None:
        sign = "+" if isinstance(op, ast.Add) else "-" if isinstance(op, ast.Sub) else ""
        place = self.place(target, scope)
        if place is None or not sign:
            return
        name, step = place
        if _is_unpacked(name, value):
            return  # dWf += gradients["dWf"]: what a function of one step has given
        try:
            pieces = self.pieces(name, value, scope) or [(name, self.write(value, scope, 0))]
        except _UnreadableError as error:
            self.add(node, name + (step or ""), "", scope, str(error))
            return
        if isinstance(target, ast.Name) and self.is_arriving(target.id, scope):
            # dh += …, where dh holds what the later step has handed on.
            try:
                arriving = self.name(target.id, scope, 0)
            except _UnreadableError as error:
                self.add(node, name, "", scope, str(error))
            else:
                self.add(node, name, f"({arriving}) {sign} ({pieces[0][1]})", scope)
            scope.done.add(target.id)
            return
        for one, text in pieces:
            self.added(node, target, sign, (one, step), text, scope)

    def added(
        self,
        node: ast.AugAssign,
        target: ast.expr,
        sign: str,
        place: tuple[str, str | None],
        text: str,
        scope: _Scope,
    ) -> None:
        """What is added to a quantity, or to one that stands side by side with others."""
        name, step = place
        left = name + (step or "")
        if left in scope.given:
            number = scope.given[left]
            before = self.entries[number]
            if not before.right.startswith("\0") and len(before.right) + len(text) < MAX_TEXT:
                joined = f"({before.right}) {sign} ({text})"
                self.entries[number] = replace(before, right=joined, line=node.lineno)
            return
        if name == "dc_via_c" and isinstance(target, ast.Name):
            # What arrives along the carousel, and the rest added: the whole derivative.
            scope.renamed[target.id] = "dc"
            self.add(node, "dc", f"dc_via_c {sign} ({text})", scope)
            return
        if name == "dh" and isinstance(target, ast.Name) and target.id in scope.renamed:
            return
        of_step = scope.inside and _SUMMED.fullmatch(name) and not name[:1].isupper()
        if sign == "-" or not scope.inside or (not scope.loop and step is None and not of_step):
            if step is None:
                self.add(node, left, f"{left} {sign} ({text})", scope)
            return
        if step is None:
            self.add(node, f"{name}[t]", text, scope)
            return
        self.scattered(node, name, step, text, scope)

    def scattered(self, node: ast.stmt, name: str, step: str, text: str, scope: _Scope) -> None:
        """dh[t-1] += …: what the step hands to another is a term of that other's sum."""
        match = re.fullmatch(r"\[t([+-][0-9]+)?\]", step)
        if match is None:
            return
        shift = -int(match[1] or 0)
        moved = re.sub(
            r"\[t([+-][0-9]+)?\]",
            lambda m: _index(int(m[1] or 0) + shift),
            re.sub(r"(?<![\w.\])\[])([A-Za-z_]\w*)(?![\w(\[.])", r"\1[t]", text) if shift else text,
        )
        left = f"{name}[t]"
        for earlier in range(len(self.entries) - 1, -1, -1):
            if self.entries[earlier].left in (left, name):
                before = self.entries[earlier]
                self.entries[earlier] = replace(
                    before, left=left, right=f"({before.right}) + ({moved})"
                )
                return
        self.add(node, left, moved, scope)

    def place(self, target: ast.expr, scope: _Scope) -> tuple[str, str | None] | None:
        """The name and the step of what is assigned to."""
        if isinstance(target, ast.Name):
            return scope.renamed.get(target.id, target.id), None
        if isinstance(target, ast.Attribute):
            return target.attr, None
        if isinstance(target, ast.Subscript):
            try:
                text = self.subscript(target, scope, 0)
            except _UnreadableError:
                return None  # several elements at once
            name, bracket, step = text.partition("[")
            return name, f"[{step}" if bracket else None
        return None

    # Expressions.

    def write(self, node: ast.expr, scope: _Scope, shift: int) -> str:
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                raise _UnreadableError("an expression nested too deep")
            text = self._write(node, scope, shift)
            if len(text) > MAX_TEXT:
                raise _UnreadableError("a longer equation")
            return text
        finally:
            self.depth -= 1

    def _write(self, node: ast.expr, scope: _Scope, shift: int) -> str:
        match node:
            case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(
                value, bool
            ):
                if isinstance(value, int) and abs(value) > 10**15:
                    raise _UnreadableError("a number too large")
                return f"({value!r})" if value < 0 else repr(value)
            case ast.Name(id=name):
                return self.name(name, scope, shift)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-({self.write(operand, scope, shift)}))"
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.write(operand, scope, shift)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(left, op, right, scope, shift)
            case ast.Call():
                return self.call(node, scope, shift)
            case ast.Attribute():
                return self.attribute(node, scope, shift)
            case ast.Subscript():
                return self.subscript(node, scope, shift)
            case ast.IfExp(test=test, body=body, orelse=other):
                chosen = self.interior(test, scope)
                if chosen is None:
                    raise _UnreadableError("a condition")
                return self.write(body if chosen else other, scope, shift)
            case ast.Tuple(elts=[one]) | ast.List(elts=[one]):
                return self.write(one, scope, shift)
        raise _UnreadableError("something that is no formula")

    def binary(
        self, left: ast.expr, op: ast.operator, right: ast.expr, scope: _Scope, shift: int
    ) -> str:
        if isinstance(op, ast.MatMult) and (
            of_gates := self.stacked_dot(left, right, scope, shift)
        ):
            return of_gates
        first, second = self.write(left, scope, shift), self.write(right, scope, shift)
        signs = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
        if isinstance(op, ast.MatMult):
            return self.dot(first, second)
        sign = signs.get(type(op))
        if sign is None:
            raise _UnreadableError("an operator that no formula has")
        return f"({first} {sign} {second})"

    def side_by_side(self, node: ast.expr) -> list[ast.expr]:
        """The arrays that stand side by side in one; none where it is no such array."""
        while isinstance(node, ast.Attribute) and node.attr == "T":
            node = node.value
        found = self.stacks.get(node.id) if isinstance(node, ast.Name) else _stacked(node)
        return [_upright(element) for element in found or ()]

    def pieces(self, name: str, value: ast.expr, scope: _Scope) -> list[tuple[str, str]]:
        """The equations in one of arrays side by side; none where it is no such equation.

        ``dWf = dft @ concat.T``, where concat is h above x, is one of dUf and one of dWf;
        ``dWx = x.T @ da``, where da has the gates side by side, one for each of them.
        """
        pair = _product_of(value)
        if pair is None:
            summed = _summed(value)
            gates = _gates(self.side_by_side(summed)) if summed is not None else {}
            if not (gates and name in ("db", "d_b")):
                return []
            return [(f"{name}{g}", self.write(one, scope, 0)) for g, one in gates.items()]
        for stacked, other in (pair, pair[::-1]):
            stack = self.side_by_side(stacked)
            if not stack or self.side_by_side(other):
                continue
            if (match := _MATRIX_SLOPE.fullmatch(name)) and _is_columns(stack):
                slope = self.write(other, scope, 0)
                return [
                    (
                        name if _is_input(one) else f"{match['lead']}U{match['gate']}",
                        self.dot(slope, self.write(one, scope, 0)),
                    )
                    for one in stack
                ]
            if _GATES_SLOPE.fullmatch(name) and (gates := _gates(stack)):
                factor = self.write(other, scope, 0)
                return [
                    (f"{name}{g}", self.dot(self.write(one, scope, 0), factor))
                    for g, one in gates.items()
                ]
        return []

    def columns_of(self, name: str, part: ast.expr) -> str:
        """``Wf[:, :n]`` or ``Wf[:, n:]``: the weights of the state, or of the inputs."""
        match = _MATRIX.fullmatch(name)
        is_pair = isinstance(part, ast.Tuple) and len(part.elts) == 2
        if match is None or not is_pair or not isinstance(part, ast.Tuple):
            return ""
        rows, columns = part.elts
        if not (isinstance(rows, ast.Slice) and rows.lower is rows.upper is None):
            return ""
        if not isinstance(columns, ast.Slice) or columns.step is not None:
            return ""
        is_second = columns.lower is not None and _whole(columns.lower) != 0
        if is_second == (columns.upper is not None):
            if is_second:
                raise _UnreadableError("columns between two others")
            return ""  # all of them
        if not self.columns:
            raise _UnreadableError(
                f"columns of {name}, where nothing tells which are of h and which of x"
            )
        of_input = (self.columns == "hx") == is_second
        return name if of_input else f"U{match['gate']}"

    def stacked_dot(self, left: ast.expr, right: ast.expr, scope: _Scope, shift: int) -> str:
        """da.dot(Wx.T), where da has the derivatives of all gates side by side: their sum.

        ``Wf @ concat``, where concat is h above x, is the sum of two products as well.
        """
        columns = self.side_by_side(right)
        if _is_columns(columns) and not self.side_by_side(left):
            weights = scope.renamed.get(_named(left), _named(left))
            match = _MATRIX.fullmatch(weights)
            if match is None:
                raise _UnreadableError("a product with h and x side by side")
            of_two = [
                self.dot(
                    weights if _is_input(one) else f"U{match['gate']}",
                    self.write(one, scope, shift),
                )
                for one in columns
            ]
            return f"({' + '.join(of_two)})"
        if isinstance(right, ast.Name) and right.id in self.stacks and isinstance(left, ast.Name):
            left, right = right, ast.Attribute(left, "T", ast.Load())  # Wx @ da
        stack = self.stacks.get(left.id, []) if isinstance(left, ast.Name) else []
        matrix = (
            _base_name(right.value)
            if isinstance(right, ast.Attribute) and right.attr == "T"
            else ""
        )
        if not stack or not matrix:
            return ""
        terms = []
        for element in stack:
            if not isinstance(element, ast.Name):
                return ""
            terms.append(f"{self.write(element, scope, shift)}*{matrix}{element.id[-1]}")
        return f"({' + '.join(terms)})"

    def dot(self, first: str, second: str) -> str:
        name = r"[A-Za-z_]\w*(?:\[[^\]]*\])?"
        if re.fullmatch(name, first) and re.fullmatch(name, second):
            return f"({first} @ {second})"
        return f"({first} * {second})"

    def name(self, name: str, scope: _Scope, shift: int) -> str:
        if name == scope.loop:
            raise _UnreadableError("the number of the step")
        if _is_columns(self.stacks.get(name, [])):
            raise _UnreadableError(f"{name}, which is h and x side by side")
        if name in scope.carried and self.is_own_state(name, scope):
            known = scope.renamed.get(name, name)
            return _timed(known, shift if name in scope.done else shift - 1)
        if name in scope.carried and scope.backward and name in self.started:
            return "dh" + (_index(shift) if shift else "")
        if name in scope.carried and not (name in scope.done and _HANDED_ON.fullmatch(name)):
            given = scope.carried[name]
            turn = 1 if scope.backward else -1
            return f"({self.write(given, replace_carried(scope, name), shift + turn)})"
        is_quantity = re.fullmatch(r"d[A-Za-z].*|[a-zA-Z]|[WUbh]\w*", name)
        if name in scope.constants and not is_quantity:
            return scope.constants[name]
        if (handed := _HANDED.fullmatch(name)) and name not in scope.renamed:
            letter = handed[1] or handed[2]
            if letter in "ha" or not self.with_next_gate:
                key = "dc" if letter == "c" else "dh"
                return f"{key}__from_later" + (_index(shift) if shift else "")
        known = scope.renamed.get(name, name)
        if known == "a_prev" and self.coursera:
            known = "h_prev"
        return _timed(known, shift)

    def attribute(self, node: ast.Attribute, scope: _Scope, shift: int) -> str:
        if node.attr in ("T", "mT", "data", "value", "H"):
            return self.write(node.value, scope, shift)
        if node.attr == "grad":
            inner = self.write(node.value, scope, shift)
            return f"∂L/∂{inner}"
        if isinstance(node.value, ast.Name) and node.value.id in (
            "np",
            "numpy",
            "math",
            "torch",
            "tf",
        ):
            raise _UnreadableError(f"{node.value.id}.{node.attr}")
        return _timed(node.attr, shift)

    def subscript(self, node: ast.Subscript, scope: _Scope, shift: int) -> str:
        index = node.slice
        if columns := self.columns_of(_named(node.value), index):
            return columns
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            base = _base_name(node.value).lower()
            known = scope.renamed.get(index.value, index.value)
            if "grad" in base or base in ("dparams", "dparameters"):
                known = known if known.startswith("d") else f"d{known}"
            return _timed(known, shift)
        if isinstance(node.value, ast.Subscript):  # h[t][0], grads["x"][t]
            inner = self.subscript(node.value, scope, shift)
            relative = _relative(index, scope.loop)
            if relative is not None and "[" not in inner:
                return inner + _index(relative + shift)
            return inner
        raw = _base_name(node.value)
        name = raw.rstrip("_")  # is_ and os_, since is is no name of Python
        if not name:
            raise _UnreadableError("an element of something")
        is_list = bool(_LISTS.fullmatch(name))
        if is_list and (raw != name or name not in ("is", "as", "ds")):
            single = name[:-1]  # lists of the values: hs, cs; dhs are handed in from above
            name = (
                f"{single}__from_here"
                if single in self.assigned and single.startswith("d")
                else single
            )
        name = scope.renamed.get(name, name)
        if self.coursera and name == "da":
            name = "dh__from_here"  # what comes from above
        if name in scope.carried:
            raise _UnreadableError("an element of what is handed on")
        parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
        time: str | None = None
        features: list[int] = []
        for part in parts:
            relative = _relative(part, scope.loop)
            if relative is not None and scope.loop:
                relative -= self.offsets.get(name, 0)
                time = _index(relative + shift)
            elif isinstance(part, ast.Slice) and part.lower is None and part.upper is None:
                continue
            elif isinstance(part, ast.Slice) and not scope.loop and len(parts) == 1:
                time = _index(self.sliced(name, part))
            elif (number := _whole(part)) is not None:
                features.append(number)
            elif self.base >= 0 and (last := _from_last(part)) is not None and len(parts) == 1:
                place = last + 1 - self.base
                return f"{name}[T{place:+d}]" if place else f"{name}[T]"
            elif isinstance(part, ast.Constant) and part.value is None:
                continue
            else:
                raise _UnreadableError("an index that is no step")
        if time is not None:
            feature = str(features[0] + 1) if features and name in ("x", "X", "dx") else ""
            return f"{name}{feature}{time}"
        if not features:
            return _timed(name, shift)
        if re.match(r"d?[WUbV]", name):
            return name if not any(features) else f"{name}[{features[-1] + 1}]"
        step = features[0]
        if step == -1 and scope.loop and not scope.backward and name in scope.appended:
            # The last that there is: of this turn, where it has been put there already.
            return f"{name}{_index(shift if name in scope.done else shift - 1)}"
        if step == -1 and name in self.before_first:
            return f"{name}[0]"
        if step < 0:
            return f"{name}[{step}]"
        step -= self.offsets.get(name, 0)
        return f"{name}[{step + 1 if self.base == 0 else step}]"

    def sliced(self, name: str, part: ast.Slice) -> int:
        """How far h[:-1] is from the steps that it stands beside: h of the step before."""
        first = 0 if part.lower is None else _whole(part.lower)
        if part.step is not None or first not in (0, 1):
            raise _UnreadableError("an index that is no step")
        if part.upper is not None and _last_relative(part.upper) is None:
            last = _whole(part.upper)
            if last is None or last not in (-1, -2):
                raise _UnreadableError("an index that is no step")
        if self.base == 1 or self.offsets.get(name) or name in self.with_start:
            return first - 1
        return first

    def call(self, node: ast.Call, scope: _Scope, shift: int) -> str:
        if isinstance(node.func, ast.Attribute):
            function, owner = node.func.attr, node.func.value
            is_name = isinstance(owner, ast.Name | ast.Attribute)
            is_module = is_name and _base_name(owner) in _MODULES
            if not is_module:
                return self.method(node, function, owner, scope, shift)
        elif isinstance(node.func, ast.Name):
            function = node.func.id
        else:
            raise _UnreadableError("a call of something")
        arguments = node.args
        if function in self.functions and function not in FUNCTION_NAMES:
            return self.inlined(function, arguments, scope, shift)
        if function in ("zeros", "zeros_like"):
            return "0"
        if function in ("sum", "mean", "fsum"):
            return self.total(function, node, scope, shift)
        if function in _OF_TWO and len(arguments) == 2:
            first, second = (self.write(a, scope, shift) for a in arguments)
            return f"({first} {_OF_TWO[function]} {second})"
        if function in _DOTS and len(arguments) == 2:
            if of_gates := self.stacked_dot(arguments[0], arguments[1], scope, shift):
                return of_gates
            first, second = (self.write(a, scope, shift) for a in arguments)
            return self.dot(first, second)
        if function in _WRAPPERS and arguments:
            return self.write(arguments[0], scope, shift)
        if function in FUNCTION_NAMES and arguments:
            inner = ", ".join(self.write(a, scope, shift) for a in arguments)
            return f"{FUNCTION_NAMES[function]}({inner})"
        raise _UnreadableError(f"the function {function}")

    def method(
        self, node: ast.Call, function: str, owner: ast.expr, scope: _Scope, shift: int
    ) -> str:
        if function in _SAME:
            return self.write(owner, scope, shift)
        if function in ("sum", "mean"):
            inner = self.write(owner, scope, shift)
            return inner if scope.inside else f"{function}({inner})"
        if function == "dot" and len(node.args) == 1:
            if of_gates := self.stacked_dot(owner, node.args[0], scope, shift):
                return of_gates
            return self.dot(self.write(owner, scope, shift), self.write(node.args[0], scope, shift))
        if function in FUNCTION_NAMES and not node.args:
            return f"{FUNCTION_NAMES[function]}({self.write(owner, scope, shift)})"
        if function in ("pow", "square") and len(node.args) <= 1:
            exponent = self.write(node.args[0], scope, shift) if node.args else "2"
            return f"(({self.write(owner, scope, shift)})**{exponent})"
        raise _UnreadableError(f"the method {function}")

    def inlined(self, function: str, arguments: list[ast.expr], scope: _Scope, shift: int) -> str:
        names, body = self.functions[function]
        if len(arguments) < len([n for n in names if n]):
            raise _UnreadableError(f"the function {function}")
        put = {n: self.write(a, scope, shift) for n, a in zip(names, arguments, strict=False)}
        inner = _Scope(inside=True)
        text = self.write(_Renamed(put).visit(_copied(body)), inner, 0)
        return f"({_unhidden(text, put)})"

    def total(self, function: str, node: ast.Call, scope: _Scope, shift: int) -> str:
        """A sum: of a generator over the steps, of an array over them, or over a batch."""
        if not node.args:
            raise _UnreadableError("a sum of nothing")
        argument = node.args[0]
        if isinstance(argument, ast.GeneratorExp | ast.ListComp) and len(argument.generators) == 1:
            generator = argument.generators[0]
            if generator.ifs or not isinstance(generator.target, ast.Name):
                raise _UnreadableError("a sum with a condition")
            found = _range(generator.iter)
            if found is None:
                raise _UnreadableError("a sum over something else than steps")
            inner = replace(scope, loop=generator.target.id)
            body = self.write(argument.elt, inner, 0)
            if function == "mean":
                return f"mean({body})"
            low, high = self.limits(found)
            return f"(Σ_{{t={low}}}^{{{high}}}({body}))"
        inner_text = self.write(argument, scope, shift)
        if scope.inside:
            return inner_text
        return f"{'mean' if function == 'mean' else 'sum'}({inner_text})"

    def limits(self, found: tuple[ast.expr, ast.expr, bool]) -> tuple[str, str]:
        low, high, _ = found
        first = _whole(low)
        base = self.base if self.base >= 0 else 0
        if first is None:
            raise _UnreadableError("a sum from something else than a number")
        start = first + (1 - base)
        if isinstance(high, ast.Constant):
            return str(start), str(int(high.value) - 1 + (1 - base))  # type: ignore[arg-type]
        relative = _last_relative(high)
        if relative is None:
            raise _UnreadableError("a sum to something else than the last step")
        more = relative - base
        return str(start), f"T{more:+d}" if more else "T"


def replace_carried(scope: _Scope, name: str) -> _Scope:
    """The scope in which what is handed on was made: it cannot stand for itself.

    It is made at the end of a turn, where names have the meaning that they were given last.
    """
    kept = {k: v for k, v in scope.carried.items() if k != name}
    last = {of: final for of, (_, final) in scope.twice.items()}
    return replace(scope, carried=kept, renamed={**scope.renamed, **last})


class _Renamed(ast.NodeTransformer):
    """Puts stand-ins for the arguments of a small function."""

    def __init__(self, put: Mapping[str, str]) -> None:
        self.put = put

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(f"\ue000{node.id}\ue001", node.ctx) if node.id in self.put else node


def _copied(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


def _unhidden(text: str, put: Mapping[str, str]) -> str:
    for name, value in put.items():
        text = text.replace(f"\ue000{name}\ue001", f"({value})")
    return text


def _carried(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """The variables that are read in a loop before they are given their value there."""
    read: set[str] = set()
    given: set[str] = set()
    carried: dict[str, ast.expr] = {}

    def reads(node: ast.AST) -> None:
        read.update(
            n.id
            for n in ast.walk(node)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id not in given
        )

    def walk(statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            if isinstance(statement, ast.Assign):
                reads(statement.value)
                for target in statement.targets:
                    pairs: list[tuple[ast.expr, ast.expr]] = [(target, statement.value)]
                    if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
                        pairs = list(zip(target.elts, statement.value.elts, strict=False))
                    for one, value in pairs:
                        if isinstance(one, ast.Name):
                            if (one.id in read and one.id not in given) or one.id in carried:
                                carried[one.id] = value
                            given.add(one.id)
            elif isinstance(statement, ast.If):
                reads(statement.test)
                walk(statement.body)
                walk(statement.orelse)
            elif isinstance(statement, ast.AugAssign):
                reads(statement.value)
            else:
                reads(statement)

    walk(body)
    return carried


def _timed(name: str, shift: int) -> str:
    if not shift:
        return name
    match = re.fullmatch(r"(.+)_(prev|next)|(prev|next)_(.+)", name)
    if match:
        word = match[2] or match[3]
        return (match[1] or match[4]) + _index(shift + (1 if word == "next" else -1))
    return name + _index(shift)


def _index(shift: int) -> str:
    return f"[t{shift:+d}]" if shift else "[t]"


def _relative(node: ast.expr, loop: str) -> int | None:
    """How far an index is from the variable of the loop."""
    if not loop:
        return None
    if isinstance(node, ast.Name):
        return 0 if node.id == loop else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        more = _whole(node.right)
        if isinstance(node.left, ast.Name) and node.left.id == loop and more is not None:
            return more if isinstance(node.op, ast.Add) else -more
        more = _whole(node.left)
        if (
            isinstance(node.op, ast.Add)
            and isinstance(node.right, ast.Name)
            and node.right.id == loop
        ):
            return more
    return None


def _last_relative(node: ast.expr) -> int | None:
    """How far an end is from the number of steps: T, T+1, len(x), n-1."""
    if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        return 0
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        more = _whole(node.right)
        if more is not None and _last_relative(node.left) == 0:
            return more if isinstance(node.op, ast.Add) else -more
    return None


def _from_last(node: ast.expr) -> int | None:
    """How far an index is from the number of steps, where that is what a name says: T - 1."""
    ends = [n for n in ast.walk(node) if isinstance(n, ast.Name | ast.Call)]
    is_named = bool(ends) and (
        (isinstance(ends[0], ast.Name) and bool(_STEPS.fullmatch(ends[0].id)))
        or (isinstance(ends[0], ast.Call) and _base_name(ends[0].func) == "len")
    )
    return _last_relative(node) if is_named else None


def _whole(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and abs(node.value) < 10**6:
        return int(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _whole(node.operand)
        return None if inner is None else -inner
    return None


def _literal(node: ast.expr) -> str | None:
    """A number as it is written."""
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if isinstance(node, ast.UnaryOp) and negative else node
    if isinstance(inner, ast.Constant) and isinstance(inner.value, int | float):
        if isinstance(inner.value, bool) or (
            isinstance(inner.value, int) and abs(inner.value) > 10**15
        ):
            return None
        return f"{'-' if negative else ''}{inner.value!r}"
    return None


def _is_setup(node: ast.expr) -> bool:
    """Whether a value is a setting: a number, a list, an empty array, a text."""
    if _literal(node) is not None:
        return True
    if isinstance(
        node,
        ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.Constant | ast.JoinedStr,
    ):
        return True
    if isinstance(node, ast.Call):
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name in ("array", "asarray", "tensor", "float", "float32", "float64") and node.args:
            of = node.args[0]
            return isinstance(of, ast.List | ast.Constant) or _literal(of) is not None
        return name in _MAKERS
    if isinstance(node, ast.Attribute):
        return node.attr == "shape"
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "shape"
    )


def _stacked(node: ast.expr) -> list[ast.expr] | None:
    """The arrays that are put side by side."""
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Tuple | ast.List):
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name in ("hstack", "concatenate", "cat", "stack", "vstack"):
            return list(node.args[0].elts)
    return None


def _upright(node: ast.expr) -> ast.expr:
    """An array without what turns it: a_prev.T."""
    while isinstance(node, ast.Attribute) and node.attr == "T":
        node = node.value
    return node


def _is_input(node: ast.expr) -> bool:
    return bool(_INPUT.fullmatch(_base_name(node)))


def _is_columns(stack: list[ast.expr]) -> bool:
    """Whether the arrays are the state before and the inputs, in either order."""
    if len(stack) != 2:
        return False
    stack = [_upright(one) for one in stack]
    states = [bool(_STATE.fullmatch(_base_name(one))) for one in stack]
    return sorted(map(_is_input, stack)) == sorted(states) == [False, True]


def _gates(stack: list[ast.expr]) -> dict[str, ast.expr]:
    """The derivatives by the net inputs of all gates by the gates' letters."""
    named = [one for one in stack if isinstance(one, ast.Name)]
    found: dict[str, ast.expr] = {one.id[-1]: one for one in named}
    is_all = len(found) == len(named) == len(stack) > 2 and found.keys() <= set("figocu")
    return found if is_all and all(one.id.startswith("d") for one in named) else {}


def _order_of_columns(tree: ast.AST) -> str:
    """Which columns of the weights come first: "hx", "xh"; "" where the program does not say."""
    calls = (_stacked(node) for node in ast.walk(tree) if isinstance(node, ast.Call))
    stacks = [stack for stack in calls if stack]
    filled: dict[str, dict[int, ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (part := _filled(node.targets[0])) is not None:
            filled.setdefault(part[0], {})[part[1]] = node.value
    stacks += [[parts[0], parts[1]] for parts in filled.values() if len(parts) == 2]
    found = {
        "xh" if _is_input(_upright(stack[0])) else "hx" for stack in stacks if _is_columns(stack)
    }
    return found.pop() if len(found) == 1 else ""


def _sliced_to_last(tree: ast.AST) -> Iterator[str]:
    """Arrays that hold the initial state too, since they are used without the last: h[:-1]."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            upper = node.slice.upper
            if node.slice.lower is None and upper is not None and _whole(upper) == -1:
                yield _base_name(node.value)


def _twice(body: list[ast.stmt]) -> dict[str, tuple[str, str]]:
    """Names that are given twice in a row of statements, the second time made of themselves.

    What each is then: ``f = W*x + b; f = sigmoid(f)`` gives a net input and a gate,
    ``df = dc*c_prev; df = df*f*(1 - f)`` their derivatives.
    """
    given: set[str] = set()
    found: dict[str, tuple[str, str]] = {}
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                is_of_itself = any(
                    isinstance(n, ast.Name) and n.id == name for n in ast.walk(value)
                )
                is_sum = _added_to(name, value) is not None
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Mult() | ast.Div()):
                is_of_itself, is_sum = True, False
            case _:
                continue
        if is_of_itself and not is_sum and name in given and name not in found:
            if gate := re.fullmatch(r"([figozur])_?t?", name):
                found[name] = (f"z_{gate[1]}", gate[1])
            elif gate := re.fullmatch(r"d_?([figozur])_?t?", name):
                found[name] = (name, f"dz_{gate[1]}")
            else:
                found[name] = (name, f"{name}__again")
        given.add(name)
    return found


def _added_to_h(tree: ast.AST) -> set[str]:
    """What is a summand of the derivative by h, and so the part from later steps alone."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(op=ast.Add()) as value):
                terms: list[ast.expr] = [value]
                while terms and re.fullmatch(r"d_?[ha]_?t?", name):
                    term = terms.pop()
                    if isinstance(term, ast.BinOp) and isinstance(term.op, ast.Add):
                        terms += [term.left, term.right]
                    elif isinstance(term, ast.Name):
                        found.add(term.id)
    return found


_OF_GATE = re.compile(r"d_?([figozur])_?t?")


def _by_net_input(tree: ast.AST) -> dict[str, str]:
    """Names such as ``dft`` that hold dz_f: given with the slope of f, and used in a gradient.

    Not where the program has another name for dz_f beside it.
    """
    given: dict[str, list[ast.expr]] = {}
    used: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[target], value=value):
                given.setdefault(_base_name(target), []).append(value)
            case ast.AugAssign(target=target, value=value):
                given.setdefault(_base_name(target), []).append(value)
            case _:
                continue
        if re.match(r"d_?[WUbV]|d_?[ha](?:_?(?:next|prev|t))?$", _base_name(target)):
            used |= {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
    found = {}
    for name, values in given.items():
        gate = _OF_GATE.fullmatch(name)
        if gate is None or name not in used or len(values) != 1:
            continue
        own = rf"(?:{gate[1]}(?:_?t|s)?(?:\[[^\]]*\])?)"
        sloped = rf"\(1(?:\.0)? - {own}(?: \*\* 2(?:\.0)?| \* {own})?\)"
        others = rf"d_?(?:z|a|net)_?{gate[1]}\w*|d{gate[1]}_?(?:z|raw|net|in|input|pre)\w*"
        if re.search(sloped, ast.unparse(values[0])) and not any(
            re.fullmatch(others, other) for other in given
        ):
            found[name] = f"dz_{gate[1]}"
    return found


def _appended(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """The lists that statements put something at the end of: hs.append(h)."""
    for statement in statements:
        for node in ast.walk(statement):
            function = node.func if isinstance(node, ast.Call) else None
            if (
                isinstance(function, ast.Attribute)
                and function.attr == "append"
                and isinstance(function.value, ast.Name)
            ):
                yield function.value.id


def single(name: str) -> str:
    """What one of a list is called: hs holds h."""
    return name[:-1] if _LISTS.fullmatch(name) else name


def _before_first(tree: ast.AST) -> frozenset[str]:
    """The states that a program puts at -1, before its step 0: hs[-1] = np.copy(hprev)."""
    names = (
        _base_name(target.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Subscript) and _whole(target.slice) == -1
    )
    return frozenset(map(single, names))


def _started(tree: ast.AST) -> frozenset[str]:
    """The derivative by h, where a loop begins with that of the last loss and adds none in it."""
    found: set[str] = set()
    for loop in (n for n in ast.walk(tree) if isinstance(n, ast.For)):
        steps = _range(loop.iter)
        if steps is None or not steps[2]:
            continue
        for name in _carried(loop.body):
            added = any(
                (isinstance(n, ast.AugAssign) and _base_name(n.target) == name)
                or (isinstance(n, ast.Assign) and _added_to(name, n.value) is not None)
                for n in ast.walk(loop)
            )
            if re.fullmatch(r"d_?[ha]t?", name) and not added:
                found.add(name)
    first = _first_loops(tree)
    begun = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and not _is_setup(node.value)
        for target in node.targets
        if isinstance(target, ast.Name) and node.lineno < first.get(target.id, 0)
    }
    return frozenset(found & begun)


def _first_loops(tree: ast.AST) -> dict[str, int]:
    """The line of the first loop that hands a name on, for each such name."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.For):
            for name in _carried(node.body):
                found[name] = min(node.lineno, found.get(name, node.lineno))
    return found


def _added_to(name: str, value: ast.expr) -> tuple[ast.operator, ast.expr] | None:
    """What is added to a name that is given anew: dc = dc + dh*o."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub):
        return None
    if isinstance(value.left, ast.Name) and value.left.id == name:
        return value.op, value.right
    is_last = isinstance(value.right, ast.Name) and value.right.id == name
    if is_last and isinstance(value.op, ast.Add):
        return value.op, value.left
    if isinstance(value.left, ast.BinOp) and isinstance(value.left.op, ast.Add):
        before = _added_to(name, value.left)  # dc + a + b
        if before is not None:
            return before[0], ast.copy_location(ast.BinOp(before[1], value.op, value.right), value)
    return None


def _filled(target: ast.expr) -> tuple[str, int] | None:
    """Which part of an array is filled: 0 for ``a[:n, :] = …``, 1 for ``a[n:, :] = …``."""
    if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
        return None
    index = target.slice
    rows = index.elts[0] if isinstance(index, ast.Tuple) and len(index.elts) == 2 else index
    if not isinstance(rows, ast.Slice) or rows.step is not None:
        return None
    is_first, is_second = rows.upper is not None, rows.lower is not None
    return (target.value.id, int(is_second)) if is_first != is_second else None


def _product_of(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """The two factors of a product of matrices."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return node.left, node.right
    if isinstance(node, ast.Call):
        name = _base_name(node.func)
        is_function = isinstance(node.func, ast.Name) or (
            isinstance(node.func, ast.Attribute) and _base_name(node.func.value) in _MODULES
        )
        if name in (*_DOTS, "outer") and is_function and len(node.args) == 2:
            return node.args[0], node.args[1]
        if name in _DOTS and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
            return node.func.value, node.args[0]
    return None


def _summed(node: ast.expr) -> ast.expr | None:
    """What is summed over a batch: np.sum(da, axis=0), da.sum(axis=0)."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr != "sum":
        return None
    if _base_name(node.func.value) in _MODULES:
        return node.args[0] if node.args else None
    return node.func.value


def _named(node: ast.expr) -> str:
    """The name of an array: Wf, or parameters["Wf"]."""
    node = _upright(node)
    if isinstance(node, ast.Subscript):
        key = node.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
    return _base_name(node)


def _is_unpacked(name: str, value: ast.expr) -> bool:
    """Whether a parameter is taken from where it is kept: Wf = parameters["Wf"]."""
    if not isinstance(value, ast.Subscript) or not _named(value):
        return False
    return _named(value) in (name, f"{name}t") or bool(re.match(r"[WUb]", name))


def _is_passed_on(target: ast.expr, value: ast.expr) -> bool:
    """Whether something is kept under its own name, self.W_f = Wf, or is a part: af = a[H:2*H]."""
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
        return isinstance(target, ast.Name)
    names = [_base_name(one).replace("_", "").lower() for one in (target, value)]
    return isinstance(target, ast.Attribute) and names[0] == names[1] != ""


def _is_handed_on(name: str) -> bool:
    return bool(re.fullmatch(r".+_(?:next|prev)|d?(?:next|prev)_.+", name))


def _base_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _base_name(node.value)
    return ""


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
