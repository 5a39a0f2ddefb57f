"""The window of help: a page for each scenario, and a glossary that joins designers' words with the field's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Qt, QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QTextBrowser, QWidget

from app.base.icons import ASSETS
from app.scenarios import SCENARIOS
from app.widgets.parts import MARGIN, Rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = ASSETS / "help"
GLOSSARY = "glossary"
WIDTH, HEIGHT, LIST_WIDTH, EDGE = 960, 760, 190, 14  # px


def page_file(page: str) -> Path:
    """Return the file of a page: of a scenario by its name, or of the glossary."""
    return FOLDER / f"{page}.md"


class Help(QObject):
    """Opens pages of help. chosen: returns the name of the scenario that is chosen in the window."""

    def __init__(self, window: QWidget, chosen: Callable[[], str]) -> None:
        super().__init__(window)
        self._window, self._chosen = window, chosen
        self._shown: HelpWindow | None = None

    def titles(self) -> dict[str, str]:
        """Return what each page is called, by its name."""
        return {**{name: entry.title for name, entry in SCENARIOS.items()}, GLOSSARY: self.tr("Glossary")}

    def open_chosen(self) -> None:
        """Show the page of the chosen scenario."""
        self.open(self._chosen())

    def open(self, page: str) -> None:
        """Show a page in the window of help, which is made when it is wanted first."""
        if self._shown is None:
            self._shown = HelpWindow(self.titles(), self._window)
        self._shown.open_page(page)


class HelpWindow(QDialog):
    """A list of pages beside the page that is open; Escape closes it. titles: by the name of a page."""

    def __init__(self, titles: dict[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Help"))
        self.pages = QListWidget()
        self.pages.setAccessibleName(self.tr("Pages"))
        self.pages.setFixedWidth(LIST_WIDTH)
        self.pages.setItemDelegate(Rows(self.pages))
        for page, title in titles.items():
            item = QListWidgetItem(title)
            item.setData(Qt.ItemDataRole.UserRole, page)
            self.pages.addItem(item)
        self.browser = QTextBrowser()
        self.browser.setAccessibleName(self.tr("Page"))
        self.browser.document().setDocumentMargin(EDGE)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.addWidget(self.pages)
        layout.addWidget(self.browser, 1)
        self.pages.currentItemChanged.connect(self._open_item)
        self.browser.sourceChanged.connect(self._follow)
        room = parent.screen().availableSize()
        self.resize(min(WIDTH, room.width() - EDGE), min(HEIGHT, room.height() - 4 * EDGE))

    def open_page(self, page: str) -> None:
        """Show a page by its name."""
        self._show_page(page)
        self.show()
        self.raise_()
        self.activateWindow()
        self.browser.setFocus()

    def _show_page(self, page: str) -> None:
        url = QUrl.fromLocalFile(str(page_file(page)))
        self.browser.setSource(url, QTextDocument.ResourceType.MarkdownResource)

    def _open_item(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._show_page(item.data(Qt.ItemDataRole.UserRole))

    def _follow(self, url: QUrl) -> None:
        """Mark the open page in the list, wherever the designer came from."""
        for row in range(self.pages.count()):
            if url == QUrl.fromLocalFile(str(page_file(self.pages.item(row).data(Qt.ItemDataRole.UserRole)))):
                with QSignalBlocker(self.pages):
                    self.pages.setCurrentRow(row)
                self.setWindowTitle(self.tr("{} – Help").format(self.pages.item(row).text()))
