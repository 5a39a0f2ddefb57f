"""Pages of help: each scenario has one, in the words of its form, and every link leads somewhere."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.scenarios import SCENARIOS
from app.scenarios.settings import Choice, settings_of
from app.window.help import FOLDER, GLOSSARY, HelpWindow, page_file
from app.window.main_window import MainWindow
from maps.document import new_document
from tests.app.closing import let_it_close

MOST_BYTES = 60 * 1024  # of a picture


@pytest.fixture
def window(qtbot):
    made = MainWindow(new_document(8, 8))
    qtbot.addWidget(made, before_close_func=let_it_close)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def text_of(page):
    return page_file(page).read_text("utf-8")


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_has_a_page_in_the_words_of_its_form(name):
    text, kinds = text_of(name), settings_of(SCENARIOS[name].settings).values()
    assert text.startswith(f"# {SCENARIOS[name].title}\n")
    assert f"({name}.png)" in text
    told = text.partition("## What the settings do")[2].partition("\n## ")[0]
    labels = [label for line in told.splitlines() for label in re.findall(r"\*\*(.+?)\*\*", line)]
    assert labels == [kind.text for kind in kinds if not kind.more], "all that are in view, in their order"
    choices = {text for kind in kinds if isinstance(kind, Choice) for text in kind.choices.values()}
    assert set(re.findall("“(.+?)”", text)) <= choices


@pytest.mark.parametrize("page", [*SCENARIOS, GLOSSARY])
def test_every_link_and_every_picture_is_there(page):
    links = re.findall(r"\[[^\]]*\]\(([^)]+)\)", text_of(page))
    assert links
    for link in links:
        assert (FOLDER / link).is_file(), link
        assert link.endswith(".md") or (FOLDER / link).stat().st_size <= MOST_BYTES, link


def test_no_file_is_left_over_and_links_have_the_titles_of_their_pages():
    pages = {*SCENARIOS, GLOSSARY}
    assert {path.stem for path in FOLDER.iterdir()} == pages
    for page in pages:
        for title, linked in re.findall(r"[^!]\[([^\]]+)\]\((\w+)\.md\)", text_of(page)):
            assert linked == GLOSSARY or title == SCENARIOS[linked].title


def test_menus_that_pages_name_are_there(window):
    texts = {action.text().partition("\t")[0].replace("&", "") for action in window.menus.commands()}
    named = {path for page in SCENARIOS for path in re.findall(r"\*([^*\n]+ ▸ [^*\n]+)\*", text_of(page))}
    assert named
    assert {path.rpartition(" ▸ ")[2] for path in named} <= texts


def test_f1_opens_the_page_of_the_chosen_scenario_and_links_are_followed(qtbot, window):
    window.panels.run.choose("place_walls")
    QTest.keyClick(window, Qt.Key.Key_F1)
    shown = window.findChild(HelpWindow)
    assert shown.isVisible()
    assert shown.windowTitle() == "Place walls – Help"
    assert shown.browser.toPlainText().startswith("Place walls")
    picture = shown.browser.loadResource(2, shown.browser.source().resolved("place_walls.png"))
    assert picture, "pictures are found beside the page"
    link = shown.browser.document().find("Make the trip longer")
    link.setPosition(link.selectionStart() + 2)
    shown.browser.setTextCursor(link)
    QTest.mouseClick(shown.browser.viewport(), Qt.MouseButton.LeftButton, pos=shown.browser.cursorRect().center())
    assert Path(shown.browser.source().toLocalFile()).name == "adversarial.md"
    assert shown.pages.currentItem().text() == "Make the trip longer"
    shown.pages.setFocus()
    QTest.keyClick(shown.pages, Qt.Key.Key_Down)
    assert shown.browser.toPlainText().startswith("Arrange my terrain")
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    assert not shown.isVisible()


def test_the_palette_finds_every_page(window):
    window.menus.find_command()
    palette = window.menus._palette
    QTest.keyClicks(palette.field, "help: gloss")
    assert palette.list.topLevelItemCount() == 1
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert "shortest path" in window.findChild(HelpWindow).browser.toPlainText()
