"""The window: docks, menus and connections; everything that does something is elsewhere."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import QDockWidget, QFileDialog, QLabel, QMainWindow, QMessageBox, QToolBar

from app.canvas import Canvas
from app.document_model import DocumentModel
from app.icons import app_icon, icon
from app.panels.curves import CurvesPanel
from app.panels.options_bar import OptionsBar
from app.panels.run_panel import RunPanel
from app.run_model import RunModel
from app.scene import LAYERS
from app.tools import TOOLS, ToolOptions
from maps.document import MapDocument, new_document
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats import FORMATS, losses

CURVES_INTERVAL = 100  # milliseconds


class MainWindow(QMainWindow):
    """One map, one run."""

    def __init__(self, document: MapDocument | None = None, path: Path | None = None) -> None:
        super().__init__()
        self.model = DocumentModel(document or new_document(64, 64, name=self.tr("New map")), self)
        if document is not None:
            self.model.adopt(document, path)
        self.run = RunModel(self)
        self.canvas = Canvas(self.model)
        self.run_panel = RunPanel()
        self.curves = CurvesPanel()
        self.options_bar = OptionsBar(self.canvas.options)
        self.setCentralWidget(self.canvas)
        self.setWindowIcon(app_icon())
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.options_bar)
        self._make_tool_bar()
        self._make_menus()
        right = self._dock(self.tr("Run"), self.run_panel, Qt.DockWidgetArea.RightDockWidgetArea)
        bottom = self._dock(self.tr("Curves"), self.curves, Qt.DockWidgetArea.BottomDockWidgetArea)
        self._make_status_bar()
        self._connect()
        self._curves_due = QTimer(self, interval=CURVES_INTERVAL, singleShot=True)
        self._curves_due.timeout.connect(lambda: self.curves.show_run(self.run))
        self.run_panel.show_document(self.model.document)
        self._show_title()
        self._show_document()
        self._show_run_state()
        self.choose_tool("brush")
        self.resize(1280, 800)
        self.resizeDocks([right], [300], Qt.Orientation.Horizontal)
        self.resizeDocks([bottom], [190], Qt.Orientation.Vertical)

    # Files

    def open_file(self, path: Path) -> bool:
        """Open a map; a readable dialog and False if that fails."""
        try:
            self.model.open(path)
        except MapFormatError as error:
            QMessageBox.warning(
                self, self.tr("Cannot open"), f"{error}.\n\n" + self.tr("Your open map is unchanged.")
            )
            return False
        self.run_panel.show_document(self.model.document)
        return True

    def save(self) -> bool:
        """Save to the file that was opened, or ask for one."""
        return self._save_to(self.model.path) if self.model.path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file, say what its format loses, save."""
        kinds = [f"{kind.description} (*{kind.endings[0]})" for kind in FORMATS if kind.encode]
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save as"), self.model.title, ";;".join(kinds))
        if not name:
            return False
        path = Path(name)
        try:
            lost = losses(self.model.document, path)
        except (MapSaveError, MapError) as error:
            QMessageBox.warning(self, self.tr("Cannot save"), str(error))
            return False
        if lost:
            question = self.tr("{} does not keep:\n• {}\n\nSave all the same?").format(
                path.name, "\n• ".join(lost)
            )
            if QMessageBox.question(self, self.tr("Save as"), question) != QMessageBox.StandardButton.Yes:
                return False
        return self._save_to(path)

    def _save_to(self, path: Path) -> bool:
        try:
            self.model.save(path)
        except (MapSaveError, MapError) as error:
            QMessageBox.critical(self, self.tr("Not saved"), str(error))
            return False
        self.statusBar().showMessage(self.tr("Saved {}").format(path.name), 4000)
        return True

    def _ask_open(self) -> None:
        endings = " ".join(f"*{ending}" for kind in FORMATS for ending in kind.endings)
        if self._may_leave():
            name, _ = QFileDialog.getOpenFileName(
                self, self.tr("Open a map"), "", self.tr("Maps ({})").format(endings)
            )
            if name:
                self.open_file(Path(name))

    def _may_leave(self) -> bool:
        if not self.model.modified:
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self,
            self.tr("Unsaved changes"),
            self.tr("{} has unsaved changes. Save them?").format(self.model.title),
            buttons.Save | buttons.Discard | buttons.Cancel,
        )
        return answer == buttons.Discard or (answer == buttons.Save and self.save())

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_leave():
            self.run.shut_down()
            event.accept()
        else:
            event.ignore()

    # Runs

    def start_or_pause(self) -> None:
        """The primary button."""
        if self.run.state == "running":
            self.run.pause()
        elif self.run.state == "paused":
            self.run.resume()
        else:
            self.run.start(self.model.document, self.run_panel.scenario, self.run_panel.settings())

    def apply_result(self) -> None:
        """The run's best goes into the drawn map, as one undo step."""
        scenario, result = self.run.scenario, self.run.result
        if scenario is None or result is None:
            return
        if self.model.document is not self.run.started_from and not self.run.edits:
            question = self.tr("The map has changed since the run began. Apply the run's result to it?")
            if QMessageBox.question(self, self.tr("Apply"), question) != QMessageBox.StandardButton.Yes:
                return
        try:
            self.model.edit(scenario.title, scenario.apply(self.model.document, result))
        except MapError as error:
            QMessageBox.warning(self, self.tr("Cannot apply"), str(error))
            return
        self.revert()

    def revert(self) -> None:
        """Back to the drawn map."""
        self.canvas.show_cost_map(None)
        self.canvas.show_flow(None)
        self.canvas.show_paths([])
        self.run.clear()
        self.curves.show_run(self.run)

    def _show_frame(self) -> None:
        frame = self.run.frame
        if frame is not None:
            self.canvas.show_cost_map(frame.cost_map)
            self.canvas.show_paths(list(frame.paths))
            self.canvas.show_flow(frame.traffic)

    def _show_run_state(self) -> None:
        self.run_panel.show_run(self.run)
        if self.run.state in ("ended", "failed"):
            self.curves.show_run(self.run)

    def _show_figures(self) -> None:
        self.run_panel.show_headline(self.run)
        if not self._curves_due.isActive():
            self._curves_due.start()

    def _after_edit(self) -> None:
        if self.run.busy and self.model.document is not self.run.started_from:
            self.run.edit(self.model.document)

    # Tools and status

    def choose_tool(self, tool: str) -> None:
        """Make a tool of `TOOLS` the active one."""
        self.canvas.set_tool(tool)
        self.options_bar.show_tool(tool)
        self._tool_actions[tool].setChecked(True)
        entry = TOOLS[tool]
        self.statusBar().showMessage(f"{entry.title}: {entry.hint}", 4000)

    def _show_cell(self, row: int, column: int) -> None:
        document = self.model.document
        if not document.contains((row, column)):
            self._cell.setText("")
            return
        cost = self.tr("wall") if not document.passable[row, column] else f"{document.cost[row, column]:.3g}"
        self._cell.setText(self.tr("row {}, col {} · cost {}").format(row, column, cost))

    def _show_document(self) -> None:
        document = self.model.document
        total = float(document.cost[document.passable].sum(dtype=np.float64))
        self._total.setText(self.tr("total cost {:.6g}").format(total))
        self._undo.setEnabled(self.model.history.can_undo)
        self._redo.setEnabled(self.model.history.can_redo)

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.model.title}[*] – Longcut")
        self.setWindowModified(self.model.modified)

    def _make_status_bar(self) -> None:
        self._cell, self._total, self._zoom = QLabel(), QLabel(), QLabel()
        self._cell.setMinimumWidth(220)
        for label in (self._cell, self._total, self._zoom):
            self.statusBar().addPermanentWidget(label)

    def _make_tool_bar(self) -> None:
        bar = QToolBar(self.tr("Tools"), self)
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)
        group = QActionGroup(self)
        self._tool_actions: dict[str, QAction] = {}
        for tool, entry in TOOLS.items():
            action = QAction(icon(tool, self.palette().text().color()), entry.title, self, checkable=True)
            action.setShortcut(entry.shortcut)
            action.setToolTip(f"<b>{entry.title}</b> ({entry.shortcut})<br>{entry.hint}")
            action.triggered.connect(lambda _, chosen=tool: self.choose_tool(chosen))
            group.addAction(action)
            bar.addAction(action)
            self._tool_actions[tool] = action

    def _make_menus(self) -> None:
        keys = QKeySequence.StandardKey
        file, edit = self.menuBar().addMenu(self.tr("&File")), self.menuBar().addMenu(self.tr("&Edit"))
        view, run = self.menuBar().addMenu(self.tr("&View")), self.menuBar().addMenu(self.tr("&Run"))
        file.addAction(self.tr("&Open…"), QKeySequence(keys.Open), self._ask_open)
        file.addAction(self.tr("&Save"), QKeySequence(keys.Save), self.save)
        file.addAction(self.tr("Save &as or export…"), QKeySequence("Ctrl+Shift+S"), self.save_as)
        file.addSeparator()
        file.addAction(self.tr("&Quit"), QKeySequence(keys.Quit), self.close)
        self._undo = edit.addAction(self.tr("&Undo"), QKeySequence(keys.Undo), self.model.undo)
        self._redo = edit.addAction(self.tr("&Redo"), QKeySequence("Ctrl+Shift+Z"), self.model.redo)
        view.addAction(self.tr("&Fit"), QKeySequence("0"), self.canvas.fit)
        view.addSeparator()
        for layer in sorted(LAYERS):
            action = view.addAction(layer.capitalize())
            action.setCheckable(True)
            action.setChecked(layer in self.canvas.visible_layers)
            action.toggled.connect(lambda on, name=layer: self._show_layer(name, on))
        run.addAction(self.tr("Run or &pause"), QKeySequence("Ctrl+Return"), self.start_or_pause)
        run.addAction(self.tr("One &step"), self.run.single_step)
        run.addAction(self.tr("S&top"), self.run.stop)

    def _show_layer(self, layer: str, on: bool) -> None:
        layers = set(self.canvas.visible_layers)
        self.canvas.set_visible_layers(layers | {layer} if on else layers - {layer})

    def _dock(self, title: str, widget: RunPanel | CurvesPanel, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(title)
        dock.setWidget(widget)
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
        self.addDockWidget(area, dock)
        if area == Qt.DockWidgetArea.RightDockWidgetArea:
            self.setCorner(Qt.Corner.BottomRightCorner, area)
        return dock

    def _connect(self) -> None:
        self.model.changed.connect(self._show_document)
        self.model.history_changed.connect(self._show_document)
        self.model.history_changed.connect(self._after_edit)
        self.model.title_changed.connect(self._show_title)
        self.canvas.cell_hovered.connect(self._show_cell)
        self.canvas.hover_left.connect(lambda: self._cell.setText(""))
        self.canvas.view_changed.connect(lambda size: self._zoom.setText(f"{size:.3g} px"))
        self.canvas.problem.connect(lambda text: self.statusBar().showMessage(text, 8000))
        self.canvas.options_changed.connect(self._take_options)
        self.options_bar.options_changed.connect(self.canvas.set_options)
        self.run.frame_changed.connect(self._show_frame)
        self.run.figures_changed.connect(self._show_figures)
        self.run.state_changed.connect(self._show_run_state)
        self.run_panel.run_clicked.connect(self.start_or_pause)
        self.run_panel.step_clicked.connect(self.run.single_step)
        self.run_panel.stop_clicked.connect(self.run.stop)
        self.run_panel.apply_clicked.connect(self.apply_result)
        self.run_panel.revert_clicked.connect(self.revert)

    def _take_options(self, options: ToolOptions) -> None:
        self.options_bar.show_options(options)
