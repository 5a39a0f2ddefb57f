"""A picture laid over the map to be traced: where it lies, that it is no part of the map, what is remembered."""

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QFileDialog

from app.base.preferences import Preferences
from app.canvas.underlay import LONGEST_SIDE, Place, Underlay, fitted_place, load_picture
from app.canvas.view import View
from app.window.main_window import MainWindow
from app.window.underlay import UnderlayDialog
from maps.document import new_document
from maps.formats import write_map
from tests.app.closing import let_it_close


@pytest.fixture
def sketch(tmp_path):
    """Twice as wide as high: red on the left, blue on the right."""
    picture = QImage(40, 20, QImage.Format.Format_RGB32)
    picture.fill(QColor("#ff0000"))
    painter = QPainter(picture)
    painter.fillRect(20, 0, 20, 20, QColor("#0000ff"))
    painter.end()
    picture.save(str(tmp_path / "sketch.png"))
    return tmp_path / "sketch.png"


@pytest.fixture
def preferences(tmp_path):
    return Preferences(tmp_path / "settings.ini")


@pytest.fixture
def open_window(qtbot, preferences):
    def opened(document, path):
        window = MainWindow(document, path, preferences)
        qtbot.addWidget(window, before_close_func=let_it_close)
        window.show()
        qtbot.waitExposed(window)
        return window

    return opened


def choose(monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))


def colour_at(window, row, col):
    x, y = window.canvas._view.centre(row, col)
    return window.canvas.grab().toImage().pixelColor(round(x), round(y))


def test_a_picture_lies_where_its_place_says(sketch):
    picture = load_picture(sketch)
    assert fitted_place(picture, (10, 10)) == Place(0.0, 2.5, 10.0, 0.5)
    assert fitted_place(picture, (5, 100)) == Place(45.0, 0.0, 10.0, 0.5)
    view = View(scale=8.0, left=3.0, top=5.0)
    target = QImage(100, 100, QImage.Format.Format_RGB32)
    target.fill(QColor("#ffffff"))
    painter = QPainter(target)
    Underlay(picture, Place(1.0, 2.0, 4.0, 1.0)).draw(painter, view, QRect(0, 0, 100, 100))
    painter.end()
    pixels = np.array([[target.pixelColor(x, y).name() for x in range(100)] for y in range(100)])
    rows, columns = np.nonzero(pixels != "#ffffff")
    assert (rows.min(), rows.max() + 1) == (5 + 2 * 8, 5 + 4 * 8)
    assert (columns.min(), columns.max() + 1) == (3 + 8, 3 + 5 * 8)
    assert (pixels[30, 14], pixels[30, 40]) == ("#ff0000", "#0000ff")


def test_part_of_a_picture_is_drawn_as_the_whole(sketch):
    view, underlay = View(scale=8.0), Underlay(load_picture(sketch), Place(0.0, 0.0, 10.0, 1.0))
    whole, pieces = (QImage(90, 50, QImage.Format.Format_RGB32) for _ in range(2))
    for image, areas in ((whole, [(0, 0, 90, 50)]), (pieces, [(0, 0, 37, 50), (37, 0, 53, 50)])):
        image.fill(QColor("#ffffff"))
        painter = QPainter(image)
        for area in areas:
            underlay.draw(painter, view, QRect(*area))
        painter.end()
    for x in (5, 36, 39, 41, 45, 79):
        assert whole.pixelColor(x, 20) == pieces.pixelColor(x, 20), x


def test_it_shows_through_the_map_and_is_no_part_of_it(open_window, sketch, monkeypatch):
    window = open_window(new_document(10, 20), None)
    window.canvas.set_visible_layers(window.canvas.visible_layers - {"numbers"})
    before, document = colour_at(window, 5, 2), window.model.document
    choose(monkeypatch, sketch)
    window.underlay.open_dialog()
    (dialog,) = window.findChildren(UnderlayDialog)
    assert dialog.file.text() == "sketch.png"
    left, right = colour_at(window, 5, 2), colour_at(window, 5, 17)
    assert left.red() > before.red() > left.green()
    assert right.blue() > right.red()
    dialog.opacity.setValue(0)
    assert colour_at(window, 5, 2) == before
    dialog.opacity.setValue(100)
    assert colour_at(window, 5, 2).name() == "#ff0000"
    dialog.left.setValue(10.0)
    assert colour_at(window, 5, 2) == before
    dialog.fit_button.click()
    assert window.underlay.place == Place(0.0, 0.0, 20.0, 1.0)
    assert window.model.document is document
    assert not window.model.modified
    dialog.remove_button.click()
    assert colour_at(window, 5, 2) == before


def test_it_is_remembered_for_the_map_s_file(open_window, qtbot, sketch, tmp_path, monkeypatch):
    window = open_window(new_document(10, 20), None)
    choose(monkeypatch, sketch)
    window.underlay.choose()
    window.underlay.move(Place(1.5, 2.0, 4.0, 0.25))
    window.files._write(tmp_path / "map.longcut")
    qtbot.waitUntil(lambda: not window.files.busy)
    write_map(new_document(10, 20), tmp_path / "other.longcut")
    with qtbot.waitSignal(window.files.opened):
        window.files.open(tmp_path / "other.longcut")
    assert window.underlay.file is None
    with qtbot.waitSignal(window.files.opened):
        window.files.open(tmp_path / "map.longcut")
    assert (window.underlay.file, window.underlay.place) == (sketch, Place(1.5, 2.0, 4.0, 0.25))
    window.underlay.remove()
    window.underlay.take_map()
    assert window.underlay.file is None


def test_a_picture_that_cannot_be_read_is_told(open_window, sketch, tmp_path, monkeypatch):
    window, told = open_window(new_document(10, 20), None), []
    window.underlay.told.connect(told.append)
    sketch.write_bytes(b"no picture")
    choose(monkeypatch, sketch)
    window.underlay.open_dialog()
    assert "sketch.png cannot be shown as a picture" in told[0]
    assert window.findChildren(UnderlayDialog) == []


def test_a_large_picture_is_made_smaller(tmp_path):
    QImage(3 * LONGEST_SIDE, 30, QImage.Format.Format_RGB32).save(str(tmp_path / "wide.png"))
    assert load_picture(tmp_path / "wide.png").width() == LONGEST_SIDE


def test_damaged_memories_are_forgotten(tmp_path, preferences):
    preferences.set_underlay(tmp_path / "a.tmx", ("x.png", (0.0, 0.0, 1.0, 0.5)))
    preferences._settings.setValue("underlays", ["[", "[1]", *preferences._settings.value("underlays")])
    assert preferences.underlay(tmp_path / "a.tmx") == ("x.png", (0.0, 0.0, 1.0, 0.5))
    assert preferences.underlay(tmp_path / "b.tmx") is None
