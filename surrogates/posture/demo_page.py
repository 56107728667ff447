"""The report of the demo: every step of posture in one picture each."""

from pathlib import Path

from datasets.posture.feature_plots import plot_features
from datasets.posture.path_plots import plot_paths
from datasets.posture.plots import plot_eigenworms
from neuron_models.foundation.wording import counted
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.posture.cells.plots import plot_accuracies, plot_correlations, plot_over_time
from surrogates.posture.cells.strain_classification import chance
from surrogates.posture.cells.strains_page import result_table
from surrogates.posture.demo import Demo
from surrogates.posture.network.comparison import comparison_table
from surrogates.posture.network.plots import plot_distributions, plot_free_run
from surrogates.posture.network.prediction import NETWORK

_LEAD = (
    "From midlines to a network that moves like a worm, and back: worms of several strains are generated, described by "
    "eigenworms, learned by an LSTM, and the LSTM's own worms, its cells and what it knows of strains are looked at. "
    "Everything is small here, so that it takes minutes; the figures show the way, not what a full training reaches."
)


def write_demo(demo: Demo, out: Path) -> Path:
    """Write `report.html` and its figures.

    Args:
        demo: what was made and found.
        out: the folder.
    """
    sections = (
        blocks.Section("Worms", (_worms(demo), _eigenworms(demo))),
        blocks.Section("The next frame", (_next_frame(demo),)),
        blocks.Section("Free runs", tuple(_free_runs(demo))),
        blocks.Section("Cells", tuple(_cells(demo))),
        blocks.Section("Strains", (_strains(demo),)),
        blocks.Section("What was run, and where it is", (blocks.KeyValues(_facts(demo)),)),
    )
    return write_page(
        blocks.Page("Posture, from midlines to a generative network", _LEAD, sections), out / "report.html"
    )


def _worms(demo: Demo) -> blocks.FigureBlock:
    return blocks.FigureBlock(
        "features",
        plot_features(demo.crawled[0]),
        "Speed of one worm over time, and how often speeds, head bends and curvatures occur in each strain.",
        "Traces and histograms of what the worms of the sample do.",
    )


def _eigenworms(demo: Demo) -> blocks.FigureBlock:
    return blocks.FigureBlock(
        "eigenworms",
        plot_eigenworms(demo.eigenworms, demo.quality),
        f"The shapes of which postures are made; together they explain {100 * demo.quality.variance_explained:.1f} % "
        "of the variance.",
        "Midlines of eigenworms and the variance that they explain.",
    )


def _next_frame(demo: Demo) -> blocks.TableBlock:
    columns = (
        blocks.Column("Next frame from"),
        blocks.Column("RMSE, learned from"),
        blocks.Column("RMSE, held out", best="lowest"),
    )
    rows = []
    for name, scores in demo.next_frame.scores.items():
        shown = f"the network {demo.model}" if name == NETWORK else name
        rows.append((shown, scores["train"].rmse, scores["validation"].rmse if "validation" in scores else None))
    caption = "Error of the next frame over all amplitudes; held out is the last tenth of each recording."
    return blocks.TableBlock(columns, (blocks.Rows(tuple(rows)),), caption)


def _free_runs(demo: Demo) -> list:
    bounded = demo.comparison.bounded
    crawled = counted(len(bounded), "free run")
    return [
        blocks.Note(f"{int(bounded.sum())} of {crawled} stay within three times the range of the data."),
        blocks.FigureBlock(
            "free-run",
            plot_free_run(demo.recorded, demo.generated),
            "A recorded worm, a generated one, and how often each amplitude occurs in all of them.",
            "Amplitudes of a recorded and of a generated worm over time.",
        ),
        blocks.FigureBlock(
            "distributions",
            plot_distributions(demo.comparison),
            "What recorded worms (filled) and generated ones (line) do, a row a strain.",
            "Histograms of speed, head bend, curvature and amplitude.",
            comparison_table(demo.comparison),
        ),
        blocks.FigureBlock(
            "paths",
            plot_paths(demo.crawled[1], demo.crawled[1]),
            "Where generated worms crawl to by resistive force theory.",
            "Paths of generated worms.",
        ),
    ]


def _cells(demo: Demo) -> list:
    related = len(demo.cells.reversal_cells())
    return [
        blocks.Note(f"{related} of {counted(len(demo.cells.indices.names), 'cell')} go with reversals."),
        blocks.FigureBlock(
            "cells-over-time",
            plot_over_time(demo.reading.seconds, demo.reading.pairs),
            "Features (grey) and the memory of the cell that goes with each best.",
            "Traces of features and cell states.",
        ),
        blocks.FigureBlock(
            "cell-correlations",
            plot_correlations(demo.cells),
            "Each dot is a cell; beyond the black lines lies some cell by chance in one of twenty tests.",
            "Correlations of cells with features.",
            demo.cells.as_frame(),
        ),
        blocks.Paragraph("cells/cells.html plays a worm beside the memory of every cell."),
    ]


def _strains(demo: Demo) -> blocks.FigureBlock:
    guess = chance(demo.worms.strains)
    return blocks.FigureBlock(
        "accuracy",
        plot_accuracies(demo.results, guess),
        "Share of worms whose strain was classified correctly, whole worms left out, with its 95 % interval; "
        "here the network has read these worms before.",
        "Accuracy of cells and of hand-made features.",
        result_table(demo.results, guess),
    )


def _facts(demo: Demo) -> dict[str, str]:
    size = demo.size
    steps = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in demo.seconds.items())
    return {
        "sample": f"{counted(len(demo.sample), 'worm')} of {', '.join(size.strains)}, {size.duration:g} s (sample.h5)",
        "eigenworms": f"{len(demo.eigenworms.shapes)} by {demo.eigenworms.method.upper()} (amplitudes.h5)",
        "network": f"{demo.model}, {size.epochs} epochs (model/model.keras)",
        "free runs": f"{counted(size.runs, 'worm')} (generated.h5, crawled.h5, generated.gif, comparison/report.html)",
        "cells": "cells/report.html and cells/cells.html",
        "strains": "strains/report.html",
        "time": steps,
        "seed": str(size.seed),
        "real or simulated?": "wormtwin posture test-page --real amplitudes.h5 --simulated generated.h5 --seconds 20",
    }
