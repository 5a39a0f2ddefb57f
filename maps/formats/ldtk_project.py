"""What is in a file of the LDtk editor: its levels, their IntGrids, the values' names, and entities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from maps.errors import MapFormatError
from maps.formats.format import Level
from maps.formats.limits import check_shape, read_file
from maps.formats.tiled.model import TiledObject
from maps.formats.tiled.places import beside, checked_side
from maps.formats.tiled.tile_colours import read_picture
from maps.formats.tiled.tsj import Json, objects_in, parse, text_of
from maps.origin import MOST_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.formats.tiled.json_spans import Place

PROJECT, LEVEL = "ldtk", "ldtkl"


@dataclass(frozen=True, eq=False)
class GridValue:
    """A value of an IntGrid. picture: (height, width, 4), of the tile that stands for it; None without one."""

    name: str
    colour: str
    picture: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class GridLevel:
    """A level: its name, its IntGrid (H, W), where that stands in the file, what its values are, and entities.

    number: of the level in its file.  many: levels there.  derived: whether tiles are drawn by rules from the
    IntGrid.  family: name of the IntGrid and of the project, which all of its levels share.
    corner: (x, y) of the level in its world, px.
    """

    name: str
    number: int
    many: int
    grid: NDArray[np.int64]
    place: Place
    values: dict[int, GridValue]
    entities: tuple[TiledObject, ...]
    cell: int
    derived: bool
    family: str
    corner: tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Entry:
    """A level in a file: its name, which is its own among them, and its place in the file."""

    name: str
    place: Place
    level: Json


def levels_in(path: Path, data: bytes, kind: str) -> tuple[Level, ...]:
    """Return the levels of a file, in its order. Raises MapFormatError."""
    root = parse(path, data)
    return tuple(_described(path, root, entry) for entry in _entries(path, root, kind))


def grid_level(path: Path, data: bytes, kind: str, number: int | None = None) -> GridLevel:
    """Return a level by its number; the first with an IntGrid where that has none, or none is given.

    Raises MapFormatError where there is no IntGrid.
    """
    root = parse(path, data)
    entries = _entries(path, root, kind)
    if not entries:
        raise MapFormatError(path, "", "has no levels, so it is no LDtk file with a map in it")
    if kind == PROJECT and root.get("externalLevels") is True:
        own = next((text_of(entry.level, "externalRelPath") for entry in entries), "")
        why = f"keeps its levels in files of their own; open one of them, such as {own[:80]}, or name a level"
        raise MapFormatError(path, "", why)
    definitions = root if kind == PROJECT else _project_beside(path)
    order = list(range(len(entries)))
    if number is not None and number < len(entries):
        order = [number, *(other for other in order if other != number)]
    for at in order:
        for place, layer in enumerate(objects_in(entries[at].level, "layerInstances")):
            if text_of(layer, "__type") == "IntGrid":
                return _level(path, entries, at, layer, place, definitions)
    raise MapFormatError(path, "", "has no IntGrid, whose values would be the terrains; add one in the editor")


def _entries(path: Path, root: Json, kind: str) -> list[_Entry]:
    if kind == LEVEL:
        return [_Entry(text_of(root, "identifier"), (), root)]
    holders: list[tuple[str, Place, Json]] = [("", ("levels",), root)]
    for number, world in enumerate(objects_in(root, "worlds")):
        holders.append((text_of(world, "identifier"), ("worlds", number, "levels"), world))
    found = [
        (world, _Entry(text_of(level, "identifier"), (*place, number), level))
        for world, place, holder in holders
        for number, level in enumerate(objects_in(holder, "levels"))
    ]
    names = [entry.name for _, entry in found]
    return [
        entry if names.count(entry.name) == 1 else _Entry(f"{world}/{entry.name}", entry.place, entry.level)
        for world, entry in found
    ]


def _described(path: Path, root: Json, entry: _Entry) -> Level:
    if root.get("externalLevels") is True:
        source = text_of(entry.level, "externalRelPath")
        try:
            return Level(entry.name, file=beside(path, source))
        except MapFormatError:
            return Level(entry.name)
    for layer in objects_in(entry.level, "layerInstances"):
        height: Any = layer.get("__cHei")
        width: Any = layer.get("__cWid")
        if layer.get("__type") == "IntGrid" and type(height) is int and type(width) is int:
            return Level(entry.name, (height, width))
    return Level(entry.name)


def _project_beside(path: Path) -> Json:
    """The project that a level's file belongs to: the editor keeps levels in a folder of the project's name."""
    project = path.resolve().parent.with_suffix(".ldtk")
    try:
        return parse(project, read_file(project, MOST_BYTES)) if project.is_file() else {}
    except MapFormatError:
        return {}


def _level(path: Path, entries: list[_Entry], at: int, layer: Json, number: int, definitions: Json) -> GridLevel:
    entry = entries[at]
    where = f"level {entry.name[:40]}"
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
    known, derived = _values(path, layer, definitions)
    cell = checked_side(path, where, "__gridSize", layer.get("__gridSize"))
    project = text_of(definitions, "iid") or (path.stem if not entry.place else path.resolve().parent.name)
    corner = [entry.level.get(name) for name in ("worldX", "worldY")]
    return GridLevel(
        name=entry.name,
        number=at,
        many=len(entries),
        grid=np.array(values, np.int64).reshape(height, width),
        place=(*entry.place, "layerInstances", number, "intGridCsv"),
        values=known,
        entities=tuple(_entities(path, entry, cell)),
        cell=cell,
        derived=derived,
        family=f"ldtk {project} {text_of(layer, '__identifier')}",
        corner=tuple(value if type(value) is int else 0 for value in corner),  # pyright: ignore[reportArgumentType]
    )


def _values(path: Path, layer: Json, definitions: Json) -> tuple[dict[int, GridValue], bool]:
    """What an IntGrid's values are, and whether tiles follow from it by rules."""
    defs: Any = definitions.get("defs")
    defined = cast("Json", defs) if isinstance(defs, dict) else {}
    known: dict[int, GridValue] = {}
    derived = False
    for each in objects_in(defined, "layers"):
        derived |= each.get("autoSourceLayerDefUid") == layer.get("layerDefUid") and each.get("uid") is not None
        if each.get("uid") == layer.get("layerDefUid"):
            derived |= bool(objects_in(each, "autoRuleGroups"))
            for value in objects_in(each, "intGridValues"):
                number: Any = value.get("value")
                if type(number) is int:
                    name, colour = text_of(value, "identifier"), text_of(value, "color").lower()
                    known[number] = GridValue(name, colour, _picture(path, value, defined))
    return known, derived


def _picture(path: Path, value: Json, defined: Json) -> NDArray[np.uint8] | None:
    tile: Any = value.get("tile")
    if not isinstance(tile, dict):
        return None
    cut = cast("Json", tile)
    sheets = {each.get("uid"): each for each in objects_in(defined, "tilesets") if type(each.get("uid")) is int}
    number: Any = cut.get("tilesetUid")
    sheet = sheets.get(number) if type(number) is int else None
    sides = [cut.get(name) for name in ("x", "y", "w", "h")]
    if sheet is None or not all(type(side) is int and 0 <= side < 1 << 16 for side in sides):
        return None
    x, y, width, height = cast("list[int]", sides)
    try:
        pixels = read_picture(beside(path, text_of(sheet, "relPath")))
    except MapFormatError:
        return None
    part = None if pixels is None else pixels[y : y + height, x : x + width]
    return part if part is not None and part.size else None


def _entities(path: Path, entry: _Entry, cell: int) -> list[TiledObject]:
    found: list[TiledObject] = []
    for layers, layer in enumerate(objects_in(entry.level, "layerInstances")):
        for number, entity in enumerate(objects_in(layer, "entityInstances")):
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
                raise MapFormatError(path, entry.name[:40], "has an entity without a place")
            kind = text_of(entity, "__identifier")
            place = (*entry.place, "layerInstances", layers, "entityInstances", number)
            found.append(TiledObject(kind, kind, kind, position, stands=True, place=place))
    return found
