"""The status bar: a sentence that is too long ends with an ellipsis, clear of what stands beside it."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication

from app.window.main_window import MainWindow
from maps.document import MovementClass, Route, new_document
from maps.terrain import NO_TERRAIN


@pytest.fixture
def bar(qtbot):
    window = MainWindow(new_document(8, 8), None)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window.status


def inked(bar, left, right):
    """Whether anything but the ground is seen between two x coordinates."""
    image = bar.grab().toImage()
    rows = range(4, bar.height() - 4)
    ground = image.pixel(2, bar.height() // 2)
    return any(image.pixel(x, y) != ground for x in range(left, right) for y in rows)


def test_a_long_sentence_leaves_a_gap_and_is_whole_in_the_tooltip(bar):
    sentence = "Applied the run's result before your edit, as an undo step of its own. " * 4
    first = min(label.x() for label in bar._labels if label.isVisible())
    assert not inked(bar, first - 40, first)
    bar.tell(sentence)
    assert inked(bar, first - 40, first), "it goes on"
    assert not bar._total.isVisible(), "what can wait gives way"
    QApplication.processEvents()
    end = min((label.x() for label in bar._labels if label.isVisible()), default=bar.width())
    assert end > first
    assert inked(bar, end - 60, end), "to its end"
    assert not inked(bar, end - 8, end - 4)
    assert bar.toolTip() == sentence
    bar.clearMessage()
    assert bar._total.isVisible()
    bar.tell("Short")
    assert bar._total.isVisible()
    bar.clearMessage()
    assert not bar.toolTip()


def test_the_cell_under_the_pointer_is_named_with_its_terrain_and_what_it_usually_costs(bar):
    window = bar.window()
    document = window.model.document
    cost, passable, terrain = (layer.copy() for layer in (document.cost, document.passable, document.terrain))
    terrain[0, :4] = 3, 3, NO_TERRAIN, 6
    cost[0, :3] = 2.5, 3.125, 1.75
    passable[0, 3:5] = False
    window.model.adopt(document.replace(cost=cost, passable=passable, terrain=terrain), None)
    said = []
    for col in range(6):
        window.canvas.cell_hovered.emit(0, col)
        said.append(bar._cell.text().removeprefix(f"row 0, col {col} · "))
    assert said == [
        "forest · cost 2.5",
        "forest · cost 3.12 (usually 2.5)",
        "cost 1.75",
        "wall, impassable",
        "wall",
        "grass · cost 1",
    ]


def test_a_distance_says_whose_it_is(bar):
    document = bar.window().model.document
    carts = MovementClass("carts", tuple(1.0 for _ in document.palette))
    document = document.replace(classes=(carts,))
    ways = (Route("near", (0, 0), (0, 2)), Route("far", (0, 0), (7, 7)))

    def said(routes, kind=""):
        bar.show_class(kind)
        return bar._far(document.replace(routes=routes), len(routes) - 1, 3.0)

    assert said(ways[:1]) == "3 to the goal"
    assert said(ways) == "3 to the goal of far"
    assert said(ways[:1], "carts") == "3 to the goal at the plain cost"
    cart = replace(ways[1], movement="carts")
    assert said((ways[0], cart), "boats") == "3 to the goal of far for carts"
