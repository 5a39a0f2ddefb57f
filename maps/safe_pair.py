"""Two files that belong together: a crash leaves both old or both new, for whoever reads them by `companion_of`.

No system replaces two files at once. So the old companion is kept beside until the main file is replaced, and the
main file tells by a digest which companion belongs to it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from maps.errors import MapSaveError
from maps.safe_save import prepare

PREVIOUS = ".longcut-previous"


def digest_of(companion: bytes) -> str:
    """Return what a main file notes of its companion."""
    return hashlib.sha256(companion).hexdigest()


def save_pair(companion: Path, companion_data: bytes, main: Path, main_data: bytes) -> list[str]:
    """Save both files; return warnings as `save_bytes` does.

    Raises MapSaveError, which says what became of the two: both are as before, or the message names what is not.
    """
    prepared = prepare(companion, companion_data)
    try:
        prepared_main = prepare(main, main_data)
    except BaseException:
        prepared.drop()
        raise
    previous = _previous(companion)
    warnings: list[str | None] = []
    try:
        had_one = _keep_previous(companion, previous)
        warnings.append(prepared.put())
    except BaseException as error:
        prepared_main.drop()
        _forget(previous)
        if isinstance(error, OSError) and not isinstance(error, MapSaveError):
            why = f"{error.strerror or error}; {main.name} and {companion.name} are unchanged"
            raise MapSaveError(companion, why) from error
        raise
    try:
        warnings.append(prepared_main.put())
    except MapSaveError as error:
        told = f"{companion.name} is unchanged, too"
        try:
            if had_one:
                os.replace(previous, companion)
            else:
                os.unlink(companion)
        except OSError:
            kept = f", the old one is {previous.name}" if had_one else ""
            told = f"but {companion.name} is the new one{kept}"
        raise MapSaveError(main, f"{error.why}; {told}") from error
    _forget(previous)
    return [warning for warning in warnings if warning is not None]


def companion_of(companion: Path, noted: str | None) -> Path:
    """Return the file that holds the companion of a main file that notes this digest, None if it notes none.

    It is `companion`, unless a crash came between the two files of a save: then it is the one of before.
    """
    previous = _previous(companion)
    if not previous.is_file() or _matches(companion, noted):
        return companion
    return previous if noted is None or _matches(previous, noted) else companion


def _previous(companion: Path) -> Path:
    return companion.with_name(f".{companion.name}{PREVIOUS}")


def _keep_previous(companion: Path, previous: Path) -> bool:
    """Give the old companion a second name; whether there is one."""
    _forget(previous)
    if not companion.exists():
        return False
    source = Path(os.path.realpath(companion))
    try:
        os.link(source, previous)
    except OSError:  # a file system without links
        prepare(previous, source.read_bytes()).put()
    return True


def _forget(previous: Path) -> None:
    with contextlib.suppress(OSError):
        previous.unlink(missing_ok=True)


def _matches(path: Path, noted: str | None) -> bool:
    try:
        return noted is not None and digest_of(path.read_bytes()) == noted
    except OSError:
        return False
