"""The report on strains distinguished."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.wording import counted
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.posture.cells.plots import plot_accuracies
from surrogates.posture.cells.strain_classification import (
    PUBLISHED,
    ClassificationResult,
    FeatureMatrix,
    Protocol,
    chance,
)
from surrogates.training.confusion import plot_confusion

_LEAD = (
    "Can a worm's strain be classified from what the cells of a network remember while it reads its postures? As in "
    "Li et al. 2017: the 10th, 50th and 90th percentile of every cell's memory, beside hand-made features of the same "
    "worms. Whole individuals are left out; features are chosen from the others alone."
)


def result_table(results: Sequence[ClassificationResult], guess: float) -> pd.DataFrame:
    """A row for each kind of features and classifier."""
    return pd.DataFrame(
        {
            "features": [v.features for v in results],
            "classifier": [v.classifier for v in results],
            "accuracy": [v.accuracy for v in results],
            "low": [v.low for v in results],
            "high": [v.high for v in results],
            "chance": guess,
            "published": [PUBLISHED.get((v.features, v.classifier)) for v in results],
        }
    )


def write_strains_report(
    results: Sequence[ClassificationResult],
    worms: FeatureMatrix,
    protocol: Protocol,
    facts: Mapping[str, str],
    out: Path,
    tested: bool = False,
) -> Path:
    """Write `accuracy.csv`, `worms.csv`, `report.html` and its figures.

    Args:
        results: of every kind of features and classifier.
        worms: the test recordings, as numbers of cells.
        protocol: how they were distinguished.
        facts: what was run, by name.
        out: the folder.
        tested: they are those of a test file of its own, and not folds.
    """
    guess = chance(worms.strains)
    table = result_table(results, guess)
    with atomic_write(out / "accuracy.csv") as temporary:
        write_csv(table, temporary, index=False, float_format="%.4f")
    predicted = {f"{v.features}, {v.classifier}": v.predicted for v in results}
    with atomic_write(out / "worms.csv") as temporary:
        write_csv(
            pd.DataFrame({"individual": worms.individuals, "strain": worms.strains, **predicted}),
            temporary,
            index=False,
        )
    accuracies = blocks.FigureBlock(
        "accuracy",
        plot_accuracies(results, guess),
        "Share of recordings whose strain was classified correctly, with its 95 % interval (Wilson).",
        "Accuracy of cells and hand-made features by classifier, with chance.",
        table,
    )
    strains = sorted(set(worms.strains))
    confusion = blocks.FigureBlock(
        "confusion",
        plot_confusion(
            {name: v.confusion.tolist() for name, v in zip(predicted, results, strict=True)}, strains, 2, what="strain"
        ),
        "Which strain each strain's worms were given.",
        "Tables of true against given strains.",
    )
    kept = [v for v in results if v.classifier == results[0].classifier and v.kept]
    run = {
        **facts,
        "worms": f"{counted(len(worms.strains), 'recording')} of {counted(len(set(worms.individuals)), 'individual')}, "
        f"{counted(len(strains), 'strain')}",
        "protocol": f"{_asked(protocol, tested)}, features reduced to {protocol.kept}",
        "seed": str(protocol.seed),
    }
    sections = (
        blocks.Section("Accuracy", (_accuracy_block(table), accuracies)),
        blocks.Section("Who is taken for whom", (confusion,)),
        blocks.Section(
            "What classifies strains", tuple(blocks.Paragraph(_kept(v, 1 if tested else protocol.folds)) for v in kept)
        ),
        blocks.Section("What was run", (blocks.KeyValues(run),)),
    )
    return write_page(blocks.Page("Strains distinguished", _LEAD, sections), out / "report.html")


def _asked(protocol: Protocol, tested: bool) -> str:
    return "the worms of a test file" if tested else f"{protocol.folds} folds of whole individuals"


def _accuracy_block(table: pd.DataFrame) -> blocks.TableBlock:
    columns = (
        blocks.Column("Features"),
        blocks.Column("Classifier"),
        blocks.Column("Accuracy", "%", best="highest"),
        blocks.Column("Chance", "%"),
        blocks.Column("Published, 18 real strains", "%"),
    )
    rows = tuple(
        (
            str(row["features"]),
            str(row["classifier"]),
            blocks.Cell(100 * float(row["accuracy"]), f"{100 * row['low']:.0f} to {100 * row['high']:.0f}"),
            100 * float(row["chance"]),
            None if pd.isna(row["published"]) else 100 * float(row["published"]),
        )
        for _, row in table.iterrows()
    )
    caption = (
        "Accuracy with its 95 % interval; chance names the most frequent strain always; published: Li et al. 2017."
    )
    return blocks.TableBlock(columns, (blocks.Rows(rows),), caption)


def _kept(result: ClassificationResult, folds: int) -> str:
    names = [f"{name} ({number} of {folds})" for name, number in list(result.kept.items())[:15]]
    return f"Of {result.features} the elimination kept most often, in folds: {', '.join(names)}."
