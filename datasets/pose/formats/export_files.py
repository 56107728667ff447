"""Labels and predictions out, to the files that other tools read, written by sleap-io."""

import contextlib
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from datasets.pose.formats.deeplabcut_table import save_table
from datasets.pose.formats.nwb_poses import save_nwb
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks, images_of
from datasets.pose.video.frame_readers import ImageReader
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write

SUFFIXES: Mapping[str, str] = {"slp": ".slp", "analysis": ".h5", "dlc": ".csv", "nwb": ".nwb", "coco": ".json"}
"""The kinds of files, and how their names end: SLEAP's labels, its analysis HDF5, DeepLabCut's table, NWB and COCO."""
_ONE_VIDEO = ("analysis", "dlc", "nwb")


def save_labels(found: Sequence[Tracks], out: str | Path, to: str) -> Path:
    """Write tracks, one for each video, to a file of another tool.

    Args:
        found: tracks of one skeleton.
        out: the file.
        to: `slp`, `analysis`, `dlc`, `nwb` or `coco`.

    Raises:
        InputError: there is no such kind, the file's name ends otherwise, or it holds one video and several are given.
    """
    out = Path(out)
    require(to in SUFFIXES, f"--to must be one of {', '.join(SUFFIXES)}, got {to!r}")
    require(out.suffix == SUFFIXES[to], f"a file for {to} ends in {SUFFIXES[to]}, got {out.name}")
    require(len(found) == 1 or to not in _ONE_VIDEO, f"a file for {to} holds one video and there are {len(found)}")
    with atomic_write(out) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with open(os.devnull, "w") as sink, contextlib.redirect_stdout(sink):  # noqa: PTH123
            try:
                _WRITERS[to](found, temporary)
            except (ValueError, TypeError, KeyError) as error:
                reason = str(error).strip("\"'").splitlines()[0]
                raise InputError(f"{out}: these labels cannot be written as {to} ({reason})") from None
    return out


def kind_of(out: Path) -> str:
    """The kind of file that a name ends like.

    Raises:
        InputError: it ends like none.
    """
    for kind, suffix in SUFFIXES.items():
        if out.suffix == suffix:
            return kind
    raise InputError(f"--out {out}: its name must end in {', '.join(SUFFIXES.values())}")


def _save_slp(found: Sequence[Tracks], path: Path) -> None:
    import sleap_io

    sleap_io.save_slp(to_sleap(found), str(path), embed=False, verbose=False)


def _save_analysis(found: Sequence[Tracks], path: Path) -> None:
    import sleap_io

    plain = replace(found[0], footage=None) if images_of(found[0]) else found[0]
    sleap_io.save_analysis_h5(to_sleap([plain]), str(path))


def _save_coco(found: Sequence[Tracks], path: Path) -> None:
    import sleap_io

    images = [name for tracks in found for name in _coco_images(tracks, path)]
    sleap_io.save_coco(to_sleap(found), str(path), images or None)


def _coco_images(tracks: Tracks, path: Path) -> list[str]:
    """COCO knows images alone: those that there are, or the labelled frames of the movie, written beside the file."""
    images = [str(image.resolve()) for image in images_of(tracks)]
    if images or tracks.footage is None:
        return images
    import imageio.v3

    folder = path.parent.parent / path.stem / Path(tracks.video).stem
    folder.mkdir(parents=True, exist_ok=True)
    for frame, image in zip(tracks.frames, tracks.footage.frames(tracks.frames), strict=True):
        name = folder / f"{frame:06d}.png"
        imageio.v3.imwrite(name, image[0] if len(image) == 1 else image.transpose(1, 2, 0))
        images.append(str(name.relative_to(path.parent.parent)))
    return images


_WRITERS: Mapping[str, Callable[[Sequence[Tracks], Path], None]] = {
    "slp": _save_slp,
    "analysis": _save_analysis,
    "dlc": lambda found, path: save_table(found[0], path),
    "nwb": lambda found, path: save_nwb(found[0], path),
    "coco": _save_coco,
}


def to_sleap(found: Sequence[Tracks]) -> Any:
    """Tracks as the labels of sleap-io: predicted instances where there are scores, else a person's."""
    import sleap_io

    skeleton = _skeleton(found[0].skeleton)
    known: dict[str, Any] = {}
    frames = []
    videos = []
    for each in found:
        video = _video(each)
        videos.append(video)
        animals = [known.setdefault(name, sleap_io.Track(name)) for name in each.animals]
        marked = ~np.isnan(each.xy[..., 0]).all(axis=-1)
        for row, frame in enumerate(each.frames):
            shown = [
                _instance(each, row, index, skeleton, animals[index] if animals else None)
                for index in np.flatnonzero(marked[row]).tolist()
            ]
            frames.append(sleap_io.LabeledFrame(video, int(frame), shown))
    return sleap_io.Labels(frames, videos=videos, skeletons=[skeleton], tracks=list(known.values()))


def _skeleton(skeleton: Skeleton) -> Any:
    import sleap_io

    nodes = {name: sleap_io.Node(name) for name in skeleton.keypoints}
    return sleap_io.Skeleton(
        list(nodes.values()),
        [sleap_io.Edge(nodes[a], nodes[b]) for a, b in skeleton.edges],
        [sleap_io.Symmetry([nodes[left], nodes[right]]) for left, right in skeleton.pairs],
        name="skeleton",
    )


def _instance(tracks: Tracks, row: int, index: int, skeleton: Any, animal: Any) -> Any:
    import sleap_io

    xy = np.asarray(tracks.xy[row, index], float)
    if tracks.scores is None:
        return sleap_io.Instance.from_numpy(xy, skeleton=skeleton, track=animal)
    scores = np.nan_to_num(np.asarray(tracks.scores[row, index], float))
    whole = float(scores[~np.isnan(xy[:, 0])].mean())
    return sleap_io.PredictedInstance.from_numpy(
        xy, skeleton=skeleton, point_scores=scores, score=whole, track=animal, tracking_score=0.0
    )


def _video(tracks: Tracks) -> Any:
    import sleap_io

    video = tracks.footage
    if video is not None and isinstance(video.reader, ImageReader):
        return sleap_io.Video.from_filename([str(path) for path in video.reader.paths])
    made = sleap_io.Video(tracks.video or "video.mp4", open_backend=False)
    if video is not None:
        frames, channels, height, width = video.shape
        made.backend_metadata["shape"] = (frames, height, width, channels)
        made.backend_metadata["fps"] = video.fps
        made.backend_metadata["grayscale"] = channels == 1
    return made
