"""Tracks and labels of some recordings, made into one dataset: features of each frame, and its behaviour."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from datasets.behaviour.cleaning import Cleaning, cleaned, frames_at
from datasets.behaviour.features import frame_features
from datasets.behaviour.label_files import load_behaviour_labels
from datasets.behaviour.labels import UNLABELLED, Labels
from datasets.behaviour.trx_file import is_trx, read_trx
from datasets.dataset import Dataset, PointTracks, Trial
from datasets.topics import read_point_tracks
from neuron_models.foundation.bad_parts import leave_out, left_out_parts, read_each
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.units import Hertz, Seconds
from neuron_models.foundation.wording import counted, repeat_suffixes

_PAST: Seconds = 1.0
"""How far labels may go on past the last frame that was tracked; what lies there is left out and reported."""


@dataclass(frozen=True)
class ImportSettings:
    """How recordings are read.

    Attributes:
        fps: frames a second; None: as the tracks say, which they must then do.
        mm_per_pixel: the scale; lengths stay in pixels when None.
        points: the points to use, in order from one end of the body to the other; all when empty.
        animals: the animals to use, of tracks that hold more; all when empty.
        renamed: names of points in the file by the names that they get.
        classes: the behaviours to learn; all that are labelled when empty.
        none: the name of frames that were looked at and show none of them; such frames count only with a name.
        rater: the channel of Caltech's annotator.
        cleaning: how tracks are made ready.
        over_rest: give speeds over those of each recording's rest, too, which trackers' noise changes less.
        features: words; features whose names hold one of them are kept, all when empty.
    """

    fps: Hertz | None = None
    mm_per_pixel: float | None = None
    points: tuple[str, ...] = ()
    animals: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    classes: tuple[str, ...] = ()
    none: str = ""
    rater: str = ""
    cleaning: Cleaning = field(default_factory=Cleaning)
    over_rest: bool = False
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(self.fps is None or 0 < self.fps < 1e6, f"the frame rate must be > 0 Hz, got {self.fps}")
        scale = self.mm_per_pixel
        require(scale is None or 0 < scale < np.inf, f"the scale must be > 0 mm a pixel, got {scale}")
        require_distinct(self.points, "the points name one")
        require_distinct(self.animals, "the animals name one")
        require_distinct(self.classes, "the classes name one")


def import_recordings(
    tracks: Sequence[Path], labels: Sequence[Path], given: ImportSettings | Sequence[ImportSettings], name: str
) -> Dataset:
    """Read recordings, a trial each; one that cannot be used is left out and reported.

    Args:
        tracks: a file of tracks for each recording.
        labels: a file of labels for each, in the same order; none for recordings to predict.
        given: frame rate, scale, points, classes and cleaning; of all recordings, or of each.
        name: of the dataset.

    Returns:
        Features of each frame, the class of each frame, and weight 0 where nobody labelled it.

    Raises:
        InputError: no recording can be used, or there are not as many files of labels as of tracks.
    """
    wrong = f"{counted(len(tracks), 'file')} of tracks and {counted(len(labels), 'file')} of labels: one each, in order"
    require(len(labels) in (0, len(tracks)), wrong)
    beside: Sequence[Path | None] = labels or [None] * len(tracks)
    each = [given] * len(tracks) if isinstance(given, ImportSettings) else given
    settings = each[0]
    with left_out_parts() as left_out:
        read = [
            one for file in read_each(list(zip(tracks, beside, each, strict=True)), lambda given: _read(*given))
            for one in file
        ]  # fmt: skip
        classes = settings.classes or _classes([each for _, each in read if each], settings)
        wanted = f"two behaviours or more are needed, got {', '.join(classes) or 'none'}"
        require(not labels or len(classes) >= 2, wanted)
        made = read_each(read, lambda given: _described(*given, classes, settings))
    recordings, trials = [each for each, _, _ in made], [trial for _, trial, _ in made]
    names = {features for _, _, features in made}
    require(len(names) == 1, "the recordings have other points or numbers of animals: import them one by one")
    fps = {recording.fps for recording in recordings}
    fault = f"the recordings have the frame rates {sorted(fps)}: bring them to one by --rate"
    require(max(fps) <= 1.02 * min(fps), fault)
    first = recordings[0]
    return Dataset(
        name,
        _distinct(trials),
        1000 / first.fps,
        names.pop(),
        ("behaviour",) if labels else (),
        x_units="",
        task="classification" if labels else "regression",
        source=", ".join(path.name for path in tracks),
        extra={
            "behaviour": {
                "points": list(first.points),
                "animals": len(first.animals),
                "units": first.units,
                "cleaning": asdict(settings.cleaning),
            },
            **({"classes": list(classes)} if labels else {}),
            **({"left_out": left_out} if left_out else {}),
        },
    )


def _read(path: Path, labels: Path | None, settings: ImportSettings) -> list[tuple[PointTracks, Labels | None]]:
    """The recordings of a file, which are several only where nothing is labelled."""
    recordings = (read_trx(path),) if path.suffix == ".mat" and is_trx(path) else read_point_tracks(path)
    fault = f"{path} holds {counted(len(recordings), 'recording')}, which cannot share the labels of {labels}: give one"
    require(len(recordings) == 1 or labels is None, fault)
    return [_ready(tracks, path, labels, settings) for tracks in recordings]


def _ready(
    tracks: PointTracks, path: Path, labels: Path | None, settings: ImportSettings
) -> tuple[PointTracks, Labels | None]:
    for note in tracks.notes:
        leave_out(f"{path.name}: {note}")
    fps = settings.fps or tracks.fps
    require(settings.fps is not None or tracks.fps > 1, f"{path} does not say its frame rate: give it by --fps")
    tracks = _chosen(replace(tracks, fps=fps), settings, path)
    ready = cleaned(tracks, settings.cleaning)
    if labels is None:
        return ready, None
    frames = len(tracks.xy)
    whole = load_behaviour_labels(labels, fps, settings.rater)
    its = whole.cut(frames, round(_PAST * fps))
    its.validate(frames)
    if its is not whole:
        leave_out(f"{whole.source}: labels past the last frame of {path.name}, {frames - 1}")
    return ready, its if ready.fps == fps else its.at(frames_at(frames, fps, ready.fps), frames)


def _chosen(tracks: PointTracks, settings: ImportSettings, path: Path) -> PointTracks:
    """The animals and points that are used, in order and by their new names, in mm where the scale is known."""
    tracks = _of_animals(tracks, settings.animals, path)
    new = dict(settings.renamed)
    named = tuple(new.get(point, point) for point in tracks.points)
    points = settings.points or named
    for point in points:
        require(point in named, f"{path} has no point {point!r}; it has {', '.join(named)}")
    scale, units = (1.0, tracks.units) if settings.mm_per_pixel is None else (settings.mm_per_pixel, "mm")
    chosen = [named.index(point) for point in points]
    xy = tracks.xy[:, :, chosen] * scale
    known = [bool(np.isfinite(xy[:, :, index]).any()) for index in range(len(points))]
    require(any(known), f"{path}: none of {', '.join(points)} is known in any frame")
    if not all(known):
        unseen = ", ".join(point for point, seen in zip(points, known, strict=True) if not seen)
        leave_out(f"{path.name}: {unseen}, which is known in no frame")
    scores = None if tracks.scores is None else tracks.scores[:, :, chosen]
    return replace(tracks, points=points, xy=xy, units=units, scores=scores)


def _of_animals(tracks: PointTracks, animals: tuple[str, ...], path: Path) -> PointTracks:
    """The animals that are asked for, in this order."""
    if not animals:
        return tracks
    for animal in animals:
        require(animal in tracks.animals, f"{path} has no animal {animal!r}; it has {', '.join(tracks.animals)}")
    chosen = [tracks.animals.index(animal) for animal in animals]
    scores = None if tracks.scores is None else tracks.scores[:, chosen]
    return replace(tracks, animals=animals, xy=tracks.xy[:, chosen], scores=scores)


def _described(
    tracks: PointTracks, its: Labels | None, classes: tuple[str, ...], settings: ImportSettings
) -> tuple[PointTracks, Trial, tuple[str, ...]]:
    """A recording, its trial, and the names of the features."""
    values, features = _kept(*frame_features(tracks, settings.over_rest), settings.features)
    return tracks, _trial(tracks, values, its, classes, settings), features


def _kept(values: np.ndarray, names: tuple[str, ...], words: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The features whose names hold one of the words."""
    for word in words:
        require(any(word in name for name in names), f"no feature holds {word!r}; there are {', '.join(names)}")
    kept = [index for index, name in enumerate(names) if not words or any(word in name for word in words)]
    return values[:, kept], tuple(names[index] for index in kept)


def _classes(labels: Sequence[Labels], settings: ImportSettings) -> tuple[str, ...]:
    names = dict.fromkeys(name for each in labels for name in each.behaviours)
    rest = [settings.none] if settings.none and settings.none not in names else []
    return tuple(sorted(names)) + tuple(rest)


def _trial(
    tracks: PointTracks, values, its: Labels | None, classes: tuple[str, ...], settings: ImportSettings
) -> Trial:
    if its is None:
        return Trial(tracks.name, values, group=tracks.individual or tracks.name)
    numbers = its.by_frame(len(values), classes, settings.none)
    if not (numbers >= 0).any():
        raise InputError(f"{its.source} labels no frame with one of {', '.join(classes)}")
    y, weight = np.maximum(numbers, 0)[:, None].astype(np.int32), (numbers != UNLABELLED).astype(float)
    return Trial(tracks.name, values, y, weight, group=tracks.individual or tracks.name)


def _distinct(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Trials whose names all differ: a name that comes again gets a number."""
    names = [trial.name + suffix for trial, suffix in zip(trials, repeat_suffixes(t.name for t in trials), strict=True)]
    return tuple(
        replace(trial, name=name, group=name if trial.group == trial.name else trial.group)
        for trial, name in zip(trials, names, strict=True)
    )


def labels_of(trial: Trial) -> np.ndarray:
    """The class of each frame of a trial; `UNLABELLED` where none counts."""
    if trial.y is None:
        return np.full(len(trial), UNLABELLED)
    return np.where(trial.valid(), np.asarray(trial.y[:, 0]).astype(int), UNLABELLED)


def require_behaviours(dataset: Dataset) -> None:
    """Raise an `InputError` that names the command, unless a dataset holds features of tracks."""
    require(
        "behaviour" in dataset.extra,
        f"dataset {dataset.name!r} holds no features of tracks: import them by `wormtwin behaviour import`",
    )
