"""Points on two axes as SVG, in the colours of the page that it is part of."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 760, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 150, 18, 48
_TICKS = 6
_MOST_IN_LEGEND = 12
# Stay apart for every kind of colour vision, and on a light and a dark ground (Okabe and Ito, a little darker).
_COLOURS = ("#d98b00", "#3d9bd1", "#009e73", "#cc79a7", "#d55e00", "#7a68c4", "#8a8f00")
_FROM, _TO = (61, 111, 209), (226, 120, 30)  # of values in order, where there are many


@dataclass(frozen=True)
class Mark:
    """One point. group: what its colour stands for.  title: of its tip.  link: where it leads on the page."""

    x: float
    y: float
    group: str
    title: str
    link: str


@dataclass(frozen=True)
class Plot:
    """Points and what they are. level: of the drawn map on the second axis, if it has one.

    legend: what the groups are values of.  joined: whether the groups' means are one line, in their order.
    """

    marks: tuple[Mark, ...]
    x_name: str
    y_name: str
    level: float | None
    legend: str
    joined: bool


def svg(plot: Plot) -> str:
    """Return the plot as an SVG element; lines and letters take the page's colour."""
    groups = list(dict.fromkeys(mark.group for mark in plot.marks))
    colour = {group: _colour(number, len(groups)) for number, group in enumerate(groups)}
    levels = [] if plot.level is None else [plot.level]
    xs = _ticks([mark.x for mark in plot.marks])
    ys = _ticks([*(mark.y for mark in plot.marks), *levels])
    wide, high = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = (x - xs[0]) / (xs[-1] - xs[0]), (y - ys[0]) / (ys[-1] - ys[0])
        return _LEFT + across * wide, _TOP + (1.0 - up) * high

    name = escape(f"{plot.y_name} against {plot.x_name}", quote=True)
    parts = [f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">']
    for x in xs:
        at, _ = place(x, ys[0])
        parts.append(f'<path class="grid" d="M{at:.1f} {_TOP}V{_TOP + high}"/>')
        parts.append(f'<text x="{at:.1f}" y="{_TOP + high + 18}" text-anchor="middle">{_shown(x)}</text>')
    for y in ys:
        _, at = place(xs[0], y)
        parts.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{_LEFT + wide}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{_shown(y)}</text>')
    if plot.level is not None:
        _, at = place(xs[0], plot.level)
        parts.append(f'<path class="level" d="M{_LEFT} {at:.1f}H{_LEFT + wide}"/>')
        parts.append(f'<text x="{_LEFT + 8}" y="{at - 6:.1f}">as drawn</text>')
    if plot.joined:
        means = [_mean([mark for mark in plot.marks if mark.group == group]) for group in groups]
        line = " ".join("{:.1f},{:.1f}".format(*place(*mean)) for mean in means)
        parts.append(f'<polyline class="means" points="{line}"/>')
    for mark in plot.marks:
        x, y = place(mark.x, mark.y)
        circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{colour[mark.group]}"/>'
        title, link = escape(mark.title), escape(mark.link, quote=True)
        parts.append(f'<a href="{link}"><title>{title}</title>{circle}</a>')
    middle = _TOP + high / 2
    parts.append(f'<text class="axis" x="{_LEFT + wide / 2}" y="{HEIGHT - 8}">{escape(plot.x_name)}</text>')
    turned = f'transform="translate(16 {middle}) rotate(-90)"'
    parts.append(f'<text class="axis" {turned}>{escape(plot.y_name)}</text>')
    parts += _legend(plot.legend, groups, colour)
    return "".join([*parts, "</svg>"])


def _legend(title: str, groups: Sequence[str], colour: dict[str, str]) -> list[str]:
    """Some groups with their colours, the first and the last among them."""
    if not title:
        return []
    step = ceil(len(groups) / _MOST_IN_LEGEND)
    shown = list(dict.fromkeys([*groups[::step], groups[-1]]))
    left, top = WIDTH - _RIGHT + 34, _TOP + 44
    parts = [f'<text class="key" x="{left}" y="{top}">{escape(title)}</text>']
    for number, group in enumerate(shown, 1):
        at = top + 20 * number
        parts.append(f'<circle cx="{left + 6}" cy="{at - 4}" r="5.5" fill="{colour[group]}"/>')
        parts.append(f'<text x="{left + 18}" y="{at}">{escape(group[:14])}</text>')
    return parts


def _mean(marks: Sequence[Mark]) -> tuple[float, float]:
    return sum(mark.x for mark in marks) / len(marks), sum(mark.y for mark in marks) / len(marks)


def _colour(number: int, count: int) -> str:
    if count <= len(_COLOURS):
        return _COLOURS[number]
    share = number / (count - 1)
    return "#{:02x}{:02x}{:02x}".format(*(round(a + share * (b - a)) for a, b in zip(_FROM, _TO, strict=True)))


def _ticks(values: Sequence[float]) -> list[float]:
    """Return even steps of 1, 2 or 5 times a power of ten, from below the least value to above the greatest."""
    least, most = min(values), max(values)
    if most - least <= 1e-9 * max(abs(most), abs(least), 1e-9):
        least, most = least - max(0.5, 0.1 * abs(least)), most + max(0.5, 0.1 * abs(most))
    rough = (most - least) / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1.0, 2.0, 5.0, 10.0) if power * factor >= rough * (1.0 - 1e-9))
    first, last = floor(least / step + 1e-9), ceil(most / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _shown(value: float) -> str:
    return f"{value:.6g}"
