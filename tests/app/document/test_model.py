"""The document model: previews, undo steps, files."""

import numpy as np
import pytest

from app.document.model import DocumentModel
from maps.document import new_document
from maps.errors import MapFormatError


@pytest.fixture
def model(qapp):
    return DocumentModel(new_document(4, 6, name="meadow"))


def with_cost(document, cost):
    return document.replace(cost=np.full(document.shape, cost, np.float32))


def test_a_gesture_of_many_previews_is_one_undo_step(model):
    first = model.document
    shown = []
    model.changed.connect(lambda old, new: shown.append((old, new)))
    second, third = with_cost(first, 2.0), with_cost(first, 3.0)
    model.preview(second)
    model.preview(third)
    assert model.previewing
    assert not model.modified
    model.commit("Brush")
    assert shown == [(first, second), (second, third)]
    assert model.history.labels == ("New", "Brush")
    assert model.modified
    assert not model.previewing
    model.undo()
    assert model.document is first
    assert not model.modified
    model.redo()
    assert model.document is third


def test_cancel_returns_to_the_document_before_the_gesture(model):
    first = model.document
    model.preview(with_cost(first, 2.0))
    model.cancel()
    assert model.document is first
    model.commit("Nothing")
    assert model.history.labels == ("New",)


def test_undo_during_a_gesture_takes_only_the_gesture_back(model):
    first = model.document
    committed = with_cost(first, 2.0)
    model.edit("Fill", committed)
    model.preview(with_cost(first, 3.0))
    model.undo()
    assert model.document is committed
    assert model.history.position == 1


def test_an_edit_that_changes_nothing_tells_nobody(model, qtbot):
    with qtbot.assertNotEmitted(model.changed), qtbot.assertNotEmitted(model.history_changed):
        model.edit("Nothing", model.document)


def test_jump_goes_anywhere_and_says_where_it_cannot(model):
    for cost in (2.0, 3.0, 4.0):
        model.edit("Fill", with_cost(model.document, cost))
    model.jump(1)
    assert model.document.cost[0, 0] == 2.0
    with pytest.raises(IndexError, match="4 entries"):
        model.jump(4)
    assert model.document.cost[0, 0] == 2.0


def test_save_and_open_give_the_same_map(model, tmp_path, qtbot):
    model.edit("Fill", with_cost(model.document, 2.5))
    path = tmp_path / "meadow.longcut"
    with qtbot.waitSignal(model.title_changed):
        assert model.save(path) == []
    assert not model.modified
    assert model.path == path
    assert model.title == "meadow.longcut"
    model.edit("Fill", with_cost(model.document, 4.0))
    assert model.modified
    model.open(path)
    assert (model.document.cost == 2.5).all()
    assert model.document.name == "meadow"
    assert not model.modified
    assert model.history.labels == ("Open",)


def test_undo_to_the_saved_document_is_not_modified_and_past_it_is(model, tmp_path):
    model.edit("Fill", with_cost(model.document, 2.0))
    model.save(tmp_path / "a.longcut")
    model.undo()
    assert model.modified
    model.redo()
    assert not model.modified


def test_save_leaves_a_gesture_under_way_out(model, tmp_path):
    path = tmp_path / "a.longcut"
    model.preview(with_cost(model.document, 3.0))
    model.save(path)
    assert model.previewing
    other = DocumentModel(new_document(1, 1))
    other.open(path)
    assert (other.document.cost == 1.0).all()


def test_a_save_that_loses_something_says_what(model, tmp_path):
    lost = model.save(tmp_path / "grid.map")
    assert lost
    assert all(isinstance(sentence, str) for sentence in lost)


def test_a_bad_file_changes_nothing(model, tmp_path):
    bad = tmp_path / "bad.longcut"
    bad.write_bytes(b"PK\x03\x04 not really")
    before = model.document
    with pytest.raises(MapFormatError):
        model.open(bad)
    assert model.document is before
    assert model.path is None
    assert model.title == "meadow"
