"""What a console can show: its encoding, and what stands for signs that the encoding lacks.

What is not a terminal gets UTF-8, whatever the system's own encoding is; PYTHONIOENCODING says
otherwise. Where an encoding lacks the signs of the maths, results are written in ASCII as
``--ascii`` does, and letters of a text that it has stay as they are.
"""

from __future__ import annotations

import codecs
import io
import os
import sys

PLAIN = "cellcalc_ascii"
ERRORS = "cellcalc.ascii"  # the handler of what an encoding lacks
SIGNS = "∂σΣ·−×≈√∞₀₉ₜ₊₁²…–“”─│●○▸▹↺✓✗█▓▒░╳"  # what results are made of


def prepare() -> None:
    """Let standard output and standard error take every text."""
    codecs.register_error(ERRORS, _in_ascii)
    codecs.register(_plain)
    chosen = "PYTHONIOENCODING" in os.environ
    if isinstance(sys.stdout, io.TextIOWrapper) and isinstance(sys.stdout.buffer, io.RawIOBase):
        sys.stdout = _written_whole(sys.stdout)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            name = stream.encoding if chosen or stream.isatty() else "utf-8"
            is_ascii = codecs.lookup(name).name == "ascii"
            stream.reconfigure(encoding=PLAIN if is_ascii else name, errors=ERRORS)


def _written_whole(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """Standard output with a buffer, where PYTHONUNBUFFERED took it away.

    Without one a disk that fills takes the beginning of a text, and nobody is told that it has
    not taken the rest.
    """
    stream.flush()
    file = io.FileIO(stream.fileno(), "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(file), stream.encoding, stream.errors, line_buffering=True
    )


def _plain(name: str) -> codecs.CodecInfo | None:
    """ASCII by another name: by its own click takes it for a mistake, and writes UTF-8 instead."""
    if name.replace("-", "_") != PLAIN:
        return None
    own = codecs.lookup("ascii")
    return codecs.CodecInfo(
        name=PLAIN,
        encode=own.encode,
        decode=own.decode,
        incrementalencoder=own.incrementalencoder,
        incrementaldecoder=own.incrementaldecoder,
        streamreader=own.streamreader,
        streamwriter=own.streamwriter,
    )


def encoding() -> str:
    """The encoding of standard output; "ascii" where Python has none of that name."""
    name = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "ascii"


def lacks_signs() -> bool:
    """Whether standard output cannot show what results are made of."""
    try:
        SIGNS.encode(encoding())
    except UnicodeEncodeError:
        return True
    return False


def _in_ascii(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for characters that the encoding lacks; never a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from cellcalc.views.text import ascii_text

    return ascii_text(error.object[error.start : error.end]), error.end
