"""Ask for which game engine a map is to be written, and show beforehand what that does to its costs and paths."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape
from itertools import islice
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
    QSpinBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.base.jobs import NewestWins
from app.files.dialog_parts import map_choice, words_to_scroll
from app.scenarios.engine_paths import RouteChange, costs_text, route_changes
from app.widgets.parts import GAP, MARGIN, TARGET, Button, Notice, Rows
from maps.cost_classes import MOST_CLASSES
from maps.engines import BACK_INTO_ITS_FILE, TARGETS, EngineFiles, EngineTarget, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from maps.document import MapDocument

SIZE = 640, 600  # px
MOST_ROUTES = 12  # whose paths are shown


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is in the form: for whom, which map, in how many classes, and where, without an ending."""

    target: EngineTarget
    document: MapDocument
    classes: int
    base: Path


@dataclass(frozen=True, eq=False)
class _Made:
    """What the form comes to. routes: of the first routes."""

    asked: _Asked
    seen: Seen
    routes: tuple[RouteChange, ...]
    made: EngineFiles


class EngineDialog(QDialog):
    """Ask for an engine and a place; the caller writes `choice()`.

    drawn, result: the designer's map, and the same with a run's result, None while there is none.
    path: the file that the map has now, if any; without one the dialog begins in `folder`.
    Files are made, and paths measured, in the background after each change of the form.
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
        self.setWindowTitle(self.tr("Export for a game engine"))
        self._drawn, self._result, self._own_file = drawn, result, path
        self._folder = path.absolute().parent if path else folder or Path.home()
        self._made: _Made | None = None
        self._failure = ""
        self._rows = [QTreeWidgetItem([each.title, ", ".join(each.endings)]) for each in TARGETS.values()]
        self.targets = self._make_targets()
        self.told, area = words_to_scroll()
        self.which = map_choice(result)
        self.classes = QSpinBox()
        self.classes.setRange(1, MOST_CLASSES)
        self.classes.setValue(MOST_CLASSES)
        self.classes.setMinimumHeight(TARGET)
        self.classes.setToolTip(self.tr("At most so many costs, chosen so that the squared error is the least"))
        self.name = QLineEdit(path.name.removesuffix(path.suffix) if path else drawn.name or self.tr("map"))
        self.name.setMinimumHeight(TARGET)
        self.name.setToolTip(self.tr("What the files' names begin with; their endings follow the engine"))
        self.browse = Button(self.tr("Folder…"), self.tr("Choose the folder for the files"))
        self.where = QLabel()
        self.where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.notice = Notice()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export = buttons.addButton(self.tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole)

        names = QHBoxLayout()
        names.setSpacing(GAP)
        names.addWidget(self.name, 1)
        names.addWidget(self.browse)
        form = QFormLayout()
        form.setVerticalSpacing(GAP)
        form.addRow(self.tr("Map"), self.which)
        form.addRow(self.tr("Classes of costs"), self.classes)
        form.addRow(self.tr("Name"), names)
        form.addRow(self.tr("Folder"), self.where)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 12, 12, 12)
        whole.setSpacing(MARGIN)
        whole.addWidget(self.targets)
        whole.addWidget(area, 1)
        whole.addLayout(form)
        whole.addWidget(self.notice)
        whole.addWidget(buttons)
        self.resize(*SIZE)

        self._reckoning = NewestWins(self._prepare, self._take, self._take_failure, self)
        self.finished.connect(self._reckoning.shut_down)
        self.targets.setCurrentItem(self._rows[0])
        self.targets.currentItemChanged.connect(self._ask)
        self.which.currentIndexChanged.connect(self._ask)
        self.classes.valueChanged.connect(self._ask)
        self.name.textChanged.connect(self._ask)
        self.browse.clicked.connect(self._browse)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._ask()

    @property
    def busy(self) -> bool:
        """Whether what the form comes to is still being made."""
        return self._reckoning.busy

    def choice(self) -> EngineFiles:
        """Return the files to write."""
        assert self._made is not None
        return self._made.made

    def _target(self) -> EngineTarget:
        return list(TARGETS.values())[self.targets.currentIndex().row()]

    def _document(self) -> MapDocument:
        return self._result if self._result is not None and self.which.currentIndex() == 1 else self._drawn

    def _asked(self) -> _Asked:
        base = self._folder / self.name.text().strip()
        return _Asked(self._target(), self._document(), self.classes.value(), base)

    def _reason_against(self) -> str:
        """Return why nothing can be written as the form stands, before anything is made."""
        if not self.name.text().strip():
            return self.tr("Give the files a name.")
        if not os.path.isdir(self._asked().base.parent):
            return self.tr("There is no folder {}; choose another.").format(self._asked().base.parent)
        if not os.access(self._asked().base.parent, os.W_OK):
            return self.tr("The folder {} is read-only; choose another.").format(self._asked().base.parent)
        why = self._target().refuses(self._document())
        return why[:1].upper() + why[1:]

    def _ask(self) -> None:
        """Begin anew: the form has changed."""
        self.classes.setEnabled(self._target().classes)
        self.where.setText(
            self.where.fontMetrics().elidedText(str(self._folder), Qt.TextElideMode.ElideMiddle, 480)
        )
        self.where.setToolTip(str(self._folder))
        self._made, self._failure = None, self._reason_against()
        if self._failure:
            self._reckoning.cancel()
        else:
            self._reckoning.ask()
        self._show()

    def _prepare(self) -> Callable[[], _Made] | None:
        if self._failure:
            return None
        asked = self._asked()

        def work() -> _Made:
            seen = asked.target.see(asked.document, asked.classes)
            made = asked.target.encode(seen, asked.base)
            return _Made(asked, seen, tuple(islice(route_changes(asked.document, seen), MOST_ROUTES)), made)

        return work

    def _take(self, made: _Made) -> None:
        if not self._reckoning.busy and not self._failure:
            self._made = made
            self._show()

    def _take_failure(self, error: Exception) -> None:
        if not self._reckoning.busy:
            self._failure = self.tr("This cannot be written: {}").format(error)
            self._show()

    def _show(self) -> None:
        made = self._made
        paragraphs = [escape(self._target().writes)]
        if made is not None:
            paragraphs += self._figures(made)
        elif not self._failure:
            paragraphs.append(f"<i>{self.tr('Reckoning with costs and paths …')}</i>")
        self.told.setText("".join(f'<p style="margin: 0 0 6px 0">{each}</p>' for each in paragraphs))
        itself = "" if made is None else self._itself(made)
        old = [] if made is None else [path.name for path in made.made.files if path.exists()]
        reason = self._failure or itself
        self.export.setEnabled(made is not None and not reason)
        self.export.setText(self.tr("Replace") if old else self.tr("Export"))
        there = self.tr("Already there, and will be replaced: {}").format(", ".join(old)) if old else ""
        self.notice.say(reason or there)

    def _figures(self, made: _Made) -> list[str]:
        """Return paragraphs: the files, costs, paths, and what is lost."""
        names = ", ".join(path.name for path in made.made.files)
        paragraphs = [
            f"<b>{self.tr('Files')}</b> {escape(names)}",
            f"<b>{self.tr('Costs')}</b> {escape(costs_text(made.seen))}",
        ]
        if made.routes:
            rows = "".join(
                f"<tr><td>{escape(row.name)}</td><td align=right>{_cost(row.before)}</td><td>→</td>"
                f"<td align=right>{_cost(row.after)}</td><td>{escape(row.change)}</td></tr>"
                for row in made.routes
            )
            more = len(made.seen.document.routes) - len(made.routes)
            rest = self.tr("and {} more routes").format(more) if more else ""
            title = self.tr("Exact paths, here and in the engine")
            paragraphs.append(f"<b>{title}</b><table cellspacing=0 cellpadding=3>{rows}</table>{rest}")
        if made.made.lost:
            entries = "".join(f"<li>{escape(entry)}</li>" for entry in made.made.lost)
            style = "margin-left: 12px; -qt-list-indent: 0"
            paragraphs.append(f"<b>{self.tr('Not in these files')}</b><ul style='{style}'>{entries}</ul>")
        return paragraphs

    def _itself(self, made: _Made) -> str:
        """Return why the files must not be written if one of them is the map's own."""
        own = self._own_file
        if own is None or made.asked.target.name in BACK_INTO_ITS_FILE or not own.exists():
            return ""
        hit = next((path for path in made.made.files if path.exists() and path.samefile(own)), None)
        return "" if hit is None else self.tr("{} is the map itself; choose another name.").format(hit.name)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.windowTitle(), str(self._folder))
        if folder:
            self._folder = Path(folder)
            self._ask()

    def _make_targets(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(2)
        tree.setHeaderHidden(True)
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setItemDelegate(Rows(tree))
        tree.setAccessibleName(self.tr("Engine"))
        tree.addTopLevelItems(self._rows)
        tree.setColumnWidth(0, 220)
        tree.setFixedHeight(len(TARGETS) * max(tree.sizeHintForRow(0), 1) + 2 * tree.frameWidth())
        return tree


def _cost(cost: float) -> str:
    return f"{cost:.6g}" if cost < float("inf") else "–"
