"""Files of calcium recordings, of any kind that can be read, as one dataset."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from datasets.calcium.matlab_file import read_matlab
from datasets.calcium.neuron_sets import SHARED
from datasets.calcium.npz_file import read_npz
from datasets.calcium.nwb_file import read_nwb
from datasets.calcium.recording import Recording, as_dataset
from datasets.dataset import Dataset
from neuron_models.foundation.bad_parts import left_out_parts, read_each
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_files
from neuron_models.foundation.units import Hertz

READERS: dict[str, Callable[[Path], tuple[Recording, ...]]] = {
    ".npz": read_npz,
    ".mat": read_matlab,
    ".nwb": read_nwb,
}

MOST_FRAMES = 10_000_000


def read_recordings(paths: Sequence[Path], series: str = "") -> tuple[Recording, ...]:
    """Read files, of any kind in `READERS`; if two worms have one name, all get that of their file before theirs.

    A file, or a worm of one, that cannot be used is left out and reported, unless nothing is left.

    Args:
        paths: the files.
        series: the name of the traces in NWB files that hold several.

    Raises:
        InputError: no file, one that is not there, of no known kind, or none that can be used.
    """
    require_files(paths, READERS, "recordings")
    readers: dict[str, Callable[[Path], tuple[Recording, ...]]] = dict(READERS)
    if series:
        readers[".nwb"] = partial(read_nwb, series=series)
    read = read_each(paths, lambda path: [(path.stem, each) for each in readers[path.suffix.lower()](path)])
    recordings = [each for part in read for each in part]
    if len({recording.name for _, recording in recordings}) == len(recordings):
        return tuple(recording for _, recording in recordings)
    return tuple(replace(recording, name=f"{stem} {recording.name}") for stem, recording in recordings)


def load_recordings(
    paths: Sequence[str | Path], neurons: str = SHARED, fps: Hertz | None = None, series: str = ""
) -> Dataset:
    """Read files of recordings into a dataset of the neurons that were chosen: see `as_dataset`.

    Args:
        paths: the files.
        neurons: `shared`, a set of `NEURON_SETS`, or names with commas between.
        fps: brings all recordings to this frame rate in Hz; they keep theirs when None.
        series: the name of the traces in NWB files that hold several.

    Returns:
        The dataset; `extra["left_out"]` lists, a line each, the files and worms that could not be used, if any.

    Raises:
        InputError: no file can be used, or not with these neurons, or the worms do not go together.
    """
    files = [Path(path) for path in paths]
    with left_out_parts() as left_out:
        recordings = read_recordings(files, series)
        if fps is not None:
            recordings = tuple(read_each(recordings, lambda recording: resampled(recording, fps)))
    dataset = as_dataset(recordings, files[0].stem, neurons)
    return replace(dataset, extra={**dataset.extra, "left_out": left_out}) if left_out else dataset


def load_npz(path: str | Path, neurons: str = SHARED) -> Dataset:
    """Read the recordings of a `.npz` file as a dataset of the neurons that were chosen.

    Raises:
        InputError: the file cannot be used, or not with these neurons.
    """
    return load_recordings([path], neurons)


def resampled(recording: Recording, fps: Hertz) -> Recording:
    """A recording at another frame rate, from its first frame to its last.

    Traces are interpolated linearly between frames (nothing is filtered before: meant for rates that differ little) and
    NaN wherever a frame beside was NaN; a state is that of the nearest frame.

    Raises:
        InputError: the frame rate is not > 0 Hz.
    """
    require(np.isfinite(fps) and fps > 0, f"the frame rate must be > 0 Hz, got {fps}")
    before = np.arange(len(recording.traces)) / recording.fps
    frames = before[-1] * fps + 1e-9
    message = (
        f"recording {recording.name!r}: {frames:.3g} frames at {fps:g} Hz cannot be: its own rate is {recording.fps:g}"
    )
    require(bool(frames < MOST_FRAMES), message)
    times = np.arange(int(frames) + 1) / fps
    traces = np.stack([np.interp(times, before, trace) for trace in recording.traces.T], axis=1)
    nearest = np.minimum(np.round(times * recording.fps).astype(int), len(before) - 1)
    states = None if recording.states is None else recording.states[nearest]
    return replace(recording, traces=traces, fps=fps, states=states)
