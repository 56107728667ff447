"""The worms of the UCR archive: one eigenworm amplitude a row, after a label."""

from pathlib import Path

import numpy as np

from datasets.posture.formats.raw import Reading
from datasets.posture.recording import AmplitudeRecording
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

    Raises:
        InputError: no such file, no table of numbers, or labels that are not whole numbers from 1.
    """
    require_file(path, "a .tsv file")
    try:
        table = np.loadtxt(path, delimiter="\t", ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a table of numbers with tabs between ({reason(error)})") from None
    require(table.shape[0] > 0 and table.shape[1] > 2, f"{path}: no row with a label and amplitudes")
    labels = table[:, 0]
    whole = bool(np.isfinite(labels).all() and ((labels % 1 == 0) & (labels >= 1)).all())
    require(whole, f"{path}: the first column must hold labels, whole numbers from 1")
    names = STRAINS.get(int(labels.max()))
    return tuple(
        AmplitudeRecording(
            name=f"{path.stem} {row:0{len(str(len(table)))}d}",
            amplitudes=values[:, None],
            fps=reading.rate(RATE, str(path)),
            strain=names[int(label) - 1] if names else f"class {int(label)}",
            source=path.name,
        )
        for row, (label, values) in enumerate(zip(labels, table[:, 1:], strict=True), start=1)
    )
