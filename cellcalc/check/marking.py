"""Marking: from a problem and the answers handed in to a report."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cellcalc.check import answers as reading
from cellcalc.check.answers import Answer, Entry, Sheet, Unreadable
from cellcalc.check.doubtful import doubtful, is_poorly_read
from cellcalc.check.equivalence import FormulaMarker, own_formulas
from cellcalc.check.givens import without_givens
from cellcalc.check.graph import GATHERED, Graph, Key
from cellcalc.check.misplaced import by_net_inputs, misplaced
from cellcalc.check.numbers import NEARER, NumberMarker, Options, Spot
from cellcalc.check.report import Kind, Marked, Report, Slip, Verdict
from cellcalc.check.search import Search
from cellcalc.check.slips import Edits, sayings
from cellcalc.check.spelling import FEW, Written
from cellcalc.check.whose import read_in_its_notation, symbols_of
from cellcalc.check.world import Equations, changed, setting_of
from cellcalc.engine.effort import check_marking
from cellcalc.engine.trace import PassTrace, Trace
from cellcalc.errors import ExpressionError, printable
from cellcalc.language.keys import derivative_key
from cellcalc.model.model import LOSS, TARGET, TOTAL_LOSS, Model
from cellcalc.problems.templates import shown_rows
from cellcalc.resources import sentence

MOST_TURNS = 1_000  # passes whose numbers may be given one after the other
FEWEST_NUMBERS = 4  # that a program holds which reckons with its own
FEWEST_RIGHT = 5  # lines of a function that nothing calls, beside which one may be called wrong
MOST_ROUNDS = 4  # in which what is doubtful is put aside, and the rest marked without it
MOST_PASSES = 400  # between the first and the last answered, that are worked out again


def mark(
    trace: Trace,
    entries: Iterable[Entry],
    tolerance: float | None = None,
    figures: int = FEW,
    causes: bool = True,
) -> Report:
    """Mark all answers against the passes, windows and updates of a problem.

    Parameters
    ----------
    trace : Trace
        The true values; answers are in the symbols of its model's author, if it has one.
    entries : iterable of Entry
        What was handed in. An answer that names no pass is for the first; one that names no
        window is for the first that sweeps its step, a total for the first; where a total is
        given as often as there are windows, for one after the other.
    tolerance : float, optional
        A relative one, in place of judging by the digits written.
    figures : int
        With fewer significant figures a right number is coarse.
    causes : bool
        Whether to look for what went wrong; it takes the most of the time.

    Returns
    -------
    Report
        A verdict for each answer, and the distinct causes of what is not right.
    """
    check_marking(trace.specification, trace.model)
    steps = max(one.steps for one in trace.passes)
    update = trace.specification.update
    most = max(len(one.windows) for one in trace.passes)
    entries = list(entries)

    def read(model: Model, author: Mapping[str, str] | None) -> Sheet:
        return reading.read(
            entries, model, steps, author, update.settings, update.optimizer, most,
            len(trace.passes), _spans(trace),
        )  # fmt: skip

    sheet = read_in_its_notation(entries, trace.model, trace.symbols, read)
    sheet = _with_programs(trace, entries, sheet, tolerance)
    sheet = without_givens(trace, sheet, figures)
    placing = _Placing(trace, sheet.answers)
    placed, lost = placing.placed(sheet.answers)
    unreadable = [*sheet.unreadable, *(_not_there(*one) for one in lost)]
    formulas = [one for one in placed if one[0].formulas is not None]
    every = _formulas(trace, formulas, tolerance)
    checked = [m for m in every if m.verdict is Verdict.CORRECT or not m.answer.tentative]
    wrong = [m.answer for m in checked if m.verdict is Verdict.WRONG]
    checked = _counted_once(Edits(trace.model), checked)
    numbers = [one for one in placed if one[0].number is not None]
    passes = sorted({p for _, p, _ in numbers})
    if passes and passes[-1] - passes[0] < MOST_PASSES:
        passes = list(range(passes[0], passes[-1] + 1))
        passes = list(range(passes[-1] + 1)) if passes[-1] < MOST_PASSES else passes
    graph = Graph(trace, passes or [0], {answer.symbol for answer, _, _ in numbers})
    placing.decide(graph, numbers)
    spots = []
    beyond: dict[Key, Written] = {}
    absent = [answer for answer, _ in lost]
    for answer, p, w in numbers:
        try:
            spots.append(placing.spot(graph, answer, p, w))
        except ExpressionError as error:
            if answer.number is not None and w:
                beyond[placing.key(trace.passes[p], answer, p, w)] = answer.number
            absent.append(answer)
            unreadable.append(_not_there(answer, error))
    has_step_0 = any(answer.t == 0 for answer in absent)
    astray = misplaced(trace, spots, lambda key: _right(trace.passes[key[0]], key), has_step_0)
    unreadable += [_astray(spots[k].answer, expected) for k, expected in astray.items()]
    spots = [spot for k, spot in enumerate(spots) if k not in astray]
    doubts = {k: sentence("check", "by_net_inputs") for k in by_net_inputs(trace.model, checked)}
    if causes:
        is_poor = is_poorly_read(unreadable, sheet.answers)
        expected = sentence("check", "doubtful" if is_poor else "of_itself")
        doubts = dict.fromkeys(doubtful(checked, entries, is_poor), expected) | doubts
    if doubts:
        unreadable += [_astray(checked[k].answer, expected) for k, expected in doubts.items()]
        checked = [m for k, m in enumerate(checked) if k not in doubts]
        wrong = [m.answer for m in checked if m.verdict is Verdict.WRONG]
    search = Search(trace.model, Equations(trace.model))

    def method(answer: Answer, key: Key) -> Marked:
        whole = answer.symbol == TOTAL_LOSS
        marker = _formula_marker(trace, search, tolerance, key[0], key[1], whole)
        return next(iter(marker.mark([answer])))

    options = Options(tolerance, figures)
    for rounds in range(MOST_ROUNDS):
        marker = NumberMarker(graph, spots, options, own_formulas(wrong), method, beyond)
        found, slips, remarks = marker.mark(causes)
        if rounds == MOST_ROUNDS - 1:
            break
        is_poor = causes and is_poorly_read(unreadable, sheet.answers)
        doubted = set(doubtful(found, entries, is_poor)) if is_poor else set()
        if not doubted:
            break
        expected = sentence("check", "doubtful")
        unreadable += [_astray(spots[k].answer, expected) for k in sorted(doubted)]
        spots = [spot for k, spot in enumerate(spots) if k not in doubted]
    unreadable += [_misread(part) for part in marker.unread]
    opened = [_opened(trace, *one) for one in placed if one[0].open]
    order = {id(answer): k for k, answer in enumerate(sheet.answers)}
    marked = sorted([*found, *checked, *opened], key=lambda m: order[id(m.answer)])
    return Report(
        title=trace.specification.title,
        marked=tuple(marked),
        unreadable=tuple(unreadable),
        windows=max(len(one.windows) for one in trace.passes),
        slips=_causes(marked, [*slips, *_formula_slips(checked)], found),
        passes=len(trace.passes),
        remarks=(*_remarks(sheet), *remarks),
        passed_over=sheet.passed_over + len(every) - len(checked),
    )


def _with_programs(
    trace: Trace, entries: Sequence[Entry], sheet: Sheet, tolerance: float | None
) -> Sheet:
    """The programs that somebody handed in, followed where reading line by line finds a fault.

    A line alone does not tell from where a list counts, or what a turn of a loop hands on.
    """
    lines = {entry.line for entry in entries if entry.block}
    if not lines:
        return sheet
    from cellcalc.check.followed import NOTHING_FOLLOWED, followed  # few hand-ins are programs

    own = [a for a in sheet.answers if a.line in lines and a.formulas is not None]
    found = followed(entries, trace, _names(trace))
    holds_data = any(_holds_data(block) for block in {e.block for e in entries if e.block})
    if found is None:
        found = NOTHING_FOLLOWED
    rest = [a for a in own if a.line not in found.lines]
    # What the program was not seen to make says nothing where all else was followed, or where
    # it could have been: what its lines say by themselves may be something else.
    lost, named = _faults(trace, rest, tolerance)
    if not (found.whole or holds_data):
        inside = _in_functions(entries)  # what their arguments are is not known
        right = {a.line for a in rest} - lost
        is_read = not any(one.line in lines for one in sheet.unreadable)
        is_slip = is_read and len(lost) == 1 and len(right) >= FEWEST_RIGHT
        lost = {line for line in lost if line in inside and not (is_slip and line in named)}
    gone = found.lines | lost
    kept = [a for a in sheet.answers if a.formulas is None or a.line not in gone]
    unreadable = tuple(
        one
        for one in sheet.unreadable
        if one.line not in gone and not (found.whole and one.line in lines)
    )
    if lost and not found.whole:
        first = next(a for a in own if a.line in lost)
        why = sentence("check", "not_followed")
        unreadable = (*unreadable, Unreadable(first.line, first.given, why))
    silent = {a.line for a in own if a.line in gone} - {a.line for a in found.answers}
    passed = sheet.passed_over + len(silent)
    return replace(
        sheet, answers=(*kept, *found.answers), unreadable=unreadable, passed_over=passed
    )


def _in_functions(entries: Sequence[Entry]) -> set[int | str]:
    """The lines of programs that stand in functions with arguments, but those of matrices."""
    from cellcalc.check.reading.standing import uses_matrices

    inside: set[int | str] = set()
    for block in {entry.block for entry in entries if entry.block}:
        try:
            tree = ast.parse(block)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        functions = [
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.args.args
        ]
        lines = {
            one.lineno
            for node in functions
            for one in ast.walk(node)
            if isinstance(one, ast.stmt) and not uses_matrices(one)
        }
        own = [entry for entry in entries if entry.block == block]
        inside |= {e.line for e in own if e.block_line in lines}
    return inside


def _holds_data(block: str) -> bool:
    """Whether a program has numbers of its own to reckon with."""
    numbers = set(re.findall(r"(?<![\w.])[0-9]*\.[0-9]+(?![\w.])", block))
    return len(numbers - {"0.0", "0.5", "1.0", "2.0", ".5"}) >= FEWEST_NUMBERS


def _faults(
    trace: Trace, answers: Sequence[Answer], tolerance: float | None
) -> tuple[set[int | str], set[int | str]]:
    """The lines whose formulas are not right, and those of them of which a slip is known."""
    placed, lost = _Placing(trace, answers).placed(answers)
    marked = _formulas(trace, placed, tolerance)
    wrong = [m for m in marked if m.verdict is not Verdict.CORRECT]
    named = {m.answer.line for m in wrong if m.slip is not None}
    return {answer.line for answer, _ in lost} | {m.answer.line for m in wrong}, named


def _spans(trace: Trace) -> list[range]:
    """The steps that each window sweeps, where they are the same in every pass."""
    every = [[range(w.first, w.last + 1) for w in one.windows] for one in trace.passes]
    return every[0] if all(spans == every[0] for spans in every) else []


def _remarks(sheet: Sheet) -> list[str]:
    """Sentences about steps counted from 0, and columns of tables that hold no answers."""
    said = [sentence("check", "from_0")] if sheet.from_0 else []
    if not sheet.asides:
        return said
    names = ", ".join(f"{printable(name)} ({count})" for name, count in sheet.asides.items())
    return [*said, sentence("check", "asides", names=names)]


def _label(answer: Answer) -> str:
    return answer.symbol if answer.t is None else f"{answer.symbol}[{answer.t}]"


def _formulas(
    trace: Trace, formulas: Sequence[tuple[Answer, int, int]], tolerance: float | None
) -> list[Marked]:
    """The formulas marked, those of each window in its own setting."""
    search = Search(trace.model, Equations(trace.model))
    found: list[Marked] = []
    placed = [(a, (p, w, TOTAL_LOSS in (a.formulas or ()))) for a, p, w in formulas]
    for place in dict.fromkeys(place for _, place in placed):
        p, one = place[0], trace.passes[place[0]]
        marker = _formula_marker(trace, search, tolerance, *place)
        own = [answer for answer, its in placed if its == place]
        found += [
            replace(m, epoch=one.epoch, sequence=one.sequence, place=(p, *m.place))
            for m in marker.mark(own)
        ]
    return found


def _formula_marker(
    trace: Trace, search: Search, tolerance: float | None, p: int, w: int, whole: bool
) -> FormulaMarker:
    """What marks formulas in the setting of a window; those of L are of the whole pass.

    In these the errors y - target stand for the derivatives that the windows have of them.
    """
    one, number = trace.passes[p], w or 1
    window = one.windows[number - 1] if one.windows and not whole else None
    setting = setting_of(trace.model, one, window)
    if whole:
        slope = derivative_key(LOSS)
        counted = {
            t: weight
            for w in one.windows
            for t, weight in zip(w.steps, w.backward.get(slope, ()), strict=False)
            if weight
        }
        setting = changed(setting, counted=counted)
    return FormulaMarker(setting, search, tolerance, number, trace, window)


def _opened(trace: Trace, answer: Answer, p: int, w: int) -> Marked:
    """An answer that was asked for and left empty."""
    one = trace.passes[p]
    return Marked(
        answer, Verdict.OPEN, None, (p, w, 9, 0), window=w, epoch=one.epoch, sequence=one.sequence
    )


def _counted_once(edits: Edits, checked: Sequence[Marked]) -> list[Marked]:
    """The formulas marked, the same edit in sibling rows as one cause: first wrong, then repeated.

    Also that of the same row once more.
    """
    groups: dict[object, list[int]] = {}
    for k in sorted(range(len(checked)), key=lambda k: checked[k].place):
        slip = checked[k].slip
        if checked[k].verdict is Verdict.WRONG and slip and slip.formula and slip.true:
            shapes = (edits.abstract(slip.symbol, one) for one in (slip.formula, slip.true))
            groups.setdefault((edits.parts(slip.symbol)[0], slip.total, *shapes), []).append(k)
    found = list(checked)
    for places in groups.values():
        first = checked[places[0]].slip
        assert first is not None
        rows = dict.fromkeys(s.symbol for k in places if (s := checked[k].slip) is not None)
        others = [row for row in rows if row != first.symbol]
        if others:
            says = sayings("whole", "rows").format(says=first.says, rows=", ".join(others))
            first = replace(first, says=says, rows=(first.symbol, *others))
        for k in places:
            verdict = Verdict.WRONG if k == places[0] else Verdict.REPEATED
            found[k] = replace(checked[k], verdict=verdict, slip=first)
    return found


def _formula_slips(checked: Sequence[Marked]) -> list[Slip]:
    """The causes of wrong formulas; those that nothing explains are one for each row."""
    found: list[Slip] = []
    for m in checked:
        if m.verdict is Verdict.WRONG:
            slip = m.slip or Slip(
                m.answer.symbol, None, sayings("arithmetic", "unexplained"), None, False,
                kind=Kind.UNEXPLAINED,
            )  # fmt: skip
            if slip not in found:
                found.append(slip)
    return found


def _causes(
    marked: list[Marked], slips: Sequence[Slip], numbers: Sequence[Marked]
) -> tuple[Slip, ...]:
    """The causes with the places of their answers among all that are marked.

    ``marked`` is changed in place: its answers hold these causes.
    """
    where = {id(m): k for k, m in enumerate(marked)}
    own = {id(slip) for m in numbers for slip in [m.slip] if slip is not None}
    found = []
    for slip in slips:
        if id(slip) in own:
            places = [where[id(numbers[k])] for k in slip.answers]
        else:
            same = [
                k
                for k, m in enumerate(marked)
                if m.verdict in (Verdict.WRONG, Verdict.REPEATED)
                and m.answer.formulas is not None
                and (m.slip == slip or (m.slip is None and m.answer.symbol == slip.symbol))
            ]
            places = same
        new = replace(slip, answers=tuple(sorted(places)))
        for k in places:
            if marked[k].slip is not None:
                marked[k] = replace(marked[k], slip=new)
                where[id(marked[k])] = k
        found.append(new)
    return tuple(found)


class _Placing:
    """Which pass and window each answer belongs to."""

    def __init__(self, trace: Trace, answers: Sequence[Answer]) -> None:
        self.trace, self.model = trace, trace.model
        self.forwards = {row.symbol for row in (*self.model.inputs, *self.model.forward)}
        self.parameters = {row.symbol for row in self.model.parameters}
        self.initial = {f"{state}0" for state in self.model.state}
        self.by_pass = {(one.epoch, one.sequence): p for p, one in enumerate(trace.passes)}
        totals = [self.sort(a) for a in answers if self.is_unplaced(a)]
        self.times = Counter(totals)
        self.seen: Counter[object] = Counter()
        self.is_whole: dict[int, bool] = {}  # by pass, as decided
        self.turn = self.turns(answers)

    def turns(self, answers: Iterable[Answer]) -> Mapping[int, tuple[int, int]]:
        """The pass and the window of numbers that are given once for each, one after the other.

        Where few are, or most of them agree, somebody has written the same twice.
        """
        passes = self.trace.passes
        if not 1 < len(passes) <= MOST_TURNS:
            return {}
        given: dict[tuple[str, int | None, str], list[Answer]] = {}
        for a in answers:
            if a.number is not None and (a.epoch, a.sequence, a.window) == (None, None, None):
                given.setdefault((a.symbol, a.t, a.array), []).append(a)
        found: dict[int, tuple[int, int]] = {}
        other = -len(given) // 4
        for (symbol, t, _), some in given.items():
            windows = [len(one.windows) for one in passes]
            is_total = t is None and self.of_window(symbol)
            places = [(p, 0) for p in range(len(passes))]
            if is_total and max(windows) > 1:
                places = [(p, w) for p, count in enumerate(windows) for w in range(1, count + 1)]
            if len(some) != len(places):
                continue
            found |= {id(a): place for a, place in zip(some, places, strict=True)}
            values = [a.number.value for a in some if a.number is not None]
            unit = max(a.number.unit for a in some if a.number is not None)
            other += 1 if max(values) - min(values) > unit else -1
        return found if other > 1 else {}

    def sort(self, answer: Answer) -> object:
        """What is alike, so that as many as there are windows are one for each.

        PyTorch's two biases have one gradient: that of the other is no second window's.
        """
        is_formula = answer.number is None
        return (answer.symbol, answer.epoch, answer.sequence, is_formula, answer.array)

    def is_unplaced(self, answer: Answer) -> bool:
        is_total = answer.t is None and answer.window is None and answer.formulas is None
        return is_total and self.of_window(answer.symbol)

    def of_window(self, symbol: str) -> bool:
        return symbol not in self.forwards and symbol not in self.initial and symbol != TOTAL_LOSS

    def of(self, answer: Answer) -> tuple[int, int]:
        """The pass (from 0) and the window (from 1; 0: the forward pass) of an answer."""
        p, in_turn = self.turn.get(id(answer), (self.pass_of(answer), 0))
        one = self.trace.passes[p]
        window, count = answer.window or in_turn or None, len(one.windows)
        if window is not None and not 1 <= window <= max(count, 1):
            raise ExpressionError(f"a window from 1 to {count}", f"window {window}")
        name = next(iter(answer.formulas)) if answer.formulas else answer.symbol
        if not one.windows or not self.of_window(name):
            return p, 0
        if window is not None:
            return p, window
        if answer.t is not None:
            for number, swept in enumerate(one.windows, 1):
                if swept.first - 1 <= answer.t <= swept.last and (answer.t or number == 1):
                    return p, number
        if self.is_unplaced(answer) and self.times[self.sort(answer)] == count > 1:
            self.seen[self.sort(answer)] += 1
            return p, self.seen[self.sort(answer)]
        return p, 1

    def placed(
        self, answers: Iterable[Answer]
    ) -> tuple[list[tuple[Answer, int, int]], list[tuple[Answer, ExpressionError]]]:
        """The answers with their passes and windows, and those whose place is not there."""
        found: list[tuple[Answer, int, int]] = []
        lost: list[tuple[Answer, ExpressionError]] = []
        for answer in answers:
            try:
                found.append((answer, *self.of(answer)))
            except ExpressionError as error:
                lost.append((answer, error))
        return found, lost

    def pass_of(self, answer: Answer) -> int:
        epoch, sequence = answer.epoch or 1, answer.sequence or 1
        found = self.by_pass.get((epoch, sequence))
        if found is None:
            epochs = max(one.epoch for one in self.trace.passes)
            sequences = max(one.sequence for one in self.trace.passes)
            if not 1 <= epoch <= epochs:
                raise ExpressionError(f"an epoch from 1 to {epochs}", f"epoch {epoch}")
            raise ExpressionError(f"a sequence from 1 to {sequences}", f"sequence {sequence}")
        return found

    def spot(self, graph: Graph, answer: Answer, p: int, w: int) -> Spot:
        """The node that a number is for."""
        one = self.trace.passes[p]
        key = asked = self.key(one, answer, p, w)
        if self.is_updated(answer.symbol) and key[3] is None:
            key = self.updated(one, key)
        if key[2] == TOTAL_LOSS and answer.window is not None:
            key = self.loss_of(graph, answer, key)
        node = graph.index.get(key)
        if node is None and key[2] in self.parameters and key[3] is None:
            node = graph.weight(key)
        if node is None:
            raise ExpressionError(*self.missing(one, key))
        if self.is_unplaced(answer) and (whole := self.gathered(key)) in graph.index:
            key, node = whole, graph.index[whole]
        true = graph.true[node]
        if graph.trace.decimals is not None:
            true = _traced(one, key, true)
        if key[2] in (TARGET, LOSS) and key[3] and not one.counted(key[3]):
            true = math.nan  # a step without a target
        return Spot(answer, key, node, true, asked)

    def gathered(self, key: Key) -> Key:
        """A gradient that names no window; where so decided, the sum that the one update uses."""
        p, _, symbol, _ = key
        count = len(self.trace.passes[p].windows)
        return (p, count, f"{GATHERED}{symbol}", None) if self.is_whole.get(p) else key

    def decide(self, graph: Graph, numbers: Iterable[tuple[Answer, int, int]]) -> None:
        """Whether the gradients of a pass that name no window are those of all of them.

        So it is where all windows go into one update, and most numbers are far nearer to the
        sums that it uses than to the first window's.
        """
        near: dict[int, list[bool]] = {}
        for answer, p, w in numbers:
            count = len(self.trace.passes[p].windows)
            keys = (p, count, f"{GATHERED}{answer.symbol}", None), (p, w, answer.symbol, None)
            is_one = self.is_unplaced(answer) and self.times[self.sort(answer)] == 1
            if is_one and answer.number is not None and all(key in graph.index for key in keys):
                value = answer.number.value
                whole, first = (abs(graph.true[graph.index[key]] - value) for key in keys)
                near.setdefault(p, []).append(NEARER * whole < first)
        self.is_whole = {p: 2 * sum(found) > len(found) for p, found in near.items()}

    def loss_of(self, graph: Graph, answer: Answer, whole: Key) -> Key:
        """L under the heading of a window: that window's, or that of the whole pass."""
        of_window = (whole[0], answer.window or 0, TOTAL_LOSS, None)
        both = [key for key in (whole, of_window) if key in graph.index]
        if answer.number is None or len(both) < 2:
            return whole
        value = answer.number.value
        return min(both, key=lambda key: abs(graph.true[graph.index[key]] - value))

    def key(self, one: PassTrace, answer: Answer, p: int, w: int) -> Key:
        symbol, t = answer.symbol, answer.t
        if t is None and symbol in self.initial:
            return p, 0, symbol[:-1], 0
        if t is None and symbol.endswith("0") and symbol[:-1] in self.model.derivatives:
            first = one.windows[w - 1].first if one.windows and w else 1
            return p, w, symbol[:-1], first - 1
        return p, w, symbol, t

    def is_updated(self, symbol: str) -> bool:
        """Whether an update makes it: a parameter, or what the optimizer keeps for one."""
        if symbol in self.parameters:
            return True
        own = shown_rows(self.trace.specification.update.optimizer)
        return any(symbol.removeprefix(f"{name}_") in self.parameters for name in own)

    def updated(self, one: PassTrace, key: Key) -> Key:
        """A parameter is asked for as it is after the next update."""
        p, w, symbol, _ = key
        for number in range(max(w, 1), len(one.windows) + 1):
            if one.windows[number - 1].used:
                return p, number, symbol, None
        return key

    def missing(self, one: PassTrace, key: Key) -> tuple[str, str]:
        """What is told of a step that has no value."""
        _, w, symbol, t = key
        shown = symbol if t is None else f"{symbol}[{t}]"
        if w and t is not None and symbol not in self.forwards:
            window = one.windows[w - 1]
            expected = sentence("check", "swept", window=w, first=window.first, last=window.last)
            return expected, shown
        return sentence("check", "has_value", steps=one.steps), shown


def _not_there(answer: Answer, error: ExpressionError) -> Unreadable:
    """An answer for a step or a window that the run does not have."""
    label = _label(answer)
    shown = f"{label} = {answer.given}" if answer.given else label
    return Unreadable(answer.line, shown, str(error), label, error.expected)


def _astray(answer: Answer, expected: str) -> Unreadable:
    """A number that is the right one of another place."""
    return _not_there(answer, ExpressionError(expected, f"{_label(answer)} = {answer.given}"))


def _misread(part: Answer) -> Unreadable:
    """A formula of a line of working that is not what the right number came from."""
    return Unreadable(part.line, part.given, sentence("check", "misread"))


def _right(one: PassTrace, key: Key) -> float:
    """The right value of a place, nan where there is none."""
    _, w, symbol, t = key
    first, last = (one.windows[w - 1].first - 1, one.windows[w - 1].last) if w else (0, one.steps)
    is_there = t is None or (first <= t <= last and (w or symbol in one.forward))
    return _traced(one, key, math.nan) if is_there else math.nan


def _traced(one: PassTrace, key: Key, otherwise: float) -> float:
    """A value of a run that rounds on the way."""
    _, w, symbol, t = key
    if not w:
        if t is None:
            return one.loss if symbol == TOTAL_LOSS and one.loss is not None else otherwise
        return one.forward[symbol][t] if symbol in one.forward else otherwise
    window = one.windows[w - 1]
    if t is None:
        found = {**window.memory_after, **window.after, **window.gradients}
        return found.get(symbol, otherwise)
    if t < window.first:
        return window.entering.get(symbol, otherwise)
    if symbol in window.backward:
        return window.backward[symbol][t - window.first]
    return otherwise


def _names(trace: Trace) -> Mapping[str, str] | None:
    """An author's symbols with our keys; marked where they mean something else to the author."""
    author = trace.model.author
    return None if author is None else symbols_of(author, trace.symbols)
