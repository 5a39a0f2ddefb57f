"""A file format as a newcomer would add it: rows of digits under a line that says what they are."""

from pathlib import Path

import numpy as np

from maps.document import MapDocument
from maps.formats.arrays import bare_document
from maps.formats.format import Format, bare_losses

SIGNATURE = b"digits\n"


def _read(path: Path) -> MapDocument:
    rows = path.read_bytes().removeprefix(SIGNATURE).decode().split()
    costs = np.array([[float(digit) for digit in row] for row in rows])
    return bare_document(path, np.where(costs > 0.0, costs, np.inf))


def _encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
    digits = np.where(document.passable, np.clip(np.rint(document.cost), 1, 9), 0).astype(int)
    rows = ["".join(map(str, row)) for row in digits.tolist()]
    return {path: SIGNATURE + "\n".join(rows).encode()}


DIGITS = Format("digits", "rows of digits", (".digits",), _read, _encode, bare_losses, signature=SIGNATURE)
