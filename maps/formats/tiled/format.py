"""The Tiled formats: a document from a map of the editor, and the map back with what has changed in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from maps.errors import MapError, MapFormatError
from maps.formats.format import Format
from maps.formats.limits import read_file
from maps.formats.moved import IN_TILED_JSON, moved_json, moved_xml
from maps.formats.tiled import tmj, tmj_parts, tmx, tmx_parts
from maps.formats.tiled.document import document_of
from maps.formats.tiled.fresh import fresh_tmj, fresh_tmx
from maps.formats.tiled.ground import gid_of, keys_of_cells
from maps.formats.tiled.own_parts import corners_of, cost_layer_of, swatches, terrain_colours
from maps.origin import MOST_BYTES, home_of
from maps.terrain import NO_TERRAIN, of_each_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from maps.document import MapDocument, Route
    from maps.formats.format import Recognises
    from maps.formats.tiled.model import Gids, TiledMap
    from maps.formats.tiled.own_parts import CostLayer
    from maps.origin import Origin


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
    parts: _Parts
    fresh: Callable[[MapDocument, str], bytes]
    moved: Callable[[Origin, Path], bytes]


@dataclass(frozen=True)
class _Written:
    """The bytes of a map for a document. picture: of its own tileset, empty where it needs none."""

    data: bytes
    picture: bytes
    told: tuple[str, ...]


def _read(kind: _Kind, path: Path) -> MapDocument:
    data = read_file(path, MOST_BYTES)
    return document_of(path, kind.read(path, data), data, kind.name)


@lru_cache(maxsize=2)  # asked for its losses and its companion, too
def _write(kind: _Kind, document: MapDocument, path: Path) -> _Written:
    """The map for a document: that of its origin with what has changed, or a new one.

    Tiles change where the terrain did. Costs that the tiles do not say, and routes that the objects do not, are
    written as layers of this program's own.
    """
    came_from = document.origin
    origin = came_from if came_from is not None and came_from.format == kind.name else None
    picture = f"{path.stem}.longcut.png"
    told: list[str] = []
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
    read_back = _read_back(kind, path, tiled, data)
    told += _unsaid(document, read_back, all(not each.missing for each in tiled.tilesets))
    classes = 1 if origin is None else 0
    if not _same_costs(read_back, document):
        costs = cost_layer_of(document)
        if costs.greatest_error > 0.0:
            told.append(f"the exact costs: its 255 classes are off by {costs.greatest_error:.2g} at most")
        data = kind.parts.with_costs(path, data, tiled, costs, picture)
        classes = len(costs.kinds) - 1
    if _ways(read_back.routes) != _ways(document.routes):
        data = kind.parts.with_routes(path, data, tiled, document.routes)
    colours = terrain_colours(document, tiled, fresh=origin is None)
    drawn = swatches(tiled.tile_size, classes, colours) if classes else b""
    return _Written(data, drawn, tuple(told))


def _tiles_of(
    document: MapDocument, tiled: TiledMap, place: int, alike: dict[str, str], told: list[str]
) -> Gids | None:
    """The ground's tile ids (H, W) for a document; None where no terrain has changed."""
    if place >= len(tiled.layers):
        raise MapError("the file that the map came from has fewer layers than it had; save the map as .longcut")
    gids = tiled.layers[place].gids
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


def _read_back(kind: _Kind, path: Path, tiled: TiledMap, data: bytes) -> MapDocument:
    try:
        return document_of(path, tiled, data, kind.name)
    except MapFormatError as error:
        raise MapError(f"the Tiled map that this one came from cannot be read again: {error.why}") from None


def _same_costs(one: MapDocument, other: MapDocument) -> bool:
    same_ground = np.array_equal(one.passable, other.passable)
    return same_ground and np.array_equal(one.cost[one.passable], other.cost[one.passable])


def _same_points(one: MapDocument, other: MapDocument) -> bool:
    if len(one.layouts) != len(other.layouts):
        return False
    pairs = zip(one.layouts, other.layouts, strict=True)
    return all(a.name == b.name and np.array_equal(a.positions, b.positions) for a, b in pairs)


def _ways(routes: Sequence[Route]) -> list[object]:
    return [(corners_of(route), route.weight) for route in routes]


def _unsaid(document: MapDocument, read_back: MapDocument, known: bool) -> list[str]:
    """What of a document a Tiled map has no place for. known: whether its tilesets could be read."""
    lost: list[str] = []
    if document.locked.any():
        lost.append("which cells are locked")
    if document.classes:
        lost.append("the movement classes")
    if not _same_points(read_back, document):
        lost.append("the point layouts")
    if document.rule != read_back.rule:
        lost.append("the movement rule")
    if document.bounds != read_back.bounds:
        lost.append("the bounds")
    here, there = ({kind.tile: kind.name for kind in each.palette} for each in (document, read_back))
    if known and any(there.get(tile, name) != name for tile, name in here.items()):
        lost.append("new names of terrains")
    return lost


def _losses(kind: _Kind) -> Callable[[MapDocument], list[str]]:
    def losses(document: MapDocument) -> list[str]:
        return list(_write(kind, document, home_of(document)).told)

    return losses


def _encode(kind: _Kind) -> Callable[[MapDocument, Path], dict[Path, bytes]]:
    def encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
        written = _write(kind, document, path)
        picture = {path.with_name(f"{path.stem}.longcut.png"): written.picture} if written.picture else {}
        return {**picture, path: written.data}

    return encode


def _companion(kind: _Kind) -> Callable[[MapDocument, Path], Path | None]:
    def companion(document: MapDocument, path: Path) -> Path | None:
        return path.with_name(f"{path.stem}.longcut.png") if _write(kind, document, path).picture else None

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
    )


def _moved_tmj(origin: Origin, path: Path) -> bytes:
    return moved_json(origin, path, IN_TILED_JSON)


def _is_tmx(data: bytes) -> bool:
    return b"<map" in data[:65_536]


def _is_tmj(data: bytes) -> bool:
    return b'"tilewidth"' in data


TMX = _format(_Kind("tmx", tmx.read, tmx.with_layers, tmx_parts, fresh_tmx, moved_xml), "Tiled map", _is_tmx)
TMJ = _format(
    _Kind("tmj", tmj.read, tmj.with_layers, tmj_parts, fresh_tmj, _moved_tmj), "Tiled map as JSON", _is_tmj
)
