"""What all pictures have in common: a figure, colours, letters, numbers, and how they are saved.

Colours are those of Okabe and Ito, which people with any kind of colour vision tell apart; what
they say is said by a shape or a place as well. Nothing here touches matplotlib's own settings or
its windows: a figure is made by itself, and drawn with the settings of :data:`STYLE`.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, BinaryIO

from cellcalc import resources
from cellcalc.errors import OptionError, OutputError, PackageError
from cellcalc.files import write_file
from cellcalc.language.tree import Symbol
from cellcalc.model.model import Model
from cellcalc.resources import sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = {".svg": "svg", ".pdf": "pdf", ".png": "png"}
FORWARD, BACKWARD = "#0072B2", "#B84A00"  # blue, and vermilion dark enough for small letters
ACCENT, CALM, SHADE, LINE = "#009E73", "#E69F00", "#EAF1F7", "#555555"
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DOTS = 200  # an inch, of a .png
WIDE = 12  # letters of a title, an inch
ABOVE, BELOW = 0.6, 0.42  # inches for the title of a blank picture, and for what the colours are
STYLE: Any = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, and has every sign that is used
    "mathtext.fontset": "dejavusans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.unicode_minus": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "hatch.linewidth": 0.8,
    "pdf.fonttype": 42,  # TrueType, whole letters: what journals ask for
    "ps.fonttype": 42,
    "svg.fonttype": "path",  # letters as outlines: the same wherever it is shown
    "svg.hashsalt": "cellcalc",  # the same bytes for the same picture
}


@dataclass(frozen=True)
class Drawing:
    """A picture: matplotlib's figure and axes, for whatever else is to be done with them.

    A notebook shows it; :meth:`save` writes it.
    """

    figure: Figure
    axes: Axes
    measured: bool = False  # nothing stands beyond the figure's edges
    panels: tuple[Axes, ...] = ()  # all axes, where there are several side by side

    def save(self, file: str | Path, force: bool = False) -> None:
        """Write the picture.

        Parameters
        ----------
        file : str or Path
            Ending in .svg, .pdf (both as vectors, with their letters in them) or .png.
        force : bool
            Write over a file that is there.

        Raises
        ------
        OutputError
            Another ending; or the file is there, or cannot be written.
        """
        path = Path(file)
        format = format_of(path)

        def write(out: BinaryIO) -> None:
            out.write(self._bytes(format))

        write_file(path, write, force)

    def _bytes(self, format: str) -> bytes:
        # Without a date, so that the same picture is the same file.
        dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
        file = BytesIO()
        with _drawing():
            box = None if self.measured else "tight"
            self.figure.savefig(
                file, format=format, dpi=DOTS, bbox_inches=box, metadata=dates[format]
            )
        return file.getvalue()

    def __repr__(self) -> str:
        width, height = self.figure.get_size_inches()
        return f"<Drawing, {width:.3g} by {height:.3g} inches: save(file), figure, axes>"

    def _repr_svg_(self) -> str:
        return self._bytes("svg").decode()


def format_of(path: Path) -> str:
    """The format that a file's ending says.

    Raises :class:`~cellcalc.errors.OutputError` for one that no picture has.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        ending = path.suffix or "no ending"
        raise OutputError(f"{path}: expected the ending .svg, .pdf or .png, found {ending}")
    return found


def needs_matplotlib() -> None:
    """Raise :class:`~cellcalc.errors.PackageError` where it is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise PackageError(sentence("drawing", "what"), "matplotlib", "plot") from None


# Fonts with Chinese letters, as systems have them, and what stands in the names of their files.
CHINESE = {
    "Noto Sans CJK SC": "notosanscjk", "Source Han Sans SC": "sourcehansans",
    "Microsoft YaHei": "msyh", "SimHei": "simhei", "PingFang SC": "pingfang",
    "Hiragino Sans GB": "hiragino", "Heiti SC": "stheiti",
    "Noto Sans CJK JP": "notosanscjk",
    "WenQuanYi Micro Hei": "wqy-microhei", "WenQuanYi Zen Hei": "wqy-zenhei",
    "Droid Sans Fallback": "droidsansfallback",
}  # fmt: skip


@contextmanager
def _drawing() -> Iterator[None]:
    """Our settings, and no warnings of letters that a title has and the font has not.

    What the font lacks is taken from one with Chinese letters, where there is one; else pictures
    are in English, since boxes say nothing.
    """
    import matplotlib

    chosen = resources.language()
    fonts = chinese_fonts(search=chosen != resources.FIRST)
    style = STYLE | {"font.family": [*STYLE["font.family"], *fonts]}  # in turn, letter by letter
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        try:
            if not fonts:
                resources.use(resources.FIRST)
            yield
        finally:
            resources.use(chosen)


def chinese_fonts(search: bool) -> list[str]:
    """The first font with Chinese letters that there is, or none.

    With ``search`` also one that was installed after matplotlib had listed the fonts.
    """
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {font.name for font in manager.ttflist}
    found = [name for name in CHINESE if name in known]
    for path in font_manager.findSystemFonts() if search and not found else ():
        if any(part in Path(path).name.lower() for part in CHINESE.values()):
            manager.addfont(path)
            found.append(manager.ttflist[-1].name)
            break
    return found[:1]


@contextmanager
def canvas(
    width: float, height: float, ax: Axes | None, blank: bool = False, panels: int = 1
) -> Iterator[Drawing]:
    """A figure of so many inches to draw in, or somebody's own axes.

    ``blank`` axes have no scales: they fill the figure, but for a title above and two lines below.
    Nothing has to be measured then, which is most of the work of a picture with much maths in it.
    """
    needs_matplotlib()
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if ax is not None and not isinstance(ax, Axes):
        raise OptionError("ax", "axes of matplotlib", type(ax).__name__)
    with _drawing():
        if ax is not None:
            figure = ax.figure.figure  # of a subfigure its whole
            yield Drawing(figure, ax)
        elif blank:
            whole = height + ABOVE + BELOW
            figure = Figure(figsize=(width, whole))
            FigureCanvasAgg(figure)
            axes = figure.add_axes((0.0, BELOW / whole, 1.0, height / whole))
            yield Drawing(figure, axes, measured=True)
        else:
            figure = Figure(figsize=(width, height), layout="constrained")
            FigureCanvasAgg(figure)
            every = tuple(figure.subplots(1, panels, squeeze=False)[0])
            yield Drawing(figure, every[0], panels=every)


@dataclass(frozen=True)
class Labels:
    """How quantities are written: in maths, in an author's symbols if the model has an author."""

    model: Model

    def maths(self, key: str, t: int | None = None) -> str:
        """A symbol between dollar signs, at a step or at none."""
        model = self.model
        entering = key not in model.derivatives and key.removesuffix("0") in model.derivatives
        name, step = (key[:-1], 0) if entering else (key, t)
        write = replace(model.latex(), step=step)
        text = write(Symbol(name, None if step is None else 0))
        # On one line: pictures have little room.
        text = re.sub(r"^\\frac\{(\\partial [^{}]+)\}\{(.*)\}$", r"\1 / \2", text)
        if _is_readable(f"${text}$"):
            return f"${text}$"
        return plain(model.unicode(step)(Symbol(name, None if step is None else 0)))


_readable: dict[str, bool] = {}


def _is_readable(text: str) -> bool:
    """Whether matplotlib can set it: not all of LaTeX."""
    if text not in _readable:
        from matplotlib.mathtext import MathTextParser

        try:
            MathTextParser("path").parse(text)
            _readable[text] = True
        except ValueError:
            _readable[text] = False
    return _readable[text]


def plain(text: str) -> str:
    """A text in which no dollar sign begins maths."""
    return text.replace("$", r"\$")


def number(value: float) -> str:
    """Four significant figures, a real minus, and powers of ten where there are many zeros."""
    if math.isnan(value):
        return "–"
    if not value:
        return "0"  # of either sign
    if math.isfinite(value) and not 1e-3 <= abs(value) < 1e5:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def title(drawing: Drawing, *parts: str) -> None:
    """A heading: the first part, and below it the others that say something."""
    said = [part for part in parts if part]
    inches = drawing.figure.get_size_inches()[0]
    width = max(30, int(inches * WIDE))
    lines = [*wrap("".join(said[:1]), width), *wrap(" · ".join(said[1:]), width)]
    text = plain("\n".join(lines))
    if len(drawing.panels) > 1:
        drawing.figure.suptitle(text, x=0.02, ha="left")
    else:
        drawing.axes.set_title(text, x=0.02 if drawing.measured else 0.0)
