"""The section on the recordings themselves: traces and their principal components, coloured by what the worm does."""

from dataclasses import replace

import numpy as np

from datasets.calcium.plots import plot_manifold, plot_recordings
from datasets.dataset import Dataset, Trial
from neuron_models.foundation.units import Seconds
from surrogates.pages import blocks

_WORMS = 3
_SHOWN: Seconds = 240.0


def recordings_section(dataset: Dataset) -> blocks.Section:
    """What was recorded: the first minutes of the first worms, and all frames of these as a path in three dimensions.

    Args:
        dataset: traces with states, to which no rule need be applied.
    """
    first = dataset.select(range(min(_WORMS, len(dataset))))
    short = replace(first, trials=tuple(_beginning(trial, first.extra["fps"][trial.name]) for trial in first))
    traces = blocks.FigureBlock(
        "recordings",
        plot_recordings(short),
        f"Traces of the first {_SHOWN / 60:g} minutes, each scaled to its range, coloured by state.",
        "A line for each neuron over time, a panel for each worm.",
    )
    manifold = blocks.FigureBlock(
        "manifold",
        plot_manifold(first),
        "The whole recordings along the first three principal components of all these worms together, coloured by "
        "state. A state lies at other places in the next worm: that is what a model of many worms has to overcome.",
        "Paths in the plane of two principal components, a column for each worm.",
    )
    return blocks.Section("Recordings", (traces, manifold))


def _beginning(trial: Trial, fps: float) -> Trial:
    kept = slice(0, max(2, round(_SHOWN * fps)))
    parts = {
        name: None if part is None else np.asarray(part[kept]) for name, part in (("y", trial.y), ("w", trial.weight))
    }
    return replace(trial, x=np.asarray(trial.x[kept]), y=parts["y"], weight=parts["w"])
