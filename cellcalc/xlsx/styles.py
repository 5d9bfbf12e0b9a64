"""The look of a workbook, as a table: inputs blue, formulas black, each group in its own tint."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.xlsx.cells import quoted

TINY = "0.0E+00"  # for what would show as 0.00000
HUGE = "0.000E+00"  # for what would not fit
TINY_SHOWN = "0.00E+00"


def plain(decimals: int, least: int | None = None) -> str:
    """So many decimals, of which those beyond the least are left out where they are 0."""
    least = decimals if least is None else least
    return f"0.{'0' * least}{'#' * (decimals - least)}"


NUMBER, NUMBER_DECIMALS = "0.00000", 5
# Without zeros at the end. No parts with conditions: LibreOffice drops the minus in the last one.
GIVEN = plain(4, 1)
# As a number is; in LibreOffice a formula whose own format is General takes that of another cell.
AS_IT_IS = "General;-General"
MINUTE, LEAST_SHOWN = "1E-99", "0E+00"  # below this an exponent has three digits
NOTHING = '"–"'  # for a loss at a step without target


@dataclass(frozen=True)
class Style:
    """Font colour and weight, fill, alignment, number format, lines around a cell, protection."""

    color: str = "000000"
    fill: str = ""
    bold: bool = False
    italic: bool = False
    size: int = 11
    align: str = "left"
    format: str = "General"
    wrap: bool = False
    line: str = ""
    indent: int = 0
    top: bool = False
    underline: bool = False
    box: bool = False
    unlocked: bool = False
    secret: bool = False  # the formula is not shown on a protected sheet
    quoted: bool = False  # what begins with "=" is a text all the same


INPUT_BLUE, INPUT_FILL, GREY = "0000FF", "FFFBE6", "808080"

# Rules: ink and fill of what is right, nearly right and wrong; ends of the colour scales. Chosen to
# be told apart by the colour-blind, and in grey by their lightness.
GOOD, FAIR, BAD = ("1B5E20", "CDE8CF"), ("7A4B00", "FFE3A8"), ("8E1B1B", "F4B6B6")
LATER = ("3A3A3A", "E4E4E4")  # what is told when it is handed in
CLOSED, HALF, OPEN = "7FA8D1", "FFFFFF", "F0A35E"
NEGATIVE, POSITIVE = "7FA8D1", "F0A35E"
# Gradients: within a factor of ten of the largest, within a hundred, a thousand, and below.
NEGATIVES = ("7FA8D1", "B3CCE6", "D6E4F2", "EEF4FA")
POSITIVES = ("F0A35E", "F7C89B", "FBE2C9", "FEF4EA")
FOCUS = "6B2FA0"
LANES = {"c": "1F4E79", "h": "2E7D32", "other": "595959"}  # the frame of each kind of lane
BEHIND = "F2F2F2"  # the end of a sequence
CUT = "B00020"
TRACED, USES, USED = "C9A7E8", "FFE08A", "A9DFB0"  # a number, what it is made of, what uses it

# The tint of each group: of its heading, and of its symbols and equations.
TINTS = {
    "input": ("7F6000", "FFF7DA"),
    "parameter": ("7F4A00", "FDEBD9"),
    "forward": ("1F4E79", "E3EEF8"),
    "backward": ("7B2C3B", "F9E4E6"),
    "gradient": ("4B3A78", "ECE7F5"),
}

STYLES: dict[str, Style] = {
    "title": Style(bold=True, size=16),
    "note": Style(color="404040", indent=1),
    "legend_input": Style(color=INPUT_BLUE, fill=INPUT_FILL),
    "input": Style(color=INPUT_BLUE, fill=INPUT_FILL, align="right", format=NUMBER, unlocked=True),
    "number": Style(align="right", format=NUMBER),
    "path": Style(color="595959", align="right", format=NUMBER),
    "edge": Style(color=GREY, align="right", format="0"),
    "count": Style(align="right", format="0"),
    "total": Style(bold=True, align="right", format=NUMBER),
    "section": Style(bold=True, size=13, color="1F4E79"),
    "paragraph": Style(wrap=True, top=True),
    "link": Style(color="0563C1", underline=True),
    "choice": Style(
        color=INPUT_BLUE, fill=INPUT_FILL, bold=True, align="center", box=True, unlocked=True
    ),
    "label": Style(bold=True),
    "live_text": Style(wrap=True, line="D9D9D9"),
    "value": Style(bold=True, align="right", format=NUMBER, line="D9D9D9"),
    "factor": Style(align="right", format=NUMBER, line="D9D9D9", color="595959"),
    "flag": Style(bold=True, align="center"),
    "exponent": Style(align="right", format="0.00E+00;-0.00E+00;0"),
    "whole": Style(align="right", format="0"),
    "small": Style(color=GREY, size=9),
    "small_number": Style(color=GREY, size=9, align="right", format=NUMBER),
    "node_label": Style(bold=True, align="center", box=True, fill="F2F2F2"),
    "node_value": Style(align="center", format="0.0000", box=True),
    "node_gradient": Style(align="center", format="0.0000", box=True, italic=True, color="7B2C3B"),
    "arrow": Style(align="center", size=14, color="404040"),
    "answer": Style(
        color=INPUT_BLUE, fill=INPUT_FILL, align="right", format="General", box=True, unlocked=True
    ),
    "answer_text": Style(color=INPUT_BLUE, fill=INPUT_FILL, wrap=True, box=True, unlocked=True),
    "mark": Style(align="center", color=GREY, size=9, format="General"),
    "mark_hidden": Style(align="center", color=GREY, size=9, format="General", secret=True),
    "heading": Style(bold=True, color="FFFFFF", fill="404040", wrap=True),
    "heading_number": Style(bold=True, color="FFFFFF", fill="404040", align="right", format="0"),
    "heat": Style(align="right", format=NUMBER, size=10),
    "percent": Style(bold=True, align="right", format="0.00%"),
    "plain": Style(align="right"),
    "pick": Style(
        color=INPUT_BLUE, fill=INPUT_FILL, bold=True, align="right", box=True, unlocked=True
    ),
    "strip_label": Style(color="404040", size=10, align="right"),
    "repeated": Style(
        bold=True, align="center", format=AS_IT_IS, fill="F3ECF9", color=FOCUS, box=True
    ),
    "notice": Style(color=FOCUS, size=10),
    "worked": Style(color="7B2C3B", size=12),
    "worked_bold": Style(color="7B2C3B", size=12, bold=True),
    "time": Style(bold=True, color="FFFFFF", fill="404040", align="center", format="0"),
    "lane_label": Style(bold=True, color="1F4E79", align="right"),
    "gradient_label": Style(bold=True, color="7B2C3B", align="right"),
    "plain_label": Style(color="404040", align="right", size=10),
    "road": Style(color="1F4E79", size=9, align="center", italic=True),
    "loss_value": Style(align="center", format="0.0000", box=True, size=10),
    "state_value": Style(align="center", format="0.0000", box=True),
    "gate_value": Style(align="center", format="0.0000", box=True, size=10),
    "given_value": Style(align="center", format=GIVEN, box=True, size=10),
    "state_gradient": Style(align="center", format="0.0000", box=True, bold=True),
    "forward_arrow": Style(align="center", color="1F4E79"),
    "backward_arrow": Style(align="center", color="7B2C3B"),
    "both_arrows": Style(align="center", color="808080", size=8),
    "swatch_text": Style(size=9, color="595959"),
    "link_text": Style(wrap=True, line="D9D9D9", indent=2, color="404040"),
    "degrees": Style(bold=True, align="right", format='0.0"°"'),
    "operation": Style(align="center", size=14, bold=True, color="1F4E79"),
    "percent_plain": Style(align="right", format="0%", line="D9D9D9"),
    "wire": Style(align="center", size=14, color="404040", line="404040"),
    "path_text": Style(color="595959", wrap=True, line="D9D9D9", indent=1),
    "matrix_value": Style(
        align="center", format=GIVEN, box=True, color=INPUT_BLUE, fill=INPUT_FILL
    ),
    "matrix_head": Style(bold=True, align="center", fill="F2F2F2", box=True),
    "cell_value": Style(align="right", format="0.0000", line="D9D9D9"),
    "do": Style(wrap=True, line="D9D9D9"),
    "try_link": Style(color="0563C1", underline=True, line="D9D9D9"),
    "text": Style(wrap=True, line="D9D9D9", indent=1),
    "formula_text": Style(wrap=True, line="D9D9D9", color="404040", indent=1, quoted=True),
}
for _k, (_low, _high) in enumerate(zip(NEGATIVES, POSITIVES, strict=True)):
    STYLES[f"swatch_low{_k}"] = Style(size=9, fill=_low, align="center")
    STYLES[f"swatch_high{_k}"] = Style(size=9, fill=_high, align="center")
for _group, (_dark, _light) in TINTS.items():
    STYLES[f"{_group}_heading"] = Style(bold=True, color="FFFFFF", fill=_dark)
    STYLES[f"{_group}_step"] = Style(
        bold=True, color="FFFFFF", fill=_dark, align="right", format="0"
    )
    STYLES[f"{_group}_note"] = Style(color="FFFFFF", fill=_dark)
    STYLES[f"{_group}_group"] = Style(color=GREY, fill=_light)
    STYLES[f"{_group}_symbol"] = Style(bold=True, fill=_light)
    STYLES[f"{_group}_path"] = Style(color="595959", fill=_light, indent=1)
    STYLES[f"{_group}_equation"] = Style(fill=_light, wrap=True)


for _name, _style in list(STYLES.items()):
    if not _style.quoted:
        STYLES[quoted(_name)] = replace(_style, quoted=True)


def write_samples(sheet: Worksheet) -> None:
    """Put one cell in each style into column A, for the package writer to read its number off."""
    for row, style in enumerate(STYLES.values(), 1):
        _apply(style, sheet.cell(row, 1, 0))


def _apply(style: Style, cell: Cell) -> None:
    cell.font = Font(
        name="Calibri",
        size=style.size,
        bold=style.bold,
        italic=style.italic,
        color=style.color,
        underline="single" if style.underline else None,
    )
    if style.fill:
        cell.fill = PatternFill("solid", start_color=style.fill)
    if style.line:
        cell.border = Border(bottom=Side("thin", color=style.line))
    if style.box:
        side = Side("thin", color=GREY)
        cell.border = Border(left=side, right=side, top=side, bottom=side)
    if style.quoted:
        cell.quotePrefix = True
    if style.unlocked or style.secret:
        cell.protection = Protection(locked=not style.unlocked, hidden=style.secret)
    cell.alignment = Alignment(
        horizontal=style.align,
        vertical="top" if style.top else "center",
        wrap_text=style.wrap,
        indent=style.indent,
    )
    cell.number_format = style.format
