"""Tileset adaptation: a network trained on one tileset learns another, without labels, by optimal transport."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from app.scenarios.common_settings import apply_map, learning_rate_setting, seed_setting
from app.scenarios.figures import curve
from app.scenarios.frame import Scatter
from app.scenarios.priced_map import TILESETS, Picture, PricedMap, check_place, drawn_picture, read_network, saved
from app.scenarios.report import Report, RunFacts, Score
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.settings import Choice, Number, OpenFile, SaveFile, Toggle, Whole, setting
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.learning.adaptation import AdaptationIterate
    from engine.learning.terrain import PricingModel, TerrainIterate
    from maps.document import MapDocument

SIDE, HELD_OUT = 12, 100  # tiles along a side, and maps that neither training sees
EPOCHS, BATCH = 7, 16  # of the training on the known look
SPREAD_LEGEND = "Features of tiles: ● the look that it knows, ○ the new one; colours are terrains"


@dataclass(frozen=True)
class AdaptationSettings:
    """From which look to which, and how to train."""

    source: str = setting("meadow", Choice("Known look", "The tileset whose costs are known", choices=TILESETS))
    target: str = setting(
        "night", Choice("New look", "The tileset that has no costs, only pictures", choices=TILESETS)
    )
    network: str = setting(
        "",
        OpenFile(
            "Trained already",
            "What was learned of the known look; without it the run learns that first",
            term="a network's weights (safetensors)",
            pattern="*.safetensors",
        ),
    )
    maps: int = setting(
        400,
        Whole("Training maps", "How many maps of both looks to learn from", least=4, most=4_000, single_step=100),
    )
    steps: int = setting(
        150,
        Whole(
            "Train for",
            "More steps take longer and price the new look better",
            term="iterations of the adaptation",
            least=1,
            most=100_000,
            single_step=50,
            unit="steps",
        ),
    )
    save_as: str = setting(
        "",
        SaveFile(
            "Save learned as",
            "The file that it goes to; empty does not keep it",
            term="a network's weights (safetensors)",
            pattern="*.safetensors",
        ),
    )
    transport_weight: float = setting(
        1.0,
        Number(
            "Likeness",
            "How much the likeness of the two looks counts beside what is known of the first",
            term="weight of the optimal transport cost between features",
            most=100.0,
            more=True,
        ),
    )
    learning_rate: float = learning_rate_setting(0.006, 0.001, 0.0001, 1.0)
    match_colours: bool = setting(
        True, Toggle("Match colours first", "Start from the new look with the known look's colours", more=True)
    )
    seed: int = seed_setting()


@dataclass(frozen=True)
class AdaptationFigures:
    """Figures of a step, NaN while the known look is learned. before, optimal: of held-out paths, in %.

    price_error: mean |price − cost| on held-out maps, both with mean 1.
    """

    before: float = nan
    price_error: float = nan
    optimal: float = curve("% of unseen maps solved", "best", tip="In the field: paths optimal on held-out maps.")
    loss: float = curve("loss", "value", log=True)
    transport_cost: float = curve("transport cost of features", "soft", log=True)


@dataclass(frozen=True, eq=False)
class Adapting:
    """The training and adaptation under way, with which a run on an edited map goes on."""

    iterates: Iterator[TerrainIterate | AdaptationIterate]


@dataclass(frozen=True, eq=False)
class AdaptationReport(Report):
    """Accuracy on held-out maps of the new look: shares of optimal paths, and the error of the prices."""

    optimal_before: float
    optimal_after: float
    price_error_after: float
    source: str
    target: str
    held_out_maps: int

    def score(self) -> Score:
        """Return the share of optimal paths."""
        return Score("% of held-out paths optimal", 100.0 * self.optimal_before, 100.0 * self.optimal_after)

    def summary_lines(self) -> list[str]:
        """Return the accuracy before and after, and how long it took."""
        return [
            f"{self.target}: {100 * self.optimal_before:.0f} % → {100 * self.optimal_after:.0f} % of unseen "
            f"maps are solved",
            f"From {self.source}, without a cost of the new look · {self.run.steps} steps in "
            f"{self.run.seconds:.1f} s",
        ]

    def captions(self) -> tuple[str, str]:
        """Return what the pictures are."""
        return "costs as drawn", f"prices read from the {self.target} picture"


AdaptationStep: TypeAlias = RunStep[AdaptationFigures, PricedMap]


class TilesetAdaptation(Scenario[AdaptationSettings, AdaptationFigures, PricedMap]):
    """Adapt a network to a tileset without known costs, and price the map drawn in it. Result: `PricedMap`."""

    name = "adaptation"
    title = "Learn a new tileset"
    summary = "Carries what one look of tiles costs over to another look, without being told."
    term = "domain adaptation by optimal transport"
    axis = "optimal paths, %"
    needs_route = False
    preparing = "making the training maps"
    settings = AdaptationSettings
    figures = AdaptationFigures

    def steps(
        self, document: MapDocument, settings: AdaptationSettings, state: object = None
    ) -> Iterator[AdaptationStep]:
        """See `Scenario.steps`. An edited map is priced by the adaptation that goes on."""
        if settings.source == settings.target:
            other = next(tileset for tileset in TILESETS if tileset != settings.source)
            raise ProblemError(
                "target",
                "the new look is the known one; choose two different tilesets",
                SuggestedFix("target", other),
            )
        check_place(settings.save_as)
        adapting = state_of(Adapting, state)
        if adapting is None:
            adapting = Adapting(_iterates(settings, _known_network(settings)))
        picture = drawn_picture(document, settings.target, settings.seed)
        return _steps(document, settings, picture, adapting)

    def total_steps(self, settings: AdaptationSettings) -> int | None:
        """Return the steps on the new look, behind those that learn the known one where no network is given."""
        training = 0 if settings.network else EPOCHS * max(1, settings.maps // BATCH)
        return training + settings.steps

    def headline(self, first: AdaptationFigures, last: AdaptationFigures) -> str:
        """Return the accuracy on the new look, before and after."""
        if isnan(last.optimal):
            return f"Learning the known look first · loss {last.loss:.3g}"
        unseen = "of unseen maps of the new look"
        return f"Finds the best way on {last.optimal:.0f}\u00a0% {unseen}, before on {last.before:.0f}\u00a0%"

    def apply(self, document: MapDocument, result: PricedMap) -> MapDocument:
        """Return the document at the adapted network's prices."""
        return apply_map(document, result.cost_map)

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: AdaptationSettings,
        last: AdaptationStep,
        facts: RunFacts,
    ) -> AdaptationReport:
        """Return the accuracy before and after."""
        return AdaptationReport(
            facts,
            optimal_before=last.figures.before / 100.0,
            optimal_after=last.figures.optimal / 100.0,
            price_error_after=last.figures.price_error,
            source=settings.source,
            target=settings.target,
            held_out_maps=HELD_OUT,
        )


def _known_network(settings: AdaptationSettings) -> PricingModel | None:
    """Return the network of the known look, if one is given. Raises ProblemError if it is one of another look."""
    if not settings.network:
        return None
    model = read_network(settings.network)
    if settings.source in model.tilesets and model.method != "direct":
        return model
    usable = [look for look in model.tilesets if look in TILESETS and look != settings.target]
    raise ProblemError(
        "network",
        f"{Path(settings.network).name} was trained on {', '.join(model.tilesets)} by {model.method}; a network "
        f"that prices tiles of '{settings.source}' is needed",
        SuggestedFix("source", usable[0]) if usable and model.method != "direct" else None,
    )


def _iterates(
    settings: AdaptationSettings, model: PricingModel | None
) -> Iterator[TerrainIterate | AdaptationIterate]:
    """Yield the training, where there is no network yet, and then the adaptation."""
    from engine.learning.adaptation import AdaptationSettings as HowToAdapt
    from engine.learning.adaptation import adapt
    from engine.learning.terrain import TrainingSettings, train_terrain
    from engine.learning.tilesets import examples

    known = examples(settings.maps, SIDE, SIDE, settings.seed)
    if model is None:
        training = TrainingSettings(tilesets=(settings.source,), epochs=EPOCHS, batch=BATCH, seed=settings.seed)
        for trained in train_terrain(known, training):
            model = trained.model
            yield trained
    assert model is not None
    how = HowToAdapt(
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        transport_weight=settings.transport_weight,
        match_colours=settings.match_colours,
        seed=settings.seed,
    )
    held_out = examples(HELD_OUT, SIDE, SIDE, settings.seed + 1)
    yield from adapt(model, known, settings.source, settings.target, how, held_out)


def _steps(
    document: MapDocument, settings: AdaptationSettings, picture: Picture, adapting: Adapting
) -> Iterator[AdaptationStep]:
    from engine.learning.adaptation import AdaptationIterate

    for step, iterate in enumerate(adapting.iterates):
        priced = PricedMap(document, picture, iterate.model)
        if not isinstance(iterate, AdaptationIterate):
            figures = AdaptationFigures(loss=iterate.loss)
            yield RunStep(step, figures, priced.framing(step), priced, adapting)
            continue
        yield RunStep(
            step,
            _figures(iterate),
            priced.framing(step, _scatter(iterate)),
            priced,
            adapting,
            iterate.status,
            "" if iterate.status is None else _message(iterate, iterate.status, settings),
        )


def _figures(iterate: AdaptationIterate) -> AdaptationFigures:
    before, now = iterate.before, iterate.now
    return AdaptationFigures(
        before=nan if before is None else 100.0 * before.optimal,
        price_error=nan if now is None else now.price_error,
        optimal=nan if now is None else 100.0 * now.optimal,
        loss=iterate.loss,
        transport_cost=iterate.transport_cost,
    )


def _scatter(iterate: AdaptationIterate) -> Scatter:
    shown = iterate.scatter
    return Scatter(
        np.concatenate([shown.source, shown.target]),
        np.concatenate([shown.source_terrain, shown.target_terrain]).astype(np.int64),
        np.concatenate([np.zeros(len(shown.source), np.bool_), np.ones(len(shown.target), np.bool_)]),
        SPREAD_LEGEND,
    )


def _message(iterate: AdaptationIterate, status: Status, settings: AdaptationSettings) -> str:
    if status is Status.NOT_A_NUMBER or iterate.now is None:
        return "A step produced something that is not a finite number, so adaptation stopped. Use a smaller rate."
    was = 0.0 if iterate.before is None else iterate.before.optimal
    message = (
        f"In the look {TILESETS[settings.target]} the predicted path has the least true cost on "
        f"{100 * iterate.now.optimal:.0f} % of {HELD_OUT} unseen maps; it was {100 * was:.0f} % before. No cost "
        f"of that look was used. The maps are made by this program."
    )
    return message + saved(iterate.model, settings.save_as)
