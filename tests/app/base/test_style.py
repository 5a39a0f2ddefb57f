"""What the style sheet adds to Fusion, as it is seen."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from app.widgets.parts import Button


@pytest.mark.parametrize("dark", [True, False])
def test_a_button_that_is_down_has_the_accent(qapp, dress, qtbot, dark):
    dress(dark)
    button = Button("Compare", "")
    button.setCheckable(True)
    qtbot.addWidget(button)
    with qtbot.waitExposed(button):
        button.show()
    accent, inside = qapp.palette().highlight().color(), button.rect().topLeft()
    inside += button.rect().center() / 6
    before = button.grab().toImage().pixelColor(inside)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.isChecked()
    assert button.grab().toImage().pixelColor(inside) == accent
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.grab().toImage().pixelColor(inside) == before != accent


class Restyled(QLabel):
    """A label that counts how often it is styled anew."""

    count = 0

    def changeEvent(self, event):
        self.count += event.type() == QEvent.Type.StyleChange
        super().changeEvent(event)


def test_another_theme_styles_a_widget_no_more_often_than_it_has_to(dress, qtbot):
    """With the style sheet on meanwhile, the whole window would stand still for half a second."""
    dress(True)
    window = QWidget()
    qtbot.addWidget(window)
    inner = QScrollArea(window)
    label = Restyled("words")
    inner.setWidget(label)
    with qtbot.waitExposed(window):
        window.show()
    before = label.count
    dress(False)
    assert label.count - before <= 3
