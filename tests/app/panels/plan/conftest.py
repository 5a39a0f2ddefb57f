"""A plan panel on a map with layouts."""

import pytest

from app.document.model import DocumentModel
from maps.document import new_document
from tests.app.panels.plan.showing import GUARDS, LOOT, SPAWNS, following, settle


@pytest.fixture
def model(qapp):
    return DocumentModel(new_document(32, 32).replace(layouts=(SPAWNS, LOOT, GUARDS)))


@pytest.fixture
def shown(qtbot):
    panels = []

    def show(model, width=300, height=420):
        panel = following(model)
        panels.append(panel)
        qtbot.addWidget(panel)
        panel.resize(width, height)
        panel.show()
        qtbot.waitExposed(panel)
        settle(qtbot, panel)
        return panel

    yield show
    for panel in panels:
        panel.shut_down()
