"""Windows of tests close without a question."""

from pathlib import Path

from app.window.main_window import MainWindow


def let_it_close(window: MainWindow) -> None:
    """Take everything for saved, so that closing asks nothing."""
    window.model.mark_saved(window.model.contents, Path("saved.longcut"), window.model.session)
