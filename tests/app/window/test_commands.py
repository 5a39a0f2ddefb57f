"""The table of commands: what is in it is in the menus, in the command palette, and has its keys."""

from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QMessageBox

from app.base.preferences import Preferences
from app.window.commands import Commands
from app.window.main_window import MainWindow
from app.window.menus import Command, CommandTable, Menu, Menus
from maps.document import Route, new_document
from maps.formats import write_map
from maps.samples import SAMPLES
from maps.terrain_edits import remove_palette_terrain


def shown_window(qtbot, monkeypatch, preferences=None):
    document = new_document(16, 16, name="test").replace(routes=(Route("route", (8, 1), (8, 14)),))
    made = MainWindow(document, None, preferences)
    made.panels.run.form.controls["steps"].set_value(60)
    discard = QMessageBox.StandardButton.Discard
    qtbot.addWidget(
        made, before_close_func=lambda w: monkeypatch.setattr(QMessageBox, "question", lambda *_: discard)
    )
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()  # where no window manager does it
    return made


@pytest.fixture
def window(qtbot, monkeypatch):
    return shown_window(qtbot, monkeypatch)


def action(window, text):
    """The action of a command by its text."""
    found = [entry for entry in window.menus.commands() if entry.text().replace("&", "") == text]
    assert len(found) == 1, text
    return found[0]


def menu_of(bar, title):
    menu = next(entry.menu() for entry in bar.actions() if entry.text().replace("&", "") == title)
    assert isinstance(menu, QMenu)
    return menu


def palette_rows(window):
    rows = window.menus._palette.list
    return [(rows.topLevelItem(n).text(0), rows.topLevelItem(n).text(1)) for n in range(rows.topLevelItemCount())]


def test_one_entry_puts_a_command_into_menu_palette_and_keys(qtbot, monkeypatch):
    done = []
    honest = Commands.table

    def with_toy(commands):
        model = commands._bench.model
        toy = Command(
            "&Toy trick", lambda: done.append(1), "Ctrl+T", tip="Does a trick",
            enabled=lambda: model.history.can_undo, checked=lambda: bool(done),
        )  # fmt: skip
        table = honest(commands)
        return replace(table, menus=(*table.menus, Menu("To&ys", (toy,))))

    monkeypatch.setattr(Commands, "table", with_toy)
    window = shown_window(qtbot, monkeypatch)
    entry = menu_of(window.menuBar(), "Toys").actions()[0]
    assert (entry.text(), entry.toolTip(), entry.isChecked()) == ("&Toy trick", "Does a trick", False)
    window.canvas.setFocus()
    control = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(window, Qt.Key.Key_T, control)
    assert done == [], "it is not possible yet"
    window.model.edit("Rename", window.model.document.replace(name="other"))
    QTest.keyClick(window, Qt.Key.Key_T, control)
    assert done == [1]
    assert entry.isChecked()
    window.menus.find_command()
    field = window.menus._palette.field
    QTest.keyClicks(field, "trick")
    assert palette_rows(window) == [("✓ Toy trick", "Ctrl+T")]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert done == [1, 1]


def test_every_command_of_the_menus_and_the_tool_bar_is_in_the_palette(window):
    def texts(menu):
        for entry in menu.actions():
            below = entry.menu()
            if isinstance(below, QMenu):
                yield from texts(below)
            elif not entry.isSeparator():
                yield entry.text().partition("\t")[0].replace("&", "")

    wanted = [text for top in window.menuBar().actions() for text in texts(top.menu())]
    wanted += [entry.text() for entry in window.menus.tool_bar.actions()]
    window.menus.find_command()
    listed = [name.removeprefix("✓ ") for name, _ in palette_rows(window)]
    assert listed == wanted
    assert len(wanted) > 60
    assert {"Undo", "Brush", "Plan", "Cut points", "Dark"} <= set(wanted)


def test_a_key_that_the_canvas_listens_to_is_named_in_the_palette_but_not_taken_from_fields(window):
    window.menus.find_command()
    assert ("Copy points", "Ctrl+C") in palette_rows(window)
    assert action(window, "Copy points\tCtrl+C").shortcut().isEmpty()


def test_every_menu_command_has_a_name_and_no_key_twice(window):
    commands = window.menus.commands()
    assert all(action.text() for action in commands)
    keys = [key.toString() for action in commands for key in action.shortcuts()]
    assert len(keys) == len(set(keys))


def test_keys_choose_tools_and_start_a_run(qtbot, window):
    window.canvas.setFocus()
    for key, tool in ((Qt.Key.Key_W, "wall"), (Qt.Key.Key_B, "brush"), (Qt.Key.Key_L, "line")):
        QTest.keyClick(window, key)
        assert window.canvas.tool == tool
    size = window.canvas.options.size
    QTest.keyClick(window, Qt.Key.Key_BracketRight)
    assert window.canvas.options.size > size
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.run.busy
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=30_000)


def test_a_key_switches_between_terrain_and_cost_colours(window):
    window.canvas.setFocus()
    assert window.canvas._scene.map.shown == "terrain"
    QTest.keyClick(window, Qt.Key.Key_C)
    assert window.canvas._scene.map.shown == "cost"
    assert not window.panels.layers.switches["terrain"].isChecked(), "the switch follows"
    QTest.mouseClick(window.panels.layers.switches["terrain"], Qt.MouseButton.LeftButton)
    assert window.canvas._scene.map.shown == "terrain"


def test_terrains_are_commands_and_follow_the_palette(window):
    def terrains():
        names = {terrain.name for terrain in window.model.document.palette}
        return {action.text(): action for action in window.menus.commands() if action.text() in names}

    assert terrains()["rock"].shortcut().toString() == "6"
    terrains()["rock"].trigger()
    assert window.panels.terrain.active == 5
    window.model.edit("Remove", remove_palette_terrain(window.model.document, 0))
    assert terrains()["rock"].shortcut().toString() == "5"
    assert "road" not in terrains()
    assert terrains()["rock"].isChecked()


def test_recent_files_are_in_the_menu(qtbot, tmp_path):
    write_map(new_document(9, 9), tmp_path / "one.longcut")
    preferences = Preferences(tmp_path / "preferences.ini")
    window = MainWindow(None, None, preferences)
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.files.opened, timeout=10_000):
        window.files.open(tmp_path / "one.longcut")
    texts = [action.text() for action in window.menus.commands()]
    assert any(text.startswith("one.longcut") for text in texts)
    window.close()
    again = MainWindow(None, None, Preferences(tmp_path / "preferences.ini"))
    qtbot.addWidget(again)
    assert any(action.text().startswith("one.longcut") for action in again.menus.commands())
    again.close()


def test_undo_and_redo_can_be_chosen_when_there_is_something_to_undo(window):
    undo, redo = action(window, "Undo"), action(window, "Redo")
    states = [(undo.isEnabled(), redo.isEnabled())]
    for change in (
        lambda: window.model.edit("Rename", window.model.document.replace(name="other")),
        undo.trigger,
        redo.trigger,
    ):
        change()
        states.append((undo.isEnabled(), redo.isEnabled()))
    assert states == [(False, False), (True, False), (False, True), (True, False)]


def test_either_key_redoes(window):
    window.canvas.setFocus()
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    window.model.edit("Rename", window.model.document.replace(name="other"))
    for key, held in ((Qt.Key.Key_Y, control), (Qt.Key.Key_Z, control | shift)):
        QTest.keyClick(window, Qt.Key.Key_Z, control)
        assert window.model.document.name == "test"
        QTest.keyClick(window, key, held)
        assert window.model.document.name == "other"


def test_commands_of_a_run_follow_its_state(qtbot, window):
    texts = ("One step", "Stop", "Apply the result", "Revert to the drawn map")

    def possible():
        return [action(window, text).isEnabled() for text in texts]

    assert possible() == [False, False, False, False]
    window.panels.run.form.controls["steps"].set_value(100_000)
    action(window, "Run or pause").trigger()
    assert possible() == [True, True, False, False]
    qtbot.waitUntil(lambda: window.run.step > 2, timeout=60_000)
    action(window, "Stop").trigger()
    qtbot.waitUntil(lambda: window.run.state == "ended", timeout=60_000)
    assert possible() == [False, False, True, True]
    action(window, "Revert to the drawn map").trigger()
    assert possible() == [False, False, False, False]


def test_exactly_one_theme_is_on_and_it_is_remembered(qtbot, monkeypatch, tmp_path, dress):
    dress(True)
    preferences = Preferences(tmp_path / "preferences.ini")
    window = shown_window(qtbot, monkeypatch, preferences)
    themes = ("As the system", "Dark", "Light")

    def on():
        return [text for text in themes if action(window, text).isChecked()]

    assert on() == ["As the system"]
    for text in ("Light", "Light", "Dark"):
        action(window, text).trigger()
        assert on() == [text]
    assert preferences.theme == "dark"


def test_samples_open_and_say_what_they_are(window):
    for title, words in SAMPLES.values():
        assert action(window, title).toolTip() == words
    action(window, SAMPLES["river"][0]).trigger()
    assert window.model.document.shape == (64, 64)


def test_menus_whose_commands_come_and_go_are_made_anew(qtbot):
    window, texts, done = QMainWindow(), ["one"], []
    qtbot.addWidget(window)
    window.setCentralWidget(QLabel())
    recent = Menu("Recent", lambda: [Command(text, partial(done.append, text)) for text in texts])
    menus = Menus(window, CommandTable((Menu("File", (recent, None, Command("Quit", window.close))),)))
    assert [entry.text() for entry in menus.commands()] == ["one", "Quit"]
    shown = menu_of(menu_of(window.menuBar(), "File"), "Recent")
    texts.append("two")
    menus.refill()
    assert [entry.text() for entry in menus.commands()] == ["one", "two", "Quit"]
    shown.actions()[1].trigger()
    assert done == ["two"]
    texts.clear()
    menus.refill()
    assert not shown.isEnabled()
    assert [entry.text() for entry in menus.commands()] == ["Quit"]
