"""What a file format is to the rest of the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maps.document import MapDocument
from maps.terrain import NO_TERRAIN

if TYPE_CHECKING:
    from maps.formats.options import ReadOptions
    from maps.results import MapFile
    from maps.tiles import MapTiles

GRID = "grid"  # the name in a document's metadata of how a grid was read, and of where it lies
Read = Callable[[Path], MapDocument]
Encode = Callable[[MapDocument, Path], dict[Path, bytes]]
Losses = Callable[[MapDocument], list[str]]
Recognises = Callable[[bytes], bool]


@dataclass(frozen=True)
class Level:
    """A level in a file of several. shape: (rows, columns); None where it has no cells, or they are not known.

    file: the file of its own that it is in, if it is.
    """

    name: str
    shape: tuple[int, int] | None = None
    file: Path | None = None


@dataclass(frozen=True)
class Format:
    """One file format.

    endings: of file names, the first is the usual one.
    signature: first bytes that settle the format, whatever the file is called; None if it has none.
    read: file -> document, raising only MapFormatError.
    encode: document and target -> the files to write, at most one companion and then the map itself; None if
        it cannot be written.
    losses: what writing this document would lose, in sentences.
    companion: the file that is written beside a target for this document; None where there is none.
    recognises: whether the bytes of a whole file, whose name is not known, look like this format, in place of a
        signature or among several formats with the same one.
    only_back: whether only a map that came from such a file can be written, as most of the file is not known here.
    read_as: file and how to read it -> document, where a file does not say it all itself.
    takes: names of the `ReadOptions` that `read_as` looks at.
    tiles: a document that came from such a file, and where that lies -> the kinds of tiles that its cells show;
        None for a format without tiles.
    levels: file -> the levels in it, of which `read` takes one; None for a format of single maps.
    read_level: file and name of a level -> document.
    read_file, encode_file: the same with the kept results; None for a format that has no place for them.
    """

    name: str
    description: str
    endings: tuple[str, ...]
    read: Read
    encode: Encode | None
    losses: Losses
    read_file: Callable[[Path], MapFile] | None = None
    encode_file: Callable[[MapFile, Path], dict[Path, bytes]] | None = None
    companion: Callable[[MapDocument, Path], Path | None] | None = None
    signature: bytes | None = None
    recognises: Recognises | None = None
    only_back: bool = False
    read_as: Callable[[Path, ReadOptions], MapDocument] | None = None
    takes: frozenset[str] = frozenset()
    tiles: Callable[[MapDocument, Path], MapTiles] | None = None
    levels: Callable[[Path], tuple[Level, ...]] | None = None
    read_level: Callable[[Path, str], MapDocument] | None = None

    def writes(self, document: MapDocument) -> bool:
        """Return whether the document can be written in this format."""
        came_from = document.origin is not None and document.origin.format == self.name
        return self.encode is not None and (came_from or not self.only_back)


def name_of(path: Path) -> str:
    """Return what a map is called that has no name in its file: the file's, up to its first full stop."""
    return path.name.split(".")[0].encode("utf-8", "replace").decode("utf-8")


def bare_losses(document: MapDocument) -> list[str]:
    """Return what a format loses that holds one cost per cell, or a wall, and nothing else."""
    lost: list[str] = []
    if (document.cost[~document.passable] != 1.0).any():
        lost.append("the costs that impassable cells remember")
    if document.locked.any():
        lost.append("which cells are locked")
    if document.routes:
        lost.append("the routes")
    if document.layouts:
        lost.append("the point layouts")
    if document.classes:
        lost.append("the movement classes")
    if (document.terrain != NO_TERRAIN).any():
        lost.append("which terrain each cell is")
    if set(document.metadata) - {GRID}:
        lost.append("the metadata")
    if isinstance(grid := document.metadata.get(GRID), Mapping) and set(grid) - {"told"}:
        lost.append("where the grid lies in the world")
    lost.append("the movement rule, the bounds, the palette, the cell size and the name")
    return lost
