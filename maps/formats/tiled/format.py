"""The Tiled formats: a document from a map of the editor, and the map back with what has changed in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from maps.errors import MapError, MapFormatError
from maps.formats.format import Format
from maps.formats.limits import read_file
from maps.formats.moved import IN_TILED_JSON, moved_json, moved_xml
from maps.formats.tiled import tmj, tmj_parts, tmx, tmx_parts
from maps.formats.tiled.document import document_of
from maps.formats.tiled.fresh import fresh_tmj, fresh_tmx
from maps.formats.tiled.ground import gid_of, keys_of_cells, walls_of
from maps.formats.tiled.kinds import map_tiles
from maps.formats.tiled.moves import moves_of, same_points
from maps.formats.tiled.own_ground import ground_text
from maps.formats.tiled.own_parts import TILESET, corners_of, cost_layer_of, swatches, terrain_colours
from maps.formats.tiled.own_terrains import terrains_text
from maps.formats.tiled.places import pixels_of_cell
from maps.origin import MOST_BYTES, home_of
from maps.terrain import NO_TERRAIN, of_each_cell
from maps.tiles import terrains_as_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from maps.document import MapDocument, Route
    from maps.formats.format import Recognises
    from maps.formats.tiled.json_spans import Place
    from maps.formats.tiled.model import Gids, TiledMap
    from maps.formats.tiled.own_parts import CostLayer
    from maps.origin import Origin
    from maps.tiles import MapTiles


class _Parts(Protocol):
    """What writes this program's own parts into a file of one of the two formats."""

    def with_costs(self, path: Path, data: bytes, tiled: TiledMap, costs: CostLayer, picture: str) -> bytes: ...

    def with_routes(self, path: Path, data: bytes, tiled: TiledMap, routes: Sequence[Route]) -> bytes: ...


@dataclass(frozen=True)
class _Kind:
    """One of the two formats: how a map is read, its tiles and own parts written, and a new one begun."""

    name: str
    read: Callable[[Path, bytes], TiledMap]
    with_layers: Callable[[Path, bytes, dict[int, Gids]], bytes]
    with_objects: Callable[[Path, bytes, TiledMap, dict[Place, tuple[float, float]]], bytes]
    parts: _Parts
    fresh: Callable[[MapDocument, str], bytes]
    moved: Callable[[Origin, Path], bytes]


@dataclass(frozen=True)
class Written:
    """The bytes of a map for a document.

    picture: of its own tileset, empty where it needs none.  names: the files of the editor's tilesets.
    """

    data: bytes
    picture: bytes
    told: tuple[str, ...]
    names: tuple[str, ...]


def _read(kind: _Kind, path: Path) -> MapDocument:
    data = read_file(path, MOST_BYTES)
    return document_of(path, kind.read(path, data), data, kind.name)


@lru_cache(maxsize=2)  # asked for its losses and its companion, too
def _write(kind: _Kind, document: MapDocument, path: Path, *, costs_anyway: bool = False) -> Written:
    """The map for a document: that of its origin with what has changed, or a new one.

    Tiles change where the terrain did. Costs that the tiles do not say, and routes that the objects do not, are
    written as layers of this program's own. costs_anyway: the layer of costs is written though tiles say them.
    """
    came_from = document.origin
    origin = came_from if came_from is not None and came_from.format == kind.name else None
    picture = picture_beside(path).name
    told: list[str] = []
    layouts = document.layouts
    if origin is None:
        data = kind.fresh(document, picture)
        tiled = kind.read(path, data)
    else:
        data = kind.moved(origin, path)
        tiled = kind.read(path, data)
        if tiled.shape != document.shape:
            was, now = (f"{width} × {height}" for height, width in (tiled.shape, document.shape))
            raise MapError(f"the map has {now} cells, the Tiled map that it came from {was}; save it as .longcut")
        gids = _tiles_of(document, tiled, origin.layer, dict(origin.alike), told)
        if gids is not None:
            data = kind.with_layers(path, data, {origin.layer: gids})
            tiled = kind.read(path, data)
        moves = moves_of(tiled, document)
        if moves.by_object:
            data = kind.with_objects(path, data, tiled, moves.by_object)
            tiled, layouts = kind.read(path, data), moves.layouts
    read_back = _read_back(kind, path, tiled, data)
    told += _unsaid(document.replace(layouts=layouts), read_back, all(not each.missing for each in tiled.tilesets))
    classes = 1 if origin is None else 0
    terrains = "" if origin is None else terrains_text(document)
    if costs_anyway or not _same_costs(read_back, document) or terrains != terrains_text(read_back):
        ground = tiled.layers[0 if origin is None else origin.layer]
        costs = cost_layer_of(document, terrains, ground_text(ground.gids, walls_of(tiled, ground), tiled.first))
        if costs.greatest_error > 0.0:
            told.append(f"the exact costs: its 255 classes are off by {costs.greatest_error:.2g} at most")
        data = kind.parts.with_costs(path, data, tiled, costs, picture)
        classes = len(costs.kinds) - 1
    if _ways(read_back.routes) != _ways(document.routes):
        data = kind.parts.with_routes(path, data, tiled, document.routes)
    colours = terrain_colours(document, tiled, fresh=origin is None)
    drawn = swatches(tiled.tile_size, classes, colours) if classes else b""
    names = (each.source or each.image for each in tiled.tilesets if each.name != TILESET)
    return Written(data, drawn, tuple(told), tuple(filter(None, names)))


def with_costs(ending: Literal["tmx", "tmj"], document: MapDocument, path: Path) -> Written:
    """Return the map for a document as the format of this ending writes it, with the layer of costs in any case.

    Raises MapError.
    """
    return _write(_KINDS[ending], document, path, costs_anyway=True)


def picture_beside(path: Path) -> Path:
    """Return the place of the picture of the own tileset."""
    return path.with_name(f"{path.stem}.longcut.png")


def tiled_map(ending: Literal["tmx", "tmj"], path: Path, data: bytes) -> TiledMap:
    """Return the map in bytes of this ending, its tilesets read beside `path`. Raises MapFormatError."""
    return _KINDS[ending].read(path, data)


def tile_size_of(document: MapDocument) -> tuple[int, int] | None:
    """Return width and height, px, of a cell in the Tiled map that a document came from; None if from none."""
    origin = document.origin
    if origin is None or origin.format not in _KINDS:
        return None
    tiled = _KINDS[origin.format].read(Path(origin.name), origin.data)
    return pixels_of_cell(tiled.orientation, tiled.tile_size)


def _tiles_of(
    document: MapDocument, tiled: TiledMap, place: int, alike: dict[str, str], told: list[str]
) -> Gids | None:
    """The ground's tile ids (H, W) for a document; None where no terrain has changed."""
    gids = tiled.layers[place].gids if place < len(tiled.layers) else None
    if gids is None:
        raise MapError("the file that the map came from has fewer layers than it had; save the map as .longcut")
    keys, of_cell = keys_of_cells(tiled, gids, alike)
    was = np.array([gid_of(tiled, key) for key in keys])[of_cell]
    wanted = [gid_of(tiled, terrain.tile) for terrain in document.palette]
    unknown = -1
    now = of_each_cell(document.terrain, [unknown if gid is None else gid for gid in wanted], unknown, np.int64)
    changed = (now != unknown) & (now != was)
    tileless = (now == unknown) & (document.terrain != NO_TERRAIN)
    if tileless.any():
        told.append(f"the tiles of {int(tileless.sum())} cells: their terrain has none in the Tiled map")
    return np.where(changed, now, gids).astype(np.uint32) if changed.any() else None


def _map_tiles(kind: _Kind, document: MapDocument, path: Path) -> MapTiles:
    origin = document.origin
    assert origin is not None
    tiled = kind.read(path, origin.data)
    if tiled.shape != document.shape or origin.layer >= len(tiled.layers):
        return terrains_as_tiles(document)
    gids = _tiles_of(document, tiled, origin.layer, dict(origin.alike), [])
    return map_tiles(path, tiled, tiled.layers[origin.layer].gids if gids is None else gids, document)


def _read_back(kind: _Kind, path: Path, tiled: TiledMap, data: bytes) -> MapDocument:
    try:
        return document_of(path, tiled, data, kind.name)
    except MapFormatError as error:
        raise MapError(f"the Tiled map that this one came from cannot be read again: {error.why}") from None


def _same_costs(one: MapDocument, other: MapDocument) -> bool:
    same_ground = np.array_equal(one.passable, other.passable)
    return same_ground and np.array_equal(one.cost[one.passable], other.cost[one.passable])


def _ways(routes: Sequence[Route]) -> list[object]:
    return [(corners_of(route), route.weight) for route in routes]


def _unsaid(document: MapDocument, read_back: MapDocument, known: bool) -> list[str]:
    """What of a document a Tiled map has no place for. known: whether its tilesets could be read."""
    lost: list[str] = []
    if document.locked.any():
        lost.append("which cells are locked")
    if document.classes:
        lost.append("the movement classes")
    if not same_points(read_back.layouts, document.layouts):
        lost.append("the point layouts")
    if document.rule != read_back.rule:
        lost.append("the movement rule")
    if document.bounds != read_back.bounds:
        lost.append("the bounds")
    here, there = ({kind.tile: kind.name for kind in each.palette} for each in (document, read_back))
    decided = document.origin is not None and document.origin.decided
    if known and not decided and any(there.get(tile, name) != name for tile, name in here.items()):
        lost.append("new names of terrains")
    return lost


def _losses(kind: _Kind) -> Callable[[MapDocument], list[str]]:
    def losses(document: MapDocument) -> list[str]:
        return list(_write(kind, document, home_of(document)).told)

    return losses


def _encode(kind: _Kind) -> Callable[[MapDocument, Path], dict[Path, bytes]]:
    def encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
        written = _write(kind, document, path)
        picture = {picture_beside(path): written.picture} if written.picture else {}
        return {**picture, path: written.data}

    return encode


def _companion(kind: _Kind) -> Callable[[MapDocument, Path], Path | None]:
    def companion(document: MapDocument, path: Path) -> Path | None:
        return picture_beside(path) if _write(kind, document, path).picture else None

    return companion


def _format(kind: _Kind, description: str, recognises: Recognises) -> Format:
    return Format(
        kind.name,
        description,
        (f".{kind.name}",),
        lambda path: _read(kind, path),
        _encode(kind),
        _losses(kind),
        companion=_companion(kind),
        recognises=recognises,
        tiles=lambda document, path: _map_tiles(kind, document, path),
    )


def _moved_tmj(origin: Origin, path: Path) -> bytes:
    return moved_json(origin, path, IN_TILED_JSON)


def _is_tmx(data: bytes) -> bool:
    return b"<map" in data[:65_536]


def _is_tmj(data: bytes) -> bool:
    return b'"tilewidth"' in data


_KINDS = {
    "tmx": _Kind("tmx", tmx.read, tmx.with_layers, tmx.with_objects, tmx_parts, fresh_tmx, moved_xml),
    "tmj": _Kind("tmj", tmj.read, tmj.with_layers, tmj.with_objects, tmj_parts, fresh_tmj, _moved_tmj),
}
TMX = _format(_KINDS["tmx"], "Tiled map", _is_tmx)
TMJ = _format(_KINDS["tmj"], "Tiled map as JSON", _is_tmj)
