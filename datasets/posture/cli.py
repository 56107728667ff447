"""`wormtwin posture`: recordings in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from datasets.options import OutOption
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.posture.formats.raw import Faults
    from datasets.posture.recordings import Imported

posture_app = typer.Typer(no_args_is_help=True, help="Worm postures: recordings, eigenworms, paths, features, models.")


@posture_app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(help="Tierpsy or WormPose HDF5, WCON, .npy, .npz, UCR .tsv, amplitudes in HDF5.")
    ],
    out: OutOption,
    fps: Annotated[
        float | None, typer.Option(max=10000, help="Frame rate in Hz as recorded, where a file lacks it.")
    ] = None,
    unit: Annotated[
        str, typer.Option(help="Unit of plain midlines, or a pixel's size: mm, um, 5.2*um; unknown when empty.")
    ] = "",
    strain: Annotated[str, typer.Option(help="Where a file does not say; 'folder' takes the name of its folder.")] = "",
    points: Annotated[int, typer.Option(max=1001, help="Points of a midline, at equal arclength.")] = 49,
    to_fps: Annotated[
        float, typer.Option(max=10000, help="Higher frame rates are filtered down to this one, Hz.")
    ] = 10.0,
    shortest: Annotated[
        float, typer.Option(max=1_000_000, help="Leave recordings out that have no stretch of so many s.")
    ] = 5.0,
) -> None:
    """Read recordings of midlines, or of eigenworm amplitudes, into a dataset file, a trial a worm."""
    from datasets.posture.formats.measures import in_millimetres
    from datasets.posture.formats.raw import Reading
    from datasets.posture.recordings import load_recordings
    from datasets.store import save_dataset

    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require_writable(out)
    reading = Reading(fps=fps, unit=in_millimetres(unit, "--unit") if unit else None, strain=strain)
    imported = load_recordings(files, reading, segments=points - 1, fps=to_fps, shortest=shortest)
    save_dataset(imported.dataset, out)
    print_imported(imported)
    dataset = imported.dataset
    print(f"{counted(len(dataset), 'recording')} of {dataset.extra['posture']} at {1000 / dataset.dt:.4g} Hz in {out}")


def print_imported(imported: "Imported", most: int = 30) -> None:
    """Print each recording's length and gaps, and what was mended."""
    dataset = imported.dataset
    found = ("repeated points", "head-tail swaps") if imported.faults else ()
    table = Table("recording", "strain", "frames", "minutes", "gaps %", *found)
    for trial in dataset.trials[:most]:
        faults = imported.faults.get(trial.name)
        minutes = len(trial) * dataset.dt / 60_000
        cells = [trial.name, dataset.extra["strain"][trial.name], len(trial), f"{minutes:.1f}"]
        cells.append(f"{100 * (1 - trial.valid().mean()):.1f}")
        cells += [] if faults is None else [f"{faults.repeated} frames", _text(faults)]
        table.add_row(*map(str, cells))
    print_whole(table)
    if len(dataset) > most:
        print(f"and {len(dataset) - most} more")
    for line in imported.unread:
        print(f"left out: {line}")
    if imported.left_out:
        few = f"{', '.join(imported.left_out[:5])}{', ...' if len(imported.left_out) > 5 else ''}"
        print(f"{counted(len(imported.left_out), 'recording')} left out, no stretch is long enough: {few}")


def _text(faults: "Faults") -> str:
    """The swaps of a recording in words: how many frames, and which, counted as the file counts them from 0."""
    swapped = faults.swaps.swapped
    if len(swapped) == 0:
        return "none"
    ranges = [f"{a}-{b - 1}" if b - a > 1 else f"{a}" for a, b in swapped[:4]] + ["..."] * (len(swapped) > 4)
    return f"{faults.swaps.count} of {faults.frames} frames mended: {', '.join(ranges)}"


def register(app: typer.Typer) -> None:
    """Mount this topic's commands."""
    import datasets.posture.body.cli
    import datasets.posture.data_cli
    import datasets.posture.eigenworms_cli
    import datasets.posture.loop.cli

    app.add_typer(posture_app, name="posture")
    datasets.posture.body.cli.register(app)
