"""Labels and predictions out, to the files that other tools read, written by sleap-io."""

import contextlib
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from datasets.pose.formats.coco_file import save_coco
from datasets.pose.formats.deeplabcut_table import save_table
from datasets.pose.formats.makers_file import save_makers
from datasets.pose.formats.nwb_poses import NOTHING_SAID, Session, save_nwb
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import UNTRACKED, Tracks, images_of, is_untracked
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import atomic_write, require_space

SUFFIXES: Mapping[str, str] = {"slp": ".slp", "analysis": ".h5", "dlc": ".csv", "nwb": ".nwb", "coco": ".json"}
"""The kinds of files, and how their names end: SLEAP's labels, its analysis HDF5, DeepLabCut's table, NWB and COCO."""
_HDF5 = ("slp", "analysis", "nwb")
_ONE_VIDEO = ("analysis", "dlc", "nwb")


def save_labels(labelled: Sequence[Tracks], out: str | Path, to: str, session: Session = NOTHING_SAID) -> Path:
    """Write tracks, one for each video, to a file of another tool.

    Args:
        labelled: tracks of one skeleton.
        out: the file.
        to: `slp`, `analysis`, `dlc`, `nwb` or `coco`.
        session: what NWB says beside the poses.

    Raises:
        InputError: there is no such kind, the file's name ends otherwise, or it holds one video and several are given.
    """
    out = Path(out)
    require(to in SUFFIXES, f"--to must be one of {', '.join(SUFFIXES)}, got {to!r}")
    ends = (SUFFIXES[to], ".h5") if to == "dlc" else (SUFFIXES[to],)
    require(out.suffix in ends, f"a file for {to} ends in {' or '.join(ends)}, got {out.name}")
    require(
        len(labelled) == 1 or to not in _ONE_VIDEO, f"a file for {to} holds one video and there are {len(labelled)}"
    )
    with atomic_write(out) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with open(os.devnull, "w") as sink, contextlib.redirect_stdout(sink):  # noqa: PTH123
            try:
                if to in _HDF5 or out.suffix == ".h5":
                    require_space(temporary, _size(labelled))  # HDF5 can crash on a full disk
                    temporary.unlink()
                if to == "nwb":
                    save_nwb(labelled[0], temporary, session)
                else:
                    _WRITERS[to](labelled, temporary)
            except InputError:
                raise
            except (ValueError, TypeError, KeyError) as error:
                raise InputError(f"{out}: these labels cannot be written as {to} ({reason(error)})") from None
    save_makers(labelled, out)
    return out


def _size(labelled: Sequence[Tracks]) -> int:
    """More bytes than tracks take in a file of HDF5: five numbers a key point, and the head of each series."""
    values = sum(40 * each.xy.size + 60_000 * each.xy.shape[1] * each.xy.shape[2] for each in labelled)
    return 400_000 + values


def kind_of(out: Path) -> str:
    """The kind of file that a name ends like.

    Raises:
        InputError: it ends like none.
    """
    for kind, suffix in SUFFIXES.items():
        if out.suffix == suffix:
            return kind
    raise InputError(f"--out {out}: its name must end in {', '.join(SUFFIXES.values())}")


def _save_slp(labelled: Sequence[Tracks], path: Path) -> None:
    import sleap_io

    sleap_io.save_slp(to_sleap(labelled), str(path), embed=False, verbose=False)


def _save_analysis(labelled: Sequence[Tracks], path: Path) -> None:
    import sleap_io

    plain = replace(labelled[0], footage=None, images=()) if images_of(labelled[0]) else labelled[0]
    sleap_io.save_analysis_h5(to_sleap([_followed(plain)]), str(path))


def _followed(tracks: Tracks) -> Tracks:
    """Tracks whose animals all have names, since an analysis file would keep one of those without."""
    if not tracks.animals and tracks.xy.shape[1] == 1:
        return tracks
    given = tracks.animals or tuple(f"{UNTRACKED} {index + 1}" for index in range(tracks.xy.shape[1]))
    return replace(
        tracks, animals=tuple(name.replace(UNTRACKED, "animal") if is_untracked(name) else name for name in given)
    )


def _save_coco(labelled: Sequence[Tracks], path: Path) -> None:
    save_coco(labelled, path, path.parent.parent)


_WRITERS: Mapping[str, Callable[[Sequence[Tracks], Path], None]] = {
    "slp": _save_slp,
    "analysis": _save_analysis,
    "dlc": lambda found, path: save_table(found[0], path),
    "coco": _save_coco,
}


def to_sleap(labelled: Sequence[Tracks]) -> Any:
    """Tracks as the labels of sleap-io: predicted instances where there are scores, a person's where there are none."""
    import sleap_io

    skeleton = _skeleton(labelled[0].skeleton)
    known: dict[str, Any] = {}
    frames = []
    videos = []
    for each in labelled:
        video = _video(each)
        videos.append(video)
        animals = [
            None if is_untracked(name) else known.setdefault(name, sleap_io.Track(name)) for name in each.animals
        ]
        marked = ~np.isnan(each.xy[..., 0]).all(axis=-1)
        frames_there = range(len(each)) if images_of(each) else each.frames.tolist()
        for row, frame in enumerate(frames_there):
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
    if tracks.scores is None or not tracks.predicted()[row, index]:
        return sleap_io.Instance.from_numpy(xy, skeleton=skeleton, track=animal)
    scores = np.nan_to_num(np.asarray(tracks.scores[row, index], float))
    whole = float(scores[~np.isnan(xy[:, 0])].mean())
    if tracks.instance_scores is not None and not np.isnan(tracks.instance_scores[row, index]):
        whole = float(tracks.instance_scores[row, index])
    return sleap_io.PredictedInstance.from_numpy(
        xy, skeleton=skeleton, point_scores=scores, score=whole, track=animal, tracking_score=0.0
    )


def _video(tracks: Tracks) -> Any:
    """The video by its whole path, so that it is found from wherever the labels are read."""
    import sleap_io

    images = images_of(tracks)
    if images:
        listed = [str(path.absolute()) if path.is_file() else str(path) for path in images]
        return sleap_io.Video.from_filename(listed)
    named = Path(tracks.video or "video.mp4")
    made = sleap_io.Video(str(named.absolute() if named.exists() else named), open_backend=False)
    if tracks.footage is not None:
        frames, channels, height, width = tracks.footage.shape
        made.backend_metadata["shape"] = (frames, height, width, channels)
        made.backend_metadata["fps"] = tracks.footage.fps
        made.backend_metadata["grayscale"] = channels == 1
    return made
