"""What worms do in every frame, as channels that cells can be compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.posture.eigenworms import postures_of
from datasets.posture.features import REGIONS, Features, measure
from datasets.posture.recording import PostureRecording, recordings_of
from neuron_models.foundation.errors import require
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.units import Hertz

SPEED, REVERSAL = "speed", "reversal"


@dataclass(frozen=True, eq=False)
class Track:
    """One recording: its midlines, and the features of `feature_names` (frame, feature); NaN where there are none."""

    recording: PostureRecording
    values: Float[np.ndarray, "frame feature"]

    @property
    def fps(self) -> Hertz:
        """Frames a second."""
        return self.recording.fps


FEATURES: Mapping[str, str] = {
    SPEED: "midbody speed, backward negative (lengths/s)",
    "speed size": "midbody speed in either direction (lengths/s)",
    **{f"{region} bend": f"mean bend of the {region}, left positive (rad)" for region in REGIONS},
    "curvature": "mean curvature, left positive (rad/length)",
    "curvature size": "mean of the curvature's size (rad/length)",
    REVERSAL: "whether it moves backward (0 or 1)",
    "pause": "whether it is paused (0 or 1)",
    "omega turn": "whether it is in an omega turn (0 or 1)",
}
"""By name, what it is and its unit; bends, speeds and bouts are those of Yemini et al. 2013."""


def tracks_of(dataset: Dataset, midlines: Dataset | None = None) -> list[Track]:
    """The tracks of a dataset of amplitudes, in its order.

    Args:
        dataset: of amplitudes.
        midlines: the recordings that the amplitudes tell of. Without them midlines are rebuilt from the amplitudes and
            crawl by resistive force theory.

    Raises:
        InputError: a recording is missing from the midlines or has other frames, or postures cannot be rebuilt.
    """
    if midlines is None:
        recordings: Sequence[PostureRecording] = postures_of(dataset)
    else:
        known = {recording.name: recording for recording in recordings_of(midlines)}
        for trial in dataset:
            where = f"recording {trial.name!r} of {dataset.name!r}"
            require(trial.name in known, f"{where} is not among the midlines of {midlines.name!r}")
            frames = len(known[trial.name].angles)
            require(frames == len(trial), f"{where} has {len(trial)} frames, its midlines {frames}")
        recordings = [known[trial.name] for trial in dataset]
    tracks = []
    with progress_bar(len(recordings), "recording measured") as bar:
        for recording in recordings:
            tracks.append(Track(recording, feature_values(measure(recording))))
            bar.update()
    return tracks


def feature_values(features: Features) -> Float[np.ndarray, "frame feature"]:
    """The features as columns, in the order and the units of `FEATURES`; NaN where they are not known."""
    speed, known = features.relative_speed, np.isfinite(features.relative_speed)
    flags = [np.where(known, features.motion == code, np.nan) for code in (-1, 0)]
    curved = np.isfinite(features.curvature).all(axis=1)
    omega = np.where(curved, features.omega, np.nan)
    curvature = (features.curvature.mean(axis=1), np.abs(features.curvature).mean(axis=1))
    return np.column_stack([speed, np.abs(speed), features.bends, *curvature, *flags, omega]).astype(float)
