"""The measurements: each part makes sheets, has them marked, and counts what came of it."""

from __future__ import annotations

import multiprocessing
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.marking.arithmetic import Rounding
from tests.marking.equations import STYLES, Shape
from tests.marking.judging import Marked, Truth, is_named, mark, marked_values, worth
from tests.marking.others import central_differences, torch_values
from tests.marking.problems import SHAPES, Plan, Problem, random_problem, varied
from tests.marking.sheets import DEGREES, FORMS, sheet, written
from tests.marking.slips import (
    COPIES,
    Copy,
    Slip,
    copying,
    mutants,
    of_table,
    of_training,
)
from tests.marking.working import Off, Where, off, values_of

ROUNDINGS = [
    *(Rounding(figures=k) for k in (6, 5, 4, 3)),
    *(Rounding(decimals=k) for k in (5, 4, 3)),
]
HAND = [Rounding(5), Rounding(4), Rounding(6)]

SCHEMES = {
    "full": Plan(),
    "tbptt(1,3)": Plan(k1=1, k2=3),
    "tbptt(2,4)": Plan(k1=2, k2=4),
    "tbptt(2,4), inject all": Plan(k1=2, k2=4, inject="all"),
    "tbptt(2,3), inject last": Plan(k1=2, k2=3, inject="last"),
    "tbptt(3,2), losses dropped": Plan(k1=3, k2=2),
    "block(2)": Plan(k1=2, k2=2),
    "block(2), state reset": Plan(k1=2, k2=2, state="reset"),
    "block(2), mean": Plan(k1=2, k2=2, reduction="mean"),
    "tbptt(1,3), stored weights": Plan(k1=1, k2=3, weights="stored"),
    "tbptt(2,4), update a sequence": Plan(k1=2, k2=4, update="sequence"),
    "block(2), update an epoch": Plan(k1=2, k2=2, update="epoch", epochs=2),
    "tbptt(2,3), tail discarded": Plan(k1=2, k2=3, tail="discard"),
    "tbptt(2,3), tail short": Plan(k1=2, k2=3, tail="short"),
    "tail(2)": Plan(k2=2),
    "full, 3 epochs": Plan(epochs=3),
    "full, momentum, 3 epochs": Plan(epochs=3, optimizer="momentum"),
    "full, Adam, 3 epochs": Plan(epochs=3, optimizer="adam", rate=0.05),
    "block(2), two sequences": Plan(k1=2, k2=2),
}


@dataclass
class Record:
    """What came of one sheet: counts by name, and an example where something went wrong."""

    part: str
    row: str
    column: str
    counts: Counter[str]
    seconds: float = 0.0
    failed: str = ""  # what went wrong
    problem: str = ""
    answers: str = ""
    said: str = ""


@dataclass(frozen=True)
class Job:
    """One problem's share of a part."""

    part: str
    number: int
    seed: int
    of: int


def _record(
    part: str,
    row: str,
    column: str,
    problem: Problem,
    text: str,
    marked: Marked,
    failed: str,
    **counts: int,
) -> Record:
    counted = Counter({"sheets": 1, **counts})
    if marked.trouble:
        kind = marked.trouble.partition(":")[0]
        counted[kind] += 1
        failed = marked.trouble
    said = ""
    if failed:
        said = "; ".join(
            f"{cause.get('symbol')} = {cause.get('formula')} ({cause.get('says')})"
            for cause in marked.slips[:4]
        )
    return Record(
        part,
        row,
        column,
        counted,
        marked.seconds,
        failed,
        problem.toml() if failed else "",
        text if failed else "",
        said,
    )


def _right_sheet(
    part: str,
    row: str,
    column: str,
    problem: Problem,
    given: Mapping[Where, str],
    expected_coarse: Iterable[Where] = (),
    form: str = "lines",
) -> Record:
    """Right work: every answer must be correct, or coarse where it has few figures."""
    page = sheet(given, problem, form)
    marked = mark(problem, page)
    coarse = set(expected_coarse)
    bad: Counter[str] = Counter()
    example = ""
    for where, verdict in zip(page.wheres, marked.verdicts, strict=True):
        if marked.trouble or verdict == "correct" or (verdict == "coarse" and where in coarse):
            continue
        bad[verdict] += 1
        example = example or f"{where.symbol}[{where.t}] = {given[where]} is {verdict}"
    named = sum(is_named(cause) for cause in marked.slips)
    return _record(
        part,
        row,
        column,
        problem,
        page.text,
        marked,
        example,
        answers=0 if marked.trouble else len(page.wheres),
        bad=sum(bad.values()),
        named=named,
        dropped=bad["dropped"],
        **{"sheets with": int(bool(bad))},
    )


def _coarse(given: Mapping[Where, str], figures: int = 3) -> list[Where]:
    """Answers with fewer figures than are asked for."""
    return [
        where
        for where, text in given.items()
        if len(text.lower().partition("e")[0].lstrip("-").replace(".", "").lstrip("0")) < figures
    ]


def right(job: Job) -> Iterable[Record]:
    """Right work on an untruncated problem: every rounding and degree."""
    problem = varied(job.number, job.seed)
    for k, rounding in enumerate(ROUNDINGS):
        style = STYLES[(job.number + k) % 2]
        kept = replace(rounding, zeros=(job.number + k) % 4 != 3)
        values = values_of(problem, kept, style)
        for degree in DEGREES:
            given = written(marked_values(problem, values, degree), kept)
            yield _right_sheet("right", rounding.name, degree, problem, given, _coarse(given))


def forms(job: Job) -> Iterable[Record]:
    """Right work written in other ways."""
    problem = varied(job.number, job.seed)
    rounding = ROUNDINGS[job.number % len(ROUNDINGS)]
    values = values_of(problem, rounding, STYLES[1])
    for form in FORMS[1:]:
        for degree in DEGREES:
            given = written(marked_values(problem, values, degree), rounding)
            yield _right_sheet("forms", form, degree, problem, given, _coarse(given), form)


def schemes(job: Job) -> Iterable[Record]:
    """Right work under every scheme; the rounding goes through all of them by turns."""
    for k, (name, plan) in enumerate(SCHEMES.items()):
        shape = SHAPES[(job.number + k) % len(SHAPES)]
        steps: int | tuple[int, ...] = (5, 4, 6)[job.number % 3]
        if "sequences" in name or "epoch" in name:
            steps = (3, 4) if "sequences" in name or plan.update == "epoch" else 3
        awkward = "missing" if (job.number + k) % 7 == 3 else ""
        problem = random_problem(f"{job.seed} {name} {job.number}", shape, plan, steps, awkward)
        rounding = ROUNDINGS[(job.number + k) % len(ROUNDINGS)]
        values = values_of(problem, rounding, STYLES[job.number // 2 % 2])
        for degree in DEGREES:
            given = written(marked_values(problem, values, degree), rounding)
            yield _right_sheet("schemes", name, degree, problem, given, _coarse(given))


def cells(job: Job) -> Iterable[Record]:
    """Right work on other cells."""
    for cell in ("lstm-peephole", "gru-reset-before"):
        shape = replace(SHAPES[job.number % len(SHAPES)], cell=cell)
        problem = random_problem(f"{job.seed} {cell} {job.number}", shape)
        rounding = ROUNDINGS[job.number % len(ROUNDINGS)]
        style = "textbook" if cell.startswith("gru") else STYLES[job.number // 2 % 2]
        values = values_of(problem, rounding, style)
        for degree in DEGREES:
            given = written(marked_values(problem, values, degree), rounding)
            yield _right_sheet("cells", cell, degree, problem, given, _coarse(given))


def precision(job: Job) -> Iterable[Record]:
    """Single precision, and central differences."""
    problem = varied(job.number, job.seed)
    single = torch_values(problem)
    for degree in DEGREES[1:]:
        values = marked_values(problem, single, degree)
        digits: Callable[[float], str] = repr if job.number % 2 else lambda x: f"{x:.9g}"
        given = {where: digits(value) for where, value in values.items() if value}
        yield _right_sheet("precision", "float32 of torch", degree, problem, given)
    exact = values_of(problem)
    for step in (1e-4, 1e-5, 1e-6):
        given = {
            where: f"{value:.10g}"
            for where, value in central_differences(problem, step).items()
            if exact[where] and abs(value / exact[where] - 1) < 0.9e-6
        }
        row = f"central differences, step {step:g}"
        yield _right_sheet("precision", row, DEGREES[2], problem, given)


def _slipped(
    part: str,
    row: str,
    degree: str,
    problem: Problem,
    rounding: Rounding,
    values: Mapping[Where, float],
    truths: Sequence[Truth],
    most: int = 1,
    done: str = "",
) -> Record:
    """A sheet with slips in it: what was seen, what it was called, and what else was said."""
    chosen = marked_values(problem, values, degree)
    distance = off(problem, rounding, chosen)
    visible = max((one.outside for one in distance.values()), default=0) > 1.05
    plain = max((one.units for one in distance.values()), default=0) > 5
    page = sheet(written(chosen, rounding), problem)
    if not visible:
        return Record(part, row, degree, Counter({"hidden": 1}))
    marked = mark(problem, page)
    found = any(verdict not in ("correct", "coarse", "") for verdict in marked.verdicts)
    worths = Counter(worth(problem, truths, cause, degree) for cause in marked.slips)
    verdicts = _verdicts(distance, marked, page.wheres)
    failed = ""
    if not found:
        failed = "not detected"
    elif worths["wrong"]:
        failed = "a false name"
    elif verdicts["false wrong"]:
        failed = "right in method, called wrong"
    elif plain and not worths["right"] and not worths["among others"]:
        failed = "no name"
    elif plain and len(marked.slips) > most:
        failed = f"{len(marked.slips)} causes"
    failed = f"{failed}: {done or row}" if failed else ""
    counts = {"visible": 1, "detected": int(found), "false name": int(worths["wrong"] > 0)}
    if plain:
        right = worths["right"] > 0
        all_named = worths["right"] >= len(truths)
        counts |= {
            "plain": 1,
            "one cause": int(len(marked.slips) <= most and found),
            "named": int(right),
            "all named": int(all_named),
            "among": int(not right and worths["among others"] > 0),
        }
    return _record(part, row, degree, problem, page.text, marked, failed, **counts, **verdicts)


def _verdicts(
    distance: Mapping[Where, Off], marked: Marked, wheres: Sequence[Where]
) -> dict[str, int]:
    """How often the verdicts are those that the numbers call for, where that is clear."""
    counts: Counter[str] = Counter()
    if marked.trouble:
        return {}
    for where, verdict in zip(wheres, marked.verdicts, strict=True):
        one = distance[where]
        due: tuple[str, ...]
        if one.whole < 0.95:
            due = ("correct", "coarse")
        elif one.own < 0.95 and one.whole > 1.5:
            due = ("carried",)
        elif one.outside > 1.5:
            due = ("wrong", "repeated")
        else:
            continue
        counts["judged"] += 1
        counts["as due"] += verdict in due
        counts["false wrong"] += verdict in ("wrong", "repeated") and "wrong" not in due
    counts["wrong"] = marked.count("wrong")
    counts["repeated"] = marked.count("repeated")
    counts["carried"] = marked.count("carried")
    counts["at most one wrong"] = int(marked.count("wrong") <= 1)
    return dict(counts)


def _style_of(slip: Slip, shape: Shape, number: int) -> str:
    """A style that has the rows that the slip changes."""
    rows = {**shape.forward("textbook"), **shape.backward("textbook")}
    known = all(row in rows or row.startswith("part ") for row in slip.edits)
    text = " ".join(formula for formula, _ in slip.edits.values())
    inner = any(word in text for word in ("_via_", "df", "di", "dg", "do", "dtanh_c"))
    return STYLES[number % 2] if known and not inner else STYLES[0]


def slips(job: Job) -> Iterable[Record]:
    """The slips of the reference, in one row and in all siblings."""
    problem = random_problem(f"{job.seed} slips {job.number}", SHAPES[job.number % len(SHAPES)])
    rounding = HAND[job.number % len(HAND)]
    share = max(4, 24 // job.of)
    for k, slip in enumerate(of_table(problem.shape, problem.sequences[0].steps)):
        if (k + job.number) % share:
            continue
        style = _style_of(slip, problem.shape, k)
        values = values_of(problem, rounding, style, slip.edits)
        for degree in DEGREES:
            truth = Truth(slip.edits, slip.says)
            yield _slipped("slips", slip.name, degree, problem, rounding, values, [truth])


def single_edits(job: Job) -> Iterable[Record]:
    """Every single edit of every backward equation, shared out over the problems."""
    problem = random_problem(f"{job.seed} edits {job.number}", SHAPES[job.number % len(SHAPES)])
    rounding = HAND[job.number % len(HAND)]
    shape = problem.shape
    style = STYLES[job.number // len(SHAPES) % 2]
    every = max(12, 80 // job.of)
    for slip in mutants(shape, style)[job.number * 5 % every :: every]:
        try:
            values = values_of(problem, rounding, style, slip.edits)
        except (ZeroDivisionError, ValueError, OverflowError):
            continue
        kind = slip.name.partition(":")[0]
        for degree in DEGREES:
            yield _slipped(
                "edits",
                kind,
                degree,
                problem,
                rounding,
                values,
                [Truth(slip.edits)],
                done=slip.name,
            )


def pairs(job: Job) -> Iterable[Record]:
    """Two slips of the reference together."""
    draw = random.Random(f"{job.seed} pairs {job.number}")
    shape = SHAPES[job.number % len(SHAPES)]
    problem = random_problem(f"{job.seed} pairs {job.number}", shape)
    rounding = HAND[job.number % len(HAND)]
    for _ in range(4):
        one, other = draw.sample(of_table(shape, problem.sequences[0].steps), 2)
        if set(one.edits) & set(other.edits):
            continue
        edits = {**one.edits, **other.edits}
        values = values_of(problem, rounding, STYLES[0], edits)
        truths = [Truth(one.edits, one.says), Truth(other.edits, other.says)]
        for degree in DEGREES:
            alone = []
            for slip in (one, other):  # both must show
                of_one = marked_values(
                    problem, values_of(problem, rounding, STYLES[0], slip.edits), degree
                )
                alone.append(max(o.outside for o in off(problem, rounding, of_one).values()) > 1.05)
            if all(alone):
                yield _slipped(
                    "pairs",
                    "two slips",
                    degree,
                    problem,
                    rounding,
                    values,
                    truths,
                    most=2,
                    done=f"{one.name} and {other.name}",
                )


def training(job: Job) -> Iterable[Record]:
    """Slips of truncation, update and code."""
    steps = 6
    for k, (name, asked, followed, says) in enumerate(of_training(steps)):
        shape = SHAPES[(job.number + k) % len(SHAPES)]
        length = 3 if asked.epochs > 1 else steps
        problem = random_problem(f"{job.seed} {name} {job.number}", shape, asked, length)
        rounding = HAND[(job.number + k) % len(HAND)]
        # a rate or an optimizer shows only where the parameters after it are handed in
        if not problem.windowed and asked == Plan():
            problem = replace(problem, plan=replace(asked, epochs=2))
            followed = replace(followed, epochs=2)
        values = values_of(problem, rounding, "every row", plan=followed)
        for degree in DEGREES[1:]:
            yield _slipped(
                "training", name, degree, problem, rounding, values, [Truth({}, says, followed)]
            )


def copies(job: Job) -> Iterable[Record]:
    """Copying errors in right work."""
    draw = random.Random(f"{job.seed} copies {job.number}")
    for kind in COPIES:
        plan = Plan(epochs=2) if kind == "gradient for weight" else Plan()
        shape = SHAPES[job.number % len(SHAPES)]
        problem = random_problem(f"{job.seed} copies {job.number}", shape, plan)
        rounding = HAND[job.number % len(HAND)]
        values = marked_values(problem, values_of(problem, rounding), "usual rows")
        given = written(values, rounding)
        for degree in DEGREES[1:]:
            if degree == "final gradients" and "step" in kind:
                continue
            chosen = marked_values(problem, values, degree)
            texts = {where: given[where] for where in chosen}
            error = copying(kind, texts, values, draw)
            if error is None:
                continue
            texts[error.where] = error.text
            page = sheet(texts, problem)
            marked = mark(problem, page)
            place = page.wheres.index(error.where)
            seen = marked.verdicts[place] not in ("correct", "")
            others = sum(
                verdict not in ("correct", "coarse", "carried", "")
                for k, verdict in enumerate(marked.verdicts)
                if k != place
            )
            cause = next((one for one in marked.slips if place in one.get("answers", ())), {})
            named = _is_copy(error, cause, texts)
            a_formula = bool(cause.get("formula")) and not named
            failed = ""
            if not (seen and named) or others:
                failed = (
                    f"{kind}: {error.where.symbol}[{error.where.t}] {given[error.where]}"
                    f" -> {error.text}"
                )
            yield _record(
                "copies", kind, degree, problem, page.text, marked, failed,
                detected=int(seen), named=int(named), others=int(others > 0),
                formula=int(a_formula),
            )  # fmt: skip


def _is_copy(error: Copy, cause: Mapping[str, Any], texts: Mapping[Where, str]) -> bool:
    """Whether a cause tells of the copying error, and whose value it is."""
    says = str(cause.get("says", ""))
    if not re.search(error.says, says, re.IGNORECASE):
        return False
    if error.source is None:
        return True
    for symbol, step in re.findall(r"\b([A-Za-z]\w*)(?:\[(\d+)\])?", says):
        for where, text in texts.items():  # of rows that are equal either may be told
            same_step = (where.t is None and not step) or str(where.t) == step
            if where.symbol == symbol and same_step and text == error.text:
                return where != error.where
    return False


def speed(job: Job) -> Iterable[Record]:
    """A class of sheets of some 100 answers, each with a slip; and the worst sheets."""
    draw = random.Random(f"{job.seed} speed {job.number}")
    shape = Shape(2, "linear")
    problem = random_problem(f"{job.seed} speed", shape, steps=5)
    rounding = Rounding(5)
    for _ in range(max(1, 120 // job.of)):
        slip = draw.choice(of_table(shape, 5))
        values = values_of(problem, rounding, "every row", slip.edits)
        given = written(marked_values(problem, values, "usual rows"), rounding)
        page = sheet(given, problem)
        marked = mark(problem, page)
        yield _record("speed", "a class", "usual rows", problem, "", marked, "",
                      answers=len(given))  # fmt: skip
    values = marked_values(problem, values_of(problem), "final gradients")
    wrong = {where: rounding.text(draw.uniform(-1, 1)) for where in values}
    marked = mark(problem, sheet(wrong, problem))
    yield _record("speed", "everything wrong", "final gradients", problem, "", marked, "")
    values = marked_values(problem, values_of(problem), "usual rows")
    wrong = {where: rounding.text(draw.uniform(-1, 1)) for where in values}
    marked = mark(problem, sheet(wrong, problem))
    yield _record("speed", "everything wrong", "usual rows", problem, "", marked, "")


RIGHT = ("right", "schemes", "cells", "precision", "forms")  # parts with right work
PARTS: dict[str, Callable[[Job], Iterable[Record]]] = {
    "right": right,
    "schemes": schemes,
    "cells": cells,
    "precision": precision,
    "forms": forms,
    "slips": slips,
    "edits": single_edits,
    "pairs": pairs,
    "training": training,
    "copies": copies,
    "speed": speed,
}


def _do(job: Job) -> list[Record]:
    return list(PARTS[job.part](job))


@dataclass
class Results:
    records: list[Record] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def run(parts: Iterable[str], problems: int, seed: int, workers: int = 2) -> Results:
    """All jobs of the parts, on so many processes."""
    results = Results()
    context = multiprocessing.get_context("fork")
    for part in parts:
        begin = time.perf_counter()
        jobs = [Job(part, number, seed, problems) for number in range(problems)]
        if workers == 1:
            found = [_do(job) for job in jobs]
        else:
            with context.Pool(workers) as pool:
                found = pool.map(_do, jobs, chunksize=1)
        results.records += [record for one in found for record in one]
        results.seconds[part] = time.perf_counter() - begin
    return results


# What is printed


def _sum(records: Iterable[Record]) -> Counter[str]:
    total: Counter[str] = Counter()
    for record in records:
        total.update(record.counts)
    return total


def _share(part: int, of: int) -> str:
    return f"{100 * part / of:.1f} % ({part}/{of})" if of else "–"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"


def _right_table(records: Sequence[Record]) -> str:
    rows = []
    for row in dict.fromkeys(record.row for record in records):
        cells = [row]
        for degree in DEGREES:
            one = _sum(r for r in records if r.row == row and r.column == degree)
            if not one["sheets"]:
                cells.append("–")
                continue
            text = f"{one['bad']} of {one['answers']} ({one['sheets with']}/{one['sheets']} sheets)"
            extra = [k for k in ("refused", "traceback", "dropped", "named") if one[k]]
            cells.append(text + "".join(f", {one[k]} {k}" for k in extra))
        rows.append(cells)
    return _table(["right work", *DEGREES], rows)


def _slip_table(records: Sequence[Record], by_row: bool) -> str:
    head = ["", "degree", "visible", "detected", "≤ causes made", "named", "among others",
            "false name", "right in method called wrong"]  # fmt: skip
    rows = []
    names = list(dict.fromkeys(record.row for record in records)) if by_row else []
    for name in ["all", *names]:
        for degree in DEGREES:
            one = _sum(r for r in records if name in ("all", r.row) and r.column == degree)
            if not one["visible"] and not one["refused"]:
                continue
            trouble = "".join(f", {one[k]} {k}" for k in ("refused", "traceback") if one[k])
            rows.append(
                [
                    name,
                    degree,
                    f"{one['visible']}{trouble}",
                    _share(one["detected"], one["visible"]),
                    _share(one["one cause"], one["plain"]),
                    _share(one["named"], one["plain"]),
                    _share(one["among"], one["plain"]),
                    _share(one["false name"], one["visible"]),
                    _share(one["false wrong"], one["judged"]),
                ]
            )
    return _table(head, rows)


def _verdict_table(records: Sequence[Record]) -> str:
    rows = []
    for degree in DEGREES:
        one = _sum(r for r in records if r.column == degree)
        rows.append(
            [
                degree,
                _share(one["as due"], one["judged"]),
                _share(one["at most one wrong"], one["visible"]),
                *(str(one[k]) for k in ("wrong", "repeated", "carried")),
            ]
        )
    head = ["degree", "verdict as the numbers call for", "at most one `wrong`", "wrong",
            "repeated", "carried"]  # fmt: skip
    return _table(head, rows)


def _copy_table(records: Sequence[Record]) -> str:
    rows = []
    for name in ["all", *dict.fromkeys(record.row for record in records)]:
        for degree in DEGREES[1:]:
            one = _sum(r for r in records if name in ("all", r.row) and r.column == degree)
            if one["sheets"]:
                shares = (
                    _share(one[k], one["sheets"])
                    for k in ("detected", "named", "formula", "others")
                )
                rows.append([name, degree, *shares])
    head = ["copying error", "degree", "detected", "recognised", "a formula blamed",
            "another answer called wrong"]  # fmt: skip
    return _table(head, rows)


def _speed_table(records: Sequence[Record], wall: float) -> str:
    rows = []
    for name, degree in dict.fromkeys((r.row, r.column) for r in records):
        times = sorted(r.seconds for r in records if (r.row, r.column) == (name, degree))
        rows.append(
            [name, degree, str(len(times)), f"{sum(times):.1f}", f"{times[len(times) // 2]:.2f}",
             f"{max(times):.2f}"]
        )  # fmt: skip
    head = ["speed", "degree", "sheets", "seconds, added up", "median", "worst"]
    return _table(head, rows) + f"\nWall time of this part: {wall:.1f} s.\n"


HEADINGS = {
    "right": "Right work, rounded at each step: answers not `correct`",
    "schemes": "Right work under every scheme (roundings by turns)",
    "cells": "Right work on other cells",
    "precision": "Single precision and numerical gradients",
    "forms": "Right work written in other ways",
    "slips": "One slip: those of the reference",
    "edits": "One slip: every single edit of a backward equation",
    "pairs": "Two slips together",
    "training": "Slips of truncation, update and code",
    "copies": "Copying errors",
    "speed": "Speed",
}


def report(results: Results, problems: int, seed: int, details: bool = True) -> str:
    """The table of all figures, as Markdown."""
    out = [
        "# How good the marking is\n",
        f"Made by `python -m tests.marking --problems {problems} --seed {seed}`: sheets worked by"
        " a program that shares nothing with cellcalc, marked through the command line. A slip is"
        " *visible* where an answer lies outside what rounding can do; causes and names are"
        " counted where it does so by more than 5 units of the last digit.\n",
    ]
    for part, seconds in results.seconds.items():
        records = [record for record in results.records if record.part == part]
        out.append(f"## {HEADINGS[part]}\n")
        if part in RIGHT:
            out.append(_right_table(records))
        elif part == "copies":
            out.append(_copy_table(records))
        elif part == "speed":
            out.append(_speed_table(records, seconds))
        else:
            out.append(_slip_table(records, details))
            out.append(_verdict_table(records))
        out.append(f"{sum(r.counts['sheets'] for r in records)} sheets in {seconds:.0f} s.\n")
    return "\n".join(out)


def failures(results: Results, most: int = 2) -> str:
    """Examples of what went wrong, the shortest of each kind: problem, answers, what was said."""
    found: dict[tuple[str, str, str], list[Record]] = {}
    for record in results.records:
        if record.failed:
            kind = record.failed.partition(":")[0] if record.part != "copies" else record.row
            if record.part in RIGHT:
                kind = "right work"
            found.setdefault((record.part, record.column, kind), []).append(record)
    out = []
    for (part, column, kind), records in found.items():
        for record in sorted(records, key=lambda one: len(one.answers))[:most]:
            out.append(
                f"### {part}, {column}, {kind} ({len(records)} like it): {record.row}\n"
                f"{record.failed}. Said: {record.said or 'nothing'}\n\n"
                f"```toml\n{record.problem}```\n```\n{record.answers}```\n"
            )
    return "\n".join(out)
