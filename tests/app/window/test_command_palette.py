"""The command palette: typing filters, arrows move, Enter runs, the focus returns."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMainWindow, QWidget

from app.window.command_palette import CommandPalette

KEY = Qt.Key
NAMES = {"&Open…": "Ctrl+O", "Save": "Ctrl+S", "&Undo": "Ctrl+Z", "Run or &pause": "Ctrl+Return", "Brush": "B"}


class Window(QMainWindow):
    """A window with commands, which notes those that ran and where the focus was."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[tuple[str, QWidget | None]] = []
        self.commands: list[QAction] = []


@pytest.fixture
def window(qtbot):
    made = Window()
    QLineEdit(made)  # another widget that could take the focus
    line = QLineEdit()
    made.setCentralWidget(line)
    qtbot.addWidget(made)
    made.resize(800, 600)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()  # where no window manager does it
    line.setFocus()
    for text, shortcut in NAMES.items():
        action = QAction(text, made)
        action.setShortcut(shortcut)
        action.triggered.connect(lambda _, name=text: made.ran.append((name, made.focusWidget())))
        made.commands.append(action)
    return made


@pytest.fixture
def palette(window):
    made = CommandPalette(window)
    made.open_for(window.commands)
    return made


def rows(palette):
    return [palette.list.topLevelItem(n).text(0) for n in range(palette.list.topLevelItemCount())]


def test_all_commands_are_listed_with_their_keys(palette):
    assert rows(palette) == ["Open…", "Save", "Undo", "Run or pause", "Brush"]
    assert [palette.list.topLevelItem(n).text(1) for n in range(5)] == list(NAMES.values())
    assert palette.isVisible()
    assert palette.field.hasFocus()
    assert palette.parentWidget().rect().contains(palette.geometry())


@pytest.mark.parametrize(
    ("typed", "found"),
    [("un", ["Undo", "Run or pause"]), ("pause RUN", ["Run or pause"]), ("sa", ["Save"]), ("&", []), (" ", None)],
)
def test_typing_keeps_what_has_all_words_best_first(palette, typed, found):
    QTest.keyClicks(palette.field, typed)
    assert rows(palette) == (["Open…", "Save", "Undo", "Run or pause", "Brush"] if found is None else found)
    assert palette.none.isVisible() == (found == [])
    QTest.keyClick(palette.field, KEY.Key_Return)  # runs the first, or nothing
    assert len(palette.parentWidget().ran) == (found != [])


def test_enter_runs_the_current_command_with_the_focus_where_it_was(window, palette):
    QTest.keyClicks(palette.field, "br")
    QTest.keyClick(palette.field, KEY.Key_Return)
    assert window.ran == [("Brush", window.centralWidget())]
    assert not palette.isVisible()


def test_arrows_go_round_and_pass_disabled_commands(window, palette):
    window.commands[0].setEnabled(False)
    window.commands[2].setEnabled(False)
    palette.open_for(window.commands)
    seen = [palette.list.currentItem().text(0)]
    for key in (KEY.Key_Down, KEY.Key_Down, KEY.Key_Down, KEY.Key_Up, KEY.Key_PageUp, KEY.Key_PageDown):
        QTest.keyClick(palette.field, key)
        seen.append(palette.list.currentItem().text(0))
    assert seen == ["Save", "Run or pause", "Brush", "Save", "Brush", "Save", "Brush"]


def test_a_disabled_command_cannot_be_run(window, palette):
    window.commands[1].setEnabled(False)
    palette.open_for(window.commands)
    at = palette.list.visualItemRect(palette.list.topLevelItem(1)).center()
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.keyClicks(palette.field, "save")
    QTest.keyClick(palette.field, KEY.Key_Return)
    assert window.ran == []


def test_a_click_runs_a_command(window, palette):
    at = palette.list.visualItemRect(palette.list.topLevelItem(3)).center()
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert [name for name, _ in window.ran] == ["Run or &pause"]
    assert not palette.isVisible()


def test_escape_and_losing_the_focus_close_it(window, palette):
    QTest.keyClick(palette.field, KEY.Key_Escape)
    assert not palette.isVisible()
    assert window.centralWidget().hasFocus()
    palette.open_for(window.commands)
    window.centralWidget().setFocus()
    assert not palette.isVisible()
    assert window.ran == []


def test_it_opens_empty_again_and_marks_what_is_on(window, palette):
    QTest.keyClicks(palette.field, "br")
    QTest.keyClick(palette.field, KEY.Key_Escape)
    window.commands[4].setCheckable(True)
    window.commands[4].setChecked(True)
    palette.open_for([*window.commands, window.commands[0]])
    assert palette.field.text() == ""
    assert rows(palette) == ["Open…", "Save", "Undo", "Run or pause", "✓ Brush"]


def test_separators_and_nameless_actions_are_left_out(window, palette):
    separator = QAction(window)
    separator.setSeparator(True)
    palette.open_for([separator, QAction(window), QAction("Salt && pepper", window)])
    assert rows(palette) == ["Salt & pepper"]
