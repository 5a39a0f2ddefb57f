"""A canvas in a window, on a small map."""

import pytest

from app.canvas.canvas import Canvas
from app.document.model import DocumentModel
from tests.app.canvas.seen import random_document


@pytest.fixture
def model(qapp):
    return DocumentModel(random_document())


@pytest.fixture
def canvas(model, qtbot):
    canvas = Canvas(model)
    qtbot.addWidget(canvas)
    canvas.resize(640, 480)
    canvas.show()
    qtbot.waitExposed(canvas)
    return canvas
