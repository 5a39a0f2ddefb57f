"""Placings to begin with: at random, or what can be kept of earlier ones; none seals a route."""

import numpy as np

from engine.core.arrays import Flags, Integers
from engine.walls.board import Board, shut_by
from engine.walls.problem import WallProblem, kept_open
from engine.walls.touched import Workspace, touch


def valid_placing(
    problem: WallProblem, board: Board, room: Workspace, walls: Integers, random: np.random.Generator
) -> Integers:
    """Return exactly `problem.count` cells of the board as walls that seal no leg, as many of `walls` as can be.

    Raises ValueError where the problem has no such placing; `problem.place_walls` refuses these.
    """
    walls = np.unique(walls[board.is_candidate[walls] == 1])
    if walls.size > problem.count:
        walls = np.sort(random.choice(walls, problem.count, replace=False))
    closed = board.closed.copy()
    closed[walls] = 1
    value, _ = touch(board, closed, shut_by(board, closed), room)
    if value == np.inf:
        always_open = on_board(board, kept_open(problem))
        closed[always_open] = board.closed[always_open]
        walls = np.setdiff1d(walls, always_open)
        touch(board, closed, shut_by(board, closed), room)
    touched = room.touched[board.candidates] == room.stamp[0]
    spare = board.candidates[~touched & (closed[board.candidates] == 0)]
    missing = problem.count - walls.size
    if missing > spare.size:
        always_open = on_board(board, kept_open(problem))
        walls = np.setdiff1d(walls, always_open)
        spare = np.setdiff1d(board.candidates, np.union1d(always_open, walls))
        missing = problem.count - walls.size
    return np.concatenate([walls, random.choice(spare, missing, replace=False)])


def on_board(board: Board, cells: Flags) -> Integers:
    """Return the cells (H, W) that are set as flat cells of the board."""
    rows, columns = np.nonzero(cells)
    return (rows + board.rim) * board.stride + columns + board.rim


def on_map(board: Board, walls: Integers) -> Flags:
    """Return flat cells of the board as flags (H, W) of the map."""
    flags = np.zeros(board.closed.size, dtype=np.bool_)
    flags[walls] = True
    rim = board.rim
    return flags.reshape(-1, board.stride)[rim:-rim, rim:-rim].copy()
