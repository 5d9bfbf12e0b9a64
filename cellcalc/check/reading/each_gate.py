"""One equation for every gate: ∂L/∂W_k = Σ_t δ_k,t x_t, and sums over gates, Σ_k U_k δ_k,t+1."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

MAX_TEXT = 2_000  # characters of an equation that is looked at
_LETTERS = "jklm*⋆•"  # that stand for any gate, and for nothing else
_SUM = re.compile(
    rf"(?:Σ|\bsum(?![A-Za-z]))\s?(?:_\{{|_\(|_|\()?\s?([{_LETTERS}])\s?(?:∈|\bin\b)\s?\{{([^{{}}]{{1,40}})\}}\s?[}})]?"
)
_BARE_SUM = re.compile(rf"Σ\s?_?\{{?([{_LETTERS}])\}}?(?![=∈\w])")
_OF_PARAMETER = re.compile(r"[WUpR]_?\{?$")
_LEFT = re.compile(
    rf"(?:∂\s?[LEJ]\s?/\s?∂|d[LEJ]/d|d_?|δ_?|∇_?)?\s?(?:[WUbpRVzaδn])[\u0304]?\s?(?:[_^]\s?\{{?\(?)?([{_LETTERS}])"
    r"(?![^\W\d_])"
)


# What ends such an equation: (k = f, i, g, o), k∈{f,i,g,o}, (j = 1, 2), and a proof.
_RANGE = re.compile(
    r"[\s,;.]*(?:(?:for|für|pour|para|per|with|mit|avec)\s+)?[(\[]?\s?[jklm]\s?[=∈]\s?"
    r"\{?\s?[fiogcruzhn1-9](?:\s?,\s?[fiogcruzhn1-9…]){0,6}\s?\}?\s?[)\]]?[\s.,;]*$"
)
_PROOF = re.compile(
    r"[\s.,;]*(?:\\?blacksquare|\\?square|[□■∎◻]|q\.?e\.?d\.?)?[\s.,;]*$", re.IGNORECASE
)
_OF_FEATURE = re.compile(r"(?<=[,_{])j(?=[,}\s]|$)")


def _index(letter: str) -> re.Pattern[str]:
    """A letter that stands below or above a name."""
    if letter.isalpha():
        return re.compile(rf"(?<=[_^{{,(]){letter}(?![^\W_])|(?<=[WUbz]){letter}(?![^\W_ₜ₊₋])")
    return re.compile(rf"(?<=[_^{{δ]){re.escape(letter)}")


def sums_spelled_out(text: str, gates: Sequence[str]) -> str:
    """A formula whose sums over gates are written out, one term for each."""
    if ("Σ" not in text and "sum" not in text) or len(text) > MAX_TEXT:
        return text
    for _ in range(4):
        match = _SUM.search(text)
        if match is not None:
            letters: Sequence[str] = [one.strip() for one in match[2].split(",") if one.strip()]
        else:
            match = _BARE_SUM.search(text)
            letters = gates
        if match is None:
            return text
        end = _end_of_term(text, match.end())
        term, index = text[match.end() : end].strip(), _index(match[1])
        places = [_OF_PARAMETER.search(term[: one.start()]) for one in index.finditer(term)]
        if match.re is _BARE_SUM and not any(places):
            return text  # a sum over steps
        terms = [index.sub(letter, term) for letter in letters]
        text = f"{text[: match.start()]} ({' + '.join(terms)}) {text[end:]}"
    return text


def _end_of_term(text: str, start: int) -> int:
    """Where a product ends that begins here: before a sign outside of all brackets."""
    depth = 0
    for place in range(start, len(text)):
        character = text[place]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth < 0:
                return place
        elif depth == 0 and character in "+-=" and text[start:place].strip():
            return place
    return len(text)


def for_each(
    left: str, right: Sequence[str], gates: Sequence[str], features: int = 1
) -> Iterator[tuple[str, ...]]:
    """An equation for every gate as one for each: its left side, and the parts on the right.

    With ``features`` one for each of them as well, where it has an index j. None where it is for
    one quantity only.
    """
    if right:
        last = right[-1]
        for _ in range(2):
            last = _RANGE.sub("", _PROOF.sub("", last[:MAX_TEXT]))
        right = [*right[:-1], last]
    if features > 1 and _OF_FEATURE.search(left) and any(map(_OF_FEATURE.search, right)):
        for k in range(1, features + 1):
            parts = [_OF_FEATURE.sub(str(k), part) for part in (left, *right)]
            yield from for_each(parts[0], parts[1:], gates)
        return
    match = _LEFT.match(unicodedata.normalize("NFD", left.strip()))
    if match is None or len(left) > 60 or sum(map(len, right)) > MAX_TEXT:
        return
    index = _index(match[1])
    if not index.search(left) or not any(map(index.search, right)):
        return
    for gate in gates:
        yield (index.sub(gate, left), *(index.sub(gate, part) for part in right))
