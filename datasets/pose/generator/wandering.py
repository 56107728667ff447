"""How animals get about: paths that turn at random, stay near a home and pass through bouts of behaviour."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from scipy.signal import lfilter

from neuron_models.foundation.units import Hertz, Pixels, Seconds


def fluctuation(
    frames: int, fps: Hertz, time: Seconds, rng: np.random.Generator, channels: int = 1
) -> Float[np.ndarray, "frame channel"]:
    """Smooth Gaussian fluctuations of about unit variance that are forgotten with a time constant."""
    stay = float(np.exp(-1 / (fps * time)))
    steps = rng.standard_normal((frames, channels))
    steps[1:] *= np.sqrt(1 - stay**2)
    rough = lfilter([1], [1, -stay], steps, axis=0)
    keep = float(np.exp(-5 / (fps * time)))
    return lfilter([1 - keep], [1, -keep], rough, axis=0, zi=keep * rough[:1])[0]


def bouts(
    frames: int, fps: Hertz, dwell: Mapping[str, Seconds], chances: Mapping[str, float], rng: np.random.Generator
) -> dict[str, Float[np.ndarray, " frame"]]:
    """How much of each behaviour there is in every frame: 0 or 1, with transitions of a tenth of a second.

    Args:
        frames: how many.
        fps: frames a second.
        dwell: the median length of a bout of each behaviour; bouts are log-normal with a spread of 0.5.
        chances: how often each behaviour follows, relative to the others; none follows itself.
        rng: draws them.
    """
    names = list(dwell)
    current = names[int(rng.integers(len(names)))]
    which = np.empty(frames, dtype=int)
    start = 0
    while start < frames:
        stop = start + max(1, round(fps * dwell[current] * np.exp(0.5 * rng.standard_normal())))
        which[start:stop] = names.index(current)
        start = stop
        weights = np.array([0.0 if name == current else chances[name] for name in names])
        current = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    width = max(1, round(0.1 * fps))
    padded = np.pad(which, (width, width), mode="edge")
    kernel = np.ones(2 * width + 1) / (2 * width + 1)
    return {name: np.convolve(padded == k, kernel, mode="valid") for k, name in enumerate(names)}


def wander(
    speed: Float[np.ndarray, " frame"],
    turning: Float[np.ndarray, " frame"],
    fps: Hertz,
    home: tuple[float, float],
    reach: Pixels,
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, "frame 2"], Float[np.ndarray, " frame"]]:
    """A path at a given speed (px/s) and turning rate (rad/s) that turns back before it leaves a circle about a home.

    Returns:
        Places (frame, 2) in px, x and y, and headings (frame,) in radians from the x axis towards the y axis.
    """
    positions, headings = np.empty((len(speed), 2)), np.empty(len(speed))
    angle, radius = rng.uniform(-np.pi, np.pi), reach * 0.7 * np.sqrt(rng.uniform())
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    heading, fastest = rng.uniform(-np.pi, np.pi), np.abs(speed).max() + 1e-9
    for k, (pace, turn) in enumerate(zip(speed, turning, strict=True)):
        positions[k], headings[k] = (x, y), heading
        out = np.hypot(x, y) / max(reach, 1e-9)
        towards = np.arctan2(-y, -x) if pace >= 0 else np.arctan2(y, x)
        back = towards - heading
        pull = 6.0 * abs(pace) / fastest * max(out - 0.5, 0.0) * np.sin(back)
        heading += (turn + pull) / fps
        ahead = x + pace / fps * np.cos(heading), y + pace / fps * np.sin(heading)
        if np.hypot(*ahead) <= max(reach, np.hypot(x, y)):  # at the edge it waits until it has turned
            x, y = ahead
    return positions + np.asarray(home), headings
