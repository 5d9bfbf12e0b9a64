"""From what a person wrote to answers: which quantity, which step, a number or a formula.

Documents of all kinds come as entries (:mod:`cellcalc.check.reading`); what cannot be read is
kept with the reason, and the rest is marked all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from cellcalc.check import spelling
from cellcalc.check.reading.clauses import LAST
from cellcalc.check.reading.conventions import Conventions, conventions_of, defines
from cellcalc.check.reading.each_gate import for_each
from cellcalc.check.reading.from_zero import Placed, counts_from_0, placed, says_so
from cellcalc.check.reading.mathematics import SeveralReadingsError, Style, parse_formula
from cellcalc.check.reading.mathematics import Written as Name
from cellcalc.check.reading.names import (
    FROM_LATER,
    Names,
    has_free_time,
    mentioned,
    moments_of,
)
from cellcalc.check.reading.own_letters import KINDS, errors_of_gers, tells_what_it_is
from cellcalc.check.reading.prose import (
    GRADIENT,
    in_words,
    is_of_step_loss,
    is_prose,
    is_setting,
    is_working,
    stage_of,
)
from cellcalc.check.reading.rules import PARAMETER, Rules, Target
from cellcalc.check.reading.vocabulary import any_of, called, words
from cellcalc.check.spelling import Written
from cellcalc.check.world import LAST_STEP, STEPS
from cellcalc.errors import ExpressionError, printable
from cellcalc.language.keys import memory_key, path_key
from cellcalc.language.letters import MARK
from cellcalc.language.tree import (
    ONE,
    TWO,
    Add,
    Div,
    Edge,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    add,
    multiply,
    rename,
    shifted,
    symbols,
    walk,
)
from cellcalc.model.model import LOSS, PREDICTION, TARGET, TOTAL_LOSS, Model
from cellcalc.problems.templates import Template, shown_rows
from cellcalc.resources import sentence

__all__ = [
    "MAX_ANSWERS",
    "Answer",
    "Entry",
    "Names",
    "Sheet",
    "Unreadable",
    "entries_of_text",
    "has_free_time",
    "mentioned",
    "parse_answer",
    "read",
]  # fmt: skip

MAX_ANSWERS = 200_000
FEWEST_STEPS = 2
MAX_SHOWN = 1_000  # numbers of an array that may show what its name means
MAX_RULE = 40  # characters of what an optimizer's rule is for
PROSE, OWN, ASIDE = "prose", "own", "aside"
HANDED_ON = "dc_via_c[t-1]"  # a program's dc_prev: what a step hands to the one before


@dataclass(frozen=True)
class Entry:
    """One answer as it stands in a file: where, what for, and what was written.

    ``line`` is the number of a line, a workbook's cell (``Practice!F49``) or the place in an
    array. ``right`` is what stands behind the last equals sign, ``between`` what stands between
    the first and the last, as in ``formula = numbers put in = result``. ``t``, ``window``,
    ``epoch`` and ``sequence`` are given where a heading or a column says them.

    ``values`` are the numbers of a list or array, whose ``shape`` it is. ``form`` says what the
    entry is from: "" (a line), "prose" (a line without an answer), "code", "array", "cell", or
    "own" (what cellcalc prints for programs, in its keys whatever the notation), or "aside" (a
    number in a column of a table that is no answer, whose heading is ``left``).
    ``gradient`` tells of a name in a framework's layout whether its numbers are gradients (None
    where nothing says so). ``first_step`` is what the writer calls the first step,
    ``written`` the person's own text where ``left`` and ``right`` are no part of it. ``stage`` is
    what words say of which value of a parameter it is: "new", "given", or "" for neither.
    ``array`` is the framework's array of which it is one number. ``block`` is the program that it
    is a line of, the ``block_line``-th; ``block_first`` is what it calls the first element of an
    array, ``block_columns`` whether its arrays have rows and columns, and ``block_own`` the program
    as it was where ``block`` is respelled from another language. ``context`` is the whole line of
    text that it is the first entry of.
    """

    line: int | str
    left: str
    right: str
    t: int | None = None
    window: int | None = None
    epoch: int | None = None
    sequence: int | None = None
    between: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    form: str = ""
    gradient: bool | None = None
    first_step: int = 1
    written: str = ""
    stage: str = ""
    array: str = ""
    block: str = ""
    block_line: int = 0
    block_first: int = 0
    block_columns: bool = False
    block_own: str = ""
    context: str = ""
    is_row: bool = False


@dataclass(frozen=True)
class Answer:
    """One answer, read: a number with its digits, or a formula.

    ``t`` is the step, or None for a total or for a formula that holds at every step (then
    ``per_step``). ``formulas`` has one for each quantity: several where a formula for a vector
    (``dW_f``) stands for one a feature. ``working`` are the parts of a line of working between
    the quantity and this last part, each an answer for the same quantity. An ``open`` answer was
    asked for and left empty: it has neither number nor formulas. ``rule`` is what a rule of the
    optimizer is for, where it is written for every parameter w: ``w``, or the template's ``v``.
    ``stage`` and ``array`` are those of the entry. ``slope`` is what a formula may be, where it is
    not for a quantity of the cell, but for the derivative of one by another. A ``tentative``
    answer may mean something else too: it is right, or nothing is said of it. ``right`` tells of
    a line of a program whether following it has shown that it makes this quantity.
    """

    line: int | str
    symbol: str
    t: int | None
    given: str
    window: int | None = None
    number: Written | None = None
    formulas: Mapping[str, Expression] | None = None
    per_step: bool = True
    epoch: int | None = None
    sequence: int | None = None
    working: tuple[Answer, ...] = ()
    open: bool = False
    rule: str = ""
    stage: str = ""
    slope: tuple[Expression, ...] = ()
    tentative: bool = False
    array: str = ""
    right: bool | None = None

    @property
    def kind(self) -> str:
        return "number" if self.number is not None else "formula"


@dataclass(frozen=True)
class Unreadable:
    """An answer that could not be read, and why.

    ``label`` is its name and ``expected`` what stands for several alike: those that are read, but
    ask for a step or a window that is not there.
    """

    line: int | str
    given: str
    why: str
    label: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Sheet:
    """All that was handed in; ``passed_over`` counts the lines of text that are no answers.

    ``asides`` are the headings of a table's columns that hold no answers, with how many numbers.
    ``from_0`` tells that the document itself shows that its first step is called 0.
    """

    answers: tuple[Answer, ...]
    unreadable: tuple[Unreadable, ...]
    passed_over: int = 0
    asides: Mapping[str, int] = field(default_factory=dict)
    from_0: bool = False


def entries_of_text(text: str) -> list[Entry]:
    """The answers of a plain text, with its headings (``t = 2`` sets the step)."""
    from cellcalc.check.reading.lines import entries_of_lines  # it makes entries

    return entries_of_lines(text)


def parse_answer(text: str, names: Mapping[str, str] | None = None) -> Expression:  # noqa: ARG001
    """A formula in our own symbols, sums over the window included.

    Raises :class:`~cellcalc.errors.ExpressionError`.
    """
    return parse_formula(text)


def read(
    entries: Iterable[Entry],
    model: Model,
    steps: int,
    author: Mapping[str, str] | None,
    settings: Mapping[str, float] | None = None,
    optimizer: Template | None = None,
    windows: int = 1,
    passes: int = 1,
    spans: Sequence[range] = (),
) -> Sheet:
    """Read all answers; those that cannot be read are listed with the reason.

    ``author`` are the symbols of an author's notation with our keys, ``settings`` are the
    numbers of the problem's update, which a formula may name; ``optimizer`` the one whose rules may
    be written, ``windows`` how many of them a pass has, ``passes`` how many of these there are,
    ``spans`` the steps that each window sweeps.
    """
    entries = list(_elements_from_1(entries, model.features))
    asides = Counter(entry.left for entry in entries if entry.form == ASIDE)
    entries = [entry for entry in entries if entry.form != ASIDE]
    conventions = conventions_of(_texts(entries), model)
    if conventions.net_rows:
        entries = [replace(e, left=_NET_ROW.sub(r"∂L/∂z_\1", e.left)) if e.form == "cell" else e
                   for e in entries]  # fmt: skip
    aliases = {"y": TARGET} if _calls_target_y(entries, model) else {}
    if _calls_target_hat(entries, model) or conventions.target == "y\u0302":
        aliases = dict.fromkeys(("ŷ", "y_hat", "yhat"), TARGET)
    aliases |= {"d": TARGET} if _calls_target_d(entries, model, author) else {}
    aliases |= _said_names(conventions, model) if author is None else {}
    aliases |= dict.fromkeys(_called_difference(entries, model), "dy")
    plain = Names(model, steps, aliases=aliases, conventions=conventions)
    letters = _letters(conventions.letters, plain, model)
    if author is not None:  # to whom a letter may be another quantity, but no other kind of weight
        letters = {letter: key for letter, key in letters.items() if key in KINDS}
    aliases |= letters
    plain = Names(model, steps, author, aliases=aliases, conventions=conventions)
    aliases |= _own_names(entries, plain)
    known = replace_aliases(plain, aliases)
    from_0 = all(entry.first_step == 1 for entry in entries) and (
        counts_from_0(_placed_numbers(entries), known)
        or says_so(_texts(entries), _placed_numbers(entries), known)
    )
    if from_0:
        entries = [replace(entry, first_step=0) for entry in entries]
    from cellcalc.check.reading.in_order import in_order  # it makes entries

    entries = list(in_order(list(_of_rows(entries, steps)), known))

    def is_said(pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(entry.left) for entry in entries if entry.form != PROSE)

    apart, bare, told = is_said(_OF_NET_INPUT), is_said(_BARE_GATE), is_said(_a_loss())
    gates_told = frozenset(word for word, gate in _GATE_TOLD.items() if is_said(gate))
    t_raised = is_said(_T_RAISED)
    raised = t_raised or is_said(_RAISED)
    argued = any(map(_STEP_ARGUED.search, _texts(entries)))
    moments = frozenset(_moments(optimizer, model) if optimizer else ())
    readers: dict[tuple[int, bool, bool], _Reader] = {}
    answers: list[Answer] = []
    unreadable: list[Unreadable] = []
    passed: set[int | str] = set()
    for entry in entries:
        if entry.form == PROSE:
            passed.add(entry.line)
            continue
        whose = None if entry.form == OWN else author
        kind = (entry.first_step, whose is None, entry.form == OWN)
        reader = readers.get(kind)
        if reader is None:
            names = Names(
                model, steps, whose, entry.first_step, settings or {}, moments, aliases,
                apart=apart, gates_bare=bare, gates_told=gates_told, losses_told=told,
                passes=passes,
                conventions=Conventions() if entry.form == OWN else conventions,
            )  # fmt: skip
            rules = Rules(optimizer) if optimizer else None
            of_steps = _has_losses_of_steps(entries, names)
            slopes = is_said(_A_SLOPE)
            reader = _Reader(
                names, steps, rules, windows, raised, of_steps, slopes, spans, argued, t_raised
            )
            readers[kind] = reader
        try:
            found = list(reader.answers(entry))
        except ExpressionError as error:
            if (each := reader.for_each_gate(entry)) is not None:
                answers += each
                passed |= set() if each else {entry.line}
                continue
            several = isinstance(error, SeveralReadingsError) and _NUMERIC.match(entry.right)
            if reader.is_text(entry) and not (several and _is_asked_for(error)):
                passed.add(entry.line)
                continue
            unreadable.append(_unread(entry, error))
            continue
        answers += found
        if not found and not reader.defined:
            passed.add(entry.line)
    return Sheet(tuple(answers), tuple(unreadable), len(passed), asides, from_0)


def _of_rows(entries: Sequence[Entry], steps: int) -> Iterator[Entry]:
    """The entries, where the step of a row numbered from 0 is known only if there is one for each.

    Tables that follow one another, each from 0, are windows if together they have all steps.
    """
    found: dict[str, list[list[int]]] = {}  # the rows of each table
    placed_at: list[int | None] = []
    for entry in entries:
        match = _ROW.search(entry.left) if entry.is_row else None
        if match is None:
            placed_at.append(None)
            continue
        row, tables = int(match[1]), found.setdefault(_ROW.sub("", entry.left), [[]])
        if row in tables[-1]:
            tables.append([])
        placed_at.append(sum(map(len, tables[:-1])) + row)
        tables[-1].append(row)
    whole = {
        name
        for name, tables in found.items()
        if sum(map(len, tables)) == steps and all(set(t) == set(range(len(t))) for t in tables)
    }
    if any(len(tables) == 1 for name, tables in found.items() if name in whole):
        whole |= {name for name, tables in found.items() if len(tables) == 1}  # some rows of them
    for entry, at in zip(entries, placed_at, strict=True):
        name = _ROW.sub("", entry.left)
        if at is None:
            yield entry
        elif name in whole:
            yield replace(entry, left=f"{name}[{at}]", first_step=0)
        else:
            why = f"\0{sentence('check', 'row_step')}\0{sentence('check', 'row', number=at)}"
            yield replace(entry, left=name, right=why, written=f"{name} = {entry.right}")


_NET_ROW = re.compile(r"^net[ _]([A-Za-z]\u0303?(?:\[[0-9]{1,6}\])?)$")
_ROW = re.compile(r"\[([0-9]{1,6})\]$")


def _placed_numbers(entries: Iterable[Entry]) -> Iterator[Placed]:
    """The numbers at certain steps, where one of them is at step 0."""
    found = [
        (one, entry.right)
        for entry in entries
        if entry.form not in (PROSE, OWN, "code", "last") and _NUMERIC.match(entry.right)
        if (one := placed(entry.left[:100], entry.t)) is not None
    ]
    if any(one.t == 0 for one, _ in found):
        yield from (one for one, _ in found)


def _texts(entries: Iterable[Entry]) -> Iterator[str]:
    """The lines of a document, as far as they are no program.

    A sentence that was broken over two of them is whole besides.
    """
    before = ""
    for entry in entries:
        if entry.context:
            yield entry.context
            if _GOES_ON.search(before[-200:]) and _WORD_FIRST.match(entry.context):
                yield f"{before} {entry.context}"
            before = entry.context
        if entry.form not in (PROSE, OWN, "code", "last"):
            yield " = ".join((_with_step(entry), *entry.between, entry.right))
        if entry.left.startswith(("delta", "δ")) and len(entry.values) <= MAX_SHOWN:
            yield from (f"{entry.left}[{t}] = {v}" for t, v in enumerate(entry.values, 1))


def _with_step(entry: Entry) -> str:
    """The derivative by a gate with the step of the heading that it stands under."""
    is_name = re.fullmatch(r"(?:δ|delta|d|[∂d][LEJ]/[∂d])[ _]?\{?[figoru]\}?", entry.left)
    return f"{entry.left}[{entry.t}]" if is_name and entry.t is not None else entry.left


_GOES_ON = re.compile(r"^[^|=]{0,40}[^|]*[^\W\d_]{1,20},?$")
_WORD_FIRST = re.compile(r"(?=[^|]*$)(?![A-Z])[^\W\d_]{3,20}\s")  # of a sentence that goes on


def _is_asked_for(error: ExpressionError) -> bool:
    """Whether a word of several meanings may mean something that is asked for: no input."""
    return not (isinstance(error, SeveralReadingsError) and "x" in error.meant)


def _unread(entry: Entry, error: ExpressionError) -> Unreadable:
    """An answer that cannot be read; where it is its name only, like others of unknown names."""
    why = printable(str(error))
    is_name = error.found == f'"{entry.left}"'
    label, expected = (entry.left, error.expected) if is_name else ("", "")
    return Unreadable(entry.line, _shown(entry), why, printable(label), expected)


def _said_names(conventions: Conventions, model: Model) -> dict[str, str]:
    """What a writer calls a quantity without defining it."""
    found = {}
    if conventions.output_y and not model.readout.parameters:
        found["y"] = model.cell.output
    if conventions.target in ("y", "d") and has_target(model):
        found[conventions.target] = TARGET
    if conventions.bare_net:
        found["a"] = "z_g"
    return found


def letters_said(
    entries: Iterable[Entry], model: Model, symbols: Mapping[str, str]
) -> dict[str, str]:
    """The letters that a document defines for quantities, each with our key.

    ``symbols`` are those of the author whose notation it is.
    """
    texts = list(_texts(entries))
    conventions = conventions_of(texts, model)
    plain = Names(model, 1, conventions=conventions)
    found = _letters(conventions.letters, plain, model)
    found = {letter: key for letter, key in found.items() if key not in KINDS and len(letter) == 1}
    for letter, key in (("g", "g"), ("h", "tanh_c")):  # g(net_c) = tanh(net_c), and g in a table
        is_function = conventions.functions.get(letter) == "tanh"
        if is_function and symbols.get(letter, "").endswith(MARK):
            found.setdefault(letter, key)
    if conventions.target in ("y", "d") and has_target(model):
        found.setdefault(conventions.target, TARGET)
    if symbols.get("y_c") == "h":  # Hochreiter's output units are y_k
        found["y_k"] = PREDICTION
        found |= errors_of_gers(texts)
    return {name: key for name, key in found.items() if key in plain.known}


_USUAL = frozenset("fiogchxWUVb")


def _letters(said: Mapping[str, str], names: Names, model: Model) -> dict[str, str]:
    """The letters that a document defines, where they are not what they are anyhow.

    A letter in use for something of ours keeps that, unless that has another letter here, or the
    document lists a letter for each gate: f forget gate, g input gate, q output gate.
    """
    found: dict[str, str] = {}
    elsewhere = {key for name, key in said.items() if name != key}
    gates = sorted(key for key in said.values() if key in ("f", "i", "o"))
    listed = gates if gates == ["f", "i", "o"] else []

    def meant(text: str) -> Symbol | None:
        try:
            one = replace_aliases(names, {**names.aliases, **found}).parsed(
                text, Style(target=True)
            )
        except ExpressionError:
            return None
        one = one if isinstance(one, Symbol) else _error_of(one, model) or one
        return one if isinstance(one, Symbol) and one.shift in (None, 0) else None

    for name, key in sorted(said.items(), key=lambda one: one[1].startswith("∂")):
        if key.startswith("∂"):
            slope = meant(key.removeprefix("∂") if " - " in key else key)
            if slope is None or name in names.known:
                continue
            key = slope.name
        elif key not in KINDS and key not in names.known and key not in names.vectors:
            continue
        is_usual = name in _USUAL and (name != "c" or name in names.known)  # in a GRU c is no cell
        if name in names.known and name not in (PREDICTION, TOTAL_LOSS, "E"):
            is_usual = name != STEPS or key not in KINDS  # n^f beside n, the number of steps
        if name == key or (is_usual and name not in elsewhere and key not in listed):
            continue
        if name == PREDICTION and key == model.cell.output and model.readout.parameters:
            continue
        if key in KINDS or name[:1] == "_" or meant(f"{name}_t") != Symbol(key, 0):
            found[name] = key
    return found


def replace_aliases(names: Names, aliases: Mapping[str, str]) -> Names:
    """The same names with other letters of the document's own, and nothing looked up yet."""
    return replace(names, aliases=aliases, found={}, local={})


_ELEMENT = re.compile(
    r"((?:∂[LEJ]/∂|d[LEJ]/d|[dD]_?|[δ∇Δ]_?|[dD]elta_?|grad_?|new )?[WV]_?[A-Za-z]{0,4})"
    r"\[([0-9])\]('?|_new|\s*\(?(?:new|old)\)?)"
)


def _elements_from_1(entries: Iterable[Entry], features: int) -> Iterator[Entry]:
    """dW_f[0] and dW_f[1], as a program prints the elements, are those of features 1 and 2."""
    entries = list(entries)
    found = [(e, None if e.form in (PROSE, OWN) else _ELEMENT.fullmatch(e.left)) for e in entries]
    is_from_0 = features > 1 and any(match and match[2] == "0" for _, match in found)
    for entry, match in found:
        if is_from_0 and match:
            left = f"{match[1]}{int(match[2]) + 1}{match[3]}"
            entry = replace(entry, left=left)
        yield entry


_OTHER_Y = re.compile(
    r"(?<![A-Za-z])d?(?:scores?|logits)(?![A-Za-z])|ŷ|y\u0302|\by_?hat|y_?pred|\\hat\s*\{?\s*y"
)
_AT_A_STEP = r"(?:[_^]?[\[{(⟨<]{1,2}[\w+-]{1,8}[\]})⟩>]{1,2}|[\w₀-₉ₜ₊₋]{0,8})"
_ERROR_OF_H = re.compile(
    rf"\b[hH](?!\w*'){_AT_A_STEP}\s*-\s*y(?![a-zA-Z])"
    rf"|\by(?![a-zA-Z]){_AT_A_STEP}\s*-\s*[hH](?![a-zA-Z])"
)


_ERROR_OF_HAT = re.compile(
    rf"\b[hH](?!\w*'){_AT_A_STEP}\s*-\s*(?:ŷ|y\u0302|y_?hat)|(?:ŷ|y\u0302|\by_?hat){_AT_A_STEP}\s*-\s*[hH](?![a-zA-Z])"
)


def _calls_target_hat(entries: Iterable[Entry], model: Model) -> bool:
    """Whether somebody calls the target ŷ, where the prediction is h itself: h_t - ŷ_t."""
    if model.author is not None or not has_target(model) or model.readout.parameters:
        return False
    return any(
        _ERROR_OF_HAT.search(part[:2_000])
        for entry in entries
        if entry.form not in (PROSE, OWN, "code", "last")
        for part in (entry.left, *entry.between, entry.right)
    )


def has_target(model: Model) -> bool:
    return TARGET in {row.symbol for row in model.inputs}


def _calls_target_y(entries: Iterable[Entry], model: Model) -> bool:
    """Whether somebody calls the target y, as in (h_t - y_t), or beside a prediction ŷ.

    With y for the prediction h - y would be 0, or tell nothing, where the readout gives h itself.
    """
    if model.author is not None or not has_target(model):
        return False
    is_identity = not model.readout.parameters
    if is_identity and _y_is_not_h(entries):
        return True
    for entry in entries:
        if entry.form in (PROSE, OWN, "code", "last"):
            continue
        parts = (entry.left, *entry.between, entry.right)
        if any(_OTHER_Y.search(part[:2_000]) for part in parts):
            return True
        if is_identity and any(_ERROR_OF_H.search(part[:2_000]) for part in parts):
            return True
    return False


_IN_BRACKETS = re.compile(r"y\[[0-9]{1,6}\]")


def _y_is_not_h(entries: Iterable[Entry]) -> bool:
    """Whether a document has y beside h at several steps, and never as the same number.

    Where the readout gives h itself, such a y is no prediction; but y[2], as an answers file has
    it, is what it is there.
    """
    found: dict[str, dict[int, str]] = {"y": {}, "h": {}}
    for entry in entries:
        if entry.form in (PROSE, OWN, "code", "last") or not _NUMERIC.match(entry.right):
            continue
        one = placed(entry.left[:20], entry.t)
        if not entry.form and _IN_BRACKETS.fullmatch(entry.left):
            continue
        if one is not None and one.name in found:
            found[one.name][one.t] = entry.right
    both = found["y"].keys() & found["h"].keys()
    return len(both) > 1 and not any(_is_near(found["y"][t], found["h"][t]) for t in both)


def _is_near(one: str, other: str) -> bool:
    """Whether two numbers may be the same, rounded differently."""
    try:
        a, b = (float(spelling.noted(text)[0].value) for text in (one, other))  # type: ignore[index]
    except (TypeError, ValueError, ExpressionError):
        return True
    return abs(a - b) < 0.02 * max(abs(a), abs(b), 0.01)


_PLACED = r"(?:_\{?[\w+-]{1,6}\}?|\[[\w+-]{1,6}\]|\^?\(?[<⟨{(][\w+-]{1,6}[>⟩})]|[₀-₉ₜ]+|[0-9])"
_ERROR_TO_D = re.compile(
    rf"(?<![\w∂δ])[hy]{_PLACED}\s*-\s*d{_PLACED}(?!\w)|(?<![\w∂δ])d{_PLACED}\s*-\s*[hy]{_PLACED}(?!\w)"
)


def _calls_target_d(
    entries: Iterable[Entry], model: Model, author: Mapping[str, str] | None
) -> bool:
    """Whether somebody calls the target d, the desired value, as in (h_t - d_t)."""
    if "d" in (author or ()) or not has_target(model):
        return False
    return _d_is_subtracted(entries) or any(
        _ERROR_TO_D.search(part[:2_000])
        for entry in entries
        if entry.form not in (PROSE, OWN, "code", "last")
        for part in (entry.left, *entry.between, entry.right)
    )


def _d_is_subtracted(entries: Iterable[Entry]) -> bool:
    """Whether the numbers under d are those that are taken from others to get third ones.

    So it is with the desired output: step by step h - d is the error, which stands there as well.
    """
    columns: dict[str, dict[int, str]] = {}
    for entry in entries:
        if entry.form == "cell" and _NUMERIC.match(entry.right):
            one = placed(entry.left[:40], entry.t)
            if one is not None:
                columns.setdefault(one.name, {})[one.t] = entry.right
    desired = columns.get("d", {})
    if len(desired) < FEWEST_STEPS:
        return False
    whole = [found for found in columns.values() if desired.keys() <= found.keys()]
    return any(
        all(_is_difference(a[t], desired[t], b[t]) for t in desired)
        for a in whole
        for b in whole
        if a is not b and a is not desired and b is not desired
    )


def _is_difference(a: str, b: str, difference: str) -> bool:
    try:
        x, y, z = (spelling.noted(text)[0] for text in (a, b, difference))  # type: ignore[index]
    except (TypeError, ExpressionError):
        return False
    unit = max(float(x.unit), float(y.unit), float(z.unit))
    return abs(float(x.value) - float(y.value) - float(z.value)) <= 1.5 * unit


def _difference(model: Model) -> Expression | None:
    """What the loss's derivative by the prediction is, where it is y - target."""
    row = model.quantities.get("dy")
    local = row.terms[0].local if row is not None and len(row.terms) == 1 else None
    difference = Add((Symbol(PREDICTION, 0), Neg(Symbol(TARGET, 0))))
    return local if local == difference else None


def _called_difference(entries: Iterable[Entry], model: Model) -> tuple[str, ...]:
    """The words for an error, where one of its numbers is below 0: then it is no loss."""
    errors = words("loss")["errors"]
    if _difference(model) is None or model.author is not None:
        return ()
    for entry in entries:
        bare = re.split(r"[\[_({\s0-9]", entry.left.strip().lower(), maxsplit=1)[0]
        is_error = entry.form not in (PROSE, OWN) and bare in (*errors, "e")
        if is_error and any(map(_BELOW_0.match, (entry.right, *entry.values))):
            return (*errors, *map(str.capitalize, errors), "e")
    return ()


_BELOW_0 = re.compile(r"\s*[-\u2212]\s?[0-9]*[.,]?[0-9]*[1-9]")
_NUMERIC = re.compile(r"\s*[-+\u2212]?[0-9.,]*[0-9]")
_OWN_NAME = re.compile(
    r"(?:.*[\s:])?([^\W\d_]{1,8})(?:_\{?t\}?|\[t\]|\(t\)|\^\{?[<(⟨]?t[>)⟩]?\}?|ₜ)\s*:?\s*"
)


def _own_names(entries: Iterable[Entry], names: Names) -> dict[str, str]:
    """What a writer calls a quantity: after δ_t = ∂L/∂h_t, δ_3 is ∂L/∂h_3.

    A name that means something here already keeps its meaning, and so does one with two.
    """
    found: dict[str, str] = {}
    doubtful: set[str] = set()
    for entry in entries:
        if entry.form in (PROSE, OWN, "code", "last") or entry.between or entry.values:
            continue
        match = _OWN_NAME.fullmatch(entry.left[:200])
        if match is None or len(entry.right) > 60:
            continue
        try:
            meant = names.parsed(_without_comment(entry.right), Style(target=True))
        except ExpressionError:
            continue
        if not isinstance(meant, Symbol):
            meant = _error_of(meant, names.model) or meant  # e_t = ŷ_t - d_t
        if not (isinstance(meant, Symbol) and meant.name in names.varying and meant.shift == 0):
            continue
        stem = match[1]
        try:
            names.parsed(f"{stem}_t", Style(target=True))
        except ExpressionError as error:
            if isinstance(error, SeveralReadingsError):
                continue
        else:
            continue  # a name of ours
        if found.setdefault(stem, meant.name) != meant.name:
            doubtful.add(stem)
    return {stem: key for stem, key in found.items() if stem not in doubtful}


def _has_losses_of_steps(entries: Iterable[Entry], names: Names) -> bool:
    """Whether a loss stands under several steps with several values: then it is each step's."""
    values: dict[int, str] = {}
    for entry in entries:
        if entry.t is None or entry.form in (PROSE, OWN) or _WHOLE.search(entry.left):
            continue
        if len(entry.left) > 60 or not _NUMERIC.match(entry.right):
            continue
        try:
            left, t = in_words(entry.left, names)
            meant = names.parsed(left, Style(target=True))
        except ExpressionError:
            continue
        if t is None and meant == Symbol(TOTAL_LOSS):
            values[entry.t] = entry.right.strip()
    return len(set(values.values())) > 1


def _moments(optimizer: Template, model: Model) -> Iterator[str]:
    """What the optimizer computes for each parameter: m_W_f, v_W_f, …"""
    for own in shown_rows(optimizer):
        yield from (memory_key(own, row.symbol) for row in model.parameters)


def _shown(entry: Entry) -> str:
    if entry.written:
        return printable(entry.written)
    parts = [entry.left, *entry.between, entry.right]
    text = " = ".join(part.strip() for part in parts if part.strip())
    if entry.values and not entry.right:
        few = ", ".join(entry.values[:4])
        text = f"{entry.left} = [{few}{', …' if len(entry.values) > 4 else ''}]"
    return printable(text if len(text) <= 200 else text[:199] + "…")


# What follows a number in a sentence: 0.82, so …
_TAIL = re.compile(r"(?<=[0-9])\s*(?:[,;]\s*[a-z]{2,12}\s*|[,;.]\s*)?$")
# h - y + (from step 4), (h - 目标) + 后一步传回: what is added is told in words
_TOLD_IN_WORDS = re.compile(
    r"[(+-]\s*(?:[^\W\d_]{2,14}\s+){1,6}(?:[^\W\d_]{2,14}|t\s?[-+=]?\s?[0-9t]{0,4}|[0-9]{1,4})"
    r"\s*(?:\)|$)|\s(?:from|aus|von|de|du|da|desde)\s+(?:[^\W\d_]{2,14}\s+)?(?:t\s?[-+=]\s?)?[0-9]{1,4}\)"
    r"|[\u3040-\u9fff]{3,}"
)
_TO_A_STEP = re.compile(r"\s*(?:[^\W\d_]{2,15}\s+){1,4}[tk]\s*")
# Student ID: 20231234
_NUMBER_OF_PERSON = re.compile(r"\s*(?:[^\W\d_]{1,20}[\s:]+){0,6}[0-9]{4,}[\s0-9./-]*")
_A_SLOPE = re.compile(r"^\s*(?:d_?|∂\s?[LEJ]\s?/\s?∂\s?|d[LEJ]/d|δ_?|∇_?|grad_?)[WUbVRp]")
# Somebody who says "forget" for the gate says "output" for the gate.
_BARE_GATE = re.compile(r"^\s*(?:d_?|∂L/∂|δ_?)?(?:forget|cand)(?![\s_-]*gate|[a-z])", re.IGNORECASE)
_GATE_TOLD = {
    word: re.compile(rf"\b{word}[\s_-]*gate(?![a-z])", re.IGNORECASE)
    for word in ("input", "output")
}
_GATE_TOLD["cand"] = re.compile(r"(?<![^\W\d_])cand", re.IGNORECASE)
# Where the loss has its own name, the error is y - target.
_E = re.compile(r"^\s*E(?![^\W\d_])")
_WHOLE = re.compile(r"total|overall|sum|gesamt|summe|总|總|合計", re.IGNORECASE)
_EVERY = re.compile(r"\[t\]|[_,]t\b|ₜ|\bt\}|\(t\)|[⟨<]\s*t\s*[⟩>]|\^t\b|ᵗ|[{⟨(]t[)⟩}]")
# dL/dh_3 = (h_3 - y_3) + recurrent, + (contribution of step 3): a formula, and a term in words
_WITH_WORDS = re.compile(
    r"(?=[^+]{2,60}[*·(_\[0-9])(?![^+]*[^\W\d_]{5})(?!.*[0-9][.,][0-9])[^+]{2,60}\+\s?"
    r"\(?\s?[^\W\d_]{3,20}(?: [^\W_]{1,20}| t ?[-+=] ?[0-9]{1,3}){0,5}\s?\)?\s*"
)
# In the rules of an optimizer w is each parameter, and these are its memories of it.
_OF_EACH = re.compile(r"(?<![A-Za-z])[wvm](?![A-Za-z_])")
_EACH = ("w", "v", "m", "u", "k", "θ", "step", "count")
_PATH = re.compile(r"(\S{1,60})\s+via\s+(\S{1,60})")
_OF_NET_INPUT = re.compile(
    r"^\s*(?:δ|delta_?)_?\{?\s*(?:z|a|net)(?:_?\{?[figocrun](?![^\W\d_])|\^\{?\(?[figoczrun]\)?\}?)"
)
# A derivative is never raised to a power on the left: δz_f^3.
_STEP_ABOVE = re.compile(r"((?:δ|∂[LEJ]/∂|d[LEJ]/d)[^\s^=]{1,30})\^\{?([0-9]{1,4})\}?")
# What the next step hands on, as in a program, where nothing else of that step stands beside it.
_NEXT = re.compile(r"(?<![\w∂])(?:d([hc])_?\{?next\}?|dnext_([hc]))(?![\w\[({])")
# The same, by what a step calls it that makes it: dc_prev = dc*f.
_BEFORE = re.compile(r"(?:d_?([hca])_?\{?prev\}?|dprev_([hca]))")
_AT_ROW = re.compile(r"(\w{0,20}(?:prev|next)\w{0,8})\[([0-9]{1,6})\]")  # in a table: dc_prev[2]
_LATER = re.compile(r"t\s*\+\s*1|next|ₜ₊₁")
_STEP_ARGUED = re.compile(r"(?<![^\W_])[a-zα-ω](?:_\{?\w{1,3}\}?)?\(\s?t\s?(?:[-+]\s?1\s?)?\)")
_RAISED = re.compile(r"\^\s*\{?\s*[(<⟨]|⁽")
_T_RAISED = re.compile(r"(?<=[\w\u0300-\u036f}])\^\{?t(?![^\W_])")  # c^t, c^{t-1}
_COMMA = re.compile(
    r"(?<![\w.\]}),₀-₉])([0-9]{1,9}),([0-9]{1,18})(?![0-9,]*(?:[}\]]|(?![²³⁰¹⁴-⁹⁻])\w))"
)
_SQUASHED = re.compile(r"\b(?:tanh|sigmoid)\(")
_FRACTION = re.compile(r"[0-9][.,][0-9]|\btanh\b")
# A function of an argument that is no quantity of a step.
_FUNCTION = re.compile(
    r"\s*(?:where\s+|with\s+|mit\s+|wobei\s+|avec\s+)?(?:σ|[fgφ]|[A-Za-z][a-z_]{2,24})'*"
    r"\s*\(\s*([xzausv])\s*(?:,\s*[a-z]\s*){0,3}\)\s*"
)
_DIGITS = re.compile(r"[-+\s0-9.,eE]*")
_CANDIDATE_N = re.compile(r"n(?:_t|ₜ|\[t\]|\^?\(t\)|\^?[<⟨]t[>⟩])")
_LIST_FUNCTIONS = re.compile(r"clip|max|min|inside|maximum|minimum")


@cache
def _a_loss() -> re.Pattern[str]:
    several = any_of("loss", "words")
    return re.compile(rf"{_E.pattern}|^\s*(?:step\s+)?(?i:{several})(?![^\W\d_])")


class _Reader:
    """Reads the entries of one document, one after the other."""

    def __init__(
        self,
        names: Names,
        steps: int,
        rules: Rules | None,
        windows: int = 1,
        raised: bool = False,  # whether steps stand above elsewhere in the document
        step_losses: bool = False,  # whether what is called the loss is that of the step
        slopes_said: bool = False,  # whether derivatives by parameters have names of their own
        spans: Sequence[range] = (),  # the steps that each window sweeps
        argued: bool = False,  # whether steps stand in round brackets elsewhere: s(t)
        t_raised: bool = False,  # whether they stand above without brackets: c^t
    ) -> None:
        self.t_raised = t_raised
        self.argued = argued
        self.spans = spans
        self.slopes_said = slopes_said
        self.raised, self.step_losses = raised, step_losses
        self.names, self.steps, self.rules, self.windows = names, steps, rules, windows
        self.given = False  # whether the last entry was of a number that the problem gives
        self.defined = False  # whether the last entry gave a name of the writer's own a meaning

    def is_text(self, entry: Entry) -> bool:
        """Whether an entry that cannot be read is no answer, but text with an equals sign."""
        if not entry.between and tells_what_it_is(entry.right[:60]):
            return True  # W = input weight
        rule = self.rule_for(entry)
        if rule is not None and entry.left.strip() not in (*_EACH, PARAMETER) and not rule.ahead:
            return False  # nothing but a rule has such a name: v_w
        if self.is_rule(entry) or self.given:
            return True
        if entry.form in ("array", "cell", "code", "last", OWN):
            return False
        if entry.form in ("", "text") and entry.right.strip().lower() in called("quantities"):
            return True  # g = candidat
        if _TO_A_STEP.fullmatch(entry.left) and re.fullmatch(r"[\s0-9,…:.]{1,60}", entry.right):
            return True  # from t = 5 to t = 1; pour t = 3, 2, 1:
        if not entry.between and defines(f"{entry.left} = {entry.right}"):
            return True  # v̄ = ∂L/∂v
        if (function := _FUNCTION.fullmatch(entry.left)) and function[1] in entry.right:
            return True  # what a function is: σ(z) = 1/(1 + e^{-z})
        if is_working(entry.left) or (entry.form == "text" and is_of_step_loss(entry.left)):
            return True
        if entry.form == "colon" and self.is_remark(entry):
            return True  # To: Prof. M.
        return is_prose(entry.left, entry.between, entry.right, entry.form == "colon")

    def is_remark(self, entry: Entry) -> bool:
        """Whether a line with a colon holds neither a number nor a quantity of the problem."""
        is_label = _NUMBER_OF_PERSON.fullmatch(entry.right)
        if len(entry.left) > 60 or (re.search(r"[0-9=*^+∂σ]", entry.right) and not is_label):
            return False
        try:
            self.target(entry)
        except ExpressionError:
            return True
        return False

    def is_rule(self, entry: Entry) -> bool:
        """Whether it is a setting (k2 = 4), or an optimizer's rule: w = w - rate*dw for each w."""
        left = entry.left.strip().replace("{", "").replace("}", "")
        if left in self.names.known and left != STEPS:
            return False
        if self.names.has_reset and _CANDIDATE_N.fullmatch(left):
            return False  # n_t, PyTorch's candidate, and no number of steps
        if entry.form in ("code", "last") and _SQUASHED.search(entry.right):
            return False  # n = tanh(…)
        is_each = left in _EACH or left.endswith("_w")
        return is_setting(left) or (is_each and bool(_OF_EACH.search(entry.right)))

    def rule_for(self, entry: Entry) -> Target | None:
        """What an optimizer's rule is for; None where it is no rule.

        In a program such names are those of the program.
        """
        left, right = entry.left.strip(), entry.right.strip()
        if self.rules is None or entry.form not in ("", "text") or entry.between:
            return None
        if not right or len(left) > MAX_RULE or self.is_number(right):
            return None
        if left in self.names.known or left in (self.names.author or ()):
            return None
        return self.rules.target(left)

    def rule(self, entry: Entry, target: Target) -> Answer | None:
        """A rule of the optimizer; None where w may be something else in what was written."""
        assert self.rules is not None
        symbol = target.name
        try:
            formula = self.rules.formula(target, _with_points(_without_comment(entry.right)))
        except ExpressionError:
            if symbol == PARAMETER or entry.left.strip() == symbol:
                return None
            raise
        name = symbol if symbol == PARAMETER else memory_key(symbol, PARAMETER)
        given = entry.written or entry.right.strip()
        return Answer(
            entry.line, name, None, given, formulas={name: formula}, per_step=False, rule=symbol,
            tentative=self.rules.is_uncertain(entry.left, entry.right),
        )  # fmt: skip

    def answers(self, entry: Entry) -> Iterator[Answer]:
        """What an entry answers: one quantity, or a list of them."""
        self.defined = self.given = False
        if entry.stage == GRADIENT:
            entry = self.below_gradients(replace(entry, stage=""))
        if entry.left.strip() == STEPS and self.names.has_reset and _FRACTION.search(entry.right):
            entry = replace(entry, left="g")  # PyTorch's n, the candidate of a GRU
            if entry.form in ("code", "last"):
                self.names.local[STEPS] = Symbol("g", 0)
        if len(entry.left) > 200:
            raise ExpressionError("a quantity before the equals sign", "a longer text")
        if entry.form == "cell" and (at_row := _AT_ROW.fullmatch(entry.left)):
            entry = replace(entry, left=at_row[1], t=int(at_row[2]), written=_shown(entry))
        if entry.values:
            from cellcalc.check.reading.lists import spread  # it makes entries

            entry = self.called_by_its_row(entry)
            for one in spread(entry, self.names, self.steps, self.windows, self.spans):
                yield self.answer(one)
            return
        if entry.t == LAST:
            if self.names.passes > 1:
                raise ExpressionError("the number of a step", "the last step")
            entry = replace(entry, t=self.steps)
        elif entry.t is not None and entry.first_step != 1:
            entry = replace(entry, t=entry.t + 1 - entry.first_step)
        if entry.form in ("", "text") and is_working(entry.left):
            yield self.slope(entry)
            return
        symbol = self.rule_for(entry)
        found = self.rule(entry, symbol) if symbol is not None else None
        if found is not None:
            yield found
            return
        if self.is_rule(entry):
            raise ExpressionError("a quantity of the cell", f'"{entry.left.strip()}"')
        if not entry.right.strip():
            raise ExpressionError("quantity = number or formula", "no value")
        if entry.form in ("", "text", "array", "cell") and not self.names.author:
            handed = _NEXT.fullmatch(entry.left.strip()) or _BEFORE.fullmatch(entry.left.strip())
            if handed:
                if self.is_number(entry.right):
                    place = self.handed_to(handed, entry)
                    if place is None:
                        return  # the sum of some of the paths alone
                    entry = replace(entry, left=place, t=None, written=_shown(entry))
                elif "c" not in handed.groups():
                    return  # what is handed on to the step before: dh_next = …
                else:
                    entry = replace(entry, left=HANDED_ON)
            if _is_handed(entry.right):
                shown = entry.right.strip()
                entry = replace(entry, right=_NEXT.sub(_from_later, shown), written=shown)
            if entry.between:  # the formula of a line of working
                between = [_NEXT.sub(_from_later, p) if _is_handed(p) else p for p in entry.between]
                entry = replace(entry, between=tuple(between))
        if entry.left == HANDED_ON and not self.is_handed_on():
            return
        if self.names.author and self.is_part(entry.left):
            return  # as with dh_next
        if entry.form in ("code", "last") and _BEFORE.fullmatch(entry.right.strip()):
            return  # da0 = gradients["da_prev"]
        if entry.form in ("code", "last") and self._defines(entry):
            return
        if entry.right.startswith("\0"):
            *expected, why = entry.right[1:].split("\0")
            raise ExpressionError(expected[0] if expected else "a formula", why)
        if entry.form not in ("code", "last", OWN):
            parts = [*entry.between, entry.right]
            kept = [part for part in parts if not self.is_again(part, entry)]
            if not kept or self.names_an_input(entry):
                return  # δ_t = ∂L/∂c_t: what it is called besides
            entry = replace(entry, between=tuple(kept[:-1]), right=kept[-1])
            entry = self.by_its_other_name(entry)
        yield self.answer(entry)

    def names_an_input(self, entry: Entry) -> bool:
        """Whether it only says what an input is called: y* = target."""
        is_value = _NUMERIC.match(entry.right) or entry.right.strip().lower() in ("nan", "none")
        if is_value or re.search(r"[0-9*/+]", entry.right) or entry.between:
            return False
        try:
            target, _ = self.target(entry)
        except ExpressionError:
            return False
        return target.name in {row.symbol for row in self.names.model.inputs}

    def called_by_its_row(self, entry: Entry) -> Entry:
        """A list of the numbers of an expression that is a quantity of ours: y - target."""
        if not re.search(r"\S\s*-\s*\S|^tanh\s?\(", entry.left) or len(entry.left) > 60:
            return entry
        try:
            found = self._row_of(self.names.parsed(entry.left, Style(target=True)))
        except ExpressionError:
            return entry
        is_row = isinstance(found, Symbol) and found.shift == 0
        return replace(entry, left=found.name) if is_row and isinstance(found, Symbol) else entry

    def by_its_other_name(self, entry: Entry) -> Entry:
        """δ_{f,3} := ∂L/∂z_{f,3} = 0.1: a name that is none here is what it is said to be."""
        if not entry.between or not re.match(r"\s*(?:∂|d[LEJ]\s?/)", entry.between[0]):
            return entry
        try:
            self.target(entry)
        except ExpressionError:
            left, *between = entry.between
            try:
                found = self.names.parsed(_without_comment(left), Style(target=True))
            except ExpressionError:
                return entry
            if isinstance(found, Symbol) and len(left) <= 60:
                shown = entry.written or _shown(entry)
                return replace(entry, left=left, between=tuple(between), written=shown)
        return entry

    def handed_to(self, handed: re.Match[str], entry: Entry) -> str | None:
        """The row of a number such as dc_prev, which a step hands to the one before it.

        At the first step it is the derivative by the state that enters; None where no row of its
        own has it.
        """
        if handed.re is not _BEFORE or entry.t is None:
            return None
        state = "c" if "c" in handed.groups() else "h"
        if entry.t == 1:
            return f"d{state}0" if f"d{state}0" in self.names.constant else None
        is_carousel = state == "c" and self.is_handed_on()
        return f"dc_via_c[{entry.t - 2 + entry.first_step}]" if is_carousel else None

    def below_gradients(self, entry: Entry) -> Entry:
        """A parameter with a number below "Gradients:" is the derivative by it."""
        if self.slopes_said or entry.between or stage_of(entry.left):
            return entry
        if not entry.values and not self.is_number(entry.right):
            return entry
        try:
            target, _ = self.target(entry)
        except ExpressionError:
            return entry if entry.gradient is not None else replace(entry, gradient=True)
        names = self.names
        is_own = target.name in names.parameters or target.name in names.vectors
        return replace(entry, left=f"∂L/∂{entry.left.strip()}") if is_own else entry

    def is_again(self, part: str, entry: Entry) -> bool:
        """Whether a part of a line is the quantity itself once more, by another of its names."""
        if len(part) > 60 or _DIGITS.fullmatch(part) or part.strip() == entry.left.strip():
            return False
        try:
            found = self.names.parsed(_without_comment(part), Style(target=True))
            if not isinstance(found, Symbol):
                return False
            target, t = self.target(entry)
        except ExpressionError:
            return False
        if found.name != target.name:
            return False
        if found.has_time and found.step is None and found.shift != 0:
            return found == target
        mine, other = target.step or t or entry.t, found.step or entry.t
        return mine == other

    def is_part(self, left: str) -> bool:
        """Whether an author's symbol is for the sum of some of the paths alone."""
        found: list[bool] = []

        def noted(written: Name) -> Expression:
            found.append(self.names.part(written) is not None)
            return ONE

        if len(left) > MAX_RULE:
            return False
        try:
            parse_formula(left, noted, Style(target=True))
        except ExpressionError:
            return False
        return found == [True]

    def is_handed_on(self) -> bool:
        """Whether a step hands dc to the one before along the carousel alone."""
        row = self.names.model.quantities.get("dc")
        return row is not None and [term.via for term in row.terms if term.later > 0] == ["c"]

    def slope(self, entry: Entry) -> Answer:
        """The derivative of one quantity by another that it is made of: ∂c_t/∂f_t = c_{t-1}."""
        slope = tuple(self.names.meanings(entry.left))
        for part in entry.between:
            self.names.parsed(part)  # several sentences in one line are no working
        formula = self.names.parsed(_with_points(_without_comment(entry.right)))
        name = re.sub(r"(?<=_)\{(\w)\}", r"\1", "".join(entry.left.split()))
        is_number = bool(symbols(slope[0])) and not symbols(formula)
        if is_number or self.names.elements(formula):
            raise ExpressionError("a formula", f'"{entry.right.strip()}"')
        self.names.check(formula)
        return Answer(
            entry.line, name, entry.t, entry.right.strip(), entry.window, formulas={name: formula},
            per_step=False, epoch=entry.epoch, sequence=entry.sequence, slope=slope,
        )  # fmt: skip

    def _defines(self, entry: Entry) -> bool:
        """In a program a name of nobody's is a step on the way, and has its meaning from there.

        What is given to an input, x = inputs[t], is no answer either.
        """
        try:
            if re.fullmatch(r"e(?:\[[^\]]*\])?", entry.left):
                raise ExpressionError("a name of ours", "e")  # the error y - target as a rule
            target, _ = self.target(entry)
            inputs = {row.symbol for row in self.names.model.inputs}
            stem = target.name
            return stem in inputs or stem == "x"
        except ExpressionError:
            name, bracket, _ = entry.left.partition("[")
            if bracket and name in self.names.known:
                return True  # an element that is no step of a quantity
            try:
                formula = self.names.parsed(entry.right, Style(code=True))
            except ExpressionError:
                return True  # neither: it is no answer
            if name in (STEPS, LAST_STEP) and not symbols(formula):
                return True  # how many steps there are
            self.names.local[name] = formula
            self.defined = True
            return True
        return False

    def for_each_gate(self, entry: Entry) -> list[Answer] | None:
        """The answers of an equation for every gate k; None where it is none, or is not read."""
        if entry.values or entry.form in ("code", "last", OWN) or self.is_number(entry.right):
            return None
        found: list[Answer] = []
        count = missing = 0
        for left, *parts in for_each(entry.left, (*entry.between, entry.right), self.names.gates,
                                    self.names.model.features):  # fmt: skip
            one = replace(entry, left=left, between=tuple(parts[:-1]), right=parts[-1])
            try:
                self.target(one)
            except ExpressionError:
                missing += 1
                continue  # the candidate has no peephole
            try:
                found += self.answers(one)
            except ExpressionError:
                return None
            count += 1
        return found if count > 1 and missing * 2 < count else None

    def answer(self, entry: Entry) -> Answer:
        target, t = self.target(entry)
        entry = entry if t is None else replace(entry, t=t)
        last = self.part(entry, target, entry.right)
        working = tuple(self.working(entry, target, last))
        return replace(last, working=working) if working else last

    def working(self, entry: Entry, target: Symbol, last: Answer) -> Iterator[Answer]:
        """The parts of a line before the last, without those that tell in words what is added.

        So it is in dh_3 = (h_3 - y_3) + (from step 4) = -0.27 - 0.01 = -0.28, where the number is
        an answer all the same.
        """
        for part in entry.between:
            try:
                yield self.part(entry, target, part)
            except ExpressionError as error:
                is_told = last.number is not None and ":" not in part
                has_words = _TOLD_IN_WORDS.search(part) or _WITH_WORDS.fullmatch(part)
                is_told = is_told and bool(has_words)
                if not is_told or isinstance(error, SeveralReadingsError):
                    raise

    def part(self, entry: Entry, target: Symbol, text: str) -> Answer:
        """One part of a line of working: a number, or a formula."""
        number = self.number(text)
        every_step = target.shift == 0 and entry.t is None and self.steps > 1
        if number is not None and every_step and _EVERY.search(entry.left) and not number.unit % 1:
            number = None  # dE[t] = 1 is a formula
        if number is None:
            text = _without_comment(text)
            return self.formula(replace(entry, right=text), target)
        symbol, t = self.placed(target, entry)
        shown, stage = _TAIL.sub("", text).strip(), stage_of(entry.left) or entry.stage
        return Answer(entry.line, symbol, t, shown, entry.window, number, epoch=entry.epoch,
                      sequence=entry.sequence, stage=stage, array=entry.array)  # fmt: skip

    def target(self, entry: Entry) -> tuple[Symbol, int | None]:
        """What an answer is for, and the step where words say it."""
        is_code = entry.form in ("code", "last")
        style = Style(target=True, code=is_code, raised=self.t_raised and not is_code)
        if path := _PATH.fullmatch(entry.left.strip()):
            return self._path(path[1], path[2], style), None
        if entry.form == "cell" and entry.left.startswith("Σ "):
            return self._sum_of(entry.left.removeprefix("Σ "), style), None
        left, t = in_words(entry.left, self.names)
        if entry.t is None and t is None and (above := _STEP_ABOVE.fullmatch(left)):
            left = f"{above[1]}^({above[2]})"
        expression = self.names.parsed(left, style)
        if not isinstance(expression, Symbol):
            expression = self._row_of(expression)
        if not isinstance(expression, Symbol) or expression in (Symbol("n"), Symbol("T")):
            raise ExpressionError("a quantity before the equals sign", f'"{entry.left.strip()}"')
        is_whole = self.names.author is not None and entry.left.strip() in ("L", "J")
        if is_whole and expression == Symbol("E", 0) and entry.t is None and t is None:
            if TOTAL_LOSS in self.names.known and self.is_number(entry.right):
                expression = Symbol(TOTAL_LOSS)  # to whom L_t is that of a step
        elif expression == Symbol(TOTAL_LOSS) and self._is_of_step(entry, t):
            expression = Symbol("E", 0)
        self.given = expression.name in self.names.coefficients
        if self.given:
            raise ExpressionError("a quantity of the cell", f'"{entry.left.strip()}"')
        return expression, t if t is None else t + 1 - entry.first_step

    def _is_of_step(self, entry: Entry, t: int | None) -> bool:
        """Whether what is called the loss is the loss of a step: "the loss at step 2"."""
        if entry.form == OWN or "E" not in self.names.varying or _WHOLE.search(entry.left):
            return False
        if re.search(rf"(?<![^\W_])(?:{any_of('time', 'windows')})(?![^\W_])", entry.left):
            return False  # the loss of the block
        return t is not None or (entry.t is not None and self.step_losses)

    def _sum_of(self, left: str, style: Style) -> Symbol:
        """What a quantity's values of all steps add up to: those of dz_f are db_f."""
        left, _ = in_words(left, self.names)
        summed = self.names.parsed(left, style)
        if isinstance(summed, Symbol):
            if summed.name in self.names.gradients or self.names.is_vector(summed.name):
                return Symbol(summed.name)
            if summed in (Symbol("E", 0), Symbol(TOTAL_LOSS)) and TOTAL_LOSS in self.names.known:
                return Symbol(TOTAL_LOSS)
            for row in self.names.model.gradients:
                if row.formula == Symbol(summed.name, 0):
                    return Symbol(row.symbol)
        self.given = True  # nobody asks for the sum of all dh
        raise ExpressionError("a quantity of the cell", f'"Σ {left}"')

    def _path(self, whole: str, via: str, style: Style) -> Symbol:
        """Part of a derivative: ∂L/∂h₃ via y is dh_via_y[3]."""
        found = self.names.parsed(whole, style)
        through = self.names.parsed(via, style)
        if isinstance(found, Symbol) and isinstance(through, Symbol):
            key = path_key(found.name, through.name)
            if key in self.names.known:
                return replace(found, name=key)
        raise ExpressionError("a path of a derivative", f'"{whole} via {via}"')

    def _row_of(self, expression: Expression) -> Expression:
        """The quantity that an expression is: tanh(c[2]) is tanh_c[2]."""
        model = self.names.model
        if (error := _error_of(expression, model)) is not None:
            return error
        if (loss := _loss_of(expression, model)) is not None:
            return loss
        if isinstance(expression, Mul):  # V*(y - target) is made of the error
            factors = [_error_of(factor, model) or factor for factor in expression.factors]
            expression = Mul(tuple(factors))
        for row in (*model.forward, *model.quantities.values()):
            if row.formula is None or isinstance(row.formula, Symbol):
                continue
            if row.symbol not in self.names.varying:
                continue
            if _same(row.formula, expression):
                return Symbol(row.symbol, 0)
            step = next((one.step for one in symbols(expression) if one.step is not None), None)
            if step is not None and _same(_at_step(row.formula, step), expression):
                return Symbol(row.symbol, step=step)
        return expression

    def is_number(self, text: str) -> bool:
        """Whether a text is a number, also one that has two readings: 1,234."""
        try:
            return self.number(text) is not None
        except ExpressionError:
            return True

    def number(self, text: str) -> Written | None:
        """The number, if it is one; a formula is none."""
        found = spelling.noted(text) or spelling.said_twice(text)
        if found is not None:
            return found[0]
        if re.fullmatch(r"\s*[-+]?[\s0-9.,]+", text) and re.search(r"[0-9]", text) and "," in text:
            return spelling.read(text)
        return None

    def placed(self, target: Symbol, entry: Entry) -> tuple[str, int | None]:
        """The symbol and the step that a number is for."""
        name = target.name
        if self.names.is_vector(name):
            expected = f"one feature of {name}, as in {name}1"
            raise ExpressionError(expected, f'"{entry.left.strip()}"')
        if name in self.names.constant and target.step is None:
            return name, None
        t = target.step if isinstance(target.step, int) else entry.t
        if target.step is None and target.shift not in (None, 0):
            if t is None or target.shift != -1 or name not in self.names.model.state:
                raise ExpressionError("a certain step, as in c[2]", f'"{entry.left.strip()}"')
            t -= 1  # h_prev beside what it is put into
        if t is None and self.steps == 1:
            t = 1
        if t is None:
            raise ExpressionError(f"a step, as in {name}[{self.steps}]", f'"{entry.left.strip()}"')
        if not 0 <= t <= self.steps:
            is_edge = t == self.steps + 1 and name[:1] == "d" and self.is_number(entry.right)
            number = self.number(entry.right) if is_edge else None
            self.given = number is not None and not number.value  # dc[T+1] = 0
            low = entry.first_step - 1
            expected = f"a step from {low} to {self.steps - 1 + entry.first_step}"
            raise ExpressionError(expected, f"{t - 1 + entry.first_step}")
        return name, t

    def formula(self, entry: Entry, target: Symbol) -> Answer:
        """An answer that is a formula: for every step, for a certain one, or for a total."""
        name = target.name
        text = _with_points(entry.right)
        if self.names.moments and name in self.names.parameters:
            text = moments_of(text, name)
        author = self.names.model.author if self.names.author is not None else None
        time = author.time if author is not None else ""
        style = Style(
            argument=time == "argument" or self.argued or _is_argument(entry.left),
            raised=time in ("superscript", "parenthesis")
            or bool(_RAISED.search(entry.left))
            or (self.raised and bool(_RAISED.search(text)))
            or self.t_raised,
            above=self.t_raised and _is_of_steps_above(entry.left, text),
            code=entry.form in ("code", "last"),
        )
        formula = self.names.parsed(text, style)
        if not style.code:
            formula = self.with_state_before(formula, name, text)
            self.keep_apart(entry, target, formula)
        if self.is_perhaps_gradient(entry, name, formula):
            both = sentence("check", "weight_or_gradient", name=name)
            raise SeveralReadingsError(f'"{entry.left.strip()}"', both)
        if target.shift not in (None, 0):
            formula = shifted(formula, -target.shift)
            target = Symbol(target.name, 0)
        stem = re.split(r"[\[_({^ₜ]", entry.left.strip())[0]
        is_itself = Symbol(name, 0) in symbols(formula) and entry.form not in ("code", "last")
        if is_itself and stem and stem not in text:
            both = f"{name}, or what is {text} to somebody else"
            raise SeveralReadingsError(f'"{entry.left.strip()}"', both)  # z = 1 - u, of z and u
        step = target.step if isinstance(target.step, int) else None
        t = entry.t if step is None and target.shift == 0 else step
        free = has_free_time(formula)
        is_total = name not in self.names.varying and not target.has_time
        is_total = is_total and not self.names.is_varying_vector(name)
        if is_total and free and entry.form == "last":
            # In a loop = keeps what the last turn gives, which backward is the first step's.
            formula, free = _at_first(formula), False
        if is_total and free and f"d{name[1:]}" != name:
            raise ExpressionError("every t inside of a sum over the steps", "one outside")
        if not is_total and t is None and not target.has_time and self.steps == 1:
            t = 1 if not free else None
        return Answer(
            entry.line,
            name,
            t,
            entry.written or entry.right.strip(),
            entry.window,
            formulas=self.elements(name, formula),
            per_step=not is_total or free,
            epoch=entry.epoch,
            sequence=entry.sequence,
        )

    def keep_apart(self, entry: Entry, target: Symbol, formula: Expression) -> None:
        """Refuse z = 1 - u where both are the update gate: two names in one line are two things.

        One of them is another writer's, or the line says how it differs from this one.
        """
        if target not in symbols(formula) or self.names.author is not None:
            return
        if stage_of(entry.left):
            return  # new W_f = W_f - …
        stem = re.match(r"[^\W\d_]+", entry.left.strip().lstrip("∂"))
        if stem and not re.search(rf"(?<![^\W\d_]){stem[0]}(?![^\W\d_])", entry.right):
            raise SeveralReadingsError(
                f'"{entry.left.strip()}"', f"{target.name} or another author's {stem[0]}"
            )

    def is_perhaps_gradient(self, entry: Entry, name: str, formula: Expression) -> bool:
        """Whether a weight is made of derivatives alone, as a gradient is: b = Σ_t dz[t]."""
        if name not in self.names.parameters and name not in self.names.vectors:
            return False
        used = {symbol.name for symbol in symbols(formula)}
        is_of_slopes = any(one[:1] == "d" and one in self.names.varying for one in used)
        has_numbers = any(isinstance(node, Number) for node in walk(formula))
        is_told = entry.stage == "new" or stage_of(entry.left) == "new"
        return is_of_slopes and not has_numbers and not is_told and name not in used

    def with_state_before(self, formula: Expression, name: str, text: str) -> Expression:
        """The formula with a state that stands without a step as that of the step before.

        Only in a row that comes before the state within its step: in z_f = W_f*x + U_f*h + b_f
        the h of the same step is not there yet.
        """
        order = [row.symbol for row in self.names.model.forward]
        if name not in order:
            return formula
        later = [s for s in self.names.model.state if s in order[order.index(name) :]]
        bare = {s for s in later if re.search(_BARE.format(s), text)}
        if not bare:
            return formula
        return rename(formula, lambda s: Symbol(s.name, -1) if _is_now(s, bare) else s)

    def elements(self, name: str, formula: Expression) -> Mapping[str, Expression]:
        """The formula for each element of a vector, or for the one quantity."""
        found = self._elements(name, formula)
        for one in found.values():
            self.names.check(one)
        return found

    def _elements(self, name: str, formula: Expression) -> Mapping[str, Expression]:
        vectors = self.names.vectors
        base = name.removeprefix("d") if name not in vectors else name
        if base in vectors:
            return {
                f"{name}{k}": self.names.element(formula, k) for k in range(1, vectors[base] + 1)
            }
        if alone := self.names.elements(formula):
            raise ExpressionError(f"one feature of {alone[0]}, as in {alone[0]}1", f'"{alone[0]}"')
        return {name: formula}


# A quantity without any sign of a step: h, but not h_t, h[t], h(t), h' or dh.
_BARE = r"(?<![\w.\]∂δ∇]){0}(?![\w\[^{{⟨<₀-₉ₜ'({{])"


def _is_now(symbol: Symbol, names: Collection[str]) -> bool:
    return symbol.name in names and symbol.shift == 0


def _is_handed(right: str) -> bool:
    """Whether dc_next is what is handed on: it stands alone, with nothing of the next step."""
    found = _NEXT.search(right)
    if found is None or _LATER.search(_NEXT.sub("", right)):
        return False
    before, after = right[: found.start()].rstrip(), right[found.end() :].lstrip()
    return not re.search(r"[*·⊙∘×/\w)]$", before) and not re.match(r"[*·⊙∘×/\w(∂δ^]", after)


def _from_later(match: re.Match[str]) -> str:
    return f"d{match[1] or match[2]}{FROM_LATER}"


def _with_points(text: str) -> str:
    """A formula with decimal points where it has decimal commas."""
    has_points = re.search(r"[0-9]\.[0-9]", text) or _LIST_FUNCTIONS.search(text)
    return text if has_points else _COMMA.sub(r"\1.\2", text)


def _error_of(expression: Expression, model: Model) -> Symbol | None:
    """The error of a step, h[2] - target[2], where it is the derivative of the loss."""
    found = symbols(expression)
    out = next((one for one in found if one.name in ("y", model.cell.output)), None)
    row = next((r for r in map(model.quantities.get, ("dy", "dz_y")) if r is not None), None)
    if out is None or row is None or (out.name != "y" and model.readout.parameters):
        return None
    error = add(replace(out, name="y"), Neg(replace(out, name=TARGET)))
    if out.step is not None and _less_a_number(expression, out):
        expression = error  # h_2 - 0.25
    own = add(Symbol("y", 0), Neg(Symbol(TARGET, 0)))
    is_slope = row.formula in (own, multiply(Symbol("dE", 0), own))
    expression = rename(expression, lambda s: replace(out, name="y") if s == out else s)
    return replace(out, name=row.symbol) if is_slope and expression == error else None


def _loss_of(expression: Expression, model: Model) -> Symbol | None:
    """The loss of a step, where it is half of the squared error: 1/2*(y - target)^2."""
    halves = {Number(0.5), Div(ONE, TWO)}
    match expression:
        case Mul((half, Pow(error, power))) if half in halves and power == TWO:
            pass
        case Div(Pow(error, power), two) if power == two == TWO:
            pass
        case _:
            return None
    slope = error if isinstance(error, Symbol) else _error_of(error, model)
    row = model.quantities.get(LOSS)
    squared = Pow(Add((Symbol(PREDICTION, 0), Neg(Symbol(TARGET, 0)))), TWO)
    is_half = row is not None and row.formula == Div(squared, TWO)
    return replace(slope, name=LOSS) if is_half and slope and slope.name == "dy" else None


def _less_a_number(expression: Expression, out: Symbol) -> bool:
    """Whether an expression is a prediction less a number, as its target stands there."""
    if not isinstance(expression, Add) or len(expression.terms) != 2 or expression.terms[0] != out:
        return False
    other = expression.terms[1]
    while isinstance(other, Neg):
        other = other.operand
    return isinstance(other, Number)


def _same(one: Expression, other: Expression) -> bool:
    """Whether two expressions are the same, in whichever order their factors stand."""
    if isinstance(one, Mul) and isinstance(other, Mul):
        return Counter(one.factors) == Counter(other.factors)
    return one == other


def _at_step(formula: Expression, step: int | Edge) -> Expression:
    return rename(formula, lambda s: Symbol(s.name, step=step) if s.shift == 0 else s)


def _at_first(formula: Expression) -> Expression:
    return rename(formula, lambda s: s if s.shift is None else Symbol(s.name, step=1 + s.shift))


_NUMBER_ABOVE = re.compile(
    r"(?<=[^\W\d_\u0302])[\u0300-\u036f]?(?:_\{?\w{1,3}\}?)?\^\{?([0-9]{1,4})\}?"
)
_SQUARE_OF_NAME = re.compile(r"1\s?-\s?[^\W\d_][\u0300-\u036f]?(?:_\{?\w{1,3}\}?)?\^\{?2\}?")


def _is_of_steps_above(left: str, right: str) -> bool:
    """Whether the numbers above names are steps: that of the left side, and the ones beside it.

    So it is not where a square may stand: 1 - g^2.
    """
    own = _NUMBER_ABOVE.search(left[:60])
    if own is None or _SQUARE_OF_NAME.search(right[:2_000]):
        return False
    right = re.sub(r"(?:tanh|σ|sigmoid)\s?\^\{?2\}?", " ", right[:2_000])
    steps = {int(number) for number in _NUMBER_ABOVE.findall(right)}
    return all(abs(step - int(own[1])) <= 1 for step in steps)


def _is_argument(left: str) -> bool:
    """Whether the step stands in round brackets on the left: s_c(2)."""
    return bool(
        re.search(r"[\w°]\(\s*(?:t\s*(?:[-+]\s*[0-9]+)?|[0-9]{1,6})\s*\)\s*$", left.strip())
    )


_CLAUSE = re.compile(
    r"[,;.]\s(?:and|so|where|which|with|because|since|as|hence|und|wobei|da|weil|also)\b.*$"
)
_COMMENT = re.compile(
    r"\s(?:#|//|<-|←|%|✓|✔|⇐|--\s|\((?=[^()]{0,40}[A-Za-z]{4})[^()=+*/^\[\]_{}-]{0,120}\)\s*\.?$).*$"
)


def _without_comment(text: str) -> str:
    """A formula without the note behind it."""
    text = re.sub(r"[\s,]+(?:(?:etc|usw|u\.s\.w)\b\.?|and|und|et)\s*$", "", text)
    text = _CLAUSE.sub("", _COMMENT.sub("", re.sub(r"\s+", " ", text.strip())) + " ")
    return text.rstrip(" .;,:✓✔☑✅") if len(text) > 1 else text
