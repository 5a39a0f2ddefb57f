"""A map with routes and layouts, and a way to show a panel."""

import pytest

from app.document.model import DocumentModel
from maps.document import new_document
from tests.app.panels.tables import LAYOUTS, ROUTES


@pytest.fixture
def model(qapp):
    return DocumentModel(new_document(16, 16, name="test").replace(routes=ROUTES, layouts=LAYOUTS))


@pytest.fixture
def shown(qtbot):
    def show(panel, width=300):
        qtbot.addWidget(panel)
        panel.resize(width, max(panel.sizeHint().height(), 200))
        with qtbot.waitExposed(panel):
            panel.show()
        return panel

    return show
