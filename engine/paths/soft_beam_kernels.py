"""The loops of one soft plan: outwards, recording what the gradient needs, and back.

Maps are flat here. Arrays of a tape have an entry for every layer. A link is a move from a member of the beam
to a candidate for the next one; several links may meet in one candidate.

    counts   (3, L + 1)   members, candidates and links of each layer; members[0] is the agent's own cell
    kept     (L + 1, M)   which candidate of the layer before a member was
    links    (L, N, 3)    member, candidate, and the cell entered
    weights  (L, N, 4)    share of the candidate's weight, expected cost over the candidate's, tail and head load
    odds     (L, N)       log-odds of the candidates' membership
"""

import numpy as np

from engine.core.arrays import Flags, Floats, Integers
from engine.core.compiled import compiled
from engine.ranking.top_k_kernels import log_odds, log_odds_adjoint

Tape = tuple[Integers, Integers, Integers, Floats, Floats]


@compiled
def outwards(
    cost: Floats,
    heads: Integers,
    lengths: Floats,
    tail_share: float,
    guess: Floats,
    closed: Flags,
    start: int,
    goal: int,
    width: int,
    horizon: int,
    epsilon: float,
    temperature: float,
    most: int,
    least: float,
) -> tuple[Integers, Floats, Floats, Tape]:
    """Search outwards: cells (L, M) of the beam, −1 where there is none, their membership, ends (2, b) and tape.

    ends: the chance of each cell of the last layer, and its expected cost.

    heads: (cells, K), −1 where a move is illegal.  temperature: of the membership.  most: M, how many cells a
    layer keeps; least: log-membership under which a cell is dropped.
    """
    moves = heads.shape[1]
    room = most * (moves + 1)
    counts = np.zeros((3, horizon + 1), dtype=np.int64)
    kept, links = np.zeros((horizon + 1, most), dtype=np.int64), np.zeros((horizon, room, 3), dtype=np.int64)
    weights, odds = np.zeros((horizon, room, 4)), np.zeros((horizon, room))
    beam, membership = np.full((horizon, most), -1), np.zeros((horizon, most))

    held = np.full(cost.size, np.inf)
    slot = np.full(cost.size, -1)
    # Of members: cell, exact cost, G and expected cost; of candidates, the same; of links, G and expected cost.
    here, exact, g, expected = np.full(most, start), np.zeros(most), np.zeros(most), np.zeros(most)
    cells, nearest, merged, mean = np.zeros(room, dtype=np.int64), np.zeros(room), np.zeros(room), np.zeros(room)
    q, r = np.zeros(room), np.zeros(room)
    held[start], counts[0, 0] = 0.0, 1
    layers = 0
    for layer in range(horizon):
        n, count = 0, 0
        for member in range(counts[0, layer]):
            v = here[member]
            for k in range(moves):
                if v == goal:
                    # At the goal the agent stays, for nothing.
                    u, tail, head = v, 0.0, 0.0
                else:
                    u, tail, head = heads[v, k], lengths[k] * tail_share, lengths[k] * (1.0 - tail_share)
                if u < 0:
                    continue
                edge = tail * cost[v] + head * cost[u]
                along = exact[member] + edge
                if v != goal and (closed[u] or along >= held[u]):
                    continue
                if slot[u] < 0:
                    slot[u], cells[n], nearest[n] = n, u, np.inf
                    n += 1
                nearest[slot[u]] = min(nearest[slot[u]], along)
                q[count], r[count] = g[member] + edge, expected[member] + edge
                links[layer, count, 0], links[layer, count, 1], links[layer, count, 2] = member, slot[u], u
                weights[layer, count, 2], weights[layer, count, 3] = tail, head
                count += 1
                if v == goal:
                    break
        for c in range(n):
            slot[cells[c]] = -1
        if n == 0:
            break
        layers, counts[1, layer], counts[2, layer] = layer + 1, n, count
        _merge(q[:count], r[:count], links[layer, :count, 1], epsilon, weights[layer], merged[:n], mean[:n])
        _member_odds(-(merged[:n] + guess[cells[:n]]), width, temperature, odds[layer, :n])
        last = np.sort(odds[layer, :n])[max(0, n - most)]
        stay = 0
        for c in range(n):
            inside = -_softplus(-odds[layer, c])
            if stay == most or odds[layer, c] < last or inside < least:
                continue
            kept[layer + 1, stay], here[stay], exact[stay] = c, cells[c], nearest[c]
            g[stay], expected[stay] = merged[c] - epsilon * inside, mean[c]
            beam[layer, stay], membership[layer, stay] = cells[c], np.exp(inside)
            if odds[layer, c] >= 0.0:
                held[cells[c]] = min(held[cells[c]], nearest[c])
            stay += 1
        counts[0, layer + 1] = stay

    b = counts[0, layers]
    ends = np.zeros((2, b))
    score = g[:b] + guess[here[:b]]
    ends[0] = np.exp((np.min(score) - score) / epsilon)
    ends[0] /= np.sum(ends[0])
    ends[1] = expected[:b]
    return beam[:layers], membership[:layers], ends, (counts, kept, links, weights, odds)


@compiled
def back(
    cells: int, start: int, beam: Integers, ends: Floats, tape: Tape, epsilon: float, temperature: float,
    upstream: Floats,
) -> Floats:  # fmt: skip
    """Return the gradient by the flat cost map of Σ upstream · ends, both (2, b)."""
    counts, kept, links, weights, odds = tape
    gradient = np.zeros(cells)
    layers = beam.shape[0]
    chance = ends[0]
    by_g = -chance * (upstream[0] - np.sum(chance * upstream[0])) / epsilon
    by_expected = upstream[1].copy()
    for layer in range(layers - 1, -1, -1):
        n = counts[1, layer]
        by_merged, by_mean, by_odds = np.zeros(n), np.zeros(n), np.zeros((1, n))
        for i in range(counts[0, layer + 1]):
            c = kept[layer + 1, i]
            by_merged[c] += by_g[i]
            by_mean[c] += by_expected[i]
            by_odds[0, c] -= epsilon * by_g[i] * np.exp(-_softplus(odds[layer, c]))
        by_merged -= log_odds_adjoint(odds[layer : layer + 1, :n], temperature, by_odds)[0]
        members = counts[0, layer]
        by_g, by_expected = np.zeros(members), np.zeros(members)
        for link in range(counts[2, layer]):
            member, c, head = links[layer, link, 0], links[layer, link, 1], links[layer, link, 2]
            share, ahead = weights[layer, link, 0], weights[layer, link, 1]
            by_q = share * (by_merged[c] - ahead * by_mean[c] / epsilon)
            by_r = share * by_mean[c]
            by_g[member] += by_q
            by_expected[member] += by_r
            tail = start if layer == 0 else beam[layer - 1, member]
            gradient[tail] += (by_q + by_r) * weights[layer, link, 2]
            gradient[head] += (by_q + by_r) * weights[layer, link, 3]
    return gradient


@compiled
def _merge(
    q: Floats, r: Floats, candidate: Integers, epsilon: float, weights: Floats, merged: Floats, mean: Floats
) -> None:
    """Fill in the soft minimum of q (links,) and the mean of r for every candidate, and the links' weights."""
    merged[:] = np.inf
    mean[:] = 0.0
    total = np.zeros(merged.size)
    for link in range(q.size):
        merged[candidate[link]] = min(merged[candidate[link]], q[link])
    for link in range(q.size):
        weights[link, 0] = np.exp((merged[candidate[link]] - q[link]) / epsilon)
        total[candidate[link]] += weights[link, 0]
    for link in range(q.size):
        weights[link, 0] /= total[candidate[link]]
        mean[candidate[link]] += weights[link, 0] * r[link]
    for link in range(q.size):
        weights[link, 1] = r[link] - mean[candidate[link]]
    merged -= epsilon * np.log(total)


@compiled
def _member_odds(score: Floats, width: int, temperature: float, odds: Floats) -> None:
    n = score.size
    odds[:] = log_odds(score.reshape(1, n), float(min(width, n)), temperature)[0]


@compiled
def _softplus(z: float) -> float:
    return max(z, 0.0) + np.log1p(np.exp(-abs(z)))
