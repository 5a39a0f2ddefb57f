"""Refusals that say which setting to change: each is provoked, mended as it says, and gone."""

import argparse
import ast
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from app.cli.options import add_settings, settings_from
from app.scenarios import SCENARIOS
from app.scenarios.adaptation import AdaptationSettings
from app.scenarios.adversarial_settings import AdversarialSettings
from app.scenarios.arrange_settings import ArrangeSettings
from app.scenarios.balance_settings import BalanceSettings
from app.scenarios.command_words import words_for
from app.scenarios.common_settings import PLAIN as EVERYBODY
from app.scenarios.drawn_route import DrawnRouteSettings
from app.scenarios.foresight import ForesightSettings
from app.scenarios.generate import GenerateSettings
from app.scenarios.matching_settings import MatchingSettings
from app.scenarios.place_walls import PlaceWallsSettings
from app.scenarios.settings import settings_of
from app.scenarios.terrain import TerrainSettings
from app.widgets.settings_form import SettingsForm
from engine.arranging.checks import check_arrangement
from engine.arranging.problem import Arrangement, Limits, TravelClass
from engine.core.errors import ProblemError, SuggestedFix, apply_fix
from engine.cost_maps.problem import Route as EngineRoute
from engine.learning.terrain import TrainingSettings, train_terrain
from engine.learning.terrain_bytes import model_to_bytes
from engine.learning.tilesets import examples
from engine.matching import ground_cost
from engine.transport.costs import PointCost
from engine.transport.problem import Partial, TransportProblem
from engine.transport.settings import TransportSettings, check
from maps.document import Layout, MapDocument, Route, new_document
from maps.movement import MovementClass, plain_class
from tests.present import present

ROOT = Path(__file__).parents[3]
PLAIN = new_document(8, 8).replace(routes=(Route("r", (4, 1), (4, 6)),))
WIDE = new_document(8, 10).replace(routes=(Route("r", (4, 1), (4, 6)),))
FENCED = PLAIN.replace(passable=PLAIN.passable & (np.arange(8) != 3))
DRAWN = PLAIN.replace(routes=(Route("r", (4, 1), (4, 6), line=((2, 3), (2, 4))),))


def points(name, *positions):
    return Layout(name, np.array(positions, float), np.ones(len(positions)))


def with_layouts(*layouts, width=8, walls=()):
    document = new_document(8, width)
    passable = document.passable.copy()
    for column in walls:
        passable[:, column] = False
    return document.replace(passable=passable, layouts=layouts)


def tiled(document):
    """The document with two terrains, not symmetric."""
    cost = document.cost.copy()
    cost[:, :3] = 2.5
    return document.replace(cost=cost)


def walked(document, price):
    """The document with its route walked by a class that pays so in the terrain, grass, that it is made of."""
    palette = document.palette
    prices = tuple(price if kind.name == "grass" else 2.0 for kind in palette)
    boat, cart = MovementClass("boat", prices, neighbours=4), plain_class("cart", palette)
    routes = tuple(replace(route, movement=name) for route in document.routes for name in ("boat", "cart"))
    return document.replace(classes=(boat, cart), routes=routes)


SIX = points("six", *[(row, 5) for row in range(6)])
EIGHT = points("eight", *[(row, 1) for row in range(8)])
LEFT = points("left", (1, 1), (6, 2))
SPREAD = points("spread", (1, 1), (6, 6))
SITES = points("sites", (1, 6), (4, 6), (6, 6))
ONE, OTHER = points("one", (3, 2)), points("other", (5, 2))


@dataclass(frozen=True)
class Refused:
    scenario: str
    document: MapDocument
    settings: object
    fix: SuggestedFix
    says: str | None = None


CASES = [
    Refused("adversarial", PLAIN, AdversarialSettings(budget=1e6), SuggestedFix("budget", 320.0), "does not fit"),
    Refused("adversarial", PLAIN, AdversarialSettings(lower=4.0, upper=2.0), SuggestedFix("lower", None), "above"),
    Refused("adversarial", PLAIN, AdversarialSettings(upper=0.1), SuggestedFix("upper", None), "above"),
    Refused("adversarial", WIDE, AdversarialSettings(symmetry="quarter_turn"), SuggestedFix("symmetry", "none")),
    Refused(
        "adversarial", PLAIN, AdversarialSettings(aim="shorter", method="optimum"), SuggestedFix("method", "logit")
    ),
    Refused("adversarial", PLAIN, AdversarialSettings(device="cuda"), SuggestedFix("device", "auto")),
    Refused("adversarial", PLAIN, AdversarialSettings(keep=1.5), SuggestedFix("keep", 1.0), "between 0 and 1"),
    Refused("balance", with_layouts(SPREAD, SITES), BalanceSettings(keep=-1.0), SuggestedFix("keep", 0.0)),
    Refused(
        "balance", with_layouts(SPREAD, SITES), BalanceSettings(walker="boat"), SuggestedFix("walker", EVERYBODY)
    ),
    Refused(
        "adversarial",
        walked(PLAIN, 3.0),
        AdversarialSettings(method="optimum", device="cpu:0"),
        SuggestedFix("device", "cpu"),
    ),
    Refused(
        "matching",
        walked(with_layouts(ONE, OTHER), np.inf),
        MatchingSettings(ground="walking", walker="boat"),
        SuggestedFix("walker", EVERYBODY),
        "cannot be",
    ),
    Refused("foresight", PLAIN, ForesightSettings(keep=1.5), SuggestedFix("keep", 1.0)),
    Refused(
        "arrange_terrain", tiled(WIDE), ArrangeSettings(symmetry="quarter_turn"), SuggestedFix("symmetry", "none")
    ),
    Refused(
        "arrange_terrain",
        tiled(PLAIN),
        ArrangeSettings(free_zone=30.0),
        SuggestedFix("free_zone", 0.0),
        "no tile may change",
    ),
    Refused(
        "arrange_terrain",
        tiled(PLAIN),
        ArrangeSettings(symmetry="left_right", most_changed=0.01),
        SuggestedFix("most_changed", ...),
        "tiles have to change",
    ),
    Refused(
        "balance",
        with_layouts(SPREAD, SITES),
        BalanceSettings(sites="spread"),
        SuggestedFix("sites", "sites"),
        "both",
    ),
    Refused(
        "balance",
        with_layouts(LEFT, SITES),
        BalanceSettings(aim="order", spawn=9),
        SuggestedFix("spawn", 2),
        "no spawn 9: 'left' has 2 points",
    ),
    Refused("balance", with_layouts(LEFT, SITES), BalanceSettings(aim="nearest", site=9), SuggestedFix("site", 3)),
    Refused(
        "balance", with_layouts(LEFT, SITES), BalanceSettings(aim="nearest", nearest=7), SuggestedFix("nearest", 2)
    ),
    Refused(
        "balance",
        with_layouts(SPREAD, SITES),
        BalanceSettings(teams="sites"),
        SuggestedFix("teams", "left_right"),
    ),
    Refused(
        "balance", with_layouts(LEFT, SITES), BalanceSettings(), SuggestedFix("teams", "top_bottom"), "one half"
    ),
    Refused("foresight", PLAIN, ForesightSettings(tolerance=0.0), SuggestedFix("tolerance", 0.02)),
    Refused("place_walls", PLAIN, PlaceWallsSettings(walls=100), SuggestedFix("walls", 58), "choose 1 to 58"),
    Refused("place_walls", FENCED, PlaceWallsSettings("clear", 9), SuggestedFix("walls", 8), "choose 1 to 8"),
    Refused(
        "place_walls",
        PLAIN,
        PlaceWallsSettings(walls=2, waypoints="gone"),
        SuggestedFix("waypoints", "none"),
        "no points 'gone'",
    ),
    Refused("drawn_route", DRAWN, DrawnRouteSettings(route="gone"), SuggestedFix("route", "r"), "no route 'gone'"),
    Refused(
        "drawn_route",
        DRAWN,
        DrawnRouteSettings(keep_total=True, lower=2.0, upper=3.0),
        SuggestedFix("keep_total", False),
        "does not fit the bounds",
    ),
    Refused("generate", PLAIN, GenerateSettings(length=5000.0, steps=2, count=1), SuggestedFix("length", ...)),
    Refused(
        "matching",
        with_layouts(EIGHT, SIX),
        MatchingSettings(target=""),
        SuggestedFix("totals", "scale"),
        "differ in",
    ),
    Refused(
        "matching",
        with_layouts(EIGHT, SIX),
        MatchingSettings(target="", totals="partial", mass=8.0),
        SuggestedFix("mass", 6.0),
        "up to 6",
    ),
    Refused(
        "matching",
        with_layouts(ONE, OTHER),
        MatchingSettings(target="", locked="inside"),
        SuggestedFix("locked", "stay"),
        "no cell may hold",
    ),
    Refused(
        "matching",
        with_layouts(ONE, OTHER, width=10),
        MatchingSettings(target="", symmetry="diagonal"),
        SuggestedFix("symmetry", "none"),
        "needs a square map",
    ),
    Refused(
        "matching",
        with_layouts(ONE, OTHER, width=9, walls=(4,)),
        MatchingSettings(target="", symmetry="left_right"),
        SuggestedFix("symmetry", "none"),
        "has no partner",
    ),
    Refused(
        "matching",
        with_layouts(ONE, points("far", (3, 6)), walls=(4,)),
        MatchingSettings(target="", ground="walking"),
        SuggestedFix("ground", "squared"),
        "no way leads",
    ),
    Refused(
        "matching",
        with_layouts(SIX, points("many", *[(row, 7) for row in range(6)])),
        MatchingSettings(target="", ground="walking"),
        SuggestedFix("ground", "squared"),
        "GiB",
    ),
    Refused(
        "matching",
        with_layouts(ONE, OTHER),
        MatchingSettings(source="one", target="one"),
        SuggestedFix("target", "other"),
        "towards itself",
    ),
    Refused("terrain", PLAIN, TerrainSettings(network="NETWORK", save_as="n"), SuggestedFix("save_as", "")),
    Refused("adaptation", PLAIN, AdaptationSettings(maps=4, target="meadow"), SuggestedFix("target", "winter")),
    Refused(
        "adaptation",
        PLAIN,
        AdaptationSettings(maps=4, network="NETWORK"),
        SuggestedFix("source", "winter"),
        "trained on winter",
    ),
]
IDS = [f"{case.scenario}-{case.fix.setting}-{number}" for number, case in enumerate(CASES)]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network that was trained, for one step, on the look "winter"."""
    *_, last = train_terrain(examples(16, 12, 12, 0), TrainingSettings(tilesets=("winter",), epochs=1, width=8))
    path = tmp_path_factory.mktemp("networks") / "winter.safetensors"
    path.write_bytes(model_to_bytes(last.model))
    return str(path)


def real(case, network, monkeypatch):
    """The settings with a real network, on a machine without a GPU and with little memory where that matters."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    if case.says == "GiB":
        monkeypatch.setattr(ground_cost, "MOST_BYTES", 64 * 6 * 8 - 1)
    settings = case.settings
    return replace(settings, network=network) if vars(settings).get("network") else settings


def refusal(case, settings):
    with pytest.raises(ProblemError, match=case.says) as caught:
        next(SCENARIOS[case.scenario].steps(case.document, settings))
    return caught.value


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_refusal_is_gone_once_its_fix_is_applied(qtbot, monkeypatch, network, case):
    scenario, settings = SCENARIOS[case.scenario], real(case, network, monkeypatch)
    fix = refusal(case, settings).fix
    assert fix is not None
    assert fix.setting == case.fix.setting
    if case.fix.value is not ...:
        assert fix == case.fix
    mended = apply_fix(settings, fix)
    settings_of(scenario.settings)[fix.setting].check(fix.value)

    form = SettingsForm(scenario.settings)
    qtbot.addWidget(form)
    form.show_document(case.document)
    form.show_values(settings)
    form.show_values(apply_fix(form.values(), fix))
    assert vars(form.values())[fix.setting] == fix.value, "the form can show it"

    parser = argparse.ArgumentParser()
    add_settings(parser, scenario)
    typed = settings_from(parser.parse_args(words_for(fix, scenario)), scenario)
    assert vars(typed)[fix.setting] == fix.value, "the command line can say it"

    first = next(scenario.steps(case.document, mended))
    assert first.step in (0, 1)


def test_transport_suggests_an_epsilon_and_a_mass_that_do():
    far = np.array([[0.0], [100.0]])
    problem = TransportProblem(np.ones(2), np.ones(2), PointCost(far, far))
    settings = TransportSettings(1e-12)
    with pytest.raises(ProblemError, match="too small") as caught:
        check(problem, settings)
    check(problem, apply_fix(settings, present(caught.value.fix)))
    settings = TransportSettings(1.0)
    with pytest.raises(ProblemError, match="cannot be moved") as caught:
        check(replace(problem, relaxation=Partial(5.0)), settings)
    assert caught.value.fix == SuggestedFix("mass", 2.0)
    check(replace(problem, relaxation=apply_fix(Partial(5.0), present(caught.value.fix))), settings)


def test_arranging_suggests_limits_that_do():
    costs = np.array([1.0, 3.0])
    terrain = np.array([[0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0]])
    problem = Arrangement(terrain, (TravelClass("w", costs, (EngineRoute((0, 0), (0, 3)),)),))
    divided = Limits(districts=np.arange(12).reshape(3, 4) // 6, counts=np.array([[2, 9], [3, 10]]))
    for limits in (
        Limits(free_zone=-1.0),
        Limits(most_changed=1.5),
        Limits(counts=np.array([[1, 2], [1, 2]])),
        replace(divided, counts=np.array([[5, 6], [6, 7]])),
    ):
        with pytest.raises(ProblemError) as caught:
            check_arrangement(replace(problem, limits=limits))
        check_arrangement(replace(problem, limits=apply_fix(limits, present(caught.value.fix))))


def places():
    """Every place where the engine or a scenario suggests a fix: (file, first line, last line)."""
    for folder in ("engine", "app/scenarios"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id == "SuggestedFix"
                ):
                    yield str(path), node.lineno, node.end_lineno


@pytest.mark.slow
def test_every_place_that_suggests_a_fix_is_provoked_here(monkeypatch, network):
    reached, honest = set(), SuggestedFix.__init__

    def recording(self, *arguments):
        frame = sys._getframe(1)
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        honest(self, *arguments)

    monkeypatch.setattr(SuggestedFix, "__init__", recording)
    for case in CASES:
        with monkeypatch.context() as patch:
            refusal(case, real(case, network, patch))
    test_transport_suggests_an_epsilon_and_a_mass_that_do()
    test_arranging_suggests_limits_that_do()
    known = list(places())
    assert len(known) >= 25
    missed = [
        f"{Path(file).relative_to(ROOT)}:{first}"
        for file, first, last in known
        if not any(file == at and first <= line <= last for at, line in reached)
    ]
    assert not missed
