"""A table of what another editor's tiles cost: written for a map, filled in, and applied to its terrains."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maps.checks import valid_cost
from maps.errors import MapError, MapFormatError
from maps.formats.limits import read_file
from maps.tile_table import TileTable, table_of, with_cost, with_names, with_passable, with_price, with_table

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument
    from maps.tiles import MapTiles

COLUMNS = ("tile", "name", "cells", "cost", "passable")
PRICE = "price of "  # before the name of a movement class
MAX_TABLE = 4 << 20
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")


@dataclass(frozen=True)
class TableRow:
    """A row: a tile, or all of a terrain without one; what it is to be called, and cost; None for what stays.

    prices: of movement classes, as (name, price), infinite where they cannot be.
    """

    line: int
    tile: str
    name: str
    cost: float | None
    passable: bool | None
    prices: tuple[tuple[str, float], ...] = ()


def table_text(document: MapDocument, tiles: MapTiles) -> str:
    """Return the table of a map's tiles as CSV, those of the commonest terrain first. One name is one terrain."""
    table, cells = table_of(document, tiles), tiles.cells
    size = [sum(cells[kind] for kind in table.kinds_of(number)) for number in range(len(table.terrains))]
    rows = sorted(
        range(len(tiles.kinds)), key=lambda kind: (-size[table.of_kind[kind]], table.of_kind[kind], -cells[kind])
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, *(PRICE + each.name for each in document.classes)))
    for kind in rows:
        number = table.of_kind[kind]
        terrain = table.terrains[number]
        prices = ("no" if math.isinf(each[number]) else f"{each[number]:g}" for each in table.prices)
        passable = "yes" if terrain.passable else "no"
        writer.writerow((tiles.kinds[kind].key, terrain.name, cells[kind], f"{terrain.cost:g}", passable, *prices))
    return text.getvalue()


def read_table(path: Path) -> tuple[TableRow, ...]:
    """Return the rows of a table: comma, semicolon or tab between columns, which a first line names.

    Columns tile or name, and name, cost, passable or a price, are needed; others are left aside. Raises
    MapFormatError, with the line.
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
    names = [_column(field) for field in lines[0][1]] if lines else []
    says = {"cost", "passable"} & set(names) or any(name.startswith(PRICE) for name in names)
    if not ({"tile", "name"} <= set(names) or ({"tile", "name"} & set(names) and says)):
        needed = "tile or name, and cost or passable"
        raise MapFormatError(path, "line 1", f"should name the columns {needed}, as in {','.join(COLUMNS)}")
    return tuple(_row(path, line, dict(zip(names, row, strict=False))) for line, row in lines[1:])


def apply_table(document: MapDocument, tiles: MapTiles, rows: tuple[TableRow, ...], path: Path) -> MapDocument:
    """Return the document with its tiles and terrains as the rows of the table in a file say; its cells follow.

    Tiles with one name are one terrain, so that one row is enough to change it: rows that say what it is already
    change nothing. A row without a tile means the terrain of its name. Raises MapFormatError for a row that no
    tile and no terrain of the map fits, and for two rows that would change one terrain differently.
    """
    table = table_of(document, tiles)
    kind_of = {kind.key: number for number, kind in reversed(list(enumerate(tiles.kinds))) if kind.key}
    table = _named(table, kind_of, rows, path)
    known, movements = table, [each.name for each in document.classes]
    said: dict[tuple[int, str], tuple[object, int]] = {}
    meant: list[int] = []
    for row in rows:
        number = table.of_kind[kind_of[row.tile]] if row.tile else table.numbered(row.name)
        if number is None:
            raise MapFormatError(path, f"line {row.line}", f"no terrain of the map has the name {row.name[:60]!r}")
        meant.append(number)
        for what, value in (("cost", row.cost), ("passable", row.passable), *row.prices):
            if value is None or value == _said_already(known, movements, number, what):
                continue
            before, line = said.setdefault((number, what), (value, row.line))
            if before != value:
                name = table.terrains[number].name
                why = (
                    f"changes the {what} of {name!r} otherwise than line {line}; tiles of one name are one terrain"
                )
                raise MapFormatError(path, f"line {row.line}", why)
        if row.cost is not None and row.cost != known.terrains[number].cost:
            table = with_cost(table, number, row.cost)
        if row.passable is not None and row.passable != known.terrains[number].passable:
            table = with_passable(table, number, row.passable)
    for row, number in zip(rows, meant, strict=True):  # last: another cost changes prices, too
        for name, price in row.prices:
            if name not in movements:
                why = f"names the movement class {name[:40]!r}, which the map lacks"
                raise MapFormatError(path, "line 1", why)
            if price != _said_already(known, movements, number, name):
                table = with_price(table, movements.index(name), number, price)
    return with_table(document, tiles, table)


def _said_already(table: TileTable, movements: list[str], number: int, what: str) -> object:
    """What a terrain costs, whether it is passable, or what a class pays there; None for no such class."""
    if what in movements:
        return table.prices[movements.index(what)][number]
    terrain = table.terrains[number]
    return {"cost": terrain.cost, "passable": terrain.passable}.get(what)


def _named(table: TileTable, kind_of: dict[str, int], rows: tuple[TableRow, ...], path: Path) -> TileTable:
    """The table with each row's tile as the terrain of its name."""
    for row in rows:
        if row.tile and row.tile not in kind_of:
            raise MapFormatError(path, f"line {row.line}", f"no terrain of the map has tile {row.tile[:60]!r}")
    return with_names(table, {kind_of[row.tile]: row.name for row in rows if row.tile and row.name})


def _column(field: str) -> str:
    """The name of a column; that of a movement class keeps its capital letters."""
    name = field.strip()
    return PRICE + name[len(PRICE) :] if name.lower().startswith(PRICE) else name.lower()


def _row(path: Path, line: int, fields: dict[str, str]) -> TableRow:
    asked = ("tile", "name", "cost", "passable")
    tile, name, cost, passable = (fields.get(column, "").strip() for column in asked)
    where = f"line {line}"
    if not (tile or name):
        raise MapFormatError(path, where, "names no tile and no terrain")
    if passable.lower() not in ("", *_YES, *_NO):
        raise MapFormatError(path, where, f"passable is {passable[:20]!r}; write yes or no")
    prices = tuple(
        (column[len(PRICE) :], math.inf if text.strip().lower() in _NO[:1] else _number(path, where, column, text))
        for column, text in fields.items()
        if column.startswith(PRICE) and text.strip()
    )
    number = _number(path, where, "cost", cost) if cost else None
    return TableRow(line, tile, name, number, None if passable == "" else passable.lower() in _YES, prices)


def _number(path: Path, where: str, what: str, text: str) -> float:
    try:
        return valid_cost("", float(text.strip().replace(",", ".")))
    except (ValueError, MapError):
        raise MapFormatError(path, where, f"{what} is {text[:20]!r}; a number above 0 is needed") from None
