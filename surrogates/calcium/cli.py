"""`wormtwin calcium benchmark` and `demo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.calcium.cli import calcium_app
from neuron_models.foundation.files import require_writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datasets.dataset import Dataset
    from surrogates.calcium.states.protocol import FoldTraining

_NONE = "none"


@calcium_app.command("benchmark")
def benchmark(
    data: Annotated[Path, typer.Argument(help="Recordings (.h5) with all their states.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    rules: Annotated[str, typer.Option(help="State rules, with spaces between.")] = "two four seven",
    models: Annotated[
        str, typer.Option(help="Such as logistic,mlp,gnn; all when empty, a wrong name lists them.")
    ] = "",
    trajectories: Annotated[
        str, typer.Option(help="Models that forecast, such as linear,mlp; all when empty, 'none' for none.")
    ] = "",
) -> None:
    """Tell behaviour states apart and forecast traces with every model, beside published figures.

    States on all combinations of training worms; forecasts of each worm by models of all others.
    """
    from datasets.store import load_dataset
    from surrogates.calcium.forecasts.benchmark import chosen_trajectories
    from surrogates.calcium.states.benchmark import chosen_models

    require_writable(out / "report.html")
    wanted, forecasting = _names(models), _names(trajectories)
    chosen_models(wanted)
    if forecasting != [_NONE]:
        chosen_trajectories(forecasting)
    _measure(load_dataset(data), out, rules.split(), wanted, forecasting, jobs)


@calcium_app.command("demo")
def demo(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Generate worms, tell their states apart, forecast their traces: a page in three minutes, nothing to download."""
    from neuron_models.foundation.workers import require_workers
    from surrogates.calcium import demo as tour

    require_writable(out / "report.html")
    require_workers(jobs)
    _measure(
        tour.demo_sample(out), out, tour.RULES, tour.STATE_MODELS, tour.TRAJECTORY_MODELS, jobs, training=tour.TRAINING
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _measure(
    dataset: "Dataset",
    out: Path,
    rules: "Sequence[str]",
    models: "Sequence[str]",
    trajectories: "Sequence[str]",
    jobs: int,
    training: "FoldTraining | None" = None,
) -> None:
    """Run the benchmarks, print their tables and write the page."""
    from surrogates.calcium.forecasts.benchmark import benchmark_trajectories
    from surrogates.calcium.forecasts.section import trajectory_section
    from surrogates.calcium.forecasts.tables import print_trajectories, save_trajectory_tables
    from surrogates.calcium.states.benchmark import run_benchmark
    from surrogates.calcium.states.page import write_states_report
    from surrogates.calcium.states.tables import print_tables, save_tables

    done = run_benchmark(dataset, out, rules=rules, models=models, jobs=jobs, training=training)
    table = save_tables(done, out)
    print_tables(table)
    more = []
    if list(trajectories) != [_NONE]:
        forecasts = benchmark_trajectories(dataset, out, models=trajectories, jobs=jobs)
        errors, summary = save_trajectory_tables(forecasts, out)
        print_trajectories(summary)
        more.append(trajectory_section(errors, summary))
    print(f"Tables in {out}, all runs in {out / 'runs'} and {out / 'trajectories'}")
    print(f"Report: {write_states_report(done, table, out, more)}")
