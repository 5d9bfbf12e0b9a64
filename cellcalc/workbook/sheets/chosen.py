"""The sheet ``Chosen pass``: every number of the pass that is chosen, computed anew.

Of several passes one is chosen, by epoch and sequence, for all study sheets. This sheet takes the
parameters that the pass begins with from ``Train`` and computes it as ``BPTT`` does the first one;
the study sheets read it in place of ``BPTT``. So any pass can be looked at, however many there are.
"""

from __future__ import annotations

from cellcalc.workbook.book import Book
from cellcalc.workbook.layout import Layout, Taken, lay_out_chosen
from cellcalc.workbook.moment import WORDS_ROW, WORK, Choosable
from cellcalc.workbook.sheets.train import passes_of
from cellcalc.xlsx.cells import absolute

TITLE = "Chosen pass"


def chosen_pass(book: Book) -> tuple[Layout, Choosable] | None:
    """Where everything stands on the sheet, and what can be chosen; None where there is no choice.

    There is one where the sheet Train has more than one pass. Which sequence is shown can be
    chosen where all are swept and updated alike, else it is the first.
    """
    passes = passes_of(book) if book.has_moment and book.has("Train") else None
    if passes is None or not book.first.windows:
        return None
    sequences = len(book.trace.specification.sequences)
    several = sequences > 1 and passes.alike
    epochs = len(book.trace.passes) // sequences
    if epochs == 1 and not several:
        return None
    home, choosable = book.home, Choosable(epochs, sequences, several)

    def begins(symbol: str) -> str:
        return passes.begins(symbol, choosable.cell(home))

    def data(symbol: str, t: int) -> str:
        return passes.data(symbol, t, choosable.sequence_cell(home))

    words_at = f"{home}!{absolute(WORDS_ROW, WORK + 1)}"
    taken = Taken(begins, data, lambda: book.moment.words, words_at)
    return lay_out_chosen(book.layouts, TITLE, taken), choosable
