"""History against a plain list of documents, and its budget against the arrays that are really there."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from maps.document import Layout, MapDocument, new_document
from maps.edits import paint
from maps.history import ENTRY_BYTES, History, new_history
from maps.raster import disc
from tests.maps.strategies import EXAMPLES


def painted(document: MapDocument, value: float) -> MapDocument:
    return paint(document, disc(document.shape, (1, 1), 1), "add", value).document


class AgainstAList(RuleBasedStateMachine):
    """The same steps on a history and on a list with a place in it."""

    def __init__(self) -> None:
        super().__init__()
        first = new_document(4, 4)
        self.history = new_history(first)
        self.documents, self.labels, self.place = [first], ["Open"], 0

    @rule(value=st.floats(0.1, 2), label=st.text())
    def push(self, value: float, label: str) -> None:
        document = painted(self.history.current, value)
        self.history = self.history.push(label, document)
        self.documents = [*self.documents[: self.place + 1], document]
        self.labels = [*self.labels[: self.place + 1], label]
        self.place += 1

    @rule()
    def push_nothing(self) -> None:
        assert self.history.push("nothing", self.history.current) is self.history

    @rule()
    def undo(self) -> None:
        self.history, self.place = self.history.undo(), max(0, self.place - 1)

    @rule()
    def redo(self) -> None:
        self.history, self.place = self.history.redo(), min(len(self.documents) - 1, self.place + 1)

    @rule(data=st.data())
    def jump(self, data: st.DataObject) -> None:
        self.place = data.draw(st.integers(0, len(self.documents) - 1))
        self.history = self.history.jump(self.place)

    @invariant()
    def agree(self) -> None:
        assert self.history.current is self.documents[self.place]
        assert self.history.labels == tuple(self.labels)
        assert self.history.can_undo == (self.place > 0)
        assert self.history.can_redo == (self.place < len(self.documents) - 1)


TestAgainstAList = AgainstAList.TestCase
TestAgainstAList.settings = settings(max_examples=EXAMPLES // 3, stateful_step_count=20, deadline=None)


def bytes_of(history: History) -> int:
    arrays = {
        id(array): array.nbytes
        for _, document in history.entries
        for array in (document.cost, document.passable, document.locked)
    }
    return sum(arrays.values()) + ENTRY_BYTES * len(history.entries)


def test_the_oldest_go_first_and_the_rest_is_as_much_as_the_budget_holds() -> None:
    document = new_document(100, 100)
    budget = 300_000  # flags 20,000 bytes, once; each cost layer 40,000
    history = new_history(document, byte_budget=budget)
    for number in range(30):
        history = history.push(f"stroke {number}", painted(history.current, 0.1))
        assert bytes_of(history) <= budget
        assert history.labels[-1] == f"stroke {number}"
    assert len(history.entries) == (budget - 20_000) // (40_000 + ENTRY_BYTES)
    assert history.labels == tuple(f"stroke {number}" for number in range(24, 30))


def test_shared_arrays_count_once() -> None:
    document = new_document(100, 100)
    history = new_history(document, byte_budget=70_000 + 11 * ENTRY_BYTES)
    for number in range(10):
        history = history.push(f"name {number}", history.current.replace(name=str(number)))
    assert len(history.entries) == 11


def test_points_count_too() -> None:
    document = new_document(4, 4)
    history = new_history(document, byte_budget=300_000)
    for number in range(20):
        layout = Layout("camps", np.full((2000, 2), float(number % 3)), np.ones(2000))  # 48,000 bytes
        history = history.push(str(number), history.current.replace(layouts=(layout,)))
    assert len(history.entries) == 300_000 // (48_000 + ENTRY_BYTES)


def test_the_present_never_goes() -> None:
    history = new_history(new_document(100, 100), byte_budget=1)
    for number in range(3):
        document = painted(history.current, 0.5)
        history = history.push(str(number), document)
        assert history.current is document
        assert history.labels == (str(number),)


def test_what_was_undone_goes_with_the_next_step() -> None:
    history = new_history(new_document(4, 4))
    history = history.push("a", painted(history.current, 1)).push("b", painted(history.current, 2)).undo().undo()
    history = history.push("c", painted(history.current, 3))
    assert history.labels == ("Open", "c")
    assert not history.can_redo


@pytest.mark.parametrize("position", [-1, 1])
def test_a_jump_to_nowhere_is_refused(position: int) -> None:
    with pytest.raises(IndexError, match="the history has 1 entries"):
        new_history(new_document(2, 2)).jump(position)
