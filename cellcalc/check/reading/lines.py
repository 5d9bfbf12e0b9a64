"""Notes in plain text, Markdown and LaTeX: from lines to entries.

Structure first: tables, code and headings; then lines that belong together; then the answers on
each line. What is no answer is kept as a line of text, so that it can be counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from cellcalc.check.answers import PROSE, Entry
from cellcalc.check.reading import latex
from cellcalc.check.reading.characters import plain
from cellcalc.check.reading.clauses import LAST, pieces, trailing
from cellcalc.check.reading.from_zero import is_of_first_step
from cellcalc.check.reading.gate_lines import (
    as_slopes,
    each_led,
    heading_gate,
    stage_told,
    with_gate,
    with_nets,
    with_told,
)
from cellcalc.check.reading.labels import ROMAN, difference_of, is_header, label_of
from cellcalc.check.reading.lists import list_of
from cellcalc.check.reading.mathematics import TILDE_BEHIND
from cellcalc.check.reading.prose import (
    AT_STEP,
    GRADIENT,
    is_setting,
    is_working,
    stage_after,
    stage_of,
    wordy,
)
from cellcalc.check.reading.vocabulary import any_of, called, longest_first, words

MAX_LINE = 12_000  # characters of one line; more is no line of notes
MAX_HEAD = 20  # lines without numbers at the head of a table
MAX_JOINED = 2_000  # lines of one printed array


@dataclass(frozen=True)
class Line:
    """One line of text, or several that belong together; ``kind`` as in :mod:`.latex`."""

    number: int
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Where:
    """What headings have said so far; ``said`` has the outer ones of them before the inner ones."""

    t: int | None = None
    window: int | None = None
    epoch: int | None = None
    sequence: int | None = None
    stage: str = ""  # which value of a parameter is meant, as in Entry
    said: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()  # the last heading as it stands


def entries_of_lines(text: str, first_line: int = 1) -> list[Entry]:
    """The answers of notes in plain text, Markdown or LaTeX."""
    from cellcalc.check.reading.gate_axis import apart, said_in

    order, axis = said_in(text)
    found = apart(_weights_apart(list(_Notes(text).entries())), order, axis)
    return [_moved(entry, first_line - 1) for entry in found]


def _weights_apart(entries: Sequence[Entry]) -> Iterator[Entry]:
    """The entries; what has a .grad of its own beside it is the weight."""
    slopes = {e.left.strip().removesuffix(".grad") for e in entries if e.left.endswith(".grad")}
    for entry in entries:
        is_weight = bool(slopes) and entry.left.strip() in slopes
        stage = "" if entry.stage == GRADIENT else entry.stage
        yield replace(entry, stage=stage, gradient=False) if is_weight else entry


def _moved(entry: Entry, lines: int) -> Entry:
    return (
        replace(entry, line=entry.line + lines) if lines and isinstance(entry.line, int) else entry
    )


def entries_of_line(number: int | str, text: str, where: Where | None = None) -> list[Entry]:
    """The answers of one line, such as a cell of a table."""
    return list(_answers(number, _cleaned(text), where or Where()))


_BLANKS = re.compile(r"[^\S\n]{100,}+")


def _bounded(text: str) -> str:
    """The text without more blanks and longer lines than are looked at, of which none is missed.

    What looks for something in a line may take the square of its length.
    """
    text = _BLANKS.sub("    ", text)
    return "\n".join(line[: MAX_LINE + 1] for line in text.split("\n"))


# What MATLAB heads the parts of a structure with, and JavaScript those of an object
_OF_STRUCT = re.compile(r"\s*(?:\w{1,40}\s*=\s*)?struct with fields:\s*")
_SUBJECT = re.compile(
    r"\s*(?:[-*•#]+\s+)?(?:\*\*)?((?:∂[LEJ]/∂|d[LEJ]/d|d_?|δ)[WUbVRp][\w{}]{0,8}):?(?:\*\*)?\s*[:=]?\s*"
)
_SUM_BELOW = re.compile(
    r"\s*(?:[-*•=]+\s*)?(?:sum|total|summe|gesamt|Σ|∑|together|somme|suma|somma|合计|总和|和)\s*[:=]\s*"
    r"([-+]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?)\s*\.?\s*",
    re.IGNORECASE,
)
_TYPST_HEADING = re.compile(r"={1,4}\s+(?=[^\W\d][^=≈]*$)")


def _tells_of_step(text: str) -> bool:
    """Whether a heading says a step, and then what is given for it: step 1: x = 0.5."""
    if not re.search(r"[=≈]", text):
        return False
    label = _step_label().match(text) or _step_given().match(text)
    return label is not None and bool(re.search(r"[=≈]", text[label.end(1) :]))


_A_VALUE = re.compile(r"[=≈]\s?[-+−]?[0-9]*[.,][0-9]")


class _Notes:
    def __init__(self, text: str) -> None:
        self.text = _bounded(text)
        self.where = Where()
        self.steps: list[str] = []  # of the last table with steps above its columns
        self.numbered: Mapping[int, int] = {}  # lines that number steps: #1, (2), III.
        self.subject = ""  # what a line alone has said that the lines below it are about: dW_f:
        self.gate = ""  # … and the gate whose W, U and b they have
        self.within = False  # whether a bracket is open that holds gradients: ∇ = (W = …,
        self.is_staged = False  # whether a line says its own stage: [grad] V = 0.1

    def entries(self) -> Iterator[Entry]:
        if latex.is_document(self.text):
            lines = [Line(*one) for one in latex.lines_of_document(self.text)]
            self.numbered = _numbered_steps(lines)
            yield from self.of_lines(_tables_of_latex(_joined(lines)))
            return
        lines = _physical(_of_html(self.text))
        self.numbered = _numbered_steps(lines)
        yield from self.of_lines(_joined(lines))

    def of_lines(self, lines: Iterable[Line | Block]) -> Iterator[Entry]:
        columns: list[str] = []
        title: Line | None = None
        for line in lines:
            if isinstance(line, Block):
                before, self.where = self.where, self.below_title(title, line)
                yield from self.block(line)
                self.where = before
                continue
            text = line.text
            title = title if _OUT.fullmatch(text) else line
            if columns and (found := _matrix(text, columns, line.number)) is not None:
                yield from found
                continue
            if is_of_first_step(text):  # it heads no step, whatever step it speaks of
                yield Entry(line.number, "", "", form=PROSE, context=text)
                if not _A_VALUE.search(text):
                    continue
            columns = _columns_named(text)
            if line.number in self.numbered:
                self.where = replace(self.where, t=self.numbered[line.number])
                continue
            if len(text) > MAX_LINE:
                if re.search(r"[=\[]", text[:200]):
                    yield Entry(line.number, text[:60], "", form="long")
                else:
                    yield Entry(line.number, "", "", form=PROSE)
                continue
            if _OF_STRUCT.fullmatch(text):
                self.where = replace(self.where, stage=stage_after(text, True))
                continue
            if of_sum := _SUM_BELOW.fullmatch(text):
                if self.subject:
                    where = replace(self.where, t=None)
                    yield from _answers(line.number, f"{self.subject} = {of_sum[1]}", where)
                else:
                    yield Entry(line.number, "", "", form=PROSE)
                continue
            if about := _SUBJECT.fullmatch(text):
                self.subject = about[1]
            if _TYPST_HEADING.match(text):
                text, line = text.lstrip("= "), replace(line, kind="heading")
            if framed := _FRAMED.fullmatch(text):
                text = text.strip(f" {framed[1]}")
                if not _tells_of_step(text):
                    line = replace(line, kind="heading")
            heading = heading_of(text, self.where, line.kind == "heading")
            if heading is not None or text.rstrip().endswith(":") or heading_gate(text):
                self.gate = heading_gate(text)
            if heading is not None:
                is_title = line.number == 1 and len(text.split()) > 3
                stage = stage_after(text, not is_title)
                self.where = replace(heading, stage=stage, titles=(_bare(text),))
                self.steps = []
                continue
            if (of_python := _dictionary(text, self.where.stage == GRADIENT)) is not None:
                yield from (replace(e, line=line.number) for e in of_python)
                continue
            entries: list[Entry] = []
            said: list[str] = []
            outer = self.where
            for part in self.of_steps(text):
                cleaned = _cleaned(part, line.kind == "maths")
                said.append(cleaned)
                found = list(_answers(line.number, cleaned, self.where))
                if any(entry.form == PROSE for entry in found):
                    self.where = _after_prose(cleaned, self.where)
                    if _TITLE.fullmatch(_BULLET.sub("", text, count=1)) and (
                        stage := stage_after(text, True)
                    ):
                        self.where = replace(self.where, stage=stage)
                entries += found
            if self.is_staged:
                self.where = replace(self.where, stage=outer.stage)
            real = [entry for entry in entries if entry.form != PROSE]
            kept = real or entries[:1]
            if kept:
                kept[0] = replace(kept[0], context=" ".join(said))
            yield from kept

    def goes_on(self, rows: Sequence[tuple[int, list[str]]]) -> bool:
        """Whether rows without a header go on from a table whose steps run backward."""
        is_backward = self.steps and self.steps != sorted(self.steps)
        return bool(is_backward) and all(
            len(cells) == len(self.steps) + 1
            and not _NUMERIC.fullmatch(cells[0])
            and all(map(_NUMERIC.fullmatch, cells[1:]))
            for _, cells in rows
        )

    def below_title(self, title: Line | None, block: Block) -> Where:
        """Where a table stands that has a title of a few words right above it."""
        if title is None or block.kind == "code" or block.lines[0].number - title.number > 3:
            return self.where
        text = _bare(latex.to_plain(title.text) if "\\" in title.text else title.text)
        if typed := _TYPED_NAME.match(title.text):
            text = typed[1]  # In [5]: grads
        if not text or len(text.split()) > 6 or re.search(r"[=≈]|[0-9]\.[0-9]", text):
            return self.where
        return replace(
            self.where, titles=(text,), stage=stage_after(text, True) or self.where.stage
        )

    def without_label(self, text: str) -> str:
        """A line without the tag, or the gate of its W, U and b, that it begins with."""
        if opened := _OPENED_SLOPES.match(text):
            self.within, text = True, text[opened.end() :]
        if self.within:
            self.within = text.count(")") <= text.count("(")
            text = as_slopes(text if self.within else text.rstrip().removesuffix(")"))
        found = with_gate(text, self.gate)
        if found is None and (tag := _TAGGED.match(text[:600])):
            label = tag["tag"] + (tag["words"] or "")
            stage = stage_told(label) or ""
            found = (
                text[tag.end("words") if stage and tag["words"] else tag.end("tag") + 1 :],
                stage,
            )
        if found is None and (tag := _PIPED.match(text[:600])) and (says := stage_told(tag[2])):
            found = f"{tag[1] or ''}{text[tag.end() :]}", says  # epoch 1 | grads | Wf=0.1
        if found and found[1] == GRADIENT:
            found = as_slopes(found[0]), ""
        self.is_staged = bool(found and found[1])
        if self.is_staged and found:
            self.where = replace(self.where, stage=found[1])
        return found[0] if found else text

    def of_steps(self, text: str) -> Iterator[str]:
        """The parts of a line that are for one step each; the step is set before each of them."""
        text = _SQUARE.sub("", text)
        text = self.without_label(_LOGGED.sub("", text, count=1))
        text = with_nets(text) if len(text) <= 2_000 else text
        if "$" in text or "\\item" in text:
            text = _ITEM_OF_LATEX.sub("", _STEP_IN_MATHS.sub(r"\1", text), count=1)
        if (cell := _STEP_CELL.match(text)) and len(text) <= 2_000:  # 1; f = 0.7; i = 0.8
            self.where, text = replace(self.where, t=int(cell[1])), text[cell.end() :]
        if listed := _NUMBERED_PASS.match(text):  # 1) Window t = 1..2: dW_f = 0.1
            text = f"{listed[2]} {listed[1]}{text[listed.end() :]}"
        text = _STEPS_OF_PASS.sub(r"\1 (\2)\3", text, count=1)  # Window 1 t = 1..2: dW_f = 0.1
        if (said := _CHINESE_LEAD.match(text)) and len(text) <= 2_000:
            number = _CHINESE.get(said[1], 0) or int(said[1])
            self.where, text = replace(self.where, t=number), text[said.end() :]
        logged = _log_label().match(text) if len(text) <= 2_000 else None
        if logged is not None and _tells(text[logged.end() :]):
            numbers = {}
            for word, number in _log_words().findall(logged[1]):
                numbers[_place_named(word)] = int(number)
            self.where = _found(replace(self.where, t=None), numbers)
            text = _NAME_AND_NUMBER.sub(r"\1 = \2", text[logged.end() :])
        if len(text) <= 2_000 and (at := _log_step().match(text)):
            self.where = replace(self.where, t=int(at[1]))
            text = _LOSS_OF_STEP.sub(rf"\1[{at[1]}]\2", text[at.end() :], count=1)
        of_pass = _PASS_LABEL.match(text) if len(text) <= 2_000 else None
        if of_pass is not None and _tells(text[of_pass.end() :]):
            found = heading_of(of_pass[1], self.where)
            if found is not None and replace(found, t=None) != replace(self.where, t=None):
                self.where, text = found, text[of_pass.end() :]
        text = each_led(text) if len(text) <= 2_000 else text
        bare = _opened(text)
        label = _step_label().match(bare) if len(text) <= 2_000 else None
        if label is not None:
            found = heading_of(label[1] or label[2], self.where, True)
            if found is not None and found.t is not None:
                self.where = found
                text = bare[label.end() :]
        elif (given := _step_given().match(bare)) is not None and len(text) <= 2_000:
            self.where = replace(self.where, t=int(given[1]))
            text = f"{given['given']} ; {bare[given.end() :]}".rstrip(" ;")
        elif (spaced := _spaced_step().match(bare)) is not None and len(text) <= 2_000:
            self.where = replace(self.where, t=int(spaced[1]))
            text = bare[spaced.end() :]
        elif (boxed := _boxed_step().match(text)) is not None and len(text) <= 2_000:
            self.where = replace(self.where, t=int(boxed[1]))
            text = text[boxed.end() :]
        elif (phrase := _step_phrase().match(bare)) is not None and len(text) <= 2_000:
            rest = bare[phrase.end() :]
            if _ANSWERED.search(rest):
                self.where = replace(self.where, t=int(phrase[1]))
                text = _unled(rest)
        if len(text) <= 2_000:
            text = with_told(text, self.where.t)
        for t, piece in pieces(text):
            if t is not None:
                self.where = replace(self.where, t=t)
                piece = _unled(piece)
            yield from trailing(piece)

    def block(self, block: Block) -> Iterator[Entry]:
        if block.kind == "code":
            from cellcalc.check.reading.code import entries_of_code, is_code

            source = "\n".join(line.text for line in block.lines)
            number = block.lines[0].number
            from cellcalc.check.reading.programs import as_python

            other = as_python(source, block.language)
            source = other or source
            if is_code(source, certain=block.language == "python"):
                coded = entries_of_code(source, respelled=other is not None)
                yield from (_moved(e, number - 1) for e in coded)
            else:
                yield from self.of_lines(_joined(list(block.lines), nested=True))
            return
        from cellcalc.check.reading.grid import entries_of_rows

        is_open = block.kind == "pipes" and any(map(_OPEN_RULE.fullmatch, _texts(block)))
        kind = "open" if is_open else block.kind
        rows = [(line.number, _cells(line.text, kind)) for line in block.lines]
        rows = [(number, cells) for number, cells in rows if not all(map(_is_rule, cells))]
        rows = [one for one in rows if not all(map(_KIND_OF_NUMBERS.fullmatch, one[1]))]
        if block.kind == "columns":
            rows = _indexed(rows)
        if kind == "spaced" and len(rows) > 1 and len(rows[0][1]) < len(rows[1][1]):
            rows = [(rows[0][0], ["", *rows[0][1]]), *rows[1:]]  # steps above, and no corner
        steps = [cell for cell in rows[0][1] if label_of(cell).kind == "step"] if rows else []
        if len(steps) > 1:
            self.steps = steps
        elif kind == "columns" and self.goes_on(rows):  # dz_f below dL/df, of the same steps
            rows = [(rows[0][0], ["", *self.steps]), *rows]
        found = entries_of_rows([c for _, c in rows], lambda r, _: rows[r][0], self.where)
        if found is not None:
            yield from found
            return
        if block.kind in ("columns", "tabs", "spaced"):
            yield from self.of_lines(block.lines)
            return
        for number, cells in rows:
            kept = [cell for cell in cells if cell.strip()]
            answers = [e for cell in kept for e in _answers(number, _cleaned(cell), self.where)]
            real = [e for e in answers if e.form != PROSE] or [Entry(number, "", "", form=PROSE)]
            shown = " | ".join(cell.replace("$", "") for cell in kept)
            yield replace(real[0], context=shown)
            yield from real[1:]


def _texts(block: Block) -> Iterator[str]:
    return (line.text for line in block.lines)


_TYPED_NAME = re.compile(r"\s*(?:In ?\[[0-9]{1,5}\]:|>>>|>)\s*([^\W\d]\w{0,40})\s*(?:#.*)?$")
_OUT = re.compile(r"\s*Out ?\[[0-9]{1,5}\]:\s*")


# Lines that hold a number alone, marked as one: #1, (2), 3), № 4, II., Step V
@cache
def _alone() -> re.Pattern[str]:
    steps = any_of("time", "steps")
    return re.compile(_ALONE.replace("STEPS", steps), re.IGNORECASE)


_ALONE = (
    r"\s*(?:\\(?:item|noindent)\s*)?(?:#{1,4}\s*|[*_]{1,2})?(?P<word>№|no\.?|nr\.?|STEPS|t_?(?=[0-9]))?\s*(?P<open>[\[(#]?)\s*"
    r"(?P<number>[0-9]{1,3}|[ivx]{1,5}|[IVX]{1,5})\s*(?P<close>[\]).:]{0,2})[*_]{0,2}\s*"
)


def _numbered_steps(lines: Sequence[Line]) -> dict[int, int]:
    """The steps that lines of a marked number each stand for, if these run on, up or down."""
    found: dict[int, int] = {}
    for line in lines:
        match = _alone().fullmatch(line.text) if len(line.text) < 40 else None
        if match is None or line.text.strip() == match["number"]:
            continue
        number = match["number"].lower()
        if number.isdecimal() or number in ROMAN:
            found[line.number] = int(number) if number.isdecimal() else ROMAN.index(number) + 1
    steps = list(found.values())
    run = list(range(min(steps, default=0), max(steps, default=0) + 1))
    return found if len(run) > 1 and run[0] < 2 and steps in (run, run[::-1]) else {}


_TITLE = re.compile(r"\s*[^\W\d_]+(?: [^\W\d_]+){0,4}\s*")  # a line of a few words
_OPEN_RULE = re.compile(r"\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+")
_NAMED_DICTIONARY = re.compile(r"\s*([^\W\d]\w{0,40})\s*[=:]\s*\{(?=\s*['\"][^\W\d])")
_CALLS_GRADIENTS = re.compile(r"grad|ableit", re.IGNORECASE)
_COLUMNS_NAMED = re.compile(
    r"\s*(?:#|//|%|\()?\s*(?:(?:the\s+)?(?:columns?|cols?|spalten|colonnes|columnas|列)(?:\s+(?:are|sind|of\s+\w+))?)\s*[:=]?\s*"
    r"\[?([^\[\]()]{3,200}?)[\])]?\s*[.:]?\s*",
    re.IGNORECASE,
)


def _columns_named(text: str) -> list[str]:
    """The names of columns that a comment above a matrix tells: # columns: t, c, h."""
    match = _COLUMNS_NAMED.fullmatch(text[:300])
    names = [one.strip("'\"`$") for one in re.split(r"[\s,;|]+", match[1]) if one] if match else []
    return names if len(names) > 1 and all(len(name) < 20 for name in names) else []


def _matrix(text: str, names: list[str], number: int) -> list[Entry] | None:
    """The answers of a printed matrix, a row a step, whose columns have these names."""
    bare = re.sub(r"^[^\W\d]\w{0,30}\s*=\s*", "", text.strip())
    found = list_of(bare) if _may_be_list(bare) else None
    if found is None or len(found[1]) != 2 or found[1][1] != len(names):
        return None
    from cellcalc.check.reading.grid import entries_of_rows

    values, (rows, width) = found
    cells = [list(values[k * width : (k + 1) * width]) for k in range(rows)]
    return entries_of_rows([names, *cells], lambda _r, _c: number)


def _dictionary(text: str, is_slopes: bool) -> list[Entry] | None:
    """The answers of a line that is a dictionary as Python prints it: {…}, or grads = {…}.

    ``is_slopes`` tells that it stands below "Gradients:".
    """
    named = _NAMED_DICTIONARY.match(text)
    text = text[named.end() - 1 :] if named else text
    if not text.lstrip().startswith("{"):
        return None
    if is_slopes or (named and _CALLS_GRADIENTS.search(named[1])):
        text = f"{{'grads': {text.strip()}}}"
    from cellcalc.check.reading.structured import as_json, entries_of_json

    printed = as_json(text)
    return None if printed is None else entries_of_json(printed, "")


def _indexed(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Columns as pandas prints them, whose index has a name below the header, or none."""
    (number, header), *below = rows
    if below and len(below[0][1]) == 1:  # the index's own line
        header, below = [below[0][1][0], *header], below[1:]
    elif below and all(len(cells) == len(header) + 1 for _, cells in below):
        header = ["", *header]
    return [(number, header), *below]


@dataclass(frozen=True)
class Block:
    """Lines that are a table ("pipes", "tabs", "spaced", "columns", "row") or "code"."""

    kind: str
    lines: tuple[Line, ...]
    language: str = ""


# Lines, blocks, and lines that belong together.

_TAG = re.compile(
    r"</?(?:table|thead|tbody|tr|td|th|p|br|div|span|b|i|strong|em|ul|ol|li|h[1-6]|code|pre|html|"
    r"body|a|u|caption|font)(?:\s[^<>]{0,300})?/?>",
    re.IGNORECASE,
)
_ENTITIES = {"&nbsp;": " ", "&minus;": "-", "&lt;": "<", "&gt;": ">", "&amp;": "&",
             "&part;": "∂", "&sigma;": "σ", "&delta;": "δ", "&middot;": "·", "&sum;": "Σ",
             "&times;": "×", "&asymp;": "≈", "&eta;": "η"}  # fmt: skip


_HTML_TABLE = re.compile(
    r"<table\b[^<>]{0,300}>(?:(?!</table).){0,200000}", re.IGNORECASE | re.DOTALL
)
_HTML_CELL = re.compile(
    r"<(?P<row>tr)\b[^<>]{0,300}>"
    r"|<t[dh]\b(?P<said>[^<>]{0,300})>(?P<cell>(?:(?!</t[dh]>).){0,2000})</t[dh]>",
    re.IGNORECASE | re.DOTALL,
)
_SPANNED = re.compile(r"(col|row)span\s*=\s*['\"]?([0-9]{1,3})", re.IGNORECASE)


def _without_spans(table: re.Match[str]) -> str:
    """A table of HTML whose merged cells are followed by empty ones, beside and below them."""
    if not _SPANNED.search(table[0]):
        return table[0]
    below: dict[int, int] = {}  # for how many rows more a column is taken
    column = 0

    def put(match: re.Match[str]) -> str:
        nonlocal column
        if match["row"]:
            column = 0
            return match[0]
        before = ""
        while below.get(column, 0) > 0:
            below[column] -= 1
            before += "<td></td>"
            column += 1
        spans = {one[1].lower(): int(one[2]) for one in _SPANNED.finditer(match["said"])}
        wide = max(spans.get("col", 1), 1)
        for k in range(column, column + wide):
            below[k] = spans.get("row", 1) - 1
        column += wide
        return f"{before}<td>{match['cell']}</td>" + "<td></td>" * (wide - 1)

    return _HTML_CELL.sub(put, table[0])


def _of_html(text: str) -> str:
    """Text without the tags of HTML, its tables as rows of ``|``; lines stay where they are."""
    if not re.search(r"</(?:td|th|p|li|sub|sup|h[1-6]|div)>|<br", text, re.IGNORECASE):
        return text
    flags = re.IGNORECASE
    text = _HTML_TABLE.sub(_without_spans, text)
    text = re.sub(r"(?<=\S)[ \t]*(?=<tr\b)", "\n", text, flags=flags) if "\n" not in text else text
    text = re.sub(r"</t[dh]>\s*</tr>", " |", text, flags=flags)
    text = re.sub(r"</t[dh]>[ \t]*<t[dh]\b[^<>]{0,200}>", " | ", text, flags=flags)
    text = re.sub(r"<tr\b[^<>]{0,200}>[ \t]*<t[dh]\b[^<>]{0,200}>", "| ", text, flags=flags)
    text = re.sub(r"<sub>\s*([^<>]{1,20}?)\s*</sub>", r"_{\1}", text, flags=flags)
    text = re.sub(r"<sup>\s*([^<>]{1,20}?)\s*</sup>", r"^{\1}", text, flags=flags)
    text = re.sub(r"<br\s*/?>", " ; ", text, flags=flags)
    text = _TAG.sub(" ", text)
    return re.sub(r"&[a-z]{2,6};", lambda m: _ENTITIES.get(m[0], m[0]), text)


def _physical(text: str) -> list[Line]:
    lines = [plain(raw.translate(_BARS), True) for raw in text.split("\n")]
    lines = [_OF_CHAT.sub("", line) for line in lines]
    return [Line(number, _spaced(line)) for number, line in enumerate(_with_bars(lines), 1)]


def _with_bars(lines: list[str]) -> list[str]:
    """The lines, with bars between the columns of tables that have a rule above each of them.

    So reStructuredText has it, above and below the head and at the end; a cell may have several
    words there.
    """
    found = list(lines)
    place = 0
    while place < len(lines):
        rule = lines[place].rstrip()
        if not _COLUMNS_RULE_OF_REST.fullmatch(rule):
            place += 1
            continue
        last = min(place + 2_000, len(lines))
        rules = [k for k in range(place, last) if lines[k].rstrip() == rule][:3]
        if len(rules) == 3:
            starts = [match.start() for match in re.finditer(r"=+", rule)]
            for k in range(place, rules[2] + 1):
                cells = [lines[k][a:b].strip() for a, b in pairwise([*starts, len(lines[k])])]
                bar = "---" if k in rules else ""
                found[k] = f"| {' | '.join(bar or cell for cell in cells)} |"
        place = rules[-1] + 1
    return found


# [24.11.26, 21:14:07] Umar: …, as chats are exported; julia> …
_OF_CHAT = re.compile(
    r"^\s*\[?[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4},?\s[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\s?[AaPp]\.?[Mm]\.?)?\]?"
    r"\s*-?\s*[^:=]{1,30}:\s*|^\s*julia>\s*"
)
_BARS = dict.fromkeys(map(ord, "│┆┃║╎┊┇┋"), "|")  # of tables that programs draw
_DRAWN = re.compile(
    r"\s*[|+]?[─━═┄┌┐└┘├┤┬┴┼╞╪╡╔╗╚╝╠╣╦╩╬╭╮╰╯╤╧╟╢╫┏┓┗┛┡┩┢┪┳┻╇╈┯┷╋┠┨┣┫┿╂╀╁]{3,}[|+]?\s*"
)
_KIND_OF_NUMBERS = re.compile(r"(?:[iuf](?:8|16|32|64)|str|bool|cat|float64|int64)")
_GAPS = re.compile(r"(?<=\S)[^\S\t]{4,}(?=\S)")


def _spaced(text: str) -> str:
    """A line whose gaps are no longer than they need to be."""
    return _GAPS.sub("   ", text.rstrip()) if "    " in text else text.rstrip()


_FENCE = re.compile(r"\s*(?:```|~~~)\s*\{?\.?(\w*)")
_RULE = re.compile(r"\s*(?:[-=─━+|: ]){3,}\s*")


def _joined(lines: list[Line], nested: bool = False) -> Iterator[Line | Block]:
    """Lines with those that go on from them, and blocks of tables and code."""
    place = 0
    while place < len(lines):
        line = lines[place]
        fence = _FENCE.match(line.text) if not nested and not line.kind else None
        if fence:
            end = place + 1
            while end < len(lines) and not _FENCE.match(lines[end].text):
                end += 1
            inside = tuple(lines[place + 1 : end])
            if inside:
                yield Block("code", inside, fence[1].lower())
            place = end + 1
            continue
        if not line.text.strip():
            place += 1
            continue
        if (
            not line.kind
            and place + 1 < len(lines)
            and (_is_row(line.text) or ("|" in line.text and _is_grid_rule(lines[place + 1].text)))
            and (_is_row(lines[place + 1].text) or _is_grid_rule(lines[place + 1].text))
        ):
            end = place + 1
            bare = not line.text.lstrip().startswith("|")  # t | c, without bars at the edges
            while end < len(lines) and (
                _is_row(lines[end].text)
                or _is_grid_rule(lines[end].text)
                or (bare and lines[end].text.count("|") == line.text.count("|"))
            ):
                end += 1
            yield Block("pipes", tuple(lines[place:end]))
            place = end
            continue
        if not line.kind and (end := _separated(lines, place)) > place + 1:
            yield Block("tabs", tuple(lines[place:end]))
            place = end
            continue
        if not line.kind and (end := _spaced_columns(lines, place)) > place:
            yield Block("spaced", tuple(lines[place:end]))
            place = end
            continue
        columns = _columns(lines, place) if not line.kind else place
        if columns > place:
            yield Block("columns", tuple(lines[place:columns]))
            place = columns
            continue
        if _RULE.fullmatch(line.text) or _DRAWN.fullmatch(line.text):
            place += 1
            continue
        underlined = (
            place + 1 < len(lines)
            and not line.kind
            and lines[place + 1].number == line.number + 1
            and re.fullmatch(r"\s*(?:-{3,}|={3,}|─{3,}|━{3,}|~{3,})\s*", lines[place + 1].text)
        )
        if underlined:
            yield Line(line.number, line.text, "heading")
            place += 2
            continue
        text, end = line.text, place + 1
        if end < len(lines) and _names_array(text, lines[end].text):
            name = text.strip()
            if (prompted := _PROMPT.sub("", name)) != name:
                name = prompted.rpartition(";")[2].strip()
            text, end = f"{name} {lines[end].text.strip()}", end + 1
        if (
            re.fullmatch(r"\s*\w{1,40}\s*=\s*", text)
            and (
                struct := next(
                    (k for k in range(end, min(end + 3, len(lines))) if lines[k].text.strip()), end
                )
            )
            < len(lines)
            and _OF_STRUCT.fullmatch(lines[struct].text)
        ):
            text, end = f"{text.strip()} {lines[struct].text.strip()}", struct + 1
        if (below := _below(text, lines, end)) is not None:
            text, end = below
        if (listed := _bulleted(text, lines, end)) is not None or (
            listed := _steps_below(text, lines, end)
        ) is not None:
            text, end = listed
        if _OPENS_DICTIONARY.match(text) and text.count("{") > text.count("}"):
            last = next((k for k in range(end, min(end + MAX_JOINED, len(lines)))
                         if lines[k].text.rstrip().endswith("}")), -1)  # fmt: skip
            if last >= 0:
                text = " ".join([text, *(lines[k].text.strip() for k in range(end, last + 1))])
                end = last + 1
        elif _opens_array(text):
            depth, pieces = _depth(text), [text]
            while end < len(lines) and end - place < MAX_JOINED and depth > 0:
                pieces.append(lines[end].text.strip())
                depth += _depth(pieces[-1])
                end += 1
            text = " ".join(pieces)
        else:
            while end < len(lines) and len(text) < MAX_LINE and _goes_on(text, lines[end], line):
                text += " " + lines[end].text.strip()
                end += 1
        yield Line(line.number, text, line.kind)
        place = end


def _separated(lines: list[Line], place: int) -> int:
    """Where lines whose cells have tabs between them end, as tables are pasted."""
    end, numbers = place, 0
    while end < len(lines) and "\t" in (text := lines[end].text) and len(text) < MAX_LINE:
        cells = [cell.strip() for cell in text.split("\t")]
        if any(_RELATION.search(cell) and not _STEP_OF_CELL.fullmatch(cell) for cell in cells):
            break
        numbers += sum(bool(_NUMERIC.fullmatch(cell)) for cell in cells)
        end += 1
        if numbers < 2 and end - place > MAX_HEAD:
            break  # each line would be looked at as often as there are such before it
    return end if numbers > 1 else place


def _spaced_columns(lines: list[Line], place: int) -> int:
    """Where a table ends whose cells, of several words too, have wide gaps between them."""
    header = _WIDE_GAP.split(lines[place].text.strip())
    if len(header) < 2 or not is_header(header):
        return place
    end, numbers = place + 1, 0
    if end < len(lines) and _RULE.fullmatch(lines[end].text):
        end += 1  # a rule below the header
    first = end
    below = _WIDE_GAP.split(lines[end].text.strip()) if end < len(lines) else []
    has_corner = not all(label_of(cell).kind == "step" for cell in header)
    is_led = not has_corner or (bool(below) and not _NUMERIC.fullmatch(below[0]))
    width = len(header) + (is_led and len(below) == len(header) + 1)
    while end < len(lines) and len(lines[end].text) < MAX_LINE:
        cells = _WIDE_GAP.split(lines[end].text.strip())
        values = sum(bool(_NUMERIC.fullmatch(cell)) for cell in cells)
        if len(cells) != width or not values or any(map(_SEVERAL_NUMBERS.fullmatch, cells)):
            break
        numbers += values
        end += 1
    return end if numbers and end > first else place


# Between columns; one that is aligned on the right leaves one blank before a minus.
_WIDE_GAP = re.compile(r"\s{2,}|(?<=\S)\s(?=[-+−][0-9.])")
_SEVERAL_NUMBERS = re.compile(r"[-+]?[0-9.,]+(?:\s[-+]?[0-9.,]+)+")
_STEP_OF_CELL = re.compile(r"[tk]\s*=\s*[0-9]{1,6}")


def _is_row(text: str) -> bool:
    bare = text.strip()
    return (bare.startswith("|") and bare.count("|") >= 2) or (
        bare.count("|") >= 2 and " | " in bare and "=" not in bare
    )


def _is_grid_rule(text: str) -> bool:
    if _DRAWN.fullmatch(text):
        return True
    return bool(re.fullmatch(r"\s*\+(?:[-=:]+\+)+\s*|\s*:?-{2,}:?(?:\s*\|\s*:?-{2,}:?)+\s*", text))


def _is_rule(cell: str) -> bool:
    return bool(re.fullmatch(r"\s*:?[-=─━+]*:?\s*", cell))


_TOTAL_NAME = re.compile(r"(?:∂[LEJ]/∂|d[LEJ]/d|d_?|grad_)(?:[WUbVR]_?\w{1,4}|V|[ch]0)")
_COLUMNS_RULE_OF_REST = re.compile(r"=+(?:\s+=+)+")
_COLUMNS_RULE = re.compile(r"\s*(?:-{2,}(?:\s{1,}-{2,})+|={2,}(?:\s{1,}={2,})+)\s*")


def _columns(lines: list[Line], place: int) -> int:
    """Where a table in columns that begins here ends: a header, and rows of numbers."""
    header = lines[place].text.split()
    # BACKWARD t=3 t=2 t=1
    has_steps = len(header) > 2 and all(map(_STEP_OF_CELL.fullmatch, header[1:]))
    has_signs = any(sign in lines[place].text for sign in ("=", "≈", "[["))
    if len(header) < 2 or (has_signs and not has_steps):
        return place
    if _is_of_pass(header) or (len(header) == 2 and header[0].endswith(":")):
        return place
    if header[-1].endswith(":"):
        return place  # a heading: step 1:
    start = place + 1
    ruled = start < len(lines) and bool(_COLUMNS_RULE.fullmatch(lines[start].text))
    if ruled:
        start += 1
    elif start + 1 < len(lines) and re.fullmatch(r"\s*(?:-{4,}|={4,}|─{4,})\s*", lines[start].text):
        start += 1  # a rule below the header, if rows of numbers follow
    elif start < len(lines) and re.fullmatch(r"\s*[^\W\d]{1,9}\s*", lines[start].text):
        widths = {len(line.text.split()) for line in lines[start + 1 : start + 3]}
        start += widths == {len(header) + 1}  # the name of the index, as pandas prints it
    end = start
    while end < len(lines):
        cells = lines[end].text.split()
        if len(cells) < 2 or not all(_NUMERIC.fullmatch(cell) for cell in cells[1:]):
            break
        if len(cells) == 2 and cells[0].endswith(":"):
            break  # a line of its own: W_f: 0.7
        if _is_of_pass(cells):
            break
        end += 1
    many = end - start
    is_time = re.fullmatch(r"(?:t|step|time|k|zeit|schritt)", header[0], re.IGNORECASE)
    first_is_time = bool(is_time) or header[0].lower() in words("columns")["symbol"]
    numbers = has_steps or all(_NUMERIC.fullmatch(cell) for cell in header[1:])
    header_only = all(_NUMERIC.fullmatch(c) for c in header)
    if many >= 1 and not header_only and (ruled or first_is_time or numbers):
        return end
    if many == 1 and all(_TOTAL_NAME.fullmatch(cell) for cell in header):
        return end  # a row of gradients with their names, as R prints them
    widths = {len(lines[k].text.split()) for k in range(start, end)}
    named = all(re.match(r"[A-Za-z∂δ_~\\]", cell) for cell in header)
    if many >= 2 and named and len(widths) == 1 and widths.pop() in (len(header), len(header) + 1):
        return end
    return place


def _is_of_pass(cells: list[str]) -> bool:
    """Whether a line is "Epoch 1" or the like, which is a heading and no row of a table."""
    of_pass = (*words("time")["windows"], *words("time")["epochs"], *words("time")["sequences"])
    return len(cells) == 2 and cells[0].lower() in of_pass


_NUMERIC = re.compile(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?|nan|NaN|-|–")


def _cells(text: str, kind: str) -> list[str]:
    if kind == "columns":
        if re.search(r"\S\s{2,}\S", text) or text.startswith("  "):
            pass
        return text.split()
    if kind == "spaced":
        return [cell.strip("`*") for cell in _WIDE_GAP.split(text.strip())]
    if kind == "tabs":
        return [cell.strip().strip("`").strip("*") for cell in text.split("\t")]
    if kind == "row":
        return [latex.to_plain(cell) for cell in re.split(r"(?<!\\)&", text)]
    bare = text.strip()
    if bare.startswith("+") or _DRAWN.fullmatch(bare):
        return ["---"]
    if kind != "open":  # a table without bars at its edges
        bare = bare.removeprefix("|").removesuffix("|")
    cells = re.split(r"(?<!\\)\|", bare)
    cells = [cell.replace("\\|", "|").strip().strip("`").strip() for cell in cells]
    return [latex.to_plain(cell.strip("*")) if "\\" in cell else cell for cell in cells]


def _tables_of_latex(lines: Iterable[Line | Block]) -> Iterator[Line | Block]:
    rows: list[Line] = []
    for line in lines:
        if isinstance(line, Line) and line.kind == "row":
            rows.append(line)
            continue
        if rows:
            yield Block("row", tuple(rows))
            rows = []
        yield line
    if rows:
        yield Block("row", tuple(rows))


_ARRAY_START = re.compile(
    r"\s*(?:[-*•]\s+)?(?:print\(|>>>\s*)?(?:(?:[^\W\d_]+\s+){1,4}(?=[^\W\d_]+\s*:))?[^\s=:\[(]{1,60}(?:\s*\[[^\]]{0,10}\])?\s*(?:[=:]\s*)?(?:np\.|numpy\.|torch\.)?"
    r"(?:\[|(?:array|tensor|Parameter containing)\b)"
)


_OPENS_DICTIONARY = re.compile(
    r"\s*(?:\w{1,40}\s*=\s*)?\{\s*['\"\d]"
)  # of Python, printed over several lines
_NUMBERS_ALONE = re.compile(
    r"\s*[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?(?:\s+[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)*\s*"
)


def _below(text: str, lines: list[Line], start: int) -> tuple[str, int] | None:
    """``dW =`` with its numbers below an empty line, as MATLAB prints them; and where it ends."""
    if not re.fullmatch(r"\s*[^\W\d][\w.]{0,40}\s*=\s*", text):
        return None
    if found := _below_columns(text, lines, start):
        return found
    for place in range(start, min(start + 3, len(lines))):
        below = lines[place].text
        if below.strip():
            numbers = below.split()
            if len(below) > 2_000 or not _NUMBERS_ALONE.fullmatch(below):
                return None
            shown = numbers[0] if len(numbers) == 1 else f"[{', '.join(numbers)}]"
            return f"{text.strip()} {shown}", place + 1
    return None


_COLUMNS_OF_MATLAB = re.compile(r"\s*Columns? [0-9]+(?:\s+(?:through|to|and)\s+[0-9]+)?:?\s*")


def _below_columns(text: str, lines: list[Line], start: int) -> tuple[str, int] | None:
    """``c =`` above rows of numbers that MATLAB has headed "Columns 1 through 3"."""
    numbers: list[str] = []
    end, headed = start, False
    for place in range(start, min(start + 3 * MAX_JOINED, len(lines))):
        below = lines[place].text
        if not below.strip():
            continue
        if len(below) > 2_000:
            break
        if _COLUMNS_OF_MATLAB.fullmatch(below):
            headed = True
        elif headed and _NUMBERS_ALONE.fullmatch(below):
            numbers += below.split()
            end, headed = place + 1, False
        else:
            break
    return (f"{text.strip()} [{', '.join(numbers)}]", end) if numbers else None


def _bulleted(text: str, lines: list[Line], start: int) -> tuple[str, int] | None:
    """``c:`` with a number in each bullet below it, as YAML has a list; and where it ends."""
    bare = text.strip()
    if not bare.endswith(":") or not re.fullmatch(r"[^\W\d][\w.∂/]{0,40}:", bare):
        return None
    end = start
    numbers: list[str] = []
    while end < len(lines) and end - start < MAX_JOINED:
        match = _NUMBER_BULLET.fullmatch(lines[end].text)
        if match is None:
            break
        numbers.append(match[1])
        end += 1
    return (f"{bare[:-1]} = [{', '.join(numbers)}]", end) if len(numbers) > 1 else None


_STEP_ALONE = re.compile(
    r"\s*(?:[-*•]\s+)?(?:\(?(?:t\s*=\s*|(?:time\s*)?step\s+|schritt\s+|zeitschritt\s+|paso\s+|étape\s+)?"
    r"([0-9]{1,4})\)?)\s*[.):=→]\s*[=≈]?\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*[;,]?\s*",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"(?:d_?|∂L/∂|dL/d|δ_?|∇)?(?:[figochyzr]|z_[figo]|tanh_c)(?:_t|\[t\]|_\{t\})?")


def _steps_below(text: str, lines: list[Line], start: int) -> tuple[str, int] | None:
    """A quantity alone with a line for each step below it: Cell state: / 1. 0.3 / 2. 0.5."""
    bare = _bare(text)
    named = " ".join(bare.lower().split())
    is_word = named in called("quantities") or named.removesuffix("s") in called("quantities")
    if len(bare) > 60 or not (is_word or _ABOUT.fullmatch(bare.strip("$`"))):
        return None
    found: list[tuple[str, str]] = []
    end = start
    while end < len(lines) and end - start < MAX_JOINED:
        below = lines[end].text
        if not below.strip() and not found:
            end += 1
            continue
        match = _STEP_ALONE.fullmatch(below) if len(below) < 200 else None
        if match is None:
            break
        found.append((match[1], match[2]))
        end += 1
    steps = [int(step) for step, _ in found]
    run = list(range(min(steps, default=0), max(steps, default=0) + 1))
    if len(found) < 2 or steps not in (run, run[::-1]):
        return None
    shown = ", ".join(f"{step}: {value}" for step, value in found)
    return f"{bare.strip('$`')} = {{{shown}}}", end


_NUMBER_BULLET = re.compile(r"\s*[-*]\s+([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*")


def _names_array(text: str, following: str) -> bool:
    """Whether a line names the array that is printed below it: ``dc:``."""
    bare = _PROMPT.sub("", text.strip())
    if bare != text.strip():
        bare = bare.rpartition(";")[2].strip()  # h = hs.squeeze(); h
    if not _names_one(bare):
        return False
    is_array = re.match(r"\s*(?:\[+\s*[-+.0-9]|(?:np\.|torch\.)?(?:array|tensor)\()", following)
    return bool(is_array)


def _names_one(bare: str) -> bool:
    is_short = 1 < len(bare) <= 60 and not _RULE.fullmatch(bare)
    is_labelled = is_short and bare[-1] in ":="
    return is_labelled or bool(re.fullmatch(r"(?:∂L/∂)?[^\W\d][\w.]{0,40}", bare))


def _opens_array(text: str) -> bool:
    is_maths = text.lstrip().startswith(("\\[", "\\("))  # of LaTeX
    return (
        len(text) < MAX_LINE
        and not is_maths
        and bool(_ARRAY_START.match(text) or re.match(r"\s*\[\s*\[\s*[-+.0-9]", text))
        and _depth(text) > 0
    )


def _depth(text: str) -> int:
    return text.count("[") + text.count("(") - text.count("]") - text.count(")")


_RELATION = re.compile(r"=|≈|≃|≅|←|∼|\\approx|\\leftarrow")
_ASSIGNED = re.compile(r"\s*\S{1,40}\s<-\s")  # w <- w - …; behind a value it is a note
_CONTINUES = re.compile(
    r"\s*(?:&\s*)?(?:=|≈|\\approx|\+(?!\s*[-+]?\s*$)|[*/](?!\*)|[-−]|\\cdot|\\times|\\odot|\}\s*&)"
)


# What no line of a text ends with but one that was broken there: for step 2, and, the
_BROKEN = re.compile(
    r"(?:\b(?:at|for|in|and|with|the|of|is|are|get|have|obtain|step|und|ist|im|für|bei|der|die|et|est|pour|y|es)"
    r"|\b(?:at|for|in|bei|für|im|à|pour|en|para)\s+(?:the\s+)?(?:(?:time\s*)?step\s+|t\s*=\s*|schritt\s+|zeitschritt\s+|étape\s+|paso\s+)[0-9]{1,6}"
    r"|[0-9],)\s*$",
    re.IGNORECASE,
)


def _breaks_off(text: str, following: str) -> bool:
    """Whether a sentence was broken at the end of its line, as programs for mail do."""
    if len(text) < 40 or wordy(text[:2_000]) < 3 or not _BROKEN.search(text[-60:]):
        return False
    return bool(re.match(r"[^\W\d_]|∂|δ|[-+.0-9]", following)) and not following.endswith(":")


_ITEM = re.compile(r"\s*[-*+•]\s+")  # of a list
_FRAMED = re.compile(r"\s*([=*#~-])\1+\s.{0,100}\s\1{2,}\s*")  # === forward ===


def _goes_on(text: str, following: Line, line: Line) -> bool:
    """Whether a line goes on from the one before it: = 0.5, or + dc[t+1]*f[t+1]."""
    bare = following.text.strip()
    if not bare or following.kind != line.kind:
        return False
    if _breaks_off(text, bare):
        return True
    if not (_RELATION.search(text) or _ASSIGNED.match(text)):
        return False
    if text.lstrip()[:1] == "#" or len(bare) > MAX_LINE or _FRAMED.fullmatch(text):
        return False
    if (bullet := _ITEM.match(following.text)) and line.text.startswith(bullet[0]):
        return False  # the next of a list
    unmarked = re.sub(
        r"^(?:\{\}|&|\s|\\q?quad|\\[,;:!]|\\hspace\{[^{}]{0,10}\}|\\phantom\{[^{}]{0,20}\})+",
        "",
        bare,
    )
    if following.kind == "maths" and re.match(r"[+*/]|\\(?:cdot|times|odot)|-\s", unmarked):
        return True  # a sum goes on, and may have its result here
    if re.match(r"(?:=|≈|\\approx)(?!=)", unmarked):
        return True
    if re.search(
        r"(?:[+*/=(,]|\\cdot|\\odot|\\times|(?<=\s)-)\s*(?:\\\\)?\s*$", text
    ) and not re.search(r"\*\*\s*$", text):
        before = _RELATION.split(bare, maxsplit=1)
        return len(before) < 2 or not _is_name(before[0])
    if following.kind == "maths" and not _RELATION.search(bare):
        return True
    if not _CONTINUES.match(bare) or _RELATION.search(re.sub(r"[\[{(].*?[\]})]", "", bare)):
        return False
    if bare.startswith(("- ", "* ", "-- ", "—", "--")) and (
        ":" in bare or (wordy(bare) and not re.search(r"\w\s*[*/(]", bare))
    ):
        return False
    if bare.startswith("**") or _RULE.fullmatch(bare):
        return False
    indented = len(following.text) - len(following.text.lstrip())
    return bare[0] in "+*/" or indented > 0 or following.kind == "maths"


# Headings.

_KEYS = {"steps": "t", "windows": "window", "epochs": "epoch", "sequences": "sequence"}
_OF_PASS = ("epoch", "sequence", "window")
_DECORATION = re.compile(r"^[\s#>*_=~|+\-─━(\[{<.■□●○◆◇▲△▼▽★☆▶►※]+|[\s#*_=~|\-─━)\]}>:.,;]+$")
_STARS = re.compile(r"\*\*(?=\s|$|[:.,;])|(?<![\w)\]}])\*\*")  # of bold, no power
_OPENING = re.compile(r"^[\s#>*_=~|+\-─━(\[{<.■□●○◆◇▲△▼▽★☆▶►※]+")
_SQUARE = re.compile(r"^\s*[■□●○◆◇▲△▼▽★☆▶►※]\s*")  # before a line, as in Japanese
_BULLET = re.compile(
    r"^\s*(?:[①-⑳■□●○◆◇▲△▼▽★☆▶►※]\s*|[-*•◦▪–+]\s+(?=\S)|(?:\(?(?:[0-9]{1,3}|[a-zA-Z]|[ivx]{1,4})[).])\s+(?=\S))"
)
_CHINESE = {c: k for k, c in enumerate("一二三四五六七八九十", 1)}
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_CHINESE_NUMBER = re.compile(
    r"第\s*([0-9]{1,6}|[一二三四五六七八九十])\s*(?:个|個)?\s*(?:时间步|時間步|步|时刻|時刻"
    r"|(?P<window>窗口|窗|ウィンドウ)|(?P<epoch>轮|輪|回合|エポック)|(?P<sequence>序列|系列))"
)
_TO = r"(?:…|\.\.+|,|-|–|(?:to|bis|and|und|et|y|a|à|al|до|e|до|through|sowie)\b|\\ldots)"


@cache
def _range() -> re.Pattern[str]:
    """The steps of a window in its heading: t = 3 to 4, Schritte 4-6."""
    steps = any_of("time", "steps")
    return re.compile(
        rf"\b[tk]\s*=\s*[0-9nTN]+\s*{_TO}"
        rf"|\b(?:{steps})(?:s|e|n|en|es|os|i|и|ы)?\s+(?:von\s+|de\s+|from\s+)?[0-9]+\s*{_TO}(?=\s*[0-9nTN])",
        re.IGNORECASE,
    )


@cache
def _whole_range() -> re.Pattern[str]:
    return re.compile(rf"(?:{_range().pattern})(?:{_TO}|\s|[0-9nTN]+\b)*", re.IGNORECASE)


@cache
def _step_label() -> re.Pattern[str]:
    """What a line begins with that is for one step: "t = 2: …", "Step 2) …", "第2步，…"."""
    steps, ways = any_of("time", "steps"), any_of("time", "directions")
    return re.compile(
        rf"(?:[①-⑳]\s*)?(?:(?:{ways})\s+(?=[tk]\s*=|[0-9]+\s*:|{steps}))?"
        rf"((?:(?:at|for|in|bei|für|im|à|en|para)\s+)?(?:(?:{steps})\s+)?"
        r"\$?\s*(?:[tk]\s*=\s*)?[0-9]{1,6}\s*\$?|第\s*[0-9一二三四五六七八九十]+\s*(?:个|個)?\s*(?:时间步|時間步|步))\s*[:：,]\s+(?=\S*[^\W\d])"
        rf"|((?:{steps})\s+[0-9]{{1,6}})\s*(?:[.)]|[-–—])\s+(?=\S*[^\W\d])",
        re.IGNORECASE,
    )


@cache
def _step_given() -> re.Pattern[str]:
    """A step with what is given for it in brackets behind it: Step 2 (x = 0.5, target 1.25)."""
    steps = any_of("time", "steps")
    return re.compile(
        rf"(?:(?:{steps})\s*(?:[tk]\s*=\s*)?|[tk]\s*=\s*|第\s*(?=[0-9]+\s*(?:个|個)?\s*(?:{steps})))([0-9]{{1,6}})\s*(?:(?:个|個)?(?:{steps}))?\s*[,:]?\s*"
        r"[(\[]\s*(?P<given>(?=[^()]{0,40}[=:0-9])(?:[^()]|\([^()]{0,80}\)){1,200})[)\]]\s*(?:[:：]|[-–—](?=\s))?\s*",
        re.IGNORECASE,
    )


_STEP_IN_MATHS = re.compile(r"\$\s*([tk]\s*=\s*[0-9]{1,6})\s*\$")
_ITEM_OF_LATEX = re.compile(r"^\s*\\item(?:\s*\[[^\]]*\])?\s*")
_STEP_CELL = re.compile(r"\s*([0-9]{1,4})\s*(?:;|\||\t)\s*(?=[^\W\d]\S{0,20}\s*[=≈:]\s*[-+0-9.])")
_NUMBERED_PASS = re.compile(
    r"\s*\(?([0-9]{1,3})[.)]\s+((?i:window|chunk|block|segment|fenster|epoch|epoche|sequence|sequenz))(?=\s+[(\[]?t\s*=)"
)
_STEPS_OF_PASS = re.compile(
    r"^(\s*(?i:window|chunk|block|segment|fenster)\s+[0-9]{1,4})[\s,]+(t\s*=\s*[0-9][^:()=]{0,20}?)(\s*:\s)"
)
_CHINESE_LEAD = re.compile(
    r"\s*(?:在)?第\s*([0-9]{1,6}|[一二三四五六七八九十])\s*(?:个|個)?\s*(?:时间步|時間步|步|时刻|時刻)的?(?:时|時)?[，,]?\s*"
    r"(?=[^=≈:：]{1,20}(?:为|為|是|等于)\s*[-+0-9.０-９－])"
)


@cache
def _spaced_step() -> re.Pattern[str]:
    """A step with a gap behind it, and names with numbers: step 1   f 0.6   i 0.7."""
    steps, ways = any_of("time", "steps"), any_of("time", "directions")
    return re.compile(
        rf"(?:(?:{steps}|{ways})\s+|[tk]\s*=\s*)([0-9]{{1,4}})\s{{2,}}(?=[^\W\d]\S{{0,12}}\s+[-+]?[0-9]*\.?[0-9])",
        re.IGNORECASE,
    )


@cache
def _boxed_step() -> re.Pattern[str]:
    """A step in brackets at the beginning of a line: [t = 2] c = 0.3, 【時刻1】 x = 0.7."""
    steps = any_of("time", "steps")
    return re.compile(
        rf"\s*[\[(<]\s*(?:t\s*=|k\s*=|(?:{steps})\s*=?|t)\s*([0-9]{{1,6}})(?:\s*/\s*[0-9]{{1,6}})?"
        r"\s*[\])>]\s*:?\s*(?=\S[^=:≈]{0,40}[=:≈])",
        re.IGNORECASE,
    )


_LOSS_OF_STEP = re.compile(r"(?<=\s)(loss|err|error|cost|L|E|J)(\s?=)")
# [fwd ] step=1 x=0.4, <bwd> dh = 0.1, [grad] readout: V=-0.14, as programs log
_TAGGED = re.compile(
    r"\s*[\[<]\s*(?P<tag>[^\W\d_]{2,16}\s*)[\]>](?P<words>(?:\s+[^\W\d_]{2,16}){1,2}\s*:)?\s*:?\s*(?=[^=:]{1,40}[=:]\s*[-+.\w])"
)
_OPENED_SLOPES = re.compile(r"\s*(?:∇|grads?|gradients?|d_?params)\s*=\s*\((?=\s*\w{1,6}\s*=)")
_PIPED = re.compile(r"([^|]{0,60}\|)?\s*([^\W\d_]{3,16})\s*\|\s*(?=[^=|]{1,40}=)")
_ANSWERED = re.compile(r"[=≈←→]|:\s|\s(?:is|ist|est|vaut|es|è|beträgt)\s")


@cache
def _step_phrase() -> re.Pattern[str]:
    """What a sentence begins with that is for one step: "For t = 3 we get", 当t=4时."""
    steps = any_of("time", "steps")
    return re.compile(
        rf"(?:(?:at|for|in|when|bei|für|im|zu|zum|pour|à|au|en|para|per|a|al|для|при|в)\s+"
        rf"(?:the\s+|l'|la\s+|el\s+)?(?:(?:{steps})\s*(?:[tk]\s*=\s*)?|[tk]\s*=\s*)|[当當在于]\s*[tk]\s*=\s*"
        rf"|(?=[tk]\s*=\s*[0-9]{{1,6}}\s*(?:时|時))[tk]\s*=\s*)"
        r"([0-9]{1,6})(?![0-9.]|\s*(?:[-–…+*/=^)]|\.\.|,?\s*[0-9]|,?\s*(?:and|und|et|y|to|bis|or|oder|ou|o)\b))"
        r"\s*(?:时刻|時刻|时|時)?\s*[,:]?\s+",
        re.IGNORECASE,
    )


_PASS_LABEL = re.compile(
    r"([^:=]{0,60}[0-9一-十][^:=]{0,30})(?<!\s)\s*(?::\s+|：\s*|\s[-–—]\s+)(?=\S)"
)
_NAME_AND_NUMBER = re.compile(
    r"^\s*([^\W\d]\S{0,30})\s+([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*$"
)
_AS_HEADING = re.compile(r"\s*(?:#{2,}|\*\*[^*]+\*\*\s*:?\s*$|__[^_]+__\s*:?\s*$|={2,}|-{2,}\s*\S)")
_STEPPING = re.compile(
    r"\b(?:first|second|third|fourth|fifth|last|next|previous|backward|forward|pass|then|final|"
    r"initial|erste[rs]?|zweite[rs]?|dritte[rs]?|letzte[rs]?|nächste[rs]?|rückwärts|vorwärts)\b",
    re.IGNORECASE,
)


def _passes_called() -> str:
    """The words for a window, an epoch or a sequence; an update may be a heading of its own."""
    several = [w for section in list(_KEYS)[1:] for w in longest_first("time", section)]
    return "|".join(re.escape(word) for word in several if word != "update")


def _tells(rest: str) -> bool:
    """Whether an answer stands behind a label, and no sentence that speaks of another window."""
    return bool(_NAME_AND_NUMBER.match(rest) or re.search(r"[=≈→←：]|:\s", rest))


@cache
def _log_words() -> re.Pattern[str]:
    return re.compile(rf"({_passes_called()})\s*[=:#]?\s*([0-9]{{1,6}})", re.IGNORECASE)


@cache
def _log_label() -> re.Pattern[str]:
    """What a line of a log begins with: [Epoch 1/2] loss: 0.4; epoch 1, sequence 2, loss 0.4."""
    one = rf"(?:{_passes_called()})\s*[=:#]?\s*[0-9]{{1,6}}(?:\s*/\s*[0-9]{{1,6}})?"
    return re.compile(
        rf"\s*[\[(]?\s*({one}(?:[\s,;|-]+{one}){{0,2}})\s*[\])]?[\s:|,;–-]+"
        r"(?=(?:[^\W\d]|∂).{0,300}[0-9])",
        re.IGNORECASE,
    )


@cache
def _log_step() -> re.Pattern[str]:
    """What says the step of a line: [fwd] t=1 x=0.9; Zeit t = 1   Eingabe 0.8."""
    steps = any_of("time", "steps")
    words_before = r"\s*(?:\[?[^\W\d_]{2,12}\s?\]?:?\s+){0,2}"
    step = rf"(?:(?:{steps})\s*)?[tk]\s?=\s?|(?:{steps})\s?=\s?|(?:{steps})\s(?=[0-9]{{1,6}}/)"
    return re.compile(
        rf"{words_before}(?:{step})([0-9]{{1,6}})(?:/[0-9]{{1,6}})?(?:\s+(?=[^\W\d][\w./∂]{{0,30}}=[-+.0-9])|\s{{2,}}(?=[^\W\d]))",
        re.IGNORECASE,
    )


def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    found = [("t", re.compile(r"(?<![\w.])t\s*=\s*([0-9]{1,6})(?![0-9.])"))]
    for section, key in _KEYS.items():
        several = any_of("time", section)
        found.append(
            (
                key,
                re.compile(
                    rf"(?<![\w])(?:{several})\s*(?:t\s*)?(?:=|:|#|no\.?|nr\.?)?\s*([0-9]{{1,6}})(?![0-9.\w])",
                    re.I,
                ),
            )
        )
    return found


_FOUND: list[tuple[str, re.Pattern[str]]] = []


def heading_of(text: str, where: Where, certain: bool = False) -> Where | None:
    """What a heading says; None where the line is no heading.

    A heading that cannot be read leaves the step unknown. ``certain`` tells that it is one.
    """
    if len(text) > 300:
        return None
    if not _FOUND:
        _FOUND.extend(_patterns())
    marked = certain or bool(_AS_HEADING.match(text))
    comment = bool(re.match(r"\s*(?:#|//|%)", text))
    line = latex.to_plain(text) if latex.has_latex(text) else text
    bare = _bare(line)
    if (numbered := _NUMBERING.match(bare)) and _is_of_step(bare[numbered.end() :]):
        bare = bare[numbered.end() :]  # 1. Time step 1
    found: dict[str, int] = {}
    spans = bool(_range().search(bare))  # window 2 (t = 3 to 4)
    rest = _whole_range().sub(" ", bare) if spans else bare
    for key, pattern in _FOUND:
        for match in list(pattern.finditer(rest))[:4]:
            found.setdefault(key, int(match[1]))
        rest = pattern.sub(" ", rest)
    for chinese in list(_CHINESE_NUMBER.finditer(rest))[:4]:
        number = _CHINESE.get(chinese[1], 0) or int(chinese[1])
        found.setdefault(chinese.lastgroup or "t", number)
    rest = _CHINESE_NUMBER.sub(" ", rest)
    is_short = len(re.findall(r"[^\W\d_]+", rest)) <= 5
    if is_short and "t" not in found and _last_step().search(rest):
        found["t"] = LAST
        rest = _last_step().sub(" ", rest)
    is_equation = bool(re.search(r"[=≈←]|[0-9][.,][0-9]", _whole_range().sub(" ", rest)))
    for key, ordinal, pattern in () if is_equation else _ordinals(rest):
        if key not in found:
            found[key] = ordinal
            rest = "" if key == "t" else pattern.sub(" ", rest)
    if spans:
        found.pop("t", None)
        rest = rest if found else bare
    colon = text.rstrip().endswith((":", "：")) and not re.search(r"[=≈]", rest)
    told = re.sub(r"\([^()]{0,100}\)?\s*$", "", rest)  # Second window (with the new weights)
    many = len(re.findall(r"[^\W\d_]+", told))
    clean = not re.search(r"[=≈←\[\]+*/^∂σ]", rest) and not re.search(r"[0-9]", rest)
    if found and clean and (marked or comment or colon or many <= 4):
        same = where if "t" not in found and not marked else replace(where, t=None)
        return _found(same, found)
    if re.search(r"[=≈←]", rest) and not certain:
        return None
    if marked or (comment and (re.search(r"[0-9]", rest) or _STEPPING.search(rest))):
        return _found(replace(where, t=None), {k: v for k, v in found.items() if k != "t"})
    if comment:
        return where
    if colon and many <= 6 and not re.search(r"[0-9\[\]()_∂σ/\\{}]", rest) and " " in rest.strip():
        return replace(where, t=None) if _STEPPING.search(rest) or "step" in rest.lower() else None
    return None


@cache
def _last_step() -> re.Pattern[str]:
    last = any_of("time", "last")
    steps = any_of("time", "steps")
    return re.compile(rf"(?<!\w)(?:{last})\s*(?:{steps})(?!\w)", re.IGNORECASE)


_NUMBERING = re.compile(r"\(?(?:[0-9]{1,2}|[a-z])[.)]\s+(?=[^\W\d])")


def _is_of_step(text: str) -> bool:
    """Whether a text says a step in digits, and little besides."""
    match = next((p.search(text) for key, p in _FOUND if key == "t" and p.search(text)), None)
    return match is not None and len(text) - len(match[0]) <= 3


def _found(where: Where, numbers: Mapping[str, int]) -> Where:
    """What holds after a heading: with sequence 2 the window of sequence 1 is over.

    It is so only where windows were headings within sequences, not the other way round.
    """
    said = where.said
    for key in _OF_PASS:
        if key in numbers and key in said:
            said = said[: said.index(key)]
    said += tuple(key for key in _OF_PASS if key in numbers and key not in said)

    def of(key: str, before: int | None) -> int | None:
        return numbers.get(key, None if key in where.said and key not in said else before)

    return Where(
        numbers.get("t", where.t),
        of("window", where.window),
        of("epoch", where.epoch),
        of("sequence", where.sequence),
        where.stage,
        said,
    )


@cache
def _ordinal_patterns() -> tuple[tuple[str, int, re.Pattern[str]], ...]:
    """What "second step", "2nd window" and "2. Fenster" say, each with its number; 0 for digits."""
    found = []
    for section, key in _KEYS.items():
        known = longest_first("time", section)
        several = "|".join(map(re.escape, known))
        dotted = "|".join(re.escape(word) for word in known if word in words("time")["dotted"])
        digits = rf"\b([0-9]{{1,6}})(?:(?:st|nd|rd|th|er|[èe]re|[èe]me|e|º|ª)\s+(?:{several})"
        digits += rf"|\.\s+(?:{dotted}))\b" if dotted else r")\b"
        found.append((key, 0, re.compile(digits, re.IGNORECASE)))
        for number, word in enumerate(words("time")["ordinals"], 1):
            found.append((key, number, re.compile(rf"\b(?:{word})\s+(?:{several})\b", re.I)))
        for number, word in enumerate(_WORDS, 1):
            found.append((key, number, re.compile(rf"\b(?:{several})\s+{word}\b", re.I)))
    return tuple(found)


def _ordinals(text: str) -> Iterator[tuple[str, int, re.Pattern[str]]]:
    """The steps, windows and so on that a heading numbers in words."""
    for key, number, pattern in _ordinal_patterns():
        if match := pattern.search(text):
            yield key, number or int(match[1]), pattern


def _bare(text: str) -> str:
    """A line without the marks of a heading or a bullet around it."""
    text = text.strip()
    for _ in range(2):
        text = _DECORATION.sub("", text)
    return text.replace("**", "").strip()


def _opened(text: str) -> str:
    """A line without the marks before it; those at its end stay where they close others."""
    bare = _OPENING.sub("", text.strip())
    bare = _STARS.sub("", _OPENING.sub("", bare)).rstrip()
    ending = re.search(r"(\*{1,3}|_{1,3})[.:]?$", bare)
    if ending and bare.count(ending[1]) % 2:
        bare = bare[: ending.start()] + bare[ending.end(1) :]
    return bare


def _after_prose(text: str, where: Where) -> Where:
    """A sentence that speaks of another step leaves the step unknown."""
    is_heading = text.rstrip().endswith((":", "："))
    where = replace(where, stage=stage_after(text, is_heading) or where.stage)
    steps = {int(k) for k in re.findall(r"(?<![\w.])t\s*=\s*([0-9]{1,6})(?![0-9.])", text)[:5]}
    return replace(where, t=None) if where.t is not None and steps - {where.t} else where


# One line.

_BOLD = re.compile(r"(?<![\w)\]])(\*\*|__)(?=[^\s*_])([^*\n]{1,300}?)(?<=[^\s*])\1(?![\w(])")
_EMPHASIS = re.compile(
    r"(?:(?<=^)|(?<=\s))([*_])(?=[^\s*_=])([^*_=\n]{0,60}?[^\s*_=])\1(?=\s|[:.,;]|$)"
)
_EMPHASIZED_ANSWER = re.compile(  # *h_1 = 0.2*
    r"(?<![\w)\]}*])([*_])(?=[^\s*=])([^*=\n]{1,40}=\s*[-+]?[0-9.,]+(?:[eE][-+]?[0-9]+)?)\1(?![\w(*])"
)
_CODE_SPAN = re.compile(r"`+([^`]{1,2000})`+")
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#(?!\s*$)|//)\s?.*$")
_POINTS = re.compile(
    r"^\s*[\[(]\s*[0-9.,/]{1,6}\s*(?:pts?|points?|punkte?|marks?|P|分)\.?\s*[\])]\s*", re.IGNORECASE
)
_POINTS_BEHIND = re.compile(
    r"\s*[\[(]\s*[0-9.,/]{1,6}\s*(?:pts?|points?|punkte?|marks?|P|分)\.?\s*[\])]", re.IGNORECASE
)
# c1 0.2933 h1 0.1937, as it is typed on a phone
_PAIRS_ALONE = re.compile(
    r"(?<!\S)((?:d|∂L/∂|dL/d|δ)?(?:z_?[fiog]|[fiogchyzxE])_?[0-9]{1,4}|(?:d|∂L/∂|dL/d)[WUb]_?[fiogcru])"
    r"(?:\s*=\s*|\s+)"
    r"([-+]?(?:[0-9]+[.,][0-9]+|[.,][0-9]+|0|1)(?:[eE][-+]?[0-9]+)?)(?!\S)[,;]?"
)
_PAIRED = re.compile(rf"\s*(?:{_PAIRS_ALONE.pattern}\s*)+")
_CHECK = re.compile(r"^\s*\[[ xX]\]\s+")
_PROMPT = re.compile(r"^\s*(?:>>>|In \[[0-9 ]*\]:|Out\[[0-9 ]*\]:|\.\.\.(?=\s))\s*")


# What reStructuredText has around maths.
_ROLE = re.compile(r":math:`([^`]{1,2000})`|^\s*\.\.\s+math::\s*(?=\S)")
# 2026-11-02 14:05:31,102 DEBUG lstm: …, as programs log
_LOGGED = re.compile(
    r"^\s*(?:\[?[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.,]{5,15}Z?\]?\s*[-|:]?\s*"
    r"(?:\[[\w.]{1,30}\]\s*)?\[?(?:INFO|DEBUG|WARNING|WARN|ERROR|TRACE|LOG)\]?\s*[:|-]?\s+(?:[A-Za-z_][\w.]{1,40}:\s+)?"
    r"|(?:\[?[0-9]{4}-[0-9]{2}-[0-9]{2}[^\]\s]*\]?\s*(?:[0-9:.,]{5,15}\s*)?)?"
    r"\[?(?:INFO|DEBUG|WARNING|LOG|info|debug)\]?\s*[:|-]?\s+)"
)
_NUMBERED = re.compile(
    r"^\s*(?:[AQ]|Ans|Answer|Aufgabe|Problem|Exercise)\s?[0-9]{1,2}\s?[.):]\s+(?=\S)"
)


_GAP = re.compile(r"(=[^=]{3,200}?[^\s=])\s{3,}(?=[^\W\d_][^\s=]{0,14}\s{0,4}=\s)")


def _cleaned(text: str, is_maths: bool = False) -> str:
    """A line without markup: bullets, bold, code spans, dollars, comments."""
    if re.match(r"\s*%\s*[^\W\d]", text):
        return ""  # a comment of LaTeX
    text = _NUMBERED.sub("", _LOGGED.sub("", text, count=1), count=1)
    text = (
        _ROLE.sub(lambda m: f"${m[1]}$" if m[1] else "", text)
        if ":math:" in text or "math::" in text
        else text
    )
    if "**" in text and "\\" in text:
        text = _BOLD.sub(r"\2", text)  # around maths, whose signs are no longer bold afterwards
    if is_maths or latex.has_latex(text) or "$" in text:
        if "{" in text and "\\" not in text and "$" not in text:
            text = _GAP.sub(r"\1 ; ", text)  # f_t = σ(z_{f,t})      i_t = σ(z_{i,t})
        text = _without_latex_ends(text)
        text = _quads_apart(text) if "quad" in text else text
        text = latex.to_plain(_CODE_SPAN.sub(r"\1", text))
    text = plain(_CODE_SPAN.sub(r"\1", text))
    text = re.sub(r"<br\s*/?>", " ; ", text)
    text = _PROMPT.sub("", text.strip())
    text = text.strip()
    if text.startswith(">"):
        text = text.lstrip("> ")
    text = _POINTS.sub("", _CHECK.sub("", _BULLET.sub("", text, count=1)))
    text = _EMPHASIS.sub(r"\2", _BOLD.sub(r"\2", text))
    text = _EMPHASIZED_ANSWER.sub(r"\2", text) if "*" in text or "_" in text else text
    text = _BULLET.sub("", text, count=1) if re.match(r"\(?[a-z0-9]{1,3}[).]\s", text) else text
    text = _TIGHT_NUMBER.sub("", text, count=1)
    text = _label().sub("", text, count=1)
    text = _LOOSE.sub("_", text) if " _" in text else text
    text = _POINTS_BEHIND.sub("", text)
    text = _PAIRS_ALONE.sub(r"\1 = \2  ", text) if _PAIRED.fullmatch(text[:2_000]) else text
    text = _OF_DICTIONARY.sub(_in_dictionary, text) if "[" in text else text
    if "([" in text:
        text = _ARRAY_AND_MORE.sub(r"\1", text)
    if listed := _LIST_AND_MORE.search(text):
        head = _NAME_OF_LIST.sub(r"\1 = ", text[: listed.end(1)], count=1)
        text = head + _ONE_MORE.sub(r"; \1 = ", " " + text[listed.end(1) :].lstrip(" ,"))
    text = _SPACED_STEP.sub(r"\1_\2", text)
    if "   " in text and (named := _named_cells(text)):
        text = named
    if "   " in text:
        text = _FROM_TO.sub(r" ; new \g<name> = \g<new>", text)
        text = _KEYED_TANH.sub(r"tanh(\g<name>) = \g<number>", text)
        text = _KEYED_NUMBER.sub(r"\g<before> = \g<number>", text)
    text = _KEYED.sub("", text)
    if " x " in text:
        text = _TIMES.sub(" * ", text)
    if "=" in text and "(" in text:
        text = _BRACKETED_BEHIND.sub(r"[\1]", text)
    if "*" in text or "⋆" in text:
        text = _STARRED.sub(lambda m: f"target{m[1] or m[2] or m[3] or ''}", text)
    if "@" in text:
        text = _AT_SIGN.sub(r"\1[\2]", text)  # c@2
    if "~" in text:
        text = TILDE_BEHIND.sub("\\1\u0303", text)  # h~
    if ":0" in text:
        text = _OF_GRAPH.sub(lambda m: f"{m[1]}{'.grad' if m[2] else ''}", text)
    if "∂" in text:
        text = _WORDS_SLOPE.sub(r"∂\1/∂\2", text)
    text = _OF_ONE_STEP.sub(r"_{\1}", text) if "|_" in text.replace(" ", "") else text
    text = _PRODUCT_OF_PDF.sub(r"\1_\2*\3_\4", text)
    text = _LOOSE_SLOPE.sub(r"d\1/d", text)
    if "over" in text:
        text = _SUM_OVER.sub("= Σ_t ", text)
    if " dot" in text or " approx" in text:  # as Typst has them
        text = _TYPST_DOT.sub(" * ", _TYPST_ABOUT.sub(" ≈ ", text))
    return _COMMENT.sub("", text).strip()


_QUAD = re.compile(r"\\q?quad\s*")


def _quads_apart(text: str) -> str:
    r"""A row of several equations with a sign between them: a = b \qquad c = d."""
    pieces = [_QUAD.sub(" ", piece) for piece in re.split(r"(?=\\q?quad(?![A-Za-z]))", text)]
    made = pieces[0]
    for piece in pieces[1:]:
        begins = re.match(
            r"\s*(?:\\[,;:!]\s*)*(?:[A-Za-z]|\\(?:frac|dfrac|tfrac|partial|delta|hat|bar|tilde|over|var))",
            piece,
        )
        is_open = made.count("{") > made.count("}") or made.count("(") > made.count(")")
        both = "=" in made and re.search(r"[^=]=", piece)
        is_label = made.rstrip(" $").endswith(":") or re.search(r"t\s*=\s*[0-9]+\s*\}?\s*$", made)
        apart = begins and both and not is_open and not is_label
        made += f" ; {piece}" if apart else f" {piece}"
    return made


# dW_f = [0.1, 0.2]  dU_f = 0.3
_LIST_AND_MORE = re.compile(
    r"((?:[=:≈]|^)\s*[\[(][-+0-9.eE,;\s]{3,400}[\])])\s*,?\s+(?=(?:[^\W\d]|∂)[^\s=:≈]{0,20}\s*[=:≈]\s*[-+\[(.0-9])"
)
_ARRAY_AND_MORE = re.compile(  # x = tensor([1.2, -0.4])  target = -0.5
    r"(?:torch\.|np\.|numpy\.)?(?:tensor|array)\(\s*(\[[-+0-9.eE,\s]{1,400}\])\s*\)(?=[,;\s]\s*[^\W\d]\w{0,20}\s*=)"
)
_NAME_OF_LIST = re.compile(r"^\s*((?:[^\W\d]|∂)[^\s=:≈;,]{0,20}):\s*(?=[\[(])")
_ONE_MORE = re.compile(r",?\s+((?:[^\W\d]|∂)[^\s=:≈;,]{0,20})\s*[=:]\s*(?=[-+\[(.0-9])")
_TIGHT_NUMBER = re.compile(r"^\(([0-9]{1,2})\)(?=[\u3040-\u9fff]|[tk]\s*=)")  # （1）t=1时
# gradients["dbf"][0] = 0.1, as the notebooks of courses print the parts of a dictionary
_OF_DICTIONARY = re.compile(
    r"(?<![\w.])(?:d?grads?|gradients?|cache|results?|out|my_?\w{0,12}|parameters|params|weights|state|values?)"
    r"\[\s*['\"]([^\W\d][\w.]{0,40})['\"]\s*\](?:\.shape(?=\s*$))?((?:\[0\])*)"
)


def _in_dictionary(match: re.Match[str]) -> str:
    is_slope = "grad" in match[0].partition("[")[0] and match[1][0] in "WUbVR"
    return f"∂L/∂{match[1]}" if is_slope else match[1]


# dL/dh (t = 2) = 0.4
_BRACKETED_BEHIND = re.compile(r"(?<=[\w})])\s?\(\s?t\s?=\s?([0-9]{1,4})\s?\)(?=\s*[=≈])")
_NAMED_CELL = re.compile(
    r"(?P<name>(?:tanh\s+)?[^\W\d][\w./∂δ{}]{0,14}(?:\s+[hy]\s*-\s*[a-z]{1,8})?)\s{1,3}"
    r"(?P<number>[-+]?(?:[0-9]+[.,][0-9]+|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?)"
)


def _named_cells(text: str) -> str:
    """Names with numbers that have gaps between them: net_f 0.41   net_i 0.93."""
    cells = [cell for cell in _WIDE_GAP.split(text.strip()) if cell]
    found = [_NAMED_CELL.fullmatch(cell) for cell in cells]
    if len(cells) < 2 or not all(found):
        return ""
    pairs = [(one["name"], one["number"]) for one in found if one]
    # error h - target
    pairs = [("dy" if " - " in name else name, number) for name, number in pairs]
    return " ; ".join(f"{name} = {number}" for name, number in pairs)


# dL/dW_f = 0.01   W_f: 0.7 -> 0.69
_FROM_TO = re.compile(
    r"(?<=[0-9])\s{2,}(?P<name>[WUbVp]_?\w{0,3}):?\s+[-+]?[0-9]*[.,]?[0-9]+\s*(?:->|→)\s*(?P<new>[-+]?[0-9]*[.,]?[0-9]+)"
)
# SIGM -> f1 = 0.75, as on a calculator's tape; and its numbers behind a gap
_KEYED = re.compile(
    r"^\s*(?:SIGM?|SIGMOID|TANH|SQR|LOG|EXP|σ|tanh|sigmoid)\s*(?:->|→)\s*(?=[A-Za-z])"
)
_KEYED_NUMBER = re.compile(
    r"^(?P<before>(?=.*(?:=|->|→)).*[\w)\]}²])\s{3,}(?P<number>[-+]?[0-9]*[.,]?[0-9]+)$"
)
_KEYED_TANH = re.compile(
    r"^(?:TANH|Tanh|tanh)\s+(?P<name>[cC]\S{0,8})\s{2,}(?P<number>[-+]?[0-9]*[.,]?[0-9]+)$"
)
_TIMES = re.compile(
    r"(?<=[0-9)\]}²₀-₉])\s+x\s+(?=[0-9(∂√]|[-+][0-9.]|\[|[A-Za-z][A-Za-z_{}]{0,6}[0-9₀-₉_{\[(]|d[LE]/d)"
)
# y*, y*_2, y_2^*, y^{*}_{t}: what the prediction should have been
_STARRED = re.compile(
    r"(?<![\w*∂])[yd](?:\^\{?\s?[*⋆]\s?\}?(_\{?[t0-9]{1,4}\}?)?"
    r"|(_\{?[t0-9]{1,4}\}?)(?:\^\{?\s?[*⋆]\s?\}?|[*⋆](?=\s*(?:[=≈):,;\]]|$)))"
    r"|[*⋆](?:(_\{?[t0-9]{1,4}\}?)|(?=\s*(?:[=≈):,;\]]|$))))"
)


# f 1 = 0.7, as programs that read scans have it
_SPACED_STEP = re.compile(
    r"(?:(?<=^)|(?<=[\s,;|]))((?:d|∂[LEJ]/∂|δ)?[fiogchyru])\s([0-9]{1,4})(?=\s?[=≈]\s?[-+.0-9])"
)
_AT_SIGN = re.compile(
    r"(?<![\w@.])([a-zδ∂][^\W\d]{0,8}(?:_[figorucz])?)@(?:t\s*=\s*)?([0-9]{1,5})(?![\w.@])"
)
# Variables of Keras and TensorFlow: lstm_cell/kernel:0 gradient = …
_OF_GRAPH = re.compile(r"([A-Za-z][\w/.]{2,80}):0(?=[\s=:])(\s+grad(?:ient)?s?\b)?")
_LOOSE = re.compile(r"(?<=[A-Za-z∂])\s{1,3}_\s{0,3}(?=[A-Za-z0-9{])")  # c _ 1, of a scan
_WORDS_SLOPE = re.compile(  # ∂L/(∂c_4 ), as Word's editor of equations has it
    r"\(?\s*∂\s*([LEJ])\s*\)?\s*/\s*\(\s*∂\s*([^()∂]{1,20}?)\s*\)"
)
_OF_ONE_STEP = re.compile(r"(?<=\S)_\{?t\}?\s*\|\s*_\{?\s*t\s*=\s*([0-9]{1,6})\s*\}?")
_PRODUCT_OF_PDF = re.compile(r"(?<![\w.])([figoch])([0-9])([figoch])([0-9])(?!\w)")  # f1c0
_LOOSE_SLOPE = re.compile(r"\bd\s+([LEJ])\s*/\s*d\s+(?=[A-Za-z])")
_SUM_OVER = re.compile(
    r"=\s*(?:the\s+)?sum\s+over\s+t(?:\s+of)?[\s:]+",
    re.I,
)
_TYPST_DOT = re.compile(r"(?<=[\w)\]}])\s+dot(?:\.\w{1,4})?\s+(?=[\w(∂σ])")
_TYPST_ABOUT = re.compile(r"\s+approx\s+(?=[-+.0-9])")


@cache
def _label() -> re.Pattern[str]:
    """What only says that an answer follows: Answer: c_1 = 0.2."""
    several = any_of("labels", "words")
    return re.compile(rf"^\s*(?:{several})\s*[:：]\s*(?=\S)", re.IGNORECASE)


@cache
def _leading() -> re.Pattern[str]:
    """Words before an answer that say nothing of it: and so h_1 = 0.2."""
    several = any_of("leading", "words")
    chinese = any_of("leading", "chinese")
    return re.compile(
        rf"^(?:(?:{several})(?:\s*,\s*|\s+)|(?:{chinese})\s*,?\s*)(?=[^\W\d]|∂)", re.IGNORECASE
    )


_MARKS = re.compile(r"^[\s,;.→⇒➡\ufe0f\u2190-\u21ff\u2600-\u27bf\U0001f300-\U0001faff]+")


def _unled(name: str) -> str:
    """A quantity without the words before it that say nothing of it."""
    name = _MARKS.sub("", name)
    for _ in range(3):
        rest = _leading().sub("", name, count=1)
        if rest == name:
            break
        name = rest
    return name


def _without_latex_ends(text: str) -> str:
    text = re.sub(r"\\\\(?:\[[^\]]*\])?\s*$", "", text.strip())
    text = re.sub(r"(?<!\\)(?<=[^\d\s])\s+%\s.*$|(?<!\\)%\s+[^\W\d].*$", "", text)
    return re.sub(r"\\item(?:\s*\[[^\]]*\])?", "", text)


_SIGN = re.compile(
    r"\s*(?::=|==|<-(?=\s)|←|=(?!=)|~=|≈=?|≃|≅|∼|~(?=\s*[-+0-9.])|[→⟹⇒](?=\s*[-+0-9.])|->(?=\s*[-+0-9.])|=>(?=\s*[-+0-9.]))\s*|[()\[\]{}]"
)
_IS = re.compile(
    r"^(?P<left>.{1,160}?\S)\s+(?:(?:then|thus|now|hence|therefore|dann|alors|donc|entonces)\s+)?"
    r"(?:is|equals|comes to|beträgt|ist|gives|becomes|turns out to be|comes out as|vaut|est"
    r"|est égal à|es|vale|è|é|为|為|是|等于|等於|は)\s*(?<=[\s\u3000-\u9fff])"
    r"(?:about\s+|approximately\s+|ca\.?\s+|roughly\s+|circa\s+|environ\s+|约)?(?P<right>[-+]?\s?[0-9.][^=]*)$"
)
# In Chinese no space stands around it.
_IS_WORD = re.compile(r"\s(?:is|ist|est|vaut|equals|beträgt|es|è|é)\s")
_IS_CHINESE = re.compile(
    r"^(?P<left>[^=≈:：]{1,80}?)(?:约为|約為|大约是|等于|等於|为|為|是)\s*:?\s*(?P<right>[-+]?\s?[0-9][^=]*)$"
)
_NEW_AND_NUMBER = re.compile(
    r"^((?:new|updated|neues?|nouveau)\s+[A-Za-z]\S{0,8})\s+([-+]?[0-9]*[.,][0-9]+)\s*$",
    re.IGNORECASE,
)
_IS_EACH = re.compile(
    r"(?<!\S)(?!(?:it|they|this|that|these|those|both|er|sie|es|il|elle|ils|lo|la|ella|esso)\s)([^\W\d]\S{0,20})\s+(?:is|ist|est|are)\s+(?=[-+]?[0-9.]*[0-9])"
)
# One number, as numpy and torch print it: tensor(0.3, grad_fn=<AddBackward0>), np.float64(0.3).
_SCALAR = re.compile(
    r"(?<![\w.])(?:torch\.|np\.|numpy\.)?(?:tensor|array|float64|float32)\(\s*"
    r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+\.)"
    r"(?:,\s*(?:grad_fn|dtype|device|requires_grad)\s*=[^(),]{1,60}(?:\(\))?){0,4}\s*\)"
)
_NAMEISH = re.compile(
    r"(?:new\s+)?(?:∂\s?[LEJ]\s?/\s?∂|d[LEJ]\s?/\s?d|δ|∇|d\s)?"
    r"[A-Za-zα-ωΑ-ΩÀ-ɏ\u0400-\u04ff\u1e00-\u1eff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3∂δ∇][^\s=+*/;,|]{0,40}(?:\s?[\[({⟨][^\]\[)}(={]{0,12}[\])}⟩]"
    r"|,[₀-₉ₜ]+|(?:(?<=_[fiogcru])|(?<=_[cgh]\u0303)),[0-9]{1,4}|_\{[^{}]{0,30}\}|\^\{[^{}]{0,20}\})*'?"
)
_SEPARATOR = re.compile(
    r"^(?P<value>.*?\S)(?P<sep>\s*(?:→|⇒|⟹|->|=>)\s*(?=[^\W\d]|∂)|\s*;\s*|\s*,\s+|,(?!t\b)(?=[A-Za-z∂δ])|\s{2,}|\t+|\s+(?:and|und|sowie|et|y|e|и|so|thus|hence|therefore)\s+|\s*\.\s+(?=[A-ZÀ-ÞА-Я][^\W\d_]+\s)|\s*\|\s*|\s+&\s+)(?P<name>(?:[^,;{}]|(?:(?<=_[fiogcru])|(?<=_[cgh]\u0303)),(?=[0-9])|\{[^{}]{0,20}\}){1,60})$",
    re.DOTALL,
)
_STEP_NAME = re.compile(r"(?:t|step|k)$", re.IGNORECASE)


def _parts(line: str) -> list[str]:
    """What stands between the equals signs; one within brackets is none."""
    parts: list[str] = []
    start = depth = 0
    for match in _SIGN.finditer(line):
        mark = match[0].strip()
        if mark in ("(", "[", "{"):
            depth += 1
        elif mark in (")", "]", "}"):
            depth = max(depth - 1, 0)
        elif depth <= 0 and not (
            parts and mark in ("<-", "←") and _AN_END.search(line[: match.start()])
        ):
            parts.append(line[start : match.start()])
            start = match.end()
    return [*parts, line[start:]]


_AN_END = re.compile(r"[0-9.]\s*$")


_COLON = re.compile(r"\s*:(?!=)(?=\s|[-+.0-9]|$)\s*")


_PAIR = re.compile(
    r"((?:[^\W\d]|∂)[^\s:=,;]{0,40})\s*:\s*([-+]?[0-9]*[.,]?[0-9]+(?:[eE][-+]?[0-9]+)?)[,;]?(?:\s+|$)"
)
_PAIRS = re.compile(rf"(?:{_PAIR.pattern}){{2,}}")


def _all_words(text: str) -> bool:
    """Whether all that has a number behind a colon is a word: Page: 3 Line: 14."""
    labels = [found[1] for found in _PAIR.finditer(text)]
    return all(re.fullmatch(r"[^\W\d_]{4,}", label) and not _is_known(label) for label in labels)


def _is_known(word: str) -> bool:
    return word.lower() in called("quantities") or _place_named(word) != ""


def _answers(number: int | str, text: str, where: Where) -> Iterator[Entry]:
    """The answers of a line without markup."""
    if not text:
        return
    if len(text) < 2_000 and _PAIRS.fullmatch(text) and not _all_words(text):
        text = _PAIR.sub(r"\1=\2 ", text).strip()  # dWf: 0.02 dUf: -0.01
    if found := _printed(number, text, where):
        yield from found
        return
    if text[:1] == "{" and text[-1:] == "}" and re.search(r"->|→", text):
        text = text[1:-1].strip()  # {c[1] -> 0.3, c[2] -> 0.5}
    if "(" in text:
        text = _SCALAR.sub(r"\1", text)
    text = _NEW_AND_NUMBER.sub(r"\1 = \2", text)
    if len(text) < 2_000 and len(_IS_EACH.findall(text)) > 1:
        text = _IS_EACH.sub(r"\1 = ", text)  # h1 is 0.2, h2 is -0.6
    if "that" in text and _SPEAKS_OF_GRADIENT.search(text):
        text = _THAT_OF.sub("gradient of", text)  # … and that of U_f is 0.01
    if len(text) < 2_000 and (several := _each_is(text)):
        for left, right in several:
            yield _entry(number, left, right, where)
        return
    at = AT_STEP.search(text)
    if (at and len(AT_STEP.findall(text)) == 1 and _COLON.search(text) is None) or (
        at and text[: at.start()].strip()
    ):
        before, after = text[: at.start()], text[at.end() :]
        if before.strip() and (
            _RELATION.search(before)
            or re.match(r"\s*(?:[:=≈~→]|is\b)", after)
            or _RELATION.search(after)
        ):
            where = replace(where, t=int(at[1]))
            before = before.rstrip(" ,")
            if _a_loss().search(before):
                before = f"{before}[{at[1]}]"  # no total: the loss at step 2
            text = f"{before} {after}".strip().rstrip(".,; ")
    yield from _of_parts(number, text, where)


@cache
def _a_loss() -> re.Pattern[str]:
    several = any_of("loss", "words")
    return re.compile(
        rf"^(?:(?:and|so|then|the|le|la|el|der)\s+)*(?:{several}|[LJ])$", re.IGNORECASE
    )


_BETWEEN_SENTENCES = re.compile(r"\s*;\s+|\s*,?\s+(?:and|und|et|y)\s+|\s*[,;]\s+|\.\s+(?=[A-Z])")


_PRONOUN = re.compile(
    r"(?:^|\s)(?:it|they|this|that|these|those|both|which|er|sie|es|dies|diese|il|elle|ils|elles|ça|cela|lo|ella|ello"
    r"|esto|questo|questa|essa|esso|isso|isto|ele|ela|respectively|there|here)$",
    re.IGNORECASE,
)
_SPEAKS_OF_GRADIENT = re.compile(r"\b(?:gradient|derivative)\s+(?:of|for)\b", re.IGNORECASE)
_THAT_OF = re.compile(r"\b(?:that|the one|those)\s+(?:of|for)\b", re.IGNORECASE)


def _each_is(text: str) -> list[tuple[str, str]]:
    """Quantities and numbers of sentences: "The loss is 0.4; the cell state at t = 1 is 0.2"."""
    pieces = [text]
    if len(_IS_WORD.findall(text)) > 1 or len(re.findall("[为為是]", text)) > 1:
        pieces = [piece for piece in _BETWEEN_SENTENCES.split(text) if piece]
    found = []
    for piece in pieces:
        match = _IS.match(piece) or _IS_CHINESE.match(piece)
        if match is None:
            return []
        left = _unled(match["left"])
        if _PRONOUN.search(left):
            continue  # it is -0.07, and a sentence before says what
        if match.re is _IS_CHINESE or len(pieces) > 1:
            known = " ".join(left.lower().split()) in called("quantities")
            if not (known or AT_STEP.search(left) or _QUANTITY_AT_END.search(left)):
                return []
        found.append((left, match["right"]))
    return found


# What a sentence about a quantity ends in: h_1, ∂L/∂W_f, L, W_f的梯度.
_QUANTITY_AT_END = re.compile(
    r"(?:^|[\s\u3040-\u9fff])(?:∂|δ)?[A-Za-zδ∂][^\W_]?(?:[_\[({⟨/∂₀-₉ₜ'0-9][^\s\u3040-\u9fff]{0,20})?\s*(?:的(?:梯度|偏?导数?|偏微分))?$"
)


_ARROW = re.compile(r"\s*(?:→|->|⟶|=>|⇒)\s*")
_PLAIN_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_ARROWS = re.compile(rf"\s*{_PLAIN_NUMBER}(?:{_ARROW.pattern}{_PLAIN_NUMBER})+\s*\.?")
_TRANSPOSED = re.compile(r"^(\s*[\[(][^\[\]()]*[\])])\s*(?:\^\s*\{?\s*[T⊤]\s*\}?|\.T|')\s*\.?$")
# x₁ = 1: f₁ = 0.79, with the input as the label of its step
_INPUT_LABEL = re.compile(
    rf"^(?P<given>x(?:_\{{?\w{{1,4}}\}}?|[₀-₉ₜ]{{1,3}}|\[[0-9t]{{1,4}}\])?\s*=\s*(?:{_PLAIN_NUMBER}|[-+]?[0-9]+,[0-9]+|[(\[][-+0-9.,;\s]{{1,80}}[)\]]))"
    r"\s*:\s+(?=[^:=]{1,60}[=≈])"
)
_SETTING_LABEL = re.compile(
    rf"^(?P<label>[^:=]{{1,120}}?=\s*(?:{_PLAIN_NUMBER}|[0-9]+,[0-9]+))\s*:\s+(?=[^:=]{{1,60}}[=≈])"
)
_OVER_STEPS = re.compile(rf"^(?P<left>[^=:]{{1,60}}?)\s*(?:[=:]|≈)\s*(?P<right>{_ARROWS.pattern})$")


_FORMULA_AND_LIST = re.compile(
    r"[^:=0-9][^:=]{1,60}:\s*([-+]?[0-9]*\.[0-9]+(?:\s*[,;]\s*[-+]?[0-9]*\.[0-9]+){1,200})\s*\.?"
)


def _of_parts(number: int | str, text: str, where: Where) -> Iterator[Entry]:
    if len(text) < 2_000 and (setting := _SETTING_LABEL.match(text)):
        name = setting["label"].partition("=")[0].split()
        if (
            name and is_setting(name[-1]) and not _place_named(name[-1])
        ):  # After one update with η = 0.2: W_o = 0.3
            where, text = _staged(where, setting["label"]), text[setting.end() :]
    if len(text) < 2_000 and (given := _INPUT_LABEL.match(text)):
        text = f"{given['given']} ; {text[given.end() :]}"
    if len(text) < 2_000 and (over := _OVER_STEPS.match(text)) and "→" in text.replace("->", "→"):
        values = _ARROW.split(over["right"].strip(" ."))
        if len(values) > 2:  # two are from the old to the new one: W_f: 0.7 → 0.698
            yield from _entries_of(number, over["left"], [f"[{', '.join(values)}]"], where, "")
            return
    parts = _parts(text)
    if len(parts) == 2 and (listed := _FORMULA_AND_LIST.fullmatch(parts[1][:2_000])):
        parts[1] = f"[{listed[1]}]"  # prediction y = V h + b_y: 0.4, 0.2, -0.1
    colon = _colon(parts[0])
    form = ""
    while len(parts) > 1 and colon is not None and parts[0][colon.end() :].strip():
        # A label before the answer; a step in it holds for the line.
        following = _colon(parts[0][colon.end() :])
        if following is None:
            break
        where = _staged(where, parts[0][: colon.start()])
        parts[0] = parts[0][colon.end() :]
        form, colon = "text", following
    if len(parts) > 1 and colon is not None:
        label, rest = parts[0][: colon.start()], parts[0][colon.end() :]
        where = _staged(where, label)
        found = heading_of(label, where, True) if re.search(r"[0-9一-十]", label) else None
        if found is not None and found.t is not None:
            where = found
        elif (found := heading_of(label, where)) is not None:
            where = found  # Epoch 2: loss = 0.4
        if listed := _LISTED.match(rest):  # targets: 0.5, 1.25; learning rate = 0.1
            yield from _entries_of(number, label.strip(), [listed[1]], where, "colon")
            parts[0] = listed[2]
        elif _AN_AMOUNT.fullmatch(rest) and len(parts) == 2 and _is_name(label):
            # W_f: 0.7 → 0.698, from the old to the new one
            where, parts = replace(where, stage="new"), [label, parts[1]]
        elif _SUM_OF_NUMBERS.fullmatch(rest) and _A_WEIGHT.fullmatch(label.strip()):
            parts = [label, rest, *parts[1:]]  # W_f: 0.65 - 0.1*0.0387 = 0.646
        elif rest.strip():
            parts[0] = rest
            is_text = wordy(label) or " " in label.strip() or form == "text"
            form = "text" if is_text else ""
        else:
            parts = [label, *parts[1:]]
    elif len(parts) == 1:
        if colon is None:
            yield (
                Entry(number, "", "", form=PROSE)
                if not _looks_like(text)
                else _entry(number, text, "", where)
            )
            return
        parts = [parts[0][: colon.start()], parts[0][colon.end() :]]
        form = "colon"
    if len(parts) > 2 and not parts[0].strip():
        parts = parts[1:]  # = c_1 = 0.3, below what it was made of
    if len(parts) > 1 and _is_reversed(parts):
        parts = [parts[-1].strip(" .,;"), *parts[:-1]]  # 0.3 = c_1
    elif len(parts) > 2 and _AN_AMOUNT.fullmatch(parts[-1]) and _is_reversed(parts[:-1]):
        parts = [parts[-2].strip(" .,;"), *parts[:-2], parts[-1]]  # f_1*c_0 = c_1 = 0.3
    groups = [one for group in _split(parts) for one in _told_behind(group)]
    for left, *values in groups:
        if _is_step(left, values):
            place = {_place_named(left): int(values[0].strip(" .,;")[:6])}
            where = _found(where, place)
    if len(parts) > 1 and colon is not None and (whose := _KEPT_FOR.search(text[:200])):
        groups = [[_kept(part, whose[1]) for part in group] for group in groups]
    for left, *values in groups:
        if _is_step(left, values):
            if len(groups) == 1:
                yield Entry(number, "", "", form=PROSE)
            continue
        yield from _entries_of(number, _unled(left).strip(), values, where, form)


# Adam's moments for W_f: m = …, v = …
_KEPT_FOR = re.compile(
    r"^[^:=]{0,80}\b(?:for|of|für|von|de|pour|para|di)\s+([WUbVp]_?\{?\w{1,2}\}?)\s*:",
    re.IGNORECASE,
)


def _kept(part: str, whose: str) -> str:
    from cellcalc.check.reading.names import moments_of

    return moments_of(part, re.sub(r"[{}]", "", whose))


_EXPLICIT = re.compile(
    r"(?:∂[LEJ]/∂|d[LEJ]/d|δ|d)?[A-Za-z]\w{0,3}(?:_\{?\w{1,4}\}?|\[[0-9t+-]{1,4}\]|[0-9₀-₉]{1,3}){1,3}|(?:∂[LEJ]/∂|d[LEJ]/d)\S{1,12}"
)


def _is_reversed(parts: list[str]) -> bool:
    """Whether a line tells the quantity last: f_1*c_0 + i_1*g_1 = 0.3 = c_1."""
    first, last = parts[0], parts[-1].strip(" .,;")
    if not _EXPLICIT.fullmatch(last) or is_working(first) or re.search(r"[/∂]\s*[d∂]", first):
        return False
    if any(_is_name(part) or _SEPARATOR.match(part) for part in parts[:-1]):
        return False
    return bool(_AN_AMOUNT.fullmatch(first) or re.search(r"\w\s*[*+]\s*\w", first))


_AN_AMOUNT = re.compile(r"\s*[-+]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?\s*")
_A_WEIGHT = re.compile(r"(?:new\s)?[WUbVp]_?\{?\w{0,3}\}?'?")
_SUM_OF_NUMBERS = re.compile(r"(?=.*[0-9]\s*[-+*/])[-+0-9.,()*/^\s]{3,300}")
_LISTED = re.compile(r"\s*([-+0-9.,\s]*[0-9])\s*[;,]\s+([^\W\d].*)$", re.DOTALL)


def _staged(where: Where, label: str) -> Where:
    """Where an answer stands whose label says which value of a parameter it is: New weights: …"""
    return replace(where, stage=stage_of(label) or stage_after(label, True) or where.stage)


def _is_step(left: str, values: list[str]) -> bool:
    """Whether it is the step that the line is for: t = 2."""
    is_one = len(values) == 1 and values[0].strip(" .,;").isdecimal()
    return is_one and _place_named(left) != ""


def _place_named(name: str) -> str:
    """What a name says of where a line belongs: "t", "epoch", or "" for neither."""
    if _STEP_NAME.match(name.strip()):
        return "t"
    bare = name.strip().lower()
    return next((key for section, key in _KEYS.items() if bare in words("time")[section]), "")


def _colon(text: str) -> re.Match[str] | None:
    """The first colon outside of brackets."""
    for match in _COLON.finditer(text):
        before = text[: match.start()]
        if _CLOCK.match(text, max(match.start() - 3, 0)):
            continue
        if _depth(before) <= 0 and before.count("{") <= before.count("}"):
            return match
    return None


_CLOCK = re.compile(r".{0,2}?(?<![\w.])[0-9]{1,2}:[0-9]{2}(?![0-9.])")
_ANSWERISH = re.compile(
    r"(?:^|\s)(?:d?[A-Za-z]\w{0,8}(?:\[[t0-9+-]+\]|_\{?[t0-9])|∂\s?L\s?/\s?∂)\s*\S*\s+[-+]?[0-9]*\.[0-9]+"
)


def _looks_like(text: str) -> bool:
    """Whether a line without a sign of equality looks like an answer: dc[2] -0.07."""
    return len(text) < 80 and wordy(text) == 0 and bool(_ANSWERISH.search(text))


def _split(parts: list[str]) -> Iterator[list[str]]:
    """The answers of a line that holds several: c1 = 0.37, h1 = 0.25."""
    current = [parts[0]]
    for place, part in enumerate(parts[1:], 1):
        is_last = place == len(parts) - 1
        match = None if is_last else _SEPARATOR.match(part)
        if match and (not _is_name(match["name"]) or _depth(match["value"]) != 0):
            is_apart = match["sep"].strip() in ("", ",", ";") and _AN_AMOUNT.fullmatch(
                match["value"]
            )
            name = re.sub(r"^[^\W\d_]{2,12}\s+(?=[hyŷ])", "", match["name"].strip())
            is_error = difference_of(name) or _AN_ERROR.fullmatch(name)
            match = match if is_apart and is_error else None
        if match is None and not is_last:
            tight = re.fullmatch(r"(\s*[-+]?[0-9.,]+(?:[eE][+-]?[0-9]+)?)\s+(\S+)\s*", part)
            if (
                tight
                and _is_name(tight[2])
                and (_STEP_NAME.match(current[0].strip()) or _tight(parts))
            ):
                yield [*current, tight[1]]
                current = [tight[2]]
                continue
        told = None if match or is_last else _TOLD_BETWEEN.fullmatch(part[:300])
        if told and _NAMEISH.fullmatch(told["name"]):
            yield [*current, told["value"]]
            current = [told["name"]]
            continue
        between = None if match or is_last else _WORDS_BETWEEN.fullmatch(part)
        if between and _NAMEISH.fullmatch(between[3]) and _depth(between[3]) == 0:
            yield [*current, between[1]]
            current = [f"{between[2]} {between[3]}"]
            continue
        if match is None:
            current.append(part)
            continue
        first = current[0].strip()
        yield [*current, match["value"]]
        current = [_unlabelled(match["name"])]
        if " " in current[0].strip() and (error := difference_of(current[0].strip())):
            step = _AT_END.fullmatch(first)  # y_1 = -0.4, error y - target = 0.1
            at = f"[{step['t'].translate(_SUBSCRIPTS)}]" if step else ""
            current = [" - ".join(f"{one}{at}" for one in error.split(" - "))]
    yield current


_AN_ERROR = re.compile(r"[hyŷ][^\s*/()]{0,6}\s*-\s*[^\W\d][^\s*/()]{0,9}")  # h - target
_TOLD_BEHIND = re.compile(
    r"^(?P<value>.*[0-9\])}])\s*[,;]\s+(?P<word>[^\W\d_]{2,20}(?: [^\W\d_]{2,12})?)\s+"
    r"(?P<number>[-+]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+))\s*$"
)


# error 0.27, E1 = 0.037
_TOLD_BEFORE = re.compile(
    r"^\s*(?P<word>[^\W\d_]{2,20})\s+(?P<number>[-+]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+))\s*[,;]\s+(?P<rest>\S{1,40})\s*$"
)


def _told_behind(group: list[str]) -> Iterator[list[str]]:
    """An answer, and what a word behind it or before it tells: h = 0.31, target 0.3."""
    if len(group) > 1 and (before := _TOLD_BEFORE.match(group[0][:200])):
        word = before["word"].lower()
        if word in called("quantities") or word in words("loss")["errors"]:
            yield [before["word"], before["number"]]
            group = [before["rest"], *group[1:]]
    match = _TOLD_BEHIND.match(group[-1]) if len(group) > 1 and len(group[-1]) < 300 else None
    if match is None or match["word"].lower() not in called("quantities"):
        yield group
        return
    yield [*group[:-1], match["value"]]
    step = _AT_END.fullmatch(group[0].strip())  # h₁ = 0.31, target 0.3
    at = f"[{step['t'].translate(_SUBSCRIPTS)}]" if step else ""
    yield [f"{called('quantities')[match['word'].lower()]}{at}", match["number"]]


# ∂L/∂g_4 = -0.17, times the derivative of tanh (1-g²): dz_g = -0.14
_TOLD_BETWEEN = re.compile(
    r"\s*(?P<value>[-+]?[0-9]*[.,]?[0-9]+)\s*[,;]\s+(?=[^:=]{0,20}(?:[^\W\d_]{2}|[\u3040-\u9fff]))[^:=]{1,80}:\s*(?P<name>\S{1,40})\s*"
)
# η = 0.1 the new weights are W_f = …
_WORDS_BETWEEN = re.compile(
    r"\s*([-+]?[0-9]*[.,]?[0-9]+)\s+((?:[^\W\d_]{2,20}\s+){0,7}[^\W\d_]{2,20})\s+(\S{1,40})\s*"
)


def _tight(parts: list[str]) -> bool:
    """Whether the equals signs of a line stand without spaces: c1=0.37 c2=0.58."""
    return all(part == part.strip() for part in parts)


def _unlabelled(name: str) -> str:
    """A quantity without the words that say what it is: hidden state: h₁."""
    label, colon, rest = name.rpartition(": ")
    return rest if colon and rest.strip() and not re.search(r"[=\d]", label) else name


@cache
def _staging() -> frozenset[str]:
    """The words that say which value of a parameter it is: new, old."""
    return frozenset((*words("stage")["new"], *words("stage")["given"]))


def _is_name(text: str) -> bool:
    bare = _unled(_unlabelled(text).strip())
    *before, last = bare.split() or [""]
    if (
        len(before) == 1
        and last.lower().strip("()") in _staging()
        and _NAMEISH.fullmatch(before[0])
    ):
        return True  # W_f new
    if before and len(before) < 6 and _NAMEISH.fullmatch(last) and all(map(str.isalpha, before)):
        return True
    return bool(_NAMEISH.fullmatch(bare)) or (
        bool(bare) and len(bare) < 40 and wordy(bare) == len(bare.split()) > 1
    )


_ELLIPSIS = re.compile(
    r"\s*,?\s*(?:…|\.\.+|\s(?:to|bis|through|à|a|hasta|至|到)\s)\s*,?\s*|\s*[-–]\s*(?=\S*[₀-₉]$)"
)
_AT_END = re.compile(
    r"(?P<stem>.+?)(?P<open>_\{?|\[|\(|\^?[<⟨]|)(?P<t>[0-9]{1,5}|[₀-₉]{1,5})(?P<close>[\]})>⟩]?)"
)
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def _listed_names(left: str, between: list[str], count: int) -> list[str]:
    """The quantities that a list of names or a range of steps before a list of numbers stands for.

    ``h_1, h_2, h_3``, ``(f_1, …, f_4)``, ``c_4 … c_1``; or between equals signs, behind h.
    """
    for text in (left, *between[-1:]):
        bare = _TRANSPOSED.sub(r"\1", text.strip()[:600])
        if bare[:1] in "([" and bare[-1:] in ")]":
            bare = bare[1:-1].strip()
        ends = _ELLIPSIS.split(bare)
        if len(ends) == 2 and all(ends):
            first, last = (
                _AT_END.fullmatch(end.split(",")[-1 if k == 0 else 0].strip())
                for k, end in enumerate(ends)
            )
            if first and last and first["stem"] == last["stem"] and first["open"] == last["open"]:
                low, high = (int(one["t"].translate(_SUBSCRIPTS)) for one in (first, last))
                steps = range(low, high + 1) if low <= high else range(low, high - 1, -1)
                if len(steps) == count:
                    return [f"{first['stem']}[{t}]" for t in steps]
            continue
        names = [one.strip() for one in re.split(r"\s*[,;]\s*(?![^\[({]*[\])}])", bare)]
        if (
            len(names) == count > 1
            and all(_NAMEISH.fullmatch(name) for name in names)
            and (text is left or _AT_END.fullmatch(names[0]))
        ):
            return names
    return []


_RANGE_LEFT = re.compile(
    r"^(.*?)\s*[_\[({⟨]+\s*(?:t\s*=\s*)?([0-9]{1,5})\s*(?:\.\.+|…|:|-|to|bis|,\s*(?:…|\.\.+)\s*,)\s*([0-9]{1,5})\s*[\])}⟩]+$"
)


def _entries_of(
    number: int | str, left: str, rest: list[str], where: Where, form: str
) -> Iterator[Entry]:
    *between, right = rest
    right = _TRAILING_WORD.sub("", right.rstrip(" ,;"))
    right = _NEXT_SENTENCE.sub("", _TRANSPOSED.sub(r"\1", right))
    span = _RANGE_LEFT.match(left)
    found = list_of(right) if _may_be_list(right) else None
    if (
        found is not None
        and len(found[1]) == 1
        and (several := _listed_names(left, between, len(found[0])))
    ):
        for name, value in zip(several, found[0], strict=True):
            yield _entry(number, name, value, where)
        return
    if pairs := _by_steps(right, found):
        for step, value in pairs:
            yield _entry(number, f"{left}[{step}]", value, where)
        return
    if by_element := _elementwise(left, rest):
        for name, parts in by_element:
            entry = _entry(number, name, parts[-1], where)
            yield replace(entry, between=tuple(parts[:-1]), form=form)
        return
    if span and found is not None and len(found[1]) == 1:
        first, last = int(span[2]), int(span[3])
        steps = range(first, last + 1) if first <= last else range(first, last - 1, -1)
        if len(steps) == len(found[0]):
            for t, value in zip(steps, found[0], strict=True):
                yield replace(_entry(number, f"{span[1]}[{t}]", value, where))
            return
    if found is not None and not found[1]:
        yield replace(_entry(number, left, found[0][0], where), form=form, between=tuple(between))
        return
    if found is not None:
        values, shape = found
        names = _names_within(between[-1]) if between else []
        if names and len(names) == len(values):
            for name, value in zip(names, values, strict=True):
                whose = re.sub(r"^(?:∂|d)(?=[A-Z])(?![LEJ]/)", "∂L/∂", name)
                yield _entry(number, whose, value, where)
            return
        yield replace(_entry(number, left, "", where), values=values, shape=shape)
        return
    if form == "colon" and not right.strip():
        yield Entry(number, "", "", form=PROSE)
        return
    entry = _entry(number, left, right, where)
    yield replace(entry, between=tuple(between), form=form)


_STEP_AND_NUMBER = re.compile(rf"\s*['\"]?([0-9]{{1,6}})['\"]?\s*:\s*({_PLAIN_NUMBER})\s*(?:,|$)")


def _by_steps(
    right: str, found: tuple[tuple[str, ...], tuple[int, ...]] | None
) -> list[tuple[str, str]]:
    """The steps and numbers of {1: 0.3, 2: 0.4} and of [(1, 0.3), (2, 0.4)]."""
    bare = right.strip()
    if bare[:1] == "{" and bare[-1:] == "}" and len(bare) < 20_000:
        inner = bare[1:-1]
        pairs = _STEP_AND_NUMBER.findall(inner)
        return pairs if pairs and not _STEP_AND_NUMBER.sub("", inner).strip() else []
    if found is None or len(found[1]) != 2 or found[1][1] != 2 or found[1][0] < 2:
        return []
    values = found[0]
    steps = values[::2]
    if not all(step.isdecimal() for step in steps):
        return []
    numbers = [int(step) for step in steps]
    run = list(range(min(numbers), max(numbers) + 1))
    is_run = numbers in (run, run[::-1]) and any("." in value for value in values[1::2])
    return list(zip(steps, values[1::2], strict=True)) if is_run else []


# 0.1340. Thanks!
_TRAILING_WORD = re.compile(r"(?<=[0-9])\s*,?\s+(?:and|und|et|y|e|i|и|und)$")
_NEXT_SENTENCE = re.compile(
    r"(?<=[0-9])\.\s+[^\W\d_][^=0-9*/^]{0,200}$|(?<=[0-9])\.\s+[A-ZÀ-ÞА-Я][^\W\d_]{2,20}\s[^=]{0,200}$|(?<=[)\]}])\s?\.\s+[A-Z][a-z]+\s[^=]{0,200}$"
    r"|(?<=[\s*+/(][a-z])\.\s+[A-ZÀ-Þ][^\W\d_]{1,20}\s[^=]{0,200}$"
)
_GROUP = re.compile(r"(?<![\w\])}])[\[(]([^\[\](){}=]{1,200},[^\[\](){}=]{1,200})[\])]")


def _elementwise(left: str, parts: list[str]) -> list[tuple[str, list[str]]]:
    """A rule for a list of names, element by element: [W, b] = [W, b] - η*[dW, db]."""
    names = (
        [one.strip() for one in left.strip()[1:-1].split(",")]
        if _GROUP.fullmatch(left.strip())
        else []
    )
    if len(names) < 2 or not all(_NAMEISH.fullmatch(name) for name in names):
        return []
    found: list[tuple[str, list[str]]] = []
    for k, name in enumerate(names):
        made = []
        for part in parts:
            groups = [group[1].split(",") for group in _GROUP.finditer(part)]
            if not groups or any(len(group) != len(names) for group in groups):
                return []
            for group in reversed(list(_GROUP.finditer(part))):
                one = f"({group[1].split(',')[k].strip()})"
                part = part[: group.start()] + one + part[group.end() :]
            made.append(part)
        found.append((name, made))
    return found


def _names_within(text: str) -> list[str]:
    """The names that a list of names has: [∂W_f; ∂W_i], beside the list of their numbers."""
    bare = re.sub(r"^[\[(](.{1,400})[\])]$", r"\1", text.strip()[:500])
    names = [one for one in re.split(r"[;,\s]+", bare) if one]
    alike = {re.sub(r"[\W\d_].*", "", name.lstrip("∂")) for name in names}
    return names if len(names) > 1 == len(alike) and all(map(_NAMEISH.fullmatch, names)) else []


def _may_be_list(text: str) -> bool:
    bare = text.strip()
    return bool(bare) and (
        bare[0] in "[({"
        or bare.startswith(("np.", "numpy.", "torch.", "array", "tensor", "Parameter"))
        or bool(re.fullmatch(r"[-+0-9.,eE;\s]+", bare))
    )  # fmt: skip


def _entry(number: int | str, left: str, right: str, where: Where) -> Entry:
    left = left.strip()
    if re.search(r"[^\W\d_]{3}", left[:80]):
        left = difference_of(left[:80]) or left  # Fehler h - Ziel
    return Entry(
        number, left, right.strip(), where.t, where.window, where.epoch, where.sequence,
        stage=where.stage,
    )  # fmt: skip


_PRINTED = re.compile(
    r"^(?:print\()?['\"]?(?P<name>[A-Za-z∂][\w./∂:]{0,60}(?:\[[0-9t+-]+\])?"
    r"(?:\s+(?:grad|gradient))?)['\"]?\s*[,:]?\s*"
    r"(?P<array>(?:Parameter containing:\s*)?(?:np\.|torch\.)?(?:tensor|array)\s*\(.*|\[.*\]\s*)$",
    re.DOTALL,
)


def _printed(number: int | str, text: str, where: Where) -> list[Entry]:
    """What a program prints: ``weight_ih_l0.grad tensor([[…]])``, ``dc [0.1 0.2]``."""
    match = _PRINTED.match(text)
    if match is None:
        return []
    found = list_of(match["array"])
    if found is None or (re.search(r"\[[^\[\]]*$", match["name"]) and "]" not in match["name"]):
        return []
    values, shape = found
    if re.match(r"\[\s*[0-9]+\s*\]\s*$", match["array"]):
        return []  # dc [2] is an index
    name = re.sub(r"\s+(?:grad|gradient)$", ".grad", match["name"].rstrip(":"))
    entry = _entry(number, name, "", where)
    if not shape and not re.match(r"[WUbVR]", name):
        return [replace(entry, right=values[0])]
    is_value = re.search(r"Parameter containing|requires_grad", match["array"])
    form = "" if is_value else "printed"
    return [replace(entry, values=values, shape=shape or (1,), form=form)]
