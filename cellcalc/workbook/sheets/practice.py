"""The sheet ``Practice``: the BPTT grid to be filled in, judged as you type; and what it needs.

Each open cell has a mark to the right of the grid: right, right given the answers before it, too
coarse to tell, or wrong; ``cellcalc check`` marks a file by the same rule. The marks colour the
answers, and add up to a score; a hint tells the next step only. The hidden sheet ``Problem`` holds
the text of the problem, so that the file alone can be marked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.trace import backward_values, forward_values
from cellcalc.language.arithmetic.floats import rounded
from cellcalc.language.tree import Symbol
from cellcalc.model.model import LOSS, TOTAL_LOSS
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.studies.exercise import (
    CARRIED,
    CHOICE,
    COARSE,
    EQUATIONS,
    HALF,
    HIDDEN,
    MISTAKE,
    MOST_FIGURES,
    NO_NUMBER,
    NOTHING,
    RIGHT,
    WRONG,
    Assignment,
    Exercise,
    Place,
    Spot,
    exercise,
)
from cellcalc.studies.exercise import FIGURES as USUAL_FIGURES
from cellcalc.views.problem_text import problem_files
from cellcalc.views.worked import left_side
from cellcalc.workbook.book import Book, Handout, Sheet
from cellcalc.workbook.digits import text_formula, text_value
from cellcalc.workbook.formulas import backward_formula, formula, forward_formula
from cellcalc.workbook.layout import (
    EQUATION,
    FIRST,
    TITLE_ROWS,
    TOTAL,
    Layout,
    WindowRows,
    column,
    derived_rows,
    lay_out,
    setting_names,
)
from cellcalc.workbook.sheets.bptt import EQUATION_WIDTH, bptt_rows
from cellcalc.xlsx.cells import MAX_FORMULA, Cell, Row, Rows, absolute, letters, literal, text_lines
from cellcalc.xlsx.page import drop_down, fill_where, fold, set_up_page, set_width, set_widths
from cellcalc.xlsx.styles import BAD, FAIR, GOOD, LATER

FIGURES, HINT, SCORE = absolute(2, 2), absolute(3, 2), absolute(2, FIRST)
LEVELS = ("off", "where", "equation", "numbers", "value")  # of hints
CHOICES_HEADING, CHOICE_WIDTH = 4, 46  # of the sheet of equations to choose from
# The columns of the sheet Hints: an open cell in each row.
CELL, TODO, WHERE, BY_EQUATION, BY_NUMBERS, BY_VALUE, WRITTEN, NEAR, FAR = range(1, 10)
TAINTED, MISSING = 1, 10**6  # what the sheet State adds up for the spots that one is made from
_CELL = re.compile(r"[A-Z]{1,3}[0-9]+")
HOLDS_PROBLEM = "cellcalc"  # what a setting on the sheet Problem begins with


def practice(book: Book) -> Iterator[Sheet]:
    """The sheet to fill in, and the hidden ones that judge it; nothing unless asked for."""
    if not book.practice:
        return
    assignment = book.assignment
    layout = book.first
    if assignment.planted is not None:
        layout = lay_out(assignment.planted)[0]
    asked = PlacedExercise(layout, exercise(layout.trace, book.practice))
    maker: _Practice
    if book.handout is not None:
        maker = _Handout(asked, book.handout)
    else:
        kinds: dict[int, type[_Practice]] = {CHOICE: _Choice, MISTAKE: _Mistake}
        usual = _Practice if book.key or book.blank else _Sealed
        kind = kinds.get(assignment.level, usual)
        maker = kind(asked, book.blank, assignment, book.key and not book.blank)
    yield maker.sheet()
    if not book.blank:
        yield from maker.helpers()
    yield _problem(book)


def _problem(book: Book) -> Sheet:
    """What the exercise was made from, so that the file alone can be marked."""
    trace, level = book.trace, book.assignment.level
    author = trace.model.author
    settings = {"practice": book.practice, "notation": author.name if author else ""}
    settings |= {"level": str(level)} if level != EQUATIONS else {}
    settings |= book.handout.settings if book.handout is not None else {}
    files = problem_files(trace.specification)
    lines = [(f"{HOLDS_PROBLEM} {key}", text) for key, text in settings.items() if text]
    lines += [(name, line) for name, text in files.items() for line in text.splitlines()]
    rows = [
        Row(number, [Cell(1, "small", name), Cell(2, "small", line)])
        for number, (name, line) in enumerate(lines, 1)
    ]
    return Sheet("Problem", Rows(rows, 2, len(rows)), _no_set_up, hidden=True)


class _Practice:
    """The exercise with its key, or (``paper``) without judging."""

    hints_to: tuple[str, ...] = LEVELS

    def __init__(
        self, asked: PlacedExercise, paper: bool, assignment: Assignment, has_key: bool
    ) -> None:
        self.exercise, self.layout, self.paper = asked, asked.layout, paper
        self.assignment, self.has_key = assignment, has_key
        self.hides = assignment.level in (HIDDEN, CHOICE)
        self.quoted = asked.layout.quoted
        self.rows_of = list(bptt_rows(asked.layout).rows)
        # The marks stand to the right of the grid, with an empty column between.
        self.shift = self.layout.width + 2 - TOTAL

    @property
    def note(self) -> str:
        """What is to be done, and what the marks mean: the name of a sentence."""
        return "note" if self.has_key else "sealed_note"

    @property
    def levels(self) -> tuple[str, ...]:
        """What a hint can tell: without the key no number, and no equation that is hidden."""
        if self.has_key:
            return self.hints_to
        return self.hints_to[: 2 if self.hides else 3]

    def sheet(self) -> Sheet:
        width = self.layout.width if self.paper else self.layout.width + self.shift
        rows = Rows(self.rows(), width, self.layout.height)
        return Sheet("Practice", rows, self.set_up)

    def rows(self) -> Iterator[Row]:
        yield from self.top()
        folded = self.folded if not self.paper else frozenset()
        for row in self.rows_of[TITLE_ROWS:]:
            cells = [self.shown(cell, row.number) for cell in row.cells]
            if not self.paper:
                cells = [self.scored(cell, row.number) for cell in cells]
                cells += self.marks_of(row.number)
            yield replace(
                row,
                parts=sorted(cells, key=lambda cell: cell.column),
                outline=int(row.number in folded),
                hidden=row.number in folded,
                collapsed=row.number not in folded and row.number + 1 in folded,
            )

    @cached_property
    def answers(self) -> frozenset[str]:
        """The answers as they are compared with what is given; 0 and 1 stand in many places."""
        found = frozenset(_compared(spot.spot.value) for spot in self.exercise.open)
        return found - {"0", "1", "-1"}

    @cached_property
    def asked_rows(self) -> frozenset[int]:
        """The rows in which something is asked for."""
        return frozenset(spot.row for spot in self.exercise.open)

    @cached_property
    def folded(self) -> frozenset[int]:
        """The rows that are not needed at first: parameters where nothing forward is asked for,
        and of the windows what is left blank and what follows from the gradients."""
        layout, model = self.layout, self.layout.model
        symbols = self.exercise.exercise.symbols
        rows: set[int] = set()
        if symbols.isdisjoint(q.symbol for q in model.forward):
            first = layout.headings["parameter"]
            rows |= {
                row for row in layout.rows.values() if first < row < layout.headings["forward"]
            }
        main = {q.symbol for q in model.backward}
        for window in layout.windows:
            rows |= {row for symbol, row in window.rows.items() if symbol not in main}
        return frozenset(rows - self.asked_rows)

    @cached_property
    def blocks(self) -> Mapping[int, tuple[int, int]]:
        """Of each block its heading, and the first and last row below it."""
        headings = sorted(
            [self.layout.headings["forward"], *(w.heading for w in self.layout.windows)]
        )
        ends = [*(row - 1 for row in headings[1:]), self.layout.height]
        return {row: (row + 1, end) for row, end in zip(headings, ends, strict=True)}

    def scored(self, cell: Cell, row: int) -> Cell:
        """The note in a block's heading, with how much of the block is right."""
        if cell.column != EQUATION or row not in self.blocks:
            return cell
        first, last = self.blocks[row]
        count = sum(first <= number <= last for number in self.answer_rows)
        if not count:
            return cell
        words = sentence("practice", self.counts)
        start = sentence("practice", "block", note=cell.value or "", words=words) + " "
        text = f'{_quoted(start)}&({self.right(self.marks(first, last))})&" / {count}"'
        return replace(cell, value=f"{start}0 / {count}", formula=text)

    @property
    def answer_rows(self) -> list[int]:
        """The rows of the answers, one for each."""
        return [spot.row for spot in self.exercise.open]

    @property
    def counts(self) -> str:
        """What a score counts: the name of a sentence."""
        return "right"

    def right(self, marks: str) -> str:
        """The number of answers that count, among the marks of an area."""
        return f'COUNTIF({marks},"{RIGHT}")+COUNTIF({marks},"{CARRIED}")'

    def score(self) -> list[Cell]:
        total = len(self.answer_rows)
        text = f'({self.right(self.marks())})&" / {total}"'
        return [
            Cell(TOTAL, "label", sentence("practice", self.counts)),
            Cell(FIRST, "flag", f"0 / {total}", text),
        ]

    def title(self) -> Row:
        title = sentence("practice", "title", title=self.layout.trace.specification.title)
        return Row(1, [Cell(1, "title", title)], lines=2)

    def on_paper(self) -> Iterator[Row]:
        yield Row(2, [Cell(1, "note", sentence("practice", "paper"))])
        yield Row(3, [Cell(1, "note", sentence("practice", "name"))])

    def top(self) -> Iterator[Row]:
        yield self.title()
        if self.paper:
            yield from self.on_paper()
            return
        yield Row(
            2,
            [
                Cell(1, "label", sentence("practice", "figures")),
                Cell(2, "choice", USUAL_FIGURES),
                Cell(EQUATION, "paragraph", sentence("practice", self.note)),
                *self.score(),
            ],
            lines=3,
        )
        yield Row(
            3,
            [
                Cell(1, "label", sentence("practice", "hint")),
                Cell(2, "choice", _word(LEVELS[0])),
                Cell(EQUATION, "paragraph", "", self.hint()),
            ],
            lines=4 if self.has_key else 3,
        )

    def hint(self) -> str:
        """The first open cell that is not right yet: where it is, then more of it as asked."""
        last = len(self.exercise.open) + 1
        flags, place = f"Hints!$B$2:$B${last}", f"MATCH(1,Hints!$B$2:$B${last},0)"
        shown = "CDEF"[: len(self.levels) - 1]
        columns = ",".join(f"INDEX(Hints!${k}$2:${k}${last},{place})" for k in shown)
        names = "+".join(f'{k}*({HINT}="{_word(name)}")' for k, name in enumerate(self.levels))
        done = sentence("practice", "done")
        return f'IF({names}=0,"",IF(COUNTIF({flags},1)=0,"{done}",CHOOSE({names},{columns})))'

    def shown(self, cell: Cell, row: int) -> Cell:
        """A cell of the grid: open, hidden, or what is given."""
        spot = self.exercise.covered.get(f"{letters(cell.column)}{row}")
        if spot is not None:
            return Cell(cell.column, "answer" if spot.spot.open else "note")
        if self.hides and cell.column == EQUATION and row in self.covered_rows:
            return Cell(cell.column, cell.style)
        if cell.style == "input" and cell.value is None:  # a missing target stays missing
            return Cell(cell.column, "number")
        if cell.column < TOTAL or not isinstance(cell.value, int | float):
            return cell
        is_parameter = row in {self.layout.rows[n] for n in self.layout.trace.initial}
        if (
            self.exercise.exercise.hides_update
            and is_parameter
            and cell.column == self.layout.width
        ):
            return Cell(cell.column, "note")
        if cell.style.endswith("_step"):
            return cell
        style = "number" if cell.style == "input" else cell.style
        if self.paper:
            return Cell(cell.column, style, cell.value)
        if not self.has_key:  # a formula, as what is given is in every exercise
            return Cell(cell.column, style, cell.value, literal(float(cell.value)))
        return Cell(cell.column, style, cell.value, f"{self.quoted}!{letters(cell.column)}{row}")

    @cached_property
    def covered_rows(self) -> frozenset[int]:
        """The rows in which something is asked for or hidden."""
        return frozenset(spot.row for spot in self.exercise.spots)

    def marks_of(self, row: int) -> list[Cell]:
        """The marks of a row's answers."""
        return [self.mark(number, spot) for number, spot in self.marked[row]]

    def mark(self, number: int, spot: PlacedSpot) -> Cell:
        """How an answer is judged; nothing as long as there is none.

        ``number`` is the row of its hints. An answer is right where it is the true value in the
        figures asked for; or what follows from the answers before it, and none of these is wrong;
        or where some of these were not written down, and rounding them can do the rest.
        """
        answer, hints = spot.cell, f"Hints!${{}}${number}"
        key, follow = f"{self.quoted}!{answer}", f"Follow!{answer}"
        near, far = (f"{hints.format(letters(k))}*10^-{FIGURES}" for k in (NEAR, FAR))
        written = hints.format(letters(WRITTEN))
        unit = f"{HALF}*10^(INT(LOG10(ABS({answer})))+1-{written})"
        coarse = (
            f"AND({written}<{FIGURES},"
            f"OR(ABS({answer}-{key})<={unit},ABS({answer}-{follow})<={unit}))"
        )
        judged = (
            f'IF(ABS({answer}-{key})<={_tolerance(key)},"{RIGHT}",'
            f'IF({answer}=0,IF(ABS({key})<0.5,"{COARSE}","{WRONG}"),'
            f"IF(ABS({answer}-{follow})<={_tolerance(follow)}+{near},"
            f'IF({self.tainted(spot)},"{CARRIED}","{RIGHT}"),'
            f'IF(AND({self.missing(spot)},ABS({answer}-{key})<={_tolerance(key)}+{far}),"{RIGHT}",'
            f'IF({coarse},"{COARSE}","{WRONG}")))))'
        )
        judged = f'IFERROR({judged},"{WRONG}")'  # answers before it that overflow
        text = f'IF(ISBLANK({answer}),"",IF(ISNUMBER({answer}),{judged},"{NO_NUMBER}"))'
        return Cell(spot.column + self.shift, "mark", "", text)

    def before(self, spot: PlacedSpot) -> str:
        """The states of the spots that one is worked out from, added up."""
        cells = sorted(spot.uses) if spot.spot.t is not None else []
        if not cells and spot.uses:
            return f"SUM({STATE}{spot.uses[0]}:{spot.uses[-1]})"
        return "+".join(f"{STATE}{cell}" for cell in cells) or "0"

    def tainted(self, spot: PlacedSpot) -> str:
        """Whether one of them is not right."""
        return f"MOD({self.before(spot)},{MISSING})>0" if spot.uses else "FALSE"

    def missing(self, spot: PlacedSpot) -> str:
        """Whether one of them is not written down."""
        return f"{self.before(spot)}>={MISSING}" if spot.uses else "FALSE"

    def marks(self, first: int = TITLE_ROWS + 1, last: int = 0) -> str:
        """The cells of the marks of some rows, or of all."""
        start = absolute(first, EQUATION + self.shift)
        return f"{start}:{absolute(last or self.layout.height, self.layout.width + self.shift)}"

    @cached_property
    def marked(self) -> Mapping[int, list[tuple[int, PlacedSpot]]]:
        """The open cells of each row, with the rows of their hints."""
        found: dict[int, list[tuple[int, PlacedSpot]]] = defaultdict(list)
        for number, spot in enumerate(self.exercise.open, 2):
            found[spot.row].append((number, spot))
        return found

    def helpers(self) -> Iterator[Sheet]:
        """The hidden grids, and the list of hints."""
        last = len(self.exercise.open) + 1
        size = (self.layout.width, self.layout.height)
        yield Sheet("Own", Rows(self.own(), *size), _no_set_up, hidden=True)
        yield Sheet("Follow", Rows(self.follow(), *size), _no_set_up, hidden=True)
        yield Sheet("State", Rows(self.states(), *size), _no_set_up, hidden=True)
        yield Sheet("Hints", Rows(self.hints(), FAR, last), _no_set_up, hidden=True)

    def own(self) -> Iterator[Row]:
        """The person's answers, or what follows from them, or what is given."""
        for row in self.rows_of[TITLE_ROWS:]:
            cells = []
            for cell in row.cells:
                if cell.column < TOTAL or not isinstance(cell.value, int | float):
                    continue
                place = f"{letters(cell.column)}{row.number}"
                spot = self.exercise.covered.get(place)
                text = f"{self.quoted}!{place}"
                if spot is not None:
                    text = f"Follow!{place}"
                    if spot.spot.open:
                        text = f"IF(ISNUMBER(Practice!{place}),Practice!{place},{text})"
                cells.append(Cell(cell.column, "number", float(cell.value), text))
            if cells:
                yield Row(row.number, cells)

    def follow(self) -> Iterator[Row]:
        """What each open or hidden cell must be, given the answers before it."""
        for number, spots in self.by_row():
            cells = (Cell(s.column, "number", s.spot.value, s.follow) for s in spots)
            yield Row(number, list(cells))

    def by_row(self) -> Iterator[tuple[int, list[PlacedSpot]]]:
        """The spots of each row, from left to right."""
        by_row: dict[int, list[PlacedSpot]] = defaultdict(list)
        for spot in self.exercise.spots:
            by_row[spot.row].append(spot)
        for number, spots in sorted(by_row.items()):
            yield number, sorted(spots, key=lambda spot: spot.column)

    def states(self) -> Iterator[Row]:
        """Of each open or hidden cell whether it is not right, and whether it is not there."""
        fresh: dict[str, int] = {}
        for spot in self.exercise.spots:
            some = any(fresh[cell] for cell in spot.uses)
            fresh[spot.cell] = MISSING if spot.spot.open or some else 0
        for number, spots in self.by_row():
            cells = [
                Cell(spot.column, "number", float(fresh[spot.cell]), self.state(spot))
                for spot in spots
            ]
            yield Row(number, cells)

    def state(self, spot: PlacedSpot) -> str:
        tainted = f"IF({self.tainted(spot)},{TAINTED},0)"
        if not spot.spot.open:
            return f"IF({self.missing(spot)},{MISSING},0)+{tainted}"
        mark = f"Practice!{letters(spot.column + self.shift)}{spot.row}"
        is_there = f"ISNUMBER(Practice!{spot.cell})"
        return f'IF({is_there},IF({mark}="{RIGHT}",0,{TAINTED}),{MISSING}+{tainted})'

    def hints(self) -> Iterator[Row]:
        """For each open cell whether it is still to be done, and what can be said of it."""
        titles = ("", "", *LEVELS[1:], "figures", "near", "far")
        yield Row(1, [Cell(k, "small", title) for k, title in enumerate(titles, 1)])
        for number, spot in enumerate(self.exercise.open, 2):
            mark = f"Practice!{letters(spot.column + self.shift)}{spot.row}"
            todo = f'IF(OR({mark}="{RIGHT}",{mark}="{CARRIED}"),0,1)'
            equation = self.equation(spot)
            text, now = self.with_numbers(spot, equation, number)
            value = f'E{number}&" = "&FIXED(Follow!{spot.cell},6,TRUE)'
            true = rounded(spot.spot.value, 6) + 0.0
            yield Row(
                number,
                [
                    Cell(CELL, "small", spot.cell),
                    Cell(TODO, "small", 1.0, todo),
                    Cell(WHERE, "small", spot.label),
                    Cell(BY_EQUATION, "small", equation),
                    Cell(BY_NUMBERS, "small", now, text or None),
                    Cell(BY_VALUE, "small", f"{now} = {true:.6f}", value),
                    Cell(WRITTEN, "small", 0.0, _figures(f"Practice!{spot.cell}")),
                    Cell(NEAR, "small", spot.spot.near),
                    Cell(FAR, "small", spot.spot.far),
                ],
            )

    def equation(self, spot: PlacedSpot) -> str:
        quantity = spot.spot.quantity
        if quantity is None or quantity.formula is None:
            return spot.label
        write = self.layout.model.unicode(step=spot.spot.t)
        if spot.spot.t is None:
            write = self.layout.model.unicode()
            return f"{write(Symbol(spot.spot.symbol))} = {write.total}{write(quantity.formula)}"
        return f"{left_side(quantity, write)} = {write(quantity.formula)}"

    def with_numbers(self, spot: PlacedSpot, equation: str, row: int) -> tuple[str, str]:
        """The equation with the person's own numbers, as a formula and as it is at first.

        ``row`` is the row of the hint.

        The equation by itself where there are no numbers, or too many for a formula.
        """
        quantity, t, window = spot.spot.quantity, spot.spot.t, spot.window
        if quantity is None or quantity.formula is None or t is None:
            return "", equation
        layout, features = self.layout, self.layout.model.features
        value = forward_values(layout.pass_trace, t)
        if window is not None:
            value = backward_values(layout.pass_trace, window.trace, t)

        def cell(symbol: Symbol) -> str:
            place = formula(layout, symbol, window, OWN)(t)
            return f'IF({place}<0,"(−"&FIXED(-{place},4,TRUE)&")",FIXED({place},4,TRUE))'

        def number(symbol: Symbol) -> str:
            now = value(symbol)
            if window is not None and t + (symbol.shift or 0) > window.trace.last:
                now = window.trace.after.get(symbol.name, now)  # as the next column has it
            now = or_zero(now)
            size = f"{rounded(abs(now), 4):.4f}"  # as FIXED rounds
            return f"(−{size})" if now < 0 else size

        start = f"{equation} = "
        text = f'D{row}&" = "&'
        text += text_formula(quantity.formula, cell, features)
        if len(text) > MAX_FORMULA:
            return "", equation
        return text, start + text_value(quantity.formula, number, features)

    def set_up(self, sheet: Worksheet) -> None:
        layout = self.layout
        set_widths(sheet, (11, 14, EQUATION_WIDTH, 11))
        set_width(sheet, 12, FIRST, layout.width)
        # As on BPTT: on a projector or a phone frozen columns must leave room for the answers.
        sheet.freeze_panes = f"{letters(EQUATION)}{TITLE_ROWS + 2}"
        fold(sheet)
        self.open_at(sheet)
        set_up_page(sheet, pages_wide=-(-(layout.steps + 2) // 10))
        sheet.print_title_rows = f"{TITLE_ROWS + 1}:{TITLE_ROWS + 1}"
        sheet.print_title_cols = f"A:{letters(TOTAL)}"
        corner = f"{letters(layout.width)}{layout.height}"
        sheet.print_area = f"A1:{corner}"
        if self.paper:
            return
        set_widths(sheet, (3,), layout.width + 1)
        set_width(sheet, 5, layout.width + 2, layout.width + self.shift)
        first = f"{letters(EQUATION)}{TITLE_ROWS + 1}"
        mark = f"{letters(EQUATION + self.shift)}{TITLE_ROWS + 1}"
        colours_of = {RIGHT: GOOD, CARRIED: FAIR, COARSE: FAIR, WRONG: BAD, NO_NUMBER: BAD}
        colours_of |= {UNTOLD: LATER}
        for sign, colours in colours_of.items():
            fill_where(sheet, f"{first}:{corner}", f'{mark}="{sign}"', colours)
        self.set_up_choices(sheet)
        sheet.protection.sheet = True  # without a password: it guards against slips, not people

    def first_open(self) -> str:
        """The cell that the sheet opens at: the first that is to be filled in."""
        return self.exercise.open[0].cell if self.exercise.open else "A1"

    def open_at(self, sheet: Worksheet) -> None:
        """Select the first empty cell, and scroll so that it is seen."""
        cell = self.first_open()
        row, column = coordinate_to_tuple(cell)
        for selection in sheet.sheet_view.selection:
            selection.activeCell = selection.sqref = cell
        pane = sheet.sheet_view.pane
        if pane is not None:
            top = TITLE_ROWS + 2
            if row > top:
                hidden = sum(number < row for number in self.folded) if not self.paper else 0
                if row - hidden > SEEN_ROWS:
                    above = [n for n in self.blocks if n < row]
                    top = max(TITLE_ROWS + 2, max(above, default=0) - ABOVE)
            left = max(EQUATION, column - SEEN_COLUMNS)
            pane.topLeftCell = f"{letters(left)}{top}"

    def set_up_choices(self, sheet: Worksheet) -> None:
        """The drop-downs at the top."""
        levels = ",".join(map(_word, self.levels))
        title, prompt = sentence("practice", "hint"), sentence("practice", "hint_note")
        drop_down(sheet, HINT.replace("$", ""), f'"{levels}"', title, prompt)
        title, prompt = sentence("practice", "figures"), sentence("practice", "figures_note")
        figures = ",".join(map(str, range(2, MOST_FIGURES + 1)))
        drop_down(sheet, FIGURES.replace("$", ""), f'"{figures}"', title, prompt)


class _Sealed(_Practice):
    """The exercise without its key: nothing in the file holds an answer.

    What is given stands as numbers. A mark holds the equation of its answer, over the person's own
    answers before it: whether one follows from the others is judged, not whether it is the true
    value; for that the sheet is handed in.
    """

    def shown(self, cell: Cell, row: int) -> Cell:
        """A cell of the grid; a number from which an answer could be worked back is left out.

        It stays where an answer is worked out from it in turn.
        """
        place = f"{letters(cell.column)}{row}"
        is_number = isinstance(cell.value, int | float) and cell.column >= TOTAL
        is_asked = place in self.exercise.covered or cell.style.endswith("_step")
        if is_number and not is_asked and place in self.kept_back | self.left_out:
            return Cell(cell.column, "note")
        return super().shown(cell, row)

    @cached_property
    def left_out(self) -> frozenset[str]:
        """The cells that hold an answer by another name: dy gives dh away where y = h."""
        return frozenset(
            place
            for row in self.rows_of
            if row.number > self.layout.headings["forward"]
            for cell in row.cells
            if _compared(cell.value) in self.answers and cell.column >= TOTAL
            if (place := f"{letters(cell.column)}{row.number}") not in self.exercise.covered
        )

    @cached_property
    def telling(self) -> frozenset[str]:
        """The cells of what is worked out from answers."""
        found: set[str] = set()
        for number, symbol, t in self.exercise.exercise.telling:
            rows = self.layout.windows[number - 1].rows if number else self.layout.rows
            if symbol in rows:
                found.add(f"{letters(TOTAL if t is None else column(t))}{rows[symbol]}")
        return frozenset(found)

    @cached_property
    def kept_back(self) -> frozenset[str]:
        """The cells from which an answer could be worked back, and none is worked out."""
        return self.telling - self.needed

    @cached_property
    def needed(self) -> frozenset[str]:
        """The cells that the equations of the answers read."""
        found: set[str] = set()
        for spot in self.exercise.spots:
            text = spot.follow.replace("$", "")
            found |= set(_CELL.findall(text))
        return frozenset(found)

    def mark(self, number: int, spot: PlacedSpot) -> Cell:
        """How an answer is judged by those before it, where they are all there.

        If these are right, and right by these rules, the equation over them gives the true value
        but for rounding: then an answer is right or wrong. Else it may follow from them (carried),
        or it cannot be told.
        """
        answer = spot.cell
        text, uses = self.from_own(spot)
        judged = self.judged(number, spot, text, uses)
        if len(judged) > MAX_FORMULA - 200 or len(uses) > MOST_USED or not text:
            judged = f'"{UNTOLD}"'
        else:  # answers that overflow tell nothing
            judged = f'IFERROR({judged},"{UNTOLD}")'
        whole = f'IF(ISBLANK({answer}),"",IF(ISNUMBER({answer}),{judged},"{NO_NUMBER}"))'
        style = "mark_hidden" if self.hides else "mark"
        return Cell(spot.column + self.shift, style, "", whole)

    def judged(self, number: int, spot: PlacedSpot, text: str, uses: list[str]) -> str:
        answer, gap = spot.cell, f"ABS({spot.cell}-({text}))"
        marks = (self.mark_of(cell) for cell in uses)
        tests = ",".join(f'{mark}="{RIGHT}"' for mark in marks)
        near, far = (f"{literal(v)}*10^-{FIGURES}" for v in (spot.spot.near, spot.slack))
        written = f"Hints!${letters(WRITTEN)}${number}"
        unit = f"{HALF}*10^(INT(LOG10(ABS({answer})))+1-{written})"
        tolerance = _tolerance(f"({text})")
        coarse = f"AND({written}<{FIGURES},{gap}<={unit})"
        zero = f'IF(ABS({text})<0.5,"{COARSE}","{WRONG}")'
        otherwise = f'IF({gap}<={tolerance}+{far},"{UNTOLD}","{WRONG}")'
        sure = (
            f'IF({gap}<={tolerance}+{near},"{RIGHT}",'
            f'IF({answer}=0,{zero},IF({coarse},"{COARSE}",{otherwise})))'
        )
        if not uses:
            return sure
        carried = f'IF(AND({answer}<>0,{gap}<={tolerance}+{near}),"{CARRIED}","{UNTOLD}")'
        there = f"COUNT({','.join(uses)})<{len(uses)}"
        return f'IF({there},"{UNTOLD}",IF(AND({tests}),{sure},{carried}))'

    def mark_of(self, cell: str) -> str:
        """The cell of the mark of an answer."""
        spot = self.exercise.covered[cell]
        return f"{letters(spot.column + self.shift)}{spot.row}"

    def from_own(self, spot: PlacedSpot) -> tuple[str, list[str]]:
        """The equation over the person's cells, and which of them it takes; "" for none."""
        covered = self.exercise.covered
        if self.left_out & set(_CELL.findall(spot.follow.replace("$", ""))):
            return "", []
        used = [covered[cell] for cell in spot.uses]
        if all(other.spot.open for other in used):
            text = spot.follow.replace(OWN, "").replace(f"{self.quoted}!", "")
            return text, list(spot.uses)
        if spot.spot.t is not None:
            return "", []
        terms, cells = [], dict[str, None]()  # a total of what is not asked for step by step
        for other in used:
            text, uses = self.from_own(other)
            if not text:
                return "", []
            terms.append(f"({text})")
            cells |= dict.fromkeys(uses)
        return "+".join(terms), list(cells)

    def helpers(self) -> Iterator[Sheet]:
        """The list of hints, which tell where and by which equation."""
        last = len(self.exercise.open) + 1
        yield Sheet("Hints", Rows(self.hints(), WRITTEN, last), _no_set_up, hidden=True)

    def hints(self) -> Iterator[Row]:
        for number, spot in enumerate(self.exercise.open, 2):
            mark = f"Practice!{letters(spot.column + self.shift)}{spot.row}"
            cells = [
                Cell(CELL, "small", spot.cell),
                Cell(TODO, "small", 1.0, f'IF(OR({mark}="{RIGHT}",{mark}="{CARRIED}"),0,1)'),
                Cell(WHERE, "small", spot.label),
                Cell(BY_EQUATION, "small", "" if self.hides else self.equation(spot)),
                Cell(WRITTEN, "small", 0.0, _figures(f"Practice!{spot.cell}")),
            ]
            yield Row(number, cells)


class _Handout(_Practice):
    """The sheet of a student in a class: it judges nothing, and holds nothing to work back from.

    What is given is the problem's, and what is worked out from none of the answers.
    """

    def __init__(self, asked: PlacedExercise, handout: Handout) -> None:
        super().__init__(asked, True, Assignment(""), has_key=False)
        self.handout = handout

    def top(self) -> Iterator[Row]:
        title = self.layout.trace.specification.title
        yield Row(1, [Cell(1, "title", sentence("practice", "title", title=title))], lines=2)
        figures = self.handout.figures
        yield Row(2, [Cell(1, "note", sentence("practice", "handout", figures=figures))])
        name, own = self.handout.name, self.handout.id
        whose = sentence("practice", "whose", name=name, id=own).strip()
        yield Row(3, [Cell(1, "label", whose)])

    def shown(self, cell: Cell, row: int) -> Cell:
        is_open = row in self.open_rows
        if cell.column == EQUATION and is_open and not self.handout.equations:
            return Cell(cell.column, cell.style, "")
        shown = super().shown(cell, row)
        is_number = isinstance(shown.value, int | float) and shown.column >= TOTAL
        if not is_number or shown.style.endswith("_step"):
            return shown
        is_given = (row, shown.column) in self.given
        if is_given and row < self.layout.headings["forward"]:
            return Cell(shown.column, "plain", shown.value)  # of few digits, and no more are shown
        # y = h gives h away, if it is asked for.
        is_given = is_given and _compared(shown.value) not in self.answers
        return shown if is_given else Cell(shown.column, "note")

    @cached_property
    def open_rows(self) -> frozenset[int]:
        """The rows of what is asked for, and of its parts."""
        return frozenset(spot.row for spot in self.exercise.spots)

    @cached_property
    def given(self) -> frozenset[tuple[int, int]]:
        """The row and column of every number that may be shown."""
        layout, telling = self.layout, self.exercise.exercise.telling
        names = layout.rows
        own = {q.symbol for q in (*layout.model.inputs, *layout.model.forward)}
        own |= {*layout.trace.initial, TOTAL_LOSS}
        found = {
            (names[name], TOTAL if t is None else column(t))
            for name in own & set(names)
            for t in (None, *range(layout.steps + 2))
            if (0, name, t) not in telling
        }
        found |= {(names[name], FIRST) for name in setting_names(layout.trace) if name in names}
        for number, window in enumerate(layout.windows, 1):
            for row in derived_rows(layout.model):
                if row.path_of in self.exercise.exercise.symbols:
                    continue  # a part of what is asked for, also where it is 0
                for t in (None, *range(layout.steps + 2)):
                    if (number, row.symbol, t) not in telling:
                        place = TOTAL if t is None else column(t)
                        found.add((window.rows[row.symbol], place))
        return frozenset(found)

    def set_up(self, sheet: Worksheet) -> None:
        super().set_up(sheet)
        sheet.protection.sheet = True  # without a password: the boxes alone are typed into


UNTOLD = "○"  # it cannot be told from the person's own cells
MOST_USED = 250  # cells that a mark looks at
SEEN_ROWS, SEEN_COLUMNS, ABOVE = 22, 6, 10  # of the grid, on a small screen


class _Choice(_Practice):
    """The equations are to be chosen, each among typical slips; the numbers are there."""

    note = "choice_note"

    @cached_property
    def places(self) -> dict[str, int]:
        """The row of each symbol with a choice: in the first window, of a derivative."""
        windows = self.layout.windows
        rows = {**self.layout.rows, **(windows[0].rows if windows else {})}
        return {symbol: rows[symbol] for symbol in self.assignment.choices}

    @cached_property
    def numbers(self) -> dict[int, int]:
        """For each row with a choice its row on the sheet of choices."""
        return {row: k for k, row in enumerate(self.places.values(), CHOICES_HEADING + 1)}

    @property
    def answer_rows(self) -> list[int]:
        return list(self.places.values())

    @property
    def counts(self) -> str:
        return "right" if self.has_key else "chosen"

    def right(self, marks: str) -> str:
        return f'COUNTIF({marks},"{RIGHT if self.has_key else UNTOLD}")'

    @property
    def asked_rows(self) -> frozenset[int]:
        return frozenset(self.places.values())

    def shown(self, cell: Cell, row: int) -> Cell:
        """A cell of the grid: the equations are open, or (of paths, which tell) left out."""
        if cell.column == EQUATION and row in self.numbers:
            return Cell(cell.column, "answer_text")
        if row in self.telling and (cell.column == EQUATION or self.is_computed(cell)):
            return Cell(cell.column, cell.style if cell.column == EQUATION else "note")
        if cell.column == EQUATION and row in self.repeated:
            return Cell(cell.column, cell.style)
        if not self.is_computed(cell):
            return super().shown(cell, row) if cell.column >= TOTAL else cell
        style = "number" if cell.style == "input" else cell.style
        value = float(cell.value) if isinstance(cell.value, int | float) else 0.0
        return Cell(cell.column, style, value, None if self.paper else literal(value))

    @staticmethod
    def is_computed(cell: Cell) -> bool:
        """Whether a cell holds a number of the computation."""
        is_number = isinstance(cell.value, int | float) and cell.column >= TOTAL
        return is_number and not cell.style.endswith("_step")

    @cached_property
    def telling(self) -> frozenset[int]:
        """The rows of paths, which show what a row is made of."""
        paths = {path.symbol for paths in self.layout.model.paths.values() for path in paths}
        return frozenset(w.rows[symbol] for w in self.layout.windows for symbol in paths)

    @cached_property
    def repeated(self) -> frozenset[int]:
        """The rows of later windows with the same equations."""
        later = self.layout.windows[1:]
        return frozenset(w.rows[s] for w in later for s in self.places if s in w.rows)

    def top(self) -> Iterator[Row]:
        yield self.title()
        if self.paper:
            yield from self.on_paper()
            return
        note = sentence("practice", self.note)
        live = sentence("practice", "live" if self.has_key else "later")
        yield Row(
            2,
            [
                Cell(1, "label", sentence("practice", "level")),
                Cell(2, "label", str(self.assignment.level)),
                Cell(EQUATION, "paragraph", note),
                *self.score(),
            ],
            lines=3,
        )
        yield Row(3, [Cell(EQUATION, "paragraph", live)], lines=2)

    def marks_of(self, row: int) -> list[Cell]:
        if row not in self.numbers:
            return []
        answer = absolute(row, EQUATION)
        judged = f'"{UNTOLD}"'
        if self.has_key:
            judged = f'IF(EXACT({answer},Key!$B${self.numbers[row]}),"{RIGHT}","{WRONG}")'
        return [Cell(EQUATION + self.shift, "mark", "", f'IF(ISBLANK({answer}),"",{judged})')]

    def written(self, symbol: str) -> list[str]:
        """The equations to choose from, as text."""
        write = self.layout.model.unicode()
        return [write(formula) for formula in self.assignment.choices[symbol]]

    def helpers(self) -> Iterator[Sheet]:
        """The sheet of choices; and the key, for a teacher."""
        most = max(len(choices) for choices in self.assignment.choices.values())
        rows = [
            Row(1, [Cell(1, "title", sentence("practice", "choices"))], lines=2),
            Row(2, [Cell(1, "note", sentence("practice", "choices_note"))]),
            Row(
                CHOICES_HEADING,
                [
                    Cell(1, "heading", sentence("practice", "choice_cell")),
                    Cell(2, "heading", sentence("practice", "choice_row")),
                    *(Cell(3 + k, "heading", "ABCDEFGH"[k]) for k in range(most)),
                ],
            ),
        ]
        key = []
        for symbol, row in self.places.items():
            number, written = self.numbers[row], self.written(symbol)
            cells = [Cell(1, "small", f"{letters(EQUATION)}{row}"), Cell(2, "label", symbol)]
            cells += [Cell(k, "formula_text", text) for k, text in enumerate(written, 3)]
            lines = max(text_lines(text, CHOICE_WIDTH) for text in written)
            rows.append(Row(number, cells, lines))
            true = self.layout.model.quantities[symbol].formula
            assert true is not None
            right = self.layout.model.unicode()(true)
            key.append(Row(number, [Cell(1, "small", symbol), Cell(2, "small", right)]))

        def set_up(sheet: Worksheet) -> None:
            set_widths(sheet, (8, 14, *(CHOICE_WIDTH,) * most))
            sheet.freeze_panes = f"C{CHOICES_HEADING + 1}"
            set_up_page(sheet)

        yield Sheet("Choices", Rows(rows, 2 + most, rows[-1].number), set_up)
        if self.has_key:
            yield Sheet("Key", Rows(key, 2, key[-1].number), _no_set_up, hidden=True)

    def set_up_choices(self, sheet: Worksheet) -> None:
        title, prompt = sentence("practice", "choose"), sentence("practice", "choose_note")
        for symbol, row in self.places.items():
            last = 2 + len(self.assignment.choices[symbol])
            number = self.numbers[row]
            area = f"Choices!{absolute(number, 3)}:{absolute(number, last)}"
            drop_down(sheet, f"{letters(EQUATION)}{row}", area, title, prompt)

    def first_open(self) -> str:
        return f"{letters(EQUATION)}{min(self.places.values())}"


class _Mistake(_Choice):
    """All numbers are there, and those of one row are worked out by a wrong equation."""

    note = "mistake_note"

    @property
    def places(self) -> dict[str, int]:
        return {}

    @property
    def answer_rows(self) -> list[int]:
        return [2]

    @property
    def asked_rows(self) -> frozenset[int]:
        """The rows that are looked through: those that are asked for, and the gradients."""
        return frozenset(spot.row for spot in self.exercise.spots)

    @property
    def blocks(self) -> Mapping[int, tuple[int, int]]:  # none has a score of its own
        return {}

    def top(self) -> Iterator[Row]:
        yield self.title()
        if self.paper:
            yield from self.on_paper()
            return
        live = sentence("practice", "live" if self.has_key else "later")
        answer, judged = absolute(2, 2), f'"{UNTOLD}"'
        if self.has_key:
            judged = f'IF(EXACT({answer},Key!$B$1),"{RIGHT}","{WRONG}")'
        yield Row(
            2,
            [
                Cell(1, "label", sentence("practice", "mistake")),
                Cell(2, "answer_text"),
                Cell(EQUATION, "paragraph", sentence("practice", self.note)),
                Cell(FIRST, "flag", "", f'IF(ISBLANK({answer}),"",{judged})'),
            ],
            lines=3,
        )
        yield Row(3, [Cell(EQUATION, "paragraph", live)], lines=2)

    @cached_property
    def candidates(self) -> list[str]:
        """The rows that the mistake may be in."""
        model, symbols = self.layout.model, self.exercise.exercise.symbols
        rows = [*model.forward, *model.backward, *model.gradients]
        return [row.symbol for row in rows if row.formula is not None and row.symbol in symbols]

    def helpers(self) -> Iterator[Sheet]:
        rows = [Row(k, [Cell(1, "small", name)]) for k, name in enumerate(self.candidates, 1)]
        yield Sheet("Choices", Rows(rows, 1, len(rows)), _no_set_up, hidden=True)
        if self.has_key:
            key = [Row(1, [Cell(1, "small", ""), Cell(2, "small", self.assignment.mistake)])]
            yield Sheet("Key", Rows(key, 2, 1), _no_set_up, hidden=True)

    def set_up_choices(self, sheet: Worksheet) -> None:
        title, prompt = sentence("practice", "mistake"), sentence("practice", "mistake_prompt")
        area = f"Choices!$A$1:$A${len(self.candidates)}"
        drop_down(sheet, "B2", area, title, prompt)
        fill_where(sheet, "B2:B2", f'$E$2="{RIGHT}"', GOOD)
        fill_where(sheet, "B2:B2", f'$E$2="{WRONG}"', BAD)
        fill_where(sheet, "B2:B2", f'$E$2="{UNTOLD}"', LATER)

    def first_open(self) -> str:
        return "B2"


def _word(level: str) -> str:
    """What a level of hints is called."""
    return sentence("practice", f"level_{level}")


def _compared(value: object) -> str:
    """A number as it is compared with another; nothing of what is none."""
    return f"{value:.12g}" if isinstance(value, int | float) else ""


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _tolerance(cell: str) -> str:
    """Half a unit of the last significant figure asked for, and a little more."""
    exponent = f"INT(LOG10(ABS({cell})))+1-{FIGURES}"
    return f"IF(ABS({cell})<={literal(NOTHING)},{literal(NOTHING)},{HALF}*10^({exponent}))"


def _figures(cell: str) -> str:
    """How many significant figures a number was typed with, as far as it matters."""
    exponent = f"INT(LOG10(ABS({cell})))"
    more = "+".join(
        f"IF(ABS({cell}-ROUND({cell},{m - 1}-{exponent}))>1E-9*ABS({cell}),1,0)"
        for m in range(1, MOST_FIGURES)
    )
    return f"IF(ISNUMBER({cell}),IF({cell}=0,0,IFERROR(1+{more},{MOST_FIGURES})),0)"


def _no_set_up(sheet: Worksheet) -> None:
    sheet.sheet_view.showGridLines = True


OWN, STATE = "Own!", "State!"


@dataclass(frozen=True)
class PlacedSpot:
    """A spot of the exercise at its cell.

    ``label`` says which it is ("dc, t = 2"); ``follow`` is its equation as a formula over the
    sheet ``Own``; ``uses`` are the cells of the spots that it is worked out from.
    """

    spot: Spot
    row: int
    column: int
    label: str
    follow: str
    window: WindowRows | None
    uses: tuple[str, ...]

    @property
    def cell(self) -> str:
        return f"{letters(self.column)}{self.row}"

    @property
    def slack(self) -> float:
        """What rounding on the way to right answers can come to: each may use up its own."""
        return self.spot.near + 2 * self.spot.far


@dataclass(frozen=True)
class PlacedExercise:
    """An exercise on the grid of a sheet."""

    layout: Layout
    exercise: Exercise

    @cached_property
    def spots(self) -> list[PlacedSpot]:
        """The cells that are open or hidden, in the order of computation."""
        return [self._placed(spot) for spot in self.exercise.spots.values()]

    @cached_property
    def open(self) -> list[PlacedSpot]:
        return [spot for spot in self.spots if spot.spot.open]

    @cached_property
    def covered(self) -> dict[str, PlacedSpot]:
        """The open and hidden cells by place."""
        return {spot.cell: spot for spot in self.spots}

    def _cell(self, place: Place) -> tuple[int, int]:
        """The row and column of a place."""
        number, symbol, t = place
        rows = self.layout.windows[number - 1].rows if number else self.layout.rows
        return rows[symbol], TOTAL if t is None else column(t)

    def _placed(self, spot: Spot) -> PlacedSpot:
        row, place = self._cell(spot.place)
        window = self.layout.windows[spot.window - 1] if spot.window else None
        cells = (self._cell(used) for used in spot.uses)
        uses = tuple(f"{letters(number)}{line}" for line, number in cells)
        return PlacedSpot(
            spot, row, place, self._label(spot), self._follow(spot, row, window), window, uses
        )

    def _label(self, spot: Spot) -> str:
        at = sentence("practice", "spot_total") if spot.t is None else f"t = {spot.t}"
        several = spot.window and len(self.layout.windows) > 1
        name = "spot_of_window" if several else "spot"
        return sentence("practice", name, symbol=spot.symbol, at=at, window=spot.window)

    def _follow(self, spot: Spot, row: int, window: WindowRows | None) -> str:
        """What a cell must be, given the answers before it."""
        layout, t = self.layout, spot.t
        if t is None:
            first, last, line = 1, layout.steps, row
            if window is None:
                line = layout.rows[LOSS]
            else:
                first, last = window.trace.first, window.trace.last
            return f"SUM({OWN}{letters(column(first))}{line}:{letters(column(last))}{line})"
        assert spot.quantity is not None
        if window is None:
            return forward_formula(layout, spot.quantity, OWN)(t)
        if t < window.trace.first and spot.quantity.formula is not None:
            return formula(layout, spot.quantity.formula, window, OWN)(t)
        return backward_formula(layout, spot.quantity, window, OWN)(t)
