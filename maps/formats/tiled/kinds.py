"""The kinds of tiles on a Tiled map's ground, with their pictures and what the file says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maps.formats.tiled.ground import COST_LAYER, EMPTY, gid_of, key_of, said_of
from maps.formats.tiled.model import TILE_BITS
from maps.formats.tiled.tile_colours import TilePictures, main_colour
from maps.tiles import MapTiles, TileKind, terrains_of_keys

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument
    from maps.formats.tiled.model import Gids, TiledMap, Tileset


def map_tiles(path: Path, tiled: TiledMap, gids: Gids, document: MapDocument) -> MapTiles:
    """Return the kinds of tiles of a document. gids: (H, W) of its ground as it is now."""
    plain = gids & TILE_BITS
    reserve = [gid for kind in document.palette if (gid := gid_of(tiled, kind.tile)) is not None]
    found = np.union1d(plain, np.array(reserve, np.uint32)).astype(np.uint32)
    keys = [key_of(tiled, gid) for gid in found.tolist()]
    terrains = terrains_of_keys(document, keys)
    pictures = TilePictures(path, tiled)
    kinds: list[TileKind] = []
    place = np.full(len(found), -1, np.int64)
    priced = any(layer.name == COST_LAYER for layer in tiled.layers)
    for number, (gid, key, terrain) in enumerate(zip(found.tolist(), keys, terrains, strict=True)):
        said = said_of(tiled, gid)
        priced |= said.cost is not None
        if terrain < 0:
            continue
        place[number] = len(kinds)
        tileset = tiled.tileset_of(gid) if gid else None
        local = EMPTY if tileset is None else f"{gid - tileset.first_gid}"
        picture = pictures.tile(gid)
        colour = None if picture is None else main_colour(picture)
        kinds.append(
            TileKind(
                key=key,
                terrain=terrain,
                label=EMPTY if tileset is None else f"{tileset.name} {local}",
                name=said.name,
                cost=said.cost,
                passable=False if not said.passable else None,
                colour=document.palette[terrain].colour if colour is None else colour,
                family="" if tileset is None else family_of(tileset),
                local=local,
                picture=picture,
            )
        )
    number = place[np.searchsorted(found, plain)]
    # Cells of a terrain that has no tile, or of none, show a tile that they do not mean.
    tileless = [gid_of(tiled, kind.tile) is None for kind in document.palette]
    without = np.array([*tileless, *[True] * (256 - len(tileless))])[document.terrain]
    return MapTiles(tuple(kinds), np.where(without, -1, number), priced)


def family_of(tileset: Tileset) -> str:
    """Return what a set of tiles is called on every map that uses it: by its name, picture and size of a tile."""
    picture = tileset.image.replace("\\", "/").rsplit("/", 1)[-1]
    width, height = tileset.tile_size
    return f"tiled {tileset.name} {picture} {width}x{height}"
