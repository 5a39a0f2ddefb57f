"""What can go wrong with a map, said so that a designer can act on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os


class MapError(ValueError):
    """A document or an edit that cannot be: the message names the cell, route or field and the remedy."""


class MapFormatError(ValueError):
    """A file that cannot be read as a map.

    path: the file; where: the line, cell or entry ("line 12", "cell (row 3, col 7)"), or "" for the whole
    file; why: what was expected and what to do.
    """

    def __init__(self, path: str | os.PathLike[str], where: str, why: str) -> None:
        self.path = Path(path)
        self.where = where
        self.why = why
        super().__init__(": ".join(part for part in (_shown(self.path), where, why) if part))


class MapSaveError(OSError):
    """A save that did not happen; the message says in what state the old file is."""

    def __init__(self, path: str | os.PathLike[str], why: str) -> None:
        self.path = Path(path)
        self.why = why
        super().__init__(f"{_shown(self.path)}: {why}")


def name_cell(row: int, col: int) -> str:
    """Return a cell as messages name it."""
    return f"cell (row {row}, col {col})"


def _shown(path: Path) -> str:
    """The file's name as a text that every screen takes: what is no letter becomes a question mark."""
    return path.name.replace("\0", "?").encode("utf-8", "replace").decode("utf-8")
