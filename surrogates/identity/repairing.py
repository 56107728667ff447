"""Exchanges in tracks of other tools, found by looks and motion, and undone."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from datasets.dataset import ArrayLike, PointTracks
from datasets.identity.crops import turned_round
from datasets.identity.detections import (
    crop_extent,
    detect,
    detection_key,
    learn_identity_scene,
    load_crops,
)
from datasets.identity.fragments import Fragments
from datasets.identity.motion import continuations, learn_motion
from datasets.identity.repairing.cutting import cut_tracks
from datasets.identity.repairing.exchanges import Meeting, judge_meetings
from datasets.identity.repairing.putting_together import named_as_before, put_together
from datasets.identity.repairing.tool_tracks import Placed, ToolTracks, place_tracks
from datasets.segmentation.regions import SegmentSettings
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from neuron_models.foundation.resumable import ResumableFolder, Work, partial_folder, resumable_folder
from neuron_models.foundation.units import Seconds
from neuron_models.foundation.wording import counted
from surrogates.identity.appearance import Appearance, LearningSettings, learn_appearance
from surrogates.identity.doubts import looks_in_doubt, scene_notes, tells_apart
from surrogates.identity.tracking import assign_animals, sampled_rows, turned_regions

_CONTINUES = 3.0
"""Log odds that a track goes on as itself where nothing else speaks: the other tool is right more often than not."""
_GAP: Seconds = 1.0
"""The longest over which motion tells how a fragment goes on."""


@dataclass(frozen=True)
class RepairSettings:
    """How exchanges are sought; `animals` of them, as many as there are tracks in one frame when None."""

    animals: int | None = None
    segment: SegmentSettings = field(default_factory=SegmentSettings)
    learning: LearningSettings = field(default_factory=LearningSettings)
    appearance: bool = True

    def __post_init__(self) -> None:
        wanted = self.animals is None or 2 <= self.animals <= 200
        require(wanted, f"--animals must be 2 to 200, got {self.animals}")


@dataclass(frozen=True, eq=False)
class Repaired:
    """Tracks without exchanges, and what was decided about them.

    Attributes:
        points: the tracks.
        names: of the animals, the first columns of the tracks.
        meetings: the moments at which animals may have been exchanged.
        notes: what is to be known, in words.
    """

    points: PointTracks
    names: tuple[str, ...]
    meetings: tuple[Meeting, ...]
    notes: tuple[str, ...]


def repair_tracks(
    video: ArrayLike,
    tool: ToolTracks,
    name: str,
    out: Path,
    settings: RepairSettings,
    save: Callable[[Repaired], object],
) -> Repaired:
    """Find and undo exchanges; the regions of a run that was stopped (`<out>.partial`) are not sought again.

    Args:
        video: (frame, channel, height, width) in grey values.
        tool: the tracks.
        name: of their file.
        out: the file that `save` writes.
        settings: see `RepairSettings`.
        save: writes what came out; only then is what was kept of it removed.

    Raises:
        InputError: more tracks than animals share a frame, or the tracks do not lie on what the video shows.
    """
    animals = settings.animals or tool.most
    require(
        tool.most <= animals <= len(tool.names),
        f"{name} has {counted(len(tool.names), 'track')}, {tool.most} of them in one frame: --animals must be "
        f"{tool.most} to {len(tool.names)}, got {animals}",
    )
    work = Work("repair", {"key": detection_key(video, animals, settings.segment)}, passing=True)
    with resumable_folder(partial_folder(out), work, NAMED_ARRAYS_FORM, out) as kept:
        scene = learn_identity_scene(video, animals, settings.segment)
        found = detect(video, kept, scene, crop_extent(scene))
        placed = place_tracks(tool, found, name)
        fragments, track = cut_tracks(placed)
        appearance, why_not = _appearance(kept, placed, fragments, animals, settings)
        repaired = _decide(tool, placed, fragments, track, appearance, animals)
        notes = scene_notes(scene, why_not, "exchanges are recognised by motion alone")
        repaired = replace(repaired, notes=(*notes, *repaired.notes))
        with kept.last_step():
            save(repaired)
    return repaired


def _appearance(
    kept: ResumableFolder, placed: Placed, fragments: Fragments, animals: int, settings: RepairSettings
) -> tuple[Appearance | None, str]:
    if not settings.appearance or len(fragments) <= animals:
        return None, ""
    rows, of = sampled_rows(fragments, settings.learning.images, placed.region >= 0)
    if not len(rows):
        return None, "no track is alone on a region of the video"
    crops = load_crops(kept, placed.regions.frames, placed.region[rows])
    turned = turned_regions(placed.regions, fragments)[rows]
    crops = np.where(turned[:, None, None], turned_round(crops), crops)
    try:
        return learn_appearance(crops, of, placed.regions.frame[rows], fragments, animals, settings.learning), ""
    except InputError as error:
        return None, str(error)


def _decide(
    tool: ToolTracks,
    placed: Placed,
    fragments: Fragments,
    track: Int[np.ndarray, " fragment"],
    appearance: Appearance | None,
    animals: int,
) -> Repaired:
    looks = np.zeros((len(fragments), animals))
    if appearance is not None and tells_apart(appearance):
        looks = appearance.log_odds(len(fragments))
    links, odds = _links(placed, fragments, track, tool.points.fps)
    animal = assign_animals(fragments, looks, links, odds)
    animal = _put_back(fragments, track, animal, animals)
    names = named_as_before(fragments, track, animal, (animals, len(tool.names)))
    order = np.argsort(names)  # the animals in the order of the tracks
    animal = np.where(animal >= 0, np.argsort(order)[animal], -1)
    words = tuple(tool.names[k] for k in names[order])
    known = {tuple(pair): float(value) for pair, value in zip(links.tolist(), odds, strict=True)}
    meetings = judge_meetings(fragments, track, animal, known, looks[:, order])
    points = put_together(tool, placed, fragments, animal, words)
    notes = [looks_in_doubt(appearance)] if appearance is not None and looks_in_doubt(appearance) else []
    over = fragments.lengths[animal < 0]
    if len(over):
        notes.append(f"{counted(int(over.sum()), 'place')} in {counted(len(over), 'piece')} fit no animal: untracked")
    return Repaired(points, words, meetings, (*tool.points.notes, *notes))


def _links(
    placed: Placed, fragments: Fragments, track: Int[np.ndarray, " fragment"], fps: float
) -> tuple[Int[np.ndarray, "link 2"], Float[np.ndarray, " link"]]:
    """What may go on as what, and the log odds of each: by motion, and because the tool says so."""
    motion = learn_motion(placed.regions, fragments)
    links, odds = continuations(placed.regions, fragments, motion, max(1, round(_GAP * fps)))
    known = {tuple(pair): float(value) for pair, value in zip(links.tolist(), odds, strict=True)}
    for which in np.unique(track).tolist():
        chain = np.flatnonzero(track == which).tolist()
        for pair in itertools.pairwise(chain):
            known[pair] = known.get(pair, 0.0) + _CONTINUES
    return np.array(list(known), int).reshape(-1, 2), np.array(list(known.values()), float)


def _put_back(
    fragments: Fragments, track: Int[np.ndarray, " fragment"], animal: Int[np.ndarray, " fragment"], animals: int
) -> Int[np.ndarray, " fragment"]:
    """Fragments that the flow left out, under the animal that most of their track is of, where that is not seen."""
    animal = animal.copy()
    lengths, shared = fragments.lengths, fragments.coexist()
    for left in np.flatnonzero(animal < 0).tolist():
        own = (track == track[left]) & (animal >= 0)
        if own.any():
            who = int(np.bincount(animal[own], lengths[own], animals).argmax())
            if not (shared[left] & (animal == who)).any():
                animal[left] = who
    return animal
