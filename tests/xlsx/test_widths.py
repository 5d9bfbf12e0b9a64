"""No number is shown as ####: what the rules of a column show of any number fits its width."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import cellcalc
from cellcalc import resources
from cellcalc.xlsx.page import DECIMALS, room_for, shade_by_tens, show_digits, show_scientific
from cellcalc.xlsx.styles import NUMBER_DECIMALS, STYLES
from tests.support.oracles import program
from tests.support.spreadsheets import book_of

# Pixels of Calibri at 11 points, and what a column of a width has between its edges.
PIXELS = {".": 3.7, "-": 4.5, "E": 7.2, "+": 7.3}
SIZES = [0.0, *(m * 10.0**e for e in range(-320, 99, 7) for m in (1.0, 9.9999999))]
SIZES += [m * 10.0**e for e in range(-12, 16) for m in (1.0, 1.2345678901, 9.9999999999, 5.0)]
FUNCTIONS: dict[str, Any] = {
    "AND": lambda *tests: all(tests), "OR": lambda *tests: any(tests),
    "ABS": abs, "INT": math.floor, "LOG10": lambda x: math.log10(x) if x > 0 else 0,
    "MAX": max, "MIN": min,
    "ISNUMBER": math.isfinite, "IF": lambda test, yes, no=False: yes if test else no,
}  # fmt: skip


def fits(text: str, width: float) -> bool:
    pixels = sum(PIXELS.get(character, 7.43) for character in text)
    return pixels <= 7 * width + 5 - 3.5


def formatted(value: float, format: str) -> str:
    """A number as 0.000 or 0.00E+00 shows it."""
    decimals = len(format.partition("E")[0].partition(".")[2])
    if "E" in format:
        return f"{value:.{decimals}E}"
    return f"{value:.{decimals}f}"


def rules(sheet: Worksheet) -> Iterator[tuple[str, str]]:
    """The format and the test of each rule with a format, first the one that wins."""
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            if rule.dxf.numFmt is not None:
                yield rule.dxf.numFmt.formatCode, rule.formula[0]


def shown(sheet: Worksheet, value: float, digits: int, usual: str) -> str:
    """What a cell C9 shows; the digits chosen stand in A1, the largest gradient in A2."""
    for format, test in rules(sheet):
        text = re.sub(r"\bC9\b", f"({value!r})", test)
        text = text.replace("$A$1", str(digits)).replace("$A$2", "1E+3")
        text = re.sub(r"(?<![<>])=", "==", text).replace("<>", "!=")
        if eval(text, {"__builtins__": {}}, FUNCTIONS):
            return formatted(value, format)
    return formatted(value, usual)


@pytest.mark.parametrize("digits", [2, 4, 8])
@pytest.mark.parametrize("width", [8.7, 9, 10, 11, 12])
@pytest.mark.cases(3)
def test_numbers_with_the_digits_chosen_fit(width: float, digits: int) -> None:
    sheet = openpyxl.Workbook().active
    assert isinstance(sheet, Worksheet)
    show_digits(sheet, "C9:F20", "$A$1", width)
    for size in SIZES:
        for value in (size, -size):
            text = shown(sheet, value, digits, "0.0000")
            assert fits(text, width), (value, text)
            if 1e-3 < size < 1e3 and room_for(width) > digits + 3:  # as many figures as were chosen
                assert float(text) == pytest.approx(value, rel=0.6 * 10 ** (1 - digits))


@pytest.mark.parametrize("digits", ["", "$A$1"])
@pytest.mark.parametrize("decimals", [DECIMALS, NUMBER_DECIMALS])
@pytest.mark.parametrize("width", [8.7, 9, 10, 11, 12])
@pytest.mark.cases(3)
def test_gradients_in_shades_fit_and_are_never_shown_as_0(
    width: float, decimals: int, digits: str
) -> None:
    """LibreOffice applies no other rule to them."""
    sheet = openpyxl.Workbook().active
    assert isinstance(sheet, Worksheet)
    shade_by_tens(sheet, ["C9:F20", "H9"], "$A$2", width, decimals, digits)
    for size in SIZES:
        for value in (size, -size):
            text = shown(sheet, value, 6, f"0.{'0' * decimals}")
            assert fits(text, width), (value, text)
            if digits and 1e-3 < size < 1e3 and room_for(width) > 9:
                assert float(text) == pytest.approx(value, rel=0.6e-5)
            assert size == 0 or float(text) != 0, (value, text)


def test_no_format_has_parts_with_conditions() -> None:
    """LibreOffice drops the minus of a negative number in the last of them."""
    assert not [name for name, style in STYLES.items() if "[" in style.format]


def test_numbers_without_a_choice_of_digits_fit() -> None:
    sheet = openpyxl.Workbook().active
    assert isinstance(sheet, Worksheet)
    show_scientific(sheet, "C9:F20")
    for size in SIZES:
        for value in (size, -size):
            if 1e-99 < size < 1e99:
                text = shown(sheet, value, 4, "0.00000")
                assert fits(text, 11), (value, text)


EXAMPLES = [name for name in resources.names("examples") if name != "class"]


@pytest.mark.parametrize("language", resources.languages())
@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.cases(0, thorough=8)
def test_libreoffice_shows_no_overflow_in_a_sheet_of_an_example(
    name: str, language: str, soffice: str, tmp_path: Path
) -> None:
    """Every sheet as LibreOffice draws it, on one page each."""
    resources.use(language)
    try:
        (tmp_path / "book.xlsx").write_bytes(book_of(cellcalc.load(name)))
    finally:
        resources.use(resources.FIRST)
    pages = '{"SinglePageSheets":{"type":"boolean","value":"true"}}'
    command = [soffice, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
               "--convert-to", f"pdf:calc_pdf_Export:{pages}", "--outdir"]  # fmt: skip
    subprocess.run([*command, tmp_path, tmp_path / "book.xlsx"], check=True, capture_output=True)
    text = subprocess.run(
        [program("pdftotext"), "-layout", tmp_path / "book.pdf", "-"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    assert len(text) > 500
    assert not [line for line in text.splitlines() if "###" in line]
