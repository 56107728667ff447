"""`wormtwin posture make-sample`, `path` and `features`: worms without a download, where they crawl, what they do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.options import DataArgument, OutOption
from datasets.posture.cli import posture_app
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_figure_path, require_writable
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.posture.recording import PostureRecording

RATIO = 100.0  # as datasets.posture.locomotion.path.DRAG_RATIO; not imported, to keep the command line light


@posture_app.command("make-sample")
def make_sample(
    out: OutOption,
    strains: Annotated[str, typer.Option(help="Such as N2,CB4856; all when empty, a wrong name lists them.")] = "",
    worms: Annotated[int, typer.Option(help="Of each strain.")] = 10,
    minutes: Annotated[float, typer.Option(help="Length of each recording.")] = 15.0,
    fps: Annotated[float, typer.Option(help="Frame rate in Hz.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
    picture: Annotated[Path | None, typer.Option(help="Draw what they do (.png, .svg or .pdf).")] = None,
) -> None:
    """Generate recordings of crawling worms, of strains that differ and individuals that overlap."""
    from datasets.plots import save_figure
    from datasets.posture.feature_plots import plot_features
    from datasets.posture.generator import sample
    from datasets.posture.generator.strains import parse_strains
    from datasets.posture.recording import recordings_of
    from datasets.store import save_dataset
    from neuron_models.foundation.progress import progress_bar

    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require_writable(out)
    require_figure_path(picture)
    settings = sample.SampleSettings(
        strains=parse_strains(strains), worms=worms, duration=60 * minutes, fps=fps, seed=seed
    )
    with progress_bar(len(settings.strains) * worms, "worm") as bar:
        dataset = sample.make_sample(settings, bar.update)
    save_dataset(dataset, out)
    if picture is not None:
        save_figure(plot_features(recordings_of(dataset)), picture)
    print(f"{counted(len(dataset), 'worm')} of {counted(len(settings.strains), 'strain')} in {out}")


@posture_app.command("path")
def path(
    data: DataArgument,
    out: Annotated[Path, typer.Option(help="A folder, for path.h5 and path.png; or the dataset's name (.h5).")],
    ratio: Annotated[float | None, typer.Option(help=f"Drag across the body over drag along it; {RATIO:g}.")] = None,
    agar: Annotated[float | None, typer.Option(help="The nonlinear drag of agar of so many percent.")] = None,
    fit: Annotated[bool, typer.Option("--fit", help="Fit each worm's ratio to its recorded places.")] = False,
) -> None:
    """Find where worms crawl to from what their bodies do, by resistive force theory; draw it beside what is known."""
    from datasets.plots import save_figure
    from datasets.posture.locomotion.path_table import chosen_law, path_table, print_paths
    from datasets.posture.path_plots import plot_paths
    from datasets.posture.recording import angles_dataset
    from datasets.store import save_dataset
    from neuron_models.foundation.progress import progress_bar

    require((ratio is not None) + (agar is not None) + fit <= 1, "--ratio, --agar and --fit exclude each other")
    stored = out if out.suffix == ".h5" else out / "path.h5"
    require_writable(stored)
    recordings = _recordings(data)
    law = chosen_law(RATIO if ratio is None else ratio, agar, fit)
    rows = []
    with progress_bar(len(recordings), "worm") as bar:
        for recording in recordings:
            rows.append(law(recording))
            bar.update()
    crawled = [each.recording for each in rows]
    save_dataset(angles_dataset(crawled, f"path of {data.stem}"), stored)
    save_figure(plot_paths(recordings, crawled), stored.with_suffix(".png"))
    print_paths(path_table(rows))
    print(f"Paths in {stored}, drawn in {stored.with_suffix('.png')}")


@posture_app.command("features")
def features(
    data: DataArgument,
    out: Annotated[Path, typer.Option(help="The folder for frames.csv, worms.csv and features.png.")],
) -> None:
    """Measure speed, bends, curvature, bouts and omega turns, by frame and by worm."""
    from datasets.plots import save_figure
    from datasets.posture.feature_plots import plot_features
    from datasets.posture.feature_tables import frame_table, worm_table
    from datasets.posture.features import measure
    from neuron_models.foundation.files import atomic_write
    from neuron_models.foundation.progress import progress_bar

    require(not out.is_file(), f"--out {out} is a file: name a folder")
    require_writable(out / "frames.csv")
    recordings = _recordings(data)
    measured = []
    with atomic_write(out / "frames.csv") as temporary, progress_bar(len(recordings), "worm") as bar:
        for recording in recordings:
            measured.append(measure(recording))
            table = frame_table(recording, measured[-1])
            write_csv(table, temporary, mode="a", header=len(measured) == 1, index=False, float_format="%.5g")
            bar.update()
    with atomic_write(out / "worms.csv") as temporary:
        write_csv(worm_table(recordings, measured), temporary, index=False, float_format="%.5g")
    save_figure(plot_features(recordings, measured), out / "features.png")
    if any(each.from_shape for each in measured):
        print(f"Places by resistive force theory from the shapes alone, drag ratio {RATIO:g}")
    print(f"{counted(len(recordings), 'worm')}: frames.csv, worms.csv and features.png in {out}")


def _recordings(data: Path) -> "tuple[PostureRecording, ...]":
    from datasets.posture.recording import recordings_of
    from datasets.store import load_dataset

    return recordings_of(load_dataset(data))
