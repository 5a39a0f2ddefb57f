"""A new Tiled map for a document that comes from elsewhere: one layer of its terrains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maps.formats.tiled import tmj_parts, tmx_parts
from maps.formats.tiled.own_parts import FIRST_TERRAIN, terrain_tiles
from maps.terrain import of_each_cell

if TYPE_CHECKING:
    from maps.document import MapDocument
    from maps.formats.tiled.model import Gids
    from maps.formats.tiled.tsj import Json

TILE_SIZE = 16, 16
GROUND = "Ground"


def fresh_tmx(document: MapDocument, picture: str) -> bytes:
    """Return the text of a new `.tmx` map with a document's terrains. picture: name of the tileset's file."""
    height, width = document.shape
    size = f'width="{width}" height="{height}" tilewidth="{TILE_SIZE[0]}" tileheight="{TILE_SIZE[1]}"'
    ids = 'infinite="0" nextlayerid="2" nextobjectid="1"'
    head = f'tiledversion="1.8.0" orientation="orthogonal" renderorder="right-down" {size} {ids}'
    tiles = terrain_tiles(document.palette)
    tileset = f" {tmx_parts.tileset_text(1, tiles, TILE_SIZE, picture)}\n" if tiles else ""
    layer = tmx_parts.layer_text(GROUND, _gids(document), (0, 0), infinite=False).replace("{id}", ' id="1"', 1)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<map version="1.8" {head}>\n{tileset} {layer}\n</map>\n'
    return text.encode()


def fresh_tmj(document: MapDocument, picture: str) -> bytes:
    """Return a new `.tmj` map with a document's terrains."""
    height, width = document.shape
    tiles = terrain_tiles(document.palette)
    root: Json = {
        "type": "map",
        "version": "1.8",
        "orientation": "orthogonal",
        "renderorder": "right-down",
        "width": width,
        "height": height,
        "tilewidth": TILE_SIZE[0],
        "tileheight": TILE_SIZE[1],
        "infinite": False,
        "nextlayerid": 2,
        "nextobjectid": 1,
        "tilesets": [tmj_parts.tileset_entry(1, tiles, TILE_SIZE, picture)] if tiles else [],
        "layers": [{"id": 1, **tmj_parts.layer_entry(GROUND, _gids(document), (0, 0), infinite=False)}],
    }
    return tmj_parts.encoded(root)


def _gids(document: MapDocument) -> Gids:
    gids = [1 + FIRST_TERRAIN + number for number in range(len(document.palette))]
    return of_each_cell(document.terrain, gids, 0, np.uint32)
