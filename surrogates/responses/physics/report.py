"""All questions put to all models, and the answers as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from rich.table import Table

from datasets.dataset import Dataset
from neuron_models.foundation.numerals import shown_units, significant
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.units import DataUnits, Dimensionless, Milliseconds
from surrogates.responses.physics import measures
from surrogates.responses.physics.measures import Probes
from surrogates.responses.physics.subjects import Subject
from surrogates.training.metrics import predict, score


@dataclass(frozen=True, eq=False)
class Answers:
    """What one model answers; errors are in the data's units, shares are parts of one.

    Attributes:
        name: of the model.
        numbers: that it is made of.
        derived: whether no data made it.
        rmse: of the test trials.
        offset: at rest, at most.
        superposition: its defect, as a share.
        lowest: value of an impulse response, as a share of the largest.
        slowest: time constant about rest; NaN where the step is unknown.
        turning: poles that are not real; -1 where the step is unknown.
        reciprocity: its defect, as a share; NaN where no two neurons are inputs and outputs.
        drift: when a stimulus is held.
        left: in silence.
        held: the traces of the long held stimulus.
        silent: the traces of the long silence.
        by_amplitude: RMSE over the factor, by the factor of the stimuli.
        by_trials: RMSE of each draw, by the number of training trials.
    """

    name: str
    numbers: int
    derived: bool
    rmse: DataUnits
    offset: DataUnits
    superposition: Dimensionless
    lowest: Dimensionless
    slowest: Milliseconds
    turning: int
    reciprocity: Dimensionless
    drift: DataUnits
    left: DataUnits
    held: Float[np.ndarray, "time output"]
    silent: Float[np.ndarray, "time output"]
    by_amplitude: Mapping[float, float] = field(default_factory=dict)
    by_trials: Mapping[int, Sequence[float]] = field(default_factory=dict)


def answers_of(
    subject: Subject,
    dataset: Dataset,
    probes: Probes,
    by_amplitude: Mapping[float, float],
    by_trials: Mapping[int, Sequence[float]],
) -> Answers:
    """Put every question to a model."""
    held, silent = measures.held_and_silent(subject, probes)
    poles = None if subject.step is None else measures.poles_at_rest(subject.step)
    return Answers(
        subject.name,
        subject.numbers,
        subject.derived,
        test_rmse(subject, dataset),
        measures.offset_at_rest(subject, probes),
        measures.superposition_defect(subject, probes),
        measures.lowest_impulse_response(subject, probes),
        float("nan") if poles is None else measures.slowest_time_constant(poles, probes.dt),
        -1 if poles is None else measures.turning_poles(poles),
        measures.reciprocity_defect(subject, probes),
        measures.drift_when_held(held, probes),
        measures.left_in_silence(silent, probes),
        held,
        silent,
        by_amplitude,
        by_trials,
    )


def test_rmse(subject: Subject, dataset: Dataset) -> DataUnits:
    """The RMSE of the test trials, of all where there are none; NaN where the free run is not finite."""
    parts = dataset.by_split()
    tested = parts.get("test", dataset)
    try:
        (found,) = score(tested, predict(subject.model, tested)).values()
    except FloatingPointError:
        return float("nan")
    return found.rmse


HEADS = {
    "rmse": "test RMSE",
    "offset": "offset at rest",
    "superposition": "superposition defect (%)",
    "lowest": "lowest impulse response (%)",
    "slowest": "slowest time constant (ms)",
    "turning": "poles that turn",
    "reciprocity": "reciprocity defect (%)",
    "drift": "drift, held 5 s",
    "left": "left after silence",
}
"""What the columns of the table are called."""
_IN_UNITS = ("rmse", "offset", "drift", "left")
_SHARES = ("superposition", "lowest", "reciprocity")


def answers_table(found: Sequence[Answers], units: str) -> pd.DataFrame:
    """A row a model: its name, its numbers and the answers; volts as millivolts, shares in percent."""
    factor, _ = shown_units(units)
    rows: list[dict[str, Any]] = []
    for each in found:
        row: dict[str, Any] = {"model": each.name, "numbers": each.numbers}
        for name in HEADS:
            size = factor if name in _IN_UNITS else 100.0 if name in _SHARES else 1
            row[name] = getattr(each, name) * size
        rows.append({**row, "turning": float("nan") if each.turning < 0 else each.turning})
    return pd.DataFrame(rows)


def heads(units: str) -> list[str]:
    """The heads of the table, with the units in which it is shown."""
    shown = shown_units(units)[1]
    return [f"{head} ({shown})" if name in _IN_UNITS else head for name, head in HEADS.items()]


def print_answers(found: Sequence[Answers], units: str) -> None:
    """Print the table of all models."""
    table = Table("model", "numbers", *heads(units), title="What physics asks")
    for row in answers_table(found, units).to_dict("records"):
        table.add_row(row["model"], f"{row['numbers']:,}", *(significant(float(row[name])) for name in HEADS))
    print_whole(table)
