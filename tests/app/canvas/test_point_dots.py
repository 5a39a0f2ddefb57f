"""Layouts of very many points: every point is a dot where its disc would be, and the picture is made once."""

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from app.canvas.point_dots import Dots
from app.canvas.view import View

WINDOW = QRect(0, 0, 60, 50)


def drawn(dots, positions):
    image = QImage(WINDOW.size(), QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    dots.draw(painter, View(left=5.0, top=2.0, scale=4.0), WINDOW, 1.0, [(positions, QColor("#ff0000"))])
    painter.end()
    return np.array(
        [[image.pixelColor(x, y).red() > 0 for x in range(image.width())] for y in range(image.height())]
    )


def test_a_dot_lies_at_the_middle_of_its_cell_and_points_out_of_view_are_left_out(qapp):
    positions = np.array([[0.0, 0.0], [3.0, 10.0], [100.0, 1.0], [-0.5, -30.0]])
    found = np.argwhere(drawn(Dots(), positions))
    expected = [(y + down, x + right) for y, x in ((4, 7), (16, 47)) for down in (0, 1) for right in (0, 1)]
    assert sorted(map(tuple, found.tolist())) == sorted(expected)


def test_other_points_give_another_picture(qapp):
    dots, one, other = Dots(), np.array([[1.0, 1.0]]), np.array([[5.0, 5.0]])
    first = drawn(dots, one)
    assert np.array_equal(drawn(dots, one), first)
    assert not (drawn(dots, other) & first).any()
