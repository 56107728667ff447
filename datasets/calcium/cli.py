"""`wormtwin calcium`: recordings in, and the generator of recordings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from datasets.calcium.neuron_sets import NEURON_SETS, SHARED
from datasets.calcium.state_rules import STATE_RULES
from datasets.options import OutOption
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.dataset import Dataset

calcium_app = typer.Typer(no_args_is_help=True, help="Whole-brain calcium imaging: recordings, states, models.")

NeuronsOption = Annotated[
    str,
    typer.Option(help=f"'shared' takes those that all worms have; or {', '.join(NEURON_SETS)}, or AVAL,AVAR,..."),
]
StatesOption = Annotated[
    str,
    typer.Option(
        help=f"Classes of states: {', '.join(STATE_RULES)}, or go=forward+slowing,back=...; all states when empty."
    ),
]


@calcium_app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Recordings: .npz, .mat (as Kato et al. 2015), .nwb.")],
    out: OutOption,
    neurons: NeuronsOption = SHARED,
    states: StatesOption = "",
    fps: Annotated[
        float | None, typer.Option(max=1000, help="Bring all to this frame rate in Hz; each keeps its own.")
    ] = None,
    series: Annotated[str, typer.Option(help="Name of the traces in an .nwb file that has several.")] = "",
) -> None:
    """Read recordings of calcium into a dataset file, a trial a worm."""
    from datasets.calcium.recordings import load_recordings

    _require_out(out)
    _save(load_recordings(files, neurons, fps, series), states, out)


@calcium_app.command("make-sample")
def make_sample(
    out: OutOption,
    worms: Annotated[int, typer.Option(max=10000, help="How many.")] = 5,
    minutes: Annotated[float, typer.Option(max=1440, help="Length of each recording.")] = 18.0,
    fps: Annotated[float, typer.Option(max=1000, help="Frame rate in Hz; worms differ by 3 %.")] = 3.0,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
    neurons: Annotated[str, typer.Option(help=f"{', '.join(NEURON_SETS)}, or AVAL,AVAR,...")] = "kato_2015",
    variability: Annotated[float, typer.Option(help="How much worms differ; 0 makes all alike.")] = 0.7,
    states: StatesOption = "",
) -> None:
    """Generate recordings of worms that behave alike and are wired differently; their truth is known."""
    from datasets.calcium import sample

    _require_out(out)
    names = NEURON_SETS.get(neurons) or tuple(name.strip() for name in neurons.split(",") if name.strip())
    settings = sample.SampleSettings(
        worms=worms, duration=60 * minutes, fps=fps, seed=seed, neurons=names, variability=variability
    )
    _save(sample.make_sample(settings), states, out)


def _require_out(out: Path) -> None:
    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require_writable(out)


def _save(dataset: "Dataset", rule: str, out: Path) -> None:
    from datasets.calcium.features import require_windows
    from datasets.calcium.states import apply_rule
    from datasets.store import save_dataset

    if rule:
        dataset = apply_rule(dataset, rule)
    require_windows(dataset)
    save_dataset(dataset, out)
    print_recordings(dataset)
    for line in dataset.extra.get("left_out", ()):
        print(f"left out: {line}")
    print(f"{counted(len(dataset), 'worm')}, {counted(len(dataset.x_names), 'neuron')} in {out}")


def print_recordings(dataset: "Dataset") -> None:
    """Print the neurons of a dataset of recordings and, for each worm, its length and the share of each class."""
    from datasets.calcium.states import class_shares

    classes = dataset.extra.get("classes", [])
    columns = ("worm", "frames", "minutes", "Hz", "neurons named", "frames counting")
    shares = tuple(f"{name} %".replace("_", " ") for name in classes)
    table = Table(*columns, *shares, title=f"{', '.join(dataset.x_names)} ({dataset.x_units})", title_justify="left")
    for trial in dataset:
        fps = dataset.extra["fps"][trial.name]
        cells = [trial.name, len(trial), f"{len(trial) / fps / 60:.1f}", f"{fps:.3g}"]
        cells += [len(dataset.extra["neurons"][trial.name]), int(trial.valid().sum())]
        cells += [f"{100 * share:.1f}" for share in class_shares(dataset, trial)]
        table.add_row(*map(str, cells))
    print_whole(table)


def register(app: typer.Typer) -> None:
    """Mount this topic's commands."""
    app.add_typer(calcium_app, name="calcium")
