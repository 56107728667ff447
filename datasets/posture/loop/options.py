"""Options that every command of crawling worms takes, and the worm that they describe."""

from typing import TYPE_CHECKING, Annotated

import typer

from neuron_models.foundation.errors import require

if TYPE_CHECKING:
    from pathlib import Path

    from datasets.posture.loop.settings import CrawlSettings
    from neuron_models.circuit import Circuit

AblateOption = Annotated[str, typer.Option(help="Neurons or groups that are cut off, such as AVB,DB3,VB.")]
BodyOption = Annotated[
    str, typer.Option("--variant", help="Of the body: code, for which the oscillator was made, paper or worm2d.")
]
MuscleOption = Annotated[str, typer.Option(help="first-order or electrical.")]
SteppingOption = Annotated[str, typer.Option("--simulator", help="linear or neuron.")]
ThroughOption = Annotated[
    str,
    typer.Option(help="Who gets that current: command (AVB, AVA), interneurons (PVC, AVD), touch (PLM, ALM)."),
]
FpsOption = Annotated[float, typer.Option(help="Of what is recorded, Hz.")]


def worm_settings(
    seconds: int, direction: str, ablate: str, medium: str, variant: str, muscle: str, simulator: str, fps: float
) -> "CrawlSettings":
    """A crawl as the shared options say.

    Raises:
        InputError: an option names what does not exist, or the crawl cannot be.
    """
    from datasets.options import parse_names
    from datasets.posture.body.mechanics import medium_of
    from datasets.posture.loop.settings import CrawlSettings, named_neurons

    return CrawlSettings(
        seconds=seconds,
        direction=direction,
        ablated=named_neurons(parse_names(ablate)),
        medium=medium_of(medium),
        variant=variant,
        muscle=muscle,
        simulator=simulator,
        fps=fps,
    )


def require_out(out: "Path", suffix: str = ".h5") -> None:
    """Raise an `InputError` unless `out` is the name of a file of this kind that can be written."""
    from neuron_models.foundation.files import require_writable

    right = out.suffix.lower() == suffix and not out.is_dir()
    require(right, f"--out {out}{' is a folder' if out.is_dir() else ''}: give a file name that ends in {suffix}")
    require_writable(out)


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
