"""The sheet ``Practice``: the BPTT grid to be filled in, judged as you type; and what it needs.

Each open cell has a mark to the right of the grid: right, right given the answers before it, too
coarse to tell, or wrong; ``cellcalc check`` marks a file by the same rule. The marks colour the
answers, and add up to a score; a hint tells the next step only. The hidden sheet ``Problem`` holds
the text of the problem, so that the file alone can be marked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.trace import backward_values, forward_values
from cellcalc.language.arithmetic.floats import rounded
from cellcalc.language.tree import Symbol
from cellcalc.model.model import LOSS
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.studies.exercise import (
    CARRIED,
    COARSE,
    HALF,
    MOST_FIGURES,
    NO_NUMBER,
    NOTHING,
    RIGHT,
    WRONG,
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
    TOTAL_LOSS,
    Layout,
    WindowRows,
    column,
    derived_rows,
    setting_names,
)
from cellcalc.workbook.sheets.bptt import EQUATION_WIDTH, bptt_rows
from cellcalc.xlsx.cells import MAX_FORMULA, Cell, Row, Rows, absolute, letters, literal
from cellcalc.xlsx.page import drop_down, fill_where, set_up_page, set_width, set_widths
from cellcalc.xlsx.styles import BAD, FAIR, GOOD

FIGURES, HINT, SCORE = absolute(2, 2), absolute(3, 2), absolute(2, FIRST)
LEVELS = ("off", "where", "equation", "numbers", "value")
# The columns of the sheet Hints: an open cell in each row.
CELL, TODO, WHERE, BY_EQUATION, BY_NUMBERS, BY_VALUE, WRITTEN, NEAR, FAR = range(1, 10)
TAINTED, MISSING = 1, 10**6  # what the sheet State adds up for the spots that one is made from
HOLDS_PROBLEM = "cellcalc"  # what a setting on the sheet Problem begins with


def practice(book: Book) -> Iterator[Sheet]:
    """The sheet to fill in, and the hidden ones that judge it; nothing unless asked for."""
    if not book.practice:
        return
    placed = PlacedExercise(book.first, exercise(book.trace, book.practice))
    maker: _Practice
    if book.handout is not None:
        maker = _Handout(placed, book.handout)
    else:
        kind = _Practice if book.key or book.blank else _Sealed
        maker = kind(placed, paper=book.blank)
    yield maker.sheet()
    if not book.blank:
        yield from maker.helpers()
    yield maker.problem(book.practice)


class _Practice:
    levels: tuple[str, ...] = LEVELS
    has_key = True
    note = "note"
    settings: Mapping[str, str] = {}  # that the sheet of the problem holds beside its own

    def __init__(self, asked: PlacedExercise, paper: bool) -> None:
        self.exercise, self.layout, self.paper = asked, asked.layout, paper
        self.quoted = asked.layout.quoted
        self.rows_of = list(bptt_rows(asked.layout).rows)
        # The marks stand to the right of the grid, with an empty column between.
        self.shift = self.layout.width + 2 - TOTAL

    def sheet(self) -> Sheet:
        width = self.layout.width if self.paper else self.layout.width + self.shift
        rows = Rows(self.rows(), width, self.layout.height)
        return Sheet("Practice", rows, self.set_up)

    def rows(self) -> Iterator[Row]:
        yield from self.top()
        for row in self.rows_of[TITLE_ROWS:]:
            cells = [self.shown(cell, row.number) for cell in row.cells]
            if not self.paper:
                cells += [self.mark(number, spot) for number, spot in self.marked[row.number]]
            yield replace(row, parts=sorted(cells, key=lambda cell: cell.column), outline=0)

    def top(self) -> Iterator[Row]:
        title = self.layout.trace.specification.title
        yield Row(1, [Cell(1, "title", sentence("practice", "title", title=title))], lines=2)
        if self.paper:
            yield Row(2, [Cell(1, "note", sentence("practice", "paper"))])
            yield Row(3, [Cell(1, "note", sentence("practice", "name"))])
            return
        total = len(self.exercise.open)
        marks = self.marks()
        score = f'COUNTIF({marks},"{RIGHT}")+COUNTIF({marks},"{CARRIED}")'
        yield Row(
            2,
            [
                Cell(1, "label", sentence("practice", "figures")),
                Cell(2, "choice", USUAL_FIGURES),
                Cell(EQUATION, "paragraph", sentence("practice", self.note)),
                Cell(TOTAL, "label", sentence("practice", "score")),
                Cell(FIRST, "flag", f"0 / {total}", f'({score})&" / {total}"'),
            ],
            lines=2,
        )
        yield Row(
            3,
            [
                Cell(1, "label", sentence("practice", "hint")),
                Cell(2, "choice", LEVELS[0]),
                Cell(EQUATION, "paragraph", "", self.hint()),
            ],
            lines=4,
        )

    def hint(self) -> str:
        """The first open cell that is not right yet: where it is, then more of it as asked."""
        last = len(self.exercise.open) + 1
        flags, place = f"Hints!$B$2:$B${last}", f"MATCH(1,Hints!$B$2:$B${last},0)"
        shown = "CDEF"[: len(self.levels) - 1]
        columns = ",".join(f"INDEX(Hints!${k}$2:${k}${last},{place})" for k in shown)
        names = "+".join(f'{k}*({HINT}="{name}")' for k, name in enumerate(self.levels))
        done = sentence("practice", "done")
        return f'IF({names}=0,"",IF(COUNTIF({flags},1)=0,"{done}",CHOOSE({names},{columns})))'

    def shown(self, cell: Cell, row: int) -> Cell:
        """A cell of the grid: open, hidden, or what is given."""
        spot = self.exercise.covered.get(f"{letters(cell.column)}{row}")
        if spot is not None:
            return Cell(cell.column, "answer" if spot.spot.open else "note")
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

    def marks(self) -> str:
        first = absolute(TITLE_ROWS + 1, TOTAL + self.shift)
        return f"{first}:{absolute(self.layout.height, self.layout.width + self.shift)}"

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

    def problem(self, asked: str) -> Sheet:
        """What the exercise was made from, so that the file alone can be marked."""
        trace = self.layout.trace
        author = trace.model.author
        settings = {"practice": asked, "notation": author.name if author else "", **self.settings}
        files = problem_files(trace.specification)
        lines = [(f"{HOLDS_PROBLEM} {key}", text) for key, text in settings.items() if text]
        lines += [(name, line) for name, text in files.items() for line in text.splitlines()]
        rows = [
            Row(number, [Cell(1, "small", name), Cell(2, "small", line)])
            for number, (name, line) in enumerate(lines, 1)
        ]
        return Sheet("Problem", Rows(rows, 2, len(rows)), _no_set_up, hidden=True)

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
        set_widths(sheet, (11, 15, EQUATION_WIDTH, 11))
        set_width(sheet, 12, FIRST, layout.width)
        sheet.freeze_panes = f"{letters(FIRST)}{TITLE_ROWS + 2}"
        set_up_page(sheet, pages_wide=-(-(layout.steps + 2) // 10))
        sheet.print_title_rows = f"{TITLE_ROWS + 1}:{TITLE_ROWS + 1}"
        sheet.print_title_cols = f"A:{letters(TOTAL)}"
        corner = f"{letters(layout.width)}{layout.height}"
        sheet.print_area = f"A1:{corner}"
        if self.paper:
            return
        set_widths(sheet, (3,), layout.width + 1)
        set_width(sheet, 5, layout.width + 2, layout.width + self.shift)
        first = f"{letters(TOTAL)}{TITLE_ROWS + 1}"
        mark = f"{letters(TOTAL + self.shift)}{TITLE_ROWS + 1}"
        colours_of = {RIGHT: GOOD, CARRIED: FAIR, COARSE: FAIR, WRONG: BAD, NO_NUMBER: BAD}
        colours_of |= {UNTOLD: FAIR}
        for sign, colours in colours_of.items():
            fill_where(sheet, f"{first}:{corner}", f'{mark}="{sign}"', colours)
        levels = ",".join(self.levels)
        title, prompt = sentence("practice", "hint"), sentence("practice", "hint_note")
        drop_down(sheet, HINT.replace("$", ""), f'"{levels}"', title, prompt)
        title, prompt = sentence("practice", "figures"), sentence("practice", "figures_note")
        figures = ",".join(map(str, range(2, MOST_FIGURES + 1)))
        drop_down(sheet, FIGURES.replace("$", ""), f'"{figures}"', title, prompt)
        sheet.protection.sheet = True  # without a password: it guards against slips, not people


class _Sealed(_Practice):
    """The exercise without its key: nothing in the file holds an answer.

    What is given stands as numbers. A mark holds the equation of its answer, over the person's own
    answers before it: whether one follows from the others is judged, not whether it is the true
    value; for that the sheet is handed in.
    """

    levels = ("off", "where", "equation")
    has_key = False
    note = "sealed_note"

    def shown(self, cell: Cell, row: int) -> Cell:
        """A cell of the grid; paths and steps' parts that are not asked for would give away others.

        The part of a bias in its gradient is the very derivative of the net input.
        """
        spot = self.exercise.covered.get(f"{letters(cell.column)}{row}")
        number = isinstance(cell.value, int | float) and cell.column >= TOTAL
        if spot is None and number and row in self.telling and not cell.style.endswith("_step"):
            return Cell(cell.column, "note")
        return super().shown(cell, row)

    @cached_property
    def telling(self) -> frozenset[int]:
        """The rows of paths and of gradients, where a derivative is asked for."""
        if not self.exercise.exercise.hides_update:
            return frozenset()
        model = self.layout.model
        rows = {q.symbol for q in model.gradients}
        rows |= {path.symbol for paths in model.paths.values() for path in paths}
        return frozenset(w.rows[symbol] for w in self.layout.windows for symbol in rows)

    def mark(self, number: int, spot: PlacedSpot) -> Cell:
        answer = spot.cell
        text, uses = self.from_own(spot)
        exponent = f"INT(LOG10(ABS({answer})))+1"
        half = f"IF({answer}=0,10^-{FIGURES},{HALF}*10^({exponent}-{FIGURES}))"
        written = f"Hints!${letters(WRITTEN)}${number}"
        coarse = f"IF({answer}=0,0.5,IF({written}<{FIGURES},{HALF}*10^({exponent}-{written}),0))"
        near, far = (f"{literal(v)}*10^-{FIGURES}" for v in (spot.spot.near, spot.spot.far))
        gap = f"ABS({answer}-({text}))"
        judged = (
            f'IF({gap}<={half}+{near},"{RIGHT}",IF({gap}<={coarse},"{COARSE}",'
            f'IF({gap}<={half}+{far},"{UNTOLD}","{WRONG}")))'
        )
        if uses:
            judged = f'IF(COUNT({",".join(uses)})<{len(uses)},"{UNTOLD}",{judged})'
        if len(judged) > MAX_FORMULA - 200 or len(uses) > 250 or not text:
            judged = f'"{UNTOLD}"'
        whole = f'IF(ISBLANK({answer}),"",IF(ISNUMBER({answer}),{judged},"{NO_NUMBER}"))'
        return Cell(spot.column + self.shift, "mark", "", whole)

    def from_own(self, spot: PlacedSpot) -> tuple[str, list[str]]:
        """The equation over the person's cells, and which of them it takes; "" for none."""
        covered = self.exercise.covered
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
                Cell(TODO, "small", 1.0, f'IF({mark}="{RIGHT}",0,1)'),
                Cell(WHERE, "small", spot.label),
                Cell(BY_EQUATION, "small", self.equation(spot)),
                Cell(WRITTEN, "small", 0.0, _figures(f"Practice!{spot.cell}")),
            ]
            yield Row(number, cells)


class _Handout(_Practice):
    """The sheet of a student in a class: it judges nothing, and holds nothing to work back from.

    What is given is the problem's, and what is worked out from none of the answers.
    """

    has_key = False

    def __init__(self, asked: PlacedExercise, handout: Handout) -> None:
        super().__init__(asked, paper=True)
        self.handout = handout
        self.settings = {
            "id": handout.id, "name": handout.name, "figures": str(handout.figures),
        }  # fmt: skip

    def top(self) -> Iterator[Row]:
        title = self.layout.trace.specification.title
        yield Row(1, [Cell(1, "title", sentence("practice", "title", title=title))], lines=2)
        figures = self.handout.figures
        yield Row(2, [Cell(1, "note", sentence("practice", "handout", figures=figures))])
        name, own = self.handout.name, self.handout.id
        yield Row(3, [Cell(1, "label", sentence("practice", "whose", name=name, id=own))])

    def shown(self, cell: Cell, row: int) -> Cell:
        is_open = row in self.open_rows
        if cell.column == EQUATION and is_open and not self.handout.equations:
            return Cell(cell.column, cell.style, "")
        shown = super().shown(cell, row)
        is_number = isinstance(shown.value, int | float) and shown.column >= TOTAL
        if not is_number or shown.style.endswith("_step"):
            return shown
        is_given = (row, shown.column) in self.given
        if is_given and row > self.layout.headings["forward"]:  # y = h gives h away, if it is asked
            is_given = f"{shown.value:.12g}" not in self.answers
        return shown if is_given else Cell(shown.column, "note")

    @cached_property
    def answers(self) -> frozenset[str]:
        """The answers as they are compared with what is given; 0 and 1 stand in many places."""
        return frozenset(f"{s.spot.value:.12g}" for s in self.exercise.open) - {"0", "1", "-1"}

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
                for t in (None, *range(layout.steps + 2)):
                    if (number, row.symbol, t) not in telling:
                        place = TOTAL if t is None else column(t)
                        found.add((window.rows[row.symbol], place))
        return frozenset(found)

    def set_up(self, sheet: Worksheet) -> None:
        super().set_up(sheet)
        sheet.protection.sheet = True  # without a password: the boxes alone are typed into


UNTOLD = "○"  # it cannot be told from the person's own cells


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
    return f"IF(ISNUMBER({cell}),IF({cell}=0,0,1+{more}),0)"


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
        at = "total" if spot.t is None else f"t = {spot.t}"
        text = f"{spot.symbol}, {at}"
        several = spot.window and len(self.layout.windows) > 1
        return f"{text} (window {spot.window})" if several else text

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
