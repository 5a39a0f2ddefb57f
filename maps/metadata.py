"""JSON that cannot change: what a document keeps without interpreting it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from maps.checks import check_text
from maps.errors import MapError

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

_MAX_DEPTH = 64


class FrozenMapping(Mapping[str, JSON]):
    """Metadata that cannot change: an object of JSON, whose lists are tuples."""

    def __init__(self, items: Mapping[str, JSON]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> JSON:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)


def frozen_metadata(metadata: Mapping[str, JSON], where: str = "metadata") -> FrozenMapping:
    """Return an object of JSON that cannot change. Raises MapError, beginning with `where`, for any other."""
    if isinstance(metadata, FrozenMapping):
        return metadata  # made by this function for an earlier document
    value = _frozen_json(where, metadata, 0)
    if not isinstance(value, FrozenMapping):
        raise MapError(f"{where}: names with values are needed")
    return value


def _frozen_json(where: str, value: object, depth: int) -> JSON:
    if depth > _MAX_DEPTH:
        raise MapError(f"{where}: nested more than {_MAX_DEPTH} deep")
    if isinstance(value, str):
        check_text(where, value)
        return value
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise MapError(f"{where}: {value} cannot be written as JSON; use a finite number or null")
        return value
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value)
        result: dict[str, JSON] = {}
        for key, entry in items.items():
            if not isinstance(key, str):
                raise MapError(f"{where}: the name {key!r} is not a text")
            check_text(f"{where}: a name", key)
            result[key] = _frozen_json(f"{where}.{key}", entry, depth + 1)
        return FrozenMapping(result)
    if isinstance(value, (list, tuple)):
        entries = cast("Sequence[object]", value)
        return tuple(_frozen_json(f"{where}[{i}]", entry, depth + 1) for i, entry in enumerate(entries))
    raise MapError(f"{where}: {type(value).__name__} cannot be written as JSON; use numbers, texts and lists")
