"""Focus by real keys: only where it is visible, and nothing is removed by a bare Space."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.widgets.parts import RemoveButton
from app.window.main_window import MainWindow
from maps.samples import load_sample
from tests.present import present

TABS = 150  # more than there are widgets that take the focus


def test_tab_reaches_no_hidden_dock_and_space_removes_nothing(qtbot):
    window = MainWindow(load_sample("island"))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    routes, layouts = window.panels.routes, window.panels.layouts
    for panel in (window.panels.layers, routes, layouts, window.panels.terrain):
        window.docks.bring_to_front(panel)
        QApplication.processEvents()
        hidden = [entry.panel for entry in window.panels.table() if entry.panel.visibleRegion().isEmpty()]
        assert panel not in hidden
        assert len(hidden) >= 6
        before, reached = window.model.document, set()
        for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            for _ in range(TABS):
                focused = QApplication.focusWidget() or window.canvas
                QTest.keyClick(focused, key)
                found = QApplication.focusWidget()
                reached.add(found)
                assert not any(part.isAncestorOf(present(found)) for part in hidden)
                if isinstance(found, RemoveButton):
                    QTest.keyClick(found, Qt.Key.Key_Space)
        assert len(reached) > 5
        assert any(panel.isAncestorOf(widget) for widget in reached)
        assert window.model.document is before


def test_a_click_still_removes(qtbot):
    window = MainWindow(load_sample("island"))
    qtbot.addWidget(window)
    window.show()
    window.docks.bring_to_front(window.panels.routes)
    button = next(part for part in window.panels.routes.findChildren(RemoveButton) if part.isVisible())
    count = len(window.model.document.routes)
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert len(window.model.document.routes) == count
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(window.model.document.routes) == count - 1
    window.model.undo()
