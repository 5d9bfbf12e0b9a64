"""In whose notation a document is, where nobody has said it with ``--notation``.

An author's symbols are taken where the document names the author, or uses symbols that only that
author has, and more of it can be read so. What is right then plays no part. A letter that the
document itself defines is what it says, whatever the author calls so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache

from cellcalc.check.answers import Entry, Sheet, letters_said
from cellcalc.check.reading.names import FROM_LATER
from cellcalc.language import authors
from cellcalc.language.authors import Author
from cellcalc.language.letters import MARK, ascii_forms
from cellcalc.model.model import Model

# Those whose symbols mean something else here, so that nobody reads them without knowing whose.
_OWN_SYMBOLS = ("greff", "gomez", "hochreiter", "graves", "goodfellow")
_UNKNOWN = "expected a symbol of this problem"
FEW = 3  # unreadable answers that make a document one in other symbols

_BARE = re.compile(r"\s*(?:new\s+)?(?:d_?|∂[LEJ]/∂)?[WUbR](?:_?[0-9])?'?\s*")

Reading = Callable[[Model, Mapping[str, str] | None], Sheet]


def read_in_its_notation(
    entries: Iterable[Entry], model: Model, keys: Iterable[str], read: Reading
) -> Sheet:
    """The document as ``read`` has it: in the model's symbols, or in those of an author."""
    if model.author is not None:
        return read(model, symbols_of(model.author, keys))
    plainly = read(model, None)
    entries = list(entries)
    text = "\n".join(entry.context for entry in entries if entry.context)
    named = [name for name in _OWN_SYMBOLS if _name_of(name).search(text)]
    if not plainly.unreadable and not named:
        return plainly
    keys = tuple(keys)
    for name in named or (_OWN_SYMBOLS if _has_other_symbols(plainly) else ()):
        author = _author(name).fitting(tuple(model.quantities))
        symbols = symbols_of(author, keys)
        if named:
            symbols = {**symbols, **letters_said(entries, model, symbols)}
        found = read(replace(model, author=author), symbols)
        fewer = len(plainly.unreadable) - len(found.unreadable)
        is_better = fewer > 0 or (not fewer and len(found.answers) > len(plainly.answers))
        is_whole = len(found.answers) >= len(plainly.answers)
        if is_better and is_whole and (named or not found.unreadable):
            return found
    return plainly


def _has_other_symbols(sheet: Sheet) -> bool:
    """Whether it is for its symbols that a document is not read, and not for their readings."""
    unknown = [one for one in sheet.unreadable if one.why.startswith(_UNKNOWN)]
    if sheet.answers and all(_BARE.fullmatch(one.label) for one in unknown):
        return False  # W, U and b of a gate that is told elsewhere, beside names that were read
    names = {one.given.partition("=")[0].strip() for one in unknown}
    if not sheet.answers and len({name.rpartition("_")[2] for name in names}) == 1:
        return False  # one letter that nobody knows, W_q: it may be anything
    return len(unknown) == len(sheet.unreadable) >= FEW


def symbols_of(author: Author, keys: Iterable[str]) -> Mapping[str, str]:
    """An author's symbols with our keys; marked where they mean something else to the author."""
    later = {
        form: f"{key}{FROM_LATER}"
        for symbol, key in author.handed_on.items()
        for form in (symbol, *ascii_forms(symbol))
    }
    taken = {symbol: symbol + MARK for symbol in author.taken}
    return taken | later | dict(author.reading(keys))


@cache
def _author(name: str) -> Author:
    return authors.load(name)


@cache
def _name_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{_author(name).title.split()[0]}\b", re.IGNORECASE)
