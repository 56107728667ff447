"""Eigenworms: the few shapes of which a worm's postures are made (Stephens et al. 2008), by PCA or by ICA."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset, contiguous_runs
from datasets.posture.midlines import angles_of, midlines_of
from datasets.posture.recording import (
    AMPLITUDES,
    TURN,
    AmplitudeRecording,
    PostureRecording,
    amplitudes_dataset,
    fact_of,
    recordings_of,
    require_form,
    strain_of,
)
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Fraction, Radians

METHODS = ("ica", "pca")
COUNT, SEGMENTS = 6, 16
"""Of Li et al. 2017: six shapes, of 16 angles between every third of 49 points."""


@dataclass(frozen=True, eq=False)
class Eigenworms:
    """Shapes whose weighted sums are postures: angles = mean + amplitudes @ shapes.

    Attributes:
        shapes: (eigenworm, segment) tangent angles from head to tail, each of Euclidean norm 1. The one that explains
            most comes first; each bends its head to positive angles.
        mean: (segment,) mean posture of the frames that they were fitted on, rad.
        method: pca or ica.
        variance_explained: (eigenworm,) each one's share of the variance of these frames.
        source: what they were fitted on.
    """

    shapes: Float[np.ndarray, "eigenworm segment"]
    mean: Float[np.ndarray, " segment"]
    method: str
    variance_explained: Float[np.ndarray, " eigenworm"]
    source: str = ""

    def __post_init__(self) -> None:
        require(self.method in METHODS, f"eigenworms are fitted by {' or '.join(METHODS)}, not by {self.method!r}")
        count, segments = self.shapes.shape
        fits = len(self.mean) == segments and len(self.variance_explained) == count and 1 <= count <= segments
        require(fits, f"eigenworms of the shape {self.shapes.shape} do not fit a mean of {len(self.mean)} segments")
        finite = all(np.isfinite(array).all() for array in (self.shapes, self.mean, self.variance_explained))
        require(finite, "eigenworms must be finite numbers")


def on_segments(
    recording: PostureRecording, segments: int
) -> tuple[Float[np.ndarray, "frame segment"], Float[np.ndarray, " frame"]]:
    """A recording's angles on another number of segments of equal length, and their mean.

    Of 48 segments to 16, these are the angles between every third of 49 points, as in Li et al. 2017.
    """
    if recording.angles.shape[1] == segments:
        return recording.angles, recording.mean_angle
    return angles_of(midlines_of(recording.angles, recording.mean_angle), segments)


def amplitudes_from(
    angles: Float[np.ndarray, "frame segment"], eigenworms: Eigenworms
) -> Float[np.ndarray, "frame eigenworm"]:
    """Amplitudes by least squares, in rad as the angles, for the shapes have norm 1; NaN where the angles are."""
    return (angles - eigenworms.mean) @ np.linalg.pinv(eigenworms.shapes)


def angles_from(
    amplitudes: Float[np.ndarray, "frame eigenworm"], eigenworms: Eigenworms
) -> Float[np.ndarray, "frame segment"]:
    """Angles of these amplitudes, rad: what is left of a posture when it is described by eigenworms.

    Raises:
        InputError: another number of amplitudes than of eigenworms.
    """
    columns, count = amplitudes.shape[-1], len(eigenworms.shapes)
    require(columns == count, f"{columns} amplitudes a frame do not go with {count} eigenworms")
    return eigenworms.mean + amplitudes @ eigenworms.shapes


@dataclass(frozen=True)
class Reconstruction:
    """How well amplitudes tell postures: the share of the angles' variance, and the root mean square error."""

    variance_explained: Fraction
    error: Radians


def reconstruction(angles: Float[np.ndarray, "frame segment"], eigenworms: Eigenworms) -> Reconstruction:
    """Compare angles (rad) with what their amplitudes give back, over all frames and segments."""
    kept = angles[np.isfinite(angles).all(axis=1)]
    left = kept - angles_from(amplitudes_from(kept, eigenworms), eigenworms)
    total = float(kept.var(axis=0).sum())
    explained = 1 - float((left**2).mean(axis=0).sum()) / total if total > 0 else float("nan")
    return Reconstruction(explained, float(np.sqrt((left**2).mean())))


def pooled_angles(dataset: Dataset, segments: int = SEGMENTS) -> Float[np.ndarray, "frame segment"]:
    """The angles (rad) of all recordings of a dataset, one after the other.

    Raises:
        InputError: the dataset does not hold angles.
    """
    return np.concatenate([on_segments(recording, segments)[0] for recording in recordings_of(dataset)])


def amplitudes_of(dataset: Dataset, eigenworms: Eigenworms) -> Dataset:
    """A dataset of angles as one of amplitudes `a1` ... and `turn`; it keeps the eigenworms.

    `turn` is the change of the mean angle since the frame before; a stretch's first frame has none and does not count.

    Raises:
        InputError: the dataset does not hold angles.
    """
    amplitudes = []
    for recording in recordings_of(dataset):
        angles, mean_angle = on_segments(recording, eigenworms.shapes.shape[1])
        amplitudes.append(
            AmplitudeRecording(
                name=recording.name,
                amplitudes=amplitudes_from(angles, eigenworms),
                fps=recording.fps,
                turn=np.diff(mean_angle, prepend=np.nan),
                strain=recording.strain,
                individual=recording.individual,
                length=recording.length,
                source=recording.source,
            )
        )
    return amplitudes_dataset(amplitudes, dataset.name, as_json(eigenworms))


def mirrored(dataset: Dataset) -> Dataset:
    """The amplitudes of the worms' mirror images: what is bent to one side is bent to the other.

    Raises:
        InputError: the dataset does not hold amplitudes with turns, or not their eigenworms.
    """
    eigenworms = eigenworms_of(dataset)
    _require_turns(dataset)
    shift = np.append(2 * eigenworms.mean @ np.linalg.pinv(eigenworms.shapes), 0.0)
    trials = (replace(trial, x=-np.asarray(trial.x[:], dtype=float) - shift) for trial in dataset)
    return replace(dataset, trials=tuple(trials))


def postures_of(dataset: Dataset) -> tuple[PostureRecording, ...]:
    """The recordings that a dataset of amplitudes and turns describes; mean angles begin at 0 in each stretch.

    Raises:
        InputError: the dataset does not hold amplitudes with turns, or not their eigenworms.
    """
    eigenworms, postures = eigenworms_of(dataset), []
    _require_turns(dataset)
    for trial in dataset:
        x = np.where(trial.valid()[:, None], np.asarray(trial.x[:], dtype=float), np.nan)
        mean_angle = np.full(len(x), np.nan)
        for first, after in contiguous_runs(trial.valid()):
            mean_angle[first:after] = np.cumsum(x[first:after, -1]) - x[first, -1]
        postures.append(
            PostureRecording(
                name=trial.name,
                angles=angles_from(x[:, :-1], eigenworms),
                mean_angle=mean_angle,
                fps=1000 / dataset.dt,
                strain=strain_of(dataset, trial),
                individual=trial.group,
                length=fact_of(dataset, trial, "length"),
                source=dataset.source,
            )
        )
    return tuple(postures)


def _require_turns(dataset: Dataset) -> None:
    require(TURN in dataset.x_names, f"dataset {dataset.name!r} has no turns: they were not recorded")


def eigenworms_of(dataset: Dataset) -> Eigenworms:
    """The eigenworms that a dataset of amplitudes keeps.

    Raises:
        InputError: it holds no amplitudes, or not of which eigenworms they are.
    """
    require_form(dataset, AMPLITUDES)
    stored = dataset.extra.get("eigenworms")
    if not isinstance(stored, Mapping):
        raise InputError(f"dataset {dataset.name!r} does not say of which eigenworms its amplitudes are")
    try:
        arrays = {key: np.array(stored[key], dtype=float) for key in ("shapes", "mean", "variance_explained")}
        return Eigenworms(method=stored["method"], source=str(stored.get("source", "")), **arrays)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"dataset {dataset.name!r}: its eigenworms are damaged ({error})") from None


def as_json(eigenworms: Eigenworms) -> dict[str, Any]:
    """Eigenworms as JSON can hold them: what `eigenworms_of` reads."""
    return {
        "shapes": eigenworms.shapes.tolist(),
        "mean": eigenworms.mean.tolist(),
        "method": eigenworms.method,
        "variance_explained": eigenworms.variance_explained.tolist(),
        "source": eigenworms.source,
    }
