"""A generator of crawling worms, with strains that differ and individuals that overlap."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool

from datasets.dataset import Dataset
from datasets.posture.actions import Actions, draw_actions
from datasets.posture.generator.crawling import crawling_angles
from datasets.posture.generator.strains import STRAINS, Strain, known_strains
from datasets.posture.locomotion.path import LinearDrag, with_path
from datasets.posture.recording import PostureRecording, angles_dataset
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Dimensionless, Hertz, Millimetres, Radians, Seconds

MOST_WORMS = 200
_PATH_POINTS = 100  # overshoot by less than 0.2 % at two waves a body


@dataclass(frozen=True)
class SampleSettings:
    """What a sample is made of.

    Attributes:
        strains: names out of `STRAINS`.
        worms: of each strain.
        duration: of each recording.
        fps: frames a second.
        points: of a midline.
        seed: of everything that is drawn.
        spread: standard deviation of the logarithm of an individual's frequency over its strain's; half of it is that
            of amplitudes, a quarter that of wavelengths, one and a half times it that of all times.
        noise: of each tangent angle in each frame.
        place_noise: of the centroid.
        gaps: per minute, without a midline for half a second on average; half of all omega turns hide the midline too.
        ratio: drag across the body over drag along it; about 40 on agar (Berri et al. 2009).
    """

    strains: tuple[str, ...] = tuple(STRAINS)
    worms: int = 10
    duration: Seconds = 900.0
    fps: Hertz = 10.0
    points: int = 25
    seed: int = 0
    spread: Dimensionless = 0.18
    noise: Radians = 0.03
    place_noise: Millimetres = 0.002
    gaps: Dimensionless = 1.0
    ratio: Dimensionless = 40.0

    def __post_init__(self) -> None:
        known_strains(self.strains)
        require(1 <= self.worms <= MOST_WORMS, f"a sample has 1 to {MOST_WORMS} worms a strain, got {self.worms}")
        require(bool(np.isfinite(self.fps)) and self.fps > 0, f"the frame rate must be > 0 Hz, got {self.fps}")
        frames = self.duration * self.fps
        require(10 <= frames < 1e6, f"a sample needs 10 to a million frames a worm, got {frames:.3g}")
        require(5 <= self.points <= 500, f"a midline of a sample has 5 to 500 points, got {self.points}")
        for name in ("spread", "noise", "place_noise", "gaps"):
            value = getattr(self, name)
            require(bool(np.isfinite(value)) and value >= 0, f"the {name} of a sample must be >= 0, got {value}")
        LinearDrag(self.ratio)
        require_seed(self.seed, "the seed of a sample")


@dataclass(frozen=True, eq=False)
class SampleWorm:
    """One worm of a sample with its truth: what it is like, and what it does in each frame."""

    recording: PostureRecording
    individual: Strain
    actions: Actions


def make_sample(settings: SampleSettings, done: Callable[[], object] = lambda: None) -> Dataset:
    """Generate recordings as a dataset, as `angles_dataset` makes it of real ones; `done` is called after each worm.

    The settings are in `extra["sample"]`; the truth behind a worm is `sample_worm(settings, strain, index)`.
    """
    recordings = []
    for strain in settings.strains:
        for index in range(settings.worms):
            recordings.append(sample_worm(settings, strain, index).recording)
            done()
    dataset = angles_dataset(recordings, "sample")
    return replace(dataset, extra={**dataset.extra, "sample": asdict(settings) | {"strains": list(settings.strains)}})


def sample_worm(settings: SampleSettings, strain: str, index: int) -> SampleWorm:
    """Generate worm `index` of a strain, counted from 0; it does not depend on which others there are."""
    rng = np.random.default_rng([settings.seed, index, *strain.encode()])
    worm = individual(settings, strain, index)
    frames = round(settings.duration * settings.fps)
    actions = draw_actions(worm, frames, settings.fps, rng)
    angles = crawling_angles(worm, actions, settings.points - 1, settings.fps, rng)
    angles -= angles.mean(axis=1, keepdims=True)
    clean = PostureRecording(
        name=f"{strain}_{index + 1}",
        angles=angles,
        mean_angle=np.full(frames, rng.uniform(-np.pi, np.pi)),
        fps=settings.fps,
        strain=strain,
        individual=f"{strain}_{index + 1}",
        length=worm.length,
        source=f"generated, seed {settings.seed}",
    )
    crawled = with_path(clean, LinearDrag(settings.ratio), _PATH_POINTS)
    return SampleWorm(_seen(crawled, actions, settings, rng), worm, actions)


def individual(settings: SampleSettings, strain: str, index: int) -> Strain:
    """What one worm of a strain is like.

    Worms 0 and 1, 2 and 3, ... differ from their strain by opposite amounts, so that few worms already have its mean
    and the strains' order does not change with the seed.
    """
    rng = np.random.default_rng([settings.seed, index // 2, *strain.encode(), 1])
    spread = settings.spread * (-1) ** index
    mean = STRAINS[strain]
    times = ("forward_time", "reversal_time", "roaming_time", "dwelling_time")
    sizes = {"frequency": 1.0, "amplitude": 0.5, "wavelength": 0.25, "length": 0.25} | dict.fromkeys(times, 1.5)
    own: dict[str, Any] = {
        name: float(getattr(mean, name) * np.exp(size * spread * rng.standard_normal())) for name, size in sizes.items()
    }
    return replace(mean, **own)


def _seen(
    recording: PostureRecording, actions: Actions, settings: SampleSettings, rng: np.random.Generator
) -> PostureRecording:
    """What a camera and a tracker make of it: noise, and frames without a midline."""
    if recording.centroid is None:
        return recording
    noise = settings.noise * rng.standard_normal(recording.angles.shape)
    shift = noise.mean(axis=1)
    centroid = recording.centroid + settings.place_noise * rng.standard_normal(recording.centroid.shape)
    angles, mean_angle = recording.angles + noise - shift[:, None], recording.mean_angle + shift
    missing = _missing(actions, settings, rng)
    angles[missing], mean_angle[missing], centroid[missing] = np.nan, np.nan, np.nan
    return replace(recording, angles=angles, mean_angle=mean_angle, centroid=centroid)


def _missing(actions: Actions, settings: SampleSettings, rng: np.random.Generator) -> Bool[np.ndarray, " frame"]:
    frames = len(actions.action)
    missing = np.zeros(frames, dtype=bool)
    if settings.gaps == 0:
        return missing
    number = rng.poisson(settings.gaps * frames / settings.fps / 60)
    for first in rng.integers(1, frames, number):
        missing[first : first + 1 + round(rng.exponential(0.5) * settings.fps)] = True
    for first, lasts, _ in actions.turns[rng.random(len(actions.turns)) < 0.5]:
        missing[int(first + 0.4 * lasts) : int(first + 0.6 * lasts)] = True
    return missing
