"""How the window is started."""

import os
import subprocess
import sys

import pytest
from PySide6.QtGui import QImage


@pytest.mark.slow
def test_the_demo_saves_a_picture_of_a_run_and_ends(tmp_path):
    picture = tmp_path / "demo.png"
    command = [
        sys.executable,
        "-m",
        "app",
        "demo",
        "--map",
        "plain",
        "--seconds",
        "1",
        "--screenshot",
        str(picture),
    ]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1280, 800)


@pytest.mark.slow
def test_the_window_is_shown_before_torch_is_imported():
    script = (
        "import sys; from PySide6.QtWidgets import QApplication; q = QApplication([]);"
        "from app.window.main_window import MainWindow; w = MainWindow(); w.show(); q.processEvents();"
        "assert w.isVisible(); assert 'torch' not in sys.modules, 'torch is imported'; w.abandon()"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
