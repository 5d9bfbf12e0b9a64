"""What a person copied from a console: the names that were typed, with what was printed for each.

``In [3]: dc`` above ``Out[3]: array([…])``, ``> dc`` above ``[1] 0.1 0.2`` of R, and so on. Each
printed value becomes a line ``dc = …``; lines stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
# A name, alone or rounded or printed: round(dc, 5), print(dc), np.round(dc, 4).
_NAME = (
    r"(?:(?:np\.|numpy\.|torch\.)?(?:round|signif|print|format|display)\(\s*)?"
    r"(?P<name>[^\W\d][\w.]{0,40}(?:\[{1,2}[0-9]{1,4}\]{1,2})?)(?:\s*,\s*[\w=\s]{1,12})?\s*\)?\s*;?\s*"
)
_TYPED = re.compile(rf"\s*(?P<prompt>In \[[0-9]{{1,5}}\]:|>>>|>|julia>)\s*{_NAME}(?:#.{{0,200}})?")
_OTHER = re.compile(r"\s*(?:In \[[0-9]{1,5}\]:|>>>|julia>)\s*\S")
_OF_WOLFRAM = re.compile(r"^[ \t]*(In|Out)\[([0-9]{1,5})\]:?=", re.MULTILINE)
_OUT = re.compile(r"\s*Out ?\[[0-9]{1,5}\]:[ \t]*(?P<rest>.*)")
_OF_R = re.compile(rf"\s*\[(?P<first>[0-9]{{1,6}})\]\s+(?P<numbers>{_NUMBER}(?:\s+{_NUMBER})*)\s*")
_LIST_OF_R = re.compile(r"\s*\$(?P<name>[^\W\d]\w{0,40})\s*")
_OF_JULIA = re.compile(r"\s*[0-9]{1,6}-element \w+\{Float\d\d(?:, ?1)?\}:\s*")
_ONE = re.compile(rf"\s*{_NUMBER}\s*")
_SHOWN = re.compile(rf"\s*(?:(?:np\.|torch\.)?(?:array|tensor)\(|\[+\s*[-+.0-9]|{_NUMBER}\s*$)")
# R.dzf @ x, R.dzf.sum()  # dWf, dbf: names behind what was typed, for the numbers printed for it
_NAMES_BEHIND = re.compile(
    r"\s*(?:In \[[0-9]{1,5}\]:|>>>)\s*[^=#]{2,200}#\s*"
    r"(?P<names>[^\W\d][\w/∂]{0,12}(?:\s*,\s*[^\W\d][\w/∂]{0,12}){0,11})\s*"
)
_PRINTED_NUMBER = re.compile(rf"(?:(?:np|numpy)\.float\d{{2}}\(|tensor\()?\s*({_NUMBER})\s*\)?")
_OF_RESULT = re.compile(
    r"(?<![\w.])(?!(?:np|numpy|torch|math|F|nn)\.)[A-Za-z]\w{0,15}\.(?=[^\W\d]\w{0,7}(?![\w.(]))"
)
_NO_QUANTITY = re.compile(r"\.(?:weight|bias|grad|data|T|shape|size|dtype)\b|weight_|bias_|kernel")
_DIFFERENCE = re.compile(
    r"\s*(?P<prompt>In \[[0-9]{1,5}\]:|>>>)\s*(?P<name>[^\W\d][\w.]{0,20}\s-\s"
    r"[^\W\d][\w.]{0,20})\s*(?:#.{0,200})?"
)
# A statement typed, or one that goes on from it
_STATEMENT = re.compile(
    r"\s*(?:In \[[0-9]{1,5}\]:|>>>|\.\.\.:?)\s*[^\W\d]\w{0,30}\s*=(?!=)\s*(?P<right>.{1,300})"
)
# h = hs.squeeze(); h, which asks for a value as well
_SHOWN_BEHIND = re.compile(r";\s*[^\W\d][\w.]{0,40}\s*(?:#.{0,200})?$")
_CALL = re.compile(r"([^\W\d][\w.]{0,40}|[\])]\.\w{1,30})\s*\(|np\.[rc]_\[")
_MATHS = frozenset(
    ("tanh", "exp", "sigmoid", "sig", "sigma", "σ", "logistic", "expit", "sum", "dot", "outer",
     "round", "array", "tensor", "asarray", "float", "square", "multiply", "matmul", "log",
     "sqrt", "abs")
)  # fmt: skip
_SIGNS = re.compile(r"^[ \t]*(?:Out ?\[[0-9]|\[1\]\s+[-+.0-9]|>>>|julia>)", re.MULTILINE)


def with_names(text: str) -> str:
    """The text of a session with ``name =`` before each value that was asked for by its name."""
    text = _OF_WOLFRAM.sub(lambda match: f"{match[1]} [{match[2]}]:", text)
    if not _SIGNS.search(text):
        return text
    lines = text.split("\n")
    made = list(lines)
    name = ""
    typed = place = 0
    while place < len(lines):
        line = lines[place]
        if len(line) > 2_000:
            place += 1
            continue
        if _is_program(line):
            made[place] = ""
        elif (behind := _NAMES_BEHIND.fullmatch(line)) and place + 1 < len(lines):
            place = _of_names(lines, made, place, behind["names"].split(","))
            name = ""
        elif (
            match := _DIFFERENCE.fullmatch(line)
            or _TYPED.fullmatch(line)
            or _LIST_OF_R.fullmatch(line)
        ):
            if _is_answered(lines, place):
                name, typed = _of_result(_single_index(match["name"])), place
        elif match := _OUT.fullmatch(line):
            rest = place if match["rest"].strip() else place + 1
            if rest > place:
                made[place] = ""
            shown = match["rest"] if rest == place else lines[rest] if rest < len(lines) else ""
            if name and _SHOWN.match(shown):
                made[typed] = ""
                made[rest] = f"{name} = {shown.strip()}"
                place = rest
            name = ""
        elif name and _OF_R.fullmatch(line):
            made[typed] = ""
            place = _of_r(lines, made, place, name)
            name = ""
        elif name and _OF_JULIA.fullmatch(line):
            made[typed] = ""
            place = _of_julia(lines, made, place, name)
            name = ""
        elif name and _SHOWN.match(line):
            made[typed] = ""
            made[place] = f"{name} = {line.strip()}"
            name = ""
        elif line.strip():
            name = ""
        place += 1
    return "\n".join(made)


def _single_index(name: str) -> str:
    """An element in the way of Mathematica, c[[2]], as that of a list."""
    return name.replace("[[", "[").replace("]]", "]")


def _of_result(name: str) -> str:
    """What is called f of a result R: R.f; but the name of a framework's array stays whole."""
    return name if _NO_QUANTITY.search(name) else _OF_RESULT.sub("", name)


def _is_program(line: str) -> bool:
    """Whether a statement was typed that calls a function of a program, and gives no formula."""
    match = _STATEMENT.fullmatch(line)
    if match is None or _SHOWN_BEHIND.search(line):
        return False
    calls = [call[1] for call in _CALL.finditer(match["right"])]
    return any(call is None or call.rpartition(".")[2] not in _MATHS for call in calls)


def _of_names(lines: Sequence[str], made: list[str], place: int, names: Sequence[str]) -> int:
    """The numbers below what was typed with their names behind it; the place where they end."""
    below = place + 1
    while below < len(lines) and not lines[below].strip():
        below += 1
    shown = lines[below] if below < len(lines) else ""
    match = _OUT.fullmatch(shown)
    rest = (match["rest"] if match else shown).strip()
    numbers = _PRINTED_NUMBER.findall(rest)
    whole = re.sub(r"[\s,()\[\]]", "", _PRINTED_NUMBER.sub("", rest))
    if _OTHER.match(shown) or whole or len(numbers) != len(names):
        return place
    made[place] = ""
    pairs = zip(names, numbers, strict=True)
    made[below] = " ; ".join(f"{name.strip()} = {number}" for name, number in pairs)
    return below


def _is_answered(lines: Sequence[str], place: int) -> bool:
    """Whether what is printed for a name stands below it."""
    below = next((line for line in lines[place + 1 : place + 3] if line.strip()), "")
    if len(below) > 2_000 or _OTHER.match(below):
        return False
    if lines[place].lstrip().startswith(("> ", ">", "$")) and not lines[place].lstrip().startswith(
        ">>>"
    ):
        return bool(_OF_R.fullmatch(below))  # > quotes as well
    return bool(_OUT.fullmatch(below) or _SHOWN.match(below) or _OF_JULIA.fullmatch(below))


def _of_r(lines: Sequence[str], made: list[str], place: int, name: str) -> int:
    """``[1] 0.1 0.2`` and the lines that go on from it; where it ends."""
    numbers: list[str] = []
    end = place
    while end < len(lines) and (match := _OF_R.fullmatch(lines[end][:2_000])):
        if int(match["first"]) != len(numbers) + 1:
            break
        numbers += match["numbers"].split()
        made[end] = ""
        end += 1
    made[place] = f"{name} = {numbers[0] if len(numbers) == 1 else '[' + ', '.join(numbers) + ']'}"
    return end - 1


def _of_julia(lines: Sequence[str], made: list[str], place: int, name: str) -> int:
    """A number a line below ``4-element Vector{Float64}:``; where it ends."""
    numbers: list[str] = []
    end = place + 1
    while end < len(lines) and len(lines[end]) < 100 and _ONE.fullmatch(lines[end]):
        numbers.append(lines[end].strip())
        made[end] = ""
        end += 1
    made[place] = f"{name} = [{', '.join(numbers)}]"
    return end - 1
