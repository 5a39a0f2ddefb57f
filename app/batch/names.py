"""Names of files for the entries of a batch: readable, the same every time, and no two alike on any system."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LONGEST = 120  # letters
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # of Windows


def names_of_files(paths: Sequence[Path]) -> list[str]:
    """Return a name for each file: its own without its ending, with names of its folders as far as needed."""
    names = [safe(path.name.split(".")[0]) for path in paths]
    depth = 1
    while (doubles := _doubles(names)) and any(len(path.parts) > depth for path in paths):
        for number, path in enumerate(paths):
            if names[number].casefold() in doubles and len(path.parts) > depth:
                names[number] = safe(f"{path.parts[-1 - depth]}-{names[number]}")
        depth += 1
    doubles = _doubles(names)
    with_endings = [
        safe(f"{name}-{path.suffix.removeprefix('.')}") if name.casefold() in doubles else name
        for name, path in zip(names, paths, strict=True)
    ]
    return distinct(with_endings)


def distinct(names: Sequence[str]) -> list[str]:
    """Return the names, with numbers behind those that another one has before."""
    taken: set[str] = set()
    made: list[str] = []
    for name in names:
        number, free = 2, name
        while free.casefold() in taken:
            free, number = f"{name}-{number}", number + 1
        taken.add(free.casefold())
        made.append(free)
    return made


def safe(text: str) -> str:
    """Return a text as every file system takes it for a name."""
    name = re.sub(r"[^\w.+-]+", "_", text)[:_LONGEST].strip(".") or "map"
    return f"_{name}" if _DEVICES.fullmatch(name) or name.startswith("-") else name


def _doubles(names: Sequence[str]) -> set[str]:
    counted = Counter(name.casefold() for name in names)
    return {name for name, count in counted.items() if count > 1}
