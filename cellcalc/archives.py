"""What Python's readers of archives raise for one that is damaged.

A module of its own, so that starting the command line need not load them; each reader of workbooks,
arrays and what students hand in catches the same.
"""

from __future__ import annotations

import struct
import zipfile
import zlib

# Also encrypted ones (RuntimeError), and packings that the library does not know (a kind of it).
DAMAGE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError,
    OverflowError,
)  # fmt: skip
DAMAGED_PART: tuple[type[Exception], ...] = (*DAMAGE, KeyError)  # or one that is not there
