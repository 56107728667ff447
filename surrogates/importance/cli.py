"""`wormtwin importance`: which inputs matter for which outputs, by every method and by the simulator."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from connectome.cli import NetworkOption
from datasets.options import DataOption
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.workers import require_workers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from surrogates.importance.problem import AttributionProblem
    from surrogates.importance.retraining import Retraining
    from surrogates.importance.table import Importance
    from surrogates.importance.trust import Agreement

_ALL = "all"


def importance(
    model: Annotated[Path, typer.Option(help="A model.keras that `wormtwin train` wrote.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    method: Annotated[
        str,
        typer.Option(
            help="all, or some of occlusion, permutation, saliency, integrated-gradients, shapley, retraining."
        ),
    ] = _ALL,
    groups: Annotated[str, typer.Option(help="Inputs taken together, such as AVB=AVBL+AVBR,PLM=PLML+PLMR.")] = "",
    baseline: Annotated[
        str, typer.Option(help="What replaces an input: zero, mean, or its waveform in another trial.")
    ] = "zero",
    split: Annotated[str, typer.Option(help="The trials to look at: train, validation, test or all.")] = "test",
    simulator: Annotated[
        bool, typer.Option("--simulator/--no-simulator", help="Silence the inputs in the full network too.")
    ] = False,
    network: NetworkOption = None,
    retrain: Annotated[
        str, typer.Option(help="What to retrain, such as 'gru units=8'; what scores.json says when empty.")
    ] = "",
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Passes over the training trials, in retraining; those of history.csv beside the model by default, "
            "1000 where there is none or with --retrain."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Trainings of each variant, in retraining.")] = 1,
    steps: Annotated[int, typer.Option(help="Points on the path of integrated gradients.")] = 32,
    permutations: Annotated[int, typer.Option(help="Orders drawn for Shapley values of more than 10 groups.")] = 128,
    repeats: Annotated[int, typer.Option(help="Exchanges among the trials, in permutation.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of all random draws, and the first one of retraining.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes, of retraining and simulations.")] = 1,
) -> None:
    """Say which inputs matter for which outputs; writes importance.h5, importance.csv and report.html."""
    from surrogates.importance.methods import METHODS

    chosen = _chosen(method, list(METHODS))
    require_workers(jobs)
    require(not out.is_file() and out != Path(), f"--out must name a folder of its own, got {str(out)!r}")
    require_writable(out / "report.html")
    trained, problem = _question(model, data, groups=groups, baseline=baseline, split=split, seed=seed)
    settings: dict[str, dict[str, Any]] = {name: {} for name in chosen}
    drawn = {"integrated-gradients": {"steps": steps}, "shapley": {"permutations": permutations}}
    settings |= {**drawn, "permutation": {"repeats": repeats}}
    if "retraining" in chosen:
        plan = _plan(model, retrain, epochs=epochs, seeds=seeds, first_seed=seed)
        settings["retraining"] = {"plan": plan, "out": out, "jobs": jobs}
    for name in chosen:
        METHODS[name].check(problem, **settings[name])
    simulation = (network, jobs) if simulator else None
    if simulation is not None:
        from surrogates.importance.against_simulator import require_equal

        require_equal(problem, out, network=network)
    tables = _ask_methods(trained, problem, {name: settings[name] for name in chosen}, out)
    _conclude(trained, model, problem, tables, out, simulation)


def _chosen(text: str, known: list[str]) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        require(name in (*known, _ALL), f"--method: there is no method {name!r}; there are {', '.join(known)}, or all")
    require(len(names) > 0, f"--method {text!r} names no method")
    return known if _ALL in names else names


def _question(model: Path, data: Path, **how: Any) -> tuple[Any, "AttributionProblem"]:
    from datasets.store import load_dataset
    from surrogates.importance.problem import question_for
    from surrogates.runs.model_file import load_model

    trained, channels = load_model(model)
    return trained, question_for(trained, channels, load_dataset(data), **how)


def _plan(model: Path, text: str, **how: Any) -> "Retraining":
    """What to retrain."""
    from surrogates.importance.plan import parse_retraining, retraining_like

    return parse_retraining(text, **how) if text else retraining_like(model, **how)


def _ask_methods(
    trained: Any, problem: "AttributionProblem", settings: "Mapping[str, Mapping[str, Any]]", out: Path
) -> "list[Importance]":
    """Ask every method with its settings; the tables are on disk as soon as they are there."""
    from surrogates.importance.methods import METHODS
    from surrogates.importance.storage import save_importance

    tables: list[Importance] = []
    for name, own in settings.items():
        tables.append(METHODS[name].run(trained, problem, **own))
        save_importance(tables, out / "importance.h5")
    return tables


def _conclude(
    trained: Any,
    model: Path,
    problem: "AttributionProblem",
    tables: "list[Importance]",
    out: Path,
    simulation: tuple[str | None, int] | None,
) -> None:
    """Ask the simulator, write everything, and print what agrees."""
    from neuron_models.foundation.files import atomic_write
    from surrogates.importance.against_simulator import silenced_datasets, simulator_table
    from surrogates.importance.page import agreements_with, write_importance_page
    from surrogates.importance.storage import as_frame, save_importance

    silenced = None
    if simulation is not None:
        network, jobs = simulation
        silenced = silenced_datasets(problem, out, network=network, jobs=jobs)
        tables = [simulator_table(problem, silenced), *tables]
    save_importance(tables, out / "importance.h5")
    with atomic_write(out / "importance.csv") as temporary:
        write_csv(as_frame(tables), temporary, index=False)
    agreements = agreements_with(tables)
    _print(tables, agreements)
    page = write_importance_page(trained, str(model), problem, tables, agreements, out, silenced)
    print(f"Tables in {out / 'importance.h5'} and {out / 'importance.csv'}, report: {page}")


def _print(tables: "Sequence[Importance]", agreements: "Sequence[Agreement]") -> None:
    """Print the most important input of every output, and how far each method can be trusted."""
    from collections import Counter

    shown = Table("method", "units", "most important input, by number of outputs", title="Which inputs matter")
    for table in tables:
        first = Counter(order[0] for order in table.ranks().values())
        shown.add_row(table.method, table.units, ", ".join(f"{name} {number}" for name, number in first.most_common()))
    console = Console(soft_wrap=True)
    console.print(shown)
    if agreements:
        trusted = Table("method", "rank correlation", "95 % over trials", "95 % over cells", "within", "top input")
        trusted.title = "Against the simulator"
        for each in agreements:
            pairs = zip((each.over_trials, each.over_cells), each.intervals, strict=True)
            intervals = (
                f"{low:.3f} to {high:.3f}{' (percentile)' * (by == 'percentile')}" for (low, high), by in pairs
            )
            top = f"{each.top} of {each.outputs}"
            trusted.add_row(each.method, f"{each.rho:.3f}", *intervals, f"{each.within:.3f}", top)
        console.print(trusted)


def register(app: typer.Typer) -> None:
    """Mount this command."""
    app.command()(importance)
