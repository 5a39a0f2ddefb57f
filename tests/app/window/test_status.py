"""The status bar: a sentence that is too long ends with an ellipsis, clear of what stands beside it."""

import pytest

from app.window.main_window import MainWindow
from maps.document import new_document
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
    assert inked(bar, first - 40, first), "it goes on to its end"
    assert not inked(bar, first - 8, first + 1)
    assert bar.toolTip() == sentence
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
