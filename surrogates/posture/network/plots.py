"""Plots of posture networks: the next frame as predicted, free runs beside recordings, distributions of behaviour."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from datasets.dataset import Dataset
from datasets.plots import COLOURS, MUTED, tidy
from datasets.posture.recording import strain_of
from surrogates.posture.network.comparison import UNITS, Comparison
from surrogates.posture.network.prediction import forecasts
from surrogates.posture.network.segments import measured

REAL, MADE = MUTED, COLOURS[1]
_SECONDS = 20.0
_CHANNELS = 6
_BINS = 60


def plot_next_frames(model, dataset: Dataset, seconds: float = _SECONDS) -> Figure:
    """Draw what the network predicts of each next frame over what was recorded, in a segment that it did not learn.

    Args:
        model: a `posture_lstm`.
        dataset: of segments.
        seconds: how much of the longest segment of the test, else the validation, else the training part.
    """
    parts = dataset.by_split()
    part = next((parts[name] for name in ("test", "validation", "train") if name in parts), dataset)
    one = part.select([int(np.argmax([len(trial) for trial in part]))])
    trial, frames = one.trials[0], round(1000 * seconds / dataset.dt)
    recorded, predicted = np.asarray(trial.y[:frames]), forecasts(model, one)[0][:frames]  # type: ignore[index]
    names = dataset.x_names
    figure = Figure(figsize=(8.0, 1.1 * len(names) + 0.8), layout="constrained")
    axes = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    time = np.arange(len(recorded)) * dataset.dt / 1000
    for axis, name, true, guess in zip(axes, names, recorded.T, predicted.T, strict=True):
        axis.plot(time, true, color=REAL, lw=2.2, label="recorded")
        axis.plot(time, guess, color=MADE, lw=1.0, ls="--", label="predicted from the frames before")
        axis.set_ylabel(name, fontsize=9)
    axes[-1].set_xlabel("time (s)")
    axes[0].set_title(f"{trial.name} ({trial.split})", fontsize=9, loc="left")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=8, frameon=False)
    tidy(axes)
    return figure


def plot_free_run(real: Dataset, generated: Dataset, seconds: float = 60.0) -> Figure:
    """Draw a recorded and a generated worm of one strain side by side, amplitudes over time, and how often each occurs.

    Args:
        real: amplitudes of recordings.
        generated: amplitudes of free runs.
        seconds: how much of each is drawn over time.
    """
    made = generated.trials[0]
    strain = strain_of(generated, made)
    indices = [index for index, trial in enumerate(real) if strain_of(real, trial) == strain] or list(range(len(real)))
    names = real.x_names[:_CHANNELS] if len(real.x_names) > _CHANNELS else real.x_names
    figure = Figure(figsize=(11.0, 1.05 * len(names) + 1.1), layout="constrained")
    axes = figure.subplots(len(names), 3, sharex="col", sharey="row", squeeze=False, width_ratios=(3, 3, 1))
    shown = ((f"recorded: {real.trials[indices[0]].name}", real.trials[indices[0]], REAL), (made.name, made, MADE))
    pooled = [_pooled(real.select(indices)), _pooled(_of_strain(generated, strain))]
    for column, (title, trial, colour) in enumerate(shown):
        frames = round(1000 * seconds / real.dt)
        x = np.where(measured(trial)[:, None], np.asarray(trial.x[:], dtype=float), np.nan)[:frames]
        for row in range(len(names)):
            axes[row, column].plot(np.arange(len(x)) * real.dt / 1000, x[:, row], color=colour, lw=0.9)
        axes[0, column].set_title(title, fontsize=9, loc="left")
        axes[-1, column].set_xlabel("time (s)")
    for row, name in enumerate(names):
        axes[row, 0].set_ylabel(name, fontsize=9)
        values = [each[:, row] for each in pooled]
        low, high = np.quantile(np.concatenate(values), [0.001, 0.999])
        bins = np.linspace(low, high, _BINS)
        for each, colour in zip(values, (REAL, MADE), strict=True):
            density = np.histogram(each, bins, density=True)[0]
            axes[row, 2].stairs(density, bins, orientation="horizontal", color=colour, lw=1.3)
        axes[row, 2].set_xticks([])
    axes[0, 2].set_title(f"all {strain or 'worms'}", fontsize=9, loc="left")
    axes[-1, 2].set_xlabel("density")
    tidy(axes.ravel())
    return figure


def _of_strain(dataset: Dataset, strain: str) -> Dataset:
    return dataset.select([index for index, trial in enumerate(dataset) if strain_of(dataset, trial) == strain])


def _pooled(dataset: Dataset) -> np.ndarray:
    return np.concatenate([np.asarray(trial.x[:], dtype=float)[measured(trial)] for trial in dataset])


def plot_distributions(comparison: Comparison, strains: Sequence[str] = ()) -> Figure:
    """Draw how often each speed, head bend, curvature and amplitude occurs, real and generated, a row a strain.

    Args:
        comparison: what was compared.
        strains: which; all when empty.
    """
    shown = list(strains or comparison.strains)
    names = list(comparison.generated[shown[0]])
    figure = Figure(figsize=(2.6 * len(names) + 0.6, 1.25 * len(shown) + 1.0), layout="constrained")
    axes = figure.subplots(len(shown), len(names), sharex="col", squeeze=False)
    for column, name in enumerate(names):
        every = np.concatenate(
            [group[strain][name] for strain in shown for group in (comparison.real, comparison.generated)]
        )
        low, high = np.quantile(every, [0.002, 0.998])
        bins = np.linspace(low, high, _BINS)
        for row, strain in enumerate(shown):
            _draw_pair(
                axes[row, column], {"real": comparison.real, "generated": comparison.generated}, strain, name, bins
            )
        axes[-1, column].set_xlabel(f"{name} ({UNITS[name]})" if UNITS[name] else name, fontsize=9)
    for row, strain in enumerate(shown):
        axes[row, 0].set_ylabel(strain or "all", fontsize=9)
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=8, frameon=False
    )
    tidy(axes.ravel())
    return figure


def _draw_pair(axis, groups: Mapping[str, Mapping], strain: str, name: str, bins: np.ndarray) -> None:
    for (label, group), colour in zip(groups.items(), (REAL, MADE), strict=True):
        density = np.histogram(group[strain][name], bins, density=True)[0]
        fill = label == "real"
        axis.stairs(
            density, bins, color=colour, lw=0 if fill else 1.3, fill=fill, alpha=0.45 if fill else 1, label=label
        )
    axis.set_yticks([])
