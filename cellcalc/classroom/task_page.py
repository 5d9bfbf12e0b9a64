"""A student's task as text: what is given, the equations, what is to be worked out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from cellcalc.classroom.assignment import Assignment
from cellcalc.classroom.roster import Student
from cellcalc.engine.trace import Trace
from cellcalc.language.letters import latex_text
from cellcalc.language.notation import Indexed, plain_number
from cellcalc.model.model import TARGET
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.studies.exercise import exercise
from cellcalc.views.table import tabulated
from cellcalc.views.text import markdown_text
from cellcalc.views.worked import left_side

PER_ROW = 6  # parameters in a row of a table
EXAMPLE = "0.1234"


def task_text(trace: Trace, assignment: Assignment, student: Student, ending: str) -> str:
    """The task as Markdown (``md``) or as a LaTeX document (``tex``)."""
    page = _Latex if ending == "tex" else _Markdown
    return "\n\n".join(page(trace, assignment, student).blocks()) + "\n"


class _Task(ABC):
    """What both formats say."""

    def __init__(self, trace: Trace, assignment: Assignment, student: Student) -> None:
        self.trace, self.assignment, self.student = trace, assignment, student
        self.model = trace.model

    def blocks(self) -> Iterator[str]:
        title = self.assignment.title
        who = " ".join(filter(None, (self.student.name, f"({self.student.id})")))
        yield self.top(title, who)
        yield self.heading(sentence("class", "given"))
        names = list(self.trace.initial.items())
        for start in range(0, len(names), PER_ROW):
            part = names[start : start + PER_ROW]
            yield self.table([n for n, _ in part], [[plain_number(v) for _, v in part]])
        yield self.data()
        settings = self.trace.specification.update.settings
        if self.model.loss is not None:
            shown = ", ".join(f"{name} = {plain_number(value)}" for name, value in settings.items())
            yield self.text(shown)
        yield self.heading(sentence("class", "equations"))
        yield self.equations(self.writer())
        if self.model.loss is not None and self.trace.scheme.name != "full":
            expansion = f"{self.trace.scheme.name} ({self.trace.scheme.expansion()})"
            yield self.text(sentence("class", "scheme", scheme=expansion))
        yield self.heading(sentence("class", "asked"))
        meaning = self.meaning()
        if meaning:
            yield self.text(meaning)
        yield self.listed(list(self.asked()))
        yield self.text(sentence("class", "precise", figures=self.assignment.figures))
        yield self.text(sentence("class", "hand_in", file=f"{self.student.stem}.xlsx"))
        yield self.example()
        yield from self.end()

    def data(self) -> str:
        """The start, and a column for each step."""
        one = self.trace.passes[0]
        steps = range(1, one.steps + 1)
        body = []
        for name in self.model.state:
            body.append([name, plain_number(one.forward[name][0]), *("" for _ in steps)])
        for row in self.model.inputs:
            values = one.forward[row.symbol]
            is_missing = [row.symbol == TARGET and not one.counted(t) for t in steps]
            shown = [
                "" if missing else plain_number(or_zero(values[t]))
                for t, missing in zip(steps, is_missing, strict=True)
            ]
            body.append([row.symbol, "", *shown])
        return self.table([sentence("class", "step"), "0", *map(str, steps)], body)

    def asked(self) -> Iterator[tuple[str, str]]:
        """Each quantity that is asked for: its key, and for which steps."""
        several = len(self.trace.passes[0].windows) > 1
        places: dict[tuple[int, str], list[int | None]] = {}
        for spot in exercise(self.trace, self.assignment.practice).open:
            places.setdefault((spot.window, spot.symbol), []).append(spot.t)
        for (window, symbol), steps in places.items():
            of = sentence("class", "window", window=window) if several and window else ""
            numbers = sorted(t for t in steps if t is not None)
            where = sentence("class", "each_step", steps=", ".join(map(str, numbers)))
            yield symbol, of + (where if numbers else sentence("class", "in_total"))

    def meaning(self) -> str:
        """What a name such as dc stands for, by the first that is asked for; "" for none."""
        for spot in exercise(self.trace, self.assignment.practice).open:
            if spot.symbol in self.model.derivatives:
                averaged = "mean" if self.trace.scheme.reduction == "mean" else "sum"
                return sentence(
                    "class", "meaning", key=spot.symbol,
                    of=spot.symbol.removeprefix("d"),
                    loss=sentence("class", f"loss_{averaged}"),
                )  # fmt: skip
        return ""

    def first_lines(self) -> list[str]:
        """How an answer is written, for the first quantities asked for."""
        lines = []
        for spot in exercise(self.trace, self.assignment.practice).open[:2]:
            index = "" if spot.t is None else f"[{spot.t}]"
            lines.append(f"{spot.symbol}{index} = {EXAMPLE}")
        return lines

    @abstractmethod
    def writer(self) -> Indexed: ...

    @abstractmethod
    def top(self, title: str, who: str) -> str: ...

    @abstractmethod
    def heading(self, text: str) -> str: ...

    @abstractmethod
    def table(self, head: Sequence[str], body: Sequence[Sequence[str]]) -> str: ...

    @abstractmethod
    def equations(self, write: Indexed) -> str: ...

    @abstractmethod
    def listed(self, rows: Sequence[tuple[str, str]]) -> str: ...

    @abstractmethod
    def text(self, text: str) -> str: ...

    @abstractmethod
    def example(self) -> str: ...

    def end(self) -> Iterator[str]:
        yield from ()


class _Markdown(_Task):
    def writer(self) -> Indexed:
        return self.model.unicode()

    def top(self, title: str, who: str) -> str:
        return f"# {markdown_text(title)}\n\n{markdown_text(who)}"

    def heading(self, text: str) -> str:
        return f"## {text}"

    def table(self, head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
        rows = [list(row) for row in body]
        return tabulated(list(head), rows, "github", ["right"] * len(head))

    def equations(self, write: Indexed) -> str:
        rows = [row for row in self.model.forward if row.formula is not None]
        lines = [f"{left_side(row, write)} = {write(row.formula)}" for row in rows if row.formula]
        return "\n".join(["```text", *lines, "```"])

    def listed(self, rows: Sequence[tuple[str, str]]) -> str:
        return "\n".join(f"* `{symbol}` {where}" for symbol, where in rows)

    def text(self, text: str) -> str:
        return markdown_text(text)

    def example(self) -> str:
        return "\n".join(["```text", *self.first_lines(), "```"])


class _Latex(_Task):
    def writer(self) -> Indexed:
        return self.model.latex()

    def top(self, title: str, who: str) -> str:
        return "\n".join(
            [
                r"\documentclass[a4paper]{article}",
                r"\usepackage[utf8]{inputenc}",
                r"\usepackage[T1]{fontenc}",
                r"\usepackage{amsmath}",
                r"\usepackage[margin=2cm]{geometry}",
                r"\setlength{\parindent}{0pt}\setlength{\parskip}{6pt}",
                r"\begin{document}",
                rf"{{\Large {latex_text(title)}}}",
                "",
                latex_text(who),
            ]
        )

    def heading(self, text: str) -> str:
        return rf"\subsection*{{{latex_text(text)}}}"

    def table(self, head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
        def line(cells: Sequence[str]) -> str:
            return " & ".join(latex_text(cell) for cell in cells) + r" \\"

        columns = "r" * len(head)
        rows = [line(head), r"\hline", *map(line, body)]
        return "\n".join([rf"\begin{{tabular}}{{{columns}}}", *rows, r"\end{tabular}"])

    def equations(self, write: Indexed) -> str:
        rows = [
            rf"{left_side(row, write)} &= {write(row.formula)} \\"
            for row in self.model.forward
            if row.formula is not None
        ]
        return "\n".join([r"\begin{align*}", *rows, r"\end{align*}"])

    def listed(self, rows: Sequence[tuple[str, str]]) -> str:
        items = [rf"\item \texttt{{{latex_text(s)}}} {latex_text(where)}" for s, where in rows]
        return "\n".join([r"\begin{itemize}\setlength{\itemsep}{0pt}", *items, r"\end{itemize}"])

    def text(self, text: str) -> str:
        return latex_text(text)

    def example(self) -> str:
        return "\n".join([r"\begin{verbatim}", *self.first_lines(), r"\end{verbatim}"])

    def end(self) -> Iterator[str]:
        yield r"\end{document}"
