"""Levels of the LDtk editor, 1.x: `.ldtk` projects and `.ldtkl` files of single levels.

The values of a level's first IntGrid are terrains, its entities routes and points. A project gives its first level
with an IntGrid, or the one that is asked for. Written back, only values of the IntGrid and places of entities
change; the editor draws the tiles that follow from it anew as it opens the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from maps.checks import COLOUR
from maps.document import MapDocument
from maps.errors import MapError, MapFormatError
from maps.formats.format import Format, Level
from maps.formats.ldtk_project import LEVEL, PROJECT, GridLevel, GridValue, grid_level, levels_in
from maps.formats.limits import read_file
from maps.formats.moved import IN_LDTK, moved_json
from maps.formats.tiled.ground import EMPTY, WALL_LAYERS
from maps.formats.tiled.json_spans import Place, number_spans, spans_of
from maps.formats.tiled.marks import layouts_of, routes_of
from maps.formats.tiled.model import TiledMap
from maps.formats.tiled.moves import Moves, moves_of, same_points
from maps.formats.tiled.xml_spans import spliced
from maps.formats.told import VALUES_WITHOUT_COSTS
from maps.origin import MOST_BYTES, Origin, home_of
from maps.terrain import MOST_TERRAINS, SPARE_COLOURS, Terrain, of_each_cell, on_impassable_terrain, palette_costs
from maps.tiles import MapTiles, TileKind, terrains_as_tiles, terrains_of_keys

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_EMPTY_COLOUR, _WALL_COLOUR = "#d9d4c5", "#22242b"
_WALLS = (*WALL_LAYERS, "wall_tile", "block", "blocks", "rock", "rocks", "cliff", "cliffs", "void")


def _document(path: Path, data: bytes, kind: str, number: int | None = None) -> MapDocument:
    level = grid_level(path, data, kind, number)
    there, index, counts = np.unique(level.grid, return_inverse=True, return_counts=True)
    if len(there) > MOST_TERRAINS:
        raise MapFormatError(path, "", f"its IntGrid has {len(there)} values; {MOST_TERRAINS} are the most")
    told: list[str] = []
    if level.many > 1:
        which = "" if number is not None else ", the first with an IntGrid"
        told.append(f"this is the level {level.name!r}{which} of {level.many} levels")
    made: list[tuple[Terrain, int]] = []
    for at, value in enumerate(there.tolist()):
        said = level.values.get(value, GridValue("", ""))
        name, colour = said.name, said.colour
        closed = name.lower() in _WALLS
        if not COLOUR.fullmatch(colour):
            colour = _EMPTY_COLOUR if value == 0 else SPARE_COLOURS[at % len(SPARE_COLOURS)]
        name = name or _label(value)
        made.append((Terrain(name, 1.0, _WALL_COLOUR if closed else colour, not closed, f"{value}"), at))
        if closed:
            told.append(f"the {counts[at]} cells of {name!r} are walls")
    made.sort(key=lambda each: (not each[0].passable, each[1]))
    told.append(VALUES_WITHOUT_COSTS)
    palette = tuple(terrain for terrain, _ in made)
    numbers = np.empty(len(there), np.uint8)
    for place, (_, at) in enumerate(made):
        numbers[at] = place
    terrain = numbers[index].reshape(level.grid.shape)
    drawn = _drawn(level)
    routes, about_routes = routes_of(drawn)
    layouts, about_layouts = layouts_of(drawn)
    try:
        return MapDocument(
            cost=of_each_cell(terrain, palette_costs(palette), 1.0, np.float32),
            passable=~on_impassable_terrain(terrain, palette),
            locked=np.zeros(terrain.shape, np.bool_),
            terrain=terrain,
            routes=routes,
            layouts=layouts,
            palette=palette,
            origin=Origin(kind, path.name, data, level.number, folder=str(path.resolve().parent)),
            name=level.name,
            metadata={"ldtk": {"told": [*told, *about_routes, *about_layouts]}},
        )
    except MapError as error:
        raise MapFormatError(path, "", str(error)) from None


def _label(value: int) -> str:
    return EMPTY if value == 0 else f"value {value}"


def _drawn(level: GridLevel) -> TiledMap:
    """The entities of a level as objects of a map without layers."""
    size = level.cell, level.cell
    return TiledMap("orthogonal", level.grid.shape, (0, 0), size, False, (), (), level.entities, {})


@dataclass(frozen=True)
class _Written:
    data: bytes
    told: tuple[str, ...]


@lru_cache(maxsize=2)  # asked for its losses, too
def _write(kind: str, document: MapDocument, path: Path) -> _Written:
    """The file that the document came from, its IntGrid as the terrains are now, and its entities moved."""
    origin = document.origin
    if origin is None or origin.format != kind:
        raise MapError(f"only a map that came from a .{kind} file can be given back to one; save it as .tmx")
    home = home_of(document)  # a level's project lies there, whose definitions it needs
    level = grid_level(home, origin.data, kind, origin.layer)
    if level.grid.shape != document.shape:
        was, now = (f"{width} × {height}" for height, width in (level.grid.shape, document.shape))
        raise MapError(f"the map has {now} cells, the level that it came from {was}; save it as .longcut")
    now = _values_now(document, level)
    grid = np.where(now < 0, level.grid, now)
    data = moved_json(origin, path, IN_LDTK)
    moves = moves_of(_drawn(level), document)
    changes = _moved(data, level, moves)
    if not np.array_equal(grid, level.grid):
        begin, end = spans_of(data, "intGridCsv")[level.place]
        changes.append((begin, end, _rewritten(data[begin:end], grid)))
    data = spliced(data, changes)
    back = _document(home, data, kind, level.number)
    tileless = of_each_cell(
        document.terrain, [_number(kind.tile) < 0 for kind in document.palette], False, np.bool_
    )
    return _Written(data, tuple(_unsaid(document, back, level, grid, moves, int(tileless.sum()))))


def _number(key: str) -> int:
    """The value that a terrain's tile, or another's, stands for; -1 for none."""
    return int(key) if re.fullmatch(r"[0-9]{1,10}", key) else -1


def _values_now(document: MapDocument, level: GridLevel) -> NDArray[np.int64]:
    """The value (H, W) of each cell, the file's where its terrain is the same; -1 where none stands for it."""
    alike = {} if document.origin is None else dict(document.origin.alike)
    there, index = np.unique(level.grid, return_inverse=True)
    was = np.array([_number(alike.get(f"{value}", f"{value}")) for value in there.tolist()])
    wanted = of_each_cell(document.terrain, [_number(kind.tile) for kind in document.palette], -1, np.int64)
    return np.where(wanted == was[index].reshape(level.grid.shape), level.grid, wanted)


def _rewritten(old: bytes, grid: NDArray[np.int64]) -> bytes:
    """The list of values with others in their places, and everything between them kept."""
    values = iter(grid.ravel().tolist())
    return re.sub(rb"\d+", lambda _: b"%d" % next(values), old)


def _moved(data: bytes, level: GridLevel, moves: Moves) -> list[tuple[int, int, bytes]]:
    """Stretches of the file with the places of entities that moved: px, and what the editor derives from it."""
    if not moves.by_object:
        return []
    spans = {key: spans_of(data, key) for key in ("px", "__grid")}
    worlds = {key: number_spans(data, key) for key in ("__worldX", "__worldY")}
    changes: list[tuple[int, int, bytes]] = []

    def put(span: tuple[int, int] | None, *numbers: int) -> None:
        if span is not None:
            values = iter(numbers)
            text = re.sub(rb"-?\d+(?:\.\d+)?", lambda _: b"%d" % next(values), data[slice(*span)])
            changes.append((*span, text))

    for place, (rows, cols) in moves.by_object.items():
        before: Place = (*place, "px")
        x, y = (float(word) for word in re.findall(rb"-?\d+(?:\.\d+)?", data[slice(*spans["px"][before])]))
        right, down = round(x + cols * level.cell), round(y + rows * level.cell)
        put(spans["px"][before], right, down)
        put(spans["__grid"].get((*place, "__grid")), right // level.cell, down // level.cell)
        for key, at, corner in (("__worldX", right, level.corner[0]), ("__worldY", down, level.corner[1])):
            put(worlds[key].get((*place, key)), at + corner)
    return changes


def _unsaid(
    document: MapDocument,
    back: MapDocument,
    level: GridLevel,
    grid: NDArray[np.int64],
    moves: Moves,
    without: int,
) -> list[str]:
    """What of a document the file lacks, from which it would be read back as `back`."""
    lost: list[str] = []
    if without:
        lost.append(f"{without} cells that no value of the IntGrid stands for")
    if not np.array_equal(back.passable, document.passable) or not np.array_equal(back.cost, document.cost):
        lost.append("costs, and walls that are no value of the IntGrid")
    if document.routes != back.routes or not same_points(back.layouts, moves.layouts, 0.5 / level.cell):
        lost.append("changed routes and points")
    if document.locked.any():
        lost.append("which cells are locked")
    if document.classes:
        lost.append("the movement classes")
    if level.derived and not np.array_equal(grid, level.grid):
        lost.append("the tiles drawn by rules, which the editor draws anew as it opens the file")
    return lost


def _tiles(kind: str, document: MapDocument, path: Path) -> MapTiles:
    origin = document.origin
    assert origin is not None
    level = grid_level(path, origin.data, kind, origin.layer)
    if level.grid.shape != document.shape:
        return terrains_as_tiles(document)
    now = _values_now(document, level)
    standing = [number for terrain in document.palette if (number := _number(terrain.tile)) >= 0]
    values = sorted({*np.unique(now[now >= 0]).tolist(), *standing})
    terrains = terrains_of_keys(document, [f"{value}" for value in values])
    kinds: list[TileKind] = []
    number = np.full(level.grid.shape, -1, np.int64)
    for value, terrain in zip(values, terrains, strict=True):
        if terrain < 0:
            continue
        number[now == value] = len(kinds)
        said = level.values.get(value, GridValue("", ""))
        colour = said.colour if COLOUR.fullmatch(said.colour) else document.palette[terrain].colour
        kinds.append(
            TileKind(
                key=f"{value}",
                terrain=terrain,
                label=_label(value),
                name=said.name,
                passable=False if said.name.lower() in _WALLS else None,
                colour=colour,
                family=level.family,
                local=f"{value}",
                picture=said.picture,
            )
        )
    return MapTiles(tuple(kinds), number)


def _read_level(kind: str, path: Path, name: str) -> MapDocument:
    data = read_file(path, MOST_BYTES)
    levels = levels_in(path, data, kind)
    number = next((at for at, level in enumerate(levels) if level.name == name), None)
    if number is None:
        known = ", ".join(level.name for level in levels)[:200]
        raise MapFormatError(path, "", f"has no level {name[:40]!r}; there are {known or 'none'}")
    own = levels[number].file
    if own is not None:
        return _document(own, read_file(own, MOST_BYTES), LEVEL)
    if levels[number].shape is None:
        raise MapFormatError(path, f"level {name[:40]}", "has no IntGrid, whose values would be the terrains")
    return _document(path, data, kind, number)


def _format(kind: str, description: str) -> Format:
    def read(path: Path) -> MapDocument:
        return _document(path, read_file(path, MOST_BYTES), kind)

    def encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
        return {path: _write(kind, document, path).data}

    def losses(document: MapDocument) -> list[str]:
        if document.origin is None or document.origin.format != kind:
            return []  # it is not written at all
        return list(_write(kind, document, home_of(document)).told)

    def levels(path: Path) -> tuple[Level, ...]:
        return levels_in(path, read_file(path, MOST_BYTES), kind)

    def level(path: Path, name: str) -> MapDocument:
        return _read_level(kind, path, name)

    def recognises(data: bytes) -> bool:
        is_project = b'"worldLayout"' in data
        return b'"__header__"' in data and b"LDtk" in data and is_project == (kind == PROJECT)

    return Format(
        kind,
        description,
        (f".{kind}",),
        read,
        encode,
        losses,
        recognises=recognises,
        only_back=True,
        tiles=lambda document, path: _tiles(kind, document, path),
        levels=levels if kind == PROJECT else None,
        read_level=level if kind == PROJECT else None,
    )


FORMATS = (_format(PROJECT, "LDtk project, one of its levels"), _format(LEVEL, "LDtk level"))
