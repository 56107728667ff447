"""What a map says of some animals, and its tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from datasets.behaviour.mapping.bodies import Bodies
from datasets.behaviour.mapping.regions_table import (
    OFF,
    RegionBout,
    dwell,
    mean_poses,
    mean_spectra,
    region_bouts,
    shares,
    standing_out,
    transitions,
    typical_clips,
)
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from surrogates.behaviour.map.map_file import StoredMap, unnamed
from surrogates.behaviour.map.mapping import Placed


@dataclass(frozen=True, eq=False)
class MapResults:
    """Animals on a map.

    Attributes:
        stored: the map.
        bodies: the animals.
        placed: where each is in every frame.
        names: of the regions.
        bouts: of all animals.
        transitions: (before, after) how often one region follows another.
        shares: (animal, region) of each animal's frames.
        pose: (region, channel) mean of the channels, in their unit.
        pose_spread: (region, channel) their standard deviation.
        spectra: (region, moving channel, scale) amplitudes, in standard deviations of the channel.
        clips: typical bouts of each region.
    """

    stored: StoredMap
    bodies: Bodies
    placed: tuple[Placed, ...]
    names: tuple[str, ...]
    bouts: tuple[RegionBout, ...]
    transitions: Int[np.ndarray, "before after"]
    shares: Float[np.ndarray, "animal region"]
    pose: Float[np.ndarray, "region channel"]
    pose_spread: Float[np.ndarray, "region channel"]
    spectra: Float[np.ndarray, "region moving scale"]
    clips: tuple[tuple[RegionBout, ...], ...]

    @property
    def fps(self) -> list[float]:
        """Frames a second of each animal."""
        return [body.fps for body in self.bodies.each]

    @property
    def labels(self) -> list[str]:
        """The regions' names with their numbers before them, where these are not in them."""
        return [name if name == unnamed(k) else f"{k + 1} {name}" for k, name in enumerate(self.names)]

    def total_shares(self) -> Float[np.ndarray, " region"]:
        """The share of all frames on the map that lie in each region."""
        on = np.concatenate([each.regions[each.regions != OFF] for each in self.placed])
        return np.bincount(on, minlength=len(self.names)) / max(len(on), 1)

    def peaks(self) -> list[float]:
        """The frequency (Hz) at which each region stands out most from the others; NaN without rhythm."""
        if self.spectra.shape[2] == 0:
            return [float("nan")] * len(self.names)
        found = self.stored.recipe.wavelets.frequencies[standing_out(self.spectra)]
        return [
            float(each) if ok else float("nan")
            for each, ok in zip(found, np.isfinite(self.spectra[:, 0, 0]), strict=True)
        ]


def summarise(stored: StoredMap, bodies: Bodies, placed: Sequence[Placed], names: tuple[str, ...]) -> MapResults:
    """Count, average and choose what the tables and the page show."""
    regions, number = [each.regions for each in placed], stored.map.regions.number
    bouts = region_bouts(regions)
    heights = [stored.map.regions.height(each.places) for each in placed]
    clips = typical_clips(bouts, heights, [body.fps for body in bodies.each], number)
    return MapResults(
        stored, bodies, tuple(placed), names, tuple(bouts), transitions(bouts, number), shares(regions, number),
        *mean_poses(bodies, regions, number),
        mean_spectra(bodies, regions, number, stored.map.measures, stored.recipe),
        tuple(tuple(each) for each in clips),
    )  # fmt: skip


def save_tables(results: MapResults, folder: Path) -> None:
    """Write all tables (.csv) into a folder."""
    tables = {
        "frames": frames_table(results),
        "bouts": _bouts(results, results.bouts),
        "regions": regions_table(results),
        "animals": animals_table(results),
        "transitions": _transitions(results),
        "poses": _poses(results),
        "spectra": _spectra(results),
        "clips": _bouts(results, [clip for each in results.clips for clip in each]),
    }
    for name, table in tables.items():
        with atomic_write(folder / f"{name}.csv") as temporary:
            write_csv(table, temporary, index=False, float_format="%.6g")


def frames_table(results: MapResults) -> pd.DataFrame:
    """A row a frame: place, region (0 where it is not on the map), and whether it is unlike all that was learned."""
    parts = []
    for body, placed in zip(results.bodies.each, results.placed, strict=True):
        on = placed.regions != OFF
        names = np.array([*results.names, ""], dtype=object)[placed.regions]
        columns = {"recording": body.recording, "animal": body.animal, "frame": np.arange(len(on))}
        columns |= {"x": placed.places[:, 0], "y": placed.places[:, 1], "region": placed.regions + 1, "name": names}
        parts.append(pd.DataFrame({**columns, "unlike": placed.strange.astype(int)}))
    return pd.concat(parts, ignore_index=True)


def _bouts(results: MapResults, bouts: Sequence[RegionBout]) -> pd.DataFrame:
    rows = []
    for bout in bouts:
        body = results.bodies.each[bout.body]
        times = bout.start / body.fps, bout.end / body.fps
        where = (body.recording, body.animal, bout.region + 1, results.names[bout.region])
        rows.append((*where, bout.start, bout.end - 1, *times))
    return pd.DataFrame(
        rows, columns=["recording", "animal", "region", "name", "first_frame", "last_frame", "start_s", "end_s"]
    )


def regions_table(results: MapResults) -> pd.DataFrame:
    """A row a region: its share of the frames, bouts, their median length, and where its rhythm stands out."""
    counted = dwell(results.bouts, results.fps, len(results.names))
    return pd.DataFrame(
        {
            "region": np.arange(len(results.names)) + 1,
            "name": results.names,
            "share": results.total_shares(),
            "bouts": [number for number, _ in counted],
            "median_bout_s": [length for _, length in counted],
            "stands_out_hz": results.peaks(),
        }
    )


def animals_table(results: MapResults) -> pd.DataFrame:
    """A row an animal: frames, how many are on the map and unlike it, and the share of its time in each region."""
    frame = {
        "recording": [body.recording for body in results.bodies.each],
        "animal": [body.animal for body in results.bodies.each],
        "frames": [len(body.values) for body in results.bodies.each],
        "on_map": [int((each.regions != OFF).sum()) for each in results.placed],
        "unlike": [int(each.strange.sum()) for each in results.placed],
    }
    return pd.DataFrame({**frame, **dict(zip(results.labels, results.shares.T, strict=True))})


def _transitions(results: MapResults) -> pd.DataFrame:
    number = len(results.names)
    counts = results.transitions
    leaving = np.maximum(counts.sum(axis=1), 1)
    rows = [
        (a + 1, results.names[a], b + 1, results.names[b], int(counts[a, b]), counts[a, b] / leaving[a])
        for a in range(number)
        for b in range(number)
        if a != b
    ]
    return pd.DataFrame(rows, columns=["from", "from_name", "to", "to_name", "count", "share_of_leaving"])


def _poses(results: MapResults) -> pd.DataFrame:
    rows = [
        (region + 1, results.names[region], channel, results.pose[region, k], results.pose_spread[region, k])
        for region in range(len(results.names))
        for k, channel in enumerate(results.bodies.channels)
    ]
    return pd.DataFrame(rows, columns=["region", "name", "channel", "mean", "sd"])


def _spectra(results: MapResults) -> pd.DataFrame:
    moving = [c for c, moves in zip(results.bodies.channels, results.stored.map.measures.moves, strict=True) if moves]
    frequencies = results.stored.recipe.wavelets.frequencies
    rows = [
        (region + 1, results.names[region], channel, frequencies[scale], results.spectra[region, k, scale])
        for region in range(len(results.names))
        for k, channel in enumerate(moving)
        for scale in range(results.spectra.shape[2])
    ]
    return pd.DataFrame(rows, columns=["region", "name", "channel", "hz", "amplitude_sd"])
