"""`wormtwin behaviour evaluate`, `suggest` and `demo`."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from datasets.behaviour.cli import behaviour_app, print_agreement
from datasets.options import DataArgument
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from surrogates.behaviour.comparison import Judged


@behaviour_app.command()
def evaluate(
    data: DataArgument,
    model: Annotated[list[Path] | None, typer.Option(help="Models (.keras) to judge; may be given again.")] = None,
    rater: Annotated[
        list[Path] | None, typer.Option(help="Other people's labels of the recording that is judged.")
    ] = None,
) -> None:
    """Judge models beside a random forest, the prior and people, on recordings that were not learned."""
    from datasets.store import load_dataset
    from surrogates.behaviour.comparison import judge

    part, judged = judge(load_dataset(data), model or [], rater or [])
    require(bool(judged), f"{data} has no training recordings: give a --model, or `wormtwin dataset split {data}`")
    for each in judged:
        print_agreement(each.score, f"{each.name}, {part} recordings")
    print_judged(judged)


def print_judged(judged: list["Judged"]) -> None:
    """Print a row each: accuracy, kappa, mean F1 by frame and by bout, and calibration."""
    table = Table("who", "accuracy", "kappa", "mean F1", "mean bout F1", "calibration error")
    for each in judged:
        score = each.score
        numbers = (score.accuracy, score.kappa, score.macro_f1, score.macro_bout_f1, each.calibration)
        table.add_row(each.name, *("-" if math.isnan(number) else f"{number:.3f}" for number in numbers))
    print_whole(table)


@behaviour_app.command()
def suggest(
    data: DataArgument,
    model: Annotated[Path, typer.Option(help="A model (.keras) of behaviours.")],
    out: Annotated[Path, typer.Option(help="The table to write (.csv).")],
    number: Annotated[int, typer.Option(min=1, max=100_000, help="Of pieces.")] = 20,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of all random draws.")] = 0,
) -> None:
    """Propose pieces to label next: every predicted behaviour in turn, drawn at random in each."""
    import pandas as pd

    from datasets.store import load_dataset
    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_write
    from surrogates.behaviour.smoothing import kept_smoothing
    from surrogates.behaviour.suggestion import suggest_bouts, unlabelled
    from surrogates.runs.model_file import load_model

    require(out.suffix == ".csv", f"suggestions are a table (.csv), got {out.name}")
    require_writable(out)
    network, signature = load_model(model)
    if signature is None or kept_smoothing(signature.details) is None:
        raise InputError(f"{model} is no model of behaviours")
    dataset = unlabelled(load_dataset(data), signature)
    step = dataset.dt / 1000
    rows = [asdict(each) for each in suggest_bouts(network, dataset, number, seed)]
    table = pd.DataFrame(rows).rename(columns={"start": "first_frame", "end": "end_frame"})
    table["start_s"], table["end_s"] = table["first_frame"] * step, table["end_frame"] * step
    with atomic_write(out) as temporary:
        write_csv(table, temporary, index=False)
    print(
        f"{counted(len(table), 'piece')} in {out}: `wormtwin behaviour label TRACKS --predicted {out}` asks about them"
    )


@behaviour_app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    frames: Annotated[int, typer.Option(max=1_000_000, help="Of each of four recordings, 30 a second.")] = 1800,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of all random draws.")] = 0,
) -> None:
    """Generate pairs of animals, learn their behaviours, and judge one pair beside a forest and the prior."""
    from surrogates.behaviour.demo import run_demo

    print_judged(run_demo(out, frames, seed))
    print(f"Tracks, labels, pairs.h5, boost/, predicted.h5 and ethogram.png in {out}")
