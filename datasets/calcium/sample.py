"""A generator of calcium recordings whose truth is known: one behaviour, seen by each worm through neurons of its own.

A cycle of states (`state_cycle.py`) draws a point in three dimensions after itself: the activity of the brain. Every
neuron sees a mixture of the three axes. The mixture of a neuron is that of the species plus a part of this worm alone
(`variability`), so that what is read off one worm does not hold for the next, as in whole-brain recordings (Brennan and
Proekt 2019). Then come what an indicator and a microscope add: saturation, slow decay, fluctuations of each neuron's
own, bleaching and noise.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.signal import lfilter

from datasets.calcium.neuron_sets import NEURON_SETS
from datasets.calcium.recording import Recording, as_dataset, neuron_name
from datasets.calcium.state_cycle import draw_states, places
from datasets.calcium.state_rules import STATES
from datasets.dataset import Dataset
from neuron_models.foundation.errors import require, require_distinct, require_seed
from neuron_models.foundation.units import Dimensionless, Fraction, Hertz, Seconds

MOST_WORMS = 200

# What neurons of a class see of (reversal, ventral turn, forward drive): the signs of the differences between the means
# of the states in four worms of Kato et al. 2015, where these have the class; sizes rounded. RME and VB: as AVB.
SPECIES: dict[str, tuple[float, float, float]] = {
    "AIB": (0.7, 0.3, -0.1),
    "ALA": (0.1, 0.0, 0.1),
    "AVA": (1.0, 0.1, -0.1),
    "AVB": (-0.3, -0.1, 0.6),
    "AVE": (0.9, 0.1, -0.1),
    "RIB": (-0.4, -0.1, 0.6),
    "RID": (-0.3, -0.1, 0.4),
    "RIM": (0.9, 0.1, 0.0),
    "RIV": (0.1, 0.8, -0.1),
    "RME": (-0.4, 0.1, 0.5),
    "VB": (-0.4, -0.1, 0.6),
}


@dataclass(frozen=True)
class SampleSettings:
    """What a sample is made of.

    `variability` is the standard deviation of a worm's own part of a neuron's mixture, over the root mean square of the
    species'; 0 makes all worms alike. `noise` and `bleaching` are fractions of the resting fluorescence, the second
    what is lost over the recording; `wander` is the size of each neuron's own slow fluctuation, where the behaviour
    moves it by up to 2. `delay` is the time constant with which the activity follows the behaviour, `decay` the
    indicator's. Frame rates of worms differ by `rate_spread`, as those of Kato et al. 2015 do (2.83 to 3.07 Hz).
    """

    worms: int = 5
    duration: Seconds = 1080.0
    fps: Hertz = 3.0
    seed: int = 0
    neurons: tuple[str, ...] = NEURON_SETS["kato_2015"]
    variability: Dimensionless = 0.7
    noise: Fraction = 0.03
    wander: Fraction = 0.4
    bleaching: Fraction = 0.1
    rate_spread: Fraction = 0.03
    delay: Seconds = 1.5
    decay: Seconds = 1.5

    def __post_init__(self) -> None:
        require(1 <= self.worms <= MOST_WORMS, f"a sample has 1 to {MOST_WORMS} worms, got {self.worms}")
        require(np.isfinite(self.fps) and self.fps > 0, f"the frame rate of a sample must be > 0 Hz, got {self.fps}")
        frames = self.duration * self.fps
        require(10 <= frames < 1e7, f"a sample needs 10 to 10 million frames a worm, got {frames:.3g}")
        for name in ("variability", "noise", "wander", "delay", "decay"):
            value = getattr(self, name)
            require(np.isfinite(value) and value >= 0, f"the {name} of a sample must be >= 0, got {value}")
        for name, most in (("bleaching", 1.0), ("rate_spread", 0.045)):
            value = getattr(self, name)
            require(0 <= value < most, f"the {name} of a sample must be from 0 to under {most}, got {value}")
        require(len(self.neurons) > 0, "a sample needs a neuron")
        require_distinct((neuron_name(name) for name in self.neurons), "a sample names a neuron")
        require_seed(self.seed, "the seed of a sample")


@dataclass(frozen=True, eq=False)
class SampleWorm:
    """One worm of a sample with its truth: activity (time, axis) and mixture (neuron, axis)."""

    recording: Recording
    activity: Float[np.ndarray, "time axis"]
    mixture: Float[np.ndarray, "neuron axis"]


def make_sample(settings: SampleSettings) -> Dataset:
    """Generate recordings as a dataset, as `as_dataset` makes it of real ones.

    The settings are in `extra["sample"]`; the truth behind worm i is `sample_worm(settings, i)`.
    """
    recordings = [sample_worm(settings, index).recording for index in range(settings.worms)]
    dataset = as_dataset(recordings, "sample", ",".join(settings.neurons))
    return replace(dataset, extra={**dataset.extra, "sample": asdict(settings) | {"neurons": list(settings.neurons)}})


def sample_worm(settings: SampleSettings, index: int) -> SampleWorm:
    """Generate worm `index`, counted from 0; it does not depend on how many there are."""
    rng = np.random.default_rng([settings.seed, 1, index])
    fps = round(settings.fps * (1 + settings.rate_spread * rng.uniform(-1, 1)), 4)
    frames = round(settings.duration * fps)
    states = draw_states(frames, fps, rng)
    activity = _followed(places(states), settings.delay * fps)
    mixture = species_mixture(settings)
    own = rng.standard_normal(mixture.shape)
    mixture = mixture + settings.variability * np.sqrt((mixture**2).mean()) * own
    recording = Recording(
        name=f"worm{index + 1}",
        traces=_fluorescence(activity @ mixture.T, fps, settings, rng),
        neurons=tuple(neuron_name(name) for name in settings.neurons),
        fps=fps,
        states=states,
        state_names=STATES,
        source=f"generated, seed {settings.seed}",
    )
    return SampleWorm(recording, activity, mixture)


def species_mixture(settings: SampleSettings) -> Float[np.ndarray, "neuron axis"]:
    """What each neuron sees of the three axes in every worm, dimensionless; drawn once for classes not in `SPECIES`."""
    rng = np.random.default_rng([settings.seed, 0])
    drawn = rng.normal(scale=0.4, size=(len(settings.neurons), 3))
    for row, name in enumerate(settings.neurons):
        known = [axes for kind, axes in SPECIES.items() if neuron_name(name).startswith(kind)]
        drawn[row] = known[0] if known else drawn[row]
    return drawn


def _fluorescence(
    drive: Float[np.ndarray, "time neuron"], fps: Hertz, settings: SampleSettings, rng: np.random.Generator
) -> Float[np.ndarray, "time neuron"]:
    """dF/F of neurons that are driven so: saturating, slow, drifting, bleaching and noisy."""
    gains = np.exp(0.3 * rng.standard_normal(drive.shape[1]))
    calcium = _followed(1 + np.tanh(2 * drive - 0.5), settings.decay * fps)
    slow = settings.wander * _wandering(drive.shape, 20 * fps, rng)  # 20 s: about the length of a cycle
    left = np.exp(np.log1p(-settings.bleaching) * np.linspace(0, 1, len(drive)))[:, None]
    return left * (1 + gains * (calcium + slow)) - 1 + settings.noise * rng.standard_normal(drive.shape)


def _followed(target: Float[np.ndarray, "time channel"], frames: float) -> Float[np.ndarray, "time channel"]:
    """What follows a target with a time constant of so many frames, from the target's first value on."""
    stay = float(np.exp(-1 / frames)) if frames > 0 else 0.0
    return lfilter([1 - stay], [1, -stay], target, axis=0, zi=stay * target[:1])[0]


def _wandering(shape: tuple[int, int], frames: float, rng: np.random.Generator) -> Float[np.ndarray, "time channel"]:
    """Gaussian fluctuations of unit variance from the first frame on, with a time constant of so many frames."""
    stay = float(np.exp(-1 / frames))
    steps = rng.standard_normal(shape)
    steps[1:] *= np.sqrt(1 - stay**2)
    return lfilter([1], [1, -stay], steps, axis=0)
