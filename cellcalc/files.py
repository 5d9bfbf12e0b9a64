"""Reading the files that a problem names, and writing a file whole or not at all."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import field
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from cellcalc.errors import InputError, Mistake, OutputError
from cellcalc.records import record

MAX_BYTES = 16_000_000  # of one input file
_NOT_WAITING = getattr(os, "O_NONBLOCK", 0)  # for a writer, or for a reader


def read_bytes(path: Path, shown_as: str, most: int = MAX_BYTES) -> bytes:
    """The contents of a file of at most ``most`` bytes.

    Raises :class:`InputError` when there is none, or it cannot be read, or is too large.
    """
    return read_open(path, shown_as, most, regular=False)


def read_standard_input(most: int = MAX_BYTES) -> bytes:
    """What comes from standard input: at most ``most`` bytes."""
    if sys.stdin is None:  # it has been closed
        raise InputError([Mistake("-", "", "an open standard input", "a closed one")])
    contents = sys.stdin.buffer.read(most + 1)
    if len(contents) > most:
        raise InputError([Mistake("-", "", f"at most {most // 1_000_000} MB", "more")])
    return contents


def read_open(path: Path, shown_as: str, most: int, regular: bool) -> bytes:
    """The same; where ``regular``, of a regular file only, and without waiting for another's."""
    try:
        if path.is_dir():
            raise InputError([Mistake(shown_as, "", "a file", "a folder")])
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags | (_NOT_WAITING if regular else 0)), "rb") as file:
            if regular and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError([Mistake(shown_as, "", "a regular file", "a device or a pipe")])
            contents = file.read(most + 1)
    except FileNotFoundError:
        raise InputError([Mistake(shown_as, "", "a file", "nothing there")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError([Mistake(shown_as, "", "a readable file", f'"{reason}"')]) from None
    if len(contents) > most:
        limit = f"at most {most // 1_000_000} MB"
        raise InputError([Mistake(shown_as, "", limit, "a larger file")])
    return contents


def decode(contents: bytes, shown_as: str) -> str:
    """The contents as text; a byte-order mark is left out."""
    try:
        return contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"another encoding (byte {error.start + 1})"
        raise InputError([Mistake(shown_as, "", "text in UTF-8", found)]) from None


@record
class Folder:
    """Where the paths in a problem start, and the files that were read by them.

    A problem may be somebody else's. What it names is read only where it is a regular file: a
    device or a pipe might never end. Of a ``confined`` one it must also lie in the folder itself,
    or below it, wherever links lead.
    """

    path: Path = Path()
    confined: bool = False
    files: list[Path] = field(default_factory=list, compare=False)

    def read(self, name: str, most: int = MAX_BYTES) -> bytes:
        """The contents of the file of that name, of at most ``most`` bytes.

        Raises :class:`~cellcalc.errors.InputError` where there is none, or it must not be read.
        """
        path = self.path / name
        if self.confined:
            try:
                inside = path.resolve().is_relative_to(self.path.resolve())
            except (OSError, RuntimeError, ValueError):  # a circle of links; no name of a file
                inside = False
            if not inside:
                expected, found = "a file in the problem's own folder", "one elsewhere"
                raise InputError([Mistake(name, "", expected, found)])
        contents = read_open(path, name, most, regular=True)
        self.files.append(path)
        return contents


LONG_NUMBER = "a whole number of thousands of digits"  # which Python reads none of
MAX_JSON_DEPTH = 100  # lists and tables within one another; what goes through them is recursive
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?')


def parse_json(
    text: str, shown_as: str, what: str = "JSON", number: Callable[[str], Any] | None = None
) -> Any:
    """What a text in JSON holds; ``number`` makes of each number's text what stands for it.

    Raises :class:`~cellcalc.errors.InputError` where it is none, or nested too deep.
    """
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > MAX_JSON_DEPTH:
        raise InputError([Mistake(shown_as, "", what, "lists or tables nested too deep")])
    import json

    try:
        return json.loads(text, parse_float=number, parse_int=number, parse_constant=number)
    except ValueError as error:
        reason = str(error) if isinstance(error, json.JSONDecodeError) else LONG_NUMBER
        raise InputError([Mistake(shown_as, "", what, f"an error: {reason}")]) from None


MANY = 4096  # numbers or words of a list that are written at once


def json_pieces(value: object) -> Iterator[str]:
    """JSON of nested dicts and iterables, in pieces: other threads have their turn between them."""
    import json

    if isinstance(value, dict):
        mark = "{"
        for key, item in value.items():
            yield f"{mark}{json.dumps(key, ensure_ascii=False)}: "
            yield from json_pieces(item)
            mark = ", "
        yield "}" if value else "{}"
    elif isinstance(value, Iterable) and not isinstance(value, str):
        mark, items = "[", iter(value)
        for first in items:
            if isinstance(first, Iterable) and not isinstance(first, str):
                yield mark
                yield from json_pieces(first)
            else:
                part = [first, *islice(items, MANY - 1)]
                yield mark + json.dumps(part, ensure_ascii=False, allow_nan=False)[1:-1]
            mark = ", "
        yield "]" if mark != "[" else "[]"
    else:
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)


def is_device(name: str) -> bool:
    """Whether Windows takes the name for a device, whatever its ending: CON, aux.txt, com1.csv.

    What is written there is lost, or waits for a modem.
    """
    return re.fullmatch(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", name) is not None


def exists(path: Path) -> bool:
    """Whether there is something of that name; also where it cannot be looked at."""
    try:
        return path.exists()
    except OSError:  # reading it tells why
        return True
    except ValueError:  # a name with a null
        return False


def is_regular(path: Path) -> bool:
    """Whether it is a file that can be read twice; also where it cannot be looked at."""
    try:
        return path.is_file()
    except OSError:
        return True
    except ValueError:
        return False


def same_file(path: Path, others: Iterable[Path]) -> bool:
    """Whether the path leads to one of the others."""
    for other in others:
        with suppress(OSError, ValueError):  # one of them is no file
            if path.samefile(other):
                return True
    return False


def write_file(path: Path, write: Callable[[BinaryIO], object], force: bool = False) -> None:
    """Let ``write`` fill a file and put it in place when it is complete.

    A file that holds these very bytes already is left as it is; one that is replaced keeps its
    permissions, and a link leads where it led. A pipe or a device such as /dev/null is written
    into. Raises :class:`~cellcalc.errors.OutputError` when there is another one (unless ``force``)
    or it cannot be written; what was there before is then left as it was.

    Parameters
    ----------
    path : Path
        Where the file goes.
    write : Callable[[BinaryIO], None]
        Called once with an open binary file beside it.
    force : bool
        Whether a file that is there is replaced.
    """
    kind = _kind(path)
    if stat.S_ISCHR(kind) or stat.S_ISFIFO(kind):
        _write_into(path, write)
        return
    if path.is_symlink():
        path = path.resolve()
    try:
        import tempfile  # here, since few commands write a file

        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    except OSError as error:
        raise _trouble(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(stat.S_IMODE(kind) if kind else 0o666 & ~_umask())
        if force or not _holds_the_same(path, temporary):
            _put_in_place(temporary, path, force)
    except OSError as error:
        raise _trouble(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def _write_into(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write to a pipe or a device that is there."""
    try:
        handle = os.open(path, os.O_WRONLY | _NOT_WAITING)
        os.set_blocking(handle, True)
        with os.fdopen(handle, "wb") as file:
            buffer = BytesIO()  # a workbook goes back and forth in its file
            write(buffer)
            file.write(buffer.getvalue())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _trouble(path, error) from None


def refuse_to_overwrite(path: Path, force: bool = False) -> None:
    """Raise :class:`~cellcalc.errors.OutputError` where a file must not be put."""
    if stat.S_ISREG(_kind(path)) and not force:
        found = f"found one; {free_name(path).name} is free"
        raise OutputError(f"{path}: expected no file of that name (or `force`), {found}")


def free_name(path: Path) -> Path:
    """The first of gomez-2.xlsx, gomez-3.xlsx, … that no file has."""
    number = 2
    while (free := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return free


def _kind(path: Path) -> int:
    """What is there, and its permissions (``st_mode``); 0 where nothing is.

    Raises :class:`~cellcalc.errors.OutputError` for what nothing may be written to.
    """
    if sys.platform == "win32" and path.name.casefold() != "nul" and is_device(path.name):
        expected = "a name that Windows does not keep for a device"
        raise OutputError(f"{path}: expected {expected}, found {path.name}")
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return 0
    except OSError as error:  # a name that no file can have
        raise _trouble(path, error) from None
    except ValueError as error:
        raise OutputError(f'{path}: expected a place to write to, found "{error}"') from None
    if stat.S_ISDIR(mode):
        raise OutputError(f"{path}: expected a file to write, found a folder")
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise OutputError(f"{path}: expected a file to write, found a device")
    return mode


def _holds_the_same(path: Path, other: Path) -> bool:
    """Whether both are files of the same bytes."""
    try:
        same_size = path.is_file() and path.stat().st_size == other.stat().st_size
        if not same_size:
            return False
        import filecmp

        return filecmp.cmp(path, other, shallow=False)
    except OSError:  # it is not to be read
        return False


def _put_in_place(temporary: Path, path: Path, force: bool) -> None:
    """Rename the finished file; without ``force`` in a way that cannot replace another's."""
    if force:
        temporary.replace(path)
        return
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        refuse_to_overwrite(path, force)
    except OSError:  # a file system without hard links
        refuse_to_overwrite(path, force)
        temporary.replace(path)


def _trouble(path: Path, error: OSError) -> OutputError:
    return OutputError(f'{path}: expected a place to write to, found "{error.strerror}"')


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
