"""`wormtwin simulate` and `wormtwin dataset`: making, reading and converting datasets."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from connectome.cli import NetworkOption
from connectome.scenario import SCENARIOS, load_scenario
from neuron_models.errors import InputError, require
from neuron_models.wording import counted
from neuron_models.workers import require_workers

dataset_app = typer.Typer(no_args_is_help=True, help="Datasets of every topic: look at them, convert and divide them.")

ScenarioOption = Annotated[str, typer.Option(help=f"One of {', '.join(SCENARIOS)}.")]
_NOT_SHOWN = ("stimuli", "key", "neurons", "eigenworms", "swaps", "skeleton", "crop", "flagged", "body_length")
"""Metadata that would fill the screen."""
DataArgument = Annotated[Path, typer.Argument(help="A dataset file (.h5).")]
ClusterOption = Annotated[
    str | None, typer.Option(help="A Dask scheduler, tcp://host:port: its workers run everything.")
]
OutOption = Annotated[Path, typer.Option(help="The dataset file to write (.h5).")]


def simulate(
    out: OutOption,
    scenario: ScenarioOption = "fcm",
    network: NetworkOption = None,
    sequences: Annotated[str, typer.Option(help="Which sequences, such as 1,3-5; all when empty.")] = "",
    sampling: Annotated[float, typer.Option(help="Sampling interval in ms.")] = 0.5,
    record: Annotated[str, typer.Option(help="'outputs' of the scenario, or 'all' 302 neurons.")] = "outputs",
    stimuli: Annotated[str, typer.Option(help="'published', or 'random' ones.")] = "published",
    count: Annotated[int | None, typer.Option(help="How many random stimuli; 40 when not said.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the random stimuli and of --split auto; 0 when not said.")
    ] = None,
    split: Annotated[str, typer.Option(help="'published', or 'auto': equally diverse parts (50/25/25 %).")] = "",
    jobs: Annotated[int, typer.Option(help="Processes; each builds the network once.")] = 1,
    cluster: ClusterOption = None,
    time_step: Annotated[float, typer.Option(help="Time step of the simulation in ms.")] = 0.1,
    compartment: Annotated[float, typer.Option(help="Longest compartment in um; one a cable when very large.")] = 20.0,
    simulator: Annotated[
        str, typer.Option(help="'coreneuron', or the slower 'neuron' with equal voltages.")
    ] = "coreneuron",
) -> None:
    """Simulate a scenario on the connectome into a dataset; a stopped run goes on where it was."""
    from connectome.network import NetworkParameters, steps_a_sample
    from connectome.random_stimuli import random_scenario
    from connectome.wiring import load_connectome
    from datasets.stimulus_response import simulate_dataset
    from neuron_models.circuit import RunSettings

    one_of("--record", record, ("outputs", "all"))
    one_of("--stimuli", stimuli, ("published", "random"))
    split = split or ("auto" if stimuli == "random" else "published")
    one_of("--split", split, ("published", "auto"))
    require_workers(jobs, cluster)
    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require(stimuli == "published" or split == "auto", "random stimuli have no published split: use --split auto")
    require(stimuli == "random" or count is None, "--count goes with --stimuli random")
    drawn = stimuli == "random" or split == "auto"
    require(drawn or seed is None, "--seed goes with --stimuli random or --split auto")
    seed = seed or 0
    chosen = replace(load_scenario(scenario), dt=sampling)
    if stimuli == "random":
        chosen = random_scenario(chosen, 40 if count is None else count, seed)
    if sequences:
        chosen = chosen.select(parse_numbers(sequences))
    parameters = NetworkParameters(longest_compartment=compartment)
    settings = RunSettings(chosen.duration, time_step, simulator)
    steps_a_sample(chosen, settings)  # what is wrong is told before the contacts are placed
    connectome = load_connectome(network)
    print(f"Network: {connectome.source}")
    dataset = simulate_dataset(
        chosen,
        connectome,
        out,
        parameters=parameters,
        record=connectome.names if record == "all" else None,
        settings=settings,
        jobs=jobs,
        split_seed=seed if split == "auto" else None,
        cluster=cluster,
    )
    print(f"{counted(len(dataset), 'sequence')} in {out}")


@dataset_app.command()
def info(data: DataArgument) -> None:
    """Print what a dataset holds."""
    from datasets.store import load_dataset

    dataset = load_dataset(data, lazy=True, checked=True)
    lengths = [len(trial) for trial in dataset]
    splits = Counter(trial.split or "none" for trial in dataset)
    table = Table(show_header=False)
    for row in (
        ("name", dataset.name),
        ("task", dataset.task),
        ("trials", f"{len(dataset)} ({', '.join(f'{number} {split}' for split, number in splits.items())})"),
        ("samples a trial", f"{min(lengths)}" if len(set(lengths)) == 1 else f"{min(lengths)} to {max(lengths)}"),
        ("sampling", f"{dataset.dt:g} ms"),
        ("inputs", f"{', '.join(dataset.x_names)} ({dataset.x_units})"),
        ("outputs", f"{_shortened(dataset.y_names)} ({dataset.y_units})"),
        ("source", dataset.source),
        *((key, str(value)) for key, value in dataset.extra.items() if key not in _NOT_SHOWN),
    ):
        table.add_row(*row)
    Console(soft_wrap=True).print(table)
    if dataset.task == "keypoints":
        from datasets.pose.summary import print_labelled

        print_labelled(dataset)


@dataset_app.command()
def split(
    data: DataArgument,
    out: OutOption,
    seed: Annotated[int, typer.Option(help="Seed of the first division.")] = 0,
) -> None:
    """Divide a dataset into training, validation and test parts that are equally diverse (50/25/25 %)."""
    from datasets.splitting import diversity, split_diverse
    from datasets.store import load_dataset, save_dataset

    require(not out.exists(), f"--out {out} exists: delete it or choose another --out")
    divided = split_diverse(load_dataset(data), seed=seed)
    save_dataset(divided, out)
    found = diversity(divided)
    for part in found.spread:
        print(f"{part}: spread {found.spread[part]:.3f} of the whole, mean off by {found.offset[part]:.3f}")


@dataset_app.command("export-dat")
def export(data: DataArgument, out: Annotated[Path, typer.Option(help="The folder to write.")]) -> None:
    """Write one text file a sequence, `index time outputs... inputs...`, as published."""
    from datasets.dat import export_dat
    from datasets.store import load_dataset

    print(f"{counted(len(export_dat(load_dataset(data), out)), 'file')} in {out}")


@dataset_app.command("import-dat")
def import_(
    folder: Annotated[Path, typer.Argument(help="A folder of .dat files.")],
    out: OutOption,
    scenario: Annotated[str, typer.Option(help="Takes names and split from this scenario.")] = "",
    outputs: Annotated[str, typer.Option(help="Names of the output columns, such as DB1,LUAL.")] = "",
    inputs: Annotated[str, typer.Option(help="Names of the input columns.")] = "",
) -> None:
    """Read a folder of `.dat` files, one a sequence in the order of their names, into a dataset file."""
    from datasets.dat import import_dat
    from datasets.store import save_dataset

    if scenario:
        known, number = load_scenario(scenario), len(list(folder.glob("*.dat")))
        require(
            number == len(known.sequences),
            f"scenario {scenario} has {len(known.sequences)} sequences and {folder} has {number} .dat files: "
            "name the columns with --outputs and --inputs",
        )
        dataset = import_dat(folder, outputs=known.outputs, inputs=known.inputs, split=known.split)
        dataset = replace(dataset, name=scenario, extra={"scenario": scenario})
    else:
        dataset = import_dat(folder, outputs=parse_names(outputs), inputs=parse_names(inputs))
    save_dataset(dataset, out)
    print(f"{counted(len(dataset), 'sequence')} in {out}")


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    app.command()(simulate)
    app.add_typer(dataset_app, name="dataset")


def parse_numbers(text: str) -> list[int]:
    """Read a list such as `1,3-5` into [1, 3, 4, 5].

    Raises:
        InputError: it is no such list, or names a number twice.
    """
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not all(re.fullmatch(r"[0-9]{1,6}", number) for number in ([first, last] if dash else [first])):
            raise InputError(f"a list of numbers looks like 1,3-5, got {text!r}")
        numbers += range(int(first), int(last if dash else first) + 1)
    require(len(numbers) > 0, f"the list {text!r} names no number")
    require(len(set(numbers)) == len(numbers), f"the list {text!r} names a number twice")
    return numbers


def parse_names(text: str) -> tuple[str, ...]:
    """Read a list such as `AVBL,AVBR` into names; what is empty is left out."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise an `InputError` unless an option's value is one that there is."""
    require(value in allowed, f"{option} must be one of {', '.join(allowed)}, got {value!r}")


def _shortened(names: tuple[str, ...], most: int = 40) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
