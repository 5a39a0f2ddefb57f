"""The panels of layers and history, and what all panels promise."""

from PySide6.QtTest import QTest

from app.canvas.layers import FIRST_LAYERS, LAYERS
from app.panels import routes
from app.panels.history import HistoryPanel
from app.panels.layers import LayersPanel
from app.panels.routes import RoutesPanel
from tests.app.panels.tables import KEY, LEFT

# Layers


def test_layers_are_switched_by_a_click_and_by_the_space_bar(qtbot, shown):
    panel = shown(LayersPanel())
    assert panel.visible() == FIRST_LAYERS
    assert set(panel.switches) == set(LAYERS)
    assert all(switch.toolTip() for switch in panel.switches.values()), "every layer is explained"
    assert all(switch.height() >= 24 for switch in panel.switches.values())
    with qtbot.waitSignal(panel.visible_changed) as told:
        QTest.mouseClick(panel.switches["walls"], LEFT, pos=panel.switches["walls"].rect().center() / 4)
    assert told.args == [FIRST_LAYERS - {"walls"}]
    with qtbot.waitSignal(panel.visible_changed) as told:
        QTest.keyClick(panel.switches["distance"], KEY.Key_Space)
    assert told.args == [FIRST_LAYERS - {"walls"} | {"distance"}]


def test_showing_which_layers_are_drawn_announces_nothing(qtbot, shown):
    panel = shown(LayersPanel())
    with qtbot.assertNotEmitted(panel.visible_changed):
        panel.set_visible({"cost", "grid"})
    assert panel.visible() == {"cost", "grid"}


# History


def test_the_history_shows_where_one_stands_and_jumps(model, shown):
    panel = shown(HistoryPanel(model))
    first = model.document
    for label in ("Brush", "Wall", "Line"):
        model.edit(label, model.document.replace(name=label))
    assert [panel.list.item(row).text() for row in range(4)] == ["New", "Brush", "Wall", "Line"]
    assert panel.list.currentRow() == 3
    QTest.mouseClick(panel.list.viewport(), LEFT, pos=panel.list.visualItemRect(panel.list.item(1)).center())
    assert model.document.name == "Brush"
    assert [panel.list.item(row).font().italic() for row in range(4)] == [False, False, True, True]
    QTest.keyClick(panel.list, KEY.Key_Up)
    assert model.document is first
    model.redo()
    model.edit("Fill", model.document.replace(name="Fill"))
    assert [panel.list.item(row).text() for row in range(panel.list.count())] == ["New", "Brush", "Fill"]
    assert panel.list.currentRow() == 2


# Both grounds


def test_panels_follow_a_change_of_the_palette(qapp, dress, model, shown):
    dress(True)
    panel, history = shown(RoutesPanel(model)), shown(HistoryPanel(model))
    dark = panel.table.item(0, routes.NAME).foreground().color().lightness()
    dress(False)
    qapp.processEvents()
    light = panel.table.item(0, routes.NAME).foreground().color().lightness()
    assert dark > 128 > light
    assert history.list.item(0).foreground().color().lightness() < 128
