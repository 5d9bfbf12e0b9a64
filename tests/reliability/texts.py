"""What people might hand in, at random: texts of every kind, read to the end.

A text is a piece of something that people wrote with some things changed, or a soup of what such
texts are made of. Reading it must end, soon, with answers or with one message.
"""

from __future__ import annotations

import os
import random
import re
import tempfile
import time
import tomllib
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from cellcalc.api import Problem
from cellcalc.check import answers
from cellcalc.check.handed_in import read_answers
from cellcalc.engine.trace import Trace
from cellcalc.errors import CellcalcError
from cellcalc.problems.specification import read_specification
from tests.reliability import Outcome
from tests.reliability.inputs import Hang, at_most, mutated, random_bytes
from tests.support import people
from tests.support.paths import ROOT

SOON = 1.0  # seconds of computing that a text may take, and as much again
AS_MUCH = 20_000  # for so many bytes more
HANG = 20  # seconds after which it is stopped
_HOLE = re.compile(r"«[^»]*»")
_ENDINGS = ("txt", "txt", "md", "tex", "csv", "json", "py", "ipynb", "html", "tsv", "")
_CODECS = ("utf-16", "utf-16-le", "utf-8-sig", "gb18030", "big5", "latin-1", "cp1252", "utf-32")

_NUMBERS = (
    "0", "1", "-0.0711", "0,5", "1.5e-3", "-7.11·10^{-2}", "70.7 %", "3/7", "nan", "inf", "−0.25", "１．５",
    ".5", "5.", "1,234", "1.234,5", "1e999", "0.0000", "≈0.3", "+-1", "1 234", "0x1f", "1e", "--1", "½",
)  # fmt: skip
_NAMES = (
    "c", "h", "f", "i", "o", "g", "y", "L", "x", "E", "dc", "dh", "dz_f", "W_f", "dW_f", "U_f", "b_f", "δc",
    "∂L/∂c", "z_f", "C̃", "c_prev", "dc_next", "W_hf", "∂L/∂W_f", "new W_f", "W_f'", "tanh_c", "target", "e",
    "a^{<t>}", "weight_ih_l0.grad", "v_W_f", "m_hat", "dc_t", "σ", "∇W", "ŷ", "loss", "forget gate", "ct",
    "r", "u", "n", "z", "T", "t", "s_c", "state", "net_c", "θ", "η", "k1", "dWxf", "Wif", "daf",
)  # fmt: skip
_STEPS = (
    "", "", "[2]", "_2", "_{t-1}", "[t]", "[t+1]", "(2)", "^{<2>}", "⟨3⟩", "₂", "ₜ₋₁", "_T", "[-1]", "_{1..3}",
    "_t-1", "[t-1", "_{t", "^{(2)}", "[9]", "_{2,1}", "[99999999999]", "[2][3]", "_1, ", "_{t=2}", " at t = 2",
)  # fmt: skip
_SIGNS = (
    "=",
    "=",
    "=",
    ":=",
    "≈",
    "~",
    "→",
    "<-",
    ":",
    "==",
    "+=",
    "&=",
    "=>",
    "is",
    "＝",
    "≃",
    "",
    "= =",
)
_OPERATORS = (
    "+",
    "-",
    "*",
    "·",
    "⊙",
    "/",
    "^",
    "**",
    "@",
    "×",
    " ",
    ",",
    "|",
    "²",
    "'",
    "!",
    "−",
    "∘",
)
_CALLS = ("tanh(", "σ(", "sum(", "Σ_t ", "exp(", "np.tanh(", "sigmoid(", "mean(", "(", "[", "{", "|", "max(",
          "sqrt(", "\\tanh^2 ", "diag(", "tanh'(", "sum_{t=1}^{3} ", "Σ_{t=1..3} ")  # fmt: skip
_ENDS = (")", "]", "}", "", ")", ")^2", "'", "^T", ".T", "|")
_LATEX = (
    "\\frac{\\partial L}{\\partial c_t}", "\\odot", "\\left(", "\\right)", "&=", "\\\\", "\\text{und}", "\\quad",
    "\\begin{align}", "\\end{align}", "\\begin{cases}", "\\end{cases}", "\\tanh^2 c_t", "c_{t-1}", "\\delta c_{t+1}",
    "^{\\langle t \\rangle}", "\\sum_{t=1}^{T}", "\\cdot", "\\approx", "\\frac{", "}{", "}", "{", "$", "$$", "\\[",
    "\\]", "\\newcommand{\\pd}[2]{\\frac{\\partial #1}{\\partial #2}}", "\\pd{L}{c_t}", "\\sigma", "\\hat{y}", "%",
    "\\def\\a{\\a\\a}", "\\a", "\\tilde{c}", "\\mathbf{h}", "\\hspace{2cm}", "\\tag{3}", "\\label{eq:1}", "&", "_",
    "^", "1-f_t", "\\begin{tabular}{cc}", "\\end{tabular}", "\\hline", "\\section{t = 2}", "\\begin{pmatrix}",
    "\\end{pmatrix}", "\\,", "\\dots", "= 0.3", "\\underbrace{", "\\overset{!}{=}", "\\begin{", "\\end{",
)  # fmt: skip
_CODE = (
    "for t in reversed(range(T)):", "    dc = dh[t]*o[t]*(1 - np.tanh(c[t])**2) + dc_next", "    dc_next = dc*f[t]",
    "import numpy as np", "def backward(x, h):", "    return dh, dc", "dW_f += dz_f[t]*x[t]", "if t < T-1:",
    "    h, c = lstm(x[t], h, c)", "class Cell:", "    self.h = []", "print(dc[2])", "dc = np.zeros(T)", "else:",
    "dh = [0]*(T+1)", "x = [[1, 2], [3]]", "lambda t: c[t]", "while True:", "    pass", "c[t] = f[t]*c[t-1] + i[t]*g[t]",
    "a = b = c = 0.5", "z = np.concatenate((h, x))", "%matplotlib inline", "assert abs(dc[1] - 0.3) < 1e-4", "@jit",
    "dc[1], dc[2] = 0.3, 0.4", "dWf = sum(dz_f[t]*x[t] for t in range(T))", "h[-1]", "'''", "\"", "\t", "(", "]",
    "with torch.no_grad():", "    W -= 0.1*W.grad", "f = sigmoid(W_f@x + U_f*h_prev + b_f)", "del c", "yield t",
    "for (int t = T; t > 0; t--) {", "dc[t] = dh[t] * o[t];", "}", "end", "for t = T:-1:1", "h <- numeric(3)",
)  # fmt: skip
_DATA = ("{", "}", "[", "]", '"c":', '"dc"', ":", ",", "null", "0.3", "[0.1, 0.2, 0.3]", '"steps"', '"t": 2', "NaN",
         '"grads"', '{"t": 1, "c": 0.3}', "-0.2", '"W_f": 0.01', "true", "'h'", "tensor([0.1])", "array(")  # fmt: skip
_GRID = ("t", "c", "h", "dc", "1", "2", "3", "0.37", "-0,2", "", "symbol", "value", "step", "W_f", "gradient",
         "window", "f", "i", "epoch", "=A1+1", "NaN", "#REF!", "total", "Schritt", "1.0", "dW", "new")  # fmt: skip
_WORDS = ("the", "then", "we get", "Schritt 2:", "## t = 2", "window = 2", "Epoch 1", "第2步", "because", "so that",
          "(3 s.f.)", "✓", "- ", "1) ", "**", "`", "> ", "| ", "Step 2", "Update:", "t = 3", "und", "alors", "。", "：",
          "```", "[1]", "➜", "<td>", "</td>", "<br>", "&nbsp;", "\ufeff", "\u202e", "\x00", "🙂", "---", "===")  # fmt: skip


@cache
def seeds() -> tuple[bytes, ...]:
    """Documents that people and programs made, of every kind that is read."""
    found: list[bytes] = []
    corpus = ROOT / "tests" / "corpus"
    for name in ("handed_in", "people"):
        data = tomllib.loads((corpus / f"{name}.toml").read_text(encoding="utf-8"))
        found += [_HOLE.sub("0.3719", one["text"]).encode() for one in data["document"]]
    kinds = tomllib.loads((corpus / "kinds.toml").read_text(encoding="utf-8"))
    for kind in kinds.values():
        found += [_HOLE.sub("-0.0711", kind[k]).encode() for k in ("right", "wrong", "unreadable")]
    for folder in ("formulas", "csv", "problems"):
        found += [path.read_bytes() for path in sorted((corpus / folder).iterdir())]
    return tuple(found)


@cache
def packages() -> tuple[bytes, ...]:
    """Workbooks and arrays, whose reading takes longer."""
    return tuple(
        people.contents(one)
        for one in people.DOCUMENTS
        if Path(one["file"]).suffix in (".xlsx", ".ods", ".npz")
    )


@cache
def traces() -> tuple[Trace, ...]:
    """Problems of several cells, with windows, several sequences and optimizers."""
    problems = people.PEOPLE["problem"].values()
    return tuple(
        Problem.of(read_specification(one["toml"], "p.toml", Path())).run() for one in problems
    )


@cache
def _lines() -> tuple[tuple[bytes, ...], ...]:
    return tuple(tuple(one.splitlines(keepends=True)) for one in seeds())


def _piece(generator: random.Random) -> bytes:
    """A few lines that stand together somewhere, with some changes."""
    lines = generator.choice(_lines())
    start = generator.randrange(max(len(lines), 1))
    piece = b"".join(lines[start : start + generator.choice((1, 1, 2, 3, 5))])
    return mutated(piece, seeds(), generator)


def _whole(generator: random.Random) -> bytes:
    return mutated(generator.choice(seeds()), seeds(), generator)


def _together(generator: random.Random) -> bytes:
    """Lines of several documents, one below the other."""
    lines = [generator.choice(generator.choice(_lines()) or (b"",)) for _ in range(4)]
    return b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)


def _term(generator: random.Random, depth: int = 0) -> str:
    choose = generator.choice
    kind = generator.random()
    if kind < 0.3 or depth > 4:
        return choose(_NUMBERS)
    if kind < 0.65:
        return choose(_NAMES) + choose(_STEPS)
    if kind < 0.8:
        return choose(_CALLS) + _term(generator, depth + 1) + choose(_ENDS)
    return f"{_term(generator, depth + 1)}{choose(_OPERATORS)}{_term(generator, depth + 1)}"


def _soup(generator: random.Random) -> bytes:
    """Answers and formulas at random, several a line."""
    choose = generator.choice
    lines = []
    for _ in range(choose((1, 1, 2, 3))):
        parts = [
            f"{choose(_NAMES)}{choose(_STEPS)} {choose(_SIGNS)} {_term(generator)}"
            for _ in range(choose((1, 1, 1, 2, 3)))
        ]
        line = choose((", ", "; ", " ", " = ", " and ", "\t", " | ")).join(parts)
        if generator.random() < 0.3:
            line = f"{choose(_WORDS)} {line} {choose(_WORDS)}"
        lines.append(line)
    return "\n".join(lines).encode()


def _of(
    words: Sequence[str], between: Sequence[str], most: int
) -> Callable[[random.Random], bytes]:
    def made(generator: random.Random) -> bytes:
        gap = generator.choice(between)
        count = generator.randint(1, most)
        return gap.join(generator.choice(words) for _ in range(count)).encode()

    return made


def _grid(generator: random.Random) -> bytes:
    gap = generator.choice((",", ";", "\t", " | ", "  ", " & "))
    width, height = generator.randint(1, 5), generator.randint(1, 5)
    edge = "|" if gap == " | " else ""
    rows = [[generator.choice(_GRID) for _ in range(width)] for _ in range(height)]
    return "\n".join(edge + gap.join(row) + edge for row in rows).encode()


def _encoded(generator: random.Random) -> bytes:
    text = _piece(generator).decode("utf-8", "ignore")
    return text.encode(generator.choice(_CODECS), "ignore")


def _binary(generator: random.Random) -> bytes:
    start = generator.choice((b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"%PDF", b"\xff\xfe", b"{"))
    return start + random_bytes(generator)


def _package(generator: random.Random) -> bytes:
    return mutated(generator.choice(packages()), (), generator)


def _huge(generator: random.Random) -> bytes:
    """One piece again and again: a long line, or many lines."""
    unit = generator.choice(
        (_piece, _soup, _of(_LATEX, (" ", ""), 3), _of(_CODE, ("\n",), 2), _grid)
    )
    piece = unit(generator) or b"("
    if generator.random() < 0.5:
        piece = piece.replace(b"\n", b" ")
    if generator.random() < 0.3:
        piece = piece[:1]
    return (piece * 40_000)[: generator.choice((5_000, 20_000, 40_000))]


# How often each way is taken. Whole documents, packages and long texts take the most of the time.
MADE: tuple[tuple[Callable[[random.Random], bytes], float], ...] = (
    (_piece, 30), (_soup, 30), (_together, 5), (_whole, 2), (_grid, 8), (_encoded, 4), (_binary, 3),
    (_of(_LATEX, (" ", "", "\n"), 14), 8), (_of(_CODE, ("\n",), 8), 5), (_of(_DATA, ("", " "), 12), 4),
    (_of((*_WORDS, *_NAMES, *_NUMBERS, *_SIGNS), (" ", "", "\n"), 12), 6), (_package, 0.3), (_huge, 0.1),
)  # fmt: skip


def inputs(count: int, seed: int) -> Iterator[tuple[bytes, str, Trace]]:
    """So many texts, each with its file's name and the problem that it is for."""
    generator = random.Random(f"texts {seed}")
    ways, weights = zip(*MADE, strict=True)
    for _ in range(count):
        way = generator.choices(ways, weights)[0]
        name = generator.choice(("a", "a", "a", "grads")) + "." + generator.choice(_ENDINGS)
        yield way(generator), name, generator.choice(traces())


def read(contents: bytes, name: str, trace: Trace) -> int:
    """The number of answers and unreadable ones in a text."""
    entries = read_answers(contents, name, trace)
    update = trace.specification.update
    steps = max(one.steps for one in trace.passes)
    windows = max(len(one.windows) for one in trace.passes)
    settings, optimizer = update.settings, update.optimizer
    sheet = answers.read(entries, trace.model, steps, None, settings, optimizer, windows)
    return len(sheet.answers) + len(sheet.unreadable)


def fuzz(count: int, seed: int) -> Outcome:
    """Read so many texts at random."""
    outcome = Outcome()
    slowest, with_answers = 0.0, 0
    keep = os.environ.get("FUZZED_TEXTS", "")  # a folder for those that went wrong
    for contents, name, trace in inputs(count, seed):
        trouble, begun = "", time.process_time()
        try:
            with at_most(HANG, computing=True):
                with_answers += read(contents, name, trace) > 0
        except CellcalcError as error:
            trouble = "" if str(error).strip() else "no message"
        except Hang as hang:
            trouble = str(hang)
        except Exception:
            trouble = " ".join(traceback.format_exc().splitlines()[-4:])
        took = time.process_time() - begun
        slowest = max(slowest, took)
        if not trouble and took > SOON * (1 + len(contents) // AS_MUCH):
            trouble = f"{took:.1f} s"
        outcome.expect(not trouble, f"{name}: {trouble}; {contents[:200]!r}")
        if trouble and keep:
            with tempfile.NamedTemporaryFile(dir=keep, suffix=f"_{name}", delete=False) as file:
                file.write(contents)
    outcome.note = (
        f"{with_answers / max(count, 1):.0%} with something to mark, slowest {slowest:.1f} s"
    )
    return outcome
