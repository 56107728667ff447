"""What a reduction leaves behind: all that was tried as a table, the winner and its test error, a picture."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from datasets.plots import save_figure
from datasets.store import dataset_checksum, load_dataset
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from surrogates.responses.models.table import MODELS
from surrogates.responses.search.plots import plot_reduction
from surrogates.responses.search.reduction import Candidate, Outcome, Reduction, run_name, size_setting
from surrogates.runs.model_file import load_model
from surrogates.runs.result import MODEL_FILE, versions, without_nan
from surrogates.training.metrics import predict, score
from surrogates.training.model_kind import look_up


def tried_table(outcome: Outcome, reduction: Reduction) -> pd.DataFrame:
    """One row a size that was tried, by model and size: parameters, runs, validation RMSE (mean, spread), verdict.

    A mean that is not finite (a run diverged) is NaN.
    """
    rows = []
    for each in sorted(outcome.tried, key=lambda c: (reduction.searched.index(c.model), c.size)):
        rmse = each.rmse if math.isfinite(each.rmse) else math.nan
        several = len(each.results) > 1 and math.isfinite(rmse)
        rows.append(
            {
                "model": each.model,
                "setting": size_setting(look_up(each.model, MODELS)),
                "size": each.size,
                "parameters": each.parameters,
                "runs": len(each.results),
                "diverged": each.errors.count(math.inf),
                "validation_rmse": rmse,
                "validation_sd": float(np.std(each.errors, ddof=1)) if several else math.nan,
                "under_bound": each.rmse <= reduction.max_rmse,
                "note": each.note,
            }
        )
    return pd.DataFrame(rows)


def save_reduction(
    outcome: Outcome, data: Path, reduction: Reduction, out: Path
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Write `tried.csv`, `best.json`, `reduction.png` and `.svg` and, if a model was found, `model.keras`.

    The model is that of the winner's seed with the smallest validation RMSE; only now it meets the test trials.

    Returns:
        The table, and what `best.json` holds.
    """
    table, units = tried_table(outcome, reduction), load_dataset(data, lazy=True).y_units
    with atomic_write(out / "tried.csv") as temporary:
        write_csv(table, temporary, index=False)
    met = outcome.winner is not None
    best = outcome.winner or outcome.closest
    row = table[(table["model"] == best.model) & (table["size"] == best.size)].iloc[0].to_dict()
    kind = look_up(best.model, MODELS)
    content = {
        "found": met,
        "max_rmse": reduction.max_rmse,
        "units": units,
        **{name: row[name] for name in ("model", "parameters", "runs", "validation_rmse", "validation_sd")},
        "settings": best.settings,
        "training": None if kind.closed_form else {"epochs": reduction.epochs, "learning_rate": kind.learning_rate},
        "seed": best.best.seed,
        "seed_validation_rmse": best.best.rmse("validation"),
        "data": data.name,
        "sha256": dataset_checksum(data),
        "versions": versions(),
    }
    (out / MODEL_FILE).unlink(missing_ok=True)
    if met:
        content["test_rmse"] = _keep(best, data, out)
    with atomic_write(out / "best.json") as temporary:
        temporary.write_text(json.dumps(without_nan(content), indent=1))
    for suffix in ("png", "svg"):
        save_figure(plot_reduction(table, reduction.max_rmse, units, row if met else None), out / f"reduction.{suffix}")
    return table, content


def _keep(winner: Candidate, data: Path, out: Path) -> float:
    """Copy the winner's best model and give its RMSE on the test trials, NaN where there are none or it diverges."""
    path = out / run_name(winner, winner.best.seed) / MODEL_FILE
    with atomic_write(out / MODEL_FILE) as temporary:
        shutil.copyfile(path, temporary)
    tests = load_dataset(data).by_split().get("test")
    if tests is None:
        return math.nan
    try:
        return score(tests, predict(load_model(path)[0], tests))["test"].rmse
    except FloatingPointError:
        return math.nan
