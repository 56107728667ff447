"""`wormtwin posture classify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from datasets.options import DataOption, TestDataOption
from datasets.posture.cli import posture_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.printing import print_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from surrogates.posture.cells.strain_classification import ClassificationResult


@posture_app.command("classify")
def classify(
    model: Annotated[Path, typer.Option(help="A model.keras with LSTM layers, best one that never saw these worms.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The folder for report.html, accuracy.csv and worms.csv.")],
    midlines: Annotated[
        Path | None, typer.Option(help="The midlines (.h5) that --data describes, for the hand-made features.")
    ] = None,
    test_data: TestDataOption = None,
    test_midlines: Annotated[Path | None, typer.Option(help="The midlines that --test-data describes.")] = None,
    folds: Annotated[int, typer.Option(max=10000, help="Of whole individuals.")] = 5,
    kept: Annotated[int, typer.Option(max=100_000, help="Features that the elimination leaves.")] = 30,
    trees: Annotated[int, typer.Option(max=100_000, help="Of a forest.")] = 300,
    seed: Annotated[int, typer.Option(help="Of folds and forests.")] = 0,
) -> None:
    """Tell strains apart by what the network's cells remember of their worms, beside hand-made features.

    Whole individuals are left out in turn; or, with --test-data, those of another file test.
    """
    from datasets.store import load_dataset
    from surrogates.posture.cells.cell_states import load_reader
    from surrogates.posture.cells.strain_classification import Protocol, chance, cross_validate, require_individuals
    from surrogates.posture.cells.strain_features import labels_of, strain_features, test_features
    from surrogates.posture.cells.strains_page import write_strains_report

    require(not out.is_file(), f"--out {out} is a file: name a folder")
    require_writable(out / "report.html")
    protocol = Protocol(folds=folds, kept=kept, trees=trees, seed=seed)
    dataset = load_dataset(data)
    reader = load_reader(model, dataset)
    require(test_midlines is None or test_data is not None, "--test-midlines goes with --test-data")
    require_individuals(labels_of(dataset), folds if test_data is None else 1)
    own, other = (None if each is None else load_dataset(each) for each in (midlines, test_midlines))
    test = {} if test_data is None else test_features(reader, dataset, load_dataset(test_data), other)
    kinds = strain_features(reader, dataset, own)
    both = [name for name in kinds if test_data is None or name in test]
    results = [each for name in both for each in cross_validate(kinds[name], name, protocol, True, test.get(name))]
    if shared := sorted({i for each in test.values() for i in each.individuals} & set(kinds["cells"].individuals)):
        print(f"{', '.join(shared[:5])}: in both files; if these are the same animals, the test is not of unseen ones")
    facts = {"model": reader.name, "data": data.name, **({"test": test_data.name} if test_data else {})}
    judged = test.get("cells", kinds["cells"])
    report = write_strains_report(results, judged, protocol, facts, out, tested=bool(test))
    print_results(results, chance(judged.strains))
    print(f"Report: {report}")


def print_results(results: "Sequence[ClassificationResult]", guess: float) -> None:
    """Print accuracies with their intervals."""
    table = Table("features", "classifier", "accuracy %", "95 % interval", "chance %", title="Strains distinguished")
    for each in results:
        interval = f"{100 * each.low:.1f} to {100 * each.high:.1f}"
        cells = (f"{100 * each.accuracy:.1f}", interval, f"{100 * guess:.1f}")
        table.add_row(each.features, each.classifier, *cells)
    print_whole(table)
