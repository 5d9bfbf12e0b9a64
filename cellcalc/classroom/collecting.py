"""What was handed in: the files in a folder or a zip, as learning platforms give them out.

Nothing is unpacked to disk and no link is followed: a file is read where it lies, within limits.
"""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from cellcalc.archives import DAMAGE, DAMAGED_PART
from cellcalc.errors import InputError, Mistake, printable
from cellcalc.files import MAX_BYTES, read_bytes
from cellcalc.resources import sentence

MOST_FILES = 20_000
MOST_IN_ZIP = 2_000  # files in a zip that a student handed in
MOST_UNPACKED = 64_000_000  # bytes of what is in it, together
MOST_SHOWN = 1_000  # characters of a file's path: whose it is, and of which kind, is told by it
ZIP = ".zip"
_NOISE = re.compile(r"(?i)(\..*|__macosx|thumbs\.db|desktop\.ini|~\$.*|.*~|.*\.tmp)")


@dataclass(frozen=True)
class Piece:
    """One file that was handed in.

    ``path`` is a file on disk, ``members`` the way from there into zips; ``shown`` is what the
    teacher is told, relative to what was given; ``time`` when it was changed, in seconds.
    """

    shown: str
    path: str
    members: tuple[str, ...] = ()
    time: float = 0.0

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders that it lies in and its own name, the outermost first."""
        return PurePosixPath(self.shown).parts

    @property
    def name(self) -> str:
        return self.parts[-1] if self.parts else self.shown

    def read(self) -> bytes:
        """Its contents.

        Raises :class:`~cellcalc.errors.InputError` where it is too large, damaged or gone.
        """
        if not self.members:
            return read_bytes(Path(self.path), self.name)
        source: Path | bytes = Path(self.path)
        for member in self.members:
            with _opened(source, self.name) as package:
                source = _member(package, member, self.name)
        assert isinstance(source, bytes)
        return source


@dataclass(frozen=True)
class Refused:
    """Something that is no file to be marked, and why."""

    shown: str
    why: str


def collect(place: Path, spared: Sequence[Path] = ()) -> list[Piece | Refused]:
    """Every file in a folder or a zip, in the order of their names.

    ``spared`` are folders that are passed over: those that cellcalc itself writes to.

    Raises :class:`~cellcalc.errors.InputError` where there is nothing of the kind.
    """
    shown = str(place)
    if place.is_dir():
        found = list(_in_folder(place, {path.resolve() for path in spared}))
    elif place.is_file():
        if not _is_zip(place.name):
            return [Piece(printable(place.name), shown, (), place.stat().st_mtime)]
        with _opened(place, shown) as package:
            found = list(_in_zip(package, shown, (), ""))
    else:
        raise InputError([Mistake(shown, "", "a folder or a zip of what was handed in",
                                  "nothing there")])  # fmt: skip
    if len(found) > MOST_FILES:
        raise InputError([Mistake(shown, "", f"at most {MOST_FILES:,} files", "more")])
    return sorted(found, key=lambda one: one.shown)


def _is_zip(name: str) -> bool:
    return name.lower().endswith(ZIP)


def _in_folder(place: Path, spared: set[Path]) -> Iterator[Piece | Refused]:
    for folder, folders, names in os.walk(place, followlinks=False):
        here = Path(folder)
        kept = []
        for name in sorted(folders):
            path = here / name
            if _NOISE.fullmatch(name) or path.resolve() in spared:
                continue
            if path.is_symlink():
                yield Refused(_shown(path, place), "a link, which is not followed")
                continue
            kept.append(name)
        folders[:] = kept
        for name in sorted(names):
            path = here / name
            if _NOISE.fullmatch(name):
                continue
            shown = _shown(path, place)
            try:
                about = path.lstat()
            except OSError as error:
                yield Refused(shown, f"it cannot be read: {error.strerror}")
                continue
            if stat.S_ISLNK(about.st_mode):
                yield Refused(shown, "a link, which is not followed")
            elif not stat.S_ISREG(about.st_mode):
                yield Refused(shown, "not a file of bytes")
            elif _is_zip(name):
                yield from _nested(path, shown, str(path), ())
            else:
                yield Piece(shown, str(path), (), about.st_mtime)


def _shown(path: Path, place: Path) -> str:
    return _told(path.relative_to(place).as_posix())


def _told(path: str) -> str:
    """A path as the teacher is told it; one that is longer than any keeps its end, the name."""
    told = printable(path)
    half = MOST_SHOWN // 2
    return told if len(told) <= MOST_SHOWN else f"{told[: half - 1]}…{told[-half:]}"


def _nested(
    source: Path | bytes, shown: str, path: str, members: tuple[str, ...]
) -> Iterator[Piece | Refused]:
    """The files in a zip that a student handed in."""
    try:
        with _opened(source, shown) as package:
            entries = [entry for entry in package.infolist() if not entry.is_dir()]
            if len(entries) > MOST_IN_ZIP:
                yield Refused(shown, f"more than {MOST_IN_ZIP:,} files in a zip")
                return
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                limit = f"{MOST_UNPACKED // 1_000_000} MB"
                yield Refused(shown, f"a zip that unpacks to more than {limit}")
                return
            found = list(_in_zip(package, path, members, f"{shown}/"))
            yield from found or [Refused(shown, sentence("class", "nothing_in"))]
    except InputError as error:
        yield Refused(shown, error.mistakes[0].found)


def _in_zip(
    package: zipfile.ZipFile, path: str, members: tuple[str, ...], prefix: str
) -> Iterator[Piece | Refused]:
    for entry in package.infolist():
        # "." and ".." lead nowhere here: nothing is unpacked, and a file is not lost for them.
        names = entry.filename.replace("\\", "/").split("/")
        parts = [part for part in names if part not in ("", ".", "..")]
        if entry.is_dir() or not parts or any(_NOISE.fullmatch(part) for part in parts):
            continue
        shown = _told(prefix + "/".join(parts))
        if stat.S_ISLNK(entry.external_attr >> 16):
            yield Refused(shown, "a link, which is not followed")
            continue
        time = _time(entry)
        own = (*members, entry.filename)
        if _is_zip(entry.filename) and len(own) <= 2:
            try:
                contents = _member(package, entry.filename, shown)
            except InputError as error:
                yield Refused(shown, error.mistakes[0].found)
                continue
            yield from _nested(contents, shown, path, own)
        else:
            yield Piece(shown, path, own, time)


def _time(entry: zipfile.ZipInfo) -> float:
    try:
        return datetime(*entry.date_time).timestamp()
    except (ValueError, OverflowError, OSError):  # a date that there is not
        return 0.0


def _opened(source: Path | bytes, shown: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source if isinstance(source, Path) else io.BytesIO(source))
    except DAMAGE as error:
        raise InputError([Mistake(shown, "", "a sound zip", f"damage ({error})")]) from None


def _member(package: zipfile.ZipFile, name: str, shown: str) -> bytes:
    """The contents of a file in a zip, as long as they are small enough."""
    try:
        with package.open(name) as file:
            contents = file.read(MAX_BYTES + 1)
    except DAMAGED_PART as error:
        raise InputError([Mistake(shown, "", "a sound zip", f"damage ({error})")]) from None
    if len(contents) > MAX_BYTES:
        limit = f"at most {MAX_BYTES // 1_000_000} MB"
        raise InputError([Mistake(shown, "", limit, "a larger file")])
    return contents
