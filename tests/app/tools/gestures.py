"""Mouse and key events on a canvas with two layouts of points."""

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
GUARDS = [(2.0, 2.0), (2.0, 5.0), (8.0, 3.0)]
LOOT = [(9.0, 12.0), (4.5, 13.5)]


def at(canvas, place):
    x, y = canvas.view.centre(*place)
    return QPoint(round(x), round(y))


def drag(canvas, *places, button=LEFT, held=NONE):
    QTest.mousePress(canvas, button, held, at(canvas, places[0]))
    for place in places[1:]:
        QTest.mouseMove(canvas, at(canvas, place))
    QTest.mouseRelease(canvas, button, held, at(canvas, places[-1]))


def click(canvas, place, button=LEFT, held=NONE):
    drag(canvas, place, button=button, held=held)


def key(canvas, key, held=NONE):
    QTest.keyClick(canvas, key, held)


def positions(model, index=0):
    return [tuple(position) for position in model.document.layouts[index].positions.tolist()]


def weights(model, index=0):
    return model.document.layouts[index].weights.tolist()


def steps(model):
    return len(model.history.entries) - 1


def choose(canvas, tool, **options):
    canvas.set_tool(tool)
    canvas.set_options(replace(canvas.options, **options))
