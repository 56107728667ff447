"""Where the key points of a video's animals are, frame by frame: labels of people, or predictions and their scores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from datasets.pose.skeleton import Skeleton
from datasets.video.frame_readers import ImageReader
from datasets.video.video import Video, open_video
from neuron_models.foundation.errors import require, require_distinct
from neuron_models.foundation.measured import measured_points
from neuron_models.foundation.units import Hertz
from neuron_models.foundation.wording import counted

_MOST_FRAMES = 100_000_000
"""Eleven days at 100 frames a second."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """The key points of one video's animals.

    Attributes:
        video: its file or folder, as the labels name it.
        skeleton: whose key points these are.
        frames: (frame,) places in the video of the frames that are described, ascending.
        xy: (frame, animal, keypoint, 2) x to the right and y down in pixels of the video, the centre of the first pixel
            at (0, 0); NaN where there is no key point.
        scores: (frame, animal, keypoint) confidence of what a network found; NaN for the labels of people, None where
            all are theirs.
        animals: a name for each animal; empty where nobody followed them from frame to frame. Those that were not
            followed beside others that were are called `untracked 1`, `untracked 2`, ...
        fps: frames a second.
        footage: the opened video, where the labels came with their images.
        instance_scores: (frame, animal) confidence in a whole animal, NaN where there is none; None where a file keeps
            none.
        images: the image file of each frame as the labels name it; empty for the frames of a movie.
        notes: what a reader left out, in words.
        absence: whether a label that is missing in a labelled frame says that the key point is not visible, as in the
            labels of people in SLEAP's and DeepLabCut's files.
        missing: which of the images are not there and where they were looked for, in words; empty where none is.
        makers: (frame, animal, keypoint) who made each label: 0 nobody, 1 a person, 2 a network whose guess a person
            accepted, 3 a network; a key point without a place that somebody made is absent. None where unknown.
        occluded: (frame, animal, keypoint) whether a key point is hidden and its place judged; None where unknown.
    """

    video: str
    skeleton: Skeleton
    frames: Int[np.ndarray, " frame"]
    xy: Float[np.ndarray, "frame animal keypoint 2"]
    scores: Float[np.ndarray, "frame animal keypoint"] | None = None
    animals: tuple[str, ...] = ()
    fps: Hertz = 1.0
    footage: Video | None = None
    instance_scores: Float[np.ndarray, "frame animal"] | None = None
    images: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    missing: str = ""
    absence: bool = False
    makers: Int[np.ndarray, "frame animal keypoint"] | None = None
    occluded: Bool[np.ndarray, "frame animal keypoint"] | None = None

    def __post_init__(self) -> None:
        where = f"tracks of {self.video}"
        shape = (len(self.frames), self.xy.shape[1] if self.xy.ndim > 1 else 0, len(self.skeleton), 2)
        require(
            self.xy.shape == shape, f"{where}: xy must be (frame, animal, keypoint, 2), got the shape {self.xy.shape}"
        )
        require(
            self.scores is None or self.scores.shape == shape[:3],
            f"{where}: scores must be (frame, animal, keypoint), as xy is",
        )
        require(
            self.instance_scores is None or self.instance_scores.shape == shape[:2],
            f"{where}: scores of instances must be (frame, animal), as xy is",
        )
        for what, array in (("makers", self.makers), ("occluded", self.occluded)):
            require(array is None or array.shape == shape[:3], f"{where}: {what} must be (frame, animal, keypoint)")
        require(len(self.images) in (0, shape[0]), f"{where}: {len(self.images)} images for {shape[0]} frames")
        require(len(self.animals) in (0, shape[1]), f"{where}: {len(self.animals)} names for {shape[1]} animals")
        require_distinct(self.animals, f"{where} name an animal")
        ascending = len(self.frames) == 0 or (self.frames[0] >= 0 and bool((np.diff(self.frames) > 0).all()))
        require(ascending, f"{where}: frames must ascend from 0 or later, each once")
        last = int(self.frames[-1]) if len(self.frames) else 0
        require(
            last < _MOST_FRAMES, f"{where}: the last frame is {last}: a video has fewer than {_MOST_FRAMES:,} frames"
        )

    def __len__(self) -> int:
        return len(self.frames)

    def predicted(self) -> Bool[np.ndarray, "frame animal"]:
        """Mask of the animals that a network found; the others were labelled by people, or are not there."""
        if self.scores is None:
            return np.zeros(self.xy.shape[:2], bool)
        return ~np.isnan(self.scores).all(axis=-1)

    def rows(self, chosen: Shaped[np.ndarray, " row"]) -> "Tracks":
        """The tracks of some of the frames: their indices, or a mask with a truth value for each."""
        indices = np.arange(len(self))[chosen]
        return replace(
            self,
            frames=self.frames[indices],
            xy=self.xy[indices],
            scores=None if self.scores is None else self.scores[indices],
            instance_scores=None if self.instance_scores is None else self.instance_scores[indices],
            images=tuple(self.images[index] for index in indices) if self.images else (),
            makers=None if self.makers is None else self.makers[indices],
            occluded=None if self.occluded is None else self.occluded[indices],
        )

    def every_frame(self, number: int) -> Float[np.ndarray, "number animal keypoint 2"]:
        """Places in px of the frames 0 to `number` - 1, NaN for those that are not described."""
        return self.by_frame(self.xy, number)

    def by_frame(
        self, values: Float[np.ndarray, "frame animal keypoint *each"], number: int
    ) -> Float[np.ndarray, "number animal keypoint *each"]:
        """Values, in their units, of the frames 0 to `number` - 1; NaN for those that are not described."""
        whole = np.full((number, *values.shape[1:]), np.nan)
        inside = self.frames < number
        whole[self.frames[inside]] = values[inside]
        return whole


def measured_tracks(tracks: Tracks) -> Tracks:
    """Tracks of finite numbers: a point with another coordinate is none, an infinite score counts as 0; it is noted."""
    xy, notes = measured_points(tracks.xy, tracks.frames, tracks.skeleton.keypoints)
    if tracks.scores is None:
        return replace(tracks, xy=xy, notes=(*tracks.notes, *notes))
    infinite = np.isinf(tracks.scores)
    if infinite.any():
        counts = "counts" if infinite.sum() == 1 else "count"
        notes = (*notes, f"{counted(int(infinite.sum()), 'infinite score')}, which {counts} as 0")
    scores = np.where(np.isnan(xy[..., 0]), np.nan, np.where(infinite, 0.0, tracks.scores))
    return replace(tracks, xy=xy, scores=scores, notes=(*tracks.notes, *notes))


def footage_of(tracks: Tracks, *, grey: bool | None = None) -> Video:
    """The video of some tracks: the one they came with, or the file that they name.

    Raises:
        InputError: none is there, or it lacks frames that the tracks tell of.
    """
    video = tracks.footage or open_video(tracks.video, grey=grey)
    if grey is not None and (video.shape[1] == 1) != grey:
        video = replace(video, shape=(len(video), 1 if grey else 3, *video.shape[2:]), grey=grey)
    return require_frames(tracks, video)


def require_frames(tracks: Tracks, video: Video) -> Video:
    """Raise an `InputError` if tracks tell of frames that a video lacks; else return the video."""
    beyond = int((tracks.frames >= len(video)).sum())
    require(
        beyond == 0,
        f"{video.path} has {len(video)} frames and {beyond} labelled ones lie beyond, "
        f"the last is frame {tracks.frames[-1] if len(tracks) else 0}: is it the video that was labelled?",
    )
    return video


def extents(xy: Float[np.ndarray, "sample keypoint 2"]) -> Float[np.ndarray, " sample"]:
    """The largest distance between two labelled key points of each sample, px; NaN where there are fewer than two."""
    distance = np.linalg.norm(xy[:, :, None] - xy[:, None], axis=-1)
    longest = np.where(np.isnan(distance), 0, distance).max(axis=(1, 2))
    return np.where(longest > 0, longest, np.nan)


def images_of(tracks: Tracks) -> list[Path]:
    """The image files of the frames, as far as they are known; none where they are those of a movie."""
    reader = tracks.footage.reader if tracks.footage is not None else None
    if isinstance(reader, ImageReader):
        return [reader.paths[frame] for frame in tracks.frames]
    return [Path(name) for name in tracks.images]


UNTRACKED = "untracked"


def is_untracked(animal: str) -> bool:
    """Whether a name stands for animals that nobody followed from frame to frame.

    >>> is_untracked("untracked 2"), is_untracked("female")
    (True, False)
    """
    first, _, number = animal.partition(" ")
    return first == UNTRACKED and number.isdecimal()


def ordered_keypoints(tracks: Tracks, keypoints: Sequence[str]) -> Tracks:
    """The tracks with their key points in another order."""
    order = [tracks.skeleton.keypoints.index(keypoint) for keypoint in keypoints]
    return replace(
        tracks,
        skeleton=replace(tracks.skeleton, keypoints=tuple(keypoints)),
        xy=tracks.xy[:, :, order],
        scores=None if tracks.scores is None else tracks.scores[:, :, order],
        makers=None if tracks.makers is None else tracks.makers[:, :, order],
        occluded=None if tracks.occluded is None else tracks.occluded[:, :, order],
    )
