"""`wormtwin scenario list | show | new`: the scenarios there are, and files for those of one's own."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from connectome.scenario_names import SCENARIO_HELP, SCENARIO_NAMES
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole

scenario_app = typer.Typer(
    no_args_is_help=True, help="Scenarios: what is stimulated and recorded; intact or with neurons ablated."
)
_LONGEST = 60
"""Characters of a stimulus that are shown."""


@scenario_app.command("list")
def list_scenarios() -> None:
    """Print the scenarios there are."""
    table = Table("scenario", "what it is")
    for name, about in SCENARIO_NAMES.items():
        table.add_row(name, about)
    print_whole(table)
    print("Or the path of a .toml file of your own: `wormtwin scenario new --out my.toml` writes one to change")


@scenario_app.command()
def show(name: Annotated[str, typer.Argument(help=SCENARIO_HELP)]) -> None:
    """Print what a scenario stimulates and records, and every sequence of it; a file is checked by it."""
    from connectome.places import units_of
    from connectome.scenario import load_scenario

    scenario = load_scenario(name)
    splits = Counter(scenario.split)
    print(f"{scenario.name}: {len(scenario.sequences)} sequences of {scenario.duration:g} ms, every {scenario.dt:g} ms")
    print(f"Split: {', '.join(f'{number} {split}' for split, number in splits.items())}")
    held = scenario.holding or (0.0,) * len(scenario.inputs)
    table = Table("input", "what drives it", "held at")
    for cell, value in zip(scenario.inputs, held, strict=True):
        clamped = cell in scenario.voltage_clamped
        table.add_row(cell, "voltage clamp" if clamped else "current", f"{value:g} {'mV' if clamped else 'nA'}")
    print_whole(table)
    outputs = zip(scenario.outputs, units_of(scenario.outputs), strict=True)
    print(f"Recorded: {', '.join(f'{output} ({unit})' for output, unit in outputs)}")
    if scenario.ablated:
        print(f"Ablated: {', '.join(scenario.ablated)}")
    if scenario.settle:
        print(f"Held for {scenario.settle:g} ms before the first sample")
    stimuli = Table("sequence", "split", *scenario.inputs)
    for sequence, split, row in zip(scenario.sequences, scenario.split, scenario.stimuli, strict=True):
        stimuli.add_row(sequence, split, *(_shortened(str(waveform)) for waveform in row))
    print_whole(stimuli)


@scenario_app.command()
def new(
    out: Annotated[Path, typer.Option(help="The .toml file to write.")],
    like: Annotated[str, typer.Option(help=f"Which scenario to begin with. {SCENARIO_HELP}")] = "fcm",
    sequences: Annotated[str, typer.Option(help="Which of its sequences, such as 1,3-5; 1,15,11 when empty.")] = "",
) -> None:
    """Write a scenario as a .toml file of your own, with a word on every setting, to change and to run."""
    from connectome.scenario import load_scenario
    from connectome.scenario_text import scenario_text
    from datasets.options import parse_numbers

    require(out.suffix.lower() == ".toml", f"a scenario's file ends in .toml, got {out.name!r}")
    if out.exists():
        raise InputError(f"{out} exists: delete it or choose another --out")
    scenario = load_scenario(like)
    chosen = parse_numbers(sequences) if sequences else _one_of_each(scenario.split)
    with atomic_write(out) as temporary:
        temporary.write_text(scenario_text(scenario.select(chosen), f"begun from {scenario.name}"))
    print(f"{out}: change it, look at it with `wormtwin scenario show {out}`, run it with --scenario {out}")


def _one_of_each(splits: tuple[str, ...]) -> list[int]:
    """The numbers of the first sequence of each split, counted from 1."""
    return [1 + splits.index(split) for split in dict.fromkeys(splits)]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
