"""Where a map came from, so that it can go back there: the file of another editor, kept with the document."""

from __future__ import annotations

from dataclasses import dataclass

from maps.checks import check_text
from maps.errors import MapError

MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Origin:
    """The file that a map was read from, byte for byte.

    format: name of its format.  name: of the file.  layer: which of its layers the terrains are read from.
    alike: tiles that are drawn otherwise but are the same terrain: (tile, tile of the terrain).
    decided: whether the designer has said which tiles are which terrain, in place of what the file says.
    """

    format: str
    name: str
    data: bytes
    layer: int = 0
    alike: tuple[tuple[str, str], ...] = ()
    decided: bool = False

    def __post_init__(self) -> None:
        check_text("origin: format", self.format)
        check_text("origin: name", self.name)
        for tile in (each for pair in self.alike for each in pair):
            check_text("origin: tile", tile)
        if len(self.data) > MOST_BYTES:
            size = f"{len(self.data)} bytes"
            raise MapError(f"the file that the map came from has {size}; {MOST_BYTES} is the most that is kept")
