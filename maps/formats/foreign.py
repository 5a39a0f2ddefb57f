"""Files of other programs that somebody may try to open: what each is, and the way from it to a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_AS_TABLE = "save the sheet as CSV and open that"
_AS_ARRAY = "save one two-dimensional array as .npy and open that"
_BY_ENDING = {
    ".xls": ("an Excel workbook", _AS_TABLE),
    ".xlsx": ("an Excel workbook", _AS_TABLE),
    ".ods": ("a spreadsheet", _AS_TABLE),
    ".pkl": ("a Python pickle, which may hold programs", _AS_ARRAY),
    ".scen": ("a list of scenarios, which belongs to a map", "open the .map beside it"),
}


def foreign_kind(path: Path) -> str | None:
    """Return what a file of another program is and what to do with it; None for one that is not known."""
    known = _BY_ENDING.get(path.suffix.lower())
    return None if known is None else f"is {known[0]}, which cannot be read as a map; {known[1]}"
