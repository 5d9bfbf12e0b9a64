"""The shortest decimal of many floats at once: the very text of ``repr``, in a third of its time.

A million steps have sixty million numbers, and two thirds of the time in which they were written
went into their digits. The algorithm is Schubfach (Raffaello Giulietti, "The Schubfach way to
render doubles", 2020): the decimal with the fewest digits within the interval of reals that round
to the double, found with one product of 64 by 128 bits, here for a whole array. What remains is
layout, as ``repr`` has it: with an exponent below 1e-4 and from 1e16 on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy
from numpy.typing import NDArray

WIDTH = 24  # characters of the longest, -2.2250738585072014e-308
_DIGITS = 17
_LEAST, _MOST = -292, 324  # exponents of the powers of ten that are needed
_MANY_EXPONENTS = 100  # from which on, in one array, one number after the other is no slower
_TINY = 2.2250738585072014e-308  # below, a float has fewer bits

Words = NDArray[numpy.uint64]
Characters = NDArray[numpy.uint8]
_word = numpy.uint64
_LOW, _HALF = _word(0xFFFFFFFF), _word(32)


def lines(
    values: NDArray[numpy.float64],
    start: str,
    steps: Characters | None,
    end: str,
    other: Callable[[float], str] = repr,
) -> str:
    """The numbers, each between the same words, in one text.

    Parameters
    ----------
    values : array of shape (n,)
        The numbers.
    start, end : str
        What stands before and behind each, in ASCII.
    steps : array of shape (n, columns), optional
        Characters between start and number, as :func:`numbered` gives them.
    other : callable
        The text of a number that is not finite.

    Returns
    -------
    str
    """
    wide = 0 if steps is None else steps.shape[1]
    at = len(start) + wide
    rows = numpy.empty((len(values), at + WIDTH + len(end)), numpy.uint8)
    if start:
        _columns(rows, 0, len(start))[:] = numpy.void(start.encode())
    if steps is not None:
        _columns(rows, len(start), wide)[:] = _columns(steps, 0, wide)
    texts(values, rows[:, at : at + WIDTH], other)
    _columns(rows, at + WIDTH, len(end))[:] = numpy.void(end.encode())
    return rows.tobytes().translate(None, b"\0").decode()


@lru_cache(maxsize=256)
def numbered(first: int, count: int) -> Characters:
    """So many steps from ``first`` on as they stand in a line; the same for each symbol."""
    written = numpy.array([f"{t}," for t in range(first, first + count)], dtype="S")
    return written.view(numpy.uint8).reshape(count, -1)


def texts(
    values: NDArray[numpy.float64], out: Characters, other: Callable[[float], str] = repr
) -> None:
    """Write the text of each float into a row of characters.

    Parameters
    ----------
    values : array of shape (n,)
        The numbers.
    out : array of shape (n, WIDTH)
        A row for each: its ASCII characters in their order, with 0 anywhere between them.
    other : callable
        The text of a number that is not finite.
    """
    size = numpy.abs(values)
    usual = (size >= _TINY) & (size < numpy.inf)
    zero = size == 0.0
    if not usual.all():
        size = numpy.where(usual, size, 1.0)
    digits, point = _decimal(size)
    if zero.any():
        digits[zero], point[zero] = 0, 1
    least = int(point.min())
    counts = numpy.bincount(point - least)
    if numpy.count_nonzero(counts) > _MANY_EXPONENTS:
        usual = zero = numpy.zeros(len(values), bool)
    else:
        _lay_out(_characters(digits), point, counts, least, out)
        out[:, 0] = numpy.where(numpy.signbit(values), ord("-"), 0)
    rest = numpy.flatnonzero(~(usual | zero))
    if len(rest):
        written = [other(value) for value in values[rest].tolist()]
        out[rest] = numpy.array(written, dtype=f"S{WIDTH}").view(numpy.uint8).reshape(-1, WIDTH)


def _lay_out(
    digits: Characters, point: NDArray[Any], counts: NDArray[Any], least: int, out: Characters
) -> None:
    """The digits with point, zeros and exponent; those alike in that are dealt with at once."""
    order = numpy.argsort((point - least).astype(numpy.uint16), kind="stable")
    own = digits.view(f"V{_DIGITS}").ravel()[order]
    body = numpy.zeros((len(point), WIDTH), numpy.uint8)
    start = 0
    for offset in numpy.flatnonzero(counts).tolist():
        stop, e = start + int(counts[offset]), offset + least  # 0.d1d2… * 10**e
        rows, part = body[start:stop], own[start:stop]
        if 0 < e <= 16:
            _columns(rows, 2, _DIGITS)[:] = part
            _columns(rows, 1, e)[:] = _columns(part.view(numpy.uint8).reshape(-1, _DIGITS), 0, e)
            rows[:, 1 + e] = ord(".")
            _without_zeros(rows, 3 + e, 19)
        elif -4 < e <= 0:
            _columns(rows, 1, 2 - e)[:] = numpy.void(b"0." + b"0" * -e)
            _columns(rows, 3 - e, _DIGITS)[:] = part
            _without_zeros(rows, 4 - e, 20 - e)
        else:
            tail = f"e{e - 1:+03d}".encode()
            _columns(rows, 2, _DIGITS)[:] = part
            rows[:, 1], rows[:, 2] = rows[:, 2], ord(".")
            _columns(rows, 19, len(tail))[:] = numpy.void(tail)
            whole = _without_zeros(rows, 3, 19)
            rows[whole, 2] = 0
        start = stop
    back = numpy.empty_like(order)
    back[order] = numpy.arange(len(order))
    _columns(out, 0, WIDTH)[:] = _columns(body, 0, WIDTH)[back]


def _columns(rows: Characters, first: int, count: int) -> NDArray[numpy.void]:
    """Some neighbouring columns as one value a row, which is copied at once."""
    return rows[:, first : first + count].view(f"V{count}")[:, 0]


def _without_zeros(rows: Characters, first: int, last: int) -> NDArray[numpy.intp]:
    """Take the zeros at the end of these columns away; which rows had nothing else there."""
    ends = numpy.flatnonzero(rows[:, last - 1] == ord("0"))
    for column in range(last - 1, first - 1, -1):
        ends = ends[rows[ends, column] == ord("0")] if column < last - 1 else ends
        if not len(ends):
            break
        rows[ends, column] = 0
    return ends


def _characters(digits: Words) -> Characters:
    """The 17 digits of each number as characters."""
    fours = _fours()
    found = numpy.empty((len(digits), 5), numpy.uint32)
    high = digits // _word(10**8)
    low = digits - high * _word(10**8)
    for column, part in ((2, high), (4, low)):
        rest = part // _word(10**4)
        found[:, column] = fours[part - rest * _word(10**4)]
        if column == 4:
            found[:, 3] = fours[rest]
        else:
            first = rest // _word(10**4)
            found[:, 1] = fours[rest - first * _word(10**4)]
            found[:, 0] = fours[first]
    return numpy.ascontiguousarray(found.view(numpy.uint8)[:, 3:])


@lru_cache(maxsize=1)
def _fours() -> NDArray[numpy.uint32]:
    """Four digits each: 0000, 0001, …"""
    return numpy.array([f"{n:04d}" for n in range(10**4)], dtype="S4").view(numpy.uint32)


@lru_cache(maxsize=1)
def _powers() -> tuple[Words, ...]:
    """Powers of ten, rounded up to 128 bits without regard to their size, in four parts each."""
    found = []
    for k in range(_LEAST, _MOST + 1):
        if k >= 0:
            more = (10**k).bit_length() - 128
            power = -(-(10**k) >> more) if more > 0 else 10**k << -more
        else:
            power = -(-(1 << ((10**-k).bit_length() + 127)) // 10**-k)
        found.append([power >> 32 * part & 0xFFFFFFFF for part in range(4)])
    return tuple(numpy.array(found, dtype=numpy.uint64).T.copy())


def _decimal(values: NDArray[numpy.float64]) -> tuple[Words, NDArray[numpy.int64]]:
    """The 17 digits of positive floats, and where the point is among them: 0.d1d2… * 10**point.

    The names are those of the paper: a float is c * 2**q, and s * 10**k is the decimal.
    """
    bits = values.view(numpy.uint64)
    fraction = bits & _word((1 << 52) - 1)
    exponent = (bits >> _word(52)).astype(numpy.int64)
    q = exponent - 1075
    c = fraction | _word(1 << 52)
    odd = c & _word(1)
    closer = (fraction == 0) & (exponent > 1)  # the float below is nearer than the one above
    k = (q * 1262611 - closer * 524031) >> 22  # the logarithm of the spacing, rounded down
    h = (q + ((k * -1741647) >> 19) + 1).astype(numpy.uint64)
    g0, g1, g2, g3 = (numpy.take(part, -k - _LEAST) for part in _powers())
    low, high = g0 | (g1 << _HALF), g2 | (g3 << _HALF)
    # Four times the value, in units of 10**k: 192 bits, of which all below the highest 64 count
    # only as a remainder. The interval's ends are half a spacing away, or a quarter below.
    factor = c << (h + _word(2))
    part0, part1 = factor & _LOW, factor >> _HALF
    p0 = low * factor
    p1 = high * factor
    p2 = _high(g2, g3, part0, part1)
    carried = _high(g0, g1, part0, part1)
    p1 += carried
    p2 += p1 < carried
    value = p2 | (p1 > _word(1))
    shift = h + _word(1)
    d0, d1, d2 = _shifted(low, high, shift)
    carry = p0 + d0 < d0
    r1 = p1 + d1
    over = r1 < d1
    r1 += carry
    over |= carry & (r1 == 0)
    upper = (p2 + d2 + over) | (r1 > _word(1))
    upper -= odd
    if closer.any():
        d0, d1, d2 = _shifted(low, high, shift - closer)
    borrow = p0 < d0
    r1 = p1 - d1
    under = (p1 < d1) | (borrow & (r1 == 0))
    r1 -= borrow
    lower = (p2 - d2 - under) | (r1 > _word(1))
    lower += odd
    # One digit less, if just one such decimal is within; else one of the two nearest.
    s = value >> _word(2)
    tens = s // _word(10)
    forty = tens * _word(40)
    above = forty + _word(40) <= upper
    shorter = (lower <= forty) != above
    below = value & ~_word(3)
    up = below + _word(4) <= upper
    half = below + _word(2)
    nearest = (value > half) | ((value == half) & ((s & _word(1)) == 1))
    s += numpy.where((lower <= below) != up, up, nearest)
    s = numpy.where(shorter, (tens + above) * _word(10), s)
    point = k + _DIGITS
    for _ in range(2):  # it has 15 digits at least
        few = s < _word(10**16)
        s = numpy.where(few, s * _word(10), s)
        point -= few
    return s, point


def _shifted(low: Words, high: Words, by: Words) -> tuple[Words, Words, Words]:
    """128 bits times a power of two, in three words."""
    rest = _word(64) - by
    return low << by, (high << by) | (low >> rest), high >> rest


def _high(a0: Words, a1: Words, b0: Words, b1: Words) -> Words:
    """The upper 64 bits of a product of two words, of which the halves are given."""
    found = a0 * b0
    found >>= _HALF
    found += a1 * b0
    middle = found & _LOW
    middle += a0 * b1
    middle >>= _HALF
    found >>= _HALF
    found += middle
    found += a1 * b1
    return found
