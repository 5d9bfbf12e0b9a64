"""The letters of its own that a document defines: "s_t is the cell state", "| φ | forget gate |".

They are taken from what the document says of them in words, and from its forward equations, which
tell by their form what each letter is: in ``s_t = φ_t s_{t-1} + ι_t z_t`` φ is the forget gate. A
letter that is said to be two things is none of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from cellcalc.check.reading.vocabulary import any_of, called, words

NET, SLOPE = "z", "dz"  # what heads a net input, a derivative by it
KINDS = ("W", "U", "b", "p", NET, SLOPE)  # what stands before a gate's letter
MAX_LINE = 1_500
_GREEK = (
    "rho|phi|iota|omega|zeta|theta|lambda|gamma|alpha|beta|varepsilon|epsilon|kappa|chi|psi|xi|mu"
    "|nu|tau|eta"
)
_ONE = r"[A-Za-zÀ-ÖØ-öø-ɏ\u1e00-\u1effα-ωΑ-Ω][\u0300-\u036f]?"
_LETTER = rf"(?:{_GREEK}|{_ONE})"
_NAME = (
    rf"(?:(?:{_GREEK})(?![A-Za-z])|{_ONE}(?![A-Za-z])[0-9]?"
    r"|[A-Za-z]{2,7}(?=_\{?t|ₜ|\[t\]|\(t\)|\s?[=:|]))"
)
_T = r"(?:_\{?t\}?|ₜ|\[t\]|\(t\)|\^\{?[<(⟨]?t[>)⟩]?\}?|⟨t⟩)"
_ABOVE = r"(?:\^\{?\(?[A-Za-zα-ω]{1,3}\)?\}?)"
_PREV = (
    r"(?:_\{?\s?t\s?-\s?1\s?\}?|ₜ₋₁|\[t\s?-\s?1\]|\(t\s?-\s?1\)"
    r"|\^\{?[<(⟨]?t\s?-\s?1[>)⟩]?\}?|⟨t\s?-\s?1⟩|'|_prev)"
)
# A letter in a text, with a sign of any step.
_SYMBOL = re.compile(
    rf"(?<![\w∂\\.^])(?P<name>{_NAME})(?:{_ABOVE}?{_T}|{_T}{_ABOVE})?(?![\w'^({{\u0300-\u036f]|\.\w)"
)
_ARTICLE = (
    r"(?:(?:the|its|an?|our|der|die|das|den|dem|ein|eine|sein|seine|le|la|les|l'|un|une|son|sa|el|los|las|su|il|lo|i"
    r"|o|os|as|value of|wert|valeur de|values? of the)\s?)?"
)
_EXPLICIT = re.compile(
    r"\s?(?:(?::=|=|:|≡|\||—|–|->|→|is|are|ist|sind|est|sont|es|son|è|é|sono|denotes?|means?"
    r"|stands for|stand for|represents?|bezeichnet|bezeichnen|steht für|désigne|désignent"
    r"|représente|denota|representa|indica|rappresenta"
    r"|for|für|pour|para|per|是|为|為|表示|代表|は|это)\s?)" + _ARTICLE,
    re.IGNORECASE,
)
_BARE = re.compile(
    r",?\s?(?:the|its|der|die|das|seine?|le|la|l'|son|sa|el|il|su)\s?", re.IGNORECASE
)
_TOLD = re.compile(
    r"\s?[(:=]?\s?(?:(?:is|are|be|ist|wird|est|sera|es|è|é|we|i|man|on)\s)?"
    r"(?:(?:noted?|notée?|denoted|called|written|named|denote|write|call|as|by|with|mit|bezeichnet|genannt|als"
    r"|appelée?|llamad[oa]|se llama|denotad[oa]|chiamat[oa]|denominat[oa]|indicat[oa]|con|par|avec"
    r"|记为|記為|记作|用)\s?){0,3}",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\s?(?:$|[.,;:)|/(—–=]|->|→|and\b|und\b|et\b|y\b|e\b|и\b|with\b|mit\b|avec\b|at\b"
    r"|of (?:the|a|this) (?:cell|gate|lstm|gru|step|time)|in (?:step|zeit)|der zelle|des tors"
    r"|eines tors|de la celda|de la cellule|della cella|which\b|where\b|so\b|和|，|、)",
    re.IGNORECASE,
)
_DERIVED = re.compile(r"(?:∂|\bd)\s?[LEJ]?\s?/?\s?(?:∂|d)?$")
_MODIFIED = re.compile(
    r"(?:previous|next|last|old|new|initial|no|not|nicht|kein|vorige[rn]?|nächste[rn]?|précédente?|suivante?"
    r"|anterior|siguiente|tanh|of the next|without|than)\s(?:the\s)?$",
    re.IGNORECASE,
)
_WORDS_ONLY = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+){0,3}\s?\(\s?$")
_OF_PARAMETERS = frozenset("WUVRbp")  # which are never net inputs
_NO_NAMES = frozenset(("t", "k", "σ", "tanh", "Σ", "∂", "π", "x"))
# … and what is a word in some language, so that it is a letter only with a sign beside it.
_SMALL_WORDS = frozenset("aAàeEèéyYoOiIuUó")


def letters_of(lines: Iterable[str], is_gru: bool) -> dict[str, str]:
    """The letters that a document defines, each with our key or with one of ``KINDS``.

    The lines are spelled in one way, as :mod:`.conventions` has them.
    """
    said: dict[str, set[str]] = {}
    shown: list[str] = []
    for line in lines:
        if len(line) > MAX_LINE:
            continue
        line = unicodedata.normalize("NFC", line)
        shown.append(line)
        for name, meant in (*_said(line, is_gru), *_pairs(line)):
            if name in _NO_NAMES and not _PAIRS.search(line):
                continue
            said.setdefault(name, set()).add(meant)
    found = {name: one for name, several in said.items() if len(several) == 1 for one in several}
    found = {name: one for name, one in found.items() if _is_own(name, found)}
    for name, meant in _of_equations(shown, found, is_gru):
        if name not in said and name not in found:
            found[name] = meant
    return found


# (v = f, e = i, k = g, a = o), with the letters of the sheet behind
_PAIRS = re.compile(
    rf"(?<![\w∂/])((?:{_LETTER})\s?(?:=|≙|→|for|für|is)\s?[fiogcruh](?:\s?(?:,|;|and|und|et|y)\s?(?:{_LETTER})\s?(?:=|≙|→|for|für|is)\s?[fiogcruh]){{1,7}})(?![\w_(\[^*·]|\s?[-+*/·=])"
)


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """Letters with those of the sheet: v = f, e = i."""
    for pairs in _PAIRS.finditer(line):
        for one in re.split(r"\s?(?:,|;|\band\b|\bund\b|\bet\b|\by\b)\s?", pairs[1]):
            name, key = re.split(r"\s?(?:=|≙|→|\bfor\b|\bfür\b|\bis\b)\s?", one)
            if name != key:
                yield name, key


def _is_own(name: str, found: Mapping[str, str]) -> bool:
    """Whether a letter with a number is a name: k1 the input gate beside k2, but no c1."""
    if not name[-1:].isdigit():
        return True
    alike = {
        meant for other, meant in found.items() if other[:-1] == name[:-1] and other[-1:].isdigit()
    }
    return len(alike) > 1


def tells_what_it_is(text: str) -> bool:
    """Whether a text only names a quantity, or a sort of parameter, in words."""
    bare = re.sub(r"^(?:the|an?|der|die|das|le|la|el|il)\s", "", " ".join(text.lower().split()))
    return len(bare) > 2 and bare.strip(" .;,") in _phrases()[1]


@cache
def _phrases() -> tuple[re.Pattern[str], Mapping[str, str]]:
    """All phrases that name a quantity, or what heads its parameters."""
    meant = {**called("quantities"), **called("letters"), **called("sorts")}
    longest = sorted((p for p in meant if len(p) > 1), key=len, reverse=True)
    several = "|".join(map(re.escape, longest))
    return re.compile(rf"(?<![\w-])(?:{several})(?![\w])|[一-鿿]{{2,6}}", re.IGNORECASE), meant


def _said(line: str, is_gru: bool) -> Iterator[tuple[str, str]]:
    pattern, meant = _phrases()
    symbols = list(_SYMBOL.finditer(line))
    if not symbols:
        return
    yield from _net_inputs(line)
    for told in _KEY_TOLD.finditer(line):
        yield told[1], told[2]
    for slope in _OF_LOSS.finditer(line):
        yield re.sub(r"[{}]", "", slope[1]), f"∂L/∂{slope[2]}_t"
    if _heads()[1].search(line):
        for slope in _BY_WORDS.finditer(line):
            yield slope[1], f"∂L/∂{slope[2]}_t"
    for error in _OF_ERROR.finditer(line):
        if error[1] == "e" and error[3] == "target" and not _ERROR_SAID.search(line):
            continue  # it may be the loss as well
        yield error[1], f"∂{error[2]}_t - {error[3]}_t"
    if re.match(r"\s?E\s?=\s?(?:\(?\(?1\)?/\(?2\)?\)?\s?)?[*·]?\s?(?:Σ|∑|sum)", line):
        yield "E", "L"  # the sum over the steps
    if listed := _LISTED.match(line):
        yield from _listed(listed, is_gru)
        return
    yield from _in_a_row(line, is_gru)
    for multiplied in _MULTIPLIES.finditer(line):
        if multiplied[1] == multiplied[1].lower():
            continue  # o acts on h, which is no matrix
        yield multiplied[1], "U" if multiplied["state"] else "W"
    taken: set[int] = set()
    for phrase in pattern.finditer(line):
        key = meant.get(phrase[0].lower())
        if key == "state":
            key = "h" if is_gru else "c"
        if key is None or any(
            s.start() == phrase.start() for s in symbols if s[0] == phrase[0] and len(phrase[0]) < 3
        ):
            continue
        before, after = line[: phrase.start()], line[phrase.end() :]
        if _MODIFIED.search(before[-20:]):
            continue
        bare = before.rstrip()
        derived = _derives(bare)
        if derived == "skip":
            continue
        key = f"d{key}" if derived and len(key) <= 2 else key
        if derived and not key.startswith("d"):
            continue
        left = _before(line, phrase.start(), symbols)
        if left is not None and left.start() not in taken and _ENDS.match(after):
            yield _stem(left), key
            taken.add(left.start())
            continue
        right = next((s for s in symbols if s.start() >= phrase.end()), None)
        if right is not None and right.start() not in taken and not derived:
            between = line[phrase.end() : right.start()]
            follows = line[right.end() :][:40]
            is_long = len(right[0]) > 1 or right[0] not in _SMALL_WORDS
            if re.fullmatch(r"[A-Za-z]{2,}", right[0]) and right[0] not in _GREEK.split("|"):
                continue
            explicit = bool(
                re.search(r"[(=:|]|noté|denot|call|nannt|bezeichn|appel|llam|记", between)
            )
            is_said = _TOLD.fullmatch(between) and (explicit or is_long)
            if is_said and not _CONTINUES.match(follows) and len(_stem(right)) < 4:
                yield _stem(right), key
                taken.add(right.start())


# ε_t := ∂L/∂s_t, with whatever is said of it behind it
# (the whole of the step: in ∂L/∂o^(t) * o^(t) the bracket of the step is no end of it)
_OF_LOSS = re.compile(
    rf"(?<![\w∂/\\.^])({_LETTER}(?:_\{{?{_LETTER}\}}?)?){_T}\s?(?::=|=|≡|:|\||is|für|for|ist|est|es)\s?(?:the\s)?[∂d]\s?[LEJC]/[∂d]\s?({_LETTER})(?>{_T})(?![\w^])(?=\s*(?:$|[.,;:|)(]|[^\W\d_]{{2}}))"
)
# δ_t is the derivative with respect to h_t, γ_t with respect to c_t
_BY_WORDS = re.compile(
    rf"(?<![\w∂/\\.^])({_LETTER}){_T}\s(?:(?:is|ist|est|es|è|the|die|la|der|derivative|gradient|ableitung|dérivée"
    r"|derivada|derivata|of|von|des|de|del|di|L|loss|verlusts?)\s){0,6}"
    r"(?:with respect to|w\.?r\.?t\.?|by|nach|par rapport à|respecto a|rispetto a|em relação a|по)"
    rf"\s({_LETTER})(?>{_T})"
    r"(?=\s*(?:$|[.,;:|)]|(?:and|und|et|y|e)\s))",
    re.IGNORECASE,
)
# e_t = ŷ_t - d_t
_OF_ERROR = re.compile(
    rf"(?<![\w∂/\\.^])({_LETTER}){_T}?\s?(?::=|=|≡)\s?\(?({_LETTER}){_T}?\s?-\s?([^\W\d_]{{1,12}}){_T}?(?!\w)\)?"
    r"(?=\s*(?:$|[.,;:|]|[^\W\d_]{2}))"
)
_ERROR_SAID = re.compile(
    r"error|fehler|erreur|errore|erro\b|abweich|differen|différen|residu|résidu"
    r"|\b(?:let|with|where|define|sei|mit|wobei|soit|avec|où|sea|con|donde|sia)\s+e(?![^\W_])",
    re.IGNORECASE,
)
_LISTED = re.compile(
    rf"\s?(?P<letters>{_LETTER}{_T}?(?:\s?,\s?{_LETTER}{_T}?){{1,5}})\s?(?:[|=:–—-]|are|sind|sont)\s?(?P<words>[^,=:|]{{2,40}}(?:,[^,=:|]{{2,40}}){{1,5}})\s?\.?$"
)


def _listed(match: re.Match[str], is_gru: bool) -> Iterator[tuple[str, str]]:
    """w, r, b | input weight, recurrent weight, bias of a gate: one after the other."""
    pattern, meant = _phrases()
    letters = [re.match(_LETTER, one.strip()) for one in match["letters"].split(",")]
    phrases = [pattern.search(one) for one in match["words"].split(",")]
    if len(letters) == len(phrases):
        for letter, phrase in zip(letters, phrases, strict=True):
            key = meant.get(phrase[0].lower()) if phrase else None
            if letter is not None and key is not None:
                yield letter[0], ("h" if is_gru else "c") if key == "state" else key


# f forget gate, g external input gate, q output gate: each letter right before what it is
_BESIDE = re.compile(
    rf"\s?(?:(?:and|und|et|y|e)\s)?({_LETTER}){_T}?\s(?:the\s)?"
    r"((?:[^\W\d_]{2,12}\.?\s)?[^\W\d_]{3,20}(?:[ -][^\W\d_]{2,20})?)\s?\.?"
)
# U multiplies the input x and W multiplies the previous h
_MULTIPLIES = re.compile(
    rf"(?<![\w∂])({_LETTER})\s(?:multiplies|multiply|acts on|goes with|belongs to|gehört zu"
    r"|multipliziert|multiplie|multiplica)\s(?:(?:the|den|die|das|le|la|l'|el)\s?)?"
    r"(?:(?P<input>(?:current\s)?input)"
    r"|(?P<state>(?:previous|recurrent|last|vorige[ns]?)\s[^\W\d_]{1,12}|hidden state"
    r"|h(?![^\W_])))",
    re.IGNORECASE,
)


def _in_a_row(line: str, is_gru: bool) -> Iterator[tuple[str, str]]:
    """The letters of a list whose members are a letter and a phrase; one alone is no list."""
    pattern, meant = _phrases()
    for sentence in re.split(r"[.;](?:\s|$)|:\s", line):
        found: list[tuple[str, str]] = []
        for part in sentence.split(","):
            one = _BESIDE.fullmatch(part)
            phrase = pattern.search(one[2]) if one is not None else None
            if one is None or phrase is None or phrase.end() != len(one[2]):
                continue
            key = meant.get(phrase[0].lower())
            if key is not None:
                found.append((one[1], ("h" if is_gru else "c") if key == "state" else key))
        if len(found) > 2 and len({key for _, key in found}) == len(found):
            yield from found


# What makes a letter the beginning of another phrase: the cell state s = …, but the loss a student
_CONTINUES = re.compile(r"\s[^\W\d_]{4,}(?<!with)(?<!where)\s(?:of|gate|state)")


def _derives(before: str) -> str:
    """Whether words before a phrase make a derivative of it; "skip" where it is something else."""
    lower = before.lower()[-60:]
    lower = re.sub(r"\s(?:the|der|die|das|dem|den|la|le|l'|el|il|du|des|de la|von)$", "", lower)
    for word in words("derivative")["words"]:
        if lower.endswith(word) and len(word) > 3:
            return "d"
    for word in words("net_input")["words"]:
        if lower.endswith(word):
            return "skip"
    return "skip" if re.search(r"(?:∂|\bd[LEJ]?/d|tanh|σ)\s?\(?$", before) else ""


def _before(line: str, place: int, symbols: Sequence[re.Match[str]]) -> re.Match[str] | None:
    """The letter that a phrase is said of: K = keep gate (forget), φ_t | forget gate."""
    for symbol in reversed(symbols):
        if symbol.end() > place:
            continue
        between = line[symbol.end() : place]
        if len(between) > 40:
            return None
        if symbol[0] in _SMALL_WORDS and not re.match(
            r"\s?(?:[=:|]|:=|(?:is|ist|denotes|means)\b)", between
        ):
            continue
        is_greek = _stem(symbol) in _GREEK.split("|")
        is_short = len(_stem(symbol)) < 3 or is_greek or re.match(r"\s?(?::=|=|:|\||→)", between)
        if not is_short:
            continue
        is_in_formula = re.search(r"[-+*/·=(]\s?$", line[: symbol.start()][-3:])
        is_beside = _BARE.fullmatch(between) or (between == " " and not is_in_formula)
        if _EXPLICIT.fullmatch(between) or (is_beside and len(symbol[0]) > 1):
            return symbol
        explicit = _EXPLICIT.match(between)
        if explicit and _WORDS_ONLY.fullmatch(between[explicit.end() :]):
            return symbol  # K = keep gate (forget)
    return None


_LIST = rf"{_LETTER}(?:{_ABOVE}?{_T}|{_T}{_ABOVE}|_\{{?{_LETTER}\}}?|{_ABOVE})?"
# K = keep gate (f), n.K means the number inside the sigmoid of K
_KEY_TOLD = re.compile(
    rf"(?<![\w∂.])({_LETTER}){_T}?\s?[=:]\s?[a-z]{{2,20}}(?: [a-z]{{2,20}}){{0,2}}\s?"
    r"\(([fiogchyru])\)"
)
_DOTTED = re.compile(rf"(?<![\w∂.])({_LETTER})\.{_LETTER}\s?(?:is|are|means?|=|:)\s([^.;]{{3,80}})")
_OF_NETS = re.compile(
    rf"(?<![\w∂])(?P<list>{_LIST}(?:\s?(?:,|and|et|und|y)\s?{_LIST}){{0,5}})\s?(?P<rest>(?:is|are|ist|sind|est|sont|es|son|les|the|die|:|=|\|)[^=;]{{3,160}})",
    re.IGNORECASE,
)


_IS_SLOPE = re.compile(r"\s?(?::?=|≡|:|\||is|für|for|ist)\s?(?:the\s)?[∂d]\s?[LEJC]\s?/")
# net inputs are called n^f_t, n^i_t
_NETS_CALLED = re.compile(
    r"(?<=[^\W\d_])\s?(?:\(|:|are (?:called|written|denoted)|we call|heißen|sind|nenne ich"
    rf"|nennen wir|sont notées?|s'appellent|se llaman|son|si chiamano|sono|chamam-se|as|by)\s?"
    rf"(?P<list>{_LETTER}[_^][^\s,;.]{{1,14}}(?:\s?(?:,|and|und|et|y|e)\s?{_LETTER}[_^][^\s,;.]{{1,14}}){{1,5}})"
)


@cache
def _heads() -> tuple[re.Pattern[str], re.Pattern[str]]:
    net = re.compile(rf"(?<![A-Za-z])(?:{any_of('notation', 'net_input')})", re.IGNORECASE)
    slope = re.compile(rf"(?<![A-Za-z])(?:{any_of('notation', 'adjoint')})", re.IGNORECASE)
    return net, slope


def _net_inputs(line: str) -> Iterator[tuple[str, str]]:
    """γ^r, γ^z are the derivatives by the net inputs: what heads them."""
    net, slope = _heads()
    if not net.search(line):
        return
    for dotted in _DOTTED.finditer(line):
        if net.search(dotted[2]):
            yield dotted[1], NET
    for match in _OF_NETS.finditer(line):
        part = re.split(r"[.;](?:\s|$)", match["rest"])[0]
        if not net.search(part):
            continue
        parts = re.split(r"\s?(?:,|\band\b|\bet\b|\bund\b|\by\b)\s?", match["list"])
        heads = {re.match(_LETTER, one)[0] for one in parts if re.match(_LETTER, one)}  # type: ignore[index]
        has_gate = all(re.search(r"[_^][{(]{0,2}[^\W_t]", one) for one in parts)
        if len(heads) == 1 and has_gate and heads.isdisjoint(_OF_PARAMETERS):
            head = heads.pop()
            is_slope = slope.search(part) or _IS_SLOPE.match(part)
            if is_slope or head != "δ":
                yield head, SLOPE if is_slope else NET
    for match in _NETS_CALLED.finditer(line):
        heads = {one[0] for one in re.findall(rf"({_LETTER})[_^]", match["list"])}
        if len(heads) == 1 and net.search(line[: match.start("list")][-40:]):
            yield heads.pop(), NET


def _stem(symbol: re.Match[str]) -> str:
    """A letter without the sign of a step."""
    return unicodedata.normalize("NFC", symbol["name"])


# Equations.

_SIGN = r"\s?[*·⊙∘]?\s?"
_CELL = re.compile(
    rf"(?<![\w∂])({_LETTER}){_T}?\s?=\s?\(?({_LETTER}){_T}?{_SIGN}\1{_PREV}\)?\s?\+\s?\(?({_LETTER}){_T}?{_SIGN}({_LETTER}){_T}?\)?(?=\s*(?:$|[,;.&|]))"
)
_OUTPUT = re.compile(
    rf"(?<![\w∂])({_LETTER}){_T}?\s?=\s?({_LETTER}){_T}?{_SIGN}(?:tanh|th)\s?[({{]?\s?({_LETTER}){_T}?\s?[)}}]?(?=\s*(?:$|[,;.&|]))"
)
# h_t = tanh(s_t) q_t, the same the other way about
_OUTPUT_BEHIND = re.compile(
    rf"(?<![\w∂])({_LETTER}){_T}?\s?=\s?(?:tanh|th)\s?\(\s?({_LETTER}){_T}?\s?\){_SIGN}({_LETTER}){_T}?(?=\s*(?:$|[,;.&|]))"
)
_MIX = re.compile(
    rf"(?<![\w∂])({_LETTER}){_T}\s?=\s?\(\s?1\s?-\s?({_LETTER}){_T}\s?\){_SIGN}\1{_PREV}\s?\+\s?\2{_T}{_SIGN}({_LETTER}){_T}(?=\s*(?:$|[,;.&|]))"
)
# c_t = Γ_u c̃_t + (1 - Γ_u) c_{t-1}, the same the other way about
_MIX_BEHIND = re.compile(
    rf"(?<![\w∂])({_LETTER}){_T}\s?=\s?({_LETTER}(?:_\{{?[a-z]\}}?)?){_T}?{_SIGN}({_LETTER}){_T}?\s?\+\s?"
    rf"\(\s?1\s?-\s?\2{_T}?\s?\){_SIGN}\1{_PREV}(?=\s*(?:$|[,;.&|]))"
)

# f_t = σ(W_f x_t + U_f h_{t-1} + b_f), its terms in any order
_SQUASHING = re.compile(
    rf"(?<![\w∂])({_LETTER}){_T}?\s?=\s?(σ|sigmoid|sigma|sig|tanh)\s?\("
    r"((?:[^()=]|\([^()=]{1,40}\)){5,160})\)"
)
_PARAMETER = rf"({_LETTER})(?:_?\{{?({_LETTER})\}}?)?"
_OF_INPUT_TERM = re.compile(rf"{_PARAMETER}{_SIGN}x{_T}?")
_OF_STATE_TERM = re.compile(
    rf"{_PARAMETER}{_SIGN}\(?\s?(?:({_LETTER}){_T}{_SIGN})?({_LETTER}){_PREV}\s?\)?"
)
_OF_BIAS_TERM = re.compile(_PARAMETER)


def _gate_equations(line: str) -> Iterator[tuple[str, str, dict[str, tuple[str, str]], str]]:
    """What is squashed, by what, the letters of W, U and b with their gate's, and the reset gate.

    Only an equation that has one term of each is one of a gate.
    """
    for match in _SQUASHING.finditer(line):
        found: dict[str, tuple[str, str]] = {}
        reset = ""
        terms = [term.strip() for term in re.split(r"\s?\+\s?", match[3])]
        for term in terms:
            if weight := _OF_INPUT_TERM.fullmatch(term):
                found["W"] = (weight[1], weight[2] or "")
            elif state := _OF_STATE_TERM.fullmatch(term):
                found["U"], reset = (state[1], state[2] or ""), state[3] or ""
            elif bias := _OF_BIAS_TERM.fullmatch(term):
                found["b"] = (bias[1], bias[2] or "")
        if len(found) == len(terms) == len(KINDS[:3]):
            yield match[1], match[2], found, reset


def _is_value(*letters: str) -> bool:
    """Whether letters stand for values: one with a bar is a derivative."""
    return not any("\u0304" in unicodedata.normalize("NFD", one) for one in letters)


def _of_equations(
    lines: Sequence[str], said: Mapping[str, str], is_gru: bool
) -> Iterator[tuple[str, str]]:
    """What the letters of the forward equations are, by the form of these."""
    squashed: set[str] = set()
    for line in lines:
        for name, function, parts, reset in _gate_equations(line):
            if function == "tanh":
                squashed.add(name)
            letters, gates = zip(*(parts[kind] for kind in KINDS[:3]), strict=True)
            if len(set(gates)) == 1 and len(set(letters)) == len(letters):
                yield from zip(letters, KINDS, strict=False)
                if gates[0] not in ("", name) and function == "tanh":
                    yield f"_{gates[0]}", "g"  # s̃_t = tanh(w_s x_t + …)
            if is_gru and reset and function == "tanh":
                yield reset, "r"
    for line in lines:
        for state, forget, one, other in (m.groups() for m in _CELL.finditer(line)):
            if not _is_value(state, forget, one, other):
                continue
            yield state, "c"
            yield forget, "f"
            is_known = {said.get(one), said.get(other)} & {"i", "g"}
            if one in squashed or said.get(one) == "g" or said.get(other) == "i":
                one, other = other, one
            elif other not in squashed and not is_known:
                continue
            yield one, "i"
            yield other, "g"
        outputs = [m.group(1, 2) for m in _OUTPUT.finditer(line)]
        outputs += [m.group(1, 3) for m in _OUTPUT_BEHIND.finditer(line)]
        for out, opener in outputs:
            if not _is_value(out, opener):
                continue
            yield out, "h"
            yield opener, "o"
        mixed = [m for form in (_MIX, _MIX_BEHIND) for m in form.finditer(line)] if is_gru else []
        for state, update, candidate in (m.groups() for m in mixed):
            yield state, "h"
            yield update, "u"
            yield candidate, "g"


# Errors as Gers has them, of gates that are called y_in, y_phi and y_out.
_GERS = {"in": "i", "phi": "f", "φ": "f", "out": "o"}
_BY_NET = re.compile(
    r"(?<![^\W_])(?P<name>d_\{?(?P<gate>in|phi|φ|out)\}?)(?:\(t\)|_t)?\s?=[^=]{0,80}"
    r"y_\{?(?P=gate)\}?(?:\(t\))?\s?[*·]?\s?\(\s?1\s?-\s?y_\{?(?P=gate)\}?(?:\(t\))?\s?\)"
)
_OF_STATE = re.compile(
    r"(?<![^\W_])(?P<state>[eε]_\{?\w{1,3}\}?)(?:\(t\))?\s?=\s?(?P<output>[eε]_\{?\w{1,3}\}?)(?:\(t\))?\s?[*·]?\s?"
    r"y_\{?out\}?[^=]{0,60}\+\s?y_\{?(?:phi|φ)\}?\(t\+1\)\s?[*·]?\s?(?P=state)\(t\+1\)"
)


def errors_of_gers(lines: Iterable[str]) -> dict[str, str]:
    """What d_in, d_c, e_s and e_c are, where the equations of a document tell it by their form.

    d_out is the derivative by the net input where it has the slope of the gate y_out in it.
    """
    found: dict[str, str] = {}
    for line in lines:
        line = unicodedata.normalize("NFC", line[:MAX_LINE])
        for match in _BY_NET.finditer(line):
            name = re.sub(r"[{}]", "", match["name"])
            found[name] = f"dz_{_GERS[match['gate']]}"
        for match in _OF_STATE.finditer(line):
            found[re.sub(r"[{}]", "", match["state"])] = "dc"
            found[re.sub(r"[{}]", "", match["output"])] = "dh"
    if sum(name.startswith("d_") for name in found) > 1:
        found["d_c"] = "dz_g"
    return found
