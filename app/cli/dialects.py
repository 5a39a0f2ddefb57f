"""By which other movement rule the lengths of a scenario file would be right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.scenarios.translate import document_paths
from maps.movement import MovementRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.document import MapDocument, Route

# The options that ask for a rule, and what is otherwise than in Moving AI's files, whose rule is the plain one.
_DIALECTS = (
    (MovementRule(8, "one_open"), "--corners one-open", "diagonals that cut one corner"),
    (MovementRule(8, "free"), "--corners free", "diagonals that cut corners"),
    (MovementRule(4, "both_open"), "--neighbours 4", "steps without diagonals"),
)


def dialect_told(document: MapDocument, wrong: Sequence[Route]) -> str | None:
    """Return, in sentences, by which rule lengths that are wrong here would be right; None if by none.

    wrong: routes of the document whose expected lengths are not those of their shortest paths.
    """
    if document.rule != MovementRule() or document.classes or not wrong:
        return None
    for rule, option, words in _DIALECTS:
        other = document.replace(rule=replace(document.rule, **vars(rule)), routes=tuple(wrong))
        paths = document_paths(other)
        if all(
            len(path.cells) and route.expects(path.cost) for route, path in zip(other.routes, paths, strict=True)
        ):
            return (
                f"These lengths are those of {words}: the scenario file is of another dialect than Moving AI's, "
                f"whose diagonals need both cells beside them open. To judge them by their own rule, add {option}."
            )
    return None
