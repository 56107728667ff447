"""What is labelled: the frames of videos, of a dataset, or of labels that are there already."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datasets.dataset import ArrayLike, Dataset
from datasets.pose.crops import Crops, crops_from_json, crops_of
from datasets.pose.importing import short_names
from datasets.pose.labelled import absence_is_told, keypoints_of, require_pose, skeleton_of
from datasets.pose.labelling.marks import ABSENT, MAKERS, NETWORK, OCCLUDED, PERSON, VISIBLE, Mark
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks, footage_of
from datasets.video.video import IMAGES, MOVIES, Video, open_video
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.hdf5 import require_own_data
from neuron_models.foundation.units import Hertz

ONE = "animal"
"""The name of the only animal."""


@dataclass(frozen=True, eq=False)
class FilmFacts:
    """What a labelling keeps of a film, whether its frames are there or not.

    Attributes:
        name: of the video or the trial, different for each.
        size: (frames, height, width).
        fps: frames a second.
        video: the file or folder that the frames are of, as it was named; empty where unknown.
        crops: where the images lie in that video; None for its whole frames.
        listed: the image files of the frames, as labels name them; empty where they are none.
    """

    name: str
    size: tuple[int, int, int]
    fps: Hertz
    video: str = ""
    crops: Crops | None = None
    listed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, as the head of a journal holds them."""
        crops = None if self.crops is None else self.crops.to_json()
        return {**asdict(replace(self, crops=None)), "crops": crops}


def facts_from_json(stored: Mapping[str, Any]) -> FilmFacts:
    """Read what `FilmFacts.to_json` gave.

    Raises:
        InputError: it is none.
    """
    try:
        crops = None if stored.get("crops") is None else crops_from_json(stored["crops"])
        frames, high, wide = stored["size"]
        listed = tuple(stored["listed"])
        return FilmFacts(stored["name"], (frames, high, wide), float(stored["fps"]), stored["video"], crops, listed)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"not what a journal says of a film ({error})") from None


@dataclass(frozen=True, eq=False)
class Film:
    """Frames to label: what is kept of them, and the images (frame, channel, height, width) of 8 bits, maybe lazy."""

    facts: FilmFacts
    images: ArrayLike


@dataclass(frozen=True, eq=False)
class Source:
    """Films, and what is known of them before anybody labels.

    Attributes:
        path: absolute, of what was opened.
        films: one or more.
        skeleton: None where there is none yet.
        animals: their names.
        changes: the labels that are there, as changes of a journal.
        notes: what was left out, in words.
        dataset: where the films are its trials.
    """

    path: Path
    films: tuple[Film, ...]
    skeleton: Skeleton | None = None
    animals: tuple[str, ...] = (ONE,)
    changes: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    dataset: Dataset | None = None

    def sizes(self) -> dict[str, tuple[int, int, int]]:
        """(frames, height, width) by film."""
        return {film.facts.name: film.facts.size for film in self.films}


def open_source(path: Path, video: Path | None = None) -> Source:
    """Open a dataset, a video, a folder of images, or labels of any kind that `pose import` reads.

    Args:
        path: the file or folder.
        video: in place of the video that labels name.

    Raises:
        InputError: it is none of these, or the images of labels are not there.
    """
    require(path.exists(), f"{path}: there is no such file")
    if _is_video(path):
        require(video is None, "--video goes with labels")
        opened = open_video(path).readable()
        film = _film(path.resolve().stem, opened, opened.fps, str(path.absolute()))
        return Source(path.absolute(), (film,))
    if path.suffix.lower() in (".h5", ".hdf5") and _is_dataset(path):
        return _of_dataset(path)
    from datasets.pose.formats.label_files import load_labels

    return _of_labels(path, load_labels(path, video))


def _film(
    name: str, images: Any, fps: Hertz, video: str, crops: Crops | None = None, listed: tuple[str, ...] = ()
) -> Film:
    size = (len(images), int(images.shape[2]), int(images.shape[3]))
    return Film(FilmFacts(name, size, float(fps), video, crops, listed), images)


def _is_video(path: Path) -> bool:
    if path.is_dir():
        return not (path / "config.yaml").is_file() and any(each.suffix.lower() in IMAGES for each in path.iterdir())
    return path.suffix.lower() in (*MOVIES, *IMAGES)


def _is_dataset(path: Path) -> bool:
    from datasets.store import FORMAT

    require_own_data(path)
    try:
        with h5py.File(path, "r") as file:
            return bool(file.attrs.get("format") == FORMAT)
    except OSError:
        return True  # whatever is wrong with it, the reader says


def _of_dataset(path: Path) -> Source:
    from datasets.store import load_dataset

    dataset = load_dataset(path, lazy=True)
    require_pose(dataset, str(path))
    crops, fps = crops_of(dataset), 1000 / dataset.dt
    films = tuple(
        _film(trial.name, trial.x, fps, crops[trial.name].video if trial.name in crops else "", crops.get(trial.name))
        for trial in dataset
    )
    changes = []
    for trial in dataset:
        xy = (
            keypoints_of(trial)[:, None]
            if trial.y is not None
            else np.full((len(trial), 1, len(dataset.y_names), 2), np.nan)
        )
        makers = _makers_of_crops(crops.get(trial.name), xy)
        tracks = Tracks(
            trial.name, skeleton_of(dataset), np.arange(len(trial)), xy, makers=makers, absence=absence_is_told(dataset)
        )
        changes += changes_of(trial.name, tracks, (ONE,))
    return Source(path.absolute(), films, skeleton_of(dataset), (ONE,), tuple(changes), (), dataset)


def _makers_of_crops(crops: Crops | None, xy: np.ndarray) -> np.ndarray | None:
    if crops is None or (crops.makers is None and crops.predicted is None):
        return None
    if crops.makers is not None:
        return crops.makers[:, None]
    predicted: Any = crops.predicted
    known = np.where(predicted[:, None], MAKERS.index(NETWORK), MAKERS.index(PERSON))
    return np.where(np.isnan(xy[..., 0]), 0, known[:, None])


def _of_labels(path: Path, labelled: Sequence[Tracks]) -> Source:
    opened = [_footage(each, path) for each in labelled]
    names = short_names([video.path for video in opened])
    films, changes = [], []
    several = max(each.xy.shape[1] for each in labelled)
    animals = tuple(dict.fromkeys(name for each in labelled for name in names_of(each, several)))
    for name, tracks, video in zip(names, labelled, opened, strict=True):
        listed = tracks.images if len(tracks.images) == len(video) else ()
        there = Path(video.path).exists()
        named = str(Path(video.path).absolute()) if there else video.path
        films.append(_film(name, video, tracks.fps, named, None, tuple(listed)))
        changes += changes_of(name, tracks, names_of(tracks, several))
    notes = tuple(note for each in labelled for note in (*each.notes, each.missing) if note)
    return Source(path.absolute(), tuple(films), labelled[0].skeleton, animals, tuple(changes), notes)


def _footage(tracks: Tracks, path: Path) -> Video:
    require(not tracks.missing, f"{path}: {tracks.missing}: give their folder with --video")
    try:
        return footage_of(tracks)
    except InputError as error:
        raise InputError(f"{error} (give the video of the labels with --video)") from None


def names_of(tracks: Tracks, several: int) -> tuple[str, ...]:
    """The names of a video's animals: numbered where nobody followed them and there are several."""
    return tracks.animals or ((ONE,) if several == 1 else tuple(f"{ONE} {k + 1}" for k in range(tracks.xy.shape[1])))


def changes_of(film: str, tracks: Tracks, names: Sequence[str]) -> list[dict[str, Any]]:
    """The labels of a video as changes of a journal, one for each animal and frame that has some."""
    changes = []
    makers = tracks.makers if tracks.makers is not None else _makers(tracks)
    for row, index in np.argwhere(~np.isnan(tracks.xy[..., 0]).all(axis=-1)).tolist():
        marks = {}
        for k, name in enumerate(tracks.skeleton.keypoints):
            mark = _mark(tracks, makers, (row, index, k))
            if mark is not None:
                marks[name] = mark.to_json()
        changes.append(
            {"do": "mark", "film": film, "frame": int(tracks.frames[row]), "animal": names[index], "marks": marks}
        )
    return changes


def _makers(tracks: Tracks) -> np.ndarray:
    known = np.where(tracks.predicted(), MAKERS.index(NETWORK), MAKERS.index(PERSON))
    return np.where(np.isnan(tracks.xy[..., 0]), 0, known[..., None])


def _mark(tracks: Tracks, makers: np.ndarray, at: tuple[int, int, int]) -> Mark | None:
    x, y = tracks.xy[at].tolist()
    maker = MAKERS[int(makers[at])] or PERSON
    if np.isnan(x):
        is_absent = tracks.absence or bool(makers[at])
        return Mark(x, y, ABSENT, maker) if is_absent else None
    hidden = tracks.occluded is not None and bool(tracks.occluded[at])
    score = float("nan") if tracks.scores is None else float(tracks.scores[at])
    return Mark(x, y, OCCLUDED if hidden else VISIBLE, maker, score if maker == NETWORK else float("nan"))
