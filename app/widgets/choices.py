"""Menus that offer a choice: below a cell of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QTableWidget

Choice = TypeVar("Choice")


def offer_in_cell(
    table: QTableWidget,
    row: int,
    column: int,
    choices: Mapping[Choice, str],
    chosen: Choice,
    take: Callable[[Choice], object],
) -> None:
    """Open a menu of choices, with their words, below a cell. take: is given the one that the designer takes."""
    menu = QMenu(table)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    group = QActionGroup(menu)
    offered: dict[QAction, Choice] = {}
    for choice, words in choices.items():
        action = menu.addAction(words.replace("&", "&&"))
        offered[action] = choice
        action.setCheckable(True)
        action.setChecked(choice == chosen)
        group.addAction(action)
        if choice == chosen:
            menu.setActiveAction(action)

    def taken(action: QAction) -> None:
        take(offered[action])

    menu.triggered.connect(taken)
    cell = table.visualRect(table.model().index(row, column))
    menu.popup(table.viewport().mapToGlobal(cell.bottomLeft()))
