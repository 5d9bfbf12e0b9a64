"""Programs in C, C++, Java, JavaScript and C#, respelled as Python.

They are parsed, as far as somebody's own program of a cell needs it: declarations, functions,
classes and structs with their methods, loops, object literals, arrow functions. A member that a
method names without ``this`` is that of its object; what is handed over by reference is given back.
Nothing is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MOST_DEPTH = 60  # of brackets and blocks within one another
MOST_TOKENS = 20_000
_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?[fFlLuUdDn]*)"
    r"|(?P<name>[A-Za-z_$]\w*)"
    r"|(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)"
    r"|(?P<sign>\.\.\.|===|!==|\*\*=|<<=|>>=|=>|->|::|\*\*|\+\+|--|\+=|-=|\*=|/=|%=|==|!=|<=|>=|&&"
    r"|\|\||\?\?|\?\.|<<|[-+*/%=<>&|^!~?:;,.(){}\[\]@#])",
    re.DOTALL,
)
_DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+([-+]?[\w.]+)[ \t]*")
_QUALIFIERS = {
    "const", "static", "final", "public", "private", "protected", "inline", "constexpr", "readonly",
    "extern", "volatile", "unsigned", "signed", "virtual", "explicit", "override", "abstract",
    "register", "mutable", "internal", "friend", "typename", "struct", "export", "default", "async",
    "synchronized",
}  # fmt: skip
_JS_DECLARING = {"const", "let", "var"}
_SKIPPED = {"import", "package", "using", "typedef", "throw", "delete", "assert", "goto", "friend"}
_SHOWN = re.compile(
    r"(?:printf|fprintf|puts|putchar|System\.out\.\w+|console\.\w+|print|println|Console\.\w+"
    r"|process\.stdout\.\w+|setlocale|srand|document\.\w+|fflush)\("
)
_NUMBERS = {"double", "float", "int", "long", "size_t", "number", "real", "short", "char", "bool",
            "boolean", "Double", "Float", "uint", "auto", "var"}  # fmt: skip
_BINARY = (
    ("||", "??"), ("&&",), ("|",), ("^",), ("&",), ("==", "!=", "===", "!=="),
    ("<", ">", "<=", ">="), ("<<", ">>"), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_SPELLED = {"||": "or", "&&": "and", "??": "or", "===": "==", "!==": "!="}
_LENGTHS = ("length", "size", "Length", "Count", "count")
_APPENDS = ("push", "push_back", "add", "Add", "emplace_back")
_PYTHON_WORDS = {"in", "is", "not", "and", "or", "def", "del", "from", "pass", "with", "lambda",
                 "None", "True", "False", "as", "raise", "yield", "global", "nonlocal", "elif",
                 "except", "print"}  # fmt: skip
_CONSTANTS = {"true": "True", "false": "False", "null": "None", "nullptr": "None",
              "undefined": "None", "NULL": "None", "this": "self", "NaN": "math.nan",
              "Infinity": "math.inf", "M_PI": "math.pi"}  # fmt: skip
_MODULES = {"std", "Math", "math", "MathF"}


class UnreadError(Exception):
    """Something that is not read here."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int


@dataclass
class _Class:
    """A class or struct: its members, and those that are its own and no object's."""

    name: str
    fields: dict[str, str] = field(default_factory=dict)  # with their values
    methods: set[str] = field(default_factory=set)
    fixed: set[str] = field(default_factory=set)


@dataclass
class _Scope:
    """A function that is being read."""

    names: set[str] = field(default_factory=set)
    of: _Class | None = None
    is_static: bool = False
    given_back: tuple[str, ...] = ()  # what it was handed by reference
    outer: set[str] = field(default_factory=set)  # names of the program that it changes


def as_python(text: str) -> tuple[str, tuple[int, ...]] | None:
    """The program as Python, and the line of the program that each of its lines is of."""
    try:
        tokens, defined = _tokens(text)
        return _Reader(tokens, defined).respelled()
    except (UnreadError, RecursionError, IndexError):
        return None


def _tokens(text: str) -> tuple[list[_Token], list[tuple[int, str, str]]]:
    """The tokens, and what is defined for the preprocessor."""
    defined = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            if match := _DEFINE.match(line):
                defined.append((number, match[1], match[2]))
            lines[number - 1] = ""
    text = "\n".join(lines)
    made: list[_Token] = []
    place, line_now = 0, 1
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or len(made) > MOST_TOKENS:
            raise UnreadError
        if not match["space"]:
            made.append(_Token(match.lastgroup or "", match[0], line_now))
        line_now += match[0].count("\n")
        place = match.end()
    return made, defined


class _Reader:
    def __init__(self, tokens: list[_Token], defined: list[tuple[int, str, str]]) -> None:
        self.tokens, self.place, self.depth = tokens, 0, 0
        self.lines: list[tuple[int, str]] = []  # what is made, with the program's lines
        self.indent = 0
        self.classes: dict[str, _Class] = {}
        self.scopes: list[_Scope] = []
        self.by_reference: dict[str, tuple[int, ...]] = {}  # arguments of functions
        self.made = 0  # names that are made up
        self.lists: set[str] = set()  # names of types that are lists
        self.inner: list[tuple[int, str]] = []  # the lines of classes within others
        for number, name, value in defined:
            self.lines.append((number, f"{_safe(name)} = {_number(value)}"))

    # Tokens.

    @property
    def now(self) -> str:
        token = self.tokens[self.place] if self.place < len(self.tokens) else None
        return "" if token is None or token.kind == "text" else token.text

    @property
    def line(self) -> int:
        return self.tokens[min(self.place, len(self.tokens) - 1)].line

    def ahead(self, by: int = 1) -> str:
        place = self.place + by
        token = self.tokens[place] if place < len(self.tokens) else None
        return "" if token is None or token.kind == "text" else token.text

    def kind(self, by: int = 0) -> str:
        place = self.place + by
        return self.tokens[place].kind if place < len(self.tokens) else ""

    def take(self, *signs: str) -> bool:
        if self.now in signs:
            self.place += 1
            return True
        return False

    def want(self, sign: str) -> None:
        if not self.take(sign):
            raise UnreadError

    def name(self) -> str:
        if self.kind() != "name":
            raise UnreadError
        self.place += 1
        return self.tokens[self.place - 1].text

    def put(self, line: int, text: str) -> None:
        self.lines.append((line, "    " * self.indent + text))

    def skip_to(self, *signs: str) -> None:
        """Past the next of some signs that stands outside of brackets."""
        depth = 0
        while self.place < len(self.tokens):
            sign = self.now
            if depth == 0 and sign in signs:
                self.place += 1
                return
            depth += sign in ("(", "[", "{")
            depth -= sign in (")", "]", "}")
            if depth < 0:
                return
            self.place += 1

    def closing(self, place: int) -> int:
        """The place of the bracket that closes the one at a place."""
        depth = 0
        for k in range(place, len(self.tokens)):
            token = self.tokens[k]
            if token.kind == "sign":
                depth += token.text in ("(", "[", "{")
                depth -= token.text in (")", "]", "}")
                if depth == 0:
                    return k
        raise UnreadError

    # The program.

    def respelled(self) -> tuple[str, tuple[int, ...]]:
        start = len(self.lines)
        definitions: list[tuple[int, str]] = []
        others: list[tuple[int, str]] = []
        while self.place < len(self.tokens):
            place, before = self.place, len(self.lines)
            try:
                self.statement(top=True)
            except UnreadError:
                del self.lines[before:]
                self.indent = 0
                self.scopes.clear()
                self.place = place
                self.skip_statement()
            made = self.lines[before:]
            is_definition = bool(made) and made[0][1].startswith(("def ", "class ", "@"))
            (definitions if is_definition else others).extend(made)
            if self.place == place:
                raise UnreadError
        made = [*self.lines[:start], *self.inner, *definitions, *others]
        names = [text for _, text in made]
        last = self.tokens[-1].line if self.tokens else 1
        if any(text.startswith("def main(") for text in names):
            made.append((last, "main()" if "def main():" in names else "main(None, None)"))
        for one in self.classes.values():
            if "main" in one.fixed and "main" in one.methods:
                made.append((last, f"{one.name}.main(None)"))
        return "\n".join(text for _, text in made), tuple(line for line, _ in made)

    def skip_statement(self) -> None:
        """Past something that is not read."""
        while self.place < len(self.tokens):
            if self.now in ("{", "(", "["):
                is_block = self.now == "{"
                self.place = self.closing(self.place) + 1
                if is_block:
                    self.take(";")
                    return
                continue
            self.place += 1
            if self.tokens[self.place - 1].text == ";":
                return

    def statement(self, top: bool = False) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise UnreadError
        try:
            self._statement(top)
        finally:
            self.depth -= 1

    def _statement(self, top: bool) -> None:
        line, word = self.line, self.now
        if self.take(";") or word in ("}",):
            return
        if word == "{":
            self.block_of_statements()
            return
        if word == "@":  # an annotation
            self.place += 2
            if self.now == "(":
                self.place = self.closing(self.place) + 1
            return
        if word == "typedef":
            self.place += 1
            if self.is_class_ahead():
                self.class_of(line)
                return
            start = self.place
            self.skip_to(";")
            texts = [t.text for t in self.tokens[start : self.place]]
            if "<" in texts or "[" in texts:
                self.lists.add(texts[-2])
            return
        if word == "using" and self.ahead(2) == "=":
            self.lists.add(self.ahead())
        if word in _SKIPPED and not (word == "import" and self.ahead() == "("):
            self.skip_to(";")
            return
        if word == "template":
            self.place += 1
            self.past_angles()
            return
        if word == "namespace":
            while self.now != "{":
                self.place += 1
            self.block_of_statements(top=True)
            return
        if word == "enum":
            self.enumeration(line)
            return
        if word in ("public", "private", "protected") and self.ahead() == ":":
            self.place += 2
            return
        if word in ("class", "struct", "record", *_QUALIFIERS) and self.is_class_ahead():
            self.class_of(line)
            return
        handler: Callable[[int], None] | None = {
            "if": self.condition, "for": self.loop, "while": self.repetition, "do": self.doing,
            "return": self.returning,
        }.get(word)  # fmt: skip
        if handler is not None:
            handler(line)
        elif word == "switch":
            raise UnreadError
        elif word == "try":
            self.trying()
        elif word in ("break", "continue"):
            self.place += 1
            self.take(";")
            self.put(line, word)
        elif word == "function" or (word in ("async", "export") and self.ahead() == "function"):
            self.take("async", "export")
            self.place += 1
            self.take("*")
            self.function(line, self.name())
        elif word in _JS_DECLARING and not self.is_typed(1):
            self.place += 1
            self.declared_in_js(line)
        elif self.is_typed():
            self.typed(line, top)
        else:
            self.expression_statement(line)

    def trying(self) -> None:
        self.place += 1
        self.block_of_statements()
        while self.now in ("catch", "finally"):
            self.place += 1
            if self.now == "(":
                self.place = self.closing(self.place) + 1
            self.place = self.closing(self.place) + 1

    def block_of_statements(self, top: bool = False) -> None:
        self.want("{")
        while not self.take("}"):
            if self.place >= len(self.tokens):
                raise UnreadError
            place = self.place
            self.tolerated(top)
            if self.place == place:
                raise UnreadError

    def tolerated(self, top: bool = False) -> None:
        """A statement; one that is not read is left out, and is no statement of Python."""
        place, before, indent, scopes = (
            self.place, len(self.lines), self.indent, len(self.scopes),
        )  # fmt: skip
        line = self.line
        try:
            self.statement(top)
        except UnreadError:
            del self.lines[before:]
            self.indent = indent
            del self.scopes[scopes:]
            self.place = place
            self.skip_statement()
            self.put(line, "not_read()")

    def body(self) -> None:
        """A block, or the one statement in its place, one level further in."""
        self.indent += 1
        before = len(self.lines)
        if self.now == "{":
            self.block_of_statements()
        else:
            self.tolerated()
        if len(self.lines) == before:
            self.put(self.line, "pass")
        self.indent -= 1

    # What opens a block.

    def condition(self, line: int) -> None:
        self.place += 1
        self.want("(")
        test = self.expression()
        self.want(")")
        self.put(line, f"if {test}:")
        self.body()
        if self.now == "else":
            line = self.line
            self.place += 1
            self.put(line, "else:")
            self.body()

    def repetition(self, line: int) -> None:
        self.place += 1
        self.want("(")
        test = self.expression()
        self.want(")")
        self.put(line, f"while {test}:")
        self.body()

    def doing(self, line: int) -> None:
        self.place += 1
        self.put(line, "while True:")
        self.body()
        self.want("while")
        self.want("(")
        test = self.expression()
        self.want(")")
        self.take(";")
        self.indent += 1
        self.put(line, f"if not ({test}): break")
        self.indent -= 1

    def loop(self, line: int) -> None:
        self.place += 1
        self.want("(")
        end = self.closing(self.place - 1)
        inside = self.tokens[self.place : end]
        depth = 0
        over = 0
        for k, token in enumerate(inside):
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
            is_over = token.text in ("of", "in") if token.kind == "name" else token.text == ":"
            if depth == 0 and is_over and k:
                over = k
                break
            if depth == 0 and token.text in (";", "?"):
                break
        if over:
            self.loop_over(line, over, end)
        else:
            self.counted(line, end)

    def loop_over(self, line: int, over: int, end: int) -> None:
        place = self.place + over
        is_keys = self.tokens[place].text == "in"
        if self.tokens[place - 1].text == "]":
            start = place - 1
            while self.tokens[start].text != "[":
                start -= 1
            names = [_safe(t.text) for t in self.tokens[start:place] if t.kind == "name"]
        else:
            names = [_safe(self.tokens[place - 1].text)]
        self.know(*names)
        self.place = place + 1
        of = self.expression()
        if self.place != end:
            raise UnreadError
        self.place = end + 1
        target = ", ".join(names) if len(names) == 1 else f"({', '.join(names)})"
        self.put(line, f"for {target} in {f'keys_of({of})' if is_keys else of}:")
        self.body()

    def counted(self, line: int, end: int) -> None:
        """for (int t = 0; t < n; t++), as a range where it is one."""
        parts: list[list[_Token]] = [[]]
        for token in self.tokens[self.place : end]:
            if token.text == ";":
                parts.append([])
            else:
                parts[-1].append(token)
        if len(parts) != 3:
            raise UnreadError
        start, test, step = parts
        name, low = self.beginning(start)
        self.place = end + 1
        found = self.limits(name, low, test, step) if name else None
        if found is not None:
            self.know(name)
            self.put(line, f"for {name} in range({found}):")
            self.body()
            return
        if name:
            self.know(name)
            self.put(line, f"{name} = {low}")
        wanted = self.of(test) if test else "True"
        self.put(line, f"while {wanted}:")
        self.body()
        self.indent += 1
        for one in _apart(step):
            self.put(line, self.changed(one))
        self.indent -= 1

    def beginning(self, tokens: list[_Token]) -> tuple[str, str]:
        """The name that a loop counts with, and where it begins."""
        signs = [t.text for t in tokens]
        if "=" not in signs or "," in signs[: signs.index("=")]:
            return "", ""
        place = signs.index("=")
        depth, end = 0, len(tokens)
        for k in range(place + 1, len(tokens)):
            depth += (signs[k] in ("(", "[", "{")) - (signs[k] in (")", "]", "}"))
            if depth == 0 and signs[k] == ",":
                end = k
                break
        return _safe(signs[place - 1]), self.of(tokens[place + 1 : end])

    def limits(self, name: str, low: str, test: list[_Token], step: list[_Token]) -> str | None:
        signs = [t.text for t in test]
        changed = "".join(t.text for t in step)
        own = re.escape(name)
        up = re.fullmatch(rf"\+\+{own}|{own}\+\+|{own}\+=1|{own}={own}\+1", _camel(changed))
        down = re.fullmatch(rf"--{own}|{own}--|{own}-=1|{own}={own}-1", _camel(changed))
        by = re.fullmatch(rf"{own}\+=(\w+)", _camel(changed))
        if not step and signs[:2] == [signs[0], "--"] and signs[2:] in ([">", "0"], []):
            return f"{_moved(low, -1)}, -1, -1"  # for (t = n; t-- > 0;)
        if (
            len(signs) < 3
            or _safe(signs[0]) != name
            or signs[1] not in ("<", "<=", ">", ">=", "!=")
        ):
            return None
        high = self.of(test[2:])
        if down and signs[1] in (">", ">=", "!="):
            return f"{low}, {_moved(high, -1) if signs[1] == '>=' else high}, -1"
        if (up or by) and signs[1] in ("<", "<=", "!="):
            end = _moved(high, 1) if signs[1] == "<=" else high
            return f"{low}, {end}" if up else f"{low}, {end}, {by[1] if by else 1}"
        return None

    def of(self, tokens: list[_Token]) -> str:
        """An expression of tokens that stand elsewhere."""
        kept = self.tokens, self.place
        self.tokens, self.place = tokens, 0
        try:
            made = self.expression()
            if self.place != len(tokens):
                raise UnreadError
        finally:
            self.tokens, self.place = kept
        return made

    def changed(self, tokens: list[_Token]) -> str:
        """t++ or t += 2 at the end of a turn."""
        signs = [t.text for t in tokens]
        for sign, spelled in (("++", "+="), ("--", "-=")):
            if sign in signs:
                return f"{self.of([t for t in tokens if t.text != sign])} {spelled} 1"
        kept = self.tokens, self.place
        self.tokens, self.place = tokens, 0
        try:
            return self.assigned()
        finally:
            self.tokens, self.place = kept

    def returning(self, line: int) -> None:
        self.place += 1
        back = self.scopes[-1].given_back if self.scopes else ()
        if self.take(";") or self.now == "}":
            self.put(line, f"return {', '.join(back)}".rstrip())
            return
        value = self.expression()
        self.take(";")
        self.put(line, f"return {value}")

    # Declarations.

    def is_class_ahead(self) -> bool:
        place = self.place
        while place < len(self.tokens) and self.tokens[place].text in _QUALIFIERS - {"struct"}:
            place += 1
        if place >= len(self.tokens) or self.tokens[place].text not in (
            "class",
            "struct",
            "record",
        ):
            return False
        for token in self.tokens[place + 1 : place + 14]:
            if token.text == "{":
                return True
            if token.text in (";", "=", ")", "*", "&"):
                return False
        return False

    def enumeration(self, line: int) -> None:
        self.place += 1
        while self.now != "{":
            self.place += 1
        end = self.closing(self.place)
        names = [t.text for t in self.tokens[self.place : end]
                 if t.kind == "name" and t.text != "class"]  # fmt: skip
        self.place = end + 1
        self.take(";")
        for k, name in enumerate(names):
            self.put(line, f"{_safe(name)} = {k}")

    def is_typed(self, by: int = 0) -> bool:
        """Whether a declaration of C, C++, Java or C# begins here: type, name, and = ; ( [ { ,"""
        place = self.past_type(self.place + by)
        if place is None or place >= len(self.tokens):
            return False
        token = self.tokens[place]
        if token.text == "[" and self.tokens[place - 1].text in ("auto", "&"):
            return True  # auto [a, b] = …
        if token.kind != "name" or place + 1 >= len(self.tokens):
            return False
        return self.tokens[place + 1].text in ("=", ";", "(", "[", "{", ",", ":")

    def past_type(self, place: int) -> int | None:
        """The place after a type; None where there is none."""
        start = place
        while place < len(self.tokens) and self.tokens[place].text in _QUALIFIERS:
            place += 1
        named = place > start and self.tokens[place - 1].text in ("unsigned", "signed", "auto")
        if place >= len(self.tokens) or self.tokens[place].kind != "name":
            return None
        after = self.tokens[place + 1].text if place + 1 < len(self.tokens) else ""
        if named and after in ("=", ";", ","):
            return place
        if self.tokens[place].text in ("return", "new", "else", "in", "of", "typeof", "await"):
            return None
        place += 1
        while place + 1 < len(self.tokens) and self.tokens[place].text in ("::", "."):
            place += 2
        if place < len(self.tokens) and self.tokens[place].text in ("long", "double", "int"):
            place += 1  # long double
        if place < len(self.tokens) and self.tokens[place].text == "<":
            closed = self.angles(place)
            if closed is None:
                return None
            place = closed
            while place + 1 < len(self.tokens) and self.tokens[place].text in ("::", "."):
                place += 2
        while place < len(self.tokens):
            text = self.tokens[place].text
            if text in ("*", "&", "const", "&&") or (
                text == "[" and self.tokens[place + 1].text == "]"
            ):
                place += 2 if text == "[" else 1
            else:
                break
        return place

    def angles(self, place: int) -> int | None:
        depth = 0
        for k in range(place, min(place + 40, len(self.tokens))):
            text = self.tokens[k].text
            depth += (text == "<") - (text == ">") - 2 * (text == ">>")
            if depth <= 0:
                return k + 1
            if text in (";", "{", "}", "(", "&&", "||", "="):
                return None
        return None

    def past_angles(self) -> None:
        place = self.angles(self.place)
        if place is None:
            raise UnreadError
        self.place = place

    def typed(self, line: int, top: bool) -> None:
        """A declaration that begins with its type: a function, or names."""
        start = self.place
        place = self.past_type(start)
        assert place is not None
        kinds = [t.text for t in self.tokens[start:place]]
        self.place = place
        if self.now == "[":
            names = self.names_in_brackets()
            self.want("=")
            value = self.expression()
            self.take(";")
            self.know(*names)
            self.put(line, f"{', '.join(names)} = {value}")
            return
        if self.ahead() == "(" and self.is_function(top):
            name = self.name()
            self.function(line, name)
            return
        made = []
        while True:
            name = _safe(self.name())
            self.know(name)
            value = self.initial(kinds, in_class=False, top=top)
            if value:
                made.append(f"{name} = {value}")
            if not self.take(","):
                break
            self.take("*", "&")
        if self.now == ":" and not made:
            raise UnreadError
        self.take(";")
        if made:
            self.put(line, "; ".join(made))

    def is_function(self, top: bool) -> bool:
        """Whether ( after a name begins the arguments of a function that is defined here."""
        end = self.closing(self.place + 1)
        place = end + 1
        while place < len(self.tokens) and self.tokens[place].text in (
            "const", "noexcept", "override", "final",
        ):  # fmt: skip
            place += 1
        after = self.tokens[place].text if place < len(self.tokens) else ""
        if after == "throws":
            return True
        return after in ("{", "->", "=>") or (after == ";" and top)

    def names_in_brackets(self) -> list[str]:
        end = self.closing(self.place)
        names = [_safe(t.text) for t in self.tokens[self.place : end] if t.kind == "name"]
        self.place = end + 1
        return names

    def initial(self, kinds: list[str], in_class: bool, top: bool) -> str:
        """What a name is given where it is declared; "" for nothing."""
        sizes = []
        while self.now == "[":
            self.place += 1
            sizes.append("" if self.now == "]" else self.expression())
            self.want("]")
        owner = next((k for k in reversed(kinds) if k in self.classes), "")
        is_list = "<" in kinds or "[" in kinds or not self.lists.isdisjoint(kinds)
        if self.take("="):
            if self.now == "{":
                return self.array(owner if sizes == [] and not is_list else "")
            return self.expression()
        if self.now == "{":
            return self.array("" if is_list or sizes else owner)
        if self.now == "(" and not sizes:
            self.place += 1
            arguments = self.arguments(")")
            if is_list:
                return f"full({', '.join(arguments)})" if len(arguments) == 2 else (
                    f"zeros({', '.join(arguments)})")  # fmt: skip
            return f"{owner or kinds[-1]}({', '.join(arguments)})"
        if sizes and owner:
            made = f"{owner}()"
            for k, size in enumerate(reversed(sizes)):
                made = f"[{made} for place_{k} in range({size})]"
            return made
        if sizes:
            known = [one for one in sizes if one]
            return f"zeros(({', '.join(known)},))" if len(known) == len(sizes) else ""
        if is_list:
            return "[]"
        if owner and not any(k in ("*", "&") for k in kinds):
            return f"{owner}()"
        is_number = any(k in _NUMBERS for k in kinds)
        is_zero = is_number and "int" not in kinds and (in_class or top or "static" in kinds)
        return "0.0" if is_zero else ""

    def array(self, owner: str = "") -> str:
        """{a, b} of C, C++ and Java: a list, or the fields of a struct."""
        self.want("{")
        parts: list[str] = []
        while not self.take("}"):
            if self.now == ".":  # .x = 1
                self.place += 1
                name = self.name()
                self.want("=")
                parts.append(f"{_safe(name)}={self.expression()}")
            else:
                parts.append(self.array() if self.now == "{" else self.expression())
            if not self.take(",") and self.now != "}":
                raise UnreadError
        if owner:
            return f"{owner}({', '.join(parts)})"
        return f"[{', '.join(parts)}]"

    def declared_in_js(self, line: int) -> None:
        while True:
            self.one_in_js(line)
            if not self.take(","):
                break
        self.take(";")

    def one_in_js(self, line: int) -> None:
        if self.now in ("{", "["):
            is_object = self.now == "{"
            end = self.closing(self.place)
            pairs = self.taken_out(end)
            self.place = end + 1
            self.annotation()
            self.want("=")
            value = self.expression()
            self.know(*(target for target, _ in pairs))
            self.take_out(line, pairs, value, is_object)
            return
        name = _safe(self.name())
        self.know(name)
        self.annotation()
        if not self.take("="):
            return
        if self.is_arrow():
            self.arrow(line, name)
            return
        if self.now == "function":
            self.place += 1
            if self.kind() == "name":
                self.place += 1
            self.function(line, name)
            return
        self.put(line, f"{name} = {self.expression()}")

    def annotation(self) -> None:
        """A type after its name, as TypeScript has it."""
        if self.take(":"):
            while self.now not in ("=", ",", ";", ")", "") and self.place < len(self.tokens):
                if self.now in ("{", "[", "("):
                    self.place = self.closing(self.place)
                self.place += 1

    def taken_out(self, end: int) -> list[tuple[str, str]]:
        """The names in { a, b: c } with the keys, or in [a, b]."""
        made = []
        for one in _apart(self.tokens[self.place + 1 : end]):
            names = [t.text for t in one if t.kind == "name"]
            if names:
                made.append((_safe(names[-1]), _safe(names[0])))
        return made

    def take_out(
        self, line: int, pairs: list[tuple[str, str]], value: str, is_object: bool
    ) -> None:
        targets = ", ".join(target for target, _ in pairs)
        if not is_object:
            self.put(line, f"{targets}, = {value}" if len(pairs) == 1 else f"{targets} = {value}")
            return
        self.made += 1
        whole = f"whole_{self.made}"
        parts = "; ".join(f"{target} = {whole}.{key}" for target, key in pairs)
        self.put(line, f"{whole} = {value}; {parts}")

    def know(self, *names: str) -> None:
        if self.scopes:
            self.scopes[-1].names.update(names)

    # Functions and classes.

    def parameters(self) -> tuple[list[str], list[int]]:
        """The arguments of a function, and which of them are handed over by reference."""
        end = self.closing(self.place)
        parts = _apart(self.tokens[self.place + 1 : end])
        self.place = end + 1
        names, references = [], []
        for k, part in enumerate(parts):
            signs = [t.text for t in part]
            if signs == ["void"]:
                continue
            if part[0].text in ("{", "["):
                names.append(f"given_{k}")
                continue
            default = ""
            if "=" in signs:
                place = signs.index("=")
                default = f"={self.of(part[place + 1 :])}"
                part, signs = part[:place], signs[:place]
            if ":" in signs:
                part = part[: signs.index(":")]
            if "[" in signs:
                part = [t for t in part if t.text not in ("[", "]") and t.kind != "number"]
            own = [t.text for t in part if t.kind == "name"]
            if not own:
                raise UnreadError
            names.append(f"{'*' if signs[0] == '...' else ''}{_safe(own[-1])}{default}")
            is_plain = any(one in _NUMBERS for one in own[:-1])
            if is_plain and "const" not in own and ("&" in signs or "*" in signs):
                references.append(k)
        return names, references

    def function(self, line: int, name: str, of: _Class | None = None, fixed: bool = False) -> None:
        """A function with its body; of a class where one is given."""
        start = self.place
        names, references = self.parameters()
        after = self.place
        while self.now not in ("{", ";", ":", "=>", ""):
            if self.now == "->" or self.now == "throws" or self.kind() == "name":
                self.place += 1
            else:
                self.place += 1
        begun: list[str] = []
        if self.now == ":":
            begun = self.begun()
        if self.take(";"):
            return  # only said to be there
        bare = [one.lstrip("*").split("=")[0] for one in names]
        body = self.tokens[self.place : self.closing(self.place) + 1]
        given_back = tuple(
            bare[k] for k in references if _is_changed(body, self.tokens[start:after], bare[k])
        )
        if given_back:
            self.by_reference[name] = tuple(bare.index(one) for one in given_back)
        scope = _Scope(set(bare), of or (self.scopes[-1].of if self.scopes else None), fixed,
                       given_back)  # fmt: skip
        if self.scopes and of is None:
            scope.names |= self.scopes[-1].names  # a function within one
            scope.is_static = self.scopes[-1].is_static
        own = _safe(name)
        if of is not None and not fixed:
            names = ["self", *names]
        if of is not None and fixed:
            self.put(line, "@staticmethod")
        self.put(line, f"def {own}({', '.join(names)}):")
        self.scopes.append(scope)
        self.indent += 1
        before = len(self.lines)
        if of is not None and own == "__init__":
            given = {text.split(" = ")[0] for text in begun}
            for one, value in of.fields.items():
                if one not in of.fixed and f"self.{one}" not in given:
                    self.put(line, f"self.{one} = {value or '0.0'}")
        for one in begun:
            self.put(line, one)
        self.block_of_statements()
        last = self.lines[-1][1].strip() if len(self.lines) > before else ""
        if given_back and not last.startswith("return"):
            self.put(self.tokens[self.place - 1].line, f"return {', '.join(given_back)}")
        if len(self.lines) == before:
            self.put(line, "pass")
        if scope.outer:
            names_ = ", ".join(sorted(scope.outer))
            self.lines.insert(before, (line, f"{'    ' * self.indent}global {names_}"))
        self.indent -= 1
        self.scopes.pop()

    def begun(self) -> list[str]:
        """What a constructor of C++ begins with: : W(w), U(u)"""
        self.want(":")
        made = []
        while True:
            name = _safe(self.name())
            opens = self.now
            end = self.closing(self.place)
            if opens not in ("(", "{"):
                raise UnreadError
            inner = self.tokens[self.place + 1 : end]
            self.place = end + 1
            made.append(f"self.{name} = {self.of(inner) if inner else '0.0'}")
            if not self.take(","):
                return made

    def class_of(self, line: int) -> None:
        while self.now not in ("class", "struct", "record", "interface"):
            self.place += 1
        self.place += 1
        name = self.name() if self.kind() == "name" and self.ahead() != ";" else ""
        if not name and self.now == "{":  # typedef struct { … } Name;
            name = self.tokens[self.closing(self.place) + 1].text
        base = ""
        while self.now != "{":
            if self.kind() == "name" and self.now in self.classes:
                base = self.now
            self.place += 1
        made = _Class(name)
        if base:
            of = self.classes[base]
            made.fields |= of.fields
            made.methods |= of.methods
        start, end = self.place, self.closing(self.place)
        self.classes[name] = made
        kept = len(self.lines), self.indent
        self.members(made, end)  # to know them
        del self.lines[kept[0] :]
        self.indent = kept[1]
        self.place = start
        self.put(line, f"class {name}{f'({base})' if base else ''}:")
        self.indent += 1
        before = len(self.lines)
        self.members(made, end)
        if len(self.lines) == before:
            self.put(line, "pass")
        self.indent -= 1
        self.place = end + 1
        if self.kind() == "name" and self.ahead() == ";":  # typedef struct { … } Name;
            self.place += 1
        self.take(";")

    def members(self, of: _Class, end: int) -> None:
        has_init = "__init__" in of.methods
        self.place += 1
        while self.place < end:
            place, line = self.place, self.line
            try:
                self.member(of, line, has_init)
            except UnreadError:
                self.place = place
                self.skip_statement()
            if self.place == place:
                self.place += 1

    def member(self, of: _Class, line: int, has_init: bool) -> None:
        if self.now in ("public", "private", "protected") and self.ahead() == ":":
            self.place += 2
            return
        if self.take(";"):
            return
        if self.now == "@":
            self.place += 2
            return
        if self.is_class_ahead():
            self.class_within(line)
            return
        start = self.place
        while self.now in _QUALIFIERS or (self.now in ("get", "set") and self.ahead(2) == "("):
            self.place += 1
        fixed = "static" in {t.text for t in self.tokens[start : self.place]}
        is_bare = self.kind() == "name" and self.ahead() == "("
        if is_bare or (self.now == "~"):
            if self.take("~"):
                raise UnreadError
            name = self.name()
            self.method(of, line, "__init__" if name in (of.name, "constructor") else name, fixed)
            return
        if self.kind() == "name" and self.ahead() in ("=", ";") and not fixed:
            name = _safe(self.name())  # a field of JavaScript
            value = self.value_of_member()
            self.field(of, line, name, value, False, has_init)
            return
        self.place = start
        place = self.past_type(start)
        if place is None:
            raise UnreadError
        kinds = [t.text for t in self.tokens[start:place]]
        self.place = place
        if self.ahead() == "(" and self.is_function(True):
            self.method(of, line, self.name(), fixed)
            return
        while True:
            name = _safe(self.name())
            scope = _Scope(set(), of, fixed)
            self.scopes.append(scope)
            value = self.initial(kinds, in_class=True, top=True)
            self.scopes.pop()
            self.field(of, line, name, value, fixed, has_init)
            if not self.take(","):
                break
            self.take("*", "&")
        self.take(";")

    def class_within(self, line: int) -> None:
        """A class within another, which is put before that."""
        kept, self.lines, indent, self.indent = self.lines, [], self.indent, 0
        try:
            self.class_of(line)
            names = {text for _, text in self.inner}
            if self.lines and self.lines[0][1] not in names:
                self.inner += self.lines
        finally:
            self.lines, self.indent = kept, indent

    def value_of_member(self) -> str:
        value = self.expression() if self.take("=") else "0.0"
        self.take(";")
        return value

    def field(
        self, of: _Class, line: int, name: str, value: str, fixed: bool, has_init: bool
    ) -> None:
        of.fields[name] = value
        if fixed:
            of.fixed.add(name)
            self.put(line, f"{name} = {value or '0.0'}")
        elif not has_init:
            self.put(line, f"{name}: float = {value or '0.0'}")

    def method(self, of: _Class, line: int, name: str, fixed: bool) -> None:
        of.methods.add(_safe(name))
        if fixed:
            of.fixed.add(_safe(name))
        self.function(line, name, of, fixed)

    # Expressions.

    def expression_statement(self, line: int) -> None:
        start = self.place
        text = "".join(t.text for t in self.tokens[start : start + 8])
        if _SHOWN.match(text) or text.startswith(
            ("std::cout", "cout", "std::cerr", "cerr", "std::cin")
        ):
            self.skip_to(";")
            return
        if self.now == "(" and self.ahead() in ("{", "["):  # ({ h, c } = tape[1]);
            self.place += 1
            end = self.closing(self.place)
            is_object = self.now == "{"
            pairs = self.taken_out(end)
            self.place = end + 1
            self.want("=")
            self.take_out(line, pairs, self.expression(), is_object)
            self.take(")")
            self.take(";")
            return
        if self.now == "[":
            end = self.closing(self.place)
            if self.tokens[end + 1].text == "=":
                parts = [self.of(one) for one in _apart(self.tokens[self.place + 1 : end])]
                self.place = end + 2
                self.put(line, f"{', '.join(parts)} = {self.expression()}")
                self.take(";")
                return
        if self.looped(line):
            return
        while True:
            self.put(line, self.assigned())
            if not self.take(","):
                break
        ends = self.take(";") or self.now == "}" or self.place >= len(self.tokens)
        if not ends and self.line == self.tokens[self.place - 1].line:
            raise UnreadError

    def looped(self, line: int) -> bool:
        """xs.forEach((x, t) => { … }), which is a loop."""
        place = self.place
        while place + 2 < len(self.tokens) and self.tokens[place].line == self.line:
            if self.tokens[place].text == "forEach" and self.tokens[place - 1].text == ".":
                break
            if self.tokens[place].text in (";", "{", "="):
                return False
            place += 1
        else:
            return False
        if self.tokens[place].text != "forEach":
            return False
        of = self.of(self.tokens[self.place : place - 1])
        end = self.closing(place + 1)
        self.place = place + 2
        if self.now == "(":
            close = self.closing(self.place)
            names = [_safe(t.text) for t in self.tokens[self.place : close] if t.kind == "name"]
            self.place = close + 1
        else:
            names = [_safe(self.name())]
        self.want("=>")
        self.know(*names)
        if len(names) == 1:
            self.put(line, f"for {names[0]} in {of}:")
        else:
            self.put(line, f"for {names[1]}, {names[0]} in enumerate({of}):")
        if self.now == "{":
            self.body()
        else:
            self.indent += 1
            self.put(line, self.assigned())
            self.indent -= 1
        self.place = end + 1
        self.take(";")
        return True

    def assigned(self) -> str:
        """An assignment, or a call for what it does."""
        for sign, spelled in (("++", "+="), ("--", "-=")):
            if self.take(sign):
                return f"{self.unary()} {spelled} 1"
        left = self.ternary()
        if left.isidentifier() and self.scopes and left not in self.scopes[-1].names:
            is_changed = self.now in ("++", "--", "=", "+=", "-=", "*=", "/=")
            self.scopes[-1].outer |= {left} if is_changed else set()
        if self.now in ("++", "--"):
            sign = self.now
            self.place += 1
            return f"{left} {sign[0]}= 1"
        if self.now in ("=", "+=", "-=", "*=", "/=", "**=", "%="):
            sign = self.now
            self.place += 1
            if sign == "=" and self.is_arrow():
                self.arrow(self.line, left)
                return "pass"
            value = self.array() if self.is_array_literal() else self.assigned_value()
            return f"{left} {sign} {value}"
        return self.with_references(left)

    def assigned_value(self) -> str:
        """a = b = 0."""
        value = self.expression()
        if self.now == "=":
            self.place += 1
            return f"{value} = {self.assigned_value()}"
        return value

    def is_array_literal(self) -> bool:
        return self.now == "{" and self.ahead() != "}" and self.ahead(2) not in (":", ",") and (
            self.kind(1) in ("number", "sign"))  # fmt: skip

    def with_references(self, call: str) -> str:
        """A call, whose arguments by reference are given what it gives back for them."""
        match = re.match(r"(?:[\w.\[\]]+\.)?(\w+)\(", call)
        if match is None or not call.endswith(")"):
            return call
        places = self.by_reference.get(match[1])
        if places is None:
            return call
        inner = call[match.end() : -1]
        parts = [one.strip() for one in _split(inner)]
        if max(places) >= len(parts):
            return call
        return f"{', '.join(parts[k] for k in places)} = {call}"

    def expression(self) -> str:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise UnreadError
        try:
            if self.is_arrow():
                return self.arrow(self.line, "")
            return self.ternary()
        finally:
            self.depth -= 1

    def ternary(self) -> str:
        test = self.binary(0)
        if not self.take("?"):
            return test
        first = self.expression()
        self.want(":")
        return f"({first} if {test} else {self.expression()})"

    def binary(self, level: int) -> str:
        if level == len(_BINARY):
            return self.powered()
        made = self.binary(level + 1)
        while self.now in _BINARY[level]:
            sign = self.now
            self.place += 1
            made = f"{made} {_SPELLED.get(sign, sign)} {self.binary(level + 1)}"
        return made

    def powered(self) -> str:
        made = self.unary()
        if self.take("**"):
            return f"{made}**{self.powered()}"
        return made

    def unary(self) -> str:
        if self.now in ("-", "+", "!", "~"):
            sign = self.now
            self.place += 1
            return f"not {self.unary()}" if sign == "!" else f"{sign}{self.unary()}"
        if self.now in ("&", "*"):
            self.place += 1  # an address, or what is there
            return self.unary()
        if self.take("await"):
            return self.unary()
        if self.now == "new":
            return self.made_new()
        if self.now == "(" and self.is_cast():
            self.place = self.closing(self.place) + 1
            return self.unary()
        return self.after(self.atom())

    def is_cast(self) -> bool:
        """(double) x"""
        end = self.closing(self.place)
        inside = [t.text for t in self.tokens[self.place + 1 : end]]
        return bool(inside) and all(one in _NUMBERS or one in _QUALIFIERS or one == "*"
                                    for one in inside)  # fmt: skip

    def made_new(self) -> str:
        self.place += 1
        name = self.name()
        while self.take(".", "::"):
            name = self.name()
        if self.now == "<":
            self.past_angles()
        sizes = []
        while self.now == "[":
            self.place += 1
            if self.now != "]":
                sizes.append(self.expression())
            self.want("]")
        if self.now == "{":
            return self.array()
        if sizes:
            return self.after(f"zeros(({', '.join(sizes)},))")
        arguments = self.arguments(")") if self.take("(") else []
        if name in ("Array", "Float64Array", "Float32Array"):
            return self.after(f"zeros({arguments[0]})" if arguments and arguments[0][:1] not in "[("
                              else arguments[0] if arguments else "[]")  # fmt: skip
        if name in ("ArrayList", "List", "LinkedList", "Vector", "ArrayDeque", "Stack"):
            return self.after("[]")
        if name in ("HashMap", "Map", "Dictionary", "TreeMap", "LinkedHashMap"):
            return self.after("{}")
        return self.after(f"{name}({', '.join(arguments)})")

    def atom(self) -> str:
        if self.place >= len(self.tokens):
            raise UnreadError
        token = self.tokens[self.place]
        self.place += 1
        if token.kind == "number":
            return _number(token.text)
        if token.kind == "text":
            return _text(token.text)
        if token.kind == "name":
            return self.named(token.text)
        if token.text == "(":
            inner = self.expression()
            while self.take(","):
                inner = self.expression()
            self.want(")")
            return f"({inner})"
        if token.text == "[":
            if self.tokens[self.closing(self.place - 1) + 1 :][:1] and self.is_lambda_of_cpp():
                raise UnreadError
            return f"[{', '.join(self.arguments(']'))}]"
        if token.text == "{":
            return self.literal()
        raise UnreadError

    def is_lambda_of_cpp(self) -> bool:
        end = self.closing(self.place - 1)
        return self.tokens[end + 1].text == "(" and self.tokens[self.place].text in ("&", "=", "]")

    def literal(self) -> str:
        """An object of JavaScript."""
        if self.is_list_in_braces():
            self.place -= 1
            return self.array()
        parts: list[str] = []
        while not self.take("}"):
            if self.take("..."):
                parts.append(f"**{self.expression()}")
            elif self.take("["):
                key = self.expression()
                self.want("]")
                self.want(":")
                parts.append(f"{key}: {self.expression()}")
            else:
                token = self.tokens[self.place]
                self.place += 1
                key = token.text.strip("\"'") if token.kind == "text" else token.text
                if token.kind not in ("name", "text", "number"):
                    raise UnreadError
                if self.take(":"):
                    parts.append(f"{_safe(key)!r}: {self.expression()}")
                else:
                    parts.append(f"{_safe(key)!r}: {self.named_alone(key)}")
            if not self.take(",") and self.now != "}":
                raise UnreadError
        return "{" + ", ".join(parts) + "}"

    def is_list_in_braces(self) -> bool:
        is_number = self.kind() == "number" and self.ahead() in (",", "}")
        return is_number or self.now in ("{", "-")

    def named_alone(self, name: str) -> str:
        self.place -= 1
        self.place += 1
        return self.own(_safe(name))

    def own(self, name: str) -> str:
        """A name, which may be that of a member of the object whose method names it."""
        scope = self.scopes[-1] if self.scopes else None
        if scope is None or scope.of is None or name in scope.names:
            return name
        if name in scope.of.fields or name in scope.of.methods:
            return f"{scope.of.name if scope.is_static else 'self'}.{name}"
        return name

    def named(self, name: str) -> str:
        if name in _MODULES and self.now in ("::", "."):
            self.place += 1
            inner = self.name()
            while inner in _MODULES and self.take("::", "."):
                inner = self.name()
            if self.now == "<":
                place = self.angles(self.place)
                if place is not None and self.tokens[place].text == "(":
                    self.place = place
            return _FUNCTIONS.get(inner, inner)
        if name in ("static_cast", "dynamic_cast", "reinterpret_cast"):
            self.past_angles()
            return ""
        if name in ("Object", "Array") and self.now == ".":
            return self.of_object(name)
        if name == "function":
            return self.function_inside()
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name in ("Number", "parseFloat", "Double") and self.now == "(":
            return "float"
        if self.now == "(" and name in ("fabs", "powf", "tanhf", "expf"):
            return name.removesuffix("f") if name != "fabs" else "abs"
        if self.now == "{" and name in self.classes:
            return self.array(name)
        return self.own(_safe(name))

    def function_inside(self) -> str:
        self.made += 1
        name = f"function_{self.made}"
        if self.kind() == "name":
            self.place += 1
        self.function(self.line, name)
        return name

    def of_object(self, owner: str) -> str:
        self.place += 1
        name = self.name()
        self.want("(")
        if owner == "Array" and name == "from":
            return self.array_from()
        arguments = self.arguments(")")
        if name in ("keys", "entries", "values"):
            spelled = {"keys": "keys", "entries": "items", "values": "values"}[name]
            return self.after(f"list({arguments[0]}.{spelled}())")
        if name == "fromEntries":
            return f"dict({arguments[0]})"
        if name == "assign":
            return "{" + ", ".join(f"**{one}" for one in arguments) + "}"
        if name == "isArray":
            return "True"
        if name == "freeze":
            return arguments[0]
        raise UnreadError

    def array_from(self) -> str:
        """Array.from({ length: n }, (_, k) => …)"""
        if self.now == "{" and self.ahead() == "length":
            end = self.closing(self.place)
            count = self.of(self.tokens[self.place + 3 : end])
            self.place = end + 1
            if self.take(")"):
                return self.after(f"zeros({count})")
            self.want(",")
            names, body = self.arrow_parts()
            self.want(")")
            index = names[1] if len(names) > 1 else "index_"
            return self.after(f"[{body} for {index} in range({count})]")
        arguments = self.arguments(")")
        if len(arguments) == 1:
            return self.after(f"list({arguments[0]})")
        return self.after(f"list(map({arguments[1]}, {arguments[0]}))")

    def arguments(self, closing: str) -> list[str]:
        made: list[str] = []
        while not self.take(closing):
            if self.place >= len(self.tokens):
                raise UnreadError
            if self.take("..."):
                made.append(f"*{self.expression()}")
            elif self.now == "{" and self.is_array_literal():
                made.append(self.array())
            else:
                made.append(self.expression())
            if not self.take(",") and self.now != closing:
                raise UnreadError
        return made

    def after(self, made: str) -> str:
        """What follows a value: calls, indices, members."""
        while True:
            if self.take("("):
                made = f"{made}({', '.join(self.arguments(')'))})"
            elif self.take("["):
                made = f"{made}[{self.expression()}]"
                self.want("]")
            elif self.now in (".", "->", "?.", "::"):
                self.place += 1
                made = self.of_member(made, self.name())
            else:
                return made

    def of_member(self, made: str, name: str) -> str:
        if name in _LENGTHS:
            if self.now == "(" and self.ahead() == ")":
                self.place += 2
            return f"len({made})"
        if self.now != "(":
            return f"{made}.{_safe(name)}"
        simple = {"back": "[-1]", "front": "[0]", "peek": "[-1]", "getLast": "[-1]",
                  "getFirst": "[0]", "clone": "", "copy": ""}  # fmt: skip
        if name in simple and self.ahead() == ")":
            self.place += 2
            return made + simple[name] if name not in ("clone", "copy") else f"list({made})"
        if name in ("map", "reduce", "filter"):
            return self.of_each(made, name)
        self.place += 1
        arguments = self.arguments(")")
        if name in _APPENDS and len(arguments) == 1:
            return f"{made}.append({arguments[0]})"
        if name in ("get", "at", "getOrDefault") and arguments:
            return f"{made}[{arguments[0]}]"
        if name in ("put", "set") and len(arguments) == 2:
            return f"put_in({made}, {arguments[0]}, {arguments[1]})"
        if name in ("slice", "subList", "subarray"):
            if not arguments:
                return f"list({made})"
            part = ":".join(arguments) if len(arguments) > 1 else f"{arguments[0]}:"
            return f"{made}[{part}]"
        if name == "fill":
            return f"full(len({made}), {arguments[0]})"
        if name == "reverse" and not arguments:
            return f"list(reversed({made}))"
        if name == "keys" and not arguments:
            return f"keys_of({made})"
        if name == "entries" and not arguments:
            return f"enumerate({made})"
        if name == "concat":
            return " + ".join([made, *arguments])
        if name == "clear":
            return f"{made}.clear()"
        return f"{made}.{_safe(name)}({', '.join(arguments)})"

    def of_each(self, made: str, name: str) -> str:
        """xs.map((x, k) => …), xs.reduce((sum, x) => …, 0)"""
        self.place += 1
        if not self.is_arrow():
            arguments = self.arguments(")")
            return f"list(map({arguments[0]}, {made}))" if name == "map" else (
                f"reduce({arguments[0]}, {', '.join([made, *arguments[1:]])})")  # fmt: skip
        names, body = self.arrow_parts()
        rest = self.arguments(")") if self.take(",") else []
        if not rest:
            self.take(")")
        if name == "map":
            if len(names) > 1:
                return f"[{body} for {names[1]}, {names[0]} in enumerate({made})]"
            return f"[{body} for {names[0]} in {made}]"
        if name == "filter":
            return f"[{names[0]} for {names[0]} in {made} if {body}]"
        if len(names) > 2:
            inner = f"lambda {names[0]}, pair_: (lambda {names[2]}, {names[1]}: {body})(*pair_)"
            return f"reduce({', '.join([inner, f'list(enumerate({made}))', *rest])})"
        return f"reduce({', '.join([f'lambda {names[0]}, {names[1]}: {body}', made, *rest])})"

    # Arrow functions.

    def is_arrow(self) -> bool:
        if self.now == "async":
            return self.ahead() in ("(",) or self.ahead(2) == "=>"
        if self.kind() == "name" and self.ahead() == "=>":
            return True
        if self.now != "(":
            return False
        end = self.closing(self.place)
        after = self.tokens[end + 1].text if end + 1 < len(self.tokens) else ""
        return after == "=>"

    def arrow_parts(self) -> tuple[list[str], str]:
        """The arguments and the value of one without a block."""
        names = self.arrow_names()
        self.know(*names)
        if self.now == "{":
            raise UnreadError
        return names, self.expression()

    def arrow_names(self) -> list[str]:
        self.take("async")
        if self.now == "(":
            names, _ = self.parameters()
        else:
            names = [_safe(self.name())]
        self.want("=>")
        return names

    def arrow(self, line: int, name: str) -> str:
        """An arrow function; one with a block, or with a name, becomes a function of that name."""
        start = self.place
        names = self.arrow_names()
        if self.now != "{":
            self.know(*(one.split("=")[0] for one in names))
            body = self.expression()
            if name.isidentifier():
                self.put(line, f"def {name}({', '.join(names)}): return {body}")
                return name
            return f"(lambda {', '.join(names)}: {body})"
        self.made += not name.isidentifier()
        own = name if name.isidentifier() else f"function_{self.made}"
        arrow = self.place - 1
        kept = self.tokens
        if kept[start].text in ("(", "async"):
            tokens = [*kept[:arrow], *kept[arrow + 1 :]]
            self.tokens, self.place = tokens, start + (kept[start].text == "async")
            self.function(line, own)
            self.tokens, self.place = kept, self.place + 1
        else:
            raise UnreadError
        return own


_FUNCTIONS = {"fabs": "abs", "Tanh": "tanh", "Exp": "exp", "Pow": "pow", "Sqrt": "sqrt",
              "Log": "log", "Abs": "abs", "Max": "max", "Min": "min"}  # fmt: skip


def _is_changed(body: list[_Token], arguments: list[_Token], name: str) -> bool:
    """Whether a function gives something to what it was handed by reference."""
    texts = [t.text for t in arguments]
    signs = {text for k, text in enumerate(texts) if k + 1 < len(texts)
             and _safe(texts[k + 1]) == name}  # fmt: skip
    for k in range(len(body) - 1):
        if _safe(body[k].text) != name or body[k].kind != "name":
            continue
        is_given = body[k + 1].text in ("=", "+=", "-=", "*=", "/=")
        if is_given and ("&" in signs or body[k - 1].text == "*"):
            return True
    return False


def _apart(tokens: list[_Token]) -> list[list[_Token]]:
    """The parts between the commas that stand in no brackets."""
    made: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "sign":
            depth += (token.text in ("(", "[", "{", "<")) - (token.text in (")", "]", "}", ">"))
            if depth == 0 and token.text == ",":
                made.append([])
                continue
        made[-1].append(token)
    return [one for one in made if one]


def _split(text: str) -> Iterator[str]:
    depth, part = 0, ""
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            yield part
            part = ""
        else:
            part += character
    if part:
        yield part


def _number(text: str) -> str:
    if text[:2] in ("0x", "0X"):
        return text
    return text.rstrip("fFlLuUdDn") if re.match(r"[-+]?[.0-9]", text) else text


def _text(text: str) -> str:
    inner = text[1:-1]
    return repr("" if text[0] == "`" or "\\" in inner else inner)


def _camel(name: str) -> str:
    """hPrev as h_prev."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])(?=[a-z]{2})", lambda m: f"_{m[1].lower()}", name)


def _safe(name: str) -> str:
    name = _camel(name).replace("$", "_")
    return f"{name}_" if name in _PYTHON_WORDS else name


def _moved(place: str, by: int) -> str:
    if re.fullmatch(r"-?[0-9]+", place):
        return str(int(place) + by)
    return f"{place} {'+' if by > 0 else '-'} 1"
