"""`wormtwin scenario` and `wormtwin screen`: neurons ablated in the simulator."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from connectome.cli import NetworkOption
from connectome.scenario_names import SCENARIO_HELP
from datasets.options import ClusterOption, ScenarioOption, SimulatorOption, one_of, parse_names, parse_numbers
from datasets.responses.scenario_cli import scenario_app
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.wording import counted
from neuron_models.foundation.workers import require_workers

if TYPE_CHECKING:
    import pandas as pd

    from connectome.scenario import Scenario

FolderOption = Annotated[Path, typer.Option(help="The folder to write.")]
JobsOption = Annotated[int, typer.Option(help="Processes; each builds the network once.")]
_SHOWN = 15


@scenario_app.command("run")
def run_scenario(
    name: Annotated[str, typer.Argument(help=SCENARIO_HELP)],
    out: FolderOption,
    ablate: Annotated[str, typer.Option(help="Neurons to ablate, such as AVBL,AVBR.")] = "",
    sequences: Annotated[str, typer.Option(help="Which sequences, such as 1,3-5; all when empty.")] = "",
    network: NetworkOption = None,
    jobs: JobsOption = 1,
    cluster: ClusterOption = None,
    simulator: SimulatorOption = "coreneuron",
) -> None:
    """Simulate a scenario with all 302 neurons recorded, and beside it without some neurons."""
    from connectome.network import default_settings
    from connectome.scenario import load_scenario
    from connectome.wiring import load_connectome
    from datasets.responses.activity import compare_activity
    from datasets.responses.simulation import require_free, simulate_dataset, simulation_job
    from surrogates.responses.ablation.page import write_scenario_report

    _require_folder(out)
    require_workers(jobs, cluster)
    scenario = load_scenario(name)
    scenario = scenario.select(parse_numbers(sequences)) if sequences else scenario
    lost = parse_names(ablate)
    require(bool(lost) or not ablate, f"--ablate {ablate!r} names no neuron")
    worms = {"intact": scenario} | ({f"without-{'-'.join(lost)}": scenario.ablate(lost)} if lost else {})
    connectome = load_connectome(network)
    print(f"Network: {connectome.source}")
    settings = default_settings(scenario, simulator)
    options = {"record": connectome.names, "settings": settings, "jobs": jobs, "cluster": cluster}
    files = {out / f"{which}.h5": worm for which, worm in worms.items()}
    for path, worm in files.items():  # what stands in the way is reported before the first is simulated
        require_free(path, simulation_job(worm, connectome, record=connectome.names, settings=settings))
    intact, *rest = (simulate_dataset(worm, connectome, path, **options) for path, worm in files.items())  # type: ignore[arg-type]
    ablated = rest[0] if rest else None
    table = compare_activity(intact, ablated)
    _print_activity(table, lost)
    print(f"Report: {write_scenario_report(table, intact, ablated, lost, out)}")


def _print_activity(table: "pd.DataFrame", lost: Sequence[str]) -> None:
    from neuron_models.foundation.numerals import significant

    columns = ["neuron", "class", "intact (mV)", *(("ablated (mV)", "lost (%)") if lost else ())]
    shown = Table(*columns, title="The most active neurons: RMS deviation from rest")
    for row in table.head(_SHOWN).itertuples():
        more = (significant(1000 * row.ablated), f"{100 * row.lost:.1f}") if lost else ()
        shown.add_row(row.neuron, row.role, significant(1000 * row.activity), *more)
    print_whole(shown)


def screen(
    out: FolderOption,
    scenario: ScenarioOption = "fcm",
    sequences: Annotated[str, typer.Option(help="Which stimuli, such as 3,15; the first test one when empty.")] = "",
    neurons: Annotated[str, typer.Option(help="'all' in turn, 'none', or some, such as AVBL,AVBR.")] = "all",
    together: Annotated[str, typer.Option(help="Lost together too, such as AVBL+AVBR,PLML+PLMR.")] = "",
    record: Annotated[str, typer.Option(help="'outputs' of the scenario, or 'all' 302 neurons.")] = "outputs",
    network: NetworkOption = None,
    jobs: JobsOption = 1,
    cluster: ClusterOption = None,
    simulator: SimulatorOption = "coreneuron",
) -> None:
    """Ablate every neuron in turn and measure what changes; a stopped screen continues where it was."""
    from connectome.contact import require_known
    from connectome.network import default_settings
    from connectome.scenario import load_scenario
    from connectome.wiring import load_connectome
    from datasets.responses.screen import screen_ablations
    from surrogates.responses.ablation.page import write_screen_report

    one_of("--record", record, ("outputs", "all"))
    _require_folder(out)
    require_workers(jobs, cluster)
    chosen = load_scenario(scenario)
    chosen = chosen.select(parse_numbers(sequences) if sequences else [_first_test(chosen)])
    connectome = load_connectome(network)
    alone = {"all": connectome.names, "none": ()}.get(neurons, parse_names(neurons))
    ablations = [*((name,) for name in alone), *map(_joined, parse_names(together))]
    require_known((name for ablation in ablations for name in ablation), connectome.names)
    print(f"Network: {connectome.source}; stimulus {', '.join(chosen.sequences)}")
    screen_result = screen_ablations(
        chosen,
        connectome,
        out / "screen.h5",
        ablations=ablations,
        record=connectome.names if record == "all" else None,
        settings=default_settings(chosen, simulator),
        jobs=jobs,
        cluster=cluster,
    )
    ranked = screen_result.ranked().head(_SHOWN)
    outputs = chosen.outputs[:8]
    table = Table("ablated", "mean", *outputs, title="Effect on the recorded neurons, in % of their intact activity")
    for row in ranked.to_dict("records"):
        table.add_row(row["ablation"], *(f"{100 * row[name]:.1f}" for name in ("mean", *outputs)))
    print_whole(table)
    print(f"{counted(len(screen_result.ablations), 'ablation')}; report: {write_screen_report(screen_result, out)}")


def _joined(text: str) -> tuple[str, ...]:
    """The neurons of a group such as AVBL+AVBR."""
    names = tuple(name.strip() for name in text.split("+"))
    require(all(names), f"--together looks like AVBL+AVBR,PLML+PLMR, got {text!r}")
    return names


def _first_test(scenario: "Scenario") -> int:
    """The number of the first test sequence, counted from 1."""
    return 1 + scenario.split.index("test") if "test" in scenario.split else 1


def _require_folder(out: Path) -> None:
    if out.is_file() or out == Path():
        raise InputError(f"--out must name a folder of its own, got {str(out)!r}")
    require_writable(out)


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    app.add_typer(scenario_app, name="scenario")
    app.command()(screen)
