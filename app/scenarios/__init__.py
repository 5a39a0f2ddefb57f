"""The table of scenarios: one file each; the run dock and `longcut solve` read everything else from here."""

from app.scenarios import adversarial, matching
from app.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    "adversarial": adversarial.SCENARIO,
    "matching": matching.SCENARIO,
}
