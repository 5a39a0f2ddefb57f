"""Commands of the View menu for seeing more of a map: a card at the pointer, two maps on one canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.window.menus import Command

if TYPE_CHECKING:
    from app.panels.results import ResultsPanel
    from app.run.split import SplitView
    from app.window.hover_card import HoverCard


def seeing_commands(card: HoverCard, split: SplitView) -> tuple[Command, ...]:
    """Return the entries of the View menu."""
    return (
        Command(
            _tr("Card at the &pointer"),
            card.toggle,
            "H",
            tip=_tr("Show beside the pointer what is known of the cell: ground, cost, distance"),
            checked=lambda: card.on,
        ),
        Command(
            _tr("&Split view: before and after"),
            split.toggle,
            "Ctrl+D",
            tip=_tr("Show what is in view beside the map from before; drag the line between them"),
            checked=lambda: split.on,
        ),
    )


def split_results_command(panel: ResultsPanel, split: SplitView) -> Command:
    """Return the entry of the menu of chosen results."""
    return Command(
        _tr("Spl&it view of results"),
        lambda: split.compare(panel.chosen),
        tip=_tr("Show a result beside the map before it, or two results beside each other"),
        enabled=lambda: 1 <= len(panel.chosen) <= 2,
    )


def _tr(words: str) -> str:
    return QCoreApplication.translate("Commands", words)
