"""A class at a glance: points, slips by how many made them, what was hard, what to look at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from cellcalc.check.report import Kind, Verdict
from cellcalc.classroom.assignment import Assignment
from cellcalc.classroom.judging import Record
from cellcalc.classroom.pages import Block, Code, Heading, Items, Paragraph, Table
from cellcalc.classroom.result import Result
from cellcalc.classroom.rubric import number, verdicts_of
from cellcalc.resources import sentence

BINS = 10  # of the histogram
BAR = 40  # its longest bar
MOST_HARD, MOST_OPEN, MOST_NAMED, MOST_SLIPS = 12, 8, 6, 40
RIGHT = (Verdict.CORRECT.value, Verdict.CARRIED.value)


def overview(assignment: Assignment, results: Sequence[Result]) -> list[Block]:
    """The page for the teacher."""
    return list(_blocks(assignment, results))


def say(name: str, **words: object) -> str:
    return sentence("overview", name, **words)


def _blocks(assignment: Assignment, results: Sequence[Result]) -> Iterator[Block]:
    students = [one for one in results if one.row.student is not None]
    marked = [one for one in students if one.is_marked]
    yield Heading(assignment.title, 1)
    yield Paragraph(_summary(students, marked))
    yield from _points(marked)
    yield from _slips(marked)
    yield from _hard([one.record for one in marked])
    yield from _to_look_at(results)


def _summary(students: Sequence[Result], marked: Sequence[Result]) -> str:
    right = sum(one.is_all_right for one in marked)
    missing = sum(one.row.handed is None for one in students)
    return say("summary", students=len(students), marked=len(marked), missing=missing,
               unread=len(students) - len(marked) - missing, right=right)  # fmt: skip


def _points(marked: Sequence[Result]) -> Iterator[Block]:
    points = [one.points.total for one in marked if one.points is not None]
    if not points:
        return
    of = next(one.points.of for one in marked if one.points is not None)
    yield Heading(say("points"))
    yield Paragraph(say("median", median=number(median(points)), of=number(of),
                        low=number(min(points)), high=number(max(points))))  # fmt: skip
    width = of / BINS or 1.0
    counts = Counter(min(int(value / width + 1e-9), BINS - 1) for value in points)
    most = max(counts.values())
    lines = []
    for place in range(BINS):
        low, high = number(place * width), number((place + 1) * width)
        bar = "█" * round(counts[place] * min(1.0, BAR / most))
        bar = bar or ("▏" if counts[place] else "")
        lines.append(f"{low:>5} – {high:<5} {counts[place]:>4} {bar}".rstrip())
    yield Code(tuple(lines))


def _slips(marked: Sequence[Result]) -> Iterator[Block]:
    """Each slip with how many students made it."""
    who: dict[str, list[str]] = defaultdict(list)
    rows_of: dict[str, Counter[str]] = defaultdict(Counter)
    for one in marked:
        assert one.row.student is not None
        for slip in one.record["marks"]["slips"]:
            text = _told(slip["kind"], slip["says"])
            if one.row.student.id not in who[text]:
                who[text].append(one.row.student.id)
            rows_of[text].update(slip["rows"] or [slip["symbol"]])
    yield Heading(say("slips"))
    if not who:
        yield Paragraph(say("no_slips"))
        return
    ordered = sorted(who.items(), key=lambda item: (-len(item[1]), item[0]))
    rows = [
        (str(len(ids)), text, _few([row for row, _ in rows_of[text].most_common()]), _few(ids))
        for text, ids in ordered[:MOST_SLIPS]
    ]
    head = tuple(say(name) for name in ("students", "slip", "in_rows", "who"))
    yield Table(head, tuple(rows), frozenset({0}))
    if (more := len(ordered) - MOST_SLIPS) > 0:
        yield Paragraph(say("more_slips", count=more))


def _told(kind: str, says: str) -> str:
    """What is told of a slip: what is particular to one sheet is left out."""
    if kind == Kind.UNEXPLAINED.value or not says:
        return say("unexplained")
    if kind == Kind.COPY.value:
        return say("copy")
    return says


def _hard(records: Sequence[Record]) -> Iterator[Block]:
    """The quantities that the fewest got right, and what was left empty most."""
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    opened: Counter[str] = Counter()
    for record in records:
        found = verdicts_of(record)
        for window, symbol, t in record["asked"]:
            verdict, _ = found.get((window, symbol, t), (Verdict.OPEN.value, ""))
            verdicts[symbol][verdict] += 1
            if verdict == Verdict.OPEN:
                opened[symbol if t is None else f"{symbol}[{t}]"] += 1
    shares = []
    for symbol, counts in verdicts.items():
        tried = counts.total() - counts[Verdict.OPEN]
        if tried:
            shares.append((sum(counts[v] for v in RIGHT) / tried, symbol, counts))
    shares.sort(key=lambda item: (item[0], -item[2][Verdict.WRONG]))
    hard = [item for item in shares if item[0] < 1][:MOST_HARD]
    yield Heading(say("hard"))
    if hard:
        columns = ("correct", "carried", "repeated", "coarse", "wrong", "open")
        rows = [
            (symbol, f"{share:.0%}", *(str(counts[name]) for name in columns))
            for share, symbol, counts in hard
        ]
        head = (say("quantity"), say("share"), *columns)
        yield Table(head, tuple(rows), frozenset(range(1, len(head))))
    else:
        yield Paragraph(say("nothing_hard"))
    if opened:
        cells = [say("left", cell=c, count=n) for c, n in opened.most_common(MOST_OPEN)]
        yield Paragraph(say("open", count=opened.total(), cells=", ".join(cells)))


def _to_look_at(results: Sequence[Result]) -> Iterator[Block]:
    """What a teacher has to decide, or to ask somebody about."""
    texts = []
    for one in results:
        if one.notes:
            whose = one.row.student.id if one.row.student else ""
            file = one.row.handed.shown if one.row.handed and not one.row.student else ""
            texts.append(f"{whose or file}: {'; '.join(one.notes)}")
    if texts:
        yield Heading(say("look_at"))
        yield Items(tuple(texts))


def _few(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    text = ", ".join(names[:MOST_NAMED])
    return say("and_more", names=text, count=more) if more > 0 else text
