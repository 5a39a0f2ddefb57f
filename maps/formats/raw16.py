"""16-bit heights without a header, `.r16` and `.raw`, as terrain tools and engines exchange them.

Such a file is a square of unsigned numbers, or a rectangle whose size has to be said, in one of two byte orders.
What its numbers cost has to be said as well: they are scaled, 0 … 65535, or are heights whose slope costs. A file
that this program wrote has a note beside it, NAME.json, that says all of it, and 0 is a wall there.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from maps.document import MAX_CELLS
from maps.errors import MapFormatError
from maps.formats.arrays import bare_document, costs_of
from maps.formats.format import GRID, Format, bare_losses
from maps.formats.limits import check_shape, opened, read_file
from maps.formats.options import MEANING, ReadOptions, UnsaidError
from maps.formats.values import Values

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.document import MapDocument
    from maps.formats.options import ByteOrder

TOP = 65_535
_LONGEST_NOTE = 4096  # bytes
_SAMPLE = 1 << 16  # numbers that a byte order is judged by


def read_raw16(path: Path, options: ReadOptions | None = None) -> MapDocument:
    """Return the map in a file of heights, as the options say, or as the note beside it does.

    Raises UnsaidError for what has to be said, and MapFormatError.
    """
    options = options or ReadOptions()
    noted = _note(path) if not options.given else None
    data = read_file(path, 2 * MAX_CELLS)
    if noted is not None:
        return _as_noted(path, data, noted)
    height, width = _size(path, len(data), options.size)
    order = options.byte_order
    if order is None:
        smoother = " or ".join(_smoother(data))
        why = f"does not say which byte of a height comes first; its heights are smoother as {smoother} endian"
        raise UnsaidError(path, why, "byte_order")
    if options.slope is None and options.scale is None:
        why = "holds numbers from 0 to 65535, which are no costs by themselves; what they cost has to be said"
        raise UnsaidError(path, why, "slope", "scale")
    rows = _numbers(data, order).reshape(height, width)
    values = Values(path, options)
    for row in rows[::-1] if options.flip else rows:
        values.add(row)
    told = [f"{height} rows of {width} numbers, {order} endian", *(["the last row first"] if options.flip else [])]
    told += values.told()
    document = bare_document(path, values.costs(ends=(0.0, float(TOP))))
    return document.replace(metadata={GRID: {"told": told}})


def _size(path: Path, length: int, said: tuple[int, int] | None) -> tuple[int, int]:
    if length % 2 or not length:
        raise MapFormatError(path, "", f"has {length} bytes; heights of 16 bits have two each")
    count = length // 2
    if said is not None:
        check_shape(path, "", *said)
        if math.prod(said) != count:
            expected = "{} × {}".format(*said)
            raise MapFormatError(path, "", f"has {count} heights, which are not the {expected} that were said")
        return said
    side = math.isqrt(count)
    if side * side != count:
        # The most nearly square of the sizes that fit, to have one to name.
        rows = next(rows for rows in range(side, 0, -1) if count % rows == 0)
        why = f"has {count} heights, which are no square; its rows and columns have to be said, such as {rows}"
        raise UnsaidError(path, f"{why} × {count // rows}", "size")
    check_shape(path, "", side, side)
    return side, side


def smoother_order(path: Path) -> ByteOrder | None:
    """Return the byte order in which neighbouring heights differ less; None if it makes no difference.

    Raises MapFormatError.
    """
    with opened(path) as file:
        orders = _smoother(file.read(2 * _SAMPLE))
    return orders[0] if len(orders) == 1 else None


def _smoother(data: bytes) -> tuple[ByteOrder, ...]:
    roughness: dict[ByteOrder, float] = {}
    orders: tuple[ByteOrder, ByteOrder] = ("little", "big")
    for order in orders:
        sample = _numbers(data[: 2 * min(_SAMPLE, len(data) // 2)], order).astype(np.float64)
        roughness[order] = float(np.abs(np.diff(sample)).sum())
    least = min(roughness.values())
    return tuple(order for order in orders if roughness[order] == least)


def _numbers(data: bytes, order: ByteOrder) -> NDArray[np.uint16]:
    return np.frombuffer(data, "<u2" if order == "little" else ">u2")


def _note(path: Path) -> dict[str, Any] | None:
    """What this program has noted beside a file that it wrote; None where there is none of its notes."""
    beside = path.with_name(path.name + ".json")
    if not beside.is_file():
        return None
    try:
        found: object = json.loads(read_file(beside, _LONGEST_NOTE))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or "cost_of_65535" not in found:
        return None  # of another program
    return cast("dict[str, Any]", found)


def _as_noted(path: Path, data: bytes, note: dict[str, Any]) -> MapDocument:
    names = ("rows", "columns", "map_rows", "map_columns")
    sides: list[Any] = [note.get(name) for name in names]
    low, high = note.get("cost_of_1"), note.get("cost_of_65535")
    where = f"{path.name}.json"
    if not all(type(side) is int and side > 0 for side in sides):
        raise MapFormatError(path, where, f"should say {', '.join(names)}, whole numbers above 0")
    if not all(isinstance(cost, int | float) and 0 < cost < 1e38 for cost in (low, high)):
        raise MapFormatError(path, where, "should say cost_of_1 and cost_of_65535, numbers above 0")
    height, width, map_height, map_width = cast("list[int]", sides)
    check_shape(path, where, height, width)
    if 2 * height * width != len(data) or map_height > height or map_width > width:
        raise MapFormatError(path, where, f"does not fit the file, which has {len(data)} bytes")
    flipped = str(note.get("first_row", "")).startswith("south")
    rows = _numbers(data, "little").reshape(height, width)[:map_height, :map_width]
    rows = rows[::-1] if flipped else rows
    costs = np.empty((map_height, map_width), np.float32)
    lowest, highest = float(cast("float", low)), float(cast("float", high))
    for number, row in enumerate(rows):
        share = (np.maximum(row, 1).astype(np.float64) - 1.0) / (TOP - 1)
        exact = np.where(row > 0, lowest + share * (highest - lowest), np.inf)
        costs[number] = costs_of(path, exact, number)
    document = bare_document(path, costs)
    told = [f"read as the note {where} says", *(["the last row first"] if flipped else [])]
    return document.replace(metadata={GRID: {"told": told}})


FORMAT = Format(
    "raw16",
    "heights of 16 bits without a header",
    (".r16", ".raw"),
    read_raw16,
    None,
    bare_losses,
    read_as=read_raw16,
    takes=MEANING | {"byte_order", "size", "flip"},
)
