"""The whole loop as a system with inputs and outputs: random currents into its neurons, features of how it crawls."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset, Trial
from datasets.posture.loop.crawling import Loop, stepping_network
from datasets.posture.loop.oscillator import OSCILLATOR
from datasets.posture.loop.settings import NONE, CrawlSettings, Held, named_neurons
from datasets.posture.midlines import angles_of, lengths_of
from datasets.store import save_dataset
from neuron_models.foundation.errors import require, require_distinct, require_seed
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from neuron_models.foundation.resumable import Planned, Work, partial_folder, resumable_folder, run_missing
from neuron_models.foundation.splits import SPLITS
from neuron_models.foundation.units import Hertz, Nanoamperes, Seconds
from neuron_models.foundation.workers import Call

FEATURES = ("speed", "head bend", "midbody bend", "tail bend")
"""In body lengths a second along the body, above zero forward, and in radians over a third of the body."""
_SHORTEST, _LONGEST = 0.5, 4.0
"""How long a level of current lasts, s."""
_SMOOTHED: Seconds = 0.5
"""Speeds are means over so long."""
_SHARES = (0.5, 0.25, 0.25)


@dataclass(frozen=True)
class StimulatedCrawls:
    """Crawls under random currents.

    Attributes:
        groups: neurons or groups, such as AVB or PLM; the neurons of a group get the same current.
        trials: how many crawls.
        seconds: of each.
        peak: no current is larger.
        fps: at which currents and features are sampled.
        seed: the same seed gives the same currents.
    """

    groups: tuple[str, ...] = ("AVB", "AVA", "PLM", "ALM", "ASH")
    trials: int = 24
    seconds: int = 20
    peak: Nanoamperes = 0.05
    fps: Hertz = 20.0
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.trials >= 3, f"--trials must be >= 3, one for each split, got {self.trials}")
        require(bool(np.isfinite(self.peak)) and self.peak > 0, f"--peak must be > 0 nA, got {self.peak}")
        require(len(self.groups) > 0, "--inputs names no neuron: give some, such as AVB,AVA,PLM")
        require_distinct(self.groups, "--inputs names")
        require_seed(self.seed, "the seed of random currents")
        members = [name for group in self.groups for name in named_neurons([group])]
        require_distinct(members, "two of --inputs hold the neuron")

    def currents(self, trial: int) -> tuple[tuple[Held, ...], ...]:
        """The levels of each group in one trial; the first trial of a seed is the same however many there are."""
        rng = np.random.default_rng((self.seed, trial))
        return tuple(_levels(rng, named_neurons([group]), self.peak, self.seconds) for group in self.groups)

    def settings(self, trial: int, base: CrawlSettings) -> CrawlSettings:
        """The crawl of one trial."""
        held = tuple(each for levels in self.currents(trial) for each in levels)
        return replace(base, seconds=self.seconds, direction=NONE, held=held, scenario=None, fps=self.fps)

    def inputs(self, trial: int) -> Float[np.ndarray, "frame group"]:
        """The mean current of each group over each frame, nA."""
        edges = np.arange(round(self.seconds * self.fps) + 1) / self.fps
        found = np.zeros((len(edges) - 1, len(self.groups)), np.float32)
        for column, levels in enumerate(self.currents(trial)):
            for each in levels:
                inside = np.clip(np.minimum(edges[1:], each.end) - np.maximum(edges[:-1], each.start), 0, None)
                found[:, column] += each.amplitude * inside * self.fps
        return found


def _levels(rng: np.random.Generator, neurons: tuple[str, ...], peak: float, seconds: int) -> tuple[Held, ...]:
    """Levels that last log-uniformly long: half of them none, the others 25 to 100 % of the peak."""
    found, begin = [], 0.0
    while begin < seconds:
        lasting = float(np.exp(rng.uniform(np.log(_SHORTEST), np.log(_LONGEST))))
        end = min(round(begin + lasting, 3), float(seconds))
        if rng.random() < 0.5:
            found.append(Held(neurons, round(float(peak * rng.uniform(0.25, 1.0)), 6), begin, end))
        begin = end
    return tuple(found)


def features_of(midlines: Float[np.ndarray, "frame point 2"], fps: Hertz) -> Float[np.ndarray, "frame feature"]:
    """The features of midlines in mm, head first: speed in lengths/s, bends in rad; in the order of `FEATURES`."""
    angles, mean = angles_of(midlines, midlines.shape[1] - 1)
    heading = -np.stack([np.cos(mean), np.sin(mean)], axis=1)
    velocity = np.gradient(midlines.mean(axis=1), 1 / fps, axis=0)
    window = np.ones(max(1, round(_SMOOTHED * fps)))
    count = np.convolve(np.ones(len(angles)), window, "same")
    speed = np.convolve((velocity * heading).sum(axis=1), window, "same") / count / np.median(lengths_of(midlines))
    thirds = np.array_split(np.diff(angles, axis=1), 3, axis=1)
    return np.column_stack([speed, *(part.sum(axis=1) for part in thirds)]).astype(np.float32)


def stimulated_crawls(
    crawls: StimulatedCrawls, base: CrawlSettings, circuit: Any, network: str, out: Path, jobs: int = 1
) -> Dataset:
    """Let a worm crawl under random currents and write what it did to `out`; stopped, it continues from the last crawl.

    Args:
        crawls: their currents.
        base: medium, body, muscle, simulator and ablations; its currents are replaced.
        circuit: the network: a `Circuit`, or what has its cells and its fingerprint.
        network: what it is, in words.
        out: the file to write (.h5).
        jobs: processes.

    Returns:
        A dataset for regression: x (frame, group) in nA, y (frame, feature) as `FEATURES` says.

    Raises:
        InputError: a neuron is not in the network, or the simulator cannot run it.
    """
    gone = [group for group in crawls.groups if set(named_neurons([group])) <= set(base.ablated)]
    require(not gone, f"{', '.join(gone)} is ablated and cannot be stimulated: leave it out of --inputs")
    settings = [crawls.settings(trial, base) for trial in range(crawls.trials)]
    key = hashlib.sha256(repr((crawls, settings, circuit.fingerprint)).encode()).hexdigest()
    work = Work("simulation", {"key": key}, {"network": network, "oscillator": OSCILLATOR}, passing=True)
    with resumable_folder(partial_folder(out), work, NAMED_ARRAYS_FORM, out) as folder:
        names = [f"{trial:05d}" for trial in range(crawls.trials)]
        plan = [
            Planned(folder, name, Call(_crawl_one, circuit, (each,)))
            for name, each in zip(names, settings, strict=True)
        ]
        run_missing(plan, unit="crawl", jobs=jobs)
        answers = [folder.load(name)["features"] for name in names]
        dataset = _dataset(crawls, base, answers, network, out.stem)
        with folder.last_step():
            save_dataset(dataset, out)
    return dataset


def _crawl_one(circuit: Any, settings: CrawlSettings) -> dict[str, np.ndarray]:
    names = tuple(cell.name for cell in circuit.cells)
    stepping = stepping_network(circuit, circuit.fingerprint, settings)
    parts = [each["midlines"] for each in Loop(settings, names, stepping.rest, stepping).seconds(0, settings.seconds)]
    return {"features": features_of(np.concatenate(parts), settings.fps)}


def _dataset(
    crawls: StimulatedCrawls, base: CrawlSettings, answers: Sequence[np.ndarray], network: str, name: str
) -> Dataset:
    bounds = np.maximum(np.round(np.cumsum(_SHARES) * crawls.trials), (1, 2, 3)).astype(int)
    trials = tuple(
        Trial(f"crawl_{index:04d}", crawls.inputs(index), y, split=SPLITS[int(np.searchsorted(bounds, index, "right"))])
        for index, y in enumerate(answers)
    )
    about = {"oscillator": OSCILLATOR, "network": network, "medium": base.medium.name, "ablated": list(base.ablated)}
    return Dataset(
        name,
        trials,
        1000 / crawls.fps,
        crawls.groups,
        FEATURES,
        "nA",
        "lengths/s, rad",
        source=f"simulated crawls under random currents: {network}; {OSCILLATOR}; {base.medium.name}",
        extra={"crawls": about},
    )
