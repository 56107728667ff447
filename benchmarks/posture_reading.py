"""Reading recordings of postures: a WCON file of 60 MB, and 100,000 midlines to angles.

Prints seconds and peak memory; the file is written to a temporary folder.
"""

import importlib.metadata
import tempfile
import time
from pathlib import Path

import numpy as np
import orjson
from machine import describe, peak_memory

from datasets.posture.eigenworm_fit import fit_eigenworms
from datasets.posture.formats.raw import Reading
from datasets.posture.formats.wcon_file import read_wcon
from datasets.posture.midlines import angles_of, midlines_of, resampled
from datasets.posture.recording import PostureRecording
from datasets.posture.recordings import load_recordings
from datasets.posture.subsampling import subsampled
from datasets.posture.swaps import mended

FRAMES, POINTS = 100_000, 49


def midlines(frames: int) -> np.ndarray:
    """A worm of 1 mm that crawls at 30 frames a second, with noise of a micrometre."""
    rng = np.random.default_rng(0)
    seconds = np.arange(frames)[:, None] / 30
    angles = 0.6 * np.cos(2 * np.pi * (0.4 * seconds + 1.2 * np.linspace(0, 1, POINTS - 1)))
    centroid = np.stack([0.2 * seconds[:, 0], 0 * seconds[:, 0]], axis=1)
    return midlines_of(angles, centroid=centroid) + rng.normal(0, 1e-3, (frames, POINTS, 2))


def write_wcon(path: Path, points: np.ndarray, worms: int, every: int) -> float:
    """Write a file of some worms with records of `every` frames; gives its size in MB."""
    rounded = np.round(points, 4)
    data = []
    for worm in range(worms):
        for first in range(0, len(points), every):
            part = rounded[first : first + every]
            times = np.round(np.arange(first, first + len(part)) / 30, 4)
            record = {"id": worm, "t": times.tolist(), "x": part[..., 0].tolist(), "y": part[..., 1].tolist()}
            data.append(
                record if every > 1 else {key: value if key == "id" else value[0] for key, value in record.items()}
            )
    path.write_bytes(orjson.dumps({"units": {"t": "s", "x": "mm", "y": "mm"}, "data": data}))
    return path.stat().st_size / 1e6


def timed(what: str, function, *arguments, **settings):
    """Run a function, print its seconds, those of the CPU too, and give its result."""
    start, busy = time.perf_counter(), time.process_time()
    result = function(*arguments, **settings)
    print(f"{what}: {time.perf_counter() - start:.2f} s, CPU {time.process_time() - busy:.2f} s", flush=True)
    return result


def main() -> None:
    """Print the figures."""
    print(describe(), f"orjson {importlib.metadata.version('orjson')}")
    points = midlines(FRAMES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "worms.wcon"
        size = write_wcon(path, points[:18_500], 4, 1000)
        timed(f"WCON, {size:.0f} MB, 4 worms, records of 1000 frames: read", read_wcon, path, Reading())
        timed("the same, with import at 10 Hz", load_recordings, [path])
        size = write_wcon(path, points[:18_500], 4, 1)
        timed(f"WCON, {size:.0f} MB, 4 worms, a record a frame: read", read_wcon, path, Reading())
    print(f"peak memory {peak_memory():.0f} MiB")
    timed(f"{FRAMES:,} midlines of {POINTS} points resampled", resampled, points, POINTS)
    timed("their swaps", mended, points, 30.0)
    angles, mean = timed("their angles", angles_of, points, POINTS - 1)
    recording = PostureRecording("w", angles, mean, 30.0, centroid=points.mean(axis=1), length=1.0)
    timed("30 to 10 frames a second", subsampled, recording, 10.0)
    short = angles_of(points, 16)[0]
    for method in ("pca", "ica"):
        timed(f"six eigenworms of these frames by {method}", fit_eigenworms, short, 6, method)


if __name__ == "__main__":
    main()
