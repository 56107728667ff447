"""`wormtwin physics`: what physics asks of surrogates, measured for several models in one report."""

from pathlib import Path
from typing import Annotated, Any

import typer

from connectome.cli import NetworkOption
from datasets.options import DataOption, parse_numbers
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.workers import require_workers


def physics(
    model: Annotated[list[Path], typer.Option(help="A model.keras; give the option again for each further model.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    trials: Annotated[
        str, typer.Option(help="Numbers of training trials to train the models anew on, such as 1,2,5; or none.")
    ] = "1,2,3,5,10,20",
    draws: Annotated[int, typer.Option(max=1000, help="How often so many trials are drawn.")] = 1,
    derived: Annotated[int, typer.Option(help="Order of the derived model beside them; 0 for none.")] = 24,
    amplitudes: Annotated[str, typer.Option(help="Factors of the test stimuli; or none.")] = "0.25,0.5,1,2,4",
    network: NetworkOption = None,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
) -> None:
    """Ask models what is exact about a passive network: rest, superposition, sign, time constants, long stimuli.

    Where the data were simulated, the error at other amplitudes and the model derived from the network stand beside.
    """
    from datasets.store import load_dataset
    from surrogates.responses.physics.page import save_report
    from surrogates.responses.physics.report import print_answers
    from surrogates.responses.physics.survey import survey

    if out.is_file() or out == Path():
        raise InputError(f"--out must name a folder of its own, got {str(out)!r}")
    require_writable(out)
    require_workers(jobs)
    require(draws >= 1, f"--draws must be >= 1, got {draws}")
    require(derived >= 0, f"--derived must be an order, or 0 for none, got {derived}")
    numbers = [] if trials == "none" else parse_numbers(trials)
    require(all(number >= 1 for number in numbers), f"--trials counts training trials from 1, got {trials!r}")
    dataset = load_dataset(data)
    settings: dict[str, Any] = {"trials": numbers, "draws": draws, "order": derived, "amplitudes": _factors(amplitudes)}
    found, probes, notes = survey(model, dataset, out, network=network, jobs=jobs, **settings)
    for note in notes:
        print(note)
    print_answers(found, dataset.y_units)
    about = {
        "data": data.name,
        "test": f"{len(probes.stimuli)} stimuli",
        **{f"left out {n}": t for n, t in enumerate(notes, 1)},
    }
    print(f"Report: {save_report(found, probes, about, dataset.y_units, out)}")


def _factors(text: str) -> list[float]:
    """The factors that a list such as `0.5,1,2` names."""
    try:
        found = [] if text == "none" else [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"--amplitudes are numbers such as 0.5,1,2, or none, got {text!r}") from None
    require(all(0 < each < 1e6 for each in found), f"--amplitudes must be > 0, got {text!r}")
    require(len(set(found)) == len(found), f"--amplitudes names a number twice: {text!r}")
    return found


def register(app: typer.Typer) -> None:
    """Mount this command."""
    app.command()(physics)
