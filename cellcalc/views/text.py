"""How a number is printed: as many decimals as asked for, but never so few that it vanishes."""

from __future__ import annotations

import math
import re
import unicodedata

from cellcalc.language.letters import ACCENTS, GREEK, MARK, RAISED
from cellcalc.language.notation import plain_number


def fixed(value: float, decimals: int) -> str:
    """``value`` to so many decimals, or in scientific notation where these would show too little.

    With two decimals or more, a value that is not 0 shows at least two significant figures
    (0.00012, but 1.2346e-05). One of a million or more is scientific, so that columns stay
    narrow. nan is an empty text.
    """
    if math.isnan(value):
        return ""
    text = f"{value:.{decimals}f}"
    exact = abs(float(text) - value) < 1e-6 * 10.0**-decimals  # but for float noise
    if math.isinf(value) or (exact and abs(value) < 1e6):
        return text if float(text) or not text.startswith("-") else text[1:]
    least = 10.0 ** (1 - decimals) if decimals > 1 else 0.5 * 10.0**-decimals
    if abs(value) < least or abs(value) >= 1e6:
        return f"{value:.{max(decimals - 1, 1)}e}"
    return text


def short(value: float, decimals: int) -> str:
    """The same, but a number that needs fewer decimals is printed with those it has: 0.7, 2."""
    nearest = round(value, decimals) if math.isfinite(value) else value
    plain = plain_number(nearest)
    noise = 1e-12 * max(1.0, abs(value))
    if abs(value - nearest) <= noise and "e" not in plain and (nearest or not value):
        return plain
    return fixed(value, decimals)


_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₜ", "0123456789+-t")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵗ⁽⁾", "0123456789+-t()")
_WORDS = {
    "∂L/∂": "d", "∂": "d", "Σₜ ": "sum ", "Σ": "sum", "σ": "sigmoid", "√": "sqrt", "∇": "grad ",
    "δ": "delta_", "Δ": "Delta_", "Γ": "Gamma", "ε": "eps", "·": "*", "×": "x", "⊙": "*",
    "−": "-", "–": "-", "—": "-", "…": "...", "←": "<-", "→": "->", "≤": "<=", "≥": ">=",
    "≈": "~", "≠": "!=", "∞": "inf", "°": "*", "✓": "+", "✗": "x", "─": "-", "│": "|", "┼": "+",
    "┤": "|", "├": "|", "═": "=", "█": "#", "▓": "%", "▒": "+", "░": ".", "■": "#", "□": ".",
    "●": "o", "○": ".", "▲": "^", "▼": "v", "▸": ">", "▹": ")",
    "▶": ">", "▾": "v", "↺": "@", "⟲": "@", "↩": "@",
    "“": '"', "”": '"', "‘": "'", "’": "'", "„": '"',
}  # fmt: skip
_ASCII = str.maketrans({k: v for k, v in _WORDS.items() if len(k) == 1})


def _at_step(match: re.Match[str]) -> str:
    return f"{match[1]}[{match[2].translate(_LOWERED)}]"


def ascii_text(text: str) -> str:
    """The text in ASCII: ``∂L/∂cₜ₊₁·fₜ₊₁`` as ``dc[t+1]*f[t+1]``; a letter without one as ?.

    Equals signs that stood below one another do so again.
    """
    lines: list[str] = []
    above, shift = -1, 0  # where the last sign stood, and how far it has moved
    for line in text.split("\n"):
        plain, sign = _line(line), line.find("= ")
        if sign >= 0 and sign == above and not line[:sign].strip():
            plain = " " * (sign + shift) + plain.lstrip()
        elif sign >= 0:
            above, shift = sign, plain.find("= ") - sign
        lines.append(plain)
    return "\n".join(lines)


_ACCENTED = re.compile(f"(.)([{''.join(ACCENTS)}])")
_NAME = "[A-Za-zÀ-ÖØ-öø-ɏͰ-Ͽ\u1e00-\u1eff\u0300-\u036fᶠᵍᵒ0-9_]"
_OURS = re.compile(f"({_NAME}+){MARK}")
_BEFORE_A_TIME = "⁽<(ᵗ"  # a feature's number, not a step, where the time follows in another way


def _line(text: str) -> str:
    if not text.isascii():
        text = _spelled_out(unicodedata.normalize("NFD", text))
    text = text.replace("∂L/∂", "d").replace("Σₜ ", "sum ")
    text = re.sub(r",?(ₜ(?:[₊₋][₀-₉]+)?)", lambda m: f"[{m[1].translate(_LOWERED)}]", text)
    text = re.sub(r",([₀-₉]+)", lambda m: f"[{m[1].translate(_LOWERED)}]", text)
    # A step stands right behind a plain name (c₁); behind others it is a feature's number (W_f₁).
    behind = rf"(?<![A-Za-z_])([A-Za-z]+)([₀-₉]+)(?![\[₀-₉{_BEFORE_A_TIME}])"
    text = re.sub(behind, _at_step, text)
    text = re.sub(r"([⁰¹²³⁴-⁹⁺⁻ᵗ⁽⁾]+)", _power, text)
    text = re.sub(r"(.)ᵀ", r"\1 @ ", text).translate(_LOWERED).translate(_ASCII)
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c if c.isascii() else "" if unicodedata.combining(c) else "?" for c in plain)


def _spelled_out(text: str) -> str:
    """An author's signs as they are typed, so that they can be read back: f_hat, phi, our_y."""
    text = _OURS.sub(r"our_\1", text)
    if "δ" in text or "∇" in text:
        text = text.replace("∂L/∂", "dL/d")  # there di is another derivative than dL/di
    text = re.sub(r"Δ(?![A-Za-z_])", "Delta", text)
    text = _ACCENTED.sub(lambda m: f"{m[1]}_{ACCENTS[m[2]]}", text)
    text = re.sub(r"([δΔ])_", r"\1", text).replace("ε_", "epsilon_").replace("∇", "grad_")
    for letter in "ιφωψβ":
        text = text.replace(letter, GREEK[letter])
    for raised, letter in RAISED.items():
        text = text.replace(raised, f"_{letter}")
    return text.replace("⟨", "<").replace("⟩", ">").replace(MARK, "our_")


def _power(match: re.Match[str]) -> str:
    plain = match[1].translate(_RAISED)
    return f"^({plain})" if len(plain) > 1 and "t" in plain and "(" not in plain else f"^{plain}"


# What begins markup anywhere in a line; an underscore does so only at the edge of a word.
_MARKS = re.compile(r"[\\`*<>\[\]]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|\$|~(?=~)|(?<=~)~|#+$")


def markdown_text(text: str) -> str:
    """Plain text for one line of Markdown (CommonMark and GitHub's): its marks escaped."""
    return _MARKS.sub(lambda match: "".join(f"\\{c}" for c in match[0]), text)
