"""The table of scenarios: one file each; the run dock and `longcut solve` read everything else from here."""

from app.scenarios import adaptation, adversarial, balance, drawn_route, foresight, generate, matching, terrain
from app.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    "adversarial": adversarial.SCENARIO,
    "matching": matching.SCENARIO,
    "drawn_route": drawn_route.SCENARIO,
    "balance": balance.SCENARIO,
    "foresight": foresight.SCENARIO,
    "generate": generate.SCENARIO,
    "terrain": terrain.SCENARIO,
    "adaptation": adaptation.SCENARIO,
}
