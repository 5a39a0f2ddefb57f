"""Typed access to what JSON holds, with messages that name the field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from maps.errors import MapFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class JsonObject:
    """Give typed access to a JSON object.

    What is missing, or of another type, raises MapFormatError with its name.
    """

    def __init__(self, path: Path, values: Mapping[str, Any], where: str = "") -> None:
        self.path, self.values, self.where = path, values, where

    def get(self, name: str) -> Any:
        """Return a value as it is; None where it is missing."""
        return self.values.get(name)

    def number(self, name: str) -> float:
        """Return a number."""
        value = self._value(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refuse(name, value, "a number")
        return float(value)

    def whole(self, name: str) -> int:
        """Return a whole number."""
        value = self._value(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._refuse(name, value, "a whole number")
        return value

    def text(self, name: str) -> str:
        """Return a text."""
        value = self._value(name)
        if not isinstance(value, str):
            raise self._refuse(name, value, "a text")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self._value(name)
        if not isinstance(value, bool):
            raise self._refuse(name, value, "true or false")
        return value

    def cell(self, name: str) -> tuple[int, int]:
        """Return a cell [row, col]."""
        value = self._value(name)
        pair: list[Any] = _list(value) or []
        if len(pair) != 2 or not all(isinstance(i, int) and not isinstance(i, bool) for i in pair):
            raise self._refuse(name, value, "a cell [row, col]")
        return pair[0], pair[1]

    def cells(self, name: str) -> tuple[tuple[int, int], ...]:
        """Return a list of cells; none where the name is missing, as before version 1.1."""
        value = self.get(name)
        entries = [] if value is None else _list(value)
        if entries is None:
            raise self._refuse(name, value, "a list of cells [row, col]")
        named = {f"{name}[{number}]": entry for number, entry in enumerate(entries)}
        return tuple(JsonObject(self.path, named, self.where).cell(key) for key in named)

    def prices(self, name: str) -> tuple[float, ...]:
        """Return a list of numbers, where null stands for infinity."""
        value = self._value(name)
        entries = _list(value)
        if entries is None:
            raise self._refuse(name, value, "a list of numbers or null")
        named = {f"{name}[{number}]": entry for number, entry in enumerate(entries)}
        within = JsonObject(self.path, named, self.where)
        return tuple(math.inf if entry is None else within.number(key) for key, entry in named.items())

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return a list of pairs of texts."""
        value = self._value(name)
        found: list[tuple[str, str]] = []
        for entry in _list(value) or []:
            pair: list[Any] = _list(entry) or []
            if len(pair) != 2 or not all(isinstance(each, str) for each in pair):
                raise self._refuse(name, value, "a list of pairs of texts")
            found.append((pair[0], pair[1]))
        return tuple(found)

    def part(self, name: str) -> JsonObject:
        """Return an object within this one."""
        value = self._value(name)
        if not isinstance(value, dict):
            raise self._refuse(name, value, "an object")
        return JsonObject(self.path, cast("dict[str, Any]", value), f"{self.where}{name}.")

    def parts(self, name: str) -> list[JsonObject]:
        """Return a list of objects."""
        value = self._value(name)
        items = _list(value)
        if items is None or not all(isinstance(item, dict) for item in items):
            raise self._refuse(name, value, "a list of objects")
        return [JsonObject(self.path, item, f"{self.where}{name}[{i}].") for i, item in enumerate(items)]

    def _value(self, name: str) -> Any:
        if name not in self.values:
            raise MapFormatError(self.path, "map.json", f"{self.where}{name} is missing")
        return self.values[name]

    def _refuse(self, name: str, value: object, needed: str) -> MapFormatError:
        return MapFormatError(
            self.path, "map.json", f"{self.where}{name} is {repr(value)[:40]}; {needed} is needed"
        )


def _list(value: Any) -> list[Any] | None:
    """The value if it is a list; nothing is known of its entries."""
    return cast("list[Any]", value) if type(value) is list else None  # pyright: ignore[reportUnknownArgumentType]
