"""Starting the window: one QApplication, one main window, the engine warmed up behind it."""

import os
import sys
import threading
from pathlib import Path

from PySide6.QtCore import QStandardPaths, QTimer
from PySide6.QtWidgets import QApplication

from app.base.preferences import Preferences
from app.base.style import apply_style
from app.files.opening import Opened, file_of_level, open_map
from app.files.recovery_dialog import ask_recovery
from app.run.warm_up import warm_up_in_background
from app.window.main_window import MainWindow
from engine.core.cancel import StopFlag
from maps.errors import MapFormatError
from maps.recovery import left_behind
from maps.samples import load_sample

LEAVING = 0.2  # seconds that a thread is given to end after the window


def open_window(path: Path | None = None, level: str = "") -> int:
    """Show the window, empty or with the map at `path`, or a level of that; returns the exit code."""
    presets = preset_home()
    try:
        opened = None
        if path is not None:
            path, level = file_of_level(path, level)
            opened = open_map(path, presets, level)
    except MapFormatError as error:
        print(f"longcut: {error}", file=sys.stderr)
        return 2
    preferences = Preferences()
    qapp = _application(preferences.theme)
    home = recovery_home()
    contents = None if opened is None else opened.contents
    window = MainWindow(
        None if contents is None else contents.document,
        path,
        preferences,
        results=() if contents is None else contents.results,
        recovery=home,
        presets=presets,
        stamps=stamp_home(),
    )
    window.show()
    # Once the window is on the screen, so that nothing delays it.
    QTimer.singleShot(0, lambda: _look_around(window, path, home, opened))
    closed = StopFlag()
    # Before anything is measured, as that imports, too; the first frame is drawn meanwhile.
    warm_up_in_background(closed)
    code = qapp.exec()
    closed.set()
    return _without_threads(code)


def recovery_home() -> Path:
    """Return the user's own folder for work that a crash would cost."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "recovery"


def preset_home() -> Path:
    """Return the user's own folder for what was said of sets of tiles."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "tilesets"


def stamp_home() -> Path:
    """Return the user's own folder of stamps."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "stamps"


def _look_around(window: MainWindow, path: Path | None, home: Path, opened: Opened | None) -> None:
    """Take the file of the open map, tell of it, and offer what an earlier session left behind."""
    if path is not None and opened is not None and window.files.hold(path):
        window.files.tell_opened(path, opened)
    window.stamps.tell_refused()
    chosen = ask_recovery(window, left_behind(home))
    if chosen is not None and window.files.take_over(chosen[1]) and window.autosave is not None:
        window.autosave.inherit(chosen[0])


def show_demo(sample: str, seconds: float | None, picture: Path | None, theme: str, size: tuple[int, int]) -> int:
    """Show the window on a sample map with a run on it.

    It closes by itself after `seconds`, or once a picture is saved.

    Nothing of it is remembered for the next start. Returns the exit code, 2 if the picture cannot be saved.
    """
    qapp = _application(theme)
    window = MainWindow(load_sample(sample), None, None)
    window.resize(*size)
    window.show()
    code = 0

    def end() -> None:
        nonlocal code
        qapp.processEvents()  # what waits to be drawn
        if picture is not None and not window.grab().save(str(picture)):
            print(f"longcut: {picture}: cannot be written; is the ending .png?", file=sys.stderr)
            code = 2
        window.abandon()

    QTimer.singleShot(0, window.controller.start_or_pause)
    if seconds is not None or picture is not None:
        QTimer.singleShot(round(1000 * (10.0 if seconds is None else seconds)), end)
    qapp.exec()
    return _without_threads(code)


def _without_threads(code: int) -> int:
    """Return the exit code, or end the process with it at once where a thread still computes.

    Everything is saved and shut down by now, but compiling, an import or a library's solver cannot be cut short.
    If Python shut itself down under such a thread, it would unwind the thread's C++ frames as soon as it asks for
    the interpreter, and C++ then aborts the process: "terminate called without an active exception".
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(LEAVING)
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
    return code


def _application(theme: str) -> QApplication:
    qapp = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(qapp, QApplication)
    qapp.setApplicationName("Longcut")
    qapp.setOrganizationName("Longcut")
    qapp.setDesktopFileName("longcut")
    apply_style(qapp, {"dark": True, "light": False}.get(theme))
    return qapp
