"""The one choice of moment that all study sheets show: step, window, loss, digits, and pass.

It is made in named cells of one sheet, Start where there is one. Each study sheet repeats it on
top. What follows from it (the steps that the window sweeps, the largest gradient, words for a
choice that is out of range) is worked out once, to the right of the cells chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.trace import Lookup, WindowTrace, backward_values, forward_values
from cellcalc.language.tree import Symbol
from cellcalc.model.model import COUNTED, TARGET
from cellcalc.resources import sentence
from cellcalc.workbook.digits import DIGITS, FEWEST, MOST
from cellcalc.workbook.layout import (
    FIRST,
    MOST_PASSES,
    TOTAL,
    Layout,
    WindowRows,
    derived_rows,
    sheet_of,
)
from cellcalc.xlsx.cells import Cell, absolute, letters
from cellcalc.xlsx.page import link, whole_numbers

STEP, WINDOW, LOSS, DIGITS_NAME = "focus_step", "focus_window", "focus_loss", "digits"
EPOCH, SEQUENCE = "focus_epoch", "focus_sequence"  # where there are several
CHOICES = (STEP, WINDOW, LOSS, DIGITS_NAME, EPOCH, SEQUENCE)
STRIP_ROW, NOTICE_ROW = 3, 4  # on each study sheet
# Where each sheet has the values of the strip; the label stands in the column before.
PLACES = {
    "Start": (2, 4, 6, 8, 10, 12),
    "Unrolled": (2, 6, 10, 14, 18, 22),
    "Step": (2, 6, 10, 14, 18, 20),
    "Windows": (2, 5, 7, 9, 11, 13),
}
WORK = 130  # the column of what is worked out
TABLE = 20  # the row of the heading of its table of windows
STEP_ROW, WINDOW_ROW, FIRST_ROW, LAST_ROW, BEFORE_ROW, LOSS_ROW, DIGITS_ROW = range(2, 9)
SCALE_ROW, SWEPT_ROW, WORDS_ROW, OFFSET_ROW, LOSSES_ROW = range(9, 14)
EPOCH_ROW, SEQUENCE_ROW, PASS_ROW, STEPS_ROW = range(14, 18)
COLUMNS = ("window", "first", "last", "losses", "resets", "offset")  # of the table
MOST_SCALED = 60  # windows that are looked at for the largest gradient


def all_losses() -> str:
    """What is chosen where no single loss is."""
    return sentence("moment", "all")


@dataclass(frozen=True)
class Choosable:
    """Which passes can be chosen; of which sequence only where ``several`` can be.

    ``lengths`` are those of the sequences, where they are not alike.
    """

    epochs: int
    sequences: int
    several: bool
    lengths: tuple[int, ...] = ()

    @staticmethod
    def cell(home: str) -> str:
        """The cell with the number of the pass chosen, counted from 1 over all epochs."""
        return f"{sheet_of(home)}!{absolute(PASS_ROW, WORK + 1)}"

    @staticmethod
    def sequence_cell(home: str) -> str:
        """The cell with the number of its sequence."""
        return f"{sheet_of(home)}!{absolute(SEQUENCE_ROW, WORK + 1)}"


@dataclass(frozen=True)
class Moment:
    """The choice over the BPTT sheet shown; ``home`` is the sheet on which it is made.

    ``passes`` says which passes can be chosen, where there are several.
    """

    layout: Layout
    home: str
    passes: Choosable | None = None

    # What is chosen at first.

    @cached_property
    def step(self) -> int:
        """The step before the last, from which both ways can be seen.

        Where no window sweeps that one, the first step of the last window.
        """
        step, windows = max(1, self.last - 1), self.layout.windows
        if windows and not any(step in window.trace.steps for window in windows):
            return windows[-1].trace.first
        return step

    @property
    def last(self) -> int:
        """The last step of the sequence shown at first."""
        return self._lengths[0] if self._lengths else self.layout.steps

    @property
    def fires(self) -> int:
        """The last step that the window shown at first sweeps."""
        assert self.trace is not None
        return min(self.trace.last, self.last)

    @property
    def _lengths(self) -> tuple[int, ...]:
        return self.passes.lengths if self.passes else ()

    @property
    def last_step(self) -> str:
        """A formula: the last step of the sequence shown."""
        return self.work(STEPS_ROW) if self._lengths else str(self.layout.steps)

    @property
    def _many(self) -> str:
        """A formula: how many windows it has. Those of the longest are laid out."""
        if not self._lengths or len(self.layout.windows) == 1:
            return str(len(self.layout.windows))
        return f'COUNTIF({self.column(3)},"<="&{self.last_step})'

    @cached_property
    def many(self) -> int:
        """The same of the one shown at first."""
        windows = self.layout.pass_trace.schedule.windows
        return sum(window.injects_from <= self.last for window in windows)

    @cached_property
    def window(self) -> int:
        """The window chosen at first, from 0: the first that sweeps the step."""
        windows = self.layout.windows
        return next((k for k, w in enumerate(windows) if self.step in w.trace.steps), 0)

    @property
    def trace(self) -> WindowTrace | None:
        windows = self.layout.windows
        return windows[self.window].trace if windows else None

    @property
    def before(self) -> int:
        """The step from which the state comes."""
        before = self.step - 1
        return 0 if before in self.layout.pass_trace.schedule.resets else before

    @property
    def initial(self) -> dict[str, float | str | None]:
        """What the named cells hold at first."""
        windows = self.layout.windows
        return {
            STEP: float(self.step),
            WINDOW: float(self.window + 1) if windows else None,
            LOSS: all_losses() if windows else None,
            DIGITS_NAME: float(DIGITS),
            EPOCH: 1.0 if self.passes and self.passes.epochs > 1 else None,
            SEQUENCE: 1.0 if self.passes and self.passes.several else None,
        }

    # Where it is.

    @property
    def sheet(self) -> str:
        """The sheet on which it is chosen, as formulas write it."""
        return sheet_of(self.home)

    def chosen(self, name: str) -> str:
        """The named cell, as the sheet that it is on writes it."""
        return absolute(STRIP_ROW, PLACES[self.home][CHOICES.index(name)])

    def names(self) -> dict[str, str]:
        """The defined names, and where they are."""
        apart = {name for name in (EPOCH, SEQUENCE) if self.initial[name] is None}
        return {name: f"{self.sheet}!{self.chosen(name)}" for name in CHOICES if name not in apart}

    def work(self, row: int) -> str:
        """A cell of what is worked out; each study sheet has it in the same place."""
        return absolute(row, WORK + 1)

    @property
    def work_step(self) -> str:
        return self.work(STEP_ROW)

    @property
    def work_window(self) -> str:
        return self.work(WINDOW_ROW)

    @property
    def work_last(self) -> str:
        return self.work(LAST_ROW)

    # The strip on each sheet.

    def strip(self, title: str) -> list[Cell]:
        """The cells of the strip, on its home to be changed, elsewhere repeated."""
        chosen_rows = STEP_ROW, WINDOW_ROW, LOSS_ROW, DIGITS_ROW, EPOCH_ROW, SEQUENCE_ROW
        rows = dict(zip(CHOICES, chosen_rows, strict=True))
        cells = []
        for name, place in zip(CHOICES, PLACES[title], strict=True):
            value = self.initial[name]
            if value is None:
                continue
            cells.append(Cell(place - 1, "strip_label", sentence("moment", name)))
            if title == self.home:
                cells.append(Cell(place, "choice", value))
            else:
                source = self.work(rows[name])
                text = f'IF({source}=0,"{all_losses()}",{source})' if name == LOSS else source
                cells.append(Cell(place, "repeated", value, text))
        return cells

    def notice(self, place: int = 1) -> Cell:
        """What is shown, in words; or what is wrong with the choice."""
        return Cell(place, "notice", self.words, self.work(WORDS_ROW))

    @property
    def words(self) -> str:
        n, trace = self.last, self.trace
        text = sentence("moment", "of", step=self.step, last=n)
        if self.passes:
            text = sentence("moment", self._pass_words, epoch=1, epochs=self.passes.epochs,
                            sequence=1, sequences=self.passes.sequences) + text  # fmt: skip
        text = self._which_sequence + text
        if trace is None:
            return text + self._others
        if len(self.layout.windows) > 1:
            text += sentence("moment", "sweeps", number=self.window + 1, many=self.many,
                             first=trace.first, last=min(trace.last, n))  # fmt: skip
        if self.step not in trace.steps:
            text += sentence("moment", "not_swept", number=self.window + 1)
        elif not self.layout.pass_trace.counted(self.step):
            text += sentence("moment", "no_target")
        return text + self._others

    @property
    def _fixed(self) -> int:
        """How many sequences there are, of which the first is shown and no other can be chosen."""
        count = len(self.layout.trace.specification.sequences)
        return 0 if count == 1 or (self.passes and self.passes.several) else count

    @property
    def _which_sequence(self) -> str:
        """Words for which one it is, where no choice of passes has them."""
        if not self._fixed or self.passes:
            return ""
        return sentence("moment", "pass_sequence", sequence=1, sequences=self._fixed)

    @property
    def _others(self) -> str:
        """Where the others are."""
        if not self._fixed:
            return ""
        titles = [f"BPTT {k}" for k in range(2, min(self._fixed, MOST_PASSES) + 1)]
        ends = dict.fromkeys((titles[0], titles[-1]))
        return sentence("moment", "others", sheets=" … ".join(ends))

    @property
    def _pass_words(self) -> str:
        """Which words say what pass is shown."""
        assert self.passes is not None
        if self.passes.sequences == 1:
            return "pass_epoch"
        return "pass_both" if self.passes.epochs > 1 else "pass_sequence"

    def _words(self) -> str:
        """The formula of the words."""
        n, windows = self.last_step, self.layout.windows
        step = absolute(STEP_ROW, WORK + 1)

        def refused(name: str, place: str, no: str, last: int | str) -> str:
            named = self.chosen(name)
            wrong = f"{place}<>IF(ISNUMBER({named}),{named},0)"
            return f'IF({wrong},{spliced(no, last=str(last))},"")&'

        def spliced(name: str, **cells: str) -> str:
            text = sentence("moment", name, **{key: f"\x01{key}\x01" for key in cells})
            pieces = text.split("\x01")
            return "&".join(
                cells[piece] if k % 2 else '"' + piece.replace('"', '""') + '"'
                for k, piece in enumerate(pieces)
                if piece
            )

        home = self.layout.first
        areas = [area for group in home.given.values() for area in group]
        given = ",".join(f"{home.quoted}!{area}" for area in areas)
        text = f'IF(COUNTA({given})>COUNT({given}),{spliced("text_put_in")},"")&'
        text += refused(STEP, step, "no_step", n)
        if self.passes:
            epoch, sequence = (absolute(row, WORK + 1) for row in (EPOCH_ROW, SEQUENCE_ROW))
            if self.passes.epochs > 1:
                text += refused(EPOCH, epoch, "no_epoch", self.passes.epochs)
            if self.passes.several:
                text += refused(SEQUENCE, sequence, "no_sequence", self.passes.sequences)
            many = {"epochs": str(self.passes.epochs), "sequences": str(self.passes.sequences)}
            text += spliced(self._pass_words, epoch=epoch, sequence=sequence, **many) + "&"
        quoted = (words.replace('"', '""') for words in (self._which_sequence, self._others))
        which, others = (f'"{words}"' if words else "" for words in quoted)
        text += (f"{which}&" if which else "") + spliced("of", step=step, last=n)
        others = f"&{others}" if others else ""
        if not windows:
            return text + others
        window, first, last = (absolute(row, WORK + 1) for row in (WINDOW_ROW, FIRST_ROW, LAST_ROW))
        if len(windows) > 1:
            all_windows = self._many
            text = refused(WINDOW, window, "no_window", all_windows) + text
            text += "&" + spliced("sweeps", number=window, many=all_windows, first=first, last=last)
        row = f"{self.layout.quoted}!{self._row(TARGET)}"
        target = f"ISNUMBER(INDEX({row},1,{step}+1))"
        swept = f"{absolute(SWEPT_ROW, WORK + 1)}=1"
        missing = f'IF({target},"",{spliced("no_target")})'
        text += f"&IF({swept},{missing},{spliced('not_swept', number=window)})"
        loss, named = absolute(LOSS_ROW, WORK + 1), self.chosen(LOSS)
        one = spliced("one_loss", loss=loss)
        wrong = f'OR(ISNUMBER({named}),NOT(EXACT({named},"{all_losses()}")))'
        text += f'&IF({loss}>0,{one},IF({wrong},{spliced("no_loss")},""))'
        return text + others

    # What is worked out.

    def rows(self, title: str) -> Iterator[tuple[int, list[Cell]]]:
        """The cells of what is worked out, by row: on its home, elsewhere repeated.

        Rules of conditional formats refer to them, and those see only their own sheet.
        """
        for row, cells in self._worked_out():
            if title == self.home:
                yield row, cells
            elif row < TABLE:
                source = f"{self.sheet}!{self.work(row)}"
                yield row, [replace(c, formula=source) if c.column > WORK else c for c in cells]

    def _worked_out(self) -> Iterator[tuple[int, list[Cell]]]:
        n, windows = self.last_step, self.layout.windows
        yield 1, [Cell(WORK, "small", sentence("moment", "work"))]

        def within(name: str, most: int | str, otherwise: int | str, least: int = 1) -> str:
            cell = self.chosen(name)
            return f"IF(ISNUMBER({cell}),MIN({most},MAX({least},INT({cell}))),{otherwise})"

        def line(row: int, label: str, value: float | str, text: str) -> tuple[int, list[Cell]]:
            style = "small" if isinstance(value, str) else "small_number"
            return row, [Cell(WORK, "small", label), Cell(WORK + 1, style, value, text)]

        step, window = absolute(STEP_ROW, WORK + 1), absolute(WINDOW_ROW, WORK + 1)
        yield line(STEP_ROW, STEP, float(self.step), within(STEP, n, self._first_choice))
        resets = self.layout.pass_trace.schedule.resets
        text = f"{step}-1"
        if resets:
            lasts, flags = self.column(2), self.column(4)
            text = f"IF(SUMPRODUCT(({lasts}={step}-1)*{flags})>0,0,{step}-1)"
        yield line(BEFORE_ROW, "before", float(self.before), text)
        text = within(DIGITS_NAME, MOST, DIGITS, FEWEST)
        yield line(DIGITS_ROW, DIGITS_NAME, float(DIGITS), text)
        if self.passes:
            text = within(EPOCH, self.passes.epochs, 1) if self.passes.epochs > 1 else "1"
            yield line(EPOCH_ROW, EPOCH, 1.0, text)
            text = within(SEQUENCE, self.passes.sequences, 1) if self.passes.several else "1"
            yield line(SEQUENCE_ROW, SEQUENCE, 1.0, text)
            epoch, sequence = (absolute(row, WORK + 1) for row in (EPOCH_ROW, SEQUENCE_ROW))
            text = f"({epoch}-1)*{self.passes.sequences}+{sequence}"
            yield line(PASS_ROW, "pass", 1.0, text)
        if self._lengths:
            text = f"INDEX({self._lengths_area},{absolute(SEQUENCE_ROW, WORK + 1)},1)"
            yield line(STEPS_ROW, "steps", float(self.last), text)
        yield line(WORDS_ROW, "words", self.words, self._words())
        if self.trace is None:
            yield from self._traceable()
            return
        trace = self.trace
        text = within(WINDOW, self._many, 1 if self._lengths else self.window + 1)
        yield line(WINDOW_ROW, WINDOW, float(self.window + 1), text)
        for row, label, value, place in (
            (FIRST_ROW, "first", trace.first, 1),
            (LAST_ROW, "last", trace.last, 2),
            (OFFSET_ROW, "offset", self._offset(self.window), 5),
            (LOSSES_ROW, "losses", trace.window.injects_from, 3),
        ):
            text = f"INDEX({self.column(place)},{window})"
            if len(windows) == 1:  # of which not every program takes an INDEX
                text = self.column(place).partition(":")[0]
            if row == LAST_ROW and self._lengths:  # laid out are the steps of the longest
                value, text = min(value, self.last), f"MIN({text},{n})"
            yield line(row, label, float(value), text)
        loss = self.chosen(LOSS)
        targets = f"{self.layout.quoted}!{self._row(TARGET)}"
        there = f"ISNUMBER(INDEX({targets},1,MAX(1,MIN({n},INT({loss})))+1))"
        good = f"IF(AND({loss}>=1,{loss}<={n},{there}),INT({loss}),0)"
        yield line(LOSS_ROW, LOSS, 0.0, f"IF(ISNUMBER({loss}),{good},0)")
        yield line(SCALE_ROW, "scale", self.scale, self._scale())
        first, last = (absolute(row, WORK + 1) for row in (FIRST_ROW, LAST_ROW))
        swept = float(self.step in trace.steps)
        text = f"IF(AND({step}>={first},{step}<={last}),1,0)"
        yield line(SWEPT_ROW, "swept", swept, text)
        yield (
            TABLE,
            [Cell(WORK + k, "small", sentence("moment", name)) for k, name in enumerate(COLUMNS)],
        )
        for number, rows in enumerate(windows, 1):
            plan = rows.trace.window
            offset = self._offset(number - 1)
            values = (
                number, plan.first, plan.fires_at, plan.injects_from, int(plan.resets), offset
            )  # fmt: skip
            cells = [Cell(WORK + k, "small_number", float(v)) for k, v in enumerate(values)]
            yield TABLE + number, cells
        yield from self._traceable()

    @cached_property
    def traceable(self) -> list[str]:
        """The symbols that can be traced on BPTT."""
        model = self.layout.model
        rows = [*model.forward, *(derived_rows(model) if self.layout.windows else [])]
        return [row.symbol for row in rows if row.formula is not None]

    def _traceable(self) -> Iterator[tuple[int, list[Cell]]]:
        """Their list, from which one is chosen there; beside it the lengths of the sequences."""
        lengths = dict(enumerate(self._lengths, self._list_row))
        symbols = dict(enumerate(self.traceable, self._list_row))
        for row in sorted({*lengths, *symbols}):
            cells = [Cell(WORK, "small", symbols[row])] if row in symbols else []
            if row in lengths:
                cells.append(Cell(WORK + 2, "small_number", float(lengths[row])))
            yield row, cells

    @property
    def _list_row(self) -> int:
        return TABLE + len(self.layout.windows) + 3

    @property
    def _first_choice(self) -> int | str:
        """The step shown where none is chosen."""
        return f"MIN({self.step},{self.last_step})" if self._lengths else self.step

    @property
    def _lengths_area(self) -> str:
        """The cells with the length of each sequence."""
        first, last = self._list_row, self._list_row + len(self._lengths) - 1
        return f"{absolute(first, WORK + 2)}:{absolute(last, WORK + 2)}"

    @property
    def trace_list(self) -> str:
        """The cells of that list."""
        first, last = self._list_row, self._list_row + len(self.traceable) - 1
        return f"{self.sheet}!{absolute(first, WORK)}:{absolute(last, WORK)}"

    def _offset(self, window: int) -> int:
        """How many rows below those of the first window its rows stand."""
        return self.layout.windows[window].heading - self.layout.windows[0].heading

    def column(self, place: int) -> str:
        """A column of the table of windows: 1 first, 2 last, 3 losses from, 4 resets."""
        first, last = TABLE + 1, TABLE + len(self.layout.windows)
        return f"{absolute(first, WORK + place)}:{absolute(last, WORK + place)}"

    @cached_property
    def scale(self) -> float:
        """The size of the largest gradient, of which a shade is a tenth of the next."""
        largest = 1e-300
        for window in self.layout.windows[:MOST_SCALED]:
            for symbol in self._scaled(window):
                largest = max(largest, *map(abs, window.trace.backward[symbol]))
                largest = max(largest, abs(window.trace.entering.get(symbol, 0.0)))
        return largest

    def _scaled(self, window: WindowRows) -> list[str]:
        """The rows of a window between the one that counts the losses and the gradients."""
        first, last = window.rows[COUNTED], window.gradients
        return [symbol for symbol, row in window.rows.items() if first < row < last]

    def _scale(self) -> str:
        areas = []
        for window in self.layout.windows[:MOST_SCALED]:
            first, last = absolute(window.rows[COUNTED] + 1, FIRST), window.gradients - 1
            corner = absolute(last, self.layout.width)
            areas.append(f"{self.layout.quoted}!{first}:{corner}")
        return _largest(areas)

    # Formulas for what a symbol stands for at the moment.

    def forward_value(self) -> Lookup:
        return forward_values(self.layout.pass_trace, self.step)

    def backward_value(self) -> Lookup:
        assert self.trace is not None
        return backward_values(self.layout.pass_trace, self.trace, self.step)

    def forward_cell(self, symbol: Symbol) -> str:
        """What a symbol of a forward equation stands for at the step chosen."""
        if symbol.name in self.layout.pass_trace.coefficients:
            return self.layout.setting_elsewhere(symbol.name)
        row = BEFORE_ROW if symbol.shift == -1 else STEP_ROW
        place = self.index(symbol.name, f"{self.work(row)}+1")
        return self.layout.number(symbol.name, place)

    def backward_cell(self, symbol: Symbol) -> str:
        """The same for a symbol of an equation of the window chosen."""
        fires = f"{self.work(LAST_ROW)}+1"
        at = f"{self.work(STEP_ROW)}+{1 + (symbol.shift or 0)}"
        if symbol.name in self.layout.pass_trace.coefficients:
            return self.forward_cell(symbol)
        if symbol.name in self.layout.trace.initial:
            return self.index(symbol.name, fires if symbol.shift is None else f"MIN({at},{fires})")
        if symbol.name in self.layout.windows[0].rows:
            return self.in_window(symbol.name, at)
        if symbol.shift == -1:
            return self.forward_cell(symbol)
        return self.layout.number(symbol.name, self.index(symbol.name, at))

    def index(self, symbol: str, place: str) -> str:
        """A cell of a row of the upper blocks; ``place`` 1 is t = 0."""
        return f"INDEX({self.layout.quoted}!{self._row(symbol)},1,{place})"

    def _row(self, symbol: str) -> str:
        row = self.layout.rows[symbol]
        return f"{absolute(row, FIRST)}:{absolute(row, self.layout.width)}"

    def in_window(self, symbol: str, place: str, total: bool = False) -> str:
        """The same of a row of the window chosen; its total where asked for."""
        windows = self.layout.windows
        first, last = windows[0].rows[symbol], windows[-1].rows[symbol]
        start, end = (TOTAL, TOTAL) if total else (FIRST, self.layout.width)
        area = f"{self.layout.quoted}!{absolute(first, start)}:{absolute(last, end)}"
        if total and len(windows) == 1:  # of one cell not every program takes an INDEX
            return f"{self.layout.quoted}!{absolute(first, start)}"
        row = "1"
        if len(windows) > 1:
            row = f"1+{self.work(OFFSET_ROW)}"
        return f"INDEX({area},{row},{place})"

    # Set-up.

    def set_up(self, sheet: Worksheet, title: str) -> None:
        """On the home the bounds of the cells; elsewhere links to them."""
        n, many = self.layout.steps, len(self.layout.windows)
        for name, place in zip(CHOICES, PLACES[title], strict=True):
            if self.initial[name] is None:
                continue
            cell = f"{letters(place)}{STRIP_ROW}"
            if title != self.home:
                link(sheet, cell, f"{self.sheet}!{self.chosen(name).replace('$', '')}")
                continue
            low, high = {STEP: (1, n), WINDOW: (1, max(1, many)), LOSS: (1, n)}.get(
                name, (FEWEST, MOST)
            )
            if self.passes and name in (EPOCH, SEQUENCE):
                epochs, sequences = self.passes.epochs, self.passes.sequences
                low, high = 1, epochs if name == EPOCH else sequences
            prompt = sentence("moment", f"{name}_note", last=high)
            words = f'EXACT({cell},"{all_losses()}")' if name == LOSS else ""
            whole_numbers(sheet, cell, (low, high), sentence("moment", name), prompt, words)


def _largest(areas: list[str]) -> str:
    """The largest size in some areas; a formula takes at most 255 arguments."""
    groups = [",".join(areas[k : k + 120]) for k in range(0, len(areas), 120)]
    return f"MAX({','.join(f'MAX({group}),-MIN({group})' for group in groups)},1E-300)"
