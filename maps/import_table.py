"""A table of what another editor's tiles cost: written for a map, filled in, and applied to its terrains."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from maps.checks import valid_cost
from maps.errors import MapError, MapFormatError
from maps.formats.limits import read_file
from maps.terrain_edits import set_palette_terrain

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument
    from maps.terrain import Terrain

COLUMNS = ("tile", "name", "cells", "cost", "passable")
MAX_TABLE = 4 << 20
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")


@dataclass(frozen=True)
class TileCost:
    """A row: which terrain, by its tile or its name, and what it is to be; None for what stays."""

    line: int
    tile: str
    name: str
    cost: float | None
    passable: bool | None


def table_of(document: MapDocument) -> str:
    """Return the table of a map's terrains as CSV, the commonest first."""
    cells = np.bincount(document.terrain.ravel(), minlength=256)
    rows = sorted(enumerate(document.palette), key=lambda row: -int(cells[row[0]]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, kind in rows:
        passable = "yes" if kind.passable else "no"
        writer.writerow((kind.tile, kind.name, int(cells[number]), f"{kind.cost:g}", passable))
    return text.getvalue()


def read_table(path: Path) -> tuple[TileCost, ...]:
    """Return the rows of a table: comma, semicolon or tab between columns, which a first line names.

    Columns tile or name, and cost or passable, are needed; others are left aside. Raises MapFormatError, with the
    line.
    """
    try:
        text = read_file(path, MAX_TABLE).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MapFormatError(path, "", "is not in UTF-8; save it so") from None
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        lines = [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise MapFormatError(path, f"line {reader.line_num}", str(error)) from None
    names = [field.strip().lower() for field in lines[0][1]] if lines else []
    if not ({"tile", "name"} & set(names) and {"cost", "passable"} & set(names)):
        needed = "tile or name, and cost or passable"
        raise MapFormatError(path, "line 1", f"should name the columns {needed}, as in {','.join(COLUMNS)}")
    return tuple(_row(path, line, dict(zip(names, row, strict=False))) for line, row in lines[1:])


def apply_table(document: MapDocument, rows: tuple[TileCost, ...], path: Path) -> MapDocument:
    """Return the document with its terrains as the rows of the table in a file say; their cells follow.

    A row with a tile means the terrain of that tile, and renames it; one without means that of its name. Raises
    MapFormatError for a row that no terrain of the map fits.
    """
    for row in rows:
        index = _index(document.palette, row)
        if index is None:
            what = f"tile {row.tile!r}" if row.tile else f"the name {row.name!r}"
            raise MapFormatError(path, f"line {row.line}", f"no terrain of the map has {what[:60]}")
        kind = document.palette[index]
        changed = replace(
            kind,
            name=row.name or kind.name,
            cost=kind.cost if row.cost is None else row.cost,
            passable=kind.passable if row.passable is None else row.passable,
        )
        document = set_palette_terrain(document, index, changed)
    return document


def _row(path: Path, line: int, fields: dict[str, str]) -> TileCost:
    asked = ("tile", "name", "cost", "passable")
    tile, name, cost, passable = (fields.get(column, "").strip() for column in asked)
    where = f"line {line}"
    if not (tile or name):
        raise MapFormatError(path, where, "names no tile and no terrain")
    if passable.lower() not in ("", *_YES, *_NO):
        raise MapFormatError(path, where, f"passable is {passable[:20]!r}; write yes or no")
    try:
        number = valid_cost("", float(cost.replace(",", "."))) if cost else None
    except (ValueError, MapError):
        raise MapFormatError(path, where, f"cost is {cost[:20]!r}; a number above 0 is needed") from None
    return TileCost(line, tile, name, number, None if passable == "" else passable.lower() in _YES)


def _index(palette: tuple[Terrain, ...], row: TileCost) -> int | None:
    for index, kind in enumerate(palette):
        if (row.tile and kind.tile == row.tile) or (not row.tile and kind.name == row.name):
            return index
    return None
