"""Programs in MATLAB, Octave, Julia, R, C, C++, Java and JavaScript, respelled as Python.

Only loops, conditions and assignments are respelled, line by line, so that places stay; it is the
reader of Python that gives them a meaning. Nothing is ever run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from cellcalc.check.reading import clike, matlab

MAX_SOURCE = 100_000
MAX_LINE = 2_000
_PLACE = r"[\w+\-*() ]{1,30}?"  # where a loop begins or ends


class Respelled(str):
    """A program as Python; ``first`` is what it calls the first element of an array.

    ``columns`` tells that its arrays have rows and columns, ``own`` is the program as it was, and
    ``places`` are the lines of that which its own lines are of, where they are others.
    """

    __slots__ = ("columns", "first", "own", "places")
    first: int
    columns: bool
    own: str
    places: tuple[int, ...]


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


def as_python(text: str, named: str = "") -> Respelled | None:
    """The program as Python, a line for each of its lines; None for any other text.

    ``named`` is the ending of its file, or the language that a fence tells.
    """
    if len(text) > MAX_SOURCE:
        return None
    language = _BY_NAME.get(named.lower()) or _guessed(text)
    if language is None:
        return None
    columns = language is MATLAB
    made = matlab.as_python(text) if columns else None
    places: tuple[int, ...] = ()
    if language is C and (parsed := clike.as_python(text)) is not None and _is_python(parsed[0]):
        made, places = parsed
    if made is None:
        made, columns = _Respelling(language).of(text), False
    if made is None:
        return None
    respelled = Respelled(made)
    respelled.first, respelled.columns = 0 if language is C else 1, columns
    respelled.own, respelled.places = text, places
    return respelled


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


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
        self.given_back: dict[int, str] = {}  # by functions, at their depths
        self.loops: set[str] = {"t"}
        self.openers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = (
            (_C_LOOP, _of_c), (_R_LOOP, _of_range), (_PLAIN_LOOP, _of_range),
            (_FUNCTION_OF_R, _function), (_FUNCTION_OF_MATLAB, _function),
            (_FUNCTION_OF_C, _function), (_EACH, _of_each),
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
            back = self.given_back.pop(self.depth, "")
            return f"{'    ' * (self.depth + 1)}return {back}" if back else ""
        if not text or text in ("{", ";"):
            return ""
        indent = "    " * self.depth
        if self.language is C and (short := _ONE_LINE_OF_C.fullmatch(text)):
            head = f"def {short['name']}({_arguments(short['args'])})"
            return f"{indent}{head}: return {self.expression(short['body'])}"
        if found := self.opened(text):
            if self.language is MATLAB and (outputs := _GIVEN_BACK.match(text)):
                self.given_back[self.depth] = ", ".join(re.findall(r"\w+", outputs[1]))
            indent = "    " * self.depth  # else stands where its if does
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
        if back := re.fullmatch(r"return\b\s*(.*)", text):
            return f"return {self.expression(back[1])}".rstrip()
        if self.language is JULIA and (short := _SHORT_FUNCTION_OF_JULIA.fullmatch(text)):
            return f"def {short[1]}({short[2]}): return {self.expression(short[3])}"
        if self.language is C and (arrow := _ARROW.fullmatch(text)):
            return f"def {arrow[1]}({arrow[2] or arrow[3]}): return {self.expression(arrow[4])}"
        if one := _SHORT_FUNCTION.fullmatch(text) or _SHORT_FUNCTION_OF_MATLAB.fullmatch(text):
            return f"def {one['name']}({one['args']}): return {self.expression(one['body'])}"
        if self.language is C:
            text = _declared(text)
        text = re.sub(r"^@\.\s*", "", text)
        text = re.sub(r"\s*<-\s*", " = ", text, count=0 if self.language is R else 1)
        if self.language is R:
            text = re.sub(r"(?<=[A-Za-z_])\.(?=[A-Za-z])", "_", text)  # dh.next
            text = re.sub(r"(?<![\w.])c\(", "array_of(", text)
            text = text.replace("$", ".").replace("[[", "[").replace("]]", "]")
        if self.language is MATLAB:
            text = _NUMBERS.sub(_listed, text)
        if re.match(
            r"(?:function|using|import|#include|library|local|global|clear|disp|printf|std::cout)\b",
            text,
        ):
            return "pass"
        return self.expression(text)

    def expression(self, text: str) -> str:
        text = re.sub(r"\b(?:std::|Math\.|math\.)(?=[a-z])", "", text)
        if self.language is C:
            text = re.sub(r"\b(\w+)\.(?:length|size\(\))(?!\w)", r"len(\1)", text)
            text = re.sub(r"\.(?:push|push_back|add)\((?=.)", ".append(", text)
        if self.language is JULIA:
            text = re.sub(r"\b(\w+)\[end(\s*-\s*\d)?\]", r"\1[len(\1)\2]", text)
            text = re.sub(r"^push!\((\w+),", r"\1.append(", text)
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
            text = _PART.sub(_part_of, text)
        return text


_SHORT_FUNCTION_OF_JULIA = re.compile(r"(\w+)\((\w+(?:\s*,\s*\w+)*)\)\s*=\s*(?!=)(.+)")
_ARROW = re.compile(r"(?:const|let|var)\s+(\w+)\s*=\s*(?:\(([\w\s,]*)\)|(\w+))\s*=>\s*([^{}]+)")
_NUMBERS = re.compile(r"\[\s*[-+]?[0-9.][0-9.eE+\-,; \t]*\]")  # [0.19 -0.96 1.06]
_PART = re.compile(r"\b([A-Za-z_]\w*)\((\w+(?:[-+]\d)?):(\w+(?:[-+]\d)?)\)")  # h(2:end)
_GIVEN_BACK = re.compile(r"function\s+\[?([\w\s,]+)\]?\s*=")
_ONE_LINE_OF_C = re.compile(
    r"(?:(?:static|inline|double|float|function|auto|public|constexpr)\s+)+(?P<name>\w+)\s*"
    r"\((?P<args>[^()]*)\)\s*\{\s*return\s+(?P<body>[^{};]+);?\s*\}"
)
_DECLARED = re.compile(r"([A-Za-z_]\w*)\s*(\[[^\[\]=]*\])?\s*(?:=\s*(.+))?", re.DOTALL)
_VECTOR = re.compile(r"(?:std::)?vector<\s*\w+\s*>\s+(\w+)\s*\(([^(),]+)(?:,[^()]*)?\)")
_MADE = re.compile(
    r"new\s+(?:double|float|Array|Float64Array)\s*[\[(]([^\[\]()]+)[\])](?:\.fill\([^()]*\))?"
)


def _listed(match: re.Match[str]) -> str:
    """Numbers side by side, as a list."""
    return "[" + ", ".join(re.findall(r"[^\s,;\[\]]+", match[0])) + "]"


def _part_of(match: re.Match[str]) -> str:
    """A part of an array, whose last element may be called its end."""
    name, low, high = match.groups()
    if name in _FUNCTIONS:
        return match[0]
    return f"{name}[{low}:{'' if high == 'end' else high}]"


def _declared(text: str) -> str:
    """Declarations in C and its kin, as assignments."""
    if define := re.fullmatch(r"#define\s+(\w+)\s+([\w.+-]+)", text):
        return f"{define[1]} = {define[2]}"
    if vector := _VECTOR.fullmatch(text):
        return f"{vector[1]} = zeros({vector[2]})"
    text = _MADE.sub(r"zeros(\1)", text)
    typed = _TYPE.match(text)
    if typed is None:
        return text
    made = []
    for one in _apart(text[typed.end() :]):
        found = _DECLARED.fullmatch(one.strip())
        if found is None:
            return text[typed.end() :]
        name, size, value = found.groups()
        if value is not None and value.startswith("{"):
            value = f"[{value.strip('{} ')}]"
        if value is None and size:
            value = f"zeros({size.strip('[]')})"
        if value is not None:
            made.append(f"{name} = {value}")
    return "; ".join(made) or "pass"


def _apart(text: str) -> list[str]:
    """The parts between the commas that stand in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


_INNER = r"[^()?:]*(?:\([^()]*\)[^()?:]*)*"
_CHOICE = re.compile(rf"\(({_INNER})\?\s*({_INNER})\s*:\s*({_INNER})\)")
_TYPE = re.compile(
    r"^(?:(?:const|static|final)\s+)*(?:double|float|auto|int|let|var|const|long|real|size_t|(?:std::)?vector<\s*\w+\s*>)(?:\s*\[\s*\])?\s+(?=[A-Za-z_]\w*\s*(?:\[[^\]]*\]\s*)*(?:[=,]|$))"
)
_C_LOOP = re.compile(
    rf"for\s*\(\s*(?:(?:int|size_t|auto|let|var|long)\s+)?(?P<var>\w+)\s*=\s*(?P<low>{_PLACE})\s*;"
    rf"\s*(?P=var)\s*(?P<sign>[<>]=?)\s*(?P<high>{_PLACE})\s*;[^)]*\)"
)
_R_LOOP = re.compile(
    rf"for\s*\(\s*(?P<var>\w+)\s+in\s+(?:(?P<rev>rev)\(\s*)?(?:seq\(\s*)?(?:seq_len\(\s*(?P<len>\w+)\s*\)|seq_along\(\s*(?P<along>\w+)\s*\)|(?P<low>{_PLACE})\s*[:,]\s*"
    rf"(?P<high>{_PLACE})(?P<by>\s*,\s*(?:by\s*=\s*)?-\s*1)?)\s*\)*\s*\)"
)
_PLAIN_LOOP = re.compile(
    rf"for\s+\(?\s*(?P<var>\w+)\s*(?:=|in|∈)\s*(?:(?P<rev>reverse|flip|fliplr)\(\s*)?(?P<low>{_PLACE})\s*:\s*(?:(?P<by>-\s*1)\s*:\s*)?"
    rf"(?P<high>{_PLACE})\s*\)?\s*\)?\s*[,;]?"
)
_EACH = re.compile(
    r"for\s*\(?\s*(?:const\s+|let\s+)?(?P<var>\w+)\s+(?:in|of|∈)\s+(?P<all>\w+)\s*\)?"
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
    if found.get("along"):
        low, high = "1", f"len({found['along']})"
    if found["rev"]:
        return f"for {var} in range({high}, {_moved(low, -1)}, -1):"
    if found["by"] or (high.strip() == "1" and low.strip() != "1"):
        return f"for {var} in range({low}, {_moved(high, -1)}, -1):"
    return f"for {var} in range({low}, {_moved(high, 1)}):"


def _of_each(match: re.Match[str]) -> str:
    return f"for {match['var']} in {match['all']}:"


def _moved(place: str, by: int) -> str:
    bare = place.strip()
    return str(int(bare) + by) if bare.isdecimal() else f"{bare} {'+' if by > 0 else '-'} 1"


def _function(match: re.Match[str]) -> str:
    return f"def {match['name']}({_arguments(match['args'])}):"


def _arguments(text: str | None) -> str:
    """The names of a function's arguments, without their types."""
    text = re.sub(r"\[\s*\]|\*", " ", text or "")
    names = re.findall(r"(?:^|,)\s*(?:[\w&<>:]+\s+)*?&?(\w+)\s*(?:=[^,]*)?(?=,|$)", text)
    return ", ".join(name for name in names if name != "void")
