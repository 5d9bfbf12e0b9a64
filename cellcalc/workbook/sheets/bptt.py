"""The sheet ``BPTT``: the whole computation of one pass, every cell a live formula."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from openpyxl.comments import Comment
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.optimizer import NORM_MARGIN, clip_factor, rules
from cellcalc.engine.schedule import ranges
from cellcalc.language.keys import (
    COUNT,
    FACTOR,
    NORM,
    clipped_key,
    derivative_key,
    gathered_key,
    memory_key,
)
from cellcalc.language.tree import Symbol
from cellcalc.model.model import (
    LOSS,
    TARGET,
    TOTAL_LOSS,
    Group,
    Model,
    Quantity,
    is_gate,
    is_squashed,
)
from cellcalc.problems.sequences import or_zero
from cellcalc.problems.templates import counts_updates, shown_rows
from cellcalc.resources import has_sentence, sentence
from cellcalc.views.derivation import reason, start_of_chain
from cellcalc.views.table import heading, place_of
from cellcalc.views.worked import left_side
from cellcalc.workbook.formulas import (
    backward_formula,
    entering_formula,
    forward_formula,
    rule_formula,
    target,
    targets,
)
from cellcalc.workbook.guards import Words, strict
from cellcalc.workbook.layout import (
    EQUATION,
    FIRST,
    GROUP,
    SYMBOL,
    TITLE_ROWS,
    TOTAL,
    Layout,
    WindowRows,
    clips,
    column,
    derived_rows,
    free_parameters,
    gathers,
    memory_names,
    setting_values,
)
from cellcalc.xlsx.cells import (
    MAX_BREAKS,
    Cell,
    Fill,
    Remade,
    Row,
    Rows,
    letters,
    literal,
    word_lines,
)
from cellcalc.xlsx.page import (
    BETWEEN,
    PAGE,
    fill_where,
    fold,
    format_where,
    look_where,
    numbers_only,
    scale_to,
    set_up_page,
    set_width,
    set_widths,
    shade_by_tens,
    shade_gates,
    shade_gradients,
    show_digits,
    show_scientific,
)
from cellcalc.xlsx.styles import BAD, BEHIND, NOTHING, NUMBER_DECIMALS
from cellcalc.xlsx.writer import LINE_HEIGHT


def bptt_rows(sheet: Layout, *notes: str) -> Rows:
    """The rows of the sheet of one pass; ``notes`` stand below its title."""
    return Rows(Remade(lambda: _rows(sheet, notes)), sheet.width, sheet.height)


def _rows(sheet: Layout, notes: Iterable[str]) -> Iterator[Row]:
    yield from _title(sheet, notes)
    yield from _inputs(sheet)
    yield from parameter_rows(sheet)
    yield from _Forward(sheet).rows()
    for window in sheet.windows:
        yield from window_rows(sheet, window)


def _title(sheet: Layout, notes: Iterable[str]) -> Iterator[Row]:
    title, *settings = heading(sheet.trace)
    if sheet.model.author is not None:
        settings.append(sentence("legend", "short", title=sheet.model.author.title))
    settings += notes
    taken = sheet.taken
    if taken is None:
        title += place_of(sheet.trace, sheet.pass_trace)
    else:
        title = sentence("sheet", "chosen_pass", title=title)
    yield Row(1, [Cell(1, "title", title)], lines=2)
    yield Row(2, [Cell(1, "note", " · ".join(settings))])
    if taken is not None:  # nothing there is to be changed
        yield Row(3, [Cell(1, "notice", taken.words(), taken.words_at)])
        return
    legend = [
        Cell(1, "legend_input", sentence("sheet", "legend_input")),
        Cell(2, "legend_input"),
        Cell(3, "note", sentence("sheet", "legend_formula")),
    ]
    yield Row(3, legend)


def _inputs(sheet: Layout) -> Iterator[Row]:
    note = sentence("sheet", "inputs_note")
    name = sentence("sheet", "inputs")
    yield block_heading(sheet, "input", sheet.headings["input"], name, note)
    for quantity in sheet.model.inputs:
        symbol = quantity.symbol
        cells = _input(sheet, symbol)
        yield labelled(sheet.rows[symbol], "input", symbol, quantity.says, cells)


def _input(sheet: Layout, symbol: str) -> Iterator[Cell | Fill]:
    """What was given, or (in later epochs) the cells where it was given."""
    values = sheet.pass_trace.forward[symbol][1:]
    gaps = any(map(math.isnan, values))
    if sheet.taken is not None:
        for t, value in enumerate(values, 1):
            shown = "" if math.isnan(value) else value
            yield Cell(column(t), "number", shown, sheet.taken.data(symbol, t))
    elif sheet.source is not sheet:
        given = list(map(or_zero, values))
        yield Fill(FIRST + 1, "number", given, lambda k: sheet.source.cell(symbol, k + 1, sheet))
    elif gaps:
        for t, value in enumerate(values, 1):
            yield Cell(column(t), "input", None if math.isnan(value) else value)
    else:
        yield Fill(FIRST + 1, "input", values)


class _Forward:
    def __init__(self, sheet: Layout) -> None:
        self.sheet, self.pass_trace = sheet, sheet.pass_trace
        self.write = sheet.model.unicode()

    def rows(self) -> Iterator[Row]:
        sheet = self.sheet
        name, note = sentence("sheet", "forward"), sentence("sheet", "forward_note")
        yield block_heading(sheet, "forward", sheet.headings["forward"], name, note, total=True)
        for quantity in sheet.model.forward:
            symbol = quantity.symbol
            assert quantity.formula is not None
            equation = f"{left_side(quantity, self.write)} = {self.write(quantity.formula)}"
            cells = self.cells(quantity)
            yield labelled(sheet.rows[symbol], "forward", symbol, equation, cells)
        if TOTAL_LOSS in sheet.rows:
            equation = f"{TOTAL_LOSS} = {self.write.total}{self.write(Symbol(LOSS, 0))}"
            losses = f"{letters(TOTAL)}{sheet.rows[LOSS]}"
            if sheet.trace.scheme.reduction == "mean":
                equation = sentence("sheet", "mean_loss", losses=equation.partition(" = ")[2])
            cell = Cell(TOTAL, "total", self.pass_trace.loss or 0.0, losses)
            yield labelled(sheet.rows[TOTAL_LOSS], "forward", TOTAL_LOSS, equation, [cell])

    def cells(self, quantity: Quantity) -> Iterator[Cell | Fill]:
        sheet, symbol = self.sheet, quantity.symbol
        values, n = self.pass_trace.forward[symbol], sheet.steps
        at = forward_formula(sheet, quantity)
        if symbol == LOSS and sheet.model.loss:
            losses = over_steps(sheet.rows[LOSS], 1, n)
            text = f"SUM({losses})"
            if sheet.trace.scheme.reduction == "mean":
                text += f"/MAX(1,COUNT({targets(sheet, 1, n)}))"
            yield Cell(TOTAL, "total", self.pass_trace.loss or 0.0, text)
        if symbol in sheet.model.state:
            first = sheet.first
            given = None if first is sheet else first.cell(symbol, 0, sheet)
            yield Cell(FIRST, "number" if given else "input", values[0], given)
        numbers = values[1 : n + 1]
        if symbol == LOSS:  # a step without a target has none
            numbers = [e if self.pass_trace.counted(t) else 0.0 for t, e in enumerate(numbers, 1)]
        yield from at.fills(1, "number", numbers)


def window_rows(sheet: Layout, window: WindowRows) -> Iterator[Row]:
    """All rows of one window."""
    return _Window(sheet, window).all()


class _Window:
    def __init__(self, sheet: Layout, window: WindowRows) -> None:
        self.sheet, self.window, self.trace = sheet, window, window.trace
        self.scheme = sheet.trace.scheme
        self.free = free_parameters(sheet.trace)
        self.write = sheet.model.unicode()

    def all(self) -> Iterator[Row]:
        yield self.heading()
        model = self.sheet.model
        entering = {row.symbol: row for row in model.entering}
        flowing = {t.upstream.name for q in model.backward for t in q.terms if t.later}
        for quantity in derived_rows(model):
            if quantity.symbol == model.gradients[0].symbol:
                yield self.gradient_heading()
            cells = list(self.cells(quantity, entering.get(quantity.symbol)))
            if quantity.symbol in flowing:
                cells.append(Cell(column(self.trace.last + 1), "edge", 0))
            yield self.row(quantity, cells)
        yield from self.gathered()
        yield from self.clipped()

    def heading(self) -> Row:
        several = len(self.sheet.windows) > 1
        name, note = sentence("sheet", "backward"), sentence("sheet", "backward_note")
        if several:
            losses = ranges(self.trace.window.losses) or "–"
            name = f"{name} {self.window.number}"
            note = sentence("sheet", "window_note", last=self.trace.last, losses=losses)
        return block_heading(self.sheet, "backward", self.window.heading, name, note, total=True)

    def gradient_heading(self) -> Row:
        """What the gradients' rows are folded under, as far as the window reaches."""
        name, note = sentence("sheet", "gradients"), sentence("sheet", "gradients_note")
        cells = [
            Cell(GROUP, "gradient_heading", name),
            Cell(SYMBOL, "gradient_heading"),
            Cell(EQUATION, "gradient_note", note),
            *(Cell(k, "gradient_note") for k in range(TOTAL, column(self.trace.last + 1) + 1)),
        ]
        return Row(self.window.gradients, cells)

    def row(self, quantity: Quantity, cells: list[Cell | Fill]) -> Row:
        symbol = quantity.symbol
        group = "gradient" if (quantity.path_of or symbol) in self.trace.gradients else "backward"
        left = left_side(quantity, self.write)
        share = start_of_chain(self.sheet.trace.scheme.reduction).term
        right = sentence("sheet", "count", share=share)
        if quantity.formula is not None:
            right = self.write(quantity.formula)
        detail = quantity.group is Group.PATH
        outline = detail + (group == "gradient")
        row = self.window.rows[symbol]
        return labelled(row, group, symbol, f"{left} = {right}", cells, detail, outline)

    def cells(self, quantity: Quantity, entering: Quantity | None) -> Iterator[Cell | Fill]:
        trace, symbol = self.trace, quantity.symbol
        style = "path" if quantity.group is Group.PATH else "number"
        if symbol in trace.gradients:
            steps = over_steps(self.window.rows[symbol], trace.first, trace.last)
            yield Cell(TOTAL, "total", trace.gradients[symbol], f"SUM({steps})")
        if entering is not None:
            text = entering_formula(self.sheet, quantity, entering, self.window)
            yield Cell(column(trace.first - 1), style, trace.entering[symbol], text)
        at = backward_formula(self.sheet, quantity, self.window)
        yield from at.fills(trace.first, style, trace.backward[symbol])

    def gathered(self) -> Iterator[Row]:
        """Gradients added up over the windows since the last update."""
        number = self.window.number
        for name in self.free if gathers(self.sheet.trace) else ():
            symbol = gathered_key(name)
            text = self.window.total(derivative_key(name))
            if waiting := self.waiting(number):
                text = f"{waiting[0]}{waiting[1].total(symbol)}+{text}"
            yield self.update_row(symbol, "gathered", self.trace.summed[derivative_key(name)], text)

    def waiting(self, number: int) -> tuple[str, WindowRows] | None:
        """The window before whose gradients wait for the same update; its sheet, if another."""
        if self.scheme.update != "window" and number > 1:
            return "", self.sheet.windows[number - 2]
        before = self.sheet.before
        while self.scheme.update == "epoch" and before is not None:
            if before.pass_trace.epoch != self.sheet.pass_trace.epoch:
                return None
            if before.windows:
                return f"{before.quoted}!", before.windows[-1]
            before = before.before
        return None

    def clipped(self) -> Iterator[Row]:
        """The norm of the gradient, the factor that bounds it, and the gradients bounded."""
        window, scheme, names = self.window, self.scheme, [gathered_key(n) for n in self.free]
        if NORM in window.rows:
            cells = ":".join((window.total(names[0]), window.total(names[-1])))
            norm = math.hypot(*self.trace.summed.values())
            yield self.update_row(NORM, "norm", norm, f"SQRT(SUMSQ({cells}))")
            limit, margin = self.sheet.setting_value("clip_norm"), literal(NORM_MARGIN)
            text = f"MIN(1,{limit}/({window.total(NORM)}+{margin}))"
            yield self.update_row(FACTOR, "factor", clip_factor(scheme, self.trace.summed), text)
        for name in self.free:
            symbol = clipped_key(name)
            if symbol in window.rows:
                source = gathered_key(name) if gathers(self.sheet.trace) else derivative_key(name)
                text = window.total(source)
                if FACTOR in window.rows:
                    text += f"*{window.total(FACTOR)}"
                if scheme.clip_value is not None:
                    bound = self.sheet.setting_value("clip_value")
                    text = f"MAX(-{bound},MIN({bound},{text}))"
                yield self.update_row(
                    symbol, "clipped", self.trace.used[derivative_key(name)], text
                )

    def update_row(self, symbol: str, says: str, value: float, text: str) -> Row:
        cells = [Cell(TOTAL, "total", value, text)]
        row = self.window.rows[symbol]
        return labelled(row, "gradient", symbol, sentence("sheet", says), cells, outline=1)


def parameter_rows(sheet: Layout) -> Iterator[Row]:
    """The parameters, the optimizer's state for each, and on the first sheet its settings."""
    note = sentence("sheet", "parameters_note")
    heading = sheet.headings["parameter"]
    yield block_heading(sheet, "parameter", heading, sentence("sheet", "parameters"), note)
    yield from _Parameters(sheet).rows()
    settings = setting_values(sheet.trace) if sheet.first is sheet else {}
    roles = {row.symbol: row.says for row in sheet.model.coefficients}
    for name, value in settings.items():
        says = roles.get(name) or sentence(
            "setting", name if has_sentence("setting", name) else "own"
        )
        cells = [Cell(FIRST, "input", value)]
        yield labelled(sheet.rows[name], "parameter", name, says, cells)


class _Parameters:
    def __init__(self, sheet: Layout) -> None:
        self.sheet, self.trace = sheet, sheet.trace
        self.update = sheet.trace.specification.update
        self.write = sheet.model.unicode()
        # With an optimizer that does not count, a parameter may have the name.
        self.counter = COUNT if counts_updates(self.update.optimizer) else None
        # An update follows its window, or (once for all windows) the end of the sequence.
        once = sheet.trace.scheme.update != "window"
        self.fired = {
            sheet.steps if once else window.trace.last: window
            for window in sheet.windows
            if window.trace.used
        }
        self.free = set(free_parameters(self.trace)) if sheet.model.loss else set()
        self.start = {
            memory_key(own, name): value
            for name in self.free
            for own in shown_rows(self.update.optimizer)
            for value in (self.update.optimizer.state.get(own, 0.0),)
        }

    def rows(self) -> Iterator[Row]:
        names = [*self.trace.initial, *memory_names(self.trace)]
        equations = {
            rule.symbol: rule
            for name in self.trace.initial
            for rule in rules(self.update.optimizer, name)
        }
        for name in names:
            if name in equations and (name in self.free or name in self.start):
                right = self.write(equations[name].formula)
                says = f"{self.write(Symbol(name))} ← {right}"
            elif name == self.counter:
                says = sentence("sheet", "updates")
            else:
                says = self.sheet.model.quantities[name].says
            yield labelled(self.sheet.rows[name], "parameter", name, says, self.cells(name))

    def cells(self, name: str) -> Iterator[Cell | Fill]:
        """The value at each step: the one before, or a new one after a window has fired."""
        sheet = self.sheet
        value = self.first_value(name)
        if sheet.taken is not None:
            yield Cell(FIRST, "number", value, sheet.taken.begins(name))
        elif sheet.begins_with is None:
            yield Cell(FIRST, "input" if name in self.trace.initial else "edge", value)
        else:
            before, t = sheet.begins_with
            yield Cell(FIRST, "number", value, before.cell(name, t, sheet))
        whole = "count" if name == self.counter else ""
        fired = sorted(self.fired) if self.changes(name) else []
        typed = sheet.first is sheet and name in self.trace.initial
        for start, end in pairwise([0, *fired, sheet.steps + 1]):
            if start in self.fired and self.changes(name):
                window = self.fired[start]
                value, text = self.new_values(window)[name], self.updated(name, start + 1, window)
                yield Cell(column(start + 1), whole or "total", value, text)
                start += 1
            if start == 0 and typed:  # a number, whatever was put in
                text = f"SUM({sheet.cell(name, 0)})"
                yield Cell(column(1), whole or "number", value, text)
                start = 1
            kept = partial(self.before, name, start)
            yield Fill(column(start + 1), whole or "number", [value] * (end - start), kept)

    def before(self, name: str, start: int, k: int) -> str:
        """The cell of the step before the k-th one after ``start``: the parameter stays."""
        return self.sheet.cell(name, start + k)

    def changes(self, name: str) -> bool:
        return name in self.free or name in self.start or name == self.counter

    def first_value(self, name: str) -> float:
        """The value that the sheet begins with."""
        pass_trace = self.sheet.pass_trace
        if name == self.counter:
            return float(pass_trace.updates)
        return {**self.start, **pass_trace.memory, **pass_trace.before}[name]

    def new_values(self, window: WindowRows) -> Mapping[str, float]:
        trace = window.trace
        count = {self.counter: float(trace.update)} if self.counter else {}
        return {**trace.memory_after, **trace.after, **count}

    def updated(self, name: str, t: int, window: WindowRows) -> str:
        """The formula of the optimizer's equation for one row after a window has fired."""
        sheet = self.sheet
        if name == self.counter:
            return f"{sheet.cell(COUNT, t - 1)}+1"
        owner = next(p for p in self.free if name in (p, *self.memory_of(p)))
        cells = {key: sheet.setting_value(key) for key in self.update.settings}
        cells[derivative_key(owner)] = window.total(self.used_gradient(owner))
        if self.counter:
            cells[COUNT] = sheet.cell(COUNT, t)
        for symbol in (owner, *self.memory_of(owner)):
            cells[symbol] = sheet.cell(symbol, t - 1)
        for rule in rules(self.update.optimizer, owner):
            if rule.symbol == name:
                return rule_formula(rule.formula, cells)
            cells[rule.symbol] = sheet.cell(rule.symbol, t)
        raise AssertionError(f"no rule for {name}")

    def memory_of(self, parameter: str) -> list[str]:
        return [memory_key(own, parameter) for own in shown_rows(self.update.optimizer)]

    def used_gradient(self, parameter: str) -> str:
        """The row of the window that holds the gradient as the update uses it."""
        if clips(self.trace):
            return clipped_key(parameter)
        return gathered_key(parameter) if gathers(self.trace) else derivative_key(parameter)


# Characters: few, so that a projector shows numbers beside them.
GROUP_WIDTH, SYMBOL_WIDTH = 10, 13
EQUATION_WIDTH = 32  # longer equations are wrapped


def block_heading(
    sheet: Layout, group: str, number: int, name: str, note: str, total: bool = False
) -> Row:
    """The row that begins a block: its name, ``t``, and the step numbers."""
    dark, step = f"{group}_heading", f"{group}_step"
    cells: list[Cell | Fill] = [
        Cell(GROUP, dark, name),
        Cell(SYMBOL, dark, "t"),
        Cell(EQUATION, f"{group}_note", note),
        Cell(TOTAL, step, sentence("sheet", "total") if total else None),
        Fill(column(0), step, range(sheet.steps + 2)),
    ]
    return Row(number, cells)


def labelled(
    number: int,
    group: str,
    symbol: str,
    equation: str,
    cells: Iterable[Cell | Fill],
    detail: bool = False,
    outline: int = 0,
) -> Row:
    """A row of a block: group, symbol and equation, then its cells in order.

    ``detail`` is the look of one path of the sum above; ``outline`` how deep the row is folded.
    """
    labels = [
        Cell(GROUP, f"{group}_group", "path" if detail else group),
        Cell(SYMBOL, f"{group}_path" if detail else f"{group}_symbol", symbol),
        Cell(EQUATION, f"{group}_equation", equation),
    ]
    lines = word_lines(equation, EQUATION_WIDTH)
    return Row(number, [*labels, *sorted(cells, key=lambda cell: cell.column)], lines, outline)


def over_steps(row: int, first: int, last: int) -> str:
    """The cells of a row from one step to another."""
    return f"{letters(column(first))}{row}:{letters(column(last))}{row}"


STEP_WIDTH = 11  # characters of a step's column
MOST_A_PAGE = 13  # columns of steps on a printed page
MOST_SHADED = 60  # windows whose gradients have a colour scale of their own


@dataclass(frozen=True)
class Look:
    """The cells of the sheet that hold the size of the largest gradient, and the digits shown.

    They and the next stand in ``column``, beyond the grid, and are not shown. ``last`` is the cell
    with the last step, on the sheet of one pass or another.
    """

    scale: str
    digits: str
    column: int
    last: str = ""


def set_up_bptt(
    sheet: Worksheet, layout: Layout, locked: bool = False, look: Look | None = None
) -> None:
    """Everything about a BPTT sheet that is not rows; ``locked`` guards its formulas."""
    sheet.protection.sheet = locked  # without a password; the inputs stay free
    set_widths(sheet, (GROUP_WIDTH, SYMBOL_WIDTH, EQUATION_WIDTH, STEP_WIDTH))
    set_width(sheet, STEP_WIDTH, FIRST, layout.width)
    first_row = TITLE_ROWS + 1
    # Narrow: on a projector or a phone frozen columns must leave room for the numbers.
    sheet.freeze_panes = f"{letters(EQUATION)}{first_row + 1}"
    sheet.sheet_view.zoomScale = 90
    fold(sheet, 2)
    _add_rules(sheet, layout, look)
    _add_comments(sheet, layout)
    if layout.first is layout:
        for (low, high), areas in layout.given.items():
            numbers_only(sheet, areas, low, high)
            for area in areas:  # a text that was pasted, which no rule refuses
                fill_where(sheet, area.replace("$", ""), f"ISTEXT({_corner(area)})", BAD)
    set_up_page(sheet, pages_wide=-(-(layout.steps + 2) // MOST_A_PAGE))
    _scale(sheet, layout)
    sheet.print_title_rows = f"{first_row}:{first_row}"
    sheet.print_title_cols = f"A:{letters(TOTAL)}"


def _corner(area: str) -> str:
    """The first cell of an area."""
    return area.replace("$", "").partition(":")[0]


def grey_behind(sheet: Worksheet, layout: Layout, look: Look) -> None:
    """Nothing to be seen behind the end of a sequence shorter than the one that is laid out.

    Call it before other rules: of areas that overlap LibreOffice takes the first.
    """
    if look.last:
        time = f"{letters(FIRST)}${TITLE_ROWS + 1}"
        behind = f"AND({time}>{look.last},{time}<={layout.steps})"
        area = f"{letters(FIRST)}{TITLE_ROWS + 1}:{letters(layout.width)}{layout.height}"
        look_where(sheet, area, behind, BEHIND, BEHIND)


MOST_WATCHED = 800  # rules of a sheet
EXACT = 1e-12  # relative to the largest number of a row


def show_overwritten(sheet: Worksheet, layout: Layout) -> None:
    """Each cell red that is not what its formula gives, as the sheet of checks counts them.

    A rule has the formula that its cell had when the workbook was written. A word that stands for
    what cannot be computed is right where the formula gives no number. Rules see their own sheet
    only, so a cell that reads another one is left to the checks.
    """
    rules: list[tuple[str, str]] = []
    word = Words.of(layout.model).word
    for row in bptt_rows(layout).rows:
        for part in row.parts:
            formulas, values = _formulas(part)
            if not formulas or "!" in formulas[0]:
                continue
            size = max([*map(abs, values), 1e-150])
            for k, text in enumerate(formulas):
                first = f"{letters(part.column + k)}{row.number}"
                end = len(values) - 1 if len(formulas) == 1 else k
                area = f"{first}:{letters(part.column + end)}{row.number}"
                text = strict(text)
                gap = f"ABS({first}-({text}))>{literal(EXACT * size)}"
                other = f'OR(NOT(EXACT({first},"{word}")),ISNUMBER({text}))'
                rules.append((area, f"IF(ISNUMBER({first}),{gap},{other})"))
    if len(rules) <= MOST_WATCHED:
        for area, test in rules:
            fill_where(sheet, area, test, BAD)


def _formulas(part: Cell | Fill) -> tuple[list[str], list[float]]:
    """The formulas of a part (one, where it is filled right), and the numbers that they give."""
    if isinstance(part, Fill):
        if part.formula is None:
            return [], []
        values = list(part.values)
        count = 1 if part.alike else len(values)
        return [part.formula(k) for k in range(min(count, len(values)))], values
    if part.formula is None or not isinstance(part.value, int | float):
        return [], []
    return [part.formula], [float(part.value)]


def splits(layout: Layout) -> bool:
    """Whether the gradients of a window are printed on a page of their own."""
    return len(layout.windows) <= 2


def _scale(sheet: Worksheet, layout: Layout) -> None:
    """A scale at which each block fits a page, and so many steps."""
    write = layout.model.unicode()
    lines = [len(layout.model.forward) + 3]
    if layout.windows:
        found = {True: 3, False: 4}  # of the gradients, and of what is before them
        for q in derived_rows(layout.model):
            right = write(q.formula) if q.formula is not None else ""
            text = f"{left_side(q, write)} = {right}"
            found[q.group is Group.GRADIENT] += word_lines(text, EQUATION_WIDTH)
        lines += found.values() if splits(layout) else [sum(found.values()) - 3]
    steps = spread(range(FIRST, layout.width + 1))
    blocks = list(printed_blocks(layout))
    across = max(len(part) for _, _, columns in blocks for part in spread(columns))
    widths = [GROUP_WIDTH, SYMBOL_WIDTH, EQUATION_WIDTH, *[STEP_WIDTH] * (1 + across)]
    scale = scale_to(sheet, widths)
    sheet.page_setup.scale = max(40, int(min(scale, 100 * PAGE[1] / (max(lines) * LINE_HEIGHT))))
    areas = list(printed_areas(layout))
    if sum(len(area) + len(layout.quoted) + 6 for area in areas) < LONGEST_NAME:
        sheet.print_area = ",".join(areas)
        return
    sheet.print_area = f"A1:{letters(layout.width)}{layout.height}"
    for part in steps[1:]:
        sheet.col_breaks.append(Break(id=part[0] - 1))
    for top, _, _ in blocks[1 : MAX_BREAKS + 1]:
        sheet.row_breaks.append(Break(id=top - 1))


LONGEST_NAME = 8_000  # characters of what a name stands for


def spread(columns: range) -> list[range]:
    """Columns as they are printed side by side: as many on each page."""
    pages = -(-len(columns) // MOST_A_PAGE)
    across = -(-len(columns) // pages)
    return [columns[k : k + across] for k in range(0, len(columns), across)]


def printed_blocks(layout: Layout) -> Iterator[tuple[int, int, range]]:
    """The first and last row of what is printed together, and its columns with numbers."""
    everywhere = range(FIRST, layout.width + 1)
    blocks = [(1, everywhere), (layout.headings["forward"], everywhere)]
    for window in layout.windows:
        # The edges of a window belong to it: what it cuts off, and the zeros behind it.
        columns = range(column(window.trace.first - 1), column(window.trace.last + 1) + 1)
        blocks.append((window.heading, columns))
        if splits(layout):
            blocks.append((window.gradients, columns))
    ends = [*(top - 1 for top, _ in blocks[1:]), layout.height]
    for (top, columns), end in zip(blocks, ends, strict=True):
        yield top, end, columns


def printed_areas(layout: Layout) -> Iterator[str]:
    """What is printed on a page each: of each block the steps that it has numbers of.

    The columns of labels are repeated on each.
    """
    for top, bottom, columns in printed_blocks(layout):
        for part in spread(columns):
            first = 1 if part[0] == FIRST else part[0]
            yield f"{letters(first)}{top}:{letters(part[-1])}{bottom}"


def _add_rules(sheet: Worksheet, layout: Layout, look: Look | None) -> None:
    right = letters(layout.width)
    if look is not None:
        for k in range(2):
            sheet.column_dimensions[letters(look.column + k)].hidden = True
    if TARGET in layout.rows:
        losses = over_steps(layout.rows[LOSS], 1, layout.steps)
        format_where(sheet, losses, f"NOT(ISNUMBER({target(layout, 1)}))", NOTHING)
        if layout.source is not layout:  # what refers to an empty cell is 0
            again = over_steps(layout.rows[TARGET], 1, layout.steps)
            format_where(sheet, again, f"NOT(ISNUMBER({target(layout, 1)}))", NOTHING)
    for quantity in layout.model.forward:
        cells = over_steps(layout.rows[quantity.symbol], 1, layout.steps)
        if is_gate(quantity):
            shade_gates(sheet, cells)
        elif is_squashed(quantity):
            shade_gates(sheet, cells, low=-1.0)
    shaded = sorted(
        (window.rows[derivative_key(state)], window.trace)
        for window in layout.windows[:MOST_SHADED]
        for state in layout.model.state
    )
    areas = [over_steps(row, trace.first - 1, trace.last) for row, trace in shaded]
    if look is None:
        for area in areas:
            shade_gradients(sheet, area)
    elif areas:
        corner = f"{letters(FIRST)}{shaded[0][0]}"
        areas = areas if areas[0].startswith(f"{corner}:") else [corner, *areas]
        width = STEP_WIDTH - BETWEEN
        shade_by_tens(sheet, areas, look.scale, width, NUMBER_DECIMALS, look.digits)
    if look is not None:
        area = f"{letters(TOTAL)}{layout.headings['forward'] + 1}:{right}{layout.height}"
        show_digits(sheet, area, look.digits, STEP_WIDTH - BETWEEN, NUMBER_DECIMALS)
    show_scientific(sheet, f"{letters(TOTAL)}{TITLE_ROWS + 1}:{right}{layout.height}")


def _add_comments(sheet: Worksheet, layout: Layout) -> None:
    """On each symbol its meaning, and the reason for each term of a derivative."""
    model = layout.model
    coefficients = model.coefficients if layout.first is layout else ()
    quantities = [*model.inputs, *model.parameters, *coefficients, *model.forward]
    rows = [(layout.rows[quantity.symbol], quantity) for quantity in quantities]
    if layout.windows:
        first = layout.windows[0]
        rows += [(first.rows[q.symbol], q) for q in derived_rows(model)]
    for row, quantity in rows:
        text = _comment(quantity, model)
        if not text.strip():  # an empty comment is one that some programs stumble over
            continue
        comment = Comment(text, "cellcalc", width=360, height=40 + 18 * (len(text) // 45 + 1))
        sheet.cell(row, SYMBOL).comment = comment


def _comment(quantity: Quantity, model: Model) -> str:
    write = model.unicode()
    reasons = [reason(term, write) for term in quantity.terms]
    return "\n".join([quantity.says, *reasons])
