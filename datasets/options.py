"""Options, arguments and the group of commands that several modules share, and the reading of their values."""

import re
from pathlib import Path
from typing import Annotated

import typer

from connectome.scenario_names import SCENARIO_HELP
from neuron_models.foundation.errors import InputError, require

dataset_app = typer.Typer(no_args_is_help=True, help="Datasets of every topic: look at them, convert and divide them.")
"""`wormtwin dataset`, to which topics add commands."""

ScenarioOption = Annotated[str, typer.Option(help=SCENARIO_HELP)]
ParametersOption = Annotated[
    str, typer.Option("--parameters", help="A parameter set's name or its .toml: `connectome parameters` lists them.")
]
ScaleOption = Annotated[
    float, typer.Option(help="Multiply every injected current; graded cells take picoamperes, not nA.")
]
DataArgument = Annotated[Path, typer.Argument(help="A dataset file (.h5).")]
DataOption = Annotated[Path, typer.Option(help="A dataset file (.h5).")]
TestDataOption = Annotated[
    Path | None, typer.Option(help="Another dataset file (.h5), whose trials are the test part.")
]
ClusterOption = Annotated[
    str | None, typer.Option(help="A Dask scheduler, tcp://host:port: its workers run everything.")
]
SimulatorOption = Annotated[
    str,
    typer.Option(
        help="'coreneuron', the slower 'neuron' with equal voltages, 'linear' (passive cells, exact), or 'euler' "
        "(passive cells, NEURON's steps)."
    ),
]
PortOption = Annotated[int, typer.Option(max=65535, help="The port on this machine; 0 takes a free one.")]
OutOption = Annotated[Path, typer.Option(help="The dataset file to write (.h5).")]


def parse_numbers(text: str) -> list[int]:
    """Read a list such as `1,3-5` into [1, 3, 4, 5].

    Raises:
        InputError: it is no such list, or names a number twice.
    """
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not all(re.fullmatch(r"[0-9]{1,6}", number) for number in ([first, last] if dash else [first])):
            raise InputError(f"a list of numbers looks like 1,3-5, got {text!r}")
        numbers += range(int(first), int(last if dash else first) + 1)
    require(len(numbers) > 0, f"the list {text!r} names no number")
    require(len(set(numbers)) == len(numbers), f"the list {text!r} names a number twice")
    return numbers


def parse_names(text: str) -> tuple[str, ...]:
    """Read a list such as `AVBL,AVBR` into names; what is empty is left out."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise an `InputError` unless an option's value is one that there is."""
    require(value in allowed, f"{option} must be one of {', '.join(allowed)}, got {value!r}")
