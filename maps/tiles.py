"""What a map's cells show in the editor that it came from: kinds of tiles, or values of a grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from maps.terrain import NO_TERRAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from maps.document import MapDocument


@dataclass(frozen=True, eq=False)
class TileKind:
    """A kind of tile, or a value. key: what origins and terrains call it, see `maps.origin`.

    terrain: number, in the palette, of the terrain that it is.  label: what it is called where it has no name.
    name, cost, passable: what the editor's file says of it; empty and None where it says nothing.
    family, local: what it is called on any map: the name of its set of tiles, and its own in it; a family is empty
    where there is none.
    picture: (height, width, 4) RGBA; None without one.
    """

    key: str
    terrain: int
    label: str
    name: str = ""
    cost: float | None = None
    passable: bool | None = None
    colour: str = "#9aa0a8"
    family: str = ""
    local: str = ""
    picture: NDArray[np.uint8] | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class MapTiles:
    """The kinds of tiles of a map. number: (H, W), which of them each cell shows; -1 for none of them.

    priced: whether the editor's file itself says what any of them costs.
    """

    kinds: tuple[TileKind, ...]
    number: NDArray[np.int64]
    priced: bool = False

    @property
    def cells(self) -> list[int]:
        """How many cells show each kind."""
        return np.bincount(self.number[self.number >= 0], minlength=len(self.kinds)).tolist()


def terrains_as_tiles(document: MapDocument) -> MapTiles:
    """Return a map's terrains in the place of tiles, for a map that came from no editor."""
    kinds = tuple(
        TileKind(kind.tile, number, kind.name, kind.name, kind.cost, kind.passable, kind.colour)
        for number, kind in enumerate(document.palette)
    )
    number = np.where(document.terrain == NO_TERRAIN, -1, document.terrain.astype(np.int64))
    return MapTiles(kinds, number, priced=True)


def terrains_of_keys(document: MapDocument, keys: list[str]) -> list[int]:
    """Return for each tile of the map's origin the number of the terrain that it is; -1 where it is none."""
    alike = {} if document.origin is None else dict(document.origin.alike)
    of_key = {kind.tile: number for number, kind in reversed(list(enumerate(document.palette))) if kind.tile}
    return [of_key.get(alike.get(key, key), -1) for key in keys]
