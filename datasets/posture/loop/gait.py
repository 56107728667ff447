"""What a worm's gait is: frequency, wavelength, speed, and how much it bends."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.posture.midlines import angles_of, lengths_of
from neuron_models.foundation.units import DataUnits, Dimensionless, Hertz

_PADDED = 8192
_STRAIGHT = 0.05
"""A body whose bends stay below this (rms, rad over the body) makes no wave."""


@dataclass(frozen=True)
class Gait:
    """A gait; frequency and wavelength are NaN where no wave runs.

    Attributes:
        frequency: of the bends in the middle of the body.
        wavelength: in body lengths, below zero where the wave runs from tail to head.
        speed: in mm/s from start to end, along the body: above zero forward.
        curvature: root mean square in 1/mm.
    """

    frequency: Hertz
    wavelength: Dimensionless
    speed: DataUnits
    curvature: DataUnits

    @property
    def words(self) -> str:
        """The gait in a line."""
        speed = f"{round(self.speed, 3) + 0.0:+.3f} mm/s"
        if math.isnan(self.frequency):
            return f"no wave, {speed}"
        way = "head to tail" if self.wavelength > 0 else "tail to head"
        wave = f"{self.frequency:.2f} Hz, wavelength {abs(self.wavelength):.2f} L ({way})"
        return f"{wave}, {speed}, curvature {self.curvature:.1f} /mm"


def gait(midlines: Float[np.ndarray, "frame point 2"], fps: Hertz) -> Gait:
    """The gait of midlines in mm, head first; the first fifth, at most 10 s, is left out while it settles."""
    settled = midlines[min(len(midlines) // 5, round(10 * fps)) :]
    angles, mean = angles_of(settled, settled.shape[1] - 1)
    length = float(np.median(lengths_of(settled)))
    bends = np.diff(angles, axis=1)
    curvature = float(np.sqrt((bends**2).mean()) * bends.shape[1] / length)
    centroid, seconds = settled.mean(axis=1), (len(settled) - 1) / fps
    heading = -np.stack([np.cos(mean), np.sin(mean)], axis=1)  # tangents point to the tail
    steps = (np.diff(centroid, axis=0) * (heading[1:] + heading[:-1]) / 2).sum()
    moved = np.linalg.norm(centroid[-1] - centroid[0]) / seconds
    speed = float(math.copysign(moved, steps))
    frequency, wavelength = (
        _wave(bends - bends.mean(axis=0), fps) if curvature * length > _STRAIGHT else (math.nan,) * 2
    )
    return Gait(frequency, wavelength, speed, curvature)


def _wave(bends: Float[np.ndarray, "frame bend"], fps: Hertz) -> tuple[Hertz, Dimensionless]:
    """The strongest frequency, and the wavelength by how its phase runs along the middle of the body."""
    count = max(_PADDED, len(bends))
    window = np.hanning(len(bends))[:, None]
    power = (np.abs(np.fft.rfft(bends * window, n=count, axis=0)) ** 2).sum(axis=1)
    power[0] = 0
    frequency = float(np.fft.rfftfreq(count, 1 / fps)[power.argmax()])
    turning = np.exp(-2j * np.pi * frequency * np.arange(len(bends)) / fps)
    phases = np.unwrap(np.angle((turning * window[:, 0]) @ bends))
    number = bends.shape[1]
    inner = np.arange(number // 8, number - number // 8)
    slope = float(np.polyfit(inner, phases[inner], 1)[0])
    return frequency, -2 * math.pi / slope / (number + 1) if abs(slope) > 1e-6 else math.nan
