"""The table of docks, and their arrangement."""

import pytest
from PySide6.QtWidgets import QDockWidget, QLabel

from app.base.preferences import Preferences
from app.window.docks import BELOW, Dock, Panels
from app.window.main_window import MainWindow
from tests.present import present


def made_window(qtbot, path):
    made = MainWindow(None, None, Preferences(path))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def dock(window, name):
    return present(window.findChild(QDockWidget, name))


def toggle(window, title):
    """Choose the command that shows or hides a dock."""
    next(entry for entry in window.menus.commands() if entry.text() == title and entry.isCheckable()).trigger()


@pytest.fixture
def toys(monkeypatch):
    """One more entry in the table of docks."""
    honest = Panels.table
    entry = Dock("toys", "Toys", QLabel("a toy"), BELOW)
    monkeypatch.setattr(Panels, "table", lambda panels: (*honest(panels), entry))
    return entry


def test_one_entry_is_a_dock_a_command_and_remembered(qtbot, tmp_path, monkeypatch, toys):
    path = tmp_path / "preferences.ini"
    window = made_window(qtbot, path)
    shown = dock(window, "toys")
    assert shown.widget() is toys.panel
    assert shown in window.tabifiedDockWidgets(dock(window, "progress"))
    window.docks.bring_to_front(toys.panel)
    qtbot.waitUntil(toys.panel.isVisible)
    toggle(window, "Toys")
    assert shown.isHidden()
    window.close()
    honest = Panels.table
    again = Dock("toys", "Toys", QLabel("another"), BELOW)
    monkeypatch.setattr(Panels, "table", lambda panels: (*honest(panels)[:-1], again))
    window = made_window(qtbot, path)
    assert dock(window, "toys").isHidden()
    assert not dock(window, "history").isHidden()
    toggle(window, "Toys")
    assert not dock(window, "toys").isHidden()
    window.close()


def test_the_first_of_each_stack_is_in_front(qtbot, tmp_path):
    window = made_window(qtbot, tmp_path / "preferences.ini")
    panels = window.panels
    qtbot.waitUntil(panels.layers.isVisible)
    assert panels.run.isVisible()
    assert panels.progress.isVisible()
    for behind in (panels.terrain, panels.map_settings, panels.history, panels.plan, panels.gallery):
        assert behind.visibleRegion().isEmpty()
    window.close()


def test_docks_come_back_to_where_they_were_at_first(qtbot, tmp_path):
    window = made_window(qtbot, tmp_path / "preferences.ini")
    before = window.panels.run.size()
    for title in ("Run", "Progress", "History"):
        toggle(window, title)
    assert dock(window, "run").isHidden()
    window.docks.arrange_as_at_first()
    assert not any(dock(window, entry.name).isHidden() for entry in window.panels.table())
    assert (window.panels.run.size(), window.menus.tool_bar.isVisible()) == (before, True)
    window.close()
