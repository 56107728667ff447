"""`wormtwin posture cells`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.options import DataOption
from datasets.posture.cli import posture_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable


@posture_app.command("cells")
def cells(
    model: Annotated[Path, typer.Option(help="A model.keras with LSTM layers.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The folder for report.html, cells.html and cells.csv.")],
    midlines: Annotated[
        Path | None, typer.Option(help="The midlines (.h5) that --data describes; rebuilt from it by default.")
    ] = None,
    rounds: Annotated[int, typer.Option(max=1_000_000, help="Of random shifts, for the test.")] = 999,
    smoothing: Annotated[int, typer.Option(max=1_000_000, help="Frames of the moving means.")] = 200,
    trial: Annotated[int, typer.Option(help="The recording that the page plays, from 1.")] = 1,
    seconds: Annotated[float, typer.Option(max=3600, help="Of it, where it is most lively.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of the shifts.")] = 0,
) -> None:
    """Find what every LSTM cell follows: speed, bends, reversals; a report, and a page that plays worm and cells."""
    from datasets.store import load_dataset
    from surrogates.posture.cells.cell_states import load_reader, read_cell_states
    from surrogates.posture.cells.correlations import relate_cells
    from surrogates.posture.cells.feature_traces import tracks_of
    from surrogates.posture.cells.figures_data import collect_cell_traces
    from surrogates.posture.cells.page import write_cells_report
    from surrogates.posture.cells.player import write_cells_page

    require(not out.is_file(), f"--out {out} is a file: name a folder")
    require_writable(out / "report.html")
    dataset = load_dataset(data)
    require(1 <= trial <= len(dataset), f"--trial must be from 1 to {len(dataset)}, got {trial}")
    reader = load_reader(model, dataset)
    indices = reader.indices
    tracks = tracks_of(dataset, None if midlines is None else load_dataset(midlines))
    read = read_cell_states(reader, dataset)
    table = relate_cells(read, tracks, indices, rounds=rounds, smoothing=smoothing, seed=seed)
    reading, scene = collect_cell_traces(reader, dataset, tracks, table, trial=trial - 1, seconds=seconds)
    write_cells_page(out / "cells.html", scene)
    report = write_cells_report(table, reading, reader.name, data.name, out)
    for feature, relations in table.raw.items():
        best = table.best(feature)
        text = f"r = {relations.correlation[best]:+.2f}, p = {relations.p_all[best]:.3f}"
        print(f"{feature}: cell {indices.names[best]}, {text}")
    print(f"{len(table.reversal_cells())} of {len(indices.names)} cells go with reversals")
    print(f"Report: {report}; worm and cells together: {out / 'cells.html'}; all figures: {out / 'cells.csv'}")
