"""Tileset adaptation: a network that knows one look learns another, without labels, by transport of features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.scenarios.common_settings import apply_map, seed_setting
from app.scenarios.frame import Scatter
from app.scenarios.scenario import Curve, Report, Scenario, Seen
from app.scenarios.settings import setting
from app.scenarios.terrain import (
    TILESETS,
    Priced,
    PricedMap,
    check_place,
    kept,
    read_network,
    terrain_classes,
)
from app.scenarios.translate import movement_words
from maps.document import MapDocument

if TYPE_CHECKING:
    from engine.learning.adaptation import AdaptationIterate
    from engine.learning.terrain import PricingModel

SIDE, HELD_OUT = 12, 100  # tiles along a side, and maps that neither training sees
SPREAD_LEGEND = "Features of tiles: ● the look that it knows, ○ the new one; colours are terrains"


@dataclass(frozen=True)
class Adaptation:
    """From which look to which, and how to train."""

    source: str = setting("meadow", "Known look", "The tileset whose costs are known", choices=TILESETS)
    target: str = setting("night", "New look", "The tileset that has no costs, only pictures", choices=TILESETS)
    network: str = setting(
        "",
        "Network",
        "A network trained on the known look (safetensors); without one a small one is trained first",
        path="*.safetensors",
    )
    maps: int = setting(
        400, "Maps", "How many maps of both looks to learn from", least=4, most=4_000, single_step=100
    )
    steps: int = setting(150, "Steps", "Steps of the adaptation", least=1, most=100_000, single_step=50)
    save_as: str = setting(
        "", "Save network as", "Where the adapted network goes (safetensors)", path=">*.safetensors"
    )
    transport_weight: float = setting(
        1.0,
        "Transport weight",
        "How much the transport cost between features counts beside the error on the known look",
        most=100.0,
        more=True,
    )
    learning_rate: float = setting(
        0.006,
        "Learning rate",
        "Size of Adam's steps at first",
        least=0.0001,
        most=1.0,
        single_step=0.001,
        more=True,
    )
    match_colours: bool = setting(
        True, "Match colours first", "Start from the new look with the known look's colours", more=True
    )
    seed: int = seed_setting()


def steps(document: MapDocument, settings: Adaptation, state: Any) -> Iterator[Seen]:
    """See `Scenario.steps`. An edited map is priced by the adaptation that goes on."""
    from engine.core.errors import ProblemError
    from engine.learning.tilesets import TILESETS as LOOKS
    from engine.learning.tilesets import picture

    if settings.source == settings.target:
        raise ProblemError("target", "the new look is the known one; choose two different tilesets")
    check_place(settings.save_as)
    model = None
    if settings.network and state is None:
        model = read_network(settings.network)
        if settings.source not in model.tilesets or model.method == "direct":
            raise ProblemError(
                "network",
                f"{Path(settings.network).name} was trained on {', '.join(model.tilesets)} by {model.method}; a "
                f"network that prices tiles of '{settings.source}' is needed",
            )
    seen = picture(LOOKS[settings.target], terrain_classes(document), settings.seed)
    return _steps(document, settings, seen, state or _work(settings, model))


def _work(settings: Adaptation, model: PricingModel | None) -> Iterator[Any]:
    """Training, where there is no network yet, and then the adaptation."""
    from engine.learning.adaptation import AdaptationSettings, adapt
    from engine.learning.terrain import TrainingSettings, train_terrain
    from engine.learning.tilesets import examples

    known = examples(settings.maps, SIDE, SIDE, settings.seed)
    if model is None:
        for trained in train_terrain(known, TrainingSettings(tilesets=(settings.source,), seed=settings.seed)):
            model = trained.model
            yield trained
    assert model is not None
    how = AdaptationSettings(
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        transport_weight=settings.transport_weight,
        match_colours=settings.match_colours,
        seed=settings.seed,
    )
    held_out = examples(HELD_OUT, SIDE, SIDE, settings.seed + 1)
    yield from adapt(model, known, settings.source, settings.target, how, held_out)


def _steps(document: MapDocument, settings: Adaptation, picture: Any, work: Iterator[Any]) -> Iterator[Seen]:
    from engine.learning.adaptation import AdaptationIterate

    for step, iterate in enumerate(work):
        priced = PricedMap(document, picture, iterate.model)
        adapting = isinstance(iterate, AdaptationIterate)
        ending = None
        if adapting and iterate.status is not None:
            ending = _ending(iterate, settings)
        status = "" if ending is None else iterate.status.value
        scatter = _scatter(iterate) if adapting else None
        result = priced if ending is None else priced.result()
        yield Seen(step, _figures(iterate, adapting), priced.framing(step, scatter), result, work, status, ending)


def _scatter(iterate: AdaptationIterate) -> Scatter:
    shown = iterate.scatter
    return Scatter(
        np.concatenate([shown.source, shown.target]),
        np.concatenate([shown.source_terrain, shown.target_terrain]).astype(np.int64),
        np.concatenate([np.zeros(len(shown.source), np.bool_), np.ones(len(shown.target), np.bool_)]),
        SPREAD_LEGEND,
    )


def _figures(iterate: Any, adapting: bool) -> dict[str, float]:
    def optimal(accuracy: Any) -> float:
        return np.nan if accuracy is None else 100.0 * accuracy.optimal

    return {
        "before": optimal(iterate.before) if adapting else np.nan,
        "optimal": optimal(iterate.now) if adapting else np.nan,
        "price_error": iterate.now.price_error if adapting and iterate.now is not None else np.nan,
        "loss": iterate.loss,
        "transport_cost": iterate.transport_cost if adapting else np.nan,
    }


def _ending(iterate: AdaptationIterate, settings: Adaptation) -> str:
    if iterate.status is None or iterate.status.value == "not_a_number" or iterate.now is None:
        return "A step produced something that is not a finite number, so adaptation stopped. Use a smaller rate."
    was = 0.0 if iterate.before is None else iterate.before.optimal
    told = (
        f"In the look {TILESETS[settings.target]} the predicted path has the least true cost on "
        f"{100 * iterate.now.optimal:.0f} % of {HELD_OUT} held-out maps; it was {100 * was:.0f} % before. No cost "
        f"of that look was used. The maps are made by this program."
    )
    return told + kept(iterate.model, settings.save_as)


def apply(document: MapDocument, result: Any) -> MapDocument:
    """The document at the adapted network's prices."""
    return document if result is None else apply_map(document, result.cost_map)


def headline(first: Mapping[str, float], last: Mapping[str, float]) -> str:
    """The run in one line."""
    if np.isnan(last["optimal"]):
        return f"Learning the known look first · loss {last['loss']:.3g}"
    return f"New look: {last['before']:.0f} → {last['optimal']:.0f}\u00a0% of held-out paths are optimal"


def report(before: MapDocument, after: MapDocument, settings: Adaptation, last: Seen) -> Report:
    """Accuracy before and after."""
    assert isinstance(last.result, Priced)
    return {
        "optimal_before": float(last.figures["before"]) / 100.0,
        "optimal_after": float(last.figures["optimal"]) / 100.0,
        "price_error_after": float(last.figures["price_error"]),
        "source": settings.source,
        "target": settings.target,
        "held_out_maps": HELD_OUT,
        "steps": last.step,
        "seed": settings.seed,
        "movement": movement_words(before.rule),
    }


def words(report: Report) -> list[str]:
    """The report as lines."""
    was, now = 100 * report["optimal_before"], 100 * report["optimal_after"]
    return [
        f"[bold]{report['target']}: {was:.0f} % → {now:.0f} % of held-out paths are optimal[/]",
        f"From {report['source']}, without a cost of the new look · {report['steps']} steps in "
        f"{report['seconds']:.1f} s",
    ]


def captions(report: Report) -> tuple[str, str]:
    """What the two pictures are."""
    return "costs as drawn", f"prices read from the {report['target']} picture"


SCENARIO = Scenario(
    title="Adapt to a new tileset",
    summary="A network that prices one look learns another without costs, by transport between tile features.",
    settings=Adaptation,
    steps=steps,
    total_steps=lambda _: None,
    apply=apply,
    headline=headline,
    curves=(
        Curve("optimal", "% of held-out paths that are optimal", "best"),
        Curve("loss", "loss", "value", log=True),
        Curve("transport_cost", "transport cost of features", "soft", log=True),
    ),
    axis="optimal paths, %",
    report=report,
    words=words,
    captions=captions,
    needs_route=False,
)
