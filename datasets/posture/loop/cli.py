"""`wormtwin posture crawl-responses` and `crawl-ablations`: many crawls, as a dataset and as a table."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from connectome.cli import NetworkOption
from datasets.options import OutOption, ParametersOption, parse_names
from datasets.posture.body.cli import MediumOption
from datasets.posture.cli import posture_app
from datasets.posture.loop.options import (
    AblateOption,
    BodyOption,
    FpsOption,
    MuscleOption,
    SteppingOption,
    ThroughOption,
    network_of,
    require_out,
    worm_settings,
)
from neuron_models.foundation.wording import counted

JobsOption = Annotated[int, typer.Option(help="Processes.")]


@posture_app.command("crawl-responses")
def crawl_responses(
    out: OutOption,
    inputs: Annotated[
        str, typer.Option(help="Neurons or groups that get currents, each its own: AVB,AVA,PLM,...")
    ] = "AVB,AVA,PLM,ALM,ASH",
    trials: Annotated[int, typer.Option(max=100_000, help="How many crawls.")] = 24,
    seconds: Annotated[int, typer.Option(help="Of each, in whole seconds.")] = 20,
    peak: Annotated[float, typer.Option(help="The largest current, nA.")] = 0.05,
    network: NetworkOption = None,
    parameter_set: ParametersOption = "published2012",
    ablate: AblateOption = "",
    medium: MediumOption = "agar",
    variant: BodyOption = "code",
    muscle: MuscleOption = "first-order",
    simulator: SteppingOption = "linear",
    fps: FpsOption = 20.0,
    jobs: JobsOption = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same currents.")] = 0,
) -> None:
    """Let worms crawl under random currents: a dataset of currents and speed and bends, for `wormtwin train`.

    Stopped, it continues from the last crawl that is finished.
    """
    from datasets.posture.loop.settings import NONE
    from datasets.posture.loop.stimulated import StimulatedCrawls, stimulated_crawls
    from neuron_models.foundation.workers import require_workers

    require_out(out)
    require_workers(jobs)
    crawls = StimulatedCrawls(parse_names(inputs), trials, seconds, peak, fps, seed)
    base = worm_settings(seconds, NONE, ablate, medium, variant, muscle, simulator, fps)
    circuit, description = network_of(network, parameter_set)
    dataset = stimulated_crawls(crawls, base, circuit, description, out, jobs)
    print(f"Network: {description}; muscles are moved by: {dataset.extra['crawls']['oscillator']}")
    parts = ", ".join(f"{counted(len(part.trials), 'crawl')} {name}" for name, part in dataset.by_split().items())
    print(f"{parts}, {seconds} s each, in {out}; train a surrogate: wormtwin train --data {out} --model gru --out gru/")


@posture_app.command("crawl-ablations")
def crawl_ablations(
    out: Annotated[Path, typer.Option(help="The table to write (.csv).")],
    seconds: Annotated[int, typer.Option(help="Of each crawl, in whole seconds.")] = 12,
    network: NetworkOption = None,
    parameter_set: ParametersOption = "published2012",
    ablate: Annotated[
        str, typer.Option(help="One more ablation, such as DB3,DB4: all of it at once, beside the published ones.")
    ] = "",
    through: ThroughOption = "command",
    medium: MediumOption = "agar",
    variant: BodyOption = "code",
    muscle: MuscleOption = "first-order",
    simulator: SteppingOption = "linear",
    jobs: JobsOption = 1,
) -> None:
    """Let worms without AVB, AVA, DB, VB, DA, VA or D crawl forward and backward, beside what is published of them.

    Stopped, it continues from the last crawl that is finished.
    """
    from datasets.posture.loop.lesions import Lesion, lesion_table, lesioned, lesions_of, print_lesions
    from datasets.posture.loop.settings import FORWARD
    from neuron_models.foundation.workers import require_workers

    require_out(out, ".csv")
    require_workers(jobs)
    base = worm_settings(seconds, FORWARD, "", medium, variant, muscle, simulator, 20.0)
    base = replace(base, through=through)
    own = (Lesion(parse_names(ablate)),) if parse_names(ablate) else ()
    for each in own:
        lesioned(base, each, FORWARD)
    circuit, description = network_of(network, parameter_set)
    table = lesion_table((*lesions_of(through), *own), base, circuit, description, out, jobs)
    print(f"Network: {description}")
    print_lesions(table)
    print(f"Everything in {out}")
