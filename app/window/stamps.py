"""The menu of stamps: take one in hand, keep the selected cells as one, remove one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QLineEdit

from app.tools.cell_actions import selected_cells
from app.window.menus import Command, Menu
from maps.errors import MapError
from maps.pieces import cut_out
from maps.stamps import drawn_stamps, keep_stamp, kept_stamps, remove_stamp

if TYPE_CHECKING:
    from pathlib import Path

    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.window.tool_choice import ToolChoice
    from maps.pieces import Piece


class Stamps(QObject):
    """Holds the library. folder: where own stamps are kept; None keeps none beyond the window."""

    changed = Signal()
    told = Signal(str)

    def __init__(self, model: DocumentModel, canvas: Canvas, tools: ToolChoice, folder: Path | None) -> None:
        super().__init__(canvas)
        self._model, self._canvas, self._tools, self._folder = model, canvas, tools, folder
        self.drawn = drawn_stamps()
        self.own, self._refused = ({}, []) if folder is None else kept_stamps(folder)

    def menu(self) -> Menu:
        """Return the menu; what is in it comes and goes with `changed`."""
        keep = Command(
            self.tr("Keep as a stamp…"),
            self.keep,
            tip=self.tr("Put the selected cells, or those in hand, into the library of stamps"),
            enabled=lambda: self._at_hand() is not None,
        )
        return Menu(
            self.tr("Sta&mps"),
            (
                keep,
                Menu(self.tr("Take a stamp"), self._takes),
                Menu(self.tr("Remove a stamp"), self._removals),
            ),
        )

    def take(self, name: str) -> None:
        """Take a stamp in hand."""
        piece = self.own.get(name) or self.drawn[name]
        self._canvas.set_options(replace(self._canvas.options, piece=piece))
        self._tools.choose("stamp")

    def keep(self) -> None:
        """Ask for a name, and keep the selected cells, or else those in hand, under it."""
        piece = self._at_hand()
        if piece is None:
            return
        asked = self.tr("Keep as a stamp")
        name, given = QInputDialog.getText(
            self._canvas.window(), asked, self.tr("Name of the stamp"), QLineEdit.EchoMode.Normal, ""
        )
        if not given:
            return
        try:
            if self._folder is not None:
                keep_stamp(self._folder, name, piece)
        except (MapError, OSError) as error:
            self.told.emit(str(error))
            return
        self.own[name.strip()] = piece
        self.changed.emit()
        self.told.emit(self.tr("“{}” is in the library of stamps now").format(name.strip()))

    def remove(self, name: str) -> None:
        """Remove an own stamp from the library."""
        try:
            if self._folder is not None:
                remove_stamp(self._folder, name)
        except OSError as error:
            self.told.emit(str(error))
            return
        del self.own[name]
        self.changed.emit()

    def tell_refused(self) -> None:
        """Tell of files in the folder that are no stamps, if there are any."""
        if self._refused:
            self.told.emit(" ".join(self._refused))

    def _at_hand(self) -> Piece | None:
        options, document = self._canvas.options, self._model.document
        if self._canvas.tool == "stamp" and options.piece is not None:
            return options.piece
        cells = selected_cells(document, options)
        return options.piece if cells is None else cut_out(document, cells)

    def _takes(self) -> list[Command]:
        return [
            Command(self.tr("Stamp: {}").format(name.replace("&", "&&")), partial(self.take, name))
            for name in (*self.own, *(name for name in self.drawn if name not in self.own))
        ]

    def _removals(self) -> list[Command]:
        return [
            Command(self.tr("Remove the stamp {}").format(name.replace("&", "&&")), partial(self.remove, name))
            for name in self.own
        ]
