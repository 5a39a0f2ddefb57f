"""What can go wrong with a map, said so that a designer can act on it."""

from __future__ import annotations

import os
from pathlib import Path


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
        super().__init__(": ".join(part for part in (self.path.name, where, why) if part))


class MapSaveError(OSError):
    """A save that did not happen; the message says in what state the old file is."""

    def __init__(self, path: str | os.PathLike[str], why: str) -> None:
        self.path = Path(path)
        self.why = why
        super().__init__(f"{self.path.name}: {why}")


def name_cell(row: int, col: int) -> str:
    """How messages name a cell."""
    return f"cell (row {row}, col {col})"
