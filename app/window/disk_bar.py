"""A bar over the map that offers what another program has made of its file; it takes no focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.widgets.parts import GAP, MARGIN, TARGET, Button

if TYPE_CHECKING:
    from app.files.editor_link import EditorLink

_TOP, _SIDE = 12, 12  # px from the edges of the canvas
_WIDEST = 860  # px


class DiskBar(QFrame):
    """Stands at the top of a widget while a change on disk is offered."""

    def __init__(self, link: EditorLink, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setObjectName("notice")
        self.setAutoFillBackground(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.words = QLabel(wordWrap=True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.take = Button(self.tr("Take over"), self.tr("Go on with what the file has now, as one undo step"))
        self.keep = Button(self.tr("Keep mine"), self.tr("Leave the map as it is here; a save replaces the file"))
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        row.setSpacing(MARGIN)
        row.addWidget(self.words, 1)
        for button in (self.take, self.keep):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the map
            row.addWidget(button)
        self.take.clicked.connect(link.take_over)
        self.keep.clicked.connect(link.keep_mine)
        link.changed_on_disk.connect(self._show)
        link.settled.connect(self.hide)
        over.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the width of the widget below."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _show(self, words: str) -> None:
        self.words.setText(words)
        self._place()
        self.show()
        self.raise_()

    def _place(self) -> None:
        width = min(self._over.width() - 2 * _SIDE, _WIDEST)
        buttons = sum(button.sizeHint().width() + MARGIN for button in (self.take, self.keep))
        words = self.words.heightForWidth(width - buttons - 2 * MARGIN - 2 * self.frameWidth())
        height = max(words, TARGET) + 2 * GAP + 2 * self.frameWidth()
        self.setGeometry((self._over.width() - width) // 2, _TOP, width, height)
