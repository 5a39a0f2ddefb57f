"""Where things of a Tiled map lie: files beside it, chunks of tiles, objects in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np

from maps.errors import MapFormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from maps.formats.tiled.model import Gids

FARTHEST = 1 << 24  # cells from the editor's origin
UPWARDS = 4  # folders that a tileset may lie above its map


def beside(path: Path, source: str) -> Path:
    """Return the file that a map names by a relative path. Raises MapFormatError for any other kind of path."""
    parts = PurePosixPath(source.replace("\\", "/")).parts
    if not parts or source.startswith("/") or PureWindowsPath(source).drive or ":" in source:
        raise MapFormatError(path, "", f"names the file {source[:60]!r}; only files beside the map are read")
    if sum(part == ".." for part in parts) > UPWARDS:
        raise MapFormatError(path, "", f"names the file {source[:60]!r}, too far from the map to be read")
    return path.parent.joinpath(*parts)


def bounding_box(
    chunks: Sequence[tuple[tuple[int, int], tuple[int, int]]],
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first cell (row, col) and the size of the smallest rectangle around chunks (first, size)."""
    if not chunks:
        return (0, 0), (1, 1)
    top, left = (min(first[axis] for first, _ in chunks) for axis in (0, 1))
    bottom, right = (max(first[axis] + size[axis] for first, size in chunks) for axis in (0, 1))
    return (top, left), (bottom - top, right - left)


def laid_out(
    path: Path,
    where: str,
    chunks: Sequence[tuple[tuple[int, int], Gids]],
    first: tuple[int, int],
    shape: tuple[int, int],
) -> Gids:
    """Return the tile ids (H, W) of chunks, each with its place (row, col), on a map that begins at `first`."""
    gids = np.zeros(shape, np.uint32)
    for (row, col), tiles in chunks:
        r0, c0 = row - first[0], col - first[1]
        under = gids[r0 : r0 + tiles.shape[0], c0 : c0 + tiles.shape[1]]
        if r0 < 0 or c0 < 0 or under.shape != tiles.shape:
            size, whole = (f"{extent[1]} × {extent[0]}" for extent in (tiles.shape, shape))
            raise MapFormatError(path, where, f"has {size} tiles, which do not fit the map of {whole}")
        under[...] = tiles
    return gids


def checked_side(
    path: Path, where: str, name: str, value: Any, least: int | None = 1, otherwise: int | None = None
) -> int:
    """Return a whole number of a file. Raises MapFormatError where it is missing, too small or far too large."""
    if value is None and otherwise is not None:
        return otherwise
    given: Any = value
    try:
        number = int(given)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or (isinstance(given, float) and not given.is_integer()):
        raise MapFormatError(path, where, f"{name} is {str(given)[:20]!r}; a whole number is needed")
    if not (-FARTHEST if least is None else least) <= number <= (1 << 32):
        raise MapFormatError(path, where, f"{name} is {number}, which no map has")
    return number


@dataclass(frozen=True)
class Extent:
    """Where an object lies, in pixels of the editor: its place and the centre of what it covers."""

    x: float
    y: float
    centre: tuple[float, float]


def span_of_object(path: Path, values: Mapping[str, Any], *, is_point: bool) -> Extent:
    """Return where an object lies. values: its x, y, width, height, rotation and gid as the file gives them.

    An object with a tile hangs on its lower left corner, any other on its upper left; it turns about that corner.
    """
    numbers: dict[str, float] = {}
    for name in ("x", "y", "width", "height", "rotation"):
        try:
            numbers[name] = float(values.get(name, 0.0))
        except (TypeError, ValueError):
            numbers[name] = math.nan
        if not abs(numbers[name]) < 1e9:
            given = str(values.get(name))[:20]
            raise MapFormatError(path, "", f"an object's {name} is {given!r}, which is no place on a map")
    x, y = numbers["x"], numbers["y"]
    if is_point:
        return Extent(x, y, (x, y))
    upwards = "gid" in values
    across, down = 0.5 * numbers["width"], (-0.5 if upwards else 0.5) * numbers["height"]
    angle = math.radians(numbers["rotation"])
    turned = (
        x + across * math.cos(angle) - down * math.sin(angle),
        y + across * math.sin(angle) + down * math.cos(angle),
    )
    return Extent(x, y, turned)


def cell_of(
    orientation: str, tile_size: tuple[int, int], first: tuple[int, int]
) -> Callable[[float, float], tuple[float, float]]:
    """Return what turns pixels of the editor (x, y) into cells (row, col), whose centres are whole numbers."""
    width, height = pixels_of_cell(orientation, tile_size)

    def cell(x: float, y: float) -> tuple[float, float]:
        return y / height - 0.5 - first[0], x / width - 0.5 - first[1]

    return cell


def plain_number(number: float) -> str:
    """Return a place in pixels as the editor writes it, to a millionth."""
    return f"{round(number, 6):.12g}"


def pixels_of_cell(orientation: str, tile_size: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of a cell in the pixels that objects are placed in.

    On an isometric map objects are placed along its two axes, in heights of a tile both.
    """
    width, height = tile_size
    return (height, height) if orientation == "isometric" else (width, height)
