"""Offer work that a crash left behind, at the next start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from maps.errors import MapFormatError
from maps.recovery import LeftBehind, discard, open_left_behind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.results import MapFile


class RecoveryDialog(QDialog):
    """Lists unsaved work; the designer opens one as a copy, deletes some, or leaves all for later.

    taken: the work that was chosen to be opened, None if none was.
    """

    def __init__(self, found: Sequence[LeftBehind], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Unsaved work was kept"))
        self.taken: LeftBehind | None = None
        words = QLabel(
            self.tr(
                "Longcut ended before this work was saved. Open it as a copy: no file of yours is changed. "
                "What you leave is offered again at the next start."
            )
        )
        words.setWordWrap(True)
        self.entries = QListWidget()
        self.entries.setAccessibleName(self.tr("Unsaved work"))
        for work in found:
            item = QListWidgetItem(_words(work))
            item.setData(Qt.ItemDataRole.UserRole, work)
            item.setToolTip(self.tr("no file yet") if work.origin is None else str(work.origin))
            self.entries.addItem(item)
        self.entries.setCurrentRow(0)
        self.entries.itemDoubleClicked.connect(self._open)
        buttons = QDialogButtonBox()
        self.open_button = buttons.addButton(self.tr("Open a copy"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.delete_button = buttons.addButton(self.tr("Delete"), QDialogButtonBox.ButtonRole.DestructiveRole)
        later = buttons.addButton(self.tr("Not now"), QDialogButtonBox.ButtonRole.RejectRole)
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self._open)
        self.delete_button.clicked.connect(self._delete)
        later.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(words)
        layout.addWidget(self.entries)
        layout.addWidget(buttons)
        self.resize(460, 260)

    def _open(self) -> None:
        self.taken = self._chosen()
        self.accept()

    def _delete(self) -> None:
        work = self._chosen()
        if work is not None:
            discard(work)
            self.entries.takeItem(self.entries.currentRow())
        if self.entries.count() == 0:
            self.reject()

    def _chosen(self) -> LeftBehind | None:
        item = self.entries.currentItem()
        work: object = item.data(Qt.ItemDataRole.UserRole)
        return work if isinstance(work, LeftBehind) else None


def ask_recovery(parent: QWidget, found: Sequence[LeftBehind]) -> tuple[LeftBehind, MapFile] | None:
    """Ask about work that was left behind; return what is chosen to be opened, and what it holds."""
    offered = [work for work in found if work.may_be_offered]
    if not offered:
        return None
    dialog = RecoveryDialog(offered, parent)
    dialog.exec()
    if dialog.taken is None:
        return None
    try:
        return dialog.taken, open_left_behind(dialog.taken)
    except MapFormatError as error:
        QMessageBox.warning(parent, dialog.windowTitle(), f"{error}.")
        return None


def _words(work: LeftBehind) -> str:
    when = QDateTime.fromSecsSinceEpoch(round(work.kept))
    kept = QLocale().toString(when, QLocale.FormatType.ShortFormat)
    called = work.called or QCoreApplication.translate("RecoveryDialog", "Untitled map")
    return f"{called}   –   {kept}"
