"""The panels of the window, the table of docks that they stand in, and how these are arranged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

from app.panels.classes import ClassesPanel
from app.panels.gallery import GalleryPanel
from app.panels.history import HistoryPanel
from app.panels.layers import LayersPanel
from app.panels.layouts import LayoutsPanel
from app.panels.map_settings import MapSettingsPanel
from app.panels.palette import PalettePanel
from app.panels.plan.panel import PlanPanel
from app.panels.progress import ProgressPanel
from app.panels.results import ResultsPanel
from app.panels.routes import RoutesPanel
from app.panels.run import RunPanel
from app.panels.scatter import FeaturesPanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

    from app.document.model import DocumentModel

STATE_VERSION = 1  # of the arrangement of docks; another number forgets the old one
RIGHT, BOTTOM = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea


@dataclass(frozen=True)
class Stack:
    """A place for docks, which stand in it as tabs, and its size at first, px; width 0 leaves it to Qt."""

    area: Qt.DockWidgetArea
    height: int
    width: int = 0


DRAWING, RUN, BELOW = Stack(RIGHT, 200), Stack(RIGHT, 540, 312), Stack(BOTTOM, 200)


@dataclass(frozen=True)
class Dock:
    """A panel, the title of its tab, and where it stands; the first dock of a stack is in front.

    name: under which Qt remembers where the designer put it.
    """

    name: str
    title: str
    panel: QWidget
    stack: Stack


class Panels(QObject):
    """Makes every panel of a window on a document."""

    def __init__(self, model: DocumentModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layers = LayersPanel()
        self.terrain = PalettePanel(model)
        self.routes = RoutesPanel(model)
        self.layouts = LayoutsPanel(model)
        self.run = RunPanel()
        self.results = ResultsPanel(model)
        self.map_settings = MapSettingsPanel(model)
        self.classes = ClassesPanel(model)
        self.history = HistoryPanel(model)
        self.progress = ProgressPanel()
        self.plan = PlanPanel(model.document)
        self.gallery = GalleryPanel()
        self.features = FeaturesPanel()

    def table(self) -> tuple[Dock, ...]:
        """Return the table of docks: one entry per panel, in the order of their tabs and of the View menu."""
        return (
            Dock("layers", self.tr("Layers"), self.layers, DRAWING),
            Dock("terrain", self.tr("Terrain"), self.terrain, DRAWING),
            Dock("routes", self.tr("Routes"), self.routes, DRAWING),
            Dock("layouts", self.tr("Points"), self.layouts, DRAWING),
            Dock("run", self.tr("Run"), self.run, RUN),
            Dock("results", self.tr("Results"), self.results, RUN),
            Dock("map", self.tr("Map"), self.map_settings, RUN),
            Dock("classes", self.tr("Classes"), self.classes, RUN),
            Dock("history", self.tr("History"), self.history, RUN),
            Dock("progress", self.tr("Progress"), self.progress, BELOW),
            Dock("plan", self.tr("Plan"), self.plan, BELOW),
            Dock("gallery", self.tr("Gallery"), self.gallery, BELOW),
            Dock("features", self.tr("Features"), self.features, BELOW),
        )


class Docks(QObject):
    """Puts the panels of a table into docks of a window, and arranges them."""

    def __init__(self, window: QMainWindow, table: Sequence[Dock]) -> None:
        super().__init__(window)
        self._window = window
        self._docks: dict[QWidget, QDockWidget] = {}
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
        self._front: dict[Stack, QDockWidget] = {}
        for entry in table:
            dock = self._add(entry)
            if entry.stack in self._front:
                window.tabifyDockWidget(self._front[entry.stack], dock)
            else:
                self._front[entry.stack] = dock
        for dock in self._front.values():
            dock.raise_()
        self._first = QByteArray()

    @property
    def toggles(self) -> list[QAction]:
        """Checkable actions that show and hide the docks, in the order of the table."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    def set_out(self) -> None:
        """Give the stacks their first sizes; call it once the window has its own size and its tool bars."""
        window, front = self._window, self._front
        for stack, dock in front.items():
            if stack.width:
                window.resizeDocks([dock], [stack.width], Qt.Orientation.Horizontal)
        for area in (RIGHT, BOTTOM):
            stacks = [stack for stack in front if stack.area == area]
            heights = [stack.height for stack in stacks]
            window.resizeDocks([front[stack] for stack in stacks], heights, Qt.Orientation.Vertical)
        self._first = self.arrangement()

    def bring_to_front(self, panel: QWidget) -> None:
        """Show the tab of a panel."""
        self._docks[panel].raise_()

    def entitle(self, panel: QWidget, title: str) -> None:
        """Give the tab of a panel another title."""
        self._docks[panel].setWindowTitle(title)

    def shows(self, widget: QWidget) -> bool:
        """Return whether a widget is in no dock, or in one that is on the screen and not behind another tab."""
        dock = next((dock for dock in self._docks.values() if dock.isAncestorOf(widget)), None)
        return dock is None or not dock.visibleRegion().isEmpty()

    def arrangement(self) -> QByteArray:
        """Return where the docks are, for `arrange`."""
        return self._window.saveState(STATE_VERSION)

    def arrange(self, arrangement: QByteArray) -> None:
        """Put the docks where they were; what another version of the program saved is passed over."""
        self._window.restoreState(arrangement, STATE_VERSION)

    def arrange_as_at_first(self) -> None:
        """Put the docks where they were when the program was started for the first time."""
        self.arrange(self._first)

    def _add(self, entry: Dock) -> QDockWidget:
        dock = QDockWidget(entry.title, self._window)
        dock.setObjectName(entry.name)
        dock.setWidget(entry.panel)
        features = QDockWidget.DockWidgetFeature
        dock.setFeatures(features.DockWidgetMovable | features.DockWidgetClosable)
        dock.setTitleBarWidget(QWidget())  # its tab, or what is in it, names it already
        self._window.addDockWidget(entry.stack.area, dock)
        self._docks[entry.panel] = dock
        return dock
