"""`wormtwin worm`: the 302 cells in three dimensions, and a recorded run over time."""

from pathlib import Path
from typing import Annotated

import typer

from neuron_models.foundation.errors import require


def worm(
    out: Annotated[Path, typer.Option(help="The page to write (.html).")],
    data: Annotated[Path | None, typer.Option(help="A dataset file (.h5) of voltages; by class only without.")] = None,
    trial: Annotated[int | None, typer.Option(help="Which of its trials, from 1; the first by default.")] = None,
) -> None:
    """Draw the worm's neurons in three dimensions, to be turned in a browser, with the voltages of a run."""
    from surrogates.pages.worm.worm import require_page, write_worm
    from surrogates.pages.worm.worm_run import worm_run

    require(data is not None or trial is None, "--trial chooses a trial of --data: give --data too")
    require_page(out)
    run = None
    if data is not None:
        from datasets.store import load_dataset

        run = worm_run(load_dataset(data), 1 if trial is None else trial)
    write_worm(out, run)
    print(f"302 neurons{f', {run.name}' if run else ''} in {out}: open it in a browser")


def register(app: typer.Typer) -> None:
    """Mount this command."""
    app.command()(worm)
