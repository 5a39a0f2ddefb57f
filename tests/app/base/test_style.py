"""What the style sheet adds to Fusion, as it is seen."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

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
