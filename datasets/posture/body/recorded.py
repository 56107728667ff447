"""Midlines that a body moved through, as a recording like any other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.posture.body.activations import Activations, on_segments
from datasets.posture.body.mechanics import Body, Medium
from datasets.posture.body.moving import move
from datasets.posture.midlines import angles_of, lengths_of
from datasets.posture.recording import PostureRecording, angles_dataset
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Hertz, Milliseconds


def recording_of(midlines: Float[np.ndarray, "frame rod 2"], fps: Hertz, name: str, source: str) -> PostureRecording:
    """A recording of midlines in mm, whose points are as many as the body has rods."""
    angles, mean = angles_of(midlines, midlines.shape[1] - 1)
    length = float(np.median(lengths_of(midlines)))
    centroid = midlines.mean(axis=1)
    return PostureRecording(name, angles, mean, fps, centroid=centroid, length=length, individual=name, source=source)


def frames_of(samples: int, sampling: Milliseconds, fps: Hertz) -> np.ndarray:
    """Which samples are frames.

    Raises:
        InputError: frames lie no whole number of samples apart, or fewer than two fit.
    """
    apart = 1000 / fps / sampling if fps > 0 else 0.0
    whole = round(apart)
    require(
        whole >= 1 and abs(apart - whole) < 1e-6,
        f"frames at {fps:g} Hz do not lie a whole number of samples of {sampling:g} ms apart: choose another --fps",
    )
    found = np.arange(0, samples, whole)
    require(len(found) >= 2, f"{samples * sampling / 1000:g} s hold fewer than 2 frames at {fps:g} Hz")
    return found


def run_body(
    activations: Sequence[Activations],
    names: Sequence[str],
    body: Body,
    medium: Medium,
    *,
    step: Milliseconds = 1.0,
    fps: Hertz = 20.0,
    about: dict[str, Any] | None = None,
) -> Dataset:
    """Move worms under activations, side by side, and record them.

    Args:
        activations: of each worm; all as long and sampled alike.
        names: of the recordings.
        body: what they are.
        medium: what they are in.
        step: of the solver.
        fps: of the recordings.
        about: what else `extra["body"]` says.

    Returns:
        A dataset of tangent angles and places; `extra["body"]` says what made it.

    Raises:
        InputError: the worms' activations differ in length or sampling, or the step is too long.
    """
    alike = {(each.values.shape, each.sampling) for each in activations}
    require(len(alike) == 1, "activations of worms side by side must be equally long and sampled alike")
    sampling = activations[0].sampling
    kept = frames_of(len(activations[0].values), sampling, fps)
    segments = np.stack([on_segments(each.values, body.segments) for each in activations], axis=1)
    midlines = move(body, medium, segments, sampling, step)[kept]
    source = f"simulated body of {body.source}, {body.variant}, in {medium.name}"
    recordings = [recording_of(midlines[:, worm], fps, name, source) for worm, name in enumerate(names)]
    dataset = angles_dataset(recordings, "body")
    facts = {"variant": body.variant, "medium": medium.name, "drag ratio": medium.ratio, "step in ms": step}
    return replace(dataset, extra={**dataset.extra, "body": {**facts, **(about or {})}})
