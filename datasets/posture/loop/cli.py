"""`wormtwin posture crawl-responses`: the whole loop, from currents to how the worm moves, as a dataset."""

from typing import TYPE_CHECKING, Annotated

import typer

from connectome.cli import NetworkOption
from datasets.options import OutOption
from datasets.posture.cli import posture_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from neuron_models.circuit import Circuit


def network_of(network: str | None, parameter_set: str) -> "tuple[Circuit, str]":
    """The circuit of a wiring with a parameter set, by their names, and what it is in words."""
    from connectome.network import build_network
    from connectome.network_parameters import parameters_of
    from connectome.parameters import load_parameters
    from connectome.wiring import load_connectome

    parameters = parameters_of(load_parameters(parameter_set), 20.0)
    connectome = load_connectome(network)
    label = parameters.label if parameters else ""
    return build_network(connectome, parameters), "; ".join(filter(None, (connectome.source, label)))


@posture_app.command("crawl-responses")
def crawl_responses(
    out: OutOption,
    inputs: Annotated[
        str, typer.Option(help="Neurons or groups that get currents, each its own: AVB,AVA,PLM,...")
    ] = "AVB,AVA,PLM,ALM,ASH",
    trials: Annotated[int, typer.Option(max=100_000, help="How many crawls.")] = 24,
    seconds: Annotated[int, typer.Option(help="Of each, in whole seconds.")] = 20,
    peak: Annotated[float, typer.Option(help="The largest current, nA.")] = 0.05,
    fps: Annotated[float, typer.Option(help="At which currents and features are sampled, Hz.")] = 20.0,
    network: NetworkOption = None,
    parameter_set: Annotated[
        str, typer.Option("--parameters", help="A parameter set's name or the path of a .toml file.")
    ] = "published2012",
    ablate: Annotated[str, typer.Option(help="Neurons or groups that are cut off, such as AVB,DB3,VB.")] = "",
    medium: Annotated[str, typer.Option(help="agar, water, or a drag ratio such as 40.")] = "agar",
    simulator: Annotated[str, typer.Option(help="linear or neuron.")] = "linear",
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same currents.")] = 0,
) -> None:
    """Let worms crawl under random currents: a dataset of currents and speed and bends, for `wormtwin train`.

    Stopped, it goes on from the last crawl that is finished.
    """
    from datasets.posture.body.mechanics import medium_of
    from datasets.posture.loop.settings import NONE, CrawlSettings, named_neurons
    from datasets.posture.loop.stimulated import StimulatedCrawls, stimulated_crawls
    from neuron_models.foundation.workers import require_workers

    require(out.suffix.lower() == ".h5", f"--out {out}: give a file name that ends in .h5")
    require_writable(out)
    require_workers(jobs)
    groups = tuple(name.strip() for name in inputs.split(",") if name.strip())
    asked = StimulatedCrawls(groups, trials, seconds, peak, fps, seed)
    ablated = named_neurons([name for name in ablate.split(",") if name])
    base = CrawlSettings(seconds, NONE, ablated=ablated, medium=medium_of(medium), simulator=simulator, fps=fps)
    circuit, told = network_of(network, parameter_set)
    dataset = stimulated_crawls(asked, base, circuit, told, out, jobs)
    print(f"Network: {told}; muscles are moved by: {dataset.extra['crawls']['oscillator']}")
    parts = ", ".join(f"{counted(len(part.trials), 'crawl')} {name}" for name, part in dataset.by_split().items())
    print(f"{parts}, {seconds} s each, in {out}; train a surrogate: wormtwin train --data {out} --model gru --out gru/")
