"""Esri ASCII grids, `.asc`: a header, then numbers row by row from the north. 0 is a value; NODATA is a wall.

The header's lines are ncols, nrows, xllcorner and yllcorner or xllcenter and yllcenter, cellsize, and
NODATA_value, which may be missing. Where the grid lies is kept in the metadata, under "grid", and written again.
(Esri, "Esri ASCII raster format", ArcGIS documentation.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from maps.errors import MapFormatError
from maps.formats.arrays import bare_costs, bare_document
from maps.formats.format import GRID, Format, bare_losses
from maps.formats.limits import check_shape, opened
from maps.formats.options import MEANING, ReadOptions
from maps.formats.table import is_number
from maps.formats.values import Values
from maps.formats.watching import handled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.document import MapDocument

_BLOCK = 1 << 18  # bytes
_LONGEST_NUMBER = 400  # bytes; float64 in plain decimals
_LONGEST_LINE, _MOST_LINES = 256, 32  # bytes and lines of a header
_NODATA = -9999.0
_KEYS = ("ncols", "nrows", "xllcorner", "xllcenter", "yllcorner", "yllcenter", "cellsize", "nodata_value")


@dataclass(frozen=True)
class Header:
    """What a grid says of itself. lower_left: (x, y), of the cell's corner, or of its centre.

    cell: the side of a cell, in units of the map.  nodata: what stands for no value.
    """

    shape: tuple[int, int]
    lower_left: tuple[float, float]
    centred: bool
    cell: float
    nodata: float | None


def read_asc(path: Path, options: ReadOptions | None = None) -> MapDocument:
    """Return the map in a grid of costs or, as the options say, of heights or numbers to be scaled.

    Raises MapFormatError, naming the line; NoCostError, naming the cell, for a number that is no cost.
    """
    options = options or ReadOptions()
    with opened(path) as file:
        header, lines = _header(path, file)
        values = Values(path, options, header.nodata)
        words = _Words(path, file, lines)
        for row in words.rows(*header.shape):
            values.add(row)
    told = ["decimal commas"] if words.decimal_commas else []
    told += values.told(header.cell)
    place = "centre" if header.centred else "corner"
    where = {place: list(header.lower_left), "cell": header.cell, "told": told}
    document = bare_document(path, values.costs(header.cell))
    return document.replace(cell_size=header.cell, metadata={GRID: where})


def _header(path: Path, file: BinaryIO) -> tuple[Header, int]:
    """The header, and how many lines it has; the file is left at the first number."""
    found: dict[str, float] = {}
    lines = 0
    while True:
        if lines == _MOST_LINES:
            raise MapFormatError(path, f"line {lines}", "is still no row of numbers, nor the whole header")
        at = file.tell()
        line = file.readline(_LONGEST_LINE)
        words = line.decode("utf-8-sig", "replace").split()
        if line and not words:
            lines += 1
            continue
        if not words or not words[0][:1].isalpha() or words[0].lower() == "nan":
            file.seek(at)
            break
        lines += 1
        key, where = words[0].lower(), f"line {lines}"
        number = words[1].replace(",", ".") if len(words) == 2 else ""
        if key not in _KEYS:
            known = ", ".join(_KEYS)
            raise MapFormatError(path, where, f"{words[0][:20]!r} is no line of a header; known are {known}")
        if key in found or not is_number(number):
            raise MapFormatError(path, where, f"should be {key} and one number, once")
        found[key] = float(number)
    missing = [key for key in ("ncols", "nrows", "cellsize") if key not in found]
    if missing:
        raise MapFormatError(path, "header", f"has no {missing[0]}; an Esri ASCII grid begins with it")
    centred = "xllcenter" in found or "yllcenter" in found
    corner = tuple(found.get(f"{axis}ll{'center' if centred else 'corner'}", 0.0) for axis in "xy")
    if not (found["ncols"].is_integer() and found["nrows"].is_integer()):
        raise MapFormatError(path, "header", "ncols and nrows should be whole numbers")
    height, width = int(found["nrows"]), int(found["ncols"])
    check_shape(path, "header", height, width)
    if not (np.isfinite(found["cellsize"]) and found["cellsize"] > 0.0 and np.isfinite(corner).all()):
        raise MapFormatError(path, "header", "cellsize should be above 0, and all of the header finite")
    lower_left = corner[0], corner[1]
    return Header((height, width), lower_left, centred, found["cellsize"], found.get("nodata_value")), lines


class _Words:
    """Read numbers from text, block by block; a row of the grid may go over several lines."""

    def __init__(self, path: Path, file: BinaryIO, lines: int) -> None:
        self._path, self._file, self._line = path, file, lines + 1
        self.decimal_commas = False

    def rows(self, height: int, width: int) -> Iterator[NDArray[np.float64]]:
        """Yield `height` rows of `width` numbers; refuse fewer, and more."""
        kept: list[NDArray[np.float64]] = []
        count = done = 0
        for numbers in self._numbers():
            kept.append(numbers)
            count += len(numbers)
            if done * width + count > height * width:
                raise MapFormatError(
                    self._path, "", f"has more than {height} × {width} numbers, as its header says"
                )
            if count < width:
                continue
            joined = np.concatenate(kept)
            whole = count // width
            yield from joined[: whole * width].reshape(whole, width)
            done, kept, count = done + whole, [joined[whole * width :]], count % width
        if done < height:
            found = done * width + count
            raise MapFormatError(self._path, "", f"has {found} numbers; its header says {height} × {width}")

    def _numbers(self) -> Iterator[NDArray[np.float64]]:
        rest = b""
        while block := self._file.read(_BLOCK):
            text = rest + block
            end = max(text.rfind(blank) for blank in (b" ", b"\n", b"\t", b"\r")) + 1
            text, rest = text[:end], text[end:]
            if len(rest) > _LONGEST_NUMBER:
                raise MapFormatError(self._path, f"line {self._line + text.count(10)}", "is no row of numbers")
            yield self._parsed(text)
            handled(len(block))
        yield self._parsed(rest)

    def _parsed(self, text: bytes) -> NDArray[np.float64]:
        if b"," in text and b"." not in text:
            text, self.decimal_commas = text.replace(b",", b"."), True
        words = text.split()
        try:
            if b"_" in text or max(map(len, words), default=0) > _LONGEST_NUMBER:
                raise ValueError
            numbers = np.array(words, dtype=np.bytes_).astype(np.float64) if words else np.zeros(0)
        except ValueError:
            raise self._refusal(text) from None
        self._line += text.count(b"\n")
        return numbers

    def _refusal(self, text: bytes) -> MapFormatError:
        for offset, line in enumerate(text.split(b"\n")):
            for word in line.decode("utf-8", "replace").split():
                if not is_number(word):
                    where = f"line {self._line + offset}"
                    return MapFormatError(self._path, where, f"{word[:20]!r} is not a number")
        return MapFormatError(self._path, f"line {self._line}", "is no row of numbers")


def _encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
    kept = document.metadata.get(GRID)
    place, lower_left = "corner", (0.0, 0.0)
    for name in ("corner", "centre"):
        given = kept.get(name) if isinstance(kept, Mapping) else None
        if isinstance(given, tuple) and len(given) == 2 and all(type(value) is float for value in given):
            place, lower_left = name, (float(str(given[0])), float(str(given[1])))
    word = "llcenter" if place == "centre" else "llcorner"
    header = (
        f"ncols {document.width}\nnrows {document.height}\nx{word} {lower_left[0]!r}\ny{word} {lower_left[1]!r}\n"
        f"cellsize {document.cell_size!r}\nNODATA_value {_NODATA:g}\n"
    )
    costs = np.where(document.passable, bare_costs(document), np.float32(_NODATA))
    # numpy writes a float32 with the fewest digits that read back to the same float32.
    rows = [" ".join(map(str, row)) for row in costs]
    return {path: (header + "\n".join(rows) + "\n").encode("ascii")}


def _is_grid(data: bytes) -> bool:
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(b"ncols")


def _losses(document: MapDocument) -> list[str]:
    others = {key: value for key, value in document.metadata.items() if key != GRID}
    return [
        entry.replace("the palette, the cell size and the name", "the palette and the name")
        for entry in bare_losses(document.replace(metadata=others))
    ]


FORMAT = Format(
    "asc",
    "Esri ASCII grid of costs",
    (".asc",),
    read_asc,
    _encode,
    _losses,
    recognises=_is_grid,
    read_as=read_asc,
    takes=MEANING,
)
