"""The command line of wormtwin, and the paper's experiments as a table.

`python run_experiments.py` and `wormtwin experiments` run the same thing. Published figures: Barbulescu, Mestre,
Oliveira and Silveira, "Learning the dynamics of realistic models of C. elegans nervous system with recurrent neural
networks", Scientific Reports 13 (2023): RMSE in volts of training, validation and test, means of ten runs.
"""

import functools
import math
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

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
import datasets.plot_cli
import surrogates.cli
import surrogates.export.cli
import surrogates.importance.cli
import surrogates.pages.atlas.cli
import surrogates.pages.worm.cli
from connectome.cli import NetworkOption
from connectome.scenario_names import SCENARIO_HELP
from datasets.options import ClusterOption, ParametersOption, ScaleOption, SimulatorOption
from datasets.topics import topic_modules
from neuron_models.foundation.command_line import DEBUG, DEBUG_VARIABLE, flush_output, run_app
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.output import sole_writer
from neuron_models.foundation.splits import SPLITS
from neuron_models.foundation.worker_life import remove_shared_leftovers, use_own_temporary_folder
from neuron_models.foundation.workers import require_workers
from surrogates.responses.experiments.experiments import (
    Entry,
    Experiment,
    Protocol,
    with_baselines,
    with_derived,
    with_trained_well,
)

# Training, validation and test RMSE by model and size, on forward crawling every 0.5 ms:
ON_CRAWLING = {
    ("rnn", 16): (0.104, 0.129, 0.134),
    ("rnn", 64): (0.0628, 0.0887, 0.0954),
    ("lstm", 8): (0.00993, 0.0361, 0.0149),
    ("lstm", 32): (0.00760, 0.0364, 0.0152),
    ("gru", 2): (0.0429, 0.0537, 0.0600),
    ("gru", 4): (0.0105, 0.0348, 0.0117),
    ("gru", 8): (0.00779, 0.0347, 0.0100),
    ("gru", 16): (0.00678, 0.0349, 0.00936),
    ("gru", 32): (0.00671, 0.0350, 0.0123),
    ("gru", 64): (0.00580, 0.0362, 0.0168),
}
# Test RMSE by size, all that is published of the others:
FINELY_SAMPLED = {"gru": {4: 0.0121, 8: 0.0104}}
WITHOUT_AVB = {"lstm": {8: 0.0674, 16: 0.0679, 32: 0.0681}, "gru": {8: 0.0683, 16: 0.0679, 32: 0.0657}}
WITHOUT_PLM = {"lstm": {8: 0.200, 16: 0.203, 32: 0.201}, "gru": {8: 0.196, 16: 0.196, 32: 0.197}}
WITH_NICTATION = {"lstm": {8: 0.0432, 16: 0.0396, 32: 0.0403}, "gru": {8: 0.0374, 16: 0.0237, 32: 0.0263}}


def _crawling(model: str, units: int) -> Entry:
    """A network on forward crawling, and its published figures where there are some."""
    figures = ON_CRAWLING.get((model, units), ())
    return Entry(model, {"units": units}, dict(zip(SPLITS, figures, strict=False)))


def _tested(figures: Mapping[str, Mapping[int, float]], **data) -> tuple[Entry, ...]:
    """Networks of which the test figure alone is published."""
    return tuple(
        Entry(model, {"units": units}, {"test": rmse}, **data)
        for model, sizes in figures.items()
        for units, rmse in sizes.items()
    )


# What a careful reader would compare with: two that are solved at once, two that cost much and differ little by seed.
BASELINES = (
    Entry("linear"),
    Entry("state_space"),
    Entry("tdnn", {"units": 283}, most_runs=1),
    Entry("narx", {"units": 112}, most_runs=1),
)

WELL = {"scale": True, "anneal": True, "polish": 500}
"""How a network is trained well, beside the published recipe."""
DERIVED_ORDERS = (8, 16, 24)

EXPERIMENTS = {
    experiment.name: with_baselines(experiment, BASELINES)
    for experiment in (
        Experiment(
            name="1",
            title="Experiment 1: three kinds of recurrent network on forward crawling",
            scenario="fcm",
            entries=tuple(
                _crawling(model, units)
                for model, units in (("rnn", 16), ("lstm", 8), ("gru", 8), ("rnn", 64), ("lstm", 32), ("gru", 32))
            ),
        ),
        Experiment(
            name="2",
            title="Experiment 2: GRU and LSTM of six sizes on forward crawling",
            scenario="fcm",
            entries=tuple(_crawling(model, units) for model in ("gru", "lstm") for units in (2, 4, 8, 16, 32, 64)),
        ),
        Experiment(
            name="3",
            title="Experiment 3: forward crawling sampled every 0.5 and every 0.1 ms",
            scenario="fcm",
            entries=(_crawling("gru", 4), _crawling("gru", 8), *_tested(FINELY_SAMPLED, sampling=0.1)),
        ),
        Experiment(
            name="4",
            title="Experiment 4: forward crawling learned without the inputs to AVB, or to PLM",
            scenario="fcm",
            entries=(*_tested(WITHOUT_AVB, without=("AVB",)), *_tested(WITHOUT_PLM, without=("PLM",))),
        ),
        Experiment(
            name="5",
            title="Experiment 5: forward crawling and nictation together, 28 outputs",
            scenario="fcm_nictation",
            entries=_tested(WITH_NICTATION),
        ),
    )
}

QUICK = Protocol(runs=1, epochs=400)

PANELS = {
    "Data": ("connectome", "dataset"),
    "Simulate": ("simulate", "scenario", "screen", "body", "crawl", "validate"),
    "Train and evaluate": ("train", "evaluate", "calibrate", "models", "tune", "reduce", "derive", "experiments"),
    "Explain": ("importance", "physics"),
    "Pages and export": ("worm", "export"),
}
"""What `wormtwin --help` puts together, by what people do."""
TOPICS_PANEL = "Topics"

app = typer.Typer(
    name="wormtwin",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Simulate the C. elegans connectome in NEURON and train recurrent surrogates on what it does.",
)


def _print_version(requested: bool) -> None:
    if requested:
        import importlib.metadata

        print(f"wormtwin {importlib.metadata.version('wormtwin')}")
        raise typer.Exit


@app.callback()
def wormtwin(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option(DEBUG, help=f"Show where an error came from; {DEBUG_VARIABLE}=1 does so too.")
    ] = False,
) -> None:
    """Simulate the C. elegans connectome in NEURON and train recurrent surrogates on what it does."""


@app.command()
def experiments(
    numbers: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(EXPERIMENTS)}; all when none.")] = None,
    runs: Annotated[
        int | None, typer.Option(max=100_000, help="Runs of each model, seeds 0, 1, ...; 10 by default.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(max=1_000_000, help="Passes over the training trials; 1000 by default.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help=f"One run of {QUICK.epochs} epochs each.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    cluster: ClusterOption = None,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("results"),
    network: NetworkOption = None,
    scenario: Annotated[str, typer.Option(help=f"Run them on this scenario instead. {SCENARIO_HELP}")] = "",
    parameters: ParametersOption = "published2012",
    scale: ScaleOption = 1.0,
    simulator: SimulatorOption = "coreneuron",
    more: Annotated[
        bool, typer.Option("--more", help="Add GRU-8 and LSTM-8 trained well, derived models and the linear floor.")
    ] = False,
) -> None:
    """Run the paper's experiments and print the measured figures beside the published ones.

    With other parameters, stimuli or a scenario of your own there are no published figures; the error of the network
    linearised about rest stands beside the models'.
    """
    from surrogates.responses.experiments.experiment_runs import run_all
    from surrogates.responses.experiments.page import write_report
    from surrogates.responses.experiments.simulated import Worm, on_worm, simulated_data, with_notes
    from surrogates.responses.experiments.summary import print_summary, save_summary

    require(not quick or runs is epochs is None, "--quick sets --runs and --epochs: give it alone")
    given = {name: value for name, value in (("runs", runs), ("epochs", epochs)) if value is not None}
    protocol = QUICK if quick else Protocol(**given)
    require_workers(jobs, cluster)
    requested = list(dict.fromkeys(numbers or EXPERIMENTS))
    for number in requested:
        if number not in EXPERIMENTS:
            raise InputError(f"there is no experiment {number!r}; there are {', '.join(EXPERIMENTS)}")
    worm = Worm(network, parameters, scale, scenario, simulator)
    chosen = on_worm([EXPERIMENTS[number] for number in requested], worm)
    require(
        not more or (worm.published and network is None), "--more is for the paper's network, stimuli and scenarios"
    )
    if more:
        chosen = [with_derived(with_trained_well(each, WELL), DERIVED_ORDERS) for each in chosen]
    data, floors = simulated_data(chosen, worm, out / "data", jobs, cluster, floor=more)
    chosen = with_notes(chosen, floors, worm)
    outcomes = run_all(chosen, data, protocol, out, jobs, cluster)
    for outcome in outcomes:
        folder = out / f"experiment-{outcome.experiment.name}"
        save_summary(outcome, folder)
        print(f"\n{outcome.experiment.title}")
        if outcome.experiment.note:
            print(outcome.experiment.note)
        print_summary(outcome)
        print(f"Tables and plots in {folder}, all runs in {out / 'runs'}")
    print(f"Report: {write_report(outcomes, out)}")


app.add_typer(connectome.cli.connectome_app, name="connectome")


@functools.cache
def command_line() -> Any:
    """The command `wormtwin` with those of every topic; they are mounted when it is first asked for.

    Raises:
        InputError: a topic is listed and has no folder.
    """
    of_topics = [
        module for package in ("datasets", "surrogates") for module in topic_modules(package, "cli", needed=False)
    ]
    common = (
        datasets.cli,
        surrogates.cli,
        surrogates.importance.cli,
        surrogates.export.cli,
        surrogates.pages.worm.cli,
        surrogates.pages.atlas.cli,
    )
    for commands in (*of_topics, *common):
        if hasattr(commands, "register"):
            commands.register(app)
    group = typer.main.get_command(app)
    group.commands = _by_panel(group.commands)  # type: ignore[attr-defined]
    return _guarded(group)


def _by_panel(commands: Mapping[str, Any]) -> dict[str, Any]:
    """The commands in the order of `PANELS`, each with its panel; what no panel names is a topic's."""
    panels = {name: panel for panel, names in PANELS.items() for name in names}
    for name, command in commands.items():
        command.rich_help_panel = panels.get(name, TOPICS_PANEL)
    ordered = [name for name in panels if name in commands] + [name for name in commands if name not in panels]
    return {name: commands[name] for name in ordered}


def _guarded(command: Any) -> Any:
    """A command, or a group of them, of which none takes `inf`, or writes `--out` while another process does."""
    for each in getattr(command, "commands", {}).values():
        _guarded(each)
    options = {parameter.name: parameter.opts[0] for parameter in command.params}
    if command.callback is not None:
        alone = _alone(command.callback) if "out" in options else command.callback
        command.callback = _finite(alone, options)
    return command


def _finite(callback: Callable[..., Any], options: Mapping[str, str]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def finite(**given: Any) -> Any:
        for name, value in given.items():
            for each in _values(value):
                good = not isinstance(each, float) or math.isfinite(each)
                require(good, f"{options.get(name, name)} must be a finite number, got {each}")
        return callback(**given)

    return finite


def _values(value: Any) -> Sequence[Any]:
    """What an option was given: several values, or one."""
    return value if isinstance(value, list | tuple) else (value,)


def _alone(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def alone(**given: Any) -> Any:
        from neuron_models.foundation.resumable import remove_leftover  # numpy comes with it

        remove_shared_leftovers()
        out = Path(given["out"]) if given.get("out") else None
        if out and out.is_file():
            read = (each for name, value in given.items() if name != "out" for each in _values(value))
            same = any(isinstance(each, Path) and each.exists() and each.samefile(out) for each in read)
            require(not same, f"--out {out} exists, and is read: choose another --out")
        with sole_writer(out) if out else nullcontext():
            if out:
                remove_leftover(out)
            return callback(**given)

    return alone


def run(arguments: Sequence[str]) -> int:
    """Run the command line on these arguments and return its exit status; a user's mistake is one line and 2."""
    return run_app(command_line, [_at_home(each) for each in arguments], "wormtwin")


def _at_home(argument: str) -> str:
    """An argument whose `~/` the shell left, as in `--out=~/x`, with the home folder in its place."""
    option, equals, value = argument.partition("=") if argument.startswith("--") else ("", "", argument)
    return f"{option}{equals}{Path(value).expanduser()}" if value.startswith("~/") else argument


def _stop(received: int, _frame: object) -> None:
    """End as the keyboard would."""
    signal.signal(received, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(before: Sequence[str] = ()) -> None:
    """The console script; what ends it politely cleans up as the keyboard does."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is signal.SIG_DFL:
            signal.signal(each, _stop)
    use_own_temporary_folder()
    status = run([*before, *sys.argv[1:]])
    flush_output()
    sys.exit(status)


if __name__ == "__main__":
    main(["experiments"])
