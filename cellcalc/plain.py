"""Text for terminals that have no Unicode: the same maths in the equation language's spelling."""

from __future__ import annotations

import re
import unicodedata

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


def _line(text: str) -> str:
    text = text.replace("∂L/∂", "d").replace("Σₜ ", "sum ")
    text = re.sub(r",?(ₜ(?:[₊₋][₀-₉]+)?)", lambda m: f"[{m[1].translate(_LOWERED)}]", text)
    text = re.sub(r",([₀-₉]+)", lambda m: f"[{m[1].translate(_LOWERED)}]", text)
    # A step stands right behind a plain name (c₁); behind others it is a feature's number (W_f₁).
    text = re.sub(r"(?<![A-Za-z_])([A-Za-z]+)([₀-₉]+)(?![\[₀-₉])", _at_step, text)
    text = re.sub(r"([⁰¹²³⁴-⁹⁺⁻ᵗ⁽⁾]+)", lambda m: f"^{m[1].translate(_RAISED)}", text)
    text = re.sub(r"(.)ᵀ", r"\1 @ ", text).translate(_LOWERED).translate(_ASCII)
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c if c.isascii() else "" if unicodedata.combining(c) else "?" for c in plain)
