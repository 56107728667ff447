"""All wirings beside the atlas: their predictions, scores and a table of them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectome.atlas.predictors import GRADED, PASSIVE, Prediction, predictions
from connectome.atlas.recordings import Atlas
from connectome.atlas.scores import LEAST_TRIALS, Score, ceiling, score, shuffled
from connectome.parameters import PARAMETER_SETS, ParameterSet, load_parameters
from connectome.wiring import load_table
from connectome.wirings.named import WIRINGS
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import Dimensionless

ALL_WIRINGS = (*WIRINGS, "placed")
"""The wirings that are compared when none is chosen."""

MAIN = (PASSIVE, f"{GRADED} / own", "gap junctions", "all contacts", "fewer hops")
"""The predictors that a terminal shows of every wiring."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What some wirings predict of the atlas, and how well.

    `ceilings` are by least number of trials, with and without homologues; `shuffles` the mean and standard deviation
    of r of the passive gap network of each wiring under renamed neurons, at the second least number of trials.
    """

    atlas: Atlas
    predicted: Mapping[str, Mapping[str, Prediction]]
    scores: tuple[Score, ...]
    ceilings: Mapping[tuple[int, bool], Dimensionless]
    shuffles: Mapping[str, tuple[float, float]]
    sets: tuple[str, str]


def compare_with_atlas(
    atlas: Atlas, wirings: Sequence[str | Path] = ALL_WIRINGS, parameters: str | Path | None = None
) -> Comparison:
    """Predict the atlas from some wirings and score the predictions.

    Args:
        atlas: the measured responses.
        wirings: networks as `load_table` takes them.
        parameters: a parameter set; one of the model `events` serves the passive gap network, one of the model `graded`
            the graded network, and the other keeps its own (`published2012`, `kunert2014`).

    Raises:
        InputError: a wiring or a set cannot be loaded.
    """
    passive, graded = _sets(parameters)
    predicted = {str(each): predictions(load_table(each), atlas.names, passive, graded) for each in wirings}
    scores = tuple(
        score(atlas, wiring, label, prediction)
        for wiring, found in predicted.items()
        for label, prediction in found.items()
    )
    ceilings = {(least, both): ceiling(atlas, least, both) for least in LEAST_TRIALS[1:] for both in (True, False)}
    shuffles = {wiring: shuffled(atlas, found[PASSIVE]) for wiring, found in predicted.items()}
    return Comparison(atlas, predicted, scores, ceilings, shuffles, (passive.name, graded.name))


def save_scores(comparison: Comparison, path: Path) -> None:
    """Write all scores to a CSV file, a row for each wiring and predictor."""
    fields = ("pairs", "r", "low", "high", "rank_r")
    kinds = [f"{least}_{side}" for side in ("all", "no_homologues") for least in LEAST_TRIALS]
    with atomic_write(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["wiring", "predictor", *(f"{f}_{kind}" for kind in kinds for f in fields), "auc", "auc_eq"])
        for each in comparison.scores:
            rows = (*each.with_homologues, *each.without_homologues)
            values = [getattr(correlation, field) for correlation in rows for field in fields]
            writer.writerow([each.wiring, each.predictor, *values, each.auc, each.auc_eq])


def _sets(parameters: str | Path | None) -> tuple[ParameterSet, ParameterSet]:
    chosen = None if parameters is None else load_parameters(parameters)
    passive, graded = (load_parameters(name) for name in PARAMETER_SETS[:2])
    if chosen is None:
        return passive, graded
    return (chosen, graded) if chosen.model == "events" else (passive, chosen)
