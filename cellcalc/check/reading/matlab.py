"""Programs in MATLAB and Octave that reckon with matrices, respelled as Python.

Its grammar is small, but white space counts in it: ``[a -b]`` are two numbers, ``[a - b]`` is one,
and ``x'`` is a transpose where ``'x'`` is a text. So it is parsed and not only respelled. What is
matrix product and what element by element is kept: ``A*B`` becomes ``A @ B``, ``A.*B`` becomes
``A*B``. Nothing is ever run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_DEPTH = 40  # of brackets and blocks within one another
_TOKEN = re.compile(
    r"(?P<space>[ \t]+)|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][-+]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\.\^'|\.'|\.\^|\.\*|\./|\.\\|==|~=|!=|<=|>=|&&|\|\||\+=|-=|\*=|/=|[-+*/\\^'=<>&|~!,;:()\[\]{}.@\"])"
)
_COMMANDS = re.compile(
    r"(?:clear|clc|close|format|hold|figure|more|pkg|warning|tic|toc|disp|fprintf|printf|display"
    r"|plot|xlabel|ylabel|title|legend|grid|axis|error|assert|save|global|persistent|rng|rand_seed"
    r"|addpath|echo|subplot|drawnow)\b(?!\s*=(?!=))"
)
_WORDS = ("for", "while", "if", "elseif", "else", "switch", "case", "otherwise", "function", "end",
          "endfor", "endif", "endwhile", "endfunction", "endswitch", "break", "continue", "return",
          "try", "catch", "end_try_catch", "parfor")  # fmt: skip
_OPENING = ("for", "while", "if", "switch", "try", "parfor")
_CLOSING = ("end", "endfor", "endif", "endwhile", "endswitch", "end_try_catch")
_FUNCTIONS = {"tanh", "exp", "log", "sqrt", "sigmoid", "sigm", "sig", "logsig", "sigma", "abs",
              "sum", "zeros", "ones", "numel", "length", "size", "max", "min", "dtanh", "dsigmoid",
              "sech", "cosh", "mod", "rem", "floor", "isnan", "num2str", "cell"}  # fmt: skip
_COMPARED = {"==": "==", "~=": "!=", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_PYTHON_WORDS = ("in", "is", "not", "and", "or", "def", "del", "from", "pass", "with", "lambda",
                 "class", "import", "yield", "None", "True", "False", "as", "raise")  # fmt: skip
_CONSTANTS = {"true": "True", "false": "False", "pi": "math.pi", "Inf": "math.inf",
              "inf": "math.inf", "NaN": "math.nan", "nan": "math.nan", "eps": "1e-16"}  # fmt: skip


class _UnreadError(Exception):
    """Something that is not of the language, as far as it is read here."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    spaced: bool  # whether white space stands before it


def as_python(text: str) -> str | None:
    """The program as Python, a line for each of its lines; None where it cannot be parsed."""
    lines = _joined(text)
    tokens = []
    for line in lines:
        try:
            tokens.append(_tokens(line))
        except _UnreadError:
            tokens.append([_Token("name", "?", False)])
    program = _Program(tokens)
    try:
        return program.respelled()
    except (_UnreadError, RecursionError):
        return None


def _joined(text: str) -> list[str]:
    """The lines without comments; one that goes on is put together in its first place."""
    made: list[str] = []
    inside = 0  # how many lines the one before has taken
    is_comment = goes_on = False
    for line in text.split("\n"):
        if line.strip() in ("%{", "#{"):
            is_comment = True
        bare = "" if is_comment else _bare(line)
        if line.strip() in ("%}", "#}"):
            is_comment = False
        went_on, goes_on = goes_on, bare.rstrip().endswith("...")
        if goes_on:
            bare = bare.rstrip()[:-3]
        if inside:
            before = made[-inside]
            is_open = before.count("[") > before.count("]")
            made[-inside] = f"{before.rstrip()}{'; ' if is_open and not went_on else ' '}{bare}"
            made.append("")
            now = made[-inside - 1]
        else:
            made.append(bare)
            now = bare
        is_open = now.count("[") > now.count("]") or now.count("{") > now.count("}")
        inside = inside + 1 if (goes_on or is_open) and inside < 60 else 0
    return made


def _bare(line: str) -> str:
    """A line without its comment; a quote that follows a value is a transpose."""
    quote = ""
    for place, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "%#":
            return line[:place]
        elif character == '"' or (character == "'" and not re.search(r"[\w)\]}'.]$", line[:place])):
            quote = character
    return line


def _tokens(line: str) -> list[_Token]:
    made: list[_Token] = []
    place, spaced = 0, False
    brackets = ""
    while place < len(line):
        character = line[place]
        ends_value = bool(made) and (
            made[-1].kind in ("number", "name", "text") or made[-1].text in (")", "]", "}", "'")
        )
        within = brackets[-1:] in ("[", "{")
        if character == '"' or (character == "'" and not (ends_value and not (spaced and within))):
            end = line.find(character, place + 1)
            if end < 0:
                raise _UnreadError
            made.append(_Token("text", line[place + 1 : end], spaced))
            place, spaced = end + 1, False
            continue
        match = _TOKEN.match(line, place)
        if match is None:
            raise _UnreadError
        place = match.end()
        if match["space"]:
            spaced = True
            continue
        kind = match.lastgroup or ""
        if match[0] in ("(", "[", "{"):
            brackets += match[0]
        elif match[0] in (")", "]", "}"):
            brackets = brackets[:-1]
        made.append(_Token(kind, match[0], spaced))
        spaced = False
    return made


@dataclass
class _Block:
    word: str
    output: str = ""  # of a function
    subject: str = ""  # of a switch
    cases: int = 0


@dataclass
class _Program:
    """Respells the tokens of all lines; ``names`` are those that something is given to."""

    lines: list[list[_Token]]
    names: set[str] = field(default_factory=set)
    blocks: list[_Block] = field(default_factory=list)

    def respelled(self) -> str:
        self.names = _given_names(self.lines)
        words = [t.text for line in self.lines for t in _words(line)]
        functions = words.count("function")
        ends = sum(word in _CLOSING for word in words) - sum(word in _OPENING for word in words)
        closed = functions > 0 and ends >= functions
        made: list[str] = []
        for line in self.lines:
            if any(t.text == "function" for t in line[:1]) and not closed:
                self.ended(made)
            if len(self.blocks) > MOST_DEPTH:
                raise _UnreadError
            made.append(self.line(line))
        if not closed:
            self.ended(made)
        return "\n".join(made)

    def ended(self, made: list[str]) -> None:
        """A function that has no end of its own gives back what comes last."""
        if self.blocks and self.blocks[0].word == "function":
            back = f"    return {self.blocks[0].output}"
            if made and not made[-1].strip():
                made[-1] = back
            elif made:
                made[-1] += f"; {back.strip()}"
        self.blocks = []

    def line(self, tokens: list[_Token]) -> str:
        indent = "    " * len(self.blocks)
        made: list[str] = []
        opened = ""
        for statement in _statements(tokens):
            depth = len(self.blocks)
            if statement[0].text in ("elseif", "else", "case", "otherwise", "catch"):
                indent = "    " * (depth - (statement[0].text not in ("case", "otherwise")))
                if statement[0].text in ("case", "otherwise"):
                    indent = "    " * (depth - 1)
            try:
                text = self.statement(statement)
            except (_UnreadError, IndexError):
                text = "pass"
            if text.endswith(":") and not text.startswith("lambda"):
                if opened or made:
                    raise _UnreadError  # a block within a line that holds others
                opened = text
            elif text.startswith("return ") and statement[0].text in ("end", "endfunction"):
                made.append(text)
                indent = "    " * depth if not opened else indent
            elif text:
                made.append(text)
        if opened:
            return f"{indent}{opened} {'; '.join(made)}".rstrip()
        return f"{indent}{'; '.join(made)}".rstrip() if made else ""

    def statement(self, tokens: list[_Token]) -> str:
        word = tokens[0].text if tokens[0].kind == "name" else ""
        if word in (*_CLOSING, "endfunction"):
            if not self.blocks:
                return ""
            block = self.blocks.pop()
            return f"return {block.output}" if block.word == "function" else ""
        if word in ("for", "parfor"):
            self.blocks.append(_Block(word))
            return self.loop(tokens[1:])
        if word in ("while", "if"):
            self.blocks.append(_Block(word))
            return f"{word} {self.whole(tokens[1:])}:"
        if word == "elseif":
            return f"elif {self.whole(tokens[1:])}:"
        if word in ("else", "catch"):
            return "else:" if word == "else" else "finally:"
        if word == "switch":
            self.blocks.append(_Block(word, subject=self.whole(tokens[1:])))
            return ""
        if word in ("case", "otherwise"):
            block = self.blocks[-1]
            block.cases += 1
            if word == "otherwise":
                return "else:"
            wanted = self.whole(tokens[1:])
            sign = "in" if wanted.startswith("[") else "=="
            return f"{'if' if block.cases == 1 else 'elif'} {block.subject} {sign} {wanted}:"
        if word == "try":
            self.blocks.append(_Block(word))
            return "try:"
        if word == "function":
            return self.function(tokens[1:])
        if word == "return":
            own = next((b for b in self.blocks if b.word == "function"), None)
            return f"return {own.output}" if own else "pass"
        if word in ("break", "continue"):
            return word
        text = "".join(f"{' ' if t.spaced else ''}{t.text}" for t in tokens)
        if _COMMANDS.match(text.strip()):
            return "pass"
        return self.assignment(tokens)

    def loop(self, tokens: list[_Token]) -> str:
        if tokens and tokens[0].text == "(" and tokens[-1].text == ")":
            tokens = tokens[1:-1]
        name = tokens[0].text
        if tokens[1].text != "=":
            raise _UnreadError
        reader = _Reader(tokens[2:], self.names)
        parts = reader.parts_of_range()
        if len(parts) == 1:
            return f"for {name} in {parts[0]}:"
        low, high = parts[0], parts[-1]
        by = parts[1] if len(parts) == 3 else "1"
        if by.replace(" ", "") == "-1":
            return f"for {name} in range({low}, {_moved(high, -1)}, -1):"
        if by == "1":
            return f"for {name} in range({low}, {_moved(high, 1)}):"
        return f"for {name} in range({low}, {_moved(high, 1)}, {by}):"

    def function(self, tokens: list[_Token]) -> str:
        signs = [t.text for t in tokens]
        outputs: list[str] = []
        if "=" in signs:
            place = signs.index("=")
            outputs = [t.text for t in tokens[:place] if t.kind == "name"]
            tokens = tokens[place + 1 :]
        name = tokens[0].text
        arguments = [_safe(t.text) if t.kind == "name" else "_" for t in tokens[1:]
                     if t.kind == "name" or t.text == "~"]  # fmt: skip
        self.blocks = [_Block("function", output=", ".join(map(_safe, outputs)))]
        return f"def {name}({', '.join(arguments)}):"

    def assignment(self, tokens: list[_Token]) -> str:
        depth = 0
        for k, token in enumerate(tokens):
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
            if depth == 0 and token.kind == "sign" and token.text in ("=", "+=", "-=", "*=", "/="):
                return self.given(tokens[:k], token.text, tokens[k + 1 :])
        return self.whole(tokens)

    def given(self, left: list[_Token], sign: str, right: list[_Token]) -> str:
        if right and right[0].text == "@" and len(right) > 1 and right[1].text == "(":
            close = next(k for k, t in enumerate(right) if t.text == ")")
            arguments = ", ".join(_safe(t.text) for t in right[2:close] if t.kind == "name")
            own = self.names | {t.text for t in right[2:close]}
            body = _Reader(right[close + 1 :], own).whole()
            if len(left) == 1:
                return f"def {_safe(left[0].text)}({arguments}): return {body}"
        value = self.whole(right)
        if left[0].text == "[" and left[-1].text == "]":
            targets = []
            for one in _apart(left[1:-1]):
                is_nothing = len(one) == 1 and one[0].text == "~"
                targets.append("_" if is_nothing else self.whole(one))
            return f"{', '.join(targets)} {sign} {value}"
        return f"{self.whole(left)} {sign} {value}"

    def whole(self, tokens: list[_Token]) -> str:
        return _Reader(tokens, self.names).whole()


class _Reader:
    """Reads one expression, and writes it as Python."""

    def __init__(self, tokens: list[_Token], names: set[str]) -> None:
        self.tokens, self.names, self.place = tokens, names, 0
        self.depth = 0
        self.owner = ""  # whose end it is, within an index
        self.number = (0, 1)  # which of how many indices

    @property
    def now(self) -> str:
        token = self.tokens[self.place] if self.place < len(self.tokens) else None
        return "" if token is None or token.kind in ("text", "name", "number") else token.text

    def take(self, sign: str) -> bool:
        if self.now == sign:
            self.place += 1
            return True
        return False

    def whole(self) -> str:
        made = self.either()
        if self.place < len(self.tokens):
            raise _UnreadError
        return made

    def parts_of_range(self) -> list[str]:
        parts = [self.sum_of()]
        while self.take(":"):
            parts.append(self.sum_of())
        if self.place < len(self.tokens) or len(parts) > 3:
            raise _UnreadError
        return parts

    def either(self) -> str:
        made = self.both()
        while self.now in ("||", "|"):
            self.place += 1
            made = f"{made} or {self.both()}"
        return made

    def both(self) -> str:
        made = self.compared()
        while self.now in ("&&", "&"):
            self.place += 1
            made = f"{made} and {self.compared()}"
        return made

    def compared(self) -> str:
        made = self.range_of()
        while self.now in _COMPARED:
            sign = _COMPARED[self.now]
            self.place += 1
            made = f"{made} {sign} {self.range_of()}"
        return made

    def range_of(self) -> str:
        parts = [self.sum_of()]
        while self.now == ":" and self.place + 1 < len(self.tokens):
            self.place += 1
            parts.append(self.sum_of())
        if len(parts) == 1:
            return parts[0]
        by = parts[1] if len(parts) == 3 else "1"
        end = _moved(parts[-1], -1 if by.startswith("-") else 1)
        return f"range({parts[0]}, {end})" if by == "1" else f"range({parts[0]}, {end}, {by})"

    def is_next_element(self) -> bool:
        """Whether white space within [ ] ends the element here: [a -b], but not [a - b]."""
        if not self.brackets or self.brackets[-1] not in "[{" or self.place >= len(self.tokens):
            return False
        token = self.tokens[self.place]
        if not token.spaced:
            return False
        if token.kind != "sign" or token.text in ("(", "[", "{", "@", "~", "!"):
            return True
        after = self.tokens[self.place + 1] if self.place + 1 < len(self.tokens) else None
        return token.text in "+-" and after is not None and not after.spaced

    brackets = ""

    def sum_of(self) -> str:
        made = self.product_of()
        while self.now in ("+", "-") and not self.is_next_element():
            sign = self.now
            self.place += 1
            made = f"{made} {sign} {self.product_of()}"
        return made

    def product_of(self) -> str:
        made = self.signed()
        while self.now in ("*", "/", ".*", "./", "\\", ".\\") and not self.is_next_element():
            sign = self.now
            self.place += 1
            if "\\" in sign:
                raise _UnreadError
            right = self.signed()
            made = f"{made} {'@' if sign == '*' else sign.strip('.')} {right}"
        return made

    def signed(self) -> str:
        if self.now in ("-", "+", "~", "!"):
            sign = self.now
            self.place += 1
            return f"not {self.signed()}" if sign in "~!" else f"{sign}{self.signed()}"
        return self.powered()

    def powered(self) -> str:
        made = self.turned()
        count = 0
        while self.now in ("^", ".^"):
            self.place += 1
            sign = self.now if self.now in ("-", "+") else ""
            self.place += bool(sign)
            base = f"({made})" if count else made
            made = f"{base}**{sign}{self.turned()}"
            count += 1
        return made

    def turned(self) -> str:
        made = self.atom()
        while self.now in ("'", ".'"):
            token = self.tokens[self.place]
            if token.spaced and self.brackets[-1:] in ("[", "{"):
                break
            self.place += 1
            made = f"{made}.T"
        return made

    def atom(self) -> str:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise _UnreadError
        try:
            return self._atom()
        finally:
            self.depth -= 1

    def _atom(self) -> str:
        if self.place >= len(self.tokens):
            raise _UnreadError
        token = self.tokens[self.place]
        self.place += 1
        if token.kind == "number":
            return re.sub(r"[dD]", "e", token.text)
        if token.kind == "text":
            return repr(token.text)
        if token.kind == "name":
            return self.named(token.text)
        if token.text == "(":
            with_brackets, self.brackets = self.brackets, f"{self.brackets}("
            inner = self.either()
            self.brackets = with_brackets
            if not self.take(")"):
                raise _UnreadError
            return f"({inner})"
        if token.text == "[":
            return self.matrix("]")
        if token.text == "{":
            return self.matrix("}")
        if token.text == "@":
            return self.function()
        raise _UnreadError

    def function(self) -> str:
        if not self.take("("):
            token = self.tokens[self.place]
            self.place += 1
            return token.text
        arguments: list[str] = []
        while not self.take(")"):
            if self.tokens[self.place].kind == "name":
                arguments.append(self.tokens[self.place].text)
            self.place += 1
        before, self.names = self.names, self.names | set(arguments)
        with_brackets, self.brackets = self.brackets, f"{self.brackets}("
        body = self.either()
        self.names, self.brackets = before, with_brackets
        return f"(lambda {', '.join(map(_safe, arguments))}: {body})"

    def named(self, name: str) -> str:
        if name == "end":
            if not self.owner:
                raise _UnreadError
            number, count = self.number
            return f"numel({self.owner})" if count == 1 else f"size({self.owner}, {number + 1})"
        is_own = name in self.names or self.is_element(name)
        made = _safe(name) if is_own else _CONSTANTS.get(name, _safe(name))
        first = True
        while True:
            spaced = self.place < len(self.tokens) and self.tokens[self.place].spaced
            if spaced and self.brackets[-1:] in ("[", "{"):
                return made
            if self.now == "(":
                self.place += 1
                if is_own or not first:
                    made = f"{made}[{', '.join(self.arguments(')', made))}]"
                else:
                    made = f"{made}({', '.join(self.arguments(')', ''))})"
            elif self.now == "{":
                self.place += 1
                made = f"{made}[{', '.join(self.arguments('}', made))}]"
            elif self.now == "." and self.place + 1 < len(self.tokens):
                self.place += 1
                token = self.tokens[self.place]
                self.place += 1
                if token.kind == "name":
                    made = f"{made}.{_safe(token.text)}"
                elif token.text == "(":
                    made = f"{made}[{', '.join(self.arguments(')', ''))}]"
                else:
                    raise _UnreadError
                is_own = True
            else:
                return made
            first = False

    def is_element(self, name: str) -> bool:
        """Whether c(t-1) is an element, though the program nowhere gives c anything."""
        inside = [t.text for t in self.tokens[self.place : self.place + 5]]
        if inside[:1] != ["("] or name in _FUNCTIONS or not {"t", "k", "n"} & self.names:
            return False
        is_step = len(inside) > 1 and inside[1] in self.names & {"t", "k", "n"}
        return is_step and (inside[2:3] == [")"] or (inside[2] in "+-" and inside[4:5] == [")"]))

    def arguments(self, closing: str, owner: str) -> list[str]:
        """What stands within the brackets of a call or an index."""
        found: list[str] = []
        start = self.place
        count = _count(self.tokens, start, closing)
        before = self.owner, self.number, self.brackets
        self.brackets = f"{self.brackets}("
        while not self.take(closing):
            if found and not self.take(","):
                raise _UnreadError
            if owner:
                self.owner, self.number = owner, (len(found), count)
            following = self.tokens[self.place + 1].text if self.place + 1 < len(
                self.tokens) else ""  # fmt: skip
            if self.now == ":" and following in (",", closing):
                self.place += 1
                found.append(":")
            elif owner:
                found.append(self.part())
            else:
                found.append(self.either())
        self.owner, self.number, self.brackets = before
        return found

    def part(self) -> str:
        """An index, or the part of an array from one to another."""
        first = self.compared_part()
        if not self.take(":"):
            return first
        second = self.sum_of()
        if self.take(":"):
            third = self.sum_of()
            return f"range({first}, {_moved(third, -1 if second.startswith('-') else 1)}, {second})"
        return f"{first}:{second}"

    def compared_part(self) -> str:
        return self.sum_of()

    def matrix(self, closing: str) -> str:
        """Rows of elements: of numbers as they are written, or of arrays put together."""
        before, self.brackets = self.brackets, self.brackets + ("[" if closing == "]" else "{")
        rows: list[list[str]] = [[]]
        while not self.take(closing):
            if self.place >= len(self.tokens):
                raise _UnreadError
            if self.take(";"):
                rows.append([])
            elif not self.take(","):
                rows[-1].append(self.either())
        self.brackets = before
        rows = [row for row in rows if row]
        if closing == "}":
            return f"[{', '.join(one for row in rows for one in row)}]"
        if not rows:
            return "[]"
        if len(rows) == len(rows[0]) == 1:
            return f"({rows[0][0]})" if not rows[0][0].startswith("range(") else rows[0][0]
        is_plain = all(re.fullmatch(r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?", one)
                       for row in rows for one in row)  # fmt: skip
        inner = ", ".join(f"[{', '.join(row)}]" for row in rows)
        return f"[{inner}]" if is_plain else f"block({inner})"


def _count(tokens: list[_Token], start: int, closing: str) -> int:
    """How many indices stand in the brackets that begin here."""
    depth, count = 0, 1
    for token in tokens[start:]:
        if token.kind == "sign":
            if depth == 0 and token.text == closing:
                return count
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
            count += depth == 0 and token.text == ","
    return count


def _safe(name: str) -> str:
    return f"{name}_" if name in _PYTHON_WORDS else name


def _moved(place: str, by: int) -> str:
    """An end of a loop moved by one: 0 for 1 - 1."""
    if re.fullmatch(r"-?[0-9]+", place):
        return str(int(place) + by)
    return f"{place} {'+' if by > 0 else '-'} 1"


def _words(line: list[_Token]) -> list[_Token]:
    """The words of the language at the beginnings of the statements of a line."""
    made = []
    for statement in _statements(line):
        if statement[0].kind == "name" and statement[0].text in _WORDS:
            made.append(statement[0])
    return made


def _statements(tokens: list[_Token]) -> list[list[_Token]]:
    """The statements of a line, between the commas and semicolons outside of brackets."""
    made: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "sign":
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
            if depth == 0 and token.text in (",", ";"):
                made.append([])
                continue
        made[-1].append(token)
        # "if x disp(1), end" has no comma; else and try need none either.
        is_word = len(made[-1]) == 1 and token.text in ("else", "try", "otherwise")
        if is_word and token.kind == "name" and depth == 0:
            made.append([])
    return [one for one in made if one]


def _apart(tokens: list[_Token]) -> list[list[_Token]]:
    """The targets in [a, b(1)] or [a b]."""
    made: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens:
        if depth == 0 and (token.text == "," or (token.spaced and made[-1])):
            made.append([])
        if depth or token.text != ",":
            made[-1].append(token)
        depth += (token.text in ("(", "{")) - (token.text in (")", "}"))
    return [one for one in made if one]


def _given_names(lines: list[list[_Token]]) -> set[str]:
    """The names that a program gives something to, which are no functions."""
    found: set[str] = set()
    for line in lines:
        for statement in _statements(line):
            first = statement[0].text
            signs = [t.text if t.kind == "sign" else "" for t in statement]
            if first == "function":
                end = signs.index("=") if "=" in signs else 0
                rest = statement[end + 1 :]
                found |= {t.text for t in statement[1:end] if t.kind == "name"}
                found |= {t.text for t in rest[1:] if t.kind == "name"}
                continue
            if first in ("for", "parfor"):
                found |= {t.text for t in statement[1:3] if t.kind == "name"}
                continue
            place = next((k for k, s in enumerate(signs) if s in ("=", "+=", "-=", "*=", "/=")), 0)
            if not place:
                continue
            if first == "[":
                for one in _apart(statement[1 : place - 1]):
                    found.add(one[0].text)
            elif statement[0].kind == "name":
                is_function = place + 1 < len(statement) and statement[place + 1].text == "@"
                if not is_function:
                    found.add(first)
    return found
