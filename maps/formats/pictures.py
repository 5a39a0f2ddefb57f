"""Pictures as maps, told how: by how bright a pixel is, or by its colour.

What is read: PNG, BMP, GIF, JPEG, TIFF and WebP of 8 bits a colour, and grey ones of up to 16. A picture with 16
bits a colour is refused: the library would cut them to 8 in silence. Transparent pixels are walls.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from PIL import Image

from maps.document import MapDocument
from maps.errors import MapFormatError
from maps.formats import image
from maps.formats.arrays import bare_document, bounds_of_costs
from maps.formats.format import GRID, Format, bare_losses, name_of
from maps.formats.limits import check_shape, opened
from maps.formats.options import MEANING, ReadOptions, UnsaidError
from maps.formats.values import Values
from maps.terrain import (
    DEFAULT_PALETTE,
    MOST_TERRAINS,
    NO_TERRAIN,
    Terrain,
    of_each_cell,
    on_impassable_terrain,
    palette_costs,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_BYTES = 64 << 20
MOST_PIXELS = 4096 * 4096
KINDS = ("PNG", "BMP", "GIF", "JPEG", "TIFF", "WEBP")
ENDINGS = (".bmp", ".gif", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_SAMPLE_BITS = 258  # tag of TIFF


def read_picture(path: Path, options: ReadOptions | None = None) -> MapDocument:
    """Return the map in a picture, as the options say. Raises UnsaidError where they do not; MapFormatError."""
    options = options or ReadOptions()
    pixels, told = _pixels(path)
    colours = options.colours
    if colours is None and pixels.ndim == 2 and (options.scale or options.slope is not None):
        colours = "brightness"
    if colours is None:
        why = "is a picture; whether brightness or the colour says what a cell costs, has to be said"
        raise UnsaidError(path, why, "colours")
    if colours == "brightness":
        return _by_brightness(path, pixels, options, told)
    if pixels.ndim == 2:
        grey = np.minimum(pixels, 255).astype(np.uint8)
        pixels = np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=2)
    return _by_colour(path, pixels, told, nearest=colours == "palette")


def _pixels(path: Path) -> tuple[NDArray[Any], list[str]]:
    """The pixels, (H, W) of grey ones in up to 16 bits, else (H, W, 4) of red, green, blue and opacity."""
    told: list[str] = []
    with opened(path, MAX_BYTES) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sizes are checked here; an error could strike another thread
        try:
            with Image.open(file, formats=KINDS) as opened_image:
                check_shape(path, "", opened_image.height, opened_image.width)
                if opened_image.width * opened_image.height > MOST_PIXELS:
                    raise _too_large(path)
                _check_depth(path, file, opened_image)
                if getattr(opened_image, "is_animated", False):
                    told.append("the first of its pictures is read")
                if opened_image.mode in ("L", "I;16", "I;16B"):
                    return np.asarray(opened_image), told
                if opened_image.mode in ("F", "I"):
                    why = "holds numbers, not colours; save them as an Esri ASCII grid or .npy and open that"
                    raise MapFormatError(path, "", why)
                return np.asarray(opened_image.convert("RGBA")), told
        except MapFormatError:
            raise
        except Image.DecompressionBombError:
            raise _too_large(path) from None
        except Exception as error:  # Pillow raises many kinds on damaged files
            raise MapFormatError(path, "", f"is no whole picture: {str(error)[:120]}") from None


def _too_large(path: Path) -> MapFormatError:
    return MapFormatError(path, "", f"has more than {MOST_PIXELS} pixels; make the picture smaller")


def _check_depth(path: Path, file: BinaryIO, picture: Image.Image) -> None:
    """Refuse colours of more than 8 bits, which would be cut, and a PNG that is not whole."""
    bits = 8
    if picture.format == "PNG":
        here = file.tell()
        file.seek(0)
        start = file.read(33)
        image.check_chunks(path, file, start)
        file.seek(here)
        bits = start[24]
    elif picture.format == "TIFF":
        tags: Any = getattr(picture, "tag_v2", {})
        bits = max(tags.get(_SAMPLE_BITS, (1,)))
    if picture.mode not in ("L", "I;16", "I;16B", "I", "F"):
        image.check_depth(path, bits)


def _by_brightness(path: Path, pixels: NDArray[Any], options: ReadOptions, told: list[str]) -> MapDocument:
    if options.slope is None and options.scale is None:
        why = "is to be read by brightness; what black and white cost, or that they are heights, has to be said"
        raise UnsaidError(path, why, "scale", "slope")
    values = Values(path, options)
    top = 255.0 if pixels.dtype == np.uint8 else 65_535.0
    for row in pixels:
        if pixels.ndim == 2:
            values.add(row)
        else:
            values.add(np.where(row[:, 3] > 0, row[:, :3] @ np.array(_LUMA), np.nan))
    told = ["read by brightness", *told, *values.told()]
    document = bare_document(path, values.costs(ends=(0.0, top)))
    return document.replace(metadata={GRID: {"told": told}})


def _by_colour(path: Path, pixels: NDArray[np.uint8], told: list[str], *, nearest: bool) -> MapDocument:
    """nearest: to the terrains of the starting palette; else each colour is a terrain of its own."""
    code = pixels[..., 0].astype(np.int32) << 16 | pixels[..., 1].astype(np.int32) << 8 | pixels[..., 2]
    clear = pixels[..., 3] == 0
    code[clear] = -1
    if nearest:
        palette = DEFAULT_PALETTE
        numbers, farthest = _nearest(code)
        told = [f"each cell is the terrain whose colour is nearest; {farthest:.0f} of 255 is the farthest", *told]
    else:
        found = _colours_in(path, code)
        known = {int(kind.colour[1:], 16): kind for kind in DEFAULT_PALETTE}
        palette = tuple(known.get(each) or Terrain(f"#{each:06x}", 1.0, f"#{each:06x}") for each in found)
        palette = tuple(replace(kind, tile=kind.colour) for kind in palette)
        numbers = np.searchsorted(found, code).astype(np.uint8)
        new = sum(each not in known for each in found)
        told = [f"each of its {len(found)} colours is a terrain", *told]
        if new:
            told.append(f"{new} of them cost 1 until you change them in the palette or by a table of costs")
    terrain = np.where(clear, np.uint8(NO_TERRAIN), numbers)
    if clear.any():
        told.append(f"{int(clear.sum())} transparent cells are walls")
    cost = of_each_cell(terrain, palette_costs(palette), 1.0, np.float32)
    passable = ~clear & ~on_impassable_terrain(terrain, palette)
    return MapDocument(
        cost=cost,
        passable=passable,
        locked=np.zeros(cost.shape, np.bool_),
        terrain=terrain,
        palette=palette,
        bounds=bounds_of_costs(cost[passable]),
        name=name_of(path),
        metadata={GRID: {"told": told}},
    )


def _colours_in(path: Path, code: NDArray[np.int32]) -> list[int]:
    """The colours in order, -1 for transparent pixels left out; refuses too many as soon as they are found."""
    found: set[int] = set()
    for row in code:
        found.update(np.unique(row).tolist())
        if len(found) > MOST_TERRAINS:
            why = f"has more than {MOST_TERRAINS} colours, too many for terrains; read it by brightness or palette"
            raise MapFormatError(path, "", why)
    return sorted(found - {-1})


def _nearest(code: NDArray[np.int32]) -> tuple[NDArray[np.uint8], float]:
    """(H, W) numbers of the starting palette, and how far the farthest colour is from its terrain's."""
    colours = [int(kind.colour[1:], 16) for kind in DEFAULT_PALETTE]
    palette = np.array([[each >> 16, each >> 8 & 255, each & 255] for each in colours], np.float64)
    numbers = np.empty(code.shape, np.uint8)
    farthest = 0.0
    for number, row in enumerate(code):
        parts = np.stack([row >> 16 & 255, row >> 8 & 255, row & 255], axis=1)
        far = np.sqrt(((parts[:, None] - palette) ** 2).sum(axis=2))
        numbers[number] = far.argmin(axis=1)
        farthest = max(farthest, float(far.min(axis=1)[row >= 0].max(initial=0.0)))
    return numbers, farthest


PNG = replace(image.FORMAT, read_as=read_picture, takes=MEANING | {"colours"})
PICTURE = Format(
    "picture",
    "picture, by brightness or by colours",
    ENDINGS,
    read_picture,
    None,
    bare_losses,
    read_as=read_picture,
    takes=MEANING | {"colours"},
)
