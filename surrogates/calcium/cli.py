"""`wormtwin calcium benchmark`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.calcium.cli import calcium_app
from neuron_models.files import require_place


@calcium_app.command("benchmark")
def benchmark(
    data: Annotated[Path, typer.Argument(help="Recordings (.h5) with all their states.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    rules: Annotated[str, typer.Option(help="State rules, with spaces between.")] = "two four seven",
    models: Annotated[
        str, typer.Option(help="Such as logistic,mlp,gnn; all when empty, a wrong name lists them.")
    ] = "",
) -> None:
    """Tell behaviour states apart with every model, on all combinations of training worms, beside published figures."""
    from datasets.store import dataset_checksum, load_dataset
    from surrogates.calcium.benchmark import run_benchmark
    from surrogates.calcium.tables import print_tables, save_tables
    from surrogates.report.calcium_states import write_states_report

    require_place(out / "report.html")
    wanted = [name.strip() for name in models.split(",") if name.strip()]
    done = run_benchmark(load_dataset(data), dataset_checksum(data), out, rules=rules.split(), models=wanted, jobs=jobs)
    table = save_tables(done, out)
    print_tables(table)
    print(f"Tables in {out}, all runs in {out / 'runs'}")
    print(f"Report: {write_states_report(done, table, out)}")
