"""Telling text from answers, and reading quantities and steps that are named in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from cellcalc.check.reading.mathematics import FUNCTION_NAMES
from cellcalc.check.reading.names import Names
from cellcalc.check.reading.vocabulary import any_of, called, words

_WORD = re.compile(r"(?<![\w\\_.])[^\W\d_]{3,40}(?![\w_\[({^])")
_NO_WORDS = frozenset(
    [
        *FUNCTION_NAMES,
        "target",
        "prev",
        "next",
        "new",
        "out",
        "state",
        "net",
        "bias",
        "loss",
        "learning",
        "rate",
        "lambda",
        "delta",
        "sigma",
        "tensor",
        "array",
        "grad",
        "via",
    ]
)
_SIGNS = re.compile(r"[-+*/^=0-9\[\]_∂σ]")
_FILLERS = frozenset(
    [
        "the",
        "a",
        "an",
        "value",
        "of",
        "so",
        "thus",
        "then",
        "hence",
        "therefore",
        "we",
        "get",
        "find",
        "have",
        "obtain",
        "and",
        "also",
        "with",
        "now",
        "finally",
        "first",
        "new",
        "updated",
        "neu",
        "neue",
        "neuer",
        "neues",
        "更新后的",
        "更新后",
        "更新後の",
        "新的",
        "新",
        "compute",
        "for",
        "our",
        "my",
        "final",
        "der",
        "la",
        "le",
        "les",
        "die",
        "das",
        "wert",
        "gilt",
        "is",
        "es",
        "als",
        "also",
        "daher",
        "somit",
        "let",
        "where",
        "which",
        "gives",
        "giving",
        "from",
        "by",
        "that",
        "this",
        "is",
        "have",
        "got",
        "answer",
        "result",
        "total",
        "出力",
        "入力",
        "输出",
        "输入",
        "誤差",
        "误差",
        "sum",
        "summe",
        "zusammen",
        "insgesamt",
        "suma",
        "somma",
        "somme",
        "samen",
        "totaal",
        "razem",
        "łącznie",
        "сумма",
        "итого",
        "всего",
        "right",
        "correct",
        "as",
        "used",
        "richtig",
        "el",
        "il",
        "lo",
        "los",
        "si",
        "einem",
        "dem",
        "den",
    ]
)
_INDEXED = re.compile(r"[\[_∂ₜ₀-₉(⟨^]|[0-9]$")
_STEP_LOSS = r"[LEJ](?:_?\{?t\}?|ₜ|_?\{?[0-9]+\}?|\[\w+\])?\s*/"
_SLOPE = re.compile(
    rf"(?:∂|\bd)\s*(?!{_STEP_LOSS}\s*(?:∂|d)\s*(?![yŷ]))(?![LEJ]\s*/)(?![LEJl]oss)"
    r"[^\s/=]{1,30}\s*/\s*(?:∂|d)\s*\S"
)
_OF_STEP = re.compile(rf"\s*(?:∂|d)\s*(?![LEJ]\s*/){_STEP_LOSS}")


# W_f new, W_f (after): which value it is has been noted by stage_of.
_STAGED = re.compile(
    r"^((?:\S*[∂δ_\[ₜ0-9]\S*|d?[WUbV]\w?\S*))\s+\(?(?:new|after|updated|neu|old|before|given|initial|alt|"
    r"(?:after|before|nach|vor|après)\s+(?:the\s+|dem\s+|one\s+|an?\s+|einem\s+|la\s+)?"
    r"(?:update|step|mise à jour)"
    r"(?:\s+(?:with|mit|avec|using|at)\s[^=:]{0,40})?)\)?$",
    re.IGNORECASE,
)


_DERIVING = re.compile(
    r"\b(?:gradient[es]?|derivative|ableitung|dérivée|derivata|derivada)(?:\s+(?:of|the|der|des|di|loss|verlusts?|de|la|"
    r"du|perte|coût|w\.?r\.?t\.?|with|respect|to|nach|von|bezüglich|bzgl\.?|par|rapport|à|for|at|für))*$"
)


# W_f的梯度, 损失对W_f的偏导数
_CHINESE_SLOPE = re.compile(
    r"(?:(?:总?损失(?:函数)?|L|E)\s*(?:对|关于|相对于))?\s*[\u3040-\u9fff]{0,8}?([A-Za-z]\w{0,8}(?:_\{\w{1,6}\})?)\s*的(?:梯度|偏?导数?|偏微分)"
)
_CHINESE_NAME = re.compile(
    r"(?:第[0-9]{1,4}(?:个?时间)?步的?|时刻[0-9]{1,4}的?)?([\u3040-\u9fff]{1,12})\s*([A-Za-z∂]\S{0,20})"
)
_BY = ("nach", "to", "of", "von", "à", "de", "di", "for", "bezüglich", "bzgl.", "wrt", "w.r.t.")
_SPEAKS_OF_SLOPE = re.compile(
    r"\b(?:gradient|ableitung|derivative|dérivée|derivad[ao]|derivata)", re.I
)
_LAST = re.compile(r"^\s*(?:the\s+)?(?:final|last)\s+(?=\w)", re.IGNORECASE)
_VERB = re.compile(r"\s+(?:is|ist|est|es|è|é|vaut|equals|beträgt|now|then)$")


def _steps() -> str:
    return any_of("time", "steps")


AT_STEP = re.compile(
    rf"[\s,(\[]{{0,4}}(?<![\w])(?:at|for|in|@|bei|für|zu|im|after|when)\s+(?:the\s+)?"
    rf"(?:(?:{_steps()})\s+)?(?:(?:t|k)\s*=\s*|(?<=\s))([0-9]{{1,6}})(?![0-9.])[)\]]?"
    rf"(?=\s*(?:$|[:=≈~→,;.)]|is\b|ist\b|we\b))",
    re.IGNORECASE,
)
_BRACKETED_STEP = re.compile(
    rf"\s[(\[]\s*(?:t\s*=\s*|(?:{_steps()})\s+)([0-9]{{1,6}})\s*[)\]]\s*$", re.I
)


_NET_OF = re.compile(
    r"(?i:net)[ _](forget|input|output|candidate|update|reset|[A-Za-z]\u0303?)(\[[-+\w]{1,8}\])?"
)
_WITH_LETTER = re.compile(
    r"([^\W\d_]+(?:[ -][^\W\d_]+){0,3})\s*[,:]?\s*"
    r"\(([A-Za-z][\u0303_\w]{0,3})\)\s*(\[[-+\w]{1,8}\])?"
)
_LABELLED = re.compile(
    r"([^\W\d_]{3,20}(?: [^\W_]{1,20}){0,4})(?: ?\([^()]{1,30}\))?\.\s+(\S{1,40})"
)
_FUNCTION_OF = re.compile(r"(tanh|tgh|th|σ|sigmoid)\s+([A-Za-z]\S{0,20})")  # tanh c_1
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_QUOTED = re.compile(r"\"([^\"]{1,30})\"")


GRADIENT = "gradient"  # the stage of a parameter that stands for the derivative by it


def wordy(text: str) -> int:
    """How many words of a natural language there are in a text."""
    return sum(1 for word in _WORD.findall(text[:2000]) if word.lower() not in _NO_WORDS)


def is_prose(left: str, between: Iterable[str], right: str, colon: bool = False) -> bool:
    """Whether a line with an equals sign, or only a ``colon``, is text all the same."""
    left = _LAST.sub("", left)
    if colon and (wordy(right) >= 2 or len(re.findall(r"\b[^\W\d_]{2,}\b", right)) >= 3):
        return True
    phrase = " ".join(left.lower().split())
    is_phrase = bool(re.fullmatch(r"[^\W\d_]+(?: [^\W\d_]+)+", phrase))
    is_text = bool(wordy(right)) and not re.search(r"[0-9]\.[0-9]|[=*/^]", right)
    if colon and is_phrase and is_text and phrase not in called("quantities"):
        return True  # as here: Graves 2013
    if colon and re.fullmatch(r"[^\W\d_]{4,}|\w+(?:\.\w+)+", left.strip()):
        return True  # a label, or a name of a program
    if wordy(left) >= 2 and " ".join(left.lower().split()) not in called("quantities"):
        return True
    if wordy(left) and len(left.split()) >= 3 and not re.search(r"[\[(]", left):
        return True
    if any(wordy(part) >= 3 for part in between):
        return True
    many = wordy(right)
    signs = len(_SIGNS.findall(right[:300]))
    if many >= 2 and (many >= 4 or signs <= many):
        return True
    is_word = bool(re.fullmatch(r"[^\W\d_]{3,}", left.strip()))
    return is_word and many >= 1 and not re.search(r"[0-9]", right)


def is_working(left: str) -> bool:
    """Whether a left side is the derivative of one quantity by another, not of the loss."""
    return bool(_SLOPE.search(left[:400]))


def is_of_step_loss(left: str) -> bool:
    """Whether it is a derivative of the loss of one step alone: ∂E_t/∂c_t."""
    return bool(_OF_STEP.match(left))


def is_setting(left: str) -> bool:
    """Whether a left side is no quantity, but how the problem is set: a rate, a size, a length."""
    names = words("settings")["names"]
    bare = " ".join(left.strip(" .,:;").replace("_", " ").replace("-", " ").lower().split())
    bare = bare.rpartition(", ")[2]  # Adam, lr
    if bare in names or bare.startswith("coefficients "):
        return True
    said = " ".join(word for word in bare.split() if word not in _FILLERS)
    if _LAST.sub("", bare) in called("quantities"):
        return False  # the final hidden state
    if " " in said and said in called("quantities"):
        return False  # the hidden state; but "the hidden" may be a size
    *before, last = bare.split() or [""]
    phrase = " ".join(word for word in before if word not in _FILLERS)
    if before and not phrase and last in names and " " in left.strip():
        return True  # with η, but not a_t
    return len(phrase) > 3 and phrase in names and len(last) <= 5  # the learning rate η


@cache
def _stages() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((key, _of_words(words("stage")[key])) for key in ("given", "new"))


@cache
def _stage_words(key: str) -> re.Pattern[str]:
    return _of_words(words("stage")[key])


def _of_words(found: Iterable[str]) -> re.Pattern[str]:
    longest = sorted(found, key=len, reverse=True)
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(map(re.escape, longest))})(?![a-zäöüß])", re.I)


def stage_of(left: str) -> str:
    """Which value of a parameter a left side or a label means: "given", "new", or "" for neither.

    A stroke, or what a program calls ``W_f_new``, is the new one as well.
    """
    text = _UPDATE_GATE.sub(" ", left[:400])
    if re.search(
        r"(?<=[\w}\])])'|(?<=[\w}])\*\s*$|\^\s*\{?\s*\(?\+|⁺|[({\[^]\s*t\s*\+\s*1\s*[)}\]]|ₜ₊₁",
        text,
    ):
        return "new"
    return next((key for key, pattern in _stages() if pattern.search(text)), "")


# The gate that a GRU has, and no update of weights: u = mise à jour, update gate
_UPDATE_GATE = re.compile(
    r"(?<![^\W_])[uz]\s?(?:[=:(]|\bis\b)\s?(?:the\s+)?(?:[^\W\d_]+\s?){1,3}"
    r"|(?:update|aktualisierungs?|mise à jour|更新)[\s-]?(?:gate|gatter|tor|门|門|ゲート)"
    r"|(?:gate|porte|puerta|porta)\s(?:of|de|di|d')\s?"
    r"(?:update|mise à jour|actualización|aggiornamento)",
    re.IGNORECASE,
)


def stage_after(text: str, is_heading: bool = False) -> str:
    """Which value of a parameter is meant behind a line of text, such as "The new weights are".

    Below "Gradients:" it is no value, but the derivative by the parameter.

    A heading such as "Update" says it too, but not a title that speaks of all passes.
    """
    shown = _UPDATE_GATE.sub(" ", text[:400])
    if _stage_words("updates").search(shown):
        return "new"
    if not is_heading:
        return ""
    if _stage_words("headings").search(shown):
        return "" if _stage_words("passes").search(shown) else "new"
    return (
        GRADIENT
        if _stage_words("gradients").search(shown) and not _stage_words("descent").search(shown)
        else ""
    )


def in_words(left: str, names: Names) -> tuple[str, int | None]:
    """A left side as a symbol, and the step that its words name: "forget gate at t = 1"."""
    t: int | None = None
    for pattern in (AT_STEP, _BRACKETED_STEP):
        match = pattern.search(left)
        if match and match.end() >= len(left.rstrip()):
            t = int(match[1])
            left = left[: match.start()].rstrip(" ,(")
            break
    text = left.strip().rstrip(":").strip()
    if '"' in text:
        text = _QUOTED.sub(r"\1", text)
    if t is None and names.passes == 1 and (led := _LAST.match(text)):
        key, _ = in_words(text[led.end() :], names)
        if key in names.varying:
            return key, names.steps + names.first_step - 1  # the final hidden state
    labelled = _LABELLED.fullmatch(text)
    if labelled and labelled[1].lower() in called("quantities"):
        text = labelled[2]  # Loss (1 mark). L
    text = _FUNCTION_OF.sub(r"\1(\2)", text) if _FUNCTION_OF.fullmatch(text) else text
    text = _STAGED.sub(r"\1", text)
    if of_chinese := _CHINESE_SLOPE.fullmatch(text):
        return f"∂L/∂{of_chinese[1]}", t
    if chinese := _CHINESE_NAME.fullmatch(text):
        word = chinese[1].removesuffix("的")
        if word in called("quantities") or chinese[1] in _FILLERS:
            return chinese[2], t  # 损失函数L, 第3步的细胞状态c_3, 更新后的W_f
    if spaced := re.fullmatch(r"([A-Za-z∂δ]\S{0,40})\s+([0-9]{1,6})", text):
        text = f"{spaced[1]}[{spaced[2]}]"  # dc 3
    lowered = " ".join(text.lower().split())
    if (spoken := _CAMEL.sub(" ", text).lower()) in called("quantities"):
        lowered = spoken  # cellState
    if under := re.fullmatch(r"([a-z]+(?:_[a-z]+)+)(\[[-+\w]{1,8}\])", lowered):
        spoken = under[1].replace("_", " ")
        lowered = spoken + under[2] if spoken in called("quantities") else lowered
    if "_" in lowered and (spoken := lowered.replace("_", " ")) in called("quantities"):
        lowered = spoken  # cell_state, of a program
    if not re.search(r"[^\W\d_]{3,}|\s|[\u3000-\u9fff]", lowered):
        return text, t
    if net := _NET_OF.fullmatch(text):  # net forget, net C̃[3]
        key = called("quantities").get(f"{net[1].lower()} gate") or net[1]
        key = called("quantities").get(key.lower(), key)
        if len(key) < 3 and (net[1].lower() != "input" or names.conventions.nets):
            return f"z_{key}{net[2] or ''}", t
    if letter := _WITH_LETTER.fullmatch(text):  # forget (f)
        word = letter[1].lower()
        if any(one in called("quantities") for one in (word, f"{word} gate")):
            return letter[2] + (letter[3] or ""), t
    found = _named(lowered, names)
    if found is not None:
        return found, t
    if indexed := re.fullmatch(r"(.+?)\s*(\[[-+\w]{1,8}\])", lowered):  # forget gate[2]
        found = _named(indexed[1], names)
        if found is not None:
            return found + indexed[2], t
    if of_torch := re.fullmatch(r"([A-Za-z_]\w{0,40})(\[\w{1,6}\])?\.grad(\[\w{1,6}\])?", text):
        return f"∂L/∂{of_torch[1]}{of_torch[2] or of_torch[3] or ''}", t
    if behind := re.fullmatch(r"([A-Za-z]\w{0,10})(?:'s)?\s+(?:gradient|grad|derivative)", text):
        return f"∂L/∂{behind[1]}", t  # b_f gradient
    *before, last = text.split()
    if before and _INDEXED.search(last) and _DERIVING.search(" ".join(before).lower()):
        return last if re.match(r"∂|δ|∇|grad|d[A-Za-z_]", last) else f"∂L/∂{last}", t
    is_by = bool(before) and before[-1].lower() in _BY and re.fullmatch(r"[WUbVRp]_?\w{0,6}", last)
    if is_by and _SPEAKS_OF_SLOPE.search(" ".join(before)):
        return f"∂L/∂{last}", t  # Der Gradient der Verlustfunktion nach W_f
    is_error = len(before) == 1 and before[0].lower() in words("loss")["errors"]
    if is_error and re.fullmatch(r"[eEL](?:_?\{?[0-9t]{1,4}\}?|\[[0-9t]{1,4}\])?", last):
        return last, t  # error E
    while before and before[0].lower().strip(",.:") in _FILLERS:
        del before[0]
    if not before:
        return last, t
    if before[-1].lower() in words("nouns")["to"] and any(
        word.lower().startswith(words("nouns")["handed"]) for word in before[:-1]
    ):
        return text, t  # weiter an h_3: what is handed on to it
    is_word = re.match(r"[^\W\d_]{4,}(?:[\[(_]|$)", last)  # cell input[2] is no input
    if " ".join(before).lower() in words("net_input")["words"] and re.match(r"z|a_|net", last):
        return last, t  # net input z_f
    if before[-1].lower() in ("delta", "δ") and re.match(r"[A-Za-z]", last):
        return f"{before[-1].lower()}_{last}", t  # delta f[3], which is no f
    if _INDEXED.search(last) and all(re.fullmatch(r"[^\W\d_]{2,}[,:]?", word) for word in before):
        phrase = " ".join(before).lower()
        if phrase in words("derivative")["words"]:
            is_derivative = re.match(r"∂|δ|∇|grad|d[A-Za-z_]", last)
            return last if is_derivative else f"∂L/∂{last}", t
        if phrase not in words("net_input")["words"] and not is_word:
            return last, t  # a sentence that ends in the quantity
    if (
        before
        and _INDEXED.search(last)
        and before[-1].lower().strip(",:") in words("verbs")["words"]
    ):
        return last, t  # The state of the cell in my table is c_1
    if is_word:
        return text, t
    if before and _describes(before) and re.match(r"[A-Za-z]", last):
        return last, t  # Vergessensgate f, the gate of the output o
    if before and re.match(r"[A-Za-zα-ωΑ-Ω∂δ∇]", last):
        phrase = " ".join(before).lower()
        if re.match(r"∂|δ|∇|grad|d[A-Za-z_]", last) and phrase in words("derivative")["words"]:
            return last, t  # the gradient dW_f
        is_slope = (_named(phrase, names) or "").startswith("d")
        if is_slope and not re.match(r"∂|δ|∇|grad|d[A-Za-z_]", last):
            return f"∂L/∂{last}", t  # the gradient of the cell state c
        if (
            all(word.strip(",.:") in _FILLERS for word in phrase.split())
            or _named(phrase, names) is not None
            or phrase in called("quantities")
            or _named(_VERB.sub("", phrase), names) is not None
        ):
            return last, t
        if any(phrase == word for word in words("derivative")["words"]):
            return f"∂L/∂{last}", t
    return text, t


def _describes(before: list[str]) -> bool:
    """Whether words say what the quantity behind them is, and nothing else of it."""
    said = words("nouns")
    told = [word.lower().strip(",:()\"'") for word in before]
    if any(word.startswith(said["not"]) for word in told) or len(told) > 5:
        return False
    return any(word.endswith(said["endings"]) for word in told[-1:])


def _named(text: str, names: Names) -> str | None:
    """The key of a quantity in words, such as "gradient of the forget gate"."""
    lead, stem = "", text
    if called("quantities").get(text) == "L":
        stem = "loss"  # the total error, which is no error
    while (first := stem.partition(" "))[0] in _FILLERS and first[2]:
        stem = first[2]
    for word in sorted(words("derivative")["words"], key=len, reverse=True):
        if stem.startswith(word) and len(stem) > len(word):
            lead, stem = "d", stem[len(word) :].strip()
            break
    for word in sorted(words("net_input")["words"], key=len, reverse=True):
        if (stem.startswith(word) and len(stem) > len(word)) or (
            stem.endswith(word) and len(stem) > len(word)
        ):
            stem = stem.removeprefix(word).removesuffix(word).strip(" ,:")
            lead += "z_"
            break
    stem = re.sub(r"^(?:the|der|die|das|of|my|our|value of)\s+", "", stem)
    key = called("quantities").get(stem) or called("quantities").get(stem.removesuffix("s"))
    if key is None:
        return None
    key = lead + key
    if key == "L" and "L" not in names.constant:
        return None
    if key not in names.known:
        return None
    return key if names.author is None else _authors(key, names)


def _authors(key: str, names: Names) -> str:
    """The key as the author's notation reads it; the key itself may mean something else there."""
    assert names.author is not None
    return next((symbol for symbol, meant in names.author.items() if meant == key), key)
