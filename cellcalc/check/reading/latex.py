r"""LaTeX in the spelling of the one parser: ``\frac{\partial L}{\partial c_t}`` is ∂L/∂c_{t}.

Nothing is typeset or expanded; commands that mean nothing here keep their name, so that the parser
can say what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cellcalc.language.letters import GREEK

MAX_NESTING = 40
_TOKEN = re.compile(r"\\(?:[A-Za-z]+\*?|.)|[{}^_&~%$]|\s+|[^\\{}^_&~%$\s]", re.DOTALL)
_LETTERS = {name: letter for letter, name in GREEK.items()} | {
    "varphi": "φ", "phi": "φ", "varepsilon": "ε", "eta": "η", "alpha": "α", "tau": "τ",
    "gamma": "γ", "theta": "θ", "lambda": "λ", "mu": "μ", "Sigma": "Σ", "nabla": "∇",
    "ell": "L", "mathcal": "", "partial": "∂", "in": "∈",
}  # fmt: skip
_ACCENTS = {"hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304",
            "tilde": "\u0303", "widetilde": "\u0303"}  # fmt: skip
_TIMES = ("cdot", "times", "odot", "circ", "ast", "otimes", "star", "bullet", "cdotp")
_RELATIONS = {"approx": "≈", "simeq": "≈", "sim": "≈", "cong": "≈", "to": "→", "rightarrow": "→",
              "leftarrow": "←", "gets": "←", "coloneqq": "=", "equiv": "=", "triangleq": "=",
              "Rightarrow": ";", "implies": ";", "longrightarrow": "→", "doteq": "=",
              "leq": "≤", "geq": "≥", "neq": "≠", "pm": "±", "iff": ";"}  # fmt: skip
_SPACES = (",", ";", "!", ":", " ", ">", "quad", "qquad", "enspace", "thinspace", "nonumber",
           "notag", "displaystyle", "textstyle", "limits", "nolimits", "hfill", "noindent",
           "left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "Bigg", "biggl",
           "biggr", "Biggl", "Biggr", "smallskip", "medskip", "par", "centering", "raggedright",
           "hline", "toprule", "midrule", "bottomrule", "maketitle", "newpage", "null")  # fmt: skip
_FACES = ("mathrm", "mathbf", "mathit", "mathsf", "mathtt", "boldsymbol", "bm", "text", "textbf",
          "textit", "textrm", "texttt", "textsf", "emph", "operatorname", "operatorname*",
          "mbox", "hbox", "underline", "boxed", "mathbb", "vec", "mathop", "textnormal",
          "ensuremath", "fbox", "cancel", "tag", "num", "framebox", "colorbox")  # fmt: skip
_FUNCTIONS = ("tanh", "exp", "ln", "log", "cosh", "sinh", "max", "min", "sech")


# An inner product ⟨δ^t, x^t⟩, where the time of ⟨t⟩ is none.
_INNER = re.compile(r"⟨\s?((?=[^⟨⟩,]*[^\W\dtT_])[^⟨⟩,]{1,60}),\s?([^⟨⟩,]{1,60})⟩")


def has_latex(text: str) -> bool:
    """Whether there are commands of LaTeX in a text."""
    return bool(re.search(r"\\(?:[A-Za-z]{2,}|[,;!_&#])|\$[^$]+\$|_\{|\^\{", text))


def to_plain(text: str) -> str:
    """One line of LaTeX, maths and text, in the spelling of the parser."""
    tokens = _TOKEN.findall(text)
    found = _apart(_Converter(tokens).run())
    found = re.sub(r"[ \t]+", " ", found).strip()
    return _INNER.sub(r"(\1)*(\2)", found) if "⟨" in found else found


def _apart(text: str) -> str:
    """Equations with a wide space between them, with a comma there: a = 1 \\qquad b = 2."""
    if _WIDE not in text:
        return text
    first, *parts = re.split(f"{_WIDE}[{_WIDE} ]*", text)
    for part in parts:
        is_other = _EQUATION.match(part) and "=" in first and not first.endswith(_OPEN_ENDS)
        first = f"{first.rstrip()}{', ' if is_other else ' '}{part}"
    return first


_WIDE = "\u2003"
_OPEN_ENDS = (",", ";", ".", ":", "=", "+", "-", "*", "(", "{", "|", "&")
# A left side with more than the letter that counts, and no bracket before it.
_EQUATION = re.compile(r"(?!\s*[tkjnT]\s*=)\s*(?:∂|[^\W\d_])[^=(\u2003]{0,60}=(?!\s*$)")


class _Converter:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0
        self.raised = False  # inside of a superscript, where a circle is a mark and no product

    def run(self) -> str:
        pieces = []
        while self.place < len(self.tokens):
            if self.tokens[self.place] == "}":
                self.place += 1  # one too many
                continue
            pieces.append(self.piece())
        return "".join(pieces)

    def peek(self) -> str:
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def piece(self) -> str:
        """The next token with its arguments."""
        token = self.tokens[self.place]
        self.place += 1
        if token == "{":
            inside = self.group()
            return _as_one(inside)
        if token in "_^":
            return self.script(token)
        if token == "&" or token == "$":
            return " "
        if token == "~":
            return " "
        if token.isspace():
            return " "
        if token.startswith("\\"):
            return self.command(token[1:])
        return token

    def group(self) -> str:
        """What stands in braces, which have been opened."""
        self.depth += 1
        pieces: list[str] = []
        while self.place < len(self.tokens) and self.tokens[self.place] != "}":
            if self.depth > MAX_NESTING:
                self.place += 1
                continue
            pieces.append(self.piece())
        self.place += 1
        self.depth -= 1
        return "".join(pieces).strip()

    def argument(self) -> str:
        """The next argument: a group, or a single token."""
        token = self.peek()
        if not token or token == "}":
            return ""
        self.place += 1
        if token == "{":
            return self.group()
        if token.startswith("\\"):
            return self.command(token[1:]).strip()
        return token

    def optional(self) -> None:
        if self.peek() == "[":
            while self.place < len(self.tokens) and self.tokens[self.place] != "]":
                self.place += 1
            self.place += 1

    def script(self, sign: str) -> str:
        before, self.raised = self.raised, sign == "^"
        found = self.script_of(sign)
        self.raised = before
        return found

    def script_of(self, sign: str) -> str:
        token = self.peek()
        if token == "{":
            self.place += 1
            inside = self.group()
        elif token.isdecimal() or (sign == "^" and token == "-"):
            inside = self.argument()
            if inside == "-":
                inside += self.argument()
        elif sign == "^" and token in ("(", "<"):
            # c^(3) and c^<3>, which LaTeX would not set so, but people type it.
            end = self.place
            closing = ")" if token == "(" else ">"
            while end < len(self.tokens) and self.tokens[end] != closing and end - self.place < 12:
                end += 1
            if end < len(self.tokens) and self.tokens[end] == closing:
                inside = "".join(self.tokens[self.place : end + 1])
                self.place = end + 1
            else:
                inside = self.argument()
        else:
            inside = self.argument()
            feature = self.tokens[self.place] if self.place < len(self.tokens) else ""
            is_whole = self.tokens[self.place + 1 : self.place + 2] != ["."]
            is_gate = sign == "_" and token in ("f", "i", "o", "g")
            if is_gate and feature.isdecimal() and is_whole:
                inside += feature  # W_f1, as it is typed beside h_{t-1}
                self.place += 1
        inside = re.sub(r"\s+", "", inside)
        if sign == "^" and inside in ("'", "\\prime"):
            return "'"
        return f"{sign}{{{inside}}}"

    def command(self, name: str) -> str:
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return self.fraction()
        if name in _ACCENTS:
            inside = self.argument()
            return _accented(inside, _ACCENTS[name])
        if name in _FACES:
            if name == "tag":
                self.argument()
                return " "
            inside = self.argument()
            return inside if name.startswith("math") and inside.isalnum() else f"{inside}"
        if name in ("underbrace", "overbrace"):
            inside = self.argument()
            if self.peek() in ("_", "^"):  # what is said of it
                self.place += 1
                self.argument()
            return f" {_as_one(inside)} "
        if name in ("overset", "underset", "stackrel"):
            self.argument()
            return self.argument()
        if name in ("left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr"):
            if self.peek() == ".":
                self.place += 1
            elif self.peek() in ("\\{", "\\}"):
                self.place += 1
                return "(" if self.tokens[self.place - 1] == "\\{" else ")"
            return ""
        if name == "circ" and self.raised:
            return "°"
        if name in _TIMES:
            return "*"
        if name in _RELATIONS:
            return f" {_RELATIONS[name]} "
        if name == "sqrt":
            self.optional()
            return f" sqrt({self.argument()})"
        if name in ("sigma",):
            return " σ"
        if name == "sum":
            return " Σ"
        if name == "prod":
            return " prod"
        if name == "nabla" or (name == "partial" and self.peek() == "_"):
            return self.nabla()
        if name in _FUNCTIONS:
            return f" {name}"
        if name in _LETTERS:
            letter = _LETTERS[name]
            # δ belongs to the name behind it.
            if letter in "δ∂∇Δ":
                self.peek()
            return letter
        if name == "langle":
            return "⟨"
        if name == "rangle":
            return "⟩"
        if name in ("top", "intercal"):
            return "T"
        if name == "prime":
            return "'"
        if name in ("lvert", "rvert", "vert", "mid", "lVert", "rVert", "Vert", "|"):
            return "|"
        if name in ("ldots", "dots", "cdots", "dotsc"):
            return "…"
        if name in ("quad", "qquad"):
            return _WIDE
        if name in _SPACES:
            return " "
        if name in ("degree",):
            return "°"
        if name in ("[", "]", "(", ")"):
            return " "
        if name in "&%#_{}$":
            return name if name != "&" else "&"
        if name == "\\":
            return " "
        if name in (
            "label",
            "vspace",
            "hspace",
            "color",
            "textcolor",
            "begin",
            "end",
            "ref",
            "eqref",
        ):
            self.argument()
            return " "
        if name == "div":
            return "/"
        return f" {name} " if name.isalpha() else " "

    def nabla(self) -> str:
        r"""``\nabla_{c_t} L`` is ∂L/∂c_t; ``\nabla c`` stays."""
        if self.peek() != "_":
            return "∇"
        self.place += 1
        inside = self.argument()
        before = self.place
        if self.peek() in ("L", "E", "J"):
            self.place += 1
        elif self.peek() in ("\\mathcal", "\\ell"):
            token = self.tokens[self.place]
            self.place += 1
            if token == "\\mathcal":
                self.argument()
        else:
            self.place = before
        return f" ∂L/∂{inside} "

    def fraction(self) -> str:
        upper, lower = self.argument(), self.argument()
        up = re.fullmatch(
            r"(?:∂|d|δ)\s*\{?(?:mathcal\s*)?([LEJ]|[Ll]oss)\}?(_\{[^{}]*\})?", upper.strip()
        )
        down = re.fullmatch(r"(?:∂|d)\s*(\S.*)", lower.strip(), re.DOTALL)
        if up and down:
            below = up[2] or ""
            return f" ∂{up[1]}{below}/∂{down[1].strip()} "
        slope = re.fullmatch(r"(?:∂|d)\s*(\S.*)", upper.strip(), re.DOTALL)
        if slope and down and not re.search(r"[-+*/=()]", re.sub(r"\{[^{}]*\}", "", slope[1])):
            return f" ∂{slope[1].strip()}/∂{down[1].strip()} "
        return f"(({upper})/({lower}))"


def _as_one(inside: str) -> str:
    """A group as one operand: a name as it is, anything longer in brackets."""
    bare = inside.strip()
    if not bare or re.fullmatch(r"[^-+*/=≈\s]*|[-+]", bare):
        return bare
    if bare[0] == "(" and _matching(bare) == len(bare) - 1:
        return bare
    if "=" in bare or "≈" in bare:
        return f" {bare} "
    if re.fullmatch(r"∂\w/∂\S+", bare) or re.fullmatch(
        r"[\w∂δ]+(?:_\{[^{}]*\})?(?:\^\{[^{}]*\})?", bare
    ):
        return bare
    if (
        re.fullmatch(r"(?:σ|tanh|exp|ln|sqrt|Σ)\s*\(.*\)", bare)
        and _matching(bare[bare.index("(") :]) == len(bare[bare.index("(") :]) - 1
    ):
        return f" {bare}"
    if not re.search(r"[A-Za-z0-9∂σδ]", bare):
        return bare
    if re.fullmatch(r"[A-Za-z ,.;:]+", bare) and " " in bare:
        return bare  # text
    return f"({bare})"


def _matching(text: str) -> int:
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place
    return -1


def _accented(inside: str, accent: str) -> str:
    """An accent on the first letter; what stands below it stays."""
    bare = inside.strip()
    return bare[:1] + accent + bare[1:] if bare else ""


# Documents.

_ENVIRONMENT = re.compile(
    r"\\(begin|end)\s*\{(tabular|longtable|tabu)\}(?:\s*\[[^\]\n]{0,20}\])?"
    r"(?:\s*\{(?:[^{}]|\{[^{}]{0,60}\}){0,1000}\})?"
    r"|\\(begin|end)\s*\{(tabular[*xy])\}(?:\s*\{(?:[^{}]|\{[^{}]{0,60}\}){0,1000}\}){0,2}"
    r"|\\(begin|end)\s*\{([A-Za-z]+\*?)\}(?:\s*\{[lcrp|@{}\s.0-9a-z!>]*\}|\s*\[[^\]\n]*\])?"
)
_COMMENT = re.compile(r"(?<!\\)%.*$", re.MULTILINE)
_SECTION = re.compile(r"\\(?:sub)*(?:section|paragraph|chapter)\*?\s*(?=\{)")
_SKIPPED = re.compile(
    r"\\(?:documentclass|usepackage|setlength|title|author|date|allowdisplaybreaks|newcommand|renewcommand|maketitle|pagestyle|geometry|label)\b"
)
MATHS = ("align", "equation", "gather", "multline", "eqnarray", "split", "aligned", "displaymath",
         "math", "gathered", "cases", "flalign", "alignat", "dmath", "empheq", "array")  # fmt: skip


_MACRO = re.compile(
    r"\\(?:(?:re)?newcommand\*?|providecommand)\s*\{?\s*(?P<name>\\[A-Za-z]{1,30})\s*\}?"
    r"\s*(?:\[(?P<count>[0-9])\])?\s*(?=\{)"
    r"|\\def\s*(?P<plain>\\[A-Za-z]{1,30})(?P<marks>(?:#[0-9]){0,9})\s*(?=\{)"
)
MAX_MACROS = 50
MAX_EXPANDED = 400_000  # characters


def expanded(text: str) -> str:
    r"""A text with its own commands put in, those of ``\newcommand`` and ``\def``.

    Lines stay where they are. Commands that are made of one another are put in a few times only.
    """
    macros: dict[str, tuple[int, str]] = {}
    for match in _MACRO.finditer(text):
        body = _braced(text, match.end())
        if body is None or "\n" in body or len(macros) >= MAX_MACROS or len(body) > 500:
            continue
        name = match["name"] or match["plain"]
        count = int(match["count"] or 0) if match["name"] else len(match["marks"] or "") // 2
        macros[name[1:]] = (count, body)
    if not macros:
        return text
    longest = sorted(macros, key=len, reverse=True)
    pattern = re.compile(rf"\\({'|'.join(longest)})(?![A-Za-z])")
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _MACRO.search(line):
            continue
        for _ in range(4):
            if not pattern.search(line) or len(line) > 20_000:
                break
            line = _put_in(line, pattern, macros)
        lines[number] = line
        if sum(map(len, lines)) > MAX_EXPANDED + len(text):
            return text
    return "\n".join(lines)


def _put_in(line: str, pattern: re.Pattern[str], macros: dict[str, tuple[int, str]]) -> str:
    pieces, place = [], 0
    for match in pattern.finditer(line):
        if match.start() < place:
            continue
        count, body = macros[match[1]]
        end, arguments = match.end(), []
        for _ in range(count):
            while end < len(line) and line[end] == " ":
                end += 1
            inside = _braced(line, end)
            if inside is None:
                inside = line[end : end + 1]
                end += 1
            else:
                end += len(inside) + 2
            arguments.append(inside)
        for number, argument in enumerate(arguments, 1):
            body = body.replace(f"#{number}", argument)
        pieces += [line[place : match.start()], body if count else f"{body} "]
        place = end
    return "".join([*pieces, line[place:]])


def _braced(text: str, start: int) -> str | None:
    """What stands in the braces that open at a place."""
    if text[start : start + 1] != "{":
        return None
    depth = 0
    for place in range(start, min(len(text), start + 2_000)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[start + 1 : place]
    return None


def is_document(text: str) -> bool:
    """Whether a text is a document or a fragment of LaTeX with environments."""
    return bool(re.search(r"\\begin\s*\{|\\documentclass|\\\[|\\section", text))


_ARRAY = re.compile(
    r"\\begin\s*\{array\}(\s*\{[^{}]{0,60}\})?(.{1,20000}?)\\end\s*\{array\}", re.DOTALL
)


def _as_table(match: re.Match[str]) -> str:
    """An array that has labels and numbers, not equations, as the table that it is."""
    from cellcalc.check.reading.labels import is_header  # it reads mathematics

    if re.search(r"(?<!t)(?<!t\s)=|\\approx", match[2]):
        return match[0]
    first = re.split(r"\\\\", match[2], maxsplit=1)[0].split("&")
    cells = [to_plain(cell) for cell in first]
    if len(cells) < 2 or not is_header(cells) or not re.search(r"&[^&]*[0-9]\.[0-9]", match[2]):
        return match[0]
    return f"\\begin{{tabular}}{match[1] or ''}{match[2]}\\end{{tabular}}"


_TABLES = re.compile(r"tabular[*xy]?|longtable|tabu")
_SPANS = re.compile(
    r"\\multicolumn\s*\{\s*([0-9]{1,2})\s*\}\s*\{(?:[^{}]|\{[^{}]{0,40}\}){0,60}\}\s*(?=\{)"
)
_MERGED = re.compile(
    r"\\multirow\s*(?:\[[^\]]{0,9}\])?\s*\{[^{}]{1,6}\}\s*(?:\[[^\]]{0,9}\])?\s*\{[^{}]{0,20}\}"
)
_LINES_OF_TABLE = re.compile(
    r"\\(?:cmidrule|cline|specialrule|addlinespace|rowcolor|cellcolor)\b(?:\s*\([lr.0-9a-z{}]{0,20}\))?"
    r"(?:\[[^\]]{0,20}\])?(?:\{[^{}]{0,20}\}){0,3}"
)


def _unmerged(text: str) -> str:
    """A text whose cells over several columns are followed by empty ones, without inner rules."""
    if "\\multi" not in text and "\\c" not in text:
        return text
    text = _MERGED.sub("", _LINES_OF_TABLE.sub("", text))
    pieces, place = [], 0
    for match in _SPANS.finditer(text):
        inside = _braced(text, match.end())
        if inside is None or match.start() < place:
            continue
        pieces += [text[place : match.start()], f"{{{inside}}}", " & " * (int(match[1]) - 1)]
        place = match.end() + len(inside) + 2
    return "".join([*pieces, text[place:]])


_CASES = re.compile(
    r"=\s*(?:\\left\s*\\\{)?\s*\\begin\s*\{d?cases\*?\}(.{1,3000}?)\\end\s*\{d?cases\*?\}(?:\s*\\right\s*\.)?",
    re.DOTALL,
)
_ROW_START = re.compile(r"\\\\(?:\[[^\]]*\])?|\\begin\s*\{[A-Za-z]+\*?\}|\\\[|\$\$?|\n")
_WORDS_OF_CASE = re.compile(
    r"\\(?:text|mbox|textrm|mathrm)\s*\{([^{}]*)\}|\\[,;:!]|\\q?quad|\$|[{},.]"
)
_AT_ONE = re.compile(r"(?:\s|if|for|when|falls|für|si|pour|at)*t\s*=\s*(T|n|[0-9]{1,4})\s*")
_ELSE = re.compile(
    r"(?:\s|if|for|when|falls|für|si|pour|all)*(?:t\s*(?:<|>|≠|\\lt|\\gt|\\neq?|\\leq?|\\geq?)\s*\w+|otherwise|else|sonst|sinon|(?:\w+\s*(?:<|\\leq?)\s*)t\s*(?:<|\\leq?|\\lt)\s*\w+)(?:\s*[-+]\s*1)?\s*"
)
_TIME = re.compile(r"(?<![A-Za-z\\])t(?![A-Za-z])")


def _cases_apart(text: str) -> str:
    """The text with an equation for each case: that for t = T in T, that for the others in t."""
    if "cases" not in text:
        return text
    pieces, place = [], 0
    for match in _CASES.finditer(text):
        begun = [one.end() for one in _ROW_START.finditer(text, place, match.start())]
        start = begun[-1] if begun else place
        left = text[start : match.start()].replace("&", "").strip()
        equations = list(_of_cases(left, match[1]))
        if not left or "=" in left or None in equations:
            continue
        between = r" \\ " if _is_in_rows(text, start) else " ; "
        pieces += [text[place:start], between.join(one for one in equations if one)]
        pieces.append("\n" * (match[0].count("\n") - sum(e.count("\n") for e in equations if e)))
        place = match.end()
    return "".join([*pieces, text[place:]])


def _is_in_rows(text: str, place: int) -> bool:
    """Whether a place is in an environment of maths, whose rows end with two strokes."""
    depth = 0
    for match in _ENVIRONMENT.finditer(text, 0, place):
        what, name = (group for group in match.groups() if group)
        if name.rstrip("*") in MATHS:
            depth += 1 if what == "begin" else -1
    return depth > 0


def _of_cases(left: str, body: str) -> Iterator[str | None]:
    for row in re.split(r"\\\\(?:\s*\[[^\]]*\])?", body):
        if not row.strip():
            continue
        formula, _, said = row.partition("&")
        condition = _WORDS_OF_CASE.sub(lambda m: m[1] or " ", said)
        if at := _AT_ONE.fullmatch(condition):
            yield _at_one(f"{left} &= {formula.rstrip().rstrip(',')}", at[1])
        elif _ELSE.fullmatch(condition):
            yield f"{left} &= {formula.rstrip().rstrip(',')}"
        else:
            yield None


def _at_one(equation: str, step: str) -> str:
    """An equation of step t as one of a certain step."""
    if step.isdecimal():
        equation = re.sub(
            r"(?<![A-Za-z\\])t\s*([-+])\s*1(?![0-9])",
            lambda m: str(int(step) + (1 if m[1] == "+" else -1)),
            equation,
        )
    return _TIME.sub(step if step.isdecimal() else "T", equation)


def lines_of_document(text: str) -> Iterator[tuple[int, str, str]]:
    """The lines of a document: number, text, and "maths", "heading", "row" (of a table) or ""."""
    text = _ARRAY.sub(_as_table, _unmerged(_cases_apart(expanded(_COMMENT.sub("", text)))))
    inside: list[str] = []
    number = 0
    open_row = ""
    begun = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw
        if _SKIPPED.search(line) and not inside:
            continue
        is_text = not _is_maths(inside) and "tabular" not in inside
        section = _SECTION.search(line) if is_text else None
        title = _braced(line, section.end()) if section is not None else None
        if section is not None and title is not None:
            yield number, to_plain(title), "heading"
            line = line[section.end() + len(title) + 2 :]  # \paragraph{t = 4:} c = 0.1
            if not line.strip():
                continue
        position = 0
        pieces: list[tuple[str, str]] = []
        for match in _ENVIRONMENT.finditer(line):
            pieces.append((line[position : match.start()], ""))
            word, name = (one for one in match.groups() if one is not None)
            pieces.append(("tabular" if _TABLES.fullmatch(name) else name.rstrip("*"), word))
            position = match.end()
        pieces.append((line[position:], ""))
        for piece, what in pieces:
            if what == "begin":
                inside.append(piece)
            elif what == "end":
                if open_row.strip():
                    kind = "maths" if _is_maths(inside) else "row"
                    yield begun, _columns_apart(open_row, kind), kind
                open_row = ""
                if inside:
                    inside.pop()
            elif _is_maths(inside) or "tabular" in inside:
                kind = "maths" if _is_maths(inside) else "row"
                *rows, rest = re.split(r"\\\\(?:\s*\[[^\]]*\])?", piece)
                for row in rows:
                    whole = f"{open_row} {row}"
                    if whole.strip():
                        yield begun or number, _columns_apart(whole, kind), kind
                    open_row, begun = "", 0
                if rest.strip():
                    begun = begun or number
                    open_row = f"{open_row} {rest}" if open_row else rest
                elif not open_row:
                    begun = 0
            elif piece.strip():
                yield number, piece, ""
        if not open_row:
            begun = 0
    if open_row.strip():
        yield begun or number, open_row, "maths"


_EMPTY_COLUMNS = re.compile(r"(?<!\\)&\s*&")
_AMPERSAND = re.compile(r"(?<!\\)&")


def _columns_apart(row: str, kind: str) -> str:
    """A row of several equations beside each other, a &= b & c &= d, with a sign between them."""
    if kind != "maths" or row.count("&") < 2:
        return row
    cells = _AMPERSAND.split(row)
    pairs = [f"{left} {right}" for left, right in zip(cells[::2], cells[1::2], strict=False)]
    is_each = all(re.search(r"=|\\approx|\\leftarrow", pair) for pair in pairs)
    if len(cells) % 2 or not is_each:
        return _EMPTY_COLUMNS.sub(" ", row)  # t=3: && c_3 = …
    return " ; ".join(pair.strip().rstrip(",;. ") for pair in pairs)


def _is_maths(inside: list[str]) -> bool:
    return any(name in MATHS for name in inside)
