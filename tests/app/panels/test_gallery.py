"""The gallery says when its maps come."""

from app.panels.gallery import GalleryPanel
from app.scenarios import SCENARIOS
from app.window.main_window import MainWindow
from maps.document import new_document


def test_during_a_training_the_gallery_says_that_maps_come_at_its_end(qtbot):
    panel = GalleryPanel()
    qtbot.addWidget(panel)
    panel.show_training(True)
    assert "when the training ends" in panel._hint.text()
    panel.show_training(False)
    assert "run the scenario “Many variants”" in panel._hint.text()


def test_the_window_tells_the_gallery_of_a_training(qtbot):
    window = MainWindow(new_document(8, 8), None)
    qtbot.addWidget(window)
    before = window.panels.gallery._hint.text()
    window.run.scenario = SCENARIOS["generate"]
    window.run.state = "running"
    window.run.state_changed.emit()
    assert window.panels.gallery._hint.text() != before
    window.run.scenario = SCENARIOS["adversarial"]
    window.run.state_changed.emit()
    assert window.panels.gallery._hint.text() == before
    window.run.state = "ended"
