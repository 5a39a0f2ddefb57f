"""Learn terrain costs: a network learns from pictures with paths drawn on them what each tile costs to cross."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from app.scenarios.common_settings import apply_map, seed_setting
from app.scenarios.frame import Frame, Scatter
from app.scenarios.scenario import Curve, Report, Scenario, Seen
from app.scenarios.settings import setting
from app.scenarios.translate import exact_paths, movement_grid, movement_words
from maps.document import MapDocument

if TYPE_CHECKING:
    from engine.learning.terrain import PricingModel, TerrainIterate

METHODS = {
    "fenchel_young": "Soft paths",
    "interpolation": "Interpolation",
    "perturbation": "Perturbed paths",
    "direct": "No solver (baseline)",
}
TILESETS = {"meadow": "Meadow", "winter": "Winter", "desert": "Desert", "night": "Night"}
HELD_OUT = 200  # maps
BATCH = 16  # maps a step


def _training(settings: Terrain) -> bool:
    return bool(settings.network)


@dataclass(frozen=True)
class Terrain:
    """What to learn from, what to price, and how to train."""

    tileset: str = setting("meadow", "Tileset", "The look of the pictures to learn from", choices=TILESETS)
    maps: int = setting(
        1000,
        "Training maps",
        "How many maps with a drawn path to learn from; they are made by this program",
        least=1,
        most=100_000,
        single_step=500,
        unused=_training,
    )
    side: int = setting(
        12, "Their side", "Tiles along a side", least=4, most=64, single_step=1, unit="tiles", unused=_training
    )
    epochs: int = setting(
        8,
        "Passes",
        "How often training goes through all maps",
        least=1,
        most=1000,
        single_step=1,
        unused=_training,
    )
    tiles: str = setting(
        "",
        "Picture to price",
        "A picture of this map with 8 × 8 pixels a cell; without one the map is drawn with the tileset",
        path="*.png",
    )
    network: str = setting(
        "", "Network", "A trained network (safetensors) to use instead of training one", path="*.safetensors"
    )
    save_as: str = setting(
        "",
        "Save network as",
        "Where the trained network goes (safetensors); empty does not keep it",
        path=">*.safetensors",
        unused=_training,
    )
    method: str = setting(
        "fenchel_young",
        "Gradient",
        "How a wrong path tells the network which prices to change; soft paths: by the Fenchel–Young loss",
        choices=METHODS,
        more=True,
        unused=_training,
    )
    learning_rate: float = setting(
        0.004,
        "Learning rate",
        "Size of Adam's steps at first",
        least=0.0001,
        most=1.0,
        single_step=0.001,
        more=True,
        unused=_training,
    )
    seed: int = seed_setting()


@dataclass(frozen=True, eq=False)
class Priced:
    """The network, and the map's cells at its prices."""

    model: PricingModel
    cost_map: Any


def terrain_classes(document: MapDocument) -> Any:
    """(H, W) index of the engine's terrain that each cell is nearest to: by cost, scaled to the same mean."""
    from engine.learning.tilesets import COSTS

    costs = np.array(list(COSTS.values()))
    drawn = np.array(document.cost, np.float64)
    mean = float(drawn[document.passable].mean()) if document.passable.any() else 1.0
    scaled = np.log(drawn / mean * costs.mean())
    return np.abs(scaled[..., None] - np.log(costs)).argmin(axis=-1).astype(np.uint8)


def picture_of(document: MapDocument, settings: Terrain) -> Any:
    """(8·H, 8·W, 3) uint8 picture of the map. Raises ProblemError for a file that is none of this map."""
    from engine.core.errors import ProblemError
    from engine.learning.tilesets import TILE, TILESETS, picture

    if not settings.tiles:
        return picture(TILESETS[settings.tileset], terrain_classes(document), settings.seed)
    wanted = (TILE * document.width, TILE * document.height)
    try:
        with Image.open(settings.tiles) as image:
            if image.size != wanted:
                raise ProblemError(
                    "picture",
                    f"{Path(settings.tiles).name} has {image.width} × {image.height} pixels; a map of "
                    f"{document.height} rows and {document.width} columns needs {wanted[0]} × {wanted[1]}",
                )
            return np.asarray(image.convert("RGB"), np.uint8)
    except (OSError, UnidentifiedImageError) as error:
        raise ProblemError("picture", f"{settings.tiles} cannot be read as a picture: {error}") from error


def steps(document: MapDocument, settings: Terrain, state: Any) -> Iterator[Seen]:
    """See `Scenario.steps`. An edited map is priced by the training that goes on."""
    from engine.core.errors import ProblemError
    from engine.learning.terrain import TrainingSettings, train_terrain
    from engine.learning.tilesets import examples

    picture = picture_of(document, settings)
    if settings.network and settings.save_as:
        raise ProblemError("save_as", "nothing is trained where a network is given: leave out where to save one")
    if settings.network:
        return iter((_priced_once(document, settings, picture, read_network(settings.network)),))
    check_place(settings.save_as)
    if state is None:
        how = TrainingSettings(
            method=settings.method,  # pyright: ignore[reportArgumentType]
            tilesets=(settings.tileset,),
            epochs=settings.epochs,
            batch=BATCH,
            learning_rate=settings.learning_rate,
            seed=settings.seed,
        )
        training = examples(settings.maps, settings.side, settings.side, settings.seed)
        held_out = examples(HELD_OUT, settings.side, settings.side, settings.seed + 1)
        state = train_terrain(training, how, held_out)
    return _steps(document, settings, picture, state)


def _steps(document: MapDocument, settings: Terrain, picture: Any, training: Any) -> Iterator[Seen]:
    for iterate in training:
        ending = None
        if iterate.status is not None:
            ending = _ending(iterate, settings)
        yield _seen(document, picture, iterate, ending, training)


def _ending(iterate: TerrainIterate, settings: Terrain) -> str:
    if iterate.status is None or iterate.status.value == "not_a_number":
        return "A step produced something that is not a finite number, so training stopped. Use a smaller rate."
    share = 0.0 if iterate.optimal is None else iterate.optimal
    told = (
        f"On {100 * share:.1f} % of {HELD_OUT} held-out maps the predicted path has the least true cost. The maps "
        f"are made by this program; they are not the Warcraft set of the literature."
    )
    return told + kept(iterate.model, settings.save_as)


def read_network(name: str) -> PricingModel:
    """A trained network from its file. Raises ProblemError, with what is wrong with it."""
    from engine.core.errors import ProblemError
    from engine.learning.terrain import load_model

    try:
        return load_model(Path(name))
    except (OSError, ValueError) as error:
        raise ProblemError("network", f"{name} cannot be used: {error}") from error


def check_place(name: str) -> None:
    """Raises ProblemError if a network could not be saved there; an empty name saves nothing."""
    from engine.core.errors import ProblemError

    if name and not Path(name).absolute().parent.is_dir():
        raise ProblemError("save_as", f"there is no folder for {name}; choose another place")


def kept(model: PricingModel, name: str) -> str:
    """Save a network, unless the name is empty; returns what to tell of it."""
    from engine.learning.terrain import save_model

    if not name:
        return ""
    try:
        save_model(model, Path(name))
    except OSError as error:
        return f" The network was NOT saved: {error}."
    return f" Saved as {Path(name).name}."


def _seen(document: MapDocument, picture: Any, iterate: Any, ending: str | None, training: Any) -> Seen:
    priced = PricedMap(document, picture, iterate.model)
    figures = {
        "optimal": np.nan if iterate.optimal is None else 100.0 * iterate.optimal,
        "loss": iterate.loss,
    }
    status = "" if iterate.status is None else iterate.status.value
    frame = priced.framing(iterate.step)
    # Pricing the map takes as long as a step: it waits until somebody looks, or the run is over.
    result = priced if ending is None else priced.result()
    return Seen(iterate.step, figures, frame, result, training, status, ending)


def _priced_once(document: MapDocument, settings: Terrain, picture: Any, model: PricingModel) -> Seen:
    priced = PricedMap(document, picture, model)
    figures = {"optimal": np.nan, "loss": np.nan}
    told = f"Priced by {Path(settings.network).name}, trained on {', '.join(model.tilesets)}."
    return Seen(1, figures, priced.framing(1), priced.result(), None, "converged", told)


class PricedMap:
    """The map at a network's prices, worked out when first asked for."""

    def __init__(self, document: MapDocument, picture: Any, model: PricingModel) -> None:
        self._document, self._picture, self._model = document, picture, model
        self._cost_map: Any = None

    @property
    def cost_map(self) -> Any:
        """(H, W) prices, scaled to the map's mean cost; locked cells and walls as drawn.

        Raises ProblemError for a network that makes no finite prices.
        """
        from engine.core.errors import ProblemError

        if self._cost_map is None:
            document = self._document
            drawn = np.array(document.cost, np.float64)
            prices = self._model.price(self._picture[None])[0]
            if not np.isfinite(prices).all():
                told = "the network makes prices that are no finite numbers; train it anew, at a smaller rate"
                raise ProblemError("network", told)
            free = document.passable & ~document.locked
            if free.any():
                prices = prices * (drawn[free].mean() / prices[free].mean())
            self._cost_map = np.where(free, prices, drawn)
        return self._cost_map

    def framing(self, step: int, scatter: Scatter | None = None) -> Any:
        """What `Seen.frame` is."""
        document = self._document

        def frame() -> Frame:
            paths = exact_paths(movement_grid(document), self.cost_map, document.routes)
            return Frame(step, self.cost_map, None, paths, scatter=scatter)

        return frame

    def result(self) -> Priced:
        """The result for good."""
        return Priced(self._model, self.cost_map)


def apply(document: MapDocument, result: Any) -> MapDocument:
    """The document at the network's prices."""
    return document if result is None else apply_map(document, result.cost_map)


def headline(first: Mapping[str, float], last: Mapping[str, float]) -> str:
    """The run in one line."""
    if np.isnan(last["optimal"]):
        return "Priced" if np.isnan(last["loss"]) else f"Training · loss {last['loss']:.3g}"
    return f"{last['optimal']:.1f}\u00a0% of held-out paths are optimal · loss {last['loss']:.3g}"


def report(before: MapDocument, after: MapDocument, settings: Terrain, last: Seen) -> Report:
    """Figures of the training, and how the prices agree with the drawn costs."""
    free = before.passable & ~before.locked
    drawn, priced = (np.log(np.array(document.cost, np.float64)[free]) for document in (before, after))
    varied = len(drawn) > 1 and drawn.std() > 0.0 and priced.std() > 0.0
    optimal = float(last.figures["optimal"])
    return {
        "optimal_share": optimal / 100.0 if np.isfinite(optimal) else None,
        "held_out_maps": HELD_OUT,
        "training_maps": 0 if settings.network else settings.maps,
        "tileset": settings.tileset,
        "method": settings.method,
        "agreement": float(np.corrcoef(drawn, priced)[0, 1]) if varied else None,
        "steps": last.step,
        "seed": settings.seed,
        "movement": movement_words(before.rule),
    }


def words(report: Report) -> list[str]:
    """The report as lines."""
    lines = []
    if report["optimal_share"] is not None:
        lines.append(f"[bold]{100 * report['optimal_share']:.1f} % of held-out paths are optimal[/]")
    known = report["agreement"] is not None
    agreement = f", {report['agreement']:.3f} correlated with the drawn costs" if known else ""
    lines.append(f"Prices of the {report['tileset']} picture{agreement}")
    lines.append(f"{report['training_maps']} training maps · {report['steps']} steps in {report['seconds']:.1f} s")
    return lines


def captions(report: Report) -> tuple[str, str]:
    """What the two pictures are."""
    return "costs as drawn", f"prices read from the {report['tileset']} picture"


SCENARIO = Scenario(
    title="Learn terrain costs",
    summary="A network learns from pictures with drawn paths what tiles cost, and prices this map's picture.",
    settings=Terrain,
    steps=steps,
    total_steps=lambda settings: None if settings.network else settings.epochs * max(1, settings.maps // BATCH),
    apply=apply,
    headline=headline,
    curves=(
        Curve("optimal", "% of held-out paths that are optimal", "best"),
        Curve("loss", "loss", "value", log=True),
    ),
    axis="optimal paths, %",
    report=report,
    words=words,
    captions=captions,
    needs_route=False,
)
