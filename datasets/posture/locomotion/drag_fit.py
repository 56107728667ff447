"""The drag ratio at which a recorded worm's bending explains where it went."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar

from datasets.posture.locomotion.path import balanced, step_moments
from datasets.posture.recording import PostureRecording
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless, Fraction

RANGE = (1.01, 1e4)
_SPAN = 1.0  # seconds: long against the noise of places, short against turns


@dataclass(frozen=True)
class RatioFit:
    """A fitted drag ratio, and the share of the squared displacements that its path explains."""

    ratio: Dimensionless
    explained: Fraction


def fit_ratio(recording: PostureRecording) -> RatioFit:
    """Fit the drag ratio of the linear law to a recording with places.

    Compared are displacements of the centroid over a second, the predicted ones turned as the recorded body was, so
    that errors do not add up over the path. Speed hardly depends on the ratio where this is large (above about 100).

    Raises:
        InputError: places or the length were not recorded, no stretch lasts a second, or nothing moved.
    """
    where = f"recording {recording.name!r}"
    require(recording.centroid is not None, f"{where} has no places to fit a drag ratio to")
    if recording.length is None or recording.centroid is None:
        raise InputError(f"{where}: a drag ratio can be fitted only where the worm's length is known")
    valid = recording.valid()
    span = max(1, round(_SPAN * recording.fps))
    starts = np.flatnonzero(np.convolve(valid, np.ones(span + 1), "valid") > span + 0.5)
    require(len(starts) > 0, f"{where} has no stretch of {span + 1} frames to fit a drag ratio to")
    displacement = recording.centroid[starts + span] - recording.centroid[starts]
    total = float((displacement**2).sum())
    require(total > 0, f"{where}: the worm did not move, no drag ratio can be fitted")
    moments = step_moments(np.where(valid[:, None], recording.angles, 0.0))
    middle = np.where(valid, recording.mean_angle, 0.0)
    middle = (middle[1:] + middle[:-1]) / 2
    length = recording.length

    def left(log_ratio: float) -> float:
        moves = balanced(float(np.exp(log_ratio)), *moments)
        return float(((displacement - length * _displacements(moves, middle, starts, span)) ** 2).sum())

    best = minimize_scalar(left, bounds=tuple(np.log(RANGE)), method="bounded", options={"xatol": 1e-4})
    return RatioFit(float(np.exp(best.x)), 1 - float(best.fun) / total)


def _displacements(
    moves: Float[np.ndarray, "step 3"], heading: Float[np.ndarray, " step"], starts: np.ndarray, span: int
) -> Float[np.ndarray, "window 2"]:
    """How far the centroid comes in so many steps from each start, body lengths."""
    cos, sin = np.cos(heading), np.sin(heading)
    shift = np.column_stack([cos * moves[:, 0] - sin * moves[:, 1], sin * moves[:, 0] + cos * moves[:, 1]])
    position = np.concatenate([np.zeros((1, 2)), np.cumsum(shift, axis=0)])
    return position[starts + span] - position[starts]
