"""One way of writing each character: full-width signs, dashes, spaces and the like."""

from __future__ import annotations

import re
import unicodedata

# Only what is the same character in another width or face; ² and ₂ mean more than 2.
_SAME: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SAME |= dict.fromkeys(map(ord, "−–—‐‑‒﹣➖"), "-")
_SAME |= dict.fromkeys(map(ord, "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
                                "\u2009\u200a\u202f\u205f\u3000"), " ")  # fmt: skip
_SAME |= dict.fromkeys(map(ord, "\u2061\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"), "")
_SAME |= dict.fromkeys(map(ord, "’‘′ʹ＇`´"), "'")
_SAME |= dict.fromkeys(map(ord, "“”„″"), '"')
_SAME |= {ord("〖"): "(", ord("〗"): ")"}  # of Word's linear equations
_SAME |= {ord("【"): "[", ord("】"): "]", ord("〈"): "⟨", ord("〉"): "⟩", ord("《"): "⟨",
          ord("》"): "⟩", ord("、"): ",", ord("。"): ".", ord("﹦"): "=", ord("⩵"): "==",
          ord("≔"): ":=", ord("∕"): "/", ord("⁄"): "/", ord("∑"): "Σ", ord("⟵"): "←",
          ord("⟶"): "→", ord("\t"): "\t", ord("𝜕"): "∂", ord("µ"): "μ"}  # fmt: skip
_SAME |= {ord(c): "*" for c in "·×⋅∙⊙∘∗•⨀⊗✕✖"}
_SAME[ord("÷")] = "/"
_SAME |= {ord("½"): "(1/2)", ord("¼"): "(1/4)", ord("¾"): "(3/4)", ord("⅓"): "(1/3)"}
# A full-width comma or colon has its space within it; but 0，7 and ：＝.
_WIDE = re.compile("，(?![0-9０-９\\s])|[：；](?![=＝\\s])|、(?!\\s)")
_DOT = re.compile("(?<=[A-Za-z0-9)\\]²])・(?=[A-Za-z0-9(])")  # of Japanese, between two factors
_LETTERS = re.compile("[\U0001d400-\U0001d7ff]")  # mathematical faces: 𝑐 is c


def plain(text: str, code_spans: bool = False) -> str:
    """The text in one way of writing; its lines stay where they are.

    With ``code_spans`` backticks are kept, which mark code in Markdown.
    """
    if text.isascii() and "`" not in text:
        return text
    if code_spans:
        text = text.replace("`", "\ue000")
    text = _DOT.sub("*", text) if "・" in text else text
    text = _WIDE.sub(lambda m: f"{m[0]} ", text)
    text = _LETTERS.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text.translate(_SAME))
    text = unicodedata.normalize("NFC", text)
    return text.replace("\ue000", "`") if code_spans else text


# Encodings that people's programs write; the first that fits and makes sense is taken.
_MARKED = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"),
           (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"),
           (b"\xfe\xff", "utf-16"))  # fmt: skip
_HAN = re.compile("[\u4e00-\u9fff]")


def decoded(contents: bytes) -> str | None:
    """The text that the bytes are, whichever program wrote them; None where they are none."""
    text = _decoded(contents)
    if text is None or "\x00" in text:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(contents: bytes) -> str | None:
    for mark, encoding in _MARKED:
        if contents.startswith(mark):
            return _tried(contents, encoding)
    if b"\x00" in contents[:4000]:
        even, odd = contents[0:4000:2].count(0), contents[1:4000:2].count(0)
        if max(even, odd) * 3 < min(len(contents), 4000) // 2:
            return None
        return _tried(contents, "utf-16-le" if odd >= even else "utf-16-be")
    text = _tried(contents, "utf-8")
    if text is not None:
        return text
    return _of_one_byte_or_two(contents)


def _tried(contents: bytes, encoding: str) -> str | None:
    try:
        return contents.decode(encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, UnicodeError):
        return None


def _of_one_byte_or_two(contents: bytes) -> str | None:
    """GBK, Big5 or a Western encoding: that which makes the most sense.

    In a Western text a byte above 127 stands between letters of ASCII (für); in GBK and Big5 such
    bytes come in pairs.
    """
    western = contents.decode("cp1252", "replace") if contents else ""
    controls = sum(c < " " and c not in "\n\r\t\f" for c in western)
    if controls * 20 > len(western):
        return None
    high = sum(byte > 127 for byte in contents)
    best, score = western, 0.0
    for encoding in ("gb18030", "big5"):
        text = _tried(contents, encoding)
        if text is None:
            continue
        common = sum(map(_is_common, text))
        wide = sum(c > "\x7f" for c in text)
        found = common / wide if wide and wide * 1.5 < high + 1 else 0.0
        if found > max(score, 0.6):
            best, score = text, found
    return best


def _is_common(character: str) -> bool:
    """Whether it is a sign of mathematics or punctuation, or among the usual Chinese ones."""
    if _HAN.match(character):
        try:  # the first plane of GB 2312 and of Big5 hold what is in daily use
            return 0xB0 <= character.encode("gb2312")[0] <= 0xD7
        except UnicodeEncodeError:
            try:
                return 0xA4 <= character.encode("big5")[0] <= 0xC6
            except UnicodeEncodeError:
                return False
    return character in "，。：；（）＝－＋×÷∂σΣ、！？“”【】·≈→" or "！" <= character <= "～"
