"""Programs in MATLAB, Octave, Julia, R, C, C++, Java and JavaScript, respelled as Python.

Only loops, conditions and assignments are respelled, line by line, so that places stay; it is the
reader of Python that gives them a meaning. Nothing is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_SOURCE = 100_000
MAX_LINE = 2_000
_PLACE = r"[\w+\-*() ]{1,30}?"  # where a loop begins or ends


@dataclass(frozen=True)
class Language:
    """How blocks open and close, how loops are written, and what begins a comment."""

    name: str
    comment: str
    braces: bool
    signs: re.Pattern[str]
    round_index: bool = False  # x(t) is an element


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.MULTILINE)


MATLAB = Language(
    "matlab", "%", False, _pattern(r"^[ \t]*for\s+\(?\s*\w+\s*=\s*[^=\n]+:[^=\n]+$"), True
)
JULIA = Language("julia", "#", False, _pattern(r"^[ \t]*for\s+\w+\s*(?:in|∈|=)\s*[^\n]*:[^\n:]+$"))
R = Language(
    "r", "#", True, _pattern(r"^[ \t]*for\s*\(\s*\w+\s+in\s+[^\n]+\)\s*\{?|<-\s*function\s*\(")
)
C = Language(
    "c",
    "//",
    True,
    _pattern(r"^[ \t]*for\s*\(\s*(?:(?:int|size_t|auto|let|var|long)\s+)?\w+\s*=[^;\n]*;[^;\n]*;"),
)
_BY_NAME = {
    ".m": MATLAB, "matlab": MATLAB, "octave": MATLAB, ".jl": JULIA, "julia": JULIA, "jl": JULIA,
    ".r": R, "r": R, ".c": C, ".cc": C, ".cpp": C, ".cxx": C, ".h": C, ".java": C, ".js": C,
    ".ts": C, ".cs": C, "c": C, "cpp": C, "c++": C, "java": C, "javascript": C, "js": C,
}  # fmt: skip
_FUNCTIONS = ("tanh", "exp", "log", "sqrt", "sigmoid", "sigm", "logsig", "abs", "sum", "zeros",
              "ones", "numel", "length", "size", "max", "min", "dtanh", "dsigmoid", "sech", "cosh",
              "pow")  # fmt: skip
_END = re.compile(r"\s*end(?:for|if|while|function)?\s*;?\s*")


def as_python(text: str, named: str = "") -> str | None:
    """The program as Python, a line for each of its lines; None for any other text.

    ``named`` is the ending of its file, or the language that a fence tells.
    """
    if len(text) > MAX_SOURCE:
        return None
    language = _BY_NAME.get(named.lower()) or _guessed(text)
    if language is None:
        return None
    return _Respelling(language).of(text)


def _guessed(text: str) -> Language | None:
    for language in (C, R):
        if language.signs.search(text) and "{" in text:
            return language
    if any(_END.fullmatch(line) for line in text.split("\n")):
        if MATLAB.signs.search(text) and re.search(r"\w\(\s*\w+\s*[-+]?\s*\d?\s*\)\s*=(?!=)", text):
            return MATLAB
        if JULIA.signs.search(text):
            return JULIA
    return None


class _Respelling:
    def __init__(self, language: Language) -> None:
        self.language = language
        self.depth = 0
        self.loops: set[str] = {"t"}
        self.openers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = (
            (_C_LOOP, _of_c), (_R_LOOP, _of_range), (_PLAIN_LOOP, _of_range),
            (_FUNCTION_OF_R, _function), (_FUNCTION_OF_MATLAB, _function),
            (_FUNCTION_OF_C, _function),
        )  # fmt: skip

    def of(self, text: str) -> str | None:
        made = []
        for line in text.split("\n"):
            if len(line) > MAX_LINE or self.depth > 30:
                return None
            made.append(self.line(line))
        return "\n".join(made)

    def line(self, line: str) -> str:
        text = self.without_comment(line).strip()
        if self.language.braces:
            while text.startswith("}"):
                self.depth = max(self.depth - 1, 0)
                text = text[1:].strip()
        elif _END.fullmatch(text):
            self.depth = max(self.depth - 1, 0)
            return ""
        if not text or text in ("{", ";"):
            return ""
        indent = "    " * self.depth
        if found := self.opened(text):
            self.depth += 1
            return indent + found
        closes = self.language.braces and text.endswith("}") and text.count("}") > text.count("{")
        made = indent + self.statement(text.rstrip("} "))
        self.depth -= closes and self.depth > 0
        return made

    def opened(self, text: str) -> str | None:
        """The line of Python that opens a block, if the line does so."""
        bare = text.removesuffix("{").strip() if self.language.braces else text
        if self.language.braces and not text.endswith("{"):
            return None
        for pattern, make in self.openers:
            if match := pattern.fullmatch(bare):
                if "var" in match.groupdict():
                    self.loops.add(match["var"])
                return make(match)
        if match := re.fullmatch(r"(if|while|else\s*if|elseif|elif)\b\s*(.+)", bare):
            word = "while" if match[1] == "while" else "if" if match[1] == "if" else "elif"
            if word == "elif":
                self.depth -= not self.language.braces and self.depth > 0
            return f"{word} {self.expression(match[2].rstrip(','))}:"
        if bare == "else":
            self.depth -= not self.language.braces and self.depth > 0
            return "else:"
        return "if True:" if text.endswith("{") else None  # whatever else has a block

    def without_comment(self, line: str) -> str:
        text = re.sub(r"/\*.*?\*/", "", line) if self.language is C else line
        return re.split(rf"{re.escape(self.language.comment)}", text, maxsplit=1)[0]

    def statement(self, text: str) -> str:
        text = text.rstrip("; ")
        if one := _SHORT_FUNCTION.fullmatch(text) or _SHORT_FUNCTION_OF_MATLAB.fullmatch(text):
            return f"def {one['name']}({one['args']}): return {self.expression(one['body'])}"
        text = _TYPE.sub("", text)
        text = re.sub(r"^@\.\s*", "", text)
        text = re.sub(r"\s*<-\s*", " = ", text, count=1)
        if re.match(
            r"(?:function|return|using|import|#include|library|local|global|clear|disp|printf|std::cout)\b",
            text,
        ):
            return "pass"
        return self.expression(text)

    def expression(self, text: str) -> str:
        text = re.sub(r"\b(?:std::|Math\.|math\.)(?=[a-z])", "", text)
        text = text.replace("%*%", "@").replace(".*", "*").replace("./", "/").replace(".^", "^")
        text = re.sub(r"(?<=[\w\])])\s*\.([-+])\s*(?==)", r" \1", text)  # .+=
        text = re.sub(r"\^", "**", text)
        text = re.sub(r"(?<=[A-Za-z])\.(?=\()", "", text)  # tanh.(c)
        if self.language is JULIA:
            text = re.sub(r"\s\.([-+])(?=[\s\w(])", r" \1", text)  # 1 .- tanh.(c)
        text = re.sub(r"(?<=[0-9])f\b", "", text)
        text = re.sub(r"(?<=[\w\])])\.?'(?![\w'])", "", text)  # a transpose
        text = re.sub(r"\bdo_(?=\W|$)", "do", text)
        text = text.replace("&&", " and ").replace("||", " or ").replace("~=", "!=")
        text = _CHOICE.sub(r"((\2) if (\1) else (\3))", text)
        if self.language.round_index:
            several = "|".join(sorted(self.loops, key=len, reverse=True))
            element = re.compile(
                rf"\b([A-Za-z_]\w*)\(\s*((?:{several})\s*(?:[-+]\s*\d+)?|\d+|T|T\s*[-+]\s*\d+)\s*\)"
            )
            text = element.sub(lambda m: m[0] if m[1] in _FUNCTIONS else f"{m[1]}[{m[2]}]", text)
        return text


_INNER = r"[^()?:]*(?:\([^()]*\)[^()?:]*)*"
_CHOICE = re.compile(rf"\(({_INNER})\?\s*({_INNER})\s*:\s*({_INNER})\)")
_TYPE = re.compile(
    r"^(?:const\s+|static\s+|final\s+)?(?:double|float|auto|int|let|var|const|long|real|size_t)\s+(?=[A-Za-z_]\w*\s*(?:\[[^\]]*\]\s*)?=)"
)
_C_LOOP = re.compile(
    rf"for\s*\(\s*(?:(?:int|size_t|auto|let|var|long)\s+)?(?P<var>\w+)\s*=\s*(?P<low>{_PLACE})\s*;"
    rf"\s*(?P=var)\s*(?P<sign>[<>]=?)\s*(?P<high>{_PLACE})\s*;[^)]*\)"
)
_R_LOOP = re.compile(
    rf"for\s*\(\s*(?P<var>\w+)\s+in\s+(?:(?P<rev>rev)\(\s*)?(?:seq\(\s*)?(?:seq_len\(\s*(?P<len>\w+)\s*\)|(?P<low>{_PLACE})\s*[:,]\s*"
    rf"(?P<high>{_PLACE})(?P<by>\s*,\s*(?:by\s*=\s*)?-\s*1)?)\s*\)*\s*\)"
)
_PLAIN_LOOP = re.compile(
    rf"for\s+\(?\s*(?P<var>\w+)\s*(?:=|in|∈)\s*(?:(?P<rev>reverse|flip|fliplr)\(\s*)?(?P<low>{_PLACE})\s*:\s*(?:(?P<by>-\s*1)\s*:\s*)?"
    rf"(?P<high>{_PLACE})\s*\)?\s*\)?\s*[,;]?"
)
_FUNCTION_OF_R = re.compile(r"(?P<name>\w+)\s*(?:<-|=)\s*function\s*\((?P<args>[^()]*)\)")
_FUNCTION_OF_MATLAB = re.compile(
    r"function\s+(?:\[?[\w,\s]*\]?\s*=\s*)?(?P<name>\w+)\s*(?:\((?P<args>[^()]*)\))?"
)
_FUNCTION_OF_C = re.compile(
    r"(?:(?:double|float|void|int|static|public|auto)\s+)+(?P<name>\w+)\s*\((?P<args>[^()]*)\)"
)
_SHORT_FUNCTION = re.compile(
    r"(?P<name>\w+)\s*(?:<-|=)\s*function\s*\((?P<args>\w[\w\s,]*)\)\s*\{?\s*(?P<body>[^{}]+?)\s*\}?"
)
_SHORT_FUNCTION_OF_MATLAB = re.compile(
    r"(?P<name>\w+)\s*=\s*@\((?P<args>\w[\w\s,]*)\)\s*(?P<body>.+)"
)


def _of_c(match: re.Match[str]) -> str:
    var, low, high, sign = match.group("var", "low", "high", "sign")
    if sign[0] == "<":
        return f"for {var} in range({low}, {_moved(high, 1) if sign == '<=' else high}):"
    return f"for {var} in range({low}, {_moved(high, -1) if sign == '>=' else high}, -1):"


def _of_range(match: re.Match[str]) -> str:
    found = match.groupdict()
    var, low, high = found["var"], found["low"], found["high"]
    if found.get("len"):
        low, high = "1", found["len"]
    if found["rev"]:
        return f"for {var} in range({high}, {_moved(low, -1)}, -1):"
    if found["by"] or (high.strip() == "1" and low.strip() != "1"):
        return f"for {var} in range({low}, {_moved(high, -1)}, -1):"
    return f"for {var} in range({low}, {_moved(high, 1)}):"


def _moved(place: str, by: int) -> str:
    bare = place.strip()
    return str(int(bare) + by) if bare.isdecimal() else f"{bare} {'+' if by > 0 else '-'} 1"


def _function(match: re.Match[str]) -> str:
    names = re.findall(r"(?:^|,)\s*(?:[\w&*<>:]+\s+)?&?(\w+)(?:\s*=[^,]*)?", match["args"] or "")
    return f"def {match['name']}({', '.join(names)}):"
