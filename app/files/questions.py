"""Ask the designer about files: which name, may it be replaced, what is lost, whose change counts."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QPushButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.formats.format import Level

Buttons = QMessageBox.StandardButton
Role = QMessageBox.ButtonRole


class Answer(Enum):
    """What the designer decided."""

    YES = "yes"
    OTHERWISE = "otherwise"  # the other way that the question offers
    NO = "no"  # nothing shall happen


def ask_file(parent: QWidget, title: str, proposed: Path, kinds: Mapping[str, str]) -> Path | None:
    """Ask for a file to write, with an ending among those of `kinds`, description to ending; None for none.

    proposed: folder and stem. A name without an ending gets that of the chosen kind, the first where the dialog
    tells none.
    """
    filters = {f"{description} (*{ending})": ending for description, ending in kinds.items()}
    first = next(iter(kinds.values()))
    asked = proposed.with_name(proposed.name + first)
    while True:
        name, chosen = QFileDialog.getSaveFileName(parent, title, str(asked), ";;".join(filters))
        if not name:
            return None
        typed = Path(name)
        if typed.suffix.lower() in kinds.values():
            return typed
        # The dialog has asked about the file of the name as typed, not about this one.
        asked = typed.with_name(typed.name + filters.get(chosen, first))
        if not asked.exists() or may_replace(parent, title, asked):
            return asked


def may_replace(parent: QWidget, title: str, path: Path) -> bool:
    """Ask whether a file may be replaced."""
    question = _tr("{} is there already. Replace it?").format(path.name)
    return agrees(parent, title, question, _tr("Replace"))


def agrees(parent: QWidget, title: str, question: str, verb: str) -> bool:
    """Ask whether something may happen that cannot be taken back. verb: what the button says that lets it happen.

    The default is to leave it, so that a hasty Enter loses nothing.
    """
    return _ask(parent, title, question, yes=verb, hasty=Answer.NO) is Answer.YES


def offers_table(parent: QWidget, refusal: str) -> bool:
    """Tell why a table was refused, and ask whether to say how it is to be read."""
    question = _tr("{}.\n\nYour open map is unchanged. Say how this file is to be read?").format(refusal)
    return _ask(parent, _tr("Cannot open"), question, yes=_tr("Say how…")) is Answer.YES


def accepts_losses(parent: QWidget, path: Path, lost: Sequence[str]) -> bool:
    """Ask whether a file may be written that does not keep all of the map."""
    question = _lost(path, lost) + _tr("\n\nSave all the same?")
    return agrees(parent, _tr("Save"), question, _tr("Save {} all the same").format(path.suffix))


def ask_lossy_save(parent: QWidget, path: Path, lost: Sequence[str]) -> Answer:
    """Ask, before a plain save that loses something, whether to save as `.longcut` (YES) or so (OTHERWISE)."""
    return _ask(
        parent,
        _tr("Save"),
        _lost(path, lost),
        yes=_tr("Save as .longcut…"),
        otherwise=_tr("Save {} all the same").format(path.suffix),
    )


def ask_changed_on_disk(parent: QWidget, path: Path) -> Answer:
    """Ask, before a save, about a file that another program changed: another name (YES) or replace (OTHERWISE)."""
    question = _tr("{} was changed by another program since it was opened here. Saving would replace that change.")
    return _ask(
        parent,
        _tr("Changed on disk"),
        question.format(path.name),
        yes=_tr("Save under another name…"),
        otherwise=_tr("Replace it"),
    )


def ask_level(parent: QWidget, path: Path, levels: Sequence[Level], now: str = "") -> Level | None:
    """Ask which level of a file to open; None for none. now: the one that is open."""
    words = {
        level.name if level.shape is None else _tr("{}   –   {} × {}").format(level.name, *level.shape): level
        for level in levels
    }
    places = [level.name for level in words.values()]
    question = _tr("Which level of {}?").format(path.name)
    first = places.index(now) if now in places else 0
    chosen, taken = QInputDialog.getItem(parent, _tr("Open a level"), question, list(words), first, False)
    return words.get(chosen) if taken else None


def ask_open_elsewhere(parent: QWidget, path: Path) -> Answer:
    """Ask about a file that another window has open: open a copy without a name (YES) or nothing (NO)."""
    question = _tr("{} is open in another window of Longcut. Two windows would overwrite each other's work.")
    return _ask(parent, _tr("Open elsewhere"), question.format(path.name), yes=_tr("Open a copy"))


def ask_unsaved(parent: QWidget, title: str, results: int, lost: Sequence[str] = ()) -> Answer:
    """Ask whether to save before the open map is closed: save (YES), discard (OTHERWISE) or stay (NO).

    lost: what the last save could not keep; then YES is to save as `.longcut`.
    """
    if lost:
        question = _tr("{} does not keep all of your work. No file holds:\n• {}\n\nSave it as .longcut?")
        question = question.format(title, "\n• ".join(lost))
    else:
        question = _tr("{} has unsaved changes. Save them?").format(title)
        if results:
            question += "\n" + _tr("Results that no file holds yet: {}").format(results)
    answer = QMessageBox.question(
        parent, _tr("Unsaved changes"), question, Buttons.Save | Buttons.Discard | Buttons.Cancel, Buttons.Save
    )
    return {Buttons.Save: Answer.YES, Buttons.Discard: Answer.OTHERWISE}.get(answer, Answer.NO)


def _lost(path: Path, lost: Sequence[str]) -> str:
    return _tr("{} does not keep:\n• {}").format(path.name, "\n• ".join(lost))


def _ask(
    parent: QWidget,
    title: str,
    question: str,
    *,
    yes: str,
    otherwise: str | None = None,
    hasty: Answer = Answer.YES,
) -> Answer:
    """Show a question with buttons that say what they do. hasty: what Enter answers, YES or NO."""
    box = QMessageBox(QMessageBox.Icon.Question, title, question, parent=parent)
    buttons: dict[QPushButton, Answer] = {box.addButton(yes, Role.AcceptRole): Answer.YES}
    if otherwise is not None:
        buttons[box.addButton(otherwise, Role.DestructiveRole)] = Answer.OTHERWISE
    refusal = box.addButton(Buttons.Cancel)
    box.setEscapeButton(refusal)
    box.setDefaultButton(refusal if hasty is Answer.NO else next(iter(buttons)))
    box.exec()
    return next((answer for button, answer in buttons.items() if button is box.clickedButton()), Answer.NO)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Files", text)
