"""The worms of the UCR archive: one eigenworm amplitude a row, after a label."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from datasets.posture.formats.raw import Reading
from datasets.posture.recording import AmplitudeRecording
from neuron_models.foundation.bad_parts import read_each
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Hertz

RATE: Hertz = 1.0
"""Amplitudes were brought to one a second (README of the data set Worms, UCR archive)."""
STRAINS = {
    # Labels of the data sets Worms and WormsTwoClass, by how many there are (UCR archive):
    5: ("N2", "goa-1", "unc-1", "unc-38", "unc-63"),
    2: ("N2", "mutant"),
}


def read_ucr(path: Path, reading: Reading) -> tuple[AmplitudeRecording, ...]:
    """Read a `.tsv` file: in each row the label, then the first amplitude, scaled to mean 0 and deviation 1.

    A row that cannot be used is left out with a message.

    Raises:
        InputError: no such file, no table of numbers, or no row with a label that is a whole number from 1.
    """
    require_file(path, "a .tsv file")
    try:
        lines = [(row, line) for row, line in enumerate(path.read_text().splitlines(), start=1) if line.strip()]
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a table of numbers with tabs between ({reason(error)})") from None
    require(len(lines) > 0, f"{path}: no row with a label and amplitudes")
    table = read_each(lines, lambda each: _row(path, *each))
    digits = len(str(lines[-1][0]))
    names = STRAINS.get(max(label for _, label, _ in table))
    return tuple(
        AmplitudeRecording(
            name=f"{path.stem} {row:0{digits}d}",
            amplitudes=values[:, None],
            fps=reading.rate(RATE, str(path)),
            strain=names[label - 1] if names else f"class {label}",
            source=path.name,
        )
        for row, label, values in table
    )


def _row(path: Path, row: int, line: str) -> tuple[int, int, Float[np.ndarray, " frame"]]:
    """The number of a row, its label, and its amplitudes; NaN where they are missing."""
    try:
        label, *values = (float(each) for each in line.split("\t"))
    except ValueError as error:
        raise InputError(f"{path}: row {row}: not numbers with tabs between ({reason(error)})") from None
    require(len(values) > 1, f"{path}: row {row} has no amplitudes after its label")
    whole = bool(np.isfinite(label)) and label >= 1 and label % 1 == 0
    require(whole, f"{path}: row {row}: the first column must hold labels, whole numbers from 1, got {label:g}")
    return row, int(label), np.array(values)
