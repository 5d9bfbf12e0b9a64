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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from cellcalc.check.reading.own_letters import letters_of
from cellcalc.check.reading.vocabulary import any_of
from cellcalc.model.model import Model

DERIVATIVE, VALUE, OPEN = "derivative", "value", "open"  # what an accent may mean
NET, GATE, ABSENT = "net", "gate", "none"  # what δ_f may be the derivative by
BAR, TILDE, HAT = "\u0304", "\u0303", "\u0302"
_MARKS = f"{BAR}{TILDE}{HAT}"
MAX_TEXT = 400_000  # characters that are looked at


@dataclass(frozen=True)
class Conventions:
    """What is certain of the notation of one document.

    ``bar`` and ``tilde`` say what these accents mean: a "derivative", a "value" (the net input of a
    gate, the candidate), "open" where both are possible. ``delta`` says what δ with a gate is the
    derivative by: its "net" input, the "gate" itself, or "" where that is open. ``cell_delta``
    is "" where δ_c is the derivative by the cell (in a GRU, δ_h by the hidden state), "net" where
    by the candidate's net input, "open" where it may be both. ``bare_net`` tells that a without an
    index is a net input (of the candidate), ``target`` what the target is called besides,
    ``beside`` that a derivative of the loss of one step stands beside those of the whole loss,
    ``output_y`` that the hidden output is called y: it is what the gates see of the step before.
    ``gamma`` is for dΓ_f what ``delta`` is for δ_f, "none" where no gate is called Γ. ``of_torch``
    tells that W_if leads from the input to the gate f, ``by_steps`` that dW_2 and W_f,2 beside it
    are the parts of steps. ``hat`` says what ĉ is: the candidate ("value"), its net input ("net"),
    or "" where that is open. ``functions`` are the letters of functions: f the sigmoid, g and h
    tanh. ``letters`` are those that the document defines, as
    :mod:`.own_letters` finds them.
    """

    bar: str = VALUE
    tilde: str = VALUE
    delta: str = ""
    cell_delta: str = ""
    bare_net: bool = False
    target: str = ""
    beside: bool = False
    output_y: bool = False
    gamma: str = ""
    of_torch: bool = False
    by_steps: bool = False
    hat: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)
    stacked: str = ""
    net_rows: bool = False
    nets: bool = False
    error_is_loss: bool = False
    letters: Mapping[str, str] = field(default_factory=dict)

    def of(self, accent: str) -> str:
        return {BAR: self.bar, TILDE: self.tilde}.get(accent, VALUE)


_SIGNS = str.maketrans({"\u0305": BAR, "ℓ": "L"})
_TIME = r"(?:_\{[t0-9][^{}]{0,3}\})?"  # a step below, before the gate above
_WORD_ACCENT = re.compile(r"\b([A-Za-z])_?(bar|tilde)(?=_|\b)")
# … and nothing multiplied with it
_WHOLE = (
    r"(?:[_^](?:\{[^{}]{0,14}\}|\([^()]{0,6}\)|\w)){0,2}[ₜ₀-₉]{0,3}"
    r"(?=\s*(?:$|[.,;:)=]|[^\W\d_]{3}))"
)
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
_HAT_SQUASHED = re.compile(rf"tanh\s?[({{\[]?\s?[cC]{HAT}")
_HAT_CANDIDATE = re.compile(rf"(?<![\w∂])[cC]{HAT}[^\s=]{{0,16}}\s?:?=\s?tanh")
_HAT_INTO_CELL = re.compile(
    rf"c[^\s=]{{0,14}}\s?=\s?[^=;]{{0,60}}i[^=;,+]{{0,16}}[*⊙\s]\s?[cC]{HAT}"
)
_HAT_GATE = re.compile(rf"(?<![^\W_])[fio]{HAT}")
# Net inputs have a letter of their own: z_f, a^{(i)}_t, net_{t}^{o}.
_NET_NAMED = re.compile(
    rf"(?<![^\W_])(?:∂|d)?(?:z|a|net)[{_MARKS}]?{_TIME}[_^]\{{?\(?[fioc](?![A-Za-z])"
)
_PLAIN_GATES = [rf"(?<![\w∂]){gate}(?![^\W\d_{_MARKS}])" for gate in "fio"]
_BARRED = re.compile(rf"(?<![^\W_])[cCfigo]{BAR}")

_DELTA = r"(?:δ|delta)"
_SAID_DELTA = re.compile(
    rf"{_DELTA}\s?[_^]?(?:\{{[^{{}}]{{1,12}}\}}|[A-Za-z]{{1,3}})?(?:[_^]\{{?[^\s={{}}]{{1,10}}\}}?)?[ₜ₀-₉]*\s?(?::=|=|≡|is|denotes|for)\s?(?:the\s)?"
    rf"[∂d]\s?\{{?[LEJ]\}}?/[∂d]\s?(?P<by>[A-Za-z]{{1,4}})"
    rf"(?=[_^]?\{{?\(?(?P<index>[A-Za-z]?)){_WHOLE}"
)
# A δ with what is told of it beside it, and no formula of it.
_BESIDE_DELTA = re.compile(
    rf"(?:{_DELTA}|\bdeltas?\b)[^\s=:(]{{0,12}}\s?(?::|=\s?[-+]?[0-9][0-9.,]*|\(|\)|$"
    r"|(?:is|are|belongs?|refers?|stands?|denotes?|gehör\w*|ist|sind|bezeichne\w*|est|sont|désigne\w*|es|son|sono|são)\b)",
    re.IGNORECASE,
)
_NET_NAME = re.compile(r"(?:z|a|s|net|pre)[figocrunhkj]?")
_OF_A_GATE = re.compile(
    rf"{_DELTA}[_^]?\{{?[fioruz](?![A-Za-z]|[_^]?\{{?[figocru])[^\s=]{{0,12}}\s?:?=(?P<is>[^=;]{{3,200}})"
)
_OF_A_GAMMA = re.compile(r"(?<![^\W_])dΓ_?\{?[fuio][^\s=]{0,14}\s?:?=(?P<is>[^=;]{3,200})")
_BY_GAMMA = re.compile(r"∂\s?[LJE]/∂\s?Γ")
_BY_NET_INPUT = re.compile(r"(?<![^\W_])d_?[za]_?\{?[fuioc](?![^\W\d_])|∂\s?[LJE]/∂\s?[za]_")
_TORCH = re.compile(r"(?<![^\W_])d?[Wb]_?\{?(?:if|ii|io|hf|hi|hg|ho|ir|iz|in|hr|hz|hn)(?![^\W_])")
_PART_OF_STEP = re.compile(
    r"(?:∂\s?[LEJ]/∂|δ|∇|(?<![^\W_])d)\{?(?:[Ww][A-Za-z]?|kernel)(?:_\{?[A-Za-z]{1,2})?"
    r"(?:,₂|₂|,2(?!\d)|\[2\]|_\{?2(?!\d)|\}?\^\{?[(⟨<]2|\(2\)|⁽²⁾|⟨2⟩)"
)
_NUMBER_FIRST = re.compile(r"\s*(?:[-+]?[0-9]*[.,][0-9]+|%)\S*\s+[^-+*/·]")
_ONE_SLOPE = re.compile(r"\s*(?:∂\s?[LEJ]|d[LEJ])\s?/\s?(?:∂|d)[^\s*⊙]{1,30}\s*")
_SLOPE_OF_SIGMOID = re.compile(r"1\s?-\s?[A-Za-zΓ]|σ\s?'|sigmoid\s?'|tanh\s?'|[σ](?:\^\{?)?'")
_AS_NET = re.compile(
    rf"[WU]_?\{{?[fiorucgz]\}}?(?:\^\{{?[T⊤]\}}?|\.T)?\s?[*⊙@]?\s?{_DELTA}[_^]?\{{?[fiorugz](?![A-Za-z])"
)
# The letter of the cell in an LSTM, and of the hidden state in a GRU, whose candidates are c̃, h̃.
_CELLS = {False: "cC", True: "hH"}
_GATE_DELTA = re.compile(rf"{_DELTA}{_TIME}[_^]\{{?\(?[fioruz](?![A-Za-z{_MARKS}])")
_OF_OUTPUT = re.compile(rf"{_DELTA}{_TIME}\s?[_^]?\{{?\(?[hy](?![A-Za-z{_MARKS}])")
_OTHER_DELTA = re.compile(rf"{_DELTA}[_^]?\{{?(?:[gaj](?![A-Za-z])|[cCgh][{_MARKS}])")
_BARE_NET = re.compile(r"tanh\s?\(\s?a(?:_\{?t\}?|ₜ|\[t\]|\(t\)|\^\{?[(<⟨]?t)")
_RECURRENT_Y = re.compile(
    r"(?<![^\W_])[URW]_?\{?[a-z]{0,2}\}?\s?[*⊙@]?\s?y(?:_\{?t-1\}?|\^\{?\(?t-1\)?\}?|ₜ₋₁|\[t-1\]|\(t-1\))"
)
_OF_STEP = re.compile(r"∂\s?[LEJ](?:_\{?\w{1,4}\}?|[ₜ₀-₉])/∂\s?h")
_OF_ALL = re.compile(r"∂\s?[LEJ]/∂")


@cache
def _words(key: str) -> re.Pattern[str]:
    end = "(?![A-Za-z])" if key in ("bars", "tildes") else ""
    found = unicodedata.normalize("NFD", any_of("notation", key))  # as the texts are spelled
    return re.compile(rf"(?<![A-Za-z])(?:{found}){end}", re.IGNORECASE)


@cache
def _target_said() -> re.Pattern[str]:
    """ "target y", "y_t is the desired output", "y_t (target)"."""
    target = unicodedata.normalize("NFD", any_of("notation", "targets"))
    step = r"(?:_\{?[t0-9]\}?|ₜ|\[t\]|\^?\{?[(<⟨]t[)>⟩]\}?)?"
    behind = (
        rf"\b(?:{target})\s?(?:values?\s|outputs?\s)?(?:is\s|are\s|=\s|:\s|\()?"
        rf"(?P<behind>y\u0302|[yd]){step}(?![\w\u0302'])"
    )
    before = (
        rf"(?<![\w∂/δ])(?P<before>y\u0302|[yd]){step}\s?"
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
        delta=_delta(lines, _DELTA, _OF_A_GATE),
        gamma=_gamma(lines),
        hat=_hat(lines),
        of_torch=any(map(_TORCH.search, lines)),
        by_steps=any(map(_PART_OF_STEP.search, lines)),
        cell_delta=_cell_delta(lines, is_gru),
        bare_net=is_gru and any(map(_BARE_NET.search, lines)),
        target=_target(lines),
        letters=letters_of(lines, is_gru),
        functions=_functions(lines),
        stacked=_stacked(lines),
        net_rows=any(map(_NET_ROWS.search, lines)),
        nets=any(map(_NETS.search, lines)),
        error_is_loss=any(map(_ERROR_IS_LOSS.search, lines)),
        output_y=any(map(_RECURRENT_Y.search, lines)),
        beside=any(map(_OF_STEP.search, lines)) and any(map(_OF_ALL.search, lines)),
    )


_SIGMOID = (
    r"(?:the\s|der\s|die\s|la\s|le\s)?"
    r"(?:logistic|logistische|sigmoid|logistique|logística|σ(?![\s(]))"
)
_TANH = r"(?:the\s|der\s)?(?:tanh(?!\s?[({^])|hyperbolic tangent)"
_A_FUNCTION = re.compile(
    rf"(?<![^\W_])(?P<letters>[fghφ](?:\s?(?:=|,|and|und|et|y)\s?[fghφ]){{0,2}})\s?"
    rf"(?:=|:|is|are|ist|sind|est|denotes)\s?(?:(?P<sigmoid>{_SIGMOID})|{_TANH})",
    re.IGNORECASE,
)
# g(net_c) = tanh(net_c), f(x) = 1/(1+exp(-x))
_OF_ARGUMENT = re.compile(
    r"(?<![^\W_])([fghφ])\s?\(\s?([^()=]{1,20})\s?\)\s?=\s?(tanh|σ|sigmoid)\s?\(\s?\2\s?\)(?!\s?[*\w])"
)


_ERROR_IS_LOSS = re.compile(
    r"(?<![^\W_])(?:error|fehler|erreur|errore|erro)\s?(?:=|is|ist|est|es|è|é)\s?"
    r"(?:\(?1\)?/\(?2\)?\)?|\(\(1\)/\(2\)\)|\(1/2\)|0\.5)\s?[*·]?\s?\([^()]{3,30}\)\s?(?:²|\^\{?2|\*\*2)",
    re.IGNORECASE,
)
_NET_ROWS = re.compile(
    r"(?<![^\W_])[\"'“„`]?net[\"'”“`]?\s(?:rows?|columns?|lines|values|zeilen?|spalten?)\s"
    r"(?:are|is|hold|have|sind|ist)\s(?:the\s|die\s)?(?:derivative|gradient|ableitung)",
    re.IGNORECASE,
)
_NETS = re.compile(
    r"(?<![^\W_])net[ _](?:forget|output|candidate|update|reset)(?![^\W_])", re.IGNORECASE
)
# W_f·[h_{t-1}, x_t], also with ; or ⊕
STACKED = re.compile(
    r"\[\s?(?:(?P<h>[ha](?:_\{?t-1\}?|ₜ₋₁|\^\{?[<⟨(]t-1[>⟩)]\}?|⟨t-1⟩)\s?[,;]\s?x(?:_\{?t\}?|ₜ|\^\{?[<⟨(]t[>⟩)]\}?|⟨t⟩))"
    r"|x(?:_\{?t\}?|ₜ|\^\{?[<⟨(]t[>⟩)]\}?|⟨t⟩)\s?[,;]\s?[ha](?:_\{?t-1\}?|ₜ₋₁|\^\{?[<⟨(]t-1[>⟩)]\}?|⟨t-1⟩))\s?\]"
)


def _stacked(lines: Iterable[str]) -> str:
    """In which order a document has state and input in one list; "" where it has none, or two."""
    found = {"hx" if match["h"] else "xh" for line in lines for match in STACKED.finditer(line)}
    return found.pop() if len(found) == 1 else ""


def _functions(lines: Iterable[str]) -> dict[str, str]:
    """The letters that a document says to be functions: f is the logistic sigmoid, g = h = tanh."""
    found: dict[str, set[str]] = {}
    for line in lines:
        for match in _A_FUNCTION.finditer(line):
            for letter in re.findall(r"(?<![^\W_])[fghφ](?![^\W_])", match["letters"]):
                found.setdefault(letter, set()).add("σ" if match["sigmoid"] else "tanh")
        for match in _OF_ARGUMENT.finditer(line):
            if match[2].strip() != "t":
                function = "tanh" if match[3] == "tanh" else "σ"
                found.setdefault(match[1], set()).add(function)
    return {
        letter: one for letter, several in found.items() if len(several) == 1 for one in several
    }


def defines(text: str) -> bool:
    """Whether a line says what an accent or a δ means, and is no answer itself."""
    text = _spelled(text[:200])
    return bool(_SAID_ACCENT.match(text) or _SAID_DELTA.match(text))


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


def _hat(lines: list[str]) -> str:
    """Whether ĉ is the candidate or its net input."""
    if any(map(_HAT_SQUASHED.search, lines)):
        return NET
    if any(p.search(line) for p in (_HAT_CANDIDATE, _HAT_INTO_CELL) for line in lines):
        return VALUE
    if any(map(_HAT_GATE.search, lines)):
        return NET
    return VALUE if any(map(_NET_NAMED.search, lines)) else ""


def _gamma(lines: list[str]) -> str:
    """What dΓ_f is the derivative by: in Ng's course the net input, with the gate's name."""
    if not any("Γ" in line for line in lines):
        return ABSENT
    if any(map(_BY_GAMMA.search, lines)):
        return NET  # the gate's own derivative has another name: ∂L/∂Γ_f
    if any(map(_BY_NET_INPUT.search, lines)):
        return GATE
    return _delta(lines, "Γ", _OF_A_GAMMA)


def _delta(lines: list[str], sign: str, of_a_gate: re.Pattern[str]) -> str:
    """What δ_f is the derivative by: as it is said, else as it is used."""
    said: Counter[str] = Counter()
    lines = [line.replace("Δ", "δ") for line in lines]
    for line in lines:
        if sign == "Γ" or ("δ" not in line and "delta" not in line.lower()):
            continue
        for match in _SAID_DELTA.finditer(line):
            by, index = match["by"], match["index"]
            if _NET_NAME.fullmatch(by) and (len(by) > 1 or index not in ("", "t")):
                said[NET] += 1
            elif by in ("f", "i", "o", "r", "u", "k"):
                said[GATE] += 1
        for part in re.split(r"[.;](?:\s|$)", line):
            if re.search(r"δ|\bdeltas?\b", part, re.IGNORECASE) and (
                _words("adjoint").search(part) or re.search(r"∂\s?[LEJ]", part)
            ):
                if _words("net_input").search(part):
                    said[NET] += 2
                elif _words("gate_values").search(part):
                    said[GATE] += 2
            elif _BESIDE_DELTA.search(part) and not _words("gate_values").search(part):
                # before the nonlinearity: δf = 0.1; δ (before the nonlinearity)
                found = _words("net_input").search(_BESIDE_DELTA.sub(" ", part))
                if found and not _NET_NAMED.search(part):
                    said[NET] += 2
    if not said:
        for line in lines:
            for match in of_a_gate.finditer(line):
                formula = match["is"]
                if not re.search(r"[A-Za-z∂δ]", formula) or _ONE_SLOPE.fullmatch(formula):
                    continue
                if _NUMBER_FIRST.match(formula):
                    continue  # δ_f = 0.1 δ_i = 0.2
                said[NET if _SLOPE_OF_SIGMOID.search(formula) else GATE] += 1
            if sign != "Γ" and _AS_NET.search(line) and not _SLOPE_OF_SIGMOID.search(line):
                said[NET] += 1
    if not said:
        shows = sign != "Γ" and (_stands_beside(lines) or _adds_up(lines))
        if not shows and sign != "Γ" and _adds_up_behind(lines):
            return GATE
        return NET if shows else ""
    (best, count), *others = said.most_common()
    return best if count > 2 * sum(n for _, n in others) or not others else ""


_A_GATE = "[fior]|forget|input|output|reset"
_OF_GATE_AT = re.compile(
    rf"\s*(?:(?P<delta>{_DELTA}[ _]?)|[∂d][LEJ]\s?/\s?[∂d]|d_?|grad_)\{{?(?P<gate>{_A_GATE})\}}?"
    r"(?:\[(?P<step>[0-9]{1,6})\]|[_,]\{?(?P<below>[0-9]{1,6})\}?)\s?=\s?(?P<number>[-+.,0-9eE]{1,30})",
    re.IGNORECASE,
)


def _stands_beside(lines: Iterable[str]) -> bool:
    """Whether δ_f has other numbers than ∂L/∂f at the same steps: then it is not that."""
    found: dict[tuple[str, str, bool], str] = {}
    for line in lines:
        if match := _OF_GATE_AT.fullmatch(line):
            at = match["step"] or match["below"]
            found[match["gate"].lower()[0], at, bool(match["delta"])] = match["number"]
    both = [(found[g, t, True], found[g, t, False]) for g, t, is_delta in found
            if is_delta and (g, t, False) in found]  # fmt: skip
    return len(both) > 1 and all(_differ(a, b) for a, b in both)


_BIAS = re.compile(
    rf"(?:Σ )?\s*(?:[∂d][LEJ]\s?/\s?[∂d]|d_?|grad_)b_?\{{?(?P<gate>{_A_GATE})\}}?"
    r"\s?=\s?(?P<number>[-+.,0-9eE]{1,30})",
    re.IGNORECASE,
)


def _adds_up(lines: Iterable[str]) -> bool:
    """Whether the numbers of δ_f over the steps add up to ∂L/∂b_f, for two gates or more.

    So the derivatives by the net input do, and those by the gate do not.
    """
    parts: dict[str, list[str]] = {}
    sums: dict[str, list[str]] = {}  # of each window
    for line in lines:
        if (match := _OF_GATE_AT.fullmatch(line)) and match["delta"]:
            parts.setdefault(match["gate"].lower()[0], []).append(match["number"])
        elif match := _BIAS.fullmatch(line):
            sums.setdefault(match["gate"].lower()[0], []).append(match["number"])
    both = [gate for gate in parts if gate in sums and len(parts[gate]) > 1]
    return len(both) > 1 and all(_is_sum(parts[gate], sums[gate]) for gate in both)


_GATE_AT = re.compile(
    r"(?:[^=]{0,40}\s)?(?P<gate>[fior])(?:_?\{?|\[)(?P<step>[0-9]{1,4})[\]}]?\s?=\s?(?P<number>0?[.,][0-9]{2,20})"
)


def _adds_up_behind(lines: Iterable[str]) -> bool:
    """Whether δ_f*f*(1 - f) over the steps adds up to ∂L/∂b_f, for two gates or more.

    Then δ_f is the derivative by the gate itself.
    """
    slopes: dict[tuple[str, str], str] = {}
    values: dict[tuple[str, str], str] = {}
    sums: dict[str, str] = {}
    for line in lines:
        if (match := _OF_GATE_AT.fullmatch(line)) and match["delta"]:
            slopes[match["gate"].lower(), match["step"] or match["below"]] = match["number"]
        elif match := _GATE_AT.fullmatch(line):
            values[match["gate"], match["step"]] = match["number"]
        elif match := _BIAS.fullmatch(line):
            sums[match["gate"].lower()] = match["number"]
    fit = []
    for gate, total in sums.items():
        steps = [step for one, step in slopes if one == gate]
        if len(steps) < 2 or not all((gate, step) in values for step in steps):
            continue
        try:
            pairs = [(_number(slopes[gate, t]), _number(values[gate, t])) for t in steps]
            number = _number(total)
        except ValueError:
            return False
        whole = sum(slope * value * (1 - value) for slope, value in pairs)
        fit.append(abs(whole - number) <= 0.02 * abs(number) + 1e-4 * len(steps))
    return len(fit) > 1 and all(fit)


def _is_sum(parts: list[str], totals: list[str]) -> bool:
    """Whether rounded numbers add up to what others do."""
    try:
        numbers = [*map(_number, parts), sum(map(_number, totals))]
    except ValueError:
        return False
    decimals = min(len(re.split("[.,]", one.rstrip(".,"))[-1]) for one in (*parts, *totals))
    return abs(sum(numbers[:-1]) - numbers[-1]) <= 0.6 * len(numbers) * 10.0**-decimals


def _number(text: str) -> float:
    return float(text.rstrip(".,").replace(",", "."))


def _differ(one: str, other: str) -> bool:
    """Whether two numbers are not the same, rounded differently."""
    try:
        a, b = _number(one), _number(other)
    except ValueError:
        return False
    return abs(a - b) > 0.02 * max(abs(a), abs(b))


def _cell_delta(lines: list[str], is_gru: bool) -> str:
    """Whether δ_c is the candidate's: that of the cell has another name, the candidate none."""
    letters = _CELLS[is_gru]
    index = rf"{_TIME}[_^]\{{?\(?[{letters}](?![A-Za-z{_MARKS}])"
    of_index = re.compile(_DELTA + index)
    of_cell = re.compile(rf"{_DELTA}\s?[{letters}](?![A-Za-z{_MARKS}])")
    by_cell = re.compile(
        rf"[∂d]\s?[LEJ]/[∂d]\s?[{letters}](?![^\W_])|(?<![^\W_])d[{letters}](?![^\W\d_])"
    )
    if any(p.search(line) for p in (_OTHER_DELTA, of_cell) for line in lines):
        return ""
    if not all(any(map(p.search, lines)) for p in (of_index, _GATE_DELTA)):
        return ""
    if any(map(by_cell.search, lines)):
        return NET
    return "" if any(map(_OF_OUTPUT.search, lines)) else OPEN


def _target(lines: Iterable[str]) -> str:
    found = {m["behind"] or m["before"] for line in lines for m in _target_said().finditer(line)}
    return found.pop() if len(found) == 1 else ""
