"""Which symbols of the author are which keys: what stands below a table or a derivation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape

from cellcalc.language.authors import DERIVATIVE, Author
from cellcalc.language.keys import VIA
from cellcalc.language.letters import MARK, latex_text
from cellcalc.model.model import Model
from cellcalc.records import record
from cellcalc.resources import said, sentence
from cellcalc.views.text import wrap


@record
class Entry:
    """A symbol as displayed, in Unicode and LaTeX, the key it stands for, and its meaning.

    ``named`` tells that the author has the symbol, and it is not merely a stand-in for one,
    ``marked`` that it is ours, and marked since its letter means something else to the author.
    """

    symbol: str
    latex: str
    key: str
    says: str
    named: bool
    marked: bool = False


@record
class Legend:
    """The symbols of one author that differ from their keys, and what must be said of them.

    ``ascii`` tells that it is written without Unicode.
    """

    author: Author
    entries: tuple[Entry, ...]
    ascii: bool = False

    @property
    def notes(self) -> list[str]:
        """What the author means by the symbols, and what a mark behind one of ours means."""
        marked = [entry.key for entry in self.entries if entry.marked]
        mark = "typed_mark" if self.ascii else "mark"
        meant = "; ".join(
            sentence("legend", "is", symbol=key, meaning=self.elsewhere(key)) for key in marked
        )
        return [
            *map(said, self.author.notes),
            *([sentence("legend", mark, meant=meant)] if meant else []),
        ]

    def elsewhere(self, symbol: str) -> str:
        """What a symbol of ours means to the author."""
        taken = self.author.taken
        keys = (
            sentence("legend", "here", symbol=key)
            for key, text in self.author.names.items()
            if text == symbol
        )
        return said(taken[symbol]) if symbol in taken else next(keys, sentence("legend", "other"))

    @property
    def title(self) -> str:
        author = self.author
        return sentence("legend", "title", title=author.title, source=author.source)

    def kinds(self) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """The author's symbols, and ours that had to do, each with what they are called."""
        for name, named in (("own", True), ("ours", False)):
            entries = tuple(entry for entry in self.entries if entry.named is named)
            if entries:
                yield sentence("legend", name, title=self.author.title), entries

    def lists(self) -> Iterator[tuple[str, str]]:
        """The same, each with its symbols in one text: "state (c), out (h)"."""
        for name, entries in self.kinds():
            yield name, ", ".join(f"{entry.symbol} ({entry.key})" for entry in entries)

    def text(self, width: int = 80) -> str:
        """The legend for a terminal."""
        lines = _wrapped(self.title, width, "")
        for name, pairs in self.lists():
            lines += _wrapped(sentence("marks", "told", what=name, text=pairs), width)
        for note in self.notes:
            lines += _wrapped(note, width)
        return "\n".join(lines)

    def markdown(self) -> str:
        """The legend as a paragraph and a list."""
        items = self._items(lambda entry: f"`{entry.symbol}` (`{entry.key}`)", str)
        return "\n".join([f"{self.title}\n", *(f"- {item}" for item in items)])

    def html(self) -> str:
        """The legend as a paragraph and a list."""

        def pair(entry: Entry) -> str:
            return f"{escape(entry.symbol)} (<code>{escape(entry.key)}</code>)"

        points = "\n".join(f"<li>{item}</li>" for item in self._items(pair, escape))
        return f"<p>{escape(self.title)}</p>\n<ul>\n{points}\n</ul>"

    def latex(self) -> str:
        """The legend as a paragraph and a list."""

        def pair(entry: Entry) -> str:
            return rf"${entry.latex}$ (\texttt{{{latex_text(entry.key)}}})"

        points = "\n".join(rf"\item {item}" for item in self._items(pair, latex_text))
        title = latex_text(self.title)
        return f"{title}\n\\begin{{itemize}}\n\\raggedright\n{points}\n\\end{{itemize}}"

    def _items(self, pair: Callable[[Entry], str], text: Callable[[str], str]) -> Iterator[str]:
        """The points of a list: each kind of symbol with its pairs, then the notes."""
        for name, entries in self.kinds():
            pairs = ", ".join(map(pair, entries))
            yield sentence("marks", "told", what=text(name), text=pairs)
        yield from map(text, self.notes)


def legend(model: Model, keys: Iterable[str] | None = None) -> Legend | None:
    """The legend for the symbols of these keys (all of them where None); None without an author.

    Elements of a vector are taken together: W_g stands for W_g1, W_g2, ….
    """
    author = model.author
    if author is None:
        return None
    found: dict[str, Entry] = {}
    for key in model.quantities if keys is None else keys:
        name, time, derivative = model.labelled(key)
        stem = name.rstrip("0123456789") if name not in author.names else name
        if VIA in key and key not in author.names:
            continue
        symbol, spelled = author.unicode(stem, "", derivative), author.spelled(stem, derivative)
        shown = author.ascii(stem, "", derivative) if model.ascii else symbol
        plain = spelled.derived and author.derivative == DERIVATIVE  # known once the symbol is
        if symbol != stem and stem not in found and not time and not plain:
            named = spelled.named
            says = model.quantities[key].says
            found[stem] = Entry(
                shown, author.latex(stem, "", derivative), stem, says, named, symbol == stem + MARK
            )
    return Legend(author, tuple(found.values()), model.ascii)


def _wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    return wrap(text, width or 10**6, initial_indent=indent, subsequent_indent=indent + "  ")
