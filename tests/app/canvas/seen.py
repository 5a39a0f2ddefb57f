"""A small map, and the pixels of what is seen of it."""

import numpy as np
from PySide6.QtCore import Qt

from maps.document import MapDocument

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NONE = Qt.KeyboardModifier.NoModifier


def random_document(height=12, width=16, seed=0):
    rng = np.random.default_rng(seed)
    cost = rng.uniform(0.3, 4.5, (height, width)).astype(np.float32)
    return MapDocument(cost, rng.random((height, width)) > 0.2, rng.random((height, width)) > 0.9)


def colour_at(canvas, cell):
    x, y = canvas.view.centre(*cell)
    return canvas.grab().toImage().pixelColor(round(x), round(y)).getRgb()[:3]


def pixels_of(image):
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return rows[..., [2, 1, 0]].copy()
