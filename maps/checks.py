"""Check single values, with messages that name the field and say what is needed."""

from __future__ import annotations

import math
import re
from typing import TypeAlias, cast

import numpy as np

from maps.errors import MapError

Cell: TypeAlias = tuple[int, int]

COLOUR = re.compile(r"#[0-9a-f]{6}")


def check_choice(field_name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise MapError unless the value is one of the choices."""
    if isinstance(value, bool) or value not in choices:
        listed = ", ".join(map(repr, choices))
        raise MapError(f"{field_name} is {value!r}; choose one of {listed}")


def check_text(where: str, value: object) -> None:
    """Raise MapError unless the value is a text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise MapError(f"{where} is {value!r}; a text is needed")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise MapError(f"{where} is {value!r}; it holds half a character, which no file can")


def finite(where: str, value: float) -> float:
    """Return the value as a finite float."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise MapError(f"{where} is {value!r}; a number is needed") from None
    if not math.isfinite(number):
        raise MapError(f"{where} is {number}; a finite number is needed")
    return number


def positive(where: str, value: float) -> float:
    """Return the value as a finite float above 0."""
    number = finite(where, value)
    if number <= 0:
        raise MapError(f"{where} is {number:g}; a number above 0 is needed")
    return number


def not_negative(where: str, value: float) -> float:
    """Return the value as a finite float of at least 0."""
    number = finite(where, value)
    if number < 0:
        raise MapError(f"{where} is {number:g}; a number of at least 0 is needed")
    return number


def valid_cost(where: str, value: float) -> float:
    """Return the value, if a float32 can hold it as a cost."""
    number = finite(where, value)
    with np.errstate(over="ignore", under="ignore"):
        stored = np.float32(number)
    if not (stored > 0 and np.isfinite(stored)):
        raise MapError(f"{where}: cost is {number:g}; a cost must be a finite number above 0")
    return number


def valid_cell(where: str, value: object) -> Cell:
    """Return the value as (row, col)."""
    try:
        row, col = cast("tuple[object, object]", value)
        if all(isinstance(index, (int, np.integer)) and not isinstance(index, bool) for index in (row, col)):
            return int(cast("int", row)), int(cast("int", col))
    except (TypeError, ValueError):
        pass
    raise MapError(f"{where} is {value!r}; two whole numbers (row, col) are needed")


def valid_colour(where: str, value: object) -> str:
    """Return the value as '#rrggbb' in lower case."""
    if isinstance(value, str) and COLOUR.fullmatch(value.lower()):
        return value.lower()
    raise MapError(f"{where}: colour is {value!r}; six hexadecimal digits after # are needed, as in #e69f00")
