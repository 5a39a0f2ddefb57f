"""Calls of the command line inside the test's own process."""

from io import StringIO

import pytest
from rich.console import Console

from app.cli import main as cli
from app.cli import output


def solve(*arguments: object) -> int:
    return cli.main(["solve", *map(str, arguments)])


def record(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the command prints, both streams, without colours."""

    class Kept(StringIO):
        def write(self, text: str) -> int:
            lines.append(text)
            return len(text)

    lines: list[str] = []
    for name in ("out", "err"):
        monkeypatch.setattr(output, name, Console(file=Kept(), width=200, highlight=False))
    return lines
