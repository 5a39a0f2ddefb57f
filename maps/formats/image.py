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
from maps.formats.arrays import bare_document
from maps.formats.format import Format, bare_losses
from maps.formats.limits import check_shape, opened, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_PNG = 3 * MAX_CELLS  # bytes: two a cell, and room for other chunks
LEVELS = 65_534  # steps between value 1 and value 65535
CHUNK = "longcut"
_GREY_MODES = ("L", "I;16", "I;16B", "I")
_BLOCK = 1 << 20  # bytes
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
                    raise MapFormatError(
                        path, "", f"is an image of kind {mode}; save it as grey with 16 bits and no alpha"
                    )
                if (image.height, image.width) != shape:
                    raise MapFormatError(path, "", "is a damaged PNG image: it has two sizes")
                _check_rows(path, file, start)
                text: dict[str, Any] = dict(getattr(image, "text", {}))
                pixels = np.asarray(image).astype(np.float64)
        except MapFormatError:
            raise
        except Exception as error:  # Pillow raises many kinds on damaged files
            raise MapFormatError(path, "", f"is a damaged PNG image: {str(error)[:120]}") from None
    lo, hi = _range(path, text)
    top = 254 if mode == "L" else LEVELS
    if pixels.ndim != 2 or pixels.max(initial=0.0) > top + 1:
        raise MapFormatError(path, "", "has values beyond 16 bits; save it as grey with 16 bits")
    costs = np.where(pixels > 0.0, _costs(pixels - 1.0, lo, hi, top), np.inf)
    return bare_document(path, costs)


def _read_shape(path: Path, start: bytes) -> tuple[int, int]:
    """Rows and columns from the first bytes of an image."""
    if len(start) < 33 or start[:8] != b"\x89PNG\r\n\x1a\n" or start[12:16] != b"IHDR":
        raise MapFormatError(path, "", "is not a whole PNG image")
    width, height = struct.unpack(">II", start[16:24])
    check_shape(path, "", height, width)
    return height, width


def _check_rows(path: Path, file: BinaryIO, start: bytes) -> None:
    """Refuse a grey image that holds fewer or more rows than its header says; leaves the file where it was.

    Pillow reads an image that ends early without a word, its missing rows black: here they would become walls.
    """
    here = file.tell()
    width, height, depth, interlaced = *struct.unpack(">IIB", start[16:25]), start[28]
    needed = 0
    for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = max(0, -(-(width - left) // across)), max(0, -(-(height - top) // down))
        needed += rows * (1 + -(-columns * depth // 8)) if columns else 0
    inflate = zlib.decompressobj()
    found = 0
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
        left = int.from_bytes(head[:4], "big")
        if head[4:] != b"IDAT":
            file.seek(left + 4, io.SEEK_CUR)
            continue
        while block := file.read(min(left, _BLOCK)):
            left -= len(block)
            while block and found <= needed:
                found += len(inflate.decompress(block, _BLOCK))
                block = inflate.unconsumed_tail
        file.seek(4, io.SEEK_CUR)
    while found <= needed and (rest := inflate.decompress(inflate.unconsumed_tail, _BLOCK)):
        found += len(rest)
    if found != needed:
        amount = "more" if found > needed else f"{found}"
        why = f"is a damaged PNG image: its rows should be {needed} bytes but are {amount}"
        raise MapFormatError(path, "", why)
    file.seek(here)


def _range(path: Path, text: dict[str, Any]) -> tuple[float, float]:
    """Return lo and hi from the text chunk, else from the file beside, else the usual bounds."""
    source, where = text.get(CHUNK), f"text chunk {CHUNK!r}"
    sidecar = _sidecar(path)
    if not isinstance(source, str) and sidecar.is_file():
        source, where = read_file(sidecar, 65_536).decode("utf-8", "replace"), sidecar.name
    if not isinstance(source, str):
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
    "png", "16-bit grey image, brightness is cost", (".png",), _read, _encode, _losses, signature=b"\x89PNG"
)
