"""Reading answers: many ways of writing, several kinds of file, and what cannot be read."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcalc import load
from cellcalc.check.answers import Entry, entries_of_text, read
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.spelling import Written
from cellcalc.check.spelling import read as read_number
from cellcalc.check.words import to_json, to_text
from cellcalc.errors import ExpressionError, InputError
from cellcalc.workbook import build_workbook
from tests.support.command import Run
from tests.support.oracles import THOROUGH

TRACE = load("gomez").run()


def sheet(text: str):  # type: ignore[no-untyped-def]
    return read(entries_of_text(text), TRACE.model, 2, None)


@pytest.mark.parametrize(
    ("text", "symbol", "t", "value"),
    [
        ("dc[2] = -0.0711", "dc", 2, -0.0711),
        ("dc_2 = −0.0711", "dc", 2, -0.0711),
        ("dc₂ ≈ -.0711", "dc", 2, -0.0711),
        ("dc2: -7.11e-2", "dc", 2, -0.0711),
        ("dc(2) := -0,0711", "dc", 2, -0.0711),
        ("∂L/∂c_2 = -0.0711", "dc", 2, -0.0711),
        ("∂L/∂c₂ = -0.0711", "dc", 2, -0.0711),
        ("dL/dc[2] = -0.0711", "dc", 2, -0.0711),
        ("\\frac{\\partial L}{\\partial c_2} = -0.0711", "dc", 2, -0.0711),
        ("dz_f,₂ = 1", "dz_f", 2, 1.0),
        ("∂L/∂z_f,₂ = 1", "dz_f", 2, 1.0),
        ("dz_{f,2} = 1", "dz_f", 2, 1.0),
        ("dzf[2] = 1", "dz_f", 2, 1.0),
        ("x1[2] = 0.5", "x1", 2, 0.5),
        ("x₁,₂ = 0.5", "x1", 2, 0.5),
        ("dW_f1 = 1", "dW_f1", None, 1.0),
        ("dW_f[1] = 1", "dW_f1", None, 1.0),
        ("dWf1 = 1", "dW_f1", None, 1.0),
        ("∂L/∂W_f₁ = 1", "dW_f1", None, 1.0),
        ("dU_f[2] = 1", "dU_f", 2, 1.0),
        ("dc0 = 1", "dc0", None, 1.0),
        ("dc[0] = 1", "dc", 0, 1.0),
        ("L = 0.1149", "L", None, 0.1149),
        ("tanh_c[1] = 0.656", "tanh_c", 1, 0.656),
        ("dc[1] = dc[2]*f[2] = -0.0619", "dc", 1, -0.0619),
    ],
)
def test_a_number_is_read_however_it_is_written(
    text: str, symbol: str, t: int | None, value: float
) -> None:
    (answer,) = sheet(text).answers
    assert (answer.symbol, answer.t) == (symbol, t)
    assert answer.number is not None and answer.number.value == value


def test_a_step_may_be_set_for_the_lines_below() -> None:
    found = sheet(
        "# step\nt = 2\nc = 1.5176   # the cell\nh = 0.772\ndW_f1 = 1\nt = 1\nc = 0.786\n"
    )
    assert [(a.line, a.symbol, a.t) for a in found.answers] == [
        (3, "c", 2), (4, "h", 2), (5, "dW_f1", None), (7, "c", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dcc[2] = 3", 'expected a symbol of this problem, found "dcc[2]"; did you mean dc?'),
        ("dc[2] = ", "expected quantity = number or formula, found no value"),
        ("dc = 3", 'expected a step, as in dc[2], found "dc"'),
        ("dc[7] = 3", "expected a step from 0 to 2, found 7"),
        ("dc[t+1] = 3", 'expected a certain step, as in c[2], found "dc[t+1]"'),
        ("dW_f = 3", 'expected one feature of dW_f, as in dW_f1, found "dW_f"'),
        ("dc[2] = 1,234",
         'expected a decimal point, found "1,234", which may be 1.234 or 1234'),
        ("dc[t] = dh[t]*", 'expected a number, a name or "(", found the end of the formula'),
        ("dc[t] = dh[t]*q[t]", 'expected a symbol of this problem, found "q[t]"'),
        ("dh + dc = 3", 'expected a quantity before the equals sign, found "dh + dc"'),
        ("dc[t] = x[t]", 'expected one feature of x, as in x1, found "x"'),
        ("dc[t] = __import__('os')", 'expected a character of the equation language, found "_" '
         'at character 1'),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_listed_with_the_reason(text: str, why: str) -> None:
    found = sheet(f"c[2] = 1.5176\n{text}\nh[2] = 0.772")
    assert [(u.line, u.why) for u in found.unreadable] == [(2, why)]
    assert len(found.answers) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-0.0711", Written(-0.0711, 1e-4, 3)),
        ("1500", Written(1500.0, 1.0, 4)),
        ("2.50e-5", Written(2.5e-5, 1e-7, 3)),
        ("0.00", Written(0.0, 0.01, 0)),
        (".5", Written(0.5, 0.1, 1)),
    ],
)
def test_a_number_says_as_much_as_its_digits(text: str, expected: Written) -> None:
    found = read_number(text)
    assert (found.value, found.figures) == (expected.value, expected.figures)
    assert found.unit == pytest.approx(expected.unit)


@pytest.mark.parametrize(
    ("text", "value", "right"),
    [
        ("-0.0711", -0.07110771, True),
        ("-0.0711", -0.07114999, True),  # rounded
        ("-0.0711", -0.07119999, True),  # cut off
        ("-0.0711", -0.07121, False),
        ("-0.0711", -0.07104, False),
        ("0.0711", -0.07110771, False),
        ("0.07", 0.0711, True),
        ("0", 1e-15, True),
        ("0", 0.2, False),
        ("0.00", 0.004, True),
        ("1.0000000000000002", 1.0, True),
    ],
)
def test_rounded_and_cut_off_numbers_are_right(text: str, value: float, right: bool) -> None:
    assert read_number(text).stands_for(value) is right


def test_a_tolerance_goes_before_the_digits() -> None:
    assert read_number("0.0720").stands_for(0.0711, 0.02)
    assert not read_number("0.0720").stands_for(0.0711, 0.01)


@pytest.mark.parametrize(
    "contents",
    [
        b"symbol,t,value\nc,2,1.5176\ndW_f1,,-0.00315\n",
        b"Symbol;t;Value\nc;2;1,5176\ndW_f1;;-0,00315\n",
        b'[{"symbol": "c", "t": 2, "value": 1.5176}, {"symbol": "dW_f1", "value": -0.00315}]',
        b'{"c[2]": 1.5176, "dW_f1": -0.00315}',
        b'{"c": [null, 1.5176], "dW_f1": -0.00315}',
        b'{"forward": {"c": [null, 1.5176]}, "gradients": {"dW_f1": -0.00315}}',
        b"\xef\xbb\xbfc[2] = 1.5176\ndW_f1 = -0.00315\n",
    ],
)
def test_every_kind_of_file_gives_the_same_answers(contents: bytes) -> None:
    found = read(read_answers(contents, "answers"), TRACE.model, 2, None)
    assert [(a.symbol, a.t, a.number and a.number.value) for a in found.answers] == [
        ("c", 2, 1.5176), ("dW_f1", None, -0.00315),
    ]  # fmt: skip
    assert not found.unreadable


@pytest.mark.parametrize("format", ["json", "csv"])
@pytest.mark.parametrize("scheme", ["full", "tbptt(2,5)", "block(3)"])
def test_what_table_prints_is_marked_all_correct(
    format: str, scheme: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"answers.{format}"
    assert run("table", "ten_steps", "--scheme", scheme, "-f", format, "-o", path).exit_code == 0
    result = run("check", "ten_steps", path, "--scheme", scheme)
    assert (result.exit_code, "wrong" in result.stdout) == (0, False), result.stdout[-500:]


def practice_workbook(fill) -> bytes:  # type: ignore[no-untyped-def]
    """A practice workbook with its open cells filled in, as Excel would save it."""
    file = io.BytesIO()
    build_workbook(TRACE, file, practice="c,dc,dW_f1")
    book = openpyxl.load_workbook(io.BytesIO(file.getvalue()))
    cells = book["Practice"]
    for row in cells.iter_rows(min_row=5):
        symbol = row[1].value
        for cell in row[3:8]:
            if cell.value is None and cell.protection.locked is False:
                cell.value = fill(symbol, cell.column - 5)
    result = io.BytesIO()
    book.save(result)
    return result.getvalue()


def test_a_filled_in_practice_workbook_is_marked() -> None:
    one = TRACE.passes[0]
    window = one.windows[0]

    def fill(symbol: str, t: int) -> float:
        if t < 0:
            return round(window.gradients[symbol], 5)
        if symbol == "dc" and t == 1:
            return -0.06188  # the path through tanh_c is missing
        if symbol == "c":
            return round(one.forward["c"][t], 4)
        return round(window.entering["dc"] if t == 0 else window.backward["dc"][t - 1], 5)

    report = mark(TRACE, read_answers(practice_workbook(fill), "practice.xlsx", TRACE))
    found = {(m.answer.symbol, m.answer.t): m.verdict.value for m in report.marked}
    assert not report.unreadable
    assert found == {
        ("c", 1): "correct", ("c", 2): "correct", ("dc", 2): "correct", ("dc", 1): "wrong",
        ("dc", 0): "correct", ("dW_f1", None): "correct",
    }  # fmt: skip


def test_a_workbook_without_a_practice_sheet_is_refused() -> None:
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    with pytest.raises(InputError, match="expected a sheet with answers"):
        read_answers(file.getvalue(), "other.xlsx")


TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            ["dc", "dc[2]", "dz_f[t]", "=", "1.5", "-0.07", "(", ")", "*", "^", "sum(", "Σ", "tanh",
             "σ'", "²", "f_{t+1}", "x", "W_f", "dW_f", "/0", "1e999", "[", "t = 2", "\n", "#", ",",
             "window = 9", "∂L/∂c", "₂", "\\frac{", "}", "9**9**9", "\x00", "NaN", "inf", "e5"]
        ),
        max_size=14,
    ).map(" ".join),
)  # fmt: skip


@given(TEXTS)
@settings(max_examples=250 if THOROUGH else 100, deadline=None, derandomize=True)
def test_marking_never_fails_on_any_text(text: str) -> None:
    try:
        report = mark(TRACE, entries_of_text(text))
    except (ExpressionError, InputError):
        raise AssertionError("one bad answer is no reason to stop") from None
    except Exception as error:  # the window that does not exist is the file's trouble
        assert type(error).__name__ == "OptionError", error
        return
    to_text(report, TRACE.model)
    to_json(report, TRACE.model)


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_bytes_make_reading_fail_but_with_a_message(contents: bytes) -> None:
    for start in (b"", b"{", b"[", b"symbol,t,value\n", b"PK\x03\x04"):
        try:
            entries = read_answers(start + contents, "answers")
        except InputError as error:
            assert error.mistakes
        else:
            assert all(isinstance(entry, Entry) for entry in entries)
