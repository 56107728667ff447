"""Labels and predictions in the files of other tools, read through sleap-io."""

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datasets.pose.formats.deeplabcut_table import load_table
from datasets.pose.formats.nwb_poses import load_nwb
from datasets.pose.formats.tracks_file import is_tracks, load_tracks
from datasets.pose.skeleton import Skeleton, require_same_keypoints
from datasets.pose.tracks import Tracks, ordered_keypoints
from datasets.pose.video.frame_readers import StoredReader
from datasets.pose.video.video import Video, open_images, open_video
from neuron_models.foundation.errors import InputError, require


def load_labels(path: str | Path, video: str | Path | None = None) -> tuple[Tracks, ...]:
    """Read a file of labels or predictions: tracks for each of its videos that has some.

    SLEAP (`.slp`, `.pkg.slp`, analysis `.h5`), DeepLabCut (project folder, `config.yaml`, `.csv`), LEAP (`.mat`), COCO
    (`.json`), NWB (`.nwb`), and this project's own tracks (`.h5`).

    Args:
        path: the file, or the folder of a DeepLabCut project.
        video: takes the place of the video that the file names; for files of one video.

    Raises:
        InputError: there is no such file, it cannot be read, or it holds no labels.
    """
    path = Path(path)
    require(path.exists(), f"{path}: there is no such file")
    if is_tracks(path):
        found: tuple[Tracks, ...] = (load_tracks(path),)
    elif path.suffix.lower() == ".csv" and (table := load_table(path)) is not None:
        found = (table,)
    elif path.is_file() and (analysis := _plain_analysis(path)) is not None:
        found = (analysis,)
    else:
        found = _from_sleap(path)
    require(len(found) > 0, f"{path}: there are no labelled key points in it")
    if video is not None:
        require(len(found) == 1, f"{path} has labels of {len(found)} videos: --video can replace only one")
        opened = open_video(video)
        found = (replace(found[0], video=str(video), footage=opened, fps=opened.fps),)
    found = tuple(each if each.skeleton.pairs else _with_pairs(each) for each in found)
    for each in found[1:]:
        require_same_keypoints(found[0].skeleton, each.skeleton, f"{path}, video {each.video}")
    return found


def _from_sleap(path: Path) -> tuple[Tracks, ...]:
    kind = path.suffix.lower()
    try:
        if kind == ".nwb":
            return load_nwb(path)
        labels = _reader(path)(path)
    except InputError:
        raise
    except Exception as error:  # whatever the libraries meet in a file that is something else
        reason = str(error).strip("\"'").splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: no labels can be read from it ({reason})") from None
    found = []
    for video in labels.videos:
        frames = [frame for frame in labels.labeled_frames if frame.video is video and frame.instances]
        if frames:
            skeleton = _skeleton(frames[0].instances[0].skeleton)
            tracks = _tracks(sorted(frames, key=lambda each: each.frame_idx), skeleton, labels.tracks, video, path)
            found.append(replace(tracks, xy=tracks.xy - 1) if kind == ".mat" else tracks)  # MATLAB counts from 1
    order = _deeplabcut_order(path)
    return tuple(
        ordered_keypoints(each, order) if set(order) == set(each.skeleton.keypoints) else each for each in found
    )


def _reader(path: Path) -> Callable[[Path], Any]:
    import sleap_io

    if path.is_dir() or path.suffix.lower() in (".yaml", ".yml"):
        config = path / "config.yaml" if path.is_dir() else path
        require(config.is_file(), f"{path}: a folder without config.yaml is no DeepLabCut project")
        return _quietly(sleap_io.load_dlc_project, config)
    readers: Mapping[str, Callable[..., Any]] = {
        ".slp": sleap_io.load_slp,
        ".mat": sleap_io.load_leap,
        ".json": sleap_io.load_coco,
        ".h5": sleap_io.load_analysis_h5,
        ".hdf5": sleap_io.load_analysis_h5,
        ".csv": sleap_io.load_dlc,
    }
    kind = path.suffix.lower()
    require(kind in readers, f"{path}: labels are read from {', '.join(readers)}, .nwb or a DeepLabCut project")
    return _quietly(readers[kind], path)


def _quietly(load: Callable[..., Any], path: Path) -> Callable[[Path], Any]:
    """Libraries warn of things that say nothing to whoever reads labels."""

    def call(_: Path) -> Any:
        with warnings.catch_warnings(), open(os.devnull, "w") as sink, contextlib.redirect_stdout(sink):  # noqa: PTH123
            warnings.simplefilter("ignore")
            return load(str(path))

    return call


def _deeplabcut_order(path: Path) -> list[str]:
    """The body parts in the order of DeepLabCut's file, which sleap-io sorts by name; empty for other files."""
    if path.suffix.lower() == ".csv":
        with path.open(errors="replace") as file:
            rows = [file.readline().strip().split(",") for _ in range(5)]
        parts = next((row[1:] for row in rows if row[0] == "bodyparts"), [])
        return list(dict.fromkeys(part for part in parts if part))
    if path.is_dir() or path.suffix.lower() in (".yaml", ".yml"):
        import yaml

        config = yaml.safe_load((path / "config.yaml" if path.is_dir() else path).read_text())
        parts = config.get("bodyparts")
        parts = parts if isinstance(parts, list) else config.get("multianimalbodyparts") or []
        return [*parts, *(config.get("uniquebodyparts") or [])]
    return []


def _skeleton(found: Any) -> Skeleton:
    """The skeleton of sleap-io; pairs by the names where none are told."""
    names = tuple(found.node_names)
    text = [sorted((node.name for node in each.nodes), key=names.index) for each in found.symmetries]
    pairs = tuple((left, right) for left, right in text)
    return Skeleton(names, tuple((a, b) for a, b in found.edge_names), pairs)


def _with_pairs(tracks: Tracks) -> Tracks:
    return replace(tracks, skeleton=replace(tracks.skeleton, pairs=_guessed_pairs(tracks.skeleton.keypoints)))


def _guessed_pairs(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """(left, right) pairs by the names, such as wingL and wingR, or leftear and rightear."""
    import sleap_io

    found = sleap_io.infer_symmetry_pairs_by_name(list(names), [("left", "right"), ("l", "r")])
    pairs = tuple((names[left], names[right]) for left, right in found)
    written = ((name, name.replace("left", "right").replace("Left", "Right")) for name in names)
    return pairs or tuple((left, right) for left, right in written if left != right and right in names)


def _tracks(frames: list[Any], skeleton: Skeleton, known: list[Any], video: Any, path: Path) -> Tracks:
    indices = {id(track): index for index, track in enumerate(known)}
    followed = len(known) > 0 and all(each.track is not None for frame in frames for each in frame.instances)
    number = len(known) if followed else max(len(frame.instances) for frame in frames)
    xy = np.full((len(frames), number, len(skeleton), 2), np.nan)
    scores = np.full(xy.shape[:3], np.nan)
    for row, frame in enumerate(frames):
        for order, each in enumerate(frame.instances):
            if tuple(each.skeleton.node_names) != skeleton.keypoints:
                other = Skeleton(tuple(each.skeleton.node_names))
                require_same_keypoints(skeleton, other, f"{path}, frame {frame.frame_idx}")
            index = indices[id(each.track)] if followed else order
            xy[row, index] = each.numpy()
            if "score" in (each.points.dtype.names or ()):
                scores[row, index] = each.points["score"]
    shown = ~np.isnan(xy[..., 0]).all(axis=(0, 2))
    numbers = np.array([frame.frame_idx for frame in frames], int)
    footage = _footage(video, path, int(numbers[-1]) + 1)
    return Tracks(
        footage.path if footage else _name(video),
        skeleton,
        numbers,
        xy[:, shown],
        None if np.isnan(scores).all() else scores[:, shown],
        tuple(track.name for track, has in zip(known, shown, strict=True) if has) if followed else (),
        footage.fps if footage else 1.0,
        footage,
    )


def _name(video: Any) -> str:
    """What the labels call their video; the first image's folder for images."""
    if isinstance(video.filename, list):
        return str(Path(video.filename[0]).parent) if video.filename else ""
    return str(video.filename).replace("\\", "/")


def _footage(video: Any, path: Path, frames: int) -> Video | None:
    """The video that labels name, or one of its name beside them; None where there is none."""
    if isinstance(video.filename, list):
        images = [Path(each) for each in video.filename]
        return open_images(images, _name(video)) if any(each.is_file() for each in images) else None
    named = Path(_name(video))
    if named.suffix.lower() in (".slp", ".h5", ".hdf5"):  # frames stored beside or in the labels
        reader = StoredReader(video, tuple(range(frames)))
        stored = (reader.read(index, False) for index in range(frames))
        first = next((frame for frame in stored if frame is not None), None)
        if first is None:
            return None
        return Video(str(named), (frames, len(first), *first.shape[1:]), 1.0, reader, len(first) == 1)
    for index in (path.parent / named, named, path.parent / named.name):
        if index.exists():
            return open_video(index)
    return None


def _plain_analysis(path: Path) -> Tracks | None:
    """A SLEAP analysis file as older versions wrote it, without scores: (track, xy, node, frame)."""
    if path.suffix.lower() not in (".h5", ".hdf5"):
        return None
    try:
        with h5py.File(path, "r") as file:
            if not {"tracks", "node_names"} <= set(file) or "point_scores" in file:
                return None
            xy = file["tracks"][:].astype(float).transpose(3, 0, 2, 1)
            keypoints = tuple(file["node_names"].asstr()[:])
            animals = tuple(file["track_names"].asstr()[:]) if "track_names" in file else ()
            video = str(file["video_path"].asstr()[()]) if "video_path" in file else ""
    except OSError as error:
        raise InputError(f"{path}: not a whole HDF5 file ({str(error).splitlines()[0]}): copy it again") from None
    skeleton = Skeleton(keypoints)
    text = ~np.isnan(xy[..., 0]).all(axis=(1, 2))
    return Tracks(video, skeleton, np.flatnonzero(text), xy[text], None, animals if len(animals) == xy.shape[1] else ())


def each_animal(tracks: Tracks) -> Iterator[tuple[str, np.ndarray]]:
    """The name of each animal and its places in `xy`; all together under no name where nobody followed them."""
    if not tracks.animals:
        yield "", np.arange(tracks.xy.shape[1])
        return
    for index, name in enumerate(tracks.animals):
        yield name, np.array([index])
