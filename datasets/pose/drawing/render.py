"""A video with the skeletons of its animals drawn in."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from datasets.pose.drawing.skeletons import draw_skeletons
from datasets.pose.tracks import Tracks, extents, require_frames
from datasets.video.video import Video, VideoEndedError
from neuron_models.foundation.errors import require
from neuron_models.foundation.movies import save_movie
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.units import Dimensionless, Hertz


@dataclass(frozen=True)
class RenderSettings:
    """Which frames are drawn, and how.

    Attributes:
        start: the first frame.
        end: the frame after the last; None for all.
        every: each so many frames one is drawn.
        fps: frames a second of the movie; the video's own when None.
        threshold: key points of a lower score are not drawn.
        by_animal: a colour an animal instead of one for left, right and middle key points.
    """

    start: int = 0
    end: int | None = None
    every: int = 1
    fps: Hertz | None = None
    threshold: Dimensionless = 0.0
    by_animal: bool = False

    def __post_init__(self) -> None:
        require(self.start >= 0, f"--start must be >= 0, got {self.start}")
        require(self.every >= 1, f"--every must be >= 1 frame, got {self.every}")
        require(self.fps is None or self.fps > 0, f"--fps must be > 0, got {self.fps}")


def render(video: Video, tracks: Tracks, out: Path, settings: RenderSettings) -> int:
    """Write a movie of the video with its tracks drawn in, a frame at a time; returns the number of frames.

    Raises:
        InputError: no frame lies in the range, the tracks tell of frames that the video lacks, or the video ends early;
            the movie of the frames before is then written all the same.
    """
    require_frames(tracks, video)
    end = len(video) if settings.end is None else settings.end
    require(end <= len(video), f"--end {end}: {video.path} has {len(video)} frames")
    indices = range(settings.start, end, settings.every)
    require(len(indices) > 0, f"no frame lies from --start {settings.start} to before --end {end}")
    ended: list[VideoEndedError] = []
    number = save_movie(_drawn(video, tracks, indices, settings, ended), out, settings.fps or max(video.fps, 1.0))
    if ended:
        raise ended[0]
    return number


def _drawn(
    video: Video, tracks: Tracks, indices: range, settings: RenderSettings, ended: list[VideoEndedError]
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    nothing = np.full(tracks.xy.shape[1:], np.nan)
    some = tracks.xy[:: max(1, len(tracks) // 100)].reshape(-1, *tracks.xy.shape[2:])
    radius = max(1.5, 0.02 * float(np.nanmedian(np.append(extents(some), 0.0))))
    with progress_bar(len(indices), "frame") as bar:
        frames = video.frames(indices)
        for index in indices:
            try:
                image = next(frames)
            except VideoEndedError as error:
                if index == indices.start:
                    raise
                ended.append(error)
                return
            row = int(np.searchsorted(tracks.frames, index))
            text = row < len(tracks) and tracks.frames[row] == index
            xy = tracks.xy[row] if text else nothing
            if text and tracks.scores is not None:
                xy = np.where((tracks.scores[row] >= settings.threshold)[..., None], xy, np.nan)
            yield draw_skeletons(image, xy, tracks.skeleton, radius=radius, by_animal=settings.by_animal)
            bar.update()
