"""What sheets have in common besides cells: print set-up, number formats by rule, drop-downs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

from openpyxl.formatting.rule import ColorScale, FormatObject, Rule
from openpyxl.styles import Border, Color, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.resources import sentence
from cellcalc.xlsx.cells import letters
from cellcalc.xlsx.styles import (
    BAD,
    CLOSED,
    GOOD,
    HALF,
    HUGE,
    LEAST_SHOWN,
    MINUTE,
    NEGATIVE,
    NEGATIVES,
    OPEN,
    POSITIVE,
    POSITIVES,
    TINY,
    TINY_SHOWN,
    plain,
)

Ends = list[tuple[Literal["num", "formula"], float | str]]
_NEXT_FORMAT = {TINY: 200}  # numbers for formats used by rules only


def set_up_page(sheet: Worksheet, pages_wide: int = 1, pages_high: int = 0) -> None:
    """A4 landscape, so many pages wide, and high (0: as many as it takes); no grid lines."""
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = "9"  # A4
    sheet.page_setup.fitToWidth = pages_wide
    sheet.page_setup.fitToHeight = pages_high
    properties = sheet.sheet_properties.pageSetUpPr
    if properties is not None:
        properties.fitToPage = True
    for side in ("left", "right", "top", "bottom"):
        setattr(sheet.page_margins, side, 0.6)
    sheet.page_margins.footer = 0.3
    footer = sheet.oddFooter
    if footer is not None and footer.left is not None and footer.right is not None:
        footer.left.text, footer.right.text = "&A", "&P / &N"


PAGE = 705.0, 500.0  # points inside the margins of A4 and of Letter alike, in landscape
DIGIT, PADDING = 5.25, 3.75  # points that a character takes of a column's width, and its edges


def scale_to(sheet: Worksheet, widths: Sequence[float]) -> float:
    """Print at a scale, in percent, at which columns of these widths are as wide as a page.

    Not fitted: of pages so fitted Excel ignores the breaks.
    """
    properties = sheet.sheet_properties.pageSetUpPr
    if properties is not None:
        properties.fitToPage = False
    wide = sum(widths) * DIGIT + len(widths) * PADDING
    sheet.page_setup.scale = max(10, int(min(100, 100 * PAGE[0] / wide)))
    return float(sheet.page_setup.scale)


def fold(sheet: Worksheet, levels: int = 1) -> None:
    """Rows fold under the row above them, so many levels deep."""
    sheet.sheet_format.outlineLevelRow = levels
    outline = sheet.sheet_properties.outlinePr
    if outline is not None:
        outline.summaryBelow = False


def set_widths(sheet: Worksheet, widths: tuple[float, ...], first: int = 1) -> None:
    """The widths of neighbouring columns, in characters."""
    for k, width in enumerate(widths, first):
        sheet.column_dimensions[letters(k)].width = width


def set_width(sheet: Worksheet, width: float, first: int, last: int) -> None:
    """One width for many neighbouring columns, as one entry of the file."""
    span = sheet.column_dimensions[letters(first)]
    span.width, span.min, span.max = width, first, last


def _number_format(format: str) -> NumberFormat:
    number = _NEXT_FORMAT.setdefault(format, 200 + len(_NEXT_FORMAT))
    return NumberFormat(numFmtId=number, formatCode=format)


class _Look(DifferentialStyle):
    """A look that cells have where a formula holds: equal ones are one object.

    openpyxl compares each with all that are there when it numbers them, field by field.
    """

    __attrs__ = DifferentialStyle.__attrs__
    __elements__ = DifferentialStyle.__elements__
    __eq__ = object.__eq__
    __hash__ = object.__hash__


@lru_cache(maxsize=1024)
def _look(
    ink: str = "",
    fill: str = "",
    bold: bool = False,
    strike: bool = False,
    dotted: bool = False,
    format: str = "",
) -> _Look:
    font = Font(color=ink or None, bold=bold or None, strike=strike or None)
    side = Side("dotted", color="000000")
    return _Look(
        font=font if ink or bold or strike else None,
        numFmt=_number_format(format) if format else None,
        fill=PatternFill(bgColor=fill) if fill else None,
        border=Border(left=side, right=side, top=side, bottom=side) if dotted else None,
    )


def format_where(sheet: Worksheet, area: str, test: str, format: str) -> None:
    """Another number format where a formula holds, written for the area's first cell."""
    look = _look(format=format)
    sheet.conditional_formatting.add(area, Rule(type="expression", dxf=look, formula=[test]))


def show_scientific(sheet: Worksheet, area: str) -> None:
    """What would show as 0.00000, or not fit its column, in scientific notation."""
    first = area.partition(":")[0].replace("$", "")
    test = f"AND(ISNUMBER({first}),{first}<>0,ABS({first})<0.00005)"
    format_where(sheet, area, test, TINY)
    # Step numbers end below this; a minus takes the place of a digit.
    format_where(sheet, area, f"AND(ISNUMBER({first}),OR({first}>=20000,{first}<=-9999.5))", HUGE)


def flag(sheet: Worksheet, area: str) -> None:
    """OK in green, !! in red, anything else as it is."""
    first = area.partition(":")[0].replace("$", "")
    for text, colours in {"OK": GOOD, "!!": BAD}.items():
        fill_where(sheet, area, f'{first}="{text}"', colours)


def fill_where(sheet: Worksheet, area: str, test: str, colours: tuple[str, str]) -> None:
    """An ink and a fill where a formula holds, written for the area's first cell."""
    ink, fill = colours
    look = _look(ink, fill)
    sheet.conditional_formatting.add(area, Rule(type="expression", dxf=look, formula=[test]))


def grey_where(sheet: Worksheet, area: str, test: str, most: float = 0) -> None:
    """Grey ink, struck out, where a formula holds: what is left out of account."""
    look_where(sheet, area, test, "9A9A9A", strike=True, most=most)


def shade_gates(sheet: Worksheet, area: str, low: float = 0.0, high: float = 1.0) -> None:
    """From closed to open, pale in the middle: saturation shows as colour."""
    ends: Ends = [("num", low), ("num", (low + high) / 2), ("num", high)]
    _shade(sheet, area, ends, (CLOSED, HALF, OPEN))


def shade_gradients(sheet: Worksheet, area: str) -> None:
    """From negative to positive alike, white at 0: where a gradient vanishes the colour does."""
    fixed = re.sub(r"([A-Z]+)([0-9]+)", r"$\1$\2", area)
    largest = f"MAX(MAX({fixed}),-MIN({fixed}),1E-300)"
    ends: Ends = [("formula", f"-{largest}"), ("num", 0.0), ("formula", largest)]
    _shade(sheet, area, ends, (NEGATIVE, HALF, POSITIVE))


def shade_by_tens(
    sheet: Worksheet, areas: Sequence[str], scale: str, width: float, decimals: int, digits: str
) -> None:
    """Gradients in shades: one paler for each factor of ten below the size in a cell.

    The number of digits, too, is shown by these rules: LibreOffice applies one rule only.
    ``width`` is that of the narrowest column, ``decimals`` are those of the cells' own format,
    ``digits`` is the cell with the number that is chosen ("" for none). Of several ``areas`` the
    first has the highest row and the leftmost column, since the rules are written for that cell.
    """
    first = areas[0].partition(":")[0].replace("$", "")
    area = " ".join(areas)
    most = longest(width, decimals)
    counts = [n for n in range(1, min(13, room_for(width))) if n != decimals] if digits else []
    shown = _decimals(first, digits, room_for(width)) if digits else ""
    for k, pair in enumerate(zip(NEGATIVES, POSITIVES, strict=True), 1):
        for sign, colour in zip(("-", ""), pair, strict=True):
            least = f"{scale}*1E-{k}" if k < len(NEGATIVES) else "0"
            compare = f"ISNUMBER({first}),{sign}{first}>{least}"
            # The first that holds wins; others, as of the digits, go on to apply.
            looks = [(TINY_SHOWN, f"OR(ABS({first})<0.0001,ABS({first})>={most:.0f})")]
            if k == len(NEGATIVES):
                looks.insert(0, (LEAST_SHOWN, f"ABS({first})<{MINUTE}"))
            if digits:
                looks.append(("0", f"{first}=INT({first})"))
                looks += [("0." + "0" * count, f"{shown}={count}") for count in counts]
            for format, test in (*looks, ("", "")):
                formula = f"AND({compare},{test})" if test else f"AND({compare})"
                look = _look(fill=colour, format=format)
                rule = Rule("expression", dxf=look, formula=[formula])
                sheet.conditional_formatting.add(area, rule)


def look_where(
    sheet: Worksheet,
    area: str,
    test: str,
    ink: str = "",
    fill: str = "",
    bold: bool = False,
    strike: bool = False,
    dotted: bool = False,
    most: float = 0,
) -> None:
    """Another look where a formula holds, written for the area's first cell.

    From ``most`` on (0: however large) a number has an exponent by the same rule, because
    LibreOffice applies no other one to it.
    """
    first = area.partition(":")[0].replace("$", "")
    if most:
        large = f"AND({test},ISNUMBER({first}),ABS({first})>={most:.0f})"
        look = _look(ink, fill, bold, strike, dotted, TINY_SHOWN)
        rule = Rule(type="expression", dxf=look, formula=[large])
        sheet.conditional_formatting.add(area, rule)
    look = _look(ink, fill, bold, strike, dotted)
    sheet.conditional_formatting.add(area, Rule(type="expression", dxf=look, formula=[test]))


BETWEEN = 0.7  # characters between the numbers of neighbouring columns, of their width
DECIMALS = 4  # of the format that cells have without a rule
_CHARACTER, _EDGES = 7.43, 7.2  # pixels of a digit; of a sign, a point and the edges of a column


def room_for(width: float) -> int:
    """How many digits of a number, before and after the point, a column so wide has room for."""
    return int((7 * width - _EDGES) / _CHARACTER)


def longest(width: float, decimals: int) -> float:
    """From what on a number of so many decimals does not fit a column, less what is rounded up."""
    return 10.0 ** (room_for(width) - decimals) - 1


def _decimals(cell: str, digits: str, room: int) -> str:
    """How many decimals show so many figures of a number that is not 0, as far as they fit."""
    size = f"ABS({cell})"
    wanted = f"MAX({digits},{digits}-1-INT(LOG10({size})))"
    # A little more, for what is rounded up to a digit more.
    return f"MIN({wanted},{room - 1}-MAX(0,INT(LOG10({size}*{1 + 10.0**-room!r}))))"


def show_digits(
    sheet: Worksheet,
    area: str,
    digits: str,
    width: float,
    decimals_now: int = DECIMALS,
    given: bool = False,
) -> None:
    """So many figures as a cell says: as many decimals, or more for what is small.

    LibreOffice applies one rule only to a cell, of the area that comes first: call this after the
    rules of colours, which are more to it.
    ``width`` is that of the narrowest column: fewer decimals where they do not fit, an exponent
    where none does. ``decimals_now`` are those of the cells' own format. What is ``given`` is shown
    without zeros at its end.
    """
    first = area.partition(":")[0].replace("$", "")
    number = f"ISNUMBER({first})"
    size, room = f"ABS({first})", room_for(width)
    whole = min(9, room)
    format_where(sheet, area, f"AND({number},{first}=INT({first}),{size}<1E{whole})", "0")
    format_where(sheet, area, f"AND({number},{size}<{MINUTE})", LEAST_SHOWN)
    outside = f"OR({size}<0.0001,{size}>={10 ** (whole - 1) - 1})"
    format_where(sheet, area, f"AND({number},{outside})", TINY_SHOWN)
    decimals = _decimals(first, digits, room)
    for count in range(1, min(13, room)):
        if count != decimals_now:
            text = plain(count, 1 if given else None)
            format_where(sheet, area, f"IF({number},IF({first}=0,0,{decimals})={count})", text)


def shade_losses(sheet: Worksheet, area: str) -> None:
    """From the least (white) to the greatest: what is bad stands out."""
    rule = ColorScale(
        cfvo=[FormatObject(type="min"), FormatObject(type="max")],
        color=[Color(f"FF{HALF}"), Color(f"FF{POSITIVE}")],
    )
    sheet.conditional_formatting.add(area, Rule(type="colorScale", colorScale=rule))


def _shade(
    sheet: Worksheet,
    area: str,
    ends: Ends,
    colours: tuple[str, str, str],
) -> None:
    scale = ColorScale(
        cfvo=[FormatObject(type=kind, val=value) for kind, value in ends],
        color=[Color(f"FF{colour}") for colour in colours],
    )
    sheet.conditional_formatting.add(area, Rule(type="colorScale", colorScale=scale))


def drop_down(sheet: Worksheet, cell: str, source: str, title: str, prompt: str) -> None:
    """Let a cell take only what a range or a quoted list has, chosen from a list."""
    rule = DataValidation(type="list", formula1=source, allow_blank=False)
    rule.promptTitle, rule.prompt = title[:32], prompt[:255]
    rule.showInputMessage = rule.showErrorMessage = True
    sheet.add_data_validation(rule)
    rule.add(cell)


def whole_numbers(
    sheet: Worksheet,
    cell: str,
    bounds: tuple[int, int],
    title: str,
    prompt: str,
    otherwise: str = "",
) -> None:
    """Let a cell take whole numbers between two bounds; ``otherwise`` tests what else is taken."""
    low, high = bounds
    if otherwise:
        number = f"AND(ISNUMBER({cell}),{cell}>={low},{cell}<={high})"
        rule = DataValidation(type="custom", formula1=f"OR({otherwise},{number})")
    else:
        rule = DataValidation(type="whole", operator="between")
        rule.formula1, rule.formula2 = str(low), str(high)
    rule.allow_blank = False
    rule.promptTitle, rule.prompt = title[:32], prompt[:255]
    rule.errorTitle, rule.error = title[:32], prompt[:255]
    rule.showInputMessage = rule.showErrorMessage = True
    sheet.add_data_validation(rule)
    rule.add(cell)


def numbers_only(sheet: Worksheet, areas: Iterable[str], low: float, high: float) -> None:
    """Let cells take nothing but numbers between two bounds, or be empty."""
    rule = DataValidation(type="decimal", showErrorMessage=True, allow_blank=True)
    rule.formula1, rule.formula2 = (f"{bound:.15g}".upper() for bound in (low, high))
    rule.errorTitle = sentence("sheet", "input")
    rule.error = sentence("sheet", "number", low=low, high=high)
    sheet.add_data_validation(rule)
    for area in areas:
        rule.add(area.replace("$", ""))


def link(sheet: Worksheet, cell: str, target: str) -> None:
    """Make a cell a link to a place in this workbook, such as ``BPTT!E5``."""
    sheet[cell].hyperlink = Hyperlink(ref=cell, location=target)
