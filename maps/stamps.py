"""A library of stamps: a few that come with the program, and those that the designer keeps in a folder.

A kept stamp is a `.longcut` map of its own, which says in its metadata which of its cells belong to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from maps.document import MapDocument
from maps.errors import MapError, MapFormatError
from maps.formats import read_map, write_map
from maps.pieces import Piece
from maps.terrain import DEFAULT_PALETTE, NO_TERRAIN

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import Mask

FIELD = "stamp"  # of the metadata: rows of the mask, "#" for a cell that belongs to the stamp
WALLS_ONLY = "walls_only"  # of the metadata: whether only walls are put down
_DRAWN = {
    "Room": ("### ###", "#     #", "#     #", "#      ", "#     #", "#     #", "### ###"),
    "Columns": ("#   #   #", "         ", "         ", "         ", "#   #   #", *("         ",) * 3, "#   #   #"),
    "Crossing": ("###   ###", "###   ###", *("         ",) * 3, "###   ###", "###   ###"),
    "Zigzag": ("#########  ", "           ", "           ", "  #########", *("           ",) * 2, "#########  "),
}


def drawn_stamps() -> dict[str, Piece]:
    """Return the stamps that come with the program, by name: walls, on whatever ground there is."""
    return {name: _from_rows(rows) for name, rows in _DRAWN.items()}


def kept_stamps(folder: Path) -> tuple[dict[str, Piece], list[str]]:
    """Return the stamps in a folder by name, and in sentences which files there are none."""
    pieces: dict[str, Piece] = {}
    refused: list[str] = []
    for path in sorted(folder.glob("*.longcut")):
        try:
            document = read_map(path)
            pieces[document.name or path.stem] = _from_document(document, path)
        except MapFormatError as error:
            refused.append(str(error))
    return pieces, refused


def keep_stamp(folder: Path, name: str, piece: Piece) -> None:
    """Write a stamp into a folder, in place of one of that name. Raises MapError for no name, MapSaveError."""
    if not name.strip():
        raise MapError("a stamp needs a name")
    folder.mkdir(parents=True, exist_ok=True)
    rows = tuple("".join("#" if cell else " " for cell in row) for row in piece.mask.tolist())
    document = MapDocument(
        piece.cost,
        piece.passable,
        piece.locked,
        piece.terrain,
        palette=piece.palette,
        name=name.strip(),
        metadata={FIELD: rows, WALLS_ONLY: piece.walls_only},
    )
    write_map(document, _path_of(folder, name))


def remove_stamp(folder: Path, name: str) -> None:
    """Remove a stamp from a folder; nothing where there is none. Raises OSError."""
    _path_of(folder, name).unlink(missing_ok=True)


def _path_of(folder: Path, name: str) -> Path:
    plain = re.sub(r"[^\w \-]", "_", name.strip())[:80]
    return folder / f"{plain}.longcut"


def _from_document(document: MapDocument, path: Path) -> Piece:
    rows = document.metadata.get(FIELD)
    lines = [row for row in rows if isinstance(row, str)] if isinstance(rows, tuple) else []
    fits = len(lines) == document.height and all(len(line) == document.width for line in lines)
    mask: Mask = np.array([[cell == "#" for cell in line] for line in lines if fits], np.bool_)
    if not mask.any():
        raise MapFormatError(path, "", "is a map but no stamp: its metadata do not say which cells belong to it")
    layers = mask, document.cost, document.passable, document.locked, document.terrain
    return Piece(*layers, document.palette, walls_only=document.metadata.get(WALLS_ONLY) is True)


def _from_rows(rows: tuple[str, ...]) -> Piece:
    signs = np.array([list(row) for row in rows])
    shape = signs.shape
    return Piece(
        signs == "#",
        np.ones(shape, np.float32),
        signs != "#",
        np.zeros(shape, np.bool_),
        np.full(shape, NO_TERRAIN, np.uint8),
        DEFAULT_PALETTE,
        walls_only=True,
    )
