"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cellcalc.errors import OutputError


def write_file(path: Path, write: Callable[[BinaryIO], None], force: bool = False) -> None:
    """Let ``write`` fill a file and put it in place when it is complete.

    Raises :class:`~cellcalc.errors.OutputError` when the file exists (unless ``force``) or cannot
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
    refuse_to_overwrite(path, force)
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
        _put_in_place(temporary, path, force)
    except OSError as error:
        raise _trouble(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def refuse_to_overwrite(path: Path, force: bool = False) -> None:
    """Raise :class:`~cellcalc.errors.OutputError` where a file must not be put."""
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except OSError as error:  # a name that no file can have
        raise _trouble(path, error) from None
    if is_folder:
        raise OutputError(f"{path}: expected a file to write, found a folder")
    if is_there and not force:
        raise OutputError(f"{path}: expected no file of that name (or `force`), found one")


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
