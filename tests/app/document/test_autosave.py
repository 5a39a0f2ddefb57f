"""Unsaved work is kept aside: in time, during everything, and no longer than it is unsaved."""

from pathlib import Path

import numpy as np
import pytest

from app.document.autosave import MOST_EDITS, Autosave
from app.document.model import DocumentModel
from maps.document import MapDocument, new_document
from maps.recovery import Journal, left_behind, open_left_behind
from maps.results import KeptResult


@pytest.fixture
def model(qapp):  # timers need an event dispatcher
    return DocumentModel(new_document(6, 8, name="field"))


def painted(document: MapDocument, cost: float) -> MapDocument:
    return document.replace(cost=np.full(document.shape, cost, np.float32))


def crash(autosave):
    """What a crash leaves: files as they are, locks freed by the system."""
    autosave._timer.stop()
    autosave._background.shut_down()
    if autosave._journal is not None:
        autosave._journal._lock.release()


def test_work_is_kept_when_the_time_comes_and_found_after_a_crash(model, tmp_path, qtbot):
    autosave = Autosave(model, tmp_path, interval=0.05)
    model.edit("Fill", painted(model.document, 3.0))
    qtbot.waitUntil(lambda: autosave._kept is not None and not autosave._background.busy)
    crash(autosave)
    (work,) = left_behind(tmp_path)
    assert work.title == work.called == "field"
    assert (open_left_behind(work).document.cost == 3.0).all()


def test_many_edits_do_not_wait_for_the_time(model, tmp_path, qtbot):
    autosave = Autosave(model, tmp_path, interval=3600.0)
    for number in range(MOST_EDITS):
        model.edit("Fill", painted(model.document, 1.0 + number / 64))
    qtbot.waitUntil(lambda: autosave._kept is not None and not autosave._background.busy)
    crash(autosave)
    (work,) = left_behind(tmp_path)
    assert (open_left_behind(work).document.cost == np.float32(1.0 + (MOST_EDITS - 1) / 64)).all()


def test_a_result_is_kept_at_once(model, tmp_path, qtbot):
    autosave = Autosave(model, tmp_path, interval=3600.0)
    model.keep(KeptResult("one", "2 × longer", "adversarial", model.document, painted(model.document, 2.0)))
    qtbot.waitUntil(lambda: autosave._kept is not None and not autosave._background.busy)
    crash(autosave)
    (work,) = left_behind(tmp_path)
    assert [result.name for result in open_left_behind(work).results] == ["one"]


def test_nothing_is_written_while_nothing_is_unsaved(qapp, model, tmp_path):
    autosave = Autosave(model, tmp_path, interval=3600.0)
    autosave.keep()
    assert not autosave._background.busy
    autosave.shut_down()
    assert list(tmp_path.iterdir()) == []


def test_saved_work_is_kept_no_longer_and_a_good_end_leaves_nothing(model, tmp_path, qtbot):
    autosave = Autosave(model, tmp_path / "home", interval=3600.0)
    model.edit("Fill", painted(model.document, 2.0))
    autosave.keep()
    qtbot.waitUntil(lambda: not autosave._background.busy)
    assert list(tmp_path.glob("home/*/map.longcut"))
    model.save(tmp_path / "field.longcut")
    assert not list(tmp_path.glob("home/*/map.longcut"))
    model.edit("Fill", painted(model.document, 3.0))
    autosave.keep()
    qtbot.waitUntil(lambda: not autosave._background.busy)
    assert list(tmp_path.glob("home/*/map.longcut"))
    autosave.shut_down()
    assert list((tmp_path / "home").iterdir()) == []


def test_inherited_work_is_forgotten_only_once_it_is_kept_again(model, tmp_path, qtbot):
    before = Journal(tmp_path)
    before.keep(model.contents, "field", Path("castle.longcut"))
    before._lock.release()
    (work,) = left_behind(tmp_path)
    autosave = Autosave(model, tmp_path, interval=3600.0)
    model.adopt(open_left_behind(work).document, None, unsaved=True)
    autosave.inherit(work)
    qtbot.waitUntil(lambda: not work.path.exists() and not autosave._background.busy)
    crash(autosave)
    (again,) = left_behind(tmp_path)
    assert again.called == work.called == "castle.longcut (field)", "a copy has no file, but it came from one"


def test_a_disk_that_takes_nothing_is_told_once(model, tmp_path, qtbot):
    home = tmp_path / "home"
    home.write_text("in the way")
    autosave = Autosave(model, home, interval=3600.0)
    told = []
    autosave.told.connect(told.append)
    for cost in (2.0, 3.0):
        model.edit("Fill", painted(model.document, cost))
        autosave.keep()
        qtbot.waitUntil(lambda: not autosave._background.busy)
    assert len(told) == 1
    assert "Save soon" in told[0]
    autosave.shut_down()


def test_an_end_while_the_first_work_is_being_kept_leaves_nothing(model, tmp_path):
    autosave = Autosave(model, tmp_path, interval=3600.0)
    model.edit("Fill", painted(model.document, 2.0))
    autosave.keep()
    autosave.shut_down()  # before the worker has told that it is done
    assert list(tmp_path.iterdir()) == []
