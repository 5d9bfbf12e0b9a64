"""Tables of answers in the layouts and formats in which people hand them in.

A layout makes blocks of a problem's quantities, each a title and rows of cells; a cell with a
number is a hole of :mod:`tests.support.people`, whose numbers come from tests/support/training.py.
A format writes blocks as a document.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import openpyxl

from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.report import Report
from tests.support.people import HOLE, _number, numbers, trace

Cells = list[list[str]]
Blocks = list[tuple[str, Cells]]

WORDS = {
    "f": "Forget gate", "i": "Input gate", "g": "Candidate", "o": "Output gate", "c": "Cell state",
    "h": "Hidden state", "r": "Reset gate", "u": "Update gate",
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What of a problem stands in the tables."""

    problem: str
    gates: str = "figo"
    states: str = "ch"
    steps: int = 3

    @property
    def times(self) -> range:
        return range(1, self.steps + 1)

    @property
    def forward(self) -> list[str]:
        return [*self.gates, *self.states]

    @property
    def backward(self) -> list[str]:
        return [*(f"d{s}" for s in self.states), *(f"dz_{k}" for k in self.gates)]

    @property
    def gradients(self) -> list[str]:
        found = (re.fullmatch(r"(d[WUbp]_\w+)/w1/s1/e1", name) for name in numbers(self.problem))
        return [match[1] for match in found if match]


RUNS = [
    Run("A"),
    Run("gru", "rug", "h"),
    Run("peephole"),
    Run("two"),
    Run("missing"),
    Run("four", steps=4),
]
Label = Callable[[str], str]


def key(symbol: str) -> str:
    return symbol


def in_maths(symbol: str) -> str:
    return f"∂L/∂{symbol[1:]}_t" if symbol.startswith("d") else f"{symbol}_t"


def in_words(symbol: str) -> str:
    if symbol.startswith("d"):
        return f"Gradient of {in_words(symbol[1:]).lower()}"
    if symbol.startswith("z_"):
        return f"Net input {WORDS[symbol[2:]].lower()}"
    return WORDS[symbol]


def with_letter(symbol: str) -> str:
    return f"{WORDS[symbol]} ({symbol}_t)" if symbol in WORDS else symbol


LABELS = (key, in_maths, in_words, with_letter)


def at(name: str, t: int | None = None) -> str:
    return f"«{name}:.5f»" if t is None else f"«{name}@{t}»"


# Layouts.


def time_down(run: Run, label: Label) -> Blocks:
    head = ["t", *map(label, run.forward)]
    return [("", [head, *([str(t), *(at(s, t) for s in run.forward)] for t in run.times)])]


def time_down_backwards(run: Run, label: Label) -> Blocks:
    head = ["Step", *map(label, run.backward)]
    rows = [[f"t = {t}", *(at(s, t) for s in run.backward)] for t in reversed(run.times)]
    return [("", [head, *rows])]


def time_across(run: Run, label: Label) -> Blocks:
    rows = [[label(s), *(at(s, t) for t in run.times)] for s in run.forward + run.backward]
    return [("", [["Quantity", *(f"Step {t}" for t in run.times)], *rows])]


def parts_of_one_table(run: Run, label: Label) -> Blocks:
    def rows(symbols: list[str]) -> Cells:
        return [[label(s), *(at(s, t) for t in run.times)] for s in symbols]

    nothing = [""] * run.steps
    return [("", [["", *(f"t={t}" for t in run.times)], ["Forward", *nothing],
                  *rows(run.forward), ["Backward", *nothing], *rows(run.backward)])]  # fmt: skip


def groups_of_columns(run: Run, label: Label) -> Blocks:
    top = ["t", "Forward pass", *[""] * (len(run.forward) - 1),
           "Backward pass", *[""] * (len(run.backward) - 1)]  # fmt: skip
    both = run.forward + run.backward
    rows = [[str(t), *(at(s, t) for s in both)] for t in run.times]
    return [("", [top, ["", *map(label, both)], *rows])]


def gates_below_what_of_them(run: Run, _: Label) -> Blocks:
    gates = [WORDS[k].split()[0].lower() for k in run.gates]
    wide = [""] * (len(gates) - 1)
    rows = [[str(t), *(at(f"z_{k}", t) for k in run.gates), *(at(k, t) for k in run.gates)]
            for t in run.times]  # fmt: skip
    return [("", [["t", "net input", *wide, "activation", *wide], ["", *gates, *gates], *rows])]


def steps_below_quantities(run: Run, label: Label) -> Blocks:
    top = [cell for s in run.states for cell in (label(s), *[""] * (run.steps - 1))]
    steps = [str(t) for s in run.states for t in run.times]
    return [("", [["", *top], ["t", *steps],
                  ["value", *(at(s, t) for s in run.states for t in run.times)]])]  # fmt: skip


def quantities_below_steps(run: Run, label: Label) -> Blocks:
    top = [cell for t in run.times for cell in (f"t = {t}", *[""] * (len(run.forward) - 1))]
    names = [label(s) for _ in run.times for s in run.forward]
    return [("", [top, names, [at(s, t) for t in run.times for s in run.forward]])]


def value_and_gradient_below_steps(run: Run, label: Label) -> Blocks:
    top = [cell for t in run.times for cell in (f"t={t}", "")]
    rows = [[label(s), *(cell for t in run.times for cell in (at(s, t), at(f"d{s}", t)))]
            for s in run.forward]  # fmt: skip
    return [("", [["", *top], ["", *["value", "gradient"] * run.steps], *rows])]


def a_table_a_step(run: Run, label: Label) -> Blocks:
    head = ["Quantity", "Value", "Gradient"]
    return [(f"Step {t}", [head, *([label(s), at(s, t), at(f"d{s}", t)] for s in run.forward)])
            for t in run.times]  # fmt: skip


def units_below_the_head(run: Run, label: Label) -> Blocks:
    [(_, [head, *rows])] = time_down(run, label)
    return [("", [head, ["(s)", *["[-]"] * len(run.forward)], *rows])]


def several_tables(run: Run, label: Label) -> Blocks:
    gradients = [["parameter", "gradient"], *([g[1:], at(g)] for g in run.gradients)]
    return [("Forward pass", time_down(run, label)[0][1]),
            ("Backward pass", time_down_backwards(run, label)[0][1]),
            ("Gradients", gradients)]  # fmt: skip


def a_table_a_gate(run: Run, _: Label) -> Blocks:
    return [(WORDS[k], [["t", "z", "activation", "dz"],
                        *([str(t), at(f"z_{k}", t), at(k, t), at(f"dz_{k}", t)]
                          for t in run.times)])
            for k in run.gates]  # fmt: skip


def a_row_a_gate(run: Run, _: Label) -> Blocks:
    rows = [[str(t) if k == run.gates[0] else "", k, at(f"z_{k}", t), at(k, t), at(f"dz_{k}", t)]
            for t in run.times for k in run.gates]  # fmt: skip
    return [("", [["t", "gate", "z", "activation", "dz"], *rows])]


def two_rows_a_gate(run: Run, _: Label) -> Blocks:
    rows = []
    for k in run.gates:
        rows.append([WORDS[k], "z", *(at(f"z_{k}", t) for t in run.times)])
        rows.append(["", "tanh(z)" if k == "g" else "σ(z)", *(at(k, t) for t in run.times)])
    return [("", [["Gate", "", *(f"t={t}" for t in run.times)], *rows])]


def a_row_a_number(run: Run, label: Label) -> Blocks:
    rows = [[label(s) if t == 1 else "", str(t), at(s, t)] for s in run.forward for t in run.times]
    return [("", [["Quantity", "t", "Value"], *rows])]


def with_a_row_of_sums(run: Run, label: Label) -> Blocks:
    [(_, [head, *rows])] = time_down(run, label)
    counted = [t for t in run.times if numbers(run.problem)[f"E@{t}/w1/s1/e1"] >= 0]
    rows = [[*row, f"«E@{t}:.7f»" if t in counted else "-"]
            for t, row in zip(run.times, rows, strict=True)]  # fmt: skip
    return [("", [[*head, "E"], *rows, ["Σ", *[""] * len(run.forward), at("L")]])]


def with_remarks(run: Run, label: Label) -> Blocks:
    [(_, [head, *rows])] = time_down(run, label)
    return [("", [[*head, "remark"], *([*row, "see above"] for row in rows)])]


def numbered_with_meaning(run: Run, _: Label) -> Blocks:
    rows = [[str(k), in_words(s), s, *(at(s, t) for t in run.times)]
            for k, s in enumerate(run.forward, 1)]  # fmt: skip
    return [("", [["No.", "Meaning", "Symbol", *(f"t={t}" for t in run.times)], *rows])]


def side_by_side(run: Run, label: Label) -> Blocks:
    left, right = time_down(run, label)[0][1], time_down_backwards(run, label)[0][1]
    return [("", [[*a, "", *b] for a, b in zip(left, right, strict=True)])]


def name_beside_value(run: Run, _: Label) -> Blocks:
    return [("", [[cell for s in run.forward for cell in (f"{s}_{t}", at(s, t))]
                  for t in run.times])]  # fmt: skip


def gradients_by_gate(run: Run, _: Label) -> Blocks:
    sorts = ["W1", "W2", "U", "b"] if run.problem == "two" else ["W", "U", "b"]
    rows = [[WORDS[k], *(at(f"d{s[0]}_{k}{s[1:]}") for s in sorts)] for k in run.gates]
    return [("Gradients", [["Gate", *(f"∂L/∂{s}" for s in sorts)], *rows])]


def gradients_in_words(run: Run, _: Label) -> Blocks:
    head = ["", *(WORDS[k].split()[0].lower() for k in run.gates)]
    sorts = {"recurrent weight": "U", "bias": "b"}
    rows = [[name, *(at(f"d{s}_{k}") for k in run.gates)] for name, s in sorts.items()]
    return [("Gradients", [head, *rows])]


def update(run: Run, _: Label) -> Blocks:
    rows = [[g[1:], at(g), at(f"new_{g[1:]}")] for g in run.gradients]
    return [("", [["θ", "∂L/∂θ", "θ - η ∂L/∂θ"], *rows])]


def update_in_rows(run: Run, _: Label) -> Blocks:
    names = [g[1:] for g in run.gradients]
    return [("", [["", *names], ["gradient", *map(at, run.gradients)],
                  ["new value", *(at(f"new_{name}") for name in names)]])]  # fmt: skip


LAYOUTS = (
    time_down, time_down_backwards, time_across, parts_of_one_table, groups_of_columns,
    gates_below_what_of_them, steps_below_quantities, quantities_below_steps,
    value_and_gradient_below_steps, a_table_a_step, units_below_the_head, several_tables,
    a_table_a_gate, a_row_a_gate, two_rows_a_gate, a_row_a_number, with_a_row_of_sums,
    with_remarks, numbered_with_meaning, side_by_side, name_beside_value, gradients_by_gate,
    gradients_in_words, update, update_in_rows,
)  # fmt: skip


# Formats: the name of a file and its text, or blocks for a workbook.


def _even(rows: Cells) -> Cells:
    width = max(map(len, rows))
    return [[*row, *[""] * (width - len(row))] for row in rows]


def _lines(blocks: Blocks, title: str, line: Callable[[int, list[str]], str]) -> str:
    """The text of blocks; ``line`` makes one of each row and its number."""
    made = []
    for name, rows in blocks:
        made += [title.format(name)] if name else []
        made += [line(k, row) for k, row in enumerate(_even(rows))] + [""]
    return "\n".join(made)


def as_csv(blocks: Blocks) -> tuple[str, str]:
    def line(_: int, row: list[str]) -> str:
        return ",".join(f'"{cell}"' if "," in cell else cell for cell in row)

    return "a.csv", _lines(blocks, "{}", line)


def as_csv_with_comments(blocks: Blocks) -> tuple[str, str]:
    text = _lines(blocks, "# {}", lambda _, row: ";".join(row))
    return "a.csv", f"# worked out by hand; 4 decimals\n{text}"


def pasted(blocks: Blocks) -> tuple[str, str]:
    return "a.txt", _lines(blocks, "{}", lambda _, row: "\t".join(row))


def as_markdown(blocks: Blocks) -> tuple[str, str]:
    def line(k: int, row: list[str]) -> str:
        return f"| {' | '.join(row)} |" + (f"\n|{'---|' * len(row)}" if k == 0 else "")

    return "a.md", _lines(blocks, "## {}\n", line)


def as_org(blocks: Blocks) -> tuple[str, str]:
    def line(k: int, row: list[str]) -> str:
        return f"| {' | '.join(row)} |" + (f"\n|{'+'.join(['---'] * len(row))}|" if k == 0 else "")

    return "a.org", _lines(blocks, "* {}", line)


def as_latex(blocks: Blocks) -> tuple[str, str]:
    made = []
    for name, rows in blocks:
        columns = "S[table-format=-1.4]" * len(_even(rows)[0])
        made += [rf"\section{{{name}}}"] if name else []
        made += [rf"\begin{{table}}\centering\begin{{tabular}}{{{columns}}} \toprule"]
        for k, row in enumerate(_even(rows)):
            made.append(" & ".join(map(_of_latex, row)) + r" \\" + (r" \midrule" if not k else ""))
        made += [r"\bottomrule", r"\end{tabular}\caption{Values}\end{table}"]
    body = "\n".join(made)
    return "a.tex", f"\\documentclass{{article}}\\begin{{document}}\n{body}\n\\end{{document}}"


def _of_latex(cell: str) -> str:
    if HOLE.fullmatch(cell) or not cell:
        return cell
    if re.fullmatch(r"[^_∂θ]*", cell):
        return f"{{{cell}}}".replace("σ", r"$\sigma$").replace("Σ", r"$\sum$")
    cell = re.sub(r"_([a-z])_t", r"_{\1,t}", cell)
    cell = re.sub(r"(?<!\{)_([a-z]\w*)", r"_{\1}", cell).replace("∂", r"\partial ")
    cell = cell.replace("θ", r"\theta ").replace("η", r"\eta ")
    found = re.fullmatch(r"(.*) \((.*)\)", cell)
    return f"{{{found[1]} (${found[2]}$)}}" if found else f"{{${cell}$}}"


def as_page(blocks: Blocks) -> tuple[str, str]:
    def line(k: int, row: list[str]) -> str:
        made, place = "", 0
        while place < len(row):
            end = place + 1
            while k == 0 and place > 0 and row[place] and end < len(row) and not row[end]:
                end += 1
            span = f' colspan="{end - place}"' if end > place + 1 else ""
            made += f"<td{span}>{row[place]}</td>"
            place = end
        return f"<tr>{made}</tr>"

    return "a.html", f"<table>{_lines(blocks, '</table><h2>{}</h2><table>', line)}</table>"


def as_box(blocks: Blocks) -> tuple[str, str]:
    def line(k: int, row: list[str]) -> str:
        return f"│ {' │ '.join(row)} │" + ("\n├" + "┼".join(["──"] * len(row)) + "┤") * (k == 0)

    return "a.txt", _lines(blocks, "{}:\n", line)


def as_workbook(blocks: Blocks) -> tuple[str, Blocks]:
    return "a.xlsx", blocks


FORMATS = (
    as_csv, as_csv_with_comments, pasted, as_markdown, as_org, as_latex, as_page, as_box,
    as_workbook,
)  # fmt: skip


# A document with its numbers.


@dataclass(frozen=True)
class HandedIn:
    """A document, and what is in it: symbol, step and the number as it is written."""

    name: str
    contents: bytes
    numbers: list[tuple[str, int | None, str]]

    def marked(self, problem: str) -> Report:
        return mark(trace(problem), read_answers(self.contents, self.name), causes=False)


def handed_in(document: tuple[str, str | Blocks], problem: str, wrong: int = -1) -> HandedIn:
    """A document with its numbers put in, of which the ``wrong``-th one is made wrong."""
    name, body = document
    found: list[tuple[str, int | None, str]] = []

    def put(hole: re.Match[str]) -> str:
        text = _number({"problem": problem}, hole, wrong == len(found))
        found.append(
            (hole["name"].removeprefix("new_"), int(hole["t"]) if hole["t"] else None, text)
        )
        return text

    if isinstance(body, str):
        return HandedIn(name, HOLE.sub(put, body).encode(), found)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in _rows(body):
        values = [HOLE.sub(put, re.sub(r"(«[^:»]+)(:[^»]+)?»", r"\1:.7f»", c)) for c in row]
        sheet.append([_value(value) for value in values])
    file = io.BytesIO()
    book.save(file)
    return HandedIn(name, file.getvalue(), found)


def _rows(blocks: Blocks) -> Iterator[list[str]]:
    for title, rows in blocks:
        yield from [[title]] if title else []
        yield from rows
        yield []


def _value(text: str) -> float | str | None:
    try:
        return float(text)
    except ValueError:
        return text or None
