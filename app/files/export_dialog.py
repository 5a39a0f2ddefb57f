"""Ask where to save a map, in which format, and tell what that format does not keep."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.files.dialog_parts import map_choice, words_to_scroll
from app.widgets.parts import GAP, MARGIN, TARGET, Button, Notice, Rows
from maps.formats import FORMATS, Format, format_of

if TYPE_CHECKING:
    from maps.document import MapDocument

SIZE = 560, 480  # px
_MOST_ROWS = 8


class ExportDialog(QDialog):
    """Ask for a file; the caller writes `choice()` to it.

    drawn: the designer's map. result: the same map with a run's result, None while there is none.
    path: the file that the map has now, if any; without one the dialog begins in `folder`.
    """

    def __init__(
        self,
        drawn: MapDocument,
        result: MapDocument | None = None,
        path: Path | None = None,
        folder: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Save as or export"))
        self._maps = {"drawn": drawn} if result is None else {"drawn": drawn, "result": result}
        self._folder = path.absolute().parent if path else folder or Path.home()
        self._kinds = [kind for kind in FORMATS if kind.writes(drawn)]
        self._losses: dict[tuple[str, str], list[str]] = {}
        self._rows = [
            QTreeWidgetItem([_sentence(kind.description), ", ".join(kind.endings)]) for kind in self._kinds
        ]
        self.formats = self._make_formats()
        self.lost, lost_area = words_to_scroll()
        self.which = map_choice(result)
        self.name = QLineEdit()
        self.name.setMinimumHeight(TARGET)
        self.name.setToolTip(self.tr("The file's name; its ending follows the format"))
        self.browse = Button(self.tr("Browse…"), self.tr("Choose the folder and the file"))
        self.where = QLabel()
        self.where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.notice = Notice()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save = buttons.addButton(self.tr("Save"), QDialogButtonBox.ButtonRole.AcceptRole)

        file = QHBoxLayout()
        file.setSpacing(GAP)
        file.addWidget(self.name, 1)
        file.addWidget(self.browse)
        form = QFormLayout()
        form.setVerticalSpacing(GAP)
        form.addRow(self.tr("Map"), self.which)
        form.addRow(self.tr("File name"), file)
        form.addRow(self.tr("Folder"), self.where)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 12, 12, 12)
        whole.setSpacing(MARGIN)
        whole.addWidget(self.formats)
        whole.addWidget(lost_area, 1)
        whole.addLayout(form)
        whole.addWidget(self.notice)
        whole.addWidget(buttons)
        self.resize(*SIZE)

        start = format_of(path) if path else None
        first = self._kinds.index(start) if start in self._kinds else 0
        self.name.setText(path.name if path else (drawn.name or self.tr("map")))
        self.formats.setCurrentItem(self._rows[first])
        self._take_format()
        self.name.selectAll()
        self.name.setFocus()
        self.formats.currentItemChanged.connect(self._take_format)
        self.which.currentIndexChanged.connect(self._show)
        self.name.textEdited.connect(self._take_name)
        self.browse.clicked.connect(self._browse)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)

    def choice(self) -> tuple[Path, MapDocument]:
        """Return the file, with the ending of its format, and the map to write to it."""
        return self._path(), self._maps[self.which.currentData()]

    def _kind(self) -> Format:
        return self._kinds[self.formats.currentIndex().row()]

    def _path(self) -> Path:
        name, kind = self.name.text().strip(), self._kind()
        return self._folder / (name if name.lower().endswith(kind.endings) else name + kind.endings[0])

    def _reason_against(self) -> str:
        path = self._path()
        if not self.name.text().strip() or path.name in self._kind().endings:
            return self.tr("Give the file a name.")
        if not os.path.isdir(path.parent):
            return self.tr("There is no folder {}; choose another with Browse.").format(path.parent)
        if os.path.isdir(path):
            return self.tr("{} is a folder; choose another name.").format(path.name)
        if not os.access(path.parent, os.W_OK):
            return self.tr("The folder {} is read-only; choose another with Browse.").format(path.parent)
        return ""

    def _show(self) -> None:
        kind, which = self._kind(), self.which.currentData()
        if (kind.name, which) not in self._losses:
            self._losses[kind.name, which] = kind.losses(self._maps[which])
        lost = self._losses[kind.name, which]
        if lost:
            entries = "".join(f"<li>{escape(entry)}</li>" for entry in lost)
            style = "margin-left: 12px; -qt-list-indent: 0"
            title = self.tr("This format does not keep")
            self.lost.setText(f'<b>{title}</b><ul style="{style}">{entries}</ul>')
        else:
            self.lost.setText(self.tr("This format keeps everything."))
        folder = str(self._path().parent)
        self.where.setToolTip(folder)
        self.where.setText(self.where.fontMetrics().elidedText(folder, Qt.TextElideMode.ElideMiddle, 420))
        reason = self._reason_against()
        replaces = not reason and os.path.exists(self._path())
        self.save.setEnabled(not reason)
        self.save.setText(self.tr("Replace") if replaces else self.tr("Save"))
        said = self.tr("{} is there already and will be replaced.").format(self._path().name) if replaces else ""
        self.notice.say(reason or said)

    def _take_format(self) -> None:
        name = self.name.text()
        stem = next((name[: -len(e)] for kind in FORMATS for e in kind.endings if name.lower().endswith(e)), name)
        if not name.lower().endswith(self._kind().endings):
            self.name.setText(stem + self._kind().endings[0])
        self._show()

    def _take_name(self, name: str) -> None:
        kind = format_of(name)
        if kind in self._kinds and kind is not self._kind():
            self.formats.setCurrentItem(self._rows[self._kinds.index(kind)])
        self._show()

    def _browse(self) -> None:
        kind = self._kind()
        name, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Save as or export"),
            str(self._path()),
            f"{_sentence(kind.description)} (*{' *'.join(kind.endings)})",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if name:
            path = Path(name)
            self._folder = path.parent
            self.name.setText(path.name)
            self._take_name(path.name)

    def _make_formats(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(2)
        tree.setHeaderHidden(True)
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setItemDelegate(Rows(tree))
        tree.setAccessibleName(self.tr("Format"))
        tree.addTopLevelItems(self._rows)
        tree.setColumnWidth(0, 380)
        height = max(tree.sizeHintForRow(0), 1)
        tree.setFixedHeight(min(len(self._kinds), _MOST_ROWS) * height + 2 * tree.frameWidth())
        return tree


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
