"""From bodies to a map: a small map of each part of the data, a fair sample of all, the map, each frame's region."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.behaviour.mapping.bodies import Bodies, Body
from datasets.behaviour.mapping.density import Regions, cut_regions, join_by_changes, require_cut
from datasets.behaviour.mapping.measures import Measures, Recipe, fit_axes, raw_numbers, spread_of
from datasets.behaviour.mapping.sampling import even_sample, fair_sample
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.resumable import ResumableFolder
from neuron_models.foundation.units import DataUnits, Fraction, Hertz
from surrogates.behaviour.map.embedding import EmbeddingSettings, embed, place, spacing

_PART = 5000
"""Frames of one animal of which one small map is made."""
_SMALL_ITERATIONS = 250
_SMALL_REGIONS = 30
_MOST_SAMPLED = 30_000
"""Frames of all small maps together, as far as each has twenty."""
_FEWEST = 20
"""Frames that a map needs."""


@dataclass(frozen=True)
class MapSettings:
    """How a map is made.

    Attributes:
        recipe: of the numbers that frames are compared by.
        templates: frames that the map is learned from.
        small: frames of each small map, of which templates are drawn from every region alike.
        embedding: of t-SNE; its seed is that of everything.
        width: standard deviation of the Gaussian that smooths the density; 95 % of the templates lie within 1.
        merge: two hills are one where the pass between them is higher than this share of the lower summit.
        changes: regions that an animal changes between more often than this a second are one.
        regions: the most that there may be; as many as are found when None.
    """

    recipe: Recipe
    templates: int = 3000
    small: int = 1500
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    width: DataUnits = 0.08
    merge: Fraction = 0.95
    changes: Hertz = 10.0
    regions: int | None = None

    def __post_init__(self) -> None:
        fine = _FEWEST <= self.templates <= 100_000
        require(fine, f"a map is learned from {_FEWEST} to 100,000 frames, got {self.templates}")
        require(20 <= self.small <= 20_000, f"a small map has 20 to 20,000 frames, got {self.small}")
        require_seed(self.embedding.seed, "the seed of a map")
        require_cut(self.width, self.merge, self.regions)
        often = self.changes
        require(0 < often < np.inf, f"regions are joined at more than 0 changes a second, got {often}")

    def steps_facts(self) -> dict[str, Any]:
        """What decides where frames lie, as JSON can hold it; how the plane is then cut is not of it."""
        facts = asdict(self)
        return {name: facts[name] for name in ("recipe", "templates", "small", "embedding")}


@dataclass(frozen=True, eq=False)
class BehaviourMap:
    """A map, ready to place frames on it.

    Attributes:
        measures: how frames become components.
        learned: (template, component).
        plane: (template, 2) where the templates lie.
        regions: of the plane.
        strange: distance from the nearest template beyond which a frame is unlike all that the map has learned.
    """

    measures: Measures
    learned: Float[np.ndarray, "template component"]
    plane: Float[np.ndarray, "template 2"]
    regions: Regions
    strange: DataUnits


@dataclass(frozen=True, eq=False)
class Placed:
    """One animal's frames on a map.

    `places` (frame, 2) are NaN and `regions` (frame,) -1 where the animal is not known or its stretch is too short;
    `strange` (frame,) marks frames that are unlike all that the map has learned.
    """

    places: Float[np.ndarray, "frame 2"]
    regions: Int[np.ndarray, " frame"]
    strange: Bool[np.ndarray, " frame"]


def without_motion(bodies: Bodies) -> Bodies:
    """Bodies without their motion, so that frames count whose place is not known."""
    each = tuple(replace(body, motion=np.zeros((len(body.values), 0))) for body in bodies.each)
    return replace(bodies, each=each, measures=())


def require_rates(bodies: Bodies, recipe: Recipe) -> None:
    """Raise an `InputError` unless every recording's frame rate shows the highest frequency."""
    if recipe.weights.rhythm > 0:
        for body in bodies.each:
            recipe.wavelets.require_rate(body.fps, body.name)


def make_map(bodies: Bodies, settings: MapSettings, folder: ResumableFolder) -> tuple[BehaviourMap, list[Placed]]:
    """Make a map of all animals, and place them on it; what is finished is kept in a folder, and taken from there.

    Raises:
        InputError: a frame rate is too low, too few frames are known, or an extra is not installed.
    """
    require_rates(bodies, settings.recipe)
    if not folder.has("learned"):
        folder.keep("learned", _learned(bodies, settings, folder))
    kept = folder.load("learned")
    learned, measures = kept.pop("learned"), Measures(**kept)
    for each in [*folder.path.glob("sample-*"), *folder.path.glob("small-*")]:
        each.unlink()
    if not folder.has("plane"):
        folder.keep("plane", {"plane": embed(learned, settings.embedding)})
    plane = folder.load("plane")["plane"]
    blank = Regions(np.zeros((1, 1)), np.zeros((1, 1), int), (0.0, 0.0), 1.0)
    found = BehaviourMap(measures, learned, plane, blank, 2 * spacing(learned))
    where = _where(bodies, found, settings.recipe, folder)
    known = np.concatenate([places[np.isfinite(away)] for places, away in where])
    regions = cut_regions(known, settings.width, merge=settings.merge, most=settings.regions)
    found = replace(found, regions=regions)
    stays = [(_in_regions(*each, found).regions, body.fps) for each, body in zip(where, bodies.each, strict=True)]
    found = replace(found, regions=join_by_changes(regions, stays, settings.changes))
    return found, [_in_regions(*each, found) for each in where]


def _learned(bodies: Bodies, settings: MapSettings, folder: ResumableFolder) -> dict[str, np.ndarray]:
    """The measures, and the templates in them."""
    scales = spread_of(bodies, settings.recipe)
    samples = _sampled(bodies, scales, settings, folder)
    number = sum(len(each) for each in samples)
    require(number >= _FEWEST, f"a map needs {_FEWEST} frames or more without a gap, there are {number}")
    measures = fit_axes(samples, scales, settings.recipe.weights)
    learned = _templates([measures.components(each) for each in samples], settings, folder)
    return {**{each.name: getattr(measures, each.name) for each in fields(measures)}, "learned": learned}


def _sampled(
    bodies: Bodies, scales: Measures, settings: MapSettings, folder: ResumableFolder
) -> list[Float[np.ndarray, "_ _"]]:
    """The numbers of some frames of each part of each animal."""
    frames = [_frames(body, settings.recipe) for body in bodies.each]
    parts = sum(max(1, -(-len(each) // _PART)) for each in frames)
    wanted = min(settings.small, max(_FEWEST, _MOST_SAMPLED // parts))
    samples: list[Float[np.ndarray, "_ _"]] = []
    for index, body in enumerate(bodies.each):
        name = f"sample-{index + 1}"
        if not folder.has(name):
            rng = np.random.default_rng([settings.embedding.seed, 1, index])
            folder.keep(name, _parts(body, scales, settings.recipe, frames[index], wanted, rng))
        kept = folder.load(name)
        samples += [kept[key] for key in sorted(kept)]
    return samples


def _frames(body: Body, recipe: Recipe) -> Int[np.ndarray, " frame"]:
    stretches = body.stretches(recipe.shortest)
    return np.concatenate([np.zeros(0, int), *(np.arange(*each) for each in stretches)])


def _parts(
    body: Body,
    scales: Measures,
    recipe: Recipe,
    frames: Int[np.ndarray, " frame"],
    wanted: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """By the name of a part of at most `_PART` frames, the numbers of `wanted` of its frames."""
    whole = np.array_split(frames, max(1, -(-len(frames) // _PART)))
    parts = [part[even_sample(len(part), wanted, rng)] for part in whole]
    chosen = np.concatenate(parts)
    rows = [numbers[np.isin(at, chosen)] for at, numbers in raw_numbers(body, scales, recipe)]
    if not rows:
        return {}
    edges = np.cumsum([len(part) for part in parts])[:-1]
    return {f"{k:06d}": part for k, part in enumerate(np.split(np.concatenate(rows), edges))}


def _templates(
    components: Sequence[Float[np.ndarray, "_ component"]], settings: MapSettings, folder: ResumableFolder
) -> Float[np.ndarray, "template component"]:
    """As many frames of every region of every small map as can be."""
    share, chosen = -(-settings.templates // len(components)), []
    with progress_bar(len(components), "small map") as bar:
        for index, each in enumerate(components):
            name = f"small-{index + 1}"
            if not folder.has(name):
                rng = np.random.default_rng([settings.embedding.seed, 2, index])
                folder.keep(name, {"rows": _fair(each, share, settings.embedding, rng)})
            chosen.append(each[folder.load(name)["rows"]])
            bar.update()
    return np.concatenate(chosen)


def _fair(
    components: Float[np.ndarray, "frame component"], share: int, of_map: EmbeddingSettings, rng: np.random.Generator
) -> Int[np.ndarray, " chosen"]:
    if len(components) <= max(share, _FEWEST):
        return np.arange(len(components))
    plane = embed(components, replace(of_map, iterations=min(of_map.iterations, _SMALL_ITERATIONS)))
    regions = cut_regions(plane, 0.05, merge=1.0, most=_SMALL_REGIONS).of(plane)
    return fair_sample(regions, share, rng)


def place_all(bodies: Bodies, found: BehaviourMap, recipe: Recipe, folder: ResumableFolder) -> list[Placed]:
    """Place all animals' frames on a map; what is finished is kept in a folder, and taken from there.

    Raises:
        InputError: a frame rate is too low.
    """
    require_rates(bodies, recipe)
    return [_in_regions(*each, found) for each in _where(bodies, found, recipe, folder)]


def _where(
    bodies: Bodies, found: BehaviourMap, recipe: Recipe, folder: ResumableFolder
) -> list[tuple[Float[np.ndarray, "_ 2"], Float[np.ndarray, " _"]]]:
    """Of each animal, where its frames lie and how far from the nearest template; NaN where they are not known."""
    where = []
    with progress_bar(len(bodies.each), "animal") as bar:
        for index, body in enumerate(bodies.each):
            name = f"placed-{index + 1}"
            if not folder.has(name):
                folder.keep(name, _placed(body, found, recipe))
            kept = folder.load(name)
            where.append((kept["places"], kept["away"]))
            bar.update()
    return where


def _placed(body: Body, found: BehaviourMap, recipe: Recipe) -> dict[str, np.ndarray]:
    places = np.full((len(body.values), 2), np.nan)
    away = np.full(len(body.values), np.nan)
    for at, numbers in raw_numbers(body, found.measures, recipe):
        places[at], away[at] = place(found.measures.components(numbers), found.learned, found.plane)
    return {"places": places.astype(np.float32), "away": away.astype(np.float32)}


def _in_regions(places: Float[np.ndarray, "frame 2"], away: Float[np.ndarray, " frame"], found: BehaviourMap) -> Placed:
    known = np.isfinite(away)
    regions = np.full(len(places), -1)
    regions[known] = found.regions.of(places[known])
    return Placed(places, regions, known & (np.nan_to_num(away) > found.strange))
