"""`wormtwin simulate` and `wormtwin dataset`: making, reading and converting datasets."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from datasets.options import DataArgument, OutOption, dataset_app, parse_names
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.printing import plain_console
from neuron_models.foundation.wording import counted


@dataset_app.command()
def info(data: DataArgument) -> None:
    """Print what a dataset holds."""
    from datasets.store import load_dataset
    from datasets.topics import topics_of

    dataset = load_dataset(data, lazy=True, checked=True)
    lengths = [len(trial) for trial in dataset]
    splits = Counter(trial.split or "none" for trial in dataset)
    topics = tuple(topics_of(dataset))
    hidden = {key for topic in topics for key in topic.hidden}
    table = Table(show_header=False)
    for row in (
        ("name", dataset.name),
        ("task", dataset.task),
        ("trials", f"{len(dataset)} ({', '.join(f'{number} {split}' for split, number in splits.items())})"),
        ("samples a trial", f"{min(lengths)}" if len(set(lengths)) == 1 else f"{min(lengths)} to {max(lengths)}"),
        ("sampling", f"{dataset.dt:g} ms" if dataset.extra.get("sampled", True) else "single frames"),
        ("inputs", _with_unit(", ".join(dataset.x_names), dataset.x_units)),
        ("outputs", _with_unit(_shortened(dataset.y_names), dataset.y_units) or _no_outputs(dataset.task)),
        ("source", dataset.source or "not said"),
        *((key, str(value)) for key, value in dataset.extra.items() if key not in hidden),
    ):
        table.add_row(*row)
    plain_console(soft_wrap=True).print(table)
    for topic in topics:
        if topic.print_details is not None:
            topic.print_details(dataset)


@dataset_app.command()
def split(
    data: DataArgument,
    out: Annotated[Path | None, typer.Option(help="The dataset file to write (.h5); the file itself if none.")] = None,
    test: Annotated[str, typer.Option(help="Trials or animals that test, such as worm4,worm5.")] = "",
    leave_out: Annotated[str, typer.Option(help="The same: an animal that is left out of training.")] = "",
    validation: Annotated[str, typer.Option(help="Trials or animals that validate; all others train.")] = "",
    fractions: Annotated[
        str, typer.Option(help="Of training, validation and test (or of training and test), such as 0.7,0.15,0.15.")
    ] = "",
    by: Annotated[
        str,
        typer.Option(
            help="What is divided: group (animals), trial, block (each trial in time), frame (labelled images), or "
            "diverse: groups, so that parts are equally diverse. With names, trial lets a group stand in two parts."
        ),
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
) -> None:
    """Divide a dataset into training, validation and test parts: by name, or by size (diverse 50/25/25 % at first)."""
    from datasets.parts.division import divided
    from datasets.parts.options import division_of, print_parts
    from datasets.store import load_dataset, save_dataset

    division = division_of(parse_names(test) + parse_names(leave_out), parse_names(validation), fractions, by, seed)
    require(out is None or not out.exists(), f"--out {out} exists: delete it or choose another --out")
    require(
        out is not None or by not in ("block", "frame"), f"--by {by} cuts trials: name a new file for them by --out"
    )
    if out is not None:
        require_writable(out)
    divided_dataset = divided(load_dataset(data), division)
    save_dataset(divided_dataset, out or data)
    print_parts(divided_dataset, division)


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
    from connectome.scenario import load_scenario
    from datasets.dat import import_dat
    from datasets.store import save_dataset

    if scenario:
        known = load_scenario(scenario)
        number = len(list(folder.glob("*.dat")))
        require(
            number == len(known.sequences),
            f"scenario {known.name} has {len(known.sequences)} sequences and {folder} has {number} .dat files: "
            "name the columns with --outputs and --inputs",
        )
        dataset = import_dat(folder, outputs=known.outputs, inputs=known.inputs, split=known.split)
        dataset = replace(dataset, name=known.name, extra={"scenario": known.name})
    else:
        dataset = import_dat(folder, outputs=parse_names(outputs), inputs=parse_names(inputs))
    save_dataset(dataset, out)
    print(f"{counted(len(dataset), 'sequence')} in {out}")


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    app.add_typer(dataset_app, name="dataset")


def _no_outputs(task: str) -> str:
    """What `info` says of a dataset without outputs."""
    later = task == "next_step"
    return "none labelled (models predict the inputs a step later)" if later else "none: nothing is labelled"


def _with_unit(names: str, units: str) -> str:
    return f"{names} ({units})" if names and units else names


def _shortened(names: tuple[str, ...], most: int = 40) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
