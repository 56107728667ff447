"""Resistive force theory: how exact it is against the closed forms, and how fast.

python benchmarks/posture_path.py
"""

import time

import numpy as np
from machine import describe
from scipy.special import j0

from datasets.posture.generator.sample import SampleSettings, sample_worm
from datasets.posture.locomotion.agar import agar_drag
from datasets.posture.locomotion.drag_fit import fit_ratio
from datasets.posture.locomotion.path import POINTS, LinearDrag, crawl


def wave(amplitude: float, waves: float, frames: int, cycles: float) -> tuple[np.ndarray, np.ndarray]:
    """Angles without their mean, and the mean, of a wave that travels from head to tail."""
    position = (np.arange(POINTS) + 0.5) / POINTS
    angles = amplitude * np.cos(2 * np.pi * (waves * position - np.linspace(0, cycles, frames)[:, None]))
    mean = angles.mean(axis=1)
    return angles - mean[:, None], mean


def closed_form(amplitude: float, waves: float, ratio: float) -> float:
    """Body lengths a cycle of a long body."""
    excess = (ratio - 1) * (1 - (1 + j0(2 * amplitude)) / 2)
    return float(j0(amplitude) / waves * excess / (1 + excess))


def main() -> None:
    """Print errors and times."""
    print(describe())
    for amplitude, waves, ratio in ((0.6, 4, 40.0), (1.0, 4, 10.0)):
        speed = np.hypot(*crawl(*wave(amplitude, waves, 61, 1.0), law=LinearDrag(ratio)).centroid[-1])
        known = closed_form(amplitude, waves, ratio)
        print(
            f"A {amplitude}, q {waves}, ratio {ratio:g}: {speed:.4f}, closed form {known:.4f}: {speed / known - 1:+.2%}"
        )
    angles, mean = wave(0.8, 1.5, 20_000, 600.0)
    for name, law in (("linear", LinearDrag()), ("agar 1.7 %", agar_drag(1.7, 10.0))):
        begun = time.process_time()
        crawl(angles, mean, law=law)
        print(f"{name}: 20,000 frames of {POINTS} points in {time.process_time() - begun:.2f} s")
    for ratio in (10.0, 40.0, 100.0):
        fits = [fit_ratio(sample_worm(SampleSettings(ratio=ratio), "N2", i).recording).ratio for i in range(5)]
        print(f"ratio {ratio:g}, five worms of 15 minutes: fitted {min(fits):.1f} to {max(fits):.1f}")


if __name__ == "__main__":
    main()
