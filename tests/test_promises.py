"""Every promise finds what it tries: a row that runs nothing would promise nothing."""

import importlib.util
import re

import pytest

from app.bootstrap.project import ROOT
from tests.promises import PROMISES, Promise


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.name)
def test_a_promise_selects_what_is_there(promise: Promise) -> None:
    if promise.tries[0].startswith("tests."):
        assert importlib.util.find_spec(promise.tries[0]) is not None
        return
    paths = [ROOT / path for path in promise.tries if path.startswith("tests/")]
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("test_*.py"))]
    names = [name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.M)]
    assert names
    words = promise.tries[promise.tries.index("-k") + 1].split(" or ") if "-k" in promise.tries else []
    for word in words:
        assert any(word in name for name in names), f"no test has {word!r} in its name"
