"""`wormtwin simulate` and `dataset import-io`: responses to stimuli, simulated or recorded, into a dataset."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connectome.cli import NetworkOption
from datasets.options import (
    ClusterOption,
    DataArgument,
    OutOption,
    ParametersOption,
    ScaleOption,
    ScenarioOption,
    SimulatorOption,
    dataset_app,
    one_of,
    parse_numbers,
)
from datasets.responses.recorded.cli import import_io
from neuron_models.foundation.errors import require
from neuron_models.foundation.wording import counted
from neuron_models.foundation.workers import require_workers

if TYPE_CHECKING:
    from connectome.scenario import Scenario


CHOOSERS: dict[str, Callable[["Scenario", list[Path], int, int], tuple["Scenario", str]]] = {}
"""What chooses stimuli for models, and says how; the commands of models, which lie above, put it here."""
NextOption = Annotated[
    int | None, typer.Option("--next", max=100_000, help="So many stimuli that tell the --model most.")
]
AskedModelsOption = Annotated[
    list[Path] | None, typer.Option(help="With --next: a model.keras, or several of one training as an ensemble.")
]


def simulate(
    out: OutOption,
    scenario: ScenarioOption = "fcm",
    network: NetworkOption = None,
    parameter_set: ParametersOption = "published2012",
    scale: ScaleOption = 1.0,
    sequences: Annotated[str, typer.Option(help="Which sequences, such as 1,3-5; all when empty.")] = "",
    sampling: Annotated[float | None, typer.Option(help="Sampling interval in ms; the scenario's by default.")] = None,
    record: Annotated[str, typer.Option(help="'outputs' of the scenario, or 'all' 302 neurons.")] = "outputs",
    stimuli: Annotated[str, typer.Option(help="'published', or 'random' ones.")] = "published",
    count: Annotated[int | None, typer.Option(max=1_000_000, help="How many random stimuli; 40 by default.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the random stimuli and of --split auto; 0 by default.")
    ] = None,
    split: Annotated[str, typer.Option(help="'published', or 'auto': equally diverse parts (50/25/25 %).")] = "",
    jobs: Annotated[int, typer.Option(help="Processes; each builds the network once.")] = 1,
    cluster: ClusterOption = None,
    time_step: Annotated[
        float | None,
        typer.Option(help="Time step in ms; 0.1 by default, 0.05 of graded cells, the sampling of 'linear'."),
    ] = None,
    compartment: Annotated[float, typer.Option(help="Longest compartment in um; one a cable when very large.")] = 20.0,
    simulator: SimulatorOption = "coreneuron",
    next_: NextOption = None,
    model: AskedModelsOption = None,
) -> None:
    """Simulate a scenario on the connectome into a dataset; a stopped run continues where it was.

    With --next, of many random stimuli those are simulated that a model can learn most from: by leverage, or by the
    spread of several models.
    """
    from connectome.network import default_settings, steps_a_sample
    from connectome.network_parameters import parameters_of, time_step_of
    from connectome.parameters import load_parameters
    from connectome.random_stimuli import random_scenario
    from connectome.scenario import load_scenario
    from connectome.wiring import load_connectome
    from datasets.responses.simulation import simulate_dataset

    split = split or ("auto" if stimuli == "random" else "published")
    _require_options(out, record, stimuli, split, count, seed, next_, model or [], sequences)
    require_workers(jobs, cluster)
    seed = seed or 0
    chosen = load_scenario(scenario)
    chosen = chosen if sampling is None else replace(chosen, dt=sampling)
    if next_ is not None:
        chosen = _told_most(chosen, model or [], next_, seed)
    elif stimuli == "random":
        chosen = random_scenario(chosen, 40 if count is None else count, seed)
    chosen = (chosen.select(parse_numbers(sequences)) if sequences else chosen).scaled(scale)
    parameters = parameters_of(load_parameters(parameter_set), compartment)
    step = time_step_of(parameters, simulator) if time_step is None else time_step
    settings = default_settings(chosen, simulator, step)
    steps_a_sample(chosen, settings)  # what is wrong is reported before the contacts are placed
    connectome = load_connectome(network)
    print(f"Network: {connectome.source}")
    dataset = simulate_dataset(
        chosen,
        connectome,
        out,
        parameters=parameters,
        record=connectome.names if record == "all" else None,
        settings=settings,
        jobs=jobs,
        split_seed=seed if split == "auto" else None,
        cluster=cluster,
    )
    print(f"{counted(len(dataset), 'sequence')} in {out}")


def _require_options(
    out: Path,
    record: str,
    stimuli: str,
    split: str,
    count: int | None,
    seed: int | None,
    next_: int | None,
    models: list[Path],
    sequences: str,
) -> None:
    """Options of `simulate` that do not go together are refused."""
    one_of("--record", record, ("outputs", "all"))
    one_of("--stimuli", stimuli, ("published", "random"))
    one_of("--split", split, ("published", "auto"))
    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require(stimuli == "published" or split == "auto", "random stimuli have no published split: use --split auto")
    require(stimuli == "random" or count is None, "--count goes with --stimuli random")
    require((next_ is None) == (not models), "--next N and --model go together: models say what to learn from")
    require(next_ is None or (stimuli == "published" and not sequences), "--next chooses the stimuli itself")
    drawn = stimuli == "random" or split == "auto" or next_ is not None
    require(drawn or seed is None, "--seed goes with --stimuli random, --next or --split auto")


def _told_most(scenario: "Scenario", models: list[Path], number: int, seed: int) -> "Scenario":
    """The stimuli that models ask for, by what the models' commands put here."""
    require("model" in CHOOSERS, "no model here can say which stimuli it would learn from")
    chosen, how = CHOOSERS["model"](scenario, models, number, seed)
    print(f"{number} {'stimulus' if number == 1 else 'stimuli'} chosen {how}")
    return chosen


def export_nwb(
    data: DataArgument,
    out: Annotated[Path, typer.Option(help="The .nwb file to write.")],
    session_start: Annotated[
        str,
        typer.Option(help="When the session began, such as 2024-05-31T14:30; else when DATA was written."),
    ] = "",
) -> None:
    """Write responses as NWB: series with units, stimuli, and tables of trials, channels and cells."""
    from datasets.responses.nwb_file import save_responses_nwb
    from datasets.responses.nwb_file import session_start as start_of
    from datasets.store import load_dataset
    from neuron_models.foundation.extras import require_extra

    require(out.suffix.lower() == ".nwb", f"--out ends in .nwb, got {out.name!r}")
    require_extra("pynwb", extra="calcium", purpose="writing NWB")
    dataset = load_dataset(data)
    save_responses_nwb(dataset, out, *start_of(session_start, data))
    print(f"{counted(len(dataset), 'sequence')} in {out}")


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    dataset_app.command("export-nwb")(export_nwb)
    app.command()(simulate)
    dataset_app.command("import-io")(import_io)
