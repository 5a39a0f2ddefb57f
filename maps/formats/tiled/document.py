"""From a Tiled map to a document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from maps.checks import valid_cost
from maps.document import MapDocument
from maps.errors import MapError, MapFormatError
from maps.formats.arrays import bounds_of_costs
from maps.formats.format import name_of
from maps.formats.tiled.ground import COST_LAYER, ground_of
from maps.formats.tiled.marks import layouts_of, routes_of
from maps.formats.tiled.model import TILE_BITS
from maps.formats.tiled.own_ground import unchanged_ground
from maps.formats.tiled.own_parts import GROUND, TERRAINS, USUAL, usual_costs
from maps.formats.tiled.own_terrains import with_own_terrains
from maps.formats.told import WITHOUT_COSTS
from maps.origin import Origin
from maps.terrain import NO_TERRAIN, of_each_cell, on_impassable_terrain, palette_costs

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import CostMap, Mask
    from maps.formats.tiled.ground import Ground
    from maps.formats.tiled.model import TiledMap, TileLayer

READABLE = ("orthogonal", "isometric")


@dataclass(frozen=True, eq=False)
class _Costs:
    """What the layer of costs says: (H, W) each, and what terrains usually cost, by their tiles.

    known: where it says anything.
    """

    cost: CostMap
    passable: Mask
    known: Mask
    usual: dict[str, float]


def document_of(path: Path, tiled: TiledMap, data: bytes, format_name: str) -> MapDocument:
    """Return the document of a map that was read from these bytes.

    Each kind of tile on the ground is a terrain; tiles and layers that are solid are walls; objects are routes and
    points. What was decided on the way stands in the metadata, under "tiled". Raises MapFormatError.
    """
    if tiled.orientation not in READABLE:
        shape = {"hexagonal": "hexagons", "staggered": "staggered rows"}.get(tiled.orientation, tiled.orientation)
        raise MapFormatError(path, "", f"is a map of {shape[:20]}; square cells, also isometric ones, can be read")
    ground = ground_of(path, tiled)
    own = next((each for each in tiled.layers if each.name == COST_LAYER), None)
    if own is not None and isinstance(listed := own.properties.get(TERRAINS), str):
        ground = with_own_terrains(tiled, ground, listed)
    told = list(ground.told)
    if tiled.orientation == "isometric":
        told.append("the map is isometric; its cells are shown as squares")
    palette, terrain = ground.palette, ground.terrain
    cost = of_each_cell(terrain, palette_costs(palette), 1.0, np.float32)
    passable = ~ground.walls & ~on_impassable_terrain(terrain, palette)
    if own is not None:
        costs = _costs_of_layer(tiled, own, told)
        told = [f"costs are those of the layer {COST_LAYER!r}", *(each for each in told if each != WITHOUT_COSTS)]
        palette = tuple(
            replace(kind, cost=costs.usual.get(kind.tile, kind.cost)) if kind.passable else kind
            for kind in palette
        )
        valid = _still_valid(tiled, own, ground, costs, told)
        cost = of_each_cell(terrain, palette_costs(palette), 1.0, np.float32)
        cost = np.where(valid, costs.cost, cost)
        passable = np.where(valid, costs.passable, passable)
        torn = passable & on_impassable_terrain(terrain, palette)
        terrain = np.where(torn, np.uint8(NO_TERRAIN), terrain)
    routes, about_routes = routes_of(tiled)
    layouts, about_layouts = layouts_of(tiled)
    told += [*about_routes, *about_layouts]
    where: dict[str, Any] = {"first_cell": list(tiled.first)} if tiled.infinite else {}
    try:
        return MapDocument(
            cost=cost,
            passable=passable,
            locked=np.zeros(tiled.shape, np.bool_),
            terrain=terrain,
            bounds=bounds_of_costs(cost[passable]),
            routes=routes,
            layouts=layouts,
            palette=palette,
            origin=Origin(
                format_name,
                path.name,
                data,
                ground.layer,
                ground.alike,
                decided=ground.decided,
                folder=str(path.resolve().parent),
            ),
            name=name_of(path),
            metadata={"tiled": {**where, "told": told}},
        )
    except MapError as error:
        raise MapFormatError(path, "", str(error)) from None


def _still_valid(tiled: TiledMap, own: TileLayer, ground: Ground, costs: _Costs, told: list[str]) -> Mask:
    """Where (H, W) the layer's costs still belong to the tiles below them."""
    valid = costs.known
    text = own.properties.get(GROUND)
    layer = next(layer for layer in tiled.layers if layer.place == ground.layer)
    if isinstance(text, str):
        unchanged = unchanged_ground(text, layer.gids, ground.walls, tiled.first)
        valid = valid if unchanged is None else valid & unchanged
    stale = int((~valid).sum())
    if stale:
        told.append(f"{stale} cells have other tiles than when their costs were written: they cost what these do")
    return valid


def _costs_of_layer(tiled: TiledMap, layer: TileLayer, told: list[str]) -> _Costs:
    """The costs that this program has written into the map before."""
    gids = layer.gids & TILE_BITS
    found, index = np.unique(gids, return_inverse=True)
    cost, passable, known = (
        np.ones(len(found), np.float32),
        np.ones(len(found), np.bool_),
        np.ones(len(found), np.bool_),
    )
    for number, gid in enumerate(found.tolist()):
        tileset = tiled.tileset_of(gid) if gid else None
        tile = None if tileset is None else tileset.tiles.get(gid - tileset.first_gid)
        if tile is None:
            known[number] = False
        elif tile.properties.get("solid") is True:
            passable[number] = False
        else:
            try:
                cost[number] = valid_cost("", tile.properties.get("cost", 1.0))
            except MapError:
                told.append(f"a cost of the layer {COST_LAYER!r} is none; 1 is taken")
    usual = layer.properties.get(USUAL)
    return _Costs(
        cost[index].reshape(gids.shape),
        passable[index].reshape(gids.shape),
        known[index].reshape(gids.shape),
        usual_costs(usual) if isinstance(usual, str) else {},
    )
