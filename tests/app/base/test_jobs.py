"""Work off the GUI thread."""

import threading

import pytest

from app.base.jobs import Background, NewestWins


@pytest.fixture
def background(qapp):
    made = Background()
    yield made
    made.shut_down()


def test_work_happens_in_a_thread_and_its_result_arrives_in_this_one(qtbot, background):
    where, results = [], []

    def work():
        where.append(threading.current_thread())
        return 42

    background.start(work, lambda value: results.append((value, threading.current_thread())), results.append)
    assert background.busy
    qtbot.waitUntil(lambda: bool(results))
    assert results == [(42, threading.main_thread())]
    assert where[0] is not threading.main_thread()
    assert not background.busy


def test_a_failure_arrives_as_the_exception(qtbot, background):
    failures = []

    def work():
        raise OSError("the disk is full")

    background.start(work, failures.append, lambda error: failures.append(str(error)))
    qtbot.waitUntil(lambda: bool(failures))
    assert failures == ["the disk is full"]


def test_jobs_are_done_one_after_the_other(qtbot, background):
    order = []
    for number in range(20):
        background.start(lambda n=number: n, order.append, order.append)
    qtbot.waitUntil(lambda: len(order) == 20)
    assert order == list(range(20))


class Squares:
    """Squares of the newest number, worked out by a job that a test may hold up."""

    def __init__(self):
        self.number = None
        self.worked, self.results, self.failures = [], [], []
        self.gate = threading.Event()
        self.gate.set()
        self.job = NewestWins(self.prepare, self.results.append, self.failures.append)

    def ask(self, number):
        self.number = number
        self.job.ask()

    def prepare(self):
        number = self.number
        return None if number is None else lambda: self.work(number)

    def work(self, number):
        assert self.gate.wait(10.0)
        self.worked.append(number)
        if number < 0:
            raise ValueError(f"{number} is below 0")
        return number * number


@pytest.fixture
def squares(qapp):
    made = Squares()
    yield made
    made.gate.set()
    made.job.shut_down()


def test_of_many_requests_the_first_job_and_the_newest_state_count(qtbot, squares):
    squares.gate.clear()
    squares.ask(1)
    qtbot.waitUntil(lambda: squares.job._background.busy)
    for number in range(2, 50):
        squares.ask(number)
    squares.gate.set()
    qtbot.waitUntil(lambda: not squares.job.busy)
    assert squares.worked == [1, 49]
    assert squares.results == [1, 49 * 49]


def test_requests_in_one_quiet_time_are_one_job(qtbot, squares):
    for number in range(10):
        squares.ask(number)
    qtbot.waitUntil(lambda: not squares.job.busy)
    assert squares.worked == [9]


def test_after_a_failure_the_newest_request_is_still_worked_on(qtbot, squares):
    squares.gate.clear()
    squares.ask(-3)
    qtbot.waitUntil(lambda: squares.job._background.busy)
    squares.ask(5)
    squares.gate.set()
    qtbot.waitUntil(lambda: not squares.job.busy)
    assert [str(error) for error in squares.failures] == ["-3 is below 0"]
    assert squares.results == [25]


def test_nothing_to_do_and_what_is_cancelled_is_not_worked_on(qtbot, squares):
    squares.ask(None)
    qtbot.waitUntil(lambda: not squares.job.busy)
    squares.ask(3)
    squares.job.cancel()
    qtbot.wait(100)
    assert not squares.job.busy
    assert squares.worked == []
    assert squares.results == []


def test_after_shutting_down_nothing_is_delivered(qtbot, squares):
    squares.ask(3)
    squares.job.shut_down()
    qtbot.wait(100)
    assert squares.results == []
    assert not squares.job.busy
