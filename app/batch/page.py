"""What came of a batch as one page of HTML, with its pictures in it and nothing from elsewhere."""

from __future__ import annotations

import base64
from html import escape
from math import isfinite
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.batch.page_style import STYLE
from app.batch.plot import Mark, Plot, svg
from app.batch.task import Failure, Outcome
from app.bootstrap.project import version
from app.scenarios.words import figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.batch.report import About
    from app.batch.run import Batch, Row

MOST_PICTURES = 600  # on a page that still opens in a moment


def page(about: About, batch: Batch) -> str:
    """Return the page."""
    body = "".join(
        (
            _head(about, batch),
            _trade_off(about, batch),
            f'<section class="cards" style="--card-width: {240 if about.varied else 380}px">',
            *(_card(about, row, number < MOST_PICTURES) for number, row in enumerate(batch.rows)),
            "</section>",
            _table(about, batch),
            f"<footer>Longcut {escape(version())} · all figures are in report.json</footer>",
        )
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(about.title)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _head(about: About, batch: Batch) -> str:
    counts = [("done", batch.done), ("failed", batch.failed), ("not run", batch.left)]
    chips = "".join(
        f'<span class="chip {name.replace(" ", "-")}"><b>{count}</b> {name}</span>'
        for name, count in counts
        if count or name == "done"
    )
    given = "".join(
        f"<li><code>{escape(option)}</code> {escape(word)}</li>" for option, word in about.settings.items()
    )
    settings = f'<ul class="settings">{given}</ul>' if given else ""
    fault = f'<p class="fault">{escape(batch.fault)}</p>' if batch.fault else ""
    stopped = '<p class="fault">Stopped before its end; the same command goes on.</p>' if batch.stopped else ""
    return (
        f'<header><p class="over">{escape(about.scenario.title)}</p><h1>{escape(about.title)}</h1>'
        f"<p>{escape(about.scenario.summary)}</p>{settings}<p>{chips}</p>{stopped}{fault}</header>"
    )


def _trade_off(about: About, batch: Batch) -> str:
    """The drawn map of a sweep, and what its runs make of it."""
    rows = [(row, row.outcome) for row in batch.rows if isinstance(row.outcome, Outcome)]
    if not about.varied or not rows:
        return ""
    first = rows[0][1]
    drawn = f"<figure>{_picture(first.before, 'as drawn')}<figcaption>As drawn: {escape(first.captions[0])}"
    plot = trade_off_of(about, batch)
    shown = "" if plot is None else svg(plot)
    return f'<section class="trade-off">{drawn}</figcaption></figure>{shown}</section>'


def trade_off_of(about: About, batch: Batch) -> Plot | None:
    """Return what the runs of a sweep reach against what they change; None for fewer than two."""
    marks: list[Mark] = []
    names = ("", "")
    level: float | None = None
    for row in batch.rows:
        outcome = row.outcome
        if not isinstance(outcome, Outcome) or outcome.score is None:
            continue
        x, y = outcome.change.value, outcome.score.after
        if isfinite(x) and isfinite(y):
            title = f"{_varied(row)}: {outcome.lines[0]}"
            marks.append(Mark(x, y, row.entry.varied[0][1], title, f"#{_anchor(row)}"))
            names = (outcome.change.name, outcome.score.name)
            level = outcome.score.before
    if len(marks) < 2:
        return None
    known = None if level is None or not isfinite(level) else level
    return Plot(tuple(marks), names[0], names[1], known, about.varied[0], joined=_in_order(marks))


def _in_order(marks: list[Mark]) -> bool:
    """Whether the groups are numbers, which a line may join."""
    try:
        values = [float(mark.group) for mark in marks]
    except ValueError:
        return False
    return len(set(values)) > 1


def _card(about: About, row: Row, with_picture: bool) -> str:
    outcome, name = row.outcome, escape(row.entry.name)
    shown = escape(_varied(row) or row.entry.source)
    if outcome is None:
        return (
            f'<article class="card idle" id="{_anchor(row)}"><h2 title="{name}">{shown}</h2>'
            "<p>Not run yet.</p></article>"
        )
    if isinstance(outcome, Failure):
        return (
            f'<article class="card bad" id="{_anchor(row)}"><h2 title="{name}">{shown}</h2>'
            f"<p>{escape(outcome.sentence)}</p></article>"
        )
    pictures = [(outcome.before, outcome.captions[0]), (outcome.after, outcome.captions[1])]
    if about.varied:
        del pictures[0]  # it is the same for all
    figures = "".join(_figure(png if with_picture else b"", words) for png, words in pictures)
    lost = [f"Not kept: {'; '.join(row.lost)}."] if row.lost else []
    more = "".join(f"<p>{escape(line)}</p>" for line in (*outcome.lines, *lost))
    files = (row.file, *row.gallery)
    links = " ".join(f'<a href="{quote(file)}">{escape(file.removeprefix("results/"))}</a>' for file in files)
    return (
        f'<article class="card" id="{_anchor(row)}"><h2 title="{name}">{shown}</h2>'
        f'<div class="pictures">{figures}</div>'
        f"<details><summary>All about it</summary>{more}<p>{links}</p></details></article>"
    )


def _figure(png: bytes, caption: str) -> str:
    picture = _picture(png, caption) if png else ""
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def _picture(png: bytes, words: str) -> str:
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{escape(words, quote=True)}" src="data:image/png;base64,{data}">'


def _table(about: About, batch: Batch) -> str:
    options = about.varied or ("map",)
    scores = {outcome.score.name for outcome in _outcomes(batch) if outcome.score}
    changes = {outcome.change.name for outcome in _outcomes(batch)}
    score = f"{scores.pop()}: " if len(scores) == 1 else ""
    change = changes.pop() if len(changes) == 1 else "change"
    head = "".join(f"<th>{escape(title)}</th>" for title in (*options, f"{score}before", "after", change, ""))
    rows = "".join(_table_row(about, row) for row in batch.rows)
    return f'<section class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>'


def _table_row(about: About, row: Row) -> str:
    outcome = row.outcome
    whose = [word for _, word in row.entry.varied] if about.varied else [row.entry.source]
    cells = "".join(f"<td>{escape(word)}</td>" for word in whose)
    if not isinstance(outcome, Outcome):
        why = outcome.sentence if outcome else "not run yet"
        return f'<tr class="bad">{cells}<td colspan="4">{escape(why)}</td></tr>'
    score = outcome.score
    before = "" if score is None or score.before is None else _number(score.before)
    after = "" if score is None else _number(score.after)
    link = f'<a href="#{_anchor(row)}">picture</a>'
    numbers = "".join(f'<td class="number">{text}</td>' for text in (before, after, _number(outcome.change.value)))
    return f"<tr>{cells}{numbers}<td>{link}</td></tr>"


def _outcomes(batch: Batch) -> Iterator[Outcome]:
    return (row.outcome for row in batch.rows if isinstance(row.outcome, Outcome))


def _number(value: float) -> str:
    return figure(value) if isfinite(value) else "–"


def _varied(row: Row) -> str:
    return " · ".join(f"{option} {word}" for option, word in row.entry.varied)


def _anchor(row: Row) -> str:
    return escape(row.entry.name, quote=True)
