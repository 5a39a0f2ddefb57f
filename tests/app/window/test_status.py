"""The status bar: a sentence that is too long ends with an ellipsis, clear of what stands beside it."""

import pytest

from app.window.main_window import MainWindow
from maps.document import new_document


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
