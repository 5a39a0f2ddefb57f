"""Learn terrain costs: a network learns from pictures with paths drawn on them what each tile costs to cross."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, UnidentifiedImageError

from app.scenarios.common_settings import apply_map, learning_rate_setting, seed_setting
from app.scenarios.figures import curve
from app.scenarios.priced_map import TILESETS, Picture, PricedMap, check_place, drawn_picture, read_network, saved
from app.scenarios.report import Report, RunFacts, Score
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.settings import Choice, OpenFile, SaveFile, Whole, setting
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.learning.terrain import Method, PricingModel, TerrainIterate
    from maps.document import MapDocument

METHODS: dict[Method, str] = {
    "fenchel_young": "Soft paths",
    "interpolation": "Interpolation",
    "perturbation": "Perturbed paths",
    "direct": "No solver (baseline)",
}
HELD_OUT = 200  # maps
BATCH = 16  # maps a step


def _trained_already(settings: TerrainSettings) -> bool:
    return bool(settings.network)


@dataclass(frozen=True)
class TerrainSettings:
    """What to learn from, what to price, and how to train."""

    tileset: str = setting("meadow", Choice("Tileset", "The look of the pictures to learn from", choices=TILESETS))
    tiles: str = setting(
        "",
        OpenFile(
            "Picture to price",
            "A picture of this map with 8 × 8 pixels a cell; without one the map is drawn with the tileset",
            pattern="*.png",
        ),
    )
    network: str = setting(
        "",
        OpenFile(
            "Trained already",
            "What an earlier run learned, to use it instead of learning anew",
            term="a network's weights (safetensors)",
            pattern="*.safetensors",
        ),
    )
    save_as: str = setting(
        "",
        SaveFile(
            "Save learned as",
            "The file that it goes to; empty does not keep it",
            term="a network's weights (safetensors)",
            pattern="*.safetensors",
            unused=_trained_already,
        ),
    )
    maps: int = setting(
        1000,
        Whole(
            "Training maps",
            "How many maps with a drawn path to learn from; they are made by this program",
            least=1,
            most=100_000,
            single_step=500,
            unused=_trained_already,
        ),
    )
    side: int = setting(
        12,
        Whole(
            "Their side",
            "How large the training maps are",
            least=4,
            most=64,
            unit="tiles",
            more=True,
            unused=_trained_already,
        ),
    )
    epochs: int = setting(
        8,
        Whole(
            "Train for",
            "How often training goes through all maps",
            term="epochs",
            least=1,
            most=1000,
            unit="passes",
            unused=_trained_already,
        ),
    )
    method: Method = setting(
        "fenchel_young",
        Choice(
            "Gradient",
            "How a wrong path tells the network which prices to change",
            term="Fenchel–Young loss of soft paths, interpolation, perturbed optimisers",
            choices=METHODS,
            more=True,
            unused=_trained_already,
        ),
    )
    learning_rate: float = learning_rate_setting(0.004, 0.001, 0.0001, 1.0, _trained_already)
    seed: int = seed_setting()


@dataclass(frozen=True)
class TerrainFigures:
    """Figures of a step of training. optimal: in %; NaN where no held-out maps were judged."""

    optimal: float = curve("% of unseen maps solved", "best", tip="In the field: paths optimal on held-out maps.")
    loss: float = curve("loss", "value", log=True)


@dataclass(frozen=True, eq=False)
class Training:
    """The training under way, with which a run on an edited map goes on."""

    iterates: Iterator[TerrainIterate]


@dataclass(frozen=True, eq=False)
class TerrainReport(Report):
    """Figures of the training. optimal_share: of held-out maps; NaN without training.

    agreement: correlation of the logarithms of drawn costs and prices; NaN where one of them does not vary.
    """

    optimal_share: float
    held_out_maps: int
    training_maps: int
    tileset: str
    method: Method
    agreement: float

    def score(self) -> Score | None:
        """Return the share of optimal paths; None without training."""
        known = isfinite(self.optimal_share)
        return Score("% of held-out paths optimal", None, 100.0 * self.optimal_share) if known else None

    def summary_lines(self) -> list[str]:
        """Return the share of optimal paths, how prices agree with drawn costs, and how long training took."""
        lines: list[str] = []
        if isfinite(self.optimal_share):
            lines.append(f"{100 * self.optimal_share:.1f} % of unseen maps are solved")
        known = isfinite(self.agreement)
        agreement = f", {self.agreement:.3f} correlated with the drawn costs" if known else ""
        lines.append(f"Prices of the {self.tileset} picture{agreement}")
        lines.append(f"{self.training_maps} training maps · {self.run.steps} steps in {self.run.seconds:.1f} s")
        return lines

    def captions(self) -> tuple[str, str]:
        """Return what the pictures are."""
        return "costs as drawn", f"prices read from the {self.tileset} picture"


TerrainStep: TypeAlias = RunStep[TerrainFigures, PricedMap]


class TerrainLearning(Scenario[TerrainSettings, TerrainFigures, PricedMap]):
    """Train a network that prices tiles, and price the map's picture with it. Result: `PricedMap`."""

    name = "terrain"
    title = "Learn costs from pictures"
    summary = "Learns from pictures of maps with a path on them what each tile costs to cross."
    term = "learning through a shortest-path solver"
    axis = "optimal paths, %"
    needs_route = False
    preparing = "making the training maps"
    settings = TerrainSettings
    figures = TerrainFigures

    def steps(
        self, document: MapDocument, settings: TerrainSettings, state: object = None
    ) -> Iterator[TerrainStep]:
        """See `Scenario.steps`. An edited map is priced by the training that goes on."""
        picture = picture_of(document, settings)
        if settings.network and settings.save_as:
            raise ProblemError(
                "save_as",
                "nothing is trained where a network is given: leave out where to save one",
                SuggestedFix("save_as", ""),
            )
        if settings.network:
            return iter((_priced_once(document, settings, picture, read_network(settings.network)),))
        check_place(settings.save_as)
        return _steps(document, settings, picture, state_of(Training, state) or _training(settings))

    def total_steps(self, settings: TerrainSettings) -> int | None:
        """Return the steps of training; a trained network takes one."""
        return 1 if settings.network else settings.epochs * max(1, settings.maps // BATCH)

    def headline(self, first: TerrainFigures, last: TerrainFigures) -> str:
        """Return the share of optimal paths, once there is one, and the loss."""
        if isnan(last.optimal):
            return "Priced" if isnan(last.loss) else f"Learning · loss {last.loss:.3g}"
        return f"Finds the best way on {last.optimal:.1f}\u00a0% of unseen maps · loss {last.loss:.3g}"

    def apply(self, document: MapDocument, result: PricedMap) -> MapDocument:
        """Return the document at the network's prices."""
        return apply_map(document, result.cost_map)

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: TerrainSettings,
        last: TerrainStep,
        facts: RunFacts,
    ) -> TerrainReport:
        """Return the accuracy of the network, and how its prices agree with the drawn costs."""
        free = before.passable & ~before.locked
        drawn, priced = (np.log(np.array(document.cost, np.float64)[free]) for document in (before, after))
        varied = len(drawn) > 1 and drawn.std() > 0.0 and priced.std() > 0.0
        return TerrainReport(
            facts,
            optimal_share=last.figures.optimal / 100.0,
            held_out_maps=HELD_OUT,
            training_maps=0 if settings.network else settings.maps,
            tileset=settings.tileset,
            method=settings.method,
            agreement=float(np.corrcoef(drawn, priced)[0, 1]) if varied else nan,
        )


def picture_of(document: MapDocument, settings: TerrainSettings) -> Picture:
    """Return the picture (8·H, 8·W, 3) of the map. Raises ProblemError for a file that is none of this map."""
    from engine.learning.tilesets import TILE

    if not settings.tiles:
        return drawn_picture(document, settings.tileset, settings.seed)
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


def _training(settings: TerrainSettings) -> Training:
    from engine.learning.terrain import TrainingSettings, train_terrain
    from engine.learning.tilesets import examples

    how = TrainingSettings(
        method=settings.method,
        tilesets=(settings.tileset,),
        epochs=settings.epochs,
        batch=BATCH,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
    )
    training = examples(settings.maps, settings.side, settings.side, settings.seed)
    held_out = examples(HELD_OUT, settings.side, settings.side, settings.seed + 1)
    return Training(train_terrain(training, how, held_out))


def _steps(
    document: MapDocument, settings: TerrainSettings, picture: Picture, training: Training
) -> Iterator[TerrainStep]:
    for iterate in training.iterates:
        priced = PricedMap(document, picture, iterate.model)
        yield RunStep(
            iterate.step,
            TerrainFigures(optimal=nan if iterate.optimal is None else 100.0 * iterate.optimal, loss=iterate.loss),
            priced.framing(iterate.step),
            priced,
            training,
            iterate.status,
            "" if iterate.status is None else _message(iterate, iterate.status, settings),
        )


def _message(iterate: TerrainIterate, status: Status, settings: TerrainSettings) -> str:
    if status is Status.NOT_A_NUMBER:
        return "A step produced something that is not a finite number, so training stopped. Use a smaller rate."
    share = 0.0 if iterate.optimal is None else iterate.optimal
    message = (
        f"On {100 * share:.1f} % of {HELD_OUT} unseen maps the predicted path has the least true cost. The maps "
        f"are made by this program; they are not the Warcraft set of the literature."
    )
    return message + saved(iterate.model, settings.save_as)


def _priced_once(
    document: MapDocument, settings: TerrainSettings, picture: Picture, model: PricingModel
) -> TerrainStep:
    priced = PricedMap(document, picture, model)
    message = f"Priced by {Path(settings.network).name}, trained on {', '.join(model.tilesets)}."
    return RunStep(1, TerrainFigures(), priced.framing(1), priced, None, Status.CONVERGED, message)
