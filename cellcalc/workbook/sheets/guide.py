"""The sheet ``Guide``: what the workbook is, how to read it, and what to try first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from string import Formatter
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.model.model import COUNTED, TARGET, Model, is_gate
from cellcalc.resources import read_toml, sentence
from cellcalc.views.legend import legend
from cellcalc.views.topics import topics
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.layout import RATE, Layout
from cellcalc.workbook.sheets.checks import OVERALL_CELL
from cellcalc.xlsx.cells import Cell, Row, Rows, text_lines
from cellcalc.xlsx.page import flag, link, set_up_page, set_widths

TEXT, ASIDE = 1, 2  # columns
WIDTH = 120
EXPERIMENTS = 5


@cache
def _words() -> dict[str, Any]:
    return read_toml("templates/guide.toml")


def guide(book: Book) -> Iterator[Sheet]:
    """The sheet, for this problem."""
    maker = _Guide(book)
    rows = list(maker.rows())

    def set_up(sheet: Worksheet) -> None:
        set_widths(sheet, (WIDTH, 14))
        set_up_page(sheet)
        flag(sheet, "B2")
        for cell, target in maker.links:
            link(sheet, cell, target)

    yield Sheet("Guide", Rows(rows, ASIDE, rows[-1].number), set_up)


class _Guide:
    def __init__(self, book: Book) -> None:
        self.book, self.layout, self.trace = book, book.first, book.trace
        self.number = 0
        self.names = _Names(book.trace.model)
        self.links: list[tuple[str, str]] = []

    def rows(self) -> Iterator[Row]:
        words = _words()
        yield self.row(Cell(TEXT, "title", words["title"]), lines=2)
        cells = [Cell(TEXT, "note", self.trace.specification.title)]
        if self.book.has("Checks"):
            yield self.row(
                Cell(TEXT, "note", words["checks"]),
                Cell(ASIDE, "flag", "OK", f"Checks!{OVERALL_CELL}"),
            )
        else:
            yield self.row(*cells)
        yield from self.section("what", **self.problem())
        yield from self.section("read")
        if self.book.practice:
            yield from self.section("practice")
        else:
            yield from self.experiments()
        gates = {q.symbol for q in self.layout.model.forward if is_gate(q)}
        plain = "plain" if gates >= {"f", "i", "o"} else "plain_any"
        yield from self.section(plain, names=self.names)
        scheme = self.trace.scheme
        if len(self.layout.windows) > 1:
            yield from self.section("truncated", scheme=scheme.name, expansion=scheme.expansion())
        yield from self.legend()
        yield from self.sheets()
        yield from self.topics()

    def row(self, *cells: Cell, lines: int = 1) -> Row:
        self.number += 1
        return Row(self.number, cells, lines)

    def section(self, name: str, **words: object) -> Iterator[Row]:
        section = _words()[name]
        yield self.row()
        yield self.row(Cell(TEXT, "section", section["title"]))
        for text in section.get("text", ()):
            yield self.paragraph(text.format(**words) if words else text)

    def paragraph(self, text: str) -> Row:
        return self.row(Cell(TEXT, "paragraph", text), lines=text_lines(text, WIDTH))

    def legend(self) -> Iterator[Row]:
        """Whose symbols the workbook uses, if an author's."""
        below = legend(self.layout.model)
        if below is not None:
            yield self.row()
            yield self.row(Cell(TEXT, "section", sentence("legend", "heading")))
            kinds = [f"{name}: {pairs}" for name, pairs in below.lists()]
            about = sentence("legend", "column_b")
            for text in (f"{below.title}.", about, *kinds, *below.notes):
                yield self.paragraph(text)

    def problem(self) -> dict[str, str]:
        s, n = self.trace.specification, self.layout.steps
        loss = sentence("guide", "no_loss")
        if s.loss:
            loss = sentence("guide", "loss", name=s.loss.name)
        if s.error:
            loss = sentence("guide", "error", name=s.error.title.lower())
        features = sentence("guide", "inputs" if s.features > 1 else "input", count=s.features)
        return {
            "title": s.title,
            "cell": s.cell.title,
            "readout": sentence("guide", "readout", name=s.readout.name),
            "loss": loss,
            "steps": sentence("guide", "steps" if n > 1 else "step", count=n),
            "features": features,
        }

    def experiments(self) -> Iterator[Row]:
        """The first five experiments whose cells this problem has; each a link to its cell."""
        places = _places(self.layout)
        yield from self.section("try")
        fitting = [e for e in _words()["experiment"] if _named(e) <= set(places)]
        for k, experiment in enumerate(fitting[:EXPERIMENTS], 1):
            text = f"{k}. {experiment['text'].format(names=self.names, **places)}"
            place = places[experiment["change"]]
            cells = (Cell(TEXT, "paragraph", text), Cell(ASIDE, "link", place))
            yield self.row(*cells, lines=text_lines(text, WIDTH))
            self.links.append((f"B{self.number}", place))

    def sheets(self) -> Iterator[Row]:
        words = _words()["sheets"]
        yield from self.section("sheets")
        shown = [sheet.title for sheet in self.book.made if not sheet.hidden]
        for title in ("Guide", *shown):
            text = f"{title}: {words[title]}" if title in words else title
            yield self.row(Cell(TEXT, "link", text))
            self.links.append((f"A{self.number}", f"'{title}'!A1"))

    def topics(self) -> Iterator[Row]:
        """What the command line explains, a line each."""
        yield from self.section("topics")
        for topic in topics():
            words = {"title": topic.title, "summary": topic.summary, "name": topic.name}
            text = sentence("topics", "guide", **words)
            yield self.row(Cell(TEXT, "paragraph", text), lines=text_lines(text, WIDTH))


class _Names:
    """What texts call a quantity: ``names[c]`` is its key, or the author's symbol."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __getitem__(self, key: str) -> str:
        return self.model.label(key)


def _named(experiment: dict[str, Any]) -> set[str]:
    """The cells that an experiment speaks of, or needs."""
    fields = {name for _, name, _, _ in Formatter().parse(experiment["text"]) if name}
    fields = {name for name in fields if not name.startswith("names[")}
    return fields | set(experiment["needs"])


def _places(layout: Layout) -> dict[str, str]:
    """The cells that experiments speak of, by the names used in the guide's file."""
    quoted, n = layout.quoted, layout.steps
    inputs = [q.symbol for q in layout.model.inputs]
    coefficients = layout.pass_trace.coefficients
    places = {
        "x_first": layout.cell(inputs[0], 1),
        "weight_first": layout.cell(next(iter(layout.trace.initial)), 0),
        **{name: layout.cell(name, 0) for name in (*layout.trace.initial, *coefficients)},
        **{f"{state}0": layout.cell(state, 0) for state in layout.model.state},
        **{q.symbol: layout.cell(q.symbol, 1) for q in layout.model.forward},
    }
    if layout.windows:
        window = layout.windows[-1]
        places |= {
            TARGET: layout.cell(TARGET, n),
            "target_first": layout.cell(TARGET, 1),
            RATE: layout.cell(RATE, 0),
        }
        for symbol, row in window.rows.items():
            t = n if symbol == COUNTED else window.trace.first
            column = layout.cell(TARGET, t).rstrip("0123456789")
            places.setdefault(symbol, f"{column}{row}")
    return {name: f"{quoted}!{place}" for name, place in places.items()}
