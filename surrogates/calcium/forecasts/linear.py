"""Linear autoregression of traces: ridge regression, its lags, penalty and variation chosen inside the training worms.

The range of a recording depends on its largest transient, so that a level means something else in every worm. A worm
may therefore be taken to vary: each neuron of each window gets a gain and a level of its own. What least squares would
find on infinitely many such windows follows from the moments of those that there are.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless
from surrogates.backend import keras
from surrogates.calcium.forecasts.windows import HORIZON, Forecasts, errors_by_step, forecasts


@dataclass(frozen=True)
class Variation:
    """How neurons of a window are made to differ as they do between worms: c becomes g (c - 1/2) + 1/2 + s.

    The gain g is the exponential of a normal number with this standard deviation, the shift s a normal number with the
    other; what follows the window gets the same.
    """

    gain: Dimensionless = 0.0
    shift: Dimensionless = 0.0

    def __post_init__(self) -> None:
        for name in ("gain", "shift"):
            value = getattr(self, name)
            require(np.isfinite(value) and value >= 0, f"variation: {name} must be >= 0, got {value}")

    @property
    def moments(self) -> tuple[float, float]:
        """The mean of g, and of its square."""
        return float(np.exp(self.gain**2 / 2)), float(np.exp(2 * self.gain**2))

    def varied(
        self, frames: Float[np.ndarray, "window time neuron"], rng: np.random.Generator
    ) -> Float[np.ndarray, "window time neuron"]:
        """The windows with a gain and a shift for each of their neurons; as `frames`, shares of a recording's range."""
        size = (len(frames), 1, frames.shape[-1])
        gains = np.exp(self.gain * rng.standard_normal(size, np.float32))
        shifts = self.shift * rng.standard_normal(size, np.float32)
        return (frames - np.float32(0.5)) * gains + shifts + np.float32(0.5)


LAGS = (1, 2, 4, 8)
PENALTIES = (1.0, 10.0, 100.0, 1000.0)
VARIATIONS = (Variation(), Variation(0.1, 0.05), Variation(0.2, 0.1), Variation(0.4, 0.2))
"""What is tried; the first is none."""
_BLOCKS, _STRIDE = 3, 4
"""Blocks of time of a single worm; frames from one judged window to the next, since neighbours are nearly the same."""


@dataclass(frozen=True)
class LinearChoice:
    """Frames that count, the weight of the squared coefficients, and how worms are taken to vary."""

    lags: int
    penalty: Dimensionless
    variation: Variation = VARIATIONS[0]


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over windows, from which every ridge regression of the next frame is solved.

    `seen` counts frames from 1/2, lag after lag, the last frame last; `change` is from the last frame to the next.
    """

    number: int
    seen: Float[np.ndarray, " regressor"]
    change: Float[np.ndarray, " neuron"]
    seen_seen: Float[np.ndarray, "regressor regressor"]
    seen_change: Float[np.ndarray, "regressor neuron"]

    @classmethod
    def of(cls, cut: Forecasts) -> "Moments":
        """The moments of some windows."""
        seen = cut.seen.reshape(len(cut), -1).astype(float) - 0.5
        change = (cut.future[:, 0] - cut.seen[:, -1]).astype(float)
        return cls(len(cut), seen.sum(0), change.sum(0), seen.T @ seen, seen.T @ change)

    def varied(self, variation: Variation) -> "Moments":
        """What the moments are expected to be when every window's neurons get a gain and a shift of their own.

        The gains of two neurons are independent; the shift does not change a change.
        """
        mean, square = variation.moments
        neuron = np.arange(len(self.change))
        regressor = np.arange(len(self.seen)) % len(neuron)
        own, own_change = regressor[:, None] == regressor, regressor[:, None] == neuron
        return replace(
            self,
            seen=mean * self.seen,
            change=mean * self.change,
            seen_seen=np.where(own, square, mean**2) * self.seen_seen + self.number * variation.shift**2 * own,
            seen_change=np.where(own_change, square, mean**2) * self.seen_change,
        )

    def solve(self, choice: LinearChoice) -> tuple[Float[np.ndarray, "regressor neuron"], Float[np.ndarray, " neuron"]]:
        """The map from all regressors (zero for those beyond the lags) to the change, and its offset.

        The map is dimensionless, the offset a share of a recording's range.
        """
        varied, kept = self.varied(choice.variation), slice(len(self.seen) - choice.lags * len(self.change), None)
        mean, mean_change = varied.seen[kept] / self.number, varied.change / self.number
        gram = varied.seen_seen[kept, kept] - self.number * np.outer(mean, mean)
        gram[np.diag_indices_from(gram)] += choice.penalty
        coefficients = np.linalg.solve(gram, varied.seen_change[kept] - self.number * np.outer(mean, mean_change))
        whole = np.zeros_like(self.seen_change)
        whole[kept] = coefficients
        return whole, mean_change - mean @ coefficients


def inner_folds(dataset: Dataset) -> Iterator[tuple[Dataset, Dataset]]:
    """Training worms divided to choose inside them: each left out in turn; of a single one, three blocks of time."""
    return dataset.folds(_BLOCKS, by="block") if len(dataset) == 1 else dataset.folds(len(dataset))


def choose_linear(
    dataset: Dataset, variations: Sequence[Variation] = VARIATIONS[:1]
) -> tuple[LinearChoice, Dimensionless]:
    """What forecasts best, and its error: the mean over left-out worms and steps of the RMSE.

    Args:
        dataset: the training worms alone, ready to forecast.
        variations: those to try.
    """
    candidates = [LinearChoice(*each) for each in itertools.product(LAGS, PENALTIES, variations)]
    errors = []
    for rest, held in inner_folds(dataset):
        moments, judge = Moments.of(forecasts(rest)), forecasts(held, HORIZON, _STRIDE)
        predicted = (forecast_linearly(judge.seen, *moments.solve(choice)) for choice in candidates)
        errors.append([errors_by_step(each, judge.future).mean() for each in predicted])
    mean = np.mean(errors, axis=0)
    return candidates[int(mean.argmin())], float(mean.min())


def forecast_linearly(
    seen: Float[np.ndarray, "window context neuron"],
    matrix: Float[np.ndarray, "regressor neuron"],
    offset: Float[np.ndarray, " neuron"],
) -> Float[np.ndarray, "window step neuron"]:
    """The forecast of 16 steps, run freely.

    Args:
        seen: traces as shares of a recording's range.
        matrix: dimensionless, as `Moments.solve` gives it.
        offset: a share of the range.

    Returns:
        Traces in the same units.
    """
    windows, context, neurons = seen.shape
    frames = np.concatenate([seen.astype(float), np.zeros((windows, HORIZON, neurons))], axis=1) - 0.5
    for step in range(context, context + HORIZON):
        recent = frames[:, step - context : step].reshape(windows, -1)
        frames[:, step] = frames[:, step - 1] + recent @ matrix + offset
    return frames[:, context:] + 0.5


def solver(*, varied: bool) -> Callable[[Dataset], Callable[[keras.Model], None]]:
    """How a linear model is fitted: chosen inside the training worms, then solved on all of them."""

    def solve(dataset: Dataset) -> Callable[[keras.Model], None]:
        parts = dataset.by_split()
        require_training(dataset)
        choice, _ = choose_linear(parts["train"], VARIATIONS if varied else VARIATIONS[:1])
        weights = solved_weights(parts["train"], choice)
        return lambda model: model.set_weights(weights)

    return solve


def nothing_to_solve(dataset: Dataset) -> Callable[[keras.Model], None]:
    """How persistence is fitted: it is as it is built."""
    return lambda model: None


def solved_weights(dataset: Dataset, choice: LinearChoice, window: int | None = None) -> list[np.ndarray]:
    """The weights of the cell of an autoregression of these training worms.

    A cell sees frames against the last one, and then the last one itself.

    Args:
        dataset: the training worms alone, ready to forecast.
        choice: how to fit it.
        window: frames that the cell sees; all when None.
    """
    cut = forecasts(dataset)
    frames = window or cut.seen.shape[1]
    matrix, offset = Moments.of(cut).solve(replace(choice, lags=min(choice.lags, frames)))
    apart = matrix.reshape(-1, len(offset), len(offset))[-frames:].copy()
    apart[-1] = apart.sum(axis=0)
    return [apart.reshape(-1, len(offset)).astype(np.float32), offset.astype(np.float32)]
