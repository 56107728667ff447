"""`wormtwin derive`: a model from the network's matrices, without data."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from connectome.cli import NetworkOption
from datasets.options import ScenarioOption
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable


def derive(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    scenario: ScenarioOption = "fcm",
    order: Annotated[str, typer.Option(help="States of the model, or 'auto': as few as --max-rmse allows.")] = "auto",
    max_rmse: Annotated[float, typer.Option(help="Error in V that the bound must be below, with 'auto'.")] = 1e-4,
    network: NetworkOption = None,
    sampling: Annotated[float | None, typer.Option(help="Sampling interval in ms; the scenario's by default.")] = None,
) -> None:
    """Derive a state-space model of a scenario from the network alone; writes model.keras, derived.json and a page."""
    from connectome.scenario import load_scenario
    from connectome.wiring import load_connectome
    from surrogates.responses.derived.derivation import derive as derive_model
    from surrogates.responses.derived.page import save_derived

    if out.is_file() or out == Path():
        raise InputError(f"--out must name a folder of its own, got {str(out)!r}")
    require_writable(out)
    require(order == "auto" or order.isdigit(), f"--order must be a whole number or auto, got {order!r}")
    require(max_rmse > 0, f"--max-rmse must be > 0 V, got {max_rmse:g}")
    chosen = load_scenario(scenario)
    chosen = chosen if sampling is None else replace(chosen, dt=sampling)
    connectome = load_connectome(network)
    print(f"Network: {connectome.source}, without chemical synapses")
    model = derive_model(chosen, connectome, None if order == "auto" else int(order), max_rmse)
    report = save_derived(model, chosen, connectome.source, out)
    print(
        f"order {model.order}, {model.numbers} numbers; RMSE on the linear network at most "
        f"{1000 * model.errors.max():.3g} mV (bound {1000 * model.bounds.max():.3g} mV), on sampled stimuli "
        f"{1000 * model.sampled.max():.3g} mV; slowest pole {-1 / model.poles[0].real:.6g} ms"
    )
    print(f"Report: {report}")


def register(app: typer.Typer) -> None:
    """Mount this command."""
    app.command()(derive)
