"""Which reader a file gets, and how files are written."""

import errno
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from maps import formats, safe_save
from maps.document import MapDocument, Route, new_document
from maps.errors import MapFormatError, MapSaveError
from maps.formats import FORMATS, format_of, limits, losses, read_map, write_map


def sample() -> MapDocument:
    passable = np.ones((4, 5), np.bool_)
    passable[1, 1:] = False
    return new_document(4, 5).replace(passable=passable, routes=(Route("way", (0, 4), (2, 4)),))


# Tables and the text formats of other editors begin like many other files.
SIGNED = [kind for kind in FORMATS if kind.name in ("longcut", "movingai", "npy", "png")]
ANYBODY_S = [kind for kind in FORMATS if kind.encode is not None and not kind.only_back]


@pytest.mark.parametrize("kind", ANYBODY_S, ids=lambda kind: kind.name)
def test_every_format_writes_what_it_reads(tmp_path: Path, kind: formats.Format) -> None:
    for ending in kind.endings:
        path = tmp_path / f"way{ending}"
        assert write_map(sample(), path) == losses(sample(), path) == kind.losses(sample())
        assert np.array_equal(read_map(path).passable, sample().passable)
        assert format_of(path) is kind


@pytest.mark.parametrize("kind", SIGNED, ids=lambda kind: kind.name)
def test_content_tells_the_format_whatever_the_file_is_called(tmp_path: Path, kind: formats.Format) -> None:
    original = tmp_path / f"way{kind.endings[0]}"
    write_map(sample(), original)
    for name in ("way.csv", "way", "way.LONGCUT"):
        path = tmp_path / name
        path.write_bytes(original.read_bytes())
        assert np.array_equal(read_map(path).passable, sample().passable)


def test_endings_count_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "WAY.CSV"
    write_map(sample(), path)
    assert np.array_equal(read_map(path).passable, sample().passable)


def test_an_unknown_file_is_refused_with_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "way.txt"
    path.write_text("hello")
    with pytest.raises(MapFormatError, match=r"way\.txt: is not a map .*\.longcut, \.map, \.npy, \.csv, \.png"):
        read_map(path)
    with pytest.raises(MapSaveError, match=r"way\.txt: no format is known .*\.longcut"):
        write_map(sample(), path)
    assert path.read_text() == "hello"


@pytest.mark.parametrize(
    ("name", "contents", "words"),
    [
        ("costs.xlsx", b"PK\x03\x04 and more", "is an Excel workbook, .* as CSV"),
        ("costs.ods", b"PK\x03\x04 and more", "is a spreadsheet, .* as CSV"),
        ("arena.scen", b"version 1\n", r"open the \.map beside it"),
    ],
)
def test_a_file_of_another_program_is_called_by_its_name(
    tmp_path: Path, name: str, contents: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(contents)
    with pytest.raises(MapFormatError, match=words):
        read_map(tmp_path / name)


@pytest.mark.parametrize("name", ["none.longcut", "folder.longcut", "nul\0.longcut", "half\ud800.longcut"])
def test_what_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.longcut").mkdir()
    with pytest.raises(MapFormatError, match=r"cannot be read|choose a map file|no usable file name") as caught:
        read_map(tmp_path / name)
    assert str(caught.value).encode(), "the message cannot be shown"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices of POSIX")
def test_pipes_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.longcut")
    for path in (tmp_path / "pipe.longcut", Path("/dev/zero")):
        with pytest.raises(MapFormatError, match="choose a map file"):
            read_map(path)


def test_a_disk_that_fails_while_reading_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "way.longcut"
    write_map(sample(), path)

    def failing(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(limits, "open", failing, raising=False)
    with pytest.raises(MapFormatError, match=r"way\.longcut: cannot be read: "):
        read_map(path)


def test_a_warning_about_one_file_does_not_keep_the_other_from_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(safe_save, "_sync_folder", failing)
    said = write_map(sample(), tmp_path / "way.png")
    assert {path.name for path in tmp_path.iterdir()} == {"way.png", "way.png.json"}
    assert any("may not survive a power cut" in sentence for sentence in said)


def test_a_name_that_is_no_text_still_makes_a_document_that_can_be_saved(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/keep\xff.npy"
    try:
        np.save(os.fsdecode(path), np.ones((2, 2)))
    except (OSError, UnicodeError):
        pytest.skip("this system has no such file names")
    document = read_map(os.fsdecode(path))
    assert document.name == "keep?"
    write_map(document, tmp_path / "keep.longcut")
    assert read_map(tmp_path / "keep.longcut").name == "keep?"
