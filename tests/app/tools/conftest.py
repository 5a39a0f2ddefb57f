"""A canvas with two layouts of points."""

import numpy as np
import pytest

from app.canvas.canvas import Canvas
from app.canvas.view import View
from app.document.model import DocumentModel
from maps.document import Layout, new_document
from tests.app.tools.gestures import GUARDS, LOOT


@pytest.fixture
def model(qapp):
    """12 × 16 cells, a wall in column 9, two layouts."""
    passable = np.ones((12, 16), bool)
    passable[:, 9] = False
    layouts = (
        Layout("guards", np.array(GUARDS), np.array([1.0, 2.0, 3.0])),
        Layout("loot", np.array(LOOT), np.array([1.0, 1.0])),
    )
    return DocumentModel(new_document(12, 16).replace(passable=passable, layouts=layouts))


@pytest.fixture
def canvas(model, qtbot):
    canvas = Canvas(model)
    qtbot.addWidget(canvas)
    canvas.resize(640, 480)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_visible_layers(canvas.visible_layers - {"legend"})
    canvas._set_view(View(32.0, 60.0, 40.0))  # quarters of a cell are whole pixels
    return canvas
