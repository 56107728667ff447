"""Generated recordings as files."""

from pathlib import Path

import pandas as pd

from datasets.calls.generator.sample import Sample
from datasets.calls.tables.writing import write_calls
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write, require_writable

_CONTOUR_STEP = 0.001


def write_sample(sample: Sample, out: Path) -> list[Path]:
    """Write a generated recording, its calls and their contours: `NAME.wav`, `NAME.calls.csv`, `NAME.contours.csv`.

    Sound is written in blocks, so that memory does not grow with its length.

    Raises:
        InputError: the name does not end in .wav or .flac.
        OSError: the disk is full.
    """
    require(out.suffix.lower() in (".wav", ".flac"), f"a recording's name ends in .wav or .flac, got {out.name!r}")
    require_writable(out)
    truth, contours = out.with_suffix(".calls.csv"), out.with_suffix(".contours.csv")
    with atomic_write(out) as temporary:
        _write_sound(sample, temporary)
    write_calls(sample.calls, truth, "csv")
    with atomic_write(contours) as temporary:
        write_csv(contour_table(sample), temporary, index=False)
    return [out, truth, contours]


def _write_sound(sample: Sample, path: Path) -> None:
    import soundfile

    try:
        with soundfile.SoundFile(path, "w", sample.settings.rate, 1, "PCM_16") as file:
            for block in sample.blocks():
                file.write(block.clip(-1, 1))
    except soundfile.LibsndfileError as error:
        raise OSError(f"{path}: the sound cannot be written ({error})") from error


def contour_table(sample: Sample) -> pd.DataFrame:
    """The contour of every call, a row a millisecond: call (from 1), caller, time in s, frequency in Hz."""
    rate = sample.settings.rate
    step = max(1, round(_CONTOUR_STEP * rate))
    rows = [
        (number, each.caller, round((each.first + at) / rate, 6), round(float(each.contour[at]), 1))
        for number, each in enumerate(sample.planned, 1)
        for at in range(0, len(each.contour), step)
    ]
    return pd.DataFrame(rows, columns=["call", "caller", "time_s", "frequency_hz"])
