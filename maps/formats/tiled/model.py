"""What a Tiled map says, whichever of its two file formats it is in: layers of tiles, tilesets, objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.formats.tiled.json_spans import Place

# Global tile ids (H, W): 0 is no tile; the four highest bits say how a tile is turned.
Gids: TypeAlias = NDArray[np.uint32]
TILE_BITS = np.uint32(0x0FFFFFFF)
Properties: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True)
class Tile:
    """What a tileset says of one tile. kind: its class, or type.  wang: the terrain that it is mostly made of."""

    kind: str = ""
    properties: Properties = field(default_factory=dict[str, Any])
    wang: str = ""


@dataclass(frozen=True)
class Tileset:
    """A set of tiles. first_gid: global id of its tile 0.  source: its own file; empty where it is embedded.

    count: of its tiles, 0 where the file does not say.
    missing: why its own file could not be read; its tiles have no names or properties then.
    image, columns, tile_size (width, height), margin, spacing: of the one picture of all tiles, if there is one.
    """

    name: str
    first_gid: int
    tiles: Mapping[int, Tile]
    source: str = ""
    missing: str = ""
    count: int = 0
    image: str = ""
    columns: int = 0
    tile_size: tuple[int, int] = (0, 0)
    margin: int = 0
    spacing: int = 0


@dataclass(frozen=True, eq=False)
class TileLayer:
    """A layer of tiles, over the whole map. place: what finds it in its file again."""

    name: str
    gids: Gids
    place: int
    visible: bool = True
    properties: Properties = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class TiledObject:
    """An object. position: (row, col) in cells, cell centres at whole numbers; of the centre of one with a size.

    stands: whether it stands at one place, as a point or a tile, and covers no area.
    points: (row, col) of a line's or polygon's corners.  layer: name of its layer.  place: what finds it in its
    file again.
    """

    name: str
    kind: str
    layer: str
    position: tuple[float, float]
    stands: bool = False
    points: tuple[tuple[float, float], ...] = ()
    properties: Properties = field(default_factory=dict[str, Any])
    place: Place = ()


@dataclass(frozen=True, eq=False)
class TiledMap:
    """A map. first: (row, col), in the editor, of this map's cell (0, 0).

    An infinite map begins where its tiles do.
    """

    orientation: str
    shape: tuple[int, int]
    first: tuple[int, int]
    tile_size: tuple[int, int]
    infinite: bool
    tilesets: tuple[Tileset, ...]
    layers: tuple[TileLayer, ...]
    objects: tuple[TiledObject, ...]
    properties: Properties

    def tileset_of(self, gid: int) -> Tileset | None:
        """Return the set of a tile id without its turning bits: the one with the largest first id not above it."""
        fitting = [each for each in self.tilesets if each.first_gid <= gid]
        return max(fitting, key=lambda each: each.first_gid, default=None)


def mostly(names: Sequence[str], corners: Sequence[int]) -> str:
    """Return the name of the terrain that a tile has at most of its corners; empty where it has none.

    corners: places in `names`; others stand for corners without a terrain. Of several the first in the list.
    """
    known = [corner for corner in corners if 0 <= corner < len(names)]
    return names[min(known, key=lambda corner: (-known.count(corner), corner))] if known else ""
