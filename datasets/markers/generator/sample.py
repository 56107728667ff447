"""A generated video with its truth: marks, bouts of grooming, and clicks to begin from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from datasets.markers.clicks import ANIMAL, Click, write_clicks
from datasets.markers.generator.drawing import draw
from datasets.markers.generator.motion import PAWS, Motion, SampleSettings, make_motion
from datasets.markers.paths import SEEN
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_files
from neuron_models.foundation.movies import save_movie
from neuron_models.foundation.progress import progress_bar

_CLICKED = 6
FILES = ("video.mp4", "truth.csv", "bouts.csv", "clicks.csv")


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known exactly of a generated video.

    Attributes:
        motion: of the mouse.
        xy: (frame, mark, 2) middle of what is seen of each mark, px; NaN where less than a tenth of it is seen.
        share: (frame, mark) how much of it is seen.
    """

    motion: Motion
    xy: Float[np.ndarray, "frame mark 2"]
    share: Float[np.ndarray, "frame mark"]


def write_sample(settings: SampleSettings, folder: Path) -> Truth:
    """Write the video and its truth into a folder, whole or not at all.

    `truth.csv` has a row a frame and mark (frame, mark, x, y, share; x and y are empty where it is out of sight),
    `bouts.csv` the bouts of grooming and `clicks.csv` clicks in six frames.
    """
    motion = make_motion(settings)
    xy, share = np.empty((settings.frames, 2, 2)), np.empty((settings.frames, 2))

    def frames() -> Iterator[np.ndarray]:
        with progress_bar(settings.frames, "frame") as bar:
            for index, (picture, seen) in enumerate(draw(settings, motion)):
                xy[index], share[index] = seen.xy, seen.share
                bar.update()
                yield picture

    with atomic_files(folder) as files:
        save_movie(frames(), files / "video.mp4", settings.fps, quality=16)
        xy[share < SEEN] = np.nan
        truth = Truth(motion, xy, share)
        write_csv(truth_table(truth), files / "truth.csv", index=False)
        write_csv(bout_table(motion.grooming, settings.fps), files / "bouts.csv", index=False)
        write_clicks(clicks_of(truth), files / "clicks.csv")
    return truth


def truth_table(truth: Truth) -> pd.DataFrame:
    """A row for each frame and mark."""
    frames = len(truth.xy)
    return pd.DataFrame(
        {
            "frame": np.repeat(np.arange(frames), 2),
            "mark": np.tile(PAWS, frames),
            "x": truth.xy[..., 0].ravel().round(3),
            "y": truth.xy[..., 1].ravel().round(3),
            "share": truth.share.ravel().round(3),
        }
    )


def bout_table(mask: Bool[np.ndarray, " frame"], fps: float) -> pd.DataFrame:
    """Bouts of a mask: first frame, the frame after the last, and both in s."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    starts, ends = edges[::2], edges[1::2]
    return pd.DataFrame(
        {
            "behaviour": "grooming", "first_frame": starts, "end_frame": ends,
            "start_s": (starts / fps).round(4), "end_s": (ends / fps).round(4),
        }
    )  # fmt: skip


def clicks_of(truth: Truth) -> list[Click]:
    """Clicks on both marks and on the body, in frames all over the video where the marks are seen whole."""
    whole = np.flatnonzero((truth.share > 0.8).all(axis=1))
    chosen = whole[np.unique(np.linspace(0, len(whole) - 1, _CLICKED).round().astype(int))]
    clicks = []
    for frame in chosen.tolist():
        places = [*zip(PAWS, truth.xy[frame], strict=True), (ANIMAL, truth.motion.middle[frame])]
        clicks += [Click(frame, name, round(float(x), 1), round(float(y), 1)) for name, (x, y) in places]
    return clicks
