"""Lines that name a gate once, and then its parameters by W, U and b alone.

``grad f: dW=0.015 dU=-0.007``, ``Forget gate: W = 0.55, U = 0.33``, ``r dW 0.002 dU 0.0007``; and
what stands below a line "Forget gate:". Each W becomes W_f, which the other readers know.
"""

from __future__ import annotations

import re

from cellcalc.check.reading.labels import label_of, of_gate
from cellcalc.check.reading.prose import GRADIENT, stage_after, stage_of
from cellcalc.check.reading.vocabulary import called, words

MAX_LINE = 600
MAX_WORDS = 7  # of a label
_NUMBER = r"[-+]?\s?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
_SORT = (
    r"(?:new\s+)?(?:d_?|∂[LEJ]/∂|d[LEJ]/d|Δ|∇)?(?:W_?x|W_?h|[WUbRp])(?:_?[1-9])?"
    r"(?:'|_new)?(?:\.grad)?"
)
_PAIR = re.compile(rf"(?:^|(?<=[\s,;|]))(?P<name>{_SORT})(?P<sign>\s*[=≈:]\s*)(?=[^\s=:≈])")
_NUMBERED = re.compile(rf"(?P<name>{_SORT})\s+(?P<value>{_NUMBER})(?:\s*[,;|])?(?:\s+|$)")
_SORT_FIRST = re.compile(rf"\s*(?:[-*•]\s+)?(?P<sort>{_SORT})\s*[:,]\s+")
_GATE_PAIR = re.compile(
    rf"(?P<gate>[^\W\d_]{{1,12}})\s*[=:]\s*(?P<value>{_NUMBER})(?:\s*[,;|]\s*|\s+|$)"
)
_OTHER = re.compile(r"(?:^|[,;|]\s*|\s{2,}|[0-9]\s)(?P<name>(?:[^\W\d]|∂)[\w/∂.'{}]{0,20})\s*=")
_GRAD_OF_SORT = re.compile(
    r"(?<![\w.])(?:grad|gradient|∇)\s?(?:\(\s?([WUb])\s?\)|\s([WUb])(?=\s*[=:]))"
)
_TAG = re.compile(r"[\[(<]\s*([^\W\d_]{2,16})\s*[\])>]")
_LETTERS = frozenset("figocCruznhaqjφιωρζ")
_HEADING = re.compile(
    r"\s*(?:#{1,6}\s+|[-*•]\s+|\*\*|__)?(?P<said>[^=≈:#*]{1,40}?)(?:\*\*|__)?\s*:?\s*(?:\*\*|__)?\s*"
)


def gate_of(text: str) -> str:
    """The letter of a gate that a text names, and nothing else; nothing for other texts."""
    bare = " ".join(text.strip(" .:,-|").lower().split())
    if text.strip() in _LETTERS:
        return text.strip()
    bare = bare.removeprefix("the ").removeprefix("gate ")
    if (stage_of(bare) and len(bare.split()) == 1) or bare in words("stage")["headings"]:
        return ""  # neu: W = 0.5; Update: W = 0.5
    known = {**called("gate_words"), **called("quantities")}
    for one in (f"{bare} gate", bare):
        if known.get(one) in ("f", "i", "o", "g", "r", "u"):
            return known[one]
    label = label_of(text.strip(" .:,-|"), "forget")
    return label.letter if label.kind == "gate" and label.letter in _LETTERS else ""


def _gate_and_words(label: str) -> tuple[str, str]:
    """The gate that a label ends in, or is all about, and the other words of it."""
    told = label.split()
    for count in (3, 2, 1):
        if len(told) >= count and (letter := gate_of(" ".join(told[-count:]))):
            return letter, " ".join(told[:-count])
    return "", label


def stage_told(label: str) -> str | None:
    """Which value of a parameter a label of a line means; None where it says something else."""
    bare = _TAG.sub(r"\1", label).strip(" .:,-|")
    if not bare:
        return ""
    if len(bare.split()) > MAX_WORDS or re.search(r"[=≈∂*/^]", bare):
        return None
    if bare.lower() in ("d", "dl", "∂"):
        return GRADIENT
    return stage_of(bare) or stage_after(bare, True)


def with_gate(text: str, above: str = "") -> tuple[str, str] | None:
    """A line with W_f for W, and the stage that its label says; None for any other line.

    ``above`` is the gate that a line above has named.
    """
    if len(text) > MAX_LINE:
        return None
    text = _GRAD_OF_SORT.sub(lambda m: f"d{m[1] or m[2]}", text)
    if numbered := _of_numbers(text):
        return numbered
    if reversed_ := _of_sort(text):
        return reversed_
    first = _PAIR.search(text)
    if first is None:
        return None
    label = text[: first.start()].rstrip(" :,-|;\t")
    letter, others = _gate_and_words(label) if label.strip(" -*•") else (above, "")
    stage = stage_told(others) if letter else None
    if stage is None:
        return None
    rest = text[first.start() :]
    if any(not re.fullmatch(_SORT, one["name"]) for one in _OTHER.finditer(rest)):
        return None
    is_slope = stage == GRADIENT and bool(others)  # told on the line itself

    def named(match: re.Match[str]) -> str:
        name = _named(match["name"], letter)
        lead = "∂L/∂" if is_slope and name[:1] not in "d∂∇Δ" else ""
        return f"{lead}{name}{match['sign'].replace(':', ' =')}"

    return _PAIR.sub(named, rest), "" if stage == GRADIENT else stage


def _of_sort(text: str) -> tuple[str, str] | None:
    """``dW: f = 0.01, i = 0.02``: the parameter first, and the gates behind it."""
    match = _SORT_FIRST.match(text)
    rest = text[match.end() :] if match else ""
    pairs = list(_GATE_PAIR.finditer(rest))
    whole = "".join(pair[0] for pair in pairs)
    if match is not None and match["sort"] == "b":
        return None  # b: f = 0.7, the second part of an exercise
    if match is None or len(pairs) < 2 or whole.strip() != rest.strip():
        return None
    gates = [gate_of(pair["gate"]) for pair in pairs]
    if not all(gates):
        return None
    named = zip(gates, pairs, strict=True)
    return " ; ".join(f"{_named(match['sort'], g)} = {pair['value']}" for g, pair in named), ""


def _of_numbers(text: str) -> tuple[str, str] | None:
    """``f dW 0.01 dU 0.02``, as a program prints it."""
    gate, _, rest = text.strip().partition(" ")
    letter = gate_of(gate.rstrip(":"))
    pairs = list(_NUMBERED.finditer(rest.strip()))
    whole = "".join(match[0] for match in pairs)
    if not letter or len(pairs) < 2 or whole != rest.strip():
        return None
    return "  ".join(f"{_named(m['name'], letter)} = {m['value']}" for m in pairs), ""


def _named(name: str, letter: str) -> str:
    is_slope = name.endswith(".grad")
    made = of_gate(name.removesuffix(".grad"), letter)
    return f"∂L/∂{made}" if is_slope else made


_WEIGHT = re.compile(
    r"(?:^|(?<=[\s,;|]))(?=[WUbRVp](?:_?\{?\w{1,4}\}?)?\s*[=≈:])(?!\w{1,6}\s*[=:]\s*[^-+.\s\w\[(])"
)


def as_slopes(text: str) -> str:
    """A line with ∂L/∂W_f for the W_f of a line that says that it has gradients."""
    return _WEIGHT.sub("∂L/∂", text)


_LEADING = re.compile(
    r"\s*(?:(?P<slopes>grads?|gradients?)|(?P<new>new|updated))\s*:?\s+(?=[WUbV]\S{0,4}\s*=)",
    re.IGNORECASE,
)


def each_led(text: str) -> str:
    """``grad W_f=0.1 U_f=0.2`` with the first word at each of its parameters."""
    match = _LEADING.match(text)
    if match is None:
        return text
    rest = text[match.end() :]
    if len(_WEIGHT.findall(rest)) < 2:
        return text
    return as_slopes(rest) if match["slopes"] else _WEIGHT.sub("new ", rest)


def heading_gate(text: str) -> str:
    """The gate that a line alone names, above its parameters: "Forget gate:", "## Gate f"."""
    match = _HEADING.fullmatch(text[:120])
    if match is None or len(match["said"].split()) > MAX_WORDS:
        return ""
    said = match["said"].strip()
    is_bare = said in _LETTERS and not re.search(r"[:#*]", text)
    letter, others = ("", "") if is_bare else _gate_and_words(said)
    known = (
        *words("stage")["gradients"],
        "of",
        "for",
        "the",
        "gradients",
        "parameters",
        "für",
        "de",
    )
    return letter if all(word.lower() in known for word in others.split()) else ""


_WORD = r"(?P<gate>[^\W\d_]{3,12})"
_NET_AND_VALUE = re.compile(  # forget net 0.8902 -> 0.7089
    rf"(?<![\w.]){_WORD}(?:[ -]gate)?\s+net(?:\s+input)?\s*[=:]?\s*(?P<net>{_NUMBER})"
    rf"\s*(?:->|→|=>)\s*(?P<value>{_NUMBER})(?=\s|[,;.]|$)"
)
_GRAD_OF = re.compile(
    r"(?<![\w.])(?:grad|gradient|∇)\s?\(\s*(?P<what>[^()=]{1,24}?)\s*\)(?=\s*[=≈:])"
)
_WORD_NET = re.compile(rf"{_WORD}(?:[ -]gate)?\s+net(?:\s+input)?")


_PARAMETER_AND_GRAD = re.compile(
    rf"\s*(?P<name>[WUb]_\{{?\w{{1,3}}\}}?|V|b_y)\s*[:,]?\s+(?:grad|gradient|∇|d)\s*[:=]?\s*"
    rf"(?P<value>{_NUMBER})(?:\s*[,;|]|\s|$)\s*"
)
_OLD_AND_NEW = re.compile(rf"^{_NUMBER}\s*(?:->|→)\s*(?=[-+.0-9])")
_NEW_BARE = re.compile(r"^(?:->|→|new|neu|updated|after)\s*[:=]?\s*(?=[-+.0-9])")
_TOLD_BEHIND = re.compile(
    rf"(?<=[0-9])\s{{2,}}(?P<word>[^\W\d_]{{3,10}})\s+(?P<value>{_NUMBER})(?=\s{{2}}|\s*$)"
)


_PAIR_OF_STEP = re.compile(  # i 0.3098  f 0.7723, below a step
    r"(?P<name>(?:d|δ_?|∂L/∂|dL/d)?(?:z_?[figoru]|[fiogcruhyxE])|loss|target|tanh_?c)"
    rf"\s+(?P<value>{_NUMBER})(?:\s*[,;|])?(?:\s+|$)"
)
_PAIRS_OF_STEP = re.compile(rf"\s*(?:{re.sub('[?]P<[a-z]+>', '?:', _PAIR_OF_STEP.pattern)}){{2,}}")


_LED = re.compile(r"\s*([^\W\d_]{4,12}):?\s+(?=\S{1,8}\s+[-+.0-9])")


def _of_step(name: str, t: int) -> str:
    return f"{name}[{t}]" if name == "loss" else name


def with_told(text: str, t: int | None) -> str:
    """A line with equals signs for "h_1 = 0.34   target 0.6   loss 0.03" of the step ``t``."""
    if t is not None and "=" not in text and (led := _LED.match(text)):  # gates  f 0.7  i 0.6
        text = text[led.end() :] if label_of(led[1].lower()).kind == "aside" else text
    if t is not None and "=" not in text and _PAIRS_OF_STEP.fullmatch(text[: MAX_LINE + 1]):
        return _PAIR_OF_STEP.sub(lambda m: f"{_of_step(m['name'], t)} = {m['value']} ; ", text)
    if t is None or "=" not in text or "  " not in text:
        return text

    def told(match: re.Match[str]) -> str:
        word = match["word"].lower()
        if called("quantities").get(word) == "target":
            return f" ; target[{t}] = {match['value']}"
        is_loss = word in (*words("loss")["words"], *words("loss")["errors"])
        return f" ; {word}[{t}] = {match['value']}" if is_loss else match[0]

    return _TOLD_BEHIND.sub(told, text)


def with_nets(text: str) -> str:
    """A line with z_f and f for "forget net 0.89 -> 0.71", and dL/dh for "grad(h)"."""
    if " net" in text:
        text = _NET_AND_VALUE.sub(_both, text)
    if about := _PARAMETER_AND_GRAD.match(text):  # W_f:  grad 0.027  new W_f = 0.7 - …
        name, rest = about["name"], text[about.end() :]
        rest = _OLD_AND_NEW.sub("-> ", rest, count=1)
        rest = _NEW_BARE.sub(f"new {name} = ", rest, count=1)
        text = f"d{name} = {about['value']} ; {rest}".rstrip(" ;")
    return _GRAD_OF.sub(_slope, text) if "(" in text and ("grad" in text or "∇" in text) else text


def _both(match: re.Match[str]) -> str:
    letter = gate_of(match["gate"])
    return f"z_{letter} = {match['net']} ; {letter} = {match['value']} ;" if letter else match[0]


def _slope(match: re.Match[str]) -> str:
    net = _WORD_NET.fullmatch(match["what"])
    if net and (letter := gate_of(net["gate"])):
        return f"dz_{letter}"
    what = match["what"]
    return f"gradient of {what}" if re.search(r"[^\W\d_]{3}", what) else f"∂L/∂{what}"
