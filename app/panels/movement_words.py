"""What the choices of a movement rule are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from maps.movement import CornerRule, Neighbours


def neighbour_words() -> dict[Neighbours, str]:
    """Return to how many neighbours one can step, in words."""
    tr = QCoreApplication.translate
    return {4: tr("Movement", "4 neighbours"), 8: tr("Movement", "8 neighbours")}


def corner_words() -> dict[CornerRule, str]:
    """Return what a diagonal step needs, in words."""
    tr = QCoreApplication.translate
    return {
        "both_open": tr("Movement", "Both corners open"),
        "one_open": tr("Movement", "One corner open"),
        "free": tr("Movement", "Cut corners freely"),
    }
