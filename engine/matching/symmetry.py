"""Symmetric point sets: orbits of points under mirrors and rotations about the middle of the map."""

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
# Each symmetry as a chain of pairings by one generator each; the second one pairs the orbits of the first.
_CHAINS: dict[str, tuple[str, ...]] = {
    "none": (),
    "four_way": ("top_bottom", "left_right"),
    "quarter_turn": ("half_turn", "quarter_turn"),
}


@dataclass(frozen=True, eq=False)
class Orbits:
    """Orbits of points under a symmetry.

    turns: (k, 2, 2) elements of the symmetry as matrices about `middle` (2,), the identity first.
    members: (o, k) the point to which each element maps the first point of an orbit. A point on a mirror axis or
        in the middle occurs several times in its row; a point in no row is free of the symmetry.
    """

    turns: Floats
    middle: Floats
    members: Integers

    @property
    def trivial(self) -> bool:
        """Whether there is no symmetry: the identity is its only element."""
        return len(self.turns) == 1

    @property
    def first(self) -> Integers:
        """The first point of each orbit, (o,)."""
        return self.members[:, 0]

    @property
    def kept_by(self) -> Flags:
        """Flags (o, k) of the elements that map the first point of an orbit to itself (its stabiliser)."""
        return self.members == self.members[:, :1]

    def symmetrised(self, positions: Floats) -> Floats:
        """Project positions (n, 2) onto symmetric ones: the mean over each orbit of its points' images."""
        if self.trivial:
            return positions
        back = np.einsum("kji,okj->oki", self.turns, positions[self.members] - self.middle)
        return self.copied(positions, back.mean(axis=1) + self.middle)

    def copied(self, positions: Floats, first: Floats) -> Floats:
        """Return positions (n, 2) with every orbit set from its `first` point (o, 2), projected onto its axes."""
        out = positions.copy()
        if self.trivial:
            out[self.first] = first
            return out
        share = self.kept_by / self.kept_by.sum(axis=1, keepdims=True)
        onto = np.einsum("ok,kij->oij", share, self.turns)  # the mean over a stabiliser projects onto its axis
        about = np.einsum("oij,oj->oi", onto, first - self.middle)
        out[self.members] = np.einsum("kij,oj->oki", self.turns, about) + self.middle
        return out

    def directions(self, vectors: Floats) -> Floats:
        """Project vectors (n, 2), such as gradients, onto symmetric ones."""
        if self.trivial:
            return vectors
        mean = np.einsum("kji,okj->oki", self.turns, vectors[self.members]).mean(axis=1)
        out = vectors.copy()
        out[self.members] = np.einsum("kij,oj->oki", self.turns, mean)
        return out

    def means(self, values: Floats) -> Floats:
        """Project numbers (n,), such as weights, onto symmetric ones."""
        out = values.copy()
        out[self.members] = values[self.members].mean(axis=1)[:, None]
        return out


def turns_of(symmetry: Symmetry) -> Floats:
    """Return the elements (k, 2, 2) of a symmetry, the identity first."""
    turns = np.eye(2)[None]
    for step in _CHAINS.get(symmetry, (symmetry,)):
        turns = np.concatenate([turns, _GENERATORS[step] @ turns])
    return turns


def middle_of(shape: tuple[int, int]) -> Floats:
    """Return the middle (2,) of a map, in cells."""
    return 0.5 * (np.array(shape, dtype=np.float64) - 1.0)


def find_orbits(
    positions: Floats,
    shape: tuple[int, int],
    symmetry: Symmetry,
    free: Flags,
    layout: Integers,
    centred: bool = False,
) -> Orbits:
    """Group the `free` points of each layout into orbits of a symmetry, so that symmetrising moves them little.

    positions: (n, 2).  free: (n,) bool, the others are in no orbit.  layout: (n,) number of a point's layout.
    A mirror or half turn is its own inverse, so an assignment of points to images pairs them; an odd one is left
    to the mirror axis. Symmetries of four elements are two such pairings, the second one of orbits.
    centred: whether points end on cell centres; then only an odd one is left to an axis between cells.
    """
    middle = middle_of(shape)
    turns = np.eye(2)[None]
    members = np.flatnonzero(free)[:, None]
    for step in _CHAINS.get(symmetry, (symmetry,)):
        turn = _GENERATORS[step]
        # An axis has room for many points, the middle for one; an axis between cells has no cell centres.
        between = {"top_bottom": shape[0] % 2 == 0, "left_right": shape[1] % 2 == 0}.get(step, False)
        alone = step not in ("half_turn", "quarter_turn") and not (centred and between)
        # Only orbits of one layout and of one size can be paired.
        kinds = np.array([layout[row[0]] * 8 + len(set(row.tolist())) for row in members], dtype=np.int64)
        groups = [_paired(positions - middle, turns, members[kinds == k], turn, alone) for k in np.unique(kinds)]
        members = np.concatenate(groups) if groups else np.zeros((0, 2 * len(turns)), dtype=np.int64)
        turns = np.concatenate([turns, turn @ turns])
    if symmetry == "quarter_turn":
        # A quarter turn fixes the middle only: there go all points that are in no orbit of four.
        short = [len(set(row.tolist())) < 4 for row in members]
        central = np.unique(members[short])
        members = np.concatenate([members[np.logical_not(short)], np.repeat(central[:, None], 4, axis=1)])
    return Orbits(turns, middle, members[np.argsort(members[:, 0])])


def _paired(about: Floats, turns: Floats, members: Integers, turn: Floats, alone: bool) -> Integers:
    """Join orbits (o, k) in pairs under one more element: (≤ o, 2k).

    about: (n, 2) positions relative to the middle.  alone: whether an orbit may always be paired with itself, and
    not only where an odd one is left.
    """
    count, size = members.shape
    images = about[members] @ turn.T  # (o, k, 2)
    # An orbit of k points can be mapped to the image of another in k ways; the nearest one counts.
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
        # A cycle of the assignment is cut into pairs; an odd cycle leaves one orbit.
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
    """Return the orbits (o, k) with the image of each first point under `element` as the new first point."""
    order = [int(np.argmin(np.abs(turn @ turns[element] - turns).sum(axis=(1, 2)))) for turn in turns]
    return members[:, order]
