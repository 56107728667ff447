"""Labels and predictions in the files of other tools, with the images or the movie that they are of."""

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from datasets.pose.formats.coco_file import load_coco
from datasets.pose.formats.deeplabcut_project import is_project, load_image_table, load_project
from datasets.pose.formats.deeplabcut_table import is_table, read_table, table_tracks
from datasets.pose.formats.makers_file import with_makers
from datasets.pose.formats.named_files import find_in, find_movie, number_in, open_found
from datasets.pose.formats.nwb_read import load_nwb
from datasets.pose.formats.sleap_file import load_analysis, tracks_of
from datasets.pose.formats.tracks_file import is_tracks, load_tracks
from datasets.pose.labelling.journal import is_labelling
from datasets.pose.skeleton import require_same_keypoints
from datasets.pose.tracks import Tracks, measured_tracks, ordered_keypoints
from datasets.video.video import IMAGES, open_video
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.hdf5 import require_own_data


def load_labels(path: str | Path, video: str | Path | None = None) -> tuple[Tracks, ...]:
    """Read a file of labels or predictions: tracks for each of its videos that has some.

    SLEAP (`.slp`, `.pkg.slp`, analysis `.h5`), DeepLabCut (project folder, `config.yaml`, tables `.csv` and `.h5`),
    LEAP (`.mat`), COCO (`.json`), NWB (`.nwb`), and this project's own tracks (`.h5`) and folders of `pose label`.

    Args:
        path: the file, or the folder of a DeepLabCut project.
        video: takes the place of the videos that the file names: the movie or images of a file of one video, or a
            folder in which the files that the labels name are looked for by their names.

    Raises:
        InputError: there is no such file, it cannot be read, or it holds no labels.
    """
    path = Path(path)
    require(path.exists(), f"{path}: there is no such file")
    try:
        found = tuple(each for each in _read(path) if len(each) and each.xy.shape[1])
    except InputError as error:
        raise InputError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    require(len(found) > 0, f"{path}: there are no labelled key points in it")
    found = tuple(measured_tracks(each) for each in found)
    found = with_makers(found, path)
    if video is not None:
        found = tuple(_of_video(each, Path(video), len(found), path) for each in found)
    found = tuple(each if each.skeleton.pairs else _with_pairs(each) for each in found)
    return tuple(_in_order_of(found[0], each, path) for each in found)


def _read(path: Path) -> tuple[Tracks, ...]:
    kind = path.suffix.lower()
    if path.is_file():
        require_own_data(path)
    if path.is_dir() and is_tracks(path):
        return (load_tracks(path),)
    if is_project(path):
        return _from_folder(path)
    if kind == ".nwb":
        return _quietly(load_nwb, path)
    if kind == ".json":
        return load_coco(path)
    if kind in (".h5", ".hdf5", ".csv"):
        return _from_table(path)
    return _from_sleap(path)


def _from_folder(path: Path) -> tuple[Tracks, ...]:
    """Folders of `pose label`, and projects of DeepLabCut."""
    if not is_labelling(path):
        return load_project(path)
    from datasets.pose.labelling.saving import load_labelling

    return load_labelling(path)


def _from_table(path: Path) -> tuple[Tracks, ...]:
    """HDF5 and CSV, which several tools write."""
    csv = path.suffix.lower() == ".csv"
    if is_table(path):
        table = read_table(path)
        return load_image_table(path) if table.of_images() else (table_tracks(table, path),)
    require(not csv, f"{path}: not a table of DeepLabCut: no line begins with coords")
    if is_tracks(path):
        return (load_tracks(path),)
    analysis = load_analysis(path)
    return _from_sleap(path) if analysis is None else (analysis,)


def _from_sleap(path: Path) -> tuple[Tracks, ...]:
    import sleap_io

    readers: Mapping[str, Callable[..., Any]] = {
        ".slp": lambda file: sleap_io.load_slp(file, open_videos=False),
        ".mat": sleap_io.load_leap,
        ".h5": sleap_io.load_analysis_h5,
        ".hdf5": sleap_io.load_analysis_h5,
    }
    kind = path.suffix.lower()
    known = ", ".join((*readers, ".csv", ".json", ".nwb"))
    require(kind in readers, f"{path}: labels are read from {known} or a DeepLabCut project")
    tracks = tracks_of(_quietly(readers[kind], path), path)
    if kind != ".mat":
        return tracks
    return tuple(replace(each, xy=each.xy - 1) for each in tracks)  # MATLAB counts from 1


def _quietly(load: Callable[..., Any], path: Path) -> Any:
    """Libraries warn of things that say nothing to whoever reads labels, and raise whatever they meet."""
    with warnings.catch_warnings(), open(os.devnull, "w") as sink, contextlib.redirect_stdout(sink):  # noqa: PTH123
        warnings.simplefilter("ignore")
        try:
            return load(path)
        except InputError:
            raise
        except Exception as error:
            reason = str(error).strip("\"'").splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"{path}: no labels can be read from it ({reason})") from None


def _of_video(tracks: Tracks, video: Path, number: int, path: Path) -> Tracks:
    """The tracks with another video: images by their names, a movie as it is or by its name in a folder."""
    require(video.exists(), f"{video}: there is no such video")
    if tracks.images and (video.is_dir() or video.suffix.lower() in IMAGES):
        paths = find_in(tracks.images, video)
        require(
            paths.any(),
            f"{video} has none of the {len(tracks.images)} images that {path} names ({', '.join(tracks.images[:3])}"
            f"{', ...' if len(tracks.images) > 3 else ''})",
        )
        footage = open_found(paths, tracks.images, str(video))
        return replace(tracks, video=str(video), footage=footage, missing=paths.note)
    named = find_movie(tracks.video, video) if video.is_dir() else None
    require(
        named is not None or number == 1,
        f"{path} has labels of {number} videos: --video takes their folder, and {tracks.video} is not in {video}"
        if video.is_dir()
        else f"{path} has labels of {number} videos: --video can replace only one, or takes their folder",
    )
    opened = open_video(named or video)
    if tracks.images:
        tracks = _in_movie(tracks, path)
    return replace(tracks, video=opened.path, footage=opened, fps=opened.fps)


def _in_movie(tracks: Tracks, path: Path) -> Tracks:
    """Labels of images as those of the movie's frames whose numbers the images' names end in."""
    numbers = [number_in(name) for name in tracks.images]
    known = [number for number in numbers if number is not None]
    require(
        len(set(known)) == len(numbers),
        f"{path} labels images, and their names do not all end in the number of a frame ({tracks.images[0]}): "
        "give the images with --video, not a movie",
    )
    order = np.argsort(known)
    moved = tracks.rows(order)
    return replace(moved, frames=np.array(known)[order], images=(), missing="")


def _in_order_of(first: Tracks, other: Tracks, path: Path) -> Tracks:
    """Tracks with their key points in the order of the first ones."""
    if set(first.skeleton.keypoints) == set(other.skeleton.keypoints):
        return (
            other
            if first.skeleton.keypoints == other.skeleton.keypoints
            else ordered_keypoints(other, first.skeleton.keypoints)
        )
    require_same_keypoints(first.skeleton, other.skeleton, f"{path}, video {other.video}")
    return other


def _with_pairs(tracks: Tracks) -> Tracks:
    return replace(tracks, skeleton=replace(tracks.skeleton, pairs=_guessed_pairs(tracks.skeleton.keypoints)))


def _guessed_pairs(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """(left, right) pairs by the names, such as wingL and wingR, or leftear and rightear."""
    import sleap_io

    inferred = sleap_io.infer_symmetry_pairs_by_name(list(names), [("left", "right"), ("l", "r")])
    pairs = tuple((names[left], names[right]) for left, right in inferred)
    written = ((name, name.replace("left", "right").replace("Left", "Right")) for name in names)
    return pairs or tuple((left, right) for left, right in written if left != right and right in names)


def each_animal(tracks: Tracks) -> Iterator[tuple[str, np.ndarray]]:
    """The name of each animal and its indices (animal,) in `xy`; all under no name where nobody followed them."""
    if not tracks.animals:
        yield "", np.arange(tracks.xy.shape[1])
        return
    for index, name in enumerate(tracks.animals):
        yield name, np.array([index])
