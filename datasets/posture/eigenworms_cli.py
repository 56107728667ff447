"""`wormtwin posture eigenworms`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from datasets.options import DataArgument, OutOption, one_of
from datasets.posture.cli import posture_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_figure_path, require_writable
from neuron_models.foundation.printing import print_whole

if TYPE_CHECKING:
    from datasets.posture.eigenworms import Eigenworms, Reconstruction


@posture_app.command("eigenworms")
def eigenworms(
    data: DataArgument,
    out: OutOption,
    count: Annotated[int | None, typer.Option(help="How many; 6 by default.")] = None,
    method: Annotated[str, typer.Option(help="ica or pca; ica by default.")] = "",
    segments: Annotated[int | None, typer.Option(max=10_000, help="Angles of a posture; 16 by default.")] = None,
    use: Annotated[Path | None, typer.Option(help="Take the eigenworms of this dataset of amplitudes instead.")] = None,
    plot: Annotated[Path | None, typer.Option(help="The picture; beside --out, as .png, by default.")] = None,
) -> None:
    """Fit eigenworms on the postures of all recordings, or take known ones, and write their amplitudes."""
    from datasets.plots import save_figure
    from datasets.posture.eigenworm_fit import fit_eigenworms
    from datasets.posture.eigenworms import (
        COUNT,
        METHODS,
        SEGMENTS,
        amplitudes_of,
        eigenworms_of,
        pooled_angles,
        reconstruction,
    )
    from datasets.posture.plots import plot_eigenworms
    from datasets.store import load_dataset, save_dataset

    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require_writable(out)
    plot = plot or out.with_suffix(".png")
    require_figure_path(plot)
    one_of("--method", method or METHODS[0], METHODS)
    given = use is None or (count is None and segments is None and not method)
    require(given, "--use takes eigenworms as they are: leave out --count, --method and --segments")
    dataset = load_dataset(data)
    if use is None:
        angles = pooled_angles(dataset, SEGMENTS if segments is None else segments)
        fitted = fit_eigenworms(angles, COUNT if count is None else count, method or METHODS[0], dataset.name)
    else:
        fitted = eigenworms_of(load_dataset(use))
        angles = pooled_angles(dataset, fitted.shapes.shape[1])
    quality = reconstruction(angles, fitted)
    save_dataset(amplitudes_of(dataset, fitted), out)
    save_figure(plot_eigenworms(fitted, quality), plot)
    _print(fitted, quality)
    print(f"Amplitudes in {out}, picture in {plot}")


def _print(fitted: "Eigenworms", quality: "Reconstruction") -> None:
    table = Table(
        "eigenworm", "variance explained", "together", title=f"By {fitted.method.upper()}, on {fitted.source}"
    )
    together = fitted.variance_explained.cumsum()
    for number, (share, total) in enumerate(zip(fitted.variance_explained, together, strict=True), start=1):
        table.add_row(f"a{number}", f"{100 * share:.2f} %", f"{100 * total:.2f} %")
    print_whole(table)
    print(
        f"Of these recordings: {100 * quality.variance_explained:.2f} % of the variance explained, "
        f"reconstruction error {quality.error:.4f} rad (root mean square)"
    )
