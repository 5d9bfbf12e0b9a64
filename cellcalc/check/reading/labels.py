"""The labels of a table: what each says of the numbers below it, or beside it.

A label names a step, a quantity, a gate, a sort of parameter (W, U, b), or which of several
values of a quantity stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from cellcalc.check.reading.prose import stage_after, stage_of
from cellcalc.check.reading.vocabulary import any_of, called, words

ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
WHOLE_LOSS = "total loss"
MAX_LABEL = 60  # characters; longer is a remark
_PASSES = ("window", "epoch", "sequence")
KEPT = ("m", "v")  # what an optimizer keeps for a parameter

# Sum = db, Σ_t, total (dW), sum over t
_SUM_OF = re.compile(
    r"(?P<word>[^\W\d_]{3,12}\.?|Σ)(?:\s?_?\{?t\}?(?![^\W_])|ₜ)?"
    r"(?:\s+(?:over|of|across|über|par|sur|su|por)\s+(?P<over>[^=:(→]{1,24}?))?"
    r"(?:\s*(?:=|:|→|->|\()\s*(?P<what>[^=:()]{1,24})\)?)?"
)
_UNIT = re.compile(r"[\[(]\s*(?:[-–—/]|1|[^\W\d]{1,3}|a\.\s?u\.|dimensionless)\s*[\])]|-|–|—")
_BEHIND_UNIT = re.compile(r"(?<=\S)\s+[\[(](?:[-–—/]|1|[sVAm%]|[^\W\dtT]{3,6})[\])]$")  # c [-]
# c_t = f_t c_{t-1} + i_t g_t, above its numbers
_WITH_FORMULA = re.compile(r"(?<=[\w})\]])\s*(?:=|≈|:=)\s*(?=.*[^\W\d]).*$")
_INPUTS = any_of("columns", "input")
_FEATURE = re.compile(  # dW (input 1), W (x_1), W (1. Eingang)
    rf"\s*[\[(]\s*(?:(?:{_INPUTS}|x)\s*_?([1-9])|([1-9])(?:\.|st|nd|rd|th)?\s*(?:{_INPUTS}))\s*[\])]$"
    r"|(?<=[Ww])\s+x_?([1-9])$",
    re.IGNORECASE,
)
_INPUT = re.compile(
    rf"(?:{_INPUTS})\s*_?([1-9])|([1-9])(?:\.|st|nd|rd|th)\s*(?:{_INPUTS})", re.IGNORECASE
)
_SYMBOL = re.compile(
    r"(?:∂[LEJ]/∂|d[LEJ]/d|d_?|δ_?|∇_?|grad_?|Δ|delta[ _])?"
    r"(?:tanh\(?_?c(?:_\{?t\}?|ₜ)?\)?|tanh|net|target|loss|[WURVbp][A-Za-z0-9]{1,4}"
    r"|[^\W\d_][\u0303\u0302\u0304]?[A-Za-z0-9]{0,2})"
    r"(?:_\{?\w{1,8}\}?|,\w|\^\{?\(?[A-Za-z]\u0303?\)?\}?)?"
    r"(?:\^\{?\(?[0-9t]{1,3}\)?\}?|_\{?[t0-9]{1,3}\}?\^\{?\(?[A-Za-z]\u0303?\)?\}?|_\{?t\}?|\[[-+0-9t]{1,4}\]|ₜ|[₀-₉]+|\([0-9t]{1,3}\)|\^\{?[<(⟨][0-9t]{1,3}[>)⟩]\}?|,t)?"
    r"(?:'|_new)?"
)
_GATE = re.compile(r"[figoczrnuajsCIFOGφιωρζ]|[cCsS]\u0303|s̃|rho|phi|iota|omega|zeta")
_SORT = re.compile(
    r"(?P<lead>new\s+|d_?|∂[LEJ]/∂|d[LEJ]/d|δ|Δ|∇)?\s*"
    r"(?P<stem>W_?x|W_?h|U_?h(?![A-Za-z])|[WUbRpw]|(?<=/∂)[vrβ])(?P<feature>_?[0-9]{0,3})(?P<mark>'?|_new)"
)
# w_new, θ', w - η dw: what a column of new values is headed with
_NEW = re.compile(
    r"(?:[wWθ]|theta|params?|parameter)\s*(?:_?\{?new\}?|'|\^\{?new\}?|\(new\)|⁺|_\{?t\s*\+\s*1\}?)"
    r"|(?:[wWθ]|theta|old|value)\s*[-−]\s*(?:η|lr|α|eta|alpha|rate|[0-9.]+).*",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"(m|first moment|mean|1\. moment)|v|velocity|second moment|geschwindigkeit|vitesse|速度"
)
_SLOPE_OF_ALL = re.compile(
    r"∂[LEJ]?\s*/\s*∂\s*(?:[wWθ]|\(?·\)?|\.|param\w*|weights?|\(\.\.\.\))?|"
    r"d[LEJ]?\s*/\s*d\s?(?:[wWθ]|\(·\)|param\w*|weights?|\(?(?:quantity|values?)\)?)|"
    r"(?:∂[LEJ]\s?/\s?∂|d[LEJ]\s?/\s?d)\s?\(?(?:gates?|(?:cell )?states?|activations?)\)?|"
    r"d_?[wθ]|∇(?:[wWθL])?|analytic\w*|backprop|bptt|slope",
    re.IGNORECASE,
)
# What is a gate beside a forget gate or a reset gate, and else may be something else.
_OF_PARTS = {"net": "z_", "delta": "dz_", "slope": "d"}
_BESIDE = {
    "forget": {"input": "i", "output": "o", "in": "i", "out": "o", "cell": "c"},
    "forget, beside c": {"input": "i", "output": "o", "in": "i", "out": "o", "cell": "g"},
    "reset": {"update": "u"},
}
CELL_STATES = ("c", "c_t", "cₜ", "cell state", "memory", "memory cell")
_CANDIDATES = ("g", "g_t", "c~", "c\u0303", "candidate", "cand", "cell candidate", "block input")
_TIME_AND_LETTER = re.compile(r"([^\W\d_]{2,}(?:[ -][^\W\d_]+){0,2})(?:\s+|\s*[,(]\s*)[tk]\s*\)?")
_PLACED_T = r"(?:_?\{?t\}?|ₜ|\(t\)|\[t\])?"
_DIFFERENCE = re.compile(  # error (h - y), h_t minus target
    rf"(?:[^\W\d_]{{3,}}\s*[:(]?\s*)?(?P<of>[hyŷ]){_PLACED_T}\s*(?:-|–|\bminus\b)\s*"
    rf"(?P<target>[^\W\d]\w{{0,15}}\*?){_PLACED_T}\s*\)?"
)
_SQUASHED = re.compile(r"(d|∂[LEJ]/∂)?\s*tanh\s*\(?\s*c(?:_?\{?t\}?|ₜ|\[t\])?\s*\)?")
# W (x), U (h prev), b (bias)
_FOR_WHAT = re.compile(
    r"(?<=^[WUbR])\s*[(\[](?:x|x_?t|xₜ|h|h[ _]?prev|h_?\{?\(?t ?- ?1\)?\}?|hₜ₋₁|input|recurrent"
    r"|hidden|bias)[)\]]$",
    re.IGNORECASE,
)
_SPACED_GATE = re.compile(
    r"^(d?_?[WUbR]|d?_?z|d?_?a|d?_?net|δz?|delta|d[LEJ]/dz|∂[LEJ]/∂z)\s([figocruznC])$"
)
_CLOSED = re.compile(r"\s*([()])\s*")
_TILDE = re.compile(r"(?<=\b[cghC])~(?!\w)")
_TOLD = re.compile(r"^(.*\S)\s*\(\s*([^()]{1,40}(?:\([^()]{1,6}\))?)\s*\)$")
_SIDE_BY_SIDE = re.compile(r"^(\S.*?\S|\S)\s*(?:,|:|–|-{2}|—|\s-|\s)\s*(\S+)$")


@dataclass(frozen=True)
class Label:
    """What a cell says that is no number.

    ``kind`` is "step" (``t`` is which), "pass" (``says`` is window, epoch or sequence, ``t``
    which), "quantity", "gate", "sort" (W, U, b of a gate that another label names), "part" (what
    of a gate: "z_", "dz_", or "" for its value), "stage" (which value of a parameter: as in Entry,
    "d" for the derivative by it), "time", "symbol", "value", "formula", "total", "number", "unit"
    and "aside" (what heads columns and says nothing of them), or "text". ``says`` is what stands
    before the equals sign, ``letter`` a gate's own name; a ``wordy`` one is in words.
    """

    kind: str
    says: str = ""
    t: int | None = None
    wordy: bool = False
    letter: str = ""


# g(a_c^t): a function of a quantity of the step
CALL = re.compile(
    r"([fghφσ]|tanh|sigmoid)\s?\(\s?((?:[a-z]{1,4}_|c(?![^\W_]))[^()\s]{0,20}(?:\(t\))?)\s?\)"
)


@cache
def _step() -> re.Pattern[str]:
    steps = any_of("time", "steps")
    return re.compile(
        rf"[\[(<]?\s*(?:[tk]\s*[=_:]?\s*|(?:{steps})\s*(?:[=:#_]|no\.?|nr\.?)?\s*(?:t\s*=\s*)?|#\s*|№\s*)"
        r"([0-9]{1,6})(?:[.,]0+)?\s*[\])>]?(?:\s*\([^()]{1,20}\))?",
        re.IGNORECASE,
    )


@cache
def _pass() -> re.Pattern[str]:
    several = "|".join(any_of("time", f"{key}s") for key in _PASSES)
    return re.compile(rf"({several})\s*[=:#]?\s*([0-9]{{1,6}})", re.IGNORECASE)


_CHINESE_STEP = re.compile(r"第\s*([0-9]{1,6})\s*(?:个|個)?\s*(?:时间步|時間步|步|时刻|時刻)")


@cache
def label_of(text: str, beside: str = "") -> Label:
    """What a cell that is no number says.

    ``beside`` is the gate in words that stands in the same table, as :func:`gate_among` finds it.
    """
    bare = _FEATURE.sub(_with_feature, text.strip().rstrip(":= ").strip())
    bare = _TILDE.sub("\u0303", bare)
    bare = _SPACED_GATE.sub(r"\1_\2", _FOR_WHAT.sub("", bare))
    if bare.startswith("(") and _closes_at_end(bare):
        bare = bare[1:-1].strip()
    lower = " ".join(bare.lower().split())
    if (of_sum := _SUM_OF.fullmatch(bare)) and _is_sum(of_sum):
        return Label("total", "Σ")
    if len(bare) <= MAX_LABEL and is_whole_loss(bare):
        return Label("quantity", WHOLE_LOSS, wordy=True)
    if timed := _TIME_AND_LETTER.fullmatch(lower):
        bare = lower = timed[1]  # Zeitschritt t
    if error := difference_of(bare):
        return Label("quantity", error)
    if before := _STEP_BEFORE.fullmatch(bare):
        return Label("quantity", _handed_or_state(before))
    if taken := _of_step_before(bare):
        return Label("quantity", taken)
    if share := _SHARE.fullmatch(bare):
        return Label("sort", f"dW{share['feature'] or ''}" if share["x"] else "dU")
    if squashed := _SQUASHED.fullmatch(bare):
        return Label("quantity", f"{squashed[1] or ''}tanh_c")
    if "=" in bare and re.fullmatch(r"[^\W\d_]+(?: [^\W\d_]+){0,2}\s?", bare.partition("=")[0]):
        bare = _WITH_FORMULA.sub("", bare).strip()  # new value = old - 0.1*gradient
        lower = " ".join(bare.lower().split())
    if CALL.fullmatch(bare):
        return Label("quantity", bare)
    if "_" in lower and _is_called(lower.replace("_", " ")):
        bare, lower = bare.replace("_", " "), lower.replace("_", " ")  # forget_gate
    if len(bare) > MAX_LABEL or not bare:
        return Label("text", bare)
    if step := _step().fullmatch(bare) or _CHINESE_STEP.fullmatch(bare):
        return Label("step", bare, int(step[1]))
    if of_pass := _pass().fullmatch(bare):
        name = next(
            k
            for k in ("window", "epoch", "sequence")
            if of_pass[1].lower() in words("time")[f"{k}s"]
        )
        return Label("pass", name, int(of_pass[2]))
    if of_input := _INPUT.fullmatch(bare):
        return Label("quantity", f"x{of_input[1] or of_input[2]}")
    columns = words("columns")
    if beside and (gate := _BESIDE[beside].get(lower)):
        return Label("gate", gate, wordy=True, letter=gate)
    if lower in words("stage")["gradients"]:
        return Label("stage", "d")
    if lower in words("loss")["errors"]:
        return Label("quantity", bare, wordy=True)
    for kind in (
        "time",
        "total",
        "value",
        "formula",
        "number",
        "aside",
        "window",
        "epoch",
        "sequence",
    ):
        if lower in columns[kind] or bare in columns[kind]:
            return Label(kind, bare)
    if _UNIT.fullmatch(bare):
        return Label("unit", bare)
    if (part := called("parts").get(_CLOSED.sub(r"\1", lower))) is not None:
        return Label("part", bare, letter=_OF_PARTS.get(part, ""))
    if stem := called("sorts").get(lower):
        return Label("sort", stem)
    if _SORT.fullmatch(bare):
        return Label("sort", bare)
    if staged := _sort_and_stage(bare):
        return Label("sort", staged)
    if (stage := _stage(bare, lower)) and lower not in columns["symbol"]:
        return Label("stage", stage)
    if lower in columns["symbol"]:
        return Label("symbol", bare)
    shorter = _WITH_FORMULA.sub("", _BEHIND_UNIT.sub("", bare)).strip()
    if shorter and shorter != bare:
        return label_of(shorter, beside)  # dL/dU = Σ dz h
    return _named(bare) or Label("text", bare)


_SHARE = re.compile(  # dz*x1, δ_t · h_{t-1}: what a step adds to the gradients of a gate
    r"(?:dz|δz?|delta|da|dnet)(?:_t|ₜ)?\s*[*·×]\s*(?:(?P<x>x)(?:_?(?P<feature>[1-9]))?(?:_t|ₜ)?"
    r"|h(?:_?\{?\(?t\s?-\s?1\)?\}?|ₜ₋₁|_?prev))"
)


_SORT_AND_WORD = re.compile(r"(?P<sort>[WUbR])\s*[(,]?\s*(?P<word>[^\W\d_]{3,16})\)?")


def _sort_and_stage(bare: str) -> str:
    """W with the word for its new value, or for the one before: W new, b (old)."""
    match = _SORT_AND_WORD.fullmatch(bare)
    word = match["word"].lower() if match else ""
    if match is None or word not in (*words("stage")["new"], *words("stage")["given"]):
        return ""
    return f"{match['sort']}'" if word in words("stage")["new"] else match["sort"]


def difference_of(text: str) -> str:
    """An error such as "Fehler (h_t - Ziel)" in our words; nothing for another text."""
    match = _DIFFERENCE.fullmatch(text)
    target = _target(match["target"]) if match else ""
    return f"{match['of']} - {target}" if match and target else ""


def _target(word: str) -> str:
    """What the target is called in a difference; nothing where the word is not for it."""
    word = re.sub(r"(?<=\w)_t$", "", word)
    if word in ("y", "t", "d", "ŷ", "y_hat", "yhat", "y*"):
        return word
    return "target" if called("quantities").get(word.lower()) == "target" else ""


# h_{t-1}, dL/dc_(t-1), passed to h_{t-1}: beside what is of the step t
_STEP_BEFORE = re.compile(
    r"(?P<to>(?:[^\W\d_]{1,12}\s+){1,3})?(?P<d>∂[LEJ]/∂|d[LEJ]/d|d_?|δ_?)?(?P<state>[hc])\s?"
    r"(?:_?\{\s?t\s?-\s?1\s?\}|_?\(\s?t\s?-\s?1\s?\)|\[\s?t\s?-\s?1\s?\]|_t-1|ₜ₋₁|\^\{?[<⟨(]t-1[>⟩)]\}?)"
)


# dh handed back, dc passed on: what goes to the step before
_HANDED = re.compile(
    r"(?:d_?|∂[LEJ]/∂|d[LEJ]/d)?(?P<state>[hc])\s+(?P<how>[^\W\d_]{3,12})"
    r"(?:\s+(?:back|on|to|along|before|previous|the|step|zurück|weiter|t\s?-\s?1)){0,4}",
    re.IGNORECASE,
)
# hprev, dc_prev, h_old
_JOINED_BEFORE = re.compile(
    r"(?P<d>d|d[LEJ]/d|∂[LEJ]/∂)?(?P<state>[hc])_?(?:prev|prv|last|alt|vor|ant)"
)
# h before, previous c
_STATE_BEFORE = re.compile(
    r"(?P<one>[hc]|[^\W\d_]+(?: [^\W\d_]+)?)\s+"
    r"(?:before|prev|previous|old|davor|vorher|avant|précédente?)"
    r"|(?:previous|prev|old|vorherige[rs]?|précédente?)\s+(?P<two>[hc]|[^\W\d_]+(?: [^\W\d_]+)?)",
    re.IGNORECASE,
)


def _of_step_before(bare: str) -> str:
    """What is handed back, or taken over, by what words say of it; nothing for other labels."""
    match = _HANDED.fullmatch(bare)
    if match and match["how"].lower().startswith(words("nouns")["handed"]):
        return f"d{match['state'].lower()}_prev"
    if match := _JOINED_BEFORE.fullmatch(bare):
        return f"{'d' if match['d'] else ''}{match['state']}_prev"
    if match := _STATE_BEFORE.fullmatch(bare):
        word = (match["one"] or match["two"]).lower()
        state = word if word in ("h", "c") else called("quantities").get(word, "")
        return f"{state}_prev" if state in ("h", "c") else ""
    return ""


def _handed_or_state(match: re.Match[str]) -> str:
    """The state of the step before, or what is handed on to it."""
    told = (match["to"] or "").lower().split()
    is_handed = bool(match["d"]) or (bool(told) and told[-1] in words("nouns")["to"])
    return f"{'d' if is_handed else ''}{match['state']}_prev"


def _is_sum(match: re.Match[str]) -> bool:
    """Whether a label says a sum over the steps: of what it is the sum, the column tells."""
    if match["word"] != "Σ" and (match["word"].lower().rstrip(".") not in words("columns")["sum"]):
        return False
    over, what = (match["over"] or "").lower(), match["what"] or ""
    is_of_steps = over in ("", "t", "all t", "all steps", "the steps", "time") or (
        over.removesuffix("s") in words("time")["steps"]
    )
    return is_of_steps and (not what or label_of(what).kind in ("sort", "quantity", "stage"))


_LOW = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def _with_feature(match: re.Match[str]) -> str:
    """dW1 for dW (x1), and for dW1 (x1)."""
    feature = match[1] or match[2] or match[3]
    return "" if match.string[: match.start()].endswith(feature) else feature


def _closes_at_end(text: str) -> bool:
    """Whether the bracket that a text begins with is closed by its last character."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


# What reaches a state from later steps, as one part of its derivative: dh from t+1
_FROM_LATER = re.compile(
    r"\b(?:from|aus|von|vom|fra|från|de|du|da|desde|del|dal|van|z|od)\s(?:the\s|de[rmn]\s|l'|la\s|el\s)?"
    r"(?:(?:step\s|schritt\s)?t\s?\+\s?1|next\s?step|next|future|later(?:\ssteps?)?|nächste[mnr]?\sschritt|zukunft|fremtiden|framtiden"
    r"|futur|futuro|passo\ssuccessivo|toekomst|budoucnosti|przyszłości)(?![^\W\d_])",
    re.IGNORECASE,
)


def _named(bare: str) -> Label | None:
    """A label that names a quantity, or a gate."""
    if gate := _gate(bare):
        return Label("gate", bare, wordy=len(bare.partition("_")[0]) > 2, letter=gate)
    if _SYMBOL.fullmatch(bare):
        return Label("quantity", bare)
    if _is_called(bare):
        return Label("quantity", bare, wordy=True)
    word, _, letter = bare.rpartition(" ")
    if word and called("gate_words").get(word.lower()) == letter.removesuffix("_t"):
        return _named(letter)  # Eingang i
    if letter.removesuffix("_t") in ("y", "ŷ") and called("gate_words").get(word.lower()) == "o":
        return _named(letter)  # output y
    if _FROM_LATER.search(bare):
        return Label("quantity", f"d{'c' if re.search(r'd_?c(?![^_])', bare) else 'h'}_next")
    if told := _TOLD.match(bare) or _SIDE_BY_SIDE.match(bare):
        for one, other in ((told[1], told[2]), (told[2], told[1])):
            symbol = _SYMBOL.fullmatch(one)
            is_difference = bool(re.match(r"\s*[-–]\s", bare[len(told[1]) :]))
            if is_difference and one[:1] in "hyŷ":
                continue
            if symbol and called("quantities").get(other.lower()) == "target":
                return Label("quantity", "target")  # whatever letter stands for it
            if symbol and (_is_called(other) or (told[0].endswith(")") and _tells_only(other))):
                found = _named(one)
                is_of_gate = len(one) == 1 and _gate(other) and found is not None
                if is_of_gate and found is not None and found.kind == "quantity":
                    return Label("gate", one, letter=one)  # output gate, q: a letter of one's own
                return found
        if told[0].endswith(")") and _gate(told[2]) == told[2]:
            of_words = _named(told[1])  # candidate g (g)
            if of_words is not None and of_words.letter == told[2]:
                return of_words
        if _is_called(told[1]) and told[0].endswith(")"):
            return _named(told[1])
    kind_of = _KIND_OF_GATE.fullmatch(bare)
    if kind_of and any(map(_gate, (kind_of[1], f"{kind_of[1]} gate"))):
        return Label("gate", kind_of[2], letter=kind_of[2])
    return None


_KIND_OF_GATE = re.compile(
    r"(?:ext|int)(?:\.|ernal|ern)\s([^\W\d_]{3,12}(?: gate)?)\s?,\s?([a-zα-ω])"
)


def _tells_only(text: str) -> bool:
    """Whether words before a symbol in brackets say what it is, and make nothing else of it."""
    if _is_called(f"{text} gate"):
        return True  # input (i)
    lower = text.lower().split()
    derived = (*words("derivative")["words"], *words("net_input")["words"])
    return all(
        re.fullmatch(r"[^\W\d_]{2,}", word)
        and not word.startswith(words("nouns")["not"])
        and word not in derived
        for word in lower
    )


def _gate(bare: str) -> str:
    """A gate's letter, from ``f``, ``gate f``, ``f_t`` and ``forget gate``."""
    key = called("quantities").get(" ".join(bare.lower().split()))
    if key in ("f", "i", "o", "g", "r", "u"):
        return key
    short = re.sub(
        r"\s*\b(?:gate|porte|puerta|porta|gatter|tor|brána|bramka|poort)\b\s*|(?:_\{?t\}?|ₜ|\[t\])$",
        "",
        bare,
        flags=re.IGNORECASE,
    ).strip()
    return short if _GATE.fullmatch(short) else ""


def _is_called(text: str) -> bool:
    """Whether words name a quantity, or its derivative: gradient of the forget gate."""
    lower = " ".join(text.lower().split())
    lower = re.sub(r"^(?:the|der|die|das|my|our|value of)\s+", "", lower)
    for section in ("derivative", "net_input"):
        for word in sorted(words(section)["words"], key=len, reverse=True):
            if lower.startswith(f"{word} "):
                return _is_called(lower[len(word) :]) or bool(
                    _SYMBOL.fullmatch(lower[len(word) :].strip())
                )
    known = called("quantities")
    return lower in known or lower.removesuffix("s") in known or lower in called("sorts")


_OF_SLOPES = re.compile(
    r"grad|ableitung|梯度|导数|偏微分|derivative|dérivée|derivad|derivat|derivac|pochodn|afgeleide|производн"
)


_BY_WHAT = re.compile(r"\s(?:of|by|wrt|w\.r\.t\.|with respect to|nach|von|bezüglich|de|di|à)$")


def _stage(bare: str, lower: str) -> str:
    """Which value of a parameter a column holds: new, given, "d" for a derivative, m or v."""
    if kept := _MOMENT.fullmatch(bare if len(bare) == 1 else lower):
        return "m" if kept[1] else "v"
    if _NEW.fullmatch(bare):
        return "new"
    if _SLOPE_OF_ALL.fullmatch(bare):
        return "d"
    if _OF_SLOPES.search(lower) and (_BY_WHAT.search(lower) or not _is_called(bare)):
        return "d"
    stage = stage_of(bare) or stage_after(bare)
    bare = _of_pass().sub("", lower)  # after window 1
    return stage if stage and re.fullmatch(r"[^\W\d_]+(?: [^\W\d_]+){0,3}", bare) else ""


@cache
def _of_pass() -> re.Pattern[str]:
    several = "|".join(any_of("time", f"{key}s") for key in _PASSES)
    return re.compile(rf"\s*[(\[]?(?:{several})\s*[0-9]{{1,3}}[)\]]?$", re.IGNORECASE)


def gate_among(cells: Iterable[str]) -> str:
    """The forget gate or the reset gate, where one of them stands in words among labels.

    But not beside an "Input gate": what is "Input" there is none.
    """
    told = {cell.lower() for cell in cells}
    if any(f"{word} gate" in told and word in told for word in ("input", "output", "update")):
        return ""
    words_of = {cell.removesuffix(" gate") for cell in told}
    found = next((gate for gate in _BESIDE if gate in words_of), "")
    beside_c = not told.isdisjoint(CELL_STATES) and told.isdisjoint(_CANDIDATES)
    return "forget, beside c" if found == "forget" and beside_c else found


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row of cells has labels of a table, or steps, and nothing else."""
    filled = [cell for cell in cells if cell.strip()]
    beside = gate_among(filled)
    known = [c for c in filled if c.isdecimal() or label_of(c, beside).kind != "text"]
    return len(filled) > 1 and len(known) == len(filled) and not filled[0].isdecimal()


def is_whole_loss(text: str) -> bool:
    """Whether a label says the loss of all steps: total loss, loss (sum), L total."""
    told = re.findall(r"Σ|[^\W\d_Σ]+", text.lower().replace("σ", "Σ"))
    sums, losses = words("columns")["sum"], (*words("loss")["words"], *words("loss")["errors"])
    several = words("time")["windows"]
    rest = [word for word in told if word not in (*sums, *several, *_OF_ALL)]
    says_sum = any(word in (*sums, *several) for word in told)  # loss of block
    if says_sum and rest and all(one in (*losses, "l", "e", "j") for one in rest):
        return True
    lower = " ".join(text.lower().split())
    if lettered := re.fullmatch(r"(.{3,}?)\s*[,(]?\s*\b[lej]\)?", lower):
        return is_whole_loss(lettered[1])  # Gesamtverlust L
    is_whole = any(word in lower for word in (*sums, "overall", "общ", "总", "總", "총"))
    return called("quantities").get(lower) == "L" and is_whole


_OF_ALL = frozenset(
    [
        "of",
        "over",
        "the",
        "all",
        "every",
        "steps",
        "step",
        "t",
        "für",
        "alle",
        "aller",
        "de",
        "tous",
    ]
)


def sort_parts(text: str) -> tuple[str, str, str, str]:
    """What W, U or b of a gate is made of: what stands before it, the letter, feature and mark."""
    match = _SORT.fullmatch(text)
    lead, stem, feature, mark = (
        match.group("lead", "stem", "feature", "mark") if match else ("", text, "", "")
    )
    stem = "U" if stem in ("Uh", "U_h") else stem
    return lead or "", stem, feature.removeprefix("_"), mark


def of_gate(sort: str, letter: str) -> str:
    """W, U or b as that of a gate: dW_f for dW, W_f1' for W1'."""
    lead, stem, feature, mark = sort_parts(sort)
    return f"{lead}{stem}_{letter}{feature}{mark}"
