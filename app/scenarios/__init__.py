"""The table of scenarios: one file each; the run panel and `longcut solve` read everything else from here."""

from app.scenarios.adaptation import TilesetAdaptation
from app.scenarios.adversarial import AdversarialPath
from app.scenarios.arrange_terrain import ArrangeTerrain
from app.scenarios.balance import RankBalance
from app.scenarios.drawn_route import DrawnRoute
from app.scenarios.foresight import BoundedForesight
from app.scenarios.generate import MapGeneration
from app.scenarios.matching import PointMatching
from app.scenarios.place_walls import PlaceWalls
from app.scenarios.scenario import AnyScenario
from app.scenarios.terrain import TerrainLearning

SCENARIOS: dict[str, AnyScenario] = {
    scenario.name: scenario
    for scenario in (
        AdversarialPath(),
        ArrangeTerrain(),
        PlaceWalls(),
        DrawnRoute(),
        RankBalance(),
        PointMatching(),
        MapGeneration(),
        BoundedForesight(),
        TerrainLearning(),
        TilesetAdaptation(),
    )
}
