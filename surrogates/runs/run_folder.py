"""What a training leaves in its folder, whatever the topic: model, history, figures, and last of all the scores."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from datasets.dataset import Dataset
from datasets.plots import plot_history, save_figure
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import Seconds
from neuron_models.foundation.wording import counted
from surrogates.backend import keras
from surrogates.runs.model_file import ModelSignature, save_model
from surrogates.runs.result import HISTORY_PLOT, MODEL_FILE, SCORES_FILE, save_history, versions, without_nan
from surrogates.training.configuration import Training, TrainingConfig

_NOTABLE: Seconds = 0.1
"""Compiling that takes longer is reported."""


def save_run(
    trained: keras.Model,
    training: Training,
    signature: ModelSignature,
    out: Path,
    figures: Mapping[str, Figure | None],
    units: str = "",
    *,
    history: bool = True,
    plot: Callable[[Mapping[str, Sequence[float]]], Figure] | None = None,
) -> None:
    """Write model, history and figures; what an earlier training left under these names goes first, its scores too.

    Args:
        trained: the model.
        training: how it went.
        signature: what it was trained on.
        out: the folder.
        figures: by file name; None only removes the earlier one.
        units: of the loss's root, for the figure of the history.
        history: draw the losses by epoch, if there are any.
        plot: draws them otherwise than as curves of the loss.
    """
    for stale in (SCORES_FILE, HISTORY_PLOT, *figures):
        (out / stale).unlink(missing_ok=True)
    save_model(trained, out / MODEL_FILE, signature)
    save_history(training, out)
    drawn = dict(figures)
    if history and training.history:
        drawn[HISTORY_PLOT] = plot(training.history) if plot else plot_history(training.history, units)
    for name, figure in drawn.items():
        if figure is not None:
            save_figure(figure, out / name)


def save_scores(
    trained: keras.Model,
    training: Training,
    config: TrainingConfig,
    dataset: Dataset,
    out: Path,
    facts: Mapping[str, Any],
    *,
    model: str,
    data: str = "",
    experiment: str = "train",
) -> None:
    """Write `scores.json`, whose presence says that all is there.

    Args:
        trained: the model.
        training: how it went.
        config: of the training.
        dataset: what it learned from, whose name stands for the data where `data` is empty.
        out: the folder.
        facts: the scores, and what else the topic has to say.
        model: its name in the table of models.
        data: the name of the data.
        experiment: what the run belongs to.
    """
    record = {
        "experiment": experiment,
        "model": model,
        "settings": dict(training.settings),
        "seed": config.seed,
        "parameters": trained.count_params(),
        **facts,
        "training": asked_steps(config) if training.history else {},
        "best_epoch": training.best_epoch,
        "seconds": training.seconds,
        "compile_seconds": training.compile_seconds,
        "data": data or dataset.name,
        "versions": versions() | {"engine": training.engine},
    }
    with atomic_write(out / SCORES_FILE) as temporary:
        temporary.write_text(json.dumps(without_nan(record), indent=1))


def asked_steps(config: TrainingConfig) -> dict[str, Any]:
    """The steps of a training that decide its result, by the names of `TrainingConfig`."""
    return {f.name: getattr(config, f.name) for f in fields(config) if f.name not in ("seed", "checkpoints")}


def summary_line(trained: keras.Model, training: Training, out: Path, chosen: Sequence[str] = ()) -> str:
    """What the command that trained says last: size, chosen settings, best epoch if there were epochs, time, folder."""
    best = "".join(f"{name} {training.settings[name]} chosen, " for name in chosen)
    best += f"best epoch {training.best_epoch + 1}, " if training.history else ""
    compiled = f" and {training.compile_seconds:.1f} s of compiling" if training.compile_seconds >= _NOTABLE else ""
    return f"{counted(trained.count_params(), 'parameter')}, {best}{training.seconds:.1f} s{compiled}; all in {out}"
