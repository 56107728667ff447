"""`wormtwin grimace find`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.grimace.cli import grimace_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.wording import counted


@grimace_app.command("find")
def find(
    folder: Annotated[Path, typer.Argument(help="The folder of the photographs.")],
    scores: Annotated[Path, typer.Option(help="The table of the folder, as `grimace import` reads it.")],
    out: Annotated[Path, typer.Option(help="The same table with the boxes of the faces (.csv).")],
) -> None:
    """Find the face in each photograph of a table, for `grimace import`; no face or two are left out and said."""
    from datasets.grimace.units import NOT_ESTABLISHED
    from surrogates.grimace.finder.boxes import with_boxes

    require(out.suffix == ".csv", f"--out must end in .csv, got {out.name!r}")
    require_writable(out)
    found, left_out = with_boxes(folder, scores, out)
    for line in left_out:
        print(f"Left out: {line}")
    print(f"{counted(found, 'face')} in {out}")
    print(NOT_ESTABLISHED)
