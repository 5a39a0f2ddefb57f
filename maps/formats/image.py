"""16-bit grey PNG: brightness is cost. 0 is an impassable cell, 1 … 65535 run from `lo` to `hi`.

`lo` and `hi` stand in a text chunk "longcut" of the image and in a small JSON file beside it, because many
tools drop text chunks. Rounding keeps the total cost: a cell is off by at most one level.
"""

from __future__ import annotations

import io
import json
import math
import struct
import warnings
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from PIL import Image, PngImagePlugin

from maps.document import MAX_CELLS, Bounds, MapDocument
from maps.errors import MapFormatError
from maps.formats.arrays import bare_document, costs_of
from maps.formats.format import Format, bare_losses
from maps.formats.limits import check_shape, opened, read_file
from maps.formats.options import UnsaidError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_PNG = 3 * MAX_CELLS  # bytes: two a cell, and room for other chunks
LEVELS = 65_534  # steps between value 1 and value 65535
CHUNK = "longcut"
LONGEST_TEXT = 65_536  # bytes
_GREY_MODES = ("L", "I;16", "I;16B", "I")
_BLOCK = 1 << 20  # bytes
_CHANNELS = {2: 3, 4: 2, 6: 4}  # by the kind of colour: red, green and blue; grey and opacity; all four
# Adam7: first column, first row, columns and rows between the pixels of each pass. (PNG specification, 8.1)
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def quantise(document: MapDocument) -> tuple[NDArray[np.uint16], float, float]:
    """Return values (H, W) with lo and hi; the total over passable cells is kept to within one level in all.

    A cost that a level gives exactly keeps that level, so that a picture that was read is written unchanged.
    """
    passable = document.passable
    single = document.cost[passable]
    costs = single.astype(np.float64)
    values = np.zeros(document.shape, dtype=np.uint16)
    if costs.size == 0:
        return values, 1.0, 1.0
    lo, hi = float(costs.min()), float(costs.max())
    if hi == lo:
        values[passable] = 1
        return values, lo, hi
    exact = (costs - lo) / (hi - lo) * LEVELS
    nearest = np.rint(exact)
    exact = np.where(_costs(nearest, lo, hi).astype(np.float32) == single, nearest, exact)
    levels = np.floor(exact)
    # Largest remainders are rounded up, as many as the total asks for.
    up = round(float((exact - levels).sum()))
    order = np.argsort(levels - exact, kind="stable")[:up]
    levels[order] += 1
    values[passable] = (np.minimum(levels, LEVELS) + 1).astype(np.uint16)
    return values, lo, hi


def _costs(levels: NDArray[np.float64], lo: float, hi: float, top: int = LEVELS) -> NDArray[np.float64]:
    """What the levels 0 … top stand for."""
    return lo + levels / top * (hi - lo)


def _read(path: Path) -> MapDocument:
    with opened(path, MAX_PNG) as file, warnings.catch_warnings():
        start = file.read(33)
        shape = _read_shape(path, start)
        warnings.simplefilter("ignore")  # the size is checked; an error could strike another thread
        try:
            with Image.open(file, formats=("PNG",)) as image:
                mode = image.mode
                if mode not in _GREY_MODES:
                    check_depth(path, start[24])
                    why = f"is a picture of kind {mode}; whether brightness or the colour says what a cell costs"
                    raise UnsaidError(path, f"{why}, has to be said", "colours")
                if (image.height, image.width) != shape:
                    raise MapFormatError(path, "", "is a damaged PNG image: it has two sizes")
                # All that can be wrong is found before any pixel is unpacked.
                lo, hi = _range(path, check_chunks(path, file, start))
                pixels = np.asarray(image)
        except MapFormatError:
            raise
        except Exception as error:  # Pillow raises many kinds on damaged files
            raise MapFormatError(path, "", f"is a damaged PNG image: {str(error)[:120]}") from None
    top = 254 if mode == "L" else LEVELS
    if pixels.ndim != 2 or pixels.max(initial=0) > top + 1:
        raise MapFormatError(path, "", "has values beyond 16 bits; save it as grey with 16 bits")
    costs = np.empty(pixels.shape, np.float32)
    for row, line in enumerate(pixels):  # by rows, so that nothing of the image's size is held in float64
        values = _costs(line.astype(np.float64) - 1.0, lo, hi, top)
        costs[row] = costs_of(path, np.where(line > 0, values, np.inf), row)
    return bare_document(path, costs)


def _read_shape(path: Path, start: bytes) -> tuple[int, int]:
    """Rows and columns from the first bytes of an image."""
    if len(start) < 33 or start[:8] != b"\x89PNG\r\n\x1a\n" or start[12:16] != b"IHDR":
        raise MapFormatError(path, "", "is not a whole PNG image")
    width, height = struct.unpack(">II", start[16:24])
    check_shape(path, "", height, width)
    return height, width


def check_depth(path: Path, bits: int) -> None:
    """Refuse colours of more than 8 bits: Pillow would cut them to 8 in silence."""
    if bits > 8:
        why = f"has {bits} bits a colour, which would be cut to 8; save it with 8, or as grey with 16"
        raise MapFormatError(path, "", why)


def check_chunks(path: Path, file: BinaryIO, start: bytes) -> str | None:
    """Return Longcut's text in a PNG image, if it has one; leave the file where it was. start: its first 33 bytes.

    Refuses an image with a damaged chunk, or whose pixels are fewer or more than its header says: Pillow reads
    one that ends early without a word, its missing rows black, which here would become walls. Takes little
    memory, whatever the image unpacks to.
    """
    here = file.tell()
    rows = _Rows(path, start)
    text: str | None = None
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
        left, kind, checksum = int.from_bytes(head[:4], "big"), head[4:], zlib.crc32(head[4:])
        kept = b""
        while left and (block := file.read(min(left, _BLOCK))):
            left -= len(block)
            checksum = zlib.crc32(block, checksum)
            if kind == b"IDAT":
                rows.take(block)
            elif len(kept) < LONGEST_TEXT:
                kept += block
        if file.read(4) != checksum.to_bytes(4, "big"):
            raise MapFormatError(path, "", "is a damaged PNG image: a checksum is wrong")
        text = _longcut_text(kind, kept[:LONGEST_TEXT]) if text is None else text
    rows.end()
    file.seek(here)
    return text


class _Rows:
    """Counts the bytes that the rows of an image unpack to, without keeping them."""

    def __init__(self, path: Path, start: bytes) -> None:
        self._path, self._found, self._needed = path, 0, 0
        self._inflate = zlib.decompressobj()
        width, height, depth, interlaced = *struct.unpack(">IIB", start[16:25]), start[28]
        depth *= _CHANNELS.get(start[25], 1)
        for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
            columns, rows = max(0, -(-(width - left) // across)), max(0, -(-(height - top) // down))
            self._needed += rows * (1 + -(-columns * depth // 8)) if columns else 0

    def take(self, block: bytes) -> None:
        """Unpack some more bytes."""
        while block and self._found <= self._needed:
            self._found += len(self._inflate.decompress(block, _BLOCK))
            block = self._inflate.unconsumed_tail

    def end(self) -> None:
        """Refuse an image that held fewer or more than it should."""
        while self._found <= self._needed and (rest := self._inflate.decompress(b"", _BLOCK)):
            self._found += len(rest)
        if self._found != self._needed:
            amount = "more" if self._found > self._needed else f"{self._found}"
            why = f"is a damaged PNG image: its rows should be {self._needed} bytes but are {amount}"
            raise MapFormatError(self._path, "", why)


def _longcut_text(kind: bytes, contents: bytes) -> str | None:
    """Longcut's text in the contents of a chunk, in any of the three ways in which tools keep texts."""
    name, _, rest = contents.partition(b"\0")
    if name != CHUNK.encode() or kind not in (b"tEXt", b"zTXt", b"iTXt"):
        return None
    packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
    if kind == b"iTXt":
        rest = rest[2:].split(b"\0", 2)[-1]  # flag, method, language, translated name
    elif kind == b"zTXt":
        rest = rest[1:]
    if packed:
        rest = zlib.decompressobj().decompress(rest, LONGEST_TEXT)
    return rest.decode("utf-8", "replace")


def _range(path: Path, source: str | None) -> tuple[float, float]:
    """Return lo and hi from the text in the image, else from the file beside, else the usual bounds."""
    where = f"text chunk {CHUNK!r}"
    sidecar = _sidecar(path)
    if source is None and sidecar.is_file():
        source, where = read_file(sidecar, LONGEST_TEXT).decode("utf-8", "replace"), sidecar.name
    if source is None:
        return Bounds().lower, Bounds().upper
    try:
        values = cast("dict[str, Any]", json.loads(source))
        lo, hi = float(values["lo"]), float(values["hi"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        raise MapFormatError(path, where, 'should be JSON such as {"lo": 0.2, "hi": 5.0}') from None
    if not (math.isfinite(lo) and math.isfinite(hi) and 0.0 < lo <= hi):
        raise MapFormatError(path, where, f"has lo {lo} and hi {hi}; 0 < lo ≤ hi is needed")
    return lo, hi


def _encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
    values, lo, hi = quantise(document)
    note = json.dumps({"lo": lo, "hi": hi, "impassable": 0, "levels": LEVELS})
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(CHUNK, note)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", pnginfo=chunks)
    return {_sidecar(path): (note + "\n").encode("ascii"), path: buffer.getvalue()}


def _losses(document: MapDocument) -> list[str]:
    values, lo, hi = quantise(document)
    step = (hi - lo) / LEVELS
    levels = values[document.passable].astype(np.float64) - 1.0
    kept = _costs(levels, lo, hi).astype(np.float32)
    error = np.abs(kept.astype(np.float64) - document.cost[document.passable]).max(initial=0.0)
    rounding = (
        f"full precision (costs are rounded to steps of {step:.3g}, the largest error is {error:.3g}; "
        "the total is kept)"
    )
    return [rounding, *bare_losses(document)]


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".json")


FORMAT = Format(
    "png",
    "16-bit grey image, brightness is cost",
    (".png",),
    _read,
    _encode,
    _losses,
    companion=lambda _, path: _sidecar(path),
    signature=b"\x89PNG",
)
