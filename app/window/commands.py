"""The table of commands: each is one entry, in the menu, and at the place, where it stands here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox

from app.base.style import apply_style
from app.files.new_map_dialog import ask_new_map
from app.tools import TOOLS
from app.tools.cell_actions import CELL_ACTIONS
from app.tools.point_actions import POINT_ACTIONS
from app.window.desktop_entry import install_desktop_entry
from app.window.menus import Command, CommandTable, Menu
from app.window.paint_commands import mirror_commands, terrain_commands
from app.window.view_commands import seeing_commands, split_results_command
from maps.samples import SAMPLES, load_sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.base.preferences import Preferences, Theme
    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.files.editor_link import EditorLink
    from app.files.file_actions import Files
    from app.panels.classes import ClassesPanel
    from app.panels.layers import LayersPanel
    from app.panels.results import ResultsPanel
    from app.run.controller import RunController
    from app.run.results import ResultsController
    from app.run.snapping import Snapping
    from app.run.split import SplitView
    from app.window.docks import Docks
    from app.window.help import Help
    from app.window.hover_card import HoverCard
    from app.window.stamps import Stamps
    from app.window.tile_costs import TileCosts
    from app.window.tool_choice import ToolChoice
    from app.window.underlay import UnderlayControl
    from maps.document import MapDocument

Keys = QKeySequence.StandardKey


@dataclass(frozen=True, eq=False)
class Workbench:
    """What the commands of a window work on. preferences: None remembers nothing."""

    window: QMainWindow
    model: DocumentModel
    files: Files
    link: EditorLink
    tile_costs: TileCosts
    canvas: Canvas
    tools: ToolChoice
    run: RunController
    results: ResultsController
    results_panel: ResultsPanel
    layers: LayersPanel
    classes: ClassesPanel
    snapping: Snapping
    card: HoverCard
    split: SplitView
    stamps: Stamps
    docks: Docks
    underlay: UnderlayControl
    help: Help
    preferences: Preferences | None


class Commands(QObject):
    """The commands of a window. find: shows them all in the command palette."""

    def __init__(self, bench: Workbench, find: Callable[[], None]) -> None:
        super().__init__(bench.window)
        self._bench, self._find = bench, find
        self._theme: Theme = bench.preferences.theme if bench.preferences else "system"

    def table(self) -> CommandTable:
        """Return the table, from which menus, tool bar, keys and command palette are made."""
        return CommandTable((self._file(), self._edit(), self._view(), self._run(), self._help()), self._tools())

    def _file(self) -> Menu:
        files, link = self._bench.files, self._bench.link
        return Menu(
            self.tr("&File"),
            (
                Command(self.tr("&New…"), self._new, Keys.New),
                Command(self.tr("&Open…"), files.ask_open, Keys.Open),
                Command(
                    self.tr("Open a &table or grid…"),
                    files.ask_open_table,
                    tip=self.tr("Say how a table, heights or a picture are to be read"),
                ),
                Menu(self.tr("Open &recent"), self._recent),
                Menu(
                    self.tr("Open a s&ample"),
                    [
                        Command(title, partial(self._open_sample, name), tip=words)
                        for name, (title, words) in SAMPLES.items()
                    ],
                ),
                Command(
                    self.tr("Open another &level…"),
                    files.open_level,
                    tip=self.tr("Choose among the levels of the open map's file"),
                    enabled=lambda: files.has_levels,
                ),
                None,
                Command(self.tr("&Save"), files.save, Keys.Save),
                Command(self.tr("Save &as…"), files.save_as, "Ctrl+Shift+S"),
                Command(self.tr("&Export…"), self._export, "Ctrl+E"),
                Command(
                    self.tr("Export for a &game engine…"),
                    self._export_for_engine,
                    "Ctrl+Shift+E",
                    tip=self.tr("Files that Godot, Unity, Unreal, Phaser, Bevy, Tiled or LDtk read"),
                ),
                Command(
                    self.tr("Save for the en&gine on every apply"),
                    link.toggle_saving,
                    tip=self.tr("Write the file of the map's editor whenever a result is applied; engines follow"),
                    enabled=lambda: link.editor_file is not None,
                    checked=lambda: link.saves_on_apply,
                ),
                None,
                Command(self.tr("&Quit"), self._bench.window.close, Keys.Quit),
            ),
        )

    def _edit(self) -> Menu:
        model, canvas = self._bench.model, self._bench.canvas
        painting = model, self._bench.tools, canvas
        return Menu(
            self.tr("&Edit"),
            (
                Command(self.tr("&Undo"), model.undo, Keys.Undo, enabled=lambda: model.history.can_undo),
                Command(
                    self.tr("&Redo"),
                    model.redo,
                    "Ctrl+Shift+Z",
                    other_key="Ctrl+Y",
                    enabled=lambda: model.history.can_redo,
                ),
                None,
                Menu(
                    self.tr("&Cells"),
                    [
                        Command(action.title, partial(canvas.cell_action, name), widget_key=action.shortcut)
                        for name, action in CELL_ACTIONS.items()
                    ],
                ),
                Menu(
                    self.tr("&Points"),
                    [
                        # Elsewhere than on the canvas these keys belong to lists and fields.
                        Command(action.title, partial(canvas.point_action, name), widget_key=action.shortcut)
                        for name, action in POINT_ACTIONS.items()
                    ],
                ),
                None,
                self._bench.stamps.menu(),
                Command(self.tr("Larger brush"), partial(canvas.change_size, 1), "]"),
                Command(self.tr("Smaller brush"), partial(canvas.change_size, -1), "["),
                Command(self.tr("Swap terrains or costs"), canvas.swap_costs, "X"),
                Menu(
                    self.tr("&Mirror painting"),
                    mirror_commands(*painting),
                    one_of=True,
                ),
                Menu(
                    self.tr("Paint with a &terrain"),
                    partial(terrain_commands, *painting),
                ),
                None,
                Command(
                    self.tr("T&iles and their costs…"),
                    self._bench.tile_costs.open,
                    tip=self.tr("Say which terrain each tile is, what terrains cost, and who can go there"),
                ),
                Command(
                    self.tr("S&nap to my terrains"),
                    self._bench.snapping.snap_map,
                    tip=self.tr("Give every cell the terrain of the palette whose cost is nearest to its own"),
                ),
            ),
        )

    def _view(self) -> Menu:
        docks, classes = self._bench.docks, self._bench.classes
        themes: tuple[tuple[Theme, str], ...] = (
            ("system", self.tr("As the system")),
            ("dark", self.tr("Dark")),
            ("light", self.tr("Light")),
        )
        return Menu(
            self.tr("&View"),
            (
                Command(self.tr("&Fit the map"), self._bench.canvas.fit, "0"),
                Command(
                    self.tr("&Terrain colours"),
                    partial(self._bench.layers.toggle, "terrain"),
                    "C",
                    tip=self.tr("Show the map in the colours of its terrains, or in those of its costs"),
                    checked=lambda: "terrain" in self._bench.canvas.visible_layers,
                ),
                Command(
                    self.tr("&Reach of the class"),
                    classes.reach.toggle,
                    tip=self.tr("Shade the cells where the class that is chosen in its panel cannot go"),
                    enabled=lambda: classes.chosen is not None,
                    checked=lambda: classes.shows_reach,
                ),
                *seeing_commands(self._bench.card, self._bench.split),
                Command(
                    self.tr("Picture &underlay…"),
                    self._bench.underlay.open_dialog,
                    tip=self.tr("Lay a picture over the map to trace it; it is no part of the map"),
                ),
                Command(self.tr("Find a &command…"), self._find, "Ctrl+Shift+P"),
                None,
                *(Command(dock.text(), dock.trigger, checked=dock.isChecked) for dock in docks.toggles),
                Command(self.tr("Arrange docks as at first"), docks.arrange_as_at_first),
                None,
                Menu(
                    self.tr("&Theme"),
                    [
                        Command(text, partial(self._choose_theme, theme), checked=partial(self._is_theme, theme))
                        for theme, text in themes
                    ],
                    one_of=True,
                ),
            ),
        )

    def _run(self) -> Menu:
        run = self._bench.run
        return Menu(
            self.tr("&Run"),
            (
                Command(
                    self.tr("&Run or pause"),
                    run.start_or_pause,
                    "Ctrl+Return",
                    enabled=lambda: run.can_start_or_pause,
                ),
                Command(self.tr("One &step"), run.step, "Ctrl+.", enabled=lambda: run.can_step),
                Command(self.tr("S&top"), run.stop, "Ctrl+Backspace", enabled=lambda: run.can_stop),
                None,
                Command(
                    self.tr("&Apply the result"),
                    self._bench.results.apply_run,
                    "Ctrl+Shift+Return",
                    enabled=lambda: self._bench.results.can_apply_run,
                ),
                Command(self.tr("Re&vert to the drawn map"), run.revert, enabled=lambda: run.can_revert),
                None,
                Menu(self.tr("Chosen &result"), self._results()),
            ),
        )

    def _results(self) -> list[Command]:
        results, panel = self._bench.results, self._bench.results_panel

        def one() -> bool:
            return len(panel.chosen) == 1

        return [
            Command(self.tr("&View or leave the result"), panel.view_chosen, widget_key="Return", enabled=one),
            Command(self.tr("Show the &drawn map"), panel.show_drawn, enabled=lambda: not results.drawn_in_view),
            Command(self.tr("&Compare results…"), panel.compare, enabled=lambda: 1 <= len(panel.chosen) <= 2),
            split_results_command(panel, self._bench.split),
            Command(self.tr("A&pply the chosen result"), panel.apply, enabled=one),
            Command(self.tr("&Fork from the result"), panel.fork, enabled=one),
            Command(self.tr("&Snap the result to my terrains"), panel.snap, enabled=one),
            Command(self.tr("&Rename the result"), self._rename_result, widget_key="F2", enabled=one),
            Command(
                self.tr("De&lete results…"), panel.delete, widget_key="Del", enabled=lambda: bool(panel.chosen)
            ),
        ]

    def _help(self) -> Menu:
        return Menu(
            self.tr("&Help"),
            (
                Command(
                    self.tr("&What this does"),
                    self._bench.help.open_chosen,
                    "F1",
                    tip=self.tr("Read the page of what is chosen in the run dock"),
                ),
                Menu(
                    self.tr("&Pages"),
                    [
                        Command(self.tr("Help: {}").format(title), partial(self._bench.help.open, page))
                        for page, title in self._bench.help.titles().items()
                    ],
                ),
                None,
                Command(self.tr("&Keys and commands…"), self._find),
                Command(self.tr("Add Longcut to the desktop's &menu"), self._install_desktop_entry),
                Command(self.tr("&About Longcut"), self._about),
            ),
        )

    def _tools(self) -> list[Command]:
        return [
            Command(
                entry.title,
                partial(self._bench.tools.choose, tool),
                entry.shortcut,
                tip=f"<b>{entry.title}</b> ({entry.shortcut})<br>{entry.hint}",
                icon=tool,
                checked=partial(self._is_tool, tool),
            )
            for tool, entry in TOOLS.items()
        ]

    # What takes more than a call

    def _new(self) -> None:
        document = ask_new_map(self._bench.window)
        if document is not None:
            self._bench.files.adopt(document)

    def _export(self) -> None:
        self._bench.files.export(self._result())

    def _export_for_engine(self) -> None:
        self._bench.files.engines.ask(self._result())

    def _result(self) -> MapDocument | None:
        """Return the kept result in view, else that of the run."""
        in_view = self._bench.results.in_view
        return self._bench.run.result_document() if in_view is None else in_view.after

    def _rename_result(self) -> None:
        self._bench.docks.bring_to_front(self._bench.results_panel)
        self._bench.results_panel.rename()

    def _open_sample(self, name: str) -> None:
        self._bench.files.adopt(load_sample(name))

    def _recent(self) -> list[Command]:
        files = self._bench.files
        return [
            Command(f"{path.name}   –   {path.parent}".replace("&", "&&"), partial(files.open, path))
            for path in files.recent
        ]

    def _is_tool(self, tool: str) -> bool:
        return self._bench.canvas.tool == tool

    def _is_theme(self, theme: Theme) -> bool:
        return self._theme == theme

    def _choose_theme(self, theme: Theme) -> None:
        self._theme = theme
        qapp = QApplication.instance()
        assert isinstance(qapp, QApplication)
        apply_style(qapp, {"dark": True, "light": False}.get(theme))
        if self._bench.preferences:
            self._bench.preferences.theme = theme

    def _install_desktop_entry(self) -> None:
        try:
            told = install_desktop_entry()
        except OSError as error:
            told = self.tr("The entry could not be written: {}").format(error)
        QMessageBox.information(self._bench.window, self.tr("Desktop entry"), told)

    def _about(self) -> None:
        QMessageBox.about(
            self._bench.window,
            self.tr("About Longcut"),
            self.tr(
                "<h3>Longcut</h3><p>Paint a game map, and let differentiable shortest paths and optimal "
                "transport reshape it, live.</p><p>MIT licence. Built on Qt (PySide6, LGPL), PyTorch, NumPy, "
                "SciPy, Numba and pyqtgraph.</p>"
            ),
        )
