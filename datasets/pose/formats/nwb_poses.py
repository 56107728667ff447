"""Tracks in Neurodata Without Borders, as its extension ndx-pose describes poses: a series of each key point.

Written here and not by sleap-io, whose writer keeps neither the frames' numbers nor a rate such as 29.97 Hz.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from datasets.pose.formats.instances import distinct
from datasets.pose.tracks import Tracks
from datasets.video.movie_index import creation_time
from neuron_models.foundation.errors import InputError, require

RATE = "frames a second: "
SOFTWARE = "wormtwin"
CONTAINER = "PoseEstimation"
"""What the poses of one animal are called, where `movement` and others look for them."""
UNNAMED = "unnamed"
AGE_UNKNOWN = "P0D/"
"""Of any age, as DANDI writes it in ISO 8601: from 0 days on."""
_ZERO = "The centre of the first pixel is (0, 0); x goes to the right and y down."


@dataclass(frozen=True)
class Session:
    """What NWB says of a session and its subject, and what no file of poses knows.

    Attributes:
        start: when the session began; when None, the time at which the video says that it was made, else when it was
            last written.
        species: the Latin name, such as Mus musculus; None leaves it open.
        age: in ISO 8601, such as P90D.
    """

    start: datetime | None = None
    species: str | None = None
    age: str = AGE_UNKNOWN

    def __post_init__(self) -> None:
        latin = self.species is None or re.fullmatch(r"[A-Z][a-z]+ [a-z. ]+", self.species)
        require(bool(latin), f"--species is a Latin name such as Mus musculus, got {self.species!r}")
        iso = re.fullmatch(r"P[0-9.]+[YMWD](/(P[0-9.]+[YMWD])?)?", self.age)
        require(bool(iso), f"--age is a duration in ISO 8601 such as P90D, got {self.age!r}")


NOTHING_SAID = Session()


def save_nwb(tracks: Tracks, path: Path, session: Session = NOTHING_SAID) -> None:
    """Write the tracks of one video; frame n lies n / rate after the session's start.

    The poses of one animal are called `PoseEstimation`, its name is that of the subject; those of several are called by
    their names.

    Args:
        tracks: of one video.
        path: the file.
        session: what else is known.

    Raises:
        InputError: no time at which the session began is known.
    """
    import ndx_pose
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.file import Subject

    began, by = _start(tracks, session.start)
    names = _names(tracks)
    file = NWBFile(
        f"Poses in {Path(tracks.video).name}; the session's start is {by}",
        path.stem,
        began,
        experiment_description="where the key points of animals are in a video",
        keywords=["pose estimation", "behavior"],
        subject=Subject(
            subject_id=_subject(tracks), sex="U", age=session.age, species=session.species, description=", ".join(names)
        ),
    )
    behaviour = file.create_processing_module("behavior", "poses of the animals in a video")
    edges = tracks.skeleton.edge_places().astype(np.uint8)
    skeleton = ndx_pose.Skeleton(name="skeleton", nodes=list(tracks.skeleton.keypoints), edges=edges)
    behaviour.add(ndx_pose.Skeletons(name="Skeletons", skeletons=[skeleton]))
    for index, name in enumerate(names):
        behaviour.add(
            ndx_pose.PoseEstimation(
                name=name,
                pose_estimation_series=_all_series(tracks, index),
                description="labels" if tracks.scores is None else "predictions; labels of people have no confidence",
                original_videos=[tracks.video],
                source_software=SOFTWARE,
                skeleton=skeleton,
            )
        )
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)


def _start(tracks: Tracks, requested: datetime | None) -> tuple[datetime, str]:
    """When the session began, and who says so."""
    if requested is not None:
        return requested if requested.tzinfo else requested.astimezone(), "as it was given"
    video = Path(tracks.footage.path if tracks.footage is not None else tracks.video or "-")
    if not video.exists():
        raise InputError(
            f"NWB needs the time at which the session began, and the video {tracks.video or '(unnamed)'} is not there "
            "to tell it: give it with --session-start, such as 2024-05-31T14:30"
        )
    text = creation_time(video)
    if text is not None:
        return text, "when the video says that it was made"
    return datetime.fromtimestamp(video.stat().st_mtime, UTC), "when the video was last written"


def _names(tracks: Tracks) -> list[str]:
    """What the poses of each animal are called."""
    number = tracks.xy.shape[1]
    if number == 1:
        return [CONTAINER]
    named = tracks.animals or tuple(f"{CONTAINER}{index + 1}" for index in range(number))
    return distinct([_allowed(name) for name in named])


def _subject(tracks: Tracks) -> str:
    if not tracks.animals:
        return UNNAMED
    return tracks.animals[0].replace("/", "-") if len(tracks.animals) == 1 else f"{len(tracks.animals)} animals"


def _allowed(name: str) -> str:
    """A name without what HDF5 and NWB's schema keep for themselves."""
    return name.replace("/", "-").replace(":", "-")


def series_names(keypoints: tuple[str, ...]) -> list[str]:
    """What the series of key points are called."""
    return distinct([_allowed(keypoint) for keypoint in keypoints])


def _all_series(tracks: Tracks, animal: int) -> list[Any]:
    import ndx_pose

    scores = np.full(tracks.xy.shape[::2][:2], np.nan) if tracks.scores is None else tracks.scores[:, animal]
    return [
        ndx_pose.PoseEstimationSeries(
            name=name,
            data=np.ascontiguousarray(tracks.xy[:, animal, keypoint]),
            unit="pixels",
            reference_frame=_ZERO,
            confidence=np.ascontiguousarray(scores[:, keypoint]),
            description=f"x and y of {tracks.skeleton.keypoints[keypoint]}",
            comments=f"{RATE}{tracks.fps!r}",
            **_times(tracks),
        )
        for keypoint, name in enumerate(series_names(tracks.skeleton.keypoints))
    ]


def _times(tracks: Tracks) -> dict[str, Any]:
    """A rate where frames follow one another, else the time of each."""
    if len(tracks) > 1 and (np.diff(tracks.frames) == 1).all():
        return {"starting_time": float(tracks.frames[0] / tracks.fps), "rate": float(tracks.fps)}
    return {"timestamps": tracks.frames / tracks.fps}
