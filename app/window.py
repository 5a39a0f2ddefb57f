"""Starting the window: one QApplication, one main window, the engine warmed up behind it."""

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.run_model import warm_up_in_background
from app.style import apply_style
from maps.errors import MapFormatError
from maps.formats import read_map


def open_window(path: Path | None = None) -> int:
    """Show the window, empty or with the map at `path`; returns the exit code."""
    try:
        document = None if path is None else read_map(path)
    except MapFormatError as error:
        print(f"longcut: {error}", file=sys.stderr)
        return 2
    qapp = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(qapp, QApplication)
    qapp.setApplicationName("Longcut")
    apply_style(qapp)
    window = MainWindow(document, path)
    window.show()
    # Once the window is on the screen, so that nothing delays it.
    QTimer.singleShot(200, warm_up_in_background)
    return qapp.exec()
