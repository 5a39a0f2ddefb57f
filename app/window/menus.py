"""The menus: every command with its text and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox

from app.base.style import apply_style
from app.files.new_map_dialog import ask_new_map
from app.tools.point_actions import POINT_ACTIONS
from app.window.command_palette import CommandPalette
from app.window.desktop_entry import install_desktop_entry
from maps.samples import SAMPLES, load_sample

if TYPE_CHECKING:
    from app.window.main_window import MainWindow

Keys = QKeySequence.StandardKey


class Menus(QObject):
    """Made once for a window; keeps what is enabled up to date."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._palette = CommandPalette(window)
        self._make_file()
        self._make_edit()
        self._make_view()
        self._make_run()
        self._make_help()
        window.model.history_changed.connect(self._show_history)
        window.run.state_changed.connect(self._show_run)
        window.files.recent_changed.connect(self._show_recent)
        self._show_history()
        self._show_run()
        self._show_recent()

    def _make_file(self) -> None:
        window, files = self._window, self._window.files
        menu = window.menuBar().addMenu(self.tr("&File"))
        menu.addAction(self.tr("&New…"), QKeySequence(Keys.New), self._new)
        menu.addAction(self.tr("&Open…"), QKeySequence(Keys.Open), files.ask_open)
        self._recent = menu.addMenu(self.tr("Open &recent"))
        samples = menu.addMenu(self.tr("Open a s&ample"))
        samples.setToolTipsVisible(True)
        for name, (title, words) in SAMPLES.items():
            action = samples.addAction(title, lambda chosen=name: files.adopt(load_sample(chosen)))
            action.setToolTip(words)
        menu.addSeparator()
        menu.addAction(self.tr("&Save"), QKeySequence(Keys.Save), files.save)
        menu.addAction(self.tr("Save &as…"), QKeySequence("Ctrl+Shift+S"), files.save_as)
        menu.addAction(self.tr("&Export…"), QKeySequence("Ctrl+E"), lambda: files.export(window.result_document()))
        menu.addSeparator()
        menu.addAction(self.tr("&Quit"), QKeySequence(Keys.Quit), window.close)

    def _make_edit(self) -> None:
        window, canvas = self._window, self._window.canvas
        menu = window.menuBar().addMenu(self.tr("&Edit"))
        self._undo = menu.addAction(self.tr("&Undo"), QKeySequence(Keys.Undo), window.model.undo)
        self._redo = menu.addAction(self.tr("&Redo"), QKeySequence("Ctrl+Shift+Z"), window.model.redo)
        menu.addSeparator()
        points = menu.addMenu(self.tr("&Points"))
        for name, entry in POINT_ACTIONS.items():
            # The canvas listens to these keys itself: elsewhere they belong to lists and fields.
            points.addAction(f"{entry.title}\t{entry.shortcut}", lambda chosen=name: canvas.point_action(chosen))
        menu.addSeparator()
        menu.addAction(self.tr("Larger brush"), QKeySequence("]"), lambda: canvas.change_size(1))
        menu.addAction(self.tr("Smaller brush"), QKeySequence("["), lambda: canvas.change_size(-1))
        menu.addAction(self.tr("Swap costs"), QKeySequence("X"), canvas.swap_costs)

    def _make_view(self) -> None:
        window = self._window
        menu = window.menuBar().addMenu(self.tr("&View"))
        menu.addAction(self.tr("&Fit the map"), QKeySequence("0"), window.canvas.fit)
        menu.addAction(self.tr("Find a &command…"), QKeySequence("Ctrl+Shift+P"), self.find_command)
        menu.addSeparator()
        for dock in window.docks.values():
            menu.addAction(dock.toggleViewAction())
        menu.addAction(
            self.tr("Arrange docks as at first"), lambda: window.restoreState(window.first_arrangement, 1)
        )
        menu.addSeparator()
        themes = menu.addMenu(self.tr("&Theme"))
        group = QActionGroup(themes)
        chosen = window.preferences.theme if window.preferences else "system"
        for name, text in (
            ("system", self.tr("As the system")),
            ("dark", self.tr("Dark")),
            ("light", self.tr("Light")),
        ):
            action = themes.addAction(text, lambda theme=name: self._choose_theme(theme))
            action.setCheckable(True)
            action.setChecked(name == chosen)
            group.addAction(action)

    def _make_run(self) -> None:
        window = self._window
        menu = window.menuBar().addMenu(self.tr("&Run"))
        menu.addAction(self.tr("&Run or pause"), QKeySequence("Ctrl+Return"), window.start_or_pause)
        self._step = menu.addAction(self.tr("One &step"), QKeySequence("Ctrl+."), window.run.single_step)
        self._stop = menu.addAction(self.tr("S&top"), QKeySequence("Ctrl+Backspace"), window.run.stop)
        menu.addSeparator()
        self._apply = menu.addAction(
            self.tr("&Apply the result"), QKeySequence("Ctrl+Shift+Return"), window.apply_result
        )
        self._revert = menu.addAction(self.tr("Re&vert to the drawn map"), window.revert)

    def _make_help(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&Help"))
        menu.addAction(self.tr("&Keys and commands…"), QKeySequence("F1"), self.find_command)
        menu.addAction(self.tr("Add Longcut to the desktop's &menu"), self._install_desktop_entry)
        menu.addAction(self.tr("&About Longcut"), self._about)

    def commands(self) -> list[QAction]:
        """Every command of the menus and the tool bar."""
        found: list[QAction] = []

        def collect(menu: QMenu) -> None:
            for action in menu.actions():
                inner = action.menu()
                if isinstance(inner, QMenu):
                    collect(inner)
                elif not action.isSeparator():
                    found.append(action)

        for action in self._window.menuBar().actions():
            top = action.menu()
            if isinstance(top, QMenu):
                collect(top)
        return [*found, *self._window.tool_actions.values()]

    def find_command(self) -> None:
        """Show all commands with their keys, to be filtered by typing."""
        self._palette.open_for(self.commands())

    def _new(self) -> None:
        document = ask_new_map(self._window)
        if document is not None:
            self._window.files.adopt(document)

    def _choose_theme(self, theme: str) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        apply_style(application, {"dark": True, "light": False}.get(theme))
        if self._window.preferences:
            self._window.preferences.theme = theme

    def _show_history(self) -> None:
        history = self._window.model.history
        self._undo.setEnabled(history.can_undo)
        self._redo.setEnabled(history.can_redo)

    def _show_run(self) -> None:
        run = self._window.run
        ended = run.state in ("ended", "failed")
        self._step.setEnabled(run.busy)
        self._stop.setEnabled(run.busy)
        self._apply.setEnabled(ended and run.result is not None)
        self._revert.setEnabled(ended)

    def _show_recent(self) -> None:
        self._recent.clear()
        for path in self._window.files.recent:
            text = f"{path.name}   –   {path.parent}".replace("&", "&&")
            self._recent.addAction(text, lambda chosen=path: self._window.files.open(chosen))
        self._recent.setEnabled(bool(self._recent.actions()))

    def _install_desktop_entry(self) -> None:
        try:
            told = install_desktop_entry()
        except OSError as error:
            told = self.tr("The entry could not be written: {}").format(error)
        QMessageBox.information(self._window, self.tr("Desktop entry"), told)

    def _about(self) -> None:
        QMessageBox.about(
            self._window,
            self.tr("About Longcut"),
            self.tr(
                "<h3>Longcut</h3><p>Paint a game map, and let differentiable shortest paths and optimal "
                "transport reshape it, live.</p><p>MIT licence. Built on Qt (PySide6, LGPL), PyTorch, NumPy, "
                "SciPy, Numba and pyqtgraph.</p>"
            ),
        )
