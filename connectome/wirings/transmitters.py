"""Which transmitters a neuron releases: Wang et al. 2024, and where that is silent the table of 2012."""

import functools
from collections.abc import Mapping

from connectome.c302_files import contact_table
from connectome.wirings.cect_files import reading
from neuron_models.foundation.errors import InputError

UNKNOWN = "unknown"


@functools.cache
def wang_transmitters() -> Mapping[str, str]:
    """The transmitters of each cell that releases any, several joined by an underscore.

    Source: Wang et al. 2024, as cect's reader spreads them over the contacts of Cook et al. 2019: a cell's are those
    of its own contacts. Monoamines that the reader gives to no contact of a cell are not seen.
    """
    transmitters = reading("Wang2024HermReader")
    released: dict[str, list[str]] = {}
    for transmitter, matrix in transmitters.matrices.items():
        for cell, row in zip(transmitters.cells, matrix, strict=True):
            if row.any():
                released.setdefault(cell, []).append(transmitter)
    return {cell: "_".join(names) for cell, names in released.items()}


@functools.cache
def transmitters_of_2012() -> Mapping[str, str]:
    """The transmitter of each neuron in the c302 table, which gives every neuron one label."""
    return {pre: transmitter for (pre, _, kind, transmitter) in contact_table() if kind == "chemical"}


def transmitter_of(neuron: str) -> str:
    """A neuron's transmitters after Wang et al. 2024; 'unknown' where they found none."""
    return wang_transmitters().get(neuron, UNKNOWN)


def best_transmitter_of(neuron: str) -> str:
    """A neuron's transmitters after Wang et al. 2024 if their table is there, else after the table of 2012."""
    try:
        return transmitter_of(neuron)
    except InputError:
        return transmitters_of_2012().get(neuron, UNKNOWN)
