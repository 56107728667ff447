"""Features of posture as tables: a row a frame, or a row a worm."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from datasets.dataset import contiguous_runs
from datasets.posture.features import MOTIONS, REGIONS, Features, measure
from datasets.posture.recording import PostureRecording

if TYPE_CHECKING:
    import pandas as pd

PERCENTILES = (10, 50, 90)


def frame_table(recording: PostureRecording, features: Features) -> "pd.DataFrame":
    """A row for each frame of a worm: time, speed, bends, mean curvature, motion, omega turns."""
    import pandas as pd

    table = {
        "worm": recording.name,
        "strain": recording.strain,
        "time_s": np.round(np.arange(len(features.speed)) / features.fps, 6),
        f"speed_{_plain(features.speed_units)}": features.speed,
        "speed_lengths_per_s": features.relative_speed,
        **{f"{name}_bend_rad": column for name, column in zip(REGIONS, features.bends.T, strict=True)},
        "curvature_rad_per_length": np.abs(features.curvature).mean(axis=1),
        "motion": [MOTIONS.get(code, "") for code in features.motion],
        "omega_turn": features.omega,
    }
    return pd.DataFrame(table)


def worm_table(recordings: Sequence[PostureRecording], measured: Sequence[Features] | None = None) -> "pd.DataFrame":
    """A row for each worm: percentiles of its features, shares of time in each motion, reversals and omega turns.

    Args:
        recordings: of the worms.
        measured: their features, where they are there already.
    """
    import pandas as pd

    rows = []
    for index, recording in enumerate(recordings):
        features = measure(recording) if measured is None else measured[index]
        known = {"worm": recording.name, "strain": recording.strain, "individual": recording.individual}
        rows.append(known | worm_numbers(features))
    return pd.DataFrame(rows)


def worm_numbers(features: Features) -> dict[str, float]:
    """One worm in numbers: 10th, 50th and 90th percentiles over time, shares of time, and events a minute."""
    series = {
        "speed": features.relative_speed,
        "absolute_speed": np.abs(features.relative_speed),
        "curvature": np.abs(features.curvature).mean(axis=1),
        **{f"{name}_bend": np.abs(column) for name, column in zip(REGIONS, features.bends.T, strict=True)},
    }
    numbers = {}
    for name, values in series.items():
        finite = values[np.isfinite(values)]
        for percentile in PERCENTILES:
            numbers[f"{name}_p{percentile}"] = float(np.percentile(finite, percentile)) if len(finite) else np.nan
    known = np.isfinite(features.relative_speed)
    for code, name in MOTIONS.items():
        numbers[f"{name}_share"] = float((features.motion == code).sum() / max(known.sum(), 1))
    minutes = len(features.speed) / features.fps / 60
    numbers["reversals_per_min"] = len(contiguous_runs(features.motion == -1)) / minutes
    numbers["omega_turns_per_min"] = len(contiguous_runs(features.omega)) / minutes
    return numbers | {"mean_speed": _mean(series["absolute_speed"]), "mean_curvature": _mean(series["curvature"])}


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else np.nan


def _plain(units: str) -> str:
    return units.replace("/", "_per_")
