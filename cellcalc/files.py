"""Writing a file whole or not at all."""

from __future__ import annotations

import filecmp
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cellcalc.errors import OutputError


def write_file(path: Path, write: Callable[[BinaryIO], None], force: bool = False) -> None:
    """Let ``write`` fill a file and put it in place when it is complete.

    A file that holds these very bytes already is left as it is. Raises
    :class:`~cellcalc.errors.OutputError` when there is another one (unless ``force``) or it cannot
    be written; what was there before is then left as it was.

    Parameters
    ----------
    path : Path
        Where the file goes.
    write : Callable[[BinaryIO], None]
        Called once with an open binary file beside it.
    force : bool
        Whether a file that is there is replaced.
    """
    _refuse_folder(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    except OSError as error:
        raise _trouble(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        if force or not _holds_the_same(path, temporary):
            _put_in_place(temporary, path, force)
    except OSError as error:
        raise _trouble(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def refuse_to_overwrite(path: Path, force: bool = False) -> None:
    """Raise :class:`~cellcalc.errors.OutputError` where a file must not be put."""
    if _refuse_folder(path) and not force:
        found = f"found one; {free_name(path).name} is free"
        raise OutputError(f"{path}: expected no file of that name (or `force`), {found}")


def free_name(path: Path) -> Path:
    """The first of gomez-2.xlsx, gomez-3.xlsx, … that no file has."""
    number = 2
    while (free := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return free


def _refuse_folder(path: Path) -> bool:
    """Whether there is a file; raises :class:`~cellcalc.errors.OutputError` for a folder."""
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except OSError as error:  # a name that no file can have
        raise _trouble(path, error) from None
    if is_folder:
        raise OutputError(f"{path}: expected a file to write, found a folder")
    return is_there


def _holds_the_same(path: Path, other: Path) -> bool:
    """Whether both are files of the same bytes."""
    try:
        same_size = path.is_file() and path.stat().st_size == other.stat().st_size
        return same_size and filecmp.cmp(path, other, shallow=False)
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
