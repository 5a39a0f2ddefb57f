"""A Tiled map of 64 MB opens with its progress shown, and the opening can be cancelled."""

import time

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QProgressDialog, QWidget

from app.document.model import DocumentModel
from app.files.file_actions import Files
from app.files.progress import Progress
from maps.document import new_document
from maps.formats import read_map
from maps.formats.watching import watched
from tests.maps.formats.tiled.large import SIDE, write_large

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "large.tmx"
    write_large(path)
    return path


@pytest.fixture
def files(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    made = Files(window, DocumentModel(new_document(4, 4)), None)
    yield made
    made.shut_down()


def test_its_progress_is_shown_while_the_window_lives(qtbot, files, large):
    seen, beats = [], []
    timer = QTimer(interval=10)

    def look():
        beats.append(time.perf_counter())
        (dialog,) = files._window.findChildren(QProgressDialog) or [None]
        if dialog is not None and dialog.isVisible():
            seen.append(dialog.value())

    timer.timeout.connect(look)
    timer.start()
    with qtbot.waitSignal(files.opened, timeout=60_000):
        files.open(large)
    timer.stop()
    assert files._model.document.shape == (SIDE, SIDE)
    assert seen == sorted(seen)
    assert len(set(seen)) > 4, "it moves"
    assert max(seen) > 60
    assert np.diff(beats[:-1]).max() < 1.0, "no call keeps the window waiting"
    qtbot.waitUntil(lambda: not files._window.findChildren(QProgressDialog))


def test_it_can_be_cancelled_and_the_open_map_stays(qtbot, files, large, monkeypatch):
    told, before = [], files._model.document
    files.told.connect(told.append)
    monkeypatch.setattr("app.files.progress.SHOWN_AFTER", 0)
    files.open(large)
    qtbot.waitUntil(lambda: any(p._share > 0.05 for p in files._window.findChildren(Progress)), timeout=20_000)
    (dialog,) = files._window.findChildren(QProgressDialog)
    asked = time.perf_counter()
    dialog.canceled.emit()
    qtbot.waitUntil(lambda: not files.busy, timeout=20_000)
    assert time.perf_counter() - asked < 2.0
    assert files._model.document is before
    assert told[-1] == "large.tmx was not opened"


def test_what_is_handled_is_nearly_the_file(large):
    counts = []
    with watched(counts.append):
        read_map(large)
    assert 0.9 < sum(counts) / large.stat().st_size <= 1.0
    assert max(counts) < 1 << 20
