"""The command line of wormtwin, and the paper's experiments as a table.

`python run_experiments.py` and `wormtwin experiments` run the same thing. Published figures: Barbulescu, Mestre,
Oliveira and Silveira, "Learning the dynamics of realistic models of C. elegans nervous system with recurrent neural
networks", Scientific Reports 13 (2023): RMSE in volts of training, validation and test, means of ten runs.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import datasets

if getattr(datasets, "OWNER", "") != "wormtwin":
    print(
        f"wormtwin: another package called 'datasets' comes before its own ({datasets.__path__[0]}): "
        "install wormtwin into an environment of its own",
        file=sys.stderr,
    )
    sys.exit(2)

import connectome.cli
import datasets.cli
import surrogates.cli
from connectome.cli import NetworkOption
from neuron_models.errors import InputError, require
from surrogates.experiments import SPLITS, Entry, Experiment, Protocol, run_experiment, save_summary, summarise

EXPERIMENTS = {
    "1": Experiment(
        name="1",
        title="Experiment 1: three kinds of recurrent network on forward crawling, 0.5 ms",
        scenario="fcm",
        sampling=0.5,
        entries=(
            Entry("rnn", {"units": 16}, published=(0.104, 0.129, 0.134)),
            Entry("lstm", {"units": 8}, published=(0.00993, 0.0361, 0.0149)),
            Entry("gru", {"units": 8}, published=(0.00779, 0.0347, 0.0100)),
            Entry("rnn", {"units": 64}, published=(0.0628, 0.0887, 0.0954)),
            Entry("lstm", {"units": 32}, published=(0.00760, 0.0364, 0.0152)),
            Entry("gru", {"units": 32}, published=(0.00671, 0.0350, 0.0123)),
            Entry("linear", {"lags": 2}),
        ),
    ),
}

QUICK = Protocol(runs=1, epochs=400)

_UsageError: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What typer raises for wrong options; it brings its own copy of click, or uses click's, by version."""

_INTERRUPTED = 130

app = typer.Typer(
    name="wormtwin",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Simulate the C. elegans connectome in NEURON and train recurrent surrogates on what it does.",
)


@app.command()
def experiments(
    numbers: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(EXPERIMENTS)}; all when none.")] = None,
    runs: Annotated[int | None, typer.Option(help="Runs of each model, seeds 0, 1, ...; 10 when not said.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training trials; 1000 when not said.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help=f"One run of {QUICK.epochs} epochs each.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("results"),
    network: NetworkOption = None,
) -> None:
    """Run the paper's experiments and print the measured figures beside the published ones."""
    require(not quick or runs is epochs is None, "--quick sets --runs and --epochs: give it alone")
    given = {name: value for name, value in (("runs", runs), ("epochs", epochs)) if value is not None}
    protocol = QUICK if quick else Protocol(**given)
    require(jobs >= 1, f"--jobs must be >= 1, got {jobs}")
    for number in numbers or EXPERIMENTS:
        if number not in EXPERIMENTS:
            raise InputError(f"there is no experiment {number!r}; there are {', '.join(EXPERIMENTS)}")
    for number in numbers or EXPERIMENTS:
        experiment = EXPERIMENTS[number]
        print(experiment.title)
        data = _simulated(experiment, network, jobs, out / "data")
        folder = out / f"experiment-{number}-{protocol.epochs}-epochs-{data.stem.rpartition('-')[2]}"
        results = run_experiment(experiment, data, protocol, folder, jobs)
        table = summarise(experiment, results)
        save_summary(experiment, table, results, protocol, folder)
        _plot(table, data, folder)
        _print(table, protocol)
        print(f"Table, plots and all runs in {folder}")


def _simulated(experiment: Experiment, network: str | None, jobs: int, folder: Path) -> Path:
    """The experiment's dataset, named after the job that makes it: simulated once, then reused."""
    from connectome.scenario import load_scenario
    from connectome.wiring import load_connectome
    from datasets.stimulus_response import simulate_dataset, simulation_job

    connectome = load_connectome(network)
    print(f"Network: {connectome.source}")
    scenario = replace(load_scenario(experiment.scenario), dt=experiment.sampling)
    key = simulation_job(scenario, connectome).key[:8]
    path = folder / f"{experiment.scenario}-{experiment.sampling:g}ms-{key}.h5"
    simulate_dataset(scenario, connectome, path, jobs=jobs)
    return path


def _plot(table, data: Path, folder: Path) -> None:
    """Draw each model's test error beside the published one."""
    from datasets.store import load_dataset
    from surrogates.report.plots import plot_summary, save_figure

    units = load_dataset(data, lazy=True).y_units
    for suffix in ("png", "svg"):
        save_figure(plot_summary(table, units), folder / f"summary.{suffix}")


def _print(table, protocol: Protocol) -> None:
    title = f"RMSE in V, mean of {protocol.runs} run(s) of {protocol.epochs} epochs; published below in brackets"
    shown = Table("model", "params", *SPLITS, "seconds", title=title)
    for row in table.to_dict("records"):
        cells = []
        for split in SPLITS:
            spread, published = row[f"{split}_sd"], row[f"{split}_published"]
            measured = f"{row[split]:.4f}" + ("" if math.isnan(spread) else f"±{spread:.4f}")
            cells.append(measured + ("" if math.isnan(published) else f"\n({published:.4g})"))
        name = row["model"] + (f"\n{row['diverged']} diverged" if row["diverged"] else "")
        shown.add_row(name, str(row["parameters"]), *cells, f"{row['seconds']:.1f}")
    Console().print(shown)


app.add_typer(connectome.cli.connectome_app, name="connectome")
datasets.cli.register(app)
surrogates.cli.register(app)


def run(arguments: Sequence[str]) -> int:
    """Run the command line on these arguments and return its exit status; a user's mistake is one line and 2."""
    try:
        status = typer.main.get_command(app).main(list(arguments), prog_name="wormtwin", standalone_mode=False)
        if status == _INTERRUPTED:  # some versions of typer give the status back instead of raising
            raise KeyboardInterrupt
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error)
        else:
            print(f"wormtwin: {_one_line(error)} (--help lists the options)", file=sys.stderr)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        print(
            "wormtwin: stopped; simulations and experiments go on when the same command is started again",
            file=sys.stderr,
        )
        return _INTERRUPTED
    except (InputError, OSError, FloatingPointError) as error:
        print(f"wormtwin: {_one_line(error)}", file=sys.stderr)
        return 2
    return status if isinstance(status, int) else 0


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{' '.join(error.strerror.split())}{where}"
    if isinstance(error, OSError) and "written" in str(error):
        return f"writing failed, is the disk full? ({error})"
    message = getattr(error, "format_message", error.__str__)()
    return " ".join(message.split()) or type(error).__name__


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(run(["experiments", *sys.argv[1:]]))
