"""`wormtwin posture demo`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.posture.cli import posture_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable


@posture_app.command("demo")
def demo(
    out: Annotated[Path, typer.Option(help="The folder to write; report.html is the place to begin.")],
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
) -> None:
    """Run the whole chain at a small size, in a few minutes: worms, eigenworms, network, free runs, cells, strains."""
    from surrogates.posture.demo import DemoSize, run_demo
    from surrogates.posture.demo_page import write_demo

    require(not out.is_file(), f"--out {out} is a file: name a folder")
    require_writable(out / "report.html")
    outcome = run_demo(out, DemoSize(seed=seed))
    report = write_demo(outcome, out)
    print(f"{sum(outcome.seconds.values()):.0f} s; report: {report}")
