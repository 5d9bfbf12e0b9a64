"""Spelling a symbol such as ``δf̂_t``: in LaTeX, in plain ASCII, in columns of one width."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from cellcalc.errors import OptionError

MARK = "°"  # behind a symbol of ours that would mean something else to the author

GREEK = {
    "δ": "delta", "Δ": "Delta", "ε": "epsilon", "ι": "iota", "φ": "phi", "ω": "omega",
    "Γ": "Gamma", "σ": "sigma", "ψ": "psi", "β": "beta", "∇": "nabla", "∂": "partial",
}  # fmt: skip
ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde"}
RAISED = {"ᶠ": "f", "ᵍ": "g", "ᵒ": "o"}  # a superscript that is part of a name: Uᶠ

_PLAIN, _LOWERED, _RAISED = "0123456789+-t()", "₀₁₂₃₄₅₆₇₈₉₊₋ₜ₍₎", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵗ⁽⁾"
SUBSCRIPTS, SUPERSCRIPTS = str.maketrans(_PLAIN, _LOWERED), str.maketrans(_PLAIN, _RAISED)
FROM_SUBSCRIPTS, FROM_SUPERSCRIPTS = str.maketrans(_LOWERED, _PLAIN), str.maketrans(_RAISED, _PLAIN)

_ACCENTED = re.compile("[A-Za-z][\u0300-\u036f]")
_WORD = re.compile("[A-Za-z][\u0300-\u036f]|[A-Za-z]+?(?=[A-Za-z][\u0300-\u036f])|[A-Za-z]+|.")
_COMBINED = re.compile("[^\u0300-\u036f][\u0300-\u036f]+")
_PRIVATE = 0xF0000  # where Unicode leaves room for characters of one's own


def latex_pieces(text: str) -> tuple[str, list[str], list[str]]:
    """A symbol in LaTeX: its letter, what stands below it, and what above.

    >>> latex_pieces("δW_a")
    ('\\\\delta W', ['a'], [])
    """
    above = [RAISED[c] for c in text if c in RAISED]
    above += [r"\circ"] if MARK in text else []
    plain = "".join(c for c in text if c not in RAISED and c != MARK)
    letter, *below = plain.split("_")
    return latex_word(letter), [latex_word(word) for word in below if word], above


def latex_word(word: str) -> str:
    """Letters, Greek ones and accents among them; several plain ones stand upright."""
    text = ""
    for piece in _WORD.findall(unicodedata.normalize("NFD", word)):
        if _ACCENTED.fullmatch(piece):
            piece = rf"\{ACCENTS.get(piece[1], 'hat')}{{{piece[0]}}}"
        elif piece in GREEK:
            piece = rf"\{GREEK[piece]} "
        elif len(piece) > 1:
            piece = rf"\mathrm{{{piece}}}"
        text += piece
    return text.strip()


def ascii_forms(text: str) -> Iterator[str]:
    """How a symbol can be typed: delta_a, deltaa and da for δa; f_hat and fhat for f̂."""
    plain = unicodedata.normalize("NFD", text)
    for raised, letter in RAISED.items():
        plain = plain.replace(raised, f"_{letter}")
    if plain.endswith(MARK):
        plain = f"our_{plain[:-1]}"
    starts = [plain]
    if plain[:1] in GREEK:
        rest = plain[1:].removeprefix("_")
        starts = [f"{GREEK[plain[0]]}_{rest}", GREEK[plain[0]] + rest] if rest else [plain]
        starts += [f"d{rest}"] if plain[0] == "δ" and "_" not in plain[:2] and rest else []
    for start in starts:
        for glue in ("_", ""):
            form = start
            for accent, name in ACCENTS.items():
                form = form.replace(accent, glue + name)
            for letter, name in GREEK.items():
                form = form.replace(letter, name)
            if form.isascii():
                yield form


def composed(text: str) -> str:
    """The text with accents joined to their letters wherever there is such a character."""
    return unicodedata.normalize("NFC", text)


class StandIns:
    """One character of no meaning in place of each text, until a table has been laid out."""

    def __init__(self, texts: Iterable[str]) -> None:
        found = sorted(set(texts), key=len, reverse=True)
        self.characters = {text: chr(_PRIVATE + k) for k, text in enumerate(found)}

    def __call__(self, text: str) -> str:
        for whole, one in self.characters.items():
            text = text.replace(whole, one)
        return text

    def undo(self, text: str) -> str:
        for whole, one in self.characters.items():
            text = text.replace(one, whole)
        return text


def accented(texts: Iterable[str]) -> StandIns:
    """Stand-ins for letters with accents of their own (z̄), so that each counts as one column."""
    return StandIns(pair for text in texts for pair in _COMBINED.findall(text))


def latex_text(text: str) -> str:
    """Plain text for LaTeX: its special characters escaped.

    Raises :class:`~cellcalc.errors.OptionError` for a character that its usual fonts lack, for
    they would leave it out without a word.
    """
    return "".join(map(_latex_character, re.findall(".[\u0300-\u036f]*", composed(text), re.S)))


def _latex_character(character: str) -> str:
    if character in _LATEX_CHARACTERS:
        return _LATEX_CHARACTERS[character]
    if character.isascii():
        return character
    plain = unicodedata.normalize("NFD", character)
    if len(character) == 1 and plain[0].isascii() and plain[1:] in _LATEX_ACCENTS:
        return f"\\{_LATEX_ACCENTS[plain[1:]]}{{{plain[0]}}}"
    if _ACCENTED.fullmatch(plain) and plain[1] in ACCENTS:
        return f"${latex_word(plain)}$"
    raise OptionError("format", "no latex, which lacks letters of the text", f'"{character}"')


_LATEX_ACCENTS = {  # which every encoding of fonts has
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip
_LATEX_LETTERS = "ss ae oe o aa i l AE OE O AA L S copyright pounds".split()  # noqa: SIM905
_LIKE_LATIN = "ABEZHIKMNOPTXo"  # what the Greek letters of these shapes are written as
_GREEK_IN_LATEX = {
    letter: rf"\{name}"
    for letter, name in zip(
        "αβγδεζηθικλμνξπρςστυφχψωΓΔΘΛΞΠΣΥΦΨΩ∇",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho varsigma "  # noqa: SIM905
        "sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi "
        "Omega nabla".split(),
        strict=True,
    )
} | {letter: rf"\mathrm{{{c}}}" for letter, c in zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", _LIKE_LATIN, strict=True)}

_LATEX_CHARACTERS = (
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "…": r"\ldots{}",
        "·": r"$\cdot$",
        "−": "$-$",
        "²": "$^2$",
        "∂": r"$\partial$",
        "<": "$<$",
        ">": "$>$",
        "|": "$|$",
        "–": "--",
        "—": "---",
        "“": "``",
        "”": "''",
        "‘": "`",
        "’": "'",
        "×": r"$\times$",
        "≤": r"$\le$",
        "≥": r"$\ge$",
        "≈": r"$\approx$",
        "→": r"$\to$",
        "°": r"$^{\circ}$",
        "⟨": r"$\langle$",
        "⟩": r"$\rangle$",
    }
    | {c: rf"\{name}{{}}" for c, name in zip("ßæœøåıłÆŒØÅŁ§©£", _LATEX_LETTERS, strict=True)}
    | {raised: f"$^{{{letter}}}$" for raised, letter in RAISED.items()}
    | {letter: f"${name}$" for letter, name in _GREEK_IN_LATEX.items()}
    | {chr(lowered): f"$_{chr(plain)}$" for plain, lowered in SUBSCRIPTS.items()}
    | {chr(raised): f"$^{chr(plain)}$" for plain, raised in SUPERSCRIPTS.items()}
)
