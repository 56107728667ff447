"""`wormtwin export`: a surrogate outside Keras."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    model: Annotated[Path, typer.Option(help="A model.keras that `wormtwin train` wrote.")],
    to: Annotated[str, typer.Option(help="onnx; nmodl, a NEURON mechanism; or numpy.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    name: Annotated[str | None, typer.Option(help="The mechanism's (nmodl); like SurrogateGRU8 by default.")] = None,
) -> None:
    """Write a trained model as ONNX, as a NEURON mechanism, or as plain numpy."""
    from surrogates.export.exporting import export_model

    first, *others = export_model(model, to, out, name)
    print(f"{first} (beside it: {', '.join(path.name for path in others)})" if others else str(first))


def register(app: typer.Typer) -> None:
    """Mount this command."""
    app.command()(export)
