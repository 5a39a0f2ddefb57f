"""Unreal: the costs as a landscape, in a 16-bit grey PNG and as `.r16`, and points and routes as a data table.

A landscape has components × sections × quads + 1 vertices a side, the same component for both, at most 32 × 32.
Unreal takes a name such as `map_4033x4033` for one tile of many. The first column of a table is the row's name,
and the others have to be fields of the structure that is chosen for it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from maps.engines.heights import grey_png, heights_of, note, padded, raw16
from maps.engines.target import EngineFiles, EngineTarget, Seen, losses_of, see_costs, with_ending

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument

COMPONENTS = tuple(sections * quads for quads in (7, 15, 31, 63, 127, 255) for sections in (1, 2))
MOST_COMPONENTS = 32  # a side
CENTIMETRES = 100.0  # between two vertices of a landscape, unless it is scaled
_TILING = re.compile(r"(?<=\d)[xX](?=\d)")


def landscape_size(rows: int, columns: int) -> tuple[int, int] | None:
    """Return the rows and columns of the smallest landscape that holds so many; None where none does."""
    fitting: list[tuple[int, int]] = []
    for component in COMPONENTS:
        down, across = (max(1, -(-(side - 1) // component)) for side in (rows, columns))
        if max(down, across) <= MOST_COMPONENTS:
            fitting.append((down * component + 1, across * component + 1))
    return min(fitting, key=lambda size: (size[0] * size[1], size), default=None)


def table_rows(document: MapDocument) -> list[dict[str, Any]]:
    """Return the ends of routes and the points as rows of a data table, each with a name of its own."""
    places: list[tuple[str, str, str, float, float, float]] = []
    for route in document.routes:
        for end, (row, col) in (("Start", route.start), ("Goal", route.goal)):
            places.append((route.name, "Route", end, float(row), float(col), route.weight))
    for layout in document.layouts:
        points = zip(layout.positions.tolist(), layout.weights.tolist(), strict=True)
        for number, ((row, col), weight) in enumerate(points):
            places.append((layout.name, "Point", f"{number}", row, col, weight))
    rows: list[dict[str, Any]] = []
    taken: set[str] = set()
    for group, kind, part, row, col, weight in places:
        plain = re.sub(r"\W+", "_", f"{group}_{part}", flags=re.ASCII).strip("_") or kind
        name, number = plain, 2
        while name.lower() in taken:  # Unreal tells no capitals from small letters in names
            name, number = f"{plain}_{number}", number + 1
        taken.add(name.lower())
        x, y = col * CENTIMETRES, row * CENTIMETRES
        rows.append(
            {"Name": name, "Kind": kind, "Group": group, "Row": row, "Col": col, "X": x, "Y": y, "Weight": weight}
        )
    return rows


def _table_csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return text.getvalue().encode()


def _files(seen: Seen, base: Path) -> EngineFiles:
    document = seen.document
    base = base.with_name(_TILING.sub("by", base.name))
    size = landscape_size(*document.shape)
    assert size is not None  # or it was refused
    heights = heights_of(document)
    samples = padded(heights.samples, *size)
    rows = table_rows(document)
    told = note(document, heights, *size, first_row="the map's first row", scale=f"{CENTIMETRES:g} cm a cell")
    files: dict[Path, bytes] = {}
    if rows:
        files[with_ending(base, "_points.json")] = (json.dumps(rows, indent=1, ensure_ascii=False) + "\n").encode()
        files[with_ending(base, "_points.csv")] = _table_csv(rows)
    files[with_ending(base, ".r16")] = raw16(samples)
    files[with_ending(base, ".r16.json")] = told
    files[with_ending(base, ".png")] = grey_png(samples)
    lost = losses_of(document, places=True)
    if any(route.line for route in document.routes):
        lost.append("the lines drawn for routes")
    if size != document.shape:
        lost.append(f"its edge: the landscape has {size[0]} × {size[1]} vertices, walls beyond the map")
    return EngineFiles(files, lost)


def _refuses(document: MapDocument) -> str:
    if landscape_size(*document.shape) is None:
        most = MOST_COMPONENTS * COMPONENTS[-1] + 1
        return f"a landscape has {most} vertices a side at most, and the map has {max(document.shape)} cells"
    return ""


UNREAL = EngineTarget(
    "unreal",
    "Unreal",
    "The costs as a landscape (16-bit grey PNG, .r16), points and ends of routes as a data table (CSV, JSON).",
    (".png", ".r16", ".r16.json", "_points.csv", "_points.json"),
    lambda document, _: see_costs(document, heights_of(document).costs),
    _files,
    _refuses,
    classes=False,
)
