"""Whose file is whose: by the names that platforms and students give them.

What a workbook says of itself goes before its name; that is decided in
:mod:`cellcalc.classroom.deciding`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

from cellcalc.classroom.roster import Roster, Student

# Moodle's "download all": NAME_NUMBER_assignsubmission_file_, a folder or before the file's name;
# the number is of the submission, not of the student.
_MOODLE = re.compile(r"(?P<name>.+?)_(\d+)_assign(?:submission|feedback)_[a-z]+_?(?P<rest>.*)")
# Canvas: nameofstudent_LATE_12345_67890_file.xlsx; the first number is the student's.
_CANVAS = re.compile(r"(?P<name>[^\W\d_]+)(?P<late>_LATE)?_(?P<user>\d+)_(\d+)_(?P<rest>.+)", re.I)
_AGAIN = re.compile(
    r"(?:-(\d{1,3})|\s?\((\d{1,3})\)|_v?(\d{1,2}))$"
)  # of a name without its ending
MOST_WORDS = 5  # of a name whose words may stand in any order
LEAST_LETTERS = 4  # of what stands in another column of the list, to tell somebody by it


@dataclass(frozen=True)
class Labels:
    """What the parts of a file's path say: of whom, whether it is late, which version it is."""

    words: tuple[str, ...]
    late: bool = False
    version: int = 0


def labels_of(parts: Sequence[str]) -> Labels:
    """What folders and a file's name say; the platform's part of each goes first."""
    words: list[str] = []
    late, version = False, 0
    for place, part in enumerate(parts):
        stem = part.rpartition(".")[0] or part if place == len(parts) - 1 else part
        if found := _MOODLE.fullmatch(stem):
            words += [found["name"], *([found["rest"]] if found["rest"] else [])]
        elif found := _CANVAS.fullmatch(stem):
            words += [found["name"], found["user"], found["rest"]]
            late = late or bool(found["late"])
        else:
            words.append(stem)
        if place == len(parts) - 1 and (again := _AGAIN.search(stem)):
            version = int(next(filter(None, again.groups())))
    return Labels(tuple(words), late, version)


@dataclass
class Names:
    """Who is meant by a label, in one class."""

    roster: Roster

    def of(self, labels: Labels) -> Student | None:
        """The student that the labels name; the outermost that names one alone goes first."""
        for word in labels.words:
            found = self._by_id(word) or self._by_name(word) or self._by_others(word)
            if found is not None:
                return found
        return None

    @cached_property
    def ids(self) -> dict[str, Student]:
        """The students by their id, and by what their files are called, without capitals."""
        students = self.roster.students
        return {one.stem.casefold(): one for one in students} | {
            one.id.casefold(): one for one in students
        }

    @cached_property
    def odd_ids(self) -> list[tuple[str, Student]]:
        """The ids that are more than one word."""
        return [(id, one) for id, one in self.ids.items() if not id.isalnum()]

    def _by_id(self, word: str) -> Student | None:
        folded = unicodedata.normalize("NFC", word).casefold()
        if folded in self.ids:
            return self.ids[folded]
        tokens = set(filter(None, re.split(r"[\W_]+", folded)))
        found = {id(one): one for token in tokens if (one := self.ids.get(token))}
        for own, one in self.odd_ids:
            if re.search(rf"(?<![^\W_]){re.escape(own)}(?![^\W_])", folded):
                found[id(one)] = one
        return next(iter(found.values())) if len(found) == 1 else None

    @cached_property
    def by_words(self) -> dict[str, list[Student]]:
        """The students by each word of their name."""
        found: dict[str, list[Student]] = defaultdict(list)
        for one in self.roster.students:
            for word in set(words_of(one.name)):
                found[word].append(one)
        return found

    @cached_property
    def by_run(self) -> dict[str, list[Student]]:
        """The students by their name in one word, its parts in any order, as Canvas has it."""
        found: dict[str, list[Student]] = defaultdict(list)
        for one in self.roster.students:
            own = words_of(one.name)
            orders = permutations(own) if len(own) <= MOST_WORDS else [own, (*own[1:], own[0])]
            for run in {"".join(order) for order in orders if order}:
                found[run].append(one)
        return found

    def _by_name(self, word: str) -> Student | None:
        own = words_of(word)
        run = "".join(own)
        if len(self.by_run.get(run, ())) == 1:
            return self.by_run[run][0]
        there = set(own)
        known = {id(one): one for part in there for one in self.by_words.get(part, ())}
        whole = [one for one in known.values() if _is_named(one, there)]
        longest = max((len(set(words_of(one.name))) for one in whole), default=0)
        whole = [one for one in whole if len(set(words_of(one.name))) == longest]
        return whole[0] if len(whole) == 1 else None

    @cached_property
    def by_others(self) -> dict[str, Student]:
        """The students by what only they have in another column: an address, a login."""
        seen: Counter[str] = Counter()
        whose: dict[str, Student] = {}
        for one in self.roster.students:
            for value in {v for text in one.others.values() for v in _logins(text)}:
                seen[value] += 1
                whose[value] = one
        return {value: one for value, one in whose.items() if seen[value] == 1}

    def _by_others(self, word: str) -> Student | None:
        folded = word.casefold()
        tokens = {folded, *re.split(r"[^\w.@+-]+|_", folded), *re.split(r"[\W_]+", folded)}
        found = {id(one): one for token in tokens if (one := self.by_others.get(token))}
        return next(iter(found.values())) if len(found) == 1 else None


def _is_named(one: Student, there: set[str]) -> bool:
    """Whether a name of two words or more stands there whole."""
    own = set(words_of(one.name))
    return len(own) >= 2 and own <= there


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name, without accents, capitals and signs."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(filter(None, re.split(r"[\W\d_]+", letters.replace("'", "").replace("’", ""))))


def _logins(text: str) -> Iterator[str]:
    """What a cell of the list may stand for in a file's name."""
    folded = text.casefold().strip()
    local = folded.partition("@")[0]
    for value in (folded, local) if "@" in folded else (folded,):
        if len(value) >= LEAST_LETTERS and " " not in value:
            yield value
