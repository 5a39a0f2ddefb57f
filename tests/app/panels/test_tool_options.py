"""The options bar shows what counts for a tool, and changes it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.panels.tool_options import OptionsBar
from app.tools import TOOLS, ToolOptions
from app.widgets.parts import TARGET


def test_the_options_bar_shows_what_counts_for_the_tool(qtbot):
    bar = OptionsBar(ToolOptions())
    qtbot.addWidget(bar)
    bar.resize(1200, 40)
    bar.show()
    fields = {
        "size": bar.size_box, "hardness": bar.hardness, "mode": bar.mode, "value": bar.value, "swap": bar.swap,
        "terrain": bar.terrain,
        "filled": bar.filled, "weight": bar.weight, "snap": bar.snap, "spacing": bar.spacing, "seed": bar.seed,
        "select_by": bar.select_by, "tolerance": bar.tolerance, "connected": bar.connected,
        "mirror": bar.mirror,
    }  # fmt: skip

    def shown():
        return {name for name, field in fields.items() if field.isVisible()}

    for tool, entry in TOOLS.items():
        bar.show_tool(tool)
        qtbot.waitUntil(lambda wanted=set(entry.options): shown() == wanted, timeout=2000)
        assert entry.has_size == ("size" in shown())


def choose_mode(bar, mode):
    bar.mode.setCurrentIndex(bar.mode.findData(mode))


@pytest.mark.parametrize(("mode", "shown"), [("set", 2.5), ("scale", 1.25)])
@pytest.mark.parametrize("typed", ["0", "-3", "-"])
def test_a_cost_that_cannot_be_is_not_left_standing(qtbot, mode, shown, typed):
    bar = OptionsBar(ToolOptions(factor=1.25))
    qtbot.addWidget(bar)
    bar.resize(1200, 40)
    with qtbot.waitExposed(bar):
        bar.show()
    choose_mode(bar, mode)
    said = []
    bar.options_changed.connect(said.append)
    bar.value.setFocus()
    bar.value.selectAll()
    QTest.keyClicks(bar.value, typed)
    QTest.keyClick(bar.value, Qt.Key.Key_Tab)
    assert bar.value.value() == bar._options.value > 0.0, "what is shown is what the brush does"
    assert bar.value.text() == f"{bar._options.value:g}"
    if typed != "-3":
        assert bar.value.value() == shown
        assert said == []
    choose_mode(bar, "add")
    bar.value.selectAll()
    QTest.keyClicks(bar.value, "-0.5")
    assert said[-1].amount == -0.5, "what is added may be below 0"
    bar.value.selectAll()
    QTest.keyClicks(bar.value, "2.05")
    assert said[-1].amount == 2.05, "what was typed first stands"
    choose_mode(bar, mode)
    assert bar.value.value() == bar._options.value > 0.0


@pytest.mark.parametrize("dark", [True, False])
def test_boxes_of_the_options_bar_have_an_edge(dress, qtbot, dark):
    dress(dark)
    bar = OptionsBar(ToolOptions(filled=False))
    qtbot.addWidget(bar)
    bar.resize(1200, 40)
    with qtbot.waitExposed(bar):
        bar.show()
    for tool, box in (("rectangle", bar.filled), ("points", bar.snap)):
        bar.show_tool(tool)
        qtbot.waitUntil(box.isVisible)
        picture = box.grab().toImage()
        ground = picture.pixelColor(picture.width() - 1, 0)
        lightness = [abs(picture.pixelColor(x, picture.height() // 2).lightness() - ground.lightness())
                     for x in range(TARGET)]  # fmt: skip
        assert max(lightness) > 40, "seen against the bar"


def test_one_cell_is_not_called_cells(qtbot):
    bar = OptionsBar(ToolOptions(size=1))
    qtbot.addWidget(bar)
    assert bar.size_box.text() == "1 cell"
    bar.size_box.stepUp()
    assert bar.size_box.text() == "2 cells"
    bar.show_options(ToolOptions(size=1))
    assert bar.size_box.text() == "1 cell"
    assert bar.hardness.text().endswith(" %")


def test_every_field_of_the_options_bar_changes_its_option(qtbot):
    bar = OptionsBar(ToolOptions())
    qtbot.addWidget(bar)
    said = []
    bar.options_changed.connect(said.append)
    bar.size_box.setValue(9)
    bar.hardness.setValue(50)
    bar.value.setValue(4.0)
    bar.filled.setChecked(False)
    bar.weight.setValue(2.5)
    bar.snap.setChecked(True)
    bar.spacing.setValue(3.5)
    bar.seed.setValue(7)
    bar.swap.click()
    choose_mode(bar, "add")
    assert said[-1] == ToolOptions(
        size=9, hardness=0.5, cost=1.0, other_cost=4.0, mode="add", filled=False, weight=2.5, snap=True,
        spacing=3.5, seed=7,
    )  # fmt: skip
    assert len(said) == 10


def test_the_bar_is_as_high_for_every_tool(qtbot):
    bar = OptionsBar(ToolOptions())
    qtbot.addWidget(bar)
    heights = set()
    for tool in TOOLS:
        bar.show_tool(tool)
        heights.add(bar.sizeHint().height())
    assert len(heights) == 1
