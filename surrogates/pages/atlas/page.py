"""The page of a comparison with the atlas: measured and predicted responses side by side, and every score."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from connectome.atlas.comparison import Comparison
from connectome.atlas.predictors import GRADED, PASSIVE
from connectome.atlas.recordings import STRAINS
from connectome.atlas.scores import Score
from surrogates.pages.blocks import Column, Details, FigureBlock, Page, Paragraph, Rows, Section, TableBlock
from surrogates.pages.page import write_page

_SHOWN = (f"{PASSIVE} / own", f"{GRADED} / own")
_LEAST = 8

_COLUMNS = (
    Column("Predictor"),
    Column("r, ≥ 8 trials", best="highest"),
    Column("from", "95 %"),
    Column("to", "95 %"),
    Column("r, ≥ 16 trials", best="highest"),
    Column("r, ≥ 8, no homologues", best="highest"),
    Column("Rank r, ≥ 8", best="highest"),
    Column("AUC, q < 0.05", best="highest"),
    Column("Pairs, ≥ 8"),
)


def write_atlas_page(comparison: Comparison, path: Path) -> Path:
    """Write the page of a comparison; gives its path."""
    lead = (
        f"Responses of every neuron to stimulation of every other, {STRAINS[comparison.atlas.strain]}: as Randi et al."
        " 2023 measured them, and as wirings predict them without any fit."
    )
    sections = (
        Section("Matrices", tuple(_matrices(comparison, wiring) for wiring in comparison.predicted)),
        Section("Scores", (_table(comparison), _limits(comparison))),
    )
    return write_page(Page("The wiring beside the signal propagation atlas", lead, sections), path)


def _table(comparison: Comparison) -> TableBlock:
    groups = tuple(
        Rows(tuple(_row(each) for each in comparison.scores if each.wiring == wiring), wiring)
        for wiring in comparison.predicted
    )
    return TableBlock(
        _COLUMNS, groups, "Pearson's r over pairs of different neurons; intervals over stimulated neurons."
    )


def _row(each: Score) -> tuple[str | float | int, ...]:
    _, eight, sixteen = each.with_homologues
    alone = each.without_homologues[1]
    return (each.predictor, eight.r, eight.low, eight.high, sixteen.r, alone.r, eight.rank_r, each.auc, eight.pairs)


def _limits(comparison: Comparison) -> Details:
    reached = "; ".join(
        f"{limit:.2f} from {least} trials on{'' if both else ' without homologues'}"
        for (least, both), limit in comparison.ceilings.items()
    )
    renamed = "; ".join(f"{wiring} {mean:.3f} ± {spread:.3f}" for wiring, (mean, spread) in comparison.shuffles.items())
    return Details(
        "Limits",
        (
            Paragraph(f"Ceiling of r, from split halves of the trials: {reached}."),
            Paragraph(f"r of the passive gap network when neurons are renamed at random, 100 times: {renamed}."),
        ),
    )


def _matrices(comparison: Comparison, wiring: str) -> FigureBlock:
    """Measured beside predicted responses of the neurons that most trials touch."""
    atlas = comparison.atlas
    well = atlas.measured & (atlas.trials >= _LEAST)
    rows = [i for i in np.argsort(atlas.names) if well[i].any()]
    columns = [i for i in np.argsort(atlas.names) if well[:, i].any()]
    shown = np.where(well, atlas.mean, np.nan)
    panels = {"measured": shown} | {
        label: np.where(well, prediction, np.nan)
        for label, prediction in comparison.predicted[wiring].items()
        if label in _SHOWN
    }
    figure = Figure(figsize=(3.6 * len(panels), 4.0), layout="constrained")
    for axes, (label, panel) in zip(figure.subplots(1, len(panels), sharey=True), panels.items(), strict=True):
        part = panel[np.ix_(rows, columns)]
        top = np.nanpercentile(np.abs(part), 98)
        image = axes.imshow(part, cmap="PuOr", vmin=-top, vmax=top, interpolation="nearest", aspect="auto")
        axes.set_title(label, fontsize=9)
        axes.set_xlabel("stimulated neuron")
        figure.colorbar(image, ax=axes, location="bottom", label="ΔF/F" if label == "measured" else "of own response")
    figure.axes[0].set_ylabel("responding neuron")
    caption = f"{wiring}: pairs with at least {_LEAST} trials, neurons by name; each panel has its own scale."
    alt = f"Matrices of measured and predicted responses, {len(rows)} by {len(columns)} neurons"
    numbers = pd.DataFrame(
        [
            (
                atlas.names[i],
                atlas.names[j],
                int(atlas.trials[i, j]),
                *(float(panel[i, j]) for panel in panels.values()),
            )
            for i, j in np.argwhere(well)
        ],
        columns=["responding", "stimulated", "trials", *panels],
    )
    name = "matrices-" + "".join(letter if letter.isalnum() else "-" for letter in Path(wiring).stem)
    return FigureBlock(name, figure, caption, alt, numbers)
