"""Symmetric layouts: points that a mirror or a turn about the middle of the map carries into each other."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from engine.core.arrays import Flags, Floats, Integers
from engine.cost_maps.admissible import Symmetry

_GENERATORS: dict[str, Floats] = {
    "left_right": np.array([[1.0, 0.0], [0.0, -1.0]]),
    "top_bottom": np.array([[-1.0, 0.0], [0.0, 1.0]]),
    "half_turn": np.array([[-1.0, 0.0], [0.0, -1.0]]),
    "quarter_turn": np.array([[0.0, -1.0], [1.0, 0.0]]),
    "diagonal": np.array([[0.0, 1.0], [1.0, 0.0]]),
}
# Each symmetry as a chain of pairings; the element of the second one turns orbits of the first into orbits.
_CHAINS: dict[str, tuple[str, ...]] = {
    "none": (),
    "four_way": ("top_bottom", "left_right"),
    "quarter_turn": ("half_turn", "quarter_turn"),
}


@dataclass(frozen=True, eq=False)
class Orbits:
    """Points that a symmetry carries into each other.

    turns: (k, 2, 2) the symmetry's elements as matrices about `middle` (2,), the identity first.
    members: (o, k) the point that each element makes of an orbit's first point; a point on a mirror, or in the
        middle, comes several times in its row. A point in no row is left alone.
    """

    turns: Floats
    middle: Floats
    members: Integers

    @property
    def trivial(self) -> bool:
        return len(self.turns) == 1

    @property
    def first(self) -> Integers:
        """(o,) the first point of each orbit."""
        return self.members[:, 0]

    @property
    def kept_by(self) -> Flags:
        """(o, k) the elements that leave the first point of an orbit in place."""
        return self.members == self.members[:, :1]

    def symmetrised(self, positions: Floats) -> Floats:
        """The nearest symmetric layout (n, 2): every orbit at the mean of where its points would have it."""
        if self.trivial:
            return positions
        back = np.einsum("kji,okj->oki", self.turns, positions[self.members] - self.middle)
        return self.copied(positions, back.mean(axis=1) + self.middle)

    def copied(self, positions: Floats, first: Floats) -> Floats:
        """Positions (n, 2) with every orbit set from its `first` point (o, 2), brought onto its mirrors."""
        out = positions.copy()
        if self.trivial:
            out[self.first] = first
            return out
        share = self.kept_by / self.kept_by.sum(axis=1, keepdims=True)
        onto = np.einsum("ok,kij->oij", share, self.turns)  # the mean of those elements projects
        about = np.einsum("oij,oj->oi", onto, first - self.middle)
        out[self.members] = np.einsum("kij,oj->oki", self.turns, about) + self.middle
        return out

    def directions(self, vectors: Floats) -> Floats:
        """The nearest symmetric vectors (n, 2), such as gradients."""
        if self.trivial:
            return vectors
        mean = np.einsum("kji,okj->oki", self.turns, vectors[self.members]).mean(axis=1)
        out = vectors.copy()
        out[self.members] = np.einsum("kij,oj->oki", self.turns, mean)
        return out

    def means(self, values: Floats) -> Floats:
        """The nearest symmetric numbers (n,), such as weights."""
        out = values.copy()
        out[self.members] = values[self.members].mean(axis=1)[:, None]
        return out


def turns_of(symmetry: Symmetry) -> Floats:
    """(k, 2, 2) the elements of a symmetry, the identity first."""
    turns = np.eye(2)[None]
    for step in _CHAINS.get(symmetry, (symmetry,)):
        turns = np.concatenate([turns, _GENERATORS[step] @ turns])
    return turns


def middle_of(shape: tuple[int, int]) -> Floats:
    """(2,) the middle of a map, in cells."""
    return 0.5 * (np.array(shape, dtype=np.float64) - 1.0)


def orbits(
    positions: Floats,
    shape: tuple[int, int],
    symmetry: Symmetry,
    free: Flags,
    layout: Integers,
    centred: bool = False,
) -> Orbits:
    """Pairs the `free` points of each layout under a symmetry, so that symmetrising moves them little.

    positions: (n, 2).  free: (n,) bool, the others are in no orbit.  layout: (n,) number of a point's layout.
    A mirror or half turn is its own inverse: an assignment of points to images pairs them, and an odd one out
    lands on the mirror. Symmetries of four elements are two such pairings, the second one of orbits.
    centred: points are to end on cell centres, so that none but an odd one is left on a mirror between cells.
    """
    middle = middle_of(shape)
    turns = np.eye(2)[None]
    members = np.flatnonzero(free)[:, None]
    for step in _CHAINS.get(symmetry, (symmetry,)):
        turn = _GENERATORS[step]
        # A mirror has room for many points, the middle for one, and between cells there is no centre for any.
        between = {"top_bottom": shape[0] % 2 == 0, "left_right": shape[1] % 2 == 0}.get(step, False)
        alone = step not in ("half_turn", "quarter_turn") and not (centred and between)
        # Only orbits of one layout and of equally many points can be paired.
        kinds = np.array([layout[row[0]] * 8 + len(set(row.tolist())) for row in members], dtype=np.int64)
        groups = [_paired(positions - middle, turns, members[kinds == k], turn, alone) for k in np.unique(kinds)]
        members = np.concatenate(groups) if groups else np.zeros((0, 2 * len(turns)), dtype=np.int64)
        turns = np.concatenate([turns, turn @ turns])
    if symmetry == "quarter_turn":
        # A turn keeps the middle only: there lies every point that has not three others.
        short = [len(set(row.tolist())) < 4 for row in members]
        central = np.unique(members[short])
        members = np.concatenate([members[np.logical_not(short)], np.repeat(central[:, None], 4, axis=1)])
    return Orbits(turns, middle, members[np.argsort(members[:, 0])])


def _paired(about: Floats, turns: Floats, members: Integers, turn: Floats, alone: bool) -> Integers:
    """Joins orbits (o, k) in pairs under one more element: (≤ o, 2k).

    about: (n, 2) positions from the middle.  alone: whether an orbit may be paired with itself without need.
    """
    count, size = members.shape
    images = about[members] @ turn.T  # (o, k, 2)
    # An orbit can be laid onto the image of another in as many ways as it has points; the best one counts.
    ways = [_restarted(turns, members, element) for element in range(size)]
    distances = np.stack([((images[:, None] - about[way][None]) ** 2).sum(axis=(2, 3)) for way in ways])
    apart = distances.min(axis=0)
    apart = apart + apart.T
    if not alone:
        np.fill_diagonal(apart, 1.0 + count * apart.max())
    _, partner = linear_sum_assignment(apart)
    done = np.zeros(count, dtype=np.bool_)
    pairs: list[tuple[int, int]] = []
    left: list[int] = []
    for start in range(count):
        if done[start]:
            continue
        cycle = [start]
        while (after := int(partner[cycle[-1]])) != start:
            cycle.append(after)
        done[cycle] = True
        # A cycle of the assignment is cut into pairs; an odd one leaves one over.
        pairs.extend(zip(cycle[0:-1:2], cycle[1::2], strict=False))
        if len(cycle) == 1 and alone:
            pairs.append((start, start))
        elif len(cycle) % 2:
            left.append(cycle[-1])
    pairs.extend(zip(left[0:-1:2], left[1::2], strict=False))
    if len(left) % 2:
        pairs.append((left[-1], left[-1]))
    rows = [
        np.concatenate([members[one], ways[int(np.argmin(distances[:, one, other]))][other]])
        for one, other in pairs
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 2 * size)


def _restarted(turns: Floats, members: Integers, element: int) -> Integers:
    """The same orbits (o, k), each from the point that `element` makes of its first one."""
    order = [int(np.argmin(np.abs(turn @ turns[element] - turns).sum(axis=(1, 2)))) for turn in turns]
    return members[:, order]
