"""Files of postures, of any kind that can be read, as one dataset."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datasets.dataset import Dataset, contiguous_runs
from datasets.posture.formats.array_file import read_arrays
from datasets.posture.formats.hdf5_file import read_hdf5
from datasets.posture.formats.raw import Faults, MidlineRecording, Reading, posture_of
from datasets.posture.formats.ucr_file import read_ucr
from datasets.posture.formats.wcon_file import read_wcon, read_wcon_parts
from datasets.posture.formats.wcon_links import linked_parts
from datasets.posture.recording import AmplitudeRecording, PostureRecording, amplitudes_dataset, angles_dataset
from datasets.posture.subsampling import subsampled
from neuron_models.foundation.bad_parts import left_out_parts, read_each
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_files
from neuron_models.foundation.measured import measured
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.units import Hertz, Seconds

READERS: dict[str, Callable[[Path, Reading], tuple[MidlineRecording | AmplitudeRecording, ...]]] = {
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".wcon": read_wcon,
    ".json": read_wcon,
    ".zip": read_wcon,
    ".npy": read_arrays,
    ".npz": read_arrays,
    ".tsv": read_ucr,
}
SEGMENTS = 48
"""Between the 49 points of a midline (Yemini et al. 2013)."""
FPS: Hertz = 10.0
"""Li et al. 2017 bring 30 frames a second to 10."""
SHORTEST: Seconds = 5.0
"""Fifty frames at `FPS`: a window of Li et al. 2017."""
FOLDER = "folder"
NOTHING_SAID = Reading()


@dataclass(frozen=True)
class Imported:
    """A dataset of recordings, what was wrong with their frames by recording, and which were too short to be kept.

    `unread` lists, a line each, the files, worms and records that could not be used.
    """

    dataset: Dataset
    faults: dict[str, Faults]
    left_out: tuple[str, ...]
    unread: tuple[str, ...] = ()


def read_recordings(
    paths: Sequence[Path], reading: Reading = NOTHING_SAID
) -> tuple[MidlineRecording | AmplitudeRecording, ...]:
    """Read files, of any kind in `READERS`, parts of one WCON recording together.

    If two recordings have one name, all get that of their file's folder before theirs. A file, or a worm of one, that
    cannot be used is left out and reported, unless nothing is left.

    Args:
        paths: the files.
        reading: what the files do not say; a strain of `folder` is the name of each file's folder.

    Raises:
        InputError: no file, one that is not there, of no known kind, or none that can be used.
    """
    require_files(paths, READERS, "postures")
    with progress_bar(len(paths), "file") as bar:

        def read(parts: list[Path]) -> list[tuple[str, MidlineRecording | AmplitudeRecording]]:
            bar.update(len(parts))
            folder = parts[0].absolute().parent.name
            own = replace(reading, strain=folder) if reading.strain == FOLDER else reading
            one = len(parts) == 1
            given = READERS[parts[0].suffix.lower()](parts[0], own) if one else read_wcon_parts(parts, own)
            return [(folder, each) for each in given]

        recordings = [each for part in read_each(linked_parts(paths), read) for each in part]
    if len({recording.name for _, recording in recordings}) == len(recordings):
        return tuple(recording for _, recording in recordings)
    return tuple(replace(recording, name=f"{folder} {recording.name}") for folder, recording in recordings)


def load_recordings(
    paths: Sequence[str | Path],
    reading: Reading = NOTHING_SAID,
    *,
    segments: int = SEGMENTS,
    fps: Hertz = FPS,
    shortest: Seconds = SHORTEST,
) -> Imported:
    """Read files of postures into one dataset: of angles when they hold midlines, of amplitudes when they hold those.

    Args:
        paths: the files.
        reading: what the files do not say.
        segments: angles a frame.
        fps: recordings of a higher frame rate are brought to this one; others keep theirs.
        shortest: recordings without an uninterrupted stretch of this length are left out.

    Returns:
        The dataset, and what was found. `extra["swaps"]` has, by trial, the stretches of frames (first, after the last)
        whose head and tail were exchanged, counted as the file counts.

    Raises:
        InputError: a file cannot be used, midlines are mixed with amplitudes, frame rates differ, or nothing is left.
    """
    files = [Path(path) for path in paths]
    require(2 <= segments <= 10_000, f"a midline has 3 to 10001 points, got {segments + 1}")
    require(bool(np.isfinite(shortest)) and shortest >= 0, f"the shortest stretch must be >= 0 s, got {shortest}")
    with left_out_parts() as unread:
        raws = read_recordings(files, reading)
        recordings, faults = _postures(raws, segments)
        recordings = read_each(recordings, lambda recording: subsampled(recording, fps))
    read = {recording.name for recording in recordings}
    kept = [recording for recording in recordings if longest_stretch(recording) >= shortest]
    names = {recording.name for recording in kept}
    if not kept:
        longest = max((longest_stretch(recording) for recording in recordings), default=0.0)
        raise InputError(
            f"{files[0]}{' ...' if len(files) > 1 else ''}: no recording has {shortest:g} s without a gap "
            f"(the longest stretch is {longest:.3g} s): allow less by --shortest"
        )
    faults = {name: found for name, found in faults.items() if name in names}
    dataset = _together(kept, files[0].name.partition(".")[0])
    if faults:
        swaps = {name: found.swaps.swapped.tolist() for name, found in faults.items()}
        dataset = replace(dataset, extra={**dataset.extra, "swaps": swaps})
    left_out = tuple(name for name in (raw.name for raw in raws) if name in read - names)
    if unread:
        dataset = replace(dataset, extra={**dataset.extra, "left_out": unread})
    return Imported(dataset, faults, left_out, tuple(unread))


def read_midlines(path: Path) -> tuple[PostureRecording, ...]:
    """The worms of a file of midlines, with every frame that it has.

    Raises:
        InputError: it cannot be read, or holds no midline.
    """
    recordings, _ = _postures(read_recordings([path]), SEGMENTS)
    return tuple(each for each in recordings if isinstance(each, PostureRecording))


def _postures(
    raws: Sequence[MidlineRecording | AmplitudeRecording], segments: int
) -> tuple[list[PostureRecording | AmplitudeRecording], dict[str, Faults]]:
    """Midlines as angles; a recording that holds none is left out with a message, unless nothing is left."""
    faults = {}

    def posture(raw: MidlineRecording | AmplitudeRecording) -> PostureRecording | AmplitudeRecording:
        where = f"{raw.source}: recording {raw.name!r}"
        if isinstance(raw, AmplitudeRecording):
            return replace(raw, amplitudes=measured(raw.amplitudes, where))
        raw = replace(raw, midlines=measured(raw.midlines, where))
        recording, faults[raw.name] = posture_of(raw, segments)
        return recording

    return read_each(raws, posture), faults


def longest_stretch(recording: PostureRecording | AmplitudeRecording) -> Seconds:
    """How long a recording goes on without a gap."""
    if isinstance(recording, PostureRecording):
        valid = recording.valid()
    else:
        valid = np.isfinite(recording.amplitudes).all(axis=1)
    runs = contiguous_runs(valid)
    return float((runs[:, 1] - runs[:, 0]).max(initial=0)) / recording.fps


def _together(recordings: Sequence[PostureRecording | AmplitudeRecording], name: str) -> Dataset:
    midlines = [r for r in recordings if isinstance(r, PostureRecording)]
    amplitudes = [r for r in recordings if isinstance(r, AmplitudeRecording)]
    if midlines and amplitudes:
        raise InputError(
            f"{midlines[0].name!r} holds midlines and {amplitudes[0].name!r} amplitudes: import them apart"
        )
    return angles_dataset(midlines, name) if midlines else amplitudes_dataset(amplitudes, name)
