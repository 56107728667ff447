"""Simulated crawls beside real or generated worms: what they do, how far that is from each strain, and the nearest."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from datasets.dataset import Dataset
from datasets.posture.eigenworms import amplitudes_of, eigenworms_of, postures_of
from datasets.posture.features import MOTIONS, REGIONS, measure
from datasets.posture.loop.gait import gait
from datasets.posture.midlines import midlines_of
from datasets.posture.recording import AMPLITUDES, ANGLES, PostureRecording, recordings_of, require_form, strain_of
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole
from surrogates.posture.network.comparison import distance

MEASURES = {
    "speed": "lengths/s",
    "curvature": "rad/length",
    "head bend": "rad",
    "frequency": "Hz",
    "wavelength": "lengths",
    "reversals": "1/min",
}
_STRETCH = 20.0
"""Frequencies and wavelengths are those of stretches of so many seconds."""


def is_crawl(dataset: Dataset) -> bool:
    """Whether a dataset holds simulated crawls."""
    return "crawl" in dataset.extra


def compare_crawls(real: Dataset, crawls: Dataset, done: Callable[[], object] = lambda: None) -> pd.DataFrame:
    """A row a measure and strain: means, Wasserstein distance of the crawls from the strain, and whether it is nearest.

    Real and generated worms hold tangent angles or amplitudes of eigenworms; with amplitudes, the crawls' own
    amplitudes of the same eigenworms are compared too. `done` is called after each worm.

    Raises:
        InputError: the crawls hold no angles, or the other worms neither angles nor amplitudes with eigenworms.
    """
    require_form(crawls, ANGLES)
    amplitudes = real.extra.get("posture") == AMPLITUDES
    if not amplitudes:
        require_form(real, ANGLES)
    shapes = eigenworms_of(real) if amplitudes else None
    known = _known(real, postures_of(real) if shapes is not None else recordings_of(real), done)
    ours = _known(crawls, recordings_of(crawls), done, one="simulated")["simulated"]
    if shapes is not None:
        for name, values in _amplitudes(amplitudes_of(crawls, shapes)).items():
            ours[name] = values
        for index, trial in enumerate(real):
            for name, values in _amplitudes(real.select([index])).items():
                group = known[strain_of(real, trial)]
                group[name] = np.concatenate([group.get(name, np.zeros(0)), values])
    return _table(known, ours)


def _known(
    dataset: Dataset, recordings: tuple[PostureRecording, ...], done: Callable[[], object], one: str = ""
) -> dict[str, dict[str, np.ndarray]]:
    gathered: dict[str, dict[str, list[np.ndarray]]] = {}
    for trial, recording in zip(dataset, recordings, strict=True):
        group = gathered.setdefault(one or strain_of(dataset, trial), {})
        for name, values in _measures(recording).items():
            group.setdefault(name, []).append(values[np.isfinite(values)])
        done()
    return {strain: {name: np.concatenate(each) for name, each in group.items()} for strain, group in gathered.items()}


def _measures(recording: PostureRecording) -> dict[str, np.ndarray]:
    features = measure(recording)
    reversing = features.motion == next(code for code, word in MOTIONS.items() if word == "backward")
    begins = int((reversing[1:] & ~reversing[:-1]).sum() + reversing[0])
    waves = np.array([(each.frequency, each.wavelength) for each in _gaits(recording)]).reshape(-1, 2)
    return {
        "speed": features.relative_speed,
        "curvature": np.abs(features.curvature).mean(axis=1),
        "head bend": features.bends[:, list(REGIONS).index("head")],
        "frequency": waves[:, 0],
        "wavelength": np.abs(waves[:, 1]),
        "reversals": np.array([60 * begins * recording.fps / len(recording.angles)]),
    }


def _gaits(recording: PostureRecording) -> list:
    """The gaits of stretches without a gap."""
    long = max(20, min(round(_STRETCH * recording.fps), len(recording.angles)))
    lines = midlines_of(recording.angles, recording.mean_angle, length=recording.length or 1.0)
    starts = range(0, len(lines) - long + 1, long)
    whole = [lines[start : start + long] for start in starts]
    return [gait(each, recording.fps) for each in whole if np.isfinite(each).all()]


def _amplitudes(dataset: Dataset) -> dict[str, np.ndarray]:
    names = [name for name in dataset.x_names if name.startswith("a")][:4]
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for trial in dataset:
        x = np.asarray(trial.x[:], float)
        for name in names:
            values = x[:, dataset.x_names.index(name)]
            found[name].append(values[np.isfinite(values)])
    return {name: np.concatenate(each) for name, each in found.items()}


def _table(known: dict[str, dict[str, np.ndarray]], ours: dict[str, np.ndarray]) -> pd.DataFrame:
    rows = []
    for name, values in ours.items():
        there = {strain: group[name] for strain, group in known.items() if len(group.get(name, ()))}
        if not len(values) or not there:
            continue
        away = {strain: distance(others, values) for strain, others in there.items()}
        nearest = min(away, key=away.__getitem__)
        for strain, others in there.items():
            means = {"simulated_mean": values.mean(), "mean": others.mean(), "sd": others.std()}
            last = {"distance": away[strain], "nearest": strain == nearest}
            rows.append({"measure": name, "units": MEASURES.get(name, ""), "strain": strain, **means, **last})
    return pd.DataFrame(rows)


def nearest_strain(table: pd.DataFrame) -> str:
    """The strain whose distances, each over the spread of its measure, are the smallest on average."""
    spread = table.groupby("measure")["sd"].transform("mean")
    scaled = (table["distance"] / spread.where(spread > 0)).groupby(table["strain"]).mean()
    require(bool(scaled.notna().any()), "no measure of these worms varies: there is no nearest strain")
    return str(scaled.idxmin())


def write_crawl_comparison(table: pd.DataFrame, out: Path) -> Path:
    """Write the table as `comparison.csv` into a folder; gives the file."""
    with atomic_write(out / "comparison.csv") as temporary:
        write_csv(table, temporary, index=False, float_format="%.5g")
    return out / "comparison.csv"


def print_crawl_comparison(table: pd.DataFrame) -> None:
    """Print, by measure, the simulated mean beside the nearest strain's and all distances; then the nearest strain."""
    shown = Table("measure", "simulated", "nearest strain", "its mean", "distance", "distances of all")
    for name, part in table.groupby("measure", sort=False):
        near = part[part["nearest"]].iloc[0]
        every = ", ".join(f"{row['strain'] or 'all'} {row['distance']:.3g}" for row in part.to_dict("records"))
        numbers = (f"{near['simulated_mean']:.3g}", near["strain"] or "all", f"{near['mean']:.3g} ± {near['sd']:.2g}")
        shown.add_row(f"{name} {near['units']}".strip(), *numbers, f"{near['distance']:.3g}", every)
    print_whole(shown)
    print(f"Nearest strain over all measures: {nearest_strain(table) or 'the only one'}")
