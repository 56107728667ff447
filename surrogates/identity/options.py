"""Options that several commands on identities have."""

from pathlib import Path
from typing import Annotated

import typer

VideoArgument = Annotated[Path, typer.Argument(help="The video, or a folder of images.")]
ShadeOption = Annotated[str, typer.Option(help="Animals are auto, dark or bright on the ground.")]
ThresholdOption = Annotated[float | None, typer.Option(help="Difference from the ground in grey values.")]
AreaOption = Annotated[float | None, typer.Option(help="Pixels that the smallest animal has.")]
BatchesOption = Annotated[int, typer.Option(help="Of the training at most.")]
SeedOption = Annotated[int, typer.Option(help="Of the network.")]
