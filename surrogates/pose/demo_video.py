"""The demo's video: two animals are followed, and their key points found in every frame."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from datasets.pose.alignment.align import AlignmentSettings, align_video
from datasets.pose.formats.tracks_file import load_tracks
from datasets.pose.generator.video import ArenaSettings, make_video
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from datasets.rendering.files import save_video
from datasets.store import load_dataset
from datasets.video.video import Video, open_video
from neuron_models.foundation.resumable import partial_folder
from neuron_models.foundation.units import Pixels
from surrogates.pose.prediction import Finder
from surrogates.pose.tracking import footage_in, track_crops

VIDEO, CROPS, TRACKS, DRAWN = "arena.mp4", "crops.h5", "tracks.h5", "drawn.mp4"
_NOWHERE: Pixels = 1e6
"""How far an animal is off that was not found."""


@dataclass(frozen=True, eq=False)
class Followed:
    """Animals in a video whose key points are known.

    Attributes:
        video: opened.
        tracks: what was found, in pixels of the video.
        away: (frame, animal, keypoint) distance to where each key point is, px; NaN where an animal was not found.
        length: of an animal.
    """

    video: Video
    tracks: Tracks
    away: Float[np.ndarray, "frame animal keypoint"]
    length: Pixels


def follow_animals(find: Finder, skeleton: Skeleton, animal: str, frames: int, seed: int, out: Path) -> Followed:
    """Render a video of two animals, cut crops about them, and find their key points; all of it is left in `out`.

    Args:
        find: finds key points in crops of 96 px.
        skeleton: whose key points these are.
        animal: fly or worm.
        frames: of the video.
        seed: of the video.
        out: the folder.
    """
    made = make_video(ArenaSettings(animal, frames, seed=seed))
    path, crops, tracks_file = (out / name for name in (VIDEO, CROPS, TRACKS))
    for old in (crops, tracks_file):
        old.unlink(missing_ok=True)
        shutil.rmtree(partial_folder(old), ignore_errors=True)
    save_video(made, path)
    video = open_video(path)
    settings = AlignmentSettings(animals=len(made.bodies))
    _, aligned = align_video(video, str(path), crops, settings, video.fps)
    (footage,) = footage_in(load_dataset(crops, lazy=True))
    tracks = load_tracks(track_crops(find, footage, skeleton, tracks_file, key=f"{animal} {frames} {seed}"))
    truth = np.stack([body.keypoints for body in made.bodies], axis=1)[tracks.frames]
    return Followed(video, tracks, errors(tracks.xy, truth), aligned.length)


def errors(
    points: Float[np.ndarray, "frame animal keypoint 2"], truth: Float[np.ndarray, "frame animal keypoint 2"]
) -> Float[np.ndarray, "frame animal keypoint"]:
    """How far key points are off (px); animals that were found belong to those that are nearest over all frames."""
    from scipy.optimize import linear_sum_assignment

    away = np.linalg.norm(points[:, :, None] - truth[:, None], axis=-1)
    rows, columns = linear_sum_assignment(np.nan_to_num(away, nan=_NOWHERE).mean(axis=(0, 3)))
    return away[:, rows, columns]
