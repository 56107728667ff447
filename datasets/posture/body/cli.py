"""`wormtwin body`: a worm's body moved by activations of its muscles."""

from pathlib import Path
from typing import Annotated, Any

import typer

from datasets.options import OutOption
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.wording import counted

MediumOption = Annotated[str, typer.Option(help="agar, water, or a drag ratio such as 40.")]
VariantOption = Annotated[
    str, typer.Option(help="paper: as published; code: as the authors' program; worm2d: as Beer's.")
]

body_app = typer.Typer(no_args_is_help=True, help="A worm's body in its medium, moved by its muscles.")


@body_app.command("run")
def run(
    activations: Annotated[
        list[Path], typer.Option(help="A table (.csv) of the 95 muscles over time, from 0 to 1; repeat it: worms.")
    ],
    out: OutOption,
    medium: MediumOption = "agar",
    variant: VariantOption = "paper",
    step: Annotated[float, typer.Option(help="Of the solver, ms.")] = 1.0,
    fps: Annotated[float, typer.Option(max=10000, help="Of the recording, Hz.")] = 20.0,
    wcon: Annotated[Path | None, typer.Option(help="Write the midlines to this .wcon file too.")] = None,
) -> None:
    """Move worms under activations, and record their postures as a dataset like any other."""
    from datasets.posture.body.activations import read_activations
    from datasets.posture.body.mechanics import Body, medium_of
    from datasets.posture.body.recorded import run_body
    from datasets.posture.formats.wcon_write import require_wcon_path, write_wcon
    from datasets.posture.recording import recordings_of
    from datasets.store import save_dataset

    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require_writable(out)
    require_wcon_path(wcon)
    chosen, body = medium_of(medium), Body(variant)
    read = [read_activations(path) for path in activations]
    names = [path.stem if len({p.stem for p in activations}) == len(activations) else str(path) for path in activations]
    dataset = run_body(read, names, body, chosen, step=step, fps=fps)
    save_dataset(dataset, out)
    recordings = recordings_of(dataset)
    if wcon is not None:
        write_wcon(recordings, wcon)
    for each in recordings:
        ends: Any = each.centroid
        start, end = ends[0], ends[-1]
        far = float(((end - start) ** 2).sum() ** 0.5)
        print(f"{each.name}: {len(each.angles) / each.fps:g} s in {chosen.name}, {far:.3g} mm from start to end")
    print(f"{counted(len(recordings), 'worm')} in {out}{f', {wcon}' if wcon else ''}")


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.add_typer(body_app, name="body")
