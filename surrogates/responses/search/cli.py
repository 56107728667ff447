"""`wormtwin tune` and `wormtwin reduce`: searches for settings and for the smallest model."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from datasets.options import DataOption
from neuron_models.foundation.errors import require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.printing import print_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

OutOption = Annotated[Path, typer.Option(help="The folder to write.")]
_BEST = 5


def tune(
    data: DataOption,
    out: OutOption,
    model: Annotated[str, typer.Option(help="rnn, lstm, gru, tdnn or narx.")] = "gru",
    units: Annotated[int | None, typer.Option(max=65536, help="Size of the hidden state.")] = None,
    trials: Annotated[int, typer.Option(max=1_000_000, help="How many settings to try.")] = 40,
    epochs: Annotated[int, typer.Option(max=1_000_000, help="Passes over the training trials, in each.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the proposals, the first weights and the batches.")] = 0,
    seeds_per_trial: Annotated[int, typer.Option(max=10000, help="Trainings of each; the mean counts.")] = 1,
) -> None:
    """Search activation, learning rate and batch size on validation trials; a stopped search goes on."""
    from datasets.store import load_dataset

    require_extra("optuna", extra="search", purpose="wormtwin tune")
    from surrogates.responses.search.tuning import Tuning, ranked
    from surrogates.responses.search.tuning import tune as run_tuning
    from surrogates.responses.search.tuning_result import save_tuning

    settings = {} if units is None else {"units": units}
    tuning = Tuning(model, settings, trials, epochs, seed, seeds_per_trial)
    outcome = run_tuning(data, tuning, out)
    best = save_tuning(outcome, data, tuning, out)
    shown = ranked(outcome)[:_BEST]
    columns = [name.replace("_", " ") for name in shown[0].params]
    table = Table("trial", *columns, _rmse(load_dataset(data, lazy=True).y_units), title="The best on validation")
    for trial in shown:
        cells = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in trial.params.values()]
        table.add_row(str(outcome.index(trial) + 1), *cells, f"{trial.values[0]:.4g}")
    print_whole(table)
    print(f"{len(outcome)} finished, {len(outcome) - len(ranked(outcome))} of them given up or diverged; all in {out}")
    print("Train the best one:")
    print(f"  {best['command']}")


def reduce(
    data: DataOption,
    out: OutOption,
    max_rmse: Annotated[float, typer.Option(help="The largest validation RMSE allowed, in the data's units.")],
    models: Annotated[str, typer.Option(help="Such as gru,linear; all that have a size when empty.")] = "",
    max_units: Annotated[int, typer.Option(max=65536, help="The largest size (units, order or lags).")] = 64,
    runs: Annotated[int, typer.Option(max=10000, help="Seeds of each size; their mean counts.")] = 3,
    epochs: Annotated[int, typer.Option(max=1_000_000, help="Passes over the training trials, in each run.")] = 500,
    seed: Annotated[int, typer.Option(help="The first of the seeds.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
) -> None:
    """Find the smallest model whose validation RMSE stays under a bound; a stopped search goes on."""
    from surrogates.responses.search.reduction import Reduction, reduce_model
    from surrogates.responses.search.reduction_result import save_reduction

    names = tuple(name.strip() for name in models.split(",") if name.strip())
    require(bool(names) or not models, f"--models {models!r} names no model")
    reduction = Reduction(max_rmse, names, max_units, runs, epochs, seed)
    outcome = reduce_model(data, reduction, out, jobs, on_progress=print)
    tried, best = save_reduction(outcome, data, reduction, out)
    columns = ("model", "size", "parameters", f"validation {_rmse(best['units'])}", "under the bound")
    table = Table(*columns, title=f"Tried for an RMSE of at most {max_rmse:g} {best['units']}")
    for row in tried.to_dict("records"):
        spread = "" if math.isnan(row["validation_sd"]) else f"±{row['validation_sd']:.2g}"
        error = "none" if math.isnan(row["validation_rmse"]) else f"{row['validation_rmse']:.4g}{spread}"
        verdict = "yes" if row["under_bound"] else "no"
        table.add_row(row["model"], f"{row['setting']} {row['size']}", str(row["parameters"]), error, verdict)
    print_whole(table)
    print(_verdict(best, out))


def _verdict(best: "Mapping[str, Any]", out: Path) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in best["settings"].items())
    which = f"{best['model']} ({settings}; {best['parameters']} parameters)"
    if not best["found"]:
        return f"No model is under the bound; the closest is {which}, {best['validation_rmse']:.4g}; all in {out}"
    return f"Smallest: {which}; test RMSE of {out / 'model.keras'} (seed {best['seed']}): {best['test_rmse']:.4g}"


def _rmse(units: str) -> str:
    return f"RMSE ({units})" if units else "RMSE"


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    app.command()(tune)
    app.command()(reduce)
