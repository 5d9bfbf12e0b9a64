"""What a document says of its own notation, and what its use of it shows.

A bar may be the derivative of the loss (the adjoint), the net input of a gate, or the candidate;
δ_f the derivative by the gate or by its net input. Which of them a writer means is taken from what
the document says ("v̄ = ∂L/∂v", "δ is the derivative by the net input") and from what it does with
a name (σ(f̄)), never from which of them makes an answer right. Where neither tells, the name has
several readings, and :mod:`.names` refuses it with them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from cellcalc.check.reading.vocabulary import any_of
from cellcalc.model.model import Model

DERIVATIVE, VALUE, OPEN = "derivative", "value", "open"  # what an accent may mean
NET, GATE = "net", "gate"  # what δ_f may be the derivative by
BAR, TILDE, HAT = "\u0304", "\u0303", "\u0302"
_MARKS = f"{BAR}{TILDE}{HAT}"
MAX_TEXT = 400_000  # characters that are looked at


@dataclass(frozen=True)
class Conventions:
    """What is certain of the notation of one document.

    ``bar`` and ``tilde`` say what these accents mean: a "derivative", a "value" (the net input of a
    gate, the candidate), "open" where both are possible. ``delta`` says what δ with a gate is the
    derivative by: its "net" input, the "gate" itself, or "" where that is open. ``cell_delta``
    tells that δ_c is the candidate's, ``bare_net`` that a without an index is a net input (of the
    candidate), ``target`` what the target is called besides, ``beside`` that a derivative of
    the loss of one step stands beside those of the whole loss.
    """

    bar: str = VALUE
    tilde: str = VALUE
    delta: str = ""
    cell_delta: bool = False
    bare_net: bool = False
    target: str = ""
    beside: bool = False

    def of(self, accent: str) -> str:
        return {BAR: self.bar, TILDE: self.tilde}.get(accent, VALUE)


_SIGNS = str.maketrans({"\u0305": BAR, "ℓ": "L"})
_WORD_ACCENT = re.compile(r"\b([A-Za-z])_?(bar|tilde)(?=_|\b)")
# … and nothing multiplied with it
_WHOLE = r"(?:[_^]\S{1,12})?[ₜ₀-₉]{0,3}(?=\s*(?:$|[.,;:)]|[^\W\d_]{3}))"
_SAID_ACCENT = re.compile(
    rf"(?<![\w∂])([A-Za-z])([{_MARKS}])[^\s=:≡,;]{{0,20}}\s?(?::=|=|≡|for|is|denotes|means)\s?(?:the\s)?"
    rf"[∂d]\s?\{{?[LEJ]\}}?/[∂d]\s?\1(?![{_MARKS}]){_WHOLE}"
)
# h̄, W̄, z̄_f: there is nothing with such a bar but a derivative.
_ONLY_DERIVATIVE = re.compile(
    rf"(?<![^\W_])(?:[WUbVRp]{BAR}|z{BAR}_?\{{?[figocru]\b|h{BAR}(?![^\W_]))"
)
_NET_OF = re.compile(rf"(?:σ|sigmoid|sigma|tanh)'?\s?[({{\[]?\s?[figozca]{BAR}")
_IS_NET = re.compile(
    rf"(?<![^\W_])[figozca]{BAR}[^\s=]{{0,16}}\s?:?=\s?(?:(?:σ|tanh)\s?\()?\s?[WU](?!{BAR})_?[^=]{{0,80}}[xhy]"
)
_CANDIDATE = re.compile(rf"(?<![^\W_])[cCgh]{BAR}[^\s=]{{0,16}}\s?:?=\s?tanh")
_INTO_CELL = re.compile(rf"[iu][^=;,]{{0,16}}[*⊙\s]\s?[cCg]{BAR}(?=[^=]{{0,60}}[fu][^=]{{0,16}}c)")
_OTHER_DERIVATIVE = re.compile(
    r"[∂d]\s?[LEJ]\w{0,6}\s?/\s?[∂d]|∇|δ|\bgrad|(?<![^\W_])d_?[hcfigoWUb](?![^\W_])"
)
_OTHER_CANDIDATE = re.compile(rf"(?<![^\W_])(?:[cCgh]{TILDE}|g(?![^\W_{_MARKS}]))")
_PLAIN_GATES = [rf"(?<![\w∂]){gate}(?![^\W\d_{_MARKS}])" for gate in "fio"]
_BARRED = re.compile(rf"(?<![^\W_])[cCfigo]{BAR}")

_DELTA = r"(?:δ|delta)"
_SAID_DELTA = re.compile(
    rf"{_DELTA}\s?[_^]?(?:\{{[^{{}}]{{1,12}}\}}|[A-Za-z]{{1,3}})?(?:[_^]\{{?[^\s={{}}]{{1,10}}\}}?)?[ₜ₀-₉]*\s?(?::=|=|≡|is|denotes|for)\s?(?:the\s)?"
    rf"[∂d]\s?\{{?[LEJ]\}}?/[∂d]\s?(?P<by>[A-Za-z]{{1,4}}[_^]?\{{?[A-Za-z]?)"
    r"[^\s*⊙]{0,14}(?=\s*(?:$|[.,;:)]|[^\W\d_]{3}))"
)
_NET_NAME = re.compile(r"(?:z|a|s|net|pre)(?:[_^]?\{?[A-Za-z])?")
_OF_A_GATE = re.compile(
    rf"{_DELTA}[_^]?\{{?[fioruz](?![A-Za-z]|[_^]?\{{?[figocru])[^\s=]{{0,12}}\s?:?=(?P<is>[^=;]{{3,200}})"
)
_SLOPE_OF_SIGMOID = re.compile(r"1\s?-\s?[A-Za-zΓ]|σ\s?'|sigmoid\s?'|tanh\s?'|[σ](?:\^\{?)?'")
_AS_NET = re.compile(
    rf"[WU]_?\{{?[fiorucgz]\}}?(?:\^\{{?[T⊤]\}}?|\.T)?\s?[*⊙@]?\s?{_DELTA}[_^]?\{{?[fiorugz](?![A-Za-z])"
)
_CELL_DELTA = re.compile(rf"{_DELTA}[_^]\{{?[cC](?![A-Za-z{_MARKS}])")
_OF_CELL = re.compile(rf"{_DELTA}\s?[cC](?![A-Za-z{_MARKS}])")
_GATE_DELTA = re.compile(rf"{_DELTA}[_^]\{{?[fio](?![A-Za-z{_MARKS}])")
_OTHER_DELTA = re.compile(rf"{_DELTA}[_^]?\{{?(?:[gaj](?![A-Za-z])|[cCgh][{_MARKS}])")
_BY_CELL = re.compile(r"[∂d]\s?[LEJ]/[∂d]\s?[cC](?![^\W_])|(?<![^\W_])dc(?![^\W\d_])")
_BARE_NET = re.compile(r"tanh\s?\(\s?a(?:_\{?t\}?|ₜ|\[t\]|\(t\)|\^\{?[(<⟨]?t)")
_OF_STEP = re.compile(r"∂\s?[LEJ](?:_\{?\w{1,4}\}?|[ₜ₀-₉])/∂\s?h")
_OF_ALL = re.compile(r"∂\s?[LEJ]/∂")


@cache
def _words(key: str) -> re.Pattern[str]:
    end = "(?![A-Za-z])" if key in ("bars", "tildes") else ""
    return re.compile(rf"(?<![A-Za-z])(?:{any_of('notation', key)}){end}", re.IGNORECASE)


@cache
def _target_said() -> re.Pattern[str]:
    """ "target y", "y_t is the desired output", "y_t (target)"."""
    target = any_of("notation", "targets")
    step = r"(?:_\{?[t0-9]\}?|ₜ|\[t\]|\^?\{?[(<⟨]t[)>⟩]\}?)?"
    behind = (
        rf"\b(?:{target})\s?(?:values?\s|outputs?\s)?(?:is\s|are\s|=\s|:\s|\()?"
        rf"(?P<behind>[yd]){step}(?![\w\u0302'])"
    )
    before = (
        rf"(?<![\w∂/δ])(?P<before>[yd]){step}\s?"
        rf"(?:\(\s?|(?:is|are|=|:|for|denotes)\s)(?:the\s)?(?:{target})"
    )
    return re.compile(f"{behind}|{before}", re.IGNORECASE)


def conventions_of(texts: Iterable[str], model: Model) -> Conventions:
    """What the lines of a document say of its notation."""
    lines, length = [], 0
    for text in texts:
        length += len(text)
        if length > MAX_TEXT:
            break
        lines.append(_spelled(text[:3_000]))
    is_gru = "c" not in {row.symbol for row in model.forward}
    return Conventions(
        bar=_accent(lines, BAR, is_gru),
        tilde=DERIVATIVE if _is_said(lines, TILDE) else VALUE,
        delta=_delta(lines),
        cell_delta=_is_candidate(lines),
        bare_net=is_gru and any(map(_BARE_NET.search, lines)),
        target=_target(lines),
        beside=any(map(_OF_STEP.search, lines)) and any(map(_OF_ALL.search, lines)),
    )


def _spelled(text: str) -> str:
    """One way of writing accents, and no more than one blank."""
    text = unicodedata.normalize("NFD", text).translate(_SIGNS)
    if "bar" in text or "tilde" in text:
        text = _WORD_ACCENT.sub(lambda m: m[1] + (BAR if m[2] == "bar" else TILDE), text)
    return " ".join(text.split())


def _is_said(lines: Iterable[str], accent: str) -> bool:
    """Whether an accent is said to be the derivative of the loss by what is below it."""
    name = "bars" if accent == BAR else "tildes"
    for line in lines:
        if any(match[2] == accent for match in _SAID_ACCENT.finditer(line)):
            return True
        for part in re.split(r"[.;](?:\s|$)", line):
            if (
                _words(name).search(part)
                and _words("adjoint").search(part)
                and not _words("net_input").search(part)
            ):
                return True
    return False


def _accent(lines: list[str], accent: str, is_gru: bool) -> str:
    """What a bar means: as it is said, else as it is used."""
    if _is_said(lines, accent):
        return DERIVATIVE
    if not any(BAR in line for line in lines):
        return VALUE
    only = [m[0] for line in lines for m in _ONLY_DERIVATIVE.finditer(line)]
    if is_gru:
        only = [one for one in only if one[0] != "h"]
    used = any(p.search(line) for line in lines for p in (_NET_OF, _IS_NET, _CANDIDATE, _INTO_CELL))
    if only:
        return OPEN if used else DERIVATIVE
    if used:
        return VALUE
    if any(_words("bars").search(line) and _words("net_input").search(line) for line in lines):
        return VALUE
    if not any(map(_BARRED.search, lines)):
        return VALUE
    if any(map(_OTHER_CANDIDATE.search, lines)):
        return OPEN  # c̃ is there as well, so that c̄ is not the candidate
    has_derivatives = any(map(_OTHER_DERIVATIVE.search, lines))
    has_gates = all(any(re.search(p, line) for line in lines) for p in _PLAIN_GATES)
    return VALUE if has_derivatives or has_gates else OPEN


def _delta(lines: list[str]) -> str:
    """What δ_f is the derivative by: as it is said, else as it is used."""
    said: Counter[str] = Counter()
    for line in lines:
        if "δ" not in line and "delta" not in line.lower():
            continue
        for match in _SAID_DELTA.finditer(line):
            by = match["by"].rstrip("_^{")
            if _NET_NAME.fullmatch(match["by"].rstrip("_^{")) and by not in ("h", "c", "y"):
                said[NET] += 1
            elif by in ("f", "i", "o", "r", "u"):
                said[GATE] += 1
        for part in re.split(r"[.;](?:\s|$)", line):
            if re.search(r"δ|\bdeltas?\b", part, re.IGNORECASE) and (
                _words("adjoint").search(part) or re.search(r"∂\s?[LEJ]", part)
            ):
                if _words("net_input").search(part):
                    said[NET] += 2
                elif _words("gate_values").search(part):
                    said[GATE] += 2
    if not said:
        for line in lines:
            for match in _OF_A_GATE.finditer(line):
                formula = match["is"]
                if not re.search(r"[A-Za-z∂δ]", formula):
                    continue
                said[NET if _SLOPE_OF_SIGMOID.search(formula) else GATE] += 1
            if _AS_NET.search(line) and not _SLOPE_OF_SIGMOID.search(line):
                said[NET] += 1
    if not said:
        return ""
    (best, count), *others = said.most_common()
    return best if count > 2 * sum(n for _, n in others) or not others else ""


def _is_candidate(lines: list[str]) -> bool:
    """Whether δ_c is the candidate's: that of the cell has another name, the candidate none."""
    if any(p.search(line) for p in (_OTHER_DELTA, _OF_CELL) for line in lines):
        return False
    return all(any(map(p.search, lines)) for p in (_CELL_DELTA, _GATE_DELTA, _BY_CELL))


def _target(lines: Iterable[str]) -> str:
    found = {m["behind"] or m["before"] for line in lines for m in _target_said().finditer(line)}
    return found.pop() if len(found) == 1 else ""
