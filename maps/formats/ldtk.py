"""Levels of the LDtk editor, 1.x: `.ldtk` projects and `.ldtkl` files of single levels.

The values of a level's first IntGrid are terrains, its entities routes and points. A project gives its first level
with an IntGrid. Written back, only the IntGrid changes; the editor draws the tiles that follow from it anew as it
opens the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from maps.checks import COLOUR
from maps.document import MapDocument
from maps.errors import MapError, MapFormatError
from maps.formats.format import Format
from maps.formats.limits import check_shape, read_file
from maps.formats.moved import IN_LDTK, moved_json
from maps.formats.tiled.ground import EMPTY, WALL_LAYERS
from maps.formats.tiled.json_spans import Place, spans_of
from maps.formats.tiled.marks import layouts_of, routes_of
from maps.formats.tiled.model import TiledMap, TiledObject
from maps.formats.tiled.places import checked_side
from maps.formats.tiled.tile_colours import UNSEEN
from maps.formats.tiled.tsj import Json, objects_in, parse, text_of
from maps.formats.tiled.xml_spans import spliced
from maps.origin import MOST_BYTES, Origin, home_of
from maps.terrain import MOST_TERRAINS, NO_TERRAIN, Terrain, of_each_cell, on_impassable_terrain, palette_costs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PROJECT, LEVEL = "ldtk", "ldtkl"
_EMPTY_COLOUR, _WALL_COLOUR = "#d9d4c5", "#22242b"
_WALLS = (*WALL_LAYERS, "wall_tile", "block", "blocks", "rock", "rocks", "cliff", "cliffs", "void")


@dataclass(frozen=True, eq=False)
class _Level:
    """A level: its name, its IntGrid (H, W), where that stands in the file, what its values are, and entities.

    derived: whether tiles are drawn by rules from the IntGrid.
    """

    name: str
    grid: NDArray[np.int64]
    place: Place
    values: dict[int, tuple[str, str]]
    entities: tuple[TiledObject, ...]
    cell: int
    derived: bool
    others: int


def _level_of(path: Path, data: bytes, kind: str) -> _Level:
    root = parse(path, data)
    if kind == PROJECT:
        levels = [((), "levels", root)]
        levels += [(("worlds", n), "levels", world) for n, world in enumerate(objects_in(root, "worlds"))]
        found = [
            ((*before, name, number), level)
            for before, name, holder in levels
            for number, level in enumerate(objects_in(holder, name))
        ]
        if root.get("externalLevels") is True:
            own = next((text_of(level, "externalRelPath") for _, level in found), "")
            why = f"keeps its levels in files of their own; open one of them, such as {own[:80]}"
            raise MapFormatError(path, "", why)
        definitions = root
    else:
        found = [((), root)]
        definitions = _project_beside(path)
    if not found:
        raise MapFormatError(path, "", "has no levels, so it is no LDtk file with a map in it")
    for place, level in found:
        for number, layer in enumerate(objects_in(level, "layerInstances")):
            if text_of(layer, "__type") == "IntGrid":
                where = (*place, "layerInstances", number, "intGridCsv")
                return _level(path, level, layer, cast("Place", where), definitions, len(found) - 1)
    raise MapFormatError(path, "", "has no IntGrid, whose values would be the terrains; add one in the editor")


def _project_beside(path: Path) -> Json:
    """The project that a level's file belongs to: the editor keeps levels in a folder of the project's name."""
    project = path.resolve().parent.with_suffix(".ldtk")
    try:
        return parse(project, read_file(project, MOST_BYTES)) if project.is_file() else {}
    except MapFormatError:
        return {}


def _level(path: Path, level: Json, layer: Json, place: Place, definitions: Json, others: int) -> _Level:
    where = f"level {text_of(level, 'identifier')[:40]}"
    height, width = (checked_side(path, where, name, layer.get(name)) for name in ("__cHei", "__cWid"))
    check_shape(path, where, height, width)
    numbers: Any = layer.get("intGridCsv")
    count = height * width
    if not isinstance(numbers, list) or len(cast("list[Any]", numbers)) != count:
        raise MapFormatError(path, where, f"its IntGrid should have {count} values, for {height} × {width} cells")
    values = cast("list[Any]", numbers)
    wrong = next((value for value in values if type(value) is not int or not 0 <= value < 1 << 31), None)
    if wrong is not None:
        raise MapFormatError(path, where, f"its IntGrid holds {str(wrong)[:20]!r}, which is no value")
    grid = np.array(values, np.int64).reshape(height, width)
    known: dict[int, tuple[str, str]] = {}
    defs: Any = definitions.get("defs")
    derived = False
    for each in objects_in(cast("Json", defs), "layers") if isinstance(defs, dict) else []:
        derived |= each.get("autoSourceLayerDefUid") == layer.get("layerDefUid") and each.get("uid") is not None
        if each.get("uid") == layer.get("layerDefUid"):
            derived |= bool(objects_in(each, "autoRuleGroups"))
            for value in objects_in(each, "intGridValues"):
                number: Any = value.get("value")
                if type(number) is int:
                    known[number] = text_of(value, "identifier"), text_of(value, "color").lower()
    cell = checked_side(path, where, "__gridSize", layer.get("__gridSize"))
    return _Level(
        name=text_of(level, "identifier"),
        grid=grid,
        place=place,
        values=known,
        entities=tuple(_entities(path, level, cell)),
        cell=cell,
        derived=derived,
        others=others,
    )


def _entities(path: Path, level: Json, cell: int) -> list[TiledObject]:
    found: list[TiledObject] = []
    for layer in objects_in(level, "layerInstances"):
        for entity in objects_in(layer, "entityInstances"):
            at: Any = entity.get("px")
            pivot: Any = entity.get("__pivot")
            try:
                x, y = (float(value) for value in at)
                across, down = (float(value) for value in pivot or (0.0, 0.0))
                width, height = (float(entity.get(name, 0.0)) for name in ("width", "height"))
                position = (y + (0.5 - down) * height) / cell - 0.5, (x + (0.5 - across) * width) / cell - 0.5
            except (TypeError, ValueError):
                position = (np.nan, np.nan)
            if not all(abs(value) < 1e9 for value in position):
                raise MapFormatError(path, text_of(level, "identifier")[:40], "has an entity without a place")
            kind = text_of(entity, "__identifier")
            found.append(TiledObject(kind, kind, kind, position, stands=True))
    return found


def _document(path: Path, data: bytes, kind: str) -> MapDocument:
    level = _level_of(path, data, kind)
    there, index, counts = np.unique(level.grid, return_inverse=True, return_counts=True)
    if len(there) > MOST_TERRAINS:
        raise MapFormatError(path, "", f"its IntGrid has {len(there)} values; {MOST_TERRAINS} are the most")
    told: list[str] = []
    if level.others:
        told.append(f"this is the level {level.name!r}, the first with an IntGrid of {level.others + 1} levels")
    made: list[tuple[Terrain, int]] = []
    for number, value in enumerate(there.tolist()):
        name, colour = level.values.get(value, ("", ""))
        closed = name.lower() in _WALLS
        if not COLOUR.fullmatch(colour):
            colour = _EMPTY_COLOUR if value == 0 else UNSEEN[number % len(UNSEEN)]
        name = name or (EMPTY if value == 0 else f"value {value}")
        made.append((Terrain(name, 1.0, _WALL_COLOUR if closed else colour, not closed, f"{value}"), number))
        if closed:
            told.append(f"the {counts[number]} cells of {name!r} are walls")
    made.sort(key=lambda each: (not each[0].passable, each[1]))
    told.append("values have no costs: every terrain costs 1 until you change it in the palette")
    palette = tuple(terrain for terrain, _ in made)
    numbers = np.empty(len(there), np.uint8)
    for place, (_, number) in enumerate(made):
        numbers[number] = place
    terrain = numbers[index].reshape(level.grid.shape)
    size = level.cell, level.cell
    drawn = TiledMap("orthogonal", level.grid.shape, (0, 0), size, False, (), (), level.entities, {})
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
            origin=Origin(kind, path.name, data, folder=str(path.resolve().parent)),
            name=level.name,
            metadata={"ldtk": {"told": [*told, *about_routes, *about_layouts]}},
        )
    except MapError as error:
        raise MapFormatError(path, "", str(error)) from None


@dataclass(frozen=True)
class _Written:
    data: bytes
    told: tuple[str, ...]


@lru_cache(maxsize=2)  # asked for its losses, too
def _write(kind: str, document: MapDocument, path: Path) -> _Written:
    """The file that the document came from, with its IntGrid as the terrains are now."""
    origin = document.origin
    if origin is None or origin.format != kind:
        raise MapError(f"only a map that came from a .{kind} file can be given back to one; save it as .tmx")
    home = home_of(document)  # a level's project lies there, whose definitions it needs
    level = _level_of(home, origin.data, kind)
    if level.grid.shape != document.shape:
        was, now = (f"{width} × {height}" for height, width in (level.grid.shape, document.shape))
        raise MapError(f"the map has {now} cells, the level that it came from {was}; save it as .longcut")
    table = np.full(NO_TERRAIN + 1, -1, np.int64)
    for number, terrain in enumerate(document.palette):
        if terrain.tile.isdigit():
            table[number] = int(terrain.tile)
    now = table[document.terrain]
    grid = np.where(now < 0, level.grid, now)
    data = moved_json(origin, path, IN_LDTK)
    if not np.array_equal(grid, level.grid):
        begin, end = spans_of(data, "intGridCsv")[level.place]
        data = spliced(data, [(begin, end, _rewritten(data[begin:end], grid))])
    back = _document(home, data, kind)
    return _Written(data, tuple(_unsaid(document, back, level, grid, int((now < 0).sum()))))


def _rewritten(old: bytes, grid: NDArray[np.int64]) -> bytes:
    """The list of values with others in their places, and everything between them kept."""
    values = iter(grid.ravel().tolist())
    return re.sub(rb"\d+", lambda _: b"%d" % next(values), old)


def _unsaid(
    document: MapDocument, back: MapDocument, level: _Level, grid: NDArray[np.int64], without: int
) -> list[str]:
    """What of a document the file lacks, from which it would be read back as `back`."""
    lost: list[str] = []
    if without:
        lost.append(f"{without} cells that no value of the IntGrid stands for")
    if not np.array_equal(back.passable, document.passable) or not np.array_equal(back.cost, document.cost):
        lost.append("costs, and walls that are no value of the IntGrid")
    if document.routes != back.routes or len(document.layouts) != len(back.layouts):
        lost.append("changed routes and points")
    if document.locked.any():
        lost.append("which cells are locked")
    if document.classes:
        lost.append("the movement classes")
    if level.derived and not np.array_equal(grid, level.grid):
        lost.append("the tiles drawn by rules, which the editor draws anew as it opens the file")
    return lost


def _format(kind: str, description: str) -> Format:
    def read(path: Path) -> MapDocument:
        data = read_file(path, MOST_BYTES)
        return _document(path, data, kind)

    def encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
        return {path: _write(kind, document, path).data}

    def losses(document: MapDocument) -> list[str]:
        if document.origin is None or document.origin.format != kind:
            return []  # it is not written at all
        return list(_write(kind, document, home_of(document)).told)

    def recognises(data: bytes) -> bool:
        is_project = b'"worldLayout"' in data
        return b'"__header__"' in data and b"LDtk" in data and is_project == (kind == PROJECT)

    return Format(
        kind, description, (f".{kind}",), read, encode, losses, recognises=recognises, only_back=True
    )


FORMATS = (_format(PROJECT, "LDtk project, its first level"), _format(LEVEL, "LDtk level"))
