"""`wormtwin dataset plot`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from datasets.options import DataArgument, dataset_app, parse_numbers
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_figure_path
from neuron_models.foundation.wording import counted


@dataset_app.command("plot")
def plot_dataset(
    data: DataArgument,
    out: Annotated[Path, typer.Option(help="The picture to write (.png, .svg or .pdf).")],
    trials: Annotated[str, typer.Option(help="Which trials, such as 1,3-5; the first three when empty.")] = "",
    outputs: Annotated[str, typer.Option(help="Which outputs, such as DB1,VB1; the first six when empty.")] = "",
    inputs: Annotated[str, typer.Option(help="Which neurons of calcium recordings, or channels of postures.")] = "",
) -> None:
    """Draw some trials: inputs above, outputs below; of calcium traces by state; of postures curvature over time."""
    from connectome.contact import require_known
    from datasets.plots import plot_traces, save_figure
    from datasets.store import load_dataset
    from datasets.topics import topics_of

    require_figure_path(out)
    dataset = load_dataset(data)
    numbers = parse_numbers(trials) if trials else range(1, min(3, len(dataset)) + 1)
    for number in numbers:
        if not 1 <= number <= len(dataset):
            raise InputError(f"{data} has the trials 1 to {len(dataset)}, not {number}")
    of_inputs = next((topic.plot for topic in topics_of(dataset) if topic.plot is not None), None)
    option, named = ("input", inputs) if of_inputs else ("output", outputs)
    require(not (outputs if of_inputs else inputs), f"{data}: choose what is drawn by --{option}s")
    known = dataset.x_names if of_inputs else dataset.y_names
    names = require_known([n.strip() for n in named.split(",") if n.strip()], known, option)
    require(bool(names) or not named, f"--{option}s {named!r} names no {option}")
    flat = of_inputs is not None or all(len(trial.x.shape) == 2 for trial in dataset)
    require(flat, f"{data} holds images, which are not drawn as traces: see `wormtwin dataset info`")
    dataset = replace(dataset, trials=tuple(dataset.trials[n - 1] for n in numbers))
    rows = range(len(dataset))
    figure = of_inputs(dataset, names or None) if of_inputs else plot_traces(dataset, rows, outputs=names or None)
    save_figure(figure, out)
    print(f"{counted(len(dataset), 'trial')} in {out}")
