"""The one parser of formulas, whoever wrote them: text to tree.

The grammar is that of the language (:mod:`cellcalc.language.parser`), made more forgiving: a
product needs no sign, a function no bracket, and a step may be written in many ways. Where that
leaves two readings, both are tried; if they differ, the formula is not read, and the error names
both. So no reading can change the mathematics without a word.

LaTeX is brought to this spelling by :mod:`.latex`, Python by :mod:`.code`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import NoReturn

from cellcalc.check.reading.characters import plain
from cellcalc.errors import ExpressionError
from cellcalc.language.arithmetic.decimals import MEAN, SUM
from cellcalc.language.calculus import differentiate
from cellcalc.language.functions import FUNCTIONS
from cellcalc.language.letters import composed
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.parser import MAX_LENGTH, Parser
from cellcalc.language.tree import (
    ONE,
    TWO,
    Call,
    Div,
    Dot,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    add,
    multiply,
    number,
    rebuilt,
    shifted,
)

LAST = "T"  # the last step, in the limits of a sum
MAX_SUMS = 2
# Those of Western languages, Greek, Cyrillic, Japanese, Chinese, Korean; no dot between words.
LETTER = (
    "A-Za-zÀ-ÖØ-öø-ɏͰ-Ͽ\u0400-\u04ff\u1e00-\u1eff\u3041-\u30fa\u30fc-\u30ff\u4e00-\u9fff"
    "\uac00-\ud7a3∇"
)
_MARKS = "\u0300-\u036f"  # accents
_WORD = f"[{LETTER}{_MARKS}0-9°ᶠᵍᵒ]"
_BELOW, _ABOVE = "₀₁₂₃₄₅₆₇₈₉₊₋ₜ₌ₙ", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵗ⁽⁾⁼ⁿᵀ"
_LOWERED = str.maketrans(_BELOW, "0123456789+-t=n")
_RAISED = str.maketrans(_ABOVE, "0123456789+-t()=nT")

# The functions as people call them.
FUNCTION_NAMES: Mapping[str, str] = {
    "identity": "identity", "σ": "sigmoid", "√": "sqrt",
    "sigma": "sigmoid", "sigm": "sigmoid", "sig": "sigmoid", "logistic": "sigmoid",
    "expit": "sigmoid", "Sigmoid": "sigmoid", "logsig": "sigmoid", "th": "tanh", "tansig": "tanh",
    "sigmoide": "sigmoid", "sigmoïde": "sigmoid", "sigmóide": "sigmoid", "sigmoída": "sigmoid",
    "sigmoida": "sigmoid", "sigmoidea": "sigmoid", "сигмоида": "sigmoid", "Sigma": "sigmoid",
    "Tanh": "tanh", "tgh": "tanh", "tanhip": "tanh",
    "ln": "log", "Log": "log", "Exp": "exp", "ReLU": "relu",
    "Relu": "relu", "Abs": "abs", "fabs": "abs", "sgn": "sign", "heaviside": "step",
    "hard_σ": "hard_sigmoid", "stop_gradient": "stop",
    "detach": "stop", "maximum": "max", "minimum": "min",
    "sech": "sech", "cosh": "cosh", "sinh": "sinh", "square": "square",
    "sum": SUM, "Σ": SUM, "mean": MEAN, "average": MEAN, "avg": MEAN,
    **{name: name for name in FUNCTIONS},
}  # fmt: skip
_INVERSE = ("tanh", "sigmoid", "cosh", "sinh")

_STEP_WORDS = {"prev": -1, "previous": -1, "next": 1, "tm1": -1, "tp1": 1}
# c_alt: of the step before, in a state; a weight that is called so is the one before an update
_STATE_BEFORE = re.compile(r"([chCHs])_(?:alt|old|ant|anterior|vorher|vor|prec|oud|före|przed)")
_DERIVATIVE = re.compile(
    r"(?:∂|d|D|δ|partial)\s*(?P<of>[LEJ]|[Ll]oss|total_loss)(?P<step>_?t|ₜ|_\{(?:t|[0-9]+)\}|_?[0-9]+|[₀-₉]+|\[(?:t|[0-9]+)\])?"
    r"\s*/\s*(?:∂|d|D|δ|partial)\s*(?=[^\s\d])"
)
_NAME = re.compile(
    rf"(?P<lead>[δ∇∂](?:_(?=[{{A-Za-z]))?\s*|[dD]\s+|\bdelta\s+)?"
    rf"(?P<name>[{LETTER}]{_WORD}*(?:_+{_WORD}+)*)"
    rf"|(?P<sign>[σ√])"
)
_NABLA = re.compile(r"∇_?(?:\{((?:[^{}]|\{[^{}]{0,20}\}){1,30})\}|([^\W_]\w{0,10}))\s?[LEJ](?!\w)")
_DELTA_OF = re.compile(
    r"δ_\{((?=[^\W\d])(?!t(?![^\W\d_]))(?:[^{}]|\{[^{}]{0,20}\}){3,30})\}"
)  # δ_{z_f,3}
# A tilde beside its letter, as it is typed: c~, d c~[2], ~c_t.
TILDE_BEHIND = re.compile(r"(?<![\w.])(d?[chCHg])~(?=[\s_\[(=:]|[0-9]\b|$)")
_TILDE_BEFORE = re.compile(r"(?<![\w.])~([chCHg])(?![A-Za-z])")
_BY = re.compile(r"\s*/\s*(?:∂\s*|d(?=[^\W\d])|d\s+)(?=[^\s\d∂])")
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+(?![A-Za-z_]))?")
_TEN = re.compile(
    r"(?<![eE][0-9])(?<![eE][-+][0-9])\s?\*\s?10\s?(?:\^|\*\*)\s?(?:\{\s?|\(\s?)?(-?[0-9]{1,3})(?:\s?[})])?(?![0-9.])"
)
_OPERATOR = re.compile(r"\*\*|[-+*/^@(),|]")
_SUPERSCRIPT = re.compile(r"⁻?[⁰¹²³⁴-⁹]+")
_STEP = r"(?:[A-Za-zτ]\s*=\s*)?(?:[A-Za-zτ]{1,4}\s*(?:[-+]\s*[0-9]{1,6})?|-?[0-9]{1,6})"
_AFTER_NAME = re.compile(
    r"\s*\[(?P<bracket>[^\[\]]{0,40})\]"
    r"|_?\{(?P<below>[^{}]{0,80})\}"
    rf"|_\((?P<round_below>{_STEP})\)"
    r"|\s?\^\s*\{\s*(?P<above>[^{}]{0,80})\}"
    r"|\s?\^\s*(?P<transposed>⊤|T(?![A-Za-z_0-9]))"
    rf"|\s?\^\s*[(<⟨]\s*(?P<raised>{_STEP})\s*[)>⟩]"
    rf"|\s?\^\s*(?P<letter>[tτ])(?![A-Za-z_0-9])"
    r"|\^(?P<gate>[fgoiczrunhFIOCGRZ])(?![A-Za-z0-9(])"
    r"|_(?P<behind_gate>t|[0-9]{1,4})(?![A-Za-z0-9_])"
    rf"|\s*⟨\s*(?P<angle>{_STEP})\s*⟩"
    rf"|<(?P<typed_angle>{_STEP})>"
    rf"|,?(?P<lowered>[{_BELOW}]+)"
    rf"|(?P<lifted>⁽[{_ABOVE}]+⁾|ᵗ(?:[⁺⁻][⁰¹²³⁴-⁹]+)?)"
    r"|\s*\((?P<new>new|neu|updated|after)\)"
    r"|\s*\((?P<old>old|alt|before|given|initial)\)"
    rf"|\((?P<argument>{_STEP})\)"
    r"|(?P<transpose>ᵀ|⊤|\.T\b)"
    r"|(?P<prime>'+)"
    r"|\s?(?P<plus>\^\s?\+|⁺)(?=\s*$)"
    r"|(?P<star>\*)(?=\s*$)"
    r"|,(?P<comma>[0-9]{1,3})(?=\s*(?:$|[-=+*/]))"
    r"|,(?P<comma_step>t(?:\s?[-+]\s?[0-9])?)(?=\s*(?:$|[-=+*/^)\]]|[^\W\d]))(?![A-Za-z_0-9])"
)
_INDEX = re.compile(
    r"(?:([A-Za-zτ])\s*=\s*)?(?:([A-Za-zτ]+)\s*(?:([-+])\s*([0-9]{1,6}))?|(-?[0-9]{1,6}))"
)
_TIGHT = re.compile(r"[-+][0-9]{1,3}(?![0-9.]*[A-Za-z_0-9.\[({])")
_LIMIT = re.compile(
    r"(?:(?P<name>[A-Za-z]{1,4})|(?P<number>[0-9]{1,6}))?(?:(?P<sign>[-+])(?P<more>[0-9]{1,6}))?"
)
_RUNNING = re.compile(r"([A-Za-zτ])\s*(?:=|∈)\s*")
_LASTS = ("T", "n", "N", "last")
# A gate's letter above a net input or a weight, z^f and δ^{(i)}; below it or beside it the step.
_GATE_ABOVE = re.compile(
    r"\(?([fgoiczrujnhsFIOCGRZφιωρζ]|rho|phi|iota|omega|[cghs][\u0303\u0302]|c̃|h̃|g̃|ĥ|ĉ)\)?\s*(?:,(.*))?"
)
_TAKES_GATE = re.compile(rf"d?(?:[zasnqvWUbRpVwΓα-ρτ-ω]|net|δ|Δ)[{_MARKS}]?|d?n[{_MARKS}]et")
KINDS = ("call", "minus", "scope", "division", "raised", "last", "slope")


_MISREAD = re.compile(r"[OolISB|][0-9]")


class SeveralReadingsError(ExpressionError):
    """What may be read in two ways that differ; ``meant`` are the quantities of a word."""

    def __init__(self, found: str, both: str, meant: tuple[str, ...] = ()) -> None:
        self.meant = meant
        super().__init__("one reading", f"{found}, which may be {both}")


@dataclass(frozen=True)
class Written:
    """A name as it was written, with all that stands at it.

    ``derivative`` tells that it is behind ∂L/∂, δ, or the like (which of them is ``lead``);
    ``stem`` is the name, ``numbers`` the whole numbers below it, which may be a feature's or a
    step's, ``step`` a certain one, ``shift`` a step relative to t, ``from_end`` one counted from
    the last (0: the last itself), ``primes`` the strokes behind it. ``by`` is what it is
    differentiated by, where it is no derivative of the loss: ∂c_t/∂f_t. ``of_step`` is the step
    of the loss, where it is a derivative of that of one step alone: ∂L_t/∂h_t.
    """

    stem: str
    derivative: bool = False
    lead: str = ""
    numbers: tuple[int, ...] = ()
    step: int | None = None
    shift: int | None = None
    from_end: int | None = None
    primes: int = 0
    new: bool = False
    text: str = ""
    by: Written | None = None
    of_step: str = ""


Vocabulary = Callable[[Written], Expression]


def as_written(written: Written) -> Symbol:
    """A name as it stands: the vocabulary where there is no problem to look it up in."""
    if written.by is not None:
        raise ExpressionError("a derivative of the loss, as in ∂L/∂c_t", f'"{written.text}"')
    if written.of_step:
        raise of_one_step(written)
    name = f"d{written.stem}" if written.derivative else written.stem
    numbers = list(written.numbers)
    step = written.step
    if step is None and numbers and written.shift is None:
        step = numbers.pop()
    name += "".join(map(str, numbers))
    if step is not None:
        return Symbol(name, step=step)
    return Symbol(name, written.shift)


def of_one_step(written: Written) -> ExpressionError:
    """Why a derivative of the loss of one step is not read: ∂L_t/∂c_t."""
    return ExpressionError("the derivative of the whole loss, as in ∂L/∂c_t", f'"{written.text}"')


@dataclass
class Style:
    """How the writer writes steps: what is certain from one place settles it in others."""

    argument: bool = False  # c(2) is c at step 2
    raised: bool = False  # the time stands above, so that c^2 may be a step
    above: bool = False  # … and is one, never a power
    target: bool = False  # what stands on the left, where a product cannot be
    code: bool = False  # a program: a[-1] is the last element
    slope: bool = False  # a slope alone, where dc[t]/df[t] is no quotient


def parse_formula(
    text: str,
    vocabulary: Vocabulary = as_written,
    style: Style | None = None,
) -> Expression:
    """Read a formula.

    A certain step is part of a symbol's name (``f[2]``); a sum over steps is a call of ``sum``,
    with its limits beside the argument where it is not over the whole window.

    Raises :class:`~cellcalc.errors.ExpressionError`; also where there are two readings.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"a formula of at most {MAX_LENGTH:,} characters", f"{len(text):,} characters"
        )
    text = re.sub(r"\s+", " ", plain(text)).strip()
    if "∇" in text:
        text = _NABLA.sub(r"∂L/∂\1\2", text)
    if "δ_{" in text:
        text = _DELTA_OF.sub(r"δ\1", text)
    if "~" in text:
        text = _TILDE_BEFORE.sub("\\1\u0303", TILDE_BEHIND.sub("\\1\u0303", text))
    style = style or Style()
    kinds: set[str] = set()
    readings: dict[Expression, None] = {}
    first_error: ExpressionError | None = None
    try:
        readings[FormulaParser(text, vocabulary, style, {}, kinds).whole()] = None
    except ExpressionError as error:
        first_error = error
    found = [kind for kind in KINDS if kind in kinds][:4]
    for others in product((False, True), repeat=len(found)):
        if any(others):
            try:
                choice = dict(zip(found, others, strict=True))
                readings[FormulaParser(text, vocabulary, style, choice, set()).whole()] = None
            except ExpressionError:
                continue
    if not readings:
        assert first_error is not None
        raise first_error
    first, *more = readings
    if more:
        both = " or ".join(_shown(one) for one in (first, more[0]))
        shown = text if len(text) <= 60 else text[:59] + "…"
        raise SeveralReadingsError(f'"{shown}"', both)
    return first


def _shown(expression: Expression) -> str:
    text = LANGUAGE(expression)
    return text if len(text) <= 100 else text[:99] + "…"


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    written: Written | None = None
    function: str = ""
    primes: int = 0
    limits: tuple[str, str] = ("", "")
    transposed: bool = False


@dataclass
class _Scan:
    """What has been gathered behind a name."""

    name: str = ""
    parts: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    step: int | None = None
    shift: int | None = None
    from_end: int | None = None
    primes: int = 0
    new: bool = False
    transposed: bool = False

    @property
    def timed(self) -> bool:
        return self.step is not None or self.shift is not None or self.from_end is not None


class FormulaParser(Parser):
    """The parser of the language, made more forgiving.

    ``choices`` says which reading to take of each kind that has two; those met are noted in
    ``kinds``.
    """

    def __init__(
        self,
        text: str,
        vocabulary: Vocabulary,
        style: Style,
        choices: Mapping[str, bool],
        kinds: set[str],
    ) -> None:
        self.vocabulary, self.style = vocabulary, style
        self.choices, self.met = choices, kinds
        self.running, self.sums = "t", 0
        self.transposed = False  # whether the name before this one was
        self.found = ""  # nothing has been read yet, should the first token fail
        self.argument = style.argument or bool(
            re.search(
                rf"(?<![A-Za-z_])[{LETTER}]{_WORD}{{0,20}}\(\s*t\s*(?:[-+]\s*[0-9]+\s*)?\)", text
            )
        )
        super().__init__(text, {})

    # The tokens.

    def advance(self) -> None:
        text = self.text
        position = self.position
        while position < len(text) and text[position].isspace():
            position += 1
        self.start = position
        self.operator = ""
        if position >= len(text):
            self._take(_Token("end", ""), position)
            return
        if match := _NUMBER.match(text, position):
            found, end = match[0], match.end()
            power = None if "e" in found.lower() else _TEN.match(text, end)
            if power:  # 1.5·10^{-3} is one number
                found, end = f"{found}e{int(power[1])}", power.end()
            if "." in found and _MISREAD.match(text, end):
                # 0.52O1: a letter that a scan has for a digit, or a product with o_1
                shown = text[position : position + 12].split()[0]
                raise SeveralReadingsError(f'"{shown}"', "a number, or a product")
            self._take(_Token("number", found), end)
            return
        if match := _DERIVATIVE.match(text, position):
            self._derivative(match)
            return
        if match := _NAME.match(text, position):
            self._name(match, False)
            return
        if match := _SUPERSCRIPT.match(text, position):
            self._take(_Token("superscript", match[0]), match.end())
            return
        if match := _OPERATOR.match(text, position):
            self._take(_Token("operator", match[0]), match.end())
            self.operator = "**" if match[0] == "^" else match[0]
            return
        if text[position] in "[]":
            # A square bracket that belongs to no name is a bracket.
            sign = "(" if text[position] == "[" else ")"
            self._take(_Token("operator", text[position]), position + 1)
            self.operator = sign
            return
        if text[position] in "{}":
            sign = "(" if text[position] == "{" else ")"
            self._take(_Token("operator", text[position]), position + 1)
            self.operator = sign
            return
        self.fail("a character of the equation language", text[position])

    def _take(self, token: _Token, end: int) -> None:
        self.read = token
        self.kind = token.kind
        self.found = token.text
        self.position = end

    def _derivative(self, match: re.Match[str]) -> None:
        own = re.compile(r"[yŷ](?![A-Za-z])").match(self.text, match.end())
        if match["step"] and own and (by := _NAME.match(self.text, match.end())):
            # Of a prediction the loss of its step is all there is.
            self._slope(self.start, match["of"], match.end("of"), by)
            return
        name = _NAME.match(self.text, match.end())
        bracketed = re.compile(r"\(([^()]{1,40})\)").match(self.text, match.end())
        if name is None and bracketed is not None:  # ∂L/∂(c_t)
            inner = self.text[: match.end()] + bracketed[1] + " " + self.text[bracketed.end() :]
            self.text = inner
            name = _NAME.match(self.text, match.end())
        if name is None:
            self.fail("a name after ∂L/∂")
        self._name(name, True)
        if match["step"] and self.read.written is not None:
            # The loss of one step alone: the later steps are left out of that derivative.
            step = match["step"].translate(_LOWERED).strip("_{}[]")
            written = replace(self.read.written, of_step=step)
            self.read = replace(self.read, written=written)

    def _name(self, match: re.Match[str], derivative: bool) -> None:
        start = self.start
        if match["sign"]:
            self._function_token(match["sign"], match.end())
            return
        lead = (match["lead"] or "").strip().rstrip("_")
        name, end = match["name"], match.end()
        if self._is_function(name, end) and not lead and not derivative:
            self._function_token(name, end)
            return
        written, end, transposed = self._written(name, end, lead, derivative)
        if not derivative and not self.style.code and (again := self._by(name, lead, end)):
            # In the language itself dc[t]/do[t] is a quotient of two derivatives.
            is_ours = not (lead or self.style.slope)
            is_ours = is_ours and _is_bracketed(self.text, match.end(), again)
            if is_ours:
                self.met.add("slope")
            if not (is_ours and self.choices.get("slope")):
                self._slope(start, name if lead else name[1:], match.end(), again)
                return
        if lead and lead in "∂" and not derivative:
            self.fail("a derivative of the loss, as in ∂L/∂c_t", self._slope_shown(start))
        self._take(_Token("symbol", written.text, written, transposed=transposed), end)

    def _written(
        self, name: str, end: int, lead: str, derivative: bool
    ) -> tuple[Written, int, bool]:
        """A name with all that stands at it, and where that ends; whether it is transposed."""
        scan = _Scan()
        name = scan.name = self._split_time(name, end, scan)
        end = self._postfixes(end, scan)
        stem = "_".join([name, *scan.parts]) if name else "_".join(scan.parts)
        written = Written(
            composed(stem),
            derivative or bool(lead),
            lead or ("∂" if derivative else ""),
            tuple(scan.numbers),
            scan.step,
            scan.shift,
            scan.from_end,
            scan.primes,
            scan.new,
            self.text[self.start : end].strip(),
        )
        return written, end, scan.transposed

    def _by(self, name: str, lead: str, end: int) -> re.Match[str] | None:
        """What a name with a d is differentiated by, where that follows: the f of dc/df."""
        if lead not in ("∂", "d", "") or (not lead and not re.match(r"d[^\W\d]", name)):
            return None
        match = _BY.match(self.text, end)
        return _NAME.match(self.text, match.end()) if match else None

    def _slope(self, start: int, stem: str, end: int, by: re.Match[str]) -> None:
        """∂c_t/∂f_t, as one token."""
        upper, _, _ = self._written(stem, end, "", False)
        lower, last, _ = self._written(by["name"] or by["sign"], by.end(), "", False)
        text = self.text[start:last].strip()
        self._take(_Token("symbol", text, replace(upper, by=lower, text=text)), last)

    def _slope_shown(self, start: int) -> str:
        return self.text[start : start + 20].split(" ")[0]

    def _is_function(self, name: str, end: int) -> bool:
        bare = name.split("_")[0] if name.split("_")[0] in ("sum", "Σ", "mean") else name
        if bare not in FUNCTION_NAMES and name != "Σ":
            return False
        if bare in ("sum", "Σ", "mean"):
            return bare == name or name.partition("_")[2] in ("t", "")
        rest = self.text[end : end + 40].lstrip()
        if name in (
            "step",
            "sig",
            "sign",
            "th",
            "average",
            "sigma",
            "square",
        ) and not rest.startswith("("):
            return name == "sigma" and rest[:1].isalpha()
        return not rest.startswith(("[", "_{"))

    def _function_token(self, name: str, end: int) -> None:
        """A function, with strokes, limits or an exponent before its argument."""
        text = self.text
        function = FUNCTION_NAMES.get(name) or (SUM if name.startswith(("sum", "Σ")) else MEAN)
        primes = 0
        while end < len(text) and text[end] == "'":
            primes += 1
            end += 1
        limits = ("", "")
        if function in (SUM, MEAN):
            limits, end = self._limits(end, name.partition("_")[2])
        self._take(_Token("function", name, None, function, primes, limits), end)

    def _limits(self, end: int, low: str) -> tuple[tuple[str, str], int]:
        """What stands below and above a sum sign, in any order."""
        text, high = self.text, ""
        for _ in range(2):
            for pattern, is_low in _SUM_LIMITS:
                match = pattern.match(text, end)
                if match:
                    found = next(g for g in match.groups() if g is not None)
                    found = found.translate(_LOWERED).translate(_RAISED)
                    if is_low:
                        low = found
                        if ".." in found or "…" in found or "," in found:
                            low, _, high = re.sub(r"\.\.+|…|,.*,", "..", found).partition("..")
                    else:
                        high = found
                    end = match.end()
                    break
        return (low.strip(), high.strip()), end

    def _split_time(self, name: str, end: int, scan: _Scan) -> str:
        """The name without a step that is part of it: c_t, h_prev, dnext_c, z_f_t, h_tm1."""
        if match := _STATE_BEFORE.fullmatch(name):
            scan.shift = -1
            return match[1]
        for word, shift in _STEP_WORDS.items():
            if name.endswith(f"_{word}"):
                scan.shift = shift
                return name[: -len(word) - 1]
            if name.startswith(f"{word}_") and len(name) > len(word) + 1:
                scan.shift = shift
                return name[len(word) + 1 :]
            if name.startswith(f"d{word}_"):
                scan.shift = shift
                return f"d{name[len(word) + 2 :]}"
        if name.endswith("_t"):
            tight = _TIGHT.match(self.text, end)
            scan.shift = 0
            if tight and not self.style.code:
                # c_t-1 is c at step t-1, or 1 less than c at step t.
                if not self.style.target:
                    self.met.add("minus")
                if not self.choices.get("minus"):
                    scan.shift = int(tight[0])
                    scan.parts.append(f"\0{tight.end()}")
            return name[:-2]
        for last in ("_T", "_n", "_N"):
            if last == "_n" and self.text[end : end + 1] == "[":
                continue  # da_n[2], of PyTorch's candidate n
            if name.endswith(last) and len(name) > 2:
                scan.from_end = 0
                return name[:-2]
        return name

    def _postfixes(self, end: int, scan: _Scan) -> int:
        text = self.text
        if scan.parts and scan.parts[-1].startswith("\0"):
            end = int(scan.parts.pop()[1:])
        while end < len(text):
            match = _AFTER_NAME.match(text, end)
            if match is None:
                break
            kind = match.lastgroup or ""
            value = next((g for g in match.groups() if g is not None), "")
            if not self._postfix(kind, value, scan, match):
                break
            end = match.end()
        return end

    def _postfix(self, kind: str, value: str, scan: _Scan, match: re.Match[str]) -> bool:
        """Take one thing that stands at a name; False where it belongs to what follows."""
        if kind == "bracket":
            if scan.timed and _INDEX.fullmatch(value.strip()) is None:
                return False  # h^{(t)} [1 - tanh²(c)]: a factor
            self._bracket(value, scan)
            return True
        if kind in ("below", "round_below"):
            self._below(value, scan)
            return True
        if kind == "lowered":
            self._lowered(value, scan)
            return True
        if kind == "comma_step":  # z_f,t
            return not scan.timed and self._index(value, scan)
        if kind == "comma":
            scan.numbers.append(int(value))
            return True
        if kind == "gate" and not _takes_gate(scan.name):
            return False
        if kind == "behind_gate":  # z^f_t
            has_gate = bool(scan.parts) and scan.parts[-1][:1] == "\2"
            return has_gate and not scan.timed and self._index(value, scan)
        if kind in ("above", "gate"):
            return self._above(value, scan)
        if kind in ("raised", "angle", "typed_angle", "letter", "lifted"):
            value = value.translate(_RAISED).strip("()")
            if kind == "raised" and match[0].strip()[1:].lstrip().startswith("("):
                return self._round(value, scan, "raised")
            return self._index(value, scan)
        if kind == "argument":
            return self._round(value, scan, "call")
        if kind == "prime":
            scan.primes += len(value)
        if kind == "star" and not self.style.target:
            return False
        if kind in ("new", "plus", "star"):
            scan.new = True
        if kind in ("transpose", "transposed"):
            scan.transposed = True
        return True  # a transposed number is the number

    def _round(self, value: str, scan: _Scan, kind: str) -> bool:
        """A step in round brackets, unless it is a factor or an exponent: c(2), c^(2)."""
        if scan.timed or _INDEX.fullmatch(value.strip()) is None:
            return False
        is_number = value.strip().lstrip("-").isdecimal()
        if not is_number:
            return self._index(value, scan)
        if self.style.target or (self.argument and kind == "call") or self.style.raised:
            return self._index(value, scan)
        self.met.add("call")
        return False if self.choices.get("call") else self._index(value, scan)

    def _bracket(self, value: str, scan: _Scan) -> None:
        value = value.translate(_LOWERED).strip()
        if re.fullmatch(r"[0-9]+\s*,\s*[0-9]+", value):  # an element: [0, 0]
            self.fail("one index, as in [2]", f"[{value}]")
        if value == ":" or not self._index(value, scan):
            self.fail("a time index such as [t], [t-1] or [t+1]", f"[{value}]")

    def _index(self, value: str, scan: _Scan) -> bool:
        """A step: 2, t-1, t=2, T, T-1, -1."""
        match = _INDEX.fullmatch(value.strip())
        if match is None:
            return False
        _, name, sign, more, digits = match.groups()
        if digits is not None:
            step = int(digits)
            if step < 0:
                scan.from_end = step + 1
                scan.step = scan.shift = None
            else:
                scan.step, scan.shift, scan.from_end = step, None, None
            return True
        offset = int(f"{sign}{more}") if sign else 0
        if name in (self.running, "t", "τ"):
            scan.shift, scan.step, scan.from_end = offset, None, None
        elif name in _LASTS:
            scan.from_end, scan.step, scan.shift = offset, None, None
        else:
            return False
        return True

    def _below(self, value: str, scan: _Scan) -> None:
        """What stands below a name: letters of it, a feature, a step: {f,1,t-1}."""
        for part in value.replace("{", "").replace("}", "").split(","):
            part = part.strip().replace(" ", "").translate(_LOWERED)
            if not part or part == "°":
                continue
            match = _INDEX.fullmatch(part)
            if match and part.isdecimal():
                scan.numbers.append(int(part))
            elif (
                match
                and match[2] in ("t", "τ", self.running, *_LASTS)
                and (match[2] == "t" or match[4] or match[2] in ("T", self.running))
            ) or (match and match[1] and match[5]):
                self._index(part, scan)
            elif again := re.fullmatch(rf"([{LETTER}]{_WORD}*?)([0-9]+)", part):
                scan.parts.append(again[1])
                scan.numbers.append(int(again[2]))
            elif re.fullmatch(rf"[0-9]*[{LETTER}]{_WORD}*(?:_{_WORD}+)*", part):
                scan.parts.append(part)
            else:
                self.fail("a step or a letter below the name", value[:20])

    def _lowered(self, value: str, scan: _Scan) -> None:
        text = value.translate(_LOWERED).removeprefix("t=")
        match = re.fullmatch(r"([0-9]*?)(t(?:[-+][0-9]+)?|n)?", text)
        if match is None:
            self.fail("a step below the name", value)
        if match[1]:
            scan.numbers.append(int(match[1]))
        if match[2]:
            self._index(match[2], scan)

    def _above(self, value: str, scan: _Scan) -> bool:
        value = value.strip()
        if value in ("T", "⊤", "top"):
            scan.transposed = True
            return True
        if value.strip("()") in ("new", "neu", "+", "updated", "after", "neu"):
            scan.new = True
            return True
        if value == "°":
            scan.parts.append("\1°")
            return True
        if "°," in value.replace(" ", ""):
            scan.parts.append("\1°")
            value = value.replace(" ", "").replace("°,", "")
        letters = _GATE_ABOVE.fullmatch(value)
        if letters and (letters[1] in "fgo" or _takes_gate(scan.name)):
            scan.parts.append("\2" + letters[1])
            return self._above(letters[2], scan) if letters[2] else True
        inner = re.fullmatch(r"[(<⟨]\s*(.*?)\s*[)>⟩]", value)
        if inner:
            if value[0] == "(":
                return self._round(inner[1], scan, "raised")
            return self._index(inner[1], scan)
        if re.fullmatch(r"[tτ](?:\s*[-+]\s*[0-9]+)?", value) or re.fullmatch(
            r"t\s*=\s*[0-9]+", value
        ):
            return self._index(value, scan)
        is_step = self.style.above or (self.style.raised and self.style.target)
        if value.isdecimal() and is_step and not scan.timed:
            return self._index(value, scan)  # f^1, beside f^t
        if value.isdecimal() and self.style.raised and not scan.timed:
            self.met.add("raised")
            return bool(self.choices.get("raised")) and self._index(value, scan)
        return False

    def fail(self, expected: str, found: str | None = None) -> NoReturn:
        super().fail(expected, found)

    # The grammar, where it is wider than that of the language.

    def product(self) -> Expression:
        left = self.factor()
        divided: Expression | None = None  # what the last quotient was of
        while True:
            if operator := self.accept("*", "/", "@"):
                right = self.dot_side() if operator == "@" else self.factor()
                if operator == "/":
                    divided, left = left, Div(left, right)
                elif operator == "@" and isinstance(left, Symbol) and isinstance(right, Symbol):
                    divided, left = None, Dot(left, right)
                else:
                    divided, left = None, multiply(left, right)
                continue
            if not self.starts_factor():
                return left
            if self.kind == "number" and not isinstance(left, Number | Div):
                self.fail("an operator before the number")
            if self.kind == "number" and isinstance(left, Number):
                self.fail("an operator between the numbers")
            is_sum = self.kind == "function" and self.read.function in (SUM, MEAN)
            right = self.power()
            plain_fraction = isinstance(left, Div) and (
                is_sum  # 1/n Σ is the mean
                or (isinstance(left.numerator, Number) and isinstance(left.denominator, Number))
            )
            if divided is not None and not plain_fraction and isinstance(left, Div):
                self.met.add("division")
                if self.choices.get("division"):
                    left = Div(left.numerator, multiply(left.denominator, right))
                    continue
            left, divided = multiply(left, right), None

    def dot_side(self) -> Expression:
        self.accept("*")
        return self.factor()

    def starts_factor(self) -> bool:
        """Whether a factor begins here, without a sign between."""
        return self.kind in ("symbol", "number", "function") or self.operator == "("

    def factor(self) -> Expression:
        while self.accept("+"):
            pass
        return super().factor()

    def signed(self) -> Expression:
        while self.accept("+"):
            pass
        return super().signed()

    def power(self) -> Expression:
        base = self.atom()
        if self.kind == "superscript":
            return Pow(base, self.raised())
        return Pow(base, self.exponent()) if self.accept("**") else base

    def exponent(self) -> Expression:
        if self.operator == "(" and self.found == "{":
            self.advance()
            return self.bracket()
        return super().exponent()

    def atom(self) -> Expression:
        if self.kind == "function":
            return self.called()
        if self.operator == "|":  # where a number is expected a bar can only open
            self.advance()
            self.deeper()
            inside = self.sum()
            if not self.accept("|"):
                self.fail('"|"')
            self.depth -= 1
            return Call("abs", inside)
        if (
            self.kind == "symbol"
            and self.found.strip() == "e"
            and self.text[self.position :].lstrip()[:1] == "^"
        ):
            self.advance()
            self.accept("**")
            return Call("exp", self.exponent())
        return super().atom()

    def literal(self) -> Expression:
        return super().literal()

    def name(self) -> Expression:
        written = self.read.written
        assert written is not None
        if self.transposed and written.stem == "x" and len(written.numbers) == 1:
            # Wᵀx₁: the whole input of step 1, not its first feature.
            written = replace(written, step=written.numbers[0], numbers=())
        self.transposed = self.read.transposed
        found = self.vocabulary(written)
        self.advance()
        return found

    def called(self) -> Expression:
        """A function with its argument: tanh(c), tanh²(c), tanh c_t, σ'(z)."""
        token = self.read
        function, name = token.function, token.text
        if function in (SUM, MEAN):
            return self.summed(token)
        self.advance()
        exponent: Expression | None = None
        if self.kind == "superscript":
            exponent = self.raised()
        elif self.accept("**"):
            exponent = self.exponent_of_function()
        if exponent == number(-1.0) and function in _INVERSE:
            inverse = f"the inverse of {name}, or 1/{name}(…)"
            raise SeveralReadingsError(f'"{name}^-1"', inverse)
        if token.primes > 1:
            self.fail("a first derivative", name + "'" * token.primes)
        arguments = self.arguments_of(function)
        result = self.applied(function, arguments, bool(token.primes))
        return result if exponent is None else Pow(result, exponent)

    def exponent_of_function(self) -> Expression:
        if self.operator == "(":
            self.advance()
            return self.bracket()
        negative = bool(self.accept("-"))
        value = self.atom()
        return Neg(value) if negative else value

    def arguments_of(self, function: str) -> list[Expression]:
        if self.operator == "(":
            self.advance()
            self.deeper()
            found = [self.sum()]
            while self.accept(","):
                found.append(self.sum())
            if not self.accept(")"):
                self.fail('")"')
            self.depth -= 1
            return found
        if not self.starts_factor() or self.kind == "number":
            self.fail(f'"(" after the function {function}')
        # Without a bracket: tanh c_t, but tanh c_t^2 and tanh c_t o_t have two readings.
        self.deeper()
        argument = self.atom()
        if self.kind == "superscript" or self.operator == "**":
            self.met.add("scope")
            if self.choices.get("scope"):
                power = self.raised() if self.kind == "superscript" else None
                if power is None:
                    self.advance()
                    power = self.exponent()
                argument = Pow(argument, power)
        elif self.starts_factor():
            self.met.add("scope")
            while self.choices.get("scope") and self.starts_factor():
                argument = multiply(argument, self.power())
        self.depth -= 1
        return [argument]

    def applied(self, function: str, arguments: list[Expression], slope: bool) -> Expression:
        argument, *others = arguments
        wanted = len(FUNCTIONS[function].arguments) if function in FUNCTIONS else 1
        if len(arguments) != wanted:
            given = f"{len(arguments)} argument{'s' if len(arguments) > 1 else ''}"
            names = FUNCTIONS[function].arguments if function in FUNCTIONS else ("u",)
            raise ExpressionError(f"{function}({', '.join(names)})", given)
        if slope:
            u = Symbol("u")
            of = differentiate(made(function, u), u)
            return rebuilt(of, lambda e: argument if e == u else None)
        return made(function, argument, *others)

    def summed(self, token: _Token) -> Expression:
        """A sum over steps: what follows as a product is summed."""
        low, high = token.limits
        before = self.running
        running = _RUNNING.match(low)
        if running:
            self.running = running[1]
            low = low[running.end() :]
        elif re.fullmatch(r"[A-Za-zτ]", low):
            self.running, low = low, ""
        self.sums += 1
        if self.sums > MAX_SUMS:  # each goes over all steps again for every step of that around it
            self.fail(f"sums over steps nested at most {MAX_SUMS} deep")
        self.advance()
        self.deeper()
        if self.operator == "(":
            inside, low, high = self.bracketed_sum(low, high)
        else:
            inside = self.product()
        self.depth -= 1
        self.sums -= 1
        self.running = before
        limits = tuple(limit(text) for text in (low, high)) if low or high else ()
        if len(limits) == 2 and limits[0] == ONE and limits[1] == Symbol(LAST):
            limits = ()
        return Call(token.function, inside, limits)

    def bracketed_sum(self, low: str, high: str) -> tuple[Expression, str, str]:
        """A sum whose argument is in brackets; further factors stand under it as well.

        The limits may stand behind the argument: sum(dz_f[t]*h[t-1], t=1..3).
        """
        self.advance()
        self.deeper()
        inside = self.sum()
        if self.operator == ",":
            match = re.compile(
                r"\s*([A-Za-z])\s*(?:=|,)\s*([^,.]{1,12})(?:\.\.+|,|…)\s*([^,.()]{1,12})\)"
            ).match(self.text, self.position)
            if match is None:
                self.fail('")"')
            low, high = match[2].strip(), match[3].strip()
            self.position = match.end()
            self.advance()
        elif not self.accept(")"):
            self.fail('")"')
        self.depth -= 1
        result: Expression = inside
        if self.kind == "superscript":
            result = Pow(result, self.raised())
        elif self.accept("**"):
            result = Pow(result, self.exponent())
        while True:
            if self.accept("*"):
                result = multiply(result, self.factor())
            elif self.accept("/"):
                result = Div(result, self.factor())
            elif self.starts_factor():
                result = multiply(result, self.power())
            else:
                return result, low, high


def _takes_gate(name: str) -> bool:
    return bool(_TAKES_GATE.fullmatch(unicodedata.normalize("NFD", name)))


def _is_bracketed(text: str, end: int, by: re.Match[str]) -> bool:
    """Whether a step stands in square brackets at one of two names that end at these places."""
    return text[end : end + 1] == "[" or text[by.end() : by.end() + 1] == "["


_SUM_LIMITS = (
    (re.compile(r"\s*_?\{([^{}]{0,40})\}"), True),
    (re.compile(r"\s*_?\((\s?[A-Za-zτ]\s?(?:=|∈)[^()]{0,20})\)"), True),
    (re.compile(r"\s*_([A-Za-zτ])(?![A-Za-z0-9_])"), True),
    (re.compile(r"\s*([ₜₖ](?:₌[₀-₉]+)?)"), True),
    (re.compile(r"\s*\^\s*(?:\{([^{}]{0,40})\}|\(([^()]{0,20})\)|([0-9]+|[A-Za-z]))"), False),
    (re.compile(r"([ⁿᵀ⁰¹²³⁴-⁹]+(?:⁻[⁰¹²³⁴-⁹]+)?)"), False),
)  # fmt: skip


def limit(text: str) -> Expression:
    """A limit of a sum, over numbers and the last step ``T``."""
    bare = text.strip().replace(" ", "")
    match = _LIMIT.fullmatch(bare)
    if match is None or not (match["name"] or match["number"]):
        raise ExpressionError("a limit such as 1, T or T-1", f'"{text.strip()[:20]}"')
    if match["name"] and match["name"] not in _LASTS:
        raise ExpressionError("a limit such as 1, T or T-1", f'"{text.strip()[:20]}"')
    base: Expression = Symbol(LAST) if match["name"] else Number(float(match["number"]))
    if match["more"]:
        more = number(float(match["more"]))
        base = add(base, Neg(more) if match["sign"] == "-" else more)
    return base


def made(function: str, argument: Expression, *others: Expression) -> Expression:
    """A function of the language, or one that is made of its functions."""
    if function == "identity":
        return argument
    if function == "square":
        return Pow(argument, TWO)
    if function in ("sech", "cosh", "sinh"):
        up, down = Call("exp", argument), Call("exp", Neg(argument))
        if function == "sech":
            return Div(TWO, add(up, down))
        return Div(add(up, down if function == "cosh" else Neg(down)), TWO)
    return Call(function, argument, tuple(others))


def later(expression: Expression, steps: int) -> Expression:
    """The same formula ``steps`` later."""
    return shifted(expression, steps)


__all__ = [
    "FUNCTION_NAMES",
    "LAST",
    "Mul",
    "Style",
    "Written",
    "as_written",
    "later",
    "limit",
    "parse_formula",
]
