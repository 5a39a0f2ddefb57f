"""What a command is, and the menus, tool bar, keys and command palette that are made of a table of commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QWidget

from app.base.icons import icon
from app.window.command_palette import CommandPalette

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True, eq=False)
class Command:
    """One thing that the designer can do by menu or tool bar, by its key, and from the command palette.

    text: its name; & stands before the letter that chooses it in an open menu. do: carries it out.
    key: its shortcut in the whole window; other_key: a second one. widget_key: a key
    to which a widget listens itself; it is only named.
    tip: what it does. icon: a file of assets/icons, without ".svg".
    enabled: whether it can be carried out now; None: always. checked: whether it is on; None: it is not checkable.
    """

    text: str
    do: Callable[[], object]
    key: str | QKeySequence.StandardKey = ""
    other_key: str = ""
    widget_key: str = ""
    tip: str = ""
    icon: str = ""
    enabled: Callable[[], bool] | None = None
    checked: Callable[[], bool] | None = None


@dataclass(frozen=True, eq=False)
class Menu:
    """A menu of commands and of menus below it, with None for a separator.

    entries: a function where they come and go. one_of: whether exactly one of the commands is on.
    """

    title: str
    entries: Sequence[Command | Menu | None] | Callable[[], Sequence[Command]]
    one_of: bool = False


@dataclass(frozen=True, eq=False)
class CommandTable:
    """Every command of a window. tools: those of the tool bar, of which exactly one is on."""

    menus: Sequence[Menu]
    tools: Sequence[Command] = ()


class Menus(QObject):
    """Gives a window the menus, the tool bar, the keys and the command palette of a table.

    What is enabled and what is on is read after each command, when a menu or the palette opens, and by `refresh`:
    call that when a command that has a key, or stands in the tool bar, may have become possible or gone on or off.
    """

    def __init__(self, window: QMainWindow, table: CommandTable) -> None:
        super().__init__(window)
        self._bar = window.menuBar()
        self._actions: dict[QAction, Command] = {}
        self._changing: list[tuple[QMenu, Menu]] = []
        self.tool_bar = ToolBar(window)
        self._palette = CommandPalette(window)
        for menu in table.menus:
            shown = self._bar.addMenu(menu.title)
            shown.aboutToShow.connect(self.refresh)
            self._fill(shown, menu)
        group = QActionGroup(self)
        for command in table.tools:
            self.tool_bar.add(self._action(command, self.tool_bar, group), command.icon)
        self.refresh()

    def commands(self) -> list[QAction]:
        """Return every command as its action: those of the menus, in their order, then those of the tool bar."""
        menus = [menu for top in self._bar.actions() if isinstance(menu := top.menu(), QMenu)]
        return [*(action for menu in menus for action in _actions_below(menu)), *self.tool_bar.actions()]

    def find_command(self) -> None:
        """Show all commands with their keys, to be filtered by typing."""
        self.refresh()
        self._palette.open_for(self.commands())

    def refresh(self) -> None:
        """Read anew which commands can be carried out, and which are on."""
        for action, command in self._actions.items():
            action.setEnabled(command.enabled is None or command.enabled())
            if command.checked is not None:
                action.setChecked(command.checked())

    def refill(self) -> None:
        """Make those menus anew whose commands come and go."""
        changing, self._changing = self._changing, []
        for shown, menu in changing:
            for action in shown.actions():
                del self._actions[action]
            shown.clear()
            self._fill(shown, menu)

    def _fill(self, shown: QMenu, menu: Menu) -> None:
        group = QActionGroup(shown) if menu.one_of else None
        if callable(menu.entries):
            self._changing.append((shown, menu))
            entries = menu.entries()
        else:
            entries = menu.entries
        for entry in entries:
            if entry is None:
                shown.addSeparator()
            elif isinstance(entry, Menu):
                self._fill(shown.addMenu(entry.title), entry)
            else:
                shown.addAction(self._action(entry, shown, group))
                shown.setToolTipsVisible(bool(entry.tip))
        shown.setEnabled(bool(entries))

    def _action(self, command: Command, place: QWidget, group: QActionGroup | None) -> QAction:
        text = f"{command.text}\t{command.widget_key}" if command.widget_key else command.text
        action = QAction(text, place)
        keys = QKeySequence(command.key), QKeySequence(command.other_key)
        action.setShortcuts([key for key in keys if not key.isEmpty()])
        if command.tip:
            action.setToolTip(command.tip)
        action.setCheckable(command.checked is not None)
        if group is not None:
            group.addAction(action)

        def carry_out() -> None:
            command.do()
            self.refresh()

        action.triggered.connect(carry_out)
        self._actions[action] = command
        return action


class ToolBar(QToolBar):
    """The bar of tools, with icons in the colour of the text."""

    def __init__(self, window: QMainWindow) -> None:
        self._icons: dict[QAction, str] = {}  # first: Qt may announce a palette before all is made
        super().__init__(window)
        self.setWindowTitle(self.tr("Tools"))
        self.setObjectName("tools")
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))

    def add(self, action: QAction, icon_name: str) -> None:
        """Add an action with an icon of assets/icons."""
        self._icons[action] = icon_name
        self.addAction(action)
        self._colour(action)

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icons anew in the colour of another palette."""
        if event.type() == QEvent.Type.PaletteChange:
            for action in self._icons:
                self._colour(action)
        super().changeEvent(event)

    def _colour(self, action: QAction) -> None:
        action.setIcon(icon(self._icons[action], self.palette().text().color()))


def _actions_below(menu: QMenu) -> Iterator[QAction]:
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from _actions_below(below)
        elif not action.isSeparator():
            yield action
