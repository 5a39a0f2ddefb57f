"""The window: docks and connections; everything that does something is elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

import numpy as np
from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMessageBox,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app.base.icons import app_icon, icon
from app.base.preferences import Preferences
from app.canvas.canvas import Canvas
from app.document.model import DocumentModel
from app.files.file_actions import Files
from app.panels.curves import CurvesPanel
from app.panels.gallery import GalleryPanel
from app.panels.history import HistoryPanel
from app.panels.layers import LayersPanel
from app.panels.layouts import LayoutsPanel
from app.panels.map_settings import MapSettingsPanel
from app.panels.palette import PalettePanel
from app.panels.plan import PlanPanel
from app.panels.routes import RoutesPanel
from app.panels.run import RunPanel
from app.panels.scatter import FeaturesPanel
from app.panels.timeline import TimelinePanel
from app.panels.tool_options import OptionsBar
from app.run.measures import Measurer, Measures
from app.run.model import RunModel
from app.scenarios.frame import Frame, Plan
from app.scenarios.translate import shortest_paths
from app.tools import TOOLS, ToolOptions
from app.widgets.parts import tabular
from app.window.menus import Menus
from maps.document import MapDocument, Terrain, new_document
from maps.edits import apply_costs
from maps.errors import MapError
from maps.formats import FORMATS
from maps.layout_edits import move_layouts

CURVES_INTERVAL = 100  # milliseconds
BOTTOM = ("progress", "plan", "gallery", "features")  # docks below the map
STATE_VERSION = 1  # of the arrangement of docks; another number forgets the old one


class MainWindow(QMainWindow):
    """One map, one run. preferences: None remembers nothing."""

    def __init__(
        self,
        document: MapDocument | None = None,
        path: Path | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        super().__init__()
        self.preferences = preferences
        self.model = DocumentModel(document or new_document(64, 64, name=self.tr("New map")), self)
        if document is not None:
            self.model.adopt(document, path)
        self.run = RunModel(self)
        self.files = Files(self, self.model, preferences)
        self.measurer = Measurer(self)
        self._measures: Measures | None = None
        self._compared = False
        self._hovered: tuple[int, int] | None = None
        self._warned_of = 0.0  # cost of the brush
        self._compared_plan: Plan | None = None
        self.canvas = Canvas(self.model)
        self.setCentralWidget(self.canvas)
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._make_bars()
        self._make_panels()
        self._make_status_bar()
        self.menus = Menus(self)
        self._curves_due = QTimer(self, interval=CURVES_INTERVAL, singleShot=True)
        self._curves_due.timeout.connect(self._show_curves)
        self._connect()
        self.resize(1280, 800)
        self._remember_arrangement()
        self._show_new_document()
        self._show_run_state()
        self.choose_tool("brush")
        self.canvas.setFocus()

    # Runs

    def start_or_pause(self) -> None:
        """The primary button."""
        if self.run.state == "running":
            self.run.pause()
        elif self.run.state == "paused":
            self.run.resume()
        else:
            self._show_live()
            self.run.start(self.model.document, self.run_panel.scenario, self.run_panel.settings())

    def result_document(self) -> MapDocument | None:
        """The drawn map with the run's result in it; None while there is none that fits."""
        scenario, result = self.run.scenario, self.run.result
        if scenario is None or result is None:
            return None
        try:
            return scenario.apply(self.model.document, result)
        except MapError:
            return None

    def apply_result(self) -> None:
        """The run's best goes into the drawn map, as one undo step."""
        applied = self.result_document()
        if applied is None or self.run.scenario is None:
            self.statusBar().showMessage(self.tr("The run's result does not fit this map any more."), 8000)
            return
        before = _total_cost(self.model.document)
        if self.model.document is not self.run.taken:
            question = self.tr(
                "The map has changed since the run last took it up. Apply the run's result to it? "
                "The total cost becomes {:.6g}, it is {:.6g}."
            ).format(_total_cost(applied), before)
            if QMessageBox.question(self, self.tr("Apply"), question) != QMessageBox.StandardButton.Yes:
                return
        self.model.edit(self.run.scenario.title, applied)
        self.revert()
        self.statusBar().showMessage(
            self.tr("Applied: total cost {:.6g}, before {:.6g}").format(_total_cost(applied), before), 8000
        )

    def revert(self) -> None:
        """Back to the drawn map; the result of the run is gone."""
        self.run.clear()
        self._show_live()
        self._measure()

    def fork(self, frame: Frame) -> None:
        """Make the map and the points of an earlier step the drawn ones, and start anew from there."""
        self.run.halt()
        try:
            moved = {name: (positions, None) for name, positions in (frame.layouts or {}).items()}
            forked = move_layouts(self.model.document, moved)
            if frame.cost_map is not None:
                forked = apply_costs(forked, frame.cost_map).document
            if forked is not self.model.document:
                self.model.edit(self.tr("Fork at step {}").format(frame.step), forked)
        except MapError as error:
            self.statusBar().showMessage(str(error), 8000)
            return
        self.revert()
        self.start_or_pause()

    def fix(self) -> None:
        """Set what kept the run from starting to the value that was suggested, and start."""
        if self.run.fix is not None:
            self.run_panel.apply_fix(self.run.fix)
            self.start_or_pause()

    def _after_edit(self) -> None:
        if self.run.busy:
            self.run.edit(self.model.document)
        elif self.run.state == "failed" and self.run.result is None:
            self.run.clear()  # what it said may be mended by this edit
        elif self.run.frame is not None and self.model.document is not self.run.taken:
            self.timeline.compare.setChecked(True)  # so that the edit can be seen; the result is kept
        self._measure()
        self._show_cell()

    # What the canvas shows

    def show_frame(self, frame: Frame | None) -> None:
        """A frame of the run, or the drawn map with its own paths."""
        if not self._shows_run(frame):
            self.canvas.show_cost_map(None)
            self.canvas.show_flow(None)
            self.canvas.show_walks(())
            self.canvas.show_moving(None)
            self._show_plan()
            self._show_measures()
            return
        self.canvas.show_cost_map(frame.cost_map)
        self.canvas.show_flow(frame.traffic)
        if frame.cost_map is None:  # the run does not touch the costs, so the drawn paths stay
            self._show_measures()
        else:
            self.canvas.show_unreachable(None)
            self.canvas.show_paths(list(frame.paths))
        self.canvas.show_walks(frame.walks)
        self.canvas.show_moving(frame.layouts)
        self._show_plan(frame)
        if frame.scatter is not None:
            self.features.show_scatter(frame.scatter)
        self._device.setText({"cpu": "CPU", "cuda": "GPU (CUDA)", "mps": "GPU"}.get(frame.device, frame.device))

    def _show_plan(self, frame: Frame | None = None) -> None:
        """Lines of the run's plan, or else of the plan panel's."""
        if frame is not None and frame.plan is not None:
            self.canvas.show_plan(*frame.plan)
        elif self._compared_plan is not None:
            plan = self._compared_plan
            self.canvas.show_plan(plan.lines, plan.mass, plan.rows)
        else:
            self.canvas.show_plan(None)

    def _take_plan(self, plan: Plan | None) -> None:
        self._compared_plan = plan
        self._show_plan(self._shown_frame())

    def _point_at(self, layout: int, point: int) -> None:
        """A point under the pointer stands out in the plan panel, if the plan begins at its layout."""
        names = [entry.name for entry in self.model.document.layouts]
        begins = 0 <= layout < len(names) and names[layout] == self.plan.source.currentText()
        self.plan.highlight_row(point if begins else None)

    def _shows_run(self, frame: Frame | None) -> TypeGuard[Frame]:
        """Whether a frame is in view: the drawn map may be asked for, or too different by now."""
        if frame is None or self._compared or (self.run.refused and self.timeline.frame is None):
            return False
        return frame.cost_map is None or frame.cost_map.shape == self.model.document.shape

    def _shown_frame(self) -> Frame | None:
        frame = self.timeline.frame or self.run.frame
        return frame if self._shows_run(frame) else None

    def _show_live(self) -> None:
        self.timeline.show_run(self.run)
        self.show_frame(self.run.frame)
        self._show_curves()

    def _take_frame(self) -> None:
        if self.timeline.frame is None:
            self.show_frame(self.run.frame)
            self._show_cell()

    def _scrub(self, frame: Frame | None) -> None:
        self.timeline.compare.setChecked(False)  # who scrubs wants to see the run
        self.show_frame(frame or self.run.frame)

    def _compare(self, compared: bool) -> None:
        self._compared = compared
        self.show_frame(self._shown_frame())
        self._measure()

    def _show_curves(self) -> None:
        self.curves.show_run(self.run)
        self.timeline.show_run(self.run)

    def _show_scenario(self) -> None:
        if self.run.step == 0:
            self.curves.show_scenario(self.run_panel.scenario)

    def _show_run_state(self) -> None:
        self.run_panel.show_run(self.run)
        self._show_curves()
        if self.run.state in ("ended", "failed") or self.run.refused:
            self.show_frame(self._shown_frame())
            self._measure()
            self._show_gallery()

    def _show_gallery(self) -> None:
        """The maps that a run made, if it made several; those of an earlier run stay until then."""
        scenario, document = self.run.scenario, self.run.started_from
        if scenario is None or self.run.result is None or document is None:
            return
        maps = scenario.gallery(document, self.run.result)
        if maps:
            self.gallery.show_maps(maps, [shortest_paths(entry) for _, entry in maps])
            self.docks["gallery"].raise_()

    def _show_figures(self) -> None:
        self.run_panel.show_headline(self.run)
        if not self._curves_due.isActive():
            self._curves_due.start()

    def _measure(self) -> None:
        frame = self._shown_frame()
        if not self.run.busy or (self.run.frame is not None and (frame is None or frame.cost_map is None)):
            self.measurer.measure(self.model.document, self.canvas.options.route)

    def _take_measures(self, measures: Measures) -> None:
        self._measures = measures
        if measures.document.routes == self.model.document.routes:
            self.routes.show_costs(measures.costs)
        self._show_measures()
        self._show_cell()

    def _show_measures(self) -> None:
        measures = self._measures
        if measures is None or measures.document.shape != self.model.document.shape:
            return
        self.canvas.show_distance(measures.distance)
        frame = self._shown_frame()
        if frame is None or frame.cost_map is None:
            self.canvas.show_paths(list(measures.paths))
            self.canvas.show_unreachable(measures.cut_off)

    # Tools and status

    def choose_tool(self, tool: str) -> None:
        """Make a tool of `TOOLS` the active one."""
        self.canvas.set_tool(tool)
        self.options_bar.show_tool(tool)
        self.tool_actions[tool].setChecked(True)
        entry = TOOLS[tool]
        self.statusBar().showMessage(f"{entry.title}: {entry.hint}", 4000)

    def _take_terrain(self, terrain: Terrain) -> None:
        if not terrain.passable:
            self.choose_tool("wall")
            return
        self._change_options(cost=terrain.cost, mode="set")
        if self.canvas.tool not in ("brush", "line", "rectangle", "fill"):
            self.choose_tool("brush")

    def _change_options(self, **changes: object) -> None:
        options = replace(self.canvas.options, **changes)  # pyright: ignore[reportArgumentType]
        self.canvas.set_options(options)
        self.options_bar.show_options(options)

    def _take_options(self, options: ToolOptions) -> None:
        self.options_bar.show_options(options)
        bounds, cost = self.model.document.bounds, options.cost
        if options.mode == "set" and cost != self._warned_of and not bounds.lower <= cost <= bounds.upper:
            outside = self.tr("A cost of {:g} lies outside this map's bounds, {:g} to {:g}: a run would refuse it")
            self.statusBar().showMessage(outside.format(cost, bounds.lower, bounds.upper), 8000)
        self._warned_of = cost
        if options.route < len(self.model.document.routes):
            self.routes.set_active(options.route)
        if options.layout < len(self.model.document.layouts):
            self.layouts.set_active(options.layout)
        self.layouts.show_selection(self.canvas.selected_weights)

    def _choose_route(self, route: int) -> None:
        self._change_options(route=route)
        self._measure()

    def _choose_layout(self, layout: int) -> None:
        if layout != self.canvas.options.layout:
            self._change_options(layout=layout, selection=frozenset())

    def _hover(self, row: int, column: int) -> None:
        self._hovered = row, column
        self._show_cell()

    def _show_cell(self) -> None:
        """What is at the pointer, also when that changes under it."""
        document = self.model.document
        if self._hovered is None or not document.contains(self._hovered):
            self._cell.setText("")
            return
        row, column = self._hovered
        words = [self.tr("row {}, col {}").format(row, column)]
        frame, measures = self._shown_frame(), self._measures
        costs = document.cost if frame is None or frame.cost_map is None else frame.cost_map
        passable = document.passable[row, column]
        words.append(self.tr("cost {:.3g}").format(costs[row, column]) if passable else self.tr("wall"))
        if frame is not None and frame.traffic is not None and frame.traffic.shape == document.shape:
            words.append(self.tr("traffic {:.2f}").format(frame.traffic[row, column]))
        elif measures is not None and measures.distance is not None and measures.document.shape == document.shape:
            distance = measures.distance[row, column]
            far = self.tr("{:.4g} to the goal").format(distance)
            words.append(far if np.isfinite(distance) else self.tr("no way to the goal"))
        self._cell.setText(" · ".join(words))

    def _show_document(self) -> None:
        self._total.setText(self.tr("total cost {:.6g}").format(_total_cost(self.model.document)))

    def _show_new_document(self) -> None:
        if self.run.busy:
            self.run.halt()
        self.run.clear()
        self._measures = None
        self._show_document()
        self._show_title()
        self._show_live()
        self._measure()

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.model.title}[*] – Longcut")
        self.setWindowModified(self.model.modified)
        self.run_panel.show_document(self.model.document)

    # Events

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.files.may_leave():
            event.ignore()
            return
        if self.preferences:
            self.preferences.window_geometry = self.saveGeometry()
            self.preferences.window_state = self.saveState(STATE_VERSION)
            self.preferences.sync()
        self._shut_down()
        event.accept()

    def abandon(self) -> None:
        """Close without asking; unsaved changes are lost."""
        self._shut_down()
        self.deleteLater()
        QApplication.exit(0)

    def _shut_down(self) -> None:
        self.run.shut_down()
        self.measurer.shut_down()
        self.plan.shut_down()
        self.files.shut_down()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = self._dropped(event)
        if path is not None:
            event.acceptProposedAction()
            # After the drop: a question must not hold up whoever dragged the file here.
            QTimer.singleShot(0, lambda: self.files.open(path))

    def _dropped(self, event: QDropEvent) -> Path | None:
        urls = event.mimeData().urls()
        if len(urls) != 1 or not urls[0].isLocalFile():
            return None
        path = Path(urls[0].toLocalFile())
        return path if any(path.name.lower().endswith(kind.endings) for kind in FORMATS) else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Keys are meant for the map while the pointer is over it, unless somebody types words. A number that is
        # being typed counts from then on, as it does with Enter.
        words = isinstance(QApplication.focusWidget(), QLineEdit)
        if event.type() == QEvent.Type.Enter and watched is self.canvas and not words:
            self.canvas.setFocus()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:  # what has the focus had no use for it
            self.canvas.setFocus()
            self.canvas.escape()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "tool_actions"):
            self._colour_icons()
        super().changeEvent(event)

    # Making

    def _make_bars(self) -> None:
        self.options_bar = OptionsBar(self.canvas.options)
        self.options_bar.setObjectName("options")
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.options_bar)
        bar = QToolBar(self.tr("Tools"), self)
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)
        group = QActionGroup(self)
        self.tool_actions: dict[str, QAction] = {}
        for tool, entry in TOOLS.items():
            action = QAction(entry.title, self, checkable=True)
            action.setShortcut(entry.shortcut)
            action.setToolTip(f"<b>{entry.title}</b> ({entry.shortcut})<br>{entry.hint}")
            action.triggered.connect(lambda _, chosen=tool: self.choose_tool(chosen))
            group.addAction(action)
            bar.addAction(action)
            self.tool_actions[tool] = action
        self._colour_icons()

    def _colour_icons(self) -> None:
        for tool, action in self.tool_actions.items():
            action.setIcon(icon(tool, self.palette().text().color()))

    def _make_panels(self) -> None:
        self.layers = LayersPanel()
        self.routes = RoutesPanel(self.model)
        self.layouts = LayoutsPanel(self.model)
        self.terrain = PalettePanel(self.model)
        self.map_settings = MapSettingsPanel(self.model)
        self.history = HistoryPanel(self.model)
        self.run_panel = RunPanel()
        self.timeline = TimelinePanel()
        self.curves = CurvesPanel()
        self.plan = PlanPanel(self.model)
        self.gallery = GalleryPanel()
        self.features = FeaturesPanel()
        progress = QWidget()
        rows = QVBoxLayout(progress)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.timeline)
        rows.addWidget(self.curves, 1)
        right, bottom = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.docks: dict[str, QDockWidget] = {}
        for name, title, widget in (
            ("layers", self.tr("Layers"), self.layers),
            ("terrain", self.tr("Terrain"), self.terrain),
            ("routes", self.tr("Routes"), self.routes),
            ("layouts", self.tr("Points"), self.layouts),
            ("run", self.tr("Run"), self.run_panel),
            ("map", self.tr("Map"), self.map_settings),
            ("history", self.tr("History"), self.history),
            ("progress", self.tr("Progress"), progress),
            ("plan", self.tr("Plan"), self.plan),
            ("gallery", self.tr("Gallery"), self.gallery),
            ("features", self.tr("Features"), self.features),
        ):
            dock = QDockWidget(title, self)
            dock.setObjectName(name)
            dock.setWidget(widget)
            dock.setFeatures(
                QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
            )
            self.addDockWidget(bottom if name in BOTTOM else right, dock)
            self.docks[name] = dock
        for first, others in (
            ("layers", ("terrain", "routes", "layouts")),
            ("run", ("map", "history")),
            ("progress", ("plan", "gallery", "features")),
        ):
            for name in others:
                self.tabifyDockWidget(self.docks[first], self.docks[name])
            self.docks[first].raise_()
        for dock in self.docks.values():
            dock.setTitleBarWidget(QWidget())  # their tab, or what is in them, names them already

    def _remember_arrangement(self) -> None:
        self.resizeDocks([self.docks["run"]], [312], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["layers"], self.docks["run"]], [200, 540], Qt.Orientation.Vertical)
        self.resizeDocks([self.docks["progress"]], [200], Qt.Orientation.Vertical)
        self.first_arrangement = self.saveState(STATE_VERSION)
        if self.preferences:
            self.restoreGeometry(self.preferences.window_geometry)
            self.restoreState(self.preferences.window_state, STATE_VERSION)

    def _make_status_bar(self) -> None:
        self._cell, self._total, self._zoom, self._device = QLabel(), QLabel(), QLabel(), QLabel()
        self._cell.setMinimumWidth(250)
        for label in (self._cell, self._total, self._zoom, self._device):
            label.setFont(tabular(label.font()))
            self.statusBar().addPermanentWidget(label)

    def _connect(self) -> None:
        self.canvas.installEventFilter(self)
        for field in self.options_bar.findChildren(QAbstractSpinBox):
            field.lineEdit().returnPressed.connect(self.canvas.setFocus)
        self.model.changed.connect(self._show_document)
        self.model.changed.connect(self._measure)
        self.model.history_changed.connect(self._after_edit)
        self.model.title_changed.connect(self._show_title)
        self.files.opened.connect(self._show_new_document)
        self.files.told.connect(lambda text: self.statusBar().showMessage(text, 6000))
        self.canvas.cell_hovered.connect(self._hover)
        self.canvas.hover_left.connect(lambda: self._hover(-1, -1))
        self.canvas.view_changed.connect(lambda size: self._zoom.setText(f"{size:.3g} px"))
        self.canvas.problem.connect(lambda text: self.statusBar().showMessage(text, 8000))
        self.canvas.options_changed.connect(self._take_options)
        self.options_bar.options_changed.connect(self.canvas.set_options)
        self.layers.set_visible(self.canvas.visible_layers)
        self.layers.visible_changed.connect(self.canvas.set_visible_layers)
        self.terrain.terrain_chosen.connect(self._take_terrain)
        self.routes.route_chosen.connect(self._choose_route)
        self.routes.targets_changed.connect(
            lambda: self.run_panel.form.set_value("targets", self.routes.targets())
        )
        self.layouts.layout_chosen.connect(self._choose_layout)
        self.layouts.weight_changed.connect(self.canvas.set_selected_weight)
        self.layouts.import_clicked.connect(self.files.import_layout)
        self.layouts.export_clicked.connect(lambda: self.files.export_layout(self.layouts.active))
        self.gallery.map_chosen.connect(self.files.adopt)
        self.plan.plan_changed.connect(self._take_plan)
        self.plan.row_hovered.connect(self.canvas.highlight_row)
        self.canvas.point_hovered.connect(self._point_at)
        self.run_panel.targets_shown.connect(self.routes.show_targets)
        self.run_panel.scenario_box.currentIndexChanged.connect(self._show_scenario)
        self.measurer.measured.connect(self._take_measures)
        self.run.frame_changed.connect(self._take_frame)
        self.run.figures_changed.connect(self._show_figures)
        self.run.state_changed.connect(self._show_run_state)
        self.timeline.frame_chosen.connect(self._scrub)
        self.timeline.compare_toggled.connect(self._compare)
        self.timeline.fork_requested.connect(self.fork)
        for signal, slot in (
            (self.run_panel.run_clicked, self.start_or_pause),
            (self.run_panel.step_clicked, self.run.single_step),
            (self.run_panel.stop_clicked, self.run.stop),
            (self.run_panel.apply_clicked, self.apply_result),
            (self.run_panel.revert_clicked, self.revert),
            (self.run_panel.fix_clicked, self.fix),
        ):
            signal.connect(slot)


def _total_cost(document: MapDocument) -> float:
    return float(document.cost.sum(where=document.passable, dtype=np.float64))
