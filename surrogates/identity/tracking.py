"""Animals told apart over a whole video: regions, fragments, appearance, one flow, trajectories."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.dataset import ArrayLike
from datasets.identity.crops import turned_round
from datasets.identity.detections import (
    Detections,
    crop_extent,
    detect,
    detection_key,
    learn_identity_scene,
    load_crops,
)
from datasets.identity.fragments import Fragments, find_fragments
from datasets.identity.joining import join_fragments
from datasets.identity.motion import continuations, learn_motion
from datasets.identity.trajectories import Trajectories, place_animals
from datasets.segmentation.heading import resolve_heads
from datasets.segmentation.regions import SegmentSettings
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from neuron_models.foundation.resumable import ResumableFolder, Work, partial_folder, resumable_folder
from neuron_models.foundation.units import Hertz, Pixels, Seconds
from surrogates.identity.appearance import Appearance, LearningSettings, fullest_frame, learn_appearance
from surrogates.identity.crossings import judge_crossings
from surrogates.identity.doubts import notes_on, scene_notes, tells_apart


@dataclass(frozen=True)
class TrackingSettings:
    """How identities are tracked: `animals` of them, in every frame.

    `appearance` turns the network off; `gap` is the longest time over which a place is inferred.
    """

    animals: int
    segment: SegmentSettings = field(default_factory=SegmentSettings)
    learning: LearningSettings = field(default_factory=LearningSettings)
    appearance: bool = True
    gap: Seconds = 1.0

    def __post_init__(self) -> None:
        require(1 <= self.animals <= 200, f"--animals must be 1 to 200, got {self.animals}")
        require(0 <= self.gap <= 60, f"--gap must be 0 to 60 s, got {self.gap:g}")


@dataclass(frozen=True, eq=False)
class Tracked:
    """What tracking found, with what it was found from."""

    trajectories: Trajectories
    regions: Detections
    fragments: Fragments
    animal: Int[np.ndarray, " fragment"]
    appearance: Appearance | None
    extent: Pixels


def track_video(
    video: ArrayLike, name: str, out: Path, settings: TrackingSettings, fps: Hertz, save: Callable[[Tracked], object]
) -> Tracked:
    """Track the animals of a video; the regions of a run that was stopped (`<out>.partial`) are not sought again.

    Args:
        video: (frame, channel, height, width) in grey values.
        name: of the video.
        out: the file that `save` writes.
        settings: see `TrackingSettings`.
        fps: frames a second.
        save: writes what was found; only then is what was kept of it removed.

    Raises:
        InputError: the animals are not so many, or never apart.
    """
    work = Work("identities", {"key": detection_key(video, settings.animals, settings.segment)}, passing=True)
    with resumable_folder(partial_folder(out), work, NAMED_ARRAYS_FORM, out) as kept:
        scene = learn_identity_scene(video, settings.animals, settings.segment)
        extent = crop_extent(scene)
        regions = detect(video, kept, scene, extent)
        fragments = find_fragments(regions, settings.animals)
        appearance, why_not = _appearance(kept, regions, fragments, settings)
        tracked = identify(regions, fragments, appearance, settings, name, fps, extent)
        notes = scene_notes(scene, why_not, "identities rest on motion alone")
        tracked = replace(tracked, trajectories=_noted(tracked.trajectories, notes))
        with kept.last_step():
            save(tracked)
    return tracked


def _noted(found: Trajectories, notes: tuple[str, ...]) -> Trajectories:
    return replace(found, notes=(*notes, *found.notes))


def _appearance(
    kept: ResumableFolder, regions: Detections, fragments: Fragments, settings: TrackingSettings
) -> tuple[Appearance | None, str]:
    """What the animals look like; else why it could not be learned, where it was asked for and would matter."""
    if not settings.appearance or settings.animals == 1 or fragments.single.sum() <= settings.animals:
        return None, ""
    rows, of = sampled_rows(fragments, settings.learning.images)
    crops = headed_crops(kept, regions, fragments, rows)
    try:
        learned = learn_appearance(crops, of, regions.frame[rows], fragments, settings.animals, settings.learning)
    except InputError as error:
        return None, str(error)
    return learned, ""


def sampled_rows(
    fragments: Fragments, most: int, usable: Bool[np.ndarray, " region"] | None = None
) -> tuple[Int[np.ndarray, " image"], Int[np.ndarray, " image"]]:
    """At most so many regions of each single fragment, evenly spread, by their rows; and the fragment of each."""
    rows, of = [np.zeros(0, int)], [np.zeros(0, int)]
    for index in np.flatnonzero(fragments.single).tolist():
        chain = fragments.rows[index] if usable is None else fragments.rows[index][usable[fragments.rows[index]]]
        some = chain[np.unique(np.linspace(0, len(chain) - 1, min(len(chain), most)).round().astype(int))]
        rows.append(some)
        of.append(np.full(len(some), index))
    return np.concatenate(rows), np.concatenate(of)


def headed_crops(
    kept: ResumableFolder, regions: Detections, fragments: Fragments, rows: Int[np.ndarray, " image"]
) -> np.ndarray:
    """The crops of some regions, all with the head one way, in grey values."""
    crops = load_crops(kept, regions.frames, rows)
    return np.where(turned_regions(regions, fragments)[rows][:, None, None], turned_round(crops), crops)


def turned_regions(regions: Detections, fragments: Fragments) -> Bool[np.ndarray, " region"]:
    """Whether the head of each region points against its axis; regions without an axis (NaN) keep stretches apart."""
    turned = np.zeros(len(regions), bool)
    chains = [fragments.rows[index] for index in np.flatnonzero(fragments.single)]
    pause = 8  # rows without a place keep fragments apart
    places = np.concatenate([np.concatenate([chain, np.full(pause, -1)]) for chain in chains])
    table = np.where(places[:, None] >= 0, regions.table[places], np.nan)
    heading, _ = resolve_heads(table[:, None, 1:3], table[:, 3:4], table[:, 5:6], table[:, None, 6:8])
    there = places >= 0
    turned[places[there]] = np.cos(heading[there, 0] - table[there, 3]) < 0
    return turned


def identify(
    regions: Detections,
    fragments: Fragments,
    appearance: Appearance | None,
    settings: TrackingSettings,
    name: str,
    fps: Hertz,
    extent: Pixels,
) -> Tracked:
    """Join fragments to animals by appearance and motion, and place the animals in every frame."""
    animals, longest = settings.animals, max(1, round(settings.gap * fps))
    motion = learn_motion(regions, fragments)
    links, odds = continuations(regions, fragments, motion, longest)
    used = appearance if appearance is not None and tells_apart(appearance) else None
    looks = np.zeros((len(fragments), animals)) if used is None else used.log_odds(len(fragments))
    animal = assign_animals(fragments, looks, links, odds)
    fragments = with_hidden_crossings(fragments, animal)
    probability = _softmax(looks)
    sure = np.where(animal >= 0, probability[np.arange(len(fragments)), animal], np.nan)
    lengths = regions.column("length")
    facts = Trajectories(
        np.empty((regions.frames, animals, 2)), np.empty((regions.frames, animals), int),
        np.empty((regions.frames, animals)), fps, 4.0 * float(np.median(lengths)), name,
        judge_crossings(fragments, animal, links, odds, looks),
        float("nan") if appearance is None else appearance.silhouette,
    )  # fmt: skip
    placed = place_animals(regions, fragments, animal, sure, facts, longest)
    placed = notes_on(placed, regions, fragments, animal, appearance)
    return Tracked(placed, regions, fragments, animal, appearance, extent)


def assign_animals(
    fragments: Fragments,
    looks: Float[np.ndarray, "fragment animal"],
    links: Int[np.ndarray, "link 2"],
    odds: Float[np.ndarray, " link"],
) -> Int[np.ndarray, " fragment"]:
    """The animal of each fragment, -1 for none; those of the fullest frame say which layer of the flow is which.

    Args:
        fragments: all of them.
        looks: log odds of each animal for each fragment; 0 where looks are not used.
        links: continuations that motion offers.
        odds: of each, logarithms.

    Raises:
        InputError: no frame shows two animals apart.
    """
    from scipy.optimize import linear_sum_assignment

    animals = looks.shape[1]
    best = np.zeros(len(fragments))  # a link is judged against others into its fragment: many links are no merit
    np.maximum.at(best, links[:, 1], odds)
    reward = np.minimum(looks, 0.5 + looks - looks.max(axis=1, keepdims=True)) + (_presence(fragments) - best)[:, None]
    anchor = fullest_frame(fragments, animals)
    if len(anchor) < min(animals, 2):
        raise InputError(
            f"no frame shows 2 of {animals} animals apart: is --animals right? A part of the video in which they are "
            "apart for a moment is needed"
        )
    for fragment, who in zip(anchor, linear_sum_assignment(-looks[anchor])[1], strict=True):
        reward[fragment, np.arange(animals) != who] = -np.inf
    return join_fragments(fragments, reward, links, odds)[0]


def with_hidden_crossings(fragments: Fragments, animal: Int[np.ndarray, " fragment"]) -> Fragments:
    """The fragments, of which those of no animal that go on from or to a crossing are part of it.

    Animals that lie one over the other are no larger than one; that nobody fits in shows that they are several.
    """
    several = ~fragments.single
    loose = fragments.single & (animal < 0)
    while True:
        ends = fragments.links
        hidden = np.zeros(len(fragments), bool)
        hidden[ends[several[ends[:, 1]], 0]] = True
        hidden[ends[several[ends[:, 0]], 1]] = True
        hidden &= loose & ~several
        if not hidden.any():
            return replace(fragments, single=~several)
        several |= hidden


def _presence(fragments: Fragments) -> Float[np.ndarray, " fragment"]:
    """Log odds that a fragment is an animal at all; those of many frames are not left out for pieces of few."""
    return 1.0 * fragments.lengths + 0.5


def _softmax(values: Float[np.ndarray, "fragment animal"]) -> Float[np.ndarray, "fragment animal"]:
    share: np.ndarray = np.exp(values - values.max(axis=1, keepdims=True))
    return share / share.sum(axis=1, keepdims=True)
