"""One search for a good arrangement, round after round; a run has several, which differ in their noise."""

from dataclasses import dataclass, replace

import numpy as np

from engine.arranging.ascent import Ascent, ascend, first_ascent
from engine.arranging.bound import Proof, first_proof, proved, with_loads
from engine.arranging.exchanges import Exchanges
from engine.arranging.found import Found, judged
from engine.arranging.loads import plan_of_terrain, scores_of, soft_loads
from engine.arranging.merit import ascent_factors
from engine.arranging.prepared import Prepared
from engine.arranging.rounding import rounded
from engine.arranging.schedule import STEPS, TIDYINGS, Round
from engine.arranging.tidying import tidied
from engine.core.arrays import Floats, Integers

# How sure a pass starts of its first map; the rest is the plan that is the same everywhere.
SURE, SURE_AGAIN = 0.5, 0.9


@dataclass(frozen=True, eq=False)
class Search:
    """Where a search stands. Arrays are never changed.

    number: of the search, from 0.  best: the best arrangement that it has made.  present: the last one.
    ascent: of the pass under way; None before the first.  factors: (R,) of the last step, see `ascent_factors`.
    soft_lengths: (R,) path costs over the plan of the last step.  proof: of the bound.
    """

    number: int
    best: Found
    present: Found
    proof: Proof
    ascent: Ascent | None = None
    factors: Floats | None = None
    soft_lengths: Floats | None = None


def first_search(prepared: Prepared, number: int, chosen: Integers) -> Search:
    """Return a search that knows one arrangement (U,)."""
    found = judged(prepared, chosen)
    return Search(number, found, found, first_proof(prepared.choices, prepared.walks))


def advance(prepared: Prepared, search: Search, work: Round, generator: np.random.Generator) -> Search:
    """Do one round of a search."""
    if work.kind == "exchanges":
        return _exchange(prepared, search, work, generator)
    if work.kind == "tidying":
        tidier = search.best
        for _ in range(TIDYINGS):
            tidier = tidied(prepared, tidier, generator)
        return replace(search, best=tidier, present=tidier)
    if work.place == 0:
        sure = SURE_AGAIN if work.again else SURE
        chosen = search.best.chosen if work.again else prepared.nearest
        plan = sure * plan_of_terrain(prepared.choices, chosen) + (1.0 - sure) * prepared.even
        proof = replace(search.proof, steps=0, means=np.zeros_like(search.proof.means))
        search = replace(search, ascent=first_ascent(prepared.choices, plan, generator), factors=None, proof=proof)
    return _ascend(prepared, search, work)


def _ascend(prepared: Prepared, search: Search, work: Round) -> Search:
    problem, choices, walks = prepared.problem, prepared.choices, prepared.walks
    ascent, weights, proof, lengths = search.ascent, search.factors, search.proof, search.soft_lengths
    assert ascent is not None
    for number in range(STEPS):
        rate = work.rate(number, search.number)
        lengths, loads = soft_loads(walks, choices, ascent.plan, rate.epsilon)
        weights = ascent_factors(problem, lengths, weights)
        weighted = weights[:, None, None] * loads
        if prepared.bounded:
            proof = with_loads(proof, weighted)
        outwards = (ascent.plan - prepared.even) @ prepared.metric
        scores = scores_of(walks, choices, weighted)
        ascent = ascend(ascent, choices, scores, outwards, rate, prepared.most_changed)
    if prepared.bounded:
        proof = proved(proof, choices, walks, prepared.most_changed)
    search = replace(search, ascent=ascent, factors=weights, soft_lengths=lengths, proof=proof)
    found = rounded(prepared, ascent.values, ascent.prices) if work.rounds_off else None
    return search if found is None else _with(search, found)


def _exchange(prepared: Prepared, search: Search, work: Round, generator: np.random.Generator) -> Search:
    start = search.best if work.place == 0 else search.present
    exchanges = Exchanges(prepared, start.chosen, work.heat, generator)
    for _ in range(work.tries):
        exchanges.exchange()
    return replace(_with(search, exchanges.best), present=exchanges.present)


def _with(search: Search, found: Found) -> Search:
    """Return the search with an arrangement that it has made, as its best if it is better."""
    return replace(search, present=found, best=found if found.loss < search.best.loss else search.best)
