"""What several tests of the window share."""

import pytest

from app.base.style import apply_style


@pytest.fixture
def dress(qapp):
    """`dress(dark)` gives the application its own look; afterwards it has the one from before."""
    before = qapp.palette(), qapp.styleSheet(), qapp.style().objectName()
    yield lambda dark: apply_style(qapp, dark)
    qapp.setStyleSheet(before[1])
    qapp.setStyle(before[2])
    qapp.setPalette(before[0])
