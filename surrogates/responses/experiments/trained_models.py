"""What the report reads from the trained models themselves: predicted traces, and a network's activity."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure

from datasets.dataset import Dataset
from datasets.plots import draw_inputs, plot_traces, tidy
from datasets.store import load_dataset
from neuron_models.foundation.numerals import shown_units
from surrogates.responses.experiments.experiments import Entry
from surrogates.responses.experiments.outcome import Outcome, Run
from surrogates.responses.experiments.tables import best_run, variant
from surrogates.runs.model_file import load_model
from surrogates.runs.result import MODEL_FILE
from surrogates.training.metrics import predict

_SHOWN_OUTPUTS = 4


def plot_best_traces(outcome: Outcome) -> tuple[Figure, tuple[str, ...], pd.DataFrame] | None:
    """Draw the best runs over simulated traces, on the test trials that the best of all meets best, middling, worst.

    Returns:
        The figure, the names of the models in it and the numbers drawn; None where no model is on disk.
    """
    chosen = _chosen(outcome)
    if not chosen:
        return None
    dataset = _tested(chosen[0][1].data)
    several = len({variant(entry, outcome) for entry, _ in chosen}) > 1
    name = (lambda entry: _name(entry, outcome)) if several else (lambda entry: entry.model_label)
    predictions = {name(entry): _predicted(run, dataset) for entry, run in chosen}
    factor, units = shown_units(dataset.y_units)
    first = next(iter(predictions.values()))
    errors = [float(np.square(guess - np.asarray(t.y)).mean()) for guess, t in zip(first, dataset, strict=True)]
    order = np.argsort(errors)
    trials = list(dict.fromkeys(int(order[index]) for index in (0, len(order) // 2, len(order) - 1)))
    shown = {name: [guess[i] * factor for i in trials] for name, guess in predictions.items()}
    part = dataset.select(trials)
    part = replace(part, y_units=units, trials=tuple(replace(t, y=np.asarray(t.y) * factor) for t in part))
    figure = plot_traces(part, range(len(part)), shown, outputs=_most_varied(part))
    return figure, tuple(predictions), _traces_table(part, shown)


def activity(outcome: Outcome) -> tuple[str, Dataset, Float[np.ndarray, "time unit"]] | None:
    """The dimensionless states of the best GRU (or other network, where there is none) over the first test trial.

    Returns:
        What the model is called, the trial as a dataset, and the states in the order in which the units peak.
    """
    networks = [(entry, run) for entry, runs in outcome.runs if not entry.baseline and (run := best_run(runs))]
    networks.sort(key=lambda pair: (pair[0].model != "gru", pair[1].result.rmse("validation")))
    if not networks or not (networks[0][1].folder / MODEL_FILE).exists():
        return None
    entry, run = networks[0]
    seen = _tested(run.data).select([0])
    states = hidden_states(run.folder / MODEL_FILE, seen.without_inputs(run.unseen_inputs))
    peaks = np.abs(states - states[0]).argmax(axis=0)
    return _name(entry, outcome), seen, states[:, np.argsort(peaks, kind="stable")]


def hidden_states(path: Path, dataset: Dataset) -> Float[np.ndarray, "time unit"]:
    """The output of a model's recurrent layer over a dataset's first trial."""
    from surrogates.backend import keras

    model, _ = load_model(path)
    layer = next(layer for layer in model.layers if isinstance(layer, keras.layers.RNN))
    x = np.asarray(dataset.trials[0].x[:], np.float32)[None]
    return keras.ops.convert_to_numpy(keras.Model(model.inputs[0], layer.output)(x))[0]


def plot_activity(dataset: Dataset, states: Float[np.ndarray, "time unit"]) -> Figure:
    """Draw a trial's stimulus, and below it the hidden units over time as a heat map."""
    trial = dataset.trials[0]
    figure = Figure(figsize=(7.2, 2.0 + min(4.0, 0.8 + 0.16 * states.shape[1])), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.0, 2.2))
    draw_inputs(above, np.arange(len(trial)) * dataset.dt, trial, dataset.x_names)
    above.set_ylabel(f"input ({dataset.x_units})")
    figure.legend(fontsize=8, frameon=False, loc="outside upper center", ncols=6)
    end, units = len(trial) * dataset.dt, states.shape[1]
    reach = max(float(np.abs(states).max()), 1e-6)
    picture = below.imshow(
        states.T,
        cmap="RdBu_r",
        vmin=-reach,
        vmax=reach,
        aspect="auto",
        interpolation="nearest",
        extent=(0, end, units + 0.5, 0.5),
    )
    below.set_xlabel("time (ms)")
    below.set_ylabel("hidden unit")
    below.yaxis.get_major_locator().set_params(integer=True)
    tidy([above, below])
    bar = figure.colorbar(picture, ax=below, aspect=12)
    bar.set_label("state", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    return figure


def _chosen(outcome: Outcome) -> list[tuple[Entry, Run]]:
    """The best network of each variant (or, of a single one, of the two best kinds) and the best baseline."""
    pairs = [(e, r) for e, runs in outcome.runs if (r := best_run(runs)) and (r.folder / MODEL_FILE).exists()]
    pairs.sort(key=lambda pair: pair[1].result.rmse("validation"))
    data = next((run.data for entry, run in pairs if not entry.baseline), None)
    pairs = [pair for pair in pairs if pair[1].data == data]
    variants = {variant(entry, outcome) for entry, _ in pairs}
    networks: dict[str, tuple[Entry, Run]] = {}
    for entry, run in pairs:
        if not entry.baseline:
            networks.setdefault(variant(entry, outcome) if len(variants) > 1 else entry.model, (entry, run))
    baselines = [pair for pair in pairs if pair[0].baseline]
    return list(networks.values())[: max(2, len(variants))] + baselines[:1]


def _name(entry: Entry, outcome: Outcome) -> str:
    return " ".join(filter(None, (entry.model_label, variant(entry, outcome))))


def _tested(data: Path) -> Dataset:
    """The test trials of a file, or all where it has none."""
    dataset = load_dataset(data)
    return dataset.by_split().get("test", dataset)


def _predicted(run: Run, dataset: Dataset) -> list[Float[np.ndarray, "time output"]]:
    model, _ = load_model(run.folder / MODEL_FILE)
    return predict(model, dataset.without_inputs(run.unseen_inputs))


def _most_varied(dataset: Dataset) -> list[str]:
    """The outputs that move most, in the dataset's order."""
    y = dataset.stacked()[1]
    if y is None:
        return []
    most = set(np.argsort(-np.ptp(y, axis=(0, 1)))[:_SHOWN_OUTPUTS].tolist())
    return [name for index, name in enumerate(dataset.y_names) if index in most]


def _traces_table(dataset: Dataset, shown: Mapping[str, Sequence[np.ndarray]]) -> pd.DataFrame:
    """The traces drawn: trial, time, and each output simulated and as each model has it."""
    parts = []
    for index, trial in enumerate(dataset):
        columns = {"trial": trial.name, "time": np.arange(len(trial)) * dataset.dt}
        for which, name in enumerate(dataset.y_names):
            columns[f"{name} simulated"] = trial.y[:][:, which]  # type: ignore[index]
            columns |= {f"{name} {model}": guesses[index][:, which] for model, guesses in shown.items()}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts)
