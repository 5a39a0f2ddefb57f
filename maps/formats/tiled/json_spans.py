"""Where values stand in the bytes of a JSON file, so that one can be replaced and the rest kept."""

from __future__ import annotations

import re
from typing import TypeAlias

# Keys of objects and numbers of array entries, from the outside in.
Place: TypeAlias = tuple[str | int, ...]
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"(\s*:)?|[\[\]{}]')


_NUMBER = re.compile(rb"\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")


def number_spans(data: bytes, key: str) -> dict[Place, tuple[int, int]]:
    """Return where the numbers under a key stand, as `spans_of` does for texts and arrays."""
    return _spans(data, key, numbers=True)


def spans_of(data: bytes, key: str) -> dict[Place, tuple[int, int]]:
    """Return where the values of a key stand, texts and arrays, by their place in valid JSON.

    Entries of an array are numbered among the objects and arrays in it.
    """
    return _spans(data, key, numbers=False)


def _spans(data: bytes, key: str, *, numbers: bool) -> dict[Place, tuple[int, int]]:
    found: dict[Place, tuple[int, int]] = {}
    place: list[str | int] = []  # of the innermost value that is open
    begun: list[int] = []
    counts: list[int] = []  # of the entries so far, of each open array; unused for objects
    arrays: list[bool] = []
    named: str | None = None
    for token in _TOKEN.finditer(data):
        text = token[0]
        if token[1] is not None:
            named = text[1 : text.rindex(b'"')].decode("utf-8", "replace")
            if numbers and named == key and (number := _NUMBER.match(data, token.end())):
                found[(*place, key)] = number.span(1)
        elif text in (b"{", b"["):
            if arrays and arrays[-1]:
                place.append(counts[-1])
                counts[-1] += 1
            elif arrays:
                place.append(named or "")
            begun.append(token.start())
            counts.append(0)
            arrays.append(text == b"[")
        elif text in (b"}", b"]"):
            begin = begun.pop()
            counts.pop()
            if arrays.pop() and place and place[-1] == key and not numbers:
                found[tuple(place)] = (begin, token.end())
            if place:
                place.pop()
        elif arrays and not arrays[-1] and named == key and not numbers:
            found[(*place, key)] = token.span()
    return found
