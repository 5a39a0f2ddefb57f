"""The main window: makes the parts of the program and connects them; what they do is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QMainWindow

from app.base.icons import app_icon
from app.base.jobs import PATIENCE, put_window_first
from app.canvas.canvas import Canvas
from app.document.autosave import Autosave
from app.document.model import DocumentModel
from app.files import questions
from app.files.editor_link import EditorLink
from app.files.file_actions import Files
from app.panels.result_comparison import ResultComparison
from app.panels.tool_options import OptionsBar
from app.run.controller import RunController
from app.run.model import RunModel
from app.run.results import ResultsController
from app.run.snapping import Snapping
from app.run.split import SplitView
from app.run.view import RunView
from app.window.cell_menu import CellMenu
from app.window.class_reach import ClassReach
from app.window.commands import Commands, Workbench
from app.window.connections import connect_files, connect_results, connect_run
from app.window.disk_bar import DiskBar
from app.window.docks import Docks, Panels
from app.window.dropping import dropped_map
from app.window.figures import Figures
from app.window.help import Help
from app.window.hover_card import HoverCard
from app.window.menus import Menus
from app.window.stamps import Stamps
from app.window.status import StatusBar
from app.window.tile_costs import TileCosts
from app.window.tool_choice import ToolChoice
from app.window.underlay import UnderlayControl
from maps.document import MapDocument, new_document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent

    from app.base.preferences import Preferences
    from app.scenarios.frame import Frame
    from maps.results import KeptResult


class MainWindow(QMainWindow):
    """One map, one run.

    preferences: None remembers nothing.  recovery: where unsaved work is kept aside; None keeps none.
    presets: where what was said of sets of tiles is kept.  stamps: where the designer's stamps are.
    """

    def __init__(
        self,
        document: MapDocument | None = None,
        path: Path | None = None,
        preferences: Preferences | None = None,
        *,
        results: Sequence[KeptResult] = (),
        recovery: Path | None = None,
        presets: Path | None = None,
        stamps: Path | None = None,
    ) -> None:
        super().__init__()
        put_window_first()
        self.preferences = preferences
        self.model = DocumentModel(document or new_document(64, 64, name=self.tr("New map")), self)
        if document is not None:
            self.model.adopt(document, path, results)
        self.run = RunModel(self)
        self.files = Files(self, self.model, preferences, presets)
        self.link = EditorLink(self.files, self.model, preferences, presets)
        self.tile_costs = TileCosts(self, self.model, self.files, presets)
        self.autosave = None if recovery is None else Autosave(self.model, recovery, self)
        self.canvas = Canvas(self.model)
        self.options_bar = OptionsBar(self.canvas.options)
        self.panels = Panels(self.model, self)
        self.controller = RunController(self.run, self.model, self.panels.run, self._confirm, self)
        self.view = RunView(self.run, self.model, self.canvas, self)
        self.results = ResultsController(
            self.controller, self.view, self.run, self.model, self.panels.run, self._confirm, self
        )
        self.snapping = Snapping(self.model, self.view, self)
        self._step_in_view: Frame | None = None
        self.tools = ToolChoice(self.model, self.canvas, self.options_bar, self.panels)
        self.stamps = Stamps(self.model, self.canvas, self.tools, stamps)
        self.status = StatusBar(self.canvas, self.view)
        self.split = SplitView(self.view, self.model, self.canvas)
        self.split.told.connect(self.status.tell)
        self.card = HoverCard(self.canvas, self.view, self.status)
        self.underlay = UnderlayControl(self, self.model, self.canvas, preferences)
        self.cell_menu = CellMenu(self.model, self.canvas, self.status)
        self.reach = ClassReach(self.panels.classes, self.view, self.canvas, self.status)
        self._make_up()
        connect_files(self)
        connect_run(self)
        connect_results(self)
        self.show_new_document()
        self.tools.choose("brush")
        self.canvas.setFocus()

    def focusNextPrevChild(self, following: bool) -> bool:
        """Move the focus to the next widget, or the one before, but to none in a dock that is hidden."""
        first = self.focusWidget()
        while super().focusNextPrevChild(following):
            found = self.focusWidget()
            if found is first or self.docks.shows(found):
                return True
        return False

    # Making

    def _make_up(self) -> None:
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.setCentralWidget(self.canvas)
        self.disk_bar = DiskBar(self.link, self.canvas)
        self.setStatusBar(self.status)
        self.docks = Docks(self, self.panels.table())
        self.figures = Figures(self.view, self.run, self.model, self.canvas, self.panels, self.docks)
        bench = Workbench(
            self,
            self.model,
            self.files,
            self.link,
            self.tile_costs,
            self.canvas,
            self.tools,
            self.controller,
            self.results,
            self.panels.results,
            self.panels.layers,
            self.panels.classes,
            self.snapping,
            self.card,
            self.split,
            self.stamps,
            self.docks,
            self.underlay,
            Help(self, lambda: self.panels.run.scenario.name),
            self.preferences,
        )
        self.menus = Menus(self, Commands(bench, self._find_command).table())
        self.options_bar.setObjectName("options")
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.options_bar)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.menus.tool_bar)
        self.resize(1280, 800)
        self.docks.set_out()
        if self.preferences:
            self.restoreGeometry(self.preferences.window_geometry)
            self.docks.arrange(self.preferences.window_state)
        for changed in (
            self.model.history_changed,
            self.run.state_changed,
            self.tools.chosen,
            self.panels.run.scenario_box.currentIndexChanged,
            self.panels.results.list.itemSelectionChanged,
        ):
            changed.connect(self.menus.refresh)
        self.files.recent_changed.connect(self.menus.refill)
        self.tools.palette_changed.connect(self.menus.refill)
        self.stamps.changed.connect(self.menus.refill)
        self.canvas.installEventFilter(self)
        for field in self.options_bar.findChildren(QAbstractSpinBox):
            field.lineEdit().returnPressed.connect(self.canvas.setFocus)

    # What concerns the whole window

    def _confirm(self, question: str, verb: str) -> bool:
        return questions.agrees(self, self.tr("Longcut"), question, verb)

    def _find_command(self) -> None:
        self.menus.find_command()

    def show_new_document(self) -> None:
        """Begin anew with the map that was opened."""
        self.controller.forget()
        self.view.forget()
        self.tools.begin()
        self.canvas.fit_again()
        self.panels.gallery.leave(self.model.document)
        self.panels.progress.show_scenario(self.run, self.panels.run.scenario)
        self.show_title()

    def show_title(self) -> None:
        """Name the map, and whether it has unsaved changes."""
        self.setWindowTitle(f"{self.model.title}[*] – Longcut")
        self.setWindowModified(self.model.modified)
        self.panels.run.show_document(self.model.document)

    def show_run(self) -> None:
        """Let the run's panel follow the run and the step in view."""
        step = self._step_in_view = self.results.step_in_view
        can_apply, lacks = self.results.can_apply_run, self.controller.lacks
        self.panels.run.show_run(
            self.run, can_apply=can_apply, lacks=lacks, step=None if step is None else step.step
        )

    def take_shown(self) -> None:
        """Let the buttons follow what is in view: an earlier step can be applied, a cut-off goal forbids a run."""
        self.controller.take_measures(self.view.drawn_measures)
        if self.results.step_in_view is not self._step_in_view:
            self.show_run()
            self.menus.refresh()

    def compare_results(self, results: list[KeptResult]) -> None:
        """Show results beside each other."""
        ResultComparison(results, self).open()

    # Closing

    def abandon(self) -> None:
        """Close without asking; unsaved changes are lost."""
        self._shut_down()
        self.deleteLater()
        QApplication.exit(0)

    def _shut_down(self) -> None:
        """End what is under way: what is computed is cancelled, what is being saved is waited for."""
        self.run.shut_down(PATIENCE)
        self.view.shut_down()
        self.split.shut_down()
        self.reach.shut_down()
        self.panels.plan.shut_down()
        self.panels.results.shut_down()
        self.snapping.shut_down()
        self.tile_costs.shut_down()
        self.link.shut_down()
        self.files.shut_down()
        if self.autosave is not None:
            self.autosave.shut_down()

    # Events

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes, remember the arrangement, and end what is under way."""
        if not self.files.may_leave():
            event.ignore()
            return
        if self.preferences:
            self.preferences.window_geometry = self.saveGeometry()
            self.preferences.window_state = self.docks.arrangement()
            self.preferences.sync()
        # Gone to the eye before anything is waited for.
        self.hide()
        QGuiApplication.sync()
        self._shut_down()
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        """Look at the disk when the window comes to the front: another program may have changed the file."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            # After the change: a question must not hold it up.
            QTimer.singleShot(0, self.link.look_at_disk)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a file that can be opened."""
        if dropped_map(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the file."""
        path = dropped_map(event)
        if path is not None:
            event.acceptProposedAction()
            # After the drop: a question must not hold up whoever dragged the file here.
            QTimer.singleShot(0, lambda: self.files.open(path))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give the map the keys while the pointer is over it, unless words are being typed.

        A number that is being typed counts from then on, as it does with Enter.
        """
        words = isinstance(QApplication.focusWidget(), QLineEdit)
        if event.type() == QEvent.Type.Enter and watched is self.canvas and not words:
            self.canvas.setFocus()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Escape break a gesture off, where the widget with the focus had no use for it."""
        if event.key() == Qt.Key.Key_Escape:
            self.canvas.setFocus()
            self.canvas.escape()
        else:
            super().keyPressEvent(event)
