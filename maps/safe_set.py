"""Several files that are written together: all are made and checked before the first is put in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maps.errors import MapSaveError
from maps.safe_save import Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def save_set(files: Mapping[Path, bytes]) -> list[str]:
    """Save files in their order, the one that names the others last; return warnings as `save_bytes` does.

    Raises MapSaveError. What cannot be written – no room, a read-only file – is found before any file is replaced;
    if one cannot be replaced all the same, the message says which are new and which are as before.
    """
    prepared: list[Prepared] = []
    try:
        for path, data in files.items():
            prepared.append(prepare(path, data))
    except BaseException:
        _drop(prepared)
        raise
    warnings: list[str] = []
    paths = list(files)
    for number, each in enumerate(prepared):
        try:
            warning = each.put()
        except MapSaveError as error:
            _drop(prepared[number + 1 :])
            new, old = (", ".join(path.name for path in some) for some in (paths[:number], paths[number + 1 :]))
            told = [f"{new} new" if new else "", f"{old} as before" if old else ""]
            state = "; ".join(filter(None, told))
            raise MapSaveError(paths[number], f"{error.why} ({state})" if state else error.why) from error
        if warning is not None and warning not in warnings:
            warnings.append(warning)
    return warnings


def _drop(prepared: list[Prepared]) -> None:
    for each in prepared:
        each.drop()
