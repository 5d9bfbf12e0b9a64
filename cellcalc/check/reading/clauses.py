"""A line cut where its words say which step what follows is for.

"For step 1 I get c = 0.38, for step 2 c = 0.58, and in the last step c = 0.32" is three pieces,
each with its step; so is "t=1: c=0.38 | t=2: c=0.58".
"""

from __future__ import annotations

import re
from functools import cache

from cellcalc.check.reading.vocabulary import any_of, words

LAST = -1  # the last step, whichever number it has
MAX_PIECED = 3_000  # characters of a line that is cut
_RELATION = re.compile(r"[=≈]|:\s|\s(?:is|ist|est|es|è|vaut|equals|beträgt)\s|[为為是]")
_BEGINS = (
    r"(?:^|(?<=[.;!|:,])\s+|(?<=[|;])|(?<=[\s\d])(?:and|und|et|y|sowie)\s+|\s+(?:→|⇒|=>)\s*"
    r"|\s{2,}|(?<=[)\d])\s+(?=[tk]\s*=\s*\d{1,6}\s*:)|[，；。])"
)
_LEADS = (
    r"(?:(?:and|und|et|then|dann|y|so|also|next|finally)\s+)?"
    r"(?:(?:at|for|in|on|after|with|bei|für|im|zu|zum|nach|pour|à|au|en|para|per|a|al|для|при|в|tras)\s+)?"
    r"(?:the\s+|l'|la\s+|el\s+|dem\s+|der\s+|den\s+|le\s+|il\s+)?"
)


@cache
def _ordinals() -> str:
    return "|".join(f"(?P<n{k}>{one})" for k, one in enumerate(words("time")["ordinals"], 1))


@cache
def _phrase() -> re.Pattern[str]:
    """What says at the beginning of a clause which step it is for."""
    steps = any_of("time", "steps")
    last = any_of("time", "last")
    step = (
        rf"(?:{steps})\s*(?:no\.?\s*|nr\.?\s*|\#\s*|[tk]?\s*=\s*)?(?P<step>[0-9]{{1,6}})"
        rf"|[tk]\s*=\s*(?P<t>[0-9]{{1,6}})"
        rf"|(?:{_ordinals()})\s+(?:{steps})"
        rf"|(?P<digits>[0-9]{{1,6}})(?:st|nd|rd|th|er|[èe]me|º|ª)\s+(?:{steps})"
        rf"|(?P<last>{last})\s+(?:{steps})"
    )
    return re.compile(
        rf"(?P<begins>{_BEGINS}){_LEADS}(?:{step})"
        r"(?![\w.]|\s*(?:[-–…+*/^)=≈]|\.\.|(?:and|und|et|y|to|bis|or|oder|ou|o)\s+\S{0,6}\s*[0-9]|,\s*[0-9]))"
        r"(?:\s*[,:：，]\s*|\s+[-–—]\s+|\s+)(?=\S)",
        re.IGNORECASE,
    )


def _number(match: re.Match[str]) -> int:
    found = match.groupdict()
    if found["last"]:
        return LAST
    for key in ("step", "t", "digits"):
        if found[key]:
            return int(found[key])
    return next(k for k in range(1, 11) if found.get(f"n{k}"))


def pieces(text: str) -> list[tuple[int | None, str]]:
    """The clauses of a line, each with the step that its words say; None where they say none.

    A line that says none is one piece.
    """
    if len(text) > MAX_PIECED or not _RELATION.search(text):
        return [(None, text)]
    found = list(_phrase().finditer(text))
    if not found:
        return [(None, text)]
    ends = [*(match.start() for match in found[1:]), len(text)]
    made: list[tuple[int | None, str]] = []
    if text[: found[0].start()].strip(" ,;|."):
        made.append((None, text[: found[0].start()].strip(" |").rstrip(" ,;")))
    for match, end in zip(found, ends, strict=True):
        rest = text[match.end() : end]
        if not _RELATION.search(rest):
            return [(None, text)]  # a sentence that speaks of a step
        made.append((_number(match), rest.strip(" |").rstrip(" ,;")))
    return made


@cache
def _behind() -> re.Pattern[str]:
    """A step that stands behind its number: 0.3 at step 1."""
    steps = any_of("time", "steps")
    return re.compile(
        rf"(?<=[0-9])\s*,?\s*[(\[]?(?:at|for|in|@|bei|im|für|à|au|en|a|para|per)\s+(?:the\s+)?"
        rf"(?:(?:{steps})\s*|(?:(?:{steps})\s+)?[tk]\s*=\s*)(?P<t>[0-9]{{1,6}})[)\]]?"
        r"(?=\s*(?:[,;.](?:\s|$)|$|(?:and|und|et|y)\s))",
        re.IGNORECASE,
    )


def trailing(text: str) -> list[str]:
    """A line cut behind each step that follows its number: c = 0.3 at step 1, h = 0.2 at step 2."""
    if len(text) > MAX_PIECED:
        return [text]
    made, start = [], 0
    for match in _behind().finditer(text):
        made.append(f"{text[start : match.start()]} at step {match['t']}")
        start = match.end()
    if not made:
        return [text]
    if text[start:].strip(" ,;."):
        made.append(text[start:])
    made = [re.sub(r"^[\s,;.]*(?:and|und|et|y|sowie)?\s+", "", one) for one in made]
    return made if all(re.search(r"[=≈:]|\s(?:is|ist|est|es)\s", one) for one in made) else [text]
