"""`wormtwin validate ablations`: the classical losses of neurons beside what a wiring answers."""

import json
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from connectome.cli import NetworkOption
from datasets.options import ParametersOption
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole


def ablations(
    network: NetworkOption = None,
    parameter_set: ParametersOption = "kunert2014",
    shuffles: Annotated[int, typer.Option(max=100_000, help="Networks with renamed neurons, as a control.")] = 100,
    search: Annotated[
        bool, typer.Option("--search", help="Fit signs and scales to the intact worm's four answers, too.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the renamed networks and of the search.")] = 0,
    table: Annotated[Path | None, typer.Option(help="Write all verdicts to a .json file.")] = None,
) -> None:
    """Judge a wiring on seventeen classical answers to touch, thirteen of them losses; failures are shown as such."""
    from connectome.ablations.judgement import judge, passes_by_chance
    from connectome.ablations.search import search_facts
    from connectome.ablations.steady import steady_network
    from connectome.parameters import load_parameters
    from connectome.wiring import load_table
    from neuron_models.foundation.errors import require_seed

    require(table is None or table.suffix == ".json", f"--table {table} does not end in .json")
    require(shuffles >= 1, f"--shuffles must be >= 1, got {shuffles}")
    require_seed(seed, "--seed")
    parameters = load_parameters(parameter_set)
    require(not search or parameters.model == "graded", f"--search needs a graded set, and {parameters.name} is none")
    wiring = load_table(network)
    built = steady_network(wiring, parameters)
    verdicts = judge(built)
    chance = passes_by_chance(built, number=shuffles, seed=seed)
    passed = sum(verdict.passed for verdict in verdicts)
    _print(verdicts)
    free = sum(verdict.fact.by_construction for verdict in verdicts)
    summary = (
        f"{passed} of {len(verdicts)} passed by {wiring.source} with {parameters.name}; with its neurons renamed "
        f"{chance.mean():.1f} on average ({shuffles} draws), as many in {100 * (chance >= passed).mean():.0f} %"
    )
    print(
        f"{summary}. {free} rows lose every neuron that is stimulated: they pass as soon as the intact answer is right."
    )
    found = search_facts(built, seed=seed) if search else None
    if found is not None:
        print(_searched(found))
    if table is not None:
        rows = [_row(verdict) for verdict in verdicts]
        content = {"wiring": wiring.source, "parameters": parameters.name, "facts": rows, "by_chance": chance.tolist()}
        with atomic_write(table) as temporary:
            temporary.write_text(json.dumps(content, indent=1))
        print(f"All verdicts in {table}")


def _print(verdicts) -> None:
    shown = Table("fact", "verdict", "intact: forward - backward", "after the loss", "expected", "source")
    for each in verdicts:
        left = ", ".join("-" if math.isnan(value) else f"{100 * value:.0f} %" for value in each.left)
        expected = each.fact.expected or ("backward" if each.fact.direction < 0 else "forward")
        shown.add_row(
            each.fact.name,
            "passed" if each.passed else "FAILED",
            f"{each.contrast:+.2f}",
            left,
            expected,
            each.fact.source,
        )
    print_whole(shown)
    print(
        "intact: (B - A) / (|B| + |A|) of the motor neurons' steady answers to a small current; after the loss: in "
        "parts of the intact answer, '-' where that goes the wrong way. lost: at most 25 %, reduced: 75 %, smaller: "
        "90 %, retained: at least 50 %, larger: 110 %"
    )


def _searched(found) -> str:
    from connectome.ablations.search import FITTED, JUDGED

    best = [each.judged for each in found.shuffles]
    return (
        f"Search of signs and scales: {found.real.fitted} of {len(FITTED)} intact answers fitted by "
        f"{found.real.candidates} candidates, which pass {found.real.judged:.1f} of {len(JUDGED)} losses on average; "
        f"the same search on renamed wirings {sum(best) / len(best):.1f} (at most {max(best):.1f}), as many in "
        f"{100 * found.at_least_as_good:.0f} % of {len(best)}"
    )


def _row(verdict) -> dict:
    fact = verdict.fact
    return {
        "fact": fact.name,
        "passed": verdict.passed,
        "contrast": verdict.contrast,
        "left": [None if math.isnan(value) else value for value in verdict.left],
        "expected": fact.expected or ("backward" if fact.direction < 0 else "forward"),
        "source": fact.source,
        "by_construction": fact.by_construction,
    }
