"""What was decided while a map was read, for the designer to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from maps.formats.format import GRID

if TYPE_CHECKING:
    from maps.document import MapDocument

DIALECT = "table"  # the name in a document's metadata of how its table was read
OTHER_EDITORS = ("tiled", "ldtk", GRID)
WITHOUT_COSTS = "all cost 1, as no tile has a property 'cost'; the table of tiles gives them others"
VALUES_WITHOUT_COSTS = "all cost 1, as values have no costs; the table of tiles gives them others"
COSTLESS = (WITHOUT_COSTS, VALUES_WITHOUT_COSTS)


def told_at_reading(document: MapDocument) -> tuple[str, ...]:
    """Return the sentences that the reader of a document's format has left in its metadata; none for most."""
    told: list[str] = []
    dialect = document.metadata.get(DIALECT)
    if isinstance(dialect, str):
        told.append(dialect)
    for editor in OTHER_EDITORS:
        notes = document.metadata.get(editor)
        sentences = notes.get("told") if isinstance(notes, Mapping) else None
        if isinstance(sentences, Sequence) and not isinstance(sentences, str):
            told += [sentence for sentence in sentences if isinstance(sentence, str)]
    return tuple(told)
