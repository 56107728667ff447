"""Whether generated worms behave as real ones do: distributions of what they do, by strain, and how far apart they are.

A network that predicts the next frame well is not yet a good generator, so that free runs are judged by themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from scipy.stats import wasserstein_distance

from datasets.dataset import Dataset
from datasets.posture.eigenworms import postures_of
from datasets.posture.features import REGIONS, measure
from datasets.posture.recording import AMPLITUDES, require_form, strain_of
from neuron_models.foundation.errors import InputError, require
from surrogates.posture.network.segments import measured

BOUND = 3.0
"""A free run is bounded if each channel stays within this many times the range of the data, about the same middle."""
SPEED, HEAD_BEND, CURVATURE, AMPLITUDE = "speed", "head bend", "curvature", "amplitude"
UNITS = {SPEED: "lengths/s", HEAD_BEND: "rad", CURVATURE: "rad/length", AMPLITUDE: ""}
"""What is compared. Speed is the midbody's along a path by resistive force theory, curvature the mean absolute one over
the body, amplitude the length of the vector of all amplitudes, in which the size of eigenworms decides the unit."""
_MOST = 100_000
"""Frames of a strain that go into a distance; more are thinned out evenly."""

Behaviour = Mapping[str, Float[np.ndarray, " _frame"]]
"""What the worms of one strain do: by name, all frames of all of them."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Real and generated worms: what they do by strain, and which generated ones stay bounded."""

    real: Mapping[str, Behaviour]
    generated: Mapping[str, Behaviour]
    bounded: Bool[np.ndarray, " worm"]

    @property
    def strains(self) -> tuple[str, ...]:
        """Those of the generated worms."""
        return tuple(self.generated)


def compare(real: Dataset, generated: Dataset, done: Callable[[], object] = lambda: None) -> Comparison:
    """Compare generated with real worms of the same strains by what is known of both; `done` is called after each worm.

    Raises:
        InputError: one of them holds no amplitudes, their channels differ, or a strain was not recorded.
    """
    for dataset in (real, generated):
        require_form(dataset, AMPLITUDES)
    require(
        real.x_names == generated.x_names,
        f"real worms have the channels {', '.join(real.x_names)}, generated ones {', '.join(generated.x_names)}",
    )
    both = behaviour(real, done), behaviour(generated, done)
    known = [name for name in UNITS if all(name in found for each in both for found in each.values())]
    recorded, drawn = (
        {strain: {name: found[name] for name in known} for strain, found in each.items()} for each in both
    )
    comparison = Comparison(recorded, drawn, bounded(real, generated))
    strange = [strain for strain in comparison.generated if strain not in comparison.real]
    require(not strange, f"no real worm is of the strain {', '.join(map(repr, strange))}: compare with its recordings")
    return comparison


def behaviour(dataset: Dataset, done: Callable[[], object] = lambda: None) -> dict[str, Behaviour]:
    """What the worms of each strain do; only the amplitude where eigenworms or turns are not known."""
    gathered: dict[str, dict[str, list[np.ndarray]]] = {}
    shaped = "eigenworms" in dataset.extra and dataset.x_names[-1] == "turn"
    recordings = postures_of(dataset) if shaped else [None] * len(dataset)
    for trial, recording in zip(dataset, recordings, strict=True):
        x = np.asarray(trial.x[:], dtype=float)[measured(trial)]
        own = {AMPLITUDE: np.linalg.norm(x[:, [name != "turn" for name in dataset.x_names]], axis=1)}
        if recording is not None:
            features = measure(recording)
            own[SPEED] = features.relative_speed
            own[HEAD_BEND] = features.bends[:, list(REGIONS).index("head")]
            own[CURVATURE] = np.abs(features.curvature).mean(axis=1)
        for name, values in own.items():
            gathered.setdefault(strain_of(dataset, trial), {}).setdefault(name, []).append(values[np.isfinite(values)])
        done()
    order = [name for name in UNITS if all(name in found for found in gathered.values())]
    return {strain: {name: np.concatenate(found[name]) for name in order} for strain, found in gathered.items()}


def bounded(real: Dataset, generated: Dataset, bound: float = BOUND) -> Bool[np.ndarray, " worm"]:
    """Mask of the generated worms that keep every channel within `bound` times the range of the real ones.

    The range is taken about its own middle. Both datasets are in the same units.
    """
    frames = np.concatenate([np.asarray(trial.x[:], dtype=float)[measured(trial)] for trial in real])
    low, high = frames.min(axis=0), frames.max(axis=0)
    away = [np.abs(np.asarray(trial.x[:]) - (low + high) / 2) for trial in generated]
    return np.array([bool((each <= bound * (high - low) / 2).all()) for each in away])


def distance(one: Float[np.ndarray, " one"], other: Float[np.ndarray, " other"]) -> float:
    """The Wasserstein distance between two distributions, in the units of what is distributed."""
    return float(wasserstein_distance(_thinned(one), _thinned(other)))


def _thinned(values: Float[np.ndarray, " frame"]) -> Float[np.ndarray, " some"]:
    return values[:: -(-len(values) // _MOST)]


def comparison_table(comparison: Comparison) -> pd.DataFrame:
    """A row a strain and measure: means, distance of generated from real, and the smallest between this and any strain.

    `distance` is Wasserstein's; `nearest` the real strain that is closest to the real worms of this one, `to_nearest`
    how far it is.
    """
    rows = []
    for strain in comparison.strains:
        for name, values in comparison.generated[strain].items():
            real = comparison.real[strain][name]
            others = {
                other: distance(real, comparison.real[other][name]) for other in comparison.real if other != strain
            }
            nearest = min(others, key=others.__getitem__, default="")
            rows.append(
                {
                    "strain": strain,
                    "measure": name,
                    "units": UNITS[name],
                    "real_mean": real.mean(),
                    "generated_mean": values.mean(),
                    "real_sd": real.std(),
                    "generated_sd": values.std(),
                    "distance": distance(real, values),
                    "nearest": nearest,
                    "to_nearest": others.get(nearest, np.nan),
                }
            )
    return pd.DataFrame(rows)


def same_order(comparison: Comparison, name: str) -> bool:
    """Whether the strains' order by their mean of a measure is that of the real worms."""
    means = [
        [group[strain][name].mean() for strain in comparison.strains]
        for group in (comparison.real, comparison.generated)
    ]
    return bool((np.argsort(means[0]) == np.argsort(means[1])).all())


def between_strains(comparison: Comparison, name: str) -> float:
    """The smallest distance between the real worms of any two strains; NaN of a single strain."""
    pairs = [distance(comparison.real[a][name], comparison.real[b][name]) for a, b in combinations(comparison.real, 2)]
    return min(pairs, default=float("nan"))


def require_comparable(dataset: Dataset) -> None:
    """Raise an `InputError` unless worms of a dataset can be drawn as bodies: it has turns and eigenworms."""
    if "eigenworms" not in dataset.extra or dataset.x_names[-1] != "turn":
        raise InputError(f"dataset {dataset.name!r} lacks turns or eigenworms, which speeds and bends need")
