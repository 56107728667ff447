"""Contacts as a CSV table, each with its place."""

import csv
from pathlib import Path

from connectome.c302_files import morphology
from connectome.contact import Connectome
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write

_SIDE = ("segment", "fraction", "x_um", "y_um", "z_um")
HEADER = (
    *("pre", "post", "kind", "transmitter", "sign"),
    *(f"{side}_{column}" for side in ("pre", "post") for column in _SIDE),
)


def save_contacts(connectome: Connectome, path: Path) -> None:
    """Write every contact to a CSV file, one a row.

    Both sides have the NeuroML segment, the fraction along it and its position in micrometres, in the coordinates of
    the cell files. `sign` is empty where the contact's transmitter decides.

    Raises:
        InputError: the name does not end in .csv, or the file cannot be written.
    """
    require(path.suffix.lower() == ".csv", f"contacts are written to a name that ends in .csv, got {path.name!r}")
    with atomic_write(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for contact in connectome.contacts:
            writer.writerow(
                (
                    *(contact.pre, contact.post, contact.kind, contact.transmitter, contact.sign or ""),
                    *_place(contact.pre, contact.pre_segment, contact.pre_fraction),
                    *_place(contact.post, contact.post_segment, contact.post_fraction),
                )
            )


def _place(cell: str, segment: int, fraction: float) -> tuple[int | float, ...]:
    position = morphology(cell).position(segment, fraction)
    return (segment, fraction, *(round(float(value), 3) for value in position))
