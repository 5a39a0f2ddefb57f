"""Where a map came from, so that it can go back there: the file of another editor, kept with the document."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from maps.checks import check_text
from maps.errors import MapError

if TYPE_CHECKING:
    from maps.document import MapDocument

MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Origin:
    """The file that a map was read from, byte for byte.

    format: name of its format.  name: of the file.  layer: which of its layers the terrains are read from.
    alike: tiles that are drawn otherwise but are the same terrain: (tile, tile of the terrain).
    decided: whether the designer has said which tiles are which terrain, in place of what the file says.
    folder: where the file lay, for the files that it names from there; empty where that is not known, as after
        reading it from a `.longcut` file, which may be elsewhere.
    """

    format: str
    name: str
    data: bytes
    layer: int = 0
    alike: tuple[tuple[str, str], ...] = ()
    decided: bool = False
    folder: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_text("origin: format", self.format)
        check_text("origin: name", self.name)
        for tile in (each for pair in self.alike for each in pair):
            check_text("origin: tile", tile)
        if len(self.data) > MOST_BYTES:
            size = f"{len(self.data)} bytes"
            raise MapError(f"the file that the map came from has {size}; {MOST_BYTES} is the most that is kept")


def home_of(document: MapDocument) -> Path:
    """Return where the file of a document's origin lay, as far as that is known; "map" for one without."""
    origin = document.origin
    return Path("map") if origin is None else Path(origin.folder, origin.name)
