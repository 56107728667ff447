"""What a tuning leaves behind: its trials as a table, the best settings, two pictures."""

import json
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from datasets.plots import save_figure
from datasets.store import dataset_checksum, load_dataset
from neuron_models.foundation.files import atomic_write
from surrogates.responses.search.plots import plot_tuning_history, plot_tuning_parameters
from surrogates.responses.search.search import train_command
from surrogates.responses.search.tuning import SECONDS, Tuning, ranked
from surrogates.runs.result import versions, without_nan

_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "diverged"}


def trial_table(trials: list[FrozenTrial]) -> pd.DataFrame:
    """One row a trial, in their order: number (from 1), state, each setting, validation RMSE, seconds."""
    rows = []
    for number, trial in enumerate(trials, start=1):
        value = trial.values[0] if trial.values else float("nan")
        row = {"number": number, "state": _STATES[trial.state], **trial.params, "validation_rmse": value}
        rows.append(row | {"seconds": trial.user_attrs.get(SECONDS, float("nan"))})
    return pd.DataFrame(rows)


def save_tuning(trials: list[FrozenTrial], data: Path, tuning: Tuning, out: Path) -> dict[str, Any]:
    """Write `trials.csv`, `best.json`, `history` and `parameters` (.png and .svg) into a folder.

    Args:
        trials: as `tune` gives them.
        data: the dataset file that was learned.
        tuning: what was tuned.
        out: the folder.

    Returns:
        What `best.json` holds: the best settings, their validation RMSE, and the command that trains with them.

    Raises:
        FloatingPointError: no trial is complete.
    """
    table, units = trial_table(trials), load_dataset(data, lazy=True).y_units
    with atomic_write(out / "trials.csv") as temporary:
        table.to_csv(temporary, index=False)
    best = ranked(trials)[0]
    settings, config = tuning.model_settings(best.params), tuning.config(best.params)
    content = {
        "model": tuning.model,
        "settings": settings,
        "training": {name: getattr(config, name) for name in ("epochs", "batch_size", "learning_rate")},
        "seeds": [tuning.seed + run for run in range(tuning.seeds_per_trial)],
        "validation_rmse": best.values[0],
        "units": units,
        "trial": table["number"].iloc[trials.index(best)].item(),
        "trials": len(trials),
        "data": data.name,
        "sha256": dataset_checksum(data),
        "versions": versions() | {"optuna": optuna.__version__},
        "command": train_command(data, tuning.model, settings, config, out / "best"),
    }
    with atomic_write(out / "best.json") as temporary:
        temporary.write_text(json.dumps(without_nan(content), indent=1))
    searched = list(best.params)
    for suffix in ("png", "svg"):
        save_figure(plot_tuning_history(table, units), out / f"history.{suffix}")
        save_figure(plot_tuning_parameters(table, searched, units), out / f"parameters.{suffix}")
    return content
